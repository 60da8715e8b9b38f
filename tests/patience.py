"""How tests wait: for the thing itself, never for a time, and so long that no load turns a test red."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 300.0
"""Against a hang. Whatever must happen happens far sooner, on any machine."""

LOOK_EVERY_S = 0.02

LIMITS: Mapping[str, float] = {
    "pf_tui.state.files.LOCK_TIMEOUT_S": PATIENCE_S,
    "pf_tui.state.trust.LOCK_S": PATIENCE_S,
    "pf_tui.state.ancestors.PS_S": PATIENCE_S,
    "pf_tui.ledger.schema.BUSY_MS": round(PATIENCE_S * 1000),
    "pf_tui.ledger.schema.HURRIED_S": PATIENCE_S,
    "pf_tui.ledger.reader.WAIT_S": PATIENCE_S,
    "pf_tui.ledger.price_update.TIMEOUT_S": PATIENCE_S,
    "pf_tui.hooks.LIMIT_S": PATIENCE_S,
    "pf_tui.hooks.STATUSLINE_LIMIT_S": PATIENCE_S,
    "pf_tui.hooks.GATEWAY_S": PATIENCE_S,
    "pf_tui.hooks.deadline.LOCK_S": PATIENCE_S,
    "pf_tui.hooks.commands.PATIENCE_S": PATIENCE_S,
    "pf_tui.hooks.opencode.GATEWAY_START_S": PATIENCE_S,
    "pf_tui.hooks.status_line.OWN_LIMIT_S": PATIENCE_S,
    "pf_tui.ingest.pipeline.WAIT_S": PATIENCE_S,
    "pf_tui.ingest.opencode.BUSY_S": PATIENCE_S,
    "pf_tui.sessions.opencode.BUSY_S": PATIENCE_S,
    "pf_tui.actions.focusing.LIMIT_S": PATIENCE_S,
    "pf_tui.actions.gateway_start.START_S": PATIENCE_S,
    "pf_tui.actions.gateway_start.ANSWER_S": PATIENCE_S,
    "pf_tui.actions.resuming.QUEUE_LIMIT_S": PATIENCE_S,
    "pf_tui.cli.manual.LOOK_LIMIT_S": PATIENCE_S,
    "pf_tui.auth_check.TIMEOUT_S": PATIENCE_S,
    "pf_tui.export.otlp_target.TIMEOUT_S": PATIENCE_S,
    "pf_tui.gateway.attempt_failures.ERROR_S": PATIENCE_S,
    "pf_tui.gateway.process.ASK_S": PATIENCE_S,
    "pf_tui.gateway.process.STOP_S": PATIENCE_S,
    "pf_tui.gateway.routing_state.PROJECT_S": PATIENCE_S,
    "pf_tui.gateway.streamed_answer.GRACE_S": PATIENCE_S,
    "pf_tui.gateway.streamed_answer.LINGER_S": PATIENCE_S,
    "pf_tui.integrations.doctor.clients.VERSION_S": PATIENCE_S,
    "pf_tui.integrations.doctor.clients.LISTENS_S": PATIENCE_S,
    "pf_tui.launch.supervisor.AGAIN_S": PATIENCE_S,
    "pf_tui.tui.cli_runner.TIMEOUT_S": PATIENCE_S,
    "pf_tui.tui.cli_runner.COMPLETION_TIMEOUT_S": PATIENCE_S,
    "pf_tui.tui.refresher.END_S": PATIENCE_S,
    "pf_tui.tui.clipboard.TIMEOUT_S": PATIENCE_S,
}
"""How long our own code waits before it gives up; a test of giving up sets its own."""

PAUSES: Mapping[str, float] = {"pf_tui.gateway.routing_state.LOOK_S": 0.0}
"""Pauses within which the gateway would not see what a test has just changed."""


def raise_limits(limits: Mapping[str, float] = LIMITS) -> None:
    """Set limits in their modules, and in those that have imported them by name."""
    for place, limit in limits.items():
        name, _, constant = place.rpartition(".")
        usual = getattr(importlib.import_module(name), constant)
        for module in [loaded for of, loaded in sys.modules.items() if of.startswith("pf_tui.")]:
            if getattr(module, constant, None) is usual:
                setattr(module, constant, limit)


def eventually(holds: Callable[[], T | None], what: str) -> T:
    """Wait until `holds` gives something true; returns that."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not (given := holds()):
        assert time.monotonic() < deadline_s, f"never: {what}"
        time.sleep(LOOK_EVERY_S)
    return given
