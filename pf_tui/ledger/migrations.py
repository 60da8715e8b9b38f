"""An older ledger's tables become today's, rows and all; a copy stays for whoever goes back to an older pf-tui.

One transaction: a migration that is cut short never happened. Sums are not carried over but made anew from
the rows, so that whoever reads next finds them.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database

from pf_tui.errors import cannot_write
from pf_tui.ledger import layout, rollups, tables

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
    copy = _keep_copy(connection, path, older)
    connection.execute("BEGIN IMMEDIATE")
    try:
        # who waited for another process that did this finds nothing to do
        for version in range(_version(connection), layout.VERSION):
            _STEPS[version](Database(connection))
        rollups.refresh(connection)
        connection.execute(f"PRAGMA user_version = {layout.VERSION}")
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


def _keep_copy(connection: sqlite3.Connection, path: Path, version: int) -> Path:
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


def _from_1(ledger: Database) -> None:
    """Files were a table with row ids, failures and turns had other indexes."""
    ledger.execute("DROP INDEX request_failed")
    ledger.rename_table("files", "old_files")
    ledger.execute(
        "CREATE TABLE files (path TEXT PRIMARY KEY, agent INTEGER, inode INTEGER, size INTEGER, mtime_ns INTEGER,"
        " offset INTEGER, head_hash INTEGER, note TEXT) WITHOUT ROWID"
    )
    columns = "path, agent, inode, size, mtime_ns, offset, head_hash, note"
    ledger.execute(f"INSERT INTO files ({columns}) SELECT {columns} FROM old_files")
    ledger.table("old_files").drop()
    ledger.execute(f"CREATE INDEX request_turn ON request_rows (session, ts) WHERE {layout.LOGGED_TURN}")
    ledger.execute(
        "CREATE INDEX request_failed ON request_rows (ts, provider, failure, agent, project, session)"
        " WHERE failure IS NOT NULL"
    )
    ledger.table("limit_hits").create_index(["provider", "ts"], index_name="hit_provider")


def _from_2(ledger: Database) -> None:
    """Rows tell the service tier, the config folder and the machine; four tables of sums in place of ten."""
    ledger.view("requests").drop()
    ledger.execute(
        "ALTER TABLE request_rows RENAME COLUMN mode TO service_tier"
    )  # transform copies every row
    for column in ("root", "machine"):
        ledger.table("request_rows").add_column(column, int)
    for table in ("limit_readings", "limit_hits", "switches"):
        ledger.table(table).add_column("machine", str)
    ledger.table("switches").delete_where(
        "id NOT IN (SELECT min(id) FROM switches GROUP BY ts, to_provider, ifnull(who, ''))"
    )
    ledger.execute(tables.SWITCH_ONCE)
    ledger.table("facts").delete_where("key = ?", ["months_until"])
    ledger.execute(tables.REQUESTS_VIEW)


def _from_3(ledger: Database) -> None:
    """Sums are by machine too, and a ledger is known by a name of its own."""
    ledger.execute(tables.NAMED_ONCE)


def _from_4(ledger: Database) -> None:
    """Sums of one thing lie by time, tell the machine, and are there of 16 days."""
    for table in _OLD_SUMS:
        ledger.table(table).drop(ignore=True)
    for statement in tables.SUM_TABLES:
        ledger.execute(statement)
    ledger.execute(f"INSERT OR IGNORE INTO dirty SELECT DISTINCT ts / {layout.QUARTER_MS} FROM request_rows")


_STEPS: Final[dict[int, Callable[[Database], None]]] = {1: _from_1, 2: _from_2, 3: _from_3, 4: _from_4}
"""What brings a ledger of a version to the next one."""
