"""Which rollup answers which piece of time: the coarsest that fits, finer ones beside it, rows at the ends.

Pure. Times are counted in the unit of a tier: quarter-hours, hours, days, months of 32 days
since 1970-01-01 UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pf_tui.ledger.schema import DAY_QUARTERS, HOUR_QUARTERS, MONTH_DAYS
from pf_tui.records import record

MONTH_QUARTERS = MONTH_DAYS * DAY_QUARTERS


@record
class Tier:
    """One rollup as a source of sums."""

    table: str
    time: str
    """Its column of time."""
    width: int
    """How many quarter-hours one of them is."""


@record
class Slot:
    """What a result is by in time: a quarter-hour q belongs to (q + offset) // width."""

    offset: int
    width: int


Pieces = Iterator[tuple[Tier, int, int]]
"""(tier, first, last): from `first` to before `last` in the tier's own unit."""

_QUARTER = Tier(table="cells", time="quarter", width=1)
HOUR = Tier(table="hours", time="hour", width=HOUR_QUARTERS)
MARGINS = (_QUARTER, HOUR, Tier(table="months", time="month", width=MONTH_QUARTERS))
"""For what is by one thing, or by nothing; by agent or not."""
WHOLE = (_QUARTER, Tier(table="day_cells", time="day", width=DAY_QUARTERS))
"""For everything else."""
LATENCIES = (
    Tier(table="latencies", time="quarter", width=1),
    Tier(table="latency_days", time="day", width=DAY_QUARTERS),
    Tier(table="latency_months", time="month", width=MONTH_QUARTERS),
)


def cover(first: int, last: int, tiers: Sequence[Tier], months_ready: int) -> Pieces:
    """The quarter-hours from `first` to before `last`, each exactly once.

    Args:
        tiers: finest first.
        months_ready: see `rollups.months_until`.
    """
    if first >= last:
        return
    tier, coarser = tiers[0], tiers[1:]
    if coarser:
        width = coarser[0].width
        begin, end = -(-first // width), last // width
        if coarser[0].time == "month":
            end = min(end, months_ready)
        if begin < end:
            yield from cover(first, begin * width, (tier,), 0)
            yield from cover(begin * width, end * width, coarser, months_ready)
            yield from cover(end * width, last, (tier,), 0)
            return
    yield tier, first // tier.width, last // tier.width


def fitting(tiers: Sequence[Tier], slot: Slot | None) -> tuple[Tier, ...]:
    """The tiers whose units each lie in one slot."""
    if slot is None:
        return tuple(tiers)
    return tuple(tier for tier in tiers if not slot.offset % tier.width and not slot.width % tier.width)
