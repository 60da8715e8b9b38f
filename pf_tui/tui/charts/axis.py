"""What stands around a chart: few numbers at its left, names below it and at the end of its lines."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from pf_tui.records import record
from pf_tui.text.lines import Line, Span, cells, fit, line, muted
from pf_tui.tui.charts.ticks import Scale, scale

FEW_ROWS = 8
"""Below this many rows two numbers at the side are enough."""


SHORT = 5
"""Cells of a name (a day, an hour) that stands apart from the next one with a single blank."""


@record
class Below:
    """A name under a place of the chart."""

    at: int
    """The cell its middle stands under."""
    text: str
    colour: str = "muted"
    slack: int = 0
    """Cells it may stand further left, where its place is taken."""


@record
class Beside:
    """A name at the end of a line."""

    row: int
    """Where the line ends, from above."""
    content: Line
    value: float = 0.0
    """Of two that end in one row the higher stands above."""


def upward(peak: float, rows: int) -> Scale:
    """What stands at the side of a chart with so many rows above zero."""
    return scale(peak, rows, 1, 2) if rows < FEW_ROWS else scale(peak, rows, 2, 4)


def below(names: Sequence[Below], width: int) -> Line:
    """The names that fit without touching each other; the earlier of two that touch stays."""
    labels: list[tuple[int, int, Below]] = []
    for name in names:
        size = cells(name.text)
        if size > width:
            continue
        wanted_start = max(0, min(width - size, name.at - (size - 1) // 2 - (size + 1) % 2))
        for start in range(wanted_start, max(-1, wanted_start - name.slack - 1), -1):
            if all(start > end or start + size < begin for begin, end, _ in labels):
                labels.append((start, start + size, name))
                break
    spans: list[Span | str] = []
    at = 0
    for start, end, name in sorted(labels, key=lambda label: label[0]):
        spans += [" " * (start - at), Span(name.text, name.colour)]
        at = end
    return fit(line(*spans), width)


def thinned(names: Sequence[Below]) -> list[Below]:
    """Every name, or every second, third … counted from the last: as many as stand apart."""
    if len(names) < 2:
        return list(names)
    pitch = (names[-1].at - names[0].at) / (len(names) - 1)
    widest = max(cells(name.text) for name in names)
    gap = 1 if widest <= SHORT else 3
    every = max(1, ceil((widest + gap) / max(pitch, 0.01)))
    return list(names[(len(names) - 1) % every :: every])


def beside(names: Sequence[Beside], rows: int) -> list[Line]:
    """A line per row: each name as near to the end of its line as the others let it.

    Of more names than rows the first ones stay: they come most important first.
    """
    fitting = sorted(names[:rows], key=lambda name: (name.row, -name.value))
    label_rows = list[int]()
    for name in fitting:
        label_rows.append(max(name.row, label_rows[-1] + 1 if label_rows else 0))
    floor = rows - 1
    for index in range(len(label_rows) - 1, -1, -1):
        label_rows[index] = min(label_rows[index], floor)
        floor = label_rows[index] - 1
    lines: list[Line] = [()] * rows
    for row, name in zip(label_rows, fitting, strict=True):
        lines[row] = name.content
    return lines


def at_the_side(text: str, margin: int) -> Line:
    """A number in the margin, with a gap to the chart."""
    return line(muted(text.rjust(margin - 1)), " ") if margin else ()
