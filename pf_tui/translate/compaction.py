"""Codex's remote compaction where the provider knows none: the model that serves writes the summary.

Codex 0.169 and 0.171 ask for it under a provider that they take for OpenAI's: the last input item is a
`compaction_trigger`, and the answer must hold exactly one `compaction` item, which goes back with every later
turn (measured; openai/codex#22809). Our item holds the summary itself, behind our mark.
"""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.json_values import list_in, text_in
from pf_tui.translate.conversation import Answer, Close, End, Failure, Open, Text
from pf_tui.translate.growing_text import GrowingText
from pf_tui.translate.reasoning import marked, read_mark
from pf_tui.translate.responses_items import response_object, status_of
from pf_tui.translate.responses_writer import NumberedWriter

TRIGGER = "compaction_trigger"
KINDS = ("compaction", "context_compaction", "compaction_summary")
"""Items that stand for an earlier part of the conversation."""

FOREIGN = "an earlier part of the conversation was compacted by its vendor: nobody else reads it"
"""What is noted of an item that is not ours."""

_MAKER = "compaction"

_ASK = """\
The conversation is about to be cut: only your answer to this message and the user's own messages remain.
Write the summary that another model needs to go on without a question:
- what was asked, and every constraint or preference that was said
- what has been done and decided, with file names, commands and results that matter
- what is left to do, the next step first
Answer with the summary alone and call no tool."""

_SUMMARY = "This is a summary of the earlier part of this conversation, written by the model that had it:"
_UNREADABLE = "[An earlier part of this conversation was compacted by its vendor and cannot be read here.]"
_NO_SUMMARY = Failure("server", "the model wrote no summary of the conversation")


def is_asked(body: Mapping[str, object]) -> bool:
    """True for a Responses request that wants the conversation compacted."""
    items = body.get("input")
    last = items[-1] if isinstance(items, list) and items else None
    return isinstance(last, Mapping) and last.get("type") == TRIGGER


def as_question(body: dict[str, object]) -> dict[str, object]:
    """The same conversation with the summary asked for in words."""
    question = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": _ASK}]}
    items = list_in(body, "input")[:-1]
    has_tools = body.get("tools") or any(
        isinstance(item, Mapping) and item.get("type") == "additional_tools" for item in items
    )
    return {**body, "input": [*items, question]} | ({"tool_choice": "none"} if has_tools else {})


def words(item: Mapping[str, object]) -> str:
    """What an item of an earlier compaction says; its vendor's own says nothing here."""
    maker, summary, _ = read_mark(text_in(item, "encrypted_content"))
    return f"{_SUMMARY}\n{summary}" if maker == _MAKER and summary else _UNREADABLE


def is_ours(item: Mapping[str, object]) -> bool:
    """True for an item that holds a summary of ours."""
    return read_mark(text_in(item, "encrypted_content"))[0] == _MAKER


def message(item: Mapping[str, object]) -> dict[str, object]:
    """The item as a message of the user's."""
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": words(item)}]}


def _item(message_id: str, summary: str) -> dict[str, object]:
    item_id = f"cmp_{message_id.removeprefix('resp_')}"
    return {"type": "compaction", "id": item_id, "encrypted_content": marked(_MAKER, summary)}


def whole(answer: Answer, model: str, message_id: str, created: int) -> dict[str, object] | Failure:
    """A whole answer as the one item."""
    summary = "".join(part.text for part in answer.parts if type(part) is Text).strip()
    if not summary:
        return _NO_SUMMARY
    response = response_object(message_id, model, created)
    return response | status_of("end", answer.usage) | {"output": [_item(message_id, summary)]}


class EventWriter(NumberedWriter):
    """Neutral events -> a Responses stream of the one item. Args: as `NumberedWriter`."""

    def __init__(self, model: str, message_id: str, created: int = 0) -> None:
        super().__init__(model, message_id, created)
        self._message_id = message_id
        self._summary = GrowingText()
        self._kind = ""

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        return self._event("response.created", response=self._response)

    def _start(self, start: Open) -> bytes:
        self._kind = start.kind
        return b""

    def _delta(self, text: str) -> bytes:
        if self._kind == "text":
            self._summary.add(text)
        return b": keep-alive\n\n"

    def _close(self, close: Close) -> bytes:
        return b""

    def _end(self, end: End) -> bytes:
        summary = str(self._summary).strip()
        if not summary:
            return self._fail(_NO_SUMMARY)
        item = _item(self._message_id, summary)
        out = self._event("response.output_item.added", output_index=0, item=item)
        out += self._event("response.output_item.done", output_index=0, item=item)
        response = self._response | status_of("end", end.usage) | {"output": [item]}
        return out + self._event("response.completed", response=response)
