"""Claude Code's subagents of one session: `<session>/subagents/agent-*.meta.json` and their transcripts.

A session may have had thousands: the folder is listed only when it changed, and only those that may still
work are looked at. Their rows name the model that really served them (Haiku under Sonnet was seen).
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from pf_tui.regular_files import read_regular
from pf_tui.sessions.logs import Log
from pf_tui.sessions.records import Draft, Signals, Stamp
from pf_tui.sessions.text import word

MOST = 20
"""Subagents of one session that are shown at a time, the newest."""

RECENT_S = 600.0
"""A subagent whose file has not changed for so long before it was first seen is not looked at."""

MAX_META_BYTES = 64 * 1024


class Subagents:
    """The subagents of one session that work."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._folder_time: int | None = None
        self._over: set[str] = set()
        self._open: dict[str, _Agent] = {}

    def look(self, now: datetime) -> bool:
        """See which have not finished; False when all have."""
        self._list(now.timestamp())
        for name, agent in list(self._open.items()):
            if agent.finished():
                del self._open[name]
                self._over.add(name)
        return bool(self._open)

    def working(self, parent: Draft) -> tuple[Draft, ...]:
        """Those that had not finished at the last look, newest first, at most MOST."""
        newest = sorted(self._open.values(), key=lambda subagent: subagent.born_s, reverse=True)[:MOST]
        return tuple(agent.draft(parent) for agent in newest)

    def _list(self, now_s: float) -> None:
        try:
            folder_time = os.stat(self._folder).st_mtime_ns  # noqa: PTH116
            if folder_time == self._folder_time:
                return
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    name = entry.name
                    if not name.endswith(".meta.json") or name in self._over or name in self._open:
                        continue
                    changed_s = entry.stat().st_mtime
                    if abs(now_s - changed_s) > RECENT_S and not self._grew(name, now_s):
                        self._over.add(name)
                    else:
                        self._open[name] = _Agent(self._folder, name, changed_s)
        except OSError:
            return
        self._folder_time = folder_time

    def _grew(self, name: str, now_s: float) -> bool:
        """A subagent at work for long has an old meta file and a young transcript."""
        try:
            log = os.stat(f"{self._folder}/{name.removesuffix('.meta.json')}.jsonl")  # noqa: PTH116
        except OSError:
            return False
        return abs(now_s - log.st_mtime) <= RECENT_S


class _Agent:
    """One subagent that has not finished."""

    def __init__(self, folder: str, name: str, born_s: float) -> None:
        self.born_s = born_s
        self._meta = f"{folder}/{name}"
        self._id = word(name.removesuffix(".meta.json").removeprefix("agent-")) or "?"
        self._log: Log[Rows] = Log(f"{folder}/{name.removesuffix('.meta.json')}.jsonl", Rows)
        self._stamp: tuple[int, int, int] | None = None
        self._facts: Mapping[str, object] = {}

    def finished(self) -> bool:
        """Whether its meta file says so by now, or is gone."""
        try:
            status = os.stat(self._meta)  # noqa: PTH116
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if stamp != self._stamp and stat.S_ISREG(status.st_mode) and status.st_size <= MAX_META_BYTES:
                content = json.loads(read_regular(self._meta, MAX_META_BYTES))
                self._stamp, self._facts = stamp, content if isinstance(content, dict) else {}
        except FileNotFoundError:
            return True
        except (OSError, ValueError, RecursionError):
            return False
        return bool(self._facts.get("finished"))

    def draft(self, parent: Draft) -> Draft:
        """As a child of its session."""
        self._log.refresh()
        born = datetime.fromtimestamp(self.born_s, UTC)
        log_time = datetime.fromtimestamp(self._log.changed_s, UTC) if self._log.changed_s else born
        return Draft(
            id=self._id,
            agent=parent.agent,
            signals=Signals(life=parent.signals.life, busy=Stamp(by="log", at=born), last_change=log_time),
            cwd=parent.cwd,
            pid=parent.pid,
            started=born,
            last_activity=log_time,
            parent=parent.id,
            agent_type=word(self._facts.get("agentType")),
            model=self._log.follower.model or word(self._facts.get("model")),
        )


class Rows:
    """The model of a subagent's newest answer."""

    def __init__(self) -> None:
        self.anchors: tuple[Callable[[bytes], bool], ...] = (_is_answer,)
        self.model: str | None = None

    def take(self, line: bytes) -> None:
        """One row."""
        if _is_answer(line):
            self.model = word(json.loads(line)["message"].get("model")) or self.model


def _is_answer(line: bytes) -> bool:
    return (b'"type":"assistant"' in line or b'"type": "assistant"' in line) and b'"<synthetic>"' not in line
