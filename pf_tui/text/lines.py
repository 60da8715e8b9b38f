"""Text with the name of its colour: what panes and charts are made of before any toolkit sees it.

A colour is the name of a theme variable `ink-NAME` ("muted", "bad", "series-2"), never a value.
A Line is a tuple of Spans and knows its width in terminal cells.
Pure; the same lines are drawn by widgets and compared by tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

from rich.cells import cell_len, set_cell_size

from pf_tui.visible import visible

SERIES = 6
"""Colours a chart can tell apart, also for the colour-blind (tests/tui/test_themes.py computes it)."""


class _Span(NamedTuple):
    """The fields of a Span."""

    text: str
    colour: str = "text"
    bold: bool = False
    on: str = ""
    """Colour of the background; "" = the pane's own."""
    action: str = ""
    """Id of the action a click on it does."""


class Span(_Span):
    """A run of text in one colour; what a terminal would obey in it is made visible when it is made."""

    __slots__ = ()

    def __new__(
        cls, text: str, colour: str = "text", bold: bool = False, on: str = "", action: str = ""
    ) -> Self:
        return super().__new__(cls, visible(text), colour, bold, on, action)


Line = tuple[Span, ...]
BLANK: Line = ()


def line(*parts: str | Span | Line) -> Line:
    """One line of the parts, left to right; a bare text is in the "text" colour."""
    spans: list[Span] = []
    for part in parts:
        if isinstance(part, str):
            spans.append(Span(part))
        elif isinstance(part, Span):
            spans.append(part)
        else:
            spans.extend(part)
    return tuple(span for span in spans if span.text)


def merged(spans: Iterable[Span]) -> Line:
    """The spans with neighbours that look alike as one."""
    spans_out: list[Span] = []
    for span in spans:
        if spans_out and spans_out[-1][1:] == span[1:]:
            spans_out[-1] = span._replace(text=spans_out[-1].text + span.text)
        else:
            spans_out.append(span)
    return tuple(spans_out)


def muted(text: str) -> Span:
    """A span in the muted colour."""
    return Span(text, "muted")


def bold(text: str, colour: str = "text") -> Span:
    """A bold span."""
    return Span(text, colour, bold=True)


def plain(content: Line) -> str:
    """The text alone."""
    return "".join(span.text for span in content)


def cells(content: Line | str) -> int:
    """Width in terminal cells: wide characters are two."""
    if isinstance(content, str):
        return cell_len(content)
    width = 0
    for text, *_ in content:
        width += len(text) if text.isascii() else cell_len(text)  # a span has no control character
    return width


def fit(content: Line, width: int, *, align: str = "left") -> Line:
    """Exactly `width` cells: padded with blanks, or cut with an ellipsis."""
    have = cells(content)
    if have > width:
        return _cut(content, width)
    if have == width:
        return content
    blank = Span(" " * (width - have))
    return (blank, *content) if align == "right" else (*content, blank)


def cut(text: str, width: int) -> str:
    """A text in at most `width` cells: what is missing at its end shows as an ellipsis."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(width - 1, 0)).rstrip(" ") + "…"


def shortened(text: str, width: int) -> str:
    """A name in at most `width` cells: its beginning and its end, which tell it from its neighbours."""
    if cell_len(text) <= width or width < 3:
        return text
    first = _head(text, (width - 1) // 2)
    last = _head(text[::-1], width - 1 - cell_len(first))[::-1]
    return f"{first}…{last}"


def spread(left_line: Line, right: Line, width: int) -> Line:
    """`left_line` at the left edge, `right` at the right one; when both do not fit, `right` goes."""
    gap = width - cells(left_line) - cells(right)
    if gap < 1 or not right:
        return fit(left_line, width)
    return (*left_line, Span(" " * gap), *right)


def joined(parts: Iterable[Line], gap: str = "  ") -> Line:
    """The parts that are not empty, with a gap between them."""
    spans: list[Span] = []
    for part in parts:
        if part:
            if spans:
                spans.append(Span(gap))
            spans.extend(part)
    return tuple(spans)


def whole_parts(content: Line, width: int, gap: str = "  ") -> Line:
    """As many parts of a joined line as fit whole into `width` cells."""
    count, room = 0, width
    for index, span in enumerate(content):
        if span.text == gap:
            count = index
        room -= cell_len(span.text)
        if room < 0:
            return content[:count]
    return content


def wrap(text: str, width: int, colour: str = "text", *, whole_words: bool = False) -> list[Line]:
    """The text in lines of at most `width` cells, broken at blanks.

    Args:
        whole_words: a word that is longer than a line stays whole, so that it can be copied.
    """
    lines: list[Line] = []
    current = ""
    for word in visible(text).split(" "):
        if current and cell_len(current) + 1 + cell_len(word) > width:
            lines.append((Span(current, colour),))
            current = ""
        current = f"{current} {word}" if current else word
        while not whole_words and cell_len(current) > max(width, 2):
            head = _head(current, max(width, 2))
            lines.append((Span(head, colour),))
            current = current[len(head) :]
    lines.append((Span(current, colour),) if current else BLANK)
    return lines


def wrapped(content: Line, width: int) -> list[Line]:
    """As `wrap`, for spans of several colours; a span begins and ends where it did."""
    rest = list(content)
    lines: list[Line] = []
    for broken in wrap(plain(content), width):
        while rest and rest[0].text[:1].isspace():  # blanks before a line, and where it was broken
            rest[0] = rest[0]._replace(text=rest[0].text[1:])
            rest = rest if rest[0].text else rest[1:]
        need, spans = len(plain(broken)), list[Span]()
        while rest and need:
            span = rest.pop(0)
            spans.append(span._replace(text=span.text[:need]))
            if len(span.text) > need:
                rest.insert(0, span._replace(text=span.text[need:]))
            need -= len(spans[-1].text)
        lines.append(tuple(spans))
    return lines


def columns_changed(old: Line, new: Line) -> tuple[int, int] | None:
    """The cells [first, last) in which two lines differ; None when they are equal."""
    if old == new:
        return None
    before, after = _cells_of(old), _cells_of(new)
    longest = max(len(before), len(after))
    before += [("", old[:0])] * (longest - len(before))
    after += [("", new[:0])] * (longest - len(after))
    differing = [column for column in range(longest) if before[column] != after[column]]
    return (differing[0], differing[-1] + 1) if differing else None


def series_colour(number: int) -> str:
    """The colour of the series of that number, from 0; beyond the last one all are muted."""
    return f"series-{number + 1}" if 0 <= number < SERIES else "muted"


def _head(text: str, width: int) -> str:
    """As many whole characters as fit; at least one."""
    size = 0
    for index, char in enumerate(text):
        size += cell_len(char)
        if size > width:
            return text[: max(index, 1)]
    return text


def _cut(content: Line, width: int) -> Line:
    if width <= 0:
        return BLANK
    room, spans_out = width - 1, list[Span]()
    for span in content:
        size = cell_len(span.text)
        if size > room:
            spans_out.append(span._replace(text=set_cell_size(span.text, room).rstrip(" ") + "…"))
            break
        spans_out.append(span)
        room -= size
    short = width - cells(tuple(spans_out))
    return (*spans_out, Span(" " * short)) if short else tuple(spans_out)


def _cells_of(content: Line) -> list[tuple[str, Sequence[object]]]:
    """One entry per cell: its character and everything else about it."""
    cells_out: list[tuple[str, Sequence[object]]] = []
    marks = ""
    for span in content:
        facts = span[1:4]
        if span.text.isascii() and not marks:
            cells_out += [(char, facts) for char in span.text]
            continue
        for char in span.text:
            if size := cell_len(char):
                cells_out.append((marks + char, facts))
                cells_out += [("", facts)] * (size - 1)
                marks = ""
            elif cells_out:  # a mark without a cell of its own belongs to the one before
                cells_out[-1] = (cells_out[-1][0] + char, cells_out[-1][1])
            else:
                marks += char
    return [(marks, ())] if marks and not cells_out else cells_out
