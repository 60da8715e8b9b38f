"""Every spelling people, agents and hosts use leads to the model; nothing else does."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pf_tui.catalog import load
from pf_tui.catalog.names import LONGEST, fold

CATALOG = load()
SONNET_45 = "claude-sonnet-4-5-20250929"
BEDROCK = [
    (model.id, served.native_id)
    for model in CATALOG.models.values()
    for provider, served in model.providers.items()
    if provider == "bedrock"
]
OWN_HOST = ("antigravity", "opencode-antigravity-auth")
"""Their native ids are other vendors' names: understood only when the provider is known."""


@pytest.mark.parametrize(
    ("spelling", "model_id"),
    [
        # canonical, dated, undated, dots and dashes
        (SONNET_45, SONNET_45),
        ("claude-sonnet-4-5", SONNET_45),
        ("claude-sonnet-4.5", SONNET_45),
        ("claude-4.5-sonnet", SONNET_45),
        ("claude-4-5-sonnet-20250929", SONNET_45),
        ("CLAUDE_SONNET_4_5", SONNET_45),
        ("claude-sonnet-4-6-20260217", "claude-sonnet-4-6"),
        ("gpt-4.1-2025-04-14", "gpt-4.1"),
        ("gpt-4o-2024-11-20", "gpt-4o-2024-11-20"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-5-mini-2025-08-07", "gpt-5-mini"),
        ("grok-4.3-latest", "grok-4.3"),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku-20241022"),
        ("gemini-flash-latest", "gemini-flash-latest"),
        ("gemini-2.0-flash-001", "gemini-2.0-flash"),
        # the originals' defaults and Anthropic's older aliases
        ("claude-sonnet-4-20250514", "claude-sonnet-4-20250514"),
        ("claude-4-sonnet", "claude-sonnet-4-20250514"),
        ("claude-sonnet-4-0", "claude-sonnet-4-20250514"),
        ("claude-opus-4-0", "claude-opus-4-20250514"),
        ("claude-3.7-sonnet", "claude-3-7-sonnet-20250219"),
        ("claude-sonnet-3-7", "claude-3-7-sonnet-20250219"),
        # Claude Code
        ("opus", "claude-opus-5-5"),
        ("sonnet", "claude-sonnet-5-5"),
        ("haiku", "claude-haiku-5-5"),
        ("fable", "claude-fable-5-2"),
        ("default", "claude-opus-5-5"),
        ("opusplan", "claude-sonnet-5-5"),
        ("sonnet[1m]", "claude-sonnet-5-5"),
        ("claude-sonnet-4-5-20250929[1m]", SONNET_45),
        ("Opus 4.1 (1M context)", "claude-opus-4-1-20250805"),
        # Bedrock
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", SONNET_45),
        ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", SONNET_45),
        ("apac.anthropic.claude-sonnet-4-5-20250929-v1:0", SONNET_45),
        ("au.anthropic.claude-sonnet-4-5-20250929-v1:0", SONNET_45),
        ("jp.anthropic.claude-sonnet-4-5-20250929-v1:0", SONNET_45),
        ("global.anthropic.claude-opus-5-5", "claude-opus-5-5"),
        ("us.anthropic.claude-opus-5-5-v1:0", "claude-opus-5-5"),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022"),
        ("us.meta.llama3-3-70b-instruct-v1:0", "llama-3.3-70b-instruct"),
        ("openai.gpt-6.1-sol", "gpt-6.1-sol"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0[1m]", SONNET_45),
        (
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-6-v1",
            "claude-opus-4-6",
        ),
        (
            "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
            SONNET_45,
        ),
        ("bedrock/us.anthropic.claude-sonnet-4-6", "claude-sonnet-4-6"),
        # Vertex and Gemini
        ("claude-sonnet-4-5@20250929", SONNET_45),
        ("claude-sonnet-4-6@default", "claude-sonnet-4-6"),
        ("claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet-20241022"),
        ("publishers/anthropic/models/claude-opus-4-8", "claude-opus-4-8"),
        ("projects/p/locations/global/publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
        # routers and OpenCode
        ("anthropic/claude-sonnet-4.5", SONNET_45),
        ("openrouter/anthropic/claude-sonnet-4.5", SONNET_45),
        ("anthropic/claude-3.7-sonnet:thinking", "claude-3-7-sonnet-20250219"),
        ("deepseek/deepseek-v3.2:free", "deepseek-v3.2"),
        ("~google/gemini-pro-latest", "gemini-pro-latest"),
        ("togetherai/zai-org/GLM-5.3", "glm-5.3"),
        ("zai-coding-plan/glm-5.3", "glm-5.3"),
        ("amazon-bedrock/global.anthropic.claude-opus-5-5", "claude-opus-5-5"),
        ("google-vertex-anthropic/claude-sonnet-4-5@20250929", SONNET_45),
        ("github-copilot/claude-opus-4.8", "claude-opus-4-8"),
        ("google/antigravity-claude-sonnet-4-6", "antigravity-claude-sonnet-4-6"),
        ("vertex_ai/gemini-2.5-flash", "gemini-2.5-flash"),
        ("groq/openai/gpt-oss-120b", "gpt-oss-120b"),
        ("llama-3.3-70b-versatile", "llama-3.3-70b-instruct"),
        # thinking is a way of asking, not another model
        ("claude-sonnet-4-5-thinking", SONNET_45),
        ("claude-sonnet-4-5-20250929-thinking", SONNET_45),
        ("claude-opus-4-6-thinking", "claude-opus-4-6"),
        ("claude-4-sonnet-thinking", "claude-sonnet-4-20250514"),
        # names on screens
        ("Claude Sonnet 4.5", SONNET_45),
        ("claude sonnet 4.5", SONNET_45),
        ("Sonnet 5.5", "claude-sonnet-5-5"),
        ("GPT-6 Astra", "gpt-6-astra"),
        ("gemini 3.8 flash", "gemini-3.8-flash"),
        ("  claude-opus-5-5  ", "claude-opus-5-5"),
    ],
)
def test_a_known_spelling_leads_to_its_model(spelling: str, model_id: str) -> None:
    found = CATALOG.find_model(spelling)

    assert found is not None
    assert found.id == model_id


@pytest.mark.parametrize(
    "spelling",
    [
        "",
        "   ",
        "/",
        "-",
        "gpt-9",
        "gpt",
        "claude",
        "anthropic",
        "anthropic/",
        "anthropic/claude-nope",
        "openai/gpt-9-2026-01-01",
        "claude-sonnet-6",
        "claude-sonnet-45",
        "claude-sonnet",
        "claude-opus-latest",
        "claude-3-5-sonnet-20240620",  # another snapshot
        "anthropic.claude-3-5-sonnet-20240620-v1:0",
        "claude-sonnet-4-5-20250930",
        "claude-sonnet-4-5-20251340",
        "opus-20250101",
        "gpt-5-chat-latest",
        "gpt-5-thinking",
        "gpt-5-codex",
        "chatgpt-4o-latest",
        "gemini-2.5-pro-preview-06-05",
        "codestral-latest",
        "mistral-medium-latest",
        "somebody/llama-3.3-70b-instruct",  # a fine-tune is another model
        "us.claude-opus-5-5",
        "anthropic.nope",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdef123456",
        "<synthetic>",
        "claude-opus-5-5; rm -rf",
        "cla\u0075de-opus-5-5\u200b",
        "x" * 10_000,
        "a" + " " * 100_000 + "b",
    ],
)
def test_what_is_not_known_is_never_guessed(spelling: str) -> None:
    assert CATALOG.find_model(spelling) is None


def test_every_native_id_leads_back_to_its_model() -> None:
    for model in CATALOG.models.values():
        for provider, served in model.providers.items():
            assert CATALOG.find_model(served.native_id, provider) is model
            if provider not in OWN_HOST:
                assert CATALOG.find_model(served.native_id) is model, served.native_id
                assert CATALOG.find_model(served.native_id.upper()) is model


def test_every_opencode_spelling_leads_to_its_model() -> None:
    for model in CATALOG.models.values():
        for provider, served in model.providers.items():
            opencode = CATALOG.providers[provider].opencode_id
            if opencode:
                assert CATALOG.find_model(f"{opencode}/{served.native_id}") is model


def test_every_name_on_screen_leads_to_its_model() -> None:
    for model in CATALOG.models.values():
        for spelling in (model.name, model.name.lower(), model.id, f"{model.id}[1m]", *model.aliases):
            assert CATALOG.find_model(spelling) is model, spelling


def test_a_provider_decides_what_its_own_name_means() -> None:
    here = CATALOG.find_model("claude-opus-4-6-thinking", "antigravity")
    elsewhere = CATALOG.find_model("claude-opus-4-6-thinking", "anthropic-api")

    assert here is CATALOG.models["antigravity-claude-opus-4-6-thinking"]
    assert elsewhere is CATALOG.models["claude-opus-4-6"]


@given(
    pair=st.sampled_from(BEDROCK),
    region=st.sampled_from(["", "us.", "us-gov.", "eu.", "apac.", "au.", "jp.", "ca.", "sa.", "global."]),
    route=st.sampled_from(["", "bedrock/", "amazon-bedrock/", "bedrock/converse/"]),
    tail=st.sampled_from(["", "[1m]"]),
)
def test_a_bedrock_id_is_known_in_every_region(
    pair: tuple[str, str], region: str, route: str, tail: str
) -> None:
    model_id, native = pair
    bare = native.removeprefix("global.")

    found = CATALOG.find_model(f"{route}{region}{bare}{tail}")

    assert found is not None
    assert found.id == model_id


@given(
    model_id=st.sampled_from(list(CATALOG.models)),
    separator=st.sampled_from(["-", ".", "_", " "]),
    upper=st.booleans(),
    prefix=st.sampled_from(["", "anthropic/", "openrouter/", "openai-api/", "OpenRouter/anthropic/"]),
)
def test_case_and_separators_do_not_matter(model_id: str, separator: str, upper: bool, prefix: str) -> None:
    spelling = model_id.replace("-", separator)

    found = CATALOG.find_model(prefix + (spelling.upper() if upper else spelling))

    assert found is CATALOG.models[model_id]


@given(
    model_id=st.sampled_from(list(CATALOG.models)),
    extra=st.text(alphabet=string.ascii_lowercase + string.digits, min_size=1, max_size=8),
    joint=st.sampled_from(["", "-"]),
)
def test_a_name_with_something_added_is_another_name(model_id: str, extra: str, joint: str) -> None:
    spelling = model_id + joint + extra
    known = {fold(known) for known in CATALOG._load("names")["names"]}
    assume(fold(spelling) not in known)
    assume(extra not in ("latest", "thinking", "001", "002") and not extra.isdigit())

    assert CATALOG.find_model(spelling) is None


@given(st.text(max_size=LONGEST + 10))
def test_any_text_is_understood_or_unknown(text: str) -> None:
    found = CATALOG.find_model(text)

    assert found is None or found.id in CATALOG.models


@given(st.text(max_size=60))
@example("0\r:")
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
