"""The first paint: the last known screen, drawn before the toolkit is imported (which takes 0.15 s and more).

Standard library alone. The frame of the last run is drawn as it was, except that its last line says that the
files are being read; without one for this size only who served last is shown.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence

from pf_tui.state import cache
from pf_tui.state.paths import Paths

ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
"""Alternate screen, no cursor, empty."""

_NAME = "frame-{columns}x{rows}.json"
_LAST = "frame-last.json"
_READING = " reading …"


def keep(paths: Paths, size: tuple[int, int], theme: str, lines: Sequence[str], first: str) -> None:
    """Keep what is on screen for the next start.

    Args:
        size: (columns, rows).
        lines: the screen, line by line, with its colours as escape codes.
        first: the first line without them.
    """
    columns, rows = size
    content = json.dumps({"theme": theme, "lines": list(lines)}, ensure_ascii=False).encode()
    cache.keep(paths, _NAME.format(columns=columns, rows=rows), content)
    cache.keep(paths, _LAST, json.dumps({"first": first}, ensure_ascii=False).encode())


def drawn(paths: Paths, size: tuple[int, int], theme: str, *, colour: bool) -> str:
    """What to write for the first paint.

    Args:
        theme: the theme that was asked for; "" = whatever the last run had.
        colour: False under NO_COLOR: a kept frame has colours and is not used.
    """
    columns, rows = size
    kept = _object(cache.read(paths, _NAME.format(columns=columns, rows=rows))) if colour else {}
    lines = kept.get("lines")
    if isinstance(lines, list) and len(lines) == rows and theme in ("", kept.get("theme")):
        shown = [str(line) for line in lines[:-1]]
        return ENTER + "\r\n".join([*shown, f"\x1b[0m\x1b[2m{_READING}\x1b[0m"])
    first = str(_object(cache.read(paths, _LAST)).get("first", " pf-tui"))[:columns]
    return f"{ENTER}{first}\r\n\r\n\x1b[2m{_READING}\x1b[0m"


def size() -> tuple[int, int]:
    """(columns, rows) of the terminal."""
    found = shutil.get_terminal_size()
    return found.columns, found.lines


def write(text: str) -> None:
    """Straight to the terminal."""
    data = text.encode("utf-8", "replace")
    while data:
        data = data[os.write(2, data) :]


def _object(data: bytes | None) -> dict[str, object]:
    try:
        content = json.loads(data or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
