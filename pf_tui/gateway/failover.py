"""The failover itself: ask one route after another until an answer is good, then let it pass.

Invariants: nothing is retried after the first good event; a request that is itself wrong is asked once;
nothing sleeps but for a limit of some seconds at the session's warm provider, or where nobody else is.
Every failure leaves its class and evidence.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Mapping, Sequence

from msgspec.json import decode as json_decode

from pf_tui import actions
from pf_tui.errors import PfError, WrongUsage
from pf_tui.gateway import attempt, moves, own_responses
from pf_tui.gateway.attempt_failures import FailedAttempt, words_of
from pf_tui.gateway.body import for_vertex, with_model, without_thinking
from pf_tui.gateway.breaker import AttemptToken
from pf_tui.gateway.headers import login_values, route_secrets
from pf_tui.gateway.held_reply import ClientGone
from pf_tui.gateway.own_responses import Answer
from pf_tui.gateway.routing import Candidates, Route
from pf_tui.gateway.streamed_answer import DeliveredAnswer
from pf_tui.gateway.translation import Translation
from pf_tui.gateway.turn import Turn
from pf_tui.rules.eligibility import Skipped
from pf_tui.rules.failures import Failure
from pf_tui.rules.masking import ValueMask
from pf_tui.rules.reset_headers import readings_from_headers
from pf_tui.translate import changes_nothing, count_tokens_body

_ROOM_MARGIN = 1


class RequestFailover(Turn):
    """One request on its way through the routes."""

    async def run(self) -> None:
        """Try the routes in order."""
        candidates = self._plan.candidates(self._request, bearer=self._bearer, allowed=self._provider_first)
        counting = self._request.counting
        if candidates.reserved is not None and not counting:
            await self._tell(
                own_responses.reserved(self._request.protocol, candidates.reserved, self._request.agent)
            )
            return
        self._candidates = candidates
        ready = self._ready(candidates)
        if not counting and (wait_s := self._order.wait_first(ready)):
            await self._wait(wait_s)
            ready = self._ready(candidates)
        self._skipped = [*self._skipped, *candidates.skipped]
        if counting:
            first = next((route for route in ready if not self._breaker.is_due(route)), None)
            ready = [first] if first is not None and _counts(first) else []  # who would serve the turn
        queue = deque(ready)
        again = False
        while queue:
            route = self._routing_state.where(queue.popleft())
            if self._breaker.is_due(route) and not await self._claims(route):
                continue
            if not self._prepare(route):
                continue
            if route.form == "vertex":
                self._body = for_vertex(self._body)
            self._body = self._repairs.body(route, self._body)
            outcome = await self._try(route)
            if isinstance(outcome, DeliveredAnswer):
                self._after(route, outcome)
                self._remember_repair(route)
                return
            if self._asks_again:
                queue.appendleft(route)
                continue
            self._failed_attempts.append(outcome)
            if await self._new_key(outcome):
                queue.appendleft(self._same_with_new_key(route) or route)
                continue
            if counting:
                break
            if wait_s := self._order.wait_here(outcome, queue):
                self._failed_attempts.pop()
                await self._wait(wait_s)
                queue.appendleft(route)
                continue
            if not outcome.failure.failover:
                if self._another_refused():
                    continue
                break
            if outcome.failure.kind == "context":
                queue = deque(self._larger(outcome, queue))
            elif not queue and not again and outcome.failure.kind in ("server", "network"):
                again = self._plan.auto_switch
                if again:
                    queue.append(route)
            elif self._plan.auto_switch:
                queue = deque(r for r in queue if self._order.blocked(r) is None or len(queue) == 1)
        await (self._estimate() if counting else self._nobody())

    def record(self) -> None:
        """Hand the attempts to the recorder, under the id the client was answered with."""
        request_id = self._request_id or self._engine.request_id(None)
        last = len(self._attempts)
        for ordinal, past_attempt in enumerate(self._attempts, start=1):
            self._engine.recorder.attempt(self._row(past_attempt, request_id, ordinal, ordinal == last))

    def release(self) -> None:
        """The request is over: its client hears no more keep-alives, and its body is let go at once."""
        self._reply.release()
        del self._reply  # it knows us as we know it: the body would wait for the garbage collector

    # -- one route ---------------------------------------------------------------------------------

    def _prepare(self, route: Route) -> bool:
        """Lay out the request as the route takes it; False when the route cannot serve it after all."""
        self._translation = None
        raw = self._body_for(route)
        if route.dialect is None or (route.how == "dialect" and changes_nothing(raw, route.dialect)):
            self._body = raw
            return True
        now = self._routing_state.ctx.now()
        try:
            translation = Translation(self._request, route, raw, self._engine.reasoning, int(now.timestamp()))
        except WrongUsage as error:
            if route.how == "dialect":  # an odd request of its own protocol is for the provider to judge
                self._body = raw
                return True
            self._unreadable = str(error)
            self._skipped.append(Skipped(provider=route.provider, code="protocol", reason=str(error)))
            return False
        if translation.only_hosted:
            self._needs_search = True
            reason = "does not run the tool this request is about"
            self._skipped.append(Skipped(provider=route.provider, code="model", reason=reason))
            self._engine.recorder.event(
                "skip", why=f"{route.provider} {reason}", once=f"hosted {route.provider}"
            )
            return False
        self._translation, self._body = translation, translation.body
        self._translations[route.provider, route.model] = translation
        for note in translation.notes:
            self._engine.recorder.event(
                "translate",
                why=f"{route.provider}: {note.detail}",
                once=f"translate {route.provider} {note.kind}",
            )
        return True

    async def _estimate(self) -> None:
        """The tokens where the provider counts none, or fails to: counted here, never below the truth."""
        body = count_tokens_body(json_decode(self._request.raw), self._request.protocol)
        headers = {"content-type": "application/json"}
        await self._tell(Answer(status=200, headers=headers, body=body))

    async def _try(self, route: Route) -> DeliveredAnswer | FailedAttempt:
        """Ask one route; its answer passes when it is good."""
        self._asks_again = False
        attempt_token = self._breaker.begin(route)
        in_flight = self._in_flight
        in_flight.attempt += 1
        in_flight.route, in_flight.meter, in_flight.first_byte_ms = route, None, None
        upstream_attempt = attempt.UpstreamAttempt(
            self._request,
            route,
            in_flight,
            self._reply,
            self._plan.limits_of(route),
            head=lambda headers: self._head(route, headers),
            good=lambda: self._breaker.answers(route, attempt_token),
            secrets=self._secrets,
        )
        outcome: DeliveredAnswer | FailedAttempt | None = None
        try:
            outcome = await upstream_attempt.run(
                self._engine.transport,
                self._body,
                self._repairs.headers(route, self._inbound.items()),
                meanings=self._plan.catalog.meanings,
                rules=self._plan.settings.rules,
                clock=self._routing_state.ctx.now,
                translation=self._translation,
            )
        except (ClientGone, asyncio.CancelledError):
            outcome = upstream_attempt.delivered_before_leaving()
            raise
        finally:
            if attempt_token.probe:
                self._breaker.end_probe(route)
            if outcome is not None:
                self._note(route, outcome, attempt_token, in_flight.elapsed_ms() - upstream_attempt.began_ms)
        return outcome

    def _secrets(self, route: Route) -> ValueMask:
        """Masks every credential in use: the providers', this route's, and the client's."""
        keys = (key.reveal() for key in self._plan.keys.values())
        return ValueMask((*keys, *route_secrets(route), *login_values(self._inbound.items())))

    def _body_for(self, route: Route) -> bytes:
        """The very bytes of the client, but for the model's name and for another vendor's reasoning."""
        request = self._request
        raw = with_model(request.raw, request.model, route.native)
        family = self._plan.family_of(request.model)
        if self._session.is_mixed(route.model_family, family):
            raw = without_thinking(
                raw,
                request.protocol,
                lambda block: self._session.is_foreign(block, route.model_family, family),
            )
        return raw

    def _succeeded(self, route: Route, attempt_token: AttemptToken) -> None:
        """The answer is whole: its provider serves again, whatever was said of it before."""
        if ended := self._breaker.succeeded(route, attempt_token):
            loop, breaker = asyncio.get_running_loop(), self._breaker
            self._engine.recorder.release(
                route.provider,
                route.model,
                on_done=lambda: loop.call_soon_threadsafe(breaker.released, ended),
            )

    def _note(
        self,
        route: Route,
        outcome: DeliveredAnswer | FailedAttempt,
        attempt_token: AttemptToken,
        latency_ms: int,
    ) -> None:
        """Readings, benches, releases and the ledger's row of one attempt."""
        headers = outcome.headers
        if headers is not None and not self._request.counting and _tells_limits(headers):
            readings = readings_from_headers(route.provider, headers, attempt_token.at)
            if readings:
                self._engine.recorder.readings(readings)
        failure = outcome.failure
        if failure is None and attempt_token.good:
            self._succeeded(route, attempt_token)
        if isinstance(outcome, FailedAttempt):
            # the same route, asked in another way, answers for what this was
            self._asks_again = self._routing_state.moved(
                route, outcome.status, outcome.body
            ) or self._repairs.asked_for(outcome, self._body, self._inbound.items())
        if failure is not None and not self._request.counting and not self._asks_again:
            self._note_failure(route, failure, attempt_token)
        if not self._request.counting:
            self._attempts.append(
                (route, outcome, attempt_token.at, latency_ms, self._in_flight.first_byte_ms)
            )

    def _note_failure(self, route: Route, failure: Failure, attempt_token: AttemptToken) -> None:
        self._routing_state.follow_health()  # what a person released meanwhile is theirs to try again
        bench = self._breaker.failed(route, failure, attempt_token, self._routing_state.ctx.who)
        why = f"{route.provider}: {words_of(failure)}"
        if failure.is_unread and failure.scope is None:
            self._engine.recorder.unread(route.provider, failure, why)
        if bench is not None:
            breaker = self._breaker
            loop = asyncio.get_running_loop()

            def persisted() -> None:
                self._routing_state.read_benches()
                breaker.persisted(bench)

            self._engine.recorder.bench(
                bench,
                agent=self._request.agent,
                session=self._request.session,
                why=why,
                on_done=lambda: loop.call_soon_threadsafe(persisted),
            )

    def _remember_repair(self, route: Route) -> None:
        """What was left out made the difference: it is left out there from now on."""
        if repair := self._repairs.worked(route):
            strip, evidence = repair
            self._routing_state.repairs[route.provider, route.model] = (
                *self._repairs.repairs_for(route),
                *strip,
            )
            self._engine.recorder.repair(route.provider, route.model, strip, evidence)

    # -- between routes ----------------------------------------------------------------------------

    def _ready(self, candidates: Candidates) -> Sequence[Route]:
        ready, self._skipped = self._order.ready(candidates)
        return ready

    async def _wait(self, wait_s: float) -> None:
        self._order.waited(wait_s)
        await self._engine.sleep(wait_s)

    async def _claims(self, route: Route) -> bool:
        """This request is the one that tries a provider which rests until it is cleared."""
        state, claimed = self._routing_state, False
        # a lock or a disk that refuses: nobody knows who else tries it
        with contextlib.suppress(PfError):
            claimed = await asyncio.to_thread(actions.claim_probe, state.ctx, route.provider, route.model)
        state.read_benches()
        if not claimed:
            reason = "another request tries it out"
            self._skipped.append(Skipped(provider=route.provider, code="benched", reason=reason))
        return claimed

    def _larger(self, failed_attempt: FailedAttempt, queue: Sequence[Route]) -> list[Route]:
        """After "too long": models with a larger window, never the same size again."""
        size = max(failed_attempt.window or failed_attempt.route.context, _ROOM_MARGIN)
        candidates = self._plan.candidates(
            self._request, bearer=self._bearer, larger_than=size, allowed=self._provider_first
        )
        routes = {(failure.route.provider, failure.route.model) for failure in self._failed_attempts}
        larger = [
            route
            for route in candidates.routes
            if (route.provider, route.model) not in routes
            and route.context > size
            and self._order.blocked(route) is None
        ]
        return sorted(larger, key=lambda route: not route.same_model)

    async def _new_key(self, failed_attempt: FailedAttempt) -> bool:
        """Our key was refused: True when there is a new one by now, so that the route may be asked again."""
        route = failed_attempt.route
        if failed_attempt.failure.kind != "auth" or not route.credential or route.provider in self._fresh_key:
            return False
        self._fresh_key.add(route.provider)
        if not await self._routing_state.key_changed(route.provider):
            return False
        self._plan = self._order.plan = await self._routing_state.plan(self._request.project)
        self._engine.recorder.release(route.provider, None, why="its key was replaced")
        return True

    def _same_with_new_key(self, old: Route) -> Route | None:
        candidates = self._plan.candidates(self._request, bearer=self._bearer, allowed=self._provider_first)
        return next((route for route in candidates.routes if route.provider == old.provider), None)

    def _after(self, route: Route, outcome: DeliveredAnswer) -> None:
        """An answer has passed: where the session is now, and what that took."""
        engine, request, session = self._engine, self._request, self._session
        engine.served += 1
        self._answered(200)
        if request.counting:
            return
        if outcome.meter is not None:
            for signature in outcome.meter.signatures:
                session.remember(signature, route.model_family)
        if session.waits_until is not None:
            session.waits_until = None
            moves.tell_resume(engine.recorder, request, route)
        before = session.provider
        session.served_by(route, request, self._plan.epoch, asyncio.get_running_loop().time())
        if request.session is not None and before != route.provider and self._redirect is None:
            engine.recorder.session(request.session, request.agent or "unknown", route.provider)
        if self._failed_attempts:
            engine.failovers += 1
            moves.tell_failover(engine.recorder, request, self._failed_attempts[-1], route)
        elif (
            before is not None
            and before != route.provider
            and self._candidates is not None
            and request.session is not None
            and not self._provider_first
        ):
            moves.tell_return(engine.recorder, request, self._plan, self._candidates, before, route)


def _counts(route: Route) -> bool:
    """The upstream counts tokens itself."""
    return route.how != "translated" and (route.dialect is None or route.dialect.counts_tokens)


def _tells_limits(headers: Mapping[str, str]) -> bool:
    """Some header speaks of a limit window; most answers have none."""
    names = " ".join(headers).lower()
    return "ratelimit" in names or "x-codex" in names or "x-litellm-key" in names
