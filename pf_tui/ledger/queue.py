"""Rows that wait beside a ledger nobody could write to just now; the next ingest takes them in.

`ledger.db.queue` holds one JSON line a row. Adding one takes a lock on that small file alone and never
waits for the ledger. Taking in is idempotent: after a crash in the middle it is done once more.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from pf_tui.regular_files import read_regular
from pf_tui.state.files import try_lock
from pf_tui.state.paths import make_private

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias  # Any: SQLite's columns and parameters, each of its own type

    Row: TypeAlias = tuple[str, list[Any]]  # a value for each column or parameter, of its own type
    """(kind, values)."""

    Requests: TypeAlias = Callable[[str, list[list[object]]], None]
    """Takes an agent's requests in: (agent, the fields of each)."""

MAX_BYTES = 64 * 1024 * 1024
"""Some hundred thousand rows; a ledger that is held for longer than that is not coming back."""

_TRIES = 50

STATEMENTS = {
    "switch": "INSERT INTO switches (ts, from_provider, to_provider, why, who) SELECT * FROM (VALUES (?, ?, ?, ?, ?)) AS new"
    " WHERE NOT EXISTS (SELECT 1 FROM switches old WHERE old.ts = column1 AND old.to_provider = column3"
    " AND old.who = column5)",
    "applied": "INSERT OR REPLACE INTO timeline (agent, ts, provider) VALUES (?, ?, ?)",
    "reading": "INSERT OR IGNORE INTO limit_readings (provider, time_window, unit, used, allowed, used_fraction,"
    " resets_at, source, observed_at, model) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
}
"""Kind of row -> what puts it into the ledger."""


def path_of(ledger: Path) -> Path:
    """Where rows for this ledger wait."""
    return ledger.with_name(f"{ledger.name}.queue")


def put(
    connection: sqlite3.Connection, kind: str, values: list[Any], requests: Requests | None = None
) -> None:
    """One row into the ledger, in the caller's transaction."""
    if kind == "hit":
        provider, what, at_ms, until_ms, agent, session, text = values
        from pf_tui.ledger import limit_hits  # most readers meet an empty queue

        limit_hits.note(connection, provider, what, at_ms, until_ms, agent, session, text=text)
    elif kind == "requests":
        if requests is not None:
            requests(values[0], values[1])
    else:
        connection.execute(STATEMENTS[kind], values)


def add(ledger: Path, rows: list[Row]) -> None:
    """Let rows wait. Raises OSError when the disk refuses, or MAX_BYTES wait already."""
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    path = path_of(ledger)
    make_private(path.parent)
    with _locked(path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as handle:
        size = os.fstat(handle).st_size
        if size > MAX_BYTES:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        torn = size and os.pread(handle, 1, size - 1) != b"\n"  # a writer was killed, or the disk was full
        os.write(handle, b"\n" + data if torn else data)


FULL_HINT = "end the program that holds ledger.db, then `pf-tui ingest`"


def problem(ledger: Path) -> str | None:
    """Why no more rows are taken: what is used now is told by the agents' logs alone, if at all."""
    path = path_of(ledger)
    try:
        if path.stat().st_size <= MAX_BYTES:
            return None
    except OSError:
        return None
    return f"{path} is full: the ledger could not be written for long, and what is used now is not counted"


def take_in(connection: sqlite3.Connection, ledger: Path, requests: Requests) -> int:
    """Put everything that waits into the ledger; returns how many rows. Call it outside a transaction."""
    count = 0
    for path in _claimed(ledger):
        rows = [
            row for line in read_regular(path, 2 * MAX_BYTES).splitlines() if (row := _row(line)) is not None
        ]
        connection.execute("BEGIN IMMEDIATE")
        try:
            for kind, values in rows:
                with contextlib.suppress(KeyError, ValueError, TypeError, sqlite3.IntegrityError):
                    put(connection, kind, values, requests)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        path.unlink(missing_ok=True)
        count += len(rows)
    return count


def _claimed(ledger: Path) -> list[Path]:
    """The files to take in: what an ingest before this one left in the middle, and the queue, renamed."""
    queue = path_of(ledger)
    if queue.exists():
        with contextlib.suppress(OSError), _locked(queue, os.O_RDWR):
            queue.rename(queue.with_name(f"{queue.name}.{os.getpid()}"))
    return sorted(queue.parent.glob(f"{queue.name}.*"))


def _row(line: bytes) -> Row | None:
    try:
        kind, values = json.loads(line)
    except (ValueError, TypeError, RecursionError):
        return None  # half a line
    return (kind, values) if isinstance(kind, str) and isinstance(values, list) else None


@contextlib.contextmanager
def _locked(path: Path, flags: int) -> Iterator[int]:
    """The queue's file, held alone; opened anew when it was taken in while we waited for it."""
    import time

    for _ in range(_TRIES):
        handle = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
        try:
            if try_lock(handle):
                if _is_at(path, handle):
                    yield handle
                    return
            else:
                time.sleep(0.01)
        finally:
            os.close(handle)
    raise BlockingIOError(f"{path.name} is held")


def _is_at(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
