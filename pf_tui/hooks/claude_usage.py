"""The end of a transcript: the requests of the turn that ended, and the error that ended it.

Only what is new in the one file is read, the last half megabyte at most; the next ingest finds the rest.
The rules of what one request is are the source's own; lines are decoded by json here, because a hook has
no time to import a faster reader.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pf_tui import regular_files
from pf_tui.ingest import claude_code as source
from pf_tui.ingest import coerce
from pf_tui.ingest.observed import ParsedLogs
from pf_tui.records import record as frozen
from pf_tui.state import files
from pf_tui.state.clock import from_text
from pf_tui.state.context import Context
from pf_tui.state.paths import make_private

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # Any: a module loaded late: its members keep their own types

    from pf_tui.ingest.claude_lines import RareLine
    from pf_tui.ingest.observed import LoggedRequest

TAIL_BYTES = 512 * 1024
"""Some hundred requests; read and decoded in a few milliseconds."""

MAX_LOGS = 100
"""Transcripts whose place is remembered; more sessions than that are not open."""

SLACK = timedelta(seconds=2)
"""A client's clock and ours are the same, but a prompt's hook runs a moment before its first row."""


@frozen
class TurnEnd:
    """The error row that ended a turn."""

    error: str = ""
    status: int | None = None
    text: str = ""
    model: str = ""
    """As the client asked for it."""
    at: datetime | None = None


def last_error(path: str) -> TurnEnd:
    """The last error of a transcript; empty when there is none or it cannot be read."""
    for line in reversed(_tail(path)[0]):
        if b'"isApiErrorMessage"' not in line:
            continue
        row = _decoded(line)
        if row is None or row.isApiErrorMessage is not True:
            continue
        parts = (row.message.content if row.message is not None else None) or []
        status = row.apiErrorStatus
        return TurnEnd(
            error=row.error if isinstance(row.error, str) else "",
            status=status if isinstance(status, int) and not isinstance(status, bool) else None,
            text=next((part.text for part in parts if part.text), ""),
            model=row.requestedModel or "",
            at=from_text(row.timestamp) if isinstance(row.timestamp, str) else None,
        )
    return TurnEnd()


def record(
    ctx: Context, path: str, provider: str, since: datetime | None
) -> tuple[str | None, datetime] | None:
    """Write the turn's requests down; (catalog model, when) of the last one delivered, None without any.

    Args:
        since: since when this provider serves the session; rows before it were someone else's.
    """
    reader, logs = _Reader(), ParsedLogs()
    log_ends = _LogEnds(ctx.paths.cache)
    lines, end = _tail(path, log_ends.end(path))
    for line in lines:
        if any(needle in line for needle in source.NEEDLES):
            try:
                reader.read_line(line, path, logs)
            except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
                continue  # a row that makes no sense costs only itself; the ingest counts it
    start = 0 if since is None else round((since - SLACK).timestamp() * 1000)
    requests = [
        request._replace(provider=provider) for request in logs.requests.values() if request.ts >= start
    ]
    if not requests or _written(ctx, requests):
        log_ends.remember(path, end)
    answers = [request for request in requests if request.failure is None]
    if not answers:
        return None
    last = max(answers, key=lambda request: request.ts)
    model = ctx.catalog().find_model(last.model, provider) if last.model else None
    return model.id if model else None, datetime.fromtimestamp(last.ts / 1000, UTC)


def _written(ctx: Context, logged_requests: list[LoggedRequest]) -> bool:
    from pf_tui.ingest import from_hook

    return from_hook.record(ctx.paths.ledger, source.AGENT, logged_requests, ctx.catalog())


class _Reader(source.Reader):
    """The source's rules on plain objects."""

    def __init__(self) -> None:
        self._decode = _strict
        self._go_on({})


class _Row:
    """A JSON object whose members are attributes; one that is missing is None."""

    __slots__ = ("_members",)

    def __init__(self, members: Mapping[str, object]) -> None:
        self._members = members

    def __getattr__(self, name: str) -> Any:  # as the members are; the reader's types are claude_lines'
        value = self._members.get(name)
        if name in coerce.COUNTS:
            return coerce.whole(value)
        if name == "message" and isinstance(value, str):  # some writers put the words alone there
            return _Row({"content": value})
        if name in coerce.OBJECTS:
            return _Row(value) if isinstance(value, dict) else None
        if name in coerce.LISTS:
            items = [{"text": value}] if isinstance(value, str) else value if isinstance(value, list) else []
            return [_Row(item) for item in items if isinstance(item, dict)]
        if name in coerce.TEXTS:
            return value if isinstance(value, str) else None
        if name in coerce.FLAGS:
            return value if isinstance(value, bool) else None
        if isinstance(value, dict):  # an error is an object or a word
            return _Row(value)
        return value if isinstance(value, str | int | float) else None

    def items(self) -> list[tuple[str, _Row]]:
        """Of an object whose keys are names: those members that are objects."""
        return [(name, _Row(value)) for name, value in self._members.items() if isinstance(value, dict)]


def _strict(line: bytes) -> RareLine:
    content = json.loads(line)
    if not isinstance(content, dict):
        raise TypeError("no object")
    return _Row(content)  # type: ignore[return-value] # has the same fields


def _decoded(line: bytes) -> RareLine | None:
    try:
        return _strict(line)
    except (ValueError, TypeError, RecursionError):
        return None


def _tail(path: str, start: int = 0) -> tuple[list[bytes], int]:
    """The whole lines after `start`, of the last TAIL_BYTES at most, and where they end."""
    try:
        with regular_files.open_regular(path) as file:
            size = file.seek(0, 2)
            if start > size:  # another file by the same name
                start = 0
            first = max(start, size - TAIL_BYTES)
            file.seek(first)
            if first > start:
                file.readline()
                first = file.tell()
            block = file.read(TAIL_BYTES)
    except (OSError, ValueError):
        return [], 0
    whole = block.rfind(b"\n") + 1
    return block[:whole].split(b"\n"), first + whole


class _LogEnds:
    """How far each transcript has been read, so that a turn is decoded once. Losing it costs milliseconds."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "transcripts.json"
        try:
            content = json.loads(regular_files.read_regular(self._path))
        except (OSError, ValueError, RecursionError):
            content = None
        self._ends: dict[str, int] = content if isinstance(content, dict) else {}

    def end(self, path: str) -> int:
        end = self._ends.get(path)
        return end if isinstance(end, int) and not isinstance(end, bool) and end >= 0 else 0

    def remember(self, path: str, end: int) -> None:
        """Neither locked nor fsynced: it is a cache."""
        self._ends.pop(path, None)
        self._ends[path] = end
        ends = dict(list(self._ends.items())[-MAX_LOGS:])
        with contextlib.suppress(OSError):
            make_private(self._path.parent)
            files.write_private(self._path, files.json_bytes(ends))
