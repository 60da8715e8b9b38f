"""Everything `analytics --json` shows of a span: totals, every list, limit hits, and what could not be read."""

from __future__ import annotations

import sqlite3

from pf_tui.ledger import latency, limit_counts, schema
from pf_tui.ledger.layout import IS_LIMIT_HIT
from pf_tui.ledger.limit_counts import IS_FALLBACK, LimitCounts
from pf_tui.ledger.narrowing import by_name
from pf_tui.ledger.period import Filters, Period, end_ms
from pf_tui.ledger.query import UsageQuery
from pf_tui.ledger.totals import Group, Totals, total
from pf_tui.records import record

SHOWN_ROWS = 100


@record
class FallbackTotals:
    """Switches and limit hits in a span."""

    fallbacks: int = 0
    limit_hits: int = 0
    waited_ms: int = 0
    """What clients waited in retries."""


@record
class SkippedRow:
    """A row of a log that could not be used, or was used though it is damaged."""

    path: str
    line: int
    why: str


@record
class Analytics:
    """Everything `analytics --json` shows."""

    span: Period
    totals: Totals
    fallback: FallbackTotals
    providers: tuple[Group, ...] = ()
    models: tuple[Group, ...] = ()
    projects: tuple[Group, ...] = ()
    agents: tuple[Group, ...] = ()
    machines: tuple[Group, ...] = ()
    days: tuple[Group, ...] = ()
    skipped_rows: int = 0
    skipped: tuple[SkippedRow, ...] = ()
    """Rows that could not be used, the first SHOWN_ROWS of them."""
    damaged_rows: int = 0
    damaged: tuple[SkippedRow, ...] = ()
    """Rows whose numbers were used though they are damaged."""
    limit_counts: LimitCounts = LimitCounts()
    """Limit hits and fallbacks, for the lists."""


def analytics(connection: sqlite3.Connection, span: Period, filters: Filters | None = None) -> Analytics:
    """Totals and every list of a span, all of one moment: they add up also while others write."""
    with schema.snapshot(connection):
        return _analytics(connection, span, filters or Filters())


def _analytics(connection: sqlite3.Connection, span: Period, filters: Filters) -> Analytics:
    cells = UsageQuery(connection, span, filters)
    shares = providers(connection, cells, span)
    skipped_rows, damaged = connection.execute(
        "SELECT ifnull(sum(count * lost), 0), ifnull(sum(count * (1 - lost)), 0) FROM skipped"
    ).fetchone()
    hit = limit_counts.count(connection, span, filters)
    return Analytics(
        span=span,
        totals=total(part.totals for part in shares),
        fallback=FallbackTotals(
            fallbacks=hit.totals["fallbacks"], limit_hits=hit.totals["limit_hits"], waited_ms=hit.waited_ms
        ),
        providers=shares,
        models=cells.by("model"),
        projects=cells.by("project"),
        agents=cells.by("agent"),
        machines=cells.by("machine"),
        days=cells.days(),
        skipped_rows=skipped_rows,
        skipped=_skipped(connection, lost=True),
        damaged_rows=damaged,
        damaged=_skipped(connection, lost=False),
        limit_counts=hit,
    )


def providers(connection: sqlite3.Connection, cells: UsageQuery, span: Period) -> tuple[Group, ...]:
    """Providers with their median latency, dearest first."""
    medians = latency.medians(connection, span)
    return tuple(part._replace(latency_ms_p50=medians.get(part.name)) for part in cells.by("provider"))


def fallbacks(connection: sqlite3.Connection, span: Period, filters: Filters) -> FallbackTotals:
    """How often another provider took over, and how often a limit was hit; nothing else of a span."""
    ends = end_ms(span)
    machine, name = by_name(filters.machine)
    switches = connection.execute(
        f"SELECT count(*) FROM switches s WHERE s.ts >= ? AND s.ts < ? AND {IS_FALLBACK}{machine}",
        (*ends, *name),
    ).fetchone()[0]
    hits, waited_ms = connection.execute(
        "SELECT count(*), ifnull(sum(waited_ms), 0) FROM limit_hits WHERE ts >= ? AND ts < ?"
        f" AND {IS_LIMIT_HIT} AND (? IS NULL OR agent = ?){machine}",
        (*ends, filters.agent, filters.agent, *name),
    ).fetchone()
    return FallbackTotals(fallbacks=switches, limit_hits=hits, waited_ms=waited_ms)


def _skipped(connection: sqlite3.Connection, *, lost: bool) -> tuple[SkippedRow, ...]:
    rows = connection.execute(
        "SELECT path, line, why FROM skipped WHERE lost = ? ORDER BY 1, 2 LIMIT ?", (int(lost), SHOWN_ROWS)
    )
    return tuple(SkippedRow(path=path, line=line, why=why) for path, line, why in rows)
