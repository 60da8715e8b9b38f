"""Claude Code's transcripts: projects/<slug>/<session>.jsonl and their subagents.

One request is several lines (one per content block, each with the whole usage, growing while it
streams), is copied into resumed sessions and replayed in side chains. An id beginning `msg_` is one
request whatever its request id, session or file; any other id counts per session and timestamp
(third-party endpoints write constant ids). Measured on 2.1.330; see docs/analytics.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pf_tui.rules.reset_text import reset_from_text
from pf_tui.sources.sightings import CostState, Harvest, Hit, Seen, Sighting, identity
from pf_tui.state.paths import user_home

AGENT = "claude-code"
NEEDLES = (b'"output_tokens"', b'"api_error"', b'"cost-state"')
"""A line without one of these has nothing for us; quotes inside tool results are escaped and never match."""

_KINDS = {
    "rate_limit": "rate",
    "billing_error": "quota",
    "authentication_failed": "auth",
    "oauth_org_not_allowed": "auth",
    "account_on_hold": "auth",
    "verification_required": "auth",
    "cloud_credential_error": "auth",
    "overloaded": "overload",
    "invalid_request": "request",
    "max_output_tokens": "request",
    "model_not_found": "model",
    "server_error": "server",
}
_STATUS_KINDS = {
    401: "auth",
    402: "quota",
    403: "auth",
    404: "model",
    429: "rate",
    503: "overload",
    529: "overload",
}
_WALL = re.compile(r"usage limit reached|hit your (?P<what>[\w-]+(?: \w+)?) limit", re.IGNORECASE)
_SLUG = re.compile(r"[^A-Za-z0-9]")


def roots(env: Mapping[str, str]) -> Iterator[Path]:
    """Every projects/ folder: $CLAUDE_CONFIG_DIR (a comma list is honoured), else ~/.claude and ~/.config/claude."""
    if named := env.get("CLAUDE_CONFIG_DIR"):
        bases = [Path(part.strip()) for part in named.split(",") if part.strip()]
    else:
        home = user_home(env)
        bases = [home / ".claude", home / ".config" / "claude"]
    for base in bases:
        if (base / "projects").is_dir():
            yield base / "projects"


def read_line(line: bytes, path: str, harvest: Harvest) -> None:
    """Take what one line holds. Raises ValueError when it is no JSON object."""
    from pf_tui.sources import fast_json

    row = fast_json.decode(line)
    if row.type == "assistant" and row.message is not None:
        if row.isApiErrorMessage or row.message.model == "<synthetic>":
            if row.isApiErrorMessage:
                _failed_turn(row, path, harvest)
        else:
            _delivered(row, path, harvest)
    elif row.type == "system" and row.subtype == "api_error":
        _retried(row, path, harvest)
    elif row.type == "cost-state":
        _running_total(row, path, harvest)


def project_of(cwd: str | None, path: str) -> str:
    """The project's folder: the row's cwd, or the parent of it that the transcript's folder is named after."""
    parts = path.replace("\\", "/").split("/projects/", 1)
    slug = parts[1].split("/", 1)[0] if len(parts) == 2 else ""
    if not cwd:
        return slug
    candidate = cwd
    while candidate and candidate != "/":
        if _SLUG.sub("-", candidate) == slug:
            return candidate
        candidate = candidate.rpartition("/")[0]
    return cwd


def milliseconds(stamp: str | None) -> int | None:
    """ISO 8601 (Z or offset; none = UTC) as UTC ms; None when it is no time."""
    if not stamp:
        return None
    try:
        moment = datetime.fromisoformat(stamp)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def _session(row: Any, path: str) -> str:
    return row.sessionId or Path(path).stem


def _delivered(row: Any, path: str, harvest: Harvest) -> None:
    message, usage = row.message, row.message.usage
    ts = milliseconds(row.timestamp)
    if usage is None or ts is None:
        return
    session = _session(row, path)
    mid = message.id or ""
    if mid.startswith("msg_"):
        number = identity("msg", mid)
    elif mid:
        number = identity("id", mid, session, str(ts))
    else:
        number = identity("row", row.uuid or row.requestId or "", session, str(ts))
    five, hour = _cache_writes(usage)
    fast = "fast" if usage.speed == "fast" else ""
    mode = "batch" if usage.service_tier == "batch" else fast
    project = project_of(row.cwd, path)
    harvest.add(
        Sighting(
            number,
            ts,
            session,
            project,
            message.model or "",
            _whole(usage.input_tokens),
            _whole(usage.output_tokens),
            _whole(usage.output_tokens_details.thinking_tokens) if usage.output_tokens_details else 0,
            _whole(usage.cache_read_input_tokens),
            five,
            hour,
            _whole(usage.server_tool_use.web_search_requests) if usage.server_tool_use else 0,
            row.requestId,
            mid or None,
            1 if row.isSidechain else 0,
            mode,
        )
    )
    for place, step in enumerate(usage.iterations or ()):
        if step.type and "advisor" in step.type:
            # an advisor's tokens are billed beside the message's own (ccusage counts them the same way)
            five, hour = _cache_writes(step)
            harvest.add(
                Sighting(
                    identity("advisor", mid or str(number), str(place)),
                    ts,
                    session,
                    project,
                    step.model or message.model or "",
                    _whole(step.input_tokens),
                    _whole(step.output_tokens),
                    0,
                    _whole(step.cache_read_input_tokens),
                    five,
                    hour,
                    request_id=row.requestId,
                    is_subagent=1 if row.isSidechain else 0,
                )
            )


def _cache_writes(usage: Any) -> tuple[int, int]:
    """(5-minute, 1-hour) cache writes; an unsplit total is 5-minute."""
    total = _whole(usage.cache_creation_input_tokens)
    split = usage.cache_creation
    if split is None:
        return total, 0
    five, hour = _whole(split.ephemeral_5m_input_tokens), _whole(split.ephemeral_1h_input_tokens)
    return (five, hour) if five or hour else (total, 0)


def _failed_turn(row: Any, path: str, harvest: Harvest) -> None:
    """The error message that ended a turn."""
    ts = milliseconds(row.timestamp)
    if ts is None:
        return
    text = (
        next((part.text for part in row.message.content or () if part.text), "")
        if row.message.content
        else ""
    )
    kind = _kind(row.error if isinstance(row.error, str) else None, row.apiErrorStatus, text)
    session = _session(row, path)
    harvest.add(
        Sighting(
            identity("fail", row.requestId or row.uuid or f"{session}{ts}"),
            ts,
            session,
            project_of(row.cwd, path),
            row.requestedModel or "",
            request_id=row.requestId,
            is_subagent=1 if row.isSidechain else 0,
            failure=kind,
        )
    )
    if kind in ("rate", "quota", "overload"):
        moment = datetime.fromtimestamp(ts / 1000, UTC)
        until = reset_from_text(text, moment)
        until_ms = round(until.timestamp() * 1000) if until else None
        window = _window(text)
        harvest.hits.append(Hit(ts, kind, until_ms, session, window=window, text=text[:160]))
        if window and until_ms:
            harvest.read(Seen(ts, window, "percent", 100.0, 100.0, until_ms, "text"))


def _retried(row: Any, path: str, harvest: Harvest) -> None:
    """One failed attempt that the client retried by itself."""
    ts = milliseconds(row.timestamp)
    if ts is None:
        return
    error = row.error if not isinstance(row.error, str) else None
    status = getattr(error, "status", None)
    session = _session(row, path)
    text = getattr(error, "formatted", None) or ""
    request_id = getattr(error, "requestId", None) or row.requestId
    kind = _kind(None, status, text) if status else "network"
    harvest.add(
        Sighting(
            identity("fail", request_id or row.uuid or f"{session}{ts}"),
            ts,
            session,
            project_of(row.cwd, path),
            row.requestedModel or "",
            request_id=request_id,
            is_subagent=1 if row.isSidechain else 0,
            failure=kind,
        )
    )
    if kind in ("rate", "quota"):
        harvest.hits.append(Hit(ts, kind, None, session, waited_ms=_whole(row.retryInMs), text=text[:160]))


def _running_total(row: Any, path: str, harvest: Harvest) -> None:
    session = _session(row, path)
    started = row.startTime if isinstance(row.startTime, int | float) else 0
    ts = int(started + (row.totalDuration or 0))
    for model, use in (row.modelUsage or {}).items():
        five, hour = (
            _whole(use.cacheCreationEphemeral5mInputTokens),
            _whole(use.cacheCreationEphemeral1hInputTokens),
        )
        if not (five or hour):
            five = _whole(use.cacheCreationInputTokens)
        harvest.cost_states[(session, model)] = CostState(
            session,
            model,
            _whole(use.inputTokens),
            _whole(use.outputTokens),
            _whole(use.cacheReadInputTokens),
            five,
            hour,
            _whole(use.webSearchRequests),
            ts,
            project_of(None, path),
        )


def _kind(error: str | None, status: int | None, text: str) -> str:
    if _WALL.search(text) or "credit balance" in text.lower():
        return "quota"
    if status in _STATUS_KINDS and (error in (None, "unknown", "server_error") or status == 529):
        return _STATUS_KINDS[status]
    if "529" in text or "Overloaded" in text:
        return "overload"
    if error in _KINDS:
        return _KINDS[error]
    if status is not None:
        return "server" if status >= 500 else "request"
    return "server"


def _window(text: str) -> str | None:
    """Which window a wall's text is about: 5h or 7d."""
    found = _WALL.search(text)
    if found is None:
        return None
    what = (found["what"] or "").lower()
    return "7d" if "week" in what else "5h"


def _whole(value: object) -> int:
    """A count, whatever a log wrote for it; negative and absurd ones are 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if 0 <= value < 1e15 else 0
