"""The gateway against nothing at all, against a bare aiohttp pass-through, and against a peer, in one run.

python -m tests.bench.gateway [--quick] [--against PYTHON]. The budgets are ratios to the bare pass-through of
the same run. The gateway has one core, load and upstreams the other, where the machine has two.
On a busy machine all figures are to the gateway's disadvantage: what follows the clock (the writer's batches,
the plan read once a second) weighs more on each request there, and the bare pass-through has nothing like it.
The peer is claude-code-router 2.0.0, where a `ccr` is found in PATH or in $PF_TUI_CLIENTS.
--against names the Python of another checkout's environment: its gateway takes part as `before`.
With --quick the ledger's writer hardly gets to work beside the load: those ratios flatter.
Every process is started several times: where its memory happens to lie decides up to a third of what a
request costs it, the bare pass-through too (eight starts of one checkout: 316 to 513 µs of CPU a request).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

from tests.bench.against import BEFORE, checkouts

QUICK = "--quick" in sys.argv
STARTS, ROUNDS = (1, 3) if QUICK else (6, 2)
"""All subjects take turns in each round, so that what else the machine does meets all of them."""

FAILOVERS = 3
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
MODEL = "claude-opus-5-5"


@dataclass
class Upstream:
    """One ready-made upstream process."""

    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def mode(self, name: str) -> None:
        _get(f"{self.url}/__mode?{name}")

    @property
    def asked(self) -> int:
        return int(json.loads(_get(f"{self.url}/__count"))["asked"])


@dataclass
class Subject:
    """One thing that is measured."""

    name: str
    url: str
    start_s: float | None = None
    process: psutil.Process | None = None
    headers: list[str] = field(default_factory=list)
    model: str = MODEL
    idle_mb: float | None = None
    figures: dict[str, Any] = field(default_factory=dict)


def main() -> None:
    """Measure all, print one table and the budgets beside it."""
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as scratch:
        first, second = stack.enter_context(upstream()), stack.enter_context(upstream())
        starts = [one_start(Path(scratch) / str(number), first, second) for number in range(STARTS)]
    report(together(starts), peer_missing=peer() is None)


def one_start(folder: Path, first: Upstream, second: Upstream) -> list[Subject]:
    """Start every subject, measure it and end it."""
    with contextlib.ExitStack() as stack:
        subjects = [Subject(name="direct", url=first.url)]
        subjects.append(stack.enter_context(bare(first.url)))
        subjects.append(stack.enter_context(gateway(folder / "gate", first, second)))
        for other in checkouts()[1:]:
            before = gateway(folder / other.name, first, second, name=other.name, python=other.python)
            subjects.append(stack.enter_context(before))
        if (ccr := peer()) is not None:
            subjects.append(stack.enter_context(router(folder / "ccr", ccr, first, second)))
        for round_number in range(ROUNDS):
            for subject in subjects if round_number % 2 == 0 else reversed(subjects):
                measure(subject)
        for subject in subjects[2:]:
            fail_over(subject, first, second)
        subjects[2].figures["unwritten"] = _unwritten(subjects[2], folder / "gate" / "state" / "ledger.db")
        return subjects


def together(starts: list[list[Subject]]) -> list[Subject]:
    """The subjects with the rounds of all their starts; of what each start gives once, the median."""
    subjects = starts[-1]
    for index, subject in enumerate(subjects):
        same = [each[index] for each in starts]
        for measured in MEASURED:
            subject.figures[measured] = [figures for one in same for figures in one.figures[measured]]
        if subject.start_s is not None:
            subject.start_s = statistics.median(one.start_s or 0.0 for one in same)
            subject.idle_mb = max(one.idle_mb or 0.0 for one in same)
        if "failover" in subject.figures:
            costs = [one.figures["failover"] for one in same]
            subject.figures["failover"] = {
                **{name: statistics.median(cost[name] for cost in costs) for name in FAILOVER_COSTS},
                "asked": costs[-1]["asked"],
            }
            subject.figures["storm"] = max(
                (one.figures["storm"] for one in same), key=lambda storm: storm["lost"]
            )
        if "unwritten" in subject.figures:
            subject.figures["unwritten"] = sum(one.figures["unwritten"] for one in same)
    return subjects


MEASURED = {"one": (1, False), "one_stream": (1, True), "many": (32, False), "many_stream": (32, True)}
"""What is measured -> how many clients, and whether they want a stream."""


def measure(subject: Subject) -> None:
    """One client, then 32; whole answers, then streams; CPU per stream."""
    one, many = (100, 500) if QUICK else (200, 1500)
    for name, (clients, stream) in MEASURED.items():
        count = one if clients == 1 else many // 2 if stream else many
        before = cpu_s(subject)
        found = load(subject, count, clients, stream=stream)
        found["cpu_ms"] = round((cpu_s(subject) - before) * 1000 / (count + 20), 3)
        subject.figures.setdefault(name, []).append(found)


FAILOVER_COSTS = ("healthy", "first", "following")


def fail_over(subject: Subject, first: Upstream, second: Upstream) -> None:
    """The cost of the first and of the following failovers, and a storm on a limited provider."""
    second.mode("ok")
    times: dict[str, list[float]] = {name: [] for name in FAILOVER_COSTS}
    asked = 0
    for _ in range(FAILOVERS):
        _release(subject)
        first.mode("ok")
        times["healthy"].append(statistics.median(load(subject, 12, 1, warm=0)["each_ms"][1:]))
        first.mode("limited")
        failing = load(subject, 12, 1, warm=0)["each_ms"]
        times["first"].append(failing[0])
        times["following"].append(statistics.median(failing[1:]))
        asked += first.asked
    subject.figures["failover"] = {
        **{name: min(found) for name, found in times.items()},
        "asked": f"{asked} of {12 * FAILOVERS}",
    }
    _release(subject)
    first.mode("limited")
    storm = load(subject, 300, 32, warm=0)
    subject.figures["storm"] = {"ok": storm["ok"], "lost": storm["bad"], "asked": first.asked}
    first.mode("ok")


def load(
    subject: Subject, count: int, clients: int, *, stream: bool = False, warm: int = 20, kilobytes: int = 0
) -> dict[str, Any]:
    """Run the load client in a process of its own, away from the gateway's core."""
    words = [
        f"{subject.url}/v1/messages",
        "--count",
        str(count),
        "--clients",
        str(clients),
        "--warm",
        str(warm),
    ]
    words += ["--stream"] if stream else []
    words += ["--kilobytes", str(kilobytes), "--model", subject.model]
    words += [word for header in subject.headers for word in ("--header", header)]
    with child_process([sys.executable, "-m", "tests.bench.gateway_load", *words], core=1) as process:
        assert process.stdout is not None
        found: dict[str, Any] = json.loads(process.stdout.read())
    subject.figures["answered"] = subject.figures.get("answered", 0) + found["ok"] + warm
    if found["bad"]:
        print(f"note: {subject.name}: {found['bad']} of {count} failed: {found['said']}", file=sys.stderr)
    return found


@contextlib.contextmanager
def upstream() -> Iterator[Upstream]:
    with child_process([sys.executable, "-m", "tests.bench.gateway_upstream"], core=1) as process:
        assert process.stdout is not None
        yield Upstream(process=process, port=int(process.stdout.readline()))


@contextlib.contextmanager
def bare(target: str) -> Iterator[Subject]:
    began = time.perf_counter()
    with child_process([sys.executable, "-m", "tests.bench.gateway_bare", target], core=0) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield new_subject("bare aiohttp", f"http://127.0.0.1:{port}", began, process)


@contextlib.contextmanager
def gateway(
    folder: Path, first: Upstream, second: Upstream, *, name: str = "gateway", python: str = sys.executable
) -> Iterator[Subject]:
    """Ours with two providers."""
    entries = [{"id": "anthropic-api", "base_url": first.url}, {"id": "openrouter", "base_url": second.url}]
    with ours(folder, entries, ("ANTHROPIC_API_KEY", "OPENROUTER_API_KEY"), name, python) as subject:
        yield subject


@contextlib.contextmanager
def ours(
    folder: Path,
    providers: Sequence[Mapping[str, object]],
    keys: Sequence[str],
    name: str,
    python: str = sys.executable,
) -> Iterator[Subject]:
    """`pf-tui gateway run` on a scratch state.

    Args:
        providers: entries of providers.yaml, in order of priority.
        keys: variables that hold a key.
    """
    state = folder / "state"
    state.mkdir(parents=True)
    (state / "providers.yaml").write_text(yaml.safe_dump({"version": 1, "providers": list(providers)}))
    order = [provider["id"] for provider in providers]
    (state / "config.json").write_text(json.dumps({"version": 2, "providerPriority": order}))
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PROVIDER_FALLBACK_HOME": str(state),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        **dict.fromkeys(keys, "bench-key"),
    }
    program = [python, "-P", "-m", "pf_tui"]  # -P: the checkout we stand in is not the one that is measured
    subprocess.run([*program, "status"], env=env, capture_output=True, check=False)
    began = time.perf_counter()
    with child_process([*program, "gateway", "run"], core=0, env=env) as process:
        address = state / "gateway.json"
        found = json.loads(wait_for(lambda: address.exists() and address.read_text()))
        url = f"http://127.0.0.1:{found['port']}"
        subject = new_subject(name, url, began, process, [f"x-pf-token: {found['token']}"])
        subject.figures |= {"env": env, "program": program}
        yield subject


def router_settings(port: int, providers: Sequence[Mapping[str, object]], default: str) -> dict[str, object]:
    """config.json of claude-code-router."""
    return {
        "PORT": port,
        "HOST": "127.0.0.1",
        "APIKEY": "bench-token",
        "LOG": False,
        "NON_INTERACTIVE_MODE": True,
        "Providers": providers,
        "Router": {"default": default},
    }


@contextlib.contextmanager
def router(folder: Path, program: str, first: Upstream, second: Upstream) -> Iterator[Subject]:
    """claude-code-router 2.0.0, passing Anthropic's protocol through, with its fallback set."""
    settings = folder / ".claude-code-router"
    settings.mkdir(parents=True)
    port = free_port()
    providers = [
        {
            "name": name,
            "api_base_url": f"{one.url}/v1/messages",
            "api_key": "bench-key",
            "models": [MODEL],
            "transformer": {"use": ["Anthropic"]},
        }
        for name, one in (("a", first), ("b", second))
    ]
    content = router_settings(port, providers, f"a,{MODEL}") | {"fallback": {"default": [f"b,{MODEL}"]}}
    (settings / "config.json").write_text(json.dumps(content))
    env = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    began = time.perf_counter()
    with child_process([program, "start"], core=0, env=env) as process:
        wait_for(lambda: listens(port))
        yield new_subject(
            "claude-code-router", f"http://127.0.0.1:{port}", began, process, ["x-api-key: bench-token"]
        )


def report(subjects: list[Subject], *, peer_missing: bool) -> None:
    """The tables."""
    shown = "{:<20}{:>9}{:>9}{:>11}{:>11}{:>9}{:>11}{:>11}{:>12}{:>12}{:>11}"
    print(f"\n50-event streams, a core each, median of {STARTS} starts with {ROUNDS} rounds in turn, ms\n")
    print(
        shown.format(
            "",
            "start s",
            "p50",
            "p99",
            "stream p50",
            "req/s",
            "streams/s",
            "CPU/req",
            "CPU/stream",
            "MB idle",
            "MB after",
        )
    )
    for one in subjects:
        start = "-" if one.start_s is None else f"{one.start_s:.2f}"
        idle = "-" if one.idle_mb is None else f"{one.idle_mb:.0f}"
        after = "-" if one.process is None else str(one.figures.get("rss", "-"))
        print(
            shown.format(
                one.name, start, _median(one, "one", "whole_p50"), _median(one, "one", "whole_p99"),
                _median(one, "one_stream", "whole_p50"), _median(one, "many", "per_s"),
                _median(one, "many_stream", "per_s"), _median(one, "many", "cpu_ms"),
                _median(one, "many_stream", "cpu_ms"), idle, after,
            )
        )  # fmt: skip
    shown = "{:<20}{:>12}{:>12}{:>12}{:>14}{:>14}{:>8}{:>16}"
    print("\nfirst provider: 429 for an hour; quietest round; storm: 300 requests of 32 clients\n")
    print(
        shown.format(
            "", "healthy ms", "first +ms", "next +ms", "asked", "storm served", "lost", "asked in storm"
        )
    )
    for one in subjects[2:]:
        cost, storm = one.figures["failover"], one.figures["storm"]
        more = [f"{cost[name] - cost['healthy']:+.2f}" for name in ("first", "following")]
        print(
            shown.format(
                one.name, cost["healthy"], *more, cost["asked"], storm["ok"], storm["lost"], storm["asked"]
            )
        )
    _budgets(subjects)
    if peer_missing:
        print("\nno peer: `ccr` (claude-code-router 2.0.0, npm) is neither in PATH nor in $PF_TUI_CLIENTS")


def _budgets(subjects: list[Subject]) -> None:
    bare_one, gate = subjects[1], subjects[2]

    cost, storm = gate.figures["failover"], gate.figures["storm"]
    rows = [
        ("added p50 over bare, one client", _quietest(gate) - _quietest(bare_one), 0.2, "<="),
        ("p99 / bare, one client", _ratio(gate, bare_one, "one", "whole_p99"), 3, "<="),
        ("req/s / bare, 32 clients", _ratio(gate, bare_one, "many", "per_s"), 0.6, ">="),
        ("streams/s / bare, 32 clients", _ratio(gate, bare_one, "many_stream", "per_s"), 0.6, ">="),
        ("start s", gate.start_s or 0.0, 0.5, "<="),
        ("MB idle", gate.idle_mb or 0.0, 60, "<="),
        ("failover, first request +ms", cost["first"] - cost["healthy"], 3, "<="),
        ("failover, following +ms", cost["following"] - cost["healthy"], 0.5, "<="),
        ("storm: lost", storm["lost"], 0, "<="),
        ("storm: limited provider asked", storm["asked"], 32, "<="),
        ("answers without a row in the ledger", gate.figures["unwritten"], 0, "<="),
    ]
    if subjects[3:4] and subjects[3].name == BEFORE:
        before = subjects[3]
        rows += [
            ("added p50 over before", _quietest(gate) - _quietest(before), 0.05, "<="),
            ("first byte over before, one client", _first_byte(gate) - _first_byte(before), 0.1, "<="),
        ]
    print(f"\n{'budget':<36}{'measured':>10}{'allowed':>12}")
    for name, found, allowed, sign in rows:
        kept = found <= allowed if sign == "<=" else found >= allowed
        print(f"{name:<36}{found:>10.2f}{f'{sign} {allowed:g}':>12}  {'kept' if kept else 'MISSED'}")


def _quietest(subject: Subject, measured: str = "one", key: str = "whole_p50") -> float:
    """A median latency in the round in which the machine did least besides; the median over all starts."""
    rounds = subject.figures[measured]
    starts = [rounds[begin : begin + ROUNDS] for begin in range(0, len(rounds), ROUNDS)]
    return statistics.median(min(figures[key] for figures in start) for start in starts)


def _first_byte(subject: Subject) -> float:
    """The median time to a stream's first byte."""
    return _quietest(subject, "one_stream", "first_p50")


def _ratio(one: Subject, other: Subject, name: str, key: str) -> float:
    """Of two subjects, round by round; the median of that."""
    pairs = zip(one.figures[name], other.figures[name], strict=True)
    return statistics.median(a[key] / b[key] for a, b in pairs)


def _median(subject: Subject, name: str, key: str) -> str:
    return f"{statistics.median(found[key] for found in subject.figures[name]):.2f}"


@contextlib.contextmanager
def child_process(
    words: list[str], *, core: int, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        text=True, env=env,
    )  # fmt: skip
    if len(CORES) > 1:  # core 0 for what is measured, core 1 for what measures
        os.sched_setaffinity(process.pid, {CORES[core]})
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def new_subject(
    name: str, url: str, began: float, process: subprocess.Popen[str], headers: list[str] | None = None
) -> Subject:
    start_s = time.perf_counter() - began
    time.sleep(0.5)  # what it does right after its start is not its rest
    subject = Subject(
        name=name, url=url, start_s=start_s, process=psutil.Process(process.pid), headers=headers or []
    )
    subject.idle_mb = _rss_mb(subject)
    return subject


def _family(subject: Subject) -> list[psutil.Process]:
    return [subject.process, *subject.process.children(recursive=True)] if subject.process else []


def _rss_mb(subject: Subject) -> float:
    return float(sum(one.memory_info().rss for one in _family(subject)) / 1e6)


def cpu_s(subject: Subject) -> float:
    if subject.process is not None:
        subject.figures["rss"] = round(_rss_mb(subject))
    return float(sum(sum(one.cpu_times()[:2]) for one in _family(subject)))


def _unwritten(subject: Subject, ledger: Path) -> int:
    """Answers that are no row of the ledger when the writer has had its time."""
    time.sleep(1)
    with contextlib.closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as book:
        written = book.execute("SELECT count(*) FROM requests WHERE status = 'ok'").fetchone()[0]
    return int(subject.figures["answered"]) - int(written)


def _release(subject: Subject) -> None:
    """Ours remembers who is limited; the others have nothing to forget."""
    if (env := subject.figures.get("env")) is not None:
        words = [*subject.figures["program"], "release", "anthropic-api"]
        subprocess.run(words, env=env, capture_output=True, check=True)


def peer() -> str | None:
    own = os.environ.get("PF_TUI_CLIENTS")
    return shutil.which("ccr", path=own) or shutil.which("ccr")


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:
        found: bytes = answer.read()
        return found


def wait_for(holds: Any, wait_s: float = 20.0) -> Any:
    deadline = time.perf_counter() + wait_s
    while not (found := holds()):
        if time.perf_counter() > deadline:
            raise TimeoutError("it does not start")
        time.sleep(0.005)
    return found


def listens(port: int) -> bool:
    import socket

    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        found: int = one.getsockname()[1]
        return found


if __name__ == "__main__":
    main()
