"""Which panes are on screen. Pure: the size's name, what is looked at, and whether it is zoomed."""

from __future__ import annotations

PANES = ("providers", "models", "limits", "analytics", "events")
LEFT = ("providers", "models")
TOGETHER = ("providers", "models", "limits")
"""Beside them analytics or events, on a wide screen."""

WIDTHS = [(0, "-narrow"), (60, "-medium"), (100, "-wide")]
HEIGHTS = [(0, "-low"), (12, "-short"), (18, "-high")]
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
    if zoomed or width == "-narrow" or height == "-low":
        return frozenset({current})
    if width == "-medium":
        return frozenset({"providers", below})
    if height == "-short":  # one pane in each half
        left = "models" if current == "models" else "providers"
        return frozenset({left, "limits" if below in LEFT else below})
    return frozenset({*TOGETHER, below if below == "events" else "analytics"})
