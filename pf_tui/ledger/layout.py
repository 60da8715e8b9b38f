"""What the ledger's tables hold: words with fixed numbers, units of time, keys of the sums. Imports no other module.

Times are whole UTC milliseconds since 1970-01-01.
"""

from __future__ import annotations

from datetime import UTC, datetime

VERSION = 5
QUARTER_MS = 15 * 60 * 1000
HOUR_QUARTERS = 4
DAY_QUARTERS = 96
"""Rollups begin with the UTC quarter-hour: days and hours of any zone, :30 and :45 too, are sums of them."""

FIXED_NAMES = (
    "", "transcript", "gateway", "opencode-db", "rollout", "chats", "cost-state", "import",
    "ok", "failed",
    "list", "subscription-equivalent", "reported", "pending", "unpriced",
    "agent", "timeline", "assumed",
    "unknown", "claude-code", "opencode", "codex", "gemini",
    "fast", "batch",
    "rate", "quota", "windowless",
)  # fmt: skip
"""Words with the same number in every ledger, from 1; the hot path never looks them up.

The attributions stand in order of trust (gateway, agent, timeline, assumed): the lower number wins.
"""

LIMIT_KINDS = ("rate", "quota", "windowless")
"""Failure classes that are limits."""

IS_LIMIT_HIT = f"kind IN {LIMIT_KINDS}"
"""The same as a condition on `limit_hits`."""

NAME = {word: number for number, word in enumerate(FIXED_NAMES, start=1)}

SUM_COLUMNS = tuple(
    (name, "REAL" if name.endswith("_usd") else "INTEGER")
    for name in (
        "requests", "failed", "rate_limited", "input", "output", "reasoning", "cache_read", "cache_write", "cost_usd",
        "unpriced", "plan_usd",
    )
)  # fmt: skip
"""What every rollup adds up; `unpriced` are tokens."""

COLUMNS: tuple[str, ...] = ("0", "provider", "model", "project")
"""What `margins` are by, beside agent and machine: one column, or none ("0", whose one part is 0)."""

BESIDE = ("agent", "machine")
"""What every row of `margins` tells beside its part."""

UNITS = (HOUR_QUARTERS, DAY_QUARTERS, 16 * DAY_QUARTERS)
"""How many quarter-hours a row of `margins` holds: a UTC hour, a UTC day, or 16 of them; each is whole in the next."""

ROLLUPS = {
    "quarters": ("quarter", "provider", "model", "project", "agent", "session", "machine"),
    "margins": ("kind", "time", "part", *BESIDE),
    "sessions": ("session", "project", "agent", "machine"),
}
"""Sums kept beside the rows, and their keys; `ledger.rollups` says what each is for."""


def margin(column: str, unit: int) -> int:
    """The `kind` of the rows of `margins` that are by a column and hold so many quarter-hours each."""
    return UNITS.index(unit) * len(COLUMNS) + COLUMNS.index(column)


LOGGED_TURN = f"source != {NAME['gateway']} AND agent != {NAME['claude-code']} AND joined IS NULL"
"""Condition on rows that a log told of and no attempt was found for, where only session and time can find it."""


def milliseconds(moment: datetime) -> int:
    """UTC ms."""
    return round(moment.timestamp() * 1000)


def moment_of(ms: int | None) -> datetime | None:
    """Aware UTC from UTC ms."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
