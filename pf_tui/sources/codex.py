"""Codex's rollouts: sessions/YYYY/MM/DD/rollout-*.jsonl.

`input_tokens` there includes cached ones, output includes reasoning. Newer versions write one
`token_usage_record` per response; older ones only `token_count` events, which are repeated as they
stand: a snapshot counts when its running total has moved. Measured on 0.169.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pf_tui.rules.reset_text import reset_from_text
from pf_tui.sources.claude_code import _whole as whole
from pf_tui.sources.claude_code import milliseconds
from pf_tui.sources.sightings import Harvest, Hit, Seen, Sighting, identity
from pf_tui.state.paths import user_home

AGENT = "codex"
NEEDLES = (
    b'"session_meta"',
    b'"turn_context"',
    b'"token_usage_record"',
    b'"token_count"',
    b'"codex_error_info"',
)
_ERRORS = {
    "usage_limit_exceeded": "quota",
    "rate_limit_exceeded": "rate",
    "unauthorized": "auth",
    "server_overloaded": "overload",
    "context_window_exceeded": "request",
    "bad_request": "request",
}


def roots(env: Mapping[str, str]) -> Iterator[Path]:
    """$CODEX_HOME/sessions and archived_sessions, else under ~/.codex."""
    base = Path(env["CODEX_HOME"]) if env.get("CODEX_HOME") else user_home(env) / ".codex"
    for name in ("sessions", "archived_sessions"):
        if (base / name).is_dir():
            yield base / name


class Reader:
    """Reads one rollout; what earlier lines said about model and session is carried along."""

    def __init__(self, note: Mapping[str, Any]) -> None:
        self.session = str(note.get("session", ""))
        self.cwd = str(note.get("cwd", ""))
        self.model = str(note.get("model", ""))
        self.total = int(note.get("total", -1))
        self.records = bool(note.get("records", False))

    def note(self) -> dict[str, Any]:
        """What the next reading must know."""
        return {
            "session": self.session,
            "cwd": self.cwd,
            "model": self.model,
            "total": self.total,
            "records": self.records,
        }

    def read_line(self, line: bytes, path: str, harvest: Harvest) -> None:
        """Take what one line holds. Raises ValueError when it is no JSON object."""
        row = json.loads(line.decode("utf-8", "replace"), strict=False)
        if not isinstance(row, dict):
            raise TypeError("not an object")
        payload = row.get("payload")
        if not isinstance(payload, dict):
            return
        kind, ts = row.get("type"), milliseconds(row.get("timestamp"))
        if kind == "session_meta":
            self.session = str(payload.get("id") or payload.get("session_id") or Path(path).stem)
            self.cwd = str(payload.get("cwd") or self.cwd)
        elif kind == "turn_context":
            self.model = str(payload.get("model") or self.model)
            self.cwd = str(payload.get("cwd") or self.cwd)
        elif ts is None:
            return
        elif kind == "token_usage_record":
            self.records = True
            key = str(payload.get("response_id") or f"{self._name(path)}{ts}")
            self._request(harvest, payload.get("usage"), ts, path, identity("codex", key))
        elif kind == "event_msg" and payload.get("type") == "token_count":
            self._snapshot(harvest, payload, ts, path)
        elif kind == "event_msg" and isinstance(payload.get("error"), dict):
            self._failure(harvest, payload["error"], ts, path)

    def _snapshot(self, harvest: Harvest, payload: dict[str, Any], ts: int, path: str) -> None:
        info = payload.get("info")
        if isinstance(info, dict) and not self.records:
            running = info.get("total_token_usage")
            total = whole(running.get("total_tokens")) if isinstance(running, dict) else 0
            if total != self.total:
                self.total = total
                key = identity("codex", self._name(path), str(total))
                self._request(harvest, info.get("last_token_usage"), ts, path, key)
        limits = payload.get("rate_limits")
        if isinstance(limits, dict):
            for name in ("primary", "secondary"):
                if seen := window_reading(limits.get(name), ts):
                    harvest.read(seen)

    def _request(self, harvest: Harvest, usage: object, ts: int, path: str, number: int) -> None:
        if not isinstance(usage, dict):
            return
        cached, written = (
            whole(usage.get("cached_input_tokens")),
            whole(usage.get("cache_write_input_tokens")),
        )
        harvest.add(
            Sighting(
                number,
                ts,
                self._name(path),
                self.cwd,
                self.model,
                max(0, whole(usage.get("input_tokens")) - cached - written),
                whole(usage.get("output_tokens")),
                whole(usage.get("reasoning_output_tokens")),
                cached,
                written,
            )
        )

    def _failure(self, harvest: Harvest, error: dict[str, Any], ts: int, path: str) -> None:
        word = error.get("codex_error_info")
        text = str(error.get("message") or "")
        kind = _ERRORS.get(word, "server") if isinstance(word, str) else "server"
        harvest.add(
            Sighting(
                identity("codex-fail", self._name(path), str(ts)),
                ts,
                self._name(path),
                self.cwd,
                self.model,
                failure=kind,
            )
        )
        if kind in ("quota", "rate"):
            until = reset_from_text(text, datetime.fromtimestamp(ts / 1000, UTC))
            until_ms = round(until.timestamp() * 1000) if until else None
            harvest.hits.append(Hit(ts, kind, until_ms, self._name(path), text=text[:160]))

    def _name(self, path: str) -> str:
        return self.session or Path(path).stem


def window_reading(window: object, ts: int) -> Seen | None:
    """One of Codex's rate_limits windows as a reading; None when it holds none."""
    if not isinstance(window, dict):
        return None
    used, minutes = window.get("used_percent"), window.get("window_minutes")
    if isinstance(used, bool) or not isinstance(used, int | float) or not isinstance(minutes, int | float):
        return None
    resets = window.get("resets_at")
    ends = int(resets * 1000) if isinstance(resets, int | float) and resets > 0 else None
    return Seen(ts, window_word(int(minutes)), "percent", float(used), 100.0, ends, "rollout")


def window_word(minutes: int) -> str:
    """Our word for a window of so many minutes."""
    words = {1: "minute", 60: "hour", 300: "5h", 1440: "day", 10080: "7d", 43200: "month"}
    nearest = min(words, key=lambda known: abs(known - minutes))
    return words[nearest]
