"""A session of OpenCode after a turn that a limit ended: what its plugin needs to send it on, and when."""

from __future__ import annotations

from datetime import datetime

from pf_tui.hooks.reading import text
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.rules.benches import Bench
    from pf_tui.rules.failures import Failure

LIMITS = frozenset(("rate", "quota", "windowless"))
"""Failures that time alone ends, after which the same turn can go on."""


def limit(ctx: Context, failure: Failure, rest: Bench | None) -> dict[str, object]:
    """The plugin's instruction to look for a wish from now on; {} for a failure that is no limit."""
    if failure.kind not in LIMITS:
        return {}
    until = rest.until if rest else failure.until
    return {"limit": {"file": str(ctx.paths.resumes), "until": epoch_ms(until) if until else None}}


def due(ctx: Context, data: dict[str, object]) -> dict[str, object]:
    """What the person wishes of the session: `send` a word now, or at the time `at` (None = no wish)."""
    from pf_tui.actions import resuming
    from pf_tui.state import resumes

    session = text(data, "session_id")
    at = resumes.read(ctx.paths).get(("opencode", session))
    if at is not None and at > ctx.now():
        return {"at": epoch_ms(at)}
    if at is not None and resuming.sent_by_plugin(ctx, session):
        return {"at": None, "send": resuming.MESSAGE}
    return {"at": None}


def epoch_ms(at: datetime) -> int:
    """UTC ms, as JavaScript counts time."""
    return round(at.timestamp() * 1000)
