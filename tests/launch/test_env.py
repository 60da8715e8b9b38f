"""What OpenCode is told of the gateway: every provider it reaches, and the models OpenCode does not know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pf_tui import catalog
from pf_tui.catalog import Catalog
from pf_tui.launch import env

URL = "http://127.0.0.1:8299"


def told(known: Catalog, *served: str, own: dict[str, Any] | None = None) -> dict[str, Any]:
    environment = {"OPENCODE_CONFIG_CONTENT": json.dumps(own)} if own else {}
    setting = env.opencode(URL, "token", environment, known, served)
    content: dict[str, Any] = json.loads(setting.set["OPENCODE_CONFIG_CONTENT"])
    return content


@pytest.mark.parametrize(
    ("provider", "place", "package"),
    [
        ("anthropic-api", "anthropic", "@ai-sdk/anthropic"),
        ("openai-api", "openai", "@ai-sdk/openai"),
        ("groq", "groq", "@ai-sdk/openai-compatible"),
        ("google-api", "google", "@ai-sdk/openai-compatible"),
        ("bedrock", "bedrock", "@ai-sdk/anthropic"),
        ("azure", "azure", "@ai-sdk/openai"),
        ("vertex", "vertex", "@ai-sdk/anthropic"),
        ("vertex-google", "vertex-google", "@ai-sdk/openai-compatible"),
    ],
)
def test_each_provider_is_declared_with_a_package_opencode_has(
    provider: str, place: str, package: str
) -> None:
    entry = told(catalog.load(), provider)["provider"][place]

    assert entry["npm"] == package
    assert entry["options"]["baseURL"] == f"{URL}/v1"


def test_every_provider_that_is_served_by_key_is_declared() -> None:
    known = catalog.load()
    served = [one.id for one in known.providers.values() if one.agent_only is None]

    assert len(told(known, *served)["provider"]) == 15


def test_an_own_provider_brings_all_its_models() -> None:
    text = """
providers:
- id: team
  base_url: http://10.0.0.5:4000
  models: {claude-opus-5-5: {}, gpt-6.1-sol: {}, qwen-local: {context: 32000}}
"""
    known = catalog.load(catalog.parse_overlay(text, Path("providers.yaml")))

    models = told(known, "team")["provider"]["team"]["models"]

    assert set(models) == {"claude-opus-5-5", "gpt-6.1-sol", "qwen-local"}
    assert models["qwen-local"]["limit"]["context"] == 32_000


def test_models_the_person_declared_stay() -> None:
    own = {"provider": {"bedrock": {"models": {"mine": {"name": "Mine"}}}}}

    models = told(catalog.load(), "bedrock", own=own)["provider"]["bedrock"]["models"]

    assert models["mine"] == {"name": "Mine"}
    assert "anthropic.claude-opus-5-5" in models
