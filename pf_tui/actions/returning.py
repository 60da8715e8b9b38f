"""Fail-back: the provider that a failover left serves again. That is an event like the failover itself."""

from __future__ import annotations

from pf_tui import snapshot
from pf_tui.actions.journalling import write_down
from pf_tui.snapshot import Snapshot
from pf_tui.state import files
from pf_tui.state.context import Context
from pf_tui.state.journal import Event

LEAVES = ("failover", "bench")
"""Actions after which another provider, or nobody, serves."""


def left_by(now: Snapshot) -> Event | None:
    """The failover that is over: nothing has moved since, and who was left (or anybody at all) serves."""
    if now.active is None:
        return None
    for event in reversed(now.events):
        if "active" not in event.after:
            continue
        before, after = event.before.get("active"), event.after["active"]
        over = event.action in LEAVES and before != after and after != now.active.provider
        return event if over and (after is None or before == now.active.provider) else None
    return None


def note_return(ctx: Context) -> Event | None:
    """Write the return down, once whoever looks; None when there is none."""
    with files.locked(ctx.paths):
        now = snapshot.take(ctx)
        failover = left_by(now)
        if failover is None or now.active is None:
            return None
        bench = failover.after.get("bench")
        kind = bench.get("kind") if isinstance(bench, dict) else None
        event = write_down(
            ctx,
            "return",
            why="its limit is over" if kind in ("rate", "quota") else "its rest is over",
            before={"active": failover.after["active"]},
            after={"active": now.active.provider},
            evidence={"failover": failover.id},
        )
        if now.config.is_notifying:
            from pf_tui.actions import notices

            notices.returned(ctx, event)
        return event
