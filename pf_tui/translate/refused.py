"""Which field or beta a vendor's 400 names, so that it can be left out, asked once more, and remembered."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_NAMED_PARTS = (
    r"Unexpected value\(s\) [`'\"](?P<beta>[^`'\"]+)[`'\"] for the `?anthropic-beta`? header",
    r"(?P<path>[\w.\[\]-]+): Extra inputs are not permitted",
    r"Unknown name \"(?P<path>[\w$.]+)\"",
    r"the property '(?P<path>[\w.]+)' is unsupported",
    r"property '(?P<path>[\w.]+)' is unsupported",
    r"Argument not supported: (?P<path>[\w.]+)",
    r"(?:Unsupported|Unknown|Unrecognized) (?:parameter|argument)s?:? ?[`'\"](?P<path>[\w.\[\]]+)",
    r"Unrecognized request argument supplied: (?P<path>[\w.]+)",
    r"unknown field:? [`'\"]?(?:parameter ')?(?P<path>[\w.]+)",
    r"parameter '(?P<path>[\w.]+)' is not (?:a valid field|supported)",
    r"does not support (?:the )?parameter [`'\"]?(?P<path>[\w.]+)",
    r"(?P<path>[\w.]+): unknown parameter",
    r"`(?P<path>[\w.]+)` is deprecated for this model",
    r"(?P<path>tool_choice): type \"",
    r"Unsupported value: '(?P<path>[\w.]+)'",
    r"extraneous key \[(?P<path>[\w.]+)\] is not permitted",
    r"'loc': \('body', '(?P<path>[\w.]+)'",
)
"""Wordings of Anthropic, Gemini, Groq, xAI, OpenAI, Together, Cohere, Z.AI, Bedrock and pydantic."""

_ESSENTIALS = frozenset(
    ("model", "messages", "input", "tools", "max_tokens", "stream", "system", "instructions")
)
"""Without these a request is no request: an error that names one is about its value."""

BETA = "beta:"
"""Begins the name of a refused beta."""

EFFORT = "effort:"
"""How hard to think, in whatever field the protocol has it."""

LIMIT = "limit:"
"""Before the largest output limit that is taken, in tokens."""

EMPTY = "empty:"
"""Texts of the conversation that hold nothing."""

NO_EFFORT = "effort:none"
"""Function tools are taken without reasoning alone (GPT-5.4 and later on Chat)."""

PREFILL = "prefill:"
"""A beginning of the answer, as the last turn."""

_WHOLE_PARTS = (
    (r"[Ff]unction tools with reasoning_effort are not supported", NO_EFFORT),
    (r"does not support the effort parameter", EFFORT),
    (r"text content blocks must (?:be non-empty|contain non-whitespace text)", EMPTY),
    (r"does not support assistant message prefill|conversation must end with a user message", PREFILL),
)

_LIMIT_WORDS = (
    r"max_(?:completion_|output_)?tokens`?: \d+ > (\d+)",
    r"supports at most (\d+) (?:completion|output) tokens",
    r"max_(?:completion_|output_)?tokens`? must be less than or equal to `?(\d+)",
    r"range of max_tokens (?:is|should be) \[\d+, ?(\d+)\]",
)
"""Wordings of Anthropic, OpenAI, Groq, DeepSeek and DashScope."""


def refused_part(status: int, body: bytes) -> str | None:
    """The field ("store", "messages.name", "context_management") or beta ("beta:NAME") that was refused.

    Also EFFORT, NO_EFFORT, EMPTY, PREFILL, or LIMIT with a number. None when the answer is no 400 or 422, or
    names nothing that a request can do without. A field goes into the dialect's `refused_fields`, a beta out
    of its `betas`.
    """
    if status not in (400, 422):
        return None
    text = body.decode(errors="replace")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if (path := _extra_forbidden(content)) is not None:
        return path
    text = text.replace('\\"', '"')
    for pattern, part in _WHOLE_PARTS:
        if re.search(pattern, text):
            return part
    for pattern in _LIMIT_WORDS:
        if match := re.search(pattern, text):
            return LIMIT + match[1]
    for pattern in _NAMED_PARTS:
        if (match := re.search(pattern, text)) is None:
            continue
        groups = match.groupdict()
        if beta := groups.get("beta"):
            return BETA + beta.split(",")[0].strip()
        return _path(str(groups["path"]).replace("[", ".").replace("]", "").split("."))
    return None


def _extra_forbidden(content: object) -> str | None:
    """Mistral's list of details: {type: extra_forbidden, loc: [body, name]}."""
    holder = content.get("message") if isinstance(content, Mapping) else None
    for candidate in (holder, content):
        details = candidate.get("detail") if isinstance(candidate, Mapping) else None
        for detail in details if isinstance(details, list) else ():
            if isinstance(detail, Mapping) and detail.get("type") == "extra_forbidden":
                loc = detail.get("loc")
                if isinstance(loc, list):
                    return _path([str(step) for step in loc if step != "body"])
    return None


def _path(steps: list[str]) -> str | None:
    """Without the numbers, and without the kind that a union puts between."""
    kinds = ("custom", "function", "user", "assistant", "tool", "ephemeral", "content", "text")
    names = [step for step in steps if step and not step.isdigit()]
    if names and names[0] in ("messages", "tools", "input", "system"):
        inner = [name for name in names[1:] if name not in kinds]
        if "cache_control" in inner:
            inner = inner[inner.index("cache_control") :]
            return ".".join(inner) if len(inner) > 1 else None
        return f"{names[0]}.{inner[-1]}" if inner else None
    return ".".join(names) if names and (len(names) > 1 or names[0] not in _ESSENTIALS) else None
