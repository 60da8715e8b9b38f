"""The shipped facts hold together, and they are the original's where the original set them."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from pf_tui.catalog import Catalog, Model, load

CATALOG = load()
BUILT_IN = [model for model in CATALOG.models.values() if not model.extra]

FAMILIES = {
    "Anthropic": "anthropic-subscription anthropic-oauth anthropic-api",
    "OpenAI": "openai-subscription openai-oauth openai-api",
    "Google": "google-subscription google-oauth google-api",
    "OpenCode": "opencode-antigravity-auth",
    "AWS": "bedrock",
    "Azure": "azure",
    "GitHub": "github-copilot",
    "Vertex": "vertex vertex-google",
    "OpenRouter": "openrouter",
    "Together": "together",
    "Groq": "groq",
    "xAI": "xai-subscription xai-api",
    "Mistral": "mistral-api",
    "DeepSeek": "deepseek-api",
    "Cohere": "cohere-api",
    "ZAI": "zai-coding-plan",
    "Antigravity": "antigravity",
}
"""The original's table, 17 rows."""

VARIABLES = {
    "anthropic-subscription": "ANTHROPIC_SUBSCRIPTION_KEY",
    "anthropic-oauth": "ANTHROPIC_OAUTH_TOKEN",
    "anthropic-api": "ANTHROPIC_API_KEY",
    "openai-subscription": "OPENAI_SUBSCRIPTION_KEY",
    "openai-oauth": "OPENAI_OAUTH_TOKEN",
    "openai-api": "OPENAI_API_KEY",
    "google-subscription": "GOOGLE_AI_SUBSCRIPTION",
    "google-oauth": "GOOGLE_OAUTH_TOKEN",
    "google-api": "GOOGLE_API_KEY",
    "opencode-antigravity-auth": "OPENCODE_ANTIGRAVITY_TOKEN ANTIGRAVITY_AUTH_TOKEN OC_ANTIGRAVITY_KEY",
    "bedrock": "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY",
    "azure": "AZURE_OPENAI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "together": "TOGETHER_API_KEY",
    "groq": "GROQ_API_KEY",
    "xai-api": "XAI_API_KEY",
    "mistral-api": "MISTRAL_API_KEY",
    "deepseek-api": "DEEPSEEK_API_KEY",
    "cohere-api": "COHERE_API_KEY",
}
"""The original's README, "Environment Variables"."""

KINDS = {
    "subscription": "anthropic-subscription openai-subscription google-subscription xai-subscription",
    "oauth": "anthropic-oauth openai-oauth google-oauth github-copilot",
    "token": "opencode-antigravity-auth antigravity zai-coding-plan",
    "iam": "bedrock",
    "service_account": "vertex vertex-google",
    "api_key": "anthropic-api openai-api google-api azure openrouter together groq xai-api mistral-api "
    "deepseek-api cohere-api",
}

MODELS = {
    "Claude": (21, 128_000, 200_000),
    "GPT": (39, 8_000, 1_000_000),
    "Gemini": (26, 32_000, 2_000_000),
    "Antigravity": (10, 128_000, 200_000),
    "GLM": (7, 128_000, 1_000_000),
    "Llama": (3, 128_000, 128_000),
    "Mistral": (3, 32_000, 128_000),
    "Grok": (3, 128_000, 1_000_000),
    "DeepSeek": (2, 128_000, 128_000),
    "Cohere": (1, 128_000, 128_000),
    "Qwen": (1, 128_000, 128_000),
}
"""The original's table: how many, and the range of windows in tokens."""


def each_served() -> list[tuple[Model, str, str]]:
    return [
        (model, provider, served.native_id)
        for model in CATALOG.models.values()
        for provider, served in model.providers.items()
    ]


def test_there_are_25_providers_in_17_families() -> None:
    families = {
        family: {p.id for p in CATALOG.providers.values() if p.family == family} for family in FAMILIES
    }

    assert len(CATALOG.providers) == 25
    assert families == {family: set(ids.split()) for family, ids in FAMILIES.items()}


def test_every_provider_has_the_original_kind_of_sign_in() -> None:
    kinds = {kind: {p.id for p in CATALOG.providers.values() if p.auth == kind} for kind in KINDS}

    assert kinds == {kind: set(ids.split()) for kind, ids in KINDS.items()}


@pytest.mark.parametrize("provider_id", list(VARIABLES))
def test_the_original_variables_are_all_read(provider_id: str) -> None:
    provider = CATALOG.providers[provider_id]

    assert set(VARIABLES[provider_id].split()) <= {*provider.env, *provider.env_all}


def test_a_github_token_is_only_a_sign_of_copilot() -> None:
    copilot = CATALOG.providers["github-copilot"]

    assert {"GITHUB_TOKEN", "GH_TOKEN"} <= set(copilot.env_maybe)
    assert not {"GITHUB_TOKEN", "GH_TOKEN"} & {*copilot.env, *copilot.env_all}


def test_settings_are_never_taken_for_credentials() -> None:
    settings = {
        *("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "AWS_REGION", "AWS_SESSION_TOKEN", "GOOGLE_CLOUD_PROJECT"),
        *("GOOGLE_VERTEX_PROJECT", "GOOGLE_VERTEX_LOCATION", "GOOGLE_CLOUD_LOCATION", "CLOUD_ML_REGION"),
        *("ANTHROPIC_VERTEX_PROJECT_ID", "AZURE_OPENAI_ENDPOINT", "AZURE_RESOURCE_NAME"),
        *("ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN"),  # a gateway's, often our own
    }

    for provider in CATALOG.providers.values():
        assert not settings & {*provider.env, *provider.env_all, *provider.env_maybe}, provider.id


def test_a_pointer_is_one_of_the_variables() -> None:
    for provider in CATALOG.providers.values():
        assert set(provider.env_pointers) <= set(provider.env), provider.id
    assert CATALOG.providers["bedrock"].env_pointers == ("AWS_PROFILE",)


def test_one_login_belongs_to_one_provider() -> None:
    """Two providers on one login share its limit: moving from one to the other would be no failover."""
    shared = {"vertex", "vertex-google"}  # one Google project, different models
    logins = Counter(
        (login.path, login.key, login.kind)
        for provider in CATALOG.providers.values()
        if provider.id not in shared
        for login in provider.logins
    )

    assert [login for login, count in logins.items() if count > 1] == []


def test_an_opencode_login_always_says_its_kind() -> None:
    for provider in CATALOG.providers.values():
        for login in provider.logins:
            if "opencode/auth.json" in login.path:
                assert login.kind in ("api", "oauth"), provider.id
                assert login.key == provider.opencode_id


def test_the_default_order_goes_from_plans_to_keys() -> None:
    order = CATALOG.default_priority

    assert order == tuple(CATALOG.providers)
    assert [CATALOG.providers[name].default_rank for name in order] == list(range(1, 26))
    assert order[:6] == (
        *("anthropic-subscription", "openai-subscription", "google-subscription", "xai-subscription"),
        *("opencode-antigravity-auth", "zai-coding-plan"),
    )
    assert order[-7:] == (
        *("anthropic-api", "openai-api", "google-api", "xai-api", "mistral-api", "deepseek-api"),
        "cohere-api",
    )


def test_base_urls_follow_their_protocol() -> None:
    for provider in CATALOG.providers.values():
        assert set(provider.base_urls) == set(provider.protocols), provider.id
        for protocol, url in provider.base_urls.items():
            assert url.startswith("https://")
            assert not url.endswith("/")
            if protocol == "anthropic-messages":
                assert not url.endswith("/v1"), provider.id


def test_claude_code_is_pointed_at_the_same_host_as_the_gateway() -> None:
    direct = {p.id: p for p in CATALOG.providers.values() if "ANTHROPIC_BASE_URL" in p.claude_code.env}

    assert set(direct) == {
        *("anthropic-subscription", "anthropic-oauth", "anthropic-api"),
        *("openrouter", "deepseek-api", "zai-coding-plan"),
    }
    for provider in direct.values():
        assert provider.claude_code.env["ANTHROPIC_BASE_URL"] == provider.base_urls["anthropic-messages"]


def test_a_claude_code_route_empties_every_key_of_the_route_before() -> None:
    """Measured: a variable taken out of settings.json stays set, and a shell's key follows the base URL."""
    for provider in CATALOG.providers.values():
        if provider.claude_code.mode in ("native", "anthropic-compatible"):
            env = provider.claude_code.env
            assert env["ANTHROPIC_API_KEY"] == env["ANTHROPIC_AUTH_TOKEN"] == "", provider.id
            assert {"CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX"} <= set(env)
        else:
            assert not provider.claude_code.env
            assert provider.claude_code.note


def test_a_plan_names_its_agent_or_its_key() -> None:
    for provider in CATALOG.providers.values():
        if provider.auth in ("subscription", "oauth"):
            assert provider.plan
            assert provider.agent_only
            assert provider.login_command, provider.id


def test_antigravity_is_shown_with_its_warning() -> None:
    for name in ("antigravity", "opencode-antigravity-auth"):
        assert "Terms of Service" in (CATALOG.providers[name].warning or "")


def test_every_default_model_is_served_by_its_provider() -> None:
    for provider in CATALOG.providers.values():
        assert CATALOG.serves(provider.id, provider.default_model or ""), provider.id


def test_there_are_116_models_in_11_families() -> None:
    counts = Counter(model.family for model in BUILT_IN)

    assert len(BUILT_IN) == 116
    assert counts == {family: count for family, (count, _, _) in MODELS.items()}
    assert list(CATALOG.models)[:116] == [model.id for model in BUILT_IN]


def test_there_are_14_subfamilies() -> None:
    assert {model.subfamily for model in BUILT_IN} == {
        *(
            "claude",
            "gpt",
            "codex",
            "embedding",
            "raptor",
            "gemini",
            "antigravity",
            "glm",
            "llama",
            "mistral",
        ),
        *("grok", "deepseek", "cohere", "qwen"),
    }


@pytest.mark.parametrize("family", list(MODELS))
def test_windows_lie_in_the_original_range(family: str) -> None:
    _, least, most = MODELS[family]

    for model in BUILT_IN:
        if model.family == family:
            # 131,072 is written 128K, 1,050,000 is written 1M
            assert least <= model.context <= most * 1.05, model.id
            assert model.context <= model.context_max


def test_gemini_reaches_two_million_tokens() -> None:
    assert max(model.context_max for model in BUILT_IN if model.family == "Gemini") == 2_097_152


def test_a_window_is_the_smallest_and_largest_published() -> None:
    for model in CATALOG.models.values():
        windows = [served.context for served in model.providers.values() if served.context is not None]
        assert windows, model.id
        assert all(model.context <= window <= model.context_max for window in windows), model.id


def test_every_retired_model_leads_to_a_living_one() -> None:
    retired = [model for model in CATALOG.models.values() if model.status == "retired"]

    assert len(retired) == 13
    for model in retired:
        assert CATALOG.serving_model(model.id).status != "retired"


def test_successors_and_base_models_exist() -> None:
    for model in CATALOG.models.values():
        for other in (model.successor, model.base_model):
            assert other is None or other in CATALOG.models, model.id
            assert other != model.id


def test_no_provider_calls_two_models_by_one_name() -> None:
    names = Counter((provider, native.lower()) for _, provider, native in each_served())

    assert [name for name, count in names.items() if count > 1] == []


def test_models_are_served_by_known_providers() -> None:
    assert {provider for _, provider, _ in each_served()} == set(CATALOG.providers)


def test_words_of_the_models_are_known_ones() -> None:
    for model in CATALOG.models.values():
        assert model.status in ("active", "preview", "deprecated", "retired")
        assert set(model.capabilities) <= {
            *("text", "vision", "code", "thinking", "tools", "pdf", "audio", "embedding", "rag"),
            "image-generation",
        }
        assert set(model.inputs) <= {"text", "image", "pdf", "audio", "video"}
        assert set(model.outputs) <= {"text", "audio", "image", "embedding"}


def test_prices_are_plausible() -> None:
    for model in CATALOG.models.values():
        price = model.price
        assert price is not None, model.id
        assert 0 < price.input <= 50
        assert price.output >= price.input or model.subfamily == "embedding", model.id
        assert price.cache_read is None or price.cache_read < price.input
        thresholds = [tier.above_input_tokens for tier in price.tiers]
        assert thresholds == sorted(set(thresholds))


def test_a_long_request_to_haiku_5_5_costs_five_times_as_much() -> None:
    """genai-prices 0.2.3: $0.1/$0.5 per million tokens, $0.5/$2.5 above 100,000 tokens of input."""
    price = CATALOG.models["claude-haiku-5-5"].price

    assert price is not None
    assert (price.input, price.output) == (0.1, 0.5)
    assert [(t.above_input_tokens, t.input, t.output, t.cache_write_1h) for t in price.tiers] == [
        (100_000, 0.5, 2.5, 1.0)
    ]


def test_dates_are_dates() -> None:
    for model in CATALOG.models.values():
        shutdowns = [served.shutdown for served in model.providers.values()]
        for text in filter(None, (model.retires, *shutdowns)):
            date.fromisoformat(text)
        if model.release_date and len(model.release_date) > 7:
            date.fromisoformat(model.release_date)


def test_a_living_model_stands_in_its_own_tier_once(
    catalog_tiers: dict[str, dict[str, list[list[str]]]],
) -> None:
    placed = Counter(
        (tier, family, model_id)
        for tier, families in catalog_tiers.items()
        for family, lines in families.items()
        for line in lines
        for model_id in line
    )

    assert set(placed.values()) == {1}
    for tier, family, model_id in placed:
        model = CATALOG.models[model_id]
        assert (model.tier, model.family) == (tier, family)
        assert model.status in ("active", "preview"), model_id
    ids = {model_id for _, _, model_id in placed}
    assert {m.id for m in CATALOG.models.values() if m.status in ("active", "preview")} == ids


def test_plans_belong_to_flat_providers() -> None:
    plans = [plan for provider in CATALOG.providers for plan in CATALOG.plans(provider)]

    assert {plan.name: plan.usd_per_month for plan in plans}["Claude Max 20x"] == 200
    for plan in plans:
        assert CATALOG.providers[plan.provider].plan
        assert plan.source.startswith("https://")


def test_genai_prices_knows_every_provider_we_name() -> None:
    from genai_prices import data_snapshot

    known = {provider.id for provider in data_snapshot.get_snapshot().providers}

    assert {p.genai_id for p in CATALOG.providers.values() if p.genai_id} <= known


@pytest.fixture(scope="module")
def catalog_tiers() -> dict[str, dict[str, list[list[str]]]]:
    import yaml

    from pf_tui.catalog import data_root

    text = (data_root() / "catalog" / "equivalents.yaml").read_text(encoding="utf-8")
    tiers: dict[str, dict[str, list[list[str]]]] = yaml.safe_load(text)["tiers"]
    return tiers


def test_the_catalog_is_one_object_with_its_own_orders() -> None:
    assert isinstance(CATALOG, Catalog)
    assert list(CATALOG.providers) == list(CATALOG.default_priority)
