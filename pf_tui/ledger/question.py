"""One question to the rows or to a rollup, in SQL: by what, narrowed to what, of which stretch of time.

Pure. Every SELECT gives k0, k1 … (the slot of time if there is one, then the keys) and the sums s0, s1 …
in the order of SUM_COLUMNS.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from pf_tui.ledger import narrowing
from pf_tui.ledger.narrowing import Chosen
from pf_tui.ledger.rollups import ROW_SUMS, SUMMED
from pf_tui.ledger.schema import DAY_QUARTERS, HOUR_QUARTERS, KIND_OF, NAME, QUARTER_MS, SUM_COLUMNS
from pf_tui.ledger.tiers import HOUR, Slot, Tier
from pf_tui.records import record

Select = tuple[str, Sequence[object]]
"""A statement and its values."""

WIDTH = len(SUM_COLUMNS)
SUMS = ", ".join(f"s{place}" for place in range(WIDTH))

MANY_PARTS = 64
"""Beyond so many one sort of all hours is cheaper than a look per part and day."""


@record
class Question:
    """What is asked of a stretch of time."""

    keys: tuple[str, ...]
    """Columns the sums are by."""
    slot: Slot | None
    """What they are by in time."""
    chosen: Chosen
    """What the rows are narrowed to."""
    only: Collection[str] = ()
    """The sums that are wanted, the others are 0; () = all of them. Each of them takes its time."""

    @property
    def margin(self) -> str | None:
        """The one column beside the agent that `hours` and `months` must know; "0" = none, None = more than one."""
        columns = {*self.keys, *self.chosen} - {"agent"}
        if len(columns) > 1 or "session" in columns:
            return None
        return next(iter(columns), "0")

    @property
    def _summed(self) -> str:
        if not self.only:
            return SUMMED
        return ", ".join(f"sum({name})" if name in self.only else "0" for name, _ in SUM_COLUMNS)

    def of_rows(self, start_ms: int, end_ms: int) -> Select:
        """From the rows themselves."""
        columns = self._columns([f"ifnull(r.{key}, {NAME['']})" for key in self.keys], f"r.ts / {QUARTER_MS}")
        where = f"r.ts >= ? AND r.ts < ?{narrowing.condition(self.chosen, 'r.')}"
        return select("request_rows r", columns, ROW_SUMS, where), (start_ms, end_ms)

    def of_cells(self, tier: Tier, first: int, last: int) -> Select:
        """From a rollup that has every column, `first` to before `last` in its unit of time."""
        where = f"r.{tier.time} >= ? AND r.{tier.time} < ?{narrowing.condition(self.chosen, 'r.')}"
        return self._of_cells(f"{tier.table} r", _quarter(tier), where), (first, last)

    def of_margin(self, tier: Tier, first: int, last: int, parts: Sequence[int], more: str = "") -> Select:
        """From `hours` or `months`.

        Args:
            parts: all there are in the column; told so that an index that begins with them leads to the time.
        """
        columns = [f"r.{'agent' if key == 'agent' else 'part'}" for key in self.keys]
        where = f"r.{tier.time} >= ? AND r.{tier.time} < ?{more}{self._margin(self._parts(parts))}"
        return select(f"{tier.table} r", self._columns(columns, _quarter(tier)), self._summed, where), (
            first,
            last,
        )

    def of_days(self, first: int, last: int, parts: Sequence[int]) -> Iterator[Select]:
        """Local days from whole hours; where a day begins within one (zones at :30, :45), that from its quarters."""
        offset, wanted = self.slot.offset if self.slot else 0, self._parts(parts)
        if offset % HOUR_QUARTERS:
            yield self._of_cut_hours(first, last)
        if len(wanted) > MANY_PARTS:
            hour, width = f"r.hour * {HOUR_QUARTERS} + {offset}", DAY_QUARTERS
            yield self.of_margin(
                HOUR,
                first,
                last,
                parts,
                f" AND ({hour}) / {width} = ({hour} + {HOUR_QUARTERS - 1}) / {width}",
            )
            return
        # day by day along `days`, part by part: what comes in order needs no sorting
        begins = f"(d.day * {DAY_QUARTERS} - {offset} + {HOUR_QUARTERS - 1}) / {HOUR_QUARTERS}"
        ends = f"((d.day + 1) * {DAY_QUARTERS} - {offset}) / {HOUR_QUARTERS}"
        days = [(hour * HOUR_QUARTERS + offset) // DAY_QUARTERS for hour in (first, last)]
        for part in wanted:
            source = (
                f"days d CROSS JOIN hours r ON r.hour >= {begins} AND r.hour < {ends}{self._margin([part])}"
            )
            columns = ["d.day", *("r.agent" if key == "agent" else str(part) for key in self.keys)]
            statement = select(
                source, columns, self._summed, "d.day BETWEEN ? AND ? AND +r.hour >= ? AND +r.hour < ?"
            )
            yield statement, (*days, first, last)

    def _of_cut_hours(self, first: int, last: int) -> Select:
        """The hours within which a local day begins."""
        offset = self.slot.offset if self.slot else 0
        hour = f"(d.day * {DAY_QUARTERS} - {offset}) / {HOUR_QUARTERS}"
        begins = f"{hour} * {HOUR_QUARTERS}"
        source = (
            f"days d CROSS JOIN cells r ON r.quarter >= {begins} AND r.quarter < {begins} + {HOUR_QUARTERS}"
        )
        where = f"{hour} >= ? AND {hour} < ?{narrowing.condition(self.chosen, 'r.')}"
        return self._of_cells(source, "r.quarter", where), (first, last)

    def _parts(self, known: Sequence[int]) -> Sequence[int]:
        return self.chosen.get(self.margin or "0", known)

    def _margin(self, parts: Sequence[int]) -> str:
        wanted = {"kind": (KIND_OF[self.margin or "0"],), "part": tuple(parts)}
        if "agent" in self.chosen:
            wanted["agent"] = self.chosen["agent"]
        return narrowing.condition(wanted, "r.")

    def _of_cells(self, source: str, quarter: str, where: str) -> str:
        return select(source, self._columns([f"r.{key}" for key in self.keys], quarter), self._summed, where)

    def _columns(self, keys: Sequence[str], quarter: str) -> Sequence[str]:
        if self.slot is None:
            return keys
        plain = (self.slot.offset, self.slot.width) == (0, 1)
        return [quarter if plain else f"({quarter} + {self.slot.offset}) / {self.slot.width}", *keys]


def select(source: str, columns: Sequence[str], sums: str, where: str) -> str:
    """SELECT k0, k1 …, s0, s1 … by the columns."""
    keyed = "".join(f"{column} AS k{place}, " for place, column in enumerate(columns))
    group = ", ".join(str(place + 1) for place in range(len(columns))) or "NULL"
    return f"SELECT {keyed}{_numbered(sums)} FROM {source} WHERE {where} GROUP BY {group}"


def named(statement: str, keys: int, *, timed: bool) -> str:
    """The grouped rows with names in place of numbers; grouping by numbers first is much cheaper."""
    places = range(int(timed), int(timed) + keys)
    columns = [*(["k0"] if timed else []), *(f"n{place}.text" for place in places), SUMS]
    joins = " ".join(f"JOIN names n{place} ON n{place}.id = k{place}" for place in places)
    return f"SELECT {', '.join(columns)} FROM ({statement}) {joins}"


def _quarter(tier: Tier) -> str:
    return f"r.{tier.time} * {tier.width}" if tier.width > 1 else f"r.{tier.time}"


def _numbered(columns: str) -> str:
    """Sums with names s0, s1 … so that an outer query can ask for them."""
    depth, found, start = 0, [], 0
    for place, letter in enumerate(columns):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            found.append(columns[start:place])
            start = place + 1
    found.append(columns[start:])
    return ", ".join(f"{part.strip()} AS s{place}" for place, part in enumerate(found))
