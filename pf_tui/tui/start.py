"""The door: the last known screen at once, then the toolkit, then the dashboard; and the way back.

`screen = Opened()` paints; then `with screen: run(ctx)`. Nothing large is imported before the first paint.
Invariant: whatever happens, the terminal is as it was when the `with` is left.
"""

from __future__ import annotations

import os
import signal
import termios

from pf_tui.errors import PfError
from pf_tui.state.paths import locate
from pf_tui.tui import first_paint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any  # Any: termios' settings: numbers and a list

    from pf_tui.state.context import Context

RESTORE = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?1015l\x1b[?1016l"
    "\x1b[?2004l\x1b[?2026l\x1b[?2048l\x1b[?7h\x1b[0m\x1b[?1049l\x1b[?25h"
)
"""Mouse, focus and paste reports off, main screen, cursor: what a start that failed midway leaves behind."""


class OpenTerminal:
    """The terminal, taken at once: settings remembered, echo silenced, the last screen drawn."""

    def __init__(self, theme: str = "", *, last_screen: bool = True) -> None:
        """
        Args:
            last_screen: False when there is no last screen to show (the demo).
        """
        self._settings: list[Any] | None = None  # numbers and a list, as termios has them
        try:
            self._settings = termios.tcgetattr(0)
            quiet = list(self._settings)
            quiet[3] &= ~(termios.ECHO | termios.ICANON)
            termios.tcsetattr(0, termios.TCSANOW, quiet)
        except termios.error:
            self._settings = None
        self._follow_signals()
        first_paint.write(_last_screen(theme) if last_screen else first_paint.ENTER)

    def _follow_signals(self) -> None:
        """Until the dashboard follows them itself: put the terminal back, then end as a shell expects."""

        def end(number: int, _: object) -> None:
            self.restore()
            raise SystemExit(128 + number)

        for name in ("SIGTERM", "SIGHUP"):
            try:
                signal.signal(getattr(signal, name), end)
            except (AttributeError, ValueError):
                return  # not this system's, or not the main thread

    def restore(self) -> None:
        """The terminal as it was found; what is gone by now is left."""
        try:
            first_paint.write(RESTORE)
            if self._settings is not None:
                termios.tcsetattr(0, termios.TCSANOW, self._settings)
        except (OSError, termios.error):
            return

    def __enter__(self) -> None:
        """Nothing more to do: it is open."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:  # else the driver has put the screen back itself
            self.restore()
        elif self._settings is not None:
            try:
                termios.tcsetattr(0, termios.TCSANOW, self._settings)
            except termios.error:
                return


def _last_screen(theme: str) -> str:
    try:
        paths = locate()
    except PfError:
        return first_paint.ENTER  # no home directory: said in a sentence when the files are looked for
    return first_paint.drawn(paths, first_paint.size(), theme, colour="NO_COLOR" not in os.environ)


def run(ctx: Context, *, theme: str | None = None, mouse: bool = True, opened: bool = True) -> int:
    """The dashboard on an opened terminal, or in a browser; returns the exit code.

    Raises what it could not go on from.
    """
    import gc

    gc.disable()  # 20 ms of the start are collections that find nothing; the app turns it on again
    from pf_tui import snapshot
    from pf_tui.tui.app import Dashboard

    app = Dashboard(ctx, snapshot.take(ctx, keep_going=True), theme=theme or "", painted=opened)
    app.run(mouse=mouse)
    if app.failure is not None:
        raise app.failure
    return app.return_code or 0


def in_a_browser() -> bool:
    """textual-serve runs us: what it reads from stdout is its own protocol, not a screen."""
    return "web_driver" in os.environ.get("TEXTUAL_DRIVER", "")


def refusal() -> str:
    """Why there is nothing to draw on; "" when there is."""
    if not (os.isatty(0) and os.isatty(1)):
        return "the dashboard needs a terminal"
    kind = os.environ.get("TERM", "")
    return (
        f"the dashboard cannot draw on a terminal of the kind '{kind}'" if kind in ("dumb", "unknown") else ""
    )
