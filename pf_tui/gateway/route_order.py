"""Which routes of a request may be asked now, in which order, and how long one of them is waited for.

A warm prompt cache is worth a wait of some seconds; an order that the person changed ends a session's stay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from pf_tui.gateway.attempt_failures import FailedAttempt
from pf_tui.gateway.body import Request
from pf_tui.gateway.breaker import JITTER_SHARE, CircuitBreaker
from pf_tui.gateway.recorder import Recorder
from pf_tui.gateway.routing import Candidates, Route
from pf_tui.gateway.routing_plan import RoutingPlan
from pf_tui.gateway.sessions import Session
from pf_tui.rules.eligibility import Skipped
from pf_tui.rules.failover import arrange


class RouteOrder:
    """The order of one request's routes, decided anew whenever one of them has failed."""

    __slots__ = (
        "_breaker",
        "_now",
        "_patience_s",
        "_provider_first",
        "_recorder",
        "_request",
        "_session",
        "_skipped",
        "_sticky",
        "plan",
    )

    def __init__(
        self,
        plan: RoutingPlan,
        request: Request,
        session: Session,
        breaker: CircuitBreaker,
        recorder: Recorder,
        now: Callable[[], datetime],
        *,
        provider_first: str | None,
    ) -> None:
        """Args: provider_first: the one that the person chose for this request; now: aware UTC."""
        self.plan = plan
        self._request = request
        self._session = session
        self._breaker = breaker
        self._recorder = recorder
        self._now = now
        self._provider_first = provider_first
        self._sticky: str | None = None
        """Where the session stays, if anywhere."""
        self._skipped: list[Skipped] = []
        self._patience_s = plan.settings.short_wait_s * (1 + JITTER_SHARE)
        """What may still be waited for a limit that ends within seconds."""

    def ready(self, candidates: Candidates) -> tuple[Sequence[Route], list[Skipped]]:
        """(the routes that may be asked now, in order; who may not be asked).

        With nobody else, those in passing trouble are asked as well.
        """
        routes = candidates.routes
        plan = self.plan
        if not plan.auto_switch:
            return routes, self._skipped
        sticky = self._sticky = self._pin(routes) or self._stays(candidates)
        resting = not self._breaker.nobody or plan.full_windows
        if not resting and not plan.last_resort and candidates.leads(sticky):
            return candidates.by_priority, self._skipped
        ready, self._skipped = arrange(
            routes,
            self.blocked,
            first=plan.first,
            sticky=sticky,
            last_resort=plan.last_resort,
        )
        if not ready:
            ready, self._skipped = arrange(
                routes, lambda route: self.blocked(route, alone=True), first=plan.first
            )
        elif sticky is None and self._session.provider is None and ready[0] is not routes[0]:
            self._tell_spill(routes[0].provider, ready[0].provider)
        return ready, self._skipped

    def _tell_spill(self, first: str, provider: str) -> None:
        """The first of the list keeps the rest of its window for sessions that are there."""
        if first in self.plan.last_resort and provider != first:
            self._recorder.event(
                "spill",
                why=f"{first} is nearly used up: new sessions begin at {provider}",
                once=f"spill {first} {provider}",
            )

    def blocked(self, route: Route, *, alone: bool = False) -> Skipped | None:
        """Why the route must not be asked now, by this project's budgets."""
        return self._breaker.blocked(route, alone=alone, full_windows=self.plan.full_windows)

    def _pin(self, routes: Sequence[Route]) -> str | None:
        """The provider that the person chose for this request, where it is one of the routes."""
        pin = self._provider_first
        return pin if pin and any(route.provider == pin for route in routes) else None

    def _stays(self, candidates: Candidates) -> str | None:
        """The provider this session stays with; None when it may go to a better one."""
        plan, now_s = self.plan, asyncio.get_running_loop().time()
        stays = self._session.stays_with(
            self._request, plan.epoch, now_s, for_ever=plan.return_when == "never"
        )
        if stays is None or plan.return_when == "never" or candidates.leads(stays):
            return stays
        own = next((route for route in candidates.by_priority if route.provider == stays), None)
        for route in candidates.by_priority:
            if own is None or route is own:
                break
            may = route.provider not in plan.last_resort and self.blocked(route) is None
            if may and (plan.return_when == "now" or (route.plan and not own.plan)):
                return None
        return stays

    def wait_first(self, ready: Sequence[Route]) -> float:
        """Seconds until a limit ends that is worth waiting for before anybody is asked; 0 = do not wait."""
        if not self._skipped or self._request.counting or not self.plan.auto_switch:
            return 0.0
        ends = [
            skipped.until
            for skipped in self._skipped
            if skipped.until is not None
            and skipped.kind != "manual"
            and (not ready or skipped.provider == self._sticky)
        ]
        return self._within_patience(min(ends)) if ends else 0.0

    def wait_here(self, failed_attempt: FailedAttempt, queue: Iterable[Route]) -> float:
        """Seconds to wait for a limit just named, where the prompt cache is warm or nobody else is left."""
        failure, route = failed_attempt.failure, failed_attempt.route
        if failure.kind != "rate" or failure.until is None or self._request.counting:
            return 0.0
        if not self.plan.auto_switch:
            return 0.0
        if route.provider != self._sticky and any(self.blocked(candidate) is None for candidate in queue):
            return 0.0
        bench = self.blocked(route)
        return self._within_patience((bench and bench.until) or failure.until)

    def waited(self, wait_s: float) -> None:
        """So much less may be waited from now on."""
        self._patience_s -= wait_s

    def _within_patience(self, until: datetime) -> float:
        left_s = (until - self._now()).total_seconds()
        return left_s if 0 < left_s <= self._patience_s else 0.0
