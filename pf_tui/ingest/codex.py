"""Codex's rollouts: sessions/YYYY/MM/DD/rollout-*.jsonl.

`input_tokens` there includes cached ones, output includes reasoning. Newer versions write one
`token_usage_record` per response; older ones only `token_count` events, which are repeated as they
stand: a snapshot counts when its running totals have moved. Forks and subagents begin with a copy of
their parent's whole history, stamped anew: an event is known by its totals within the family of threads
it came from, not by file or time. Measured on 0.169.0; forks from bug reports (ccusage #950, #1349).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from pf_tui.ingest.coerce import has_count, milliseconds, whole
from pf_tui.ingest.observed import LimitHit, LoggedRequest, ParsedLogs, UnusableRowError, WindowReading
from pf_tui.ledger.request_id import codex_response, identity
from pf_tui.ledger.unread import UNKNOWN_SHAPE
from pf_tui.rules.reset_text import reset_from_text
from pf_tui.state import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # Any: a note as JSON gave it back, written by this module alone

    from pf_tui.clients import AgentId

AGENT: AgentId = "codex"
SUFFIXES = (".jsonl", ".jsonl.zst")
NEEDLES = (
    b'"token_count"',
    b'"token_usage_record"',
    b'"session_meta"',
    b'"turn_context"',
    b'"codex_error_info"',
    b'"thread_settings_applied"',
)
_ERRORS = {
    "usage_limit_exceeded": "quota",
    "rate_limit_exceeded": "rate",
    "unauthorized": "auth",
    "server_overloaded": "overload",
    "context_window_exceeded": "request",
    "bad_request": "request",
}
_KINDS = (
    "input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens", "reasoning_output_tokens",
)  # fmt: skip
TIERS = {"priority": "priority", "fast": "priority", "flex": "flex"}
"""Service tiers with prices of their own; Codex's Fast is the API's "priority"."""

MAX_PERCENT = 1000.0
"""More than that is no share but a mix-up (an epoch was seen in a percent field: claude-code #52326)."""


def roots(env: Mapping[str, str]) -> Iterator[Path]:
    """sessions and archived_sessions of $CODEX_HOME (one, or a comma list), else of ~/.codex."""
    for base in paths.config_folders("codex", env):
        for name in ("sessions", "archived_sessions"):
            if (base / name).is_dir():
                yield base / name


class Reader:
    """Reads one rollout; what earlier lines said about thread, model and totals is carried along."""

    def __init__(self, note: Mapping[str, Any]) -> None:  # what `note` gave
        self.session = str(note.get("session", ""))
        self.family = str(note.get("family", ""))
        """The oldest thread this one's history is known to come from."""
        self.cwd = str(note.get("cwd", ""))
        self.model = str(note.get("model", ""))
        self.provider = str(note.get("provider", ""))
        self.totals: tuple[int, ...] = tuple(note.get("totals", ()))
        self.records = bool(note.get("records", False))
        self.subagent = int(note.get("subagent", 0))
        self.tier = str(note.get("tier", ""))
        """How it is served, where that has another price."""
        self.early = [LoggedRequest(*fields) for fields in note.get("early", ())]
        """Requests before any model was named."""

    def note(self) -> dict[str, object]:
        """What the next reading must know."""
        return vars(self)

    def read_line(self, line: bytes, path: str, logs: ParsedLogs) -> None:
        """Take what one line holds. Raises ValueError or TypeError when it is no JSON object."""
        row = json.loads(line)
        if not isinstance(row, dict):
            raise TypeError("not an object")
        kind, payload = row.get("type"), row.get("payload")
        if not isinstance(payload, dict):
            return
        word = payload.get("type")
        if kind == "session_meta":
            self._meta(payload, path)
        elif kind == "turn_context":
            self._settings(payload, logs)
            self.cwd = _text(payload, "cwd") or self.cwd
        elif word == "thread_settings_applied" and isinstance(payload.get("thread_settings"), dict):
            self._settings(payload["thread_settings"], logs)
            self.provider = _text(payload["thread_settings"], "model_provider_id") or self.provider
        elif kind == "token_usage_record":
            self.records = True
            ts = _moment(row)
            response = _text(payload, "response_id")
            number = codex_response(response) if response else identity("codex", self._name(path), str(ts))
            self._request(logs, payload.get("usage"), ts, path, number, response or None)
        elif kind == "event_msg" and word == "token_count":
            self._limits(logs, payload, row)
            self._snapshot(logs, payload, row, path)
        elif kind == "event_msg" and isinstance(payload.get("error"), dict):
            self._failure(logs, payload["error"], _moment(row), path)

    def _settings(self, settings: dict[str, object], logs: ParsedLogs) -> None:
        """Model and service tier from here on; the first model is also that of what came before it."""
        self.model = _text(settings, "model") or self.model
        if "service_tier" in settings:
            self.tier = TIERS.get(_text(settings, "service_tier"), "")
        if self.model and self.early:
            for request in self.early:
                logs.requests.pop(request.id, None)
                logs.add(request._replace(model=self.model))
            self.early = []

    def _meta(self, payload: dict[str, object], path: str) -> None:
        """A thread's head; a fork's file has its ancestors' heads after its own."""
        thread = _text(payload, "id") or _text(payload, "session_id") or Path(path).stem
        parent = _text(payload, "forked_from_id") or _parent_thread(payload)
        if not self.session:
            self.session = thread
            self.cwd = _text(payload, "cwd") or self.cwd
            self.provider = _text(payload, "model_provider") or self.provider
            self.subagent = int(payload.get("thread_source") == "subagent" or _parent_thread(payload) != "")
        self.family = parent or thread

    def _snapshot(
        self, logs: ParsedLogs, payload: dict[str, object], row: dict[str, object], path: str
    ) -> None:
        info = payload.get("info")
        if isinstance(info, dict) and info and not self.records:
            totals = _counts(info.get("total_token_usage"))
            last = info.get("last_token_usage")
            if totals is None:
                self._request(logs, last, _moment(row), path, self._by_totals(path, _counts(last)), None)
            elif totals != self.totals:
                if not isinstance(last, dict):  # early versions: only the running totals
                    before = self.totals if len(self.totals) == len(totals) else (0,) * len(totals)
                    last = {k: max(0, a - b) for k, a, b in zip(_KINDS, totals, before, strict=True)}
                self.totals = totals
                number = self._by_totals(path, (*totals, *(_counts(last) or ())))
                self._request(logs, last, _moment(row), path, number, None)

    def _limits(self, logs: ParsedLogs, payload: dict[str, object], row: dict[str, object]) -> None:
        limits = payload.get("rate_limits")
        if isinstance(limits, dict) and (ts := milliseconds(row.get("timestamp"))):
            model = _text(limits, "limit_name") or _text(limits, "limit_id")
            for name in ("primary", "secondary"):
                if reading := window_reading(limits.get(name), ts):
                    logs.read(
                        reading._replace(
                            model=None if model in ("", "codex") else model, provider=self.provider or None
                        )
                    )

    def _by_totals(self, path: str, counts: tuple[int, ...] | None) -> int:
        return identity("codex-count", self.family or self._name(path), json.dumps(counts))

    def _request(
        self, logs: ParsedLogs, usage: object, ts: int, path: str, number: int, response: str | None
    ) -> None:
        counts = _counts(usage)
        if counts is None or not isinstance(usage, dict) or (usage and not has_count(usage, _KINDS)):
            raise UnusableRowError(UNKNOWN_SHAPE)
        if not any(counts):
            return  # a fork begins with a snapshot of nothing
        input_total, cached, cache_write, output_total, reasoned = counts
        logged_request = LoggedRequest(
            number,
            ts,
            self._name(path),
            self.cwd,
            self.model,
            max(0, input_total - cached - cache_write),
            output_total,
            min(reasoned, output_total),
            min(cached, input_total),
            min(cache_write, max(0, input_total - cached)),
            message_id=response,
            is_subagent=self.subagent,
            mode=self.tier,
            provider=self.provider or None,
        )
        if not self.model:
            self.early.append(logged_request)
        logs.add(logged_request)

    def _failure(self, logs: ParsedLogs, error: dict[str, object], ts: int, path: str) -> None:
        word = error.get("codex_error_info")
        text = str(error.get("message") or "")
        kind = _ERRORS.get(word, "server") if isinstance(word, str) else "server"
        session = self._name(path)
        logs.add(
            LoggedRequest(
                identity("codex-fail", session, str(ts)),
                ts,
                session,
                self.cwd,
                self.model,
                is_subagent=self.subagent,
                failure=kind,
                provider=self.provider or None,
            )
        )
        if kind in ("quota", "rate"):
            until = reset_from_text(text, datetime.fromtimestamp(ts / 1000, UTC))
            until_ms = round(until.timestamp() * 1000) if until else None
            logs.hits.append(
                LimitHit(ts, kind, until_ms, session, text=text[:160], provider=self.provider or None)
            )

    def _name(self, path: str) -> str:
        return self.session or Path(path).stem


def window_reading(window: object, ts: int) -> WindowReading | None:
    """One of Codex's rate_limits windows as a reading; None when it holds none."""
    if not isinstance(window, dict):
        return None
    use, minutes = _number(window.get("used_percent")), _number(window.get("window_minutes"))
    if use is None or minutes is None or not 0 <= use <= MAX_PERCENT:
        return None
    resets, in_seconds = _number(window.get("resets_at")), _number(window.get("resets_in_seconds"))
    ends = int(resets * 1000) if resets is not None and 0 < resets < 1e11 else None
    if ends is None and in_seconds is not None and 0 <= in_seconds < 1e8:  # rollouts of 2025
        ends = ts + int(in_seconds * 1000)
    from pf_tui.rules import windows  # a hook reads no window of most turns

    return WindowReading(ts, windows.nearest(int(minutes)), "percent", use, 100.0, ends, "rollout")


def _moment(row: Mapping[str, object]) -> int:
    ts = milliseconds(row.get("timestamp"))
    if ts is None:
        raise UnusableRowError("has no time that can be read")
    return ts


def _counts(usage: object) -> tuple[int, ...] | None:
    return tuple(whole(usage.get(kind)) for kind in _KINDS) if isinstance(usage, dict) else None


def _parent_thread(payload: Mapping[str, object]) -> str:
    """The thread that spawned a subagent's."""
    source = payload.get("source")
    spawned = source.get("subagent") if isinstance(source, dict) else None
    spawn_source = spawned.get("thread_spawn", spawned) if isinstance(spawned, dict) else payload
    return _text(spawn_source, "parent_thread_id") if isinstance(spawn_source, dict) else ""


def _text(holder: Mapping[str, object], key: str) -> str:
    value = holder.get(key)
    return value if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
