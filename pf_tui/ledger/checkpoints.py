"""A long write never waits for the disk: another thread brings what it left in the write-ahead log home.

As safe as a checkpoint at every so many pages, which is what sqlite does otherwise, and waits for.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from pf_tui.ledger.schema import BUSY_MS

MOST_BYTES = 128 * 1024 * 1024
"""The log does not grow beyond this while a slow disk is at work; it begins anew once all of it is home."""


@contextlib.contextmanager
def beside(connection: sqlite3.Connection, path: Path) -> Iterator[Callable[[], None]]:
    """Gives a function that begins a checkpoint, unless one is under way; commits make none meanwhile."""
    (pages,) = connection.execute("PRAGMA wal_autocheckpoint").fetchone()
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    thread: threading.Thread | None = None

    log = path.with_name(f"{path.name}-wal")

    def begin() -> None:
        nonlocal thread
        if thread is not None and thread.is_alive():
            if _size(log) < MOST_BYTES:
                return
            thread.join()
        thread = threading.Thread(target=_checkpoint, args=(path,), daemon=True)
        thread.start()

    try:
        yield begin
    finally:
        if thread is not None:
            thread.join()
        with contextlib.suppress(sqlite3.Error):
            connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")


def _size(log: Path) -> int:
    """In bytes; 0 when somebody took it away: the next write says so."""
    with contextlib.suppress(OSError):
        return log.stat().st_size
    return 0


def _checkpoint(path: Path) -> None:
    """One that waits for nobody; the next one, or the last connection, does what is left."""
    with contextlib.suppress(sqlite3.Error):
        connection = sqlite3.connect(path, timeout=BUSY_MS / 1000)
        with contextlib.closing(connection):
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
