"""Claude Code's status line: who serves, how full the windows are, who is next."""

from __future__ import annotations

from collections.abc import Mapping


def line(stdin: bytes, env: Mapping[str, str], wrapped: str | None) -> str:
    """One line; a person's own status line goes above it."""
    return ""
