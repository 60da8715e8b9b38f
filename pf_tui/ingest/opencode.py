"""OpenCode's database (opencode.db, read-only while it runs) and its older storage/message files.

`input` there excludes cached tokens and `output` excludes reasoning (measured on 1.18.33 by
arithmetic). Failed turns keep the provider's status and headers; retries leave no trace.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from pf_tui import regular_files
from pf_tui.ingest import opencode_shapes as shapes
from pf_tui.ingest.claude_code import STATUS_KINDS
from pf_tui.ingest.coerce import milliseconds, whole
from pf_tui.ingest.observed import LimitHit, LoggedRequest, ParsedLogs, UnusableRowError, WindowReading
from pf_tui.ledger.request_id import identity
from pf_tui.ledger.unread import UNKNOWN_SHAPE
from pf_tui.records import NamedTuple
from pf_tui.rules.reset_text import reset_from_text
from pf_tui.state import paths
from pf_tui.state.paths import opencode_data_folder, opencode_database

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

AGENT: AgentId = "opencode"
BUSY_S = 2.0
OVERLAP_MS = 3_600_000
"""Read again each time: a clock set back must not hide changes (reading twice changes nothing)."""


def databases(env: Mapping[str, str]) -> Iterator[Path]:
    """The database, and those of other channels beside it (opencode-beta.db …)."""
    first = opencode_database(env)
    candidates = [first, *sorted(opencode_data_folder(env).glob("opencode-*.db"))]
    yield from (path for path in dict.fromkeys(candidates) if path.is_file())


def roots(env: Mapping[str, str]) -> Iterator[Path]:
    """The legacy storage/message tree."""
    folder = opencode_data_folder(env) / "storage" / "message"
    if folder.is_dir():
        yield folder


class Providers:
    """OpenCode's provider ids as ours, by the kind of login it has for each."""

    def __init__(
        self, env: Mapping[str, str], ids_by_package: Mapping[str, tuple[tuple[str, str], ...]]
    ) -> None:
        self._ids_by_package = ids_by_package
        self._kinds: dict[str, str] = {}
        try:
            content = json.loads(regular_files.read_regular(opencode_data_folder(env) / "auth.json"))
            self._kinds = {k: str(v.get("type", "")) for k, v in content.items() if isinstance(v, dict)}
        except (OSError, ValueError, AttributeError, RecursionError):
            pass

    def __call__(self, provider_id: str) -> str | None:
        """Our id, e.g. "openai" with an OAuth login -> "openai-oauth"; OpenCode's own word when unknown."""
        candidates = self._ids_by_package.get(provider_id)
        if not candidates:
            return provider_id or None
        kinds = {"oauth": ("oauth", "subscription", "token"), "api": ("api_key", "token", "iam")}
        order = kinds.get(self._kinds.get(provider_id, ""), ("api_key", "token", "oauth"))
        for auth in order:
            for own_id, kind in candidates:
                if kind == auth:
                    return own_id
        return candidates[0][0]


class _Forks:
    """Turns of main chains by what a fork's copy keeps of them: the copy has another id and another session."""

    def __init__(self, logs: ParsedLogs) -> None:
        self._logs = logs
        self._first: dict[tuple[object, ...], tuple[int, str]] = {}

    def add(self, request: LoggedRequest) -> None:
        """Keep a request, a copy under the number of what it is a copy of."""
        key = fork_key(request)
        if key is not None:
            number, session = self._first.setdefault(key, (request.id, request.session))
            if session != request.session and number != request.id:
                self._logs.copies.add(request.id)
                request = request._replace(id=number)
        self._logs.add(request)


def fork_key(logged_request: LoggedRequest) -> tuple[object, ...] | None:
    """What a turn and its copies have in common; None of what is never copied, or not done yet.

    A subagent that began in the same millisecond is another request.
    """
    if logged_request.is_subagent or logged_request.latency_ms is None or not logged_request.total:
        return None
    return (
        logged_request.ts,
        logged_request.latency_ms,
        logged_request.provider,
        logged_request.model,
        *logged_request[5:11],
    )


class Mark(NamedTuple):
    """How far a database has been read."""

    updated_ms: int = 0
    row: int = 0
    strange: tuple[int, ...] = ()
    """Rows that could not be read, the first MOST_STRANGE of them: looked at again each time."""


MOST_STRANGE = 200
"""A database with more is read whole each time it changes, until fewer are left."""


def read_database(path: Path, since: Mark, providers: Providers) -> tuple[ParsedLogs, Mark]:
    """Messages that are new or changed since a mark; returns them and the next mark.

    Raises:
        sqlite3.Error: the database is not OpenCode's or cannot be read now.
    """
    logs = ParsedLogs()
    updated_ms, last, again = since if len(since.strange) < MOST_STRANGE else Mark()
    forks, last_before = _Forks(logs), last
    strange: list[int] = []
    broken: list[tuple[int, object]] = []
    readable_count = 0
    connection = _opened(path)
    try:
        why = shapes.why_unread(connection)
        if why is not None:
            logs.skip(str(path), 0, why)
        if not shapes.has_messages(connection):
            return logs, since
        columns = shapes.columns(connection, "session")
        facts = [f"s.{name}" if name in columns else "NULL" for name in ("directory", "parent_id")]
        join = "LEFT JOIN session s ON s.id = m.session_id" if "id" in columns else ""
        rows = connection.execute(
            f"SELECT m.rowid, m.id, m.session_id, m.time_updated, m.data, {', '.join(facts if join else ['NULL'] * 2)}"
            f" FROM message m {join} WHERE m.time_updated >= ? OR m.rowid > ?"
            f" OR m.rowid IN ({', '.join('?' * len(again))})",
            (updated_ms - OVERLAP_MS, last, *again),
        )
        for row, mid, session, row_updated_ms, data, directory, parent in rows:
            last = max(last, row)
            updated_ms = max(updated_ms, row_updated_ms if isinstance(row_updated_ms, int) else 0)
            text = data.decode("utf-8", "replace") if isinstance(data, bytes) else str(data)
            logs.bytes += len(text)
            if '"assistant"' not in text and '"role"' in text:
                continue
            try:
                message = json.loads(text, strict=False)
            except (ValueError, RecursionError):
                broken.append((row, mid))
                continue
            if not isinstance(message, dict) or not shapes.is_message(message):
                strange.append(row)
                continue
            readable_count += 1
            request = take(message, str(mid), str(session), directory or "", bool(parent), providers, logs)
            if request is not None:
                forks.add(request)
        is_packed = (
            bool(broken) and not readable_count and not last_before
        )  # nothing but damage is another shape
        for row, mid in () if is_packed else broken:
            logs.skip(str(path), row, f"message {mid} is not JSON")
        if (strange or is_packed) and why is None:
            logs.skip(str(path), 0, UNKNOWN_SHAPE)
    finally:
        connection.close()
    unread = (*strange, *(row for row, _ in broken))
    return logs, Mark(updated_ms, last, unread[:MOST_STRANGE])


def _opened(path: Path) -> sqlite3.Connection:
    uri_path = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    connection = sqlite3.connect(f"file:{uri_path}?mode=ro", uri=True, timeout=BUSY_S)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return connection


def read_message_file(path: str, providers: Providers, logs: ParsedLogs) -> None:
    """One legacy message file. Raises ValueError or TypeError when it is no JSON object, UnusableRowError."""
    data = regular_files.read_regular(path)
    logs.bytes += len(data)
    message = json.loads(data.decode("utf-8", "replace").strip("\ufeff\0 \t\r\n"), strict=False)
    if not isinstance(message, dict):
        raise TypeError("not an object")
    if not shapes.is_message(message):
        raise UnusableRowError(UNKNOWN_SHAPE)
    session = str(message.get("sessionID") or Path(path).parent.name)
    request = take(message, str(message.get("id") or Path(path).stem), session, "", False, providers, logs)
    if request is not None:
        logs.add(request)


def take(
    message: dict[str, object],
    mid: str,
    session: str,
    directory: str,
    is_subagent: bool,
    providers: Providers,
    logs: ParsedLogs,
) -> LoggedRequest | None:
    """One message row as a delivered or a failed request; None of anything else."""
    if message.get("role") != "assistant":
        return None
    moments = _inner(message, "time")
    created = milliseconds(moments.get("created"))
    completed = milliseconds(moments.get("completed"))
    if created is None:
        return None
    tokens = _inner(message, "tokens")
    cache = _inner(tokens, "cache")
    reasoning = whole(tokens.get("reasoning"))
    folders = _inner(message, "path")
    error = _inner(message, "error")
    provider = providers(str(message.get("providerID") or ""))
    request = LoggedRequest(
        identity("opencode", mid),
        created,
        session,
        directory or str(folders.get("cwd") or folders.get("root") or ""),
        str(message.get("modelID") or ""),
        whole(tokens.get("input")),
        whole(tokens.get("output")) + reasoning,
        reasoning,
        whole(cache.get("read")),
        whole(cache.get("write")),
        message_id=mid,
        is_subagent=int(is_subagent),
        failure=_failure(error, created, session, provider, logs) if error else None,
        latency_ms=completed - created if completed and completed > created else None,
        provider=provider,
        reported_usd=_usd(message.get("cost")),
    )
    return request if request.total or request.failure else None


def _failure(
    error: dict[str, object], ts: int, session: str, provider: str | None, logs: ParsedLogs
) -> str | None:
    """The failure class of a turn's error; a turn the person stopped is none."""
    data = _inner(error, "data")
    if error.get("name") in ("MessageAbortedError", "AbortError"):
        return None
    status, text = data.get("statusCode"), str(data.get("message") or error.get("name") or "")
    kind = _status_kind(status)
    if status is None:
        kind = "auth" if error.get("name") == "ProviderAuthError" else "network"
    if "credit balance" in text.lower() or "insufficient_quota" in str(data.get("responseBody")):
        kind = "quota"
    if kind in ("rate", "quota"):
        headers = _inner(data, "responseHeaders")
        until = _retry_after(headers, ts) or reset_from_text(text, datetime.fromtimestamp(ts / 1000, UTC))
        until_ms = round(until.timestamp() * 1000) if until else None
        logs.hits.append(LimitHit(ts, kind, until_ms, session, text=text[:160], provider=provider))
    return kind


def _status_kind(status: object) -> str:
    if not isinstance(status, int):
        return "network"
    return STATUS_KINDS.get(status, "server" if status >= 500 else "request")


def _usd(value: object) -> float | None:
    """What OpenCode itself worked out by its configured prices; 0 there means "no price"."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
        return None
    return float(value)


def _inner(holder: Mapping[str, object], key: str) -> dict[str, object]:
    """The object under a key; {} when there is none."""
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def _retry_after(headers: Mapping[str, object], ts: int) -> datetime | None:
    value = headers.get("retry-after")
    try:
        return datetime.fromtimestamp(ts / 1000 + float(str(value)), UTC)
    except (ValueError, OverflowError):
        return None


def antigravity_readings(env: Mapping[str, str]) -> list[WindowReading]:
    """What the Antigravity plugin has cached of its quota groups; no network, no token is read out."""
    folder = paths.config_folder("opencode", env)
    try:
        content = json.loads(regular_files.read_regular(folder / "antigravity-accounts.json"))
        accounts = content["accounts"]
        active = accounts[content.get("activeIndex") or 0]
        quota, seen_at = active["cachedQuota"], milliseconds(active.get("cachedQuotaUpdatedAt"))
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
        return []
    readings = []
    for group, facts in quota.items() if isinstance(quota, dict) else ():
        fraction = facts.get("remainingFraction") if isinstance(facts, dict) else None
        if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not seen_at:
            continue
        readings.append(
            WindowReading(
                seen_at,
                "5h",
                "percent",
                100 * (1 - fraction),
                100.0,
                milliseconds(facts.get("resetTime")),
                "header",
                group,
                "opencode-antigravity-auth",
            )
        )
    return readings
