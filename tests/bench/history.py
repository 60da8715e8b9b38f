"""`pf-tui analytics` on a long history that is known already, against ccusage on the same one, in one run.

python -m tests.bench.history [--mb 100] [--rounds 5] [--keep FOLDER]

The whole command, with Python's start: nothing changed, then one row appended; and what a dashboard
takes of memory. `--keep` leaves the logs there, or measures the ones that lie there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench import corpus
from tests.bench.dashboard import DASHBOARD, rest
from tests.bench.ingest import APPENDED, Subject, environment, peers

BUDGET_S = 0.25
OURS = [sys.executable, "-m", "pf_tui"]


def main() -> None:
    """Print the tables."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--mb", type=float, default=float(os.environ.get("PF_TUI_BENCH_MB", "100")))
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--keep", type=Path)
    given, _ = words.parse_known_args()
    folder = Path(tempfile.mkdtemp(prefix="pf-tui-bench-"))
    try:
        home = given.keep or folder / "home"
        if not home.exists():
            corpus.generate(home, given.mb, seed=1, kind=corpus.PLAIN)
        measure(home, given.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(home: Path, rounds: int) -> None:
    """Every command takes its turn in every round."""
    env, append = environment(home), appending(home)
    first = Subject("pf-tui ingest, once", [*OURS, "ingest", "--json"])
    first.run(env)
    bare = Subject("python -c pass (baseline)", [sys.executable, "-c", "pass"])
    asked = {
        "summary, all time": ["all"],
        "summary, all time, JSON": ["all", "--json"],
        "sessions, all time": ["all", "--view", "sessions"],
        "days, 30 days": ["30d", "--view", "days"],
    }
    ours = [
        *(Subject(f"pf-tui analytics, {name}", [*OURS, "analytics", *some]) for name, some in asked.items()),
        Subject("pf-tui analytics, one row appended", [*OURS, "analytics", "all"], append),
    ]
    others = peers(append)
    for _ in range(rounds):
        for subject in (bare, *ours, *others):
            subject.run(env)
    logs = [file.stat().st_size for file in home.rglob("*.jsonl")]
    ledger = sum(file.stat().st_size for file in home.glob(".opencode/provider-fallback/ledger.db*"))
    print(f"{len(logs):,} files, {sum(logs) / 1e6:,.0f} MB; ledger {100 * ledger / sum(logs):.2f} % of it")
    print(
        f"median of {rounds}, budget {BUDGET_S} s\n{'':<44}{'wall s':>9}{'cpu s':>9}{'peak MB':>10}{'':>10}"
    )
    baseline = statistics.median(bare.walls)
    for subject in (first, bare, *ours, *others):
        late = subject in ours and statistics.median(subject.walls) > BUDGET_S
        print(subject.line(baseline), "beyond the budget" if late else "")
    keyed = {**env, "GROQ_API_KEY": "x", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    cpu, written, memory_mb = rest(DASHBOARD, keyed, "served by")
    print(f"dashboard that shows it, at rest: {memory_mb:.0f} MB, {cpu:.1f} % of a core, {written:.0f} bytes")


def appending(home: Path) -> Callable[[], None]:
    """One more request in a log of its own, each time."""
    added = home / ".claude/projects/-home-dev-bench/bench.jsonl"
    number = 0

    def append() -> None:
        nonlocal number
        added.parent.mkdir(parents=True, exist_ok=True)
        number += 1
        with added.open("a", encoding="utf-8") as log:
            log.write(APPENDED % (number % 60, number, f"{os.getpid()}_{number}"))

    return append


if __name__ == "__main__":
    main()
