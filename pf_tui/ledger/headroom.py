"""How many more turns a limit window holds, if they are like today's.

A window's percentage and what it has cost so far say what a dollar takes of it; today's turns say what a
turn costs. An estimate, and only where enough is known.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from pf_tui.ledger.layout import milliseconds
from pf_tui.ledger.reader import LedgerReader
from pf_tui.ledger.session_costs import window_costs
from pf_tui.records import record
from pf_tui.rules import limits
from pf_tui.rules.limits import LENGTHS, Limit, Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import WindowName

PAUSE = timedelta(seconds=60)
"""A person reads and types for so long; an agent's own requests follow each other sooner."""

LEAST_TURNS = 8
"""Fewer turns today say nothing about the next ones."""

LEAST_PERCENT = 2.0
"""A window used less than this was rounded too much."""

OFFICIAL = ("official", "header", "rollout")
"""Sources of a percentage that come from the provider; others are worked out here or set by the person."""


@record
class Headroom:
    """What is left of a provider's tightest window."""

    window: WindowName
    turns: int


def headroom(connection: sqlite3.Connection, now: datetime, midnight: datetime) -> Mapping[str, Headroom]:
    """Provider -> the turns its tightest window holds; those of which too little is known are left out.

    Args:
        midnight: when today began.
    """
    by_provider: dict[str, Headroom] = {}
    for provider, limit in official_limits(LedgerReader(connection).latest_readings(now), now).items():
        percent = limit.percent or 0.0
        if limit.resets_at is None or not LEAST_PERCENT <= percent < 100:
            continue
        window_cost, _ = window_costs(connection, provider, limit.resets_at - LENGTHS[limit.window], now)
        turns, cost = _today(connection, provider, midnight, now)
        if turns < LEAST_TURNS or cost <= 0 or window_cost <= 0:
            continue
        turns_left = (100 - percent) / (percent * cost / turns / window_cost)
        by_provider[provider] = Headroom(window=limit.window, turns=int(turns_left))
    return by_provider


def official_limits(readings: Iterable[Reading], now: datetime) -> dict[str, Limit]:
    """Provider -> the tightest of its windows whose use is the provider's own word for every model."""
    by_provider: dict[str, list[Reading]] = {}
    for reading in readings:
        by_provider.setdefault(reading.provider, []).append(reading)
    tightest_limits: dict[str, Limit] = {}
    for provider, provider_readings in by_provider.items():
        official = [
            limit
            for limit in limits.current(provider_readings, now)
            if limit.source in OFFICIAL and limit.window in LENGTHS and limit.resets_at is not None
        ]
        if (limit := limits.tightest(official, None)) is not None:
            tightest_limits[provider] = limit
    return tightest_limits


def _today(
    connection: sqlite3.Connection, provider: str, midnight: datetime, now: datetime
) -> tuple[int, float]:
    """(turns, what they cost): requests of one session without a pause are one turn."""
    rows = connection.execute(
        "SELECT r.session, r.ts + ifnull(r.latency_ms, 0), r.ts, r.cost_usd, r.is_subagent FROM request_rows r"
        " JOIN names p ON p.id = r.provider WHERE r.ts >= ? AND r.ts <= ? AND p.text = ? ORDER BY r.session, r.ts",
        (milliseconds(midnight), milliseconds(now), provider),
    )
    turns, cost, session, last_end = 0, 0.0, None, 0
    pause_ms = round(PAUSE.total_seconds() * 1000)
    for own, end, start, usd, is_subagent in rows:
        cost += usd or 0.0
        if own != session or (not is_subagent and start - last_end > pause_ms):
            turns += 1
            last_end = end
        session, last_end = own, max(last_end, end)
    return turns, cost
