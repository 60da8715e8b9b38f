"""What kind of request an agent sends, so that a person can serve one kind elsewhere. Pure.

Measured on Claude Code 2.1.332 (`x-claude-code-agent-id`, and `x-claude-code-request-class` where
`pf-tui run` asks for it), OpenCode 1.18.33 (`x-parent-session-id`) and Codex 0.171.0
(`x-codex-parent-thread-id`, `x-openai-subagent`).
"""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    RequestClass: TypeAlias = Literal["main", "subagent", "background", "websearch"]

CLASSES: tuple[RequestClass, ...] = ("main", "subagent", "background", "websearch")
"""The conversation itself, a helper it started, titles and summaries, a search of the web."""

MEANINGS: Mapping[str, str] = {
    "main": "the conversation itself",
    "subagent": "helpers that a conversation starts",
    "background": "titles, summaries and other small requests beside a conversation",
    "websearch": "searches of the web (Claude Code)",
}

_HINTS: Mapping[str, RequestClass] = {
    "main": "main",
    "compaction": "main",
    "subagent": "subagent",
    "workflow": "subagent",
    "auxiliary": "background",
}
"""Claude Code's own words for it."""

_OF_SUBAGENTS = ("x-claude-code-agent-id", "x-parent-session-id", "x-codex-parent-thread-id")
_MOST_SEARCH_BYTES = 256 * 1024
"""A search is a request of its own with one tool; a larger one is a conversation."""


@record
class ClassRule:
    """Where requests of one class go; at least one of both is set."""

    provider: str | None = None
    model: str | None = None


def class_of(headers: Mapping[str, str], raw: bytes) -> RequestClass:
    """The class of a request.

    Args:
        headers: found by lower-case names.
        raw: the body.
    """
    if _is_search(raw):
        return "websearch"
    if any(name in headers for name in _OF_SUBAGENTS):
        return "subagent"
    hint = _HINTS.get(headers.get("x-claude-code-request-class", ""))
    if hint is not None:
        return hint
    if headers.get("x-openai-subagent") == "memory_consolidation":
        return "background"
    return "background" if _has_no_tools(headers, raw) else "main"


def _is_search(raw: bytes) -> bool:
    """Its only tool is the vendor's own web search."""
    if b'"web_search_2' not in raw or len(raw) > _MOST_SEARCH_BYTES:
        return False
    import json  # this module's names are read where nobody needs it

    try:
        tools = json.loads(raw).get("tools")
    except (ValueError, AttributeError, RecursionError):
        return False
    if not isinstance(tools, list) or len(tools) != 1 or not isinstance(tools[0], dict):
        return False
    return str(tools[0].get("type", "")).startswith("web_search_2")


def _has_no_tools(headers: Mapping[str, str], raw: bytes) -> bool:
    """OpenCode and Claude Code send titles and summaries without a tool; a conversation has some."""
    import re

    tracked = "x-session-id" in headers or "x-claude-code-session-id" in headers
    return tracked and (b'"tools"' not in raw or re.search(rb'"tools"\s*:\s*\[\s*\]', raw) is not None)
