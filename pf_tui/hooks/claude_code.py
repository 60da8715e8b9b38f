"""Claude Code's hooks."""

from __future__ import annotations

from typing import Any

from pf_tui.state.context import Context


def handle(ctx: Context, event: str, data: dict[str, Any]) -> str:
    """The answer to one event; "" where none is expected."""
    return ""
