"""Lines in braille dots, half blocks or plain characters, each named at its end; several share the cells.

Invariants: no dot is outside the chart; of two values the higher one is never drawn lower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from pf_tui.records import record
from pf_tui.text.lines import Line, Span, cells, fit, line, merged
from pf_tui.text.symbols import Symbols
from pf_tui.tui.charts.axis import Below, Beside, at_the_side, below, beside, upward

_BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of the dot at (row, column) of a cell, row 0 at the top. Source: Unicode block U+2800."""

_GRID = {"braille": (2, 4), "half": (1, 2), "plain": (1, 1)}
"""Dots across and down in a cell."""

_DASH = {"braille": 3, "half": 2, "plain": 2}
"""Dots of a dash, and of the gap behind it."""

MARKS_APART = 6
"""Cells between the marks of a line: it should still be one."""

LOW = 6
"""Rows up to which the line at zero would hide what is small."""

Point = tuple[float, float]
"""How far from the left edge (0) to the right one (1), and the value."""


@record
class Trace:
    """One line of the chart."""

    colour: str
    points: tuple[Point, ...]
    """From left to right."""
    name: Line = ()
    """What stands at its end."""
    mark: str = ""
    """Stands at its points and before its name, where colours cannot tell lines apart."""
    dashed: bool = False
    """It was not measured."""


@record
class Edge:
    """A value with a line of its own across the chart."""

    value: float
    colour: str = "faint"
    text: str = ""
    """What stands at the side; "" = nothing."""
    firm: bool = False
    """A rule instead of dots."""


@record
class _Dot:
    colour: str
    mark: str = ""


_Position = tuple[int, int]
"""Row and column: of a cell in the chart, of a dot in its cell."""


def even(values: Sequence[float]) -> tuple[Point, ...]:
    """Values at even distances, the last one at the right edge."""
    last = max(len(values) - 1, 1)
    return tuple(((at + last - len(values) + 1) / last, value) for at, value in enumerate(values))


def lined(
    traces: Sequence[Trace],
    width: int,
    height: int,
    symbols: Symbols,
    *,
    number: Callable[[float], str],
    names: Callable[[int, int], Sequence[Below]],
    peak: float | None = None,
    edges: Sequence[Edge] | None = None,
) -> list[Line]:
    """`height` lines: the chart with numbers at its left and names at its right, and the names below.

    Args:
        traces: the most important one first.
        number: a value as the axis writes it.
        names: what stands below a chart that begins at a cell and is so many cells wide.
        peak: the value of the upper edge (default: a round one above the highest).
        edges: lines across (default: a rule at zero, dots at each round value).
    """
    rows = height - 1
    axis = upward(max((value for trace in traces for _, value in trace.points), default=0.0), rows - 1)
    top = peak or axis.top
    zero = [Edge(value=0.0, text=number(0.0), firm=True)] if rows > LOW else []
    rounds = [*zero, *(Edge(value=value, text=number(value)) for _, value in axis.ticks)]
    across = rounds if edges is None else list(edges)
    at_rows = {row_of(edge.value, top, rows, symbols): edge for edge in across}
    margin = max((cells(edge.text) for edge in across), default=0) + 1
    ends = [
        Beside(row=row_of(value, top, rows, symbols), content=_named(trace), value=value)
        for trace in traces
        if trace.name and trace.points
        for _, value in trace.points[-1:]
    ]
    room = max((cells(end.content) for end in ends), default=-1) + 1
    plot = max(1, width - margin - room)
    background = {
        row: (edge.colour, symbols.rule if edge.firm else symbols.guide) for row, edge in at_rows.items()
    }
    chart_rows = line_chart(traces, plot, rows, symbols, peak=top, background=background)
    at_end = beside(ends, rows)
    gap = " " if ends else ""
    lines = []
    for row, content in enumerate(chart_rows):
        side = at_the_side(at_rows[row].text if row in at_rows else "", margin)
        lines.append(fit(line(side, content, gap, at_end[row]), width))
    return [*lines, below(names(margin, plot), width)]


def line_chart(
    traces: Sequence[Trace],
    width: int,
    height: int,
    symbols: Symbols,
    *,
    peak: float | None = None,
    background: Mapping[int, tuple[str, str]] | None = None,
) -> list[Line]:
    """`height` lines of `width` cells.

    Args:
        traces: where two meet, the first one is seen.
        peak: the value of the upper edge (default: the highest).
        background: by row, the colour and the sign of what is drawn where no line is.
    """
    across, down = _GRID[symbols.dots]
    top = peak or max((value for trace in traces for _, value in trace.points), default=0.0)
    lit: dict[_Position, dict[_Position, _Dot]] = {}
    signs: dict[_Position, Span] = {}
    for trace in reversed(traces):
        positions = _positions(trace.points, width * across, height * down, top)
        dot = _Dot(colour=trace.colour, mark=trace.mark)
        for x, y in _path(positions, height * down - 1, _DASH[symbols.dots] if trace.dashed else 0):
            lit.setdefault((y // down, x // across), {})[y % down, x % across] = dot
        if trace.mark and not trace.dashed:
            cells_of = [(x // across, y // down) for x, y in positions]
            signs.update({(y, x): Span(trace.mark, trace.colour) for x, y in _marked(cells_of)})
    cell_spans = {cell: _cell(dots, symbols.dots) for cell, dots in lit.items()} | signs
    behind = {row: Span(sign, colour) for row, (colour, sign) in (background or {}).items()}
    return [
        merged(cell_spans.get((row, column)) or behind.get(row, Span(" ")) for column in range(width))
        for row in range(height)
    ]


def row_of(value: float, top: float, rows: int, symbols: Symbols) -> int:
    """The row, from above, in which a value is drawn."""
    down = _GRID[symbols.dots][1]
    return _y(value, top, rows * down) // down


def _named(trace: Trace) -> Line:
    return line(Span(f"{trace.mark} ", trace.colour), trace.name) if trace.mark else trace.name


def _y(value: float, top: float, dots_y: int) -> int:
    share = max(0.0, min(1.0, value / top)) if top > 0 else 0.0
    return round((1 - share) * (dots_y - 1))


def _positions(points: Sequence[Point], dots_x: int, dots_y: int, top: float) -> list[tuple[int, int]]:
    """The dot of each point."""
    return [(round(max(0.0, min(1.0, x)) * (dots_x - 1)), _y(value, top, dots_y)) for x, value in points]


def _path(dots: Sequence[tuple[int, int]], floor: int, dash: int) -> Iterator[tuple[int, int]]:
    """The dots of a line through these dots, without holes where it is steep.

    Args:
        floor: where 0 is; on it nothing is drawn, as many lines would lie there.
        dash: so many dots are drawn and as many left out; 0 = all are drawn.
    """
    last, steps = dots[0][1] if dots else 0, 0
    for (x0, y0), (x1, y1) in zip(dots, dots[1:] or dots, strict=False):
        if y0 == y1 == floor and len(dots) > 1:
            last = floor
            continue
        for x in range(x0, x1 + 1):
            y = y1 if x == x1 else y0 + round((y1 - y0) * (x - x0) / (x1 - x0))
            for dot in range(min(y, last), max(y, last) + 1):
                if dot == y or dot != last:
                    if not dash or steps // dash % 2 == 0:
                        yield x, dot
                    steps += 1
            last = y


def _marked(dots: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The dots of a line that carry its mark, apart from each other."""
    free = 0
    for x, y in dots:
        if x >= free:
            yield x, y
            free = x + MARKS_APART


def _cell(lit: Mapping[_Position, _Dot], dots: str) -> Span:
    """What a cell with such dots shows."""
    dots_in_order = sorted(lit)
    first = lit[dots_in_order[0]]
    if dots == "braille":
        return Span(chr(0x2800 + sum(_BRAILLE[y][x] for y, x in dots_in_order)), first.colour)
    if dots == "plain":
        return Span(first.mark or "*", first.colour)
    if len(dots_in_order) == 1:
        return Span("▀▄"[dots_in_order[0][0]], first.colour)
    lower = lit[dots_in_order[1]].colour
    return Span("█", first.colour) if lower == first.colour else Span("▀", first.colour, on=lower)
