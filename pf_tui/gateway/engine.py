"""What serves the requests of one gateway, each by a failover of its own."""

from __future__ import annotations

import asyncio

from multidict import CIMultiDictProxy

from pf_tui.gateway import redirects
from pf_tui.gateway.body import Request
from pf_tui.gateway.budget import OverBudget, Reservation
from pf_tui.gateway.failover import RequestFailover
from pf_tui.gateway.held_reply import Reply
from pf_tui.gateway.parts import GatewayParts


class Engine(GatewayParts):
    """Serves requests; one for each gateway."""

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
        plan = await self.routing_state.plan(request.project)
        redirect = redirects.find(plan, request, inbound) if plan.classes else None
        if redirect is not None:
            request = redirects.redirected(request, redirect)
        in_flight = self.requests_in_flight.begin(request, self.routing_state.ctx.now(), hold)
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
            # after the answer has left, before whoever waits for the end of all requests wakes
            asyncio.get_running_loop().call_soon(turn.record)
            self.requests_in_flight.end(in_flight)
