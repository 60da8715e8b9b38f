"""What the Catalog answers."""

from __future__ import annotations

import pytest

from pf_tui.catalog import load
from pf_tui.errors import UnknownName

CATALOG = load()


def test_an_unknown_provider_names_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        CATALOG.provider("openruter")

    assert caught.value.code == 3
    assert str(caught.value) == (
        "no provider is called 'openruter' · nearest: openrouter, openai-oauth, openai-subscription; "
        "`pf-tui status` lists all"
    )


def test_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        CATALOG.model("gpt-9")

    assert "gpt-5" in caught.value.nearest


def test_a_mistyped_short_name_finds_the_short_name() -> None:
    with pytest.raises(UnknownName) as caught:
        CATALOG.model("sonet")

    assert caught.value.nearest[0] == "sonnet"


def test_a_provider_is_found_in_capitals() -> None:
    assert CATALOG.provider(" OpenRouter ").id == "openrouter"


def test_a_retired_model_is_itself_and_names_who_serves() -> None:
    understood = CATALOG.resolve("claude-sonnet-4-20250514")

    assert understood is not None
    assert understood.model.id == "claude-sonnet-4-20250514"
    assert understood.note == "claude-sonnet-4-20250514 is retired: served by claude-sonnet-5-5"
    assert CATALOG.serving_model("claude-4-sonnet").id == "claude-sonnet-5-5"


def test_a_deprecated_model_still_serves_and_says_who_follows() -> None:
    understood = CATALOG.resolve("claude-sonnet-4-5")

    assert understood is not None
    assert understood.note == "claude-sonnet-4-5-20250929 is deprecated: claude-sonnet-5-5 follows it"
    assert CATALOG.serving_model("claude-sonnet-4-5") is understood.model


def test_a_living_model_has_no_note() -> None:
    understood = CATALOG.resolve("opus")

    assert understood is not None
    assert understood.note is None
    assert CATALOG.resolve("gpt-9") is None


def test_a_native_id_is_the_hosts_own() -> None:
    assert CATALOG.native_id("claude-sonnet-4-5-20250929", "vertex") == "claude-sonnet-4-5@20250929"
    assert CATALOG.native_id("claude-opus-5-5", "openrouter") == "anthropic/claude-opus-5.5"
    assert CATALOG.native_id("claude-opus-5-5", "groq") is None
    assert CATALOG.native_id("nope", "groq") is None


def test_a_model_retired_at_one_host_may_live_at_another() -> None:
    assert not CATALOG.serves("anthropic-api", "claude-opus-4-1-20250805")
    assert CATALOG.serves("bedrock", "claude-opus-4-1-20250805")


def test_equivalents_begin_with_the_own_line_then_the_family() -> None:
    stand_ins = CATALOG.equivalents("claude-opus-5-5")

    assert stand_ins[:2] == ("claude-opus-5", "claude-opus-4-8")
    families = [CATALOG.models[name].family for name in stand_ins]
    assert families.index("GPT") > max(place for place, name in enumerate(families) if name == "Claude")
    assert "claude-opus-5-5" not in stand_ins
    assert len(set(stand_ins)) == len(stand_ins)


def test_the_same_model_under_another_name_stands_in_first() -> None:
    assert CATALOG.equivalents("claude-opus-4-6")[0] == "antigravity-claude-opus-4-6-thinking"
    assert CATALOG.equivalents("antigravity-claude-sonnet-4-6")[0] == "claude-sonnet-4-6"


def test_a_much_dearer_model_of_another_family_comes_last() -> None:
    stand_ins = CATALOG.equivalents("claude-opus-5-5")

    assert stand_ins[-1] == "gpt-6-astra"  # $50 per million output tokens against $20


@pytest.mark.parametrize("model_id", list(CATALOG.models))
def test_equivalents_live_in_the_same_tier_and_keep_tools(model_id: str) -> None:
    asked = CATALOG.models[model_id]

    for name in CATALOG.equivalents(model_id):
        other = CATALOG.models[name]
        same = asked.base_model in (other.id, other.base_model) or other.base_model == asked.id
        assert other.tier == asked.tier or same
        assert other.status != "retired"
        assert "tools" not in asked.capabilities or "tools" in other.capabilities


def test_an_unknown_model_has_no_equivalents() -> None:
    assert CATALOG.equivalents("nope") == ()
