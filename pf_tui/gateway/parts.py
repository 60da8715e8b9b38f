"""What all requests of one gateway share, and the id each is answered with."""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from secrets import token_hex

from pf_tui.gateway.budget import Budget
from pf_tui.gateway.held_reply import KEEP_ALIVE_S
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


class GatewayParts:
    """One set for each gateway."""

    def __init__(
        self,
        routing_state: RoutingState,
        transport: Transport,
        recorder: Recorder,
        sessions: Sessions,
        requests_in_flight: InFlightRequests,
    ) -> None:
        self.routing_state = routing_state
        self.transport = transport
        self.recorder = recorder
        self.sessions = sessions
        self.requests_in_flight = requests_in_flight
        self.reasoning = ReasoningStore()
        """What vendors want back of their reasoning, by call id."""
        self._ids: OrderedDict[str, None] = OrderedDict()
        stem = f"req_pf_{token_hex(8)}"
        self._own_ids = (f"{stem}{number:08x}" for number in itertools.count(1))
        self.served = 0
        self.failovers = 0
        self.keep_alive_s = KEEP_ALIVE_S
        self.sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    @property
    def budget(self) -> Budget:
        """What all requests and answers may hold."""
        return self.requests_in_flight.budget

    def request_id(self, headers: Mapping[str, str] | None) -> str:
        """The upstream's id of the request, or one of ours where it has none or always the same."""
        supplied = (headers.get("request-id") or headers.get("x-request-id")) if headers is not None else None
        if supplied and len(supplied) <= ID_CHARS and supplied not in self._ids:
            self._ids[supplied] = None
            if len(self._ids) > RECENT_IDS:
                self._ids.popitem(last=False)
            return supplied
        return next(self._own_ids)
