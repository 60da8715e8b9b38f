"""pf-tui in one project only: a team shares the files, nothing of one machine is in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_claude_code import QUIET
from tests.mocks import clients
from tests.mocks.anthropic import Upstream, failure
from tests.mocks.clients import Machine

pytestmark = pytest.mark.e2e


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as made:
        yield made


@pytest.fixture
def machine(tmp_path: Path, upstream: Upstream) -> Machine:
    clients.program("claude")
    made = clients.machine(tmp_path, {"alpha": upstream.url, "beta": upstream.url}, "anthropic-messages")
    made.extra |= QUIET
    made.extra |= {"ANTHROPIC_BASE_URL": upstream.url, "ANTHROPIC_AUTH_TOKEN": "t"}
    (made.home / ".claude").mkdir()
    trusted = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
    known = {"hasCompletedOnboarding": True, "theme": "dark", "projects": {str(made.work): trusted}}
    (made.home / ".claude.json").write_text(json.dumps(known))
    made.pf("install", "claude-code", "--project")
    return made


@pytest.mark.parametrize("command", ["/provider-status", "/provider-fallback:provider-status"])
def test_the_commands_are_answered_there(machine: Machine, upstream: Upstream, command: str) -> None:
    told = machine.run(str(clients.program("claude")), "-p", command)

    assert "alpha serves" in told.stdout
    assert upstream.requests == []


def test_a_failure_there_benches(machine: Machine, upstream: Upstream) -> None:
    upstream.answer(failure(429, should_retry=False))

    machine.run(str(clients.program("claude")), "-p", "hello")

    assert machine.active() == "beta"
    assert machine.hooks_log() == ""
