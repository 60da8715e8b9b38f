"""An older ledger's tables become today's, rows and all; a copy stays for whoever goes back to an older pf-tui.

One transaction: a migration that is cut short never happened. Sums are not carried over but made anew from
the rows, so that whoever reads next finds them.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlite_utils import Database

from pf_tui.ledger import rollups, schema
from pf_tui.state.files import cannot_write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_OLD_SUMS: Final = (
    "margins", "rollups", "day_rollups", "session_rollups", "session_days", "cells", "day_cells", "hours", "months", "sessions",
    "quarters", "days", "latencies", "latency_days", "latency_months",
)  # fmt: skip
"""Tables of sums that older versions had."""


def copy_of(ledger: Path, version: int) -> Path:
    """Where the ledger of an older version is kept."""
    return ledger.with_name(f"{ledger.name}.version-{version}")


def bring_up_to_date(connection: sqlite3.Connection, path: Path) -> None:
    """Keep a copy, then take the ledger through every version up to today's.

    Raises:
        PfError: the copy could not be written; nothing was changed.
    """
    older = _version(connection)
    copy = _kept(connection, path, older)
    connection.execute("BEGIN IMMEDIATE")
    try:
        # who waited for another process that did this finds nothing to do
        for version in range(_version(connection), schema.VERSION):
            for statement in _STEPS[version](Database(connection)):
                connection.execute(statement)
        rollups.refresh(connection)
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    for outdated in path.parent.glob(f"{path.name}.version-*"):
        if outdated != copy:
            outdated.unlink(missing_ok=True)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _kept(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """The ledger as it is, beside it. Raises PfError when the disk refuses."""
    copy = copy_of(path, version)
    unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with contextlib.closing(sqlite3.connect(unfinished)) as target:
            connection.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # one file, whatever becomes of its neighbours
        unfinished.replace(copy)
    except (OSError, sqlite3.Error) as error:
        for name in (unfinished, *unfinished.parent.glob(f"{unfinished.name}-*")):
            name.unlink(missing_ok=True)
        raise cannot_write(copy, error if isinstance(error, OSError) else OSError(str(error))) from error
    return copy


def _from_1(database: Database) -> Iterator[str]:
    """Files were a table with row ids, failures and turns had other indexes."""
    yield "DROP INDEX request_failed"
    yield "ALTER TABLE files RENAME TO old_files"
    yield (
        "CREATE TABLE files (path TEXT PRIMARY KEY, agent INTEGER, inode INTEGER, size INTEGER, mtime_ns INTEGER,"
        " offset INTEGER, head_hash INTEGER, note TEXT) WITHOUT ROWID"
    )
    known = "path, agent, inode, size, mtime_ns, offset, head_hash, note"
    yield f"INSERT INTO files ({known}) SELECT {known} FROM old_files"
    yield "DROP TABLE old_files"
    yield f"CREATE INDEX request_turn ON request_rows (session, ts) WHERE {schema.LOGGED_TURN}"
    yield (
        "CREATE INDEX request_failed ON request_rows (ts, provider, failure, agent, project, session)"
        " WHERE failure IS NOT NULL"
    )
    yield "CREATE INDEX hit_provider ON limit_hits (provider, ts)"


def _from_2(database: Database) -> Iterator[str]:
    """Rows tell the service tier, the config folder and the machine; four tables of sums in place of ten."""
    yield "DROP VIEW requests"
    yield "ALTER TABLE request_rows RENAME COLUMN mode TO service_tier"
    for column in ("root", "machine"):
        yield f"ALTER TABLE request_rows ADD COLUMN {column} INTEGER"
    for table in ("limit_readings", "limit_hits", "switches"):
        yield f"ALTER TABLE {table} ADD COLUMN machine TEXT"
    yield (
        "DELETE FROM switches WHERE id NOT IN"
        " (SELECT min(id) FROM switches GROUP BY ts, to_provider, ifnull(who, ''))"
    )
    yield schema.SWITCH_ONCE
    yield "DELETE FROM facts WHERE key = 'months_until'"
    yield schema.REQUESTS_VIEW


def _from_3(database: Database) -> Iterator[str]:
    """Sums are by machine too, and a ledger is known by a name of its own."""
    there = set(database.table_names())
    yield from (f"DROP TABLE {table}" for table in _OLD_SUMS if table in there)
    yield from schema.SUMS
    yield schema.NAMED_ONCE
    yield f"INSERT OR IGNORE INTO dirty SELECT DISTINCT ts / {schema.QUARTER_MS} FROM request_rows"


_STEPS: Final[dict[int, Callable[[Database], Iterator[str]]]] = {1: _from_1, 2: _from_2, 3: _from_3}
"""What brings a ledger of a version to the next one."""
