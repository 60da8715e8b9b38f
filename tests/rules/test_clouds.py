"""What a cloud calls a model, where it serves it, and what an address lacks."""

from __future__ import annotations

import pytest

from pf_tui import catalog
from pf_tui.catalog import blanks
from pf_tui.records import replace
from pf_tui.rules import clouds
from pf_tui.rules.eligibility import Eligibility
from pf_tui.rules.failover import RouteRequest, candidates

CATALOG = catalog.load()
BEDROCK, VERTEX, GEMINI = (CATALOG.providers[name] for name in ("bedrock", "vertex", "vertex-google"))
MANTLE, RUNTIME = (
    "https://bedrock-mantle.us-east-1.api.aws",
    "https://bedrock-runtime.us-east-1.amazonaws.com",
)


@pytest.mark.parametrize(
    ("base", "listed", "called"),
    [
        (f"{MANTLE}/anthropic", "anthropic.claude-sonnet-5-5", "anthropic.claude-sonnet-5-5"),
        (f"{MANTLE}/openai/v1", "global.openai.gpt-6.1-sol", "openai.gpt-6.1-sol"),
        (f"{MANTLE}/openai/v1", "us.openai.gpt-5.6-sol", "openai.gpt-5.6-sol"),
        (f"{RUNTIME}/anthropic", "anthropic.claude-sonnet-5-5", "global.anthropic.claude-sonnet-5-5"),
        (f"{RUNTIME}/openai/v1", "global.openai.gpt-6.1-sol", "global.openai.gpt-6.1-sol"),
        (f"{RUNTIME}/anthropic", "eu.anthropic.claude-opus-5-5", "eu.anthropic.claude-opus-5-5"),
    ],
)
def test_bedrocks_hosts_call_a_model_by_two_names(base: str, listed: str, called: str) -> None:
    assert clouds.native_name(BEDROCK, base, listed) == called


def test_the_gemini_layer_wants_the_publisher_before_the_model() -> None:
    base = GEMINI.base_urls["openai-chat"]

    assert clouds.native_name(GEMINI, base, "gemini-3.8-flash") == "google/gemini-3.8-flash"
    assert clouds.native_name(VERTEX, "https://x", "claude-haiku-4-5@20251001") == "claude-haiku-4-5@20251001"


@pytest.mark.parametrize(
    ("model", "base"),
    [
        ("openai.gpt-5.6-sol", f"{MANTLE}/openai/v1"),
        ("openai.gpt-oss-120b", f"{MANTLE}/v1"),
        ("xai.grok-4.7", f"{MANTLE}/v1"),
    ],
)
def test_mantle_has_two_addresses_for_openais_protocols(model: str, base: str) -> None:
    assert clouds.host_base(BEDROCK, f"{MANTLE}/openai/v1", model) == base


@pytest.mark.parametrize(
    ("url", "service", "region"),
    [
        (f"{MANTLE}/anthropic/v1/messages", "bedrock-mantle", "us-east-1"),
        (f"{RUNTIME}/anthropic/v1/messages", "bedrock", "us-east-1"),
        ("http://127.0.0.1:1/v1/messages", "bedrock-mantle", None),
    ],
)
def test_a_signature_is_for_the_service_of_its_host(url: str, service: str, region: str | None) -> None:
    assert clouds.service_of(url) == service
    assert clouds.region_of(url) == region


@pytest.mark.parametrize(
    ("provider", "model", "protocols", "protocol", "how"),
    [
        ("bedrock", "claude-opus-5-5", ("anthropic-messages",), "anthropic-messages", "native"),
        ("bedrock", "claude-opus-5-5", ("openai-responses",), "anthropic-messages", "translated"),
        ("bedrock", "gpt-6.1-sol", ("openai-responses",), "openai-responses", "native"),
        ("bedrock", "gpt-6.1-sol", ("anthropic-messages",), "openai-responses", "translated"),
        ("bedrock", "glm-5.3", ("openai-responses",), "openai-chat", "translated"),
        ("azure", "claude-sonnet-5-5", ("anthropic-messages",), "anthropic-messages", "native"),
        ("azure", "gpt-6.1-sol", ("anthropic-messages",), "openai-responses", "translated"),
        ("azure", "gpt-6.1-sol", ("openai-chat",), "openai-chat", "native"),
        ("vertex", "claude-opus-5-5", ("openai-responses",), "anthropic-messages", "translated"),
        ("vertex-google", "gemini-3.8-flash", ("anthropic-messages",), "openai-chat", "translated"),
    ],
)
def test_a_cloud_is_asked_over_the_protocol_that_carries_the_model(
    provider: str, model: str, protocols: tuple[str, ...], protocol: str, how: str
) -> None:
    values = {"region": "us-east-1", "resource": "ours", "project": "ours", "location": "global"}
    whole = catalog.load()
    whole.providers = {
        name: blanks.filled(entry, values) if entry.blanks else entry
        for name, entry in whole.providers.items()
    }
    eligibility = Eligibility(provider=provider, has_key=True)

    (found,) = candidates(RouteRequest(model=model, protocols=protocols), [eligibility], whole).candidates  # type: ignore[arg-type]

    assert (found.model, found.protocol, found.how) == (model, protocol, how)


def test_an_address_that_lacks_something_names_it() -> None:
    request = RouteRequest(model="claude-opus-5-5", protocols=("anthropic-messages",))
    reasons = {}
    for name in ("bedrock", "azure", "vertex"):
        eligibility = Eligibility(provider=name, has_key=True)
        (skipped,) = candidates(request, [eligibility], CATALOG).skipped
        reasons[name] = skipped.reason

    assert reasons == {
        "bedrock": "its address needs AWS_REGION: set it",
        "azure": "its address needs AZURE_RESOURCE_NAME: set it",
        "vertex": "its address needs ANTHROPIC_VERTEX_PROJECT_ID: set it",
    }


@pytest.mark.parametrize("value", ["evil.example/x", "a b", "us-east-1@evil", "", "x" * 80, "-x", "{region}"])
def test_only_a_plain_name_fills_an_address(value: str) -> None:
    filled = blanks.filled(BEDROCK, {"region": value})

    assert filled.base_urls == BEDROCK.base_urls


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("us-east5", "us-east5-aiplatform.googleapis.com"),
    ],
)
def test_vertex_has_a_host_for_each_location(location: str, host: str) -> None:
    filled = blanks.filled(VERTEX, {"location": location, "project": "example.com:ours"})

    assert filled.base_urls["anthropic-messages"] == (
        f"https://{host}/v1/projects/example.com:ours/locations/{location}/publishers/anthropic/models"
    )


def test_a_credential_that_cannot_sign_says_what_is_missing() -> None:
    eligibility = Eligibility(provider="bedrock", signing_hint="signing needs botocore: install it")
    filled = catalog.load()
    filled.providers = {**filled.providers, "bedrock": blanks.filled(BEDROCK, {"region": "eu-west-1"})}
    request = RouteRequest(model="claude-opus-5-5", protocols=("anthropic-messages",))

    found = candidates(request, [replace(eligibility)], filled)

    assert [(one.code, one.reason) for one in found.skipped] == [
        ("no-credential", "signing needs botocore: install it")
    ]
