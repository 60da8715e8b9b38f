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
from typing import Any

from pf_tui.rules.reset_text import reset_from_text
from pf_tui.sources.claude_code import _STATUS_KINDS as STATUS_KINDS
from pf_tui.sources.claude_code import _whole as whole
from pf_tui.sources.sightings import Harvest, Hit, Seen, Sighting, Skipped, identity
from pf_tui.state.paths import user_home

AGENT = "opencode"


def data_folder(env: Mapping[str, str]) -> Path:
    """$XDG_DATA_HOME/opencode, else ~/.local/share/opencode."""
    base = Path(env["XDG_DATA_HOME"]) if env.get("XDG_DATA_HOME") else user_home(env) / ".local" / "share"
    return base / "opencode"


def database(env: Mapping[str, str]) -> Path:
    """$OPENCODE_DB, else the data folder's opencode.db."""
    named = env.get("OPENCODE_DB")
    if named and named != ":memory:":
        return Path(named) if Path(named).is_absolute() else data_folder(env) / named
    return data_folder(env) / "opencode.db"


def roots(env: Mapping[str, str]) -> Iterator[Path]:
    """The legacy storage/message tree."""
    folder = data_folder(env) / "storage" / "message"
    if folder.is_dir():
        yield folder


class Providers:
    """OpenCode's provider ids as ours, by the kind of login it has for each."""

    def __init__(self, env: Mapping[str, str], ours: Mapping[str, tuple[tuple[str, str], ...]]) -> None:
        self._ours = ours
        self._kinds: dict[str, str] = {}
        try:
            content = json.loads((data_folder(env) / "auth.json").read_bytes())
            self._kinds = {k: str(v.get("type", "")) for k, v in content.items() if isinstance(v, dict)}
        except (OSError, ValueError, AttributeError):
            pass

    def __call__(self, provider_id: str) -> str | None:
        """Our id, e.g. "openai" with an OAuth login -> "openai-oauth"; OpenCode's own word when unknown."""
        candidates = self._ours.get(provider_id)
        if not candidates:
            return provider_id or None
        wanted = {"oauth": ("oauth", "subscription", "token"), "api": ("api_key", "token", "iam")}
        order = wanted.get(self._kinds.get(provider_id, ""), ("api_key", "token", "oauth"))
        for auth in order:
            for ours, kind in candidates:
                if kind == auth:
                    return ours
        return candidates[0][0]


def read_database(path: Path, since_ms: int, providers: Providers) -> tuple[Harvest, int]:
    """Messages changed since `since_ms`; returns them and the newest change seen.

    Raises:
        sqlite3.Error: the database is not OpenCode's or cannot be read now.
    """
    harvest, newest = Harvest(), since_ms
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=2)
    try:
        rows = connection.execute(
            "SELECT m.id, m.session_id, m.time_updated, m.data, s.directory, s.parent_id FROM message m"
            " LEFT JOIN session s ON s.id = m.session_id WHERE m.time_updated >= ? ORDER BY m.time_updated",
            (since_ms,),
        )
        for number, (mid, session, updated, data, directory, parent) in enumerate(rows, start=1):
            harvest.bytes += len(data)
            newest = max(newest, updated or 0)
            try:
                message = json.loads(data)
            except ValueError:
                harvest.skipped.append(Skipped(number, f"message {mid} is not JSON"))
                continue
            if isinstance(message, dict):
                take(message, mid, session, directory or "", bool(parent), providers, harvest)
    finally:
        connection.close()
    return harvest, newest


def read_message_file(path: str, providers: Providers, harvest: Harvest) -> None:
    """One legacy message file. Raises ValueError when it is no JSON object."""
    data = Path(path).read_bytes()
    harvest.bytes += len(data)
    message = json.loads(data.decode("utf-8", "replace"), strict=False)
    if not isinstance(message, dict):
        raise TypeError("not an object")
    session = str(message.get("sessionID") or Path(path).parent.name)
    take(message, str(message.get("id") or Path(path).stem), session, "", False, providers, harvest)


def take(
    message: dict[str, Any],
    mid: str,
    session: str,
    directory: str,
    is_subagent: bool,
    providers: Providers,
    harvest: Harvest,
) -> None:
    """One message row: a delivered or a failed request; anything else is passed over."""
    if message.get("role") != "assistant":
        return
    moments = _inner(message, "time")
    created = whole(moments.get("created"))
    completed = whole(moments.get("completed"))
    if not created:
        return
    tokens = _inner(message, "tokens")
    cache = _inner(tokens, "cache")
    reasoning = whole(tokens.get("reasoning"))
    place = _inner(message, "path")
    error = message.get("error") if isinstance(message.get("error"), dict) else None
    provider = providers(str(message.get("providerID") or ""))
    seen = Sighting(
        identity("opencode", mid),
        created,
        session,
        directory or str(place.get("cwd") or place.get("root") or ""),
        str(message.get("modelID") or ""),
        whole(tokens.get("input")),
        whole(tokens.get("output")) + reasoning,
        reasoning,
        whole(cache.get("read")),
        whole(cache.get("write")),
        message_id=mid,
        is_subagent=int(is_subagent),
        failure=_failure(error, created, session, provider, harvest) if error else None,
        latency_ms=completed - created if completed > created else None,
        provider=provider,
    )
    if seen.total or seen.failure:
        harvest.add(seen)


def _failure(
    error: dict[str, Any], ts: int, session: str, provider: str | None, harvest: Harvest
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
        harvest.hits.append(Hit(ts, kind, until_ms, session, text=text[:160], provider=provider))
    return kind


def _status_kind(status: object) -> str:
    if not isinstance(status, int):
        return "network"
    return STATUS_KINDS.get(status, "server" if status >= 500 else "request")


def _inner(place: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The object under a key; {} when there is none."""
    value = place.get(key)
    return value if isinstance(value, dict) else {}


def _retry_after(headers: Mapping[str, Any], ts: int) -> datetime | None:
    value = headers.get("retry-after")
    try:
        return datetime.fromtimestamp(ts / 1000 + float(str(value)), UTC)
    except (ValueError, OverflowError):
        return None


def antigravity_readings(env: Mapping[str, str]) -> list[Seen]:
    """What the Antigravity plugin has cached of its quota groups; no network, no token is read out."""
    if env.get("OPENCODE_CONFIG_DIR"):
        folder = Path(env["OPENCODE_CONFIG_DIR"])
    else:
        config = env.get("XDG_CONFIG_HOME")
        folder = (Path(config) if config else user_home(env) / ".config") / "opencode"
    try:
        content = json.loads((folder / "antigravity-accounts.json").read_bytes())
        accounts = content["accounts"]
        active = accounts[content.get("activeIndex") or 0]
        quota, seen_at = active["cachedQuota"], whole(active.get("cachedQuotaUpdatedAt"))
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return []
    readings = []
    for group, facts in quota.items() if isinstance(quota, dict) else ():
        left = facts.get("remainingFraction") if isinstance(facts, dict) else None
        if isinstance(left, bool) or not isinstance(left, int | float) or not seen_at:
            continue
        resets = facts.get("resetTime")
        ends: int | None = None
        if isinstance(resets, str):
            try:
                ends = round(datetime.fromisoformat(resets).timestamp() * 1000)
            except ValueError:
                ends = None
        readings.append(
            Seen(
                seen_at,
                "5h",
                "percent",
                100 * (1 - left),
                100.0,
                ends,
                "header",
                group,
                "opencode-antigravity-auth",
            )
        )
    return readings
