"""The terminal driver: Textual's, with four manners of our own.

- it stays on the alternate screen that the first paint opened (a second switch would blank it);
- mouse reports in the old X10 form are dropped: past column 95 they are no UTF-8 and ended the program
  (Textual issue 6668: tmux detach and attach, VS Code reload);
- a terminal that went away ends the program instead of a thread;
- one that says it has no size gets one, and of one without end a part is drawn on.
"""

from __future__ import annotations

import os
import re

from textual import events
from textual.geometry import Size
from textual.message import Message

from pf_tui.tui import first_paint
from pf_tui.tui.textual_internals import OpenDriver

_X10 = re.compile(rb"\x1b\[M[\x20-\xff]{3}", re.DOTALL)
_X10_BEGUN = re.compile(rb"\x1b\[M[\x20-\xff]{0,2}\Z", re.DOTALL)
_ALTERNATE_SCREEN = "\x1b[?1049h"


class Terminal(OpenDriver):
    """Used on a real terminal only; tests and browsers have drivers of their own."""

    opened = False
    """The first paint has opened the alternate screen."""

    def write(self, data: str) -> None:
        if data == _ALTERNATE_SCREEN and Terminal.opened:
            Terminal.opened = False  # after a suspension it has to be opened again
            return
        super().write(data)

    def size(self) -> tuple[int, int]:
        return first_paint.size()

    def process_message(self, message: Message) -> None:
        if isinstance(message, events.Resize):  # as the terminal itself tells of it (mode 2048)
            size = Size(*first_paint.bounded(*message.size))
            message = events.Resize(size, size, size, message.pixel_size)
        super().process_message(message)

    def clean(self, data: bytes) -> tuple[bytes, bytes]:
        return _without_x10(data)

    def read_input(self) -> bytes:
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""


def _without_x10(data: bytes) -> tuple[bytes, bytes]:
    """The input without old mouse reports, and the beginning of one that has not come whole."""
    if b"\x1b[M" not in data:
        return data, b""
    data = _X10.sub(b"", data)
    match = _X10_BEGUN.search(data)
    return (data[: match.start()], data[match.start() :]) if match else (data, b"")
