"""Line files in blocks: memory stays flat, a broken line costs only itself, half a line waits.

A line is decoded only when it holds one of the needles; that is what makes two gigabytes take seconds.
What a crash, an editor or another system left around, between or inside rows is mended where the rows
can still be read; what is lost and what was only damaged is noted with file and line.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from io import FileIO
from typing import Protocol

from stringzilla import find, rfind

from pf_tui.ingest.observed import MAX_SKIPS, UNFINISHED, ParsedLogs, UnusableRowError
from pf_tui.ledger.rows import sound
from pf_tui.ledger.unread import UNKNOWN_SHAPE
from pf_tui.regular_files import open_handle

BLOCK_BYTES = 96 * 1024
"""Stays in a core's cache for every search that goes over it."""

MAX_LINE_BYTES = 64 * 1024 * 1024
"""Of a line, or of a file that is one document. No vendor takes a request as long, with all its pictures; what
is longer is no row of any client's, and is skipped rather than held in memory, three times over while read."""

_ESCAPE = b"\\u00"
_ESCAPED_ASCII = re.compile(rb"\\u00[2-7]")
"""A writer that escapes printable ASCII (legal JSON) may have escaped a needle: such lines are decoded."""

MANY_ESCAPES = 8
"""So many (of colours, mostly) are looked at one by one; a line with more is faster searched."""

_OBJECT = re.compile(r'\{[ \t\r\n]*["}]')
"""How an object begins; within a text the quote would be escaped."""

MOST_TRIES = 1000
"""Objects of a damaged line that do not end: each may cost a pass over all of it."""

_BROKEN = re.compile(rb"[^}\n\0 \t\r][\0 \t\r]{0,63}\n")
"""How a line ends that is no object."""

_BLANKS = re.compile(rb"[\0 \t\r\n]*\n")

_WASTE = "\ufeff\0 \t\r\n"

NOT_UTF8 = "has bytes that are not UTF-8; its numbers were used"
MENDED = "is damaged; its numbers were used"
NOT_JSON = "is cut off or not JSON"
TOO_LONG = f"is longer than {MAX_LINE_BYTES // 1024 // 1024} MB"


class Content(Protocol):
    """What lines are read from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes; b"" at the end."""

    def seek(self, offset: int, whence: int = 0, /) -> object:
        """Go to an offset."""


Opened = Callable[[], AbstractContextManager[Content]]
OnLine = Callable[[bytes, str, ParsedLogs], None]
"""Takes a whole line; raises ValueError or TypeError when it is no JSON object."""


def read_lines(
    file: Content,
    path: str,
    offset: int,
    needles: tuple[bytes, ...],
    on_line: OnLine,
    logs: ParsedLogs,
    turns: tuple[bytes, ...] = (),
    opened: Opened | None = None,
) -> int:
    """Feed every line with a needle to `on_line`, in the file's order; returns where to go on next time.

    The last line counts when it is whole JSON, newline or not; otherwise it waits for the next time.

    Args:
        needles: what a line must have to matter, the commonest first.
        turns: what a turn of a model has in any shape; a file of turns without a needle is named, and read
            from its start until it has one.
        opened: opens it once more, where its content is not what lies at `path`.
    Raises:
        OSError: the file cannot be read.
    """
    reader = _Reader(path, needles, on_line, logs, opened)
    first = offset
    for start, buffer, end in _whole_lines(file, offset, reader):
        if end:
            reader.take(start, buffer, end)
            offset = start + end
        else:
            offset = reader.take_rest(start, buffer)
    if turns and not first and not reader.took and _holds(file, turns):
        logs.skip(path, 0, UNKNOWN_SHAPE)
        return 0
    return offset


def read_document(file: FileIO, path: str, on_line: OnLine, logs: ParsedLogs) -> int:
    """A file that is one JSON document, read whole each time it changes; returns its size.

    Raises:
        OSError: the file cannot be read.
    """
    content = file.read(MAX_LINE_BYTES + 1) or b""
    logs.bytes += len(content)
    if len(content) > MAX_LINE_BYTES:
        logs.skip(path, 0, TOO_LONG)
        return file.seek(0, os.SEEK_END)
    _Reader(path, (), on_line, logs).take_document(content)
    return len(content)


class _Reader:
    """One file's lines on their way to a source."""

    def __init__(
        self,
        path: str,
        needles: tuple[bytes, ...],
        on_line: OnLine,
        logs: ParsedLogs,
        opened: Opened | None = None,
    ) -> None:
        self._path = path
        self._opened = opened or (lambda: FileIO(open_handle(path)))
        self._common, *self._rare = *(needles or (b"",)), _ESCAPE
        self._on_line = on_line
        self._logs = logs
        self._lines_before = (0, 0)  # newlines before an offset
        self.took = False
        """A line had a needle."""

    def take(self, start: int, buffer: bytes, end: int) -> None:
        """Whole lines: buffer[:end], which begins at offset `start` of the file."""
        first = 0
        while (offset := find(buffer, self._common, first, end)) >= 0:
            begin = rfind(buffer, b"\n", first, offset) + 1 or first
            if first < begin:
                self._without(start, buffer, first, begin)
            last = find(buffer, b"\n", offset, end)
            self._read(buffer[begin:last], start + begin)
            first = last + 1
        if first < end:
            self._without(start, buffer, first, end)

    def _without(self, start: int, buffer: bytes, first: int, end: int) -> None:
        """Lines that do not have the common needle: most have nothing for us, and must only be whole."""
        needles: set[int] = set()
        for needle in self._rare:
            if (offset := find(buffer, needle, first, end)) >= 0:
                _add_lines(needles, needle, buffer, first, offset, end)
        for begin in sorted(needles):
            self._name_broken(start, buffer, first, begin)
            last = find(buffer, b"\n", begin, end)
            self._read(buffer[begin:last], start + begin)
            first = last + 1
        self._name_broken(start, buffer, first, end)

    def _name_broken(self, start: int, buffer: bytes, first: int, end: int) -> None:
        """Lines that are not decoded, and do not end as an object does."""
        while first < end:  # a pattern over all bytes took three times as long as the rest of an ingest
            last = find(buffer, b"\n", first, end)
            begin, first = first, last + 1
            if buffer[last - 1] == 0x7D:  # "}"
                continue
            tail = buffer[max(begin, last - 64) : last].strip(b"\0 \t\r")
            if not tail:
                blanks = _BLANKS.match(buffer, last, end)  # a million of them, one by one, take half a second
                first = blanks.end() if blanks else first
            elif not tail.endswith(b"}"):
                if self._is_full():
                    more = len(_BROKEN.findall(buffer, begin, end))
                    self._logs.skip(self._path, self._last_named(), NOT_JSON, rows=more)
                    return
                self.name(start + begin, NOT_JSON)

    def take_document(self, content: bytes) -> None:
        """A whole file."""
        if content.strip(b"\0 \t\r\n"):
            self._read(content, 0)

    def take_rest(self, start: int, rest: bytes) -> int:
        """What follows the last newline; returns the offset behind what could be used of it."""
        if not rest.strip(b"\0 \t\r"):
            return start
        self.took |= self._common in rest
        try:
            self._on_line(rest, self._path, self._logs)
        except UnusableRowError as reason:
            self.name(start, str(reason))
        except (ValueError, TypeError, RecursionError):
            objects, _, unfinished = mended(rest)
            if not objects or unfinished:
                if cut := _after_carriage_return(rest):
                    self._read(rest[:cut], start)
                    return self.take_rest(start + cut, rest[cut:])
                self.name(start, UNFINISHED)
                return start
            self._read(rest, start)
        return start + len(rest)

    def name(self, offset: int, why: str, *, lost: bool = True) -> None:
        """Note the line that begins at an offset."""
        line = self._last_named() if self._is_full() else self._line_number(offset)
        self._logs.skip(self._path, line, why, lost=lost)

    def _is_full(self) -> bool:
        """So many lines are named that more of them are only counted."""
        return len(self._logs.skipped.get(sound(self._path), ())) >= MAX_SKIPS

    def _last_named(self) -> int:
        return self._logs.skipped[sound(self._path)][-1].line

    def _read(self, line: bytes, offset: int) -> None:
        self.took = True
        try:
            self._on_line(line, self._path, self._logs)
        except UnusableRowError as reason:
            self.name(offset, str(reason))
        except (ValueError, TypeError, RecursionError):
            self._mend(line, offset)
        else:
            if not line.isascii() and not _is_utf8(line):
                self.name(offset, NOT_UTF8, lost=False)

    def _mend(self, line: bytes, offset: int) -> None:
        """Use what rows a damaged line still holds."""
        objects, damage, unfinished = mended(line)
        problem = NOT_JSON if unfinished or not objects else ""
        for content in objects:
            try:
                self._on_line(json.dumps(content).encode(), self._path, self._logs)
            except UnusableRowError as reason:
                problem = problem or str(reason)
            except (ValueError, TypeError, RecursionError):
                problem = NOT_JSON
        if problem:
            self.name(offset, problem)
        elif damage:
            self.name(offset, damage, lost=False)

    def _line_number(self, offset: int) -> int:
        counted_to, lines = self._lines_before
        if offset < counted_to:
            counted_to = lines = 0
        with self._opened() as file:
            file.seek(counted_to)
            while counted_to < offset and (block := file.read(min(BLOCK_BYTES, offset - counted_to))):
                lines += block.count(b"\n")
                counted_to += len(block)
        self._lines_before = (counted_to, lines)
        return lines + 1


def mended(line: bytes) -> tuple[list[dict[str, object]], str, bool]:
    """What a line that is not plain JSON still holds.

    Returns:
        The whole objects in it; what is wrong with them ("" when nothing is: rows parted by carriage
        returns); whether something in it was beyond use.
    """
    text = line.decode("utf-8", "replace")
    damage = NOT_UTF8 if "\ufffd" in text and not _is_utf8(line) else ""
    decoder = json.JSONDecoder(strict=False)
    objects: list[dict[str, object]] = []
    offset, is_damaged, tries = 0, False, MOST_TRIES
    while match := _OBJECT.search(text, offset):
        start = match.start()
        gap = text[offset:start]
        is_damaged |= bool(gap.strip(_WASTE))
        damage = damage or (MENDED if "\0" in gap else "")
        try:
            content, offset = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            offset, is_damaged, tries = start + 1, True, tries - 1
            if not tries:
                break
        else:
            objects.append(content)
    is_damaged |= bool(text[offset:].strip(_WASTE))
    if is_damaged:
        # parts of a row that is cut off are objects too
        objects = [content for content in objects if isinstance(content.get("type"), str)]
    return objects, damage or (MENDED if len(objects) == 1 else ""), is_damaged


def _whole_lines(file: Content, offset: int, reader: _Reader) -> Iterator[tuple[int, bytes, int]]:
    """(offset, buffer, end of its last whole line); what follows the last newline comes with end 0."""
    file.seek(offset)
    parts: list[bytes] = []
    size = 0
    while block := file.read(BLOCK_BYTES):
        reader._logs.bytes += len(block)
        cut = block.rfind(b"\n") + 1
        if not cut:
            parts.append(block)
            size += len(block)
            if size > MAX_LINE_BYTES:
                reader.name(offset, TOO_LONG)
                offset += size + _to_next_line(file)
                parts, size = [], 0
            continue
        buffer = b"".join((*parts, block)) if parts else block
        end = size + cut
        yield offset, buffer, end
        offset += end
        parts, size = ([buffer[end:]], len(buffer) - end) if end < len(buffer) else ([], 0)
    if parts:
        yield offset, b"".join(parts), 0


def _holds(file: Content, words: tuple[bytes, ...]) -> bool:
    """One of the words lies in the file; each block begins with the end of the one before."""
    file.seek(0)
    longest, end = max(map(len, words)), b""
    while block := file.read(BLOCK_BYTES):
        end += block
        if any(find(end, word) >= 0 for word in words):
            return True
        end = end[-longest:]
    return False


def _to_next_line(file: Content) -> int:
    """Leave a line that is too long; returns how many bytes were skipped."""
    size = 0
    while block := file.read(BLOCK_BYTES):
        if cut := block.find(b"\n") + 1:
            file.seek(cut - len(block), 1)
            return size + cut
        size += len(block)
    return size


def _add_lines(starts: set[int], needle: bytes, buffer: bytes, first: int, offset: int, end: int) -> None:
    """Add where the lines begin that have a needle, the first one at `offset`, or may have one as escapes."""
    while offset >= 0:
        last = find(buffer, b"\n", offset, end)
        if needle is not _ESCAPE or _escaped(buffer, offset, last):
            starts.add(rfind(buffer, b"\n", first, offset) + 1 or first)
        offset = find(buffer, needle, last, end)


def _escaped(buffer: bytes, offset: int, last: int) -> bool:
    """Whether one of the escapes from `offset` to the line's end stands for printable ASCII."""
    for _ in range(MANY_ESCAPES):
        if buffer[offset + 4] in b"234567":
            return True
        if (offset := find(buffer, _ESCAPE, offset + 4, last)) < 0:
            return False
    return _ESCAPED_ASCII.search(buffer, offset, last) is not None


def _after_carriage_return(rest: bytes) -> int:
    """Where what is still being written begins, behind rows that end in carriage returns alone; else 0."""
    cut = len(rest)
    while cut := rest.rfind(b"\r", 0, cut) + 1:
        before, behind = rest[max(0, cut - 64) : cut].rstrip(), rest[cut : cut + 64].lstrip()
        if before and before[-1] not in b":,[{" and behind[:1] in (b"{", b""):  # not within a row
            return cut
        cut -= 1
    return 0


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
