"""One server of a kind for each state directory: a lock file that its process holds for as long as it lives.

The lock dies with its process, whatever stands in the file that says where the server listens.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from pf_tui.errors import cannot_write
from pf_tui.state import files
from pf_tui.state.paths import Paths


class AlreadyRunning:
    """The right to be a directory's only server of a kind."""

    def __init__(self, handle: int, path: Path) -> None:
        self._handle, self._path = handle, path

    def still(self) -> bool:
        """False once the directory was removed, emptied, or made anew: it is another one's to serve then."""
        try:
            current_file = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        return os.path.samestat(current_file, os.fstat(self._handle))


@contextlib.contextmanager
def single_instance(paths: Paths, name: str) -> Iterator[AlreadyRunning | None]:
    """Hold the lock file of that name in the state directory; None when another process has it.

    Raises PfError: the directory or the file cannot be written.
    """
    files.make_home(paths)
    path = paths.home / name
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        is_ours = files.try_lock(handle)
        for _ in range(10):  # somebody may only be looking
            if is_ours:
                break
            time.sleep(0.005)
            is_ours = files.try_lock(handle)
        yield AlreadyRunning(handle, path) if is_ours else None
    finally:
        os.close(handle)
