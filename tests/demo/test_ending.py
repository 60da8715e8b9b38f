"""The demo ends with its dashboard, however that ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.patience import PATIENCE_S, eventually

DASHBOARD = """
import sys, time
from pf_tui.demo import temporary_home
with temporary_home() as ctx:
    print(ctx.env["HOME"], flush=True)
    sys.stdin.readline()
"""


class Demo:
    """A process that has a demo open."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", DASHBOARD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.folder = Path(self.process.stdout.readline().strip())
        assert eventually(lambda: bool(self.players()), "the story")

    def players(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            if "pf_tui.demo" in words and str(self.folder) in words:
                found.append(process)
        return found


@pytest.fixture
def demo() -> Iterator[Demo]:
    one = Demo()
    yield one
    one.process.kill()
    one.process.communicate()


def test_a_dashboard_that_is_closed_leaves_nothing(demo: Demo) -> None:
    demo.process.communicate("q\n", timeout=PATIENCE_S)

    assert demo.process.returncode == 0
    assert not demo.folder.exists()
    assert demo.players() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_dashboard_that_is_ended_leaves_nothing(demo: Demo, number: int) -> None:
    demo.process.send_signal(number)
    demo.process.communicate(timeout=PATIENCE_S)

    assert demo.process.returncode == 128 + number
    assert not demo.folder.exists()
    assert demo.players() == []


def test_a_dashboard_that_is_killed_leaves_nothing(demo: Demo) -> None:
    demo.process.kill()

    assert eventually(lambda: not demo.folder.exists(), "the folder goes")
    assert eventually(lambda: demo.players() == [], "the story ends")


@pytest.mark.e2e
def test_the_gateway_is_a_real_one_and_ends_with_the_demo(demo: Demo) -> None:
    state = demo.folder / ".opencode" / "provider-fallback"
    assert eventually((state / "gateway.json").exists, "the gateway serves")
    running = json.loads((state / "gateway.json").read_text())["pid"]
    assert running not in (demo.process.pid, *(player.pid for player in demo.players()))
    assert eventually((state / "live.json").exists, "a request under way")

    demo.process.communicate("q\n", timeout=PATIENCE_S)

    assert eventually(lambda: not is_alive(running), "the gateway ends")
    assert not demo.folder.exists()


@pytest.mark.e2e
def test_a_stopped_gateway_does_not_end_the_story_and_may_be_started_anew(demo: Demo) -> None:
    state = demo.folder / ".opencode" / "provider-fallback"
    env = {"HOME": str(demo.folder), "PATH": os.environ["PATH"], "PROVIDER_FALLBACK_HOME": str(state)}
    assert eventually((state / "gateway.json").exists, "the gateway serves")
    first = json.loads((state / "gateway.json").read_text())["pid"]

    os.kill(first, signal.SIGTERM)
    assert eventually(lambda: not (state / "gateway.json").exists(), "the gateway ends")
    assert demo.players()
    words = [sys.executable, "-m", "pf_tui", "gateway", "start", "--json"]
    started = subprocess.run(words, env=env, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    second = json.loads(started.stdout)["pid"]
    demo.process.communicate("q\n", timeout=PATIENCE_S)

    assert eventually(lambda: not is_alive(second), "the second gateway ends")
    assert not demo.folder.exists()


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_player_refuses_a_folder_that_is_no_demo(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pf_tui.demo", str(tmp_path), "1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )

    assert done.returncode == 1
    assert done.stderr == f"{tmp_path} is no demo of pf-tui; `pf-tui --demo` makes one\n"
    assert tmp_path.exists()
