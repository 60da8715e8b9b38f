"""Where the gateway's few lines go when the state directory's disk is full: a folder of ours in memory.

Invariant: the folder is a real one, ours alone (0700); anything else there is not used.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from binascii import crc32
from pathlib import Path

from pf_tui.errors import PfError
from pf_tui.state import files
from pf_tui.state.paths import Paths

_BASES = ("/run/user/{uid}", "/dev/shm")  # noqa: S108 - a folder of our own in it, checked


def is_full(error: PfError) -> bool:
    """The disk had no room for a write."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)


def of(paths: Paths, path: Path) -> Path | None:
    """The stand-in of that file; None when there is none."""
    for folder in _folders(paths):
        if _is_ours(folder) and (spare := Path(folder, path.name)).is_file():
            return spare
    return None


def write(paths: Paths, path: Path, data: bytes) -> bool:
    """Keep the file's content there; False when no place takes it."""
    for folder in _folders(paths):
        try:
            Path(folder).mkdir(mode=0o700, exist_ok=True)
            if _is_ours(folder):
                files.write_private(Path(folder, path.name), data)
                return True
        except OSError:
            continue
    return False


def forget(paths: Paths, path: Path) -> None:
    """Take the stand-in away: the file itself could be written."""
    spare = of(paths, path)
    if spare is not None:
        spare.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # another file is still there
            spare.parent.rmdir()


def _folders(paths: Paths) -> list[str]:
    """As texts: every hook asks for a folder that hardly anybody has."""
    if not hasattr(os, "getuid"):
        return []
    uid = os.getuid()
    mark = f"{crc32(os.fsencode(paths.home)):08x}"  # hashlib would cost each hook 5 ms
    return [f"{base.format(uid=uid)}/pf-tui-{uid}-{mark}" for base in _BASES]


def _is_ours(folder: str) -> bool:
    try:
        status = os.lstat(folder)
    except OSError:
        return False
    private = not stat.S_IMODE(status.st_mode) & 0o077
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and private
