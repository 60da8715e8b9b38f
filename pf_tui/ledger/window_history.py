"""How the limit windows that still run came to where they are: readings over time, thinned for a chart."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from pf_tui.ledger.layout import milliseconds
from pf_tui.ledger.reader import readings_of
from pf_tui.rules.limits import LENGTHS, SAME_RESET, Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import WindowName, WindowUnit

POINTS = 120
"""Readings of one window, at most: more than a chart has room for."""


def window_readings(connection: sqlite3.Connection, now: datetime) -> Sequence[Reading]:
    """The last reading of each POINTS-th part of every window, oldest first; our own estimates are none."""
    steps = " ".join(
        f"WHEN '{window}' THEN {round(length / timedelta(milliseconds=1) / POINTS)}"
        for window, length in LENGTHS.items()
    )
    # the index of readings is in another order: row by row through it is five times slower (345 000 rows)
    rows = connection.execute(
        "SELECT provider, time_window, unit, used, allowed, resets_at, source, max(observed_at), model"
        " FROM limit_readings NOT INDEXED WHERE resets_at > :now AND observed_at <= :now AND source <> 'estimate'"
        " AND machine IS NULL"
        " GROUP BY provider, time_window, unit, model,"
        f" observed_at / CASE time_window {steps} ELSE 60000 END ORDER BY 8",
        {"now": milliseconds(now)},
    )
    return readings_of(rows, now)


def readings_of_window(
    readings: Sequence[Reading],
    provider: str,
    window: WindowName,
    unit: WindowUnit,
    model: str | None,
    resets_at: datetime,
) -> Sequence[Reading]:
    """Those of one window."""
    return [
        reading
        for reading in readings
        if (reading.provider, reading.window, reading.unit, reading.model) == (provider, window, unit, model)
        and reading.resets_at is not None
        and abs(reading.resets_at - resets_at) < SAME_RESET
    ]
