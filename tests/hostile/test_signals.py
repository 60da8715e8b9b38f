"""Promises about signals: whenever one comes, a shell hears its number and nobody sees a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import program

AT = """
import atexit, os, sys
kind, number, which = os.environ.pop("SIGNAL_AT").split()
def send():
    os.kill(os.getpid(), int(which))
left = int(number)
ours = False
def look(event, arguments):
    global left, ours
    ours = ours or event == "import" and arguments[0] == "pf_tui.stdio"
    if ours and event == kind:
        left -= 1
        if left == 0:
            send()
if kind == "end":
    atexit.register(send)
else:
    sys.addaudithook(look)
"""
"""Sends this process a signal at its import or opened file of that number, counted from our first line."""

POINTS = {
    "in the first imports": "import 4",
    "in the imports of a command": "import 60",
    "while files are read": "open 25",
    "at the end": "end 0",
}


def sent(
    tmp_path: Path, home: Path, point: str, number: int, *words: str
) -> subprocess.CompletedProcess[str]:
    (tmp_path / "sitecustomize.py").write_text(AT)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TZ": "UTC",
        "PYTHONPATH": str(tmp_path),
        "OPENROUTER_API_KEY": "k",
    }
    return subprocess.run(
        [sys.executable, "-m", "pf_tui", *words],
        env={**env, "SIGNAL_AT": f"{point} {number}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
def test_ctrl_c_is_heard_at_every_moment_and_leaves_no_traceback(
    tmp_path: Path, home: Path, point: str
) -> None:
    done = sent(tmp_path, home, point, signal.SIGINT, "models")

    assert done.returncode in (130, -signal.SIGINT)  # both are 130 to a shell
    assert done.stderr == ""


def test_a_hook_that_is_interrupted_says_nothing(tmp_path: Path, home: Path) -> None:
    done = sent(tmp_path, home, "import 30", signal.SIGINT, "hook", "claude-code", "SessionStart")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_early_end_leaves_no_half_written_file(tmp_path: Path, home: Path, number: signal.Signals) -> None:
    done = sent(tmp_path, home, "open 40", number, "switch", "openrouter")

    assert (done.returncode, done.stderr) == (-number, "")
    assert [path.name for path in home.rglob("*.tmp*")] == []


TALKATIVE = (
    "status", "why", "auth status", "models list", "priority show", "limits show", "analytics show", "doctor",
    "export requests", "export openmetrics", "prices show", "completion bash", "rules list", "--help",
)  # fmt: skip


def test_a_reader_that_left_is_no_trouble_to_a_command(home: Path) -> None:
    """`pf-tui … | head -0`."""
    env = {"PATH": "/usr/bin:/bin", "HOME": str(home), "TZ": "UTC"}
    for words in TALKATIVE:
        reading, writing = os.pipe()
        os.close(reading)
        ends = {"stdin": subprocess.DEVNULL, "stdout": writing, "stderr": subprocess.PIPE}
        process = program.Process(*words.split(), env=env, cwd=home, **ends)
        os.close(writing)

        assert (process.communicate()[1], process.returncode) == (b"", 0), words
