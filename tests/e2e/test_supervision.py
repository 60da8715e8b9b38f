"""Real Claude Code behind a gateway that is killed; and with pf-tui paused, and resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests import clients
from tests.clients import Machine
from tests.upstreams import Reply, Upstream

pytestmark = pytest.mark.e2e


@pytest.fixture
def machine(tmp_path: Path, alpha: Upstream, beta: Upstream) -> Machine:
    """A machine with Claude Code, where pf-tui is not yet in it."""
    return clients.claude_machine(tmp_path, {"alpha": alpha.url, "beta": beta.url})


def test_the_clients_own_retry_reaches_the_gateway_that_came_back(machine: Machine, alpha: Upstream) -> None:
    """The gateway dies while it serves the first request; nobody but the client tries again."""
    alpha.answer(Reply(wait_s=20))
    done: list[subprocess.CompletedProcess[str]] = []

    def work() -> None:
        done.append(machine.run(sys.executable, "-m", "pf_tui", "run", "claude", "--", "-p", "hi"))

    runner = threading.Thread(target=work)
    runner.start()
    alpha.wait_for(1, timeout_s=60)
    os.kill(json.loads((machine.state / "gateway.json").read_text())["pid"], signal.SIGKILL)
    runner.join()

    assert done[0].returncode == 0, done[0].stderr
    assert "Hello from the mock." in done[0].stdout
    assert "the gateway died and is back on port" in machine.pf("events")
    machine.pf("gateway", "stop")


def test_paused_it_is_as_if_pf_tui_were_not_there(machine: Machine, alpha: Upstream) -> None:
    claude = str(clients.program("claude"))
    settings = machine.home / ".claude" / "settings.json"
    before = settings.read_bytes() if settings.exists() else None
    machine.pf("install", "claude-code")
    machine.pf("switch", "alpha")

    machine.pf("pause")
    assert (settings.read_bytes() if settings.exists() else None) == before
    paused = machine.run(claude, "-p", "hello")
    assert "Not logged in" in paused.stdout + paused.stderr
    assert alpha.requests == []
    machine.pf("resume")
    resumed = machine.run(claude, "-p", "hello")

    assert resumed.stdout.strip() == "Hello from the mock."
    assert [request.key for request in alpha.requests] == [clients.KEYS["ALPHA_API_KEY"]]
