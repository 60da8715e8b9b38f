"""The agents of the demo: what each session asks the gateway, and what it publishes of itself.

A session is seen as a real one is: Claude Code by its registry and its status line's evidence, OpenCode by
its plugin's evidence, Codex by a rollout and the lock its process holds. The processes are the demo's own,
so that sessions live exactly as long as the demo does.
Invariant: nothing is written outside the demo's home and state directory.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from urllib.parse import quote

from pf_tui.records import record
from pf_tui.rules.own_headers import PROJECT_HEADER, RESUME_HEADER, TOKEN_HEADER
from pf_tui.sessions import evidence, identity
from pf_tui.sessions.evidence import Evidence
from pf_tui.state.clock import to_text
from pf_tui.state.paths import Paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

WINDOW_TOKENS = 200_000
GROWTH_TOKENS = 1_200
"""How much a turn adds to the context."""

ASKS_EVERY = timedelta(seconds=45)
"""One of the sessions waits for its person now and then, for this part of the time: a third."""

PATHS: Mapping[str, str] = {
    "claude-code": "/v1/messages",
    "opencode": "/v1/chat/completions",
    "codex": "/v1/responses",
}
"""Where each agent asks."""

_SESSION_HEADERS = ("x-claude-code-session-id", "x-session-id", "session_id")
_LOGIN = "Bearer sk-ant-oat01-demo"
"""Begins as a claude.ai login does, which is what the gateway lets through; it opens nothing."""


@record
class Session:
    """One session of the story."""

    agent: AgentId
    id: str
    project: str
    model: str
    pid: int
    asks: bool = False
    """It waits for permission now and then."""
    resumes: bool = False
    """It was started by `pf-tui run claude --resume-at-reset`."""


def headers(session: Session, token: str, folder: Path) -> dict[str, str]:
    """What the agent sends with a request (measured on the real ones). Args: folder: the demo's home."""
    request_headers = {TOKEN_HEADER: token, PROJECT_HEADER: quote(f"{folder}/code/{session.project}")}
    if session.resumes:
        request_headers[RESUME_HEADER] = "1"
    if session.agent == "claude-code":
        return {
            **request_headers,
            "authorization": _LOGIN,
            "user-agent": "claude-cli/2.1.332 (external, cli)",
            "x-claude-code-session-id": session.id,
            "anthropic-version": "2023-06-01",
        }
    if session.agent == "opencode":
        return {**request_headers, "user-agent": "opencode/1.18.33 ai-sdk/5", "x-session-id": session.id}
    return {**request_headers, "user-agent": "codex_cli_rs/0.171.0", "session_id": session.id}


def session_in(request_headers: Mapping[str, str]) -> str | None:
    """Whose request it is. Args: request_headers: by lower-case names."""
    return next((request_headers[name] for name in _SESSION_HEADERS if name in request_headers), None)


def body(session: Session) -> dict[str, object]:
    """A request as the agent sends it."""
    text = "Find where the total is rounded twice, and mend it."
    if session.agent == "codex":
        return {"model": session.model, "stream": True, "store": False, "input": text}
    messages = [{"role": "user", "content": text}]
    if session.agent == "claude-code":
        return {"model": session.model, "stream": True, "max_tokens": 32_000, "messages": messages}
    usage = {"include_usage": True}
    return {"model": session.model, "stream": True, "stream_options": usage, "messages": messages}


class Publisher:
    """Tells what each session does; a file is written when something about it changes."""

    def __init__(self, paths: Paths, home: Path, sessions: Sequence[Session], start: datetime) -> None:
        self._paths, self._home, self._sessions, self._began = paths, home, sessions, start
        self._states: dict[str, str] = {}
        self._tokens = {session.id: 18_000 + 9_000 * index for index, session in enumerate(sessions)}
        self._locks: list[IO[bytes]] = []

    def open(self) -> None:
        """Begin the sessions that are seen by more than what they tell."""
        for session in self._sessions:
            if session.agent == "codex":
                self._open_thread(session)

    def close(self) -> None:
        """Give the locks back."""
        for lock in self._locks:
            lock.close()
        self._locks.clear()

    def tell(self, now: datetime, busy: frozenset[str]) -> None:
        """Args: busy: sessions with a request under way."""
        for session in self._sessions:
            state = "busy" if session.id in busy else "idle"
            if session.asks and (now - self._began) % ASKS_EVERY > ASKS_EVERY * 2 / 3:
                state = "waiting"
            if self._states.get(session.id) == state:
                continue
            self._states[session.id] = state
            if state == "busy":
                tokens = self._tokens[session.id] + GROWTH_TOKENS
                self._tokens[session.id] = min(WINDOW_TOKENS, tokens)
            if session.agent == "codex":
                self._add_rows(session, state, now)
                continue
            self._leave_evidence(session, state, now)
            if session.agent == "claude-code":
                self._register(session, state, now)

    def _folder(self, session: Session) -> str:
        return str(self._home / "code" / session.project)

    def _leave_evidence(self, session: Session, state: str, now: datetime) -> None:
        tokens = self._tokens[session.id]
        context = {"tokens": tokens, "window": WINDOW_TOKENS, "percent": 100 * tokens / WINDOW_TOKENS}
        claude = session.agent == "claude-code"
        session_evidence = Evidence(
            agent=session.agent,
            id=session.id,
            at=now.timestamp(),
            event=evidence.FACTS if claude else "session.status",
            status=None if claude else state,
            pid=session.pid,
            start=identity.start(session.pid),
            domain=identity.domain(),
            cwd=self._folder(session),
            context=context,
        )
        evidence.write(self._paths, session_evidence)

    def _register(self, session: Session, state: str, now: datetime) -> None:
        """Claude Code's own registry of running sessions."""
        entry = {
            "pid": session.pid,
            "procStart": identity.start(session.pid),
            "pidDomain": identity.domain(),
            "sessionId": session.id,
            "cwd": self._folder(session),
            "startedAt": round(self._began.timestamp() * 1000),
            "kind": "interactive",
            "entrypoint": "cli",
            "status": state,
            "statusUpdatedAt": round(now.timestamp() * 1000),
            **({"waitingFor": "permission prompt"} if state == "waiting" else {}),
        }
        folder = self._home / ".claude" / "sessions"
        folder.mkdir(parents=True, exist_ok=True)
        temp = folder / f".{session.pid}.tmp"
        temp.write_text(json.dumps(entry), encoding="utf-8")
        temp.replace(folder / f"{session.pid}.json")

    def _open_thread(self, session: Session) -> None:
        """A thread of Codex that this process holds. Linux tells who holds a lock; elsewhere nobody looks."""
        with contextlib.suppress(OSError, ImportError):
            import fcntl

            Path("/proc/self/comm").write_text("codex", encoding="ascii")
            folder = self._home / ".codex" / "thread-writer-locks"
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / f"{session.id}.lock").open("wb")
            self._locks.append(lock)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        head = {"id": session.id, "cwd": self._folder(session), "model_provider": "pf-tui"}
        turn = {"model": session.model, "cwd": self._folder(session)}
        self._write_rows(session, self._began, ("session_meta", head), ("turn_context", turn))

    def _add_rows(self, session: Session, state: str, now: datetime) -> None:
        """A turn begins or ends."""
        if state == "busy":
            start_row = {"type": "task_started", "turn_id": "demo", "model_context_window": WINDOW_TOKENS}
            self._write_rows(session, now, ("event_msg", start_row))
            return
        # a full context and nothing to count: the gateway counts this session's tokens
        usage = {"input_tokens": 0, "total_tokens": self._tokens[session.id]}
        info = {"last_token_usage": usage, "model_context_window": WINDOW_TOKENS}
        count_row = {"type": "token_count", "info": info}
        self._write_rows(session, now, ("event_msg", count_row), ("event_msg", {"type": "task_complete"}))

    def _write_rows(self, session: Session, now: datetime, *rows: tuple[str, Mapping[str, object]]) -> None:
        folder = self._home / ".codex" / "sessions" / f"{self._began:%Y/%m/%d}"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"rollout-{self._began:%Y-%m-%dT%H-%M-%S}-{session.id}.jsonl"
        with path.open("a", encoding="utf-8") as file:
            for kind, payload in rows:
                row = {"timestamp": to_text(now), "type": kind, "payload": payload}
                file.write(json.dumps(row) + "\n")


def thread_id(start: datetime, number: str) -> str:
    """A thread's id as Codex makes it: it begins with the time. Args: number: 32 hex digits."""
    text = f"{round(start.timestamp() * 1000):012x}7{number[13:]}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def processes() -> tuple[int, int]:
    """The two processes whose sessions the demo shows: the player and the dashboard that started it."""
    return os.getpid(), os.getppid()
