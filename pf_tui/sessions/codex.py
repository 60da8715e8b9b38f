"""Codex's sessions: who holds a thread's writer lock, and what the thread's rollout says.

kill -9 leaves the lock file behind, but not the lock: /proc/locks is asked, never the file. A rollout exists
from the first prompt on. Esc writes `turn_aborted` and fires no hook; waiting for an approval looks
like a running tool, so only our PermissionRequest hook can tell it (0.171.0, measured).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from pf_tui.records import replace
from pf_tui.regular_files import open_regular
from pf_tui.rules.reset_text import reset_from_text
from pf_tui.sessions.by_evidence import nameless
from pf_tui.sessions.logs import Log
from pf_tui.sessions.processes import Folders, Process, Processes, focus_of
from pf_tui.sessions.records import Draft, LimitSeen, Signals, Stamp
from pf_tui.sessions.text import word
from pf_tui.state.clock import from_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

AGENT: AgentId = "codex"
_LOCKS = "thread-writer-locks"
_THREAD = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DATABASE = re.compile(r"/state_\d+\.sqlite$")
OPENS_AFTER = timedelta(seconds=0.5)
"""A command that only asks the database is over by then."""

LIMITS = ("usage_limit_exceeded", "rate_limit_exceeded")
HEAD_BYTES = 512 * 1024
"""Of a rollout's first row, which holds the instructions."""


class Collector:
    """All sessions of Codex, with what was read of them before."""

    def __init__(self) -> None:
        self._threads: dict[str, _Thread] = {}
        self._folders = Folders(AGENT)

    def sessions(
        self, env: Mapping[str, str], processes: Processes, now: datetime, evidence: object
    ) -> list[Draft]:
        """One for each thread that a process of this machine holds."""
        running = {process.pid: process for process in processes.agents(AGENT)}
        if not running:
            self._threads.clear()
            return []
        homes = self._folders.of(env, [process.env for process in running.values()])
        rollouts = self._locks(homes, running, processes)
        for thread in self._threads.keys() - rollouts.keys():
            del self._threads[thread]
        drafts = [self._draft(home, thread, process, now) for thread, (home, process) in rollouts.items()]
        holders = {process.pid for _, process in rollouts.values()}
        for pid, process in running.items():
            if pid not in holders and _opens(process, processes, now):
                drafts.append(nameless(AGENT, process, now))
        return drafts

    def _locks(
        self, homes: list[str], running: Mapping[int, Process], processes: Processes
    ) -> dict[str, tuple[str, Process]]:
        """Thread -> (home, process) of every writer lock that is held."""
        inodes: dict[int, tuple[str, str]] = {}
        for home in homes:
            try:
                with os.scandir(f"{home}/{_LOCKS}") as entries:
                    for entry in entries:
                        thread = entry.name.removesuffix(".lock")
                        if _THREAD.fullmatch(thread):
                            inodes[entry.inode()] = (home, thread)
            except OSError:
                continue
        by_process: dict[str, tuple[str, Process]] = {}
        for pid, inode in processes.flocks():
            if pid in running and inode in inodes:
                home, thread = inodes[inode]
                by_process[thread] = (home, running[pid])
        return by_process

    def _draft(self, home: str, thread: str, process: Process, now: datetime) -> Draft:
        state = self._threads.get(thread)
        if state is None:
            state = self._threads[thread] = _Thread(home, thread)
        return state.draft(process, now)


def _opens(process: Process, processes: Processes, now: datetime) -> bool:
    """Whether this is a screen without a thread yet: Codex shows its prompt 0.7 s before it takes the lock.

    Its database is open by then (0.171.0); servers have no terminal on their input.
    """
    if process.tty is None or process.started is None or now - process.started < OPENS_AFTER:
        return False
    files = processes.open_files(process.pid)
    return files[:1] == [process.tty] and any(_DATABASE.search(path) for path in files)


class _Thread:
    """One thread and its rollout, once that was found."""

    def __init__(self, home: str, thread: str) -> None:
        self._home, self._thread = home, thread
        self._log: Log[Rows] | None = None
        self._looks = 0
        self._head: Mapping[str, object] = {}

    def draft(self, process: Process, now: datetime) -> Draft:
        """As it stands."""
        rows = self._rows()
        log_time = (
            datetime.fromtimestamp(self._log.changed_s, UTC) if self._log and self._log.changed_s else None
        )
        provider = rows.provider or word(self._head.get("model_provider"))
        base_url = process.env.get("OPENAI_BASE_URL") or None
        return Draft(
            id=self._thread,
            agent=AGENT,
            signals=rows.signals(log_time or process.started or now),
            cwd=rows.cwd or word(self._head.get("cwd")) or process.cwd,
            pid=process.pid,
            started=process.started,
            last_activity=log_time or process.started,
            parent=_parent(self._head),
            provider=provider,
            provider_by="log" if provider else None,
            base_url=base_url,
            base_url_by="process" if base_url else None,
            model=rows.model,
            context_tokens=rows.context_tokens,
            context_window=rows.context_window,
            focus=focus_of(process),
            turn=rows.turn,
            turn_at=rows.last_at,
        )

    def _rows(self) -> Rows:
        if self._log is None:
            self._looks += 1
            path = _rollout(self._home, self._thread) if self._looks % 5 == 1 or self._looks < 10 else None
            if path is None:
                return Rows()
            self._log = Log(path, Rows)
            self._head = _head(path)
        self._log.refresh()
        return self._log.follower


class Rows:
    """What the newest rows of a rollout say."""

    def __init__(self) -> None:
        self.anchors: tuple[Callable[[bytes], bool], ...] = (
            lambda line: b'"task_started"' in line,
            lambda line: b'"turn_context"' in line,
            lambda line: b'"token_count"' in line and b'"total_token_usage"' in line,
        )
        self.cwd: str | None = None
        self.model: str | None = None
        self.provider: str | None = None
        self.context_tokens: int | None = None
        self.context_window: int | None = None
        self.turn: str | None = None
        """The turn that is on."""
        self.turn_at: datetime | None = None
        self.last_at: datetime | None = None
        """Time of the newest row, by Codex's clock."""
        self.idle_at: datetime | None = None
        self.limit: LimitSeen | None = None
        self._resets_at: datetime | None = None

    def take(self, line: bytes) -> None:
        """One row. Answers and tool results are skipped undecoded: their time is enough."""
        if stamp := _TIMESTAMP.match(line):
            self.last_at = from_text(stamp[1].decode("ascii", "replace")) or self.last_at
        if b'"response_item"' in line[:400] or not any(needle in line for needle in _NEEDLES):
            return
        row = json.loads(line)
        payload, at = row["payload"], from_text(row.get("timestamp"))
        kind = payload.get("type") if row.get("type") == "event_msg" else row.get("type")
        if kind == "task_started":
            self.turn, self.turn_at, self.limit = word(payload.get("turn_id")) or "?", at, None
            self.context_window = _count(payload.get("model_context_window")) or self.context_window
        elif kind in ("task_complete", "turn_aborted"):
            self.turn, self.idle_at = None, at
            self.limit = self._limited(payload.get("error"), at)
        elif kind == "turn_context":
            self.model = word(payload.get("model")) or self.model
            self.cwd = payload["cwd"] if isinstance(payload.get("cwd"), str) else self.cwd
        elif kind == "thread_settings_applied":
            settings = payload.get("thread_settings")
            if isinstance(settings, dict):
                self.model = word(settings.get("model")) or self.model
                self.provider = word(settings.get("model_provider_id")) or self.provider
        elif kind == "token_count":
            self._counted(payload)

    def signals(self, log_time: datetime) -> Signals:
        """Of a thread whose process runs."""
        signals = Signals(life="alive", limit=self.limit, last_change=log_time)
        if self.turn is not None:
            return replace(signals, busy=Stamp(by="log", at=self.turn_at or log_time))
        return replace(signals, idle=Stamp(by="log", at=self.idle_at or log_time))

    def _counted(self, payload: Mapping[str, object]) -> None:
        info = payload.get("info")
        if isinstance(info, dict):
            last = info.get("last_token_usage")
            if isinstance(last, dict):
                self.context_tokens = _count(last.get("total_tokens")) or self.context_tokens
            self.context_window = _count(info.get("model_context_window")) or self.context_window
        limits = payload.get("rate_limits")
        if isinstance(limits, dict):
            full = [
                from_text(window.get("resets_at"))
                for name in ("primary", "secondary")
                if isinstance(window := limits.get(name), dict)
                and _percent(window.get("used_percent")) >= 100
            ]
            self._resets_at = max((moment for moment in full if moment), default=None)

    def _limited(self, error: object, at: datetime | None) -> LimitSeen | None:
        """The limit that ended a turn."""
        if not isinstance(error, dict) or error.get("codex_error_info") not in LIMITS or at is None:
            return None
        if self._resets_at is not None:
            return LimitSeen(until=self._resets_at, by="log", at=at)
        until = reset_from_text(str(error.get("message") or "")[:2000], at)
        whole_minute = until is not None and (until.second, until.microsecond) == (0, 0)
        return LimitSeen(until=until, by="log", at=at, whole_minute=whole_minute)


_TIMESTAMP = re.compile(rb'\{"timestamp": ?"([^"]{10,40})"')
_NEEDLES = (
    b'"task_started"',
    b'"task_complete"',
    b'"turn_aborted"',
    b'"turn_context"',
    b'"thread_settings_applied"',
    b'"token_count"',
)


def _rollout(home: str, thread: str) -> str | None:
    """The thread's file: its id begins with the time it was made, which names its folder up to a zone."""
    try:
        thread_start = datetime.fromtimestamp(int(thread.replace("-", "")[:12], 16) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    for days in (0, -1, 1):
        try:
            folder = f"{home}/sessions/{thread_start + timedelta(days=days):%Y/%m/%d}"
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.endswith(f"-{thread}.jsonl"):
                        return entry.path
        except (OSError, OverflowError):
            continue
    return None


def _head(path: str) -> Mapping[str, object]:
    """The first row's facts: folder, provider, parent."""
    try:
        with open_regular(path) as file:
            row = json.loads(file.readline(HEAD_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    payload = row.get("payload") if isinstance(row, dict) else None
    return payload if isinstance(payload, dict) else {}


def _parent(head: Mapping[str, object]) -> str | None:
    """The thread that spawned this one."""
    source = head.get("source")
    spawned = source.get("subagent") if isinstance(source, dict) else None
    spawn_source = spawned.get("thread_spawn", spawned) if isinstance(spawned, dict) else head
    return word(spawn_source.get("parent_thread_id")) if isinstance(spawn_source, dict) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12 else None


def _percent(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
