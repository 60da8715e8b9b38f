"""How tests wait: for the thing itself, never for a time, and so long that no load turns a test red."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 300.0
"""Against a hang. Whatever must happen happens far sooner, on any machine."""

LOOK_EVERY_S = 0.02

_PATIENT = (
    "from pf_tui import hooks; from pf_tui.state import files; "
    f"hooks.LIMIT_S = hooks.STATUSLINE_LIMIT_S = files.LOCK_TIMEOUT_S = {PATIENCE_S}; "
    "from pf_tui.__main__ import main; main()"
)


def eventually(holds: Callable[[], T | None], what: str) -> T:
    """Wait until `holds` gives something true; returns that."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not (given := holds()):
        assert time.monotonic() < deadline_s, f"never: {what}"
        time.sleep(LOOK_EVERY_S)
    return given


def patient(*words: str) -> list[str]:
    """The command line of `pf-tui …` whose own limits (hook, lock) no busy machine reaches."""
    return [sys.executable, "-c", _PATIENT, *words]
