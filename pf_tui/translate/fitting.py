"""A request edited until one provider takes it, by its dialect.

What concerns one protocol is in `fit_messages`, `fit_chat` and `fit_responses`; fields of any protocol here.
"""

from __future__ import annotations

from pf_tui.json_values import objects_in
from pf_tui.translate import fit_chat, fit_messages, fit_responses
from pf_tui.translate.conversation import Notes
from pf_tui.translate.dialect import Dialect, drop_field
from pf_tui.translate.naming import ToolName
from pf_tui.translate.reasoning import ReasoningStore

_FITS = {
    "anthropic-messages": fit_messages.fit,
    "openai-chat": fit_chat.fit,
    "openai-responses": fit_responses.fit,
}


def fit(
    body: dict[str, object], target: Dialect, notes: Notes, store: ReasoningStore | None = None
) -> dict[str, ToolName]:
    """Edit a request in place until `target` takes it.

    Args:
        body: has the target's protocol.
        store: reasoning and signatures by call id.
    Returns:
        The tool names that changed: name upstream -> what the client calls it.
    """
    move_fields(body, target)
    names = _FITS[target.protocol](body, target, notes, store)
    refuse_fields(body, target)
    return names


def move_fields(body: dict[str, object], target: Dialect) -> None:
    """Rename what goes by another name there, add what must be said, clamp the output limit."""
    for old, new in target.moved_fields.items():
        if old in body:
            value = body.pop(old)
            body.setdefault(new, value)
    for name, value in target.set_fields.items():
        if not (name == "tool_stream" and not (body.get("stream") and body.get("tools"))):
            body.setdefault(name, value)
    if not target.limit_field:
        return
    limit = None
    for name in ("max_completion_tokens", "max_tokens", "max_output_tokens"):
        value = body.pop(name, None)
        if isinstance(value, int):
            limit = value
    if limit is None:
        limit = target.limit_default or None
    if limit is not None:
        limit = max(limit, target.limit_least)
        body[target.limit_field] = min(limit, target.limit_most) if target.limit_most else limit


def refuse_fields(body: dict[str, object], target: Dialect) -> None:
    """Take out what it refuses. Nothing here changes what the answer means."""
    for path in target.refused_fields:
        drop_field(body, path)
    if target.allowed_fields:
        for name in [name for name in body if name not in target.allowed_fields]:
            del body[name]
    if target.message_fields:
        for message in objects_in(body, "messages"):
            for name in [name for name in message if name not in target.message_fields]:
                del message[name]
