"""A log packed with zstd, unpacked while it is read: never on a disk, never whole in memory, and never for long.

What a small file may become is bounded by its own size. Source: RFC 8878, 3.1.1.1.2 (8 MB of window are what
every decoder supports); the rows of an agent's log, packed at zstd's levels 1 to 19: 5 to 60 times smaller.
"""

from __future__ import annotations

import os
from io import FileIO
from types import ModuleType

from pf_tui.ingest.lines import OnLine
from pf_tui.ingest.observed import ParsedLogs

MOST_TIMES = 250
"""How many times its packed size a log may have."""

FREE_BYTES = 1024 * 1024
"""What any log may have, however small it was packed."""

MOST_BYTES = 512 * 1024 * 1024
"""What no packed log may pass."""

WINDOW_BYTES = 8 * 1024 * 1024
"""Of memory that unpacking takes; the file names it, up to 2 TB."""

TOO_MUCH = (
    f"unpacks to more than {MOST_TIMES} times its size or {MOST_BYTES >> 20} MB; the rest of it is skipped"
)
WIDE = (
    f"needs more than {WINDOW_BYTES >> 20} MB of memory to be unpacked; pack it again with `zstd -19` or less"
)
NOT_ZSTD = "is cut off or not zstd"

MOST_DAMAGED = 10_000
"""Rows in a row that are none, each of which takes its time; then the rest is no agent's log either."""

DAMAGED = f"has {MOST_DAMAGED} damaged rows one after another; the rest of it is skipped"

_STEP_BYTES = 128 * 1024


class UnusableError(Exception):
    """The rest of a packed log is not read; says why."""


class Unpacked:
    """A packed file as its content: read forwards, and sought back within what was read last.

    Args:
        zstandard: the package, which is an extra.
    """

    def __init__(self, file: FileIO, zstandard: ModuleType) -> None:
        engine = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES)
        self._error: type[Exception] = zstandard.ZstdError
        self._stream = engine.stream_reader(file, read_across_frames=True, closefd=False)
        packed_bytes = os.fstat(file.fileno()).st_size
        self._remaining = min(MOST_BYTES, max(FREE_BYTES, MOST_TIMES * packed_bytes))
        self._last = b""
        self._behind = 0
        """How much of the last block is to be read again."""

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; b"" at the end. Raises UnusableError."""
        if self._behind:
            again = self._last[-self._behind :][:size]
            self._behind -= len(again)
            return again
        try:
            data: bytes = self._stream.read1(min(size, _STEP_BYTES))
        except self._error as error:
            raise UnusableError(WIDE if "too much memory" in str(error) else NOT_ZSTD) from error
        self._remaining -= len(data)
        if self._remaining < 0:
            raise UnusableError(TOO_MUCH)
        self._last = data
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> None:
        """Go on at an offset from the start, which lies before us, or back within the last block."""
        if whence == os.SEEK_CUR:
            self._behind -= offset
            return
        while offset and (data := self.read(min(offset, _STEP_BYTES))):
            offset -= len(data)


def while_usable(on_line: OnLine) -> OnLine:
    """The same for rows of a packed log. Raises UnusableError after MOST_DAMAGED that are none."""
    in_a_row = 0

    def take(line: bytes, path: str, logs: ParsedLogs) -> None:
        nonlocal in_a_row
        in_a_row += 1
        if in_a_row > MOST_DAMAGED:
            raise UnusableError(DAMAGED)
        on_line(line, path, logs)
        in_a_row = 0

    return take
