"""Which routes a request may take, in which order, and why the others may not.

`candidates` lays out every provider that could serve, in order of priority; it depends on nothing that
moves by itself, so it is kept per kind of request. `arrange` puts those that may be asked now in order:
the provider that serves, the same model elsewhere, then equivalents. Everyone left out has a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from pf_tui.catalog import Catalog, Provider
from pf_tui.gateway.body import Request
from pf_tui.records import record
from pf_tui.rules.failover import Eligibility, Skipped, model_served, why_ineligible
from pf_tui.state.secret import Secret

OWN_LOGINS = ("claude-code", "codex")
"""Agents whose login belongs to one vendor, so that passing it through can reach nobody else."""


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
    same_model: bool

    def __repr__(self) -> str:
        return f"Route({self.provider}, {self.model})"


@record
class Candidates:
    """Routes in order of priority, and everyone who is none."""

    routes: tuple[Route, ...]
    passed: tuple[Skipped, ...]
    by_priority: tuple[Route, ...] = ()
    """The routes in the order they are asked while nobody rests and no session has a place of its own."""
    reserved: str | None = None
    """A login that comes first, could serve, and is the agent's own: no paid key may be used in its place."""

    def leads(self, sticky: str | None) -> bool:
        """Where a session is, if anywhere, is where it would be sent anyway."""
        return bool(self.by_priority) and sticky in (None, self.by_priority[0].provider)


def candidates(
    request: Request,
    standings: Sequence[Eligibility],
    catalog: Catalog,
    keys: Mapping[str, Secret],
    *,
    bearer: bool,
    larger_than: int = 0,
) -> Candidates:
    """Lay out the routes of one kind of request; benches and windows are not looked at.

    Args:
        standings: in order of priority.
        keys: provider -> key, for those that have one we may use.
        bearer: the client's own login came along and may be passed through.
        larger_than: only models whose window holds more tokens than this.
    """
    routes: list[Route] = []
    passed: list[Skipped] = []
    reserved = None
    for standing in standings:
        provider = catalog.providers.get(standing.provider)
        if provider is None:
            continue
        found = _route(request, standing, provider, catalog, keys, bearer=bearer, larger_than=larger_than)
        if isinstance(found, Route):
            if any(route.url == found.url and route.credential == found.credential for route in routes):
                continue  # one login under two names: its limit is the same
            routes.append(found)
            continue
        passed.append(found)
        if found.code == "login" and not routes and reserved is None and _could_serve(request, standing):
            reserved = provider.id
    ordered, _ = arrange(routes, lambda _: None)
    return Candidates(
        routes=tuple(routes), passed=tuple(passed), by_priority=tuple(ordered), reserved=reserved
    )


def arrange(
    routes: Iterable[Route],
    blocked: Callable[[Route], Skipped | None],
    *,
    sticky: str | None = None,
    last_resort: frozenset[str] = frozenset(),
) -> tuple[list[Route], list[Skipped]]:
    """Put the routes that may be asked now in order.

    Args:
        blocked: why a route must not be asked now; None when it may.
        sticky: the provider this session is on: its prompt cache is warm there.
        last_resort: providers nearly used up: new sessions begin elsewhere.
    """
    ready: list[Route] = []
    passed: list[Skipped] = []
    for route in routes:
        refusal = blocked(route)
        if refusal is None:
            ready.append(route)
        else:
            passed.append(refusal)
    if len(ready) < 2:
        return ready, passed
    first = next((route for route in ready if route.provider == sticky), None)
    if first is None:
        first = next((route for route in ready if route.provider not in last_resort), ready[0])
    rest = [route for route in ready if route is not first]
    rest.sort(key=lambda route: (not route.same_model, route.provider in last_resort))
    return [first, *rest], passed


def _could_serve(request: Request, standing: Eligibility) -> bool:
    """The agent's own login is there and nothing says that it cannot serve."""
    return standing.usable and why_ineligible(standing, request.model) is None


def _route(
    request: Request,
    standing: Eligibility,
    provider: Provider,
    catalog: Catalog,
    keys: Mapping[str, Secret],
    *,
    bearer: bool,
    larger_than: int,
) -> Route | Skipped:
    def out(code: str, reason: str) -> Skipped:
        return Skipped(provider=provider.id, code=code, reason=reason)

    if not standing.enabled:
        return out("disabled", standing.disabled_why)
    base = provider.base_urls.get(request.protocol)
    if request.protocol not in provider.protocols or not base:
        return out("protocol", f"speaks no {request.protocol}; translation between protocols comes later")
    if "{" in base:
        return out("protocol", "needs cloud signing or an address of your own in providers.yaml")
    credential: Mapping[str, str] = {}
    if provider.agent_only is not None:
        if provider.agent_only != request.agent:
            return out("agent", f"its login works in {provider.agent_only} alone")
        if not (bearer and request.agent in OWN_LOGINS):
            return out(
                "login", f"{provider.agent_only} uses its login itself; --pass-through lets it through"
            )
    elif provider.id in keys:
        credential = credential_headers(provider, request.protocol, keys[provider.id])
    elif provider.auth != "none":
        return out("no-credential", "its key cannot be used here" if standing.usable else "no credential")
    else:
        credential = {"x-pf-none": ""}
    model, how = _model(request, provider, catalog, larger_than)
    if model is None:
        return out("model", how)
    known = catalog.models.get(model)
    asked = catalog.find_model(request.model)
    return Route(
        provider=provider.id,
        family=provider.family,
        model=model,
        model_family=known.family if known is not None else provider.family,
        native=_native(request.model, model, provider.id, catalog),
        url=_url(base, request),
        credential=credential,
        headers=provider.headers,
        context=window(catalog, model, provider.id),
        same_model=asked is None or asked.id == model or catalog.serving_model(asked.id).id == model,
    )


def credential_headers(provider: Provider, protocol: str, key: Secret) -> dict[str, str]:
    """How this provider wants its key.

    Anthropic takes a key as x-api-key alone; compatible endpoints take either, and get both as Claude Code's
    own apiKeyHelper does (measured on 2.1.330). Azure takes a key as api-key.
    """
    value = key.reveal()
    bearer = {"authorization": f"Bearer {value}"}
    if protocol != "anthropic-messages":
        return {"api-key": value} if provider.family == "Azure" else bearer
    if provider.family == "Anthropic":
        return {"x-api-key": value}
    return {"x-api-key": value, **bearer}


def window(catalog: Catalog, model_id: str, provider_id: str) -> int:
    """Tokens that model takes at that provider; 0 = unknown."""
    model = catalog.models.get(model_id)
    if model is None:
        return 0
    served = model.providers.get(provider_id)
    return (served.context if served else None) or model.context


def _model(
    request: Request, provider: Provider, catalog: Catalog, larger_than: int
) -> tuple[str | None, str]:
    """The model this provider would serve, and why when it is none or another one."""
    if catalog.find_model(request.model, provider.id) is None and _may_know(provider, request.model):
        return request.model, ""
    model, how = model_served(provider.id, request.model, catalog, request.tokens)
    if model is None or not larger_than or window(catalog, model, provider.id) > larger_than:
        return model, how
    for other in catalog.equivalents(model):
        if catalog.serves(provider.id, other) and window(catalog, other, provider.id) > larger_than:
            return other, f"{other} has the larger window"
    return None, f"has no model with a window over {larger_than} tokens"


_MAKERS = {
    "claude": "Anthropic",
    "gpt": "OpenAI",
    "codex": "OpenAI",
    "gemini": "Google",
    "grok": "xAI",
    "glm": "ZAI",
    "mistral": "Mistral",
    "deepseek": "DeepSeek",
    "command": "Cohere",
}
"""First word of a model's name -> the family of providers that sells it first-hand."""


def _may_know(provider: Provider, name: str) -> bool:
    """The catalog does not know the name; this provider may: it is newer than the catalog, or its own."""
    maker = _MAKERS.get(name.partition("-")[0].lower())
    if provider.custom or maker is None:
        return True
    return provider.family == maker


def _native(asked: str, model: str, provider: str, catalog: Catalog) -> str:
    """The upstream's name; what was asked stays as it is where it already means the same there."""
    known = catalog.find_model(asked, provider)
    native = catalog.native_id(model, provider) or (asked if known is None else model)
    if known is not None and known.id == model and asked.removesuffix("[1m]") == native:
        return asked.removesuffix("[1m]")
    return native


def _url(base: str, request: Request) -> str:
    """Anthropic base URLs exclude /v1, OpenAI ones include it."""
    path = request.path if request.protocol == "anthropic-messages" else request.path.removeprefix("/v1")
    return base.rstrip("/") + path + (f"?{request.query}" if request.query else "")
