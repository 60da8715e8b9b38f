"""Five-hour blocks as ccusage's users know them, and the burn rate of the running one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pf_tui.ledger.query import UsageQuery
from pf_tui.ledger.reader import milliseconds
from pf_tui.ledger.totals import Totals, total
from pf_tui.records import record

BLOCK = timedelta(hours=5)
"""The window that subscriptions are limited by."""

_HOURS = int(BLOCK.total_seconds()) // 3600
_HOUR_MS = 3_600_000


@record
class Block:
    """Five hours of use, from the hour of the first request."""

    start: datetime
    end: datetime
    sums: Totals
    active: bool
    tokens_per_minute: float | None = None
    usd_per_hour: float | None = None
    projected_usd: float | None = None
    """What the block costs when use goes on as it did; only of the active one."""


def blocks(cells: UsageQuery, now: datetime) -> tuple[Block, ...]:
    """Oldest first; the last one is active while its end lies ahead."""
    blocks: list[tuple[int, list[Totals]]] = []
    for hour, sums in cells.hours().items():
        if not blocks or hour >= blocks[-1][0] + _HOURS:
            blocks.append((hour, []))
        blocks[-1][1].append(sums)
    return tuple(_block(cells, hour * _HOUR_MS, total(parts), now) for hour, parts in blocks)


def _block(cells: UsageQuery, start_ms: int, sums: Totals, now: datetime) -> Block:
    start = datetime.fromtimestamp(start_ms / 1000, UTC)
    end = start + BLOCK
    if not start <= now < end:
        return Block(start=start, end=end, sums=sums, active=False)
    first, last = cells.connection.execute(
        f"SELECT min(ts), max(ts) FROM request_rows WHERE ts >= ? AND ts < ?{cells.where()}",
        (start_ms, milliseconds(end)),
    ).fetchone()
    minutes = max(((last or start_ms) - (first or start_ms)) / 60_000, 1.0)
    minutes_left = (end - now).total_seconds() / 60
    return Block(
        start=start,
        end=end,
        sums=sums,
        active=True,
        tokens_per_minute=sums.total_tokens / minutes,
        usd_per_hour=sums.cost_usd / minutes * 60,
        projected_usd=sums.cost_usd + sums.cost_usd / minutes * minutes_left,
    )
