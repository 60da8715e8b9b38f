"""Lock, atomic write, and bad JSON as one sentence.

Every write: one lock for the directory → read again → change → temp file beside it → fsync →
`os.replace` → fsync of the directory. A crash at any instant leaves the old or the new file.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from _thread import get_ident
from collections.abc import Callable, Iterator
from pathlib import Path

from pf_tui import json_values
from pf_tui.errors import PfError, StateFileUnusable, cannot_read, cannot_write
from pf_tui.json_values import NumberOutOfRangeError
from pf_tui.regular_files import MOST_BYTES, NoRegularFileError, TooLargeError, read_regular
from pf_tui.state.paths import Paths, make_private

LOCK_TIMEOUT_S = 5.0
"""As long as a person waits without asking; then a clear error."""

HALF_WRITTEN_LOOKS = 10
HALF_WRITTEN_S = 0.01
"""How often, and how far apart, a file is read that somebody seems to be writing: 0.1 s together."""

FRESH_S = 2.0
"""A file that was last written longer ago is not being written now."""

REWRITES = 50
"""How often a change begins anew because somebody else wrote the file meanwhile."""

FileIdentity = tuple[int, int, int]
"""mtime in ns, size in bytes, inode: changes whenever the file does."""

_lock_depths: dict[tuple[int, Path], int] = {}
"""How often a thread has taken a directory's lock. No threading.local: importing it takes a millisecond."""


@contextlib.contextmanager
def locked(paths: Paths, timeout_s: float | None = None) -> Iterator[None]:
    """Hold the directory's lock; re-entrant within a thread. Creates the directory (0700).

    Raises:
        PfError: someone else holds it longer than `timeout_s` (LOCK_TIMEOUT_S), or the
            directory cannot be written.
    """
    lock_key = (get_ident(), paths.home)
    if lock_key in _lock_depths:
        _lock_depths[lock_key] += 1
        try:
            yield
        finally:
            _lock_depths[lock_key] -= 1
        return
    handle = _open_lock(paths)
    try:
        _acquire(handle, paths, LOCK_TIMEOUT_S if timeout_s is None else timeout_s)
        _lock_depths[lock_key] = 1
        try:
            yield
        finally:
            del _lock_depths[lock_key]
    finally:
        os.close(handle)


def is_locked_here(paths: Paths) -> bool:
    """This thread holds the directory's lock."""
    return (get_ident(), paths.home) in _lock_depths


def make_home(paths: Paths) -> None:
    """Create the state directory, readable by its owner only."""
    try:
        make_private(paths.home)
    except OSError as error:
        raise cannot_write(paths.home, error) from error


def read_text(path: Path, most: int = MOST_BYTES) -> str | None:
    """The file's text; None when it does not exist.

    Args:
        most: bytes; a file that is larger is refused unread.
    Raises:
        StateFileUnusable: unreadable, too large, or not UTF-8.
    """
    data = _data(path, most)
    return None if data is None else _text(path, data)


def _data(path: Path, most: int = MOST_BYTES) -> bytes | None:
    try:
        return read_regular(path, most)
    except FileNotFoundError:
        return None
    except NoRegularFileError as error:
        raise StateFileUnusable(path, "is a pipe or a device, not a file", f"move {path} away") from error
    except TooLargeError as error:
        raise StateFileUnusable(
            path,
            f"{error.size / 1_048_576:.3g} MB is far more than this file ever holds",
            f"move {path} away; nothing was written over it",
        ) from error
    except OSError as error:
        raise cannot_read(path, error) from error


def _text(path: Path, data: bytes) -> str:
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode()  # "utf-8-sig" is a module to load
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise StateFileUnusable(path, "is not UTF-8 text", line=line) from error


def read_json(
    path: Path, *, pause: Callable[[float], object] = time.sleep, now: Callable[[], float] = time.time
) -> dict[str, object] | None:
    """The JSON object in `path`, key order kept; None when there is no such file.

    The original plugin writes its files in place: one that was just written and ends too early is read again
    for a moment.

    Args:
        pause, now: the clock; the one waits for some seconds, the other says the time in seconds.
    Raises:
        StateFileUnusable: with line and column.
    """
    data = _whole_data(path, pause, now)
    return None if data is None else _object(path, _text(path, data))


def _whole_data(
    path: Path, pause: Callable[[float], object] = time.sleep, now: Callable[[], float] = time.time
) -> bytes | None:
    for _ in range(HALF_WRITTEN_LOOKS):
        data = _data(path)
        is_whole = data is None or data.rstrip().endswith(b"}")
        if is_whole or not _is_fresh(path, now()):
            return data
        pause(HALF_WRITTEN_S)
    return _data(path)


def _object(path: Path, text: str) -> dict[str, object]:
    try:
        content = json_values.parse(text)
    except NumberOutOfRangeError as error:
        what, line, column = error.place_in(text)
        number_text = (
            error.number if len(error.number) <= 24 else f"a number of {len(error.number)} characters"
        )
        why = f"{what} is {number_text}; it must be between {-json_values.MOST:g} and {json_values.MOST:g}"
        raise StateFileUnusable(path, why, line=line, column=column) from error
    except json.JSONDecodeError as error:
        why = "is empty" if not text.strip() else f"is not JSON: {error.msg.lower()}"
        raise StateFileUnusable(path, why, line=error.lineno, column=error.colno) from error
    except RecursionError as error:
        raise StateFileUnusable(path, "is nested too deeply") from error
    if not isinstance(content, dict):
        kind = json_values.kind_name(content)
        raise StateFileUnusable(path, f"expected an object, found {kind}", line=1, column=1)
    return content


def _is_fresh(path: Path, now_s: float) -> bool:
    with contextlib.suppress(OSError):
        return abs(now_s - path.stat().st_mtime) < FRESH_S
    return False


def write_json(path: Path, content: dict[str, object], *, mode: int = 0o600) -> None:
    """Replace `path` by `content` as JSON with 2-space indent. Call it under `locked()`."""
    write_bytes(path, json_bytes(content, indented=True) + b"\n", mode=mode)


def rewrite_json(
    path: Path, change: Callable[[dict[str, object] | None], dict[str, object] | None], *, mode: int = 0o600
) -> FileIdentity | None:
    """Read the file, change it, replace it; again from the start when somebody else wrote it meanwhile.

    Call it under `locked()`, which the original plugin does not take.

    Args:
        change: gets the content, None where there is no file; returns the new one, None to write nothing.
    Returns:
        `identity` of the file that was written; None when nothing was.
    Raises:
        StateFileUnusable: the file cannot be read.
        PfError: the disk refuses, or the file never stood still.
    """
    for _ in range(REWRITES):
        original = _whole_data(path)
        content = change(None if original is None else _object(path, _text(path, original)))
        if content is None:
            return None
        with contextlib.suppress(_ChangedMeanwhileError):
            return write_bytes(path, json_bytes(content, indented=True) + b"\n", mode=mode, over=(original,))
    raise PfError(f"another program goes on writing {path}; nothing was changed", "try again in a moment")


def write_private(path: Path, data: bytes) -> None:
    """Write a file that may be lost and belongs to its owner alone; neither locked nor fsynced.

    Raises:
        OSError: the disk refuses; the old file stands.
    """
    temp = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        handle = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temp, path)  # noqa: PTH105 - beside the other one
    except OSError:
        with contextlib.suppress(OSError):
            temp.unlink()
        raise


def json_bytes(content: object, *, indented: bool = False) -> bytes:
    """JSON in UTF-8; letters stand as themselves, but a path that is no UTF-8 needs escapes to come back."""
    try:
        text = json_values.indented(content) if indented else json.dumps(content, ensure_ascii=False)
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(content, indent=2 if indented else None).encode()


class _ChangedMeanwhileError(Exception):
    """The file is not the one that was read."""


def write_bytes(
    path: Path, data: bytes, *, mode: int | None = 0o600, over: tuple[bytes | None] | None = None
) -> FileIdentity:
    """Replace `path` by `data` atomically; a symbolic link stays one. mode None keeps the file's own.

    Args:
        over: the content that may be replaced, (None,) for no file; None takes any.
    Returns:
        `identity` of the new file.
    Raises:
        PfError: the directory is read-only, missing or full; the old file stands.
    """
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    if target.is_symlink():  # what realpath leaves a link leads back to itself
        raise cannot_write(path, OSError(errno.ELOOP, os.strerror(errno.ELOOP)))
    if mode is None:
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
    temp = target.with_name(f".{target.name}.{os.getpid()}.{get_ident()}.tmp")
    try:
        handle = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        try:
            os.fchmod(handle, mode)
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
            os.fsync(handle)
            status = os.fstat(handle)
        finally:
            os.close(handle)
        # the content: two writes within a tick of the clock leave the same size and time
        if over is not None and _data(target) != over[0]:
            temp.unlink()
            raise _ChangedMeanwhileError
        os.replace(temp, target)  # noqa: PTH105 - the one call this room is about
        finish_replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temp.unlink()
        raise cannot_write(target, error) from error
    return _identity_of(status)


def version_of(path: Path) -> str:
    """Tells this version of a file from later ones, as text for another file to keep; "" without a file."""
    try:
        state = path.stat()
    except OSError:
        return ""
    return f"{state.st_mtime_ns:x}-{state.st_size:x}"


def identity(path: Path) -> FileIdentity | None:
    """Tells the version of the file that is there now from every other; None without a file."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    except OSError:  # a link to itself: something is there, and reading it says what is wrong
        try:
            status = path.lstat()
        except OSError:
            return None
    return _identity_of(status)


def _identity_of(status: os.stat_result) -> FileIdentity:
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def _open_lock(paths: Paths) -> int:
    make_home(paths)
    try:
        return os.open(paths.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise cannot_write(paths.home, error) from error


def _acquire(handle: int, paths: Paths, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    pause_s = 0.001
    while not try_lock(handle):
        if time.monotonic() >= deadline:
            raise PfError(
                f"another program has held {paths.lock} for {timeout_s:g} s; nothing was changed",
                "try again, or look for a stuck pf-tui process",
            )
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, 0.02)


if os.name == "nt":
    import msvcrt

    def try_lock(handle: int) -> bool:
        """Take the lock of an open file if nobody holds it."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
else:
    import fcntl

    def try_lock(handle: int) -> bool:
        """Take the lock of an open file if nobody holds it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES, errno.EINTR):
                return False
            raise
        return True


def finish_replace(target: Path, folder: int | None = None) -> None:
    """Make a rename durable and tidy up: `folder` is a descriptor of the folder `target` is in.

    What killed writers of this file left behind goes: half of a file with secrets must not stay.
    """
    _sync_directory(target.parent, folder)
    prefix = f".{target.name}."
    with contextlib.suppress(OSError), os.scandir(target.parent if folder is None else folder) as entries:
        for entry in entries:
            if not (entry.name.startswith(prefix) and entry.name.endswith(".tmp")):
                continue
            from pf_tui.state import pids  # seldom needed

            writer = entry.name.removeprefix(prefix).partition(".")[0]
            if writer.isdecimal() and not pids.is_there(int(writer)):
                with contextlib.suppress(OSError):
                    os.unlink(entry.path, dir_fd=folder)


def _sync_directory(path: Path, folder: int | None = None) -> None:
    """Make the rename itself durable; filesystems that cannot do it say so and are left alone."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY) if folder is None else os.dup(folder)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
