"""What a pane shows at one moment: pinned lines, rows with a key, a title. Plain data, compared by tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pf_tui.records import record
from pf_tui.text.lines import BLANK, Line, plain, wrap
from pf_tui.text.symbols import BRAILLE, Symbols
from pf_tui.tui.times import Clock


class Row(NamedTuple):
    """One line of a pane."""

    content: Line = BLANK
    key: str | None = None
    """What the cursor stands on; None = the cursor passes over it."""


@record
class Page:
    """Everything inside one pane's border, and its titles."""

    title: str
    """After the pane's number: name, count, filter."""
    rows: tuple[Row, ...] = ()
    pinned: tuple[Line, ...] = ()
    """Lines above the rows that do not scroll: headings, a chart."""
    facts: Line = BLANK
    """Beside the title, when there is room."""
    keys: tuple[tuple[str, str], ...] = ()
    """(key, word) pairs for the lower border."""

    def text(self) -> str:
        """What a person reads, line by line."""
        lines = [*self.pinned, *(row.content for row in self.rows)]
        return "\n".join(plain(line).rstrip() for line in lines)


def unkeyed(lines: Sequence[Line]) -> tuple[Row, ...]:
    """Lines as rows the cursor passes over."""
    return tuple(Row(content) for content in lines)


def empty(width: int, *sentences: str) -> tuple[Row, ...]:
    """The empty state: what is missing, and the one next step."""
    return (
        Row(),
        *(Row(text_line) for sentence in sentences for text_line in wrap(sentence, width, "muted")),
    )


@record
class Space:
    """Where and when a page is drawn."""

    width: int
    height: int
    clock: Clock
    symbols: Symbols = BRAILLE


@record
class Choice:
    """What the person asked a list to show."""

    words: str = ""
    """Filter; "" = everything."""
    order: str = ""
    """Key of the column to order by; "" = the list's own order."""

    def admits(self, *texts: str) -> bool:
        """True when every word of the filter is part of one of the texts."""
        searched = " ".join(texts).casefold()
        return all(word in searched for word in self.words.casefold().split())
