"""Analytics: every view as frozen records, summed from the rollups.

Invariant: each list of parts sums to the totals, because both are sums over the same rollup rows.
Quarter-hours are summed into local days, so zones at :30 and :45 and clock changes come out right.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from pf_tui.errors import UnknownName, WrongUsage
from pf_tui.ledger.rows import IS_WALL, LATENCY_STEP, ROW_SUMS
from pf_tui.ledger.schema import DAY_QUARTERS, QUARTER_MS, ROLLUPS, SUM_COLUMNS
from pf_tui.ledger.walls import IS_FALLBACK, Wall, walls
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

SHOWN_ROWS = 100

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

    @property
    def rate_limited_rate(self) -> float:
        """The share of requests that were told to wait."""
        return self.rate_limited / self.requests if self.requests else 0.0


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
    """A row of a log that could not be used, or was used though it is damaged."""

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
    """Rows that could not be used, the first SHOWN_ROWS of them."""
    damaged_rows: int = 0
    damaged: tuple[SkippedRow, ...] = field(default_factory=tuple)
    """Rows whose numbers were used though they are damaged."""
    prices: str = ""
    walls: tuple[Wall, ...] = ()
    """Limit hits and fallbacks, for the lists."""


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
    lost, damaged = connection.execute(
        "SELECT ifnull(sum(count * lost), 0), ifnull(sum(count * (1 - lost)), 0) FROM skipped"
    ).fetchone()
    return Analytics(
        span=span,
        totals=total(part.sums for part in providers),
        fallback=fallbacks(connection, span, filters or Filters()),
        providers=tuple(replace(part, latency_ms_p50=medians.get(part.name)) for part in providers),
        models=cells.by("model"),
        projects=cells.by("project"),
        agents=cells.by("agent"),
        days=cells.days(),
        skipped_rows=lost,
        skipped=_skipped(connection, lost=True),
        damaged_rows=damaged,
        damaged=_skipped(connection, lost=False),
        walls=walls(connection, *ends_ms(span), span.zone, (filters or Filters()).agent),
    )


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


_ROW_SUMMED = _numbered(ROW_SUMS)


class Cells:
    """What the rows of a span add up to, by whatever they have.

    Whole UTC days come from the days' rollups, whole quarter-hours beside them from the quarters', and what
    is left at both ends from the rows: a span is right to the millisecond.
    """

    def __init__(self, connection: sqlite3.Connection, span: Span, filters: Filters) -> None:
        self._connection = connection
        self._span = span
        self._filters = filters
        self._start = milliseconds(span.start) if span.start else 0
        # all there is: also what a clock that was wrong wrote into the future
        self._end = _FOREVER_MS if span.start is None and span.name == "all" else milliseconds(span.end)

    def by(self, column: str, limit: int | None = None) -> tuple[Part, ...]:
        """Parts by provider, model, project, agent or session; dearest first.

        Args:
            limit: the rest become one part called `REST`.
        """
        parts = self._grouped(f"{column}_name")
        order = sorted(parts.items(), key=lambda item: (-item[1][_COST], -_tokens(item[1]), item[0]))
        if limit is not None and len(order) > limit:
            rest: list[float] = [0] * len(_NAMES)
            for _, values in order[limit:]:
                _add(rest, values)
            order = [*order[:limit], (REST, rest)]
        return tuple(Part(name=name or "unknown", sums=_sums(values)) for name, values in order)

    def days(self) -> tuple[Part, ...]:
        """Parts by local day, oldest first."""
        days = self._by_local_day()
        return tuple(
            Part(name=f"{_date(day):%Y-%m-%d}", sums=_sums(values)) for day, values in sorted(days.items())
        )

    def steps(self, step: timedelta, by: str = "provider") -> dict[datetime, dict[str, Sums]]:
        """Local steps (hours or a day) × provider, for charts: start of each step, aware local -> parts."""
        found: dict[datetime, dict[str, list[float]]] = {}
        if step >= timedelta(days=1):
            cells = [
                (self._midnight(key[0]), key[1], values) for key, values in self._by_local_day(by).items()
            ]
        else:
            cells = [
                (self._step_of(key[0], step), key[1], values)
                for key, values in self._grouped("quarter", f"{by}_name").items()
            ]
        for moment, name, values in cells:
            _add(found.setdefault(moment, {}).setdefault(name or "unknown", [0] * len(_NAMES)), values)
        return {
            moment: {name: _sums(values) for name, values in cell.items()}
            for moment, cell in sorted(found.items())
        }

    def blocks(self, now: datetime) -> tuple[Block, ...]:
        """Five-hour blocks, oldest first; the last one is active while its end lies ahead."""
        blocks: list[tuple[int, list[float]]] = []
        length = round(BLOCK.total_seconds() * 1000)
        # blocks begin and end with an hour
        for hour, values in sorted(self._grouped("quarter", slot=(0, _HOUR_MS // QUARTER_MS)).items()):
            moment = hour * _HOUR_MS
            if not blocks or moment >= blocks[-1][0] + length:
                blocks.append((moment, [0] * len(_NAMES)))
            _add(blocks[-1][1], values)
        return tuple(self._block(start, _sums(values), now) for start, values in blocks)

    def _block(self, start_ms: int, sums: Sums, now: datetime) -> Block:
        start = datetime.fromtimestamp(start_ms / 1000, UTC)
        end = start + BLOCK
        if not start <= now < end:
            return Block(start=start, end=end, sums=sums, active=False)
        where, values = self._narrowed("r.project", "r.agent", "r.session")
        first, last = self._connection.execute(
            f"SELECT min(ts), max(ts) FROM request_rows r WHERE ts >= ? AND ts < ?{where}",
            (start_ms, milliseconds(end), *values),
        ).fetchone()
        minutes = max(((last or start_ms) - (first or start_ms)) / 60_000, 1.0)
        left = (end - now).total_seconds() / 60
        return Block(
            start=start,
            end=end,
            sums=sums,
            active=True,
            tokens_per_minute=sums.total_tokens / minutes,
            usd_per_hour=sums.cost_usd / minutes * 60,
            projected_usd=sums.cost_usd + sums.cost_usd / minutes * left,
        )

    def _by_local_day(self, by: str | None = None) -> dict[Any, list[float]]:
        """Local day (days since 1970-01-01), or (day, name), -> sums: one query per offset from UTC."""
        found: dict[Any, list[float]] = {}
        keys = ("quarter",) if by is None else ("quarter", f"{by}_name")
        for start, end, offset in self._offsets():
            for key, values in self._grouped(*keys, slot=(offset, DAY_QUARTERS), ends=(start, end)).items():
                _add(found.setdefault(key, [0] * len(_NAMES)), values)
        return found

    def _offsets(self) -> Iterable[tuple[int, int, int]]:
        """The span in pieces of one offset from UTC: (start, end) in ms, offset in quarter-hours."""
        first, last = self._connection.execute(
            "SELECT (SELECT min(ts) FROM request_rows), (SELECT max(ts) FROM request_rows)"
        ).fetchone()
        start, end = max(self._start, first or 0), min(self._end, (last or 0) + 1)
        if start >= end:
            return
        day_ms = DAY_QUARTERS * QUARTER_MS
        offset = self._offset(start)
        begin = start
        for moment in range(start - start % day_ms + day_ms, end + day_ms, day_ms):
            if self._offset(moment) == offset:
                continue
            low, high = (moment - day_ms) // QUARTER_MS, moment // QUARTER_MS  # the clocks changed in between
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if self._offset(middle * QUARTER_MS) == offset else (low, middle)
            change = max(begin, min(end, high * QUARTER_MS))
            if begin < change:
                yield begin, change, offset
            begin, offset = change, self._offset(moment)
        if begin < end:
            yield begin, end, offset

    def _offset(self, ms: int) -> int:
        """The zone's offset from UTC at a moment, in quarter-hours."""
        ahead = (_EPOCH + timedelta(milliseconds=ms)).astimezone(self._span.zone).utcoffset() or timedelta()
        return round(ahead.total_seconds() * 1000) // QUARTER_MS

    def _midnight(self, day: int) -> datetime:
        """When a local day began."""
        first = _date(day)
        midnight = datetime(first.year, first.month, first.day, tzinfo=self._span.zone)
        return midnight.astimezone() if self._span.zone is None else midnight

    def _step_of(self, quarter: int, step: timedelta) -> datetime:
        """When the local step of hours began that a quarter-hour lies in."""
        moment = (_EPOCH + timedelta(milliseconds=quarter * QUARTER_MS)).astimezone(self._span.zone)
        hours = max(1, int(step.total_seconds() // 3600))
        return moment.replace(hour=moment.hour - moment.hour % hours, minute=0, second=0, microsecond=0)

    def _grouped(
        self, *keys: str, slot: tuple[int, int] = (0, 1), ends: tuple[int, int] | None = None
    ) -> dict[Any, list[float]]:
        """key -> sums for one key, (key, key) -> sums for two.

        Args:
            slot: a "quarter" is (quarter + offset) // width.
            ends: only of this piece of the span (ms).
        """
        width = len(keys)
        found: dict[Any, list[float]] = {}
        for query, values in self._queries(keys, slot, *(ends or (self._start, self._end))):
            for row in self._connection.execute(query, values):
                key = row[0] if width == 1 else row[:width]
                if key in found:
                    _add(found[key], row[width:])
                else:
                    found[key] = list(row[width:])
        return found

    def _queries(
        self, keys: Sequence[str], slot: tuple[int, int], start: int, end: int
    ) -> Iterable[tuple[str, list[object]]]:
        if self._filters.session is not None:
            # no rollup has sessions beside providers and models: the rows of the session's days
            begun, ended = self._session_days()
            yield self._row_query(keys, slot, max(start, begun), min(end, ended))
            return
        first, last = -(-start // QUARTER_MS), end // QUARTER_MS
        if first >= last:
            yield self._row_query(keys, slot, start, end)
            return
        yield self._row_query(keys, slot, start, first * QUARTER_MS)
        yield self._row_query(keys, slot, last * QUARTER_MS, end)
        fine, coarse = self._tables(keys)
        first_day, last_day = -(-first // DAY_QUARTERS), last // DAY_QUARTERS
        if coarse is None or first_day >= last_day:
            yield self._rollup_query(fine, keys, slot, first, last)
            return
        yield self._rollup_query(fine, keys, slot, first, first_day * DAY_QUARTERS)
        yield self._rollup_query(coarse, keys, slot, first_day, last_day)
        yield self._rollup_query(fine, keys, slot, last_day * DAY_QUARTERS, last)

    def _tables(self, keys: Sequence[str]) -> tuple[str, str | None]:
        """The rollups that can answer: per quarter, and per day where that is enough."""
        if "session_name" in keys:
            return "session_rollups", "session_days"
        if "quarter" not in keys:
            return "rollups", "day_rollups"
        filtered = self._filters.project is not None or self._filters.agent is not None
        only_when = set(keys) <= {"quarter", "provider_name"}
        return ("quarters" if only_when and not filtered else "rollups"), None

    def _session_days(self) -> tuple[int, int]:
        """From when to when (UTC ms) the sessions asked for have rows."""
        first, last = self._connection.execute(
            "SELECT min(day), max(day) FROM session_days WHERE session IN (SELECT id FROM names WHERE text LIKE ? || '%')",
            (self._filters.session,),
        ).fetchone()
        day_ms = DAY_QUARTERS * QUARTER_MS
        return (0, 0) if first is None else (first * day_ms, (last + 1) * day_ms)

    def _rollup_query(
        self, table: str, keys: Sequence[str], slot: tuple[int, int], first: int, last: int
    ) -> tuple[str, list[object]]:
        time = ROLLUPS[table][0]
        columns = [
            _slotted("r.quarter", slot) if key == "quarter" else f"r.{key.removesuffix('_name')}"
            for key in keys
        ]
        where, values = self._narrowed("r.project", "r.agent")
        inner = (
            f"SELECT {_keyed(columns)}, {_SUMMED} FROM {table} r WHERE r.{time} >= ? AND r.{time} < ?{where}"
            f" GROUP BY {_places(columns)}"
        )
        return _named(inner, keys), [first, last, *values]

    def _row_query(
        self, keys: Sequence[str], slot: tuple[int, int], start: int, end: int
    ) -> tuple[str, list[object]]:
        quarter = _slotted(f"r.ts / {QUARTER_MS}", slot)
        columns = [quarter if key == "quarter" else f"r.{key.removesuffix('_name')}" for key in keys]
        where, values = self._narrowed("r.project", "r.agent", "r.session")
        inner = (
            f"SELECT {_keyed(columns)}, {_ROW_SUMMED} FROM request_rows r"
            f" WHERE r.ts >= ? AND r.ts < ?{where} GROUP BY {_places(columns)}"
        )
        return _named(inner, keys), [start, end, *values]

    def _narrowed(self, project: str, agent: str, session: str | None = None) -> tuple[str, list[object]]:
        where = ""
        values: list[object] = []
        if self._filters.project is not None:
            where += f" AND {project} IN (SELECT id FROM names WHERE text = ? OR text LIKE '%/' || ?)"
            values += [self._filters.project, self._filters.project]
        if self._filters.agent is not None:
            where += f" AND {agent} = (SELECT id FROM names WHERE text = ?)"
            values.append(self._filters.agent)
        if self._filters.session is not None and session is not None:
            where += f" AND {session} IN (SELECT id FROM names WHERE text LIKE ? || '%')"
            values.append(self._filters.session)
        return where, values


REST = "(others)"
_FOREVER_MS = 253_402_300_800_000  # year 10000
_HOUR_MS = 3_600_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES = (
    "requests", "failed", "rate_limited", "input", "output", "reasoning", "cache_read", "cache_write", "cost_usd",
    "unpriced_tokens", "plan_usd",
)  # fmt: skip
_COST = _NAMES.index("cost_usd")
_COUNTED = tuple(_NAMES.index(name) for name in ("input", "output", "cache_read", "cache_write"))
_SUMMED = ", ".join(f"sum({name}) AS s{place}" for place, (name, _) in enumerate(SUM_COLUMNS))


def total(parts: Iterable[Sums]) -> Sums:
    """All of them together."""
    values: list[float] = [0] * len(_NAMES)
    for part in parts:
        _add(values, [getattr(part, name) for name in _NAMES])
    return _sums(values)


def latency_medians(connection: sqlite3.Connection, span: Span) -> dict[str, float]:
    """Median latency (ms) per provider, right to LATENCY_STEP and, at the span's ends, to a quarter-hour."""
    first = milliseconds(span.start) // QUARTER_MS if span.start else 0
    last = milliseconds(span.end) // QUARTER_MS + 1
    first_day, last_day = -(-first // DAY_QUARTERS), last // DAY_QUARTERS
    if first_day >= last_day:
        pieces = [("latencies", "quarter", first, last)]
    else:
        pieces = [
            ("latencies", "quarter", first, first_day * DAY_QUARTERS),
            ("latency_days", "day", first_day, last_day),
            ("latencies", "quarter", last_day * DAY_QUARTERS, last),
        ]
    counts: dict[str, dict[int, int]] = {}
    for table, time, begin, end in pieces:
        query = (
            f"SELECT n.text, bucket, total FROM (SELECT provider, bucket, sum(count) AS total FROM {table}"
            f" WHERE {time} >= ? AND {time} < ? GROUP BY 1, 2) JOIN names n ON n.id = provider"
        )
        for provider, bucket, count in connection.execute(query, (begin, end)):
            cell = counts.setdefault(provider, {})
            cell[bucket] = cell.get(bucket, 0) + count
    return {provider: _median(buckets) for provider, buckets in counts.items()}


def _median(buckets: Mapping[int, int]) -> float:
    half, seen = sum(buckets.values()) / 2, 0
    for bucket, count in sorted(buckets.items()):
        seen += count
        if seen >= half:
            return round(LATENCY_STEP**bucket, 1)
    return 0.0


def _skipped(connection: sqlite3.Connection, *, lost: bool) -> tuple[SkippedRow, ...]:
    rows = connection.execute(
        "SELECT path, line, why FROM skipped WHERE lost = ? ORDER BY 1, 2 LIMIT ?", (int(lost), SHOWN_ROWS)
    )
    return tuple(SkippedRow(path=path, line=line, why=why) for path, line, why in rows)


def fallbacks(connection: sqlite3.Connection, span: Span, filters: Filters) -> FallbackTotals:
    """How often another provider took over, and how often a limit was hit."""
    ends = ends_ms(span)
    switches = connection.execute(
        f"SELECT count(*) FROM switches s WHERE s.ts >= ? AND s.ts < ? AND {IS_FALLBACK}", ends
    ).fetchone()[0]
    hits, waited = connection.execute(
        "SELECT count(*), ifnull(sum(waited_ms), 0) FROM limit_hits WHERE ts >= ? AND ts < ?"
        f" AND {IS_WALL} AND (? IS NULL OR agent = ?)",
        (*ends, filters.agent, filters.agent),
    ).fetchone()
    return FallbackTotals(fallbacks=switches, limit_hits=hits, waited_ms=waited)


def ends_ms(span: Span) -> tuple[int, int]:
    """A span's ends in UTC ms; 0 when it has no beginning."""
    return (milliseconds(span.start) if span.start else 0, milliseconds(span.end))


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


def _slotted(quarter: str, slot: tuple[int, int]) -> str:
    offset, width = slot
    return quarter if slot == (0, 1) else f"({quarter} + {offset}) / {width}"


def _date(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=day)


def _places(columns: Sequence[str]) -> str:
    return ", ".join(str(place) for place in range(1, len(columns) + 1))


def _add(to: list[float], values: Sequence[float]) -> None:
    for place, value in enumerate(values):
        to[place] += value


def _tokens(values: Sequence[float]) -> float:
    return sum(values[place] for place in _COUNTED)


def _sums(values: Sequence[float]) -> Sums:
    return Sums(**dict(zip(_NAMES, values, strict=True)))  # type: ignore[arg-type]
