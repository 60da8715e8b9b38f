"""pf-tui in one project only: a team shares the files, nothing of one machine is in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import clients
from tests.clients import Machine
from tests.upstreams import Upstream, failure

pytestmark = pytest.mark.e2e


@pytest.fixture
def machine(tmp_path: Path, alpha: Upstream) -> Machine:
    clients.program("claude")
    made = clients.machine(tmp_path, {"alpha": alpha.url, "beta": alpha.url}, "anthropic-messages")
    clients.settle_claude(made)
    made.extra |= {"ANTHROPIC_BASE_URL": alpha.url, "ANTHROPIC_AUTH_TOKEN": "t"}
    made.pf("install", "claude-code", "--project")
    return made


@pytest.mark.parametrize("command", ["/provider-status", "/provider-fallback:provider-status"])
def test_the_commands_are_answered_there(machine: Machine, alpha: Upstream, command: str) -> None:
    told = machine.run(str(clients.program("claude")), "-p", command)

    assert "alpha serves" in told.stdout
    assert alpha.requests == []


def test_a_failure_there_benches(machine: Machine, alpha: Upstream) -> None:
    alpha.answer(failure(429, should_retry=False))

    machine.run(str(clients.program("claude")), "-p", "hello")

    assert machine.active() == "beta"
    assert machine.hooks_log() == ""
