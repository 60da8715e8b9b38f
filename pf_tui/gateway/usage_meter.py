"""What passing events and whole answers tell: usage, ids, errors, and whether the answer came to its end.

They are read with msgspec, many events at a time.
"""

from __future__ import annotations

import re
from typing import Any  # Any: usage as vendors write it: numbers, nested or null

import msgspec

from pf_tui.gateway.event_batches import Choice, Delta, Event, EventBatch, Holder, read_batch
from pf_tui.gateway.openings import content_of, is_empty_answer, is_opening
from pf_tui.gateway.sse import payload, split_events

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol

MOST_SIGNATURES = 1000
SIGNATURE_CHARS = 2**20
MOST_FIELDS = 100
"""Of a usage object; the longest known has 12."""

ID_CHARS = 500
"""A longer id or model name is not kept."""


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
    choices: list[Choice] | None = None
    content: list[_Part] | str | None = None
    output: list[_Part] | None = None


_WHOLE_DECODER = msgspec.json.Decoder(_WholeAnswer)
_DECODER = msgspec.json.Decoder(Event)
_LAST = frozenset({"message_stop", "response.completed", "response.incomplete", "response.failed"})
_FILLER = frozenset({"ping", "keepalive", "codex.rate_limits"})
_ERRORS = frozenset({"error", "response.failed"})
_FAILED_ENDS = frozenset({"insufficient_system_resource", "abort", "timeout"})
"""Finish reasons of a provider that broke off, beside "error" and "network_error": DeepSeek, vLLM, Cohere."""

_ERROR_NAME = re.compile(rb"event: ?error(?:\r?\n|\r)")
"""How an event begins that calls itself an error, whatever its data is."""

_CONTENT_MARKS = (b"content", b"delta", b"choices", b"arguments", b"partial_json", b"output")
"""In an event that is no JSON: it was a piece of the answer."""


KEEP_ALIVES = frozenset({b"ping", b"null", b'""', b"keep-alive", b"keepalive", b"heartbeat", b"[PING]"})
"""Data that some proxies send while they wait: no JSON, or none that a client expects."""
SHORT_BYTES = 1_000
"""What an upstream sends at first is rarely more than its handshake; that is read event by event."""


class Kind:
    """What an event or a whole answer is; OPENING = it holds nothing of an answer yet."""

    GOOD, FILLER, ERROR, GARBAGE, OPENING = range(5)


class UsageMeter:
    """Reads usage, ids and the end out of passing events."""

    __slots__ = (
        *("answered", "broken", "done", "finished", "head", "message_id", "model", "moved", "odd"),
        *("signatures", "tokens_streamed", "usage"),
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
        self.tokens_streamed = 0
        self.signatures: list[str] = []
        """What reasoning blocks were signed with; taken by whoever remembers them."""

    def filter_events(self, whole: bytes) -> tuple[bytes, bytes | None]:
        """Take what whole events tell; returns what may pass, and the error event after that, if one ends it.

        An event that no client can read is left out; one that was a piece of the answer makes the stream
        `broken`, and nothing after it passes.
        """
        batch = read_batch(whole)
        return self._sift_slowly(whole) if batch is None else self._take_batch(batch, whole)

    def open_at_once(self, whole: bytes) -> tuple[bytes, bytes | None] | None:
        """As `filter_events`, of a stream's first events when text is the first piece among them.

        None, and nothing taken, when they are anything else.
        """
        batch = read_batch(whole) if len(whole) > SHORT_BYTES else None
        if batch is None or batch.texts is None or is_opening(batch.texts.kind, batch.texts.first):
            return None
        for event in batch.events[: batch.texts.events_before]:
            if event.type in _ERRORS or event.error or event.choices or type(event.message) is str:
                return None
        self.head = batch.texts.first[:8]
        self.answered = True
        return self._take_batch(batch, whole)

    def _take_batch(self, batch: EventBatch, whole: bytes) -> tuple[bytes, bytes | None]:
        texts = batch.texts
        fillers = deltas = 0
        for index, event in enumerate(batch.events):
            if event.type == "content_block_delta":
                deltas += 1
                if type(event.delta) is Delta and event.delta.signature:
                    self._sign(event.delta.signature)
            elif (kind := self._see(event)) == Kind.ERROR:
                self.tokens_streamed += deltas
                if texts and index >= texts.events_before:
                    self.tokens_streamed += texts.number
                begin, end = batch.bounds(index)
                return whole[:begin], whole[begin:end]
            elif kind == Kind.FILLER:
                fillers += 1
        self.tokens_streamed += deltas + (texts.number if texts else 0)
        if texts or fillers < len(batch.events):
            self.moved = True
        if batch.is_done:
            self.finished = self.done = True
        return whole, None

    def _sift_slowly(self, whole: bytes) -> tuple[bytes, bytes | None]:
        good: list[bytes] = []
        for event in split_events(whole):
            kind = self.look(event)
            if kind == Kind.GARBAGE:
                if not self.finished and self._is_content(payload(event) or event):
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
        if not data:  # JSON without its field's name is a piece that nobody can read
            return Kind.GARBAGE if event[:1] == b"{" or b"\n{" in event else Kind.FILLER
        if data == b"[DONE]":
            self.finished = self.done = True
            return Kind.GOOD if self.answered else Kind.OPENING
        try:
            usage = _DECODER.decode(data)
        except msgspec.ValidationError:
            return self._look_loosely(data)
        except (msgspec.DecodeError, RecursionError):
            return Kind.ERROR if _ERROR_NAME.match(event) else Kind.GARBAGE
        except UnicodeDecodeError:  # every client reads it with a sign in place of what is no letter
            return self.look(_readable(event))
        kind = self._see(usage)
        if self.answered or kind != Kind.GOOD:
            is_named = event.startswith((b"event: error", b"event:error"))
            return Kind.ERROR if is_named and kind == Kind.GOOD else kind
        self.head = data[:8]
        if is_opening(usage.type, data):
            if usage.type is None and usage.choices is None and usage.usage is None:
                self.odd = event
            return Kind.OPENING
        self.answered = True
        return Kind.GOOD

    def _is_content(self, data: bytes) -> bool:
        """An event that is no JSON was a piece of the answer: it begins, ends or names its fields as one."""
        if data[:8] == self.head or (data[:1] != b"{" and data[-1:] in b"]}" and b'":' in data):
            return True
        return b"{" in data and any(mark in data for mark in _CONTENT_MARKS)

    def _see(self, usage: Event) -> int:
        kind = usage.type
        if kind == "content_block_delta":
            self.tokens_streamed += 1
            if type(usage.delta) is Delta and usage.delta.signature:
                self._sign(usage.delta.signature)
            return Kind.GOOD
        if kind in _FILLER:
            return Kind.FILLER
        if usage.usage is not None:
            self._use(usage.usage)
        if kind in _LAST:
            self.finished = self.done = True
        holder = usage.message if isinstance(usage.message, Holder) else usage.response
        if holder is not None:
            self._hold(holder.id, holder.model)
            if holder.usage is not None:
                self._use(holder.usage)
        elif usage.choices is not None:
            self._hold(usage.id, usage.model)
            self.tokens_streamed += 1
            for choice in usage.choices:
                if choice.finish_reason:
                    self.finished = True
                if choice.error or _is_failed_end(choice.finish_reason):
                    return Kind.ERROR
        elif kind == "message_delta" and type(usage.delta) is Delta and usage.delta.stop_reason:
            self.finished = True
        elif kind is not None and kind.endswith(".delta"):
            self.tokens_streamed += 1
        block = usage.content_block or usage.item
        if block is not None and (signature := block.data or block.encrypted_content):
            self._sign(signature)
        if usage.error or kind in _ERRORS:
            return Kind.ERROR
        # a sentence where an answer has an object: vLLM's {"object": "error", "message": …}
        return Kind.ERROR if type(usage.message) is str and usage.choices is None else Kind.GOOD

    def take(self, body: bytes | bytearray) -> int:
        """Take ids and usage from a whole answer; returns its Kind."""
        try:
            whole = _WHOLE_DECODER.decode(body)
        except msgspec.ValidationError:
            return self._look_loosely(body)
        except (msgspec.DecodeError, RecursionError):
            return Kind.GARBAGE
        except UnicodeDecodeError:
            return self.take(_readable(body))
        self._hold(whole.id, whole.model)
        if whole.usage is not None:
            self._use(whole.usage)
        says_words = False
        for block in (*_blocks(whole.content), *(whole.output or ())):
            if signature := block.signature or block.data or block.encrypted_content:
                self._sign(signature)
            says_words = says_words or bool(block.text.strip() if type(block.text) is str else block.text)
        if whole.error or whole.type == "error" or whole.status == "failed":
            return Kind.ERROR
        for choice in whole.choices or ():
            if choice.error or _is_failed_end(choice.finish_reason):
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
        if isinstance(content, list) and len(content) == 1:  # Google's [{"error": …}]
            content = content[0]
        if not isinstance(content, dict):
            return Kind.GARBAGE
        kind = str(content.get("type"))  # whatever it is, it can be looked up
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
        return Kind.ERROR if content.get("error") or kind in _ERRORS else Kind.GOOD

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


def _is_failed_end(reason: str | None) -> bool:
    return reason is not None and (reason.lower() in _FAILED_ENDS or reason.lower().endswith("error"))


def _readable(data: bytes | bytearray) -> bytes:
    return data.decode("utf-8", "replace").encode()


def counts(protocol: Protocol, usage: dict[str, object]) -> dict[str, int]:
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
