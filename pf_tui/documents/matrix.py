"""What works with what: each provider with each agent, over which protocol, and what is lost on the way.

One cell is what the gateway would do with that agent's usual model there; `why --matrix`, the dashboard and
docs/any-model.md show the same cells.
"""

from __future__ import annotations

from collections.abc import Iterable

from pf_tui.catalog import Catalog, Provider, blanks
from pf_tui.clients import CLIENTS, STARTED, Client
from pf_tui.json_values import optional_text
from pf_tui.records import record
from pf_tui.rules import clouds, losses
from pf_tui.rules.eligibility import Eligibility, Skipped
from pf_tui.rules.failover import Candidate, RouteRequest, candidates
from pf_tui.snapshot import Snapshot
from pf_tui.state import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypedDict  # Any: a cell's fields by name, each of its own type

    class CandidateFacts(TypedDict):
        """How a candidate is asked."""

        how: str
        lost: list[str]
        evidence: str | None
        source: str | None

    class MatrixCell(TypedDict):
        """A cell with how its provider stands here and now."""

        provider: str
        agent: str
        served: str
        how: str | None
        protocol: Protocol | None
        model: str | None
        why: str | None
        lost: list[str]
        evidence: str | None
        source: str | None
        here: bool
        here_why: str | None

    class RouteCandidate(CandidateFacts):
        provider: str
        model: str | None
        protocol: Protocol | None
        note: str | None
        context: int | None

    class SkippedFacts(TypedDict):
        provider: str
        code: str
        reason: str
        until: str | None

    Route = TypedDict(
        "Route",
        {
            "agent": str,
            "model": str | None,
            "class": str | None,
            "rule": dict[str, str | None] | None,
            "candidates": list[RouteCandidate],
            "skipped": list[SkippedFacts],
            "reserved": str | None,
        },
    )
    """Who would be asked, in order, and why the others not."""
    from pf_tui.vocabulary import Protocol


AGENTS = tuple(client.id for client in STARTED.values())

_SAMPLES = {"region": "us-east-1", "resource": "yours", "project": "yours", "location": "global"}
"""Fill the addresses of clouds where the question is what works, not what is set here."""


@record
class Cell:
    """One provider with one agent."""

    provider: str
    agent: str
    served: str
    """key | pass-through | no"""
    how: str | None
    """native | dialect | translated"""
    protocol: Protocol | None
    """What is spoken to the provider."""
    model: str | None
    why: str
    """Why it is not served, or what it takes; "" when a key is enough."""
    lost: tuple[str, ...]
    evidence: str | None
    """documented | reported | untried: how sure it is that the vendor takes this."""
    source: str | None

    @property
    def words(self) -> str:
        """In one word: native, dialect, translated, pass-through or -."""
        return "-" if self.served == "no" else "pass-through" if self.served != "key" else self.how or ""


def cells(catalog: Catalog, providers: Iterable[Provider] | None = None) -> tuple[Cell, ...]:
    """Every provider with every agent, as if its credential were there."""
    own_providers = tuple(catalog.providers.values() if providers is None else providers)
    whole = {
        provider.id: blanks.filled(provider, _SAMPLES) if provider.blanks else provider
        for provider in {
            **catalog.providers,
            **{provider.id: provider for provider in own_providers},
        }.values()
    }
    before, catalog.providers = catalog.providers, whole
    try:
        return tuple(
            _cell(whole[provider.id], CLIENTS[agent], catalog)
            for provider in own_providers
            for agent in AGENTS
        )
    finally:
        catalog.providers = before


def _cell(provider: Provider, client: Client, catalog: Catalog) -> Cell:
    model_id = client.usual_model or provider.default_model
    eligibility = Eligibility(provider=provider.id, has_key=provider.agent_only is None)
    request = RouteRequest(model=model_id, agent=client.id, protocols=client.protocols, pass_through=True)
    routing = candidates(request, [eligibility], catalog)
    if not routing.candidates:
        return _cell_of(provider.id, client.id, login="no", why=routing.skipped[0].reason)
    first = routing.candidates[0]
    facts = facts_of(first, client, catalog)
    by_key = provider.agent_only is None
    return _cell_of(
        provider.id,
        client.id,
        login="key" if by_key else "pass-through",
        why="" if by_key else f"{client.name}'s own login, with --pass-through",
        how=facts["how"],
        protocol=first.protocol,
        model=first.model,
        lost=tuple(facts["lost"]),
        evidence=facts["evidence"],
        source=facts["source"],
    )


def _cell_of(provider: str, agent: str, *, login: str, why: str, **facts: Any) -> Cell:  # by field
    empty: dict[str, Any] = dict.fromkeys(("how", "protocol", "model", "evidence", "source"))
    return Cell(provider=provider, agent=agent, served=login, why=why, **{**empty, "lost": (), **facts})


def facts_of(candidate: Candidate, client: Client, catalog: Catalog) -> CandidateFacts:
    """How a candidate is asked: native, dialect or translated; what is lost, and how sure that is."""
    protocol = candidate.protocol
    if protocol is None:
        return {"how": candidate.how, "lost": [], "evidence": None, "source": None}
    provider = catalog.providers[candidate.provider]
    native = (candidate.model and catalog.native_id(candidate.model, provider.id)) or candidate.model or ""
    native = clouds.native_name(provider, provider.base_urls[protocol], native)
    settings = losses.settings_for(catalog.dialect(provider.id, protocol), native)
    native_protocol = protocol if protocol in client.protocols else client.protocols[0]
    how = "dialect" if candidate.how == "native" and not settings.get("owner") else candidate.how
    return {
        "how": how,
        "lost": list(losses.lost(native_protocol, protocol, settings, searches=client.searches)),
        "evidence": optional_text(settings, "evidence"),
        "source": optional_text(settings, "source"),
    }


def matrix(now: Snapshot) -> list[MatrixCell]:
    """The cells with how each provider stands here and now, as plain data."""
    matrix_cells: list[MatrixCell] = []
    for cell in cells(now.catalog):
        view = now.view(cell.provider)
        client = CLIENTS[cell.agent]
        request = RouteRequest(
            model=client.usual_model or view.provider.default_model,
            agent=client.id,
            protocols=client.protocols,
            pass_through=True,
        )
        routing = candidates(request, [now.eligibility_of(cell.provider)], now.catalog)
        lacking = routing.skipped[0] if routing.skipped and cell.served != "no" else None
        matrix_cells.append(
            {
                "provider": cell.provider,
                "agent": cell.agent,
                "served": cell.served,
                "how": cell.how,
                "protocol": cell.protocol,
                "model": cell.model,
                "why": cell.why or None,
                "lost": list(cell.lost),
                "evidence": cell.evidence,
                "source": cell.source,
                "here": lacking is None and cell.served != "no",
                "here_why": lacking.reason if lacking else None,
            }
        )
    return matrix_cells


def route(now: Snapshot, client: Client, model: str | None, request_class: str | None = None) -> Route:
    """Who would be asked for that agent's request for that model, in order, and why the others not.

    Args:
        request_class: of a request of this class, which the person may serve elsewhere.
    """
    rule = now.config.classes.get(request_class or "")
    model_id = (rule.model if rule else None) or model or now.model or client.usual_model
    request = RouteRequest(model=model_id, agent=client.id, protocols=client.protocols, without_gateway=True)
    routing = now.route(request, new_session=True)
    provider_id = rule.provider if rule else None
    return {
        "agent": client.id,
        "model": model_id,
        "class": request_class,
        "rule": {"provider": rule.provider, "model": rule.model} if rule else None,
        "candidates": [
            {
                "provider": candidate.provider,
                "model": candidate.model,
                "protocol": candidate.protocol,
                "note": candidate.note or None,
                "context": candidate.context or None,
                **facts_of(candidate, client, now.catalog),
            }
            for candidate in sorted(
                routing.candidates, key=lambda candidate: candidate.provider != provider_id
            )
        ],
        "skipped": [_skipped(skip) for skip in routing.skipped],
        "reserved": routing.reserved,
    }


def _skipped(skipped: Skipped) -> SkippedFacts:
    until = clock.to_text(skipped.until) if skipped.until else None
    return {"provider": skipped.provider, "code": skipped.code, "reason": skipped.reason, "until": until}
