"""Events of a stream as they are read: what is taken from each, and many decoded at once.

An answer may be a thousand events that differ by a few letters; one by one they cost many times as much.
"""

from __future__ import annotations

import re

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

_BLANK_LINE, _EVENT, _DATA = range(3)
_NAME = re.compile(rb"event:[^,]*")

_RUNS = (
    b"\n\nevent: content_block_delta\ndata: ",
    b"\n\nevent: response.output_text.delta\ndata: ",
    b"\n\ndata: ",
)
"""What stands between two events of the kind that most events are."""


_TEXTS = tuple(
    (b"\n\nevent: " + name + b"\ndata: ", b'{"type":' + space + b'"' + name + b'"')
    for name in (b"content_block_delta", b"response.output_text.delta")
    for space in (b"", b" ")
)
"""What stands before a bit of text, and how that begins: a thousand of them may make up an answer."""


def without_texts(whole: bytes) -> tuple[bytes, int, int]:
    """(the other events, where among them the bits of text stood, how many those were).

    Of a bit of text nothing is told but that it is one: that it is JSON is enough, at a third of the time.
    """
    for run, begin in _TEXTS:
        before, *texts = whole.split(run + begin)
        if len(texts) < FEW_TEXTS:
            continue
        texts[-1], _, after = texts[-1].partition(b"\n\n")
        together = begin + (b"," + begin).join(texts)
        if b"\n" in together or b"\r" in together or b'"signature' in together:
            break
        try:
            values = _RAW_DECODER.decode(b"[" + together + b"]")
        except (msgspec.MsgspecError, RecursionError):
            break
        if len(values) != len(texts):
            break
        return before + b"\n\n" + after, len(before) + 2, len(values)
    return whole, 0, 0


def all_at_once(whole: bytes) -> list[Event] | None:
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
        elif had == _BLANK_LINE and _NAME.fullmatch(line) and not line.endswith(b"error"):
            had = _EVENT
        else:
            return None
    if had != _BLANK_LINE:
        return None
    try:
        events = _DECODER.decode(b"[" + b",".join(data) + b"]")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return events if len(events) == len(data) + count else None
