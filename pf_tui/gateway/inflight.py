"""Requests under way: what live.json shows of them."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from pf_tui.gateway.body import Request
from pf_tui.gateway.budget import Budget, Reservation
from pf_tui.gateway.routing import Route
from pf_tui.gateway.usage_meter import UsageMeter
from pf_tui.state.gateway import LiveRequest, LiveSession

PERIOD_S = 0.5
"""live.json is replaced at most this often, and only while something is under way."""

FIRST_S = 0.05
"""After a time without requests the first one is shown so soon: its route is known by then."""

MOST_SESSIONS = 200
"""Sessions that live.json tells of: the ones served last."""


class InFlightRequest:
    """One request under way."""

    __slots__ = (
        *("attempt", "began_s", "ended", "first_byte_ms", "hold", "meter", "number", "request", "route"),
        *("since", "status", "until"),
    )

    def __init__(self, number: int, request: Request, since: datetime, hold: Reservation) -> None:
        self.number = number
        self.request = request
        self.since = since
        self.began_s = time.perf_counter()
        self.route: Route | None = None
        self.meter: UsageMeter | None = None
        self.first_byte_ms: int | None = None
        self.attempt = 0
        self.ended: datetime | None = None
        self.status: int | None = None
        """Of the answer the agent got."""
        self.until: datetime | None = None
        """When the agent was told to come back."""
        self.hold = hold

    def elapsed_ms(self) -> int:
        """Since the client asked."""
        return round((time.perf_counter() - self.began_s) * 1000)

    def note_first_byte(self, began_ms: int) -> None:
        """The first piece of an answer has come; of the attempt that began then, only the first counts."""
        if self.first_byte_ms is None:
            self.first_byte_ms = self.elapsed_ms() - began_ms

    def shown(self) -> LiveRequest:
        """As the other faces see it."""
        meter, route = self.meter, self.route
        tokens = 0
        if meter is not None:
            output_tokens = meter.usage.get("output_tokens", meter.usage.get("completion_tokens"))
            tokens = max(meter.tokens_streamed, output_tokens if isinstance(output_tokens, int) else 0)
        return LiveRequest(
            id=str(self.number),
            agent=self.request.agent,
            session=self.request.session,
            provider=route.provider if route else "",
            model=route.model if route else self.request.model,
            since=self.since,
            tokens=tokens,
            first_byte_ms=self.first_byte_ms,
            attempt=max(1, self.attempt),
        )


class InFlightRequests:
    """All requests under way; tells a writer, twice a second at most."""

    def __init__(self, write: Callable[[tuple[LiveRequest, ...], tuple[LiveSession, ...]], None]) -> None:
        self._write = write
        self._sessions: OrderedDict[tuple[str | None, str], LiveSession] = OrderedDict()
        self.budget = Budget()
        self._by_number: dict[int, InFlightRequest] = {}
        self._numbers = itertools.count(1)
        self._timer: asyncio.TimerHandle | None = None
        self._told_s = float("-inf")
        self._shown = False
        self._idle: asyncio.Event = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        return len(self._by_number)

    def begin(self, request: Request, since: datetime, hold: Reservation | None = None) -> InFlightRequest:
        """A request has come; `hold` counts its bytes already."""
        in_flight = InFlightRequest(next(self._numbers), request, since, hold or self.budget.hold())
        self._by_number[in_flight.number] = in_flight
        self._idle.clear()
        if self._timer is None:
            loop = asyncio.get_running_loop()
            at_s = max(loop.time() + FIRST_S, self._told_s + PERIOD_S)
            self._timer = loop.call_at(at_s, self._tell)
        return in_flight

    def end(self, in_flight: InFlightRequest) -> None:
        """It is over."""
        self._by_number.pop(in_flight.number, None)
        in_flight.hold.free()
        request, route = in_flight.request, in_flight.route
        key = (request.agent, request.session or "")
        session = self._sessions.get(key)
        if request.session and not request.counting and (route is not None or session is not None):
            self._sessions[key] = LiveSession(
                session=request.session,
                provider=route.provider if route is not None else session.provider if session else "",
                model=route.model if route is not None else session.model if session else request.model,
                at=in_flight.ended or in_flight.since,
                status=in_flight.status,
                until=in_flight.until,
                agent=request.agent,
            )
            self._sessions.move_to_end(key)
            if len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
            self._shown = True
        if not self._by_number:
            self._idle.set()

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        await self._idle.wait()

    def _tell(self) -> None:
        """Show what is under way; the last time when nothing is."""
        self._timer = None
        self._told_s = asyncio.get_running_loop().time()
        if self._by_number or self._shown:
            self._shown = bool(self._by_number)
            requests = tuple(in_flight.shown() for in_flight in self._by_number.values())
            self._write(requests, tuple(self._sessions.values()))
        if self._by_number:
            self._timer = asyncio.get_running_loop().call_later(PERIOD_S, self._tell)
