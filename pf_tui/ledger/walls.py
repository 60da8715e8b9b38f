"""Limit hits and fallbacks one by one, so that every list can say how many of them fell into each part.

A fallback is a switch away from a provider that had just failed; a switch by hand is none.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo

from pf_tui.ledger.rows import IS_WALL
from pf_tui.records import record

UNKNOWN = "unknown"

_JUST_MS = 60_000
"""A failure this long before a switch is what it was for: hooks and gateway write both at once."""

_CAUSE = (
    "(SELECT max(h.id) FROM limit_hits h WHERE h.provider = s.from_provider"
    f" AND h.ts BETWEEN s.ts - {_JUST_MS} AND s.ts)"
)
IS_FALLBACK = f"s.from_provider IS NOT NULL AND (s.who = 'import' OR {_CAUSE} IS NOT NULL)"
"""Condition on `switches s`; the original plugin's imported events are fallbacks by their name."""


@record
class Wall:
    """One limit hit, or one fallback."""

    name: str
    """limit_hits | fallbacks: the field it is counted in."""
    day: str
    agent: str
    project: str


def walls(
    connection: sqlite3.Connection, start_ms: int, end_ms: int, zone: tzinfo | None, agent: str | None
) -> tuple[Wall, ...]:
    """Every limit hit and fallback of a span; `agent` narrows the hits, as in the totals."""
    projects = _Projects(connection)
    hits = connection.execute(
        "SELECT 'limit_hits', ts, agent, session FROM limit_hits"
        f" WHERE ts >= ? AND ts < ? AND {IS_WALL} AND (? IS NULL OR agent = ?)",
        (start_ms, end_ms, agent, agent),
    ).fetchall()
    taken = connection.execute(
        "SELECT 'fallbacks', s.ts, c.agent, c.session FROM switches s"
        f" LEFT JOIN limit_hits c ON c.id = {_CAUSE} WHERE s.ts >= ? AND s.ts < ? AND {IS_FALLBACK}",
        (start_ms, end_ms),
    ).fetchall()
    return tuple(
        Wall(
            name=name,
            day=datetime.fromtimestamp(ts / 1000, UTC).astimezone(zone).date().isoformat(),
            agent=whose or UNKNOWN,
            project=projects.of(session),
        )
        for name, ts, whose, session in (*hits, *taken)
    )


def counted(found: Iterable[Wall], key: str) -> Mapping[str, Counter[str]]:
    """By part of the list named `key`: how many of each. Nobody knows the model of a hit."""
    parts: dict[str, Counter[str]] = {}
    for wall in found:
        part = UNKNOWN if key == "model" else str(getattr(wall, key))
        parts.setdefault(part, Counter())[wall.name] += 1
    return parts


class _Projects:
    """Where sessions were, each looked up once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[str, str] = {}

    def of(self, session: str | None) -> str:
        if not session:
            return UNKNOWN
        if session not in self._known:
            row = self._connection.execute(
                "SELECT p.text FROM names s JOIN session_days d ON d.session = s.id"
                " JOIN names p ON p.id = d.project WHERE s.text = ? ORDER BY d.day DESC LIMIT 1",
                (session,),
            ).fetchone()
            self._known[session] = (row[0] if row else "") or UNKNOWN
        return self._known[session]
