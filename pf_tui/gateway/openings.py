"""Where an answer begins: a handshake, an empty block and a bare end are no answer yet.

What is no answer may still move to another provider, unseen by the client.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import msgspec

_HANDSHAKES = frozenset(
    {
        *("message_start", "content_block_stop", "message_stop"),
        *("response.created", "response.in_progress", "response.queued"),
    }
)
"""Types of events that say nothing of the answer, whatever they hold."""

_ORDINARY_ENDS = frozenset({None, "", "end_turn", "stop", "tool_use", "tool_calls", "function_call"})
"""Ends that promise an answer; every other one ("length", "refusal" …) tells itself why there is none."""

_WORDS = ("text", "thinking", "signature", "data", "partial_json", "citation", "refusal", "encrypted_content")
_BARE_BLOCKS = frozenset({"text", "thinking"})
_THOUGHTS = frozenset({"thinking", "redacted_thinking", "reasoning"})
_BARE_PARTS = frozenset({"text", "output_text", "summary_text", "reasoning_text", "refusal"})


def is_opening(kind: str | None, data: bytes) -> bool:
    """True when an event that is JSON holds nothing of an answer yet.

    Args:
        kind: its `type`.
        data: its payload.
    """
    if kind in _HANDSHAKES:
        return True
    try:
        event = content_of(data)
    except (ValueError, RecursionError):
        return False
    if not isinstance(event, dict):
        return False
    if kind is None:
        return not any(map(_choice_says, _mappings(event.get("choices"))))
    if kind.startswith("response."):
        return not _responses_says(kind, event)
    if kind == "content_block_start":
        return _is_bare(event.get("content_block"), _BARE_BLOCKS)
    if kind == "content_block_delta":
        return _is_bare(event.get("delta"), None)
    if kind == "message_delta":
        return _field(event.get("delta"), "stop_reason") in _ORDINARY_ENDS
    return False


def is_empty_answer(answer: object) -> bool:
    """True when a whole answer of any of the three protocols holds nothing, or nothing but thoughts."""
    if not isinstance(answer, dict):
        return False
    if isinstance(answer.get("choices"), list):
        return not any(_choice_says(choice, thoughts=False) for choice in _mappings(answer["choices"]))
    if isinstance(answer.get("output"), list):
        return answer.get("status") != "incomplete" and not any(
            _item_says(item, done=True)
            for item in _mappings(answer["output"])
            if item.get("type") not in _THOUGHTS
        )
    blocks = answer.get("content")
    if isinstance(blocks, str):
        return not blocks.strip()
    ended = answer.get("stop_reason") in _ORDINARY_ENDS
    return ended and all(
        block.get("type") in _THOUGHTS or _is_bare(block, _BARE_BLOCKS) for block in _mappings(blocks)
    )


def content_of(data: bytes | bytearray) -> object:
    """The value that JSON holds; what msgspec refuses (half a surrogate pair) is left to the slower reader.

    Raises ValueError or RecursionError.
    """
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        return json.loads(data)


def _choice_says(choice: Mapping[str, object], *, thoughts: bool = True) -> bool:
    """Args: thoughts: reasoning is an answer; in a stream the client sees it grow."""
    if choice.get("finish_reason") not in _ORDINARY_ENDS:
        return True
    message = choice.get("delta") or choice.get("message") or {}
    if not isinstance(message, dict):
        return True
    return _says(choice.get("text")) or any(
        _says(value)
        for name, value in message.items()
        if name != "role" and (thoughts or not name.startswith("reasoning"))
    )


def _says(value: object) -> bool:
    """Something is there; a blank text is nothing."""
    return bool(value.strip() if isinstance(value, str) else value)


def _responses_says(kind: str, event: Mapping[str, object]) -> bool:
    if kind in ("response.output_item.added", "response.output_item.done"):
        return _item_says(event.get("item"), done=kind.endswith("done"))
    if "part" in event:
        return not _is_bare(event["part"], _BARE_PARTS)
    if kind == "response.completed":
        output = _field(event.get("response"), "output")
        return any(_item_says(item, done=True) for item in _mappings(output))
    if kind.endswith(".delta"):
        return _says(event.get("delta"))
    if kind.endswith("text.done"):
        return _says(event.get("text"))
    return True


def _item_says(item: object, *, done: bool) -> bool:
    if not isinstance(item, dict):
        return False
    kind = item.get("type")
    if kind == "message":
        return any(not _is_bare(part, _BARE_PARTS) for part in _mappings(item.get("content")))
    if kind == "reasoning":
        parts = [*_mappings(item.get("summary")), *_mappings(item.get("content"))]
        sealed = done and bool(item.get("encrypted_content"))
        return sealed or any(not _is_bare(part, _BARE_PARTS) for part in parts)
    return kind is not None


def _is_bare(block: object, kinds: frozenset[str] | None) -> bool:
    """Nothing in it; a block of a kind outside `kinds` says something by its kind alone."""
    if not isinstance(block, dict):
        return True
    if kinds is not None and block.get("type") not in kinds:
        return False
    return not any(_says(block.get(word)) for word in _WORDS)


def _field(value: object, name: str) -> object:
    field = value.get(name) if isinstance(value, dict) else None
    return field if field is None or isinstance(field, str | list) else str(field)


def _mappings(values: object) -> Iterable[dict[str, object]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
