"""A session of OpenCode after a turn that a limit ended: what its plugin needs to send it on, and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from pf_tui.hooks.opencode_routing import epoch_ms
from pf_tui.hooks.reading import text
from pf_tui.snapshot import Snapshot
from pf_tui.state import resumes
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.rules.benches import Bench
    from pf_tui.rules.failures import Failure

LIMITS = frozenset(("rate", "quota", "windowless"))
"""Failures that time alone ends, after which the same turn can go on."""


def limit(
    ctx: Context, now: Snapshot, failure: Failure, rest: Bench | None, *, elsewhere: bool = False
) -> dict[str, object]:
    """The plugin's instruction to look for a request from now on; {} for a failure that is no limit.

    Args:
        elsewhere: the session's next turn runs at another provider.
    """
    if failure.kind not in LIMITS:
        return {}
    until = rest.until if rest else failure.until
    instruction: dict[str, object] = {
        "file": str(ctx.paths.resumes),
        "until": epoch_ms(until) if until else None,
    }
    if is_automatic(ctx, now):
        from pf_tui.actions.resuming import AFTER

        at = now.at if elsewhere else until + AFTER if until else None
        if at is not None:
            instruction["resume"] = epoch_ms(at)
    return {"limit": instruction}


def is_automatic(ctx: Context, now: Snapshot) -> bool:
    """The person wants a session to go on without being asked each time."""
    return now.config.resumes_sessions or ctx.env.get(resumes.VARIABLE) == "1"


def due_or_planned(ctx: Context, data: Mapping[str, object]) -> dict[str, object]:
    """What the session is to do: `send` a word now, or at the time `at` (None = nothing).

    With a time in `data` the person need not be asked: the session is to go on then.
    """
    from pf_tui.actions import resuming

    key = ("opencode", text(data, "session_id"))
    ms = data.get("at")
    if key[1] and isinstance(ms, int | float) and 0 < ms < 1e14:
        resumes.ask(ctx.paths, key, datetime.fromtimestamp(ms / 1000, UTC), ctx.now(), while_it_runs=True)
        return {}
    at = resumes.read(ctx.paths).get(key)
    if at is not None and at > ctx.now():
        return {"at": epoch_ms(at)}
    if at is not None and resuming.sent_by_plugin(ctx, key[1]):
        return {"at": None, "send": resuming.MESSAGE}
    return {"at": None}
