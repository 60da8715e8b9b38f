"""Requests of agents' logs, put in by the hundred thousand.

Nearly all of them are new, delivered and without anything special. Those go in with one statement that
binds only what differs (a bound value costs as much as its place in the tree) and asks for nothing; it
names the few that something is known of, and only those are laid over by the rule of `rows`.
"""

from __future__ import annotations

import sqlite3
from operator import itemgetter
from typing import Any

from pf_tui.ledger import rows as ledger_rows
from pf_tui.ledger.rows import FIELDS, Names, Row
from pf_tui.ledger.schema import NAME

PLAIN = (
    "id", "ts", "session", "project", "provider", "model", "served_model", "input", "output", "reasoning", "cache_read",
    "cache_write_5m", "cache_write_1h", "web_searches", "cost_usd", "cost_basis", "request_id", "message_id",
    "is_subagent",
)  # fmt: skip
"""What a delivered request without anything special has; the rest is the same for many, or nothing."""

PlainRow = tuple[Any, ...]
"""Values in the order of PLAIN, names interned."""


class Bulk:
    """Puts plain rows in through one connection."""

    def __init__(self, connection: sqlite3.Connection, names: Names) -> None:
        self._connection = connection
        self._names = names
        self._known: list[int] = []
        connection.create_function("known_row", 1, self._known.append)

    def add(
        self,
        rows: list[PlainRow],
        agent: int,
        source: int,
        attribution: int,
        shared: set[str] | None = None,
        root: int | None = None,
    ) -> int:
        """Put rows in, in the caller's transaction; returns how many requests are new.

        Args:
            agent: its interned name, like source, attribution and root the same for all these rows.
            shared: gains the sessions with a request that turns out to be counted in another one.
        """
        same = {"agent": agent, "source": source, "attribution": attribution, "status": NAME["ok"]}
        if root is not None:
            same["root"] = root
        rows.sort(key=itemgetter(0))  # neighbours go into the same page
        self._known.clear()
        self._connection.executemany(
            f"INSERT INTO request_rows ({', '.join((*same, *PLAIN))})"
            f" VALUES ({', '.join((*map(str, same.values()), *'?' * len(PLAIN)))})"
            # nothing changes: the function says None
            " ON CONFLICT (id) DO UPDATE SET id = id WHERE known_row(id)",
            rows,
        )
        ledger_rows.mark(self._connection, rows)
        if self._known:
            known = set(self._known)
            whole = [_whole(row, same) for row in rows if row[0] in known]
            return len(rows) - len(known) + ledger_rows.write(self._connection, whole, self._names, shared)
        return len(rows)


def _whole(row: PlainRow, same: dict[str, int]) -> Row:
    """A plain row with all its fields."""
    values = {**same, **dict(zip(PLAIN, row, strict=True))}
    return tuple(values.get(field) for field in FIELDS)
