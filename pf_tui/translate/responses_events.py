"""OpenAI Responses as a stream: its typed events into neutral ones, and back."""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.json_values import list_in, object_in, text_in
from pf_tui.translate.conversation import (
    Begin,
    Close,
    End,
    Event,
    Open,
    Stop,
    Usage,
    dollars,
    stop_of_what_was_sent,
    tokens,
)
from pf_tui.translate.failures import classify
from pf_tui.translate.growing_text import GrowingText
from pf_tui.translate.responses_items import (
    call_item,
    message_item,
    reasoning_item,
    status_of,
)
from pf_tui.translate.responses_writer import NumberedWriter
from pf_tui.translate.streams import StreamReader


def read_usage(usage: object) -> Usage:
    """Tokens of a Responses answer: the cached ones are part of its total, and taken out of it."""
    if not isinstance(usage, Mapping):
        return Usage()
    cached = tokens(usage, "input_tokens_details", "cached_tokens")
    cache_write = tokens(usage, "input_tokens_details", "cache_write_tokens")
    ticks = usage.get("cost_in_usd_ticks")
    return Usage(
        input=max(0, tokens(usage, "input_tokens") - cached - cache_write),
        output=tokens(usage, "output_tokens"),
        cache_read=cached,
        cache_write=cache_write,
        reasoning=tokens(usage, "output_tokens_details", "reasoning_tokens"),
        cost_usd=ticks / 1e10 if isinstance(ticks, (int, float)) else dollars(usage),
    )


def stop_of(response: Mapping[str, object]) -> Stop:
    """Why a response stopped."""
    if response.get("status") != "incomplete":
        return "end"
    reason = object_in(response, "incomplete_details").get("reason")
    return "refusal" if reason == "content_filter" else "length"


def reasoning_words(item: Mapping[str, object]) -> str:
    """The words of a reasoning item: its text where the vendor shows it, else its summary."""
    for key in ("content", "summary"):
        words = [text_in(part, "text") for part in list_in(item, key) if isinstance(part, dict)]
        if any(words):
            return "\n\n".join(words)
    return ""


class EventReader(StreamReader):
    """Responses events -> neutral events."""

    def __init__(self) -> None:
        super().__init__()
        self._done_keys: set[object] = set()
        self._summary: dict[object, object] = {}
        self._refused = False

    def _event(self, name: bytes, data: bytes) -> list[Event]:
        event = self._content(data)
        if isinstance(event, list):
            return event
        kind = event.get("type") or name.decode(errors="replace")
        key = event.get("output_index", event.get("item_id"))
        if kind in ("response.output_text.delta", "response.refusal.delta"):
            self._refused = self._refused or kind == "response.refusal.delta"
            return self._words(("text", key), "text", text_in(event, "delta"))
        if kind in ("response.reasoning_summary_text.delta", "response.reasoning_text.delta"):
            return self._thought(key, event)
        if kind in ("response.function_call_arguments.delta", "response.custom_tool_call_input.delta"):
            self._done_keys.add(key)
            return self._blocks.add(key, text_in(event, "delta"))
        if kind == "response.output_item.added":
            return self._added(key, object_in(event, "item"))
        if kind == "response.output_item.done":
            return self._done(key, object_in(event, "item"))
        if kind == "response.created":
            return [Begin(text_in(object_in(event, "response"), "model"))]
        if kind in ("response.completed", "response.incomplete", "response.done"):
            return self._end(object_in(event, "response"))
        if kind in ("response.failed", "response.cancelled", "error") or event.get("error"):
            self.ended = True
            return [classify(None, event)]
        return []

    def _words(self, key: object, kind: str, text: str) -> list[Event]:
        self._done_keys.add(key)
        if self._blocks.has(key):
            return self._blocks.add(key, text)
        return self._blocks.open(key, Open(kind)) + self._blocks.add(key, text)  # type: ignore[arg-type]

    def _thought(self, key: object, event: Mapping[str, object]) -> list[Event]:
        text = text_in(event, "delta")
        number = event.get("summary_index", 0)
        if self._summary.setdefault(key, number) != number:
            self._summary[key] = number
            text = f"\n\n{text}"
        return self._words(key, "thinking", text)

    def _added(self, key: object, item: Mapping[str, object]) -> list[Event]:
        kind = item.get("type")
        if kind in ("function_call", "custom_tool_call"):
            return self._blocks.open(key, _start(item))
        if kind == "reasoning":
            return self._blocks.open(key, Open("thinking", str(item.get("id") or "")))
        return []

    def _done(self, key: object, item: Mapping[str, object]) -> list[Event]:
        """The item whole: what it holds that was not streamed is told now."""
        kind = item.get("type")
        events: list[Event] = []
        if kind == "message":
            key = ("text", key)
            parts = [part for part in list_in(item, "content") if isinstance(part, dict)]
            self._refused = self._refused or any(part.get("type") == "refusal" for part in parts)
            text = "".join(part.get("text") or part.get("refusal") or "" for part in parts)
            if key not in self._done_keys and text:
                events += self._words(key, "text", text)
            return events + self._blocks.close(key)
        if kind in ("function_call", "custom_tool_call"):
            if not self._blocks.has(key) and key not in self._done_keys:
                events += self._blocks.open(key, _start(item))
            if key not in self._done_keys and (arguments := item.get("arguments") or item.get("input")):
                self._done_keys.add(key)
                events += self._blocks.add(key, str(arguments))
            return events + self._blocks.close(key)
        if kind == "reasoning":
            if not self._blocks.has(key) and key not in self._done_keys:
                events += self._blocks.open(key, Open("thinking", str(item.get("id") or "")))
            if key not in self._done_keys and (text := reasoning_words(item)):
                events += self._blocks.add(key, text)
            self._done_keys.add(key)
            return events + self._blocks.close(key, Close(text_in(item, "encrypted_content")))
        return events

    def _end(self, response: Mapping[str, object]) -> list[Event]:
        self.ended = True
        self.usage = read_usage(response.get("usage"))
        if response.get("status") in ("failed", "cancelled"):
            return [classify(None, {"response": response})]
        events: list[Event] = []
        if not self._blocks.blocks:
            for index, item in enumerate(list_in(response, "output")):
                if isinstance(item, dict):
                    events += self._done(index, item)
        events += self._blocks.close_all()
        stop: Stop = "refusal" if self._refused else stop_of(response)
        return [*events, End(stop_of_what_was_sent(stop, self._blocks.calls > 0), self.usage)]


def _start(item: Mapping[str, object]) -> Open:
    namespace = item.get("namespace")
    return Open(
        "call",
        str(item.get("call_id") or item.get("id") or ""),
        str(item.get("name") or ""),
        namespace if isinstance(namespace, str) and namespace else None,
        item.get("type") == "custom_tool_call",
    )


class EventWriter(NumberedWriter):
    """Neutral events -> Responses events. Args: as `NumberedWriter`."""

    def __init__(self, model: str, message_id: str, created: int = 0) -> None:
        super().__init__(model, message_id, created)
        self._stem = message_id.removeprefix("resp_")
        self._index = -1
        self._open: Open = Open("text")
        self._item_id = ""
        self._text = GrowingText()

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        return self._event("response.created", response=self._response) + self._event(
            "response.in_progress", response=self._response
        )

    def _start(self, start: Open) -> bytes:
        self._index += 1
        self._open, self._text = start, GrowingText()
        where: dict[str, object]
        if start.kind == "text":
            self._item_id = f"msg_{self._stem}_{self._index}"
            item = message_item(self._item_id, "", "in_progress")
            part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
            where = {"item_id": self._item_id, "output_index": self._index, "content_index": 0, "part": part}
            second = ("response.content_part.added", where)
        elif start.kind == "thinking":
            self._item_id = f"rs_{self._stem}_{self._index}"
            item = reasoning_item(self._item_id, "", "")
            where = {"item_id": self._item_id, "output_index": self._index, "summary_index": 0}
            second = (
                "response.reasoning_summary_part.added",
                where | {"part": {"type": "summary_text", "text": ""}},
            )
        else:
            self._item_id = f"{'ctc' if start.custom else 'fc'}_{self._stem}_{self._index}"
            item = call_item(self._item_id, start, "", "in_progress")
            return self._event("response.output_item.added", output_index=self._index, item=item)
        added_event = self._event("response.output_item.added", output_index=self._index, item=item)
        return added_event + self._event(second[0], **second[1])

    def _delta(self, text: str) -> bytes:
        self._text.add(text)
        where: dict[str, object] = {"item_id": self._item_id, "output_index": self._index}
        kind = self._open.kind
        if kind == "text":
            return self._event(
                "response.output_text.delta", **where, content_index=0, delta=text, logprobs=[]
            )
        if kind == "thinking":
            return self._event("response.reasoning_summary_text.delta", **where, summary_index=0, delta=text)
        name = "custom_tool_call_input" if self._open.custom else "function_call_arguments"
        return self._event(f"response.{name}.delta", **where, delta=text)

    def _close(self, close: Close) -> bytes:
        text = str(self._text)
        self._text = GrowingText()
        where: dict[str, object] = {"item_id": self._item_id, "output_index": self._index}
        kind = self._open.kind
        if kind == "text":
            item = message_item(self._item_id, text)
            out = self._event("response.output_text.done", **where, content_index=0, text=text, logprobs=[])
            out += self._event(
                "response.content_part.done", **where, content_index=0, part=list_in(item, "content")[0]
            )
        elif kind == "thinking":
            item = reasoning_item(self._item_id, text, close.signature)
            part = {"type": "summary_text", "text": text}
            out = self._event("response.reasoning_summary_text.done", **where, summary_index=0, text=text)
            out += self._event("response.reasoning_summary_part.done", **where, summary_index=0, part=part)
        else:
            item = call_item(self._item_id, self._open, text)
            if self._open.custom:
                out = self._event("response.custom_tool_call_input.done", **where, input=text)
            else:
                name = self._open.name
                out = self._event("response.function_call_arguments.done", **where, name=name, arguments=text)
        self._items.append(item)
        return out + self._event("response.output_item.done", output_index=self._index, item=item)

    def _end(self, end: End) -> bytes:
        status = status_of(end.stop, end.usage)
        kind = "response.incomplete" if status["status"] == "incomplete" else "response.completed"
        return self._event(kind, response=self._response | status | {"output": self._items})
