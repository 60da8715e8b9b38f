"""The dashboard against a minimal Textual app, in the same run and the same terminal (120×40).

Paint, data, key, refresh, rest, memory, bytes, growth: the dashboard's budgets. Other work on the
machine shows in both columns; compare the columns.

python -m tests.bench.dashboard [--against PYTHON]
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.against import checkouts
from tests.tui.terminal import Terminal

MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static("minimal: ready", id="one")
    def on_key(self, event):
        self.query_one(Static).update("key " + event.key)
Minimal().run()
"""

STARTS = 7
START_S = 1.5
KEYS = 40
KEY_S = 0.2
"""A key and all that it changes are over by then."""
REPLACES = 40
REST_S = 30.0
CHANGES = 2_000
"""State changes for the growth figure; each one is a snapshot and a redraw."""

MB = 1024 * 1024
DASHBOARD = [sys.executable, "-P", "-m", "pf_tui"]
TURNS = 3
"""With --against: how often each measure is taken of each checkout, in turns."""


def main() -> None:
    """Print the table; a budget that is missed is marked."""
    if len(checkouts()) > 1:
        in_turns()
        return
    with home() as world:
        compare(world)
        refresh, heavy = _refreshes(world)
        _row("file replaced to pixels, p95 ms", None, refresh, "≤ 100", refresh <= 100)
        _row("  bytes of that, a whole switch", None, heavy, "", None)
        small = _one_number(world)
        _row("bytes when one number changes", None, small, "≤ 1024", small <= 1024)
        grown = _growth(world)
        _row(f"memory grown in {CHANGES} changes, MB", None, grown, "≤ 4", grown <= 4)
        bare = _timed([sys.executable, "-c", "pass"], world)
        version, status = (
            _timed([*DASHBOARD, "--version"], world),
            _timed([*DASHBOARD, "status", "--json"], world),
        )
        print(f"\n{'':34}{'python -c pass':>14}{'pf-tui':>14}   budget")
        _row("--version, ms", bare, version, "≤ 3×", version <= 3 * bare)
        _row("status --json, ms", bare, status, "≤ 8×", status <= 8 * bare)


def in_turns() -> None:
    """What this dashboard costs and what the one of the other checkout costs, the median of TURNS."""
    ready = "served by"
    measures: dict[str, Callable[[list[str], Mapping[str, str]], Sequence[float]]] = {
        "first non-blank paint, ms|real data on screen, ms": lambda words, world: _starts(
            words, world, ready
        ),
        "key to change, median ms": lambda words, world: [_keys(words, world, ready, "jk")],
        "next pane, processor ms a key": lambda words, world: [_key_cost(words, world, ready, ("\t",))],
        "file replaced to pixels, p95 ms|  bytes of that": lambda words, world: _refreshes(world, words),
        "bytes when one number changes": lambda words, world: [_one_number(world, words)],
        "CPU at rest, %|bytes at rest|memory, MB": lambda words, world: rest(words, world, ready),
        "--version, ms": lambda words, world: [_timed([*words, "--version"], world)],
        "status --json, ms": lambda words, world: [_timed([*words, "status", "--json"], world)],
    }
    with ExitStack() as stack:
        subjects = [(checkout.program, stack.enter_context(home())) for checkout in checkouts()]
        for words, world in subjects:  # the bytecode and the last frame are there from now on
            _starts(words, world, ready)
        print(f"{'':34}{'before':>14}{'now':>14}{'now/before':>14}")
        for names, measure in measures.items():
            turns = [[measure(words, world) for words, world in subjects] for _ in range(TURNS)]
            for number, name in enumerate(names.split("|")):
                now, before = (statistics.median(turn[who][number] for turn in turns) for who in (0, 1))
                ratio = f"{now / before:14.2f}" if before else ""
                print(f"{name:34}{before:>14.1f}{now:>14.1f}{ratio}", flush=True)


def compare(world: Mapping[str, str]) -> None:
    """Print what it costs to start, to press a key and to rest."""
    minimal = [sys.executable, "-c", MINIMAL]
    with Terminal(DASHBOARD, world) as first:  # the bytecode and the last frame are there from now on
        first.see("Providers")
        first.quiet(1.0)
        first.send("q")
        first.ends(5.0)
    print(f"{'':34}{'minimal app':>14}{'pf-tui':>14}   budget")
    paint_min, ready_min = _starts(minimal, world, "ready")
    paint, ready = _starts(DASHBOARD, world, "served by")
    _row("first non-blank paint, ms", paint_min, paint, "≤ 50", paint <= 50)
    _row("real data on screen, ms", ready_min, ready, "minimal + 150", ready <= ready_min + 150)
    key_min, key = _keys(minimal, world, "ready", "jk"), _keys(DASHBOARD, world, "served by", "jk")
    _row("key to change, median ms", key_min, key, "≤ 16", key <= 16)
    for what, pressed in (("open and close a sheet", ("\x1b[C", "q")), ("next pane", ("\t",))):
        cost = _key_cost(DASHBOARD, world, "served by", pressed)
        _row(f"{what}, processor ms a key", None, cost, "≤ 16", cost <= 16)
    cpu_min, bytes_min, rss_min = rest(minimal, world, "ready")
    cpu, silent, rss = rest(DASHBOARD, world, "served by")
    _row(f"CPU at rest, % over {REST_S:.0f} s", cpu_min, cpu, "≤ 1", cpu <= 1)
    _row(f"bytes at rest in {REST_S:.0f} s", bytes_min, silent, "0 (minute tick apart)", silent <= 1024)
    _row("memory, MB", rss_min, rss, "≤ 80", rss <= 80)


def _row(what: str, baseline: float | None, value: float, budget: str, kept: bool | None) -> None:
    left = "" if baseline is None else f"{baseline:.1f}"
    mark = "" if kept is None or kept else "   MISSED"
    print(f"{what:34}{left:>14}{value:>14.1f}   {budget}{mark}", flush=True)


@contextmanager
def home() -> Iterator[dict[str, str]]:
    """A person with four providers, windows and a week of use in the ledger."""
    folder = Path(tempfile.mkdtemp(prefix="pf-bench-"))
    state = folder / ".opencode" / "provider-fallback"
    state.mkdir(parents=True)
    _write(state / "config.json", ["openrouter", "groq", "openai-api", "deepseek-api"])
    try:
        yield {
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "OPENROUTER_API_KEY": "x",
            "GROQ_API_KEY": "x",
            "OPENAI_API_KEY": "x",
            "DEEPSEEK_API_KEY": "x",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(path: Path, order: list[str]) -> None:
    temp = path.with_name(".bench.tmp")
    temp.write_text(json.dumps({"version": 2, "providerPriority": order}))
    temp.replace(path)


def _starts(words: list[str], world: Mapping[str, str], ready: str) -> tuple[float, float]:
    """(first non-blank paint, data on screen): the best of several starts, in ms."""
    paints, readies = [], []
    for _ in range(STARTS):
        with Terminal(words, world) as terminal:
            terminal.listen_for(START_S)  # drawing meanwhile would keep the program waiting for us
            paint = terminal.until(lambda t=terminal: bool(t.text().strip()), "anything")  # type: ignore[misc]
            done = terminal.until(lambda t=terminal: _whole(t, ready), ready)  # type: ignore[misc]
            paints.append(1000 * (paint - terminal.began))
            readies.append(1000 * (done - terminal.began))
    return min(paints), min(readies)


def _whole(terminal: Terminal, ready: str) -> bool:
    """The screen shows it, down to its last line, and no longer the frame of the last run."""
    text = terminal.text()
    last = terminal.screen.display[-1]
    return (
        re.search(ready, text) is not None and "reading" not in last and (ready == "ready" or "keys" in last)
    )


def _keys(words: list[str], world: Mapping[str, str], ready: str, keys: str) -> float:
    with Terminal(words, world) as terminal:
        terminal.see(ready)
        terminal.quiet(1.5)
        took = []
        for place in range(KEYS):
            before = len(terminal.output)
            sent = terminal.send(keys[place % len(keys)])
            came = terminal.until(lambda b=before: len(terminal.output) > b, "a change")  # type: ignore[misc]
            took.append(1000 * (came - sent))
            terminal.quiet(0.05)
        return statistics.median(took)


def _key_cost(words: list[str], world: Mapping[str, str], ready: str, keys: Sequence[str]) -> float:
    """Processor time of a key and of what it changes, without what is used at rest, in ms."""
    with Terminal(words, world) as terminal:
        terminal.see(ready)
        terminal.quiet(1.5)
        for key in keys * 5:
            terminal.send(key)
            terminal.listen_for(KEY_S)

        def used(pressed: Sequence[str]) -> float:
            before = sum(sum(process.cpu_times()[:2]) for process in terminal.processes())
            for key in pressed:
                terminal.send(key)
                terminal.listen_for(KEY_S)
            return sum(sum(process.cpu_times()[:2]) for process in terminal.processes()) - before

        pressed = [keys[place % len(keys)] for place in range(KEYS)]
        return 1000 * (used(pressed) - used([""] * KEYS)) / KEYS


def _refreshes(world: Mapping[str, str], words: list[str] = DASHBOARD) -> tuple[float, float]:
    """(p95 of replace to pixels in ms, bytes written for one)."""
    path = Path(world["HOME"]) / ".opencode" / "provider-fallback" / "config.json"
    orders = [
        ["openrouter", "groq", "openai-api", "deepseek-api"],
        ["groq", "openrouter", "openai-api", "deepseek-api"],
    ]
    with Terminal(words, world) as terminal:
        terminal.see("served by")
        terminal.quiet(1.5)
        _write(path, orders[1])  # the first change loads what the others use
        terminal.see("● groq")
        terminal.quiet(0.5)
        took, sizes = [], []
        for place in range(REPLACES):
            order = orders[place % 2]
            before, began = len(terminal.output), time.perf_counter()
            _write(path, order)
            shown = terminal.until(lambda o=order: terminal.text().startswith(f" ● {o[0]}"), order[0])  # type: ignore[misc]
            took.append(1000 * (shown - began))
            terminal.quiet(0.15)
            sizes.append(len(terminal.output) - before)
        return statistics.quantiles(took, n=20)[-1], statistics.median(sizes)


def _one_number(world: Mapping[str, str], words: list[str] = DASHBOARD) -> float:
    """Bytes written when a request in flight has a few tokens more, the median."""
    state = Path(world["HOME"]) / ".opencode" / "provider-fallback"
    since = datetime.now(UTC).isoformat()
    (state / "gateway.json").write_text(json.dumps({"pid": os.getpid(), "port": 4100, "since": since}))
    request = {
        "id": "1",
        "provider": "openrouter",
        "model": "claude-opus-5-5",
        "since": since,
        "first_byte_ms": 1,
    }
    sizes = []
    with Terminal(words, world) as terminal:
        terminal.see("served by")
        terminal.quiet(1.0)
        for tokens in range(100, 112):
            content = {"version": 1, "pid": os.getpid(), "requests": [{**request, "tokens": tokens}]}
            temp = state / ".bench.tmp"
            temp.write_text(json.dumps(content))
            before = len(terminal.output)
            temp.replace(state / "live.json")
            terminal.see(rf"\b{tokens} tok\b")
            terminal.quiet(0.15)
            sizes.append(len(terminal.output) - before)
    for name in ("gateway.json", "live.json"):
        (state / name).unlink()
    return statistics.median(sizes)


def rest(words: list[str], world: Mapping[str, str], ready: str) -> tuple[float, float, float]:
    """(CPU %, bytes, resident MB of it and everything it started)."""
    with Terminal(words, world) as terminal:
        terminal.see(ready)
        terminal.quiet(2.0)
        before = sum(sum(one.cpu_times()[:2]) for one in terminal.processes())
        written = terminal.listen_for(REST_S)
        processes = terminal.processes()
        used = sum(sum(one.cpu_times()[:2]) for one in processes) - before
        memory = sum(one.memory_info().rss for one in processes)
        return 100 * used / REST_S, written, memory / MB


def _growth(world: Mapping[str, str]) -> float:
    """Resident MB gained between the first tenth and the end of many changes."""
    path = Path(world["HOME"]) / ".opencode" / "provider-fallback" / "config.json"
    orders = [["openrouter", "groq"], ["groq", "openrouter"]]
    with Terminal(DASHBOARD, world) as terminal:
        terminal.see("served by")
        terminal.quiet(1.0)
        start = 0.0
        for place in range(CHANGES):
            _write(path, orders[place % 2])
            terminal.listen_for(0.02)
            if place == CHANGES // 10:
                start = terminal.processes()[0].memory_info().rss / MB
        terminal.quiet(1.0)
        return terminal.processes()[0].memory_info().rss / MB - start


def _timed(words: list[str], world: Mapping[str, str], runs: int = 15) -> float:
    """The best of several runs, in ms."""
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run(words, env=dict(world), check=True, stdout=subprocess.DEVNULL)
        took.append(1000 * (time.perf_counter() - began))
    return min(took)


if __name__ == "__main__":
    main()
