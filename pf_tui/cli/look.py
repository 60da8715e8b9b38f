"""How text views look on a terminal: the lines of `pf_tui.text` in the terminal's own colours.

A column may be left out when the terminal is narrow; what stays is cut off with an ellipsis only in
the one column that may shrink. Pure: the width is an argument.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from pf_tui.called import spelled
from pf_tui.records import record, replace
from pf_tui.text import columns as layout
from pf_tui.text import meter as meters
from pf_tui.text.columns import Column
from pf_tui.text.lines import Line, Span, wrap
from pf_tui.text.symbols import BRAILLE
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

_STYLES = {"text": "", "muted": FAINT, "faint": FAINT, "good": "green", "warn": "yellow", "bad": "red"}
"""Colour names of `pf_tui.text` in a terminal's colours; any other name is a style already."""


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
    filled_columns = [
        number for number in range(len(columns)) if any(row[number].text.strip() for row in rows)
    ]
    keyed_columns = [
        replace(columns[number], key=str(number), **({} if heading else {"title": ""}))
        for number in filled_columns
    ]
    lines = [
        {str(number): (Span(row[number].text, row[number].style or "text"),) for number in filled_columns}
        for row in rows
    ]
    fitting_columns = layout.chosen(keyed_columns, lines, width)
    has_titles = heading and any(column.title for column, _ in fitting_columns)
    above = [layout.head(fitting_columns)] if has_titles else []
    return [_trimmed(line) for line in (*above, *(layout.body(fitting_columns, row) for row in lines))]


def between(text: Text, right: Text, width: int) -> list[Text]:
    """`text` and `right` at both ends of one line; two lines when they do not fit."""
    space = width - text.cell_len - right.cell_len
    if space < layout.GAP:
        return [text, right]
    return [Text.assemble(text, " " * space, right)]


def meter_style(share: float | None) -> str:
    """Green, yellow, red by how much is used."""
    return _STYLES[meters.level_colour(None if share is None else 100 * share)]


def meter(share: float | None, width: int) -> str:
    """The dashboard's meter, without its colour."""
    return "".join(span.text for span in meters.meter(None if share is None else 100 * share, width, BRAILLE))


def bar(share: float, width: int) -> str:
    """A length beside others."""
    return meters.bar(share, width, BRAILLE)


def titled(words: str, aside: str, width: int) -> list[Text]:
    """A bold line with an aside, which goes below where it does not fit."""
    aside = visible(aside)
    whole = heading(words, aside)
    return [whole] if whole.cell_len <= width else [heading(words), *wrapped(aside, width, style=FAINT)]


def heading(words: str, aside: str = "") -> Text:
    """A bold line, with an aside that steps back."""
    words, aside = visible(words), visible(aside)
    return Text.assemble((words, "bold"), (f"  {aside}" if aside else "", FAINT))


def wrapped(words: str, width: int, *, indent: str = "", style: str | Style = "") -> list[Text]:
    """A sentence over as many lines as it needs, all of them indented."""
    lines = wrap(" ".join(visible(spelled(words)).split()), width - cell_len(indent), whole_words=True)
    return [Text(indent + "".join(span.text for span in line), style=style) for line in lines]


def _trimmed(line: Line) -> Text:
    text = Text()
    for span in line:
        text.append(span.text, style=_STYLES.get(span.colour, span.colour))
    text.rstrip()
    return text
