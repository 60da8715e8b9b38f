"""Claude Code's hooks as the client calls them, on a home of their own."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pf_tui import hooks, snapshot
from pf_tui.rules.benches import Bench
from pf_tui.state.context import Context

SESSION = "8fb67b88-00ba-4d70-a605-efd434c9ee1e"
EVENTS = (
    "SessionStart",
    "UserPromptSubmit",
    "UserPromptExpansion",
    "Stop",
    "SubagentStop",
    "StopFailure",
    "SessionEnd",
    "Notification",
    "ConfigChange",
)
KEYS = {"ANTHROPIC_API_KEY": "sk-ant-planted-1", "OPENROUTER_API_KEY": "sk-or-planted-2"}
LIMITED = "API Error: Request rejected (429) · This request would exceed your account's rate limit."


class Client:
    """A Claude Code that fires hooks; two providers have a key, Anthropic's API serves first."""

    def __init__(self, home: Path, work: Path, **env: str) -> None:
        self.env = {"HOME": str(home), "TZ": "UTC", "PATH": "/usr/bin:/bin", **KEYS, **env}
        self.work = work
        self.transcript = home / ".claude" / "projects" / "-work" / f"{SESSION}.jsonl"

    def fire(self, event: str, **fields: Any) -> str:
        """The answer to one event."""
        data = {
            "session_id": SESSION,
            "transcript_path": str(self.transcript),
            "cwd": str(self.work),
            "hook_event_name": event,
            **fields,
        }
        answer, code = hooks.run("claude-code", event, json.dumps(data).encode(), self.env)
        assert code == 0
        return answer

    def told(self, event: str, **fields: Any) -> str:
        """What an answer in JSON says to the person; "" for none."""
        answer = self.fire(event, **fields)
        content = json.loads(answer) if answer else {}
        return str(content.get("systemMessage") or content.get("reason") or "")

    def fail(self, error: str = "rate_limit", text: str = LIMITED, prompt: str = "p1") -> None:
        self.fire("StopFailure", error=error, last_assistant_message=text, prompt_id=prompt)

    def writes(self, *rows: dict[str, Any]) -> None:
        """Rows at the end of the transcript."""
        self.transcript.parent.mkdir(parents=True, exist_ok=True)
        with self.transcript.open("a") as file:
            file.writelines(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)

    @property
    def ctx(self) -> Context:
        return Context.here("cli", env=self.env, cwd=self.work)

    def active(self) -> str | None:
        serving = snapshot.take(self.ctx).active
        return serving.provider if serving else None

    def benches(self) -> tuple[Bench, ...]:
        return self.ctx.health().benches

    def log(self) -> str:
        path = self.ctx.paths.home / "hooks.log"
        return path.read_text() if path.exists() else ""


def delivered(message: str = "msg_01", at: datetime | None = None, **fields: Any) -> dict[str, Any]:
    """The row of an answer."""
    usage = {
        "input_tokens": 11,
        "output_tokens": 7,
        "cache_read_input_tokens": 3400,
        "cache_creation_input_tokens": 120,
        "cache_creation": {"ephemeral_5m_input_tokens": 120, "ephemeral_1h_input_tokens": 0},
    }
    return {
        "type": "assistant",
        "uuid": f"u-{message}",
        "timestamp": stamp(at),
        "sessionId": SESSION,
        "cwd": "/work",
        "requestId": f"req-{message}",
        "message": {
            "id": message,
            "model": "claude-opus-5-5",
            "content": [{"type": "text", "text": "secret words of an answer"}],
            "usage": usage,
        },
        **fields,
    }


def failed(text: str, status: int | None = 429, error: str = "rate_limit") -> dict[str, Any]:
    """The row of an error that ended a turn."""
    return {
        "type": "assistant",
        "uuid": "u-err",
        "timestamp": stamp(None),
        "sessionId": SESSION,
        "cwd": "/work",
        "requestId": "req-err",
        "requestedModel": "claude-opus-5-5",
        "message": {
            "model": "<synthetic>",
            "content": [{"type": "text", "text": text}],
            "usage": {"output_tokens": 0},
        },
        "isApiErrorMessage": True,
        "error": error,
        "apiErrorStatus": status,
    }


def stamp(at: datetime | None) -> str:
    return (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rest(bench: Bench) -> timedelta | None:
    """How long it was benched for."""
    return None if bench.until is None else bench.until - bench.since
