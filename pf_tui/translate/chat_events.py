"""OpenAI Chat Completions as a stream: its chunks into neutral events, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pf_tui.json_values import list_in, object_in, objects_in, text_in
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

FINISHES: Mapping[str, Stop] = {
    "stop": "end",
    "eos": "end",
    "end_turn": "end",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "overflow",
    "tool_calls": "calls",
    "function_call": "calls",
    "tool_use": "calls",
    "content_filter": "refusal",
    "sensitive": "refusal",
    "refusal": "refusal",
}
"""What vendors say -> why it stopped: OpenAI's words, Together's eos, Mistral's and Z.AI's own."""

_BROKEN = frozenset(("insufficient_system_resource", "abort", "timeout"))
"""Finish reasons, beside "error" and "network_error", that say that the answer is not whole.

Source: docs of OpenRouter, Mistral, Z.AI, DeepSeek, vLLM and Cohere.
"""

FINISH_REASONS: Mapping[Stop, str] = {
    "end": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "overflow": "length",
    "calls": "tool_calls",
    "pause": "stop",
    "refusal": "content_filter",
}


def read_usage(usage: object) -> Usage:
    """Tokens of a Chat answer: the cached ones are part of its total, and taken out of it."""
    if not isinstance(usage, Mapping):
        return Usage()
    cached = (
        tokens(usage, "prompt_tokens_details", "cached_tokens")
        or tokens(usage, "prompt_cache_hit_tokens")
        or tokens(usage, "cached_tokens")
    )
    cache_write = tokens(usage, "prompt_tokens_details", "cache_write_tokens")
    total, output = tokens(usage, "prompt_tokens"), tokens(usage, "completion_tokens")
    whole = tokens(usage, "total_tokens")
    if whole > total + output:  # xAI and Gemini count reasoning beside the completion
        output = whole - total
    return Usage(
        input=max(0, total - cached - cache_write),
        output=output,
        cache_read=cached,
        cache_write=cache_write,
        reasoning=tokens(usage, "completion_tokens_details", "reasoning_tokens"),
        cost_usd=dollars(usage),
    )


def write_usage(usage: Usage) -> dict[str, object]:
    """Tokens as Chat counts them."""
    return {
        "prompt_tokens": usage.total_input,
        "completion_tokens": usage.output,
        "total_tokens": usage.total_input + usage.output,
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write,
        },
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def thinking_of(message: Mapping[str, object]) -> str:
    """Reasoning in a message or delta, in the field each vendor has for it."""
    for key in ("reasoning_content", "reasoning"):
        if isinstance(message.get(key), str) and message[key]:
            return str(message[key])
    content = message.get("content")
    if isinstance(content, list):  # Mistral's chunks
        return "".join(
            part.get("text") or ""
            for chunk in content
            if isinstance(chunk, Mapping) and chunk.get("type") == "thinking"
            for part in chunk.get("thinking") or ()
            if isinstance(part, Mapping)
        )
    return ""


class EventReader(StreamReader):
    """Chat chunks -> neutral events.

    Args:
        max_tokens: asked for; with `doubts_length` a `length` far below it is no cut.
        doubts_length: the vendor says `length` for ordinary ends (Together).
        id_stem: begins the id of a call that came without one.
    """

    def __init__(
        self, max_tokens: int | None = None, doubts_length: bool = False, id_stem: str = "call"
    ) -> None:
        super().__init__(id_stem)
        self._begun = False
        self._finish: str | None = None
        self._refused = False
        self._max_tokens = max_tokens if doubts_length else None
        self._talking = ""
        self._index = 0
        self._calls: dict[object, object] = {}
        self._ids: dict[object, str] = {}
        self._last: object = None

    def _closed(self) -> list[Event]:
        return self._end() if self._finish is not None else super()._closed()

    def _event(self, name: bytes, data: bytes) -> list[Event]:
        if self.ended:
            return []
        if data.strip() == b"[DONE]":
            if self._finish is None and not self._blocks.blocks:
                return self._failed("cut", "the provider ended the stream without an answer")
            return self._end()
        chunk = self._content(data)
        if isinstance(chunk, list):
            return chunk
        groq = object_in(chunk, "x_groq")
        error = chunk.get("error") or groq.get("error")
        if error:
            self.ended = True
            return [classify(None, {"error": error, "code": chunk.get("code")})]
        if chunk.get("object") == "error":
            self.ended = True
            return [classify(None, chunk)]
        events: list[Event] = []
        if not self._begun:
            self._begun = True
            events.append(Begin(str(chunk.get("model") or "")))
        usage = chunk.get("usage") or groq.get("usage")
        if isinstance(usage, Mapping):
            self.usage = read_usage(usage)
        for choice in objects_in(chunk, "choices"):
            if choice.get("index", 0) == 0:
                if isinstance(own := choice.get("usage"), Mapping):  # Moonshot's place for it
                    self.usage = read_usage(own)
                events += self._choice(choice)
        return events

    def _choice(self, choice: Mapping[str, object]) -> list[Event]:
        if error := choice.get("error"):
            self.ended = True
            return [classify(None, {"error": error})]
        delta = object_in(choice, "delta") or object_in(choice, "message")
        events: list[Event] = []
        if thinking := thinking_of(delta):
            events += self._talk("thinking", thinking)
        content = delta.get("content")
        if content:
            text = content if isinstance(content, str) else _words(list_in(delta, "content"))
            if text:
                events += self._talk("text", text)
        if refusal := text_in(delta, "refusal"):
            self._refused = True
            events += self._talk("text", refusal)
        for index, call in enumerate(objects_in(delta, "tool_calls")):
            events += self._call(call, index)
        if isinstance(delta.get("function_call"), Mapping):
            events += self._call({"index": 0, "function": delta["function_call"]}, 0)
        reason = text_in(choice, "finish_reason")
        if reason:
            if reason.lower() in _BROKEN or reason.lower().endswith("error"):
                return events + self._failed("server", f"the provider ended the answer with '{reason}'")
            self._finish = reason
        return events

    def _talk(self, kind: str, text: str) -> list[Event]:
        """Words or thoughts: a change of kind begins a new block."""
        key = (kind, self._index)
        if self._talking != kind or not self._blocks.has(key):
            self._index += 1
            self._talking = kind
            key = (kind, self._index)
            return self._blocks.open(key, Open(kind)) + self._blocks.add(key, text)  # type: ignore[arg-type]
        return self._blocks.add(key, text)

    def _call(self, call: Mapping[str, object], index: int) -> list[Event]:
        function = object_in(call, "function")
        call_id, name = text_in(call, "id"), text_in(function, "name")
        key = self._key(call, call_id, name)
        events: list[Event] = []
        start = self._blocks.start_of(key)
        if start is None and key not in self._ids:
            self._talking = ""
            events += self._blocks.open(key, Open("call", call_id, name))
            self._ids[key] = call_id
        elif start is not None:
            if call_id and not start.id:
                start.id = self._ids[key] = call_id
            if name and not start.name:
                start.name = name
            events += self._blocks.advance()
        self._last = key
        google = object_in(object_in(call, "extra_content"), "google")
        if signature := text_in(google, "thought_signature"):
            self._blocks.sign(key, signature)
        text = function.get("arguments")
        arguments = sse.dumps(text).decode() if isinstance(text, Mapping) else text_in(function, "arguments")
        if arguments:
            events += self._blocks.add(key, arguments)
        return events

    def _key(self, call: Mapping[str, object], call_id: str, name: str) -> object:
        """Which call a piece belongs to: by index, by id where indexes are missing or all the same."""
        index = call.get("index")
        if index is None:
            if call_id:
                return self._calls.setdefault(("id", call_id), object())
            if self._last is None or (name and self._blocks.is_complete(self._last)):
                return object()
            return self._last
        key = self._calls.get(index)
        if key is not None and name and call_id and self._ids.get(key) not in ("", call_id, None):
            whole = not self._blocks.has(key) or self._blocks.is_complete(key)
            start = self._blocks.start_of(key)
            if whole or (start is not None and start.name != name):
                key = None  # every whole call under index 0
        if key is None:
            key = self._calls[index] = object()
        return key

    def _end(self) -> list[Event]:
        events = self._blocks.close_all()
        self.ended = True
        finish = FINISHES.get(self._finish or "stop", "end")
        if finish == "length" and self._max_tokens and self.usage.output < 0.9 * self._max_tokens:
            finish = "end"
        if self._refused:
            finish = "refusal"
        return [*events, End(stop_of_what_was_sent(finish, self._blocks.calls > 0), self.usage)]


def _words(content: Sequence[object]) -> str:
    """Mistral's list of chunks."""
    return "".join(
        chunk.get("text") or ""
        for chunk in content
        if isinstance(chunk, Mapping) and chunk.get("type") == "text"
    )


class EventWriter(StreamWriter):
    """Neutral events -> Chat chunks.

    Args:
        model: as the client asked for it.
        message_id: unique.
        created: epoch seconds.
        usage: the client asked for a usage chunk.
    """

    def __init__(self, model: str, message_id: str, created: int = 0, usage: bool = True) -> None:
        self._head = {"id": message_id, "object": "chat.completion.chunk", "created": created, "model": model}
        self._usage = usage
        self._kind = ""
        self._calls = -1
        self._begun = False

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        return self._chunk({"role": "assistant", "content": ""})

    def _chunk(self, delta: dict[str, object], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return sse.plain(self._head | {"choices": [choice]})

    def _start(self, start: Open) -> bytes:
        self._kind = start.kind
        if start.kind != "call":
            return b""
        self._calls += 1
        function = {"name": start.name, "arguments": ""}
        call = {"index": self._calls, "id": start.id, "type": "function", "function": function}
        return self._chunk({"tool_calls": [call]})

    def _delta(self, text: str) -> bytes:
        if self._kind == "text":
            return self._chunk({"content": text})
        if self._kind == "call":
            return self._chunk({"tool_calls": [{"index": self._calls, "function": {"arguments": text}}]})
        return self._chunk({"reasoning_content": text})

    def _close(self, close: Close) -> bytes:
        if self._kind != "call" or not close.signature:
            return b""
        extra = {"google": {"thought_signature": close.signature}}
        return self._chunk({"tool_calls": [{"index": self._calls, "extra_content": extra}]})

    def _end(self, end: End) -> bytes:
        out = self._chunk({}, FINISH_REASONS[end.stop])
        if self._usage:
            out += sse.plain(self._head | {"choices": [], "usage": write_usage(end.usage)})
        return out + sse.DONE_EVENT

    def _fail(self, failure: Failure) -> bytes:
        return error_event("openai-chat", failure)
