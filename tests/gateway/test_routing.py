"""Routes: who can be asked, in which order, and why the others are not."""

from __future__ import annotations

import pytest

from pf_tui import catalog as catalogs
from pf_tui.catalog import Catalog
from pf_tui.gateway import routing
from pf_tui.gateway.body import parse_request
from pf_tui.gateway.routing import Route, arrange, candidates, credential_headers
from pf_tui.rules.eligibility import Eligibility, Skipped
from pf_tui.state.secret import Secret

OPUS = "claude-opus-5-5"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return catalogs.load()


def found(
    catalog: Catalog,
    *names: str,
    model: str = OPUS,
    path: str = "/v1/messages",
    keys: tuple[str, ...] | None = None,
    larger_than: int = 0,
) -> routing.Candidates:
    request = parse_request(path, "beta=true", f'{{"model": "{model}"}}'.encode(), {})
    held = {name: Secret(f"key-{name}") for name in (names if keys is None else keys)}
    eligibilities = [Eligibility(provider=name) for name in names]
    return candidates(request, eligibilities, catalog, held, bearer=False, larger_than=larger_than)


def test_routes_come_in_the_persons_order_with_each_providers_own_name(catalog: Catalog) -> None:
    routes = found(catalog, "openrouter", "anthropic-api").routes

    assert [(route.provider, route.native, route.url) for route in routes] == [
        ("openrouter", "anthropic/claude-opus-5.5", "https://openrouter.ai/api/v1/messages?beta=true"),
        ("anthropic-api", OPUS, "https://api.anthropic.com/v1/messages?beta=true"),
    ]


def test_openai_addresses_have_their_version_already(catalog: Catalog) -> None:
    (route,) = found(catalog, "openai-api", model="gpt-6.1-sol", path="/v1/responses").routes

    assert route.url == "https://api.openai.com/v1/responses?beta=true"


@pytest.mark.parametrize(
    ("name", "path", "code"),
    [
        ("bedrock", "/v1/messages", "protocol"),
        ("azure", "/v1/responses", "protocol"),
        ("github-copilot", "/v1/messages", "agent"),
        ("openrouter", "/v1/messages", "no-credential"),
    ],
)
def test_a_provider_that_is_no_route_says_why(catalog: Catalog, name: str, path: str, code: str) -> None:
    (passed,) = found(catalog, name, path=path, keys=()).skipped

    assert (passed.provider, passed.code) == (name, code)
    assert passed.reason


def test_every_provider_of_the_catalog_is_a_route_or_has_a_reason(catalog: Catalog) -> None:
    every = tuple(catalog.providers)
    for path in ("/v1/messages", "/v1/chat/completions", "/v1/responses"):
        laid_out = found(catalog, *every, path=path)

        assert {r.provider for r in laid_out.routes} | {p.provider for p in laid_out.skipped} == set(every)


def test_no_agents_login_is_ever_a_route_of_ours(catalog: Catalog) -> None:
    every = tuple(catalog.providers)
    for path in ("/v1/messages", "/v1/chat/completions", "/v1/responses"):
        for route in found(catalog, *every, path=path).routes:
            assert catalog.providers[route.provider].agent_only is None


def test_only_a_larger_window_is_asked_after_too_long(catalog: Catalog) -> None:
    everyone = found(catalog, "anthropic-api", "zai-coding-plan").routes
    larger = found(catalog, "anthropic-api", "zai-coding-plan", larger_than=everyone[1].context).routes

    assert all(route.context > everyone[1].context for route in larger)


@pytest.mark.parametrize(
    ("name", "protocol", "headers"),
    [
        ("anthropic-api", "anthropic-messages", {"x-api-key": "k"}),
        ("openrouter", "anthropic-messages", {"x-api-key": "k", "authorization": "Bearer k"}),
        ("openai-api", "openai-responses", {"authorization": "Bearer k"}),
        ("azure", "openai-chat", {"api-key": "k"}),
    ],
)
def test_a_key_travels_as_its_provider_wants_it(
    catalog: Catalog, name: str, protocol: str, headers: dict[str, str]
) -> None:
    assert credential_headers(catalog.providers[name], protocol, Secret("k")) == headers


def route(provider: str, *, same: bool = True) -> Route:
    return Route(
        provider=provider,
        family="F",
        model="m",
        model_family="M",
        native="m",
        url="http://x",
        credential={"x-api-key": "secret"},
        headers={},
        context=1000,
        distance=0 if same else 1,
    )


A, B, C, OTHER = route("a"), route("b"), route("c"), route("other", same=False)


@pytest.mark.parametrize(
    ("routes", "resting", "sticky", "last_resort", "order"),
    [
        pytest.param([A, B], "", None, "", "a b", id="priority"),
        pytest.param([A, OTHER, B], "", None, "", "a b other", id="same-model-before-another"),
        pytest.param([OTHER, A, B], "", None, "", "other a b", id="the-first-serves-whatever-its-model"),
        pytest.param([A, B], "a", None, "", "b", id="resting"),
        pytest.param([A, B, C], "", "b", "", "b a c", id="sticky"),
        pytest.param([A, B], "b", "b", "", "a", id="sticky-and-resting"),
        pytest.param([A, B], "", None, "a", "b a", id="nearly-used-up"),
        pytest.param([A, B], "", "a", "a", "a b", id="nearly-used-up-but-sticky"),
        pytest.param([A, B], "", None, "a b", "a b", id="all-nearly-used-up"),
    ],
)
def test_the_order_of_routes(
    routes: list[Route], resting: str, sticky: str | None, last_resort: str, order: str
) -> None:
    def blocked(one: Route) -> Skipped | None:
        rests = one.provider in resting.split()
        return Skipped(provider=one.provider, code="benched", reason="rests") if rests else None

    ready, passed = arrange(
        routes,
        blocked,
        first=routes[0].provider,
        sticky=sticky,
        last_resort=frozenset(last_resort.split()),
    )

    assert " ".join(one.provider for one in ready) == order
    assert [one.provider for one in passed] == resting.split()


def test_a_route_never_prints_its_key() -> None:
    assert "secret" not in repr(A)
