"""What the journal says of a session that another provider serves than before: failover, return, resume."""

from __future__ import annotations

from pf_tui.gateway.attempt_failures import FailedAttempt, words_of
from pf_tui.gateway.body import Request
from pf_tui.gateway.recorder import Recorder
from pf_tui.gateway.routing import Candidates, Route
from pf_tui.gateway.routing_plan import RoutingPlan
from pf_tui.sessions.records import short_id


def tell_resume(recorder: Recorder, request: Request, route: Route) -> None:
    """A session that waited for somebody to serve went on by itself."""
    name = short_id(request.session or "")
    recorder.event(
        "session-resume",
        why=f"session {name} went on by itself: {route.provider} serves again",
        after={"session": request.session, "provider": route.provider, "how": "retry"},
    )


def tell_failover(recorder: Recorder, request: Request, failed_attempt: FailedAttempt, route: Route) -> None:
    """A provider failed and another one served the request."""
    first, failure = failed_attempt.route, failed_attempt.failure
    recorder.event(
        "failover",
        why=f"{first.provider}: {words_of(failure)}; {route.provider} served this request",
        before={"provider": first.provider, "model": first.model},
        after={"provider": route.provider, "model": route.model},
        evidence={**failure.evidence, "session": request.session or ""},
        once=f"failover {first.provider} {failure.kind} {route.provider}",
        known_by=first.provider,
    )


def tell_return(
    recorder: Recorder, request: Request, plan: RoutingPlan, candidates: Candidates, before: str, route: Route
) -> None:
    """The session went back to a better provider by itself: what that costs, too.

    Args: before: the provider that served the session so far.
    """
    ranks = {candidate.provider: rank for rank, candidate in enumerate(candidates.by_priority)}
    if ranks.get(route.provider, 0) >= ranks.get(before, -1):
        return
    cost = plan.prompt_cost(route, request.tokens)
    recorder.event(
        "failback",
        why=f"{route.provider} can serve again: a session returned from {before}; its prompt is read anew"
        f" there, about {request.tokens} tokens, {cost}",
        before={"provider": before},
        after={"provider": route.provider, "model": route.model},
        evidence={"session": request.session, "return": plan.return_when},
        once=f"failback {request.session} {before} {route.provider}",
    )
