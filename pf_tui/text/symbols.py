"""The characters everything is drawn with: braille, block or ascii."""

from __future__ import annotations

from pf_tui.errors import WrongUsage
from pf_tui.records import record, replace
from pf_tui.text.lines import Line

_MARKS = str.maketrans("▶●○◆◌└→←↑↓·…—–─■▏×¹²³⁴⁵⁰°≥≤•", ">*o!:`><^v-~---#|x123450o><-")
"""Marks outside charts, one for one, for terminals that show ASCII alone."""


@record
class Symbols:
    """One set of characters."""

    name: str
    across: str
    """A cell filled from the left, by steps, full last."""
    upward: str
    """A cell filled from below, by steps, full last."""
    fills: tuple[str, ...]
    """A full cell of each series; all alike where colour tells them apart."""
    bar: str
    """A used cell of a meter, lower than a cell."""
    rule: str
    """The empty part of a meter."""
    guide: str
    """A dotted line across a chart, at a round value."""
    dots: str
    """braille | half | plain: what lines are drawn with."""

    @property
    def told_apart_by_shape(self) -> bool:
        """Series have signs of their own, beside their colours."""
        return len(self.fills) > 1

    def swatch(self, number: int) -> str:
        """The sign of a series in a legend."""
        sign = self.fills[number % len(self.fills)] if self.told_apart_by_shape else "■"
        return "■" if sign == "█" else sign  # a whole cell would vanish where the row is reversed

    def plain(self, text: str) -> str:
        """The text with marks this set can show."""
        return text.translate(_MARKS) if self.name == "ascii" else text

    def marked(self, content: Line) -> Line:
        """The line with marks this set can show."""
        if self.name != "ascii":
            return content
        return tuple(
            span if span.text.isascii() else span._replace(text=span.text.translate(_MARKS))
            for span in content
        )


BRAILLE = Symbols(
    name="braille",
    across="▏▎▍▌▋▊▉█",
    upward="▁▂▃▄▅▆▇█",
    fills=("█",),
    bar="▬",
    rule="─",
    guide="┈",
    dots="braille",
)
BLOCK = replace(BRAILLE, name="block", dots="half")
ASCII = Symbols(
    name="ascii",
    across="#",
    upward=".:#",
    fills=("#", "=", "+", "o", "%", "x"),
    bar="#",
    rule="-",
    guide=".",
    dots="plain",
)

SETS = {symbols.name: symbols for symbols in (BRAILLE, BLOCK, ASCII)}


def find(name: str) -> Symbols:
    """The set of that name. Raises WrongUsage."""
    if name not in SETS:
        raise WrongUsage(
            f"'{name}' is no set of symbols", f'"symbols" under pf.dashboard is one of {", ".join(SETS)}'
        )
    return SETS[name]


def without_colour(symbols: Symbols) -> Symbols:
    """The same set for a screen without colours: each series gets a pattern of its own."""
    if symbols.told_apart_by_shape:
        return symbols
    return replace(symbols, fills=("█", "▒", "░", "▓", "▚", "▞"))
