"""One request: what was tried for it, and its end where nobody serves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any  # Any: a row's columns by name, each of its own type

from multidict import CIMultiDictProxy

from pf_tui.gateway import attempt, own_responses
from pf_tui.gateway.attempt_failures import FailedAttempt, words_of
from pf_tui.gateway.body import Request
from pf_tui.gateway.breaker import TRANSIENT
from pf_tui.gateway.held_reply import HeldReply, Reply
from pf_tui.gateway.inflight import InFlightRequest
from pf_tui.gateway.own_responses import Answer
from pf_tui.gateway.parts import GatewayParts
from pf_tui.gateway.redirects import Redirect
from pf_tui.gateway.repairing import Repairs
from pf_tui.gateway.route_order import RouteOrder
from pf_tui.gateway.routing import Candidates, Route
from pf_tui.gateway.routing_plan import RoutingPlan
from pf_tui.gateway.sessions import Session
from pf_tui.gateway.streamed_answer import DeliveredAnswer
from pf_tui.gateway.translation import Translation
from pf_tui.gateway.usage_meter import counts
from pf_tui.ledger.gateway_rows import Attempt
from pf_tui.rules import litellm
from pf_tui.rules.eligibility import Skipped
from pf_tui.rules.own_headers import PROVIDER_HEADER, RESUME_HEADER

_Attempted = tuple[Route, "DeliveredAnswer | FailedAttempt", datetime, int, int | None]
"""Whom we asked, what came of it, when, how long it took, and until its first byte (ms)."""


class Turn:
    """One request, what was tried for it, and how it ends when nobody serves it."""

    def __init__(
        self,
        engine: GatewayParts,
        plan: RoutingPlan,
        request: Request,
        inbound: CIMultiDictProxy[str],
        reply: Reply,
        in_flight: InFlightRequest,
        *,
        bearer: bool,
        redirect: Redirect | None = None,
    ) -> None:
        self._redirect = redirect
        self._engine = engine
        self._routing_state = engine.routing_state
        self._breaker = engine.routing_state.breaker
        self._plan = plan
        self._request = request
        self._inbound = inbound
        self._reply = HeldReply(reply, request.protocol, self._early_head, engine.keep_alive_s)
        self._in_flight = in_flight
        self._bearer = bearer
        self._session: Session = engine.sessions.of(request, redirect.name if redirect else "")
        self._provider_first = (
            redirect.provider
            if redirect
            else self._routing_state.pins.get((request.agent or "", request.session or ""))
        )
        """The provider that the person chose for this session, or for requests of this class."""
        self._failed_attempts: list[FailedAttempt] = []
        self._skipped: list[Skipped] = []
        self._attempts: list[_Attempted] = []
        self._request_id: str | None = None
        self._fresh_key: set[str] = set()
        self._body = b""
        self._translation: Translation | None = None
        self._translations: dict[tuple[str, str], Translation] = {}
        self._unreadable: str | None = None
        self._repairs = Repairs(engine.routing_state.repairs)
        self._candidates: Candidates | None = None
        self._order = RouteOrder(
            plan,
            request,
            self._session,
            self._breaker,
            engine.recorder,
            self._routing_state.ctx.now,
            provider_first=self._provider_first,
        )
        self._asks_again = False
        """The last attempt failed in a way that its route, asked otherwise, answers."""
        self._needs_search = False
        """It lives of a web search, and a provider that runs none was asked to serve it."""

    def _head(self, route: Route, headers: Mapping[str, str]) -> dict[str, str]:
        """What we add to the head of an answer."""
        if not self._reply.begun:
            self._request_id = self._engine.request_id(headers)
        return {"request-id": self._request_id or "", PROVIDER_HEADER: route.provider}

    def _early_head(self) -> dict[str, str]:
        """Of a stream that begins before anybody's answer is known to be good."""
        self._request_id = self._engine.request_id(None)
        return {
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-cache",
            "request-id": self._request_id,
        }

    def _row(self, attempt: _Attempted, request_id: str, ordinal: int, answered: bool) -> Attempt:
        route, outcome, started_at, latency_ms, first_byte_ms = attempt
        request, meter = self._request, outcome.meter
        tokens: dict[str, Any] = (
            counts(request.protocol, meter.usage) if meter and meter.usage else {}
        )  # by field
        return Attempt(
            at=started_at,
            agent=request.agent or "unknown",
            provider=route.provider,
            model=self._plan.id_of(self._redirect.asked_model if self._redirect else request.model),
            request_id=request_id,
            ordinal=ordinal,
            answered=answered,
            served_model=route.model,
            session=request.session,
            project=request.project.encode("utf-8", "replace").decode() if request.project else None,
            message_id=meter.message_id if meter is not None else None,
            failure=outcome.failure.kind if outcome.failure is not None else None,
            latency_ms=latency_ms,
            ttft_ms=first_byte_ms,
            is_subagent=request.is_subagent,
            cost_usd=litellm.cost_usd(outcome.headers) if outcome.headers else None,
            **tokens,
        )

    async def _nobody(self) -> None:
        """Every route has failed, or there was none."""
        failed_attempts = self._failed_attempts
        if not failed_attempts and self._unreadable is not None:
            sentence = f"pf-tui: {self._unreadable}"
            await self._tell(own_responses.refused(400, self._request.protocol, sentence))
            return
        if not failed_attempts and self._needs_search:
            await self._tell(own_responses.no_search(self._request))
            return
        if failed_attempts and self._is_for_the_client():
            await self._forward(_told_first(failed_attempts))
            return
        failures = [
            Skipped(
                provider=failure.route.provider,
                code="benched" if failure.failure.scope else "failed",
                # Claude Code 2.1.332 puts its own sentence in place of ours where it reads "x-api-key"
                reason=words_of(failure.failure, quoting=failure.failure.kind != "auth"),
                until=None
                if failure.failure.forever or failure.failure.kind in TRANSIENT
                else failure.failure.until,
                kind=failure.failure.kind,
            )
            for failure in failed_attempts
            if failure.failure.failover or failure.route.same_model  # a stand-in's reasons are its own
        ]
        skipped = [*failures, *(p for p in self._skipped if p.provider not in {s.provider for s in failures})]
        request = self._request
        answer = own_responses.exhausted(
            request.protocol,
            request.agent,
            skipped,
            self._routing_state.ctx.now(),
            self._routing_state.ctx.timezone(),
            waits=RESUME_HEADER in self._inbound,
        )
        self._session.waits_until = answer.until
        sentence = own_responses.sentence_in(answer)
        self._engine.recorder.event(
            "refuse",
            why=sentence,
            after={"model": request.model, "session": request.session},
            evidence={"passed": {p.provider: p.reason for p in skipped if p.is_resting}},
            once=f"refuse {request.agent} {[p.provider for p in failures]}",
        )
        await self._tell(answer)

    def _another_refused(self) -> bool:
        """Not the first of the list found fault with the request: it may take less than that one."""
        first = self._candidates.by_priority[:1] if self._candidates is not None else ()
        return len(self._failed_attempts) > 1 or self._failed_attempts[-1].route not in first

    def _is_for_the_client(self) -> bool:
        """The upstream's own words say more than ours: the request is at fault, or it will pass."""
        if not self._plan.auto_switch:
            return True
        last = self._failed_attempts[-1]
        if not last.failure.failover:
            return last.route.same_model or not self._another_refused()
        if last.failure.kind == "context":
            return True
        kinds = {failure.failure.kind for failure in self._failed_attempts}
        if kinds <= {"model", "unsupported"}:
            return True
        if any(skip.is_resting for skip in self._skipped):
            return False
        soon = self._routing_state.ctx.now() + timedelta(seconds=own_responses.SOON_S)
        ends = [failure.failure.until for failure in self._failed_attempts]
        in_a_minute = kinds <= {"rate", "windowless"} and all(end is not None and end <= soon for end in ends)
        return kinds <= set(TRANSIENT) or in_a_minute

    def _answered(self, status: int | None, until: datetime | None = None) -> None:
        """What the agent is told in the end, for those who show its session."""
        if self._request.session is not None:
            in_flight = self._in_flight
            in_flight.status, in_flight.until, in_flight.ended = status, until, self._routing_state.ctx.now()

    async def _forward(self, failed_attempt: FailedAttempt) -> None:
        """Hand the upstream's own error on as it came."""
        failure, own_headers = failed_attempt.failure, failed_attempt.headers or {}
        extra_headers = self._head(failed_attempt.route, own_headers)
        if failure.kind == "rate" and failure.until is not None and "retry-after" not in own_headers:
            wait_s = (failure.until - self._routing_state.ctx.now()).total_seconds()
            extra_headers["retry-after"] = str(max(1, -int(-wait_s // 1)))  # named in another way
        self._answered(failure.status, None if failure.forever else failure.until)
        translation = self._translations.get((failed_attempt.route.provider, failed_attempt.route.model))
        if translation is not None and failed_attempt.status is not None and failed_attempt.status >= 400:
            until = failed_attempt.failure.until
            resets_at = int(until.timestamp()) if until is not None else None
            status, body = translation.error(failed_attempt.status, failed_attempt.body, resets_at)
            if body != failed_attempt.body:
                headers = {"content-type": "application/json", **extra_headers}
                for name in ("retry-after", "x-should-retry"):
                    if failed_attempt.headers is not None and name in failed_attempt.headers:
                        headers[name] = failed_attempt.headers[name]
                await self._reply.whole(status, headers, body)
                return
        await attempt.forward(self._reply, failed_attempt, extra_headers, self._request.protocol)

    async def too_much(self) -> None:
        """The gateway holds as much as it may: this request gives way."""
        await self._tell(own_responses.too_much(self._request.protocol, self._engine.budget.total))

    async def _tell(self, answer: Answer) -> None:
        if not self._reply.begun:
            self._request_id = self._engine.request_id(None)
        wait = answer.headers.get("retry-after", "")
        until = timedelta(seconds=int(wait)) if wait.isdecimal() and len(wait) < 9 else None
        back = answer.until or (self._routing_state.ctx.now() + until if until else None)
        self._answered(answer.status, back)
        headers = {**answer.headers, "request-id": self._request_id or ""}
        await self._reply.whole(answer.status, headers, answer.body)


def _told_first(failed_attempts: Sequence[FailedAttempt]) -> FailedAttempt:
    """Whose own words the client hears: of limits the one that ends first."""
    if failed_attempts[0].failure.kind == "model":
        return failed_attempts[0]
    if all(
        failure.failure.kind in ("rate", "windowless") and failure.failure.until
        for failure in failed_attempts
    ):
        return min(
            failed_attempts, key=lambda failure: failure.failure.until or datetime.max.replace(tzinfo=UTC)
        )
    return failed_attempts[-1]
