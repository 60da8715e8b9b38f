"""What OpenCode's databases look like, and which of their turns nobody here can read."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from pf_tui.ingest.coerce import has_count, milliseconds
from pf_tui.ledger.unread import UNKNOWN_SHAPE

NOT_READ = "OpenCode 2 tables found, not read"
"""Why a database of the next generation is named among what was skipped."""

_COLUMNS = {"id", "session_id", "time_updated", "data"}
"""What is read of `message`."""

_TABLES = frozenset(
    [
        "workspace",
        "data_migration",
        "account_state",
        "account",
        "control_account",
        "credential",
        "event_sequence",
        "event",
        "permission",
        "project_directory",
        "project",
        "message",
        "part",
        "session_context_epoch",
        "session_input",
        "session_message",
        "session",
        "todo",
        "session_share",
        "migration",
        "__drizzle_migrations",
    ]
)
"""Every table of 1.18.33."""


def why_unread(connection: sqlite3.Connection) -> str | None:
    """Why turns of this database are not read; 1.18 has an empty `session_message` already."""
    if _has(connection, "session_v2") or _has(connection, "session_message"):
        return NOT_READ
    readable = columns(connection, "message") >= _COLUMNS
    if readable and _has(connection, "message"):
        return None
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    others = {name for (name,) in tables if not name.startswith("sqlite_")} - (_TABLES if readable else set())
    return UNKNOWN_SHAPE if any(_has(connection, name) for name in others) else None


def has_messages(connection: sqlite3.Connection) -> bool:
    """It has messages of the columns that are read."""
    return columns(connection, "message") >= _COLUMNS and _has(connection, "message")


def columns(connection: sqlite3.Connection, table: str) -> set[str]:
    """The table's columns; none when there is no such table."""
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def is_message(message: Mapping[str, object]) -> bool:
    """It has what is counted, in the places we know, or is no turn of a model."""
    if message.get("role") != "assistant":
        return isinstance(message.get("role"), str)
    time, tokens = message.get("time"), message.get("tokens")
    if not isinstance(time, dict) or milliseconds(time.get("created")) is None:
        return False
    if isinstance(tokens, dict):
        return not tokens or has_count(tokens, ("input", "output"))
    return isinstance(message.get("error"), dict)


def _has(connection: sqlite3.Connection, table: str) -> bool:
    """Whether it has rows in a table of that name."""
    row = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,))
    quoted_table = table.replace('"', '""')
    return row.fetchone() is not None and bool(
        connection.execute(f'SELECT 1 FROM "{quoted_table}" LIMIT 1').fetchone()
    )
