"""Run a command on a machine kept busy: twice as many busy loops as processors (four on two).

    python -m tests.load python -m pytest -n auto --dist loadfile
    python -m tests.load --loops 8 make test

Exits with the command's own code. The loops end with the command, however it ends.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Sequence

BUSY_ROUNDS = 1_000_000
"""Rounds of a loop between two looks at whether its parent still lives; about 20 ms."""


def busy(parent: int) -> None:
    """Keep one processor busy for as long as the parent lives."""
    while os.getppid() == parent:
        for _ in range(BUSY_ROUNDS):
            pass


def main(words: Sequence[str]) -> int:
    """Run the command under load. Returns its exit code, or 128 + the signal that ended it."""
    parser = argparse.ArgumentParser("python -m tests.load", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--loops", type=int, default=2 * (os.cpu_count() or 1), help="busy loops (default: two per processor)"
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, help="what to run, with its arguments")
    given = parser.parse_args(words)
    if not given.command:
        parser.error("say what to run under load")
    spawn = multiprocessing.get_context("spawn")  # a loop inherits nothing: no lock, no open file
    loops = [spawn.Process(target=busy, args=(os.getpid(),), daemon=True) for _ in range(given.loops)]
    for loop in loops:
        loop.start()
    try:
        code = subprocess.run(given.command, check=False).returncode
    finally:
        for loop in loops:
            loop.kill()
        for loop in loops:
            loop.join()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
