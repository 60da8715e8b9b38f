"""Logs into the ledger and out again, against reading the same bytes and against what peers take, in one run.

python -m tests.bench.ingest [--mb 60] [--rounds 3] [--against PYTHON]

Peers are ccusage and tokscale, where they are found in PATH or in $PF_TUI_CLIENTS. All subjects take
turns, so that what else the machine does meets all of them; CPU seconds are of the whole process tree.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import corpus
from tests.bench.against import NOW, Checkout, checkouts

READ = (
    "import sys, pathlib\n"
    "for path in pathlib.Path(sys.argv[1]).rglob('*.jsonl'):\n"
    "    with open(path, 'rb', buffering=0) as file:\n"
    "        while file.read(1 << 21): pass\n"
)
RUNNER = (
    "import json, os, sys, time\n"
    "began = time.perf_counter()\n"
    "nothing = os.open(os.devnull, os.O_WRONLY)\n"
    "files = [(os.POSIX_SPAWN_DUP2, nothing, 1), (os.POSIX_SPAWN_DUP2, nothing, 2)]\n"
    "child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=files)\n"
    "_, status, used = os.wait4(child, 0)\n"
    "wall, cpu = time.perf_counter() - began, used.ru_utime + used.ru_stime\n"
    "print(json.dumps([os.waitstatus_to_exitcode(status), wall, cpu, used.ru_maxrss / 1024]))\n"
)
"""A small process of its own starts the subject: a child's peak memory counts from what its parent had."""

APPENDED = (
    '{"type":"assistant","timestamp":"2026-11-22T17:%02d:00.000Z","sessionId":"bench","cwd":"/home/dev/bench",'
    '"version":"2.1.330","requestId":"req_%s","isSidechain":false,"message":{"id":"msg_bench_%s",'
    '"model":"claude-opus-4-5-20251101","usage":{"input_tokens":1,"output_tokens":2,'
    '"cache_creation_input_tokens":0,"cache_read_input_tokens":0}}}\n'
)


@dataclass
class Subject:
    """One command, run several times."""

    name: str
    command: list[str]
    before: Callable[[], object] = lambda: None
    env: dict[str, str] = field(default_factory=dict)
    """Beside what all subjects see."""
    walls: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    peaks_mb: list[float] = field(default_factory=list)

    def run(self, env: dict[str, str]) -> None:
        """Once more."""
        self.before()
        told = subprocess.run(
            [sys.executable, "-I", "-c", RUNNER, *self.command],
            env={**env, **self.env},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        code, wall, cpu, peak_mb = json.loads(told)
        if code:
            raise RuntimeError(f"{' '.join(self.command[:4])} … ended with {code}")
        self.walls.append(wall)
        self.cpus.append(cpu)
        self.peaks_mb.append(peak_mb)

    def line(self, baseline: float) -> str:
        wall, cpu = statistics.median(self.walls), statistics.median(self.cpus)
        return (
            f"{self.name:<52}{wall:>9.3f}{min(self.walls):>9.3f}{cpu:>9.3f}{max(self.peaks_mb):>10.0f}"
            f"{wall / baseline if baseline else 0:>10.1f}x"
        )


def main() -> None:
    """Print the tables."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--mb", type=float, default=float(os.environ.get("PF_TUI_BENCH_MB", "60")))
    words.add_argument("--rounds", type=int, default=3)
    given, _ = words.parse_known_args()
    folder = Path(tempfile.mkdtemp(prefix="pf-tui-bench-"))
    try:
        _logs(folder, given.mb, given.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _logs(folder: Path, megabytes: float, rounds: int) -> None:
    home = folder / "home"
    truth = corpus.generate(home, megabytes, seed=1, kind=corpus.PLAIN)
    state = folder / NOW
    env = environment(home)
    added = home / ".claude/projects/-home-dev-bench/bench.jsonl"
    counter = iter(range(10**6))

    def append() -> None:
        added.parent.mkdir(parents=True, exist_ok=True)
        number = next(counter)
        with added.open("a", encoding="utf-8") as log:
            log.write(APPENDED % (number % 60, number, number))

    subjects = [
        Subject("plain read of the same files", [sys.executable, "-c", READ, str(home)]),
        *(subject for checkout in checkouts() for subject in _ours(checkout, folder / checkout.name, append)),
        *peers(append),
    ]
    for _ in range(rounds):
        for subject in subjects:
            subject.run(env)
    print(
        f"{truth.files} files, {truth.bytes / 1e6:.0f} MB, {truth.totals['requests']} requests;"
        f" median of {rounds}"
    )
    print(f"{'':<52}{'wall s':>9}{'least':>9}{'cpu s':>9}{'peak MB':>10}{'of read':>11}")
    baseline = statistics.median(subjects[0].walls)
    for subject in subjects:
        print(subject.line(baseline))
    size = sum(file.stat().st_size for file in state.glob("ledger.db*"))
    print(f"ledger: {size / 1e6:.1f} MB, {100 * size / truth.bytes:.2f} % of the logs")
    _memory(folder, megabytes, max(subjects[1].peaks_mb))


def _ours(checkout: Checkout, state: Path, append: Callable[[], object]) -> list[Subject]:
    """A checkout's ingest and analytics of the shared logs, each on a ledger of its own."""

    def fresh() -> None:
        shutil.rmtree(state, ignore_errors=True)

    env, who = {"PROVIDER_FALLBACK_HOME": str(state)}, "" if checkout.name == NOW else f" {checkout.name}"
    analytics = [*checkout.program, "analytics", "all", "--json"]
    return [
        Subject(
            f"pf-tui{who} ingest, nothing known (cold)", [*checkout.program, "ingest", "--json"], fresh, env
        ),
        Subject(f"pf-tui{who} analytics --json, nothing changed", analytics, env=env),
        Subject(f"pf-tui{who} analytics --json, one row appended", analytics, append, env),
    ]


def peers(append: Callable[[], object]) -> list[Subject]:
    """What other programs take for the same question, as far as they are installed."""
    folders = os.pathsep.join(filter(None, (os.environ.get("PF_TUI_CLIENTS"), os.environ.get("PATH"))))
    found = []
    if ccusage := shutil.which("ccusage", path=folders):
        command = [ccusage, "claude", "daily", "--offline", "--json"]
        found.append(Subject("ccusage daily (reads all, every time)", command))
        found.append(Subject("ccusage daily, one row appended", command, append))
    if tokscale := shutil.which("tokscale", path=folders):
        found.append(Subject("tokscale (its cache warm after round 1)", [tokscale, "models", "--json"]))
    if not found:
        print("no peer is installed (ccusage, tokscale): nothing to compare with")
    return found


def _memory(folder: Path, megabytes: float, whole_mb: float) -> None:
    """Peak memory of a cold ingest by the size of the logs: it must stay flat."""
    print("\npeak memory of a cold ingest (its larger process)")
    for part in (8, 4, 2):
        home = folder / f"memory-{part}"
        truth = corpus.generate(home, megabytes / part, seed=2, kind=corpus.PLAIN)
        subject = Subject("", [*checkouts()[0].program, "ingest", "--json"])
        subject.run(environment(home))
        print(f"{truth.bytes / 1e6:>10.0f} MB of logs{subject.peaks_mb[0]:>10.0f} MB")
        shutil.rmtree(home)
    print(f"{megabytes:>10.0f} MB of logs{whole_mb:>10.0f} MB")


def environment(home: Path) -> dict[str, str]:
    """What a subject sees: its own home, no terminal."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ}
    return {**kept, "HOME": str(home), "TZ": "UTC", "CI": "1"}


if __name__ == "__main__":
    main()
