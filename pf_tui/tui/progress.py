"""How far long work is: a bar, the share, the rate and the time left. Pure."""

from __future__ import annotations

from datetime import timedelta

from pf_tui.documents import words
from pf_tui.text.lines import Line, Span, line, muted
from pf_tui.text.meter import meter
from pf_tui.text.symbols import Symbols

BAR = 16
_MB = 1_000_000


def line_for(bytes_done: int, total: int, seconds: float, symbols: Symbols) -> Line:
    """`reading the agents' logs ██████ ──── 45 %  320 MB/s  3 s left   esc stops`."""
    share = bytes_done / total if total else 0.0
    parts: list[Span | Line | str] = [
        Span("reading the agents' logs "),
        meter(100 * share, BAR, symbols, colour="accent"),
        Span(f" {100 * share:.0f} %"),
    ]
    if bytes_done and seconds > 0:
        rate = bytes_done / seconds
        remaining = timedelta(seconds=(total - bytes_done) / rate)
        parts.append(muted(f"  {rate / _MB:.0f} MB/s  {words.span(remaining)} left"))
    parts += ["   ", Span("esc", "accent", action="cancel"), muted(" stops")]
    return line(*parts)
