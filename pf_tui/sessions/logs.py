"""Following an append-only log: its newest rows that matter at first sight, afterwards only what was added.

A fixed tail is not enough: the newest answer began up to 128 KB before the end (measured), behind rows with
attachments. Half a line waits for its end; a log that shrank or was replaced is looked at anew.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from io import FileIO

from pf_tui.regular_files import open_handle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic, Protocol, TypeVar

    class Follower(Protocol):
        """Takes rows, oldest first."""

        @property
        def anchors(self) -> Sequence[Callable[[bytes], bool]]:
            """Rows to begin at: reading goes back until each has matched one."""

        def take(self, line: bytes) -> None:
            """One whole row, without its newline; an error that damaged rows cause passes it over."""

    F = TypeVar("F", bound=Follower)
else:
    F = object

    class Generic:
        """`typing.Generic`, whose parameters only type checkers read."""

        def __class_getitem__(cls, _: object) -> type:
            return cls


BLOCK = 64 * 1024
MAX_BACK = 4 * 1024 * 1024
"""How far back the first look goes; what is older than that is asked of the ledger."""

MAX_AHEAD = 8 * 1024 * 1024
"""More than that between two looks is read as if the log were new."""


class Log(Generic[F]):
    """One log and how far it has been read."""

    def __init__(self, path: str, make: Callable[[], F]) -> None:
        self.path = path
        self.version = 0
        """Changes whenever something was taken in."""
        self.changed_s: float | None = None
        """When it last grew (mtime); None while there is none."""
        self._make = make
        self.follower: F = make()
        self._identity: tuple[int, int] = (0, 0)
        self._size = -1
        self._offset = 0

    def refresh(self) -> bool:
        """Take in what was added; False when there is no such log."""
        status: os.stat_result | None
        try:
            status = os.stat(self.path)  # noqa: PTH116 - called 200 times a second
        except (OSError, ValueError):
            status = None
        if status is None or not stat.S_ISREG(status.st_mode):  # reading a pipe may never end
            self.version += self.changed_s is not None
            self.changed_s = None
            return False
        self.version += self.changed_s != status.st_mtime
        self.changed_s = status.st_mtime
        identity = (status.st_dev, status.st_ino)
        if identity == self._identity and status.st_size == self._size:
            return True
        try:
            with FileIO(open_handle(self.path)) as file:
                fresh = identity != self._identity or status.st_size < self._offset
                if fresh or status.st_size - self._offset > MAX_AHEAD:
                    self.follower = self._make()
                    self._offset = _start(file.fileno(), status.st_size, self.follower.anchors)
                self._forward(file.fileno(), status.st_size)
        except OSError:
            return False
        self._identity, self._size = identity, status.st_size
        self.version += 1
        return True

    def _forward(self, handle: int, size: int) -> None:
        rest = b""
        while self._offset + len(rest) < size:
            block = os.pread(handle, 1024 * 1024, self._offset + len(rest))
            if not block:
                break
            whole, newline, rest = (rest + block).rpartition(b"\n")
            if not newline:
                continue
            self._offset += len(whole) + 1
            for line in whole.split(b"\n"):
                if line:
                    _take(self.follower, line)


def _take(follower: Follower, line: bytes) -> None:
    try:
        follower.take(line)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return  # damaged rows say nothing; the next one may


def _start(handle: int, size: int, anchors: Sequence[Callable[[bytes], bool]]) -> int:
    """Where the oldest of the newest anchor rows begins; where the look back ended when one is missing."""
    missing = list(anchors)
    end, tail = size, b""
    offset = size
    while end > 0 and missing and size - end < MAX_BACK:
        begin = max(0, end - BLOCK)
        tail = os.pread(handle, end - begin, begin) + tail
        end = begin
        first = (
            tail.find(b"\n") + 1 if begin else 0
        )  # the row cut at the front comes whole with the next block
        if begin and not first:
            continue
        stop = len(tail)
        while stop > first and missing:
            start = max(tail.rfind(b"\n", first, stop - 1) + 1, first)
            line = tail[start:stop]
            matched = [anchor for anchor in missing if anchor(line)]
            if matched:
                missing = [anchor for anchor in missing if anchor not in matched]
                offset = begin + start
            stop = start
        tail = tail[:first]
    return offset if not missing else end + (tail.find(b"\n") + 1 if end else 0)
