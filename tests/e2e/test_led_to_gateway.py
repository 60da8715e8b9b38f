"""Real Claude Code on a provider that speaks Chat alone, without `run`: led to the gateway, and back.

alpha speaks Messages and is reached directly; beta speaks Chat alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import clients
from tests.clients import KEYS, Machine
from tests.upstreams import OpenAIUpstream as ChatUpstream
from tests.upstreams import Upstream

CHAT = {"beta": "openai-chat"}

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture
def machine(tmp_path: Path, alpha: Upstream, chat: ChatUpstream) -> Iterator[Machine]:
    """Claude Code with pf-tui in it, set to alpha; the gateway may be used by itself."""
    clients.program("claude")
    urls = {"alpha": alpha.url, "beta": chat.url}
    made = clients.machine(tmp_path, urls, "anthropic-messages", others=CHAT)
    clients.settle_claude(made)
    with clients.installed(made, "claude-code"):
        yield made


def address(machine: Machine) -> str:
    content = json.loads((machine.home / ".claude" / "settings.json").read_text())
    return str(content["env"]["ANTHROPIC_BASE_URL"])


def test_a_chat_only_provider_serves_claude_code_without_run(
    machine: Machine, alpha: Upstream, chat: ChatUpstream
) -> None:
    offered = machine.pf("switch", "beta")
    machine.pf("undo")
    machine.pf("gateway", "auto", "on")
    led = machine.pf("switch", "beta")
    url = json.loads(machine.pf("gateway", "status", "--json"))["url"]

    served = machine.run(str(clients.program("claude")), "-p", "hello")

    assert "`pf-tui gateway auto on`" in offered
    assert "through the gateway" in led
    assert address(machine) == url
    assert served.returncode == 0, served.stdout + served.stderr
    assert "Hello from the mock." in served.stdout
    assert {request.key for request in chat.requests} == {KEYS["BETA_API_KEY"]}
    assert alpha.requests == []
    agent = json.loads(machine.pf("status", "--json"))["agents"][0]
    assert (agent["applied"], agent["via"]) == ("beta", "gateway")

    machine.pf("gateway", "stop")
    back = machine.run(
        str(clients.program("claude")), "-p", "again", "--settings", '{"disableAllHooks": true}'
    )

    assert address(machine) == alpha.url
    assert "Hello from the mock." in back.stdout
    assert len(alpha.requests) >= 1

    machine.run(str(clients.program("claude")), "-p", "and once more")

    assert json.loads(machine.pf("gateway", "status", "--json"))[
        "running"
    ]  # the session's start brought it up
    assert address(machine).startswith("http://127.0.0.1:")
    assert machine.hooks_log() == ""
