"""A bar of what is used: green below 75 %, yellow from there, red with `!` from 90 %."""

from __future__ import annotations

from pf_tui.text.lines import BLANK, Line, Span, line
from pf_tui.text.symbols import Symbols

WARN_PERCENT = 75.0
ALARM_PERCENT = 90.0
"""Fixed thresholds of its colours, independent of a person's own switching thresholds."""


def level_colour(percent: float | None) -> str:
    """The colour that says how near the end is."""
    if percent is None:
        return "muted"
    if percent >= ALARM_PERCENT:
        return "bad"
    return "warn" if percent >= WARN_PERCENT else "good"


def meter(percent: float | None, width: int, symbols: Symbols, *, colour: str = "") -> Line:
    """`width` cells: the used part, then a thin line; full only at 100 %.

    Its sign is lower than a cell, so that meters below each other stay apart and a reversed row shows it.
    """
    if width <= 0:
        return BLANK
    if percent is None:
        return line(Span(symbols.rule * width, "faint"))
    full_cells = round(max(0.0, min(1.0, percent / 100)) * width)
    if percent > 0:
        full_cells = max(full_cells, 1)
    if percent < 100:
        full_cells = min(full_cells, max(width - 1, 1))
    full_span = Span(symbols.bar * full_cells, colour or level_colour(percent))
    return line(full_span, Span(symbols.rule * (width - full_cells), "faint"))


def bar(share: float, width: int, symbols: Symbols) -> str:
    """A length beside others, up to `width` cells, in the steps that the signs have."""
    full, part = divmod(round(max(0.0, min(1.0, share)) * width * len(symbols.across)), len(symbols.across))
    return symbols.across[-1] * full + (symbols.across[part - 1] if part else "")


def percent_text(percent: float | None, *, estimate: bool = False) -> str:
    """`62 %`, `~62 %` for an estimate, a dash for unknown; always five cells or six."""
    if percent is None:
        return "—"
    bounded_percent = min(percent, 999.0)
    return f"{'~' if estimate else ''}{bounded_percent:.0f} %"


def alarm(percent: float | None) -> str:
    """`!` from 90 %, so that the alarm is a sign as well as a colour."""
    return "!" if percent is not None and percent >= ALARM_PERCENT else ""
