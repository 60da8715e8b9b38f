"""Runs the benches: `python -m tests.bench [NAME …]`, or `make bench ARGS="NAME …"`.

A bench is a module of this folder with `main() -> None` that prints a table, each line beside a baseline
measured in the same run. A module named after another (`gateway_load` beside `gateway`) is a part of it and
runs only when it is named. One that fails does not stop the others; the exit code tells.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import time
import traceback
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

HERE = Path(__file__).parent


def found() -> dict[str, Callable[[], None]]:
    """Every bench by the name of its module, in order of names."""
    benches: dict[str, Callable[[], None]] = {}
    for module in sorted(pkgutil.iter_modules([str(HERE)]), key=lambda module: module.name):
        if module.name.startswith("_"):
            continue
        loaded = importlib.import_module(f"tests.bench.{module.name}")
        if callable(run := getattr(loaded, "main", None)):
            benches[module.name] = run
    return benches


def main(names: Sequence[str]) -> int:
    """Run the named benches, or all; returns the exit code."""
    benches = found()
    if unknown := [name for name in names if name not in benches]:
        print(f"no bench is called '{unknown[0]}'; there are: {', '.join(benches)}", file=sys.stderr)
        return 2
    failed = []
    for name in names or _whole(benches):
        print(f"\n== {name} ==", flush=True)
        began = time.perf_counter()
        try:
            benches[name]()
        except (Exception, SystemExit):
            traceback.print_exc()
            failed.append(name)
        print(f"({time.perf_counter() - began:.1f} s)", flush=True)
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _whole(names: Collection[str]) -> list[str]:
    """The benches that are no part of another one."""
    return [name for name in names if not any(name.startswith(f"{other}_") for other in names)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
