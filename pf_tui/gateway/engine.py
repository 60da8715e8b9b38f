"""What serves the requests of one gateway: the parts they share, and the id each is answered with."""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from secrets import token_hex

from multidict import CIMultiDictProxy

from pf_tui.gateway import redirects
from pf_tui.gateway.body import Request
from pf_tui.gateway.budget import Budget, OverBudget, Reservation
from pf_tui.gateway.failover import RequestFailover
from pf_tui.gateway.held_reply import KEEP_ALIVE_S, Reply
from pf_tui.gateway.inflight import InFlightRequests
from pf_tui.gateway.recorder import Recorder
from pf_tui.gateway.routing_state import RoutingState
from pf_tui.gateway.sessions import Sessions
from pf_tui.gateway.upstream import Transport
from pf_tui.translate import ReasoningStore

ID_CHARS = 200
"""A longer request id is none."""

RECENT_IDS = 5000
"""Request ids remembered, to notice an upstream that always gives the same one."""


class Engine:
    """Serves requests; one for each gateway."""

    def __init__(
        self,
        routing_state: RoutingState,
        transport: Transport,
        recorder: Recorder,
        sessions: Sessions,
        requests_in_flight: InFlightRequests,
    ) -> None:
        self._routing_state = routing_state
        self._transport = transport
        self._recorder = recorder
        self._sessions = sessions
        self._requests_in_flight = requests_in_flight
        self._reasoning = ReasoningStore()
        """What vendors want back of their reasoning, by call id."""
        self._ids: OrderedDict[str, None] = OrderedDict()
        stem = f"req_pf_{token_hex(8)}"
        self._own_ids = (f"{stem}{number:08x}" for number in itertools.count(1))
        self.served = 0
        self.failovers = 0
        self.keep_alive_s = KEEP_ALIVE_S
        self.sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    async def serve(
        self,
        request: Request,
        inbound: CIMultiDictProxy[str],
        reply: Reply,
        *,
        bearer: bool,
        hold: Reservation | None = None,
    ) -> None:
        """Answer one request.

        Args:
            hold: counts the bytes of the request already.
            bearer: the client's own login came along and may be passed through.
        """
        plan = await self._routing_state.plan(request.project)
        redirect = redirects.find(plan, request, inbound) if plan.classes else None
        if redirect is not None:
            request = redirects.redirected(request, redirect)
        in_flight = self._requests_in_flight.begin(request, self._routing_state.ctx.now(), hold)
        turn = RequestFailover(
            self, plan, request, inbound, reply, in_flight, bearer=bearer, redirect=redirect
        )
        try:
            try:
                await turn.run()
            except OverBudget:
                await turn.too_much()
        finally:
            turn.release()
            self._requests_in_flight.end(in_flight)
            asyncio.get_running_loop().call_soon(turn.record)  # when the answer has left

    @property
    def budget(self) -> Budget:
        """What all requests and answers may hold."""
        return self._requests_in_flight.budget

    def request_id(self, headers: Mapping[str, str] | None) -> str:
        """The upstream's id of the request, or one of ours where it has none or always the same."""
        supplied = (headers.get("request-id") or headers.get("x-request-id")) if headers is not None else None
        if supplied and len(supplied) <= ID_CHARS and supplied not in self._ids:
            self._ids[supplied] = None
            if len(self._ids) > RECENT_IDS:
                self._ids.popitem(last=False)
            return supplied
        return next(self._own_ids)
