"""Which routes a request may take: the rule's candidates, with an address and a key for each.

Who is a candidate, with which model and in which order, is decided in `rules.failover`; this module only
adds what the gateway alone holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pf_tui.catalog import Catalog, Model, Provider
from pf_tui.gateway.body import Request
from pf_tui.gateway.cloud_auth import Signer
from pf_tui.records import record, replace
from pf_tui.rules import clouds
from pf_tui.rules.eligibility import Eligibility, Skipped
from pf_tui.rules.failover import Candidate, RouteRequest, arrange
from pf_tui.rules.failover import candidates as candidates_for
from pf_tui.rules.models import SAME
from pf_tui.state.secret import Secret
from pf_tui.translate import Dialect, dialect

if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol, RouteHow


@record
class Route:
    """One upstream that can be asked."""

    provider: str
    family: str
    model: str
    """Catalog id of what it serves (the asked name when the catalog does not know it)."""
    model_family: str
    native: str
    """What the upstream calls it."""
    url: str
    """Where to post, query included."""
    credential: Mapping[str, str]
    """Header -> value with the key in it, for this upstream alone; empty = the client's own login passes."""
    headers: Mapping[str, str]
    """Of the person's providers.yaml."""
    context: int
    """Window in tokens; 0 = unknown."""
    distance: int
    """How near the model is to the one asked for: rules.models.SAME, EQUIVALENT or NEAREST."""
    plan: bool = False
    """A flat plan: a request costs nothing more."""
    silence_s: float = 300.0
    """How long it may be silent inside a stream and still end well."""
    protocol: Protocol = "anthropic-messages"
    """What is spoken to the upstream."""
    how: RouteHow = "native"
    dialect: Dialect | None = None
    """What it takes of that protocol; None = the client's bytes pass as they are."""
    form: str = ""
    """"vertex": the body has the protocol's version and no model."""
    signer: Signer | None = None
    """Proves each request where no key does."""

    @property
    def same_model(self) -> bool:
        """It serves the very model that was asked for."""
        return self.distance == SAME

    def __repr__(self) -> str:
        return f"Route({self.provider}, {self.model})"


@record
class Candidates:
    """Routes in order of priority, and everyone who is none."""

    routes: tuple[Route, ...]
    skipped: tuple[Skipped, ...]
    by_priority: tuple[Route, ...] = ()
    """The routes in the order they are asked while nobody rests and no session has a place of its own."""
    reserved: str | None = None
    """A login that comes first, could serve, and is the agent's own: no paid key may be used in its place."""

    def leads(self, sticky: str | None) -> bool:
        """Where a session is, if anywhere, is where it would be sent anyway."""
        return bool(self.by_priority) and sticky in (None, self.by_priority[0].provider)


def candidates(
    request: Request,
    eligibilities: Sequence[Eligibility],
    catalog: Catalog,
    keys: Mapping[str, Secret],
    *,
    bearer: bool,
    larger_than: int = 0,
    first: str | None = None,
    signers: Mapping[str, Signer] | None = None,
    allowed: str | None = None,
) -> Candidates:
    """Lay out the routes of one kind of request; benches and windows are not looked at.

    Args:
        eligibilities: in order of priority.
        keys: provider -> key, for those that have one we may use.
        bearer: the client's own login came along and may be passed through.
        larger_than: only models whose window holds more tokens than this.
        first: the first of the person's own list; None = nobody gave an order.
        signers: provider -> what proves requests there, for those without a key of ours.
        allowed: a provider the person chose for this request: it may cost money.
    """
    signers = signers or {}
    route_request = RouteRequest(
        model=request.model,
        agent=request.agent,
        protocols=(request.protocol,),
        tokens=request.tokens,
        needs=_VISION if request.media.pictures else frozenset(),
        larger_than=larger_than,
        pass_through=bearer,
    )
    able = candidates_for(
        route_request,
        [
            replace(eligibility, has_key=eligibility.provider in keys or eligibility.provider in signers)
            for eligibility in eligibilities
        ],
        catalog,
    )
    routes: list[Route] = []
    skipped: list[Skipped] = []
    for candidate in able.candidates:
        if candidate.held_reason and candidate.provider != allowed:
            skipped.append(Skipped(provider=candidate.provider, code="paid", reason=candidate.held_reason))
            continue
        route = _route(request, candidate, catalog, keys, signers)
        if any(other.url == route.url and other.credential == route.credential for other in routes):
            continue  # one login under two names: its limit is the same
        routes.append(route)
    routes_in_order, _ = arrange(routes, lambda _: None, first=first)
    return Candidates(
        routes=tuple(routes),
        skipped=(*able.skipped, *skipped),
        by_priority=tuple(routes_in_order),
        reserved=able.reserved,
    )


def _route(
    request: Request,
    candidate: Candidate,
    catalog: Catalog,
    keys: Mapping[str, Secret],
    signers: Mapping[str, Signer],
) -> Route:
    provider = catalog.providers[candidate.provider]
    protocol = candidate.protocol or request.protocol
    model = candidate.model or request.model
    credential: Mapping[str, str] = {}
    if provider.id in keys:
        credential = credential_headers(provider, protocol, keys[provider.id])
    elif provider.agent_only is None:
        credential = {"x-pf-none": ""}
    entry = catalog.models.get(model)
    base = provider.base_urls[protocol]
    native = clouds.native_name(provider, base, _native(request.model, model, provider.id, catalog))
    base = clouds.host_base(provider, base, native)
    vertex = provider.form == "vertex" and protocol == "anthropic-messages"
    url = (
        base.rstrip("/") + clouds.vertex_path(native, stream=request.stream)
        if vertex
        else _url(base, protocol, request)
    )
    dialect_of = dialect(catalog.dialect(provider.id, protocol), provider.id, protocol, native)
    passes = candidate.how == "native" and dialect_of.owner
    return Route(
        provider=provider.id,
        family=provider.family,
        model=model,
        model_family=entry.family if entry is not None else provider.family,
        native=native,
        url=url,
        credential=credential,
        headers=provider.headers,
        context=candidate.context,
        distance=candidate.distance,
        plan=candidate.plan,
        silence_s=max(dialect_of.silence_s, THINKING_SILENCE_S if _thinks(entry) else 0),
        protocol=protocol,
        how="dialect" if candidate.how == "native" and not passes else candidate.how,
        dialect=None if passes else dialect_of,
        form="vertex" if vertex else "",
        signer=None if provider.id in keys else signers.get(provider.id),
    )


_VISION = frozenset({"vision"})

THINKING_SILENCE_S = 900
"""Vendors are silent for up to 713 s at high effort, and then end well (reported)."""


def _thinks(model: Model | None) -> bool:
    return model is None or model.tier == "reasoning" or "thinking" in model.capabilities


def credential_headers(provider: Provider, protocol: Protocol, key: Secret) -> dict[str, str]:
    """How this provider wants its key.

    Anthropic takes a key as x-api-key alone; compatible endpoints take either, and get both as Claude
    Code's own apiKeyHelper does (measured on 2.1.330). Azure takes a key as api-key, for Claude as
    x-api-key: there a bearer is a token of Entra. Clouds that sign take a key as bearer.
    """
    value = key.reveal()
    bearer = {"authorization": f"Bearer {value}"}
    if provider.signing:
        return bearer
    if protocol != "anthropic-messages":
        return {"api-key": value} if provider.family == "Azure" else bearer
    if provider.family in ("Anthropic", "Azure"):
        return {"x-api-key": value}
    return {"x-api-key": value, **bearer}


def _native(model_id: str, model: str, provider: str, catalog: Catalog) -> str:
    """The upstream's name; what was asked stays as it is where it already means the same there."""
    entry = catalog.find_model(model_id, provider)
    native = catalog.native_id(model, provider) or (model_id if entry is None else model)
    if entry is not None and entry.id == model and model_id.removesuffix("[1m]") == native:
        return model_id.removesuffix("[1m]")
    return native


_PATHS: Mapping[str, str] = {
    "anthropic-messages": "/v1/messages",
    "openai-chat": "/chat/completions",
    "openai-responses": "/responses",
}
"""Anthropic base URLs exclude /v1, OpenAI ones include it."""


def _url(base: str, protocol: Protocol, request: Request) -> str:
    if protocol != request.protocol:
        return base.rstrip("/") + _PATHS[protocol]
    path = request.path if protocol == "anthropic-messages" else request.path.removeprefix("/v1")
    return base.rstrip("/") + path + (f"?{request.query}" if request.query else "")
