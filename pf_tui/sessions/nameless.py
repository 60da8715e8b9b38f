"""The row of a process whose session cannot be known (yet): one shape for every collector."""

from __future__ import annotations

from datetime import datetime

from pf_tui.sessions.processes import Process, focus_of
from pf_tui.sessions.records import Draft, Signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

PREFIX = "pid-"


def draft_of(agent: AgentId, process: Process, now: datetime) -> Draft:
    """That the process runs, where, and since when; of its session nothing."""
    at = process.started or now
    return Draft(
        id=f"{PREFIX}{process.pid}",
        agent=agent,
        signals=Signals(life="alive", last_change=at),
        cwd=process.cwd,
        pid=process.pid,
        started=process.started,
        last_activity=at,
        focus=focus_of(process),
    )


def is_nameless(draft: Draft) -> bool:
    """Whether the row stands for a process and not for a session."""
    return draft.id.startswith(PREFIX)
