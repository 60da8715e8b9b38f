"""Hooks and the status line, whole processes, against `python -c pass` in the same run.

Budget: five times the bare interpreter, for every event (an agent waits for them). The state is one that
people have: a config, a bench, a ledger with readings, 200 remembered sessions, a transcript of a megabyte.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pf_tui import actions
from pf_tui.actions import install
from pf_tui.ledger import reader as ledger
from pf_tui.rules.limits import Reading
from pf_tui.state.context import Context
from tests.hooks.claude import EVENTS

ROUNDS = 25
BUDGET = 5.0
SESSION = "8fb67b88-00ba-4d70-a605-efd434c9ee1e"


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        env = {
            "HOME": folder,
            "PATH": "/usr/bin:/bin",
            "ANTHROPIC_API_KEY": "k1",
            "OPENROUTER_API_KEY": "k2",
        }
        transcript = _prepare(home, env)
        bare = [sys.executable, "-c", "pass"]
        program = [str(Path(sys.executable).parent / "pf-tui")]
        jobs: dict[str, tuple[list[str], bytes]] = {"python -c pass": (bare, b"")}
        for event in EVENTS:
            jobs[event] = ([*program, "hook", "claude-code", event], _event(event, home, transcript))
        jobs["statusline"] = ([*program, "statusline"], _status(home))
        jobs["status --json"] = ([*program, "status", "--json"], b"")
        times = _measure(jobs, env)
    base = statistics.median(times["python -c pass"])
    print(f"{'':22}{'median':>10}{'fastest':>10}{'ratio':>9}   budget {BUDGET:g}")
    for name, taken in times.items():
        median = statistics.median(taken)
        told = "" if name == "python -c pass" or median <= BUDGET * base else "   over"
        print(f"{name:22}{median * 1000:7.1f} ms{min(taken) * 1000:7.1f} ms{median / base:8.2f}×{told}")


def _measure(jobs: dict[str, tuple[list[str], bytes]], env: dict[str, str]) -> dict[str, list[float]]:
    """Seconds of each job, round by round, so that a busy moment falls on all of them."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for number in range(ROUNDS + 1):
        for name, (command, stdin) in jobs.items():
            began = time.perf_counter()
            subprocess.run(command, input=stdin, env=env, capture_output=True, timeout=60, check=True)
            if number:  # the first round warms the disk cache
                times[name].append(time.perf_counter() - began)
    return times


def _prepare(home: Path, env: dict[str, str]) -> Path:
    ctx = Context.here("bench", env=env, cwd=home)
    actions.set_priority(ctx, ["anthropic-api", "openrouter"])
    install.install(ctx, "claude-code")
    actions.bench(ctx, "groq")
    for number in range(200):
        actions.remember_session(ctx, f"session-{number}", "claude-code", "anthropic-api")
    now = datetime.now(UTC)
    for minutes in range(0, 300, 10):
        ledger.limit_readings(ctx.paths.ledger, [_reading(now, minutes)])
    transcript = home / ".claude" / "projects" / "-home" / f"{SESSION}.jsonl"
    transcript.parent.mkdir(parents=True)
    with transcript.open("w") as file:
        for number in range(700):
            file.write(json.dumps(_row(number, now), separators=(",", ":")) + "\n")
    return transcript


def _reading(now: datetime, minutes: int) -> Reading:
    return Reading(
        provider="anthropic-api",
        window="5h",
        unit="percent",
        used=90 - minutes / 5,
        limit=100,
        resets_at=now + timedelta(hours=1),
        source="official",
        observed_at=now - timedelta(minutes=minutes),
    )


def _row(number: int, now: datetime) -> dict[str, object]:
    at = now - timedelta(seconds=700 - number)
    return {
        "type": "assistant",
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "sessionId": SESSION,
        "requestId": f"req-{number}",
        "message": {
            "id": f"msg_{number}",
            "model": "claude-opus-5-5",
            "content": [{"type": "text", "text": "x" * 1200}],
            "usage": {"input_tokens": 11, "output_tokens": 7, "cache_read_input_tokens": 3400},
        },
    }


def _event(event: str, home: Path, transcript: Path) -> bytes:
    return json.dumps(
        {
            "session_id": SESSION,
            "transcript_path": str(transcript),
            "cwd": str(home),
            "hook_event_name": event,
            "prompt": "hello",
            "prompt_id": "p1",
            "source": "user_settings" if event == "ConfigChange" else "startup",
            "notification_type": "quota_auto_resume_stale",
            "command_name": "provider-status",
            "command_args": "",
            "error": "rate_limit",
            "last_assistant_message": "API Error: Request rejected (429)",
        }
    ).encode()


def _status(home: Path) -> bytes:
    soon = int(time.time()) + 3600
    windows = {"five_hour": {"used_percentage": 62, "resets_at": soon}}
    return json.dumps({"session_id": SESSION, "cwd": str(home), "rate_limits": windows}).encode()


if __name__ == "__main__":
    main()
