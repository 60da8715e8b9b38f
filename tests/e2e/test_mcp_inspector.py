"""The official inspector (`@modelcontextprotocol/inspector`), its command line, over both transports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.clients import Machine, machine, program

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SERVER = (sys.executable, "-m", "pf_tui", "mcp")


@pytest.fixture
def box(tmp_path: Path) -> Machine:
    program("mcp-inspector")
    return machine(
        tmp_path, {"alpha": "http://127.0.0.1:9/v1", "beta": "http://127.0.0.1:9/v1"}, "openai-chat"
    )


def inspected(box: Machine, *words: str) -> dict[str, Any]:
    """What the inspector prints; it must be content."""
    done = box.run("mcp-inspector", "--cli", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_inspector_finds_everything_over_stdio(box: Machine) -> None:
    tools = inspected(box, *SERVER, "--method", "tools/list")["tools"]
    active = inspected(box, *SERVER, "--method", "tools/call", "--tool-name", "provider.active")
    resources = inspected(box, *SERVER, "--method", "resources/list")["resources"]
    prompts = inspected(box, *SERVER, "--method", "prompts/list")["prompts"]

    assert len(tools) == 10
    assert all(tool["outputSchema"] for tool in tools)
    assert active["structuredContent"]["provider"] == "alpha"
    assert [one["uri"] for one in resources] == ["pf://status", "pf://catalog/models"]
    assert [one["name"] for one in prompts] == ["provider-advice"]


def test_the_inspector_needs_the_token_over_http(box: Machine) -> None:
    server = subprocess.Popen(
        [*SERVER, "--http", "--port", "0"],
        cwd=box.work,
        env=box.env,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        url = server.stderr.readline().split("MCP on ")[1].split(",")[0]
        token = json.loads((box.state / "mcp.json").read_text())["token"]
        words = (url, "--transport", "http", "--method", "tools/list")

        refused = box.run("mcp-inspector", "--cli", *words)
        listed = inspected(box, *words, "--header", f"x-pf-token: {token}")
    finally:
        server.terminate()
        server.communicate(timeout=20)

    assert refused.returncode != 0
    assert "the token is missing or wrong" in refused.stderr
    assert len(listed["tools"]) == 10
