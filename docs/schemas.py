"""JSON schemas of the files people edit. docs/reference/config.md and the .json files are made from them.

tests/docs compares them with what pf-tui's own readers take and refuse.
"""

from __future__ import annotations

from typing import Any

from pf_tui.state import settings_table
from pf_tui.state.answer_rules import RULE_KEYS
from pf_tui.state.setting_kinds import EACH, Setting
from pf_tui.state.settings_table import SETTINGS

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_TYPES: dict[str, dict[str, Any]] = {
    "flag": {"type": "boolean"},
    "text": {"type": "string"},
    "moment": {"type": "string", "format": "date-time"},
    "names": {"type": "array", "items": {"type": "string"}},
    "number": {"type": "number"},
    "whole": {"type": "integer"},
    "budget": {"type": ["number", "string"], "minimum": 0, "pattern": "^unlimited$"},
    "object": {"type": "object"},
    "list": {"type": "array"},
}


def _schema(setting: Setting, sentence: str) -> dict[str, Any]:
    """One setting as a schema says it."""
    kind = setting.kind
    if kind.type == "choice":
        made: dict[str, Any] = {"enum": list(kind.words)}
    elif kind.type == "words":
        made = {"type": "array", "items": {"enum": list(kind.words)}}
    else:
        made = dict(_TYPES[kind.type])
    if kind.low is not None:
        made["exclusiveMinimum" if kind.above else "minimum"] = kind.low
    if kind.high is not None:
        made["maximum"] = kind.high
    if setting.default not in (None, ()):
        made["default"] = list(setting.default) if isinstance(setting.default, tuple) else setting.default
    return {**made, **({"description": sentence} if sentence else {})}


def _config() -> dict[str, Any]:
    """The properties of config.json, nested as they stand in it."""
    root: dict[str, Any] = {}
    for setting in SETTINGS:
        if setting.key:
            *parents, name = setting.key.split(".")
            place = root
            for parent in parents:
                place = _inside(place, parent)
            schema = {**_schema(setting, setting.sentence), **_MORE.get(setting.key, {})}
            place.setdefault("properties", {})[name] = schema
    properties: dict[str, Any] = root["properties"]
    return properties


def _inside(place: dict[str, Any], name: str) -> dict[str, Any]:
    """The object of that name, made when it is not there; ID is any provider's."""
    if name == EACH:
        inner: dict[str, Any] = place.setdefault("additionalProperties", {"type": "object"})
    else:
        inner = place.setdefault("properties", {}).setdefault(name, {"type": "object"})
    return inner


_MORE: dict[str, dict[str, Any]] = {
    "pf.gateway.providers": {
        "additionalProperties": {
            "type": "object",
            "properties": {one.name: _schema(one, one.sentence) for one in SETTINGS if one.each},
        }
    },
    "pf.gateway.rules": {
        "items": {
            "type": "object",
            "anyOf": [{"required": ["then"]}, {"required": ["class"]}],
            "properties": {one.key: _schema(one, one.sentence) for one in RULE_KEYS},
        }
    },
    "pf.dashboard.keys": {
        "additionalProperties": {"type": ["string", "array"], "items": {"type": "string"}},
    },
}
"""What stands inside a setting, where that is not a setting of its own."""

CONFIG: dict[str, Any] = {
    "$schema": DRAFT,
    "title": "config.json",
    "description": "What you decided. The original plugin's file; keys of pf-tui alone stand under `pf`. "
    "Unknown keys and the order of all keys are kept.",
    "type": "object",
    "properties": _config(),
}

_PRICE = {
    "type": "object",
    "required": ["input", "output"],
    "additionalProperties": False,
    "description": "US dollars per million tokens.",
    "properties": {
        "input": {"type": "number", "minimum": 0, "description": "Input that is not cached."},
        "output": {"type": "number", "minimum": 0, "description": "Output, with reasoning."},
        "cache_read": {"type": "number", "minimum": 0, "description": "Input read from the cache."},
        "cache_write": {"type": "number", "minimum": 0, "description": "Written to the cache for 5 minutes."},
        "cache_write_1h": {
            "type": "number",
            "minimum": 0,
            "description": "Written to the cache for an hour.",
        },
    },
}

_PROTOCOLS = ["anthropic", "openai", "anthropic-messages", "openai-chat", "openai-responses"]

_PROVIDER: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "description": "The provider's id: one of the catalog's, or a new one."},
        "name": {"type": "string", "description": "The name on screen."},
        "family": {"type": "string", "description": "The family it is listed under."},
        "auth": {
            "enum": ["api_key", "token", "oauth", "subscription", "iam", "service_account", "none"],
            "default": "api_key",
            "description": "How one signs in; `none` for a server that asks for no key.",
        },
        "env": {
            "type": ["string", "array"],
            "items": {"type": "string"},
            "description": "The variable that holds the key, or several. Never a key itself.",
        },
        "protocols": {
            "type": ["string", "array"],
            "items": {"enum": _PROTOCOLS},
            "description": "What the server speaks.",
        },
        "base_url": {"type": "string", "description": "One URL for all protocols, with or without /v1."},
        "base_urls": {
            "type": "object",
            "additionalProperties": False,
            "description": "A URL per protocol.",
            "properties": {name: {"type": "string", "description": "Its URL."} for name in _PROTOCOLS},
        },
        "headers": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Sent with every request; never a key.",
        },
        "enabled": {"type": "boolean", "default": True, "description": "false: it never serves."},
        "models": {
            "type": ["array", "object"],
            "description": "Names, or names with their settings: `id` (what the server calls it), `name`, "
            "`context` and `max_output` (tokens), `price`.",
        },
        "prices": {
            "type": "object",
            "description": "One price for everything it serves, or a price by model.",
        },
        "default_model": {"type": "string", "description": "Served when no model is asked for."},
        "dialect": {
            "type": "object",
            "description": "What it takes of its protocols, as `catalog/dialects.yaml` says it of the "
            "shipped ones: `limit_field`, `efforts`, `refused_fields`, `hosted_tools` …; `models` holds the "
            "same by pattern, a protocol's name the same for it alone.",
        },
    },
}

PROVIDERS: dict[str, Any] = {
    "$schema": DRAFT,
    "title": "providers.yaml",
    "description": "Your own providers, and your changes to the catalog's. pf-tui reads it, never writes it. "
    "Examples: ../catalog.md.",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "version": {"type": "integer", "default": 1, "description": "Of this file's form."},
        "providers": {
            "type": ["array", "object"],
            "description": "A list of providers with an id each, or ids with their settings.",
            "items": _PROVIDER,
            "additionalProperties": _PROVIDER,
        },
    },
    "$defs": {"price": _PRICE},
}


def _project() -> dict[str, Any]:
    """The keys of a project's file, in both spellings."""
    made: dict[str, Any] = {}
    for setting in settings_table.PROJECT:
        schema = _schema(setting, setting.here)
        if setting.key:
            schema.pop("default", None)  # without it the person's own holds
        if setting.kind.type == "names":
            schema["type"] = ["array", "string"]
        made[setting.project] = schema
        if setting.old_project:
            made[setting.old_project] = {
                **schema,
                "description": "The same, in the original README's spelling.",
            }
    return made


_UNTRUSTED = " and ".join(f"`{one.project}`" for one in settings_table.PROJECT if one.untrusted)

PROJECT: dict[str, Any] = {
    "$schema": DRAFT,
    "title": ".opencode/provider-fallback.local.md",
    "description": "What a project overrides, as YAML front matter between two lines of `---`. "
    "The text below is yours. The nearest file up to the git root counts. "
    f"Until you trust the file (`pf-tui trust`), only {_UNTRUSTED} are obeyed.",
    "type": "object",
    "properties": _project(),
}

SCHEMAS = {"config": CONFIG, "providers": PROVIDERS, "project": PROJECT}
