"""Start-up of what agents and scripts call all day, as multiples of `python -c pass` in the same run.

Ours and the baseline take turns, so a busy machine slows both alike. Budgets: --version 3×, status 8×.

python -m tests.bench.start [--against PYTHON]
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.bench.against import BEFORE, NOW, checkouts

ROUNDS = 25
BASELINE = [sys.executable, "-c", "pass"]

EVENT = json.dumps(
    {"session_id": "s-1", "hook_event_name": "UserPromptSubmit", "prompt": "hello", "cwd": "/"}
)
CASES: tuple[tuple[str, list[str], str, float | None], ...] = (
    ("--version", ["--version"], "", 3.0),
    ("status --json", ["status", "--json"], "", 8.0),
    (
        "statusline",
        ["statusline"],
        json.dumps({"session_id": "s-1", "model": {"id": "claude-opus-5-5"}}),
        5.0,
    ),
    ("hook UserPromptSubmit", ["hook", "claude-code", "UserPromptSubmit"], EVENT, 5.0),
    ("auth helper", ["auth", "helper"], "", None),
    ("status", ["status"], "", None),
    ("switch", ["switch", "groq"], "", None),
    ("models --json", ["models", "--json"], "", None),
    ("analytics --json", ["analytics", "--json"], "", None),
)
"""(name, words, stdin, budget as a multiple of the baseline; None = no budget agreed)."""


def main() -> None:
    """Print a table: median ms, multiple of the baseline, budget; what it was before, where that is asked."""
    with contextlib.ExitStack() as stack:
        subjects = {
            checkout.name: (checkout.program, _home(checkout.program, Path(stack.enter_context(_folder()))))
            for checkout in checkouts()
        }
        for program, env in subjects.values():
            for _, words, stdin, _ in CASES:
                _run([*program, *words], env, stdin)  # compiles the catalog and the byte code once
        print(f"{'':24} {'median':>9} {'× python -c pass':>17} {'budget':>8}")
        for name, words, stdin, budget in CASES:
            commands = {who: ([*program, *words], env, stdin) for who, (program, env) in subjects.items()}
            medians = _in_turns({"": (BASELINE, subjects[NOW][1], ""), **commands})
            ours, bare = medians[NOW], medians[""]
            ratio = ours / bare
            verdict = "" if budget is None else f"{budget:g}× {'ok' if ratio <= budget else 'OVER'}"
            before = medians.get(BEFORE)
            told = "" if before is None else f", before {before * 1000:.1f} ms, now {ours / before:.2f} of it"
            print(
                f"{name:24} {ours * 1000:6.1f} ms {ratio:16.2f}× {verdict:>8}"
                f"  baseline {bare * 1000:.1f} ms{told}"
            )


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


def _home(program: list[str], folder: Path) -> dict[str, str]:
    """A home in use: settings, a bench, a short history."""
    env = {
        "HOME": str(folder),
        "PATH": os.environ.get("PATH", ""),
        "TZ": "UTC",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "OPENROUTER_API_KEY": "k1",
        "ANTHROPIC_API_KEY": "k2",
        "GROQ_API_KEY": "k3",
    }
    log = folder / ".claude" / "projects" / "-home-dev-shop" / "s-1.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text("".join(_turn(number) for number in range(500)))
    for words in (["switch", "openrouter"], ["bench", "groq", "--for", "5m"], ["ingest"]):
        _run([*program, *words], env, "")
    return env


def _turn(number: int) -> str:
    usage = {"input_tokens": 10, "output_tokens": 20, "cache_read_input_tokens": 1000}
    message = {"id": f"msg_{number}", "role": "assistant", "model": "claude-opus-5-5", "usage": usage}
    moment = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 60 * number))
    row = {"type": "assistant", "sessionId": "s-1", "cwd": "/home/dev/shop", "timestamp": moment}
    return json.dumps({**row, "requestId": f"req_{number}", "message": message}, separators=(",", ":")) + "\n"


def _in_turns(commands: Mapping[str, tuple[list[str], dict[str, str], str]]) -> dict[str, float]:
    """Median seconds of each command with its environment and standard input."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, (command, env, stdin) in commands.items():
            seconds[name].append(_run(command, env, stdin))
    return {name: statistics.median(times) for name, times in seconds.items()}


def _run(command: list[str], env: dict[str, str], stdin: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=env, input=stdin, text=True, capture_output=True, timeout=60, check=False)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
