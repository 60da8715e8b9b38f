"""`pf-tui run` and `gateway env`: an agent behind the gateway for one run, its own settings untouched.

The agents here are small programs that say how they were started; tests/e2e has the real ones.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pf_tui.clients import STARTED
from pf_tui.launch import plan
from pf_tui.state.context import Context
from pf_tui.state.paths import Paths
from tests import program
from tests.patience import PATIENCE_S, eventually
from tests.trusted import trusting

AGENT = """#!{python}
import json, os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(43))
with open(os.environ["SAID"], "w") as file:
    json.dump({{"words": sys.argv[1:], "env": dict(os.environ), "pid": os.getpid()}}, file)
if "--wait" in sys.argv:
    while True:
        signal.pause()
sys.exit(int(os.environ.get("CODE", "0")))
"""


class Person:
    """Someone with three agents and some keys."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.programs = home / "programs"
        self.programs.mkdir()
        self.said = home / "said.json"
        for name in ("claude", "opencode", "codex"):
            program = self.programs / name
            program.write_text(AGENT.format(python=sys.executable))
            program.chmod(0o755)
        self.env = {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "HOME": str(home),
            "TZ": "UTC",
            "SAID": str(self.said),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "OPENROUTER_API_KEY": "or-mine",
        }
        self.order("openrouter")

    def order(self, *names: str) -> None:
        state = self.home / ".opencode" / "provider-fallback"
        state.mkdir(parents=True, exist_ok=True)
        (state / "config.json").write_text(json.dumps({"version": 2, "providerPriority": list(names)}))

    def login(self) -> None:
        """A claude.ai login in Claude Code's own file."""
        folder = self.home / ".claude"
        folder.mkdir(exist_ok=True)
        expires = round((datetime.now(UTC).timestamp() + 3600) * 1000)
        token = {"accessToken": "sk-ant-oat01-mine", "expiresAt": expires}
        (folder / ".credentials.json").write_text(json.dumps({"claudeAiOauth": token}))

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return program.run(*words, env={**self.env, **more}, cwd=self.home)

    def started(self, *words: str, **more: str) -> dict[str, Any]:
        """How the agent was started."""
        done = self.run("run", *words, **more)
        assert self.said.exists(), done.stderr
        found: dict[str, Any] = json.loads(self.said.read_text())
        return {**found, "code": done.returncode, "told": done.stderr}

    def gateway(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("gateway", "status", "--json").stdout)
        return found


@pytest.fixture
def person(home: Path) -> Iterator[Person]:
    someone = Person(home)
    yield someone
    someone.run("gateway", "stop")


def token_of(person: Person) -> str:
    state = person.home / ".opencode" / "provider-fallback" / "gateway.json"
    return str(json.loads(state.read_text())["token"])


def test_claude_gets_the_address_and_the_token_for_this_run(person: Person) -> None:
    got = person.started("claude", "--", "-p", "hello", ANTHROPIC_API_KEY="sk-mine")

    assert got["words"] == ["-p", "hello"]
    assert got["env"]["ANTHROPIC_BASE_URL"] == person.gateway()["url"]
    assert got["env"]["ANTHROPIC_AUTH_TOKEN"] == token_of(person)
    assert "ANTHROPIC_API_KEY" not in got["env"]
    assert not (person.home / ".claude").exists()


def test_the_gateway_is_given_the_keys_of_this_environment(person: Person) -> None:
    person.order("openrouter", "anthropic-api")
    person.run("gateway", "start")

    person.started("claude", ANTHROPIC_API_KEY="sk-mine")

    held = {one["provider"]: one["source"] for one in person.gateway()["credentials"]}

    assert held["anthropic-api"] == "env (session)"


def test_the_token_is_in_no_command_line(person: Person) -> None:
    for agent in ("claude", "opencode", "codex"):
        got = person.started(agent)

        assert token_of(person) not in " ".join(got["words"])


def test_the_exit_code_is_the_agents(person: Person) -> None:
    assert person.started("claude", CODE="17")["code"] == 17


def test_a_signal_reaches_the_agent(person: Person) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pf_tui", "run", "claude", "--", "--wait"], env=person.env, cwd=person.home,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    eventually(lambda: person.said.exists() and person.said.read_text().endswith("}"), "the agent's start")

    process.send_signal(signal.SIGTERM)

    assert process.wait(PATIENCE_S) == 43
    assert person.gateway()["running"]


def test_a_subscription_runs_on_its_own_login_and_says_so(person: Person) -> None:
    person.login()
    person.order("anthropic-subscription", "openrouter")

    got = person.started("claude", ANTHROPIC_API_KEY="sk-mine")

    assert "ANTHROPIC_BASE_URL" not in got["env"]
    assert "ANTHROPIC_API_KEY" not in got["env"]
    assert not person.gateway()["running"]
    assert "Claude Code runs on its own login; a limit moves the next turn" in got["told"]
    assert "--pass-through saves the turn itself" in got["told"]


def test_pass_through_leaves_the_login_to_the_agent_and_gives_a_notice(person: Person) -> None:
    person.login()
    person.order("anthropic-subscription", "openrouter")

    got = person.started("claude", "--pass-through", ANTHROPIC_CUSTOM_HEADERS="x-team: blue")

    headers = got["env"]["ANTHROPIC_CUSTOM_HEADERS"].splitlines()
    assert "ANTHROPIC_AUTH_TOKEN" not in got["env"]
    assert headers == ["x-team: blue", f"x-pf-token: {token_of(person)}", "x-pf-pass-through: 1"]
    assert "byte for byte, to its vendor alone" in got["told"]


def test_a_benched_subscription_is_followed_by_the_next_provider(person: Person) -> None:
    person.login()
    person.order("anthropic-subscription", "openrouter")
    person.run("bench", "anthropic-subscription", "--for", "1h")

    got = person.started("claude")

    assert got["env"]["ANTHROPIC_BASE_URL"] == person.gateway()["url"]
    assert "openrouter serves" in got["told"]


def test_settings_that_would_win_over_the_environment_are_overruled_for_this_run(person: Person) -> None:
    folder = person.home / ".claude"
    folder.mkdir()
    own = '{"env": {"ANTHROPIC_BASE_URL": "https://elsewhere.example"}}'
    (folder / "settings.json").write_text(own)

    got = person.started("claude", "--", "-p", "hi")

    assert got["words"][0] == "--settings"
    path = Path(got["words"][1])
    wins = json.loads(path.read_text())
    assert wins["env"]["ANTHROPIC_BASE_URL"] == person.gateway()["url"]
    assert wins["modelOverrides"]["claude-opus-5-5"] == "claude-opus-5-5"
    assert path.stat().st_mode & 0o777 == 0o600
    assert (folder / "settings.json").read_text() == own


def test_opencode_gets_every_provider_the_gateway_has_a_key_for(person: Person) -> None:
    person.env["ANTHROPIC_API_KEY"] = "sk-mine"
    person.order("anthropic-api", "openrouter", "groq")
    own = json.dumps({"theme": "mine", "provider": {"anthropic": {"options": {"timeout": 5}}}})

    got = person.started("opencode", OPENCODE_CONFIG_CONTENT=own)

    content = json.loads(got["env"]["OPENCODE_CONFIG_CONTENT"])
    url = person.gateway()["url"]
    assert content["theme"] == "mine"
    assert set(content["provider"]) == {"anthropic", "openrouter"}
    options = content["provider"]["anthropic"]["options"]
    assert (options["baseURL"], options["timeout"]) == (f"{url}/v1", 5)
    assert options["headers"]["x-pf-token"] == token_of(person)
    assert content["model"].startswith("anthropic/claude-")
    assert not (person.home / ".config" / "opencode").exists()


def test_codex_gets_a_provider_of_its_own_by_words(person: Person) -> None:
    got = person.started("codex", "--", "exec", "fix it")

    given = got["words"]
    url = person.gateway()["url"]
    assert given[-2:] == ["exec", "fix it"]
    assert f'model_providers.pf-tui.base_url="{url}/v1"' in given
    assert 'model_provider="pf-tui"' in given
    assert got["env"]["PF_TUI_GATEWAY_TOKEN"] == token_of(person)
    assert not (person.home / ".codex").exists()


def test_a_proxy_never_sees_the_token(person: Person) -> None:
    got = person.started("claude", HTTPS_PROXY="http://192.0.2.1:9", NO_PROXY="corp.example")

    assert got["env"]["NO_PROXY"] == "corp.example,127.0.0.1,localhost,::1"


def test_a_projects_own_list_goes_along(person: Person) -> None:
    (person.home / "work" / ".git").mkdir(parents=True)
    folder = person.home / "work" / ".opencode"
    folder.mkdir()
    file = folder / "provider-fallback.local.md"
    file.write_text("---\nprovider_priority: [openrouter]\n---\n")
    trusting(Paths(person.home / ".opencode" / "provider-fallback"), file)

    done = person.run("--dir", str(person.home / "work"), "run", "claude")

    headers = json.loads(person.said.read_text())["env"]["ANTHROPIC_CUSTOM_HEADERS"]
    assert headers == f"x-pf-project: {person.home / 'work'}", done.stderr


def test_nobody_can_serve_is_exit_5_with_the_reasons(person: Person) -> None:
    person.order("groq", "anthropic-api")

    done = person.run("run", "claude")

    assert done.returncode == 5
    assert (
        "no provider available for Claude Code: groq (no credential), anthropic-api (no credential)"
        in done.stderr
    )
    assert not person.said.exists()


def test_an_agent_that_is_not_there_is_one_sentence(person: Person) -> None:
    (person.programs / "codex").unlink()

    done = person.run("run", "codex", PATH=str(person.programs))

    assert done.returncode == 1
    assert "Codex is not on this machine: no 'codex' in PATH" in done.stderr


def test_an_unknown_agent_names_the_known_ones(person: Person) -> None:
    done = person.run("run", "gemini")

    assert done.returncode == 2
    assert "one of: claude, opencode, codex" in done.stderr


def test_pass_through_of_opencode_is_refused(person: Person) -> None:
    done = person.run("run", "opencode", "--pass-through")

    assert done.returncode == 2
    assert "--pass-through is for a login of one vendor" in done.stderr


@pytest.mark.parametrize("agent", ["claude", "opencode", "codex"])
def test_the_exports_are_what_a_shell_understands(person: Person, agent: str) -> None:
    done = person.run("gateway", "env", agent)
    shown = subprocess.run(
        ["sh", "-c", f"{done.stdout}\nenv"], env={"PATH": os.environ["PATH"], "ANTHROPIC_API_KEY": "sk-mine"},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    assert token_of(person) in shown
    assert ("ANTHROPIC_API_KEY" in shown) == (agent != "claude")


def test_a_login_under_another_agents_name_is_not_this_agents(home: Path) -> None:
    from pf_tui import snapshot

    someone = Person(home)
    someone.login()
    someone.order("anthropic-subscription", "openrouter")
    now = snapshot.take(Context.here("cli", env=someone.env, cwd=home))

    taken = plan.launch_route(now, STARTED["opencode"])

    assert (taken.through, taken.provider) == ("gateway", "openrouter")
    assert "its login works in claude-code alone" in [one.reason for one in taken.skipped]
