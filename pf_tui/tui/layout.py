"""Which panes are on screen. Pure: the size's name, what is looked at, and whether it is zoomed."""

from __future__ import annotations

PANES = ("providers", "sessions", "models", "limits", "analytics", "events")
LEFT_PANES = ("providers", "sessions", "models")
RIGHT_PANES = ("limits", "analytics", "events")
TOGETHER = ("providers", "sessions", "models", "limits")
"""Beside them analytics or events, on a wide screen."""

STACK = ("sessions", "limits", "providers", "analytics")
"""Below each other on a screen that is narrow and tall: a split beside an agent."""

STACKS = {"-tall": STACK, "-high": STACK[:-1]}
"""Class of HEIGHTS -> the panes of a narrow screen."""

WIDTHS = [(0, "-narrow"), (60, "-medium"), (100, "-wide")]
HEIGHTS = [(0, "-low"), (12, "-short"), (18, "-high"), (32, "-tall")]
"""Columns and rows from which a layout holds (Textual's breakpoints: class names of the screen)."""


def named(size: int, names: list[tuple[int, str]]) -> str:
    """The name of a size: the last one that begins at or below it."""
    return [name for least, name in names if size >= least][-1]


def visible(width: str, height: str, current: str, below: str, *, zoomed: bool) -> frozenset[str]:
    """The panes to show.

    Args:
        width, height: a class of WIDTHS and HEIGHTS.
        current: the pane that has the keys.
        below: the pane that was last looked at beside the providers.
    """
    if width == "-narrow" and current in STACK[:-1] and not zoomed and height in STACKS:
        return frozenset(STACKS[height])
    if zoomed or width == "-narrow" or height == "-low":
        return frozenset({current})
    if width == "-medium":
        return frozenset({"providers", below})
    if height == "-short":  # one pane in each half
        left_pane = current if current in LEFT_PANES else "providers"
        return frozenset({left_pane, "limits" if below in LEFT_PANES else below})
    together = set(TOGETHER) - ({"sessions"} if current == "models" else set())
    return frozenset({*together, below if below == "events" else "analytics"})


def stacked(panes: frozenset[str]) -> bool:
    """The panes stand below each other as in a split."""
    return panes in map(frozenset, STACKS.values())
