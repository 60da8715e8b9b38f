"""Server-sent events as bytes: whole ones out of pieces, one by one, and the data of one.

Events are forwarded byte for byte, each as soon as it is whole: a stream that breaks then ends at an
event's border, where one clean error can follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONG_BYTES = 2**12
"""What waits beyond this is kept in pieces."""

BOM = b"\xef\xbb\xbf"
"""A stream may begin with it; it is no part of the first event."""

STRAY_BYTES = 2**16
"""Of a stream without an event that are looked at."""

EVENT_BEGINS = (b":", b"data:", b"event:", b"id:", b"retry:")
"""How a line of an event begins, whatever the stream's content type says."""


class EventBuffer:
    """Holds back what is not a whole event yet."""

    __slots__ = ("_parts", "_parts_bytes", "_rest", "waiting")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._parts_bytes = 0
        self._rest = b""
        """The end of what waits, long enough to hold all of a blank line but its last byte."""
        self.waiting = 0
        """Bytes of an event that is not whole yet."""

    def feed(self, data: bytes) -> bytes:
        """The whole events that are there now, as they came; b"" when none is."""
        buffer = self._rest + data if self._rest else data
        end = buffer.rfind(b"\n\n") + 2
        if b"\r" in buffer:
            end = max(end if end > 1 else 0, *(_end_of(buffer, mark) for mark in (b"\r\n\r\n", b"\r\r")))
        elif end == 1:
            end = 0
        if not end:
            self._put_by(buffer)
            return b""
        whole = b"".join([*self._parts, buffer[:end]]) if self._parts else buffer[:end]
        self._parts, self._rest = [], b""
        self._parts_bytes = self.waiting = 0
        if end != len(buffer):
            self._put_by(buffer[end:])
        return whole

    def _put_by(self, buffer: bytes) -> None:
        """Keep what is no whole event; a long one is not copied again for each piece of it."""
        if len(buffer) > LONG_BYTES:
            self._parts.append(buffer[:-3])
            self._parts_bytes += len(buffer) - 3
            buffer = buffer[-3:]
        self._rest = buffer
        self.waiting = self._parts_bytes + len(buffer)

    def flush(self) -> bytes:
        """What came after the last blank line: an event whose end is missing, or nothing."""
        rest = b"".join([*self._parts, self._rest])
        self._parts, self._rest = [], b""
        self._parts_bytes = self.waiting = 0
        return rest


def split_events(whole: bytes) -> Iterator[bytes]:
    """Whole events one by one, each with its blank line."""
    begin = 0
    for blank in _BLANK.finditer(whole):
        yield whole[begin : blank.end()]
        begin = blank.end()
    if begin < len(whole):
        yield whole[begin:]


_BLANK = re.compile(rb"\n\n|\r\n\r\n|\r\r")


def _end_of(buffer: bytes, mark: bytes) -> int:
    offset = buffer.rfind(mark)
    return offset + len(mark) if offset >= 0 else 0


def payload(event: bytes) -> bytes:
    """The event's data; b"" for a comment or a bare keep-alive."""
    start = event.find(b"data:")
    if start < 0:
        return b""
    if event.count(b"data:") == 1 and (start == 0 or event[start - 1] in b"\r\n"):
        end = event.find(b"\n", start)
        if end < 0:
            end = event.find(b"\r", start)
        return event[start + 5 : end if end >= 0 else None].strip()
    data = bytearray()  # not a list: an event may be millions of lines
    for line in _LINE.finditer(event):
        if line[0].startswith(b"data:"):
            data += line[0][5:].lstrip() + b"\n"
    return bytes(data[:-1])


def stray_text(events: bytes | bytearray) -> bytes:
    """What of a stream's beginning is neither an event nor a comment: somebody's own words."""
    lines = bytes(events[:STRAY_BYTES]).splitlines()
    return b"\n".join(line for line in lines if line.strip() and not line.startswith(EVENT_BEGINS))


def is_page(body: bytes | bytearray) -> bool:
    """A page, whatever it is called: neither JSON nor an event begins so."""
    return body[:64].removeprefix(BOM).lstrip()[:1] == b"<"


_LINE = re.compile(rb"[^\r\n]+")
