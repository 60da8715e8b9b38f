"""The three descriptors as a caller left them: closed, full, or set not to block.

`repair()` comes before anything opens a file: a ledger opened as descriptor 1 would be printed into.
Standard library alone; a caller with ordinary descriptors pays six system calls.
"""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # Any: a buffer, as `io` takes one

_WAYS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def repair() -> None:
    """Give each closed descriptor the null device, and make those that do not block wait."""
    for number, (name, way) in enumerate(_WAYS):
        try:
            blocks = os.get_blocking(number)
        except OSError:
            _to_null(number, way)
            blocks = True
        if getattr(sys, name) is None or not blocks:
            setattr(sys, name, _stream(number, way, name))


def discard(number: int) -> None:
    """Send what is still held for a descriptor to nowhere, so that it is not tried again at exit."""
    _to_null(number, "w")


def flush() -> bool:
    """Send what is held back; False when stdout took not all of it though somebody was there to read."""
    complete = True
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            stream.flush()
        except (OSError, ValueError) as error:
            complete = complete and (number == 2 or isinstance(error, BrokenPipeError))
            discard(number)
    return complete


def read(max_bytes: int) -> bytes:
    """All of stdin, at most `max_bytes` and one more, so that too much can be told from just enough."""
    try:
        return sys.stdin.buffer.read(max_bytes + 1)
    except (OSError, ValueError):
        return b""  # a terminal that went away, a descriptor open for writing only


def _to_null(number: int, way: str) -> None:
    null = os.open(os.devnull, os.O_RDONLY if way == "r" else os.O_WRONLY)
    if null != number:
        os.dup2(null, number)
        os.close(null)


def _stream(number: int, way: str, name: str) -> io.TextIOWrapper:
    """A text stream as the interpreter makes it, on a descriptor that may not block."""
    raw = _BlockingDescriptor(number, way, closefd=False)
    buffer: Any = io.BufferedReader(raw) if way == "r" else io.BufferedWriter(raw)
    stream = getattr(sys, name)
    return io.TextIOWrapper(
        buffer,
        encoding=stream.encoding if stream else "utf-8",
        errors=stream.errors if stream else ("backslashreplace" if name == "stderr" else "surrogateescape"),
        line_buffering=name == "stderr" or raw.isatty(),
    )


class _BlockingDescriptor(io.FileIO):
    """A descriptor that is waited for. Its flag stays: it belongs to whoever shares the other end."""

    def write(self, data: Any, /) -> int:
        while (count := super().write(data)) is None:
            self._wait(for_writing=True)
        return count

    def readinto(self, buffer: Any, /) -> int:
        while (got := super().readinto(buffer)) is None:
            self._wait(for_writing=False)
        return got

    def readall(self) -> bytes:
        parts = []
        while part := self.read(1 << 16):
            parts.append(part)
        return b"".join(parts)

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            return self.readall()
        while (part := super().read(size)) is None:
            self._wait(for_writing=False)
        return part

    def _wait(self, *, for_writing: bool) -> None:
        import select

        descriptors = [self.fileno()]
        select.select([] if for_writing else descriptors, descriptors if for_writing else [], [])
