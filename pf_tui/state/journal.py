"""journal.jsonl: one line per action, appended; the event feed and undo are read from it.

Each line: id, ts, who, action, why, before, after (+ whatever the action wants to tell). An undoable
action carries its old values in `before`; `undo` and `redo` lines name the action they are about in `of`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pf_tui import json_values
from pf_tui.errors import cannot_write
from pf_tui.records import field, record
from pf_tui.regular_files import open_regular
from pf_tui.state import files
from pf_tui.state.clock import from_text, to_text
from pf_tui.state.paths import Paths
from pf_tui.state.secret import masked, masked_values

ROTATE_BYTES = 5 * 1024 * 1024
"""Then the file becomes journal.1.jsonl."""

LOOK_BYTES = 2 * ROTATE_BYTES
"""No more of a file is looked at from its end: one that is larger was not written by us."""

UNDO_DEPTH = 20
_BLOCK_BYTES = 64 * 1024


@record
class Event:
    """One line of the journal."""

    id: str
    ts: datetime
    who: str
    """tui | cli | hook | mcp | gateway"""
    action: str
    why: str = ""
    before: Mapping[str, object] = field(default_factory=dict)
    after: Mapping[str, object] = field(default_factory=dict)
    undo: Mapping[str, object] | None = None
    """What puts the old state back; None = cannot be undone."""
    of: str | None = None
    """For undo and redo: the id of the action it is about."""
    evidence: Mapping[str, object] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """One line of the journal; secrets are masked."""
        line: dict[str, object] = {
            "id": self.id,
            "ts": to_text(self.ts),
            "who": self.who,
            "action": self.action,
            "why": masked(self.why),
            "before": dict(self.before),
            "after": dict(self.after),
        }
        if self.undo is not None:
            line["undo"] = dict(self.undo)
        if self.of:
            line["of"] = self.of
        if self.evidence:
            line["evidence"] = masked_values(dict(self.evidence))
        return line


def append(paths: Paths, event: Event) -> None:
    """Add one line; what stands there and is no file is set aside. Raises PfError when the disk refuses."""
    data = files.json_bytes(event.to_json()) + b"\n"
    with files.locked(paths):
        if os.path.lexists(paths.journal) and not paths.journal.is_file():
            from pf_tui.state import unusable_files

            unusable_files.set_aside(paths.journal)
        _rotate_if_full(paths)
        try:
            handle = os.open(paths.journal, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o600)
        except OSError as error:
            raise cannot_write(paths.journal, error) from error
        try:
            os.write(handle, _mended(handle) + data)
        except OSError as error:
            raise cannot_write(paths.journal, error) from error
        finally:
            os.close(handle)


def new_id(now: datetime) -> str:
    """Unique enough for one machine's journal, and sortable: time in ms plus four random hex digits."""
    return f"{int(now.timestamp() * 1000):x}-{os.urandom(3).hex()}"


def tail(paths: Paths, count: int) -> tuple[Event, ...]:
    """The last `count` events, oldest first; lines that are no events are skipped."""
    events: list[Event] = []
    for path in (paths.journal, _older(paths)):
        for line in _lines_backwards(path):
            if event := parse(line):
                events.append(event)
                if len(events) == count:
                    return tuple(reversed(events))
    return tuple(reversed(events))


def parse(line: bytes) -> Event | None:
    """One line of the file as an Event; None when it is none."""
    try:
        item = json_values.parse(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(item, dict):
        return None
    moment = from_text(item.get("ts"))
    if moment is None or not isinstance(item.get("action"), str):
        return None
    undo = item.get("undo")
    return Event(
        id=str(item.get("id", "")),
        ts=moment,
        who=str(item.get("who", "")),
        action=item["action"],
        why=str(item.get("why", "")),
        before=_mapping(item.get("before")),
        after=_mapping(item.get("after")),
        undo=undo if isinstance(undo, dict) else None,
        of=item["of"] if isinstance(item.get("of"), str) else None,
        evidence=_mapping(item.get("evidence")),
    )


def undo_stacks(events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    """What can be undone and what can be redone now, the next one last in each list.

    A new undoable action empties the redo list, as everywhere.
    """
    done_events: list[Event] = []
    undone_events: list[Event] = []
    for event in events:
        if event.action == "undo":
            done_events, moved_events = _without(done_events, event.of)
            undone_events += moved_events
        elif event.action == "redo":
            undone_events, moved_events = _without(undone_events, event.of)
            done_events += moved_events
        elif event.undo is not None:
            done_events.append(event)
            undone_events = []
    return done_events[-UNDO_DEPTH:], undone_events[-UNDO_DEPTH:]


def _without(stack: list[Event], event_id: str | None) -> tuple[list[Event], list[Event]]:
    return [e for e in stack if e.id != event_id], [e for e in stack if e.id == event_id]


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _older(paths: Paths) -> Path:
    return paths.journal.with_name("journal.1.jsonl")


def _rotate_if_full(paths: Paths) -> None:
    with contextlib.suppress(OSError):
        if paths.journal.stat().st_size >= ROTATE_BYTES:
            paths.journal.replace(_older(paths))


def _mended(handle: int) -> bytes:
    """A newline if the file ends in half a line (a writer was killed), so that ours stays whole."""
    size = os.lseek(handle, 0, os.SEEK_END)
    if size == 0:
        return b""
    return b"" if os.pread(handle, 1, size - 1) == b"\n" else b"\n"


def _lines_backwards(path: Path) -> Iterator[bytes]:
    """The file's lines, last first, read in blocks: the tail of a large journal costs nothing."""
    try:
        handle = open_regular(path)
    except OSError:
        return
    with handle:
        position = handle.seek(0, os.SEEK_END)
        last = max(0, position - LOOK_BYTES)
        parts: list[bytes] = []
        while position > last:
            step = min(_BLOCK_BYTES, position - last)
            position -= step
            handle.seek(position)
            first, *lines = handle.read(step).split(b"\n")
            if lines:
                lines[-1] += b"".join(reversed(parts))
                yield from (line for line in reversed(lines) if line.strip())
                parts = []
            parts.append(first)
        rest = b"".join(reversed(parts))
        if rest.strip() and position == 0:
            yield rest


def serving_since(events: Sequence[Event], provider: str | None) -> datetime | None:
    """When the active provider began to serve, by these events; None when that is further back."""
    start = None
    for event in reversed(events):
        active = event.after.get("active")
        if active is None:
            continue
        if active != provider:
            break
        start = event.ts
        if event.before.get("active") not in (None, provider):
            return start
    return start
