"""The MCP server inside the real agents: each lists our tools, calls one, and gets its answer."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests import upstreams
from tests.clients import Machine, machine, program

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SERVER = [sys.executable, "-m", "pf_tui", "mcp"]


def test_claude_code_calls_provider_list_and_switch(tmp_path: Path) -> None:
    program("claude")
    with upstreams.Upstream() as upstream:
        box = machine(
            tmp_path, {"alpha": "http://127.0.0.1:9/v1", "beta": "http://127.0.0.1:9/v1"}, "openai-chat"
        )
        box.extra = {
            "ANTHROPIC_BASE_URL": upstream.url,
            "ANTHROPIC_API_KEY": "sk-ant-test",
            "ENABLE_TOOL_SEARCH": "false",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        }
        config = tmp_path / "mcp.json"
        config.write_text(json.dumps({"mcpServers": {"pf": {"command": SERVER[0], "args": SERVER[1:]}}}))
        upstream.answer(
            upstreams.called("mcp__pf__provider_list", {"authenticated": True}),
            upstreams.called("mcp__pf__provider_switch", {"providerId": "beta"}),
            upstreams.Reply(text="done"),
        )

        done = box.run(
            *("claude", "-p", "switch", "--mcp-config", str(config), "--strict-mcp-config"),
            *("--allowedTools", "mcp__pf__provider_list,mcp__pf__provider_switch"),
        )

        assert done.returncode == 0, done.stdout + done.stderr
        main = [request for request in upstream.requests if request.body.get("tools")]
        listed = {tool["name"] for tool in main[0].body["tools"]}
        assert {"mcp__pf__provider_list", "mcp__pf__analytics_costs", "mcp__pf__auth_check"} <= listed
        results = str(main[-1].body["messages"])
        assert "alpha" in results
        assert "switched to beta" in results or '"success":true' in results.replace(" ", "").replace("\\", "")
        assert "sk-alpha" not in results
    assert box.active() == "beta"


def opencode_box(tmp_path: Path, upstream: upstreams.OpenAIUpstream) -> Machine:
    """OpenCode on one mock, pf-tui installed."""
    program("opencode")
    box = machine(tmp_path, {"alpha": upstream.url, "beta": upstream.url}, "openai-chat")
    box.extra = {"OPENCODE_DISABLE_MODELS_FETCH": "1"}
    folder = box.home / ".config" / "opencode"
    folder.mkdir(parents=True)
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": upstream.url, "apiKey": "k"},
        "models": {"m": {"limit": {"context": 200000, "output": 8192}}},
    }
    content = {"model": "alpha/m", "share": "disabled", "autoupdate": False, "provider": {"alpha": provider}}
    (folder / "opencode.json").write_text(json.dumps(content))
    box.pf("install", "opencode")
    return box


def test_opencode_calls_provider_active(tmp_path: Path) -> None:
    with upstreams.OpenAIUpstream() as upstream:
        box = opencode_box(tmp_path, upstream)
        upstream.answer(upstreams.called("pf-tui_provider_active", {}), upstreams.Reply(text="done"))

        done = box.run("opencode", "run", "who serves?", "--title", "t")

        assert done.returncode == 0, done.stderr
        names = {tool["function"]["name"] for tool in upstream.requests[0].body["tools"]}
        assert {name for name in names if name.startswith("pf-tui_")} == {
            f"pf-tui_{name}"
            for name in (
                "provider_list",
                "provider_active",
                "provider_switch",
                "model_list",
                "model_info",
                "analytics_summary",
                "analytics_providers",
                "analytics_costs",
                "auth_status",
                "auth_check",
            )
        }
        assert "alpha serves" in str(upstream.requests[-1].body["messages"])


def test_codex_is_offered_our_tools(tmp_path: Path) -> None:
    program("codex")
    with upstreams.OpenAIUpstream() as upstream:
        box = machine(tmp_path, {"alpha": upstream.url, "beta": upstream.url}, "openai-responses")
        folder = box.home / ".codex"
        folder.mkdir()
        (folder / "config.toml").write_text(
            f'model = "m"\nmodel_provider = "alpha"\ncheck_for_update_on_startup = false\n'
            f'[model_providers.alpha]\nname = "alpha"\nbase_url = "{upstream.url}"\n'
            'wire_api = "responses"\nenv_key = "ALPHA_API_KEY"\n'
        )
        box.pf("install", "codex")

        # Codex asks its first question before a slow server is up, unless that server is a must
        done = box.run("codex", "exec", "-c", "mcp_servers.pf-tui.required=true", "hello")

        assert done.returncode == 0, done.stderr
        offered = json.dumps(upstream.requests[0].body["tools"])
        assert "provider_list" in offered
        assert "analytics_costs" in offered
