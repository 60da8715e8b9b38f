"""Rare work on the whole ledger: begin anew with a backup, price everything again, check it."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

from pf_tui.errors import cannot_write
from pf_tui.ledger import rollups, schema
from pf_tui.ledger.layout import QUARTER_MS


def reset(path: Path, now: datetime) -> Path | None:
    """Begin the history anew; the old ledger stays beside it. Returns the backup, None without a ledger.

    What has been read of the agents' logs stays remembered, so the old rows do not come back.

    Raises:
        PfError: the backup could not be written; nothing was changed.
    """
    if not path.exists():
        return None
    backup = path.with_name(f"ledger-{now:%Y%m%d-%H%M%S}.backup.db")
    with schema.opened(path, write=True) as connection:
        try:
            with sqlite3.connect(backup) as copy:
                connection.backup(copy)
            backup.chmod(0o600)
        except (OSError, sqlite3.Error) as error:
            backup.unlink(missing_ok=True)
            raise cannot_write(
                backup, error if isinstance(error, OSError) else OSError(str(error))
            ) from error
        connection.execute("BEGIN IMMEDIATE")
        rollups.clear(connection)
        for table in ("request_rows", "dirty", "limit_hits", "limit_readings", "switches", "skipped"):
            connection.execute(f"DELETE FROM {table}")
        # running totals go on from here: what they counted before is history that was let go
        connection.execute("UPDATE cost_states SET base = totals, settled = 1")
        connection.execute("COMMIT")
        connection.execute("VACUUM")
    return backup


def rebuild_rollups(connection: sqlite3.Connection) -> None:
    """Make every rollup anew from the rows."""
    with schema.transaction(connection):
        rollups.clear(connection)
        connection.execute(f"INSERT OR IGNORE INTO dirty SELECT DISTINCT ts / {QUARTER_MS} FROM request_rows")
        rollups.refresh(connection)


def problem(path: Path) -> str | None:
    """What is wrong with the ledger, as a sentence; None when it is sound or not there."""
    if not path.exists():
        return None
    with schema.opened(path) as connection:
        answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    return None if answer == "ok" else f"ledger.db is damaged: {answer}"
