"""Claude Code's sessions: its registry of running clients, their transcripts and subagents.

`sessions/<pid>.json` holds busy, idle or waiting and is right where hooks are blind: Esc in a turn or in a
permission dialog fires none (2.1.332, measured). It is written on change only and survives kill -9, so
its age says nothing and its process start says everything. Provider and money are not in it.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from pf_tui.json_values import object_in
from pf_tui.records import replace
from pf_tui.regular_files import read_regular
from pf_tui.rules.reset_text import reset_from_text
from pf_tui.sessions.evidence import is_settled
from pf_tui.sessions.logs import Log
from pf_tui.sessions.processes import Folders, Process, Processes, focus_of
from pf_tui.sessions.records import Draft, Focus, LimitSeen, PendingQuestion, Signals, Stamp
from pf_tui.sessions.subagents import Subagents
from pf_tui.sessions.text import word
from pf_tui.state.clock import from_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId
    from pf_tui.sessions.records import Life, WaitingFor

AGENT: AgentId = "claude-code"
MAX_REGISTRY_BYTES = 64 * 1024
"""A registry file has about 600 bytes; a larger one is none."""

WAITING_FOR: Mapping[str, WaitingFor] = {
    "permission prompt": "permission",
    "input needed": "question",
    "dialog open": "dialog",
}
"""The registry's words -> ours; unknown ones count as a question."""

LIMITS = ("rate_limit", "billing_error")
"""Errors of a synthetic row that are limits."""

CONTEXT = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
"""Of an answer's usage, what its request held."""

SEARCH_AGAIN = 30
"""Looks between two searches for a transcript that is not where its working directory says."""

_INTERRUPTED = b"[Request interrupted by user"


class Collector:
    """All sessions of Claude Code, with what was read of them before."""

    def __init__(self) -> None:
        self._registry: dict[str, tuple[tuple[int, int, int], _Entry | None]] = {}
        self._sessions: dict[str, _Files] = {}
        self._folders = Folders(AGENT)

    def sessions(
        self, env: Mapping[str, str], processes: Processes, now: datetime, evidence: object
    ) -> list[Draft]:
        """What the registries of all configuration folders say; an unchanged draft is the same object."""
        by_pid: dict[str, Draft] = {}
        present: set[str] = set()
        folders = self._folders.of(env, processes.environments())
        entries = [(folder, entry) for folder in folders for entry in self._entries(folder, present)]
        jobs = {entry.job for _, entry in entries if entry.job and entry.life(processes) != "gone"}
        for folder, entry in entries:
            if entry.parked in jobs:
                continue  # it goes on in the background, under the job's own id
            draft = self._session(folder, entry, processes, now)
            if draft is None:
                continue
            other = by_pid.get(draft.id)
            if other is None or _newer(draft, other):
                by_pid[draft.id] = draft
        for key in self._registry.keys() - present:
            del self._registry[key]
        for key in self._sessions.keys() - by_pid.keys():
            del self._sessions[key]
        return list(by_pid.values())

    def _entries(self, folder: str, present: set[str]) -> Iterator[_Entry]:
        """The registry's files; only those that changed are read."""
        try:
            entries = list(os.scandir(f"{folder}/sessions"))
        except OSError:
            return
        for entry in entries:
            if not entry.name.endswith(".json"):  # messaging keys lie beside them
                continue
            try:
                status = entry.stat()
                stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
                cached = self._registry.get(entry.path)
                if cached is None or cached[0] != stamp or (not is_settled(stamp[0]) and cached[1]):
                    if not stat.S_ISREG(status.st_mode):  # reading a pipe may never end
                        continue
                    cached = (stamp, _entry(_object(entry.path, status.st_size), status.st_mtime))
                    self._registry[entry.path] = cached
            except (OSError, ValueError, RecursionError):
                continue  # half written: it is whole at the next look
            present.add(entry.path)
            if cached[1] is not None:
                yield cached[1]

    def _session(self, folder: str, entry: _Entry, processes: Processes, now: datetime) -> Draft | None:
        life = entry.life(processes)
        if life == "gone" and entry.changed is not None and now - entry.changed > timedelta(days=1):
            return None
        process = processes.process(entry.pid, entry.start) if life == "alive" and entry.start else None
        files = self._sessions.get(entry.session)
        if files is None or files.folder != folder:
            files = self._sessions[entry.session] = _Files(folder, entry.session)
        log = files.log(entry.cwd)
        if log is not None:
            log.refresh()
        agents = files.subagents
        works = life == "alive" and entry.facts.get("status") in ("busy", "waiting") and agents is not None
        if works and agents is not None and agents.look(now):
            draft = _draft(entry, life, process, log)
            files.last_draft = None
            return replace(draft, children=agents.working(draft))
        key = (entry, life, process, log.version if log else 0)
        if files.last_draft is None or files.last_draft[0] != key:
            files.last_draft = (key, _draft(entry, life, process, log))
        return files.last_draft[1]


class _Entry:
    """One registry file that says enough: compared by identity, made anew when the file changed."""

    __slots__ = ("changed", "cwd", "facts", "job", "parked", "pid", "session", "start", "written")

    def __init__(self, facts: Mapping[str, object], pid: int, session: str, written_s: float) -> None:
        self.facts, self.pid, self.session = facts, pid, session
        self.written = from_text(written_s)
        self.start = word(facts.get("procStart"))
        self.job = word(facts.get("jobId"))
        self.parked = word(facts.get("parkedJobId"))
        """The job that its session became when the person left it for the list of agents (2.1.332)."""
        cwd = facts.get("cwd")
        self.cwd = cwd if isinstance(cwd, str) else None
        self.changed = from_text(facts.get("statusUpdatedAt")) or from_text(facts.get("updatedAt"))

    def life(self, processes: Processes) -> Life:
        """Whether its process runs, or cannot be seen from here."""
        domain = self.facts.get("pidDomain")
        if isinstance(domain, str) and processes.domain is not None and domain != processes.domain:
            return "foreign"
        return processes.life(self.pid, self.start)


def _entry(facts: Mapping[str, object], written_s: float) -> _Entry | None:
    pid, session = facts.get("pid"), word(facts.get("sessionId"))
    if not isinstance(pid, int) or isinstance(pid, bool) or session is None:
        return None
    if facts.get("spare") is True:
        return None  # a process that waits for the next background session (2.1.332)
    return _Entry(facts, pid, session, written_s)


def _draft(entry: _Entry, life: Life, process: Process | None, log: Log[Rows] | None) -> Draft:
    rows = log.follower if log and log.changed_s is not None else Rows()
    log_time = datetime.fromtimestamp(log.changed_s, UTC) if log and log.changed_s else None
    activity = max((moment for moment in (entry.changed, log_time) if moment), default=None)
    base_url = (process.env.get("ANTHROPIC_BASE_URL") or None) if process else None
    return Draft(
        id=entry.session,
        agent=AGENT,
        signals=_signals(entry, life, rows, log_time, activity),
        cwd=entry.cwd,
        pid=entry.pid,
        started=from_text(entry.facts.get("startedAt")),
        last_activity=activity,
        model=rows.model,
        context_tokens=rows.context_tokens,
        focus=_focus(entry.facts, process) if life in ("alive", "unsure") else None,
        base_url=base_url,
        base_url_by="process" if base_url else None,
    )


class _Files:
    """A session's transcript and subagents, once they were found."""

    def __init__(self, folder: str, session: str) -> None:
        self.folder = folder
        self.subagents: Subagents | None = None
        self.last_draft: tuple[tuple[object, ...], Draft] | None = None
        """What the draft was made of, and the draft."""
        self._session = session
        self._log: Log[Rows] | None = None
        self._looks = 0

    def log(self, cwd: str | None) -> Log[Rows] | None:
        """The transcript; it is there from the first prompt on."""
        if self._log is None:
            path = self._find(cwd)
            if path is not None:
                self._log = Log(path, Rows)
                self.subagents = Subagents(f"{path.removesuffix('.jsonl')}/subagents")
        return self._log

    def _find(self, cwd: str | None) -> str | None:
        if re.fullmatch(r"[\w.-]+", self._session) is None:
            return None  # no file of that name can be meant
        projects = f"{self.folder}/projects"
        if cwd:
            path = f"{projects}/{re.sub(r'[^A-Za-z0-9]', '-', cwd)}/{self._session}.jsonl"
            if os.path.exists(path):  # noqa: PTH110
                return path
        self._looks += 1
        if self._looks % SEARCH_AGAIN != 1:
            return None
        try:
            slugs = [entry.path for entry in os.scandir(projects)]
        except OSError:
            return None
        paths = (f"{slug}/{self._session}.jsonl" for slug in slugs)
        return next((path for path in paths if os.path.exists(path)), None)  # noqa: PTH110


class Rows:
    """What the newest rows of a transcript's main chain say."""

    def __init__(self) -> None:
        self.anchors: tuple[Callable[[bytes], bool], ...] = (_is_answer,)
        self.model: str | None = None
        self.context_tokens: int | None = None
        self.limit: LimitSeen | None = None
        self.retry: LimitSeen | None = None
        self.open: bool | None = None
        """A turn is on, as far as rows tell; None = nothing tells."""

    def take(self, line: bytes) -> None:
        """One row; most kinds say nothing here and are not decoded."""
        if _is(line, b"type", b"assistant"):
            if not _aside(line):
                self._answer(json.loads(line))
        elif _is(line, b"type", b"user"):
            if _aside(line):
                return
            if self.limit is not None and json.loads(line).get("type") != "user":
                return
            self.limit = self.retry = None
            self.open = _INTERRUPTED not in line
        elif _is(line, b"subtype", b"api_error") and not _aside(line):
            self._retried(json.loads(line))

    def _answer(self, row: Mapping[str, object]) -> None:
        message = object_in(row, "message")
        if row.get("isApiErrorMessage"):
            self.open, self.retry = False, None
            self.limit = _limit(row, message)
        elif message.get("model") != "<synthetic>":
            self.limit = self.retry = None
            self.model = word(message.get("model")) or self.model
            usage = object_in(message, "usage")
            counts = [_count(usage.get(name)) for name in CONTEXT]
            if any(counts):  # a context is never empty: what says so is damaged
                self.context_tokens = sum(counts)
            self.open = message.get("stop_reason") not in (
                "end_turn",
                "stop_sequence",
                "max_tokens",
                "refusal",
            )

    def _retried(self, row: Mapping[str, object]) -> None:
        """The client will try again by itself; headless ones write it down."""
        error, at, wait = row.get("error"), from_text(row.get("timestamp")), _count(row.get("retryInMs"))
        status = error.get("status") if isinstance(error, dict) else None
        if at is not None and status in (429, 529):
            self.retry = LimitSeen(until=at + timedelta(milliseconds=wait), by="log", at=at)


def _signals(
    entry: _Entry, life: Life, rows: Rows, log_time: datetime | None, activity: datetime | None
) -> Signals:
    status = "idle" if entry.parked else entry.facts.get("status")  # that of a parked one is from before
    at = entry.changed or log_time or entry.written
    signals = Signals(life=life, limit=rows.limit, retry=rows.retry, last_change=activity)
    if at is None:
        return signals
    if status == "waiting":
        kind = WAITING_FOR.get(str(entry.facts.get("waitingFor")), "question")
        return replace(signals, waiting=PendingQuestion(kind=kind, by="registry", at=at))
    if status == "busy":
        return replace(signals, busy=Stamp(by="registry", at=at))
    if status == "idle":
        return replace(signals, idle=Stamp(by="registry", at=at))
    if log_time is None or rows.open is None:
        return signals
    if rows.open:
        return replace(signals, unfinished=Stamp(by="log", at=log_time))
    return replace(signals, idle=Stamp(by="log", at=log_time))


def _newer(draft: Draft, other: Draft) -> bool:
    """Whether to show this one of two files that name one session: a live client goes before a leftover."""
    rank = {"alive": 3, "unsure": 2, "foreign": 1, "gone": 0}
    own_rank, other_rank = rank[draft.signals.life], rank[other.signals.life]
    return own_rank > other_rank or (
        own_rank == other_rank
        and (draft.started or datetime.min.replace(tzinfo=UTC))
        > (other.started or datetime.min.replace(tzinfo=UTC))
    )


def _focus(entry: Mapping[str, object], process: Process | None) -> Focus | None:
    """A background session has no terminal: it is opened by its job's number."""
    if entry.get("kind") != "bg":
        return focus_of(process)
    job = word(entry.get("jobId"))
    return Focus(attach=f"claude attach {job}") if job and re.fullmatch(r"[\w-]+", job) else None


def _limit(row: Mapping[str, object], message: Mapping[str, object]) -> LimitSeen | None:
    """The limit a synthetic row tells of; None for another failure."""
    at = from_text(row.get("timestamp"))
    quota = row.get("quotaLimits")
    quota = quota if isinstance(quota, dict) else {}
    is_limit = (
        row.get("error") in LIMITS
        or row.get("apiErrorStatus") == 429
        or row.get("apiError") == "usage_limit_reached"
        or quota.get("status") == "rejected"
    )
    if at is None or not is_limit:
        return None
    until = from_text(quota.get("resetsAt"))
    if until is None:
        parts = message.get("content")
        texts = (
            [part.get("text") for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
        )
        text = next((part for part in texts if isinstance(part, str)), "")
        until = reset_from_text(text[:2000], at)
    return LimitSeen(until=until, by="log", at=at)


def _object(path: str, size: int) -> dict[str, object]:
    if size > MAX_REGISTRY_BYTES:
        raise ValueError("no registry file is so large")
    content = json.loads(read_regular(path, MAX_REGISTRY_BYTES))
    return content if isinstance(content, dict) else {}


def _is(line: bytes, key: bytes, value: bytes) -> bool:
    if b'"%s"' % value not in line:  # one search tells of most rows, some of which have 100 KB
        return False
    return b'"%s":"%s"' % (key, value) in line or b'"%s": "%s"' % (key, value) in line


def _aside(line: bytes) -> bool:
    return b'"isSidechain":true' in line or b'"isSidechain": true' in line


def _is_answer(line: bytes) -> bool:
    """A row of the main chain with a model and its usage."""
    return (
        _is(line, b"type", b"assistant")
        and not _aside(line)
        and (message := _message(line)) is not None
        and message.get("model") != "<synthetic>"
    )


def _message(line: bytes) -> dict[str, object] | None:
    """The message of an answer's row; None when the row is damaged."""
    try:
        message = json.loads(line)["message"]
        sound = isinstance(message["model"], str) and isinstance(message["usage"], dict)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return message if sound else None


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12 else 0
