"""A machine of files: a /proc, homes of agents and a state folder; sessions run there without a process."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pf_tui.records import replace
from pf_tui.sessions.overview import Watch, overview
from pf_tui.sessions.processes import Processes
from pf_tui.sessions.records import Session
from pf_tui.state.context import Context

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DOMAIN_NAMESPACE = "pid:[4026531836]"


class Machine:
    """What the tests of this room look at; `sessions()` is one look of the same face."""

    def __init__(self, ctx: Context, root: Path) -> None:
        self.root, self.home = root, Path(ctx.env["HOME"])
        self.proc = root / "proc"
        (self.proc / "self" / "ns").mkdir(parents=True)
        (self.proc / "self" / "ns" / "pid").symlink_to(DOMAIN_NAMESPACE)
        (self.proc / "stat").write_text(f"btime {int(NOW.timestamp()) - 100_000}\n")
        self.now = NOW
        self.ctx = replace(ctx, clock=lambda: self.now)
        self.watch = self.new_watch()
        self._locks: dict[int, str] = {}

    def new_watch(self) -> Watch:
        """As a program that was just started sees it."""
        return Watch(self.ctx, Processes(self.proc))

    def process(
        self,
        pid: int,
        name: str = "claude",
        *,
        start: int = 5000,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        parent: int = 1,
        state: str = "S",
        files: Sequence[str] = (),
    ) -> None:
        """Let a process run."""
        folder = self.proc / str(pid)
        folder.mkdir(exist_ok=True)
        fields = [state, parent, pid, pid, 34820, pid, *[0] * 13, start, 0, 0]
        (folder / "stat").write_text(f"{pid} ({name}) {' '.join(str(field) for field in fields)}\n")
        (folder / "comm").write_text(f"{name}\n")
        variables = {"HOME": str(self.home), **(env or {})}
        (folder / "environ").write_bytes(b"".join(f"{k}={v}\0".encode() for k, v in variables.items()))
        (folder / "cwd").unlink(missing_ok=True)
        (folder / "cwd").symlink_to(cwd or self.home)
        for number, target in enumerate(files):
            (folder / "fd").mkdir(exist_ok=True)
            (folder / "fd" / str(number)).symlink_to(target)

    def kill(self, pid: int) -> None:
        """kill -9: nothing but the process goes."""
        shutil.rmtree(self.proc / str(pid))
        self._locks.pop(pid, None)
        self._write_locks()

    def folder(self, name: str) -> Path:
        """A working directory."""
        path = self.home / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def claude(
        self,
        pid: int = 100,
        session: str = "s-1",
        *,
        status: str | None = "idle",
        start: int = 5000,
        cwd: Path | None = None,
        at: datetime | None = None,
        **more: Any,
    ) -> Path:
        """Write a registry entry; the process is not started."""
        moment = round((at or self.now - timedelta(seconds=3)).timestamp() * 1000)
        entry = {
            "pid": pid,
            "sessionId": session,
            "cwd": str(cwd or self.folder("alpha")),
            "startedAt": moment,
            "procStart": str(start),
            "kind": "interactive",
            "entrypoint": "cli",
            "name": "SECRET-name",
            "status": status,
            "statusUpdatedAt": moment,
            **more,
        }
        entry = {key: value for key, value in entry.items() if value is not None}
        path = self.home / ".claude" / "sessions" / f"{pid}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(entry, separators=(",", ":")))
        return path

    def transcript(self, session: str = "s-1", cwd: Path | None = None) -> Path:
        """Where a session's transcript is."""
        slug = "".join(
            char if char.isascii() and char.isalnum() else "-" for char in str(cwd or self.folder("alpha"))
        )
        path = self.home / ".claude" / "projects" / slug / f"{session}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def codex(self, pid: int, thread: str) -> Path:
        """A process takes a thread's lock; returns where its rollout is."""
        home = self.home / ".codex"
        lock = home / "thread-writer-locks" / f"{thread}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
        self._locks[pid] = (
            f"{len(self._locks) + 1}: FLOCK  ADVISORY  WRITE {pid} 08:01:{lock.stat().st_ino} 0 EOF"
        )
        self._write_locks()
        made = datetime.fromtimestamp(int(thread.replace("-", "")[:12], 16) / 1000, UTC)
        folder = home / "sessions" / f"{made:%Y}" / f"{made:%m}" / f"{made:%d}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"rollout-{made:%Y-%m-%dT%H-%M-%S}-{thread}.jsonl"

    def sessions(self) -> tuple[Session, ...]:
        """The next look of the same face."""
        return overview(self.ctx, self.watch)

    def only(self) -> Session:
        """The one session there is."""
        (session,) = self.sessions()
        return session

    def states(self) -> dict[str, str]:
        """Session -> state."""
        return {session.id: session.state for session in self.sessions()}

    def _write_locks(self) -> None:
        (self.proc / "locks").write_text("".join(f"{line}\n" for line in self._locks.values()))


def stamp(at: datetime) -> str:
    """A time as clients write it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def add(path: Path, *rows: Mapping[str, Any], at: datetime = NOW) -> None:
    """Add rows to a log; its mtime becomes `at`."""
    with path.open("a", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, separators=(",", ":")) + "\n")
    os.utime(path, (at.timestamp(), at.timestamp()))


def add_subagents(log: Path, count: int, apart_s: float = 1.0) -> None:
    """Subagents beside a transcript, the newest of now, each `apart_s` older than the one before."""
    folder = log.with_suffix("") / "subagents"
    folder.mkdir(parents=True)
    for number in range(count):
        meta = folder / f"agent-{number}.meta.json"
        meta.write_text('{"agentType":"Explore"}')
        os.utime(meta, (NOW.timestamp(), NOW.timestamp() - number * apart_s))


def answer(
    model: str = "claude-sonnet-5-5", *, at: datetime = NOW, tokens: int = 1000, **more: Any
) -> dict[str, Any]:
    """A transcript's row of an answer."""
    usage = {"input_tokens": 10, "cache_read_input_tokens": tokens - 10, "cache_creation_input_tokens": 0}
    message = {
        "model": model,
        "stop_reason": "end_turn",
        "usage": usage,
        "content": [{"type": "text", "text": "SECRET-said"}],
    }
    return {"isSidechain": False, "type": "assistant", "timestamp": stamp(at), "message": message, **more}


def asked(text: str = "SECRET-prompt", *, at: datetime = NOW) -> dict[str, Any]:
    """A transcript's row of a prompt."""
    return {
        "isSidechain": False,
        "type": "user",
        "timestamp": stamp(at),
        "message": {"role": "user", "content": text},
    }


def event(kind: str, *, at: datetime = NOW, **payload: Any) -> dict[str, Any]:
    """A rollout's event."""
    return {"timestamp": stamp(at), "type": "event_msg", "payload": {"type": kind, **payload}}


Make = Callable[[], Machine]
