"""The windows of plans and budgets: what each is called, and which one a vendor means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pf_tui.rules.limits import LENGTHS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import WindowName

NAMES: Mapping[WindowName, str] = {
    "minute": "the minute window",
    "hour": "the hour window",
    "5h": "the 5-hour window",
    "7d": "the weekly window",
    "day": "today's budget",
    "month": "this month's budget",
    "budget": "the key's budget",
}


def words(window: WindowName, model: str | None = None) -> str:
    """A window in a sentence: "the 5-hour window", "the weekly window for opus"."""
    return f"{NAMES[window]} for {model}" if model else NAMES[window]


def by_id(text: str) -> WindowName | None:
    """The window of that id; None where there is none."""
    return next((window for window in NAMES if window == text), None)


def nearest(minutes: float) -> WindowName:
    """The window whose length is nearest to so many minutes: vendors round theirs."""
    length = timedelta(minutes=min(max(minutes, 0.0), 1e8))
    return min(LENGTHS, key=lambda window: abs(LENGTHS[window] - length))


def spelled(text: str) -> WindowName | None:
    """The window that a vendor calls "5h", "1h" or "30d"; None where nothing here is as long."""
    count, unit = text[:-1], text[-1:]
    if unit not in ("h", "d") or not (count.isascii() and count.isdecimal() and len(count) <= 4):
        return None
    length = timedelta(hours=int(count) * (24 if unit == "d" else 1))
    return next((window for window, own in LENGTHS.items() if own == length), None)
