"""The one way to open a file of a project the person works in: what others committed must not lead us out.

Every component below the project's root is opened as itself: a link is refused, wherever it leads, and so is
what is no regular file (a pipe would never answer), what is larger than the caller takes, and what belongs to
another user. Reading and writing share the same steps; writing is temp file beside it → fsync → rename.
Where the system has no `openat` (Windows), each component is looked at before it is opened.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from _thread import get_ident
from collections.abc import Iterator
from pathlib import Path

from pf_tui.errors import PfError, StateFileUnusable, cannot_read, cannot_write
from pf_tui.records import record
from pf_tui.state import files

SETTINGS_BYTES = 64 * 1024
"""A project's own settings; the template has 700."""

AGENT_BYTES = 1024 * 1024
"""An agent's settings in a project; the largest seen in the field had 40 KB."""

_AT = os.open in os.supports_dir_fd
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NO_FOLLOW | getattr(os, "O_CLOEXEC", 0)
_READ_FLAGS = (
    os.O_RDONLY
    | _NO_FOLLOW
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)

Identity = tuple[int, int, int, int, int]
"""(device, inode, size, mtime_ns, ctime_ns): nobody but root can change a file and keep its ctime."""


class ForeignOwner(StateFileUnusable):
    """The file, or the folder it lies in, belongs to another user: it is not read."""


@record
class Content:
    """A file's bytes, and what it looked like from outside when they were read."""

    data: bytes
    identity: Identity


@record
class _Entry:
    """A name that can be opened without anything above it being looked up again."""

    name: str
    folder: int | None
    """Descriptor of the folder `name` is in; None = `name` is a whole path."""
    path: Path


def read(root: Path, path: Path, limit: int) -> Content | None:
    """The file `path`, which lies below `root`; None when there is none. Raises StateFileUnusable."""
    with _entry(root, path, make=False) as entry:
        if entry is None:
            return None
        handle = _open(entry)
        if handle is None:
            return None
        try:
            status = _checked(os.fstat(handle), path, limit)
            data = _whole(handle, limit + 1)
        except OSError as error:
            raise cannot_read(path, error) from error
        finally:
            os.close(handle)
    if len(data) > limit:
        raise _too_large(path, limit)
    return Content(data=data, identity=_identity(status))


def identity(root: Path, path: Path, limit: int) -> Identity | None:
    """What the file looks like from outside; None when there is none. Raises StateFileUnusable as `read`."""
    with _entry(root, path, make=False) as entry:
        status = None if entry is None else _status(entry)
    return None if status is None else _identity(_checked(status, path, limit))


def text(content: bytes, path: Path) -> str:
    """The bytes as text, a byte order mark kept. Raises StateFileUnusable with the line."""
    try:
        words = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise StateFileUnusable(path, "is not UTF-8 text", line=line) from error
    if "\0" in words:
        line = words.count("\n", 0, words.index("\0")) + 1
        raise StateFileUnusable(path, "a NUL stands in the text", line=line)
    return words


def write(root: Path, path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Replace the file; one that is there keeps its mode. Raises StateFileUnusable, PfError."""
    with _entry(root, path, make=True) as entry:
        if entry is None:
            raise PfError(f"{path.parent} went away while {path.name} was written", "try again")
        status = _status(entry)
        if status is not None:
            _checked(status, path, None)
            mode = stat.S_IMODE(status.st_mode)
        temp = f".{path.name}.{os.getpid()}.{get_ident()}.tmp"
        beside = temp if entry.folder is not None else str(path.with_name(temp))
        try:
            _written(beside, entry.folder, data, mode)
            os.replace(beside, entry.name, src_dir_fd=entry.folder, dst_dir_fd=entry.folder)
            files.finish_replace(path, entry.folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(beside, dir_fd=entry.folder)
            raise cannot_write(path, error) from error


def remove(root: Path, path: Path) -> None:
    """Delete the file if it is there. Raises StateFileUnusable, PfError."""
    with _entry(root, path, make=False) as entry:
        if entry is None or (status := _status(entry)) is None:
            return
        _checked(status, path, None)
        try:
            os.unlink(entry.name, dir_fd=entry.folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise cannot_write(path, error) from error


def make_folder(root: Path, folder: Path) -> None:
    """Make a folder below `root`. Raises StateFileUnusable, PfError."""
    with _entry(root, folder / "any", make=True):
        return


@contextlib.contextmanager
def _entry(root: Path, path: Path, *, make: bool) -> Iterator[_Entry | None]:
    """Go down from `root` to the folder `path` is in; None when one is missing and none is to be made."""
    parts = path.relative_to(root).parts
    if ".." in parts:
        raise StateFileUnusable(path, "leads out of the project")
    handle = _root(root, make=make)
    if handle is None:
        yield None
        return
    handle = handle if handle >= 0 else None
    try:
        here = root
        for part in parts[:-1]:
            here = here / part
            step = _Entry(name=part if handle is not None else str(here), folder=handle, path=here)
            if make:
                _make(step)
            below = _folder(step, path)
            if below is None:
                yield None
                return
            if handle is not None:
                os.close(handle)
                handle = below
        yield _Entry(name=parts[-1] if handle is not None else str(path), folder=handle, path=path)
    finally:
        if handle is not None:
            os.close(handle)


def _root(root: Path, *, make: bool) -> int | None:
    """A descriptor of the root, -1 where there are none for folders; None when there is no such folder.

    How the person got to the root is their own affair: links above it are followed.
    """
    if not _AT:
        return -1 if root.is_dir() else None
    try:
        return os.open(root, _FOLDER & ~_NO_FOLLOW)
    except OSError as error:
        if make:
            raise cannot_write(root, error) from error
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            return None
        raise cannot_read(root, error) from error


def _make(step: _Entry) -> None:
    try:
        os.mkdir(step.name, 0o777, dir_fd=step.folder)
    except FileExistsError:
        return
    except OSError as error:
        raise cannot_write(step.path, error) from error


def _folder(step: _Entry, path: Path) -> int | None:
    """A descriptor of the folder (-1 where there are none); None when there is nothing of that name."""
    status = _status(step)
    if status is None:
        return None
    if stat.S_ISLNK(status.st_mode):
        raise _link(path, step.path)
    if not stat.S_ISDIR(status.st_mode):
        raise StateFileUnusable(path, f"{step.path} is not a folder", f"move {step.path} away")
    _owned(status, path)
    if step.folder is None:
        return -1
    try:
        return os.open(step.name, _FOLDER, dir_fd=step.folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refused(step.path, path, error) from error


def _open(entry: _Entry) -> int | None:
    """A descriptor for reading; None when there is no file. What is no file is not opened at all."""
    status = _status(entry)
    if status is None:
        return None
    _checked(status, entry.path, None)
    try:
        return os.open(entry.name, _READ_FLAGS, dir_fd=entry.folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refused(entry.path, entry.path, error) from error


def _status(entry: _Entry) -> os.stat_result | None:
    try:
        return os.stat(entry.name, dir_fd=entry.folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise cannot_read(entry.path, error) from error


def _checked(status: os.stat_result, path: Path, limit: int | None) -> os.stat_result:
    """The status of a regular file that is ours to use. Raises StateFileUnusable."""
    if stat.S_ISLNK(status.st_mode):
        raise _link(path, path)
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, a socket or a device"
        raise StateFileUnusable(path, f"is {kind}, not a file", f"move {path} away")
    _owned(status, path)
    if limit is not None and status.st_size > limit:
        raise _too_large(path, limit)
    return status


def _owned(status: os.stat_result, path: Path) -> None:
    if hasattr(os, "geteuid") and status.st_uid not in (os.geteuid(), 0):
        raise ForeignOwner(
            path, f"belongs to another user (uid {status.st_uid}) and is not read", f"look at {path}"
        )


def _whole(handle: int, most: int) -> bytes:
    parts: list[bytes] = []
    while most > 0 and (part := os.read(handle, most)):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _written(name: str, folder: int | None, data: bytes, mode: int) -> None:
    with contextlib.suppress(FileNotFoundError):  # left by a process of our number that was killed
        os.unlink(name, dir_fd=folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | getattr(os, "O_BINARY", 0)
    handle = os.open(name, flags, mode, dir_fd=folder)
    try:
        if hasattr(os, "fchmod"):
            os.fchmod(handle, mode)
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _identity(status: os.stat_result) -> Identity:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _link(path: Path, link: Path) -> StateFileUnusable:
    which = "is" if link == path else f"{link} is"
    return StateFileUnusable(
        path,
        f"{which} a link, and links in a project are not followed",
        f"put the file itself in place of {link}; nothing was read or written through it",
    )


def _too_large(path: Path, limit: int) -> StateFileUnusable:
    return StateFileUnusable(path, f"is larger than {limit // 1024} KB, which this file never is")


def _refused(step: Path, path: Path, error: OSError) -> PfError:
    """It became a link (or no folder) between the look and the opening."""
    if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
        return _link(path, step)
    return cannot_read(path, error)
