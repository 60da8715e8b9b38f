"""The first paint: the last known screen, drawn before anything large is imported.

The frame of the last run is drawn as it was, except that its last line says that the files are being read;
without one for this size only who served last is shown. Imports next to nothing, on purpose.
"""

from __future__ import annotations

import os

from pf_tui.state import cache
from pf_tui.state.paths import Paths

ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
"""Alternate screen, no cursor, empty."""

MOST_COLUMNS, MOST_ROWS = 1000, 500
"""An 8K screen in letters of 8 pixels; a program may say that its terminal has 65535 of each."""

_NAME = "frame-{columns}x{rows}"
_LAST = "frame-last"
_READING = " reading …"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def keep(paths: Paths, size: tuple[int, int], theme: str, lines: Sequence[str], first: str) -> None:
    """Keep what is on screen for the next start.

    Args:
        size: (columns, rows).
        lines: the screen, line by line, with its colours as escape codes.
        first: the first line without them.
    """
    columns, rows = size
    cache.keep(
        paths, _NAME.format(columns=columns, rows=rows), "\n".join([f"{theme} {_kind()}", *lines]).encode()
    )
    cache.keep(paths, _LAST, first.encode())


def drawn(paths: Paths, size: tuple[int, int], theme: str, *, colour: bool) -> str:
    """What to write for the first paint.

    Args:
        theme: the theme that was asked for; "" = whatever the last run had.
        colour: False under NO_COLOR: a kept frame has colours and is not used.
    """
    columns, rows = size
    screen_lines = _text(paths, _NAME.format(columns=columns, rows=rows)).split("\n") if colour else []
    kept_theme, _, kind = screen_lines[0].partition(" ") if screen_lines else ("", "", "")
    if len(screen_lines) == rows + 1 and kind == _kind() and theme in ("", kept_theme):
        return ENTER + "\r\n".join([*screen_lines[1:-1], f"\x1b[0m\x1b[2m{_READING}\x1b[0m"])
    first = _text(paths, _LAST) or " pf-tui"
    return f"{ENTER}{first[:columns]}\r\n\r\n\x1b[2m{_READING}\x1b[0m"


def bounded(columns: int, rows: int) -> tuple[int, int]:
    """The part of a terminal that is drawn on: no screen shows more, and each cell takes 25 bytes."""
    return min(columns, MOST_COLUMNS), min(rows, MOST_ROWS)


def size() -> tuple[int, int]:
    """(columns, rows) of the terminal; one that says 0 is told that it has the usual 80 or 24.

    A serial line or a fresh pseudo-terminal has no size. Libraries make different ones of it (80 by 24, 80 by
    25), and a screen that is two sizes at once is drawn for ever: one without end is told its bounds as well.
    """
    try:
        terminal = os.get_terminal_size(1)
    except OSError:
        return 80, 24
    columns, rows = bounded(terminal.columns or 80, terminal.lines or 24)
    if (columns, rows) == terminal:
        return columns, rows
    try:
        import fcntl
        import struct
        import termios

        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    except (ImportError, OSError):
        return columns, rows
    return columns, rows


def write(text: str) -> None:
    """Straight to the terminal."""
    data = text.encode("utf-8", "replace")
    while data:
        data = data[os.write(2, data) :]


def _kind() -> str:
    """What says how many colours a terminal has: a frame is kept in those of its own."""
    return f"{os.environ.get('TERM', '')} {os.environ.get('COLORTERM', '')}"


def _text(paths: Paths, name: str) -> str:
    return (cache.read(paths, name) or b"").decode("utf-8", "replace")
