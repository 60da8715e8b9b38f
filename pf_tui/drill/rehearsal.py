"""A rehearsal: what would happen if a provider failed now, on the person's own chain, for free.

The gateway's own engine decides, on a copy of the state, against fake upstreams: no rule is written twice,
nothing of the person's is changed, nothing leaves the machine.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from multidict import CIMultiDict, CIMultiDictProxy

from pf_tui import actions, snapshot
from pf_tui.clients import STARTED, Client
from pf_tui.drill import faults
from pf_tui.drill.faults import FAULTS, Fault
from pf_tui.drill.outcome import USUAL_TURN, Cost, DrillRequest, ObservedAnswer, Rehearsal, Step
from pf_tui.drill.sandbox import KEY, Sandbox, open_sandbox
from pf_tui.errors import NothingCanServe, WrongUsage
from pf_tui.gateway import settings
from pf_tui.gateway.body import PROTOCOLS, Request, parse_request
from pf_tui.gateway.routing import Candidates
from pf_tui.launch import plan as launch
from pf_tui.ledger.prices import Pricer
from pf_tui.rules import failures
from pf_tui.rules.benches import Bench
from pf_tui.rules.masking import clean
from pf_tui.rules.own_headers import PROVIDER_HEADER
from pf_tui.rules.pricing import Tokens, cost_usd
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol

DEFAULT_FAULT = "429-hour"
ALIASES = {"limit": "429-hour", "timeout": "silent", "network": "reset", "overload": "529", "auth": "401"}
"""Words a person may use for a line of the table."""


MOST_IN_A_ROW = 3
"""So many failures in a row bench a provider that fails in passing (rules.failures)."""

_MIDWAY = ("cut", "eof", "stall")


def fault_called(name: str | None) -> Fault:
    """The fault a person means. Raises WrongUsage."""
    fault_name = ALIASES.get(name or DEFAULT_FAULT, name or DEFAULT_FAULT)
    if fault_name not in FAULTS:
        raise WrongUsage(f"no fault is called '{name}'", f"one of: {', '.join(FAULTS)}")
    return FAULTS[fault_name]


async def rehearse(ctx: Context, fault: Fault, word: str | None = None) -> Rehearsal:
    """Let the provider that serves fail, then all of them, then let its rest end.

    Args:
        word: the agent that asks; None = the first one that the serving provider can serve.
    Raises:
        NothingCanServe: nobody serves now, so none can be made to fail.
        StateFileUnusable: a state file cannot be read.
    """
    now = snapshot.take(ctx)
    agent, agent_route = agent_and_route(now, word)
    protocol = _protocol(now, agent, agent_route.provider)
    with tempfile.TemporaryDirectory(prefix="pf-tui-drill-") as folder:
        async with open_sandbox(ctx, now, Path(folder)) as sandbox:
            play = _Scenario(sandbox, now, agent, protocol, agent_route, fault)
            steps = await play.run()
            usual = sandbox.usual
    serving_models = dict.fromkeys(
        (request.provider, request.model)
        for step in steps
        for request in step.requests
        if request.failure is None and request.model
    )
    turn = usual or USUAL_TURN
    pricer = Pricer(now.catalog)
    return Rehearsal(
        fault=fault,
        agent=agent,
        protocol=protocol,
        model=play.model,
        first=agent_route.provider,
        steps=tuple(steps),
        chain=tuple(dict.fromkeys(route.provider for route in play.candidates.routes)),
        skipped=tuple(skip for skip in play.candidates.skipped if now.view(skip.provider).credential.usable),
        costs=tuple(_cost(pricer, provider, model or "", turn, now.at) for provider, model in serving_models),
        turn=turn,
        turn_is_own=usual is not None,
        notes=tuple(play.notes),
    )


class _Scenario:
    """The steps, one after another."""

    def __init__(
        self,
        sandbox: Sandbox,
        now: Snapshot,
        agent: Client,
        protocol: Protocol,
        launch_route: launch.LaunchRoute,
        fault: Fault,
    ) -> None:
        self._sandbox = sandbox
        self._now = now
        self._agent = agent
        self._protocol = protocol
        self._first = launch_route.provider
        self._fault = fault
        settings_values = settings.parse(now.config.gateway, sandbox.ctx.paths.config)
        self._limits = settings_values.limits_of(launch_route.provider)
        self._is_login = launch_route.through == "login"
        self._bearer = settings_values.pass_through and agent.one_vendor_login
        model = (
            launch_route.model
            or now.model
            or now.catalog.providers[launch_route.provider].default_model
            or ""
        )
        self.model = now.catalog.native_id(model, launch_route.provider) or model
        self.notes: list[str] = []
        self.candidates: Candidates

    async def run(self) -> list[Step]:
        """Play it."""
        plan = await self._sandbox.routing_state.plan(None)
        self.candidates = plan.candidates(self._request()[0], bearer=self._bearer)
        steps = []
        if self._is_login and not self._bearer:
            steps.append(await self._login_fails())
        else:
            steps.append(await self._ask("as it is now"))
            self._plan(self._first, self._fault)
            steps += await self._fail_until_benched()
        if self._ends_the_turn(steps[-1]):
            self._plan_all("ok")
            return steps
        if not self._now.auto_switch:
            self.notes.append(
                f"auto-switch is off: {self._first} is asked whatever its state; `pf-tui switch --auto on`"
            )
        elif any(step.benches for step in steps):
            steps.append(await self._ask("the next request", note=self._skipped()))
            if len({route.provider for route in self.candidates.routes}) > 1:
                self._plan_all(self._fault)
                steps.append(await self._ask("every other provider does the same"))
            else:
                self.notes.append(f"nobody follows {self._first}: `pf-tui auth` shows whose key is missing")
            steps += await self._come_back([bench for step in steps for bench in step.benches])
        else:
            self._plan(self._first, "ok")
            steps.append(
                await self._ask("the next request", note="no provider is benched for one or two failures")
            )
        return steps

    async def _fail_until_benched(self) -> list[Step]:
        steps: list[Step] = []
        for number in range(MOST_IN_A_ROW):
            again = "" if number == 0 else f", time {number + 1}"
            steps.append(
                await self._ask(f"{self._first}: {self._fault.says}{again}", note=self._about_time())
            )
            if steps[-1].benches or self._ends_the_turn(steps[-1]) or self._fault.how in _MIDWAY:
                break
        if self._fault.how in _MIDWAY and steps[-1].answer is not None and not steps[-1].answer.whole:
            self._plan(self._first, "ok")
            steps.append(await self._ask("the agent asks again by itself"))
        return steps

    async def _login_fails(self) -> Step:
        """The agent's own login meets the fault: the agent sees it, and its hook benches the provider."""
        sandbox, now = self._sandbox, self._sandbox.clock()
        answer = faults.answer(self._fault, self._protocol, now, 1)
        failure = (
            failures.transport("network", now, self._fault.says)
            if self._fault.how not in ("answer", "raw", "event")
            else failures.classify(
                status=answer.status if self._fault.how != "event" else None,
                headers=answer.headers,
                body=answer.body.decode(),
                now=now,
                meanings=sandbox.ctx.catalog().meanings,
            )
        )
        outcome = actions.report_failure(
            sandbox.ctx, self._first, failure, model=self.model, streak=failure.after
        )
        if outcome is not None:
            await sandbox.written()
        self.notes.append(
            f"{self._first} is {self._agent.name}'s own login: a limit reaches you and moves the next turn"
            + (
                f"; `pf-tui run {self._agent.word} --pass-through` saves the turn itself"
                if self._agent.one_vendor_login
                else ""
            )
        )
        return Step(
            title=f"{self._first}: {self._fault.says}",
            at=now,
            requests=(DrillRequest(provider=self._first, model=self.model, failure=failure.kind),),
            benches=(outcome.bench,) if outcome is not None else (),
            answer=ObservedAnswer(
                status=answer.status, provider=self._first, whole=False, error=failure.message or None
            ),
        )

    async def _come_back(self, benches: list[Bench]) -> list[Step]:
        """When the first provider's rest ends, one request tries it out."""
        ends = [bench.until for bench in benches if bench.provider == self._first]
        if not ends or ends[-1] is None:
            cure = (
                f"pf-tui auth set {self._first}"
                if benches[0].kind == "auth"
                else f"pf-tui release {self._first}"
            )
            self.notes.append(f"{self._first} rests until you act: `{cure}`")
            return []
        self._plan_all("ok")
        self._sandbox.clock.move_to(max(end for end in ends if end is not None) + timedelta(seconds=1))
        return [await self._ask("the rest is over: one request tries it out")]

    async def _ask(self, title: str, *, note: str | None = None) -> Step:
        """Send one request through the engine, as this agent would."""
        sandbox = self._sandbox
        sandbox.recorder.forget()
        request, headers = self._request()
        reply = _CapturedReply()
        at = sandbox.clock()
        await sandbox.engine.serve(request, headers, reply, bearer=self._bearer)
        await sandbox.written()
        return Step(
            title=title,
            at=at,
            requests=tuple(
                DrillRequest(provider=attempt.provider, model=attempt.served_model, failure=attempt.failure)
                for attempt in sandbox.recorder.attempts
            ),
            benches=tuple(sandbox.recorder.benches),
            answer=reply.observed(),
            note=note,
        )

    def _request(self) -> tuple[Request, CIMultiDictProxy[str]]:
        """What this agent asks, and the headers it is known by."""
        path = next(path for path, protocol in PROTOCOLS.items() if protocol == self._protocol)
        headers = CIMultiDict(_headers(self._agent, bearer=self._bearer))
        raw = json.dumps(_content(self._protocol, self.model)).encode()
        return parse_request(path, "", raw, headers), CIMultiDictProxy(headers)

    def _plan(self, provider: str, step: Fault | str) -> None:
        if provider in self._sandbox.upstreams:
            self._sandbox.upstreams[provider].plan(step)

    def _plan_all(self, step: Fault | str) -> None:
        for provider in self._sandbox.upstreams:
            self._plan(provider, step)

    def _ends_the_turn(self, step: Step) -> bool:
        """The request itself is at fault: no other provider is asked, and none rests."""
        failed_requests = [request for request in step.requests if request.failure is not None]
        final = {kind for kind, failure_class in failures.CLASSES.items() if not failure_class.failover}
        return bool(failed_requests) and failed_requests[-1].failure in final

    def _about_time(self) -> str | None:
        """How long the wait would really be."""
        if self._fault.how in ("silent", "late"):
            return f"after {self._limits.first_byte_s:g} s without a first event (pf.gateway.firstByteS)"
        if self._fault.how == "stall":
            return f"after {self._limits.stall_s:g} s of silence (pf.gateway.stallS)"
        return None

    def _skipped(self) -> str:
        return f"{self._first} is not asked again while it rests"


class _CapturedReply:
    """An answer as the agent gets it."""

    def __init__(self) -> None:
        self._status = 0
        self._headers: Mapping[str, str] = {}
        self._body = b""

    async def whole(self, status: int, headers: Mapping[str, str], body: bytes | bytearray) -> None:
        self._status, self._headers, self._body = status, headers, bytes(body)

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        self._status, self._headers = status, headers

    async def send(self, data: bytes) -> None:
        self._body += data

    async def end(self, last: bytes = b"") -> None:
        self._body += last

    def observed(self) -> ObservedAnswer:
        error = _error_in(self._body)
        return ObservedAnswer(
            status=self._status,
            provider=self._headers.get(PROVIDER_HEADER),
            whole=self._status == 200 and error is None,
            error=error,
        )


def _error_in(answer: bytes) -> str | None:
    """The sentence of an error, in a whole answer or as an event of a stream."""
    candidates = [line[5:] for line in answer.splitlines() if line.startswith(b"data:")] or [answer]
    for candidate in candidates:
        try:
            content = json.loads(candidate)
        except ValueError:
            continue
        inner = content.get("error") if isinstance(content, dict) else None
        if (
            inner is None
            and isinstance(content, dict)
            and content.get("type") in ("error", "response.failed")
        ):
            inner = content.get("response", {}).get("error") or content
        if isinstance(inner, dict):
            return clean(str(inner.get("message", inner)))
    return None if answer[:1] in (b"", b"{", b"e", b"d") else clean(answer.decode("utf-8", "replace"))


def agent_and_route(now: Snapshot, word: str | None) -> tuple[Client, launch.LaunchRoute]:
    """Who asks, and who serves it now. Raises NothingCanServe, WrongUsage."""
    if word is not None:
        agent = launch.agent_called(word)
        return agent, launch.launch_route(now, agent)
    ways, refusals = [], []
    for agent in STARTED.values():
        try:
            ways.append((agent, launch.launch_route(now, agent)))
        except NothingCanServe as error:
            refusals.append(error)
    if not ways:
        providers = [name for name in now.priority if name in now.catalog.providers]
        skipped = [refusal for name in providers if (refusal := now.refusal(name)) is not None]
        if not skipped:
            raise refusals[0]
        raise launch.no_provider_error("no provider available now, so none can be made to fail", skipped, now)
    active = now.active.provider if now.active else None
    return next(((agent, route) for agent, route in ways if route.provider == active), ways[0])


def _protocol(now: Snapshot, agent: Client, provider: str) -> Protocol:
    entry = now.catalog.providers[provider]
    return next((name for name in agent.protocols if name in entry.protocols), agent.protocols[0])


def _content(protocol: Protocol, model: str) -> dict[str, object]:
    if protocol == "openai-responses":
        return {"model": model, "stream": True, "input": "Rehearsal."}
    messages = [{"role": "user", "content": "Rehearsal."}]
    return {"model": model, "stream": True, "max_tokens": 256, "messages": messages}


def _headers(agent: Client, *, bearer: bool) -> dict[str, str]:
    own = {"user-agent": f"{agent.user_agent} (rehearsal)"}
    return {**own, "authorization": f"{agent.login_begins}-{KEY}"} if bearer else own


def _cost(pricer: Pricer, provider: str, model: str, turn: Tokens, at: datetime) -> Cost:
    prices = pricer(provider, model, round(at.timestamp() * 1000))
    context = turn.input + turn.cache_read + turn.cache_write_5m
    cold = Tokens(output=turn.output, cache_write_5m=context)
    return Cost(
        provider=provider,
        model=model,
        usd=cost_usd(prices, turn),
        cold_usd=cost_usd(prices, cold),
        basis=pricer.basis(provider),
    )
