"""Our own guess at a plan's window where nobody reports it: the 90th percentile of what past windows held at a limit hit.

Only what happened on this machine counts.

Written as readings with source "estimate" when logs are read, so that no hook and no status line counts
anything. A guess has the time of the provider's latest request; it never stops anybody, and
`rules.limits.current` shows it only for a window that has no better reading.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import timedelta

from pf_tui.ledger.layout import HOUR_QUARTERS, NAME, QUARTER_MS, margin
from pf_tui.ledger.reader import INSERT_READING
from pf_tui.records import record
from pf_tui.rules.limits import LENGTHS, SAME_RESET, estimated_limit

ENOUGH_HITS = 3
"""Windows that ended at a limit hit; fewer say nothing about where the next one ends."""

MOST_HITS = 40
BACK_MS = 90 * 86_400_000
"""Plans change: limit hits further back are another plan's."""

_SAME_RESET_MS = SAME_RESET // timedelta(milliseconds=1)
_HOUR_MS = HOUR_QUARTERS * QUARTER_MS
_MS = {window: round(LENGTHS[window].total_seconds() * 1000) for window in ("5h", "7d")}


@record
class _FullWindow:
    """A window that ended at a limit hit."""

    hit_ms: int
    resets_ms: int


def keep(connection: sqlite3.Connection, plans: Iterable[str]) -> None:
    """Bring the guesses for these providers up to date, inside the caller's transaction."""
    for provider in plans:
        full_windows = _full_windows(connection, provider)
        estimates = []
        if any(len(tokens) >= ENOUGH_HITS for tokens in full_windows.values()):
            number = connection.execute("SELECT id FROM names WHERE text = ?", (provider,)).fetchone()
            estimates = _guesses(connection, provider, number[0], full_windows) if number else []
        which = "provider = ? AND time_window IN ('5h', '7d') AND unit = 'tokens' AND source = 'estimate'"
        rows = connection.execute(
            "SELECT provider, time_window, unit, used, allowed, used_fraction, resets_at, source, observed_at,"
            f" model FROM limit_readings WHERE {which} ORDER BY time_window",
            (provider,),
        ).fetchall()
        if rows != estimates:
            connection.execute(f"DELETE FROM limit_readings WHERE {which}", (provider,))
            connection.executemany(INSERT_READING, estimates)


def _full_windows(connection: sqlite3.Connection, provider: str) -> dict[str, list[_FullWindow]]:
    """The full windows by name, newest first, one for each window; the last hit of it."""
    newest = connection.execute(
        "SELECT max(ts) FROM limit_hits WHERE provider = ? AND machine IS NULL", (provider,)
    ).fetchone()[0]
    hits: dict[str, list[_FullWindow]] = {window: [] for window in _MS}
    for ts, until, text in connection.execute(
        "SELECT ts, until, ifnull(text, '') FROM limit_hits WHERE provider = ? AND ts > ? AND kind = 'quota'"
        " AND until > ts AND machine IS NULL ORDER BY ts DESC",
        (provider, (newest or 0) - BACK_MS),
    ):
        window = _window(text.lower(), until - ts)
        if window is None:
            continue
        window_hits = hits[window]
        apart = [abs(full_window.resets_ms - until) > _SAME_RESET_MS for full_window in window_hits]
        if until - ts <= _MS[window] and len(window_hits) < MOST_HITS and all(apart):
            window_hits.append(_FullWindow(hit_ms=ts, resets_ms=until))
    return hits


def _window(text: str, left_ms: int) -> str | None:
    """The window a limit hit was of: by its words, else by how long it still had to run; None = of one model alone."""
    if any(model in text for model in ("opus", "sonnet", "haiku")):
        return None
    if "week" in text or "7-day" in text:
        return "7d"
    return "5h" if "session" in text or "5-hour" in text or left_ms <= _MS["5h"] else "7d"


def _guesses(
    connection: sqlite3.Connection, provider: str, number: int, full_windows: dict[str, list[_FullWindow]]
) -> list[tuple[object, ...]]:
    """A reading for every window that ended at a limit hit often enough."""
    own = f"FROM margins WHERE kind = :kind AND part = :provider AND machine = {NAME['']}"
    hours = [
        hour
        for (hour,) in connection.execute(
            f"SELECT time {own} AND time >= (SELECT time {own} ORDER BY time DESC LIMIT 1) - 48 GROUP BY 1 ORDER BY 1",
            {"provider": number, "kind": margin("provider", HOUR_QUARTERS)},
        )
    ]
    if not hours:
        return []
    latest = connection.execute(
        f"SELECT max(quarter) FROM quarters WHERE quarter >= ? AND provider = ? AND machine = {NAME['']}",
        (hours[-1] * HOUR_QUARTERS, number),
    ).fetchone()[0]
    now_ms = latest * QUARTER_MS
    starts = {"5h": _block(hours, full_windows["5h"]), "7d": _week(full_windows["7d"], now_ms)}
    estimates: list[tuple[object, ...]] = []
    for window, length_ms in _MS.items():
        start_ms = starts[window]
        if len(full_windows[window]) < ENOUGH_HITS or start_ms is None:
            continue
        tokens = [
            _tokens(connection, number, full_window.resets_ms - length_ms, full_window.hit_ms)
            for full_window in full_windows[window]
        ]
        limit = estimated_limit([float(tokens) for tokens in tokens if tokens])
        if limit:
            use = float(_tokens(connection, number, start_ms, now_ms + QUARTER_MS))
            resets_ms = start_ms + length_ms
            estimates.append(
                (provider, window, "tokens", use, limit, use / limit, resets_ms, "estimate", now_ms, None)
            )
    return estimates


def _block(hours: list[int], full_windows: list[_FullWindow]) -> int:
    """When the five hours of the latest use began (ms): with the first hour used after the ones before ended."""
    start_ms = hours[0] * _HOUR_MS
    resets = sorted(full_window.resets_ms for full_window in full_windows)
    for hour in hours:
        begin_ms = hour * _HOUR_MS
        over = any(start_ms < reset <= begin_ms for reset in resets)
        if over or begin_ms >= start_ms + _MS["5h"]:
            start_ms = begin_ms
            resets = [reset for reset in resets if reset > begin_ms]
    return start_ms


def _week(full_windows: list[_FullWindow], now_ms: int) -> int | None:
    """When the running week began (ms): weeks follow on the last one that was named."""
    if not full_windows:
        return None
    return full_windows[0].resets_ms + (now_ms - full_windows[0].resets_ms) // _MS["7d"] * _MS["7d"]


def _tokens(connection: sqlite3.Connection, provider: int, start_ms: int, end_ms: int) -> int:
    """What budgets count (input, output, cache writes), to the quarter-hour."""
    row = connection.execute(
        "SELECT ifnull(sum(input + output + cache_write), 0) FROM quarters"
        f" WHERE quarter >= ? AND quarter < ? AND provider = ? AND machine = {NAME['']}",
        (start_ms // QUARTER_MS, -(-end_ms // QUARTER_MS), provider),
    ).fetchone()
    return int(row[0])
