"""hooks.log: one line per event that could not be dealt with, so that `pf-tui doctor` can tell.

A line says when, which event, and what failed; never a value of the event or of the environment: both
hold secrets. A disk that refuses the log is no reason to stop either.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping

from pf_tui.errors import PfError, place_of
from pf_tui.visible import visible

ROTATE_BYTES = 256 * 1024
"""Then the file becomes hooks.1.log: weeks of trouble, and still quick to read."""

NAME = "hooks.log"


def failure(what: str, error: BaseException, env: Mapping[str, str]) -> None:
    """Note that `what` ("claude-code Stop") failed."""
    note(what, _words(error), env)


def note(what: str, words: str, env: Mapping[str, str]) -> None:
    """Add one line; nothing happens where that is not possible."""
    from pf_tui.state import paths

    with contextlib.suppress(OSError, PfError, ValueError):
        home = paths.locate(env).home
        paths.make_private(home)
        path = home / NAME
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size >= ROTATE_BYTES:
                path.replace(home / "hooks.1.log")
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line = visible(" ".join(f"{stamp} {what[:80]}: {words}".split()))
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o600)
        try:
            os.write(handle, line.encode("utf-8", "replace") + b"\n")
        finally:
            os.close(handle)


def _words(error: BaseException) -> str:
    """What went wrong in one line: our own sentences, else the kind of error and its place in our source."""
    if isinstance(error, PfError):
        return str(error)
    why = error.strerror if isinstance(error, OSError) and error.strerror else ""
    return f"{type(error).__name__} {why} at {place_of(error)}"
