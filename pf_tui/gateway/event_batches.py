"""Events of a stream as they are read: what is taken from each, and many decoded at once.

An answer may be a thousand events that differ by a few letters; one by one they cost many times as much.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

FEW_TEXTS = 4
"""Fewer bits of text are quicker read with the rest."""


class Holder(msgspec.Struct, gc=False):
    """The message or response object inside an event."""

    id: str | None = None
    model: str | None = None
    usage: dict[str, object] | None = None


class Choice(msgspec.Struct, gc=False):
    """One choice of a Chat chunk."""

    finish_reason: str | None = None
    error: object = None


class Delta(msgspec.Struct, gc=False):
    """What a Messages delta adds beside text."""

    signature: str | None = None
    stop_reason: str | None = None


class Block(msgspec.Struct, gc=False):
    """A content block or an item of reasoning."""

    type: str | None = None
    data: str | None = None
    encrypted_content: str | None = None


class Event(msgspec.Struct, gc=False):
    """What is read of an event; everything else is checked to be JSON and skipped."""

    type: str | None = None
    id: str | None = None
    model: str | None = None
    message: Holder | str | None = None
    response: Holder | None = None
    usage: dict[str, object] | None = None
    error: object = None
    choices: list[Choice] | None = None
    delta: Delta | str | None = None
    content_block: Block | None = None
    item: Block | None = None


_DECODER = msgspec.json.Decoder(list[Event])
_RAW_DECODER = msgspec.json.Decoder(list[msgspec.Raw])
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_TEXT = re.compile(
    rb"(event: [a-z_.]{1,40}\ndata: )("
    rb'\{"type": ?"(content_block_delta)", ?"index": ?\d{1,9}, ?'
    rb'"delta": ?\{"type": ?"(?:text|thinking|input_json)_delta", ?"(?:text|thinking|partial_json)":'
    rb'|\{"type": ?"(response\.output_text\.delta)",)'
)
"""How a bit of text begins: a thousand that begin alike may make up an answer."""

_DONE_EVENT = b"data: [DONE]\n\n"


class Texts(NamedTuple):
    """Bits of text that follow one another: of each nothing is told but that it is one."""

    begin: int
    """The byte at which the first of them begins."""
    events_before: int
    length: int
    """How many bytes they take."""
    number: int
    kind: str
    """Their type."""
    first: bytes
    """The first one's data."""


class EventBatch(NamedTuple):
    """Whole events read together."""

    parts: list[bytes]
    """Each event without its blank line, but for bits of text and a last [DONE]."""
    events: list[Event]
    """What they say."""
    texts: Texts | None
    is_done: bool
    """[DONE] was the last event."""

    def bounds(self, index: int) -> tuple[int, int]:
        """Where the event `events[index]` begins and ends among the bytes."""
        begin = sum(len(part) + 2 for part in self.parts[:index])
        if self.texts is not None and index >= self.texts.events_before:
            begin += self.texts.length
        return begin, begin + len(self.parts[index]) + 2


def read_batch(whole: bytes) -> EventBatch | None:
    """Plain events, read together many times as fast; None = one by one.

    Plain are events of one data line each, with at most their name before it.
    """
    if b"\r" in whole:
        return None
    rest = whole.removesuffix(_DONE_EVENT)
    is_done = len(rest) != len(whole)
    texts = _texts(rest)
    if texts is not None:
        rest = rest[: texts.begin] + rest[texts.begin + texts.length :]
    parts = rest.split(b"\n\n")
    if parts.pop():  # its blank line is missing
        return None
    together = _payloads(parts)
    if together is None:
        return None
    try:
        events = _DECODER.decode(b"[" + together + b"]")
    except _UNREADABLE:
        return None
    return EventBatch(parts, events, texts, is_done) if len(events) == len(parts) else None


def _texts(whole: bytes) -> Texts | None:
    """The bits of text from the first one on, where no other event stands between them."""
    match = _TEXT.search(whole)
    if match is None:
        return None
    begin = match.start()
    if begin and whole[begin - 2 : begin] != b"\n\n":
        return None
    name, start = match[1], match[2]
    data = whole[begin + len(name) :].split(b"\n\n" + name)
    data[-1], blank, after = data[-1].partition(b"\n\n")
    # what lies between two texts that begin alike begins like them
    if len(data) < FEW_TEXTS or not (blank and min(data).startswith(start) and max(data).startswith(start)):
        return None
    together = b",".join(data)
    if b"\n" in together:
        return None
    try:
        values = _RAW_DECODER.decode(b"[" + together + b"]")
    except _UNREADABLE:
        return None
    if len(values) != len(data):
        return None
    return Texts(
        begin=begin,
        events_before=whole.count(b"\n\n", 0, begin),
        length=len(whole) - len(after) - begin,
        number=len(data),
        kind=(match[3] or match[4]).decode(),
        first=data[0],
    )


def _payloads(parts: list[bytes]) -> bytes | None:
    """The data of plain events with commas between; None when one of them is not plain."""
    if len(parts) > FEW_TEXTS and min(parts).startswith(b"data:") and max(parts).startswith(b"data:"):
        data = [part[5:] for part in parts]
    else:
        data = []
        for part in parts:
            name, mark, content = part.partition(b"data:")
            if not mark or (name and not (name.startswith(b"event:") and name.find(b"\n") == len(name) - 1)):
                return None
            if name.endswith(b"error\n"):
                return None
            data.append(content)
    together = b",".join(data)
    return None if b"\n" in together else together
