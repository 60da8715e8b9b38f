"""Claude Code's transcripts: projects/<slug>/<session>.jsonl and their subagents.

One request is several lines (one per content block, each with the whole usage, growing while it
streams), is copied into resumed sessions and replayed in side chains. An id beginning `msg_` is one
request whatever its session or file, until a main chain has it under another request id (a proxy that
writes a constant one). Any other id counts per timestamp, blocks that follow on each other together, and
per session where no request id is told (third-party endpoints write constant ids). Measured on 2.1.330; see docs/analytics.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from pf_tui.clients import CLIENTS
from pf_tui.ingest.coerce import milliseconds, whole
from pf_tui.ingest.observed import (
    CostState,
    LimitHit,
    LoggedRequest,
    ParsedLogs,
    UnusableRowError,
    WindowReading,
)
from pf_tui.ledger.request_id import anthropic_message, claude_failure, foreign_answer, identity
from pf_tui.ledger.unread import UNKNOWN_SHAPE
from pf_tui.state.paths import config_folders, user_home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # Any: a note as JSON gave it back, written by this module alone

    from pf_tui.clients import AgentId
    from pf_tui.ingest.claude_lines import Message, RareLine, Step, Usage

AGENT: AgentId = "claude-code"
SUFFIXES = (".jsonl",)
NEEDLES = (b'"output_tokens"', b'"api_error"', b'"cost-state"')
"""A line without one of these has nothing for us; quotes inside tool results are escaped and never match."""

TURNS = (b'"type":"assistant"', b'"type": "assistant"', b'"role":"assistant"', b'"role": "assistant"')
"""What a turn of a model has, also where its counts have other names."""

STATUS_KINDS = {
    401: "auth",
    402: "quota",
    403: "auth",
    404: "model",
    429: "rate",
    503: "overload",
    529: "overload",
}
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""Whether a text names a limit does not depend on when."""

RETRY_GAP_MS = 120_000
"""Retries further apart (beyond what the client said it would wait) are another limit hit."""

_SLUG = r"[^A-Za-z0-9]"


def roots(env: Mapping[str, str]) -> Iterator[Path]:
    """Every projects/ folder: of $CLAUDE_CONFIG_DIR (one, or a comma list), else of ~/.claude and ~/.config/claude."""
    home = user_home(env)
    xdg = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    bases = config_folders(AGENT, env)
    if not env.get(CLIENTS[AGENT].config_variable or ""):
        bases += [home / ".config" / "claude", xdg / "claude"]
    # Claude Desktop's agent sessions have a folder of this kind each
    for desktop in (xdg / "Claude", home / "Library" / "Application Support" / "Claude"):
        bases += sorted((desktop / "local-agent-mode-sessions").glob("*/*/local_*/.claude"))
    seen_roots = set()
    for base in bases:
        folder = base / "projects"
        if folder.is_dir() and (real := folder.resolve()) not in seen_roots:
            seen_roots.add(real)
            yield folder


class Reader:
    """Reads one transcript; what earlier lines said of the request and the limit in progress is carried along."""

    _mid = ""
    _rid: str | None = None
    _usage: Usage | None = None
    _aside: bool | None = None
    """The answer read last: message id, usage, whether a side chain. Most rows repeat the one before."""
    _number = 0

    def __init__(self, note: Mapping[str, Any]) -> None:  # what `note` gave, lists of words and numbers
        from pf_tui.ingest import claude_lines

        self._decode = claude_lines.decode
        self._go_on(note)

    def _go_on(self, note: Mapping[str, Any]) -> None:
        # the request whose blocks are being written: its requestRef, its last block, its number
        self._open: list[Any] = list(note.get("open", ("", 0, 0)))
        # the row of another vendor's answer read last: message id, request id, input and cached tokens, uuid,
        # output tokens, number
        self._last: list[Any] = list(note.get("last", ("", "", 0, 0, "", 0, 0)))
        # the limit the client is retrying against: first seen, last seen, kind, waited so far
        self._open_limit: list[Any] = list(note.get("wall", (0, 0, "", 0)))

    def note(self) -> dict[str, object]:
        """What the next reading must know."""
        state: dict[str, object] = {}
        if self._open[0]:
            state["open"] = self._open
        if self._last[0]:
            state["last"] = self._last
        if self._open_limit[0]:
            state["wall"] = self._open_limit
        return state

    def read_line(self, line: bytes, path: str, logs: ParsedLogs) -> None:
        """Take what one line holds. Raises ValueError or TypeError when it is no JSON object."""
        row = self._decode(line)
        message = row.message
        if row.type == "assistant" and message is not None:
            if row.isApiErrorMessage or message.model == "<synthetic>":
                if row.isApiErrorMessage:
                    self._failed_turn(row, path, logs)
            elif message.usage is not None:
                self._delivered(row, message, message.usage, path, logs)
        elif row.type == "system" and row.subtype == "api_error":
            self._retried(row, path, logs)
        elif row.type == "cost-state":
            _running_total(row, path, logs)

    def _delivered(self, row: RareLine, message: Message, usage: Usage, path: str, logs: ParsedLogs) -> None:
        if (
            usage.output_tokens is None
            and usage.input_tokens is None
            and usage.cache_read_input_tokens is None
        ):
            raise UnusableRowError(UNKNOWN_SHAPE)
        mid = message.id if isinstance(message.id, str) else ""
        vendors = mid.startswith("msg_")
        if vendors:
            if mid != self._mid:
                self._mid, self._number, self._usage = mid, anthropic_message(mid), None
            elif usage == self._usage and row.isSidechain == self._aside and row.requestId == self._rid:
                return
        ts, session = _moment(row), _session(row, path)
        if vendors:  # not before its time was read: the next row may have a better one
            self._usage, self._aside, self._rid = usage, row.isSidechain, row.requestId
        number = self._number if vendors else self._foreign(row, mid, session, ts, usage)
        five, hour = _cache_writes(usage)
        thinking, searches = usage.output_tokens_details, usage.server_tool_use
        logged_request = LoggedRequest(
            number,
            ts,
            session,
            project_of(row.cwd, path),
            message.model if isinstance(message.model, str) else "",
            usage.input_tokens or 0,
            usage.output_tokens or 0,
            thinking.thinking_tokens or 0 if thinking else 0,
            usage.cache_read_input_tokens or 0,
            five,
            hour,
            searches.web_search_requests or 0 if searches else 0,
            row.requestId,
            mid or None,
            1 if row.isSidechain else 0,
            _mode(usage) if usage.speed or usage.inference_geo or usage.service_tier == "batch" else "",
        )
        logs.add(logged_request)
        if usage.iterations:
            _beside(logged_request, usage.iterations, logs)

    def _foreign(self, row: RareLine, mid: str, session: str, ts: int, usage: Usage) -> int:
        """The number of a row whose id is not the vendor's: by time, and by session where no request id is told.

        Blocks of one answer belong together: newer clients name the request of each; in older ones a block
        follows on the one before, or has used more, while another request follows on what somebody said.
        """
        ref, block = row.requestRef or "", whole(row.apiBlockIndex)
        if ref and ref == self._open[0] and block > self._open[1]:
            self._open[1] = block
            return int(self._open[2])
        answer = [mid, row.requestId or "", usage.input_tokens or 0, usage.cache_read_input_tokens or 0]
        output_tokens, (*before, uuid, output, number) = usage.output_tokens or 0, self._last
        if not (
            mid and not ref and answer == before and (row.parentUuid == uuid != "" or output_tokens > output)
        ):
            number = _by_row(row, session, ts) if not mid else foreign_answer(mid, row.requestId, session, ts)
        self._open = [ref, block, number]
        self._last = [*answer, row.uuid or "", output_tokens, number]
        return int(number)

    def _failed_turn(self, row: RareLine, path: str, logs: ParsedLogs) -> None:
        """The error message that ended a turn."""
        ts = _moment(row)
        parts = row.message.content if row.message is not None else None
        text = next((part.text for part in parts or () if part.text), "")
        kind = _kind(row.error if isinstance(row.error, str) else None, row.apiErrorStatus, text)
        session = _session(row, path)
        new_hit = _failure(row, ts, session, path, row.requestId, kind)
        logs.add(new_hit)
        if kind not in ("rate", "quota", "overload"):
            return
        from pf_tui.rules.limit_words import limit_named
        from pf_tui.rules.reset_text import reset_from_text

        seen_at = datetime.fromtimestamp(ts / 1000, UTC)
        until = reset_from_text(text, seen_at)
        until_ms = round(until.timestamp() * 1000) if until else None
        limit = limit_named(text, until, seen_at)
        window = limit.window if limit else None
        start_ms, _, was, waited_ms = self._open_limit
        if was in ("rate", "quota") and kind != "overload" and ts - self._open_limit[1] < RETRY_GAP_MS:
            # what the retries ran into
            hit = LimitHit(start_ms, was, until_ms, session, waited_ms=waited_ms, window=window)
        else:
            hit = LimitHit(ts, kind, until_ms, session, window=window)
        logs.hits.append(hit._replace(text=text[:160], request=new_hit.id))
        self._open_limit = [0, 0, "", 0]
        if limit and window in ("5h", "7d") and until_ms:
            reading = WindowReading(ts, window, "percent", 100.0, 100.0, until_ms, "text", limit.family)
            logs.read(reading)

    def _retried(self, row: RareLine, path: str, logs: ParsedLogs) -> None:
        """One failed attempt that the client retried by itself."""
        ts = _moment(row)
        error = row.error if not isinstance(row.error, str) else None
        status = getattr(error, "status", None)
        session = _session(row, path)
        text = getattr(error, "formatted", None) or ""
        request_id = getattr(error, "requestId", None) or row.requestId
        kind = _kind(None, status, text) if status else "network"
        hit = _failure(row, ts, session, path, request_id, kind)
        logs.add(hit)
        if kind not in ("rate", "quota"):
            return
        start_ms, last, was, waited_ms = self._open_limit
        if was != kind or ts - last > RETRY_GAP_MS + waited_ms:
            start_ms, waited_ms = ts, 0
        waited_ms += whole(row.retryInMs)
        self._open_limit = [start_ms, ts, kind, waited_ms]
        logs.hits.append(
            LimitHit(start_ms, kind, None, session, waited_ms=waited_ms, text=text[:160], request=hit.id)
        )


@lru_cache(maxsize=4096)
def project_of(cwd: object, path: str) -> str:
    """The project's folder: the row's cwd, or the parent of it that the transcript's folder is named after."""
    parts = path.replace("\\", "/").split("/projects/", 1)
    slug = parts[1].split("/", 1)[0] if len(parts) == 2 else ""
    if not isinstance(cwd, str) or not cwd:
        return slug
    candidate = cwd
    while candidate and candidate != "/":
        if re.sub(_SLUG, "-", candidate) == slug:
            return candidate
        candidate = candidate.rpartition("/")[0]
    return cwd


def _moment(row: RareLine) -> int:
    ts = milliseconds(row.timestamp)
    if ts is None:
        raise UnusableRowError("has no time that can be read")
    return ts


def _session(row: RareLine, path: str) -> str:
    return row.sessionId if isinstance(row.sessionId, str) and row.sessionId else Path(path).stem


def _beside(logged_request: LoggedRequest, steps: Iterable[Step], logs: ParsedLogs) -> None:
    """What is billed beside the message's own tokens: an advisor's, and compaction on the server."""
    for index, step in enumerate(steps):
        if isinstance(step.type, str) and ("advisor" in step.type or step.type == "compaction"):
            five, hour = _cache_writes(step)
            logs.add(
                LoggedRequest(
                    identity("advisor", str(logged_request.id), str(index)),
                    logged_request.ts,
                    logged_request.session,
                    logged_request.project,
                    step.model or logged_request.model,
                    step.input_tokens or 0,
                    step.output_tokens or 0,
                    0,
                    step.cache_read_input_tokens or 0,
                    five,
                    hour,
                    # no request id: by that it would be joined with the gateway's row of the message itself
                    is_subagent=logged_request.is_subagent,
                )
            )


def _by_row(row: RareLine, session: str, ts: int) -> int:
    """The number of a row that names no answer: its own, which copies keep."""
    return identity("row", row.uuid) if row.uuid else identity("row", session, str(ts))


def _failure(
    row: RareLine, ts: int, session: str, path: str, request_id: str | None, kind: str
) -> LoggedRequest:
    return LoggedRequest(
        claude_failure(request_id) if request_id else _by_row(row, session, ts),
        ts,
        session,
        project_of(row.cwd, path),
        row.requestedModel or "",
        request_id=request_id,
        is_subagent=1 if row.isSidechain else 0,
        failure=kind,
    )


def _cache_writes(usage: Usage | Step) -> tuple[int, int]:
    """(5-minute, 1-hour) cache writes; what a total has beyond its split is 5-minute."""
    total, split = usage.cache_creation_input_tokens or 0, usage.cache_creation
    if split is None:
        return total, 0
    five, hour = split.ephemeral_5m_input_tokens or 0, split.ephemeral_1h_input_tokens or 0
    return total - hour if total > five + hour else five, hour


def _mode(usage: Usage) -> str:
    """How an answer was served, where that has another price."""
    mode = "batch" if usage.service_tier == "batch" else "fast" if usage.speed == "fast" else ""
    return f"{mode} us".strip() if usage.inference_geo == "us" else mode


def _running_total(row: RareLine, path: str, logs: ParsedLogs) -> None:
    session = _session(row, path)
    start_ms = milliseconds(row.startTime) or 0
    for model, use in (row.modelUsage or {}).items():
        five, hour = (
            whole(use.cacheCreationEphemeral5mInputTokens),
            whole(use.cacheCreationEphemeral1hInputTokens),
        )
        five += max(0, whole(use.cacheCreationInputTokens) - five - hour)
        totals = (
            whole(use.inputTokens),
            whole(use.outputTokens),
            whole(use.cacheReadInputTokens),
            five,
            hour,
            whole(use.webSearchRequests),
        )
        ends = start_ms + whole(row.totalDuration)
        state = CostState(session, model, totals, start_ms, ends, project_of(None, path))
        logs.keep_state((session, model), state)


def _kind(error: str | None, status_value: object, text: str) -> str:
    from pf_tui.rules.failure_classes import CLAUDE_WORDS
    from pf_tui.rules.limit_words import limit_named

    status = status_value if isinstance(status_value, int) else None
    if "credit balance" in text.lower() or limit_named(text, None, _ANY_TIME) is not None:
        return "quota"
    if status in STATUS_KINDS and (error in (None, "unknown", "server_error") or status == 529):
        return STATUS_KINDS[status]
    if "529" in text or "Overloaded" in text:
        return "overload"
    if error is not None and error in CLAUDE_WORDS:
        return CLAUDE_WORDS[error]
    if status is not None:
        return "server" if status >= 500 else "request"
    return "server"
