"""What passing events and whole answers tell: usage, ids, errors, and whether the answer came to its end.

They are read with msgspec, many events at a time.
"""

from __future__ import annotations

import re
from typing import Any  # Any: usage as vendors write it: numbers, nested or null

import msgspec

from pf_tui.gateway.openings import content_of, is_empty_answer, is_opening
from pf_tui.gateway.sse import payload, split_events

MOST_SIGNATURES = 1000
SIGNATURE_CHARS = 2**20
MOST_FIELDS = 100
"""Of a usage object; the longest known has 12."""

ID_CHARS = 500
"""A longer id or model name is not kept."""


class _Holder(msgspec.Struct, gc=False):
    """The message or response object inside an event."""

    id: str | None = None
    model: str | None = None
    usage: dict[str, object] | None = None


class _Choice(msgspec.Struct, gc=False):
    finish_reason: str | None = None
    error: object = None


class _Delta(msgspec.Struct, gc=False):
    signature: str | None = None
    stop_reason: str | None = None


class _Block(msgspec.Struct, gc=False):
    type: str | None = None
    data: str | None = None
    encrypted_content: str | None = None


class _Usage(msgspec.Struct, gc=False):
    """What is read of an event; everything else is checked to be JSON and skipped."""

    type: str | None = None
    id: str | None = None
    model: str | None = None
    message: _Holder | str | None = None
    response: _Holder | None = None
    usage: dict[str, object] | None = None
    error: object = None
    choices: list[_Choice] | None = None
    delta: _Delta | str | None = None
    content_block: _Block | None = None
    item: _Block | None = None


class _Part(msgspec.Struct, gc=False):
    """A block of a whole answer."""

    signature: str | None = None
    data: str | None = None
    encrypted_content: str | None = None
    text: object = None


class _WholeAnswer(msgspec.Struct, gc=False):
    """What is read of an answer that is no stream."""

    type: str | None = None
    object: str | None = None
    status: str | None = None
    id: str | None = None
    model: str | None = None
    usage: dict[str, Any] | None = None
    error: Any = None  # an answer has a field called object
    choices: list[_Choice] | None = None
    content: list[_Part] | str | None = None
    output: list[_Part] | None = None


_WHOLE_DECODER = msgspec.json.Decoder(_WholeAnswer)
_DECODER = msgspec.json.Decoder(_Usage)
_ALL_DECODER = msgspec.json.Decoder(list[_Usage])
_LAST = frozenset({"message_stop", "response.completed", "response.incomplete", "response.failed"})
_FILLER = frozenset({"ping", "keepalive", "codex.rate_limits"})
_FAILED_ENDS = frozenset({"error", "network_error", "insufficient_system_resource"})
"""Finish reasons of a provider that broke off: OpenRouter, Z.AI and DeepSeek."""

_CONTENT_MARKS = (b"content", b"delta", b"choices", b"arguments", b"partial_json", b"output")
"""In an event that is no JSON: it was a piece of the answer."""


_DONE = b"data: [DONE]\n\n"


_BLANK_LINE, _EVENT, _DATA = range(3)
_NAME = re.compile(rb"event:[^,]*")

_RUNS = (
    b"\n\nevent: content_block_delta\ndata: ",
    b"\n\nevent: response.output_text.delta\ndata: ",
    b"\n\ndata: ",
)
"""What stands between two events of the kind that most events are."""


def _all_at_once(whole: bytes) -> list[_Usage] | None:
    """Plain events decoded as one JSON list, many times as fast; None = one by one.

    Plain are events of one data line each, with at most their name before it.
    """
    if b"\r" in whole:
        return None
    body, count = whole, 0
    for run in _RUNS:
        if run in whole:
            parts = whole.split(run)  # quicker than replacing it
            body, count = b",".join(parts), len(parts) - 1
            break
    data: list[bytes] = []
    had = _BLANK_LINE
    for line in body[:-1].split(b"\n"):
        if had < _DATA and line.startswith(b"data:"):
            data.append(line[5:])
            had = _DATA
        elif had == _DATA and not line:
            had = _BLANK_LINE
        elif had == _BLANK_LINE and _NAME.fullmatch(line):
            had = _EVENT
        else:
            return None
    if had != _BLANK_LINE:
        return None
    try:
        usages = _ALL_DECODER.decode(b"[" + b",".join(data) + b"]")
    except (msgspec.MsgspecError, RecursionError):
        return None
    return usages if len(usages) == len(data) + count else None


class Kind:
    """What an event or a whole answer is; OPENING = it holds nothing of an answer yet."""

    GOOD, FILLER, ERROR, GARBAGE, OPENING = range(5)


class UsageMeter:
    """Reads usage, ids and the end out of passing events."""

    __slots__ = (
        *("answered", "broken", "done", "finished", "head", "message_id", "model", "moved", "odd"),
        *("signatures", "tokens_seen", "usage"),
    )

    def __init__(self) -> None:
        self.finished = False
        """The answer is whole: its last event, or a finish reason, has come."""
        self.done = False
        """Nothing can follow: the stream's own last event has come."""
        self.answered = False
        """Something of the answer itself has come."""
        self.broken = False
        """A piece of the answer came that nobody can read: what follows has a hole before it."""
        self.moved = False
        """Something other than keep-alives came; whoever looks sets it back."""
        self.odd: bytes | None = None
        """An event before the answer that is of no known shape: perhaps an error in a vendor's own words."""
        self.head = b""
        """How the data of this stream's events begins."""
        self.message_id: str | None = None
        self.model: str | None = None
        self.usage: dict[str, object] = {}
        self.tokens_seen = 0
        self.signatures: list[str] = []
        """What reasoning blocks were signed with; taken by whoever remembers them."""

    def filter_events(self, whole: bytes) -> tuple[bytes, bytes | None]:
        """Take what whole events tell; returns what may pass, and the error event after that, if one ends it.

        An event that no client can read is left out; one that was a piece of the answer makes the stream
        `broken`, and nothing after it passes.
        """
        head = whole.removesuffix(_DONE)
        if len(head) != len(whole) and head.endswith(b"\n\n"):
            good, complaint = self.filter_events(head)
            if complaint is not None or self.broken:
                return good, complaint
            self.finished = self.done = True
            return good + _DONE, None
        usages = _all_at_once(whole)
        if usages is None:
            return self._sift_slowly(whole)
        fillers = texts = 0
        for index, event in enumerate(usages):
            if event.type == "content_block_delta":  # nearly all of them are this
                texts += 1
                if type(event.delta) is _Delta and event.delta.signature:
                    self._sign(event.delta.signature)
            elif (kind := self._see(event)) == Kind.ERROR:
                self.tokens_seen += texts
                parts = whole.split(b"\n\n")
                return b"".join(part + b"\n\n" for part in parts[:index]), parts[index] + b"\n\n"
            elif kind == Kind.FILLER:
                fillers += 1
        self.tokens_seen += texts
        if fillers < len(usages):
            self.moved = True
        return whole, None

    def _sift_slowly(self, whole: bytes) -> tuple[bytes, bytes | None]:
        good: list[bytes] = []
        for event in split_events(whole):
            kind = self.look(event)
            if kind == Kind.GARBAGE:
                if not self.finished and self._is_content(payload(event)):
                    self.broken = True
                    break
                continue
            if kind == Kind.ERROR:
                return b"".join(good), event
            if kind != Kind.FILLER:
                self.moved = True
            good.append(event)
        return b"".join(good), None

    def look(self, event: bytes) -> int:
        """Take what one event tells; returns its Kind."""
        data = payload(event)
        if not data:
            return Kind.FILLER
        if data == b"[DONE]":
            self.finished = self.done = True
            return Kind.GOOD if self.answered else Kind.OPENING
        try:
            usage = _DECODER.decode(data)
        except msgspec.ValidationError:
            return self._look_loosely(data)
        except (msgspec.DecodeError, RecursionError):
            return Kind.GARBAGE
        kind = self._see(usage)
        if self.answered or kind != Kind.GOOD:
            return kind
        self.head = data[:8]
        if is_opening(usage.type, data):
            if usage.type is None and usage.choices is None and usage.usage is None:
                self.odd = event
            return Kind.OPENING
        self.answered = True
        return Kind.GOOD

    def _is_content(self, data: bytes) -> bool:
        """An event that is no JSON was a piece of the answer: it begins as one, or names its fields."""
        return data[:8] == self.head or (data[:1] == b"{" and any(mark in data for mark in _CONTENT_MARKS))

    def _see(self, usage: _Usage) -> int:
        kind = usage.type
        if kind == "content_block_delta":
            self.tokens_seen += 1
            if type(usage.delta) is _Delta and usage.delta.signature:
                self._sign(usage.delta.signature)
            return Kind.GOOD
        if kind in _FILLER:
            return Kind.FILLER
        if usage.usage is not None:
            self._use(usage.usage)
        if kind in _LAST:
            self.finished = self.done = True
        holder = usage.message if isinstance(usage.message, _Holder) else usage.response
        if holder is not None:
            self._hold(holder.id, holder.model)
            if holder.usage is not None:
                self._use(holder.usage)
        elif usage.choices is not None:
            self._hold(usage.id, usage.model)
            self.tokens_seen += 1
            for choice in usage.choices:
                if choice.finish_reason:
                    self.finished = True
                if choice.error or choice.finish_reason in _FAILED_ENDS:
                    return Kind.ERROR
        elif kind == "message_delta" and type(usage.delta) is _Delta and usage.delta.stop_reason:
            self.finished = True
        elif kind is not None and kind.endswith(".delta"):
            self.tokens_seen += 1
        block = usage.content_block or usage.item
        if block is not None and (signature := block.data or block.encrypted_content):
            self._sign(signature)
        return Kind.ERROR if usage.error or kind in ("error", "response.failed") else Kind.GOOD

    def take(self, body: bytes | bytearray) -> int:
        """Take ids and usage from a whole answer; returns its Kind."""
        try:
            whole = _WHOLE_DECODER.decode(body)
        except msgspec.ValidationError:
            return self._look_loosely(body)
        except (msgspec.DecodeError, RecursionError):
            return Kind.GARBAGE
        self._hold(whole.id, whole.model)
        if whole.usage is not None:
            self._use(whole.usage)
        says_words = False
        for block in (*_blocks(whole.content), *(whole.output or ())):
            if signature := block.signature or block.data or block.encrypted_content:
                self._sign(signature)
            says_words = says_words or bool(block.text)
        if whole.error or whole.type == "error" or whole.status == "failed":
            return Kind.ERROR
        for choice in whole.choices or ():
            if choice.error or choice.finish_reason in _FAILED_ENDS:
                return Kind.ERROR
        if says_words:  # nearly always: then nobody need read it a second time
            return Kind.GOOD
        return Kind.OPENING if is_empty_answer(content_of(body)) else Kind.GOOD

    def _look_loosely(self, data: bytes | bytearray) -> int:
        """An event with a known name for something else: its shape is not ours to judge."""
        try:
            content = content_of(data)
        except (ValueError, RecursionError):
            return Kind.GARBAGE
        if not isinstance(content, dict):
            return Kind.GARBAGE
        kind = content.get("type")
        if kind in _FILLER:
            return Kind.FILLER
        if kind in _LAST:
            self.finished = self.done = True
        for holder in (content, content.get("message"), content.get("response")):
            if isinstance(holder, dict):
                self._hold(holder.get("id"), holder.get("model"))
                if isinstance(holder.get("usage"), dict):
                    self._use(holder["usage"])
        self.answered = True
        return Kind.ERROR if content.get("error") or kind in ("error", "response.failed") else Kind.GOOD

    def _sign(self, signature: str) -> None:
        if len(self.signatures) < MOST_SIGNATURES and len(signature) <= SIGNATURE_CHARS:
            self.signatures.append(signature)

    def _hold(self, message_id: object, model: object) -> None:
        if self.message_id is None and isinstance(message_id, str) and len(message_id) <= ID_CHARS:
            self.message_id = message_id
        if self.model is None and isinstance(model, str) and len(model) <= ID_CHARS:
            self.model = model

    def _use(self, usage: dict[str, object]) -> None:
        if len(usage) <= MOST_FIELDS and len(self.usage) <= MOST_FIELDS:
            self.usage.update({key: value for key, value in usage.items() if value is not None})


def counts(protocol: str, usage: dict[str, object]) -> dict[str, int]:
    """A provider's usage in the ledger's terms: input without cache, output with reasoning."""
    if protocol == "anthropic-messages":
        split = usage.get("cache_creation")
        hour = _int(split.get("ephemeral_1h_input_tokens")) if isinstance(split, dict) else 0
        cache_write = _int(usage.get("cache_creation_input_tokens"))
        tools = usage.get("server_tool_use")
        return {
            "input": _int(usage.get("input_tokens")),
            "output": _int(usage.get("output_tokens")),
            "reasoning": 0,
            "cache_read": _int(usage.get("cache_read_input_tokens")),
            "cache_write_5m": max(0, cache_write - hour),
            "cache_write_1h": hour,
            "web_searches": _int(tools.get("web_search_requests")) if isinstance(tools, dict) else 0,
        }
    input_tokens = _int(usage.get("prompt_tokens", usage.get("input_tokens")))
    inside = usage.get("prompt_tokens_details", usage.get("input_tokens_details"))
    details = usage.get("completion_tokens_details", usage.get("output_tokens_details"))
    cached = _int(inside.get("cached_tokens")) if isinstance(inside, dict) else 0
    cached = cached or _int(usage.get("prompt_cache_hit_tokens"))  # DeepSeek's own name
    cache_write = _int(inside.get("cache_write_tokens")) if isinstance(inside, dict) else 0
    return {
        "input": max(0, input_tokens - cached - cache_write),
        "output": _int(usage.get("completion_tokens", usage.get("output_tokens"))),
        "reasoning": _int(details.get("reasoning_tokens")) if isinstance(details, dict) else 0,
        "cache_read": cached,
        "cache_write_5m": cache_write,
        "cache_write_1h": 0,
        "web_searches": 0,
    }


def _blocks(content: list[_Part] | str | None) -> list[_Part]:
    return content if isinstance(content, list) else []


MOST_TOKENS = 2**53
"""More is no count, and no number that sqlite takes."""


def _int(value: object) -> int:
    if type(value) is not int and not isinstance(value, float):  # True is no count
        return 0
    return int(value) if 0 < value < MOST_TOKENS else 0
