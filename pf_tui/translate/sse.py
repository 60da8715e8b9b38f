"""Server-sent events: bytes in any cutting -> events, and events -> bytes."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from pf_tui.json_values import bytes_when_read

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder()

DONE_EVENT = b"data: [DONE]\n\n"
"""How a Chat stream ends."""


LONG_BYTES = 2**16
"""A shorter event is read without a look at how much that takes."""

READ_BYTES = 16 * 2**20
"""Of memory that reading one event may take."""

STRAY_BYTES = 2**14
"""Of lines that are no field."""

_OTHER_FIELDS = frozenset((b"", b"id", b"retry"))
"""Without a name: a comment."""

_BOM = b"\xef\xbb\xbf"
"""A stream may begin with it; it is no part of the first field."""


class Splitter:
    """Cuts a stream into (event name, data). Holds one unfinished event."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = b""
        self._data: bytearray | None = None
        self._begun = False
        self._return = b""
        self.stray = bytearray()
        """Lines that are no field of an event: somebody's own words, or a piece that lost its name."""

    def feed(self, chunk: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The events that are whole with this chunk."""
        if b"\r" in chunk or self._return:
            chunk = self._with_newlines(chunk)
        buffer, begin = self._rest + chunk if self._rest else chunk, 0
        if not self._begun and len(buffer) >= len(_BOM):
            self._begun = True
            buffer = buffer.removeprefix(_BOM)
        while (end := buffer.find(b"\n", begin)) >= 0:  # not split(): an event may be millions of lines
            line, begin = buffer[begin:end], end + 1
            if event := self._line(line):
                yield event
        self._rest = buffer[begin:]

    def _with_newlines(self, chunk: bytes) -> bytes:
        """Lines may end with a carriage return alone; one at the end waits for what follows it."""
        chunk = self._return + chunk
        self._return = b"\r" if chunk.endswith(b"\r") else b""
        chunk = chunk.removesuffix(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def finish(self) -> Iterator[tuple[bytes, bytes]]:
        """The event that the upstream did not end with an empty line."""
        for line in (self._rest, b""):
            if event := self._line(line):
                yield event
        self._rest = b""

    def _line(self, line: bytes) -> tuple[bytes, bytes] | None:
        if line:
            name, _, value = line.partition(b":")
            if name == b"data":
                part = value.removeprefix(b" ")
                if self._data is None:
                    self._data = bytearray(part)
                else:
                    self._data += b"\n" + part
            elif name == b"event":
                self._name = value.strip()
            elif name not in _OTHER_FIELDS and len(self.stray) < STRAY_BYTES:
                self.stray += line[:STRAY_BYTES] + b"\n"
            return None
        event = (self._name, bytes(self._data)) if self._data is not None else None
        self._name, self._data = b"", None
        return event


def content(data: bytes) -> dict[str, object] | None:
    """The JSON object of an event; None when it is none, or one that takes too much to read."""
    if len(data) > LONG_BYTES and bytes_when_read(data) > READ_BYTES:
        return None
    try:
        value = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def value_or_text(data: bytes | bytearray) -> object:
    """The JSON that these bytes are, else their text."""
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return data.decode(errors="replace")


def named(kind: str, payload: dict[str, object]) -> bytes:
    """An event with its name, as Messages and Responses send them."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), _ENCODER.encode(payload))


def plain(payload: dict[str, object]) -> bytes:
    """An event without a name, as Chat sends them."""
    return b"data: %b\n\n" % _ENCODER.encode(payload)


def dumps(value: object) -> bytes:
    """Compact JSON; the same value gives the same bytes."""
    return _ENCODER.encode(value)
