"""Who is asked, in which order, with which model, over which protocol. Pure: no clock, no file.

`route` is the one answer for every face, hook and the gateway. `candidates` lays out who could serve a
request at all and depends on nothing that moves by itself; `arrange` puts those that may be asked now in
order. Invariant: every provider left out has a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pf_tui.catalog import SERVED_PROTOCOLS, Catalog, Provider, blanks
from pf_tui.clients import CLIENTS
from pf_tui.records import record
from pf_tui.rules.eligibility import Eligibility, Skipped, why_ineligible, without_credential
from pf_tui.rules.models import SAME, match_model, window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol as Shape
    from typing import TypeVar

    from pf_tui.clients import AgentId
    from pf_tui.vocabulary import Protocol, RouteHow, SkipCode

    class Rankable(Shape):
        """What `arrange` looks at."""

        @property
        def provider(self) -> str: ...
        @property
        def distance(self) -> int: ...
        @property
        def plan(self) -> bool: ...

    R = TypeVar("R", bound=Rankable)


@record
class RouteRequest:
    """What is asked: everything that decides who can be asked for it."""

    model: str | None = None
    """In any spelling; None = each provider's own default."""
    agent: AgentId | None = None
    protocols: tuple[Protocol, ...] = ()
    """What the client speaks, what it speaks first in front; () = the protocol does not matter."""
    tokens: int = 0
    """The conversation so far."""
    larger_than: int = 0
    """Only models whose window holds more tokens than this."""
    needs: frozenset[str] = frozenset()
    """Capabilities a stand-in must have: "vision" with a picture in the conversation."""
    pass_through: bool = False
    """The agent's own login may travel through the gateway to its own vendor."""
    without_gateway: bool = False
    """The agent uses its own login itself where that is what serves."""


@record
class Candidate:
    """A provider that could serve the request, and how."""

    provider: str
    model: str | None
    note: str
    """Why it is another model than asked for; "" when it is the same."""
    distance: int
    """How near the model is: rules.models.SAME, EQUIVALENT or NEAREST."""
    protocol: Protocol | None
    """What is spoken to the provider; None = no protocol was asked for."""
    how: RouteHow
    plan: bool
    """A flat plan: a request costs nothing more."""
    context: int
    """Window in tokens; 0 = unknown."""
    held_reason: str = ""
    """Why it may not follow the plan that comes before it for this agent; "" when it may."""

    @property
    def same_model(self) -> bool:
        """It serves the very model that was asked for."""
        return self.distance == SAME


@record
class Routing:
    """Who is asked for a request, in order, and why the others are not."""

    candidates: tuple[Candidate, ...]
    skipped: tuple[Skipped, ...]
    reserved: str | None = None
    """A login that comes first, could serve, and is the agent's own: no paid key may be used in its place."""

    @property
    def first(self) -> Candidate | None:
        """Who is asked first; None = nobody can be."""
        return self.candidates[0] if self.candidates else None


@record
class Choice:
    """The provider that serves, the model it serves, and who was skipped on the way."""

    provider: str | None
    model: str | None
    reason: str
    skipped: tuple[Skipped, ...] = ()

    @property
    def first_back(self) -> Skipped | None:
        """The skipped provider that is back first, if any has an end."""
        return first_back(self.skipped)


def first_back(skipped: Iterable[Skipped]) -> Skipped | None:
    """The skipped provider that is back first; None where none rests with an end."""
    ending = [skip for skip in skipped if skip.until is not None]
    return min(ending, key=lambda skip: (skip.until is None, skip.until)) if ending else None


def route(
    request: RouteRequest,
    eligibilities: Sequence[Eligibility],
    catalog: Catalog,
    *,
    auto_switch: bool = True,
    own_order: bool = True,
    without: str | None = None,
    last_resort: frozenset[str] = frozenset(),
) -> Routing:
    """Who is asked for this request now, in order.

    Args:
        eligibilities: in order of priority.
        auto_switch: off = only the first of the list is asked, usable or not.
        own_order: a person gave the order: its first provider goes first whenever it can serve.
        without: who has just failed; it is not asked again.
        last_resort: for a new session of the gateway, which an agent on its own login does not go through.
    """
    candidates_in_order = list(eligibilities if auto_switch else eligibilities[:1])
    laid_out = candidates(request, candidates_in_order, catalog)
    if not auto_switch:
        return laid_out
    by_provider = {eligibility.provider: eligibility for eligibility in candidates_in_order}

    def blocked(candidate: Candidate) -> Skipped | None:
        refusal = why_ineligible(by_provider[candidate.provider], candidate.model)
        return (
            None if refusal is not None and refusal.code == "paid" and not candidate.held_reason else refusal
        )

    first = candidates_in_order[0].provider if own_order and candidates_in_order else None
    able = [candidate for candidate in laid_out.candidates if candidate.provider != without]
    in_order, ineligible = arrange(able, blocked, first=first)
    if last_resort and in_order and in_order[0].how != "login":
        in_order, _ = arrange(able, blocked, first=first, last_resort=last_resort)
    ranks = {eligibility.provider: rank for rank, eligibility in enumerate(candidates_in_order)}
    skipped = sorted(
        (skip for skip in (*ineligible, *laid_out.skipped) if skip.provider != without),
        key=lambda skip: ranks[skip.provider],
    )
    return Routing(candidates=tuple(in_order), skipped=tuple(skipped), reserved=laid_out.reserved)


def candidates(request: RouteRequest, eligibilities: Iterable[Eligibility], catalog: Catalog) -> Routing:
    """Everyone who could serve a request of this kind, in order of priority; benches are not looked at."""
    able: list[Candidate] = []
    skipped: list[Skipped] = []
    last_resort = None
    for eligibility in eligibilities:
        provider = catalog.providers.get(eligibility.provider)
        if provider is None:
            continue
        outcome = _candidate(request, eligibility, provider, catalog)
        if isinstance(outcome, Candidate):
            able.append(outcome)
            continue
        skipped.append(outcome)
        could = eligibility.usable and why_ineligible(eligibility, request.model) is None
        if outcome.code == "login" and not able and last_resort is None and could:
            last_resort = provider.id
    return Routing(candidates=tuple(able), skipped=tuple(skipped), reserved=last_resort)


def arrange(
    able: Iterable[R],
    why_not: Callable[[R], Skipped | None],
    *,
    first: str | None = None,
    sticky: str | None = None,
    last_resort: frozenset[str] = frozenset(),
) -> tuple[list[R], list[Skipped]]:
    """Put the candidates that may be asked now in order.

    The session's provider first, then the first of the person's list, then the same model elsewhere, then
    its tier, then other tiers; among stand-ins of a list that nobody ordered plans go before paid keys.

    Args:
        able: in order of priority.
        why_not: why a candidate must not be asked now; None when it may.
        first: the first of the person's own list; None = nobody gave an order.
        sticky: the provider this session is on: its prompt cache is warm there.
        last_resort: providers nearly used up: new sessions begin elsewhere.
    """
    ready: list[R] = []
    skipped: list[Skipped] = []
    for candidate in able:
        refusal = why_not(candidate)
        if refusal is None:
            ready.append(candidate)
        else:
            skipped.append(refusal)

    def sort_key(candidate: R) -> tuple[bool, bool, bool, int, bool]:
        spare = candidate.provider in last_resort
        return (
            candidate.provider != sticky,
            candidate.provider != first or spare,
            spare,
            candidate.distance,
            first is None and candidate.distance != SAME and not candidate.plan,
        )

    return sorted(ready, key=sort_key), skipped


def choose(
    eligibilities: Sequence[Eligibility],
    model: str | None,
    catalog: Catalog,
    *,
    auto_switch: bool = True,
    own_order: bool = True,
    without: str | None = None,
) -> Choice:
    """The provider that serves a request for `model`, whatever the agent.

    Args: as in `route`.
    Returns:
        provider None when no provider is available; `reason` then says so with counts.
    """
    if not auto_switch and eligibilities:
        first = eligibilities[0]
        return Choice(
            provider=first.provider,
            model=match_model(first.provider, model, catalog).model,
            reason="auto-switch is off: the first of the list serves",
        )
    routing = route(RouteRequest(model=model), eligibilities, catalog, own_order=own_order, without=without)
    candidate = routing.first
    if candidate is None:
        return Choice(
            provider=None, model=None, reason=_nobody(routing.skipped, without), skipped=routing.skipped
        )
    ranks = {eligibility.provider: rank for rank, eligibility in enumerate(eligibilities, start=1)}
    rank = ranks[candidate.provider]
    outranked = [candidate for candidate in routing.candidates if ranks[candidate.provider] < rank]
    skipped = [skip for skip in routing.skipped if ranks[skip.provider] < rank]
    skipped += [
        Skipped(
            provider=skip.provider,
            code="model",
            reason=f"{skip.note}; {candidate.provider} serves {candidate.model or 'it'}",
        )
        for skip in outranked
    ]
    reason = "first in priority" if rank == 1 else f"{_ordinal(rank)} in priority, the first that can serve"
    if outranked:
        reason += f" {candidate.model} itself" if candidate.same_model else " with a nearer model"
    return Choice(
        provider=candidate.provider,
        model=candidate.model,
        reason=f"{reason}; {candidate.note}" if candidate.note else reason,
        skipped=tuple(sorted(skipped, key=lambda skip: ranks[skip.provider])),
    )


def _candidate(
    request: RouteRequest, eligibility: Eligibility, provider: Provider, catalog: Catalog
) -> Candidate | Skipped:
    """How this provider could serve the request, or why it never can."""

    def out(code: SkipCode, reason: str) -> Skipped:
        return Skipped(provider=provider.id, code=code, reason=reason)

    if not eligibility.enabled:
        return out("disabled", eligibility.disabled_why)
    if eligibility.has_key is None and (refusal := without_credential(eligibility)):
        return refusal
    match = match_model(
        provider.id,
        request.model,
        catalog,
        min_context_tokens=request.tokens,
        larger_than=request.larger_than,
        needs=request.needs,
    )
    path = _path(request, eligibility, provider, catalog, match.model)
    if isinstance(path, Skipped):
        return path
    protocol, how = path
    if match.model is None and request.model is not None:
        return out("model", match.note)
    return Candidate(
        provider=provider.id,
        model=match.model,
        note=match.note,
        distance=match.distance,
        protocol=protocol,
        how=how,
        plan=provider.plan,
        context=window(catalog, match.model, provider.id) if match.model else 0,
        held_reason=eligibility.held_reason
        if any(_reaches(request, catalog.providers[name]) for name in eligibility.after)
        else "",
    )


def _reaches(request: RouteRequest, plan: Provider) -> bool:
    """A plan can serve the agent that asks: one of another agent alone is no reason to wait."""
    return request.agent is None or plan.agent_only in (None, request.agent)


def _path(
    request: RouteRequest, eligibility: Eligibility, provider: Provider, catalog: Catalog, model: str | None
) -> tuple[Protocol | None, RouteHow] | Skipped:
    """The protocol spoken to the provider and how it is reached, or why it cannot be reached."""

    def out(code: SkipCode, reason: str) -> Skipped:
        return Skipped(provider=provider.id, code=code, reason=reason)

    if not request.protocols:
        return None, "native"
    owner = provider.agent_only or eligibility.login_of
    if request.without_gateway and owner is not None and owner == request.agent:
        return None, "login"
    from pf_tui.rules.clouds import carried, speaks  # hooks ask without a protocol

    bases = provider.base_urls
    protocols = [name for name in SERVED_PROTOCOLS if speaks(provider, name)]
    if not protocols:
        return out("protocol", "speaks a protocol of its own that the gateway does not serve")
    protocols = [name for name in protocols if name in carried(provider, model, catalog)] or protocols
    complete = [name for name in protocols if "{" not in bases[name]]
    if not complete:
        return out("protocol", blanks.why_incomplete(provider, bases[protocols[0]]))
    if eligibility.signing_hint:
        return out("no-credential", eligibility.signing_hint)
    dialects = catalog.dialect_protocols(provider.id)
    protocol, how = _spoken(request, provider, [name for name in complete if name in dialects] or complete)
    if provider.agent_only is not None or (owner is not None and eligibility.has_key is None):
        if owner != request.agent:
            return out("agent", f"its login works in {owner} alone")
        client = CLIENTS.get(request.agent) if request.agent else None
        if not (request.pass_through and client is not None and client.one_vendor_login):
            return out("login", f"{owner} uses its login itself; --pass-through lets it through")
    elif eligibility.has_key is False and provider.auth != "none":
        return out("no-credential", "its key cannot be used here" if eligibility.usable else "no credential")
    return protocol, how


def _spoken(
    request: RouteRequest, provider: Provider, complete: Sequence[Protocol]
) -> tuple[Protocol, RouteHow]:
    """What is spoken to the provider: the client's own protocol, else the nearest it has an address for."""
    own = next((name for name in request.protocols if name in complete), None)
    if own is not None:
        return own, "native"
    order = [name for name in provider.protocols if name in complete]
    if request.protocols[0] != "anthropic-messages":
        order.sort(key=lambda name: name == "anthropic-messages")
    return order[0], "translated"  # type: ignore[return-value]


def _nobody(skipped: Sequence[Skipped], without: str | None) -> str:
    if not skipped:
        return "no other provider is in the priority list" if without else "the priority list is empty"
    words = {
        "no-credential": "without a credential",
        "benched": "benched",
        "exhausted": "used up",
        "disabled": "disabled",
        "model": "without the model",
        "protocol": "speaking another protocol",
        "agent": "for another agent alone",
        "login": "used by the agent itself",
        "paid": "paid and not allowed",
    }
    counts = [
        f"{count} {word}" for code, word in words.items() if (count := sum(p.code == code for p in skipped))
    ]
    return f"no {'other ' if without else ''}provider can serve: {', '.join(counts)}"


def _ordinal(number: int) -> str:
    small = {2: "second", 3: "third", 4: "fourth", 5: "fifth"}
    return small.get(number, f"number {number}")
