"""A real LiteLLM proxy, both ways: agents ask it as one provider, and it is driven by `export litellm`.

Skipped unless a folder of PF_TUI_CLIENTS holds `litellm` (with its extra proxy 700 MB; 1.108.7 was tried).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from tests import clients
from tests.clients import Machine, wait_until
from tests.upstreams import OpenAIUpstream as OpenAI
from tests.upstreams import Upstream, failure

KEY = "sk-litellm-master-0001"
START_S = 300.0

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

Proxy = Callable[[str], str]
PF = (sys.executable, "-m", "pf_tui")


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    """`proxy(config)`: the address of a proxy that serves it."""
    program = clients.program("litellm")
    with ExitStack() as running:

        def start(config: str) -> str:
            path = tmp_path / "config.yaml"
            path.write_text(config)
            with closing(socket.socket()) as place:
                place.bind(("127.0.0.1", 0))
                port = place.getsockname()[1]
            keys = dict.fromkeys(("ANTHROPIC_API_KEY", "OPENROUTER_API_KEY", "OPENAI_API_KEY"), "sk-upstream")
            log = running.enter_context((tmp_path / "litellm.log").open("wb"))
            process = subprocess.Popen(
                [
                    str(program),
                    "--config",
                    str(path),
                    "--host",
                    "127.0.0.1",
                    "--port",
                    str(port),
                ],
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(tmp_path),
                    "LITELLM_MASTER_KEY": KEY,
                    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                    **keys,
                },
                stdout=log,
                stderr=log,
            )
            running.callback(process.wait)
            running.callback(process.terminate)
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: answers(url), START_S, "LiteLLM serves")
            return url

        yield start


def answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{url}/health/liveliness", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


@pytest.fixture
def vendor() -> Iterator[OpenAI]:
    with OpenAI() as upstream:
        yield upstream


def config_of(claude: str, gpt: str) -> str:
    return json.dumps(
        {
            "model_list": [
                {
                    "model_name": "claude-opus-5-5",
                    "litellm_params": {
                        "model": "anthropic/claude-opus-5-5",
                        "api_base": claude,
                        "api_key": "sk-upstream",
                    },
                },
                {
                    "model_name": "gpt-6.1-sol",
                    "litellm_params": {
                        "model": "openai/gpt-6.1-sol",
                        "api_base": f"{gpt}/v1",
                        "api_key": "sk-upstream",
                    },
                },
            ],
            "litellm_settings": {"drop_params": True},
            "general_settings": {"master_key": "os.environ/LITELLM_MASTER_KEY"},
        }
    )


def team_of(tmp_path: Path, url: str) -> Machine:
    """A machine whose one provider is the proxy."""
    made = clients.machine(tmp_path, {}, "anthropic-messages")
    provider = {
        "id": "team",
        "base_url": url,
        "env": "LITELLM_KEY",
        "models": ["claude-opus-5-5", "gpt-6.1-sol"],
    }
    (made.state / "providers.yaml").write_text(json.dumps({"providers": [provider]}))
    (made.state / "config.json").write_text(json.dumps({"version": 2, "providerPriority": ["team"]}))
    made.extra["LITELLM_KEY"] = KEY
    clients.settle_claude(made)
    return made


def test_every_agent_finishes_a_turn_through_a_teams_proxy(
    tmp_path: Path, alpha: Upstream, vendor: OpenAI, proxy: Proxy
) -> None:
    machine = team_of(tmp_path, proxy(config_of(alpha.url, vendor.url)))
    runs = {
        "claude": ("claude", "--", "-p", "hi", "--model", "claude-opus-5-5"),
        "codex": ("codex", "--", "exec", "--skip-git-repo-check", "-m", "gpt-6.1-sol", "hi"),
        "opencode": ("opencode", "--", "run", "-m", "team/claude-opus-5-5", "hi"),
    }
    for agent in runs:
        clients.program(agent)

    said = {agent: machine.run(*PF, "run", *words, timeout_s=200) for agent, words in runs.items()}

    for agent, done in said.items():
        assert "Hello from the mock." in done.stdout, (agent, done.stdout[-600:], done.stderr[-600:])
    rows = json.loads(machine.pf("analytics", "24h", "--json"))["by_provider"]
    assert {row["provider"] for row in rows} == {"team"}
    machine.pf("gateway", "stop")


def test_the_proxy_that_the_chain_was_exported_to_asks_in_the_chains_order(
    tmp_path: Path, alpha: Upstream, beta: Upstream, proxy: Proxy
) -> None:
    machine = clients.machine(tmp_path, {}, "anthropic-messages")
    own = [{"id": "anthropic-api", "base_url": alpha.url}, {"id": "openrouter", "base_url": beta.url}]
    (machine.state / "providers.yaml").write_text(json.dumps({"providers": own}))
    order = ["anthropic-api", "openrouter"]
    (machine.state / "config.json").write_text(json.dumps({"version": 2, "providerPriority": order}))
    machine.extra |= {"ANTHROPIC_API_KEY": "sk-upstream", "OPENROUTER_API_KEY": "sk-upstream"}
    url = proxy(machine.pf("export", "litellm"))
    clients.settle_claude(machine)
    machine.extra |= {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_AUTH_TOKEN": KEY}
    del machine.extra["ANTHROPIC_API_KEY"]
    alpha.always(failure(429))

    done = machine.run(
        str(clients.program("claude")), "-p", "hi", "--model", "claude-opus-5-5", timeout_s=200
    )

    assert "Hello from the mock." in done.stdout, done.stdout + done.stderr
    assert alpha.requests
    assert beta.requests[0].model == "anthropic/claude-opus-5.5"
