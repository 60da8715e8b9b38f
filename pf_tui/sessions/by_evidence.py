"""Sessions of an agent that has no collector of its own: what its hooks tell, and its processes.

A process that nothing tells of is a session whose state nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from pf_tui.sessions.evidence import ENDED, Evidence
from pf_tui.sessions.opencode import signals_of
from pf_tui.sessions.processes import Process, Processes, focus_of
from pf_tui.sessions.records import NAMELESS, Draft, Signals


class Collector:
    """All sessions of one agent."""

    def __init__(self, agent: str) -> None:
        self._agent = agent

    def sessions(
        self,
        env: Mapping[str, str],
        processes: Processes,
        now: datetime,
        evidence: Mapping[tuple[str, str], Evidence],
    ) -> list[Draft]:
        """Those that hooks tell of and whose process runs, and one for each process nothing tells of."""
        running = {agent.pid: agent for agent in processes.agents(self._agent)}
        drafts, session_ids = [], set[int]()
        for (agent, _), session_evidence in evidence.items():
            process = running.get(session_evidence.pid or 0)
            lives = process is not None and session_evidence.start in (None, process.start)
            if agent == self._agent and process is not None and lives and session_evidence.event not in ENDED:
                session_ids.add(process.pid)
                at = datetime.fromtimestamp(session_evidence.at, UTC)
                signals = signals_of(Signals(life="alive", last_change=at), session_evidence, at)
                drafts.append(self._draft(session_evidence.id, process, signals, session_evidence.cwd, at))
        for process in running.values():
            if process.pid not in session_ids:
                at = process.started or now
                signals = Signals(life="alive", last_change=at)
                drafts.append(self._draft(f"{NAMELESS}{process.pid}", process, signals, None, at))
        return drafts

    def _draft(
        self, session: str, process: Process, signals: Signals, cwd: str | None, at: datetime
    ) -> Draft:
        return Draft(
            id=session,
            agent=self._agent,
            signals=signals,
            cwd=cwd or process.cwd,
            pid=process.pid,
            started=process.started,
            last_activity=at,
            focus=focus_of(process),
        )
