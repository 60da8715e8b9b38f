"""Stacked bars: eighth-block tops, even bars and gaps, few ticks, a number beside each tick."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pf_tui.records import record
from pf_tui.text.lines import Line, Span, fit, line
from pf_tui.text.symbols import Symbols
from pf_tui.tui.charts.axis import Below, at_the_side, below, thinned, upward

WIDEST_BAR = 9
"""Cells; wider ones read as areas."""

LOW = 6
"""Lines up to which a chart has no row to spare for the line at zero."""


@record
class Bar:
    """One column of the chart."""

    label: str
    parts: tuple[float, ...]
    """One value per series, from below."""

    @property
    def total(self) -> float:
        """The height of all its parts."""
        return sum(self.parts)


@record
class Slots:
    """Where the bars stand: every bar and every gap equally wide."""

    bar: int
    gap: int
    margin: int
    """Cells before the first bar."""


def slots(count: int, width: int) -> Slots:
    """Places for `count` bars in `width` cells."""
    each = max(1, width // max(count, 1))
    gap = 0 if each == 1 else 1 if each < 6 else 2
    bar = min(each - gap, WIDEST_BAR)
    gap = min(each - bar, max(gap, bar // 2))
    if count > 1 and bar < WIDEST_BAR and count * (bar + 1 + gap) - gap <= width:
        bar += 1  # no gap stands behind the last bar
    margin = max(0, (width - count * (bar + gap) + gap) // 2)
    return Slots(bar=bar, gap=gap, margin=margin)


def stacked(
    bars: Sequence[Bar],
    colours: Sequence[str],
    width: int,
    height: int,
    symbols: Symbols,
    number: Callable[[float], str],
) -> list[Line]:
    """`height` lines, the last one the labels.

    Args:
        colours: one per series.
        number: a value as the axis writes it.
    """
    zero = 1 if height > LOW else 0
    rows = height - 1 - zero
    axis = upward(max((bar.total for bar in bars), default=0.0), rows)
    marks = {row - 1: number(value) for row, value in axis.ticks}
    margin = max((len(text) for text in (number(0.0), *marks.values())), default=0) + 1
    bar_slots = slots(len(bars), width - margin)
    tops = [_heights(bar, axis.top, rows, symbols) for bar in bars]
    row_lines = []
    for row in range(rows - 1, -1, -1):
        spans = [*at_the_side(marks.get(row, ""), margin), Span(" " * bar_slots.margin)]
        for at, top in enumerate(tops):
            spans.append(Span(" " * (bar_slots.gap if at else 0)))
            spans.append(_cell(top, row, colours, symbols, bar_slots.bar))
        row_lines.append(fit(line(*spans), width))
    if zero:
        floor = Span(symbols.rule * (width - margin), "faint")
        row_lines.append(fit(line(at_the_side(number(0.0), margin), floor), width))
    return [*row_lines, _labels(bars, bar_slots, margin, width)]


def _heights(bar: Bar, top: float, rows: int, symbols: Symbols) -> list[int]:
    """Where each series ends, in steps from below; a value that is not 0 is at least one step high."""
    steps = 1 if symbols.told_apart_by_shape else len(symbols.upward)
    full = rows * steps
    ends, sum_so_far = list[int](), 0.0
    for value in bar.parts:
        sum_so_far += value
        ends.append(round(sum_so_far / top * full) if top > 0 else 0)
    if bar.total > 0 and ends[-1] == 0:
        first = next(index for index, value in enumerate(bar.parts) if value > 0)
        ends = [0] * first + [1] * (len(ends) - first)
    return ends


def _cell(ends: Sequence[int], row: int, colours: Sequence[str], symbols: Symbols, width: int) -> Span:
    """One cell of one bar, `width` wide: one series, two with their border inside, or nothing."""
    if symbols.told_apart_by_shape:
        for index, end in enumerate(ends):
            if row < end:
                return Span(symbols.fills[index % len(symbols.fills)] * width, colours[index])
        return Span(" " * width)
    steps = len(symbols.upward)
    bottom, top = row * steps, (row + 1) * steps
    inside = list[tuple[int, int]]()
    start = bottom
    for index, end in enumerate(ends):
        stop = min(end, top)
        if stop > start:
            inside.append((index, stop - start))
            start = stop
    if not inside:
        return Span(" " * width)
    if len(inside) > 2:  # a cell holds two colours: the two largest, in their order
        inside = sorted(sorted(inside, key=lambda part: part[1])[-2:])
    lower, size = inside[0]
    if len(inside) == 1 and start == top:
        return Span(symbols.upward[-1] * width, colours[lower], on=colours[lower])
    if len(inside) == 1:
        return Span(symbols.upward[max(size, 1) - 1] * width, colours[lower])
    upper = colours[inside[1][0]]
    if start < top:  # border inside the topmost cell: three colours; the larger part stays
        lower, size = max(inside, key=lambda part: part[1])
        return Span(symbols.upward[start - bottom - 1] * width, colours[lower])
    return Span(symbols.upward[size - 1] * width, colours[lower], on=upper)


def _labels(bars: Sequence[Bar], bar_slots: Slots, margin: int, width: int) -> Line:
    """The labels under their bars; as many are left out as it takes to keep them apart."""
    first = margin + bar_slots.margin + bar_slots.bar // 2
    pitch = bar_slots.bar + bar_slots.gap
    return below(
        thinned([Below(at=first + at * pitch, text=bar.label) for at, bar in enumerate(bars)]), width
    )
