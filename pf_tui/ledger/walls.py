"""Limit hits and fallbacks, counted, so that every list can say how many of them fell into each part.

A fallback is a switch away from a provider that had just failed; a switch by hand is none.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from operator import itemgetter

from pf_tui.ledger.schema import DAY_QUARTERS, IS_WALL, QUARTER_MS
from pf_tui.ledger.spans import Span, ends_ms, local_day, one_offset
from pf_tui.records import field, record

UNKNOWN = "unknown"

_JUST_MS = 60_000
"""A failure this long before a switch is what it was for: hooks and gateway write both at once."""

_CAUSE = (
    "(SELECT max(h.id) FROM limit_hits h WHERE h.provider = s.from_provider"
    f" AND h.ts BETWEEN s.ts - {_JUST_MS} AND s.ts)"
)
IS_FALLBACK = f"s.from_provider IS NOT NULL AND (s.who = 'import' OR {_CAUSE} IS NOT NULL)"
"""Condition on `switches s`; the original plugin's imported events are fallbacks by their name."""

Counts = Mapping[str, Counter[str]]
"""Part -> how many `limit_hits` and `fallbacks`."""

_HITS = (
    "SELECT ts, 'limit_hits', agent, session FROM limit_hits"
    f" WHERE ts >= ? AND ts < ? AND {IS_WALL} AND (? IS NULL OR agent = ?)"
)
_FALLBACKS = (
    "SELECT s.ts, 'fallbacks', c.agent, c.session FROM switches s"
    f" LEFT JOIN limit_hits c ON c.id = {_CAUSE} WHERE s.ts >= ? AND s.ts < ? AND {IS_FALLBACK}"
)


@record
class Walls:
    """How many limit hits and fallbacks each part of a list had; nobody knows the model of a hit."""

    day: Counts = field(default_factory=dict)
    agent: Counts = field(default_factory=dict)
    project: Counts = field(default_factory=dict)

    def by(self, key: str) -> Counts:
        """By part of the list named `key`."""
        if key != "model":
            counts: Counts = getattr(self, key)
            return counts
        whole: Counter[str] = Counter()
        for part in self.agent.values():
            whole.update(part)
        return {UNKNOWN: whole} if whole else {}


def walls(connection: sqlite3.Connection, span: Span, agent: str | None) -> Walls:
    """Those of a span; `agent` narrows the hits, as in the totals."""
    start, end = ends_ms(span)
    found = connection.execute(_HITS, (start, end, agent, agent)).fetchall()
    found += connection.execute(_FALLBACKS, (start, end)).fetchall()
    found.sort(key=itemgetter(0))
    by_agent: dict[str, Counter[str]] = {}
    by_session: dict[str, Counter[str]] = {}
    for _, name, whose, session in found:
        by_agent.setdefault(whose or UNKNOWN, Counter())[name] += 1
        by_session.setdefault(session or "", Counter())[name] += 1
    by_project: dict[str, Counter[str]] = {}
    for session, counts in by_session.items():
        by_project.setdefault(_project(connection, session), Counter()).update(counts)
    return Walls(day=_by_day(found, span.zone), agent=by_agent, project=by_project)


def _by_day(found: Sequence[tuple[int, str, str, str]], zone: tzinfo | None) -> Counts:
    """By local day; `found` is oldest first."""
    days: dict[int, Counter[str]] = {}
    if found:
        pieces = one_offset(found[0][0], found[-1][0] + 1, zone)
        _, until, offset = next(pieces)
        for ts, name, *_ in found:
            while ts >= until:
                _, until, offset = next(pieces)
            days.setdefault((ts // QUARTER_MS + offset) // DAY_QUARTERS, Counter())[name] += 1
    return {local_day(day).isoformat(): counts for day, counts in days.items()}


def _project(connection: sqlite3.Connection, session: str) -> str:
    """Where a session was last."""
    row = connection.execute(
        "SELECT p.text FROM names s JOIN day_cells d ON d.session = s.id"
        " JOIN names p ON p.id = d.project WHERE s.text = ? ORDER BY d.day DESC LIMIT 1",
        (session,),
    ).fetchone()
    return (row[0] if row and session else "") or UNKNOWN
