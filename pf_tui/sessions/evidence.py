"""What hooks, the status line and OpenCode's plugin saw of a session: one small file each in `sessions/`.

The one kind of state file without lock and fsync: it is derived, and an agent waits for its writer. A write
that is older than what stands there is dropped, so late processes cannot turn time back; what was
written while the clock was ahead stands in nobody's way. Nothing in it quotes a person, a model or a tool.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from _thread import get_ident
from collections.abc import Mapping

from pf_tui import json_values
from pf_tui.clients import CLIENTS
from pf_tui.records import record, replace
from pf_tui.regular_files import open_regular
from pf_tui.sessions.text import word
from pf_tui.state.paths import Paths, make_private

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

VERSION = 1
MAX_BYTES = 8 * 1024
"""Ours have less than 1 KB; a larger file is none of ours."""

MAX_FILES = 200
KEEP_S = 24 * 3600.0
"""An ended session is forgotten after a day."""

LATEST_S = 1e11
"""Beyond it (the year 5138) no event can be."""

AHEAD_S = 60.0
"""An event that is so far ahead of the clock was written while the clock was wrong."""

FACTS = ""
"""The event of a write that tells no event: what stands there stays, only its facts are renewed."""

SETTLES_NS = 50_000_000
"""Two changes nearer to each other may bear the same time (a jiffy is up to 10 ms)."""

ENDED = ("SessionEnd", "dispose")
"""Events after which a session is over."""


@record
class Evidence:
    """One session as its hooks saw it; None = nothing was said."""

    agent: AgentId
    id: str
    at: float
    """Epoch seconds of the event, by this machine's clock."""
    event: str
    status: str | None = None
    """OpenCode's session.status: busy | idle | retry."""
    turn: str | None = None
    waiting_for: str | None = None
    """permission | question; "" takes it back."""
    retry_at: float | None = None
    pid: int | None = None
    start: str | None = None
    domain: str | None = None
    cwd: str | None = None
    transcript: str | None = None
    parent: str | None = None
    tty: str | None = None
    tmux: Mapping[str, str] | None = None
    """{"socket", "pane"}"""
    model: str | None = None
    provider: str | None = None
    base_url_host: str | None = None
    """Host and port the session's requests went to."""
    limited: Mapping[str, float | None] | None = None
    """{"at", "until"}; {} takes it back."""
    background: int | None = None
    context: Mapping[str, float] | None = None
    """{"tokens", "window", "percent"}"""
    cost_usd: float | None = None


_EVENT = ("event", "at", "status", "turn", "waiting_for", "retry_at")
_OF_EVENT = frozenset(("status", "turn", "waiting_for", "retry_at"))
"""Of the newest event alone; everything else stays until it is said anew."""


def file_name(agent: str, session: str) -> str:
    """Where a session's evidence lies; ids are hashed because anybody may choose one."""
    return _sha256(f"{agent}:{session}".encode("utf-8", "replace"))[:32] + ".json"


def _sha256(data: bytes) -> str:
    """hashlib's own, where it stands without OpenSSL, which takes 3 ms of every hook to load."""
    try:
        if sys.version_info >= (3, 12):
            from _sha2 import sha256
        else:
            from _sha256 import sha256  # type: ignore[import-not-found]
    except ImportError:
        from hashlib import sha256
    digest: str = sha256(data).hexdigest()
    return digest


def read(paths: Paths, agent: str, session: str) -> Evidence | None:
    """What the hooks of one session saw; None when nothing is there."""
    return _load(f"{paths.sessions}/{file_name(agent, session)}")


def write(paths: Paths, evidence: Evidence) -> bool:
    """Lay what was seen over what is known; False when something newer stands there or the disk refuses."""
    path = f"{paths.sessions}/{file_name(evidence.agent, evidence.id)}"
    old = _load(path)
    if old is not None and (old.agent, old.id) == (evidence.agent, evidence.id):
        is_newer = evidence.at < old.at <= time.time() + AHEAD_S
        if is_newer and evidence.event != FACTS:
            return False
        evidence = _merged(old, evidence)
        if evidence == old:
            return True
    if evidence.event == FACTS:
        evidence = replace(evidence, event="started")
    data = json.dumps(_to_json(evidence), separators=(",", ":")).encode()
    temp = f"{paths.sessions}/.{os.path.basename(path)}.{os.getpid()}.{get_ident()}.tmp"  # noqa: PTH119
    try:
        make_private(paths.sessions)
        handle = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, data)
        finally:
            os.close(handle)
        os.replace(temp, path)  # noqa: PTH105 - as every write of a state file
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temp)  # noqa: PTH108
        return False
    if old is None:
        prune(paths, evidence.at)
    return True


def prepare(paths: Paths, now_s: float) -> None:
    """Make the folder for a writer of another language, and forget what is old. Raises OSError."""
    make_private(paths.sessions)
    prune(paths, now_s)


def prune(paths: Paths, now_s: float) -> None:
    """Forget sessions that ended a day ago, and the oldest beyond MAX_FILES."""
    try:
        with os.scandir(paths.sessions) as entries:
            entries_by_age = [(entry.stat().st_mtime, entry.path) for entry in entries if not entry.is_dir()]
    except OSError:
        return
    entries_by_age.sort(reverse=True)
    for index, (changed_s, path) in enumerate(entries_by_age):
        late = now_s - changed_s > KEEP_S
        if not late and index < MAX_FILES:
            continue
        evidence = _load(path) if late and index < MAX_FILES else None
        if evidence is not None and evidence.event not in ENDED and _runs(evidence.pid):
            continue
        with contextlib.suppress(OSError):
            os.unlink(path)  # noqa: PTH108


def _runs(pid: int | None) -> bool:
    from pf_tui.state import pids  # a hook prunes at its first event alone

    return pid is not None and pids.is_there(pid)


class Store:
    """All evidence, for a reader that looks again and again: only files that changed are read."""

    def __init__(self, paths: Paths) -> None:
        self._folder = str(paths.sessions)
        self._folder_time: int | None = None
        self._files: dict[str, tuple[tuple[int, int], Evidence | None]] = {}
        self._all: dict[tuple[str, str], Evidence] = {}

    def all(self) -> Mapping[tuple[str, str], Evidence]:
        """(agent, id) -> what its hooks saw."""
        try:
            folder_time = os.stat(self._folder).st_mtime_ns  # noqa: PTH116 - every write replaces a file there
        except OSError:
            self._files.clear()
            self._folder_time = None
            return {}
        if folder_time != self._folder_time:
            self._read()
            self._all = {(item.agent, item.id): item for _, item in self._files.values() if item is not None}
            self._folder_time = folder_time if is_settled(folder_time) else None
        return self._all

    def _read(self) -> None:
        present: dict[str, tuple[tuple[int, int], Evidence | None]] = {}
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                if not entry.name.endswith(".json") or entry.name.startswith("."):
                    continue
                try:
                    status = entry.stat()
                except OSError:
                    continue
                stamp = (status.st_mtime_ns, status.st_ino)
                file = self._files.get(entry.path)
                if file is None or file[0] != stamp or not is_settled(stamp[0]):
                    evidence = _load(entry.path)
                    if evidence is not None and file_name(evidence.agent, evidence.id) != entry.name:
                        evidence = None  # copied or renamed by hand
                    file = (stamp, evidence)
                present[entry.path] = file
        self._files = present


def is_settled(mtime_ns: int) -> bool:
    """Whether a change from now on would have another time: file systems count in steps of some ms."""
    return abs(time.time_ns() - mtime_ns) > SETTLES_NS


def _merged(earlier: Evidence, later: Evidence) -> Evidence:
    """The newer event with what older ones said of the rest; a new process starts from nothing."""
    if later.start is not None and earlier.start is not None and later.start != earlier.start:
        return replace(later, event=later.event or "started")
    stored_fields = _EVENT if later.event == FACTS else ()
    older = {
        name: getattr(earlier, name)
        for name in Evidence.__annotations__
        if name in stored_fields or (name not in _OF_EVENT and getattr(later, name) is None)
    }
    return replace(later, **older)


def _to_json(evidence: Evidence) -> dict[str, object]:
    event = {name: getattr(evidence, name) for name in _EVENT if getattr(evidence, name) is not None}
    rest = {
        name: getattr(evidence, name)
        for name in Evidence.__annotations__
        if name not in _EVENT and name not in ("agent", "id") and getattr(evidence, name) is not None
    }
    return {"v": VERSION, "agent": evidence.agent, "id": evidence.id, "evidence": event, **rest}


def _load(path: str) -> Evidence | None:
    """The file's evidence; None when there is none that can be used."""
    try:
        with open_regular(path) as file:
            content = json_values.parse(file.read(MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.get("v") != VERSION:
        return None
    event, session = content.get("evidence"), word(content.get("id"))
    client = CLIENTS.get(word(content.get("agent")) or "")
    if not isinstance(event, dict) or client is None or session is None:
        return None
    at, name = _epoch_s(event.get("at")), word(event.get("event"))
    if at is None or name is None:
        return None
    pid = content.get("pid")
    background = content.get("background")
    return Evidence(
        agent=client.id,
        id=session,
        at=at,
        event=name,
        status=word(event.get("status")),
        turn=word(event.get("turn")),
        waiting_for=word(event.get("waiting_for")),
        retry_at=_number(event.get("retry_at")),
        pid=pid if isinstance(pid, int) and not isinstance(pid, bool) else None,
        start=word(content.get("start")),
        domain=word(content.get("domain")),
        cwd=_path(content.get("cwd")),
        transcript=_path(content.get("transcript")),
        parent=word(content.get("parent")),
        tty=word(content.get("tty")),
        tmux=_words(content.get("tmux")),
        model=word(content.get("model")),
        provider=word(content.get("provider")),
        base_url_host=word(content.get("base_url_host")),
        limited=_numbers(content.get("limited")),
        background=background if isinstance(background, int) and 0 <= background < 10**6 else None,
        context=_numbers(content.get("context")),
        cost_usd=_number(content.get("cost_usd")),
    )


def _epoch_s(value: object) -> float | None:
    seconds = _number(value)
    return seconds if seconds is not None and 0 <= seconds < LATEST_S else None


def _number(value: object) -> float | None:
    """A finite number; a time or an amount nobody could mean is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -1e12 < value < 1e12 else None


def _numbers(value: object) -> dict[str, float] | None:
    if not isinstance(value, dict):
        return None
    return {name: number for name, item in value.items() if (number := _number(item)) is not None}


def _words(value: object) -> dict[str, str] | None:
    if not isinstance(value, dict):
        return None
    return {str(name): text for name, item in value.items() if (text := word(item)) is not None}


def _path(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) < 4096 else None
