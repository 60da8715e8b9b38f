"""Lines in braille dots, half blocks or plain characters; several series share the cells."""

from __future__ import annotations

from collections.abc import Sequence

from pf_tui.records import record
from pf_tui.tui.charts.symbols import Symbols
from pf_tui.tui.ink import Line, Span, line

_BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of the dot at (row, column) of a cell, row 0 at the top. Source: Unicode block U+2800."""

_GRID = {"braille": (2, 4), "half": (1, 2), "plain": (1, 1)}
"""Dots across and down in a cell."""


@record
class Trace:
    """One line of the chart."""

    ink: str
    values: tuple[float | None, ...]
    """Evenly spaced, oldest first; None leaves a hole."""


def line_chart(
    traces: Sequence[Trace], width: int, height: int, symbols: Symbols, *, peak: float | None = None
) -> list[Line]:
    """`height` lines of `width` cells; `peak` is the value of the upper edge (default: the highest)."""
    across, down = _GRID[symbols.dots]
    top = peak or max((v for trace in traces for v in trace.values if v is not None), default=0.0)
    lit: dict[tuple[int, int], tuple[int, str]] = {}
    for trace in traces:
        for x, y in _points(trace.values, width * across, height * down, top):
            cell = (y // down, x // across)
            bits, _ = lit.get(cell, (0, ""))
            lit[cell] = (bits | _bit(symbols.dots, y % down, x % across), trace.ink)
    return [
        line(*(_drawn(lit.get((row, column)), symbols.dots) for column in range(width)))
        for row in range(height)
    ]


def _points(values: Sequence[float | None], dots_x: int, dots_y: int, top: float) -> list[tuple[int, int]]:
    """The dots of a line through the values, without holes between neighbours that differ much."""
    if top <= 0 or not values or dots_y < 1:
        return []
    points: list[tuple[int, int]] = []
    last: int | None = None
    for x in range(dots_x):
        place = x * (len(values) - 1) / max(dots_x - 1, 1)
        value = _between(values, place)
        if value is None:
            last = None
            continue
        y = round((1 - max(0.0, min(1.0, value / top))) * (dots_y - 1))
        low, high = (y, y) if last is None else (min(y, last), max(y, last))
        points += [(x, dot) for dot in range(low, high + 1) if dot == y or dot != last]
        last = y
    return points


def _between(values: Sequence[float | None], place: float) -> float | None:
    before, after = values[int(place)], values[min(int(place) + 1, len(values) - 1)]
    if before is None:
        return None
    return before if after is None else before + (after - before) * (place - int(place))


def _bit(dots: str, row: int, column: int) -> int:
    return _BRAILLE[row][column] if dots == "braille" else 1 << row


def _drawn(cell: tuple[int, str] | None, dots: str) -> Span:
    if cell is None:
        return Span(" ")
    bits, ink = cell
    if dots == "braille":
        return Span(chr(0x2800 + bits), ink)
    return Span({1: "▀", 2: "▄", 3: "█"}[bits] if dots == "half" else "*", ink)
