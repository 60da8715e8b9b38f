"""One question to the rows or to a rollup, in SQL: by what, narrowed to what, of which stretch of time.

Pure. Every SELECT gives k0, k1 … (the slot of time if there is one, then the keys) and the sums s0, s1 …
in the order of SUM_COLUMNS.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from pf_tui.ledger import narrowing
from pf_tui.ledger.layout import (
    BESIDE,
    DAY_QUARTERS,
    HOUR_QUARTERS,
    NAME,
    QUARTER_MS,
    SUM_COLUMNS,
    UNITS,
    margin,
)
from pf_tui.ledger.narrowing import Chosen
from pf_tui.ledger.period import cover
from pf_tui.ledger.rollups import ROW_SUMS, SUMMED
from pf_tui.records import record

Select = tuple[str, Sequence[object]]
"""A statement and its values."""

WIDTH = len(SUM_COLUMNS)
SUM_NAMES = ", ".join(f"s{index}" for index in range(WIDTH))


@record
class Slot:
    """What a result is by in time: a quarter-hour q belongs to (q + offset) // width."""

    offset: int
    width: int


@record
class Question:
    """What is asked of a stretch of time."""

    keys: tuple[str, ...]
    """Columns the sums are by."""
    slot: Slot | None
    """What they are by in time."""
    filters: Chosen
    """What the rows are narrowed to."""
    only: Collection[str] = ()
    """The sums that are wanted, the others are 0; () = all of them. Each of them takes its time."""

    def selects(self, start_ms: int, end_ms: int) -> Iterator[Select]:
        """One SELECT per piece of the stretch: whole quarter-hours from rollups, what is cut off from the rows."""
        first, last = -(-start_ms // QUARTER_MS), end_ms // QUARTER_MS
        if first > last:
            yield self._of_rows(start_ms, end_ms)
            return
        for begin, until in ((start_ms, first * QUARTER_MS), (last * QUARTER_MS, end_ms)):
            if begin < until:
                yield self._of_rows(begin, until)
        cut = self._cut_hours
        for width, low, high in cover(first, last, (1, HOUR_QUARTERS) if cut else (1, *self._units)):
            if width == 1:
                yield self._of_quarters("quarters"), (low, high)
                continue
            yield self._of_margins(width, within=cut), (low, high)
            if cut:
                yield self._of_cut_hours(low, high), (low * HOUR_QUARTERS, high * HOUR_QUARTERS)

    @property
    def _column(self) -> str | None:
        """The one column beside agent and machine that `margins` must know; "0" = none, None = more than one."""
        columns = {*self.keys, *self.filters} - {*BESIDE}
        if len(columns) > 1 or "session" in columns:
            return None
        return next(iter(columns), "0")

    @property
    def _units(self) -> Sequence[int]:
        """The units of `margins` that each lie in one slot."""
        if self._column is None:
            return ()
        slot = self.slot or Slot(offset=0, width=UNITS[-1])
        return [unit for unit in UNITS if not slot.offset % unit and not slot.width % unit]

    @property
    def _cut_hours(self) -> bool:
        """Local days that begin within an hour (zones at :30, :45): all hours but those are whole in one day."""
        slot = self.slot
        return bool(self._column and slot and slot.width == DAY_QUARTERS and slot.offset % HOUR_QUARTERS)

    @property
    def _summed(self) -> str:
        if not self.only:
            return SUMMED
        return ", ".join(f"sum({name})" if name in self.only else "0" for name, _ in SUM_COLUMNS)

    def _of_rows(self, start_ms: int, end_ms: int) -> Select:
        columns = self._columns([f"ifnull({key}, {NAME['']})" for key in self.keys], f"ts / {QUARTER_MS}")
        where = f"ts >= ? AND ts < ?{narrowing.condition(self.filters, rows=True)}"
        return select("request_rows", columns, ROW_SUMS, where), (start_ms, end_ms)

    def _of_quarters(self, source: str, column: str = "quarter") -> str:
        where = f"{column} >= ? AND {column} < ?{narrowing.condition(self.filters)}"
        return select(source, self._columns(self.keys, "quarter"), self._summed, where)

    def _of_cut_hours(self, first: int, last: int) -> str:
        """The quarter-hours of the hours, `first` to before `last`, that a local midnight lies in."""
        offset = self.slot.offset if self.slot else 0
        day = (first * HOUR_QUARTERS + offset) // DAY_QUARTERS
        begin = (day * DAY_QUARTERS - offset) // HOUR_QUARTERS * HOUR_QUARTERS
        cut = (
            f"(WITH RECURSIVE cut(begins) AS (SELECT {begin} UNION ALL SELECT begins + {DAY_QUARTERS} FROM cut"
            f" WHERE begins + {DAY_QUARTERS} < {last * HOUR_QUARTERS}) SELECT begins FROM cut)"
        )
        return self._of_quarters(
            f"{cut} CROSS JOIN quarters ON quarter >= begins AND quarter < begins + {HOUR_QUARTERS}",
            "+quarter",  # not by the index: that finds the hours
        )

    def _of_margins(self, unit: int, *, within: bool) -> str:
        """Sums of whole units.

        Args:
            within: only of hours that lie in one local day.
        """
        column = self._column or "0"
        filters = {("part" if key == column else key): numbers for key, numbers in self.filters.items()}
        columns = self._columns([key if key in BESIDE else "part" for key in self.keys], f"time * {unit}")
        where = f"kind = {margin(column, unit)} AND time >= ? AND time < ?{narrowing.condition(filters)}"
        if within and self.slot:
            begins = f"time * {unit} + {self.slot.offset}"
            where += f" AND ({begins}) / {DAY_QUARTERS} = ({begins} + {unit - 1}) / {DAY_QUARTERS}"
        return select("margins", columns, self._summed, where)

    def _columns(self, keys: Sequence[str], quarter: str) -> Sequence[str]:
        if self.slot is None:
            return keys
        plain = (self.slot.offset, self.slot.width) == (0, 1)
        return [quarter if plain else f"({quarter} + {self.slot.offset}) / {self.slot.width}", *keys]


def select(source: str, columns: Sequence[str], totals: str, where: str) -> str:
    """SELECT k0, k1 …, s0, s1 … by the columns."""
    key_columns = "".join(f"{column} AS k{index}, " for index, column in enumerate(columns))
    group = ", ".join(str(index + 1) for index in range(len(columns))) or "NULL"
    return f"SELECT {key_columns}{_numbered(totals)} FROM {source} WHERE {where} GROUP BY {group}"


def named(statement: str, keys: int, *, timed: bool) -> str:
    """The grouped rows with names in place of numbers; grouping by numbers first is much cheaper."""
    numbers = range(int(timed), int(timed) + keys)
    columns = [*(["k0"] if timed else []), *(f"n{number}.text" for number in numbers), SUM_NAMES]
    joins = " ".join(f"JOIN names n{number} ON n{number}.id = k{number}" for number in numbers)
    return f"SELECT {', '.join(columns)} FROM ({statement}) {joins}"


def _numbered(columns: str) -> str:
    """Sums with names s0, s1 … so that an outer query can ask for them."""
    depth, parts, start = 0, [], 0
    for index, letter in enumerate(columns):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(columns[start:index])
            start = index + 1
    parts.append(columns[start:])
    return ", ".join(f"{part.strip()} AS s{index}" for index, part in enumerate(parts))
