"""Sessions of an agent that has no collector of its own: what its hooks tell, and its processes.

A process that nothing tells of is a session whose state nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from pf_tui.records import replace
from pf_tui.sessions.evidence import ENDED, Evidence
from pf_tui.sessions.processes import Process, Processes, focus_of
from pf_tui.sessions.records import Draft, LimitSeen, PendingQuestion, Signals, Stamp
from pf_tui.state.clock import from_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId
    from pf_tui.sessions.records import WaitingFor

WAITING_FOR: Mapping[str, WaitingFor] = {"permission": "permission", "question": "question"}

_NAMELESS = "pid-"
"""Begins the id of a row that is a process, whose session cannot be known (yet)."""


class Collector:
    """All sessions of one agent."""

    def __init__(self, agent: AgentId) -> None:
        self._agent = agent

    def sessions(
        self,
        env: Mapping[str, str],
        processes: Processes,
        now: datetime,
        evidence: Mapping[tuple[str, str], Evidence],
    ) -> list[Draft]:
        """Those that hooks tell of and whose process runs, and one for each process nothing tells of."""
        running = {process.pid: process for process in processes.agents(self._agent)}
        drafts, pids = [], set[int]()
        for (agent, _), session_evidence in evidence.items():
            process = running.get(session_evidence.pid or 0)
            lives = process is not None and session_evidence.start in (None, process.start)
            if agent == self._agent and process is not None and lives and session_evidence.event not in ENDED:
                pids.add(process.pid)
                at = datetime.fromtimestamp(session_evidence.at, UTC)
                drafts.append(
                    Draft(
                        id=session_evidence.id,
                        agent=agent,
                        signals=signals_of(Signals(life="alive", last_change=at), session_evidence, at),
                        cwd=session_evidence.cwd or process.cwd,
                        pid=process.pid,
                        started=process.started,
                        last_activity=at,
                        focus=focus_of(process),
                    )
                )
        without = [process for pid, process in running.items() if pid not in pids]
        return drafts + [nameless(self._agent, process, now) for process in without]


def signals_of(signals: Signals, evidence: Evidence, at: datetime) -> Signals:
    """With what the newest evidence says of a session that runs."""
    if kind := WAITING_FOR.get(evidence.waiting_for or ""):
        return replace(signals, waiting=PendingQuestion(kind=kind, by="hook", at=at))
    if evidence.status == "retry":
        until = from_text(evidence.retry_at)
        return replace(signals, retry=LimitSeen(until=until, by="hook", at=at), busy=Stamp(by="hook", at=at))
    if evidence.status == "busy":
        return replace(signals, busy=Stamp(by="hook", at=at))
    signals = replace(signals, idle=Stamp(by="hook", at=at))
    if evidence.limited:  # its last turn ended there, and none has begun since
        limited_at = from_text(evidence.limited.get("at")) or at
        until = from_text(evidence.limited.get("until"))
        signals = replace(signals, limit=LimitSeen(until=until, by="hook", at=limited_at))
    return signals


def nameless(agent: AgentId, process: Process, now: datetime) -> Draft:
    """That the process runs, where, and since when; of its session nothing."""
    at = process.started or now
    return Draft(
        id=f"{_NAMELESS}{process.pid}",
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
    return draft.id.startswith(_NAMELESS)
