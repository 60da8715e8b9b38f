"""What an agent was started with, seen past what its settings emptied."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pf_tui.state.parent_env import restored
from tests.patience import PATIENCE_S


def process(proc: Path, pid: str, parent: str, **env: str) -> None:
    """A process as Linux shows it."""
    folder = proc / pid
    folder.mkdir(parents=True)
    (folder / "stat").write_text(f"{pid} (a (strange) name) S {parent} 1 1 0")
    (folder / "environ").write_bytes(
        b"".join(f"{name}={value}".encode() + b"\0" for name, value in env.items())
    )


def test_the_nearest_process_that_has_a_value_is_believed(tmp_path: Path) -> None:
    process(tmp_path, "self", "30")
    process(tmp_path, "30", "20", ANTHROPIC_API_KEY="", OTHER="x")
    process(tmp_path, "20", "10", ANTHROPIC_API_KEY="near")
    process(tmp_path, "10", "1", ANTHROPIC_API_KEY="far")

    found = restored({"ANTHROPIC_API_KEY": "", "HOME": "/h"}, ["ANTHROPIC_API_KEY"], tmp_path)

    assert found == {"ANTHROPIC_API_KEY": "near", "HOME": "/h"}


@pytest.mark.parametrize("env", [{"KEY": "set"}, {}], ids=["set", "not-there"])
def test_only_what_was_emptied_is_looked_up(tmp_path: Path, env: dict[str, str]) -> None:
    process(tmp_path, "self", "30")
    process(tmp_path, "30", "1", KEY="other")

    assert restored(env, ["KEY"], tmp_path) == env


def test_where_processes_cannot_be_seen_nothing_changes(tmp_path: Path) -> None:
    assert restored({"KEY": ""}, ["KEY"], tmp_path / "nowhere") == {"KEY": ""}


@pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="this system shows no process's environment"
)
def test_a_real_grandparents_key_is_found() -> None:
    ask = (
        "import os; from pf_tui.state.parent_env import restored; print(restored(os.environ, ['KEY'])['KEY'])"
    )
    shell = f'KEY="" {sys.executable} -c "{ask}"'
    done = subprocess.run(
        ["sh", "-c", f"{shell}; true"],
        env={"KEY": "planted"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )

    assert done.stdout == "planted\n"
