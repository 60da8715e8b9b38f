"""Plain rows into the ledger through one connection, by the hundred thousand."""

from __future__ import annotations

import sqlite3
from operator import itemgetter

from pf_tui.ledger.layout import NAME
from pf_tui.ledger.rows import FIELDS, PLAIN, Names, PlainRow, Row, mark, write


class Bulk:
    """Puts plain rows in through one connection, by the hundred thousand.

    Nearly all of them are new. They go in with one statement that binds only what differs (a bound value costs
    as much as its place in the tree) and asks for nothing; it names the few that something is known of, and only
    those are laid over.
    """

    def __init__(self, connection: sqlite3.Connection, names: Names) -> None:
        self._connection = connection
        self._names = names
        self._ids: list[int] = []
        connection.create_function("known_row", 1, self._ids.append)

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
        self._ids.clear()
        self._connection.executemany(
            f"INSERT INTO request_rows ({', '.join((*same, *PLAIN))})"
            f" VALUES ({', '.join((*map(str, same.values()), *'?' * len(PLAIN)))})"
            # nothing changes: the function says None
            " ON CONFLICT (id) DO UPDATE SET id = id WHERE known_row(id)",
            rows,
        )
        mark(self._connection, rows)
        if self._ids:
            names_before = set(self._ids)
            whole = [_whole(row, same) for row in rows if row[0] in names_before]
            return len(rows) - len(names_before) + write(self._connection, whole, self._names, shared)
        return len(rows)


def _whole(row: PlainRow, same: dict[str, int]) -> Row:
    """A plain row with all its fields."""
    values = {**same, **dict(zip(PLAIN, row, strict=True))}
    return tuple(values.get(field) for field in FIELDS)
