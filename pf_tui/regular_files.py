"""The one way to read a file that somebody else may have put there.

Opened first and looked at afterwards, so nothing can take its place in between: a pipe, a device, a folder or
a socket is refused without waiting for it, and a file larger than its reader wants is refused unread.
Standard library alone, and little of it: hooks come through here.
"""

from __future__ import annotations

import errno
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

MOST_BYTES = 16 * 1024 * 1024
"""No state file of ours or the original's, and no settings of an agent, come near."""

_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_CHUNK_BYTES = 1 << 20


class NoRegularFileError(OSError):
    """A pipe, a device or a socket: reading it may never end."""


class TooLargeError(OSError):
    """More bytes than any such file has."""

    size = 0


def open_handle(path: str | os.PathLike[str]) -> int:
    """A descriptor of a regular file.

    Raises:
        OSError: it is missing, may not be read, or is no regular file.
        ValueError: it is no path at all.
    """
    try:
        handle = os.open(path, _FLAGS)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket, or a device that is not there
            raise NoRegularFileError(errno.EINVAL, "no regular file", str(path)) from error
        raise
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return handle
    os.close(handle)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise NoRegularFileError(errno.EINVAL, "no regular file", str(path))


def open_regular(path: str | os.PathLike[str]) -> IO[bytes]:
    """The same as a file. Raises as `open_handle`."""
    return os.fdopen(open_handle(path), "rb")


def read_regular(path: str | os.PathLike[str], most: int = MOST_BYTES) -> bytes:
    """The content of a regular file.

    Raises:
        TooLargeError: it has more than `most` bytes.
        OSError: as `open_handle`.
    """
    handle = open_handle(path)
    try:
        size = os.fstat(handle).st_size
        data = b"" if size > most else os.read(handle, size + 1)
        if len(data) == size <= most:
            return data
        chunks = [data]
        while (size := max(size, sum(map(len, chunks)))) <= most:
            if not (chunk := os.read(handle, _CHUNK_BYTES)):
                return b"".join(chunks)
            chunks.append(chunk)
    finally:
        os.close(handle)
    error = TooLargeError(errno.EFBIG, f"larger than {most >> 20} MB", str(path))
    error.size = size
    raise error
