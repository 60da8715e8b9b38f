"""A look at 200 running sessions: the first, one without changes, one with ten changed; against bare stats.

python -m tests.bench.sessions [--sessions 200]

Each session is a real, sleeping process with a registry file and a transcript of 200 KB, in 40 projects.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pf_tui.sessions import identity
from pf_tui.sessions.overview import Watch, overview
from pf_tui.state.context import Context
from tests.sessions.machine import add, answer, asked

BUDGET_TICK_MS, BUDGET_START_MS = 5.0, 300.0
TICKS = 40


def main() -> None:
    """Print the table."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--sessions", type=int, default=200)
    given, _ = words.parse_known_args()
    folder = Path(tempfile.mkdtemp(prefix="pf-tui-bench-"))
    processes = [subprocess.Popen(["sleep", "600"]) for _ in range(given.sessions)]
    try:
        measure(folder, [process.pid for process in processes])
    finally:
        for process in processes:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def measure(home: Path, pids: list[int]) -> None:
    """CPU of this process in ms, medians."""
    registry = [put(home, number, pid) for number, pid in enumerate(pids)]
    logs = sorted(home.glob(".claude/projects/*/*.jsonl"))
    ctx = Context.here("tui", env={"HOME": str(home)}, cwd=home)
    watch = Watch(ctx)
    shown = 0

    def look() -> None:
        nonlocal shown
        shown = sum(one.state == "working" for one in overview(ctx, watch))

    first = cpu_ms(look)
    for _ in range(4):
        look()
    time.sleep(0.1)  # files that were just written are read twice
    still = statistics.median(cpu_ms(look) for _ in range(TICKS))
    turning = []
    for tick in range(TICKS):
        for number in range(tick % 20, len(pids), 20):
            add(logs[number], answer(tokens=tick))
            registry[number].touch()
        turning.append(cpu_ms(look))
    paths = [str(path) for path in (*registry, *logs)]
    bare = statistics.median(cpu_ms(lambda: stats(paths)) for _ in range(TICKS))
    print(f"{shown} of {len(pids)} sessions shown as working; CPU in ms")
    print(f"{'stat of every file, list of /proc (baseline)':<46}{bare:8.2f}")
    print(f"{'first look':<46}{first:8.2f}   budget {BUDGET_START_MS:g}")
    print(f"{'a look without changes':<46}{still:8.2f}   budget {BUDGET_TICK_MS:g}")
    print(f"{'a look with every twentieth changed':<46}{statistics.median(turning):8.2f}")


def put(home: Path, number: int, pid: int) -> Path:
    """One session's files."""
    cwd = home / f"p{number % 40}"
    (cwd / ".git").mkdir(parents=True, exist_ok=True)
    (cwd / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    slug = "".join(char if char.isalnum() else "-" for char in str(cwd))
    log = home / ".claude" / "projects" / slug / f"s-{number:03}.jsonl"
    log.parent.mkdir(parents=True, exist_ok=True)
    add(log, asked(), *[answer(tokens=50_000)] * 20, *[{"type": "attachment", "x": "y" * 45_000}] * 4)
    moment = round(time.time() * 1000) - 5000
    entry = {
        "pid": pid, "procStart": identity.start(pid), "sessionId": f"s-{number:03}", "cwd": str(cwd),
        "startedAt": moment, "status": "busy", "statusUpdatedAt": moment,
    }  # fmt: skip
    path = home / ".claude" / "sessions" / f"{pid}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(entry))
    return path


def stats(paths: list[str]) -> None:
    """What any answer needs at least."""
    os.listdir("/proc")  # noqa: PTH208 - a baseline wears nothing
    for path in paths:
        with contextlib.suppress(OSError):
            os.stat(path)  # noqa: PTH116


def cpu_ms(work: Callable[[], None]) -> float:
    """CPU of one call."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


if __name__ == "__main__":
    main()
