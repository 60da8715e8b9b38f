"""Sums of the whole ledger, and the gateway's attempts since it started, for those who watch from outside.

Invariant: only what happened on this machine; what was imported from another is exported there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from pf_tui.ledger.layout import DAY_QUARTERS, NAME, QUARTER_MS, milliseconds, moment_of
from pf_tui.ledger.rollups import SUMMED
from pf_tui.ledger.totals import Totals


class Part(NamedTuple):
    """What one agent used of one model at one provider, ever."""

    provider: str
    model: str
    agent: str
    totals: Totals


class Count(NamedTuple):
    """How often something happened: limit hits of a provider by kind, switches to a provider."""

    provider: str
    kind: str
    times: int


class Lifetime(NamedTuple):
    """The ledger from its first day on."""

    since: datetime | None
    """Where the first day of the ledger began, UTC; None = it is empty."""
    parts: tuple[Part, ...] = ()
    hits: tuple[Count, ...] = ()
    switches: tuple[Count, ...] = ()


class Attempt(NamedTuple):
    """One request of the gateway to one provider."""

    provider: str
    model: str
    served_model: str | None
    agent: str
    failure: str | None
    failed: bool
    input: int
    """Without cached tokens."""
    output: int
    reasoning: int
    cache_read: int
    cache_write: int
    latency_ms: int | None
    ttft_ms: int | None


def lifetime(connection: sqlite3.Connection) -> Lifetime:
    """Everything the ledger holds of this machine, added up."""
    first = connection.execute("SELECT min(ts) FROM request_rows WHERE machine IS NULL").fetchone()[0]
    records = connection.execute(
        f"WITH summed AS (SELECT provider AS p, model AS m, agent AS a, {SUMMED} FROM quarters"
        f" WHERE machine = {NAME['']} GROUP BY 1, 2, 3)"
        " SELECT v.text, n.text, g.text, summed.* FROM summed JOIN names v ON v.id = p JOIN names n ON n.id = m"
        " JOIN names g ON g.id = a ORDER BY 1, 2, 3"
    )
    day_ms = QUARTER_MS * DAY_QUARTERS
    return Lifetime(
        since=None if first is None else moment_of(first // day_ms * day_ms),
        parts=tuple(Part(row[0], row[1], row[2], Totals._make(row[6:])) for row in records),
        hits=_counts(connection, "SELECT provider, kind, count(*) FROM limit_hits"),
        switches=_counts(connection, "SELECT to_provider, '', count(*) FROM switches"),
    )


def attempts(connection: sqlite3.Connection, since: datetime) -> Iterator[Attempt]:
    """What the gateway asked of providers since then."""
    rows_read = connection.execute(
        "SELECT v.text, m.text, w.text, a.text, f.text, r.status, r.input, r.output, r.reasoning, r.cache_read,"
        " r.cache_write_5m + r.cache_write_1h, r.latency_ms, r.ttft_ms FROM request_rows r"
        " JOIN names v ON v.id = r.provider JOIN names m ON m.id = r.model JOIN names a ON a.id = r.agent"
        " LEFT JOIN names w ON w.id = r.served_model LEFT JOIN names f ON f.id = r.failure"
        " WHERE r.ts >= ? AND r.source = ? AND r.machine IS NULL",
        (milliseconds(since), NAME["gateway"]),
    )
    for row in rows_read:
        yield Attempt._make((*row[:5], row[5] == NAME["failed"], *row[6:]))


def _counts(connection: sqlite3.Connection, select: str) -> tuple[Count, ...]:
    pairs = connection.execute(f"{select} WHERE machine IS NULL GROUP BY 1, 2 ORDER BY 1, 2")
    return tuple(Count(*row) for row in pairs)
