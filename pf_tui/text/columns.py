"""A table that fits: columns leave in a fixed order as the width shrinks. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pf_tui.records import record
from pf_tui.text.lines import Line, Span, cells, fit

GAP = 2
"""Cells between two columns."""

LEAST = 6
"""Cells of a name that still tells something."""


@record
class Column:
    """One column of a table."""

    key: str = ""
    """Its member of a row."""
    title: str
    right: bool = False
    """Numbers stand at the right edge."""
    leaves: int = 0
    """Its turn to leave when there is no room, 1 first; 0 = never."""
    least: int = 0
    """Cells it keeps even when it has to be cut; 0 = it is never cut."""
    shrinks: bool = False
    """It is cut to LEAST cells, but only when nothing is left to leave out."""
    at_least: int = 0
    """Cells it takes even when its content is shorter."""
    grows: bool = False
    """Takes the room that is left over."""


UsageQuery = Mapping[str, Line]


def chosen(
    columns: Sequence[Column], rows: Sequence[UsageQuery], width: int, gap: int = GAP
) -> list[tuple[Column, int]]:
    """The columns that fit into `width` cells, each with its own width.

    Args:
        gap: cells between two of them.
    """
    sized_columns = [(column, _natural(column, rows)) for column in columns]
    while _needed(sized_columns, gap) > width:
        leaving = [column for column, _ in sized_columns if column.leaves]
        if not leaving:
            break
        first = min(leaving, key=lambda column: column.leaves)
        sized_columns = [(column, size) for column, size in sized_columns if column is not first]
    return _squeezed(sized_columns, width, gap)


def head(
    sized_columns: Sequence[tuple[Column, int]],
    ordered_by: str = "",
    downward: bool = False,
    gap: int = GAP,
    orders: Sequence[str] = (),
) -> Line:
    """The headings; an arrow shows the column the rows are ordered by.

    Args:
        orders: columns that a click on their heading orders by.
    """
    spans: list[Span] = []
    for column, size in sized_columns:
        text = column.title
        if column.key == ordered_by:
            text = f"{'↓' if downward else '↑'}{text}"[: max(size, 1)]
        does = f"order {column.key}" if column.key in orders else ""
        spans += fit((Span(text, "muted", action=does),), size, align="right" if column.right else "left")
        spans.append(Span(" " * gap))
    return tuple(spans[:-1])


def body(sized_columns: Sequence[tuple[Column, int]], row: UsageQuery, gap: int = GAP) -> Line:
    """One row."""
    spans: list[Span] = []
    for column, size in sized_columns:
        spans += fit(row.get(column.key, ()), size, align="right" if column.right else "left")
        spans.append(Span(" " * gap))
    return tuple(spans[:-1])


def _natural(column: Column, rows: Sequence[UsageQuery]) -> int:
    """Cells the column would like to have."""
    return max([cells(column.title), column.at_least, *(cells(row.get(column.key, ())) for row in rows)])


def _needed(sized_columns: Sequence[tuple[Column, int]], gap: int) -> int:
    """Cells with every column that can be cut at its least."""
    sizes = [min(size, column.least) if column.least else size for column, size in sized_columns]
    return sum(sizes) + gap * (len(sizes) - 1)


def _squeezed(sized_columns: list[tuple[Column, int]], width: int, gap: int) -> list[tuple[Column, int]]:
    """Cut the columns that allow it until the row fits."""
    over = sum(size for _, size in sized_columns) + gap * (len(sized_columns) - 1) - width
    if over < 0:
        return [(column, size - over if column.grows else size) for column, size in sized_columns]
    squeezed = []
    for column, size in sized_columns:
        least = column.least or (LEAST if column.shrinks else size)
        give = max(0, min(over, size - least))
        over -= give
        squeezed.append((column, size - give))
    return squeezed
