"""The door: the last known screen at once, then the toolkit, then the dashboard; and the way back.

Invariant: whatever happens, the terminal is as it was when this returns.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import termios
from collections.abc import Iterator
from typing import Any

from pf_tui.errors import PfError
from pf_tui.state.context import Context
from pf_tui.tui import frame

RESTORE = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?1015l\x1b[?1016l"
    "\x1b[?2004l\x1b[?2026l\x1b[?2048l\x1b[?7h\x1b[0m\x1b[?1049l\x1b[?25h"
)
"""Mouse, focus and paste reports off, main screen, cursor: what a start that failed midway leaves behind."""


def run(ctx: Context, *, theme: str | None = None, mouse: bool = True) -> int:
    """Open the dashboard on a terminal; returns the exit code.

    Raises:
        PfError: it could not go on; the terminal has been restored.
    """
    with _terminal():
        size, wished = frame.size(), theme or ""
        frame.write(frame.drawn(ctx.paths, size, wished, colour="NO_COLOR" not in ctx.env))
        gc.disable()  # 20 ms of the start are collections that find nothing
        from pf_tui import snapshot
        from pf_tui.tui.app import Dashboard

        app = Dashboard(ctx, snapshot.take(ctx, keep_going=True), theme=wished, painted=True)
        app.run(mouse=mouse)
    if app.failure is not None:
        raise _told(app.failure) from app.failure
    return app.return_code or 0


def _told(failure: BaseException) -> PfError:
    """What went wrong inside, as one sentence."""
    if isinstance(failure, PfError):
        return failure
    where = failure.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f" ({os.path.basename(where.tb_frame.f_code.co_filename)}:{where.tb_lineno})" if where else ""  # noqa: PTH119 - a code object's name, not a path on disk
    return PfError(
        f"the dashboard stopped: {type(failure).__name__}: {failure}{place}; nothing was lost",
        "`pf-tui status` shows the same in text; please report it",
    )


@contextlib.contextmanager
def _terminal() -> Iterator[None]:
    """Remember the terminal's settings, silence its echo, and put everything back."""
    settings: list[Any] | None = None
    with contextlib.suppress(termios.error, OSError, ValueError):
        settings = termios.tcgetattr(sys.__stdin__.fileno())  # type: ignore[union-attr]
        quiet = [*settings[:3], settings[3] & ~(termios.ECHO | termios.ICANON), *settings[4:]]
        termios.tcsetattr(0, termios.TCSANOW, quiet)
    clean = False
    try:
        yield
        clean = True  # the driver has put the screen back itself
    finally:
        if not clean:
            with contextlib.suppress(OSError):
                frame.write(RESTORE)
        if settings is not None:
            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(0, termios.TCSANOW, settings)
