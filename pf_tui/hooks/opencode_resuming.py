"""A session of OpenCode after a turn that a limit ended: what its plugin needs to send it on, and when."""

from __future__ import annotations

from pf_tui.hooks.opencode_routing import epoch_ms
from pf_tui.hooks.reading import text
from pf_tui.state.context import Context


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
