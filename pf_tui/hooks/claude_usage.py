"""The end of a transcript: the requests of the turn that ended, and the error that ended it.

Only the last part of the one file is read; what a long turn wrote before it is the next ingest's to find.
The rules of what one request is are the source's own; lines are decoded by json here, because a hook has
no time to import a faster reader.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pf_tui.records import record as frozen
from pf_tui.sources import claude_code as source
from pf_tui.sources import live
from pf_tui.sources.sightings import Harvest, UnusableRowError
from pf_tui.state.context import Context

TAIL_BYTES = 512 * 1024
"""Some hundred requests; read and decoded in a few milliseconds."""

SLACK = timedelta(seconds=2)
"""A client's clock and ours are the same, but a prompt's hook runs a moment before its first row."""


@frozen
class Ended:
    """The error row that ended a turn."""

    error: str = ""
    status: int | None = None
    text: str = ""
    model: str = ""
    """As the client asked for it."""


def last_error(path: str) -> Ended:
    """The last error of a transcript; empty when there is none or it cannot be read."""
    for line in reversed(list(_tail(path))):
        if b'"isApiErrorMessage":true' not in line.replace(b" ", b""):
            continue
        row = _decoded(line)
        if row is None:
            continue
        content = row.message.content if row.message is not None else None
        parts = content if isinstance(content, list) else []
        status = row.apiErrorStatus
        return Ended(
            error=row.error if isinstance(row.error, str) else "",
            status=status if isinstance(status, int) and not isinstance(status, bool) else None,
            text=next((part.text for part in parts if isinstance(part.text, str)), ""),
            model=row.requestedModel if isinstance(row.requestedModel, str) else "",
        )
    return Ended()


def record(
    ctx: Context, path: str, provider: str, since: datetime | None
) -> tuple[str | None, datetime] | None:
    """Write the turn's requests down; (catalog model, when) of the last one delivered, None without any.

    Args:
        since: since when this provider serves the session; rows before it were someone else's.
    """
    reader, harvest = _Reader(), Harvest()
    for line in _tail(path):
        if any(needle in line for needle in source.NEEDLES):
            try:
                reader.read_line(line, path, harvest)
            except (ValueError, TypeError, AttributeError, UnusableRowError):
                continue  # a row that makes no sense costs only itself; the ingest counts it
    start = 0 if since is None else round((since - SLACK).timestamp() * 1000)
    found = [seen._replace(provider=provider) for seen in harvest.requests.values() if seen.ts >= start]
    if found:
        live.record(ctx.paths.ledger, source.AGENT, found, ctx.catalog())
    delivered = [seen for seen in found if seen.failure is None]
    if not delivered:
        return None
    last = max(delivered, key=lambda seen: seen.ts)
    known = ctx.catalog().find_model(last.model) if last.model else None
    return known.id if known else None, datetime.fromtimestamp(last.ts / 1000, UTC)


class _Reader(source.Reader):
    """The source's rules on plain objects."""

    def __init__(self) -> None:
        self._decode: Any = _strict
        self._open: list[Any] = ["", 0, 0]
        self._wall: list[Any] = [0, 0, "", 0]


class _Row:
    """A JSON object whose members are attributes; one that is missing is None."""

    __slots__ = ("_members",)

    def __init__(self, members: dict[str, Any]) -> None:
        self._members = members

    def __getattr__(self, name: str) -> Any:
        value = self._members.get(name)
        if isinstance(value, dict):
            return _Row(value)
        if isinstance(value, list):
            return [_Row(item) if isinstance(item, dict) else _Row({}) for item in value]
        return value


def _strict(line: bytes) -> _Row:
    content = json.loads(line)
    if not isinstance(content, dict):
        raise TypeError("no object")
    return _Row(content)


def _decoded(line: bytes) -> Any:
    try:
        return _strict(line)
    except (ValueError, TypeError, RecursionError):
        return None


def _tail(path: str) -> Iterator[bytes]:
    """The whole lines in the last part of the file; none when it is not there."""
    try:
        with Path(path).open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL_BYTES))
            if size > TAIL_BYTES:
                file.readline()
            yield from file.read(TAIL_BYTES).split(b"\n")
    except (OSError, ValueError):
        return
