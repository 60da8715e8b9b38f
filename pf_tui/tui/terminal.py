"""The terminal driver: Textual's, with four manners of our own.

- it stays on the alternate screen that the first paint opened (a second switch would blank it);
- mouse reports in the old X10 form are dropped: past column 95 they are no UTF-8 and ended the program
  (Textual issue 6668: tmux detach and attach, VS Code reload);
- a terminal that went away ends the program instead of a thread;
- one that says it has no size gets one.
"""

from __future__ import annotations

import codecs
import os
import re
import selectors

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from pf_tui.tui import first_paint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.message import Message

_X10 = re.compile(rb"\x1b\[M[\x20-\xff]{3}", re.DOTALL)
_X10_BEGUN = re.compile(rb"\x1b\[M[\x20-\xff]{0,2}\Z", re.DOTALL)
_ALTERNATE_SCREEN = "\x1b[?1049h"


class Terminal(LinuxDriver):
    """Used on a real terminal only; tests and browsers have drivers of their own."""

    opened = False
    """The first paint has opened the alternate screen."""

    def write(self, data: str) -> None:
        if data == _ALTERNATE_SCREEN and Terminal.opened:
            Terminal.opened = False  # after a suspension it has to be opened again
            return
        super().write(data)

    def _get_terminal_size(self) -> tuple[int, int]:
        return first_paint.size()

    def run_input_thread(self) -> None:
        """Read, drop what is no text, hand on events."""
        parser = XTermParser(self._debug)
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        rest = b""
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(0.1):
                    data = self._read()
                    if not data:  # the terminal went away
                        self._app.call_later(self._app.exit)
                        self.exit_event.wait()
                        break
                    data, rest = _without_x10(rest + data)
                    if text := decode(data):  # for the parser, nothing is the end
                        self._hand_on(parser.feed(text))
                self._hand_on(parser.tick())
        try:
            for _ in parser.feed(""):
                pass
        except (EOFError, ParseError):
            pass

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""

    def _hand_on(self, found: Iterable[Message]) -> None:
        for event in found:
            self.process_message(event)


def _without_x10(data: bytes) -> tuple[bytes, bytes]:
    """The input without old mouse reports, and the beginning of one that has not come whole."""
    if b"\x1b[M" not in data:
        return data, b""
    data = _X10.sub(b"", data)
    begun = _X10_BEGUN.search(data)
    return (data[: begun.start()], data[begun.start() :]) if begun else (data, b"")
