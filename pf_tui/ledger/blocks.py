"""Five-hour blocks as ccusage's users know them, and the burn rate of the running one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pf_tui.ledger.layout import milliseconds
from pf_tui.ledger.query import UsageQuery
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
    totals: Totals
    active: bool
    tokens_per_minute: float | None = None
    usd_per_hour: float | None = None
    projected_usd: float | None = None
    """What the block costs when use goes on as it did; only of the active one."""


def blocks(query: UsageQuery, now: datetime) -> tuple[Block, ...]:
    """Oldest first; the last one is active while its end lies ahead."""
    blocks: list[tuple[int, list[Totals]]] = []
    for hour, hour_totals in query.hours().items():
        if not blocks or hour >= blocks[-1][0] + _HOURS:
            blocks.append((hour, []))
        blocks[-1][1].append(hour_totals)
    return tuple(_block(query, hour * _HOUR_MS, total(parts), now) for hour, parts in blocks)


def _block(query: UsageQuery, start_ms: int, hour_totals: Totals, now: datetime) -> Block:
    start = datetime.fromtimestamp(start_ms / 1000, UTC)
    end = start + BLOCK
    if not start <= now < end:
        return Block(start=start, end=end, totals=hour_totals, active=False)
    first, last = query.connection.execute(
        f"SELECT min(ts), max(ts) FROM request_rows WHERE ts >= ? AND ts < ?{query.where()}",
        (start_ms, milliseconds(end)),
    ).fetchone()
    minutes = max(((last or start_ms) - (first or start_ms)) / 60_000, 1.0)
    minutes_left = (end - now).total_seconds() / 60
    return Block(
        start=start,
        end=end,
        totals=hour_totals,
        active=True,
        tokens_per_minute=hour_totals.total_tokens / minutes,
        usd_per_hour=hour_totals.cost_usd / minutes * 60,
        projected_usd=hour_totals.cost_usd + hour_totals.cost_usd / minutes * minutes_left,
    )
