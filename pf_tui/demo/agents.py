"""The demo's agent sessions, as the agents themselves publish them: a registry, hooks' evidence, the gateway.

Their processes are the demo's own, so that they live exactly as long as the demo does.
Invariant: nothing is written outside the demo's home and state directory.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from pf_tui.records import record
from pf_tui.sessions import evidence, identity
from pf_tui.sessions.evidence import Evidence
from pf_tui.state.gateway import LiveSession
from pf_tui.state.paths import Paths

WINDOW_TOKENS = 200_000
ASKS_EVERY = timedelta(seconds=45)
"""One of the sessions waits for its person now and then, for this part of the time: a third."""


@record
class Session:
    """One session of the story."""

    agent: str
    id: str
    project: str
    pid: int
    asks: bool = False
    """It waits for permission now and then."""


def shown(sessions: Sequence[tuple[str, str, str]]) -> tuple[Session, ...]:
    """The sessions that are shown: two of Claude Code in processes of the demo, and one of OpenCode.

    Args:
        sessions: (agent, session id, project), in the order of the story.
    """
    pids = [os.getpid(), os.getppid()]
    chosen: list[Session] = []
    for agent, session, project in sessions:
        if agent == "claude-code" and pids:
            chosen.append(
                Session(agent=agent, id=session, project=project, pid=pids.pop(0), asks=len(pids) == 0)
            )
        elif agent == "opencode":
            chosen.append(Session(agent=agent, id=session, project=project, pid=os.getpid()))
    return tuple(chosen)


class Agents:
    """Publishes what each session does; a file is written when something about it changes."""

    def __init__(self, paths: Paths, home: Path, sessions: Sequence[Session], began: datetime) -> None:
        self._paths, self._home, self._sessions, self._began = paths, home, sessions, began
        self._told: dict[str, object] = {}
        self._tokens = {one.id: 18_000 + 9_000 * place for place, one in enumerate(sessions)}

    def tick(self, now: datetime, busy: frozenset[str]) -> None:
        """Args: busy: sessions with a request under way."""
        for one in self._sessions:
            state = "busy" if one.id in busy else "idle"
            if one.asks and (now - self._began) % ASKS_EVERY > ASKS_EVERY * 2 / 3:
                state = "waiting"
            if self._told.get(one.id) == state:
                continue
            self._told[one.id] = state
            if state == "busy":
                self._tokens[one.id] = min(WINDOW_TOKENS, self._tokens[one.id] + 1_200)
            self._publish(one, state, now)

    def live(self, now: datetime, provider: str, model: str | None, only: str | None) -> list[LiveSession]:
        """What the gateway last did for each. Args: only: the agent whose login the provider is."""
        if model is None:
            return []
        return [
            LiveSession(session=one.id, provider=provider, model=model, at=now, status=200)
            for one in self._sessions
            if only in (None, one.agent)
        ]

    def _publish(self, one: Session, state: str, now: datetime) -> None:
        cwd = str(self._home / "code" / one.project)
        start, domain, tokens = identity.start(one.pid), identity.domain(), self._tokens[one.id]
        told = Evidence(
            agent=one.agent,
            id=one.id,
            at=now.timestamp(),
            event=evidence.FACTS if one.agent == "claude-code" else "session.status",
            status=state if one.agent == "opencode" else None,
            pid=one.pid,
            start=start,
            domain=domain,
            cwd=cwd,
            context={"tokens": tokens, "window": WINDOW_TOKENS, "percent": 100 * tokens / WINDOW_TOKENS},
        )
        evidence.write(self._paths, told)
        if one.agent != "claude-code":
            return
        entry = {
            "pid": one.pid,
            "procStart": start,
            "pidDomain": domain,
            "sessionId": one.id,
            "cwd": cwd,
            "startedAt": round(self._began.timestamp() * 1000),
            "kind": "interactive",
            "entrypoint": "cli",
            "status": state,
            "statusUpdatedAt": round(now.timestamp() * 1000),
            **({"waitingFor": "permission prompt"} if state == "waiting" else {}),
        }
        folder = self._home / ".claude" / "sessions"
        folder.mkdir(parents=True, exist_ok=True)
        temp = folder / f".{one.pid}.tmp"
        temp.write_text(json.dumps(entry), encoding="utf-8")
        temp.replace(folder / f"{one.pid}.json")
