"""A line of bars one cell high: the last minutes at a glance."""

from __future__ import annotations

from collections.abc import Sequence

from pf_tui.text.lines import Line, Span, line
from pf_tui.text.symbols import Symbols


def spark(values: Sequence[float], width: int, symbols: Symbols, *, colour: str = "accent") -> Line:
    """The last `width` values, the highest as a full cell; nothing drawn for 0."""
    visible_values = list(values)[-width:] if width > 0 else []
    peak = max(visible_values, default=0.0)
    if peak <= 0:
        return line(Span(symbols.rule * len(visible_values), "faint"))
    steps = len(symbols.upward)
    text = "".join(
        symbols.upward[max(1, round(value / peak * steps)) - 1] if value > 0 else " "
        for value in visible_values
    )
    return line(Span(text, colour))
