"""Real Codex on a provider that speaks Chat alone, without `run`: led to the gateway, and back.

alpha speaks Responses and is reached directly; beta speaks Chat alone. Codex reads its settings before its
hooks run, so a gateway that a session's start brings up serves that session at the address it had before.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import clients
from tests.clients import KEYS, Machine, wait_until
from tests.upstreams import OpenAIUpstream as Upstream

CHAT = {"beta": "openai-chat"}

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture
def machine(tmp_path: Path, alpha: Upstream, chat: Upstream) -> Iterator[Machine]:
    """Codex with pf-tui in it, set to alpha; the gateway may be used by itself."""
    clients.program("codex")
    made = clients.machine(tmp_path, {"alpha": alpha.url, "beta": chat.url}, "openai-responses", others=CHAT)
    (made.home / ".codex").mkdir()
    (made.home / ".codex" / "config.toml").write_text('model = "gpt-5.2"\n')
    with clients.installed(made, "codex"):
        yield made


def says(machine: Machine, prompt: str) -> str:
    done = machine.run(
        "codex", "exec", "--skip-git-repo-check", "--dangerously-bypass-hook-trust",
        "--dangerously-bypass-approvals-and-sandbox", prompt,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_chat_only_provider_serves_codex_without_run(
    machine: Machine, alpha: Upstream, chat: Upstream
) -> None:
    offered = machine.pf("switch", "beta")
    machine.pf("undo")
    machine.pf("gateway", "auto", "on")
    led = machine.pf("switch", "beta")

    assert "`pf-tui gateway auto on`" in offered
    assert "through the gateway" in led
    assert "Hello from the mock." in says(machine, "hello")
    assert {request.key for request in chat.requests} == {KEYS["BETA_API_KEY"]}
    assert alpha.requests == []

    running = json.loads((machine.state / "gateway.json").read_text())
    os.kill(running["pid"], signal.SIGKILL)
    wait_until(lambda: not json.loads(machine.pf("gateway", "status", "--json"))["running"])
    asked = len(chat.requests)

    assert "Hello from the mock." in says(machine, "after the crash")
    assert len(chat.requests) > asked  # its session's start brought the gateway up where it was
    assert alpha.requests == []

    machine.pf("gateway", "stop")
    stopped = (machine.home / ".codex" / "config.toml").read_text()

    assert 'model_provider = "alpha"' in stopped
    assert "Hello from the mock." in says(machine, "back")
    assert alpha.requests
