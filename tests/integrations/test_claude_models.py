"""The names Claude Code's requests go out with, at providers that call the models otherwise."""

from __future__ import annotations

import pytest

from pf_tui.catalog import load
from pf_tui.integrations import claude_models

CLAUDES = [model.id for model in load().models.values() if model.family == "Claude"]


def names(provider: str) -> dict[str, str]:
    catalog = load()
    return claude_models.overrides(catalog, catalog.provider(provider))


@pytest.mark.parametrize("provider", ["openrouter", "deepseek-api", "zai-coding-plan"])
def test_every_claude_model_goes_out_under_a_name_the_provider_serves(provider: str) -> None:
    catalog = load()
    served = {
        catalog.native_id(model.id, provider)
        for model in catalog.models.values()
        if catalog.serves(provider, model.id)
    }

    assert list(names(provider)) == CLAUDES
    assert set(names(provider).values()) <= served


def test_the_same_model_goes_before_a_stand_in_and_a_stand_in_before_the_default() -> None:
    assert names("openrouter")["claude-opus-5-5"] == "anthropic/claude-opus-5.5"
    assert names("zai-coding-plan")["claude-opus-5-5"] == "glm-5.3"
    assert names("zai-coding-plan")["claude-haiku-5-5"] == "glm-5-turbo"
    assert names("deepseek-api")["claude-haiku-5-5"] == "deepseek-v4-flash"
    assert names("deepseek-api")["claude-sonnet-5-5"] == "deepseek-v4-pro"


@pytest.mark.parametrize("provider", ["anthropic-api", "anthropic-subscription", "bedrock", "vertex"])
def test_where_claude_code_knows_the_names_none_is_replaced(provider: str) -> None:
    assert names(provider) == {}
