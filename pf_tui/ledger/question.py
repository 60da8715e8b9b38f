"""One question to the rows or to a rollup, in SQL: by what, narrowed to what, of which stretch of time.

Pure. Every SELECT gives k0, k1 … (the slot of time if there is one, then the keys) and the sums s0, s1 …
in the order of SUM_COLUMNS.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pf_tui.ledger import narrowing
from pf_tui.ledger.narrowing import Chosen
from pf_tui.ledger.rollups import ROW_SUMS, SUMMED
from pf_tui.ledger.schema import HOUR_QUARTERS, KINDS, NAME, QUARTER_MS, SUM_COLUMNS
from pf_tui.ledger.tiers import HOUR, Slot, Tier
from pf_tui.records import record

Select = tuple[str, Sequence[object]]
"""A statement and its values."""

WIDTH = len(SUM_COLUMNS)
SUMS = ", ".join(f"s{place}" for place in range(WIDTH))

_KIND = {column: kind for kind, column in KINDS.items()}


@record
class Question:
    """What is asked of a stretch of time."""

    keys: tuple[str, ...]
    """Columns the sums are by."""
    slot: Slot | None
    """What they are by in time."""
    chosen: Chosen
    """What the rows are narrowed to."""

    @property
    def margin(self) -> str | None:
        """The one column beside the agent that `hours` and `months` must know; "0" = none, None = more than one."""
        columns = {*self.keys, *self.chosen} - {"agent"}
        if len(columns) > 1 or "session" in columns:
            return None
        return next(iter(columns), "0")

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
        margin = self.margin or "0"
        columns = self._columns(
            [f"r.{'agent' if key == 'agent' else 'part'}" for key in self.keys], _quarter(tier)
        )
        wanted = {"part": self.chosen.get(margin, tuple(parts))}
        if "agent" in self.chosen:
            wanted["agent"] = self.chosen["agent"]
        where = f"r.{tier.time} >= ? AND r.{tier.time} < ? AND r.kind = {_KIND[margin]}{more}"
        return select(f"{tier.table} r", columns, SUMMED, where + narrowing.condition(wanted, "r.")), (
            first,
            last,
        )

    def around_hours(self, first: int, last: int, parts: Sequence[int]) -> Iterator[Select]:
        """From hours, where slots begin within one (zones at :30 and :45): that hour's from its quarters."""
        slot = self.slot or Slot(offset=0, width=HOUR_QUARTERS)
        offset, width, hour = slot.offset, slot.width, f"r.hour * {HOUR_QUARTERS}"
        within = f" AND ({hour} + {offset}) / {width} = ({hour} + {offset + HOUR_QUARTERS - 1}) / {width}"
        yield self.of_margin(HOUR, first, last, parts, within)
        cut = f"(m * {width} - {offset}) / {HOUR_QUARTERS}"
        slots = [(end * HOUR_QUARTERS + offset) // width for end in (first, last)]
        hours = (
            f"(WITH RECURSIVE slots(m) AS (SELECT {slots[0]} UNION ALL SELECT m + 1 FROM slots WHERE m < {slots[1]})"
            f" SELECT {cut} AS hour FROM slots WHERE {cut} >= {first} AND {cut} < {last})"
        )
        source = (
            f"{hours} CROSS JOIN cells r ON r.quarter >= hour * {HOUR_QUARTERS}"
            f" AND r.quarter < (hour + 1) * {HOUR_QUARTERS}"
        )
        yield self._of_cells(source, "r.quarter", f"1{narrowing.condition(self.chosen, 'r.')}"), ()

    def _of_cells(self, source: str, quarter: str, where: str) -> str:
        return select(source, self._columns([f"r.{key}" for key in self.keys], quarter), SUMMED, where)

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
