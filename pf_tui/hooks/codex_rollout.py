"""The end of a Codex rollout: what its last turn used, and what it failed of."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from pf_tui import regular_files
from pf_tui.ingest import attribution
from pf_tui.ingest import codex as source
from pf_tui.ingest.observed import LoggedRequest, ParsedLogs
from pf_tui.records import record
from pf_tui.rules.limits import Reading
from pf_tui.state.clock import from_text
from pf_tui.state.context import Context

WHOLE_BYTES = 8 * 1024 * 1024
"""A longer rollout is read at its head (who, where) and its tail."""

HEAD_BYTES = 512 * 1024
TAIL_BYTES = 2 * 1024 * 1024

_STATUS = re.compile(r"(?:last status|status code|status):? (\d{3})\b")


@record
class TurnError:
    """The error that ended the last turn."""

    at: datetime
    word: str
    """Codex's name for it: usage_limit_exceeded …"""
    message: str
    status: int | None
    resets_at: datetime | None
    """When the windows that are full are empty again."""


@record
class Rollout:
    """What matters of it."""

    session: str
    provider: str | None
    """Our id; None = a provider pf-tui does not know."""
    model: str
    requests: tuple[LoggedRequest, ...]
    readings: tuple[Reading, ...]
    turn_error: TurnError | None
    last_ts: int | None
    """UTC ms of the last delivered request."""


def find(env: Mapping[str, str], thread: str) -> Path | None:
    """The rollout of a thread; notify names no path."""
    if not re.fullmatch(r"[0-9A-Za-z-]{8,64}", thread):
        return None
    for root in source.roots(env):
        for path in sorted(root.rglob(f"rollout-*-{thread}.jsonl"), reverse=True):
            return path
    return None


def read(ctx: Context, path: Path, served_by: str | None) -> Rollout | None:
    """Read it; None when it is not there.

    Args:
        served_by: who served this session as far as we noted it; goes before what a gateway's address says.
    """
    reader, logs = source.Reader({}), ParsedLogs()
    error: tuple[datetime, object, str] | None = None
    try:
        for line in _lines(path):
            if not any(needle in line for needle in source.NEEDLES):
                continue
            try:
                reader.read_line(line, str(path), logs)
                if b'"codex_error_info"' in line:
                    error = _error(line) or error
                elif b'"token_usage_record"' in line:
                    error = None
            except (ValueError, TypeError, RecursionError, OverflowError):
                continue  # a line that is being written, or of another version
    except (OSError, ValueError):
        return None
    provider_name = (
        attribution.codex_names(ctx.env, ctx.catalog())(reader.provider) if reader.provider else None
    )
    provider = provider_name if provider_name in ctx.catalog().providers else served_by
    requests = tuple(
        request._replace(provider=provider or provider_name) for request in logs.requests.values()
    )
    readings = tuple(_readings(logs, provider or "unknown"))
    return Rollout(
        session=reader.session,
        provider=provider,
        model=reader.model,
        requests=tuple(request for request in requests if request.provider) if provider else (),
        readings=readings,
        turn_error=_failed(error, readings),
        last_ts=max((request.ts for request in requests if request.failure is None), default=None),
    )


def _lines(path: Path) -> Iterator[bytes]:
    with regular_files.open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size <= WHOLE_BYTES:
            yield from file
            return
        head = file.read(HEAD_BYTES)
        yield from head.split(b"\n")[:-1]
        file.seek(size - TAIL_BYTES)
        yield from file.read().split(b"\n")[1:]


def _error(line: bytes) -> tuple[datetime, object, str] | None:
    row = json.loads(line)
    payload = row.get("payload")
    error = payload.get("error") if isinstance(payload, dict) else None
    at = from_text(row.get("timestamp"))
    if not isinstance(error, dict) or at is None:
        return None
    return at, error.get("codex_error_info"), str(error.get("message") or "")


def _failed(error: tuple[datetime, object, str] | None, readings: Iterable[Reading]) -> TurnError | None:
    if error is None:
        return None
    at, info, message = error
    facts = next(iter(info.values()), None) if isinstance(info, dict) and info else None
    word = next(iter(info), "unknown") if isinstance(info, dict) else str(info or "unknown")
    status = facts.get("http_status_code") if isinstance(facts, dict) else None
    if status is None and (match := _STATUS.search(message)):
        status = int(match[1])
    full = [
        reading.resets_at
        for reading in readings
        if reading.used >= 100 and reading.resets_at and reading.resets_at > at
    ]
    return TurnError(
        at=at,
        word=word,
        message=message,
        status=status if isinstance(status, int) else None,
        resets_at=max(full, default=None),
    )


def _readings(logs: ParsedLogs, provider: str) -> Iterator[Reading]:
    from pf_tui.rules import windows  # most turns bring no reading

    for window_reading in logs.readings.values():
        observed_at, resets_at = from_text(window_reading.ts), from_text(window_reading.resets_at)
        window = windows.by_id(window_reading.window)
        if observed_at is None or window is None:
            continue
        yield Reading(
            provider=provider,
            window=window,
            unit="percent",
            used=window_reading.used,
            limit=window_reading.limit,
            resets_at=resets_at,
            source="rollout",
            observed_at=observed_at,
            model=window_reading.model,
        )
