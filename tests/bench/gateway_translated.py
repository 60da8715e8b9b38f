"""What translating costs, beside the same gateway without it, LiteLLM's proxy and claude-code-router.

All get Messages and ask an upstream of ready-made answers: `same` over Messages, the others over Chat. Peers
are measured where they are: $PF_TUI_LITELLM names the proxy's program, $PF_TUI_CLIENTS a folder with `ccr`.
`python -m tests.bench gateway_translated`; CPU figures hold on a busy machine, times on a quiet one alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from tests.bench import gateway as bench
from tests.bench.gateway import MODEL, QUICK, Subject, Upstream, load
from tests.bench.gateway_upstream import EVENTS

ROUNDS = 3 if QUICK else 9
PEERS = ("litellm", "ccr")
PEERS_COUNT = 20
"""Requests a round of a peer: LiteLLM takes forty times as long, which would be the whole run."""

START_S = 120.0
"""LiteLLM's proxy needs half a minute on a busy machine."""


def main() -> None:
    """Measure all in turn; SystemExit when a budget is broken."""
    with contextlib.ExitStack() as stack, TemporaryDirectory() as scratch:
        folder, up = Path(scratch), stack.enter_context(bench.upstream())
        same = stack.enter_context(ours(folder / "same", up, "anthropic-messages"))
        translated = stack.enter_context(ours(folder / "translated", up, "openai-chat"))
        subjects = [Subject(name="direct", url=up.url), same, translated]
        if litellm := os.environ.get("PF_TUI_LITELLM"):
            subjects.append(stack.enter_context(proxy(folder / "litellm", litellm, up)))
        if ccr := bench.peer():
            subjects.append(stack.enter_context(router(folder / "ccr", ccr, up)))
        for number in range(ROUNDS):
            for subject in subjects if number % 2 == 0 else reversed(subjects):
                measure(subject)
        report(subjects)


def measure(subject: Subject) -> None:
    """Streams, whole answers and large requests of one client, each with the processor time it took."""
    count = PEERS_COUNT if subject.name in PEERS else 60 if QUICK else 200
    for name, number, stream, kilobytes in (
        ("stream", count, True, 0),
        ("whole", count, False, 0),
        ("large", max(4, count // 6), False, 500),
    ):
        before = bench.cpu_s(subject)
        heard = load(subject, number, 1, stream=stream, warm=5, kilobytes=kilobytes)
        heard["cpu_ms"] = (bench.cpu_s(subject) - before) * 1000 / (number + 5)
        subject.figures.setdefault(name, []).append(heard)


def report(subjects: list[Subject]) -> None:
    """The table and the budgets."""
    print(f"\n{EVENTS}-event streams, one client, median of {ROUNDS} rounds in turn\n")
    shown = "{:<20}{:>9}{:>9}{:>14}{:>16}{:>15}{:>14}{:>14}"
    head = (
        "start s",
        "MB idle",
        "first ms p50",
        "CPU ms/stream",
        "CPU µs/event",
        "500 KB ms p50",
        "500 KB CPU ms",
    )
    print(shown.format("", *head))
    for one in subjects:
        start = "-" if one.start_s is None else f"{one.start_s:.2f}"
        idle = "-" if one.idle_mb is None else f"{one.idle_mb:.0f}"
        cells = (
            _median(one, "stream", "first_p50"), _median(one, "stream", "cpu_ms"), _event_us(one),
            _median(one, "large", "whole_p50"), _median(one, "large", "cpu_ms"),
        )  # fmt: skip
        print(shown.format(one.name, start, idle, *(f"{cell:.2f}" for cell in cells)))
    same, translated = subjects[1:3]
    large = _median(translated, "large", "cpu_ms") - _median(translated, "whole", "cpu_ms")
    rows = [
        ("first byte over the same protocol, ms", _over(same, translated, "stream", "first_p50"), 1.0),
        ("CPU of an event over the same protocol, µs", _event_us(translated) - _event_us(same), 20.0),
        ("CPU of a request of 500 KB, ms", large, 10.0),
        ("MB idle", translated.idle_mb or 0.0, 60.0),
        ("start s", translated.start_s or 0.0, 0.5),
    ]
    print(f"\n{'budget of translating':<46}{'measured':>10}{'allowed':>10}")
    for name, measured, allowed in rows:
        print(f"{name:<46}{measured:>10.2f}{allowed:>10g}  {'kept' if measured <= allowed else 'MISSED'}")
    for name, there in (("LiteLLM ($PF_TUI_LITELLM)", "litellm"), ("claude-code-router (ccr)", "ccr")):
        if not any(one.name == there for one in subjects):
            print(f"{name} is not installed: not measured")


def _median(one: Subject, name: str, key: str) -> float:
    return float(statistics.median(heard[key] or 0.0 for heard in one.figures[name]))


def _event_us(one: Subject) -> float:
    """Of a stream, over what a whole answer takes."""
    pairs = zip(one.figures["stream"], one.figures["whole"], strict=True)
    return float(statistics.median((a["cpu_ms"] - b["cpu_ms"]) * 1000 / EVENTS for a, b in pairs))


def _over(one: Subject, other: Subject, name: str, key: str) -> float:
    """How much more the other takes, round by round; the median of that."""
    pairs = zip(one.figures[name], other.figures[name], strict=True)
    return float(statistics.median(b[key] - a[key] for a, b in pairs))


@contextlib.contextmanager
def ours(folder: Path, up: Upstream, protocol: str) -> Iterator[Subject]:
    """A gateway with one provider of its own that speaks one protocol."""
    entry = {"id": "own", "name": "Own", "base_url": up.url, "protocols": [protocol], "env": ["OWN_API_KEY"]}
    name = "translated" if protocol == "openai-chat" else "same"
    with bench.ours(folder, [entry], ("OWN_API_KEY",), name) as subject:
        yield subject


@contextlib.contextmanager
def proxy(folder: Path, program: str, up: Upstream) -> Iterator[Subject]:
    """LiteLLM's proxy, from Messages to Chat."""
    folder.mkdir(parents=True)
    port = bench.free_port()
    settings = {
        "model_list": [
            {
                "model_name": MODEL,
                "litellm_params": {
                    "model": "openai/gpt-5.4",
                    "api_base": f"{up.url}/v1",
                    "api_key": "bench-key",
                },
            }
        ],
        "litellm_settings": {
            "drop_params": True,
            "telemetry": False,
            "use_chat_completions_url_for_anthropic_messages": True,
        },
    }
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(settings))
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    env["LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY"] = "true"
    began = time.perf_counter()
    words = [program, "--config", str(config), "--port", str(port), "--host", "127.0.0.1"]
    with bench.child_process(words, core=0, env=env) as process:
        bench.wait_for(lambda: bench.listens(port), START_S)
        yield bench.new_subject("litellm", f"http://127.0.0.1:{port}", began, process, ["x-api-key: k"])


@contextlib.contextmanager
def router(folder: Path, program: str, up: Upstream) -> Iterator[Subject]:
    """claude-code-router, from Messages to Chat."""
    settings = folder / ".claude-code-router"
    settings.mkdir(parents=True)
    port = bench.free_port()
    provider = {
        "name": "a",
        "api_base_url": f"{up.url}/v1/chat/completions",
        "api_key": "bench-key",
        "models": ["gpt-5.4"],
    }
    content = bench.router_settings(port, [provider], "a,gpt-5.4")
    (settings / "config.json").write_text(json.dumps(content))
    env = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    began = time.perf_counter()
    with bench.child_process([program, "start"], core=0, env=env) as process:
        bench.wait_for(lambda: bench.listens(port), START_S)
        yield bench.new_subject("ccr", f"http://127.0.0.1:{port}", began, process, ["x-api-key: bench-token"])


if __name__ == "__main__":
    main()
