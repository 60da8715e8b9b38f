"""How tests wait: for the thing itself, never for a time, and so long that no load turns a test red."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 300.0
"""Against a hang. Whatever must happen happens far sooner, on any machine."""

LOOK_EVERY_S = 0.02

LIMITS = {
    "pf_tui.state.files.LOCK_TIMEOUT_S": PATIENCE_S,
    "pf_tui.ledger.schema.BUSY_MS": round(PATIENCE_S * 1000),
    "pf_tui.hooks.LIMIT_S": PATIENCE_S,
    "pf_tui.hooks.STATUSLINE_LIMIT_S": PATIENCE_S,
    "pf_tui.hooks.claude_code.LOCK_S": PATIENCE_S,
    "pf_tui.hooks.commands.PATIENCE_S": PATIENCE_S,
    "pf_tui.hooks.status_line.OWN_LIMIT_S": PATIENCE_S,
    "pf_tui.actions.gateway_start.START_S": PATIENCE_S,
    "pf_tui.integrations.doctor.clients.VERSION_S": PATIENCE_S,
    "pf_tui.tui.cli_runner.COMPLETION_TIMEOUT_S": PATIENCE_S,
}
"""How long our own code waits before it gives up; a test of giving up sets its own."""


def eventually(holds: Callable[[], T | None], what: str) -> T:
    """Wait until `holds` gives something true; returns that."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not (given := holds()):
        assert time.monotonic() < deadline_s, f"never: {what}"
        time.sleep(LOOK_EVERY_S)
    return given
