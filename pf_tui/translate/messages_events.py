"""Anthropic Messages as a stream: its events into neutral ones, and back."""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.json_values import object_in, optional_text, text_in
from pf_tui.translate import sse
from pf_tui.translate.conversation import (
    Begin,
    Close,
    End,
    Event,
    Failure,
    Open,
    Stop,
    Usage,
    dollars,
    stop_of_what_was_sent,
    tokens,
)
from pf_tui.translate.failures import classify, error_event
from pf_tui.translate.streams import StreamReader, StreamWriter

STOPS: Mapping[str, Stop] = {
    "end_turn": "end",
    "max_tokens": "length",
    "stop_sequence": "stop_sequence",
    "tool_use": "calls",
    "pause_turn": "pause",
    "refusal": "refusal",
    "model_context_window_exceeded": "overflow",
    "compaction": "pause",
}
"""What Anthropic says -> why it stopped."""

STOP_REASONS: Mapping[Stop, str] = {
    "end": "end_turn",
    "length": "max_tokens",
    "stop_sequence": "stop_sequence",
    "calls": "tool_use",
    "pause": "pause_turn",
    "refusal": "refusal",
    "overflow": "model_context_window_exceeded",
}


def read_usage(usage: object) -> Usage:
    """Tokens as Anthropic counts them: input beside both cache counts."""
    if not isinstance(usage, Mapping):
        return Usage()
    return Usage(
        input=tokens(usage, "input_tokens"),
        output=tokens(usage, "output_tokens"),
        cache_read=tokens(usage, "cache_read_input_tokens"),
        cache_write=tokens(usage, "cache_creation_input_tokens"),
        reasoning=tokens(usage, "output_tokens_details", "thinking_tokens"),
        cost_usd=dollars(usage),
    )


def write_usage(usage: Usage) -> dict[str, object]:
    """The four counts that Claude Code reads."""
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output,
    }


class EventReader(StreamReader):
    """Messages events -> neutral events."""

    def __init__(self) -> None:
        super().__init__()
        self._stop: Stop | None = None
        self._sequence: str | None = None
        self._signatures: dict[int, str] = {}
        self._skipped: set[int] = set()

    def _closed(self) -> list[Event]:
        return self._end() if self._stop is not None else super()._closed()

    def _event(self, name: bytes, data: bytes) -> list[Event]:
        event = self._content(data)
        if isinstance(event, list):
            return event
        kind = event.get("type")
        if kind == "content_block_delta":
            return self._delta(_index(event), object_in(event, "delta"))
        if kind == "content_block_start":
            return self._start(_index(event), object_in(event, "content_block"))
        if kind == "content_block_stop":
            index = _index(event)
            return self._blocks.close(index, Close(self._signatures.pop(index, "")))
        if kind == "message_start":
            message = object_in(event, "message")
            self.usage = read_usage(message.get("usage"))
            return [Begin(str(message.get("model") or ""))]
        if kind == "message_delta":
            self._message_delta(event)
            return []
        if kind == "message_stop":
            return self._end()
        if kind == "error" or event.get("error"):
            self.ended = True
            return [classify(None, event)]
        return []

    def _start(self, index: int, block: Mapping[str, object]) -> list[Event]:
        kind = block.get("type")
        if kind == "text":
            events = self._blocks.open(index, Open("text"))
            return events + (self._blocks.add(index, text) if (text := text_in(block, "text")) else [])
        if kind == "thinking":
            events = self._blocks.open(index, Open("thinking"))
            return events + (self._blocks.add(index, text) if (text := text_in(block, "thinking")) else [])
        if kind == "redacted_thinking":
            events = self._blocks.open(index, Open("thinking"))
            return events + self._blocks.close(index, Close(text_in(block, "data"), redacted=True))
        if kind == "tool_use":
            name = str(block.get("name") or "")
            events = self._blocks.open(index, Open("call", str(block.get("id") or ""), name))
            if block.get("input"):
                events += self._blocks.add(index, sse.dumps(block["input"]).decode())
            return events
        return []

    def _delta(self, index: int, delta: Mapping[str, object]) -> list[Event]:
        kind = delta.get("type")
        if kind == "text_delta":
            return self._blocks.add(index, text_in(delta, "text"))
        if kind == "input_json_delta":
            chunk = text_in(delta, "partial_json")
            return self._blocks.add(index, chunk) if chunk else []
        if kind == "thinking_delta":
            return self._blocks.add(index, text_in(delta, "thinking"))
        if kind == "signature_delta":
            self._signatures[index] = self._signatures.get(index, "") + text_in(delta, "signature")
        return []

    def _message_delta(self, event: Mapping[str, object]) -> None:
        delta = object_in(event, "delta")
        if reason := text_in(delta, "stop_reason"):
            self._stop = STOPS.get(reason, "end")
            self._sequence = optional_text(delta, "stop_sequence")
        final = event.get("usage")
        if isinstance(final, Mapping):
            usage = read_usage(final)
            old = self.usage
            self.usage = Usage(
                usage.input or old.input,
                usage.output or old.output,
                usage.cache_read or old.cache_read,
                usage.cache_write or old.cache_write,
                usage.reasoning or old.reasoning,
                usage.cost_usd if usage.cost_usd is not None else old.cost_usd,
            )

    def _end(self) -> list[Event]:
        events = self._blocks.close_all()
        self.ended = True
        stop = stop_of_what_was_sent(self._stop or "end", self._blocks.calls > 0)
        return [*events, End(stop, self.usage, self._sequence)]


def _index(event: Mapping[str, object]) -> int:
    """Which block an event is about."""
    index = event.get("index", 0)
    if not isinstance(index, int):
        raise TypeError("index is no number")
    return index


class EventWriter(StreamWriter):
    """Neutral events -> Messages events.

    Args:
        model: as the client asked for it.
        message_id: unique; Claude Code merges two turns that share one.
        estimate: input tokens told before the true number is known.
    """

    def __init__(self, model: str, message_id: str, estimate: int = 0) -> None:
        self._model, self._id, self._estimate = model, message_id, estimate
        self._index = -1
        self._kind = ""
        self._begun = False

    def ping(self) -> bytes:
        """Shows the client that the stream lives."""
        return sse.named("ping", {"type": "ping"})

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        usage = write_usage(Usage(input=self._estimate, output=1))
        message: dict[str, object] = {
            "id": self._id,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        return sse.named("message_start", {"type": "message_start", "message": message})

    def _start(self, start: Open) -> bytes:
        self._index += 1
        self._kind = start.kind
        block: dict[str, object]
        if start.kind == "text":
            block = {"type": "text", "text": ""}
        elif start.kind == "thinking":
            block = {"type": "thinking", "thinking": "", "signature": ""}
        else:
            block = {"type": "tool_use", "id": start.id, "name": start.name, "input": {}}
        payload = {"type": "content_block_start", "index": self._index, "content_block": block}
        return sse.named("content_block_start", payload)

    def _delta(self, text: str) -> bytes:
        if self._kind == "text":
            delta: dict[str, object] = {"type": "text_delta", "text": text}
        elif self._kind == "call":
            delta = {"type": "input_json_delta", "partial_json": text}
        else:
            delta = {"type": "thinking_delta", "thinking": text}
        return self._named_delta(delta)

    def _named_delta(self, delta: dict[str, object]) -> bytes:
        payload = {"type": "content_block_delta", "index": self._index, "delta": delta}
        return sse.named("content_block_delta", payload)

    def _close(self, close: Close) -> bytes:
        signature_event = b""
        if self._kind == "thinking" and close.signature:
            signature_event = self._named_delta({"type": "signature_delta", "signature": close.signature})
        payload = {"type": "content_block_stop", "index": self._index}
        return signature_event + sse.named("content_block_stop", payload)

    def _end(self, end: End) -> bytes:
        sequence = end.stop_sequence if end.stop == "stop_sequence" else None
        delta = {"stop_reason": STOP_REASONS[end.stop], "stop_sequence": sequence}
        payload: dict[str, object] = {
            "type": "message_delta",
            "delta": delta,
            "usage": write_usage(end.usage),
        }
        return sse.named("message_delta", payload) + sse.named("message_stop", {"type": "message_stop"})

    def _fail(self, failure: Failure) -> bytes:
        return error_event("anthropic-messages", failure)
