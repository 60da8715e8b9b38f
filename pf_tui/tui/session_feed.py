"""What the sessions do, looked at again and again in the feed's thread; told only when it reads otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from pf_tui.sessions.overview import Watch, overview
from pf_tui.sessions.records import Session
from pf_tui.state.context import Context

SHOWN_S, HIDDEN_S = 0.5, 5.0
"""Between two looks while the pane is on screen, and while it is not."""

SHARE = 0.005
"""Of a processor that looks may take while the pane is on screen: those at hundreds of sessions are fewer."""

HURRIED_S = 0.25
"""Between two looks when the gateway, a hook or an agent has just told of a session; longer at hundreds."""

Sessions = tuple[Session, ...]


class SessionFeed:
    """Looks when it is due. `shown` may be set from any thread, all else belongs to the feed's."""

    def __init__(self, ctx: Context, tell: Callable[[Sessions], None]) -> None:
        self._ctx, self._tell = ctx, tell
        self._watch: Watch | None = None
        self._last_facts: tuple[object, ...] | None = None
        self._looked_s = float("-inf")
        self._costs_s = (0.0, 0.0)
        """Processor time of the last two looks: one that is dear, as the first is, may be the only one."""
        self.shown = True
        """The pane is on screen."""
        self._hurried = False

    def hurry(self) -> None:
        """A session was just served, or turned away: the next look is due now."""
        self._hurried = True

    def wait_s(self) -> float:
        """Seconds until the next look."""
        interval_s = min(max(SHOWN_S, min(self._costs_s) / SHARE), HIDDEN_S)
        hurried_s = max(HURRIED_S, interval_s / 4)
        every = hurried_s if self._hurried else interval_s if self.shown else HIDDEN_S
        return max(0.0, self._looked_s + every - time.monotonic())

    def look(self) -> None:
        """Look if it is time, and tell what reads otherwise than before."""
        if self.wait_s() > 0:
            return
        self._looked_s, self._hurried = time.monotonic(), False
        if self._watch is None:
            self._watch = Watch(self._ctx)
        began_s = time.thread_time()
        sessions = overview(self._ctx, self._watch)
        self._costs_s = (self._costs_s[1], time.thread_time() - began_s)
        facts = (_minute(self._ctx.now()), *(_facts(session) for session in sessions))
        if facts != self._last_facts and (sessions or self._last_facts is None or len(self._last_facts) > 1):
            self._last_facts = facts
            self._tell(sessions)


def _facts(session: Session) -> tuple[object, ...]:
    """What is worth a repaint; figures follow with the minute."""
    return (
        *(
            session.agent,
            session.id,
            session.state,
            session.guess,
            session.waiting_for,
            session.limited_until,
            session.provider,
            session.provider_by,  # whether line 1 says that the gateway will move it
            session.behind_gateway,
            session.model,
        ),
        *(
            session.project,
            session.worktree,
            session.branch,
            session.killed,
            session.elsewhere,
            session.background,
        ),
        *(_facts(child) for child in session.children),
    )


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
