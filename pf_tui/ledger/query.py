"""Analytics: every view as frozen records, summed from the rollups.

Invariant: each list of parts sums to the totals, because both are sums over the same rollup rows.
Quarter-hours are summed into local days, so zones at :30 and :45 and clock changes come out right.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from pf_tui.errors import UnknownName, WrongUsage
from pf_tui.ledger.rows import LATENCY_STEP
from pf_tui.ledger.schema import NAME, QUARTER_MS
from pf_tui.records import field, record, replace

PERIODS: Mapping[str, timedelta | None] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "all": None,
}
BLOCK = timedelta(hours=5)
"""The window that subscriptions are limited by; ccusage's blocks."""

VIEWS = (
    "summary", "providers", "models", "projects", "agents", "sessions", "days", "blocks", "costs", "errors",
    "limits", "requests",
)  # fmt: skip


@record
class Span:
    """From when to when, by which clock."""

    name: str
    """The period's word, or "custom"."""
    start: datetime | None
    """Aware UTC; None = from the beginning."""
    end: datetime
    zone: tzinfo | None = None
    """None = the system's."""


@record
class Filters:
    """Only these rows; None = all."""

    project: str | None = None
    agent: str | None = None
    session: str | None = None


@record
class Sums:
    """What some rows add up to. `input` has no cached tokens; `output` holds reasoning."""

    requests: int = 0
    failed: int = 0
    rate_limited: int = 0
    input: int = 0
    output: int = 0
    reasoning: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost_usd: float = 0.0
    unpriced_tokens: int = 0
    plan_usd: float = 0.0
    """The part of cost_usd that is a list-price equivalent of a flat plan."""

    @property
    def total_tokens(self) -> int:
        return self.input + self.output + self.cache_read + self.cache_write

    @property
    def failure_rate(self) -> float:
        return self.failed / self.requests if self.requests else 0.0


@record
class Part:
    """One line of a list: a provider, a model, a day …"""

    name: str
    sums: Sums
    latency_ms_p50: float | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None


@record
class Block:
    """Five hours of use, from the hour of the first request."""

    start: datetime
    end: datetime
    sums: Sums
    active: bool
    tokens_per_minute: float | None = None
    usd_per_hour: float | None = None
    projected_usd: float | None = None
    """What the block costs when use goes on as it did; only of the active one."""


@record
class FallbackTotals:
    """Switches and limit hits in a span."""

    fallbacks: int = 0
    limit_hits: int = 0
    waited_ms: int = 0
    """What clients waited in retries."""


@record
class SkippedRow:
    path: str
    line: int
    why: str


@record
class Analytics:
    """Everything `analytics --json` shows."""

    span: Span
    totals: Sums
    fallback: FallbackTotals
    providers: tuple[Part, ...] = ()
    models: tuple[Part, ...] = ()
    projects: tuple[Part, ...] = ()
    agents: tuple[Part, ...] = ()
    days: tuple[Part, ...] = ()
    skipped_rows: int = 0
    skipped: tuple[SkippedRow, ...] = field(default_factory=tuple)
    prices: str = ""


def span_of(
    period: str | None,
    now: datetime,
    zone: tzinfo | None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Span:
    """The span of a period's word, or of explicit ends.

    Raises:
        UnknownName: no such period.
        WrongUsage: it ends before it begins.
    """
    if start is not None or end is not None:
        if start is not None and (end or now) < start:
            raise WrongUsage("the period ends before it begins", "--from comes first, --to later")
        return Span(name="custom", start=start, end=end or now, zone=zone)
    name = period or "7d"
    if name not in PERIODS:
        raise UnknownName("period", name, PERIODS, "pf-tui analytics --help")
    length = PERIODS[name]
    return Span(name=name, start=None if length is None else now - length, end=now, zone=zone)


def analytics(connection: sqlite3.Connection, span: Span, filters: Filters | None = None) -> Analytics:
    """Totals and every list of a span."""
    cells = Cells(connection, span, filters or Filters())
    providers = cells.by("provider")
    medians = latency_medians(connection, span)
    return Analytics(
        span=span,
        totals=total(part.sums for part in providers),
        fallback=fallbacks(connection, span, filters or Filters()),
        providers=tuple(replace(part, latency_ms_p50=medians.get(part.name)) for part in providers),
        models=cells.by("model"),
        projects=cells.by("project"),
        agents=cells.by("agent"),
        days=cells.days(),
        skipped_rows=int(connection.execute("SELECT count(*) FROM skipped").fetchone()[0]),
        skipped=tuple(
            SkippedRow(path=path, line=line, why=why)
            for path, line, why in connection.execute(
                "SELECT path, line, why FROM skipped ORDER BY 1, 2 LIMIT 100"
            )
        ),
    )


_SUM_COLUMNS = (
    "sum(requests), sum(failed), sum(rate_limited), sum(input), sum(output), sum(reasoning), sum(cache_read),"
    " sum(cache_write), sum(cost_usd), sum(unpriced), sum(plan_usd)"
)
_ROW_COLUMNS = (
    "count(*), sum(status = {failed}), sum(ifnull(f.text, '') IN ('rate', 'quota', 'windowless')), sum(input),"
    " sum(output), sum(reasoning), sum(cache_read), sum(cache_write_5m + cache_write_1h), ifnull(sum(cost_usd), 0.0),"
    " sum(CASE WHEN cost_usd IS NULL AND cost_basis = {unpriced} THEN input + output + cache_read + cache_write_5m"
    " + cache_write_1h ELSE 0 END), ifnull(sum(CASE WHEN cost_basis = {plan} THEN cost_usd END), 0.0)"
).format(failed=NAME["failed"], unpriced=NAME["unpriced"], plan=NAME["subscription-equivalent"])


class Cells:
    """The rollup rows of a span.

    A span that begins or ends inside a quarter-hour takes that quarter's rows one by one: a period is
    right to the millisecond.
    """

    def __init__(self, connection: sqlite3.Connection, span: Span, filters: Filters) -> None:
        self._connection = connection
        self._span = span
        self._filters = filters
        self._start = milliseconds(span.start) if span.start else 0
        self._end = milliseconds(span.end)
        self._first = -(-self._start // QUARTER_MS)
        self._last = self._end // QUARTER_MS

    def by(self, column: str) -> tuple[Part, ...]:
        """Parts by provider, model, project, agent or session; dearest first."""
        parts = dict(self._grouped(f"{column}_name"))
        order = sorted(parts.items(), key=lambda item: (-item[1].cost_usd, -item[1].total_tokens, item[0]))
        return tuple(Part(name=name or "unknown", sums=sums) for name, sums in order)

    def days(self) -> tuple[Part, ...]:
        """Parts by local day, oldest first."""
        days: dict[str, list[Sums]] = {}
        for quarter, sums in self._grouped("quarter"):
            moment = datetime.fromtimestamp(int(quarter) * QUARTER_MS / 1000, UTC).astimezone(self._span.zone)
            days.setdefault(f"{moment:%Y-%m-%d}", []).append(sums)
        return tuple(Part(name=day, sums=total(parts)) for day, parts in sorted(days.items()))

    def pairs(self, first: str, second: str) -> dict[tuple[str, Any], Sums]:
        """Sums by two columns, e.g. (provider, model) or (session, quarter)."""
        keys = [name if name == "quarter" else f"{name}_name" for name in (first, second)]
        return {(one or "unknown", other or "unknown"): sums for (one, other), sums in self._grouped(*keys)}

    def steps(self, step: timedelta, by: str = "provider") -> dict[datetime, dict[str, Sums]]:
        """Local steps (hour or day) × provider, for charts: start of each step, aware local -> parts."""
        found: dict[datetime, dict[str, Sums]] = {}
        for key, sums in self._grouped("quarter", f"{by}_name"):
            quarter, name = key
            moment = datetime.fromtimestamp(int(quarter) * QUARTER_MS / 1000, UTC).astimezone(self._span.zone)
            if step >= timedelta(days=1):
                moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
            elif step >= timedelta(hours=1):
                hours = int(step.total_seconds() // 3600)
                moment = moment.replace(
                    hour=moment.hour - moment.hour % hours, minute=0, second=0, microsecond=0
                )
            cell = found.setdefault(moment, {})
            cell[name or "unknown"] = total([cell.get(name or "unknown", Sums()), sums])
        return found

    def blocks(self, now: datetime) -> tuple[Block, ...]:
        """Five-hour blocks, oldest first; the last one is active while its end lies ahead."""
        blocks: list[tuple[datetime, list[Sums]]] = []
        for quarter, sums in sorted(self._grouped("quarter"), key=lambda item: item[0]):
            moment = datetime.fromtimestamp(int(quarter) * QUARTER_MS / 1000, UTC)
            if not blocks or moment >= blocks[-1][0] + BLOCK:
                blocks.append((moment.replace(minute=0), []))
            blocks[-1][1].append(sums)
        return tuple(_block(start, total(parts), now) for start, parts in blocks)

    def _grouped(self, *keys: str) -> list[tuple[Any, Sums]]:
        """(key, sums) for one key, ((key, key), sums) for two."""
        width = len(keys)
        found: dict[Any, Sums] = {}
        for query, arguments in self._queries(keys):
            for row in self._connection.execute(query, arguments):
                key = row[0] if width == 1 else row[:width]
                sums = _sums(row[width:])
                found[key] = total([found[key], sums]) if key in found else sums
        return list(found.items())

    def _queries(self, keys: Sequence[str]) -> Iterable[tuple[str, list[object]]]:
        whole = self._filters.session is None and "session_name" not in keys
        if whole and self._first <= self._last:
            yield self._rollup_query(keys)
        if not whole and self._filters.session is None and self._first <= self._last:
            yield self._session_query(keys)
        ends = self._ends() if self._filters.session is None else [(self._start, self._end)]
        for start, end in ends:
            if start < end:
                yield self._row_query(keys, start, end)

    def _ends(self) -> list[tuple[int, int]]:
        if self._first > self._last:
            return [(self._start, self._end)]
        head = (self._start, self._first * QUARTER_MS)
        return [head, (self._last * QUARTER_MS, self._end)]

    def _rollup_query(self, keys: Sequence[str]) -> tuple[str, list[object]]:
        shown = {
            "quarter": "r.quarter",
            **{f"{c}_name": f"r.{c}" for c in ("provider", "model", "project", "agent")},
        }
        columns = [shown[key] for key in keys]
        where, arguments = self._narrowed("r.project", "r.agent")
        inner = (
            f"SELECT {_keyed(columns)}, {_numbered(_SUM_COLUMNS)} FROM rollups r"
            f" WHERE r.quarter >= ? AND r.quarter < ?{where}"
            f" GROUP BY {', '.join(str(i + 1) for i in range(len(columns)))}"
        )
        return _named(inner, keys), [self._first, self._last, *arguments]

    def _session_query(self, keys: Sequence[str]) -> tuple[str, list[object]]:
        shown = {"quarter": "r.quarter", **{f"{c}_name": f"r.{c}" for c in ("session", "project", "agent")}}
        columns = [shown[key] for key in keys]
        where, arguments = self._narrowed("r.project", "r.agent")
        sums = _SUM_COLUMNS.replace("sum(rate_limited)", "0").replace("sum(plan_usd)", "0.0")
        inner = (
            f"SELECT {_keyed(columns)}, {_numbered(sums)} FROM session_rollups r"
            f" WHERE r.quarter >= ? AND r.quarter < ?{where}"
            f" GROUP BY {', '.join(str(i + 1) for i in range(len(columns)))}"
        )
        return _named(inner, keys), [self._first, self._last, *arguments]

    def _row_query(self, keys: Sequence[str], start: int, end: int) -> tuple[str, list[object]]:
        shown = {"quarter": f"r.ts / {QUARTER_MS}"} | {
            f"{c}_name": f"r.{c}" for c in ("provider", "model", "project", "agent", "session")
        }
        columns = [shown[key] for key in keys]
        where, arguments = self._narrowed("r.project", "r.agent", "r.session")
        inner = (
            f"SELECT {_keyed(columns)}, {_numbered(_ROW_COLUMNS)} FROM request_rows r"
            f" LEFT JOIN names f ON f.id = r.failure WHERE r.ts >= ? AND r.ts < ?{where}"
            f" GROUP BY {', '.join(str(i + 1) for i in range(len(columns)))}"
        )
        return _named(inner, keys), [start, end, *arguments]

    def _narrowed(self, project: str, agent: str, session: str | None = None) -> tuple[str, list[object]]:
        where = ""
        arguments: list[object] = []
        if self._filters.project is not None:
            where += f" AND {project} IN (SELECT id FROM names WHERE text = ? OR text LIKE '%/' || ?)"
            arguments += [self._filters.project, self._filters.project]
        if self._filters.agent is not None:
            where += f" AND {agent} = (SELECT id FROM names WHERE text = ?)"
            arguments.append(self._filters.agent)
        if self._filters.session is not None and session is not None:
            where += f" AND {session} IN (SELECT id FROM names WHERE text LIKE ? || '%')"
            arguments.append(self._filters.session)
        return where, arguments


def total(parts: Iterable[Sums]) -> Sums:
    """All of them together."""
    values = [0, 0, 0, 0, 0, 0, 0, 0, 0.0, 0, 0.0]
    for part in parts:
        for place, name in enumerate(_NAMES):
            values[place] += getattr(part, name)
    return Sums(**dict(zip(_NAMES, values, strict=True)))  # type: ignore[arg-type]


_NAMES = (
    "requests", "failed", "rate_limited", "input", "output", "reasoning", "cache_read", "cache_write", "cost_usd",
    "unpriced_tokens", "plan_usd",
)  # fmt: skip


def latency_medians(connection: sqlite3.Connection, span: Span) -> dict[str, float]:
    """Median latency (ms) per provider, right to LATENCY_STEP."""
    start = milliseconds(span.start) // QUARTER_MS if span.start else 0
    counts: dict[str, list[tuple[int, int]]] = {}
    for provider, bucket, count in connection.execute(
        "SELECT n.text, bucket, sum(count) FROM latencies JOIN names n ON n.id = provider"
        " WHERE quarter >= ? AND quarter <= ? GROUP BY 1, 2 ORDER BY 1, 2",
        (start, milliseconds(span.end) // QUARTER_MS),
    ):
        counts.setdefault(provider, []).append((bucket, count))
    medians = {}
    for provider, buckets in counts.items():
        half, seen = sum(count for _, count in buckets) / 2, 0
        for bucket, count in buckets:
            seen += count
            if seen >= half:
                medians[provider] = round(LATENCY_STEP**bucket, 1)
                break
    return medians


def fallbacks(connection: sqlite3.Connection, span: Span, filters: Filters) -> FallbackTotals:
    """How often another provider took over, and how often a limit was hit."""
    ends = (milliseconds(span.start) if span.start else 0, milliseconds(span.end))
    switches = connection.execute(
        "SELECT count(*) FROM switches WHERE ts >= ? AND ts < ? AND from_provider IS NOT NULL", ends
    ).fetchone()[0]
    hits, waited = connection.execute(
        "SELECT count(*), ifnull(sum(waited_ms), 0) FROM limit_hits WHERE ts >= ? AND ts < ?"
        " AND kind IN ('rate', 'quota', 'windowless') AND (? IS NULL OR agent = ?)",
        (*ends, filters.agent, filters.agent),
    ).fetchone()
    return FallbackTotals(fallbacks=switches, limit_hits=hits, waited_ms=waited)


def milliseconds(moment: datetime) -> int:
    """UTC ms."""
    return round(moment.timestamp() * 1000)


def _named(inner: str, keys: Sequence[str]) -> str:
    """The grouped rows with names in place of their numbers; grouping by numbers first is much cheaper."""
    columns, joins = [], []
    for place, key in enumerate(keys):
        if key == "quarter":
            columns.append(f"g.k{place}")
        else:
            columns.append(f"ifnull(n{place}.text, '')")
            joins.append(f"LEFT JOIN names n{place} ON n{place}.id = g.k{place}")
    sums = ", ".join(f"g.s{place}" for place in range(len(_NAMES)))
    return f"SELECT {', '.join(columns)}, {sums} FROM ({inner}) g {' '.join(joins)}"


def _keyed(columns: Sequence[str]) -> str:
    """The columns a query groups by, as k0, k1 …"""
    return ", ".join(f"{column} AS k{place}" for place, column in enumerate(columns))


def _numbered(columns: str) -> str:
    """Sums with names s0, s1 … so that an outer query can ask for them."""
    depth, parts, start = 0, [], 0
    for place, letter in enumerate(columns):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(columns[start:place])
            start = place + 1
    parts.append(columns[start:])
    return ", ".join(f"{part.strip()} AS s{place}" for place, part in enumerate(parts))


def _sums(values: Sequence[float]) -> Sums:
    return Sums(**dict(zip(_NAMES, values, strict=True)))  # type: ignore[arg-type]


def _block(start: datetime, sums: Sums, now: datetime) -> Block:
    end = start + BLOCK
    if not start <= now < end:
        return Block(start=start, end=end, sums=sums, active=False)
    minutes = max((now - start).total_seconds() / 60, 1.0)
    hourly = sums.cost_usd / minutes * 60
    return Block(
        start=start,
        end=end,
        sums=sums,
        active=True,
        tokens_per_minute=sums.total_tokens / minutes,
        usd_per_hour=hourly,
        projected_usd=hourly * BLOCK.total_seconds() / 3600,
    )
