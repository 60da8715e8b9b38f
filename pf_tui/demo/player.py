"""Plays the story on the demo's files as a gateway would: verbs, ledger rows, readings, requests in flight.

The person at the keys goes first: requests go to whoever serves now, and a round whose provider the
person has left is dropped.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from pf_tui import actions, snapshot
from pf_tui.demo import agents, history, scenario, story, upstream
from pf_tui.demo.history import Request
from pf_tui.demo.ledger_rows import LedgerRows
from pf_tui.ledger import reader as ledger
from pf_tui.ledger import schema
from pf_tui.records import record, replace
from pf_tui.rules import failures
from pf_tui.rules.limits import Reading
from pf_tui.snapshot import ProviderView, Snapshot
from pf_tui.state import files, gateway
from pf_tui.state.context import Context
from pf_tui.state.gateway import Gateway, LiveRequest
from pf_tui.state.single_instance import single_instance

PORT = 4100
IN_FLIGHT = 3
"""Requests at once, at most."""
LOOK_AGAIN = timedelta(seconds=2)
DRIFT_EVERY = timedelta(seconds=8)
DRIFT_PERCENT = 0.2
"""How much of its 5-hour window a plan uses in DRIFT_EVERY outside of a climb."""

BACK_MARGIN = timedelta(seconds=1.5)
"""A bench ends this much after its provider is seen to serve again, so that the release is an event."""

_SENTENCES = {
    "window": "{provider} hit its 5-hour limit (429)",
    "rate": "{provider} is rate limited (429)",
    "overload": "{provider} is overloaded (529)",
    "server": "{provider} failed three times in a row (500)",
    "credit": "the credit at {provider} is used up (402)",
}

_BACK = {"window": "its 5-hour window has reset", "credit": "the credit was topped up"}


@record
class Flight:
    """A request on its way."""

    live: LiveRequest
    request: Request
    """As it will be when it is done."""
    done_at: datetime


class Player:
    """One demo being played; `tick` brings it to the context's now."""

    def __init__(self, ctx: Context, folder: Path, seed: int) -> None:
        self._ctx = ctx.as_("gateway")
        self._dice = Random(seed + 1)  # noqa: S311 - a story, no secret
        self._rounds = story.rounds(seed)
        self._round = next(self._rounds)
        self._began = ctx.now()
        self._subject: str | None = None
        self._beat = 0
        self._broken: dict[str, str] = {}
        self._flights: list[Flight] = []
        self._sessions = [
            (work, history.session_name(self._dice), scenario.PROJECTS[place])
            for place, work in enumerate(
                (scenario.WORK[0], scenario.WORK[0], scenario.WORK[2], scenario.WORK[3])
            )
        ]
        self._count = 0
        self._next_start = self._began
        self._drifted = self._began
        self._seen: Snapshot | None = None
        self._stamp: object = None
        self._listening = False
        self._right = ExitStack()
        shown = agents.shown([(work.agent, name, project) for work, name, project in self._sessions])
        self._agents = agents.Agents(ctx.paths, folder, shown, self._began)
        self._books = LedgerRows(schema.connect(ctx.paths.ledger), ctx.catalog(), str(folder))
        self._begin(self._began)

    def open_gateway(self) -> None:
        """Say that a gateway runs here, and hold the right to be it."""
        paths = self._ctx.paths
        self._right.enter_context(single_instance(paths, gateway.LOCK_NAME))
        running = Gateway(host="127.0.0.1", port=PORT, pid=os.getpid(), since=self._ctx.now())
        gateway.write(paths, running, scenario.NO_KEY)
        self._listening = True

    def close_gateway(self) -> None:
        """Somebody stopped the gateway: work goes on without it."""
        self._listening = False
        self._right.close()
        gateway.remove(self._ctx.paths)

    def tick(self) -> None:
        """Do what is due. Raises PfError when a file refuses; the next tick goes on from there."""
        now = self._ctx.now()
        self._look(now)
        self._tell(now)
        self._land(now)
        self._take_off(now)
        self._drift(now)
        if self._listening:
            active = self._seen.active if self._seen is not None else None
            gateway.write_live(
                self._ctx.paths,
                [_progress(flight, now) for flight in self._flights],
                self._agents.live(
                    now,
                    active.provider,
                    active.model,
                    self._view(active.provider).provider.agent_only,
                )
                if active is not None
                else (),
            )
        self._agents.tick(now, frozenset(flight.live.session or "" for flight in self._flights))

    # -- the story

    def _begin(self, now: datetime) -> None:
        self._began, self._beat = now, 0
        active = self._look(now, anew=True).active
        self._subject = active.provider if active else None

    def _tell(self, now: datetime) -> None:
        elapsed = (now - self._began).total_seconds()
        while self._beat < len(self._round.beats) and self._round.beats[self._beat].at_s <= elapsed:
            beat = self._round.beats[self._beat]
            self._beat += 1
            if beat.what == "back":
                self._bring_back(now)
            elif beat.what == "fail-next":
                self._fail_next(now)
            elif self._active != self._subject or self._subject is None:
                self._drop_round(now)
                return
            elif beat.what == "climb":
                self._climb(self._subject, beat.percent, now)
            else:
                self._fail(self._subject, self._round.fault, now)
        if elapsed >= self._round.length_s:
            self._round = next(self._rounds)
            self._begin(now)

    def _drop_round(self, now: datetime) -> None:
        """The person went elsewhere: the next round is about whoever serves now."""
        self._bring_back(now)
        self._round = next(self._rounds)
        self._begin(now)

    def _climb(self, provider: str, percent: float, now: datetime) -> None:
        limit = self._window(provider)
        if limit is None or limit[0] > percent:
            return
        self._read(provider, percent, limit[1], now)

    def _fail(self, provider: str, fault: str, now: datetime) -> None:
        view, window = self._view(provider), self._window(provider)
        if (fault == "window" and window is None) or (fault == "credit" and view.provider.plan):
            fault = "rate"  # no such window; a plan has no credit
        back_at = self._began + timedelta(seconds=self._round.back_s) + BACK_MARGIN
        if fault == "window" and window is not None:
            back_at = window[1]
        said = upstream.answer(provider, fault, back_at, now)
        failure = failures.classify(
            status=said.status,
            headers=said.headers,
            body=said.body,
            now=now,
            meanings=self._ctx.catalog().meanings,
        )
        model = view.serves
        lost = next((flight for flight in self._flights if flight.live.provider == provider), None)
        if lost is not None:
            self._books.enter([_failed(lost.request, failure.kind, said.status, now)], live=True)
        outcome = actions.report_failure(
            self._ctx,
            provider,
            replace(failure, at_once=True),
            model=model,
            agent=lost.request.agent if lost else self._sessions[0][0].agent,
            session=lost.request.session if lost else self._sessions[0][1],
            why=_SENTENCES[fault].format(provider=provider),
        )
        self._broken[provider] = fault
        if fault == "window":
            self._read(provider, 100, back_at, now)
        self._look(now, anew=True)
        if outcome is not None and outcome.moved:
            self._flights = [self._moved(flight, provider) for flight in self._flights]

    def _fail_next(self, now: datetime) -> None:
        """The one that took over fails as well, for a moment."""
        if self._active is not None and self._active not in self._broken and self._subject in self._broken:
            self._fail(self._active, "overload", now)

    def _bring_back(self, now: datetime) -> None:
        for provider, fault in self._broken.items():
            why = _BACK.get(fault, "a request went through")
            actions.succeeded(self._ctx, provider, self._view(provider).serves, why=why, ended=True)
            if fault == "window":
                self._read(provider, 2, now + timedelta(hours=5), now)
        self._broken.clear()
        self._look(now, anew=True)

    # -- the work

    def _take_off(self, now: datetime) -> None:
        seen = self._look(now)
        if seen.active is None or seen.active.model is None or now < self._next_start:
            return
        if len(self._flights) >= IN_FLIGHT:
            return
        self._next_start = now + timedelta(seconds=self._dice.uniform(0.8, 2.6))
        only = self._view(seen.active.provider).provider.agent_only
        able = [one for one in self._sessions if only in (None, one[0].agent)]
        work, session, project = self._dice.choice(able or self._sessions)
        self._count += 1
        planned = history.request(self._dice, now, work, session, project, min(1.0, self._count / 80))
        planned = planned._replace(provider=seen.active.provider, model=seen.active.model)
        if planned.provider in self._broken:
            fault = self._broken[planned.provider]
            said = upstream.answer(planned.provider, fault, now, now)
            self._books.enter([_failed(planned, "rate", said.status, now)], live=True)
            return
        took = timedelta(milliseconds=min(9000, max(2500, planned.latency_ms)))
        live = LiveRequest(
            id=f"demo-{self._count}",
            agent=work.agent,
            session=session,
            provider=planned.provider,
            model=planned.model,
            since=now,
        )
        self._flights.append(Flight(live=live, request=planned, done_at=now + took))

    def _land(self, now: datetime) -> None:
        done = [flight for flight in self._flights if flight.done_at <= now]
        if done:
            self._flights = [flight for flight in self._flights if flight.done_at > now]
            self._books.enter([flight.request._replace(at=flight.done_at) for flight in done], live=True)

    def _moved(self, flight: Flight, failed: str) -> Flight:
        """The same request, served by whoever took over: the turn in flight is saved."""
        active = self._seen.active if self._seen else None
        if flight.live.provider != failed or active is None or active.model is None:
            return flight
        provider, model = active.provider, active.model
        live = replace(flight.live, provider=provider, model=model, attempt=flight.live.attempt + 1)
        request = flight.request._replace(provider=provider, model=model)
        return replace(flight, live=live, request=request, done_at=flight.done_at + timedelta(seconds=2))

    def _drift(self, now: datetime) -> None:
        """A plan that works uses its window up, slowly."""
        if now - self._drifted < DRIFT_EVERY or self._active is None or self._active in self._broken:
            return
        self._drifted = now
        window = self._window(self._active)
        if window is not None and window[0] < 90:
            self._read(self._active, window[0] + DRIFT_PERCENT, window[1], now)

    # -- looking

    @property
    def _active(self) -> str | None:
        return self._seen.active.provider if self._seen and self._seen.active else None

    def _look(self, now: datetime, *, anew: bool = False) -> Snapshot:
        """The world as the files say, read again when they changed."""
        paths = self._ctx.paths
        stamp = tuple(files.identity(path) for path in (paths.config, paths.health, paths.providers))
        if anew or self._seen is None or stamp != self._stamp or now - self._seen.at > LOOK_AGAIN:
            self._seen, self._stamp = snapshot.take(self._ctx, keep_going=True), stamp
        return self._seen

    def _view(self, provider: str) -> ProviderView:
        return self._look(self._ctx.now()).view(provider)

    def _window(self, provider: str) -> tuple[float, datetime] | None:
        """(percent, reset) of the provider's own 5-hour window; None when it has none."""
        for limit in self._view(provider).limits:
            if limit.window == "5h" and limit.model is None and limit.resets_at is not None:
                return limit.percent or 0.0, limit.resets_at
        return None

    def _read(self, provider: str, percent: float, resets_at: datetime, now: datetime) -> None:
        reading = Reading(
            provider=provider,
            window="5h",
            unit="percent",
            used=round(percent, 1),
            limit=100,
            resets_at=resets_at,
            source="official",
            observed_at=now,
        )
        ledger.limit_readings(self._ctx.paths.ledger, [reading])
        self._look(now, anew=True)


def _progress(flight: Flight, now: datetime) -> LiveRequest:
    """How far a request is: nothing before its first byte, then tokens at an even pace."""
    first = timedelta(milliseconds=flight.request.ttft_ms)
    passed = now - flight.live.since - first
    if passed < timedelta(0):
        return flight.live
    share = min(1.0, passed / max(flight.done_at - flight.live.since - first, timedelta(milliseconds=1)))
    return replace(
        flight.live, tokens=round(flight.request.output * share), first_byte_ms=flight.request.ttft_ms
    )


def _failed(one: Request, kind: str, status: int, now: datetime) -> Request:
    return one._replace(
        at=now,
        input=0,
        output=0,
        cache_read=0,
        cache_write=0,
        latency_ms=190,
        ttft_ms=190,
        failure=kind,
        status=status,
    )
