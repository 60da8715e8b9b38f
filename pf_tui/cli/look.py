"""How text views look: calm lines, three weights of text, numbers to the right.

A column may be left out when the terminal is narrow; what stays is cut off with an ellipsis only in
the one column that may shrink. Pure: the width is an argument.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text

from pf_tui.records import record, replace
from pf_tui.visible import visible

STATE_STYLES = {
    "ready": "green",
    "warning": "yellow",
    "limited": "yellow",
    "exhausted": "red",
    "benched": "magenta",
    "no-credential": "bright_black",
    "disabled": "bright_black",
    "ok": "green",
    "warn": "yellow",
    "fail": "red",
    "skip": "bright_black",
}
FAINT = "bright_black"
"""Headings, units, asides."""

WARN_SHARE, FULL_SHARE = 0.75, 0.90
"""A meter is yellow from the first and red from the second."""

_GAP = 2


@record
class Column:
    """One column of a table."""

    title: str
    right: bool = False
    leaves: int = 0
    """When it is left out: 1 first, then 2 …; 0 = never."""
    shrinks: bool = False
    """It is cut off when nothing is left to leave out; at most one per table."""


@record
class Cell:
    """A value and how it looks."""

    text: str
    style: str = ""


def plain(value: object) -> Cell:
    """A cell without a style of its own."""
    return Cell(text=str(value))


def faint(value: object) -> Cell:
    """A cell that steps back."""
    return Cell(text=str(value), style=FAINT)


def state(name: str, word: str = "") -> Cell:
    """A state by word and colour; `word` where it has another one than its id."""
    return Cell(text=word or name, style=STATE_STYLES.get(name, ""))


def table(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int, *, heading: bool = True
) -> list[Text]:
    """The rows as lines of at most `width` cells; empty columns are left out."""
    rows = [[replace(cell, text=visible(cell.text)) for cell in row] for row in rows]
    kept = [place for place in range(len(columns)) if any(row[place].text.strip() for row in rows)]
    sizes = {
        place: max(
            [cell_len(columns[place].title) if heading else 0, *(cell_len(row[place].text) for row in rows)]
        )
        for place in kept
    }
    while _total(sizes, kept) > width and (leaving := _first_to_leave(columns, kept)) is not None:
        kept.remove(leaving)
    over = _total(sizes, kept) - width
    if over > 0:
        for place in kept:
            if columns[place].shrinks:
                sizes[place] = max(sizes[place] - over, 6)
    lines = []
    if heading and any(columns[place].title for place in kept):
        lines.append(_line([(Cell(text=columns[p].title, style=FAINT), columns[p], sizes[p]) for p in kept]))
    lines += [_line([(row[place], columns[place], sizes[place]) for place in kept]) for row in rows]
    return lines


def between(left: Text, right: Text, width: int) -> list[Text]:
    """`left` and `right` at both ends of one line; two lines when they do not fit."""
    space = width - left.cell_len - right.cell_len
    if space < _GAP:
        return [left, right]
    return [Text.assemble(left, " " * space, right)]


def meter_style(share: float | None) -> str:
    """Green, yellow, red by how much is used."""
    if share is None:
        return FAINT
    return "red" if share >= FULL_SHARE else "yellow" if share >= WARN_SHARE else "green"


def titled(words: str, aside: str, width: int) -> list[Text]:
    """A bold line with an aside, which goes below where it does not fit."""
    aside = visible(aside)
    whole = heading(words, aside)
    return [whole] if whole.cell_len <= width else [heading(words), *wrapped(aside, width, style=FAINT)]


def heading(words: str, aside: str = "") -> Text:
    """A bold line, with an aside that steps back."""
    words, aside = visible(words), visible(aside)
    return Text.assemble((words, "bold"), (f"  {aside}" if aside else "", FAINT))


def shortened(words: str, width: int) -> str:
    """At most `width` cells; what is missing shows as an ellipsis."""
    if cell_len(words) <= width:
        return words
    return set_cell_size(words, max(width - 1, 0)).rstrip() + "…"


def wrapped(words: str, width: int, *, indent: str = "", style: str | Style = "") -> list[Text]:
    """A sentence over as many lines as it needs, all of them indented."""
    lines: list[str] = []
    current = ""
    for word in visible(words).split():
        longer = f"{current} {word}" if current else word
        if current and cell_len(indent) + cell_len(longer) > width:
            lines.append(current)
            current = word
        else:
            current = longer
    lines.append(current)
    return [Text(indent + line, style=style) for line in lines]


def _total(sizes: dict[int, int], kept: Sequence[int]) -> int:
    return sum(sizes[place] for place in kept) + _GAP * max(len(kept) - 1, 0)


def _first_to_leave(columns: Sequence[Column], kept: Sequence[int]) -> int | None:
    leaving = [place for place in kept if columns[place].leaves]
    return min(leaving, key=lambda place: columns[place].leaves) if leaving else None


def _line(parts: Sequence[tuple[Cell, Column, int]]) -> Text:
    line = Text()
    for number, (cell, column, size) in enumerate(parts):
        if number:
            line.append(" " * _GAP)
        words = shortened(cell.text, size)
        space = " " * (size - cell_len(words))
        line.append(space if column.right else "")
        line.append(words, style=cell.style)
        line.append("" if column.right else space)
    line.rstrip()
    return line
