"""OpenCode's events, as our plugin there forwards them (integrations/data/opencode/plugin/pf-tui.js).

The answer is one JSON object that the plugin acts on: `route` the turn, `answer` a command, show a
`toast`, hand a failed request to the `gateway`, `refuse` to wait for hours, or `send` a session on.
One strike per prompt; none for what the gateway served: it has benched already, with better evidence.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from pf_tui import actions, snapshot
from pf_tui.errors import PfError
from pf_tui.hooks import answer, opencode_routing, session_evidence
from pf_tui.hooks.opencode_routing import Route, Turn
from pf_tui.hooks.reading import number, text, words_in
from pf_tui.records import replace
from pf_tui.rules import addresses
from pf_tui.snapshot import Snapshot
from pf_tui.state import gateway
from pf_tui.state.clock import from_text
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.actions import FailureOutcome
    from pf_tui.clients import AgentId
    from pf_tui.rules.benches import Bench
    from pf_tui.rules.failures import Failure
    from pf_tui.vocabulary import FailureKind

AGENT: AgentId = "opencode"
LOCAL = "pf-tui-local"
"""The plugin's own provider in OpenCode: "whoever serves"."""

GATEWAY_START_S = 5.0
"""The plugin waits 9 s for a hook's answer."""

ROUNDS = 3
"""Failed tries of one request before its turn is ended while somebody else could serve: 7 s in all.

OpenCode itself tries six times in 74 to 79 s (measured on 1.18.33).
"""

LONG_WAIT = timedelta(seconds=60)
"""OpenCode waits out any retry-after in silence, hours too (measured on 1.18.33); beyond this it is told."""


def handle(ctx: Context, event: str, data: dict[str, object]) -> str:
    """The plugin's instruction for one event; "" for an event that is none of ours."""
    handler = EVENTS.get(event)
    return "" if handler is None else answer(handler(ctx, data))


def while_paused(ctx: Context, event: str, data: dict[str, object]) -> str:
    """Nothing but an answer to our own commands, which would else be a prompt for a model."""
    return answer(_command(ctx, data)) if event == "command.execute.before" else ""


def _message(ctx: Context, data: dict[str, object]) -> dict[str, object]:
    """Before a turn: who serves it."""
    now = snapshot.take(ctx, keep_going=True)
    if any(agent.pending for agent in now.agents):
        with contextlib.suppress(PfError):
            actions.settle(ctx)
            now = snapshot.take(ctx, keep_going=True)
    active = now.active.provider if now.active else None
    the_turn = opencode_routing.turn(ctx, now, data)
    if _is_gateway(now, texts_of(data, "bases").get(the_turn.asked_native_provider)):
        return {"active": active}
    pin = _pin(ctx, text(data, "session_id"))
    to = opencode_routing.route(now, the_turn, local=LOCAL, pin=pin)
    to = opencode_routing.probe(ctx, now, the_turn, to, local=LOCAL, pin=pin) or to
    if to.provider is not None and (session := text(data, "session_id")):
        with contextlib.suppress(PfError):  # a disk that refuses is no reason to serve from the wrong place
            actions.remember_session(ctx, session, AGENT, to.provider)
    reply: dict[str, object] = {"active": active}
    if to.native_provider is not None:
        reply["route"] = {"providerID": to.native_provider, "modelID": to.model}
        if now.notifies:
            lacking = opencode_routing.lacking(the_turn, to) if to.lacking else None
            reply["toast"] = _toast(lacking or opencode_routing.sentence(now, ctx, to), "info")
    elif to.skipped is not None:
        reply["toast"] = _toast(opencode_routing.nobody(now, ctx, to.skipped), "warning")
    elif to.lacking is not None and now.notifies:
        reply["toast"] = _toast(opencode_routing.lacking(the_turn, to), "warning")
    if now.project and (distrust := actions.tell_of_distrust(ctx, now.project)):
        reply["toast"] = _toast(distrust, "warning")
    return reply


def _request_failed(ctx: Context, data: dict[str, object]) -> dict[str, object]:
    """A request failed where it left the process: status, headers and body are known."""
    from pf_tui.actions import answers
    from pf_tui.rules import failures

    if network := text(data, "network"):
        kind: FailureKind = "timeout" if "timeout" in network.lower() else "network"
        return _failed(ctx, data, lambda now: failures.transport(kind, now, network), on_wire=True)
    headers = _headers(data.get("headers"))

    def classify(now: datetime) -> Failure:
        return answers.read_answer(
            ctx,
            status=number(data.get("status")),
            headers=headers,
            body=_body(data, "body"),
            at=now,
        )

    page = (number(data.get("status")) or 400) < 400
    return _failed(ctx, data, classify, on_wire=True, page=page, headers=headers)


def _retrying(ctx: Context, data: dict[str, object]) -> dict[str, object]:
    """OpenCode waits to try again; there is no status, only a sentence and when it will."""
    from pf_tui.actions import answers
    from pf_tui.rules.reset_headers import CAP

    ends = from_text(data.get("next"))

    def classify(now: datetime) -> Failure:
        failure = answers.read_answer(ctx, status=None, body=_body(data, "message"), at=now)
        if ends is None or ends - now <= LONG_WAIT or not failure.failover:
            return failure
        kind = "quota" if failure.kind == "quota" else "rate"
        return replace(failure, kind=kind, scope="provider", until=min(ends, now + CAP))

    return _failed(ctx, data, classify)


def _turn_failed(ctx: Context, data: dict[str, object]) -> dict[str, object]:
    """A turn ended in an error, after OpenCode's own retries."""
    from pf_tui.actions import answers

    error = data.get("error")
    facts: dict[str, object] = error if isinstance(error, dict) else {}
    status, body = (
        number(facts.get("status")),
        _body(facts, "body") or words_in(facts, "message") or words_in(data, "error"),
    )
    headers = _headers(facts.get("headers"))
    if status is None and text(facts, "name") in ("ContextOverflowError", "MessageOutputLengthError"):
        return {}

    def classify(now: datetime) -> Failure:
        if status is None:
            word = "authentication_failed" if text(facts, "name") == "ProviderAuthError" else "unknown"
            return answers.read_agent_error(ctx, word, body, now)
        failure = answers.read_answer(ctx, status=status, headers=headers, body=body, at=now)
        return _lasting(ctx, failure, body, now)

    return _failed(ctx, data, classify, headers=headers)


def _lasting(ctx: Context, failure: Failure, body: str, now: datetime) -> Failure:
    """The failure of a request that was tried again and again: it is no burst, and not over in seconds."""
    from pf_tui.actions import answers

    if failure.kind == "windowless":
        return answers.read_agent_error(ctx, "rate_limit", body, now)
    if failure.kind in ("overload", "server") and (failure.until is None or failure.until - now < LONG_WAIT):
        return replace(failure, until=now + LONG_WAIT)
    return failure


def _delivered(ctx: Context, data: dict[str, object]) -> dict[str, object]:
    """A turn ended well: its usage into the ledger; benches that said it would not are over."""
    from pf_tui.hooks import opencode_usage

    now = snapshot.take(ctx, keep_going=True)
    for provider, model, start in opencode_usage.record(ctx, now, data):
        model_id = opencode_routing.model_id(now, provider, model)
        bench = ctx.health().bench_for(provider, model_id, now.at)
        if bench is not None and bench.since < start:
            actions.succeeded(ctx, provider, model_id)
    return {}


def _command(ctx: Context, data: dict[str, object]) -> dict[str, object]:
    """One of the seven commands: done here, shown in place of a model's answer, under what was typed."""
    from pf_tui.hooks import commands

    name, arguments = text(data, "command"), text(data, "arguments").strip()
    reply = commands.answer(ctx, name, arguments)
    if reply is None:
        return {}
    return {"answer": f"/{commands.name(name)} {arguments}".rstrip() + f"\n\n{reply}"}


def _pin(ctx: Context, session: str) -> str | None:
    """The provider that the person moved this session to."""
    try:
        session_served = ctx.health().sessions.get((AGENT, session))
    except PfError:
        return None
    return session_served.pin if session_served else None


def _session(ctx: Context, data: dict[str, object]) -> dict[str, object]:
    """What a session does now, for those who show it; no answer is waited for."""
    session_evidence.opencode(ctx, data)
    return {}


def _resume(ctx: Context, data: dict[str, object]) -> dict[str, object]:
    """After a turn that a limit ended: that the session is to go on, or whether."""
    from pf_tui.hooks import opencode_resuming

    return opencode_resuming.due_or_planned(ctx, data)


EVENTS: Mapping[str, Callable[[Context, dict[str, object]], dict[str, object]]] = {
    "session": _session,
    "session.folder": session_evidence.opencode_place,
    "resume": _resume,
    "limited": _resume,
    "chat.message": _message,
    "request.failed": _request_failed,
    "session.status": _retrying,
    "session.error": _turn_failed,
    "message.updated": _delivered,
    "command.execute.before": _command,
}


def _failed(
    ctx: Context,
    data: Mapping[str, object],
    classify: Callable[[datetime], Failure],
    *,
    on_wire: bool = False,
    page: bool = False,
    headers: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """Bench what failed and say what follows.

    Args:
        on_wire: the request can still be answered by somebody else.
        page: a web page, which OpenCode takes for an empty step and asks again without end (run on 1.18.33).
    """
    from pf_tui.hooks import opencode_resuming

    now = snapshot.take(ctx, keep_going=True)
    the_turn = opencode_routing.turn(ctx, now, data)
    url = text(data, "url") or texts_of(data, "bases").get(the_turn.asked_native_provider, "")
    if the_turn.provider is None or _is_gateway(now, url):
        return {} if on_wire else opencode_resuming.limit(ctx, now, classify(now.at), None)
    if headers:
        from pf_tui.rules.reset_headers import readings_from_headers

        actions.note_readings(ctx, readings_from_headers(the_turn.provider, headers, now.at))
    streak = max(number(data.get("streak")) or 1, number(data.get("attempt")) or 1)
    failure = classify(now.at)
    on_and_on = on_wire and failure.failover and (number(data.get("rounds")) or 1) >= ROUNDS
    if on_and_on and (on_and_on := opencode_routing.goes_elsewhere(now, the_turn)):
        failure = _lasting(ctx, failure, _body(data, "body"), now.at)
    outcome = _bench(ctx, now, the_turn, failure, streak, text(data, "session_id"))
    after = snapshot.take(ctx, keep_going=True) if outcome else now
    reply: dict[str, object] = {"benched": outcome is not None}
    if outcome and outcome.bench.until:
        reply["until"] = opencode_routing.epoch_ms(outcome.bench.until)
    if on_wire and failure.failover and (where := _gateway(ctx, now, start=on_and_on)):
        return {**reply, "gateway": where}
    to = opencode_routing.route(after, the_turn, local=LOCAL)
    model = opencode_routing.model_id(after, the_turn.provider, the_turn.asked_model)
    rest = outcome.bench if outcome else after.files.health.bench_for(the_turn.provider, model, now.at)
    reply |= opencode_resuming.limit(ctx, now, failure, rest, elsewhere=to.native_provider is not None)
    message = _sentence(ctx, after, the_turn, failure, rest, to, page=page)
    if page:
        return {**reply, "refuse": message}
    if on_wire and failure.failover and rest and (_is_long(rest, now.at) or on_and_on):
        return {**reply, "refuse": message}
    return {**reply, "toast": _toast(message, "warning")} if outcome and now.notifies else reply


def _bench(
    ctx: Context, now: Snapshot, turn: Turn, failure: Failure, streak: int, session: str
) -> FailureOutcome | None:
    """The strike; None when nothing rests for this failure, or when this prompt has had its strike."""
    if turn.provider is None:
        return None
    return actions.report_failure(
        ctx,
        turn.provider,
        failure,
        model=opencode_routing.model_id(now, turn.provider, turn.asked_model),
        streak=streak,
        agent=AGENT,
        session=session or None,
        why=f"{turn.provider}: {failure.message or failure.kind}",
    )


def _sentence(
    ctx: Context,
    now: Snapshot,
    turn: Turn,
    failure: Failure,
    rest: Bench | None,
    to: Route,
    *,
    page: bool,
) -> str:
    """What is the matter, when it is over, and what happens next; without a word that OpenCode retries on."""
    from pf_tui.documents import words

    ends = rest.until if rest else failure.until
    back = f", back {words.when(ends, now.at, ctx.timezone())}" if ends else ""
    if to.native_provider is not None:
        follows = f"your next turn runs on {to.provider} ({to.native_provider}/{to.model})"
    elif not now.auto_switch:
        follows = "auto-switch is off: `pf-tui switch next` moves on"
    else:
        follows = "no other provider that OpenCode has can serve: `pf-tui why`"
    matter = _PAGE if page else _MATTERS.get(failure.kind, "does not answer")
    message = f"pf-tui: {turn.provider} {matter}{back}; {follows}"
    quiet = re.search(_RETRIED, message) is None
    return message if quiet else "pf-tui: this provider rests; `pf-tui why` says more"


_MATTERS: Mapping[str, str] = {
    "rate": "is at its limit",
    "quota": "is at its limit",
    "windowless": "is at its limit",
    "auth": "refuses the credential",
    "model": "does not serve this model",
    "overload": "has too much to do",
}

_PAGE = "answers with a web page, as a network does that wants a sign-in first"

_RETRIED = (
    r"(?i:429|50[0234]|524|rate[ _-]limit|too many requests|overloaded|unavailable|internal[ _]error"
    r"|server[ _-]error|exhausted|timeout|timed out|terminated|connection|try again|at capacity)"
)
"""What OpenCode retries on when it is in an error's text, whatever the status (read out of 1.18.33)."""


def _is_long(rest: Bench, now: datetime) -> bool:
    return rest.until is None or rest.until - now > LONG_WAIT


def _gateway(ctx: Context, now: Snapshot, *, start: bool = False) -> dict[str, str] | None:
    """Where the gateway listens and its loopback token; None while there is none.

    Args:
        start: bring one up where the person wants it (`pf.gateway.auto`).
    """
    here = now.gateway
    if here is None and start and ctx.config().leads_to_gateway:
        from pf_tui.actions import gateway_start

        with contextlib.suppress(PfError):
            here = gateway_start.start(ctx, limit_s=GATEWAY_START_S)
    token = gateway.token(ctx.paths) if here is not None else None
    return {"url": here.url, "token": token} if here is not None and token is not None else None


def _is_gateway(now: Snapshot, url: str | None) -> bool:
    """True for an address of our own gateway."""
    if now.gateway is None or not url:
        return False
    return addresses.is_here(url, now.gateway.port)


def _toast(message: str, variant: str) -> dict[str, str]:
    return {"message": message, "variant": variant}


def texts_of(data: Mapping[str, object], name: str) -> dict[str, str]:
    """A field of the event as {name: text}; whatever else is in it is left out."""
    from pf_tui.hooks.opencode_names import texts

    return texts(data.get(name))


def _body(data: Mapping[str, object], name: str) -> str:
    """An answer's body as the wire had it, also where the plugin handed on what it had parsed."""
    value = data.get(name)
    return value if isinstance(value, str) else json.dumps(value) if value else ""


def _headers(value: object) -> dict[str, str]:
    """Lower-case name -> value; the first of several."""
    if not isinstance(value, dict):
        return {}
    first = {name: text[0] if isinstance(text, list) and text else text for name, text in value.items()}
    return {str(name).lower(): str(text) for name, text in first.items() if isinstance(text, str | int)}
