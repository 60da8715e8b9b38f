"""Limit hits and fallbacks, counted, so that every list can say how many of them fell into each part.

A fallback is a switch away from a provider that had just failed; a switch by hand is none.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import TypeVar

from pf_tui.ledger.layout import DAY_QUARTERS, IS_LIMIT_HIT, QUARTER_MS
from pf_tui.ledger.narrowing import by_name
from pf_tui.ledger.period import Filters, Period, end_ms, local_day, one_offset
from pf_tui.ledger.totals import HERE, UNKNOWN
from pf_tui.records import field, record

_JUST_MS = 60_000
"""A failure this long before a switch is what it was for: hooks and gateway write both at once."""

_CAUSE = (
    "(SELECT max(h.id) FROM limit_hits h WHERE h.provider = s.from_provider"
    f" AND h.ts BETWEEN s.ts - {_JUST_MS} AND s.ts AND h.machine IS s.machine)"
)
IS_FALLBACK = f"s.from_provider IS NOT NULL AND (s.who = 'import' OR {_CAUSE} IS NOT NULL)"
"""Condition on `switches s`; the original plugin's imported events are fallbacks by their name."""

Counts = Mapping[str, Counter[str]]
"""Part -> how many `limit_hits` and `fallbacks`."""

_Key = TypeVar("_Key", int, str)
_Hit = tuple[int, str, str | None, str | None, int, str | None]
"""When, `limit_hits` or `fallbacks`, agent, session, ms waited, machine."""

_HITS = (
    "SELECT ts, 'limit_hits', agent, session, ifnull(waited_ms, 0), machine FROM limit_hits"
    f" WHERE ts >= ? AND ts < ? AND {IS_LIMIT_HIT} AND (? IS NULL OR agent = ?)"
)
_FALLBACKS = (
    "SELECT s.ts, 'fallbacks', c.agent, c.session, 0, s.machine FROM switches s"
    f" LEFT JOIN limit_hits c ON c.id = {_CAUSE} WHERE s.ts >= ? AND s.ts < ? AND {IS_FALLBACK}"
)


@record
class LimitCounts:
    """How many limit hits and fallbacks each part of a list had; nobody knows the model of a hit."""

    day: Counts = field(default_factory=dict)
    agent: Counts = field(default_factory=dict)
    project: Counts = field(default_factory=dict)
    machine: Counts = field(default_factory=dict)
    waited_ms: int = 0
    """What clients waited in retries."""

    @property
    def totals(self) -> Counter[str]:
        """All of them."""
        whole: Counter[str] = Counter()
        for part in self.agent.values():
            whole.update(part)
        return whole

    def by(self, key: str) -> Counts:
        """By part of the list named `key`."""
        if key != "model":
            counts: Counts = getattr(self, key)
            return counts
        whole = self.totals
        return {UNKNOWN: whole} if whole else {}


def count(connection: sqlite3.Connection, span: Period, filters: Filters) -> LimitCounts:
    """Those of a span; the agent narrows the hits, as in the totals."""
    start, end = end_ms(span)
    machine, name = by_name(filters.machine)
    hits = connection.execute(
        f"{_HITS}{machine}", (start, end, filters.agent, filters.agent, *name)
    ).fetchall()
    switches = machine.replace("machine", "s.machine")
    changes = [*hits, *connection.execute(f"{_FALLBACKS}{switches}", (start, end, *name))]
    by_project: dict[str, Counter[str]] = {}
    for session, counts in _counted((session or "", name) for _, name, _, session, *_ in changes).items():
        by_project.setdefault(_project(connection, session), Counter()).update(counts)
    return LimitCounts(
        day=_by_day(changes, span.zone),
        agent=_counted((whose or UNKNOWN, name) for _, name, whose, *_ in changes),
        project=by_project,
        machine=_counted((whose or HERE, name) for _, name, *_, whose in changes),
        waited_ms=sum(waited_ms for *_, waited_ms, _ in hits),
    )


def _by_day(hits: Sequence[_Hit], zone: tzinfo | None) -> Counts:
    """By local day."""
    times = sorted((ts, name) for ts, name, *_ in hits)
    days: list[tuple[int, str]] = []
    if times:
        for _, end, offset in one_offset(times[0][0], times[-1][0] + 1, zone):
            upto = bisect_left(times, (end, ""))
            days += [
                ((ts // QUARTER_MS + offset) // DAY_QUARTERS, name) for ts, name in times[len(days) : upto]
            ]
    return {local_day(day).isoformat(): counts for day, counts in _counted(days).items()}


def _counted(pairs: Iterable[tuple[_Key, str]]) -> dict[_Key, Counter[str]]:
    """(part, name) one by one -> part -> how many of each name."""
    parts: dict[_Key, Counter[str]] = {}
    for (part, name), number in Counter(pairs).items():
        parts.setdefault(part, Counter())[name] = number
    return parts


def _project(connection: sqlite3.Connection, session: str) -> str:
    """Where a session was last."""
    row = connection.execute(
        "SELECT p.text FROM names s JOIN quarters q ON q.session = s.id"
        " JOIN names p ON p.id = q.project WHERE s.text = ? ORDER BY q.quarter DESC, p.text LIMIT 1",
        (session,),
    ).fetchone()
    return (row[0] if row and session else "") or UNKNOWN
