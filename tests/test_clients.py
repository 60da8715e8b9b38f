"""The table of agents: everything that lists agents is made from it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from pf_tui.clients import CLIENTS, INTEGRATED, STARTED
from pf_tui.state import paths


@pytest.mark.parametrize("agent", CLIENTS)
def test_every_agent_has_a_module_that_reads_its_logs(agent: str) -> None:
    assert find_spec(f"pf_tui.ingest.{agent.replace('-', '_')}")


@pytest.mark.parametrize("agent", INTEGRATED)
def test_every_agent_that_is_installed_into_has_hooks_and_an_integration(agent: str) -> None:
    module = agent.replace("-", "_")

    assert find_spec(f"pf_tui.integrations.{module}")
    assert not CLIENTS[agent].hooks_cure or find_spec(f"pf_tui.hooks.{module}")


def test_every_agent_that_run_starts_speaks_something_the_gateway_serves() -> None:
    from pf_tui.catalog import SERVED_PROTOCOLS

    for client in STARTED.values():
        assert client.protocols
        assert set(client.protocols) <= set(SERVED_PROTOCOLS)


@pytest.mark.parametrize(
    ("agent", "env", "folder"),
    [
        pytest.param("claude-code", {}, "/home/a/.claude", id="claude"),
        pytest.param("claude-code", {"CLAUDE_CONFIG_DIR": "/c"}, "/c", id="claude-own"),
        pytest.param("claude-code", {"CLAUDE_CONFIG_DIR": " /c , /d"}, "/c", id="claude-list"),
        pytest.param("codex", {"CODEX_HOME": "/x"}, "/x", id="codex-own"),
        pytest.param("opencode", {}, "/home/a/.config/opencode", id="opencode"),
        pytest.param("opencode", {"XDG_CONFIG_HOME": "/g"}, "/g/opencode", id="opencode-xdg"),
        pytest.param("opencode", {"OPENCODE_CONFIG_DIR": "/o"}, "/o", id="opencode-own"),
        pytest.param("gemini", {}, "/home/a/.gemini", id="gemini"),
    ],
)
def test_an_agents_configuration_folder(agent: str, env: dict[str, str], folder: str) -> None:
    assert paths.config_folder(agent, {"HOME": "/home/a", **env}) == Path(folder)
