"""What the rows of a span add up to, by whatever they have.

Invariant: each list of parts sums to the same totals, because each is a sum over the same rows, and every
rollup holds each row once. Quarter-hours are summed into local days, so zones at :30 and :45 and clock
changes come out right; what a span cuts off of a quarter-hour comes from the rows, to the millisecond.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import partial
from operator import add, sub
from typing import Any, NamedTuple  # Any: SQLite's columns, each of its own type

from pf_tui.ledger import narrowing, period
from pf_tui.ledger.layout import DAY_QUARTERS, HOUR_QUARTERS, NAME, QUARTER_MS, SUM_COLUMNS
from pf_tui.ledger.period import Filters, Period
from pf_tui.ledger.question import SUM_NAMES, WIDTH, Question, Select, Slot, named
from pf_tui.ledger.rollups import SUMMED
from pf_tui.ledger.totals import HERE, NOTHING, UNKNOWN, Group, Totals, dearest_first, total

REST = "(others)"
_HOUR = Slot(offset=0, width=HOUR_QUARTERS)
_QUARTER = Slot(offset=0, width=1)
_COST = next(index for index, (name, _) in enumerate(SUM_COLUMNS) if name == "cost_usd")
_TOKEN_COLUMNS = [
    index
    for index, (name, _) in enumerate(SUM_COLUMNS)
    if name in ("input", "output", "cache_read", "cache_write")
]
_DEAREST = f"s{_COST} DESC, {' + '.join(f's{index}' for index in _TOKEN_COLUMNS)} DESC, k0"
_CHARTED = ("requests", "input", "output", "cache_read", "cache_write", "cost_usd")

Row = tuple[Any, ...]
"""What a statement gives: a value for each column, of the column's own type."""


class TopGroups(NamedTuple):
    """The first of many parts, and the others as one."""

    parts: tuple[Group, ...]
    rest: Totals
    total: int
    """How many there are in all."""


class UsageQuery:
    """The sums of one span's rows."""

    def __init__(self, connection: sqlite3.Connection, span: Period, filters: Filters) -> None:
        self._connection = connection
        self._span = span
        self._start, self._end = period.reach_ms(span)
        self._filters = narrowing.chosen(connection, filters)

    @property
    def connection(self) -> sqlite3.Connection:
        """The ledger they are of."""
        return self._connection

    def where(self) -> str:
        """The filters as a condition on `request_rows`, to be appended to a WHERE."""
        return narrowing.condition(self._filters, rows=True)

    def by(self, column: str) -> tuple[Group, ...]:
        """Parts by provider, model, project, agent, machine or session; dearest first."""
        nameless = _nameless(column)
        parts = [
            Group(name or nameless, Totals._make(part_totals))
            for (name,), part_totals in self._grouped((column,)).items()
        ]
        return tuple(sorted(parts, key=dearest_first))

    def by_session(self) -> tuple[Group, ...]:
        """Each agent's sessions, dearest first."""
        parts = [
            Group(name or UNKNOWN, Totals._make(part_totals), agent=agent)
            for (name, agent), part_totals in self._grouped(("session", "agent")).items()
        ]
        return tuple(sorted(parts, key=dearest_first))

    def totals(self) -> Totals:
        """All of it."""
        return total(Totals._make(part_totals) for part_totals in self._grouped(()).values())

    def sessions(self, limit: int) -> TopGroups:
        """The dearest sessions; the others are added up where they lie."""
        if (self._start, self._end) == period.ALL_MS and "session" not in self._filters:
            return self._sessions_of_all_time(limit)
        selects = list(self._selects(("session", "agent"), None, self._start, self._end))
        if not selects:
            return TopGroups((), NOTHING, 0)
        summed = ", ".join(f"sum(s{index}) AS s{index}" for index in range(WIDTH))
        both = " UNION ALL ".join(text for text, _ in selects)
        whole = selects[0][0] if len(selects) == 1 else f"SELECT k0, k1, {summed} FROM ({both}) GROUP BY 1, 2"
        *top, (_, _, *rest, others) = self._connection.execute(
            f"WITH whole AS ({whole}), top AS (SELECT * FROM whole ORDER BY {_DEAREST} LIMIT ?)"
            f" SELECT (SELECT text FROM names WHERE id = k0), (SELECT text FROM names WHERE id = k1), {SUM_NAMES}, 1 FROM top"
            f" UNION ALL SELECT NULL, NULL, {summed}, count(*) FROM whole"
            " WHERE (k0, k1) NOT IN (SELECT k0, k1 FROM top)",
            (*(value for _, values in selects for value in values), limit),
        ).fetchall()
        return _dearest([row[:-1] for row in top], rest, others)

    def _sessions_of_all_time(self, limit: int) -> TopGroups:
        where = narrowing.condition(self._filters)
        top = self._connection.execute(
            f"SELECT session FROM sessions WHERE 1{where} GROUP BY 1 ORDER BY sum(cost_usd) DESC,"
            f" sum(input + output + cache_read + cache_write) DESC, 1 LIMIT ?",
            (limit,),
        ).fetchall()
        session_ids = ", ".join(str(number) for (number,) in top)
        rows = self._connection.execute(
            f"SELECT text, (SELECT text FROM names WHERE id = agent), {SUMMED} FROM sessions JOIN names ON id = session"
            f" WHERE session IN ({session_ids}){where} GROUP BY session, agent"
        ).fetchall()
        *rest, others = self._connection.execute(
            f"SELECT {SUMMED}, count(DISTINCT session << 32 | agent) FROM sessions WHERE session NOT IN ({session_ids}){where}"
        ).fetchone()
        return _dearest(rows, rest, others)

    def days(self) -> tuple[Group, ...]:
        """Parts by local day, oldest first."""
        days = self._by_local_day()
        return tuple(
            Group(f"{period.local_day(day):%Y-%m-%d}", Totals._make(part_totals))
            for day, part_totals in sorted(days.items())
        )

    def hours(self) -> dict[int, Totals]:
        """By UTC hour since 1970-01-01, oldest first."""
        by_hour = self._grouped((), _HOUR)
        return {hour: Totals._make(by_hour[(hour,)]) for (hour,) in sorted(by_hour)}

    def steps(
        self, step: timedelta, by: str = "provider", names: Sequence[str] | None = None
    ) -> dict[datetime, dict[str, Totals]]:
        """Local steps (quarter-hours, hours or a day) × part, for charts: start of each step, aware local -> parts.

        Only requests, tokens and cost are summed.

        Args:
            names: the parts to tell apart; what is left of the whole is one called `REST`.
        """
        by_step = self._steps(step, (by,), names)
        if names is not None:
            for moment, whole in self._steps(step, (), None).items():
                parts = by_step.setdefault(moment, {})
                remainder = tuple(map(sub, whole[""], total(parts.values())))
                if remainder[0] > 0:
                    parts[REST] = Totals._make(max(0, value) for value in remainder)
        return dict(sorted(by_step.items()))

    def _steps(
        self, step: timedelta, keys: tuple[str, ...], names: Sequence[str] | None
    ) -> dict[datetime, dict[str, Totals]]:
        zone = self._span.zone
        by_step: dict[datetime, dict[str, Totals]] = {}
        for start, end, offset in self._one_offset():
            if step >= timedelta(days=1):
                slot = Slot(offset=offset, width=DAY_QUARTERS)
                begins = partial(period.midnight, zone=zone)
            else:
                whole_hours = step >= timedelta(hours=1) and offset % HOUR_QUARTERS == 0
                slot = _HOUR if whole_hours else _QUARTER
                begins = partial(_local_step, width=slot.width, zone=zone, step=step)
            moments: dict[int, datetime] = {}
            for (time, *name), part_totals in self._grouped(keys, slot, start, end, names, _CHARTED).items():
                if time not in moments:
                    moments[time] = begins(time)
                parts, part = (
                    by_step.setdefault(moments[time], {}),
                    (name[0] or _nameless(keys[0])) if keys else "",
                )
                parts[part] = Totals._make(
                    map(add, parts[part], part_totals) if part in parts else part_totals
                )
        return by_step

    def _by_local_day(self) -> dict[int, Sequence[float]]:
        """Local day since 1970-01-01 -> sums: one look per offset from UTC."""
        by_day: dict[int, Sequence[float]] = {}
        for start, end, offset in self._one_offset():
            slot = Slot(offset=offset, width=DAY_QUARTERS)
            for (day,), part_totals in self._grouped((), slot, start, end).items():
                by_day[day] = tuple(map(add, by_day[day], part_totals)) if day in by_day else part_totals
        return by_day

    def _one_offset(self) -> Iterator[tuple[int, int, int]]:
        first, last = self._connection.execute(
            "SELECT (SELECT min(ts) FROM request_rows), (SELECT max(ts) FROM request_rows)"
        ).fetchone()
        start, end = max(self._start, first or 0), min(self._end, (last or 0) + 1)
        return period.one_offset(start, end, self._span.zone)

    def _grouped(
        self,
        keys: tuple[str, ...],
        slot: Slot | None = None,
        start: int | None = None,
        end: int | None = None,
        names: Sequence[str] | None = None,
        only: Collection[str] = (),
    ) -> dict[Row, Sequence[float]]:
        """([slot], *names of the keys) -> sums, in the order of SUM_COLUMNS."""
        groups: dict[Row, Sequence[float]] = {}
        width = len(keys) + (slot is not None)
        start, end = self._start if start is None else start, self._end if end is None else end
        for statement, values in self._selects(keys, slot, start, end, names, only):
            for row in self._connection.execute(named(statement, len(keys), timed=slot is not None), values):
                key, part_totals = row[:width], row[width:]
                groups[key] = tuple(map(add, groups[key], part_totals)) if key in groups else part_totals
        return groups

    def _selects(
        self,
        keys: tuple[str, ...],
        slot: Slot | None,
        start: int,
        end: int,
        names: Sequence[str] | None = None,
        only: Collection[str] = (),
    ) -> Iterator[Select]:
        """One SELECT per piece of the stretch: k0, k1 … and the sums s0, s1 …"""
        filters = {**self._filters}
        if names is not None:
            numbers = self._numbers(names, _nameless(keys[0]))
            filters[keys[0]] = tuple(number for number in filters.get(keys[0], numbers) if number in numbers)
        if keys == ("session", "agent") and "session" not in self._filters and (start, end) == period.ALL_MS:
            columns = ", ".join(f"{name} AS s{index}" for index, (name, _) in enumerate(SUM_COLUMNS))
            # nearly all have one row: adding up the few others here is cheaper than grouping all of them there
            yield (
                f"SELECT session AS k0, agent AS k1, {columns} FROM sessions WHERE 1{narrowing.condition(self._filters)}",
                (),
            )
            return
        if "session" in self._filters:
            first_ts, last_ts = self._session_reach()
            start, end = max(start, first_ts), min(end, last_ts)
        yield from Question(keys=keys, slot=slot, filters=filters, only=only).selects(start, end)

    def _session_reach(self) -> tuple[int, int]:
        """From when to when (UTC ms) the sessions asked for have rows."""
        first, last = self._connection.execute(
            "SELECT min(quarter), max(quarter) FROM quarters"
            f" WHERE 1{narrowing.condition({'session': self._filters['session']})}"
        ).fetchone()
        return (0, 0) if first is None else (first * QUARTER_MS, (last + 1) * QUARTER_MS)

    def _numbers(self, names: Sequence[str], nameless: str) -> tuple[int, ...]:
        marks = ", ".join("?" * len(names))
        rows_read = self._connection.execute(f"SELECT id FROM names WHERE text IN ({marks})", tuple(names))
        return (*(number for (number,) in rows_read), *((NAME[""],) if nameless in names else ()))


def _nameless(column: str) -> str:
    """What a part is called whose rows have no name in the column."""
    return HERE if column == "machine" else UNKNOWN


def _local_step(slot: int, width: int, zone: tzinfo | None, step: timedelta) -> datetime:
    return period.local_step(slot * width, zone, step)


def _dearest(top: Sequence[Row], rest: Sequence[float], others: int) -> TopGroups:
    """Of rows (session, agent, *sums), and what the others are together."""
    parts = [
        Group(name or UNKNOWN, Totals._make(part_totals), agent=agent) for name, agent, *part_totals in top
    ]
    whole = Totals._make(rest) if others else NOTHING
    return TopGroups(parts=tuple(sorted(parts, key=dearest_first)), rest=whole, total=len(parts) + others)
