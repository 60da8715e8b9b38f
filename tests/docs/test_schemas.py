"""The published schemas and pf-tui's own readers agree."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from docs import schemas
from pf_tui.catalog import overlay_text, parse_overlay
from pf_tui.errors import StateFileUnusable
from pf_tui.gateway import settings as gateway_settings
from pf_tui.state import config, project, settings_table
from pf_tui.state.setting_kinds import Setting
from pf_tui.state.settings_table import SETTINGS
from pf_tui.text import symbols

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", schemas.SCHEMAS)
def test_a_schema_is_itself_valid(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schemas.SCHEMAS[name])


def test_a_provider_has_the_settings_of_the_program() -> None:
    entry = schemas.PROVIDERS["properties"]["providers"]["items"]["properties"]

    assert set(entry) == {"id", *overlay_text._PROVIDER}
    assert tuple(entry["auth"]["enum"]) == overlay_text._AUTH
    assert set(entry["base_urls"]["properties"]) == set(overlay_text._PROTOCOLS)
    assert tuple(schemas.PROVIDERS["$defs"]["price"]["properties"]) == overlay_text._PRICE_KEYS


def test_the_project_template_has_only_settings_of_the_schema() -> None:
    words = re.findall(r"^(?:# )?(\w+):", project.TEMPLATE, re.MULTILINE)

    assert words
    assert set(words) <= set(schemas.PROJECT["properties"])


@pytest.mark.parametrize("setting", [one for one in SETTINGS if one.key], ids=lambda one: one.key)
def test_every_setting_refuses_a_value_of_another_type_in_both(setting: Setting) -> None:
    wrong: object = [{}] if setting.kind.type != "list" else {"a": 1}
    content: object = wrong
    for name in reversed(setting.key.split(".")):
        content = {name: content}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, schemas.CONFIG)
    assert setting.kind.unchecked or not accepts(content)  # type: ignore[arg-type] # an object


@pytest.mark.parametrize(
    "setting", [one for one in SETTINGS if one.default is not None], ids=lambda one: one.key
)
def test_every_default_is_a_value_that_may_be_written(setting: Setting) -> None:
    written = list(setting.default) if isinstance(setting.default, tuple) else setting.default

    assert setting.kind.has_type(written)
    assert setting.kind.has_bounds(written)


def test_symbols_are_those_that_charts_can_draw_with() -> None:
    assert settings_table.find("pf.dashboard.symbols").kind.words == tuple(symbols.SETS)


GOOD: dict[str, Any] = {
    "version": 2,
    "defaultModel": "opus",
    "providerPriority": ["openrouter"],
    "usageLimits": {"openrouter": {"dailyTokens": 5, "monthlyTokens": "unlimited"}},
    "autoSwitch": False,
    "notifyOnSwitch": False,
    "pf": {
        "usageLimits": {"openrouter": {"dailyUsd": 1.5, "monthlyRequests": 0}},
        "thresholds": {"warn": 0.5, "switch": 0.9},
        "keyring": ["openrouter"],
        "notify": {"bell": True, "on": ["warn"]},
        "gateway": {
            "port": 4100,
            "passThrough": False,
            "firstByteS": 20,
            "stallS": 60,
            "providers": {"groq": {"firstByteS": 5}},
            "rules": [{"status": 400, "text": "no capacity", "then": "bench-and-continue"}],
        },
        "dashboard": {"theme": "pf-light", "symbols": "ascii", "keys": {"switch": "space"}},
    },
}


def accepts(content: dict[str, Any]) -> bool:
    """What pf-tui itself says."""
    try:
        read = config.parse(content, Path("config.json"))
        gateway_settings.parse(read.gateway, Path("config.json"))
    except StateFileUnusable:
        return False
    return True


def changed(path: str, value: object) -> dict[str, Any]:
    content = json.loads(json.dumps(GOOD))
    *parents, last = path.split(".")
    place = content
    for name in parents:
        place = place[name]
    place[last] = value
    return content


def test_a_good_config_is_good_for_both() -> None:
    jsonschema.validate(GOOD, schemas.CONFIG)
    assert accepts(GOOD)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("defaultModel", 5),
        ("providerPriority", "openrouter"),
        ("usageLimits", []),
        ("autoSwitch", "yes"),
        ("pf.thresholds.warn", 0),
        ("pf.thresholds.switch", 1.2),
        ("pf.keyring", [1]),
        ("pf.notify", "bell"),
        ("pf.notify.on", ["always"]),
        ("pf.return", "soon"),
        ("pf.gateway.connectS", 0),
        ("pf.gateway.providers", {"groq": {"answerMB": 99}}),
        ("pf.gateway.rules", [{"status": 400, "then": "stop", "restS": 0}]),
        ("pf.gateway.port", 70_000),
        ("pf.gateway.passThrough", 1),
        ("pf.gateway.firstByteS", 0),
        ("pf.gateway.rules", [{"status": 400, "then": "sleep"}]),
        ("pf.dashboard", []),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_bad_value_is_bad_for_both(path: str, value: object) -> None:
    content = changed(path, value)

    assert not accepts(content)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, schemas.CONFIG)


def test_the_providers_of_the_catalog_page_are_good_for_both() -> None:
    text = (ROOT / "docs" / "catalog.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)

    assert blocks
    for block in blocks:
        parse_overlay(block, Path("providers.yaml"))
        jsonschema.validate(yaml.safe_load(block), schemas.PROVIDERS)


def test_a_setting_nobody_knows_is_bad_for_both() -> None:
    text = "providers:\n- id: lab\n  base_url: http://10.0.0.5\n  colour: red\n"

    with pytest.raises(StateFileUnusable):
        parse_overlay(text, Path("providers.yaml"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), schemas.PROVIDERS)
