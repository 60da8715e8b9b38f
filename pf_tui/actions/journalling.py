"""How a verb is written down."""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.state import journal
from pf_tui.state.context import Context
from pf_tui.state.journal import Event


def write_down(
    ctx: Context,
    action: str,
    *,
    why: str = "",
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    undo: Mapping[str, object] | None = None,
    of: str | None = None,
    evidence: Mapping[str, object] | None = None,
) -> Event:
    """Append one event in the caller's name. Call it inside the verb's lock."""
    now = ctx.now()
    event = Event(
        id=journal.new_id(now),
        ts=now,
        who=ctx.who,
        action=action,
        why=why,
        before=before or {},
        after=after or {},
        undo=undo,
        of=of,
        evidence=evidence or {},
    )
    journal.append(ctx.paths, event)
    return event
