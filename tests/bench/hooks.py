"""Hooks and the status line, whole processes, against `python -c pass` in the same run.

Budget: five times the bare interpreter, for every event (an agent waits for them). The state is one that
people have: a config, a bench, a ledger with readings, 200 remembered sessions, a transcript of a megabyte.

python -m tests.bench.hooks [--against PYTHON]
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pf_tui import actions
from pf_tui.actions import install
from pf_tui.ledger import reader as ledger
from pf_tui.rules.limits import Reading
from pf_tui.state.context import Context
from tests import readings
from tests.bench.against import BEFORE, NOW, Checkout, checkouts
from tests.hooks.claude import EVENTS

ROUNDS = 25
BUDGET = 5.0
BARE = "python -c pass"
PREPARE = (
    "import json, sys; from pathlib import Path; from tests.bench import hooks\n"
    "print(hooks._prepare(Path(sys.argv[1]), json.loads(sys.argv[2])))"
)
Job = tuple[list[str], bytes, dict[str, str]]
"""Command, standard input, environment."""

SESSION = "8fb67b88-00ba-4d70-a605-efd434c9ee1e"


def main() -> None:
    """Print the table."""
    with contextlib.ExitStack() as stack:
        jobs: dict[tuple[str, str], Job] = {(BARE, NOW): ([sys.executable, "-c", "pass"], b"", {})}
        for checkout in checkouts():
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            jobs |= {(name, checkout.name): job for name, job in _jobs(checkout, Path(folder)).items()}
        times = _measure(jobs)
    medians = {key: statistics.median(seconds) for key, seconds in times.items()}
    base = medians[BARE, NOW]
    print(f"{'':22}{'median':>10}{'fastest':>10}{'ratio':>9}   budget {BUDGET:g}")
    for name in dict.fromkeys(name for name, _ in jobs):
        median = medians[name, NOW]
        told = "" if name == BARE or median <= BUDGET * base else "   over"
        before = medians.get((name, BEFORE))
        told += "" if before is None else f"   before {before * 1000:.1f} ms, now {median / before:.2f} of it"
        fastest = min(times[name, NOW])
        print(f"{name:22}{median * 1000:7.1f} ms{fastest * 1000:7.1f} ms{median / base:8.2f}×{told}")


def _jobs(checkout: Checkout, home: Path) -> dict[str, Job]:
    """What an agent calls, on a state that the checkout has made itself."""
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin", "ANTHROPIC_API_KEY": "k1", "OPENROUTER_API_KEY": "k2"}
    transcript = Path(checkout.bench(PREPARE, str(home), json.dumps(env)))
    program = checkout.script
    jobs = {
        event: ([program, "hook", "claude-code", event], _event(event, home, transcript), env)
        for event in EVENTS
    }
    jobs["statusline"] = ([program, "statusline"], _status(home), env)
    jobs["status --json"] = ([program, "status", "--json"], b"", env)
    return jobs


def _measure(jobs: Mapping[tuple[str, str], Job]) -> dict[tuple[str, str], list[float]]:
    """Seconds of each job, round by round, so that a busy moment falls on all of them."""
    times: dict[tuple[str, str], list[float]] = {key: [] for key in jobs}
    for number in range(ROUNDS + 1):
        for key, (command, stdin, env) in jobs.items():
            began = time.perf_counter()
            subprocess.run(command, input=stdin, env=env, capture_output=True, timeout=60, check=True)
            if number:  # the first round warms the disk cache
                times[key].append(time.perf_counter() - began)
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
    at, resets_at = now - timedelta(minutes=minutes), now + timedelta(hours=1)
    return readings.reading(90 - minutes / 5, provider="anthropic-api", at=at, resets_at=resets_at)


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
