"""The real program, many at once and killed at any instant: nothing lost, nothing half."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pf_tui import catalog
from pf_tui.state import journal
from pf_tui.state.paths import Paths
from tests import program
from tests.patience import PATIENCE_S

from .conftest import KEYS

PROVIDERS = list(catalog.load().default_priority)


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "PATH": os.environ.get("PATH", ""),
        "TZ": "UTC",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        **KEYS,
    }


def begin(env: dict[str, str], *words: str) -> subprocess.Popen[str]:
    return program.Process(
        *words,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(env: dict[str, str], *words: str) -> tuple[int, str, str]:
    process = begin(env, *words)
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


def test_twenty_programs_switching_at_once_lose_nothing(env: dict[str, str], paths: Paths) -> None:
    chosen = PROVIDERS[1:21]

    running = [begin(env, "switch", provider, "--force") for provider in chosen]
    answers = [(*process.communicate(timeout=PATIENCE_S), process.returncode) for process in running]

    assert [(err, code) for _, err, code in answers if code] == []
    order = json.loads(paths.config.read_text())["providerPriority"]
    assert sorted(order) == sorted(PROVIDERS)
    assert set(order[:20]) == set(chosen)
    events = journal.tail(paths, 100)
    assert [event.action for event in events] == ["switch"] * 20
    assert [event.after["first"] for event in reversed(events)] == order[:20]


def test_twenty_switches_can_all_be_undone(env: dict[str, str], paths: Paths) -> None:
    running = [begin(env, "switch", provider, "--force") for provider in PROVIDERS[1:21]]
    for process in running:
        process.communicate(timeout=PATIENCE_S)

    undone = [run(env, "undo", "--json")[0] for _ in range(20)]

    assert undone == [0] * 20
    assert json.loads(paths.config.read_text()) == {"version": 2}
    assert run(env, "undo")[0] == 1


def test_a_switch_killed_at_any_instant_leaves_the_old_or_the_new_file(
    env: dict[str, str], paths: Paths
) -> None:
    """Kills are spread over the whole life of the process, measured first."""
    run(env, "priority", "set", "groq,openrouter")
    began = time.monotonic()
    run(env, "switch", "openrouter")
    life_s = time.monotonic() - began
    old, new = ["groq", "openrouter"], ["openrouter", "groq"]

    for step in range(24):
        run(env, "priority", "set", "groq,openrouter")
        process = begin(env, "switch", "openrouter")
        time.sleep(life_s * (0.5 + 0.55 * step / 24))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=PATIENCE_S)

        order = json.loads(paths.config.read_text())["providerPriority"]
        assert order in (old, new)
        code, out, err = run(env, "status", "--json")
        assert (code, err) == (0, "")
        assert json.loads(out)["active"]["provider"] == order[0]

    (paths.home / ".config.json.4194305.1.tmp").write_text("half of a fi")
    code, _, _ = run(env, "priority", "set", "groq,together")
    assert code == 0
    assert [path.name for path in paths.home.iterdir() if path.name.endswith(".tmp")] == []


def test_ctrl_c_ends_quietly_with_130(env: dict[str, str], paths: Paths) -> None:
    run(env, "switch", "groq")
    process = begin(env, "events", "--follow")
    assert process.stdout is not None
    process.stdout.readline()

    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 130
    assert err.strip() == ""


def test_follow_shows_what_another_program_does(env: dict[str, str], paths: Paths) -> None:
    run(env, "switch", "groq")
    process = begin(env, "events", "--follow", "--json")
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())

    run(env, "switch", "openrouter")
    second = json.loads(process.stdout.readline())
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_S)

    assert [first["after"]["first"], second["after"]["first"]] == ["groq", "openrouter"]


def test_two_ingests_at_once_count_every_request_once(env: dict[str, str], home: Path) -> None:
    folder = home / ".claude" / "projects" / "-home-dev-shop"
    folder.mkdir(parents=True)
    for number in range(20):
        rows = [
            json.dumps(
                {
                    "type": "assistant",
                    "sessionId": f"session-{number}",
                    "cwd": "/home/dev/shop",
                    "timestamp": "2026-11-24T11:00:00.000Z",
                    "requestId": f"req-{number}-{turn}",
                    "message": {
                        "id": f"msg_{number}_{turn}",
                        "role": "assistant",
                        "model": "claude-sonnet-5-5",
                        "usage": {"input_tokens": 1, "output_tokens": 2},
                    },
                }
            )
            for turn in range(50)
        ]
        (folder / f"session-{number}.jsonl").write_text("\n".join(rows) + "\n")

    running = [begin(env, "ingest", "--full", "--json") for _ in range(3)]
    answers = [process.communicate(timeout=PATIENCE_S) for process in running]

    assert [err for _, err in answers if err] == []
    _, out, _ = run(env, "analytics", "all", "--json")
    totals = json.loads(out)["totals"]
    assert (totals["requests"], totals["input_tokens"], totals["output_tokens"]) == (1000, 1000, 2000)
