"""JSON schemas of the files people edit. docs/reference/config.md and the .json files are made from them.

tests/docs compares them with what pf-tui's own readers take and refuse.
"""

from __future__ import annotations

from typing import Any

from pf_tui.rules.failures import CLASSES, SCOPES
from pf_tui.state.answer_rules import LONGEST_REST_S

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_BUDGET = {"type": ["number", "string"], "minimum": 0, "pattern": "^unlimited$"}
_SECONDS = {"type": "number", "exclusiveMinimum": 0, "maximum": 86400}


def _budget(text: str) -> dict[str, Any]:
    return {**_BUDGET, "description": f'{text}; 0 or "unlimited" = no limit.'}


_GATEWAY_LIMITS = {
    "firstByteS": {
        **_SECONDS,
        "default": 60,
        "description": "Seconds until the first event of a stream; then the next provider is asked. "
        "An answer that is no stream may take five times as long.",
    },
    "stallS": {
        **_SECONDS,
        "default": 300,
        "description": "Seconds of silence inside a stream. Without it a model that thinks has 900.",
    },
    "answerMB": {
        "type": "integer",
        "minimum": 1,
        "maximum": 48,
        "default": 32,
        "description": "The largest answer that is no stream, in MB; more is a failure of its provider.",
    },
}

CONFIG: dict[str, Any] = {
    "$schema": DRAFT,
    "title": "config.json",
    "description": "What you decided. The original plugin's file; keys of pf-tui alone stand under `pf`. "
    "Unknown keys and the order of all keys are kept.",
    "type": "object",
    "properties": {
        "version": {"type": "number", "default": 2, "description": "A newer file is read, never written."},
        "defaultModel": {"type": "string", "description": "The model you want, in any spelling."},
        "providerPriority": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Provider ids, the first choice first. Without it: the catalog's order.",
        },
        "usageLimits": {
            "type": "object",
            "description": "Token budgets by provider id. Input, output and cache writes count.",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "dailyTokens": _budget("Tokens a day"),
                    "monthlyTokens": _budget("Tokens a month"),
                },
            },
        },
        "autoSwitch": {
            "type": "boolean",
            "default": True,
            "description": "Move on by itself when a provider fails. Off: the first of the list serves.",
        },
        "notifyOnSwitch": {
            "type": "boolean",
            "default": True,
            "description": "Say it in the agent when the provider changed.",
        },
        "pf": {
            "type": "object",
            "description": "What the original does not know.",
            "properties": {
                "usageLimits": {
                    "type": "object",
                    "description": "More budgets by provider id.",
                    "additionalProperties": {
                        "type": "object",
                        "properties": {
                            "dailyRequests": _budget("Requests a day"),
                            "monthlyRequests": _budget("Requests a month"),
                            "dailyUsd": _budget("US dollars a day"),
                            "monthlyUsd": _budget("US dollars a month"),
                        },
                    },
                },
                "thresholds": {
                    "type": "object",
                    "properties": {
                        "warn": {
                            "type": "number",
                            "exclusiveMinimum": 0,
                            "maximum": 1,
                            "default": 0.75,
                            "description": 'Share of a window from which a provider shows "warning".',
                        },
                        "switch": {
                            "type": "number",
                            "exclusiveMinimum": 0,
                            "maximum": 1,
                            "default": 0.95,
                            "description": 'Share from which it shows "limited": '
                            "new sessions of the gateway start elsewhere.",
                        },
                    },
                },
                "return": {
                    "enum": ["cheap", "now", "never"],
                    "default": "cheap",
                    "description": "When a session of the gateway goes back to a better provider: `cheap` = "
                    "from a paid key to a plan at the next request, else when its prompt cache is cold or "
                    "the conversation was compacted; `now` = always at the next request; `never` = new "
                    "sessions only.",
                },
                "keyring": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Providers whose key is in the keyring. Written by `pf-tui auth`.",
                },
                "notify": {
                    "type": "object",
                    "description": "The dashboard's notifications, while it has no focus.",
                    "properties": {
                        "bell": {"type": "boolean", "default": False, "description": "Ring the bell."},
                        "osc9": {
                            "type": "boolean",
                            "default": False,
                            "description": "The terminal's own notification (OSC 9).",
                        },
                        "on": {
                            "type": "array",
                            "items": {"enum": ["warn", "failover", "reset"]},
                            "default": ["warn", "failover", "reset"],
                            "description": "When.",
                        },
                    },
                },
                "gateway": {
                    "type": "object",
                    "properties": {
                        "port": {
                            "type": "integer",
                            "minimum": 0,
                            "maximum": 65535,
                            "description": "The port it listens on. Without it: a free one.",
                        },
                        "passThrough": {
                            "type": "boolean",
                            "default": False,
                            "description": "Let an agent's own login pass through to its own vendor. "
                            "Read faq-terms.md first.",
                        },
                        **_GATEWAY_LIMITS,
                        "shortWaitS": {
                            "type": "number",
                            "minimum": 0,
                            "maximum": 60,
                            "default": 3,
                            "description": "A limit that ends within so many seconds is waited out where the "
                            "session's prompt cache is warm, or where nobody else can be asked. 0 = never.",
                        },
                        "providers": {
                            "type": "object",
                            "description": "The two limits of silence by provider id.",
                            "additionalProperties": {"type": "object", "properties": _GATEWAY_LIMITS},
                        },
                        "rules": {
                            "type": "array",
                            "description": "Your own reading of a failed answer; the first match goes before "
                            "pf-tui's table.",
                            "items": {
                                "type": "object",
                                "anyOf": [{"required": ["then"]}, {"required": ["class"]}],
                                "properties": {
                                    "status": {"type": "integer", "description": "The HTTP status."},
                                    "text": {"type": "string", "description": "Words in the answer."},
                                    "pattern": {
                                        "type": "string",
                                        "description": "A regular expression instead of `text`.",
                                    },
                                    "then": {
                                        "enum": ["stop", "continue", "bench-and-stop", "bench-and-continue"],
                                        "description": "Stop or ask the next provider; "
                                        "and bench this one or not.",
                                    },
                                    "class": {
                                        "enum": list(CLASSES),
                                        "description": "What the answer means; says what follows without "
                                        "`then`.",
                                    },
                                    "scope": {"enum": list(SCOPES), "description": "What rests."},
                                    "restS": {
                                        "type": "number",
                                        "minimum": 1,
                                        "maximum": LONGEST_REST_S,
                                        "description": "Seconds of rest where the answer names no reset.",
                                    },
                                },
                            },
                        },
                    },
                },
                "dashboard": {
                    "type": "object",
                    "properties": {
                        "theme": {
                            "type": "string",
                            "default": "pf-dark",
                            "description": "A theme's name; `t` shows them all.",
                        },
                        "symbols": {
                            "enum": ["braille", "block", "ascii"],
                            "default": "braille",
                            "description": "What charts are drawn with.",
                        },
                        "keys": {
                            "type": "object",
                            "description": "Action id (keys.md) to its keys, parted by blanks or a list.",
                            "additionalProperties": {
                                "type": ["string", "array"],
                                "items": {"type": "string"},
                            },
                        },
                    },
                },
            },
        },
    },
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

PROJECT: dict[str, Any] = {
    "$schema": DRAFT,
    "title": ".opencode/provider-fallback.local.md",
    "description": "What a project overrides, as YAML front matter between two lines of `---`. "
    "The text below is yours. "
    "The nearest file up to the git root counts.",
    "type": "object",
    "properties": {
        "enabled": {
            "type": "boolean",
            "default": True,
            "description": "false: no automatic switching here, and agents say nothing of it.",
        },
        "default_model": {"type": "string", "description": "The model wanted here."},
        "auto_switch": {"type": "boolean", "description": "As autoSwitch, here."},
        "notify_on_switch": {"type": "boolean", "description": "As notifyOnSwitch, here."},
        "provider_priority": {
            "type": ["array", "string"],
            "items": {"type": "string"},
            "description": "Only these providers serve here, in this order.",
        },
        "priority_override": {
            "type": ["array", "string"],
            "items": {"type": "string"},
            "description": "The same, in the original README's spelling.",
        },
        "daily_limit": {
            "type": ["number", "string"],
            "minimum": 0,
            "pattern": "^unlimited$",
            "description": "Requests a day of each provider; 0 = your own budget counts.",
        },
        "monthly_limit": {
            "type": ["number", "string"],
            "minimum": 0,
            "pattern": "^unlimited$",
            "description": "Requests a month of each provider.",
        },
    },
}

SCHEMAS = {"config": CONFIG, "providers": PROVIDERS, "project": PROJECT}
