"""An answer inside an agent: a few short lines of plain text."""

from __future__ import annotations

from collections.abc import Sequence

from pf_tui.documents import words
from pf_tui.visible import visible

MAX_LINES = 9
"""More does not read well where agents show it."""


def lines(rows: Sequence[str]) -> str:
    """The lines that are not empty, cut with a hint where there are too many."""
    lines_out = [visible(line) for line in rows if line]
    if len(lines_out) > MAX_LINES:
        more = len(lines_out) - MAX_LINES + 1
        lines_out = [*lines_out[: MAX_LINES - 1], f"{more} more lines in a terminal: pf-tui status"]
    return "\n".join(lines_out)


def used(requests: int, tokens: int, cost_usd: float | None) -> str:
    """`12 requests, 1.2M tokens, $3.40`."""
    return f"{words.number(requests)} requests, {words.short(tokens)} tokens, {words.money(cost_usd)}"
