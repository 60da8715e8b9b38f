"""Which routes a request may take, in which order, and why the others may not.

The provider that serves now comes first; after it the same model elsewhere, then equivalents whose
window holds the conversation. Every provider left out has its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pf_tui.catalog import Catalog, Provider
from pf_tui.gateway.body import Request
from pf_tui.records import record
from pf_tui.rules.failover import Passed, Standing, obstacle, serving
from pf_tui.state.secret import Secret


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
    headers: Mapping[str, str]
    """Of the person's providers.yaml."""
    key: Secret | None
    """None = the client's own bearer is passed through."""
    context: int
    same_model: bool


@record
class Chain:
    """Routes in order, and everyone who is none."""

    routes: tuple[Route, ...]
    passed: tuple[Passed, ...]


def build(
    request: Request,
    standings: Sequence[Standing],
    catalog: Catalog,
    keys: Mapping[str, Secret],
    *,
    bearer: bool,
    last_resort: frozenset[str] = frozenset(),
) -> Chain:
    """Lay out the routes of one request.

    Args:
        standings: in order of priority, benches of this moment in them.
        keys: provider -> key, for those that have one we may use.
        bearer: the client's own login came along and pass-through is on.
        last_resort: providers nearly used up: new sessions begin elsewhere.
    """
    routes: list[Route] = []
    passed: list[Passed] = []
    for standing in standings:
        provider = catalog.providers[standing.provider]
        found = _route(request, standing, provider, catalog, keys, bearer=bearer)
        if isinstance(found, Passed):
            passed.append(found)
        else:
            routes.append(found)
    if not routes:
        return Chain(routes=(), passed=tuple(passed))
    first, *rest = sorted(routes, key=lambda route: route.provider in last_resort)
    same = [route for route in rest if route.same_model]
    others = [route for route in rest if not route.same_model]
    return Chain(routes=(first, *same, *others), passed=tuple(passed))


def _route(
    request: Request,
    standing: Standing,
    provider: Provider,
    catalog: Catalog,
    keys: Mapping[str, Secret],
    *,
    bearer: bool,
) -> Route | Passed:
    def out(code: str, reason: str) -> Passed:
        return Passed(provider=provider.id, code=code, reason=reason)

    base = provider.base_urls.get(request.protocol)
    if request.protocol not in provider.protocols or not base:
        return out("protocol", f"speaks no {request.protocol}; translation between protocols comes later")
    if "{" in base:
        return out("protocol", "needs cloud signing, which comes later")
    own_login = provider.agent_only == "claude-code" and request.agent == "claude-code" and bearer
    key = keys.get(provider.id)
    if provider.agent_only and not provider.custom and not own_login and key is None:
        return out("login", f"its login belongs to {provider.agent_only}")
    if key is None and not own_login and provider.auth != "none":
        return Passed(
            provider=provider.id,
            code="no-credential",
            reason="no key the gateway may use" if standing.usable else "no credential",
        )
    model, how = serving(provider.id, request.model, catalog, request.tokens)
    if model is None:
        return out("model", how)
    if refusal := obstacle(standing, model):
        return refusal
    known = catalog.models.get(model)
    served = known.providers.get(provider.id) if known is not None else None
    asked = catalog.find_model(request.model)
    same = asked is not None and (asked.id == model or catalog.serving_model(asked.id).id == model)
    return Route(
        provider=provider.id,
        family=provider.family,
        model=model,
        model_family=known.family if known is not None else provider.family,
        native=_native(request.model, model, provider.id, catalog),
        url=_url(base, request),
        headers=provider.headers,
        key=None if own_login and key is None else key,
        context=(served.context if served else None) or (known.context if known is not None else 0),
        same_model=same,
    )


def _native(asked: str, model: str, provider: str, catalog: Catalog) -> str:
    """The upstream's name; what was asked stays as it is where it already means the same there."""
    known = catalog.find_model(asked, provider)
    native = catalog.native_id(model, provider) or asked
    if known is not None and known.id == model and asked.removesuffix("[1m]") == native:
        return asked.removesuffix("[1m]")
    return native


def _url(base: str, request: Request) -> str:
    """Anthropic base URLs exclude /v1, OpenAI ones include it."""
    path = request.path if request.protocol == "anthropic-messages" else request.path.removeprefix("/v1")
    return base.rstrip("/") + path + (f"?{request.query}" if request.query else "")
