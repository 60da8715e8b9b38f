"""Real Claude Code with pf-tui in it, against two upstreams: what a person sees when a limit is hit.

alpha serves, beta is next; their keys are in the environment, never in Claude Code's settings.
"""

from __future__ import annotations

import filecmp
import json
import shutil
import subprocess
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests import clients
from tests.clients import KEYS, Machine
from tests.upstreams import Reply, Upstream, called, failure, windows

pytestmark = pytest.mark.e2e

COMMANDS = ("status", "switch", "auth", "models", "priority", "limits", "analytics")


@pytest.fixture
def bare(tmp_path: Path, alpha: Upstream, beta: Upstream) -> Machine:
    """A machine with Claude Code, where pf-tui is not yet in it."""
    return clients.claude_machine(tmp_path, {"alpha": alpha.url, "beta": beta.url})


@pytest.fixture
def machine(bare: Machine) -> Machine:
    """The same with pf-tui in it, set to alpha."""
    bare.pf("install", "claude-code")
    bare.pf("switch", "alpha")
    return bare


def ask(machine: Machine, prompt: str, *words: str) -> subprocess.CompletedProcess[str]:
    return machine.run(str(clients.program("claude")), "-p", prompt, *words)


def settings(machine: Machine) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((machine.home / ".claude" / "settings.json").read_text())
    return content


def keys(upstream: Upstream) -> list[str]:
    return [request.key for request in upstream.requests]


def test_after_a_429_the_same_session_goes_on_at_the_next_provider(
    machine: Machine, alpha: Upstream, beta: Upstream
) -> None:
    alpha.answer(failure(429, should_retry=False))
    session = str(uuid.uuid4())

    failed = ask(machine, "hello", "--session-id", session)
    served = machine.active()
    again = ask(machine, "are you there?", "--resume", session)

    assert failed.returncode == 1
    assert served == "beta"
    assert "Hello from the mock." in again.stdout
    assert keys(alpha) == [KEYS["ALPHA_API_KEY"]]
    assert keys(beta) == [KEYS["BETA_API_KEY"]]
    assert beta.requests[0].prompt.endswith("are you there?")
    assert machine.hooks_log() == ""


def test_a_model_that_a_provider_does_not_have_is_asked_for_elsewhere(
    machine: Machine, alpha: Upstream, beta: Upstream
) -> None:
    """The session asks for another model than pf-tui's default: what it asks for decides."""
    alpha.always(failure(404))
    session = str(uuid.uuid4())

    ask(machine, "one", "--session-id", session, "--model", "claude-haiku-4-5-20251001")
    asked = len(alpha.requests)
    again = ask(machine, "two", "--resume", session, "--model", "claude-haiku-4-5-20251001")

    assert "Hello from the mock." in again.stdout
    assert len(alpha.requests) == asked
    assert beta.requests[-1].prompt.endswith("two")


def test_the_bench_says_why_until_when_and_what_said_so(machine: Machine, alpha: Upstream) -> None:
    alpha.answer(failure(429, should_retry=False))
    session = str(uuid.uuid4())

    ask(machine, "hello", "--session-id", session)
    health = json.loads(machine.pf("status", "alpha", "--json"))["providers"][0]["health"]

    assert health["state"] == "benched"
    assert health["until"] is not None
    evidence = health["evidence"]
    assert (evidence["status"], evidence["agent"], evidence["session"]) == (429, "claude-code", session)
    assert "429" in evidence["text"]


def test_each_provider_is_asked_by_its_own_model_names_and_the_ledger_knows_them(
    machine: Machine, alpha: Upstream, beta: Upstream
) -> None:
    machine.extra["OPENROUTER_API_KEY"] = "sk-or-0003"
    own = json.loads((machine.state / "providers.yaml").read_text())["providers"]
    own[0] = {"id": "openrouter", "base_url": alpha.url}
    (machine.state / "providers.yaml").write_text(json.dumps({"providers": own}))
    machine.pf("priority", "set", "openrouter,beta")
    machine.pf("switch", "openrouter")
    session = str(uuid.uuid4())

    ask(machine, "one", "--model", "opus", "--session-id", session)
    ask(machine, "two", "--model", "claude-haiku-4-5-20251001", "--resume", session)
    machine.pf("switch", "beta")
    ask(machine, "three", "--resume", session)

    assert [request.model for request in alpha.requests] == [
        "anthropic/claude-opus-5.5",
        "anthropic/claude-haiku-4.5",
    ]
    assert [request.model for request in beta.requests] == ["claude-opus-5-5"]
    rows = machine.pf("analytics", "24h", "--json")
    assert {row["model"] for row in json.loads(rows)["by_model"]} == {
        "claude-opus-5-5",
        "claude-haiku-4-5-20251001",
    }


def test_in_the_terminal_a_switch_takes_the_model_names_along(
    machine: Machine, alpha: Upstream, beta: Upstream
) -> None:
    machine.extra["DEEPSEEK_API_KEY"] = "sk-ds-0004"
    own = json.loads((machine.state / "providers.yaml").read_text())["providers"]
    own[1] = {"id": "deepseek-api", "base_urls": {"anthropic": beta.url}}
    (machine.state / "providers.yaml").write_text(json.dumps({"providers": own}))
    machine.pf("priority", "set", "alpha,deepseek-api")
    alpha.always(Reply(text="alpha speaks"))
    beta.always(Reply(text="deepseek speaks"))

    with clients.terminal(machine, str(clients.program("claude"))) as terminal:
        terminal.wait_for("● alpha")
        terminal.submit("one", shows="alpha speaks")
        machine.pf("switch", "deepseek-api")
        terminal.submit("two", shows="deepseek speaks")
        asked = len(alpha.requests)
        machine.pf("switch", "alpha")
        terminal.submit("three", shows="alpha speaks")
        clients.wait_until(lambda: len(alpha.requests) > asked, what="the way back to alpha")

    assert {request.model for request in beta.requests} == {"deepseek-v4-pro"}
    assert {request.model for request in alpha.requests} == {"claude-opus-5-5"}


def test_no_key_ever_stands_in_the_settings(machine: Machine, alpha: Upstream) -> None:
    alpha.answer(failure(429, should_retry=False))

    ask(machine, "hello")

    text = json.dumps(settings(machine))
    assert not any(key in text for key in KEYS.values())
    assert settings(machine)["env"]["ANTHROPIC_API_KEY"] == ""


def test_a_key_in_the_shell_follows_to_no_other_host(
    machine: Machine, alpha: Upstream, beta: Upstream
) -> None:
    machine.extra["ANTHROPIC_API_KEY"] = "sk-ant-the-persons-own"

    ask(machine, "hello")
    machine.pf("switch", "beta")
    ask(machine, "hello")

    assert keys(alpha) == [KEYS["ALPHA_API_KEY"]]
    assert keys(beta) == [KEYS["BETA_API_KEY"]]


@pytest.mark.parametrize("prefix", ["", "provider-fallback:"], ids=["bare", "namespaced"])
def test_the_seven_commands_ask_no_model(
    machine: Machine, alpha: Upstream, beta: Upstream, prefix: str
) -> None:
    answers = {name: ask(machine, f"/{prefix}provider-{name}").stdout for name in COMMANDS}

    assert alpha.requests == beta.requests == []
    assert "alpha serves" in answers["status"]
    assert "ready: beta" in answers["switch"]
    assert "alpha: present (env:ALPHA_API_KEY)" in answers["auth"]
    assert "Claude 21" in answers["models"]
    assert "1. alpha: ready (serves)" in answers["priority"]
    assert "no provider has a known window" in answers["limits"]
    assert "24h: " in answers["analytics"]


def test_a_switch_by_command_works_when_every_provider_fails(
    machine: Machine, alpha: Upstream, beta: Upstream
) -> None:
    alpha.always(failure(429, should_retry=False))
    beta.always(failure(429, should_retry=False))
    ask(machine, "hello")
    ask(machine, "hello")
    asked = len(alpha.requests) + len(beta.requests)

    told = ask(machine, "/provider-switch alpha --force")

    assert "switched to alpha" in told.stdout
    assert machine.active() == "alpha"
    assert len(alpha.requests) + len(beta.requests) == asked


def test_usage_is_in_the_ledger_when_the_turn_ends(machine: Machine) -> None:
    ask(machine, "hello")

    rows = [
        json.loads(line)
        for line in machine.pf("export", "requests", "24h").splitlines()
        if line.startswith("{")
    ]
    assert [(row["provider"], row["agent"], row["input"], row["output"]) for row in rows] == [
        ("alpha", "claude-code", 11, 7)
    ]


def test_behind_the_gateway_nothing_is_benched_by_hooks(machine: Machine, alpha: Upstream) -> None:
    machine.extra["ANTHROPIC_CUSTOM_HEADERS"] = "x-pf-token: abc"
    machine.extra["ANTHROPIC_BASE_URL"] = alpha.url
    alpha.always(failure(429, should_retry=False))

    ask(machine, "hello")

    assert machine.active() == "alpha"


def test_the_plugin_and_its_marketplace_are_valid_and_install(bare: Machine) -> None:
    from pf_tui.integrations.claude_parts import MARKETPLACE, PLUGIN

    claude = str(clients.program("claude"))
    for folder in (MARKETPLACE, MARKETPLACE / PLUGIN):
        checked = bare.run(claude, "plugin", "validate", "--strict", str(folder))
        assert checked.returncode == 0, checked.stdout

    added = bare.run(claude, "plugin", "marketplace", "add", str(MARKETPLACE))
    installed = bare.run(claude, "plugin", "install", f"{PLUGIN}@pf-tui")
    told = ask(bare, f"/{PLUGIN}:provider-status")

    assert added.returncode == installed.returncode == 0
    assert "alpha serves" in told.stdout


def test_the_model_can_call_the_mcp_tools(machine: Machine, alpha: Upstream) -> None:
    tool = "mcp__plugin_provider-fallback_pf-tui__provider_active"
    alpha.answer(called(tool, {}), Reply(text="alpha it is"))

    told = ask(machine, "who serves?", "--allowedTools", tool)

    assert "alpha it is" in told.stdout
    assert '"alpha"' in json.dumps(alpha.requests[-1].body["messages"]).replace("\\", "")


def test_install_use_and_uninstall_leave_a_rich_home_as_it_was(bare: Machine, tmp_path: Path) -> None:
    folder = bare.home / ".claude"
    (folder / "commands").mkdir()
    (folder / "commands" / "mine.md").write_text("do it\n")
    (folder / "skills" / "mine").mkdir(parents=True)
    (folder / "skills" / "mine" / "SKILL.md").write_text("---\nname: mine\ndescription: x\n---\n")
    (folder / "settings.json").write_text(
        '{\n    "model": "opus",\n\t"env": {"FOO": "bar", "ANTHROPIC_API_KEY": "sk-ant-mine"},\n'
        '    "statusLine": {"type": "command", "command": "echo \'mine\'", "padding": 0},\n'
        '    "apiKeyHelper": "/bin/echo mine",\n    "unknown": [1,  2]\n}'
    )
    before = tmp_path / "before"
    shutil.copytree(folder, before)

    bare.pf("install", "claude-code")
    bare.pf("switch", "beta")
    bare.pf("switch", "alpha")
    bare.pf("uninstall", "claude-code")

    assert same(before, folder)


def test_the_status_line_shows_and_records_the_official_windows(machine: Machine, alpha: Upstream) -> None:
    """Only a plan's login is told of windows, and only in the terminal."""
    sign_in(machine, alpha)
    machine.pf("priority", "set", "anthropic-subscription")
    alpha.always(Reply(text="with windows", headers=windows(five_hour=0.62, seven_day=0.17)))

    with clients.terminal(machine, str(clients.program("claude"))) as terminal:
        terminal.wait_for("● anthropic-subscription")
        terminal.type("hello")
        terminal.press("Enter")
        terminal.wait_for("with windows")
        terminal.wait_for("5h 62 %, week 17 %")

    limits = json.loads(machine.pf("limits", "anthropic-subscription", "--json"))["providers"][0]["limits"]
    assert {(one["window"], one["percent"], one["source"]) for one in limits} == {
        ("5h", 62.0, "official"),
        ("7d", 17.0, "official"),
    }


@pytest.mark.timeout(400)
def test_an_idle_terminal_shows_a_switch_made_elsewhere_within_a_minute(machine: Machine) -> None:
    """No key is pressed and no turn is begun: Claude Code asks by itself."""
    with clients.terminal(machine, str(clients.program("claude"))) as terminal:
        terminal.wait_for("● alpha ·")
        machine.pf("switch", "beta")
        begun = time.monotonic()
        terminal.wait_for("● beta ·", timeout_s=90)

    assert time.monotonic() - begun < 65


def test_a_used_up_plan_rests_until_its_reset_and_the_login_comes_back(
    machine: Machine, alpha: Upstream, beta: Upstream
) -> None:
    """The client retries no rejected plan and tells its reset. Back home the login goes along, and no key."""
    sign_in(machine, alpha)
    machine.pf("priority", "set", "anthropic-subscription,beta")
    alpha.answer(failure(429, unified="five_hour", resets_in=7200))

    ask(machine, "one")
    health = json.loads(machine.pf("status", "anthropic-subscription", "--json"))["providers"][0]["health"]
    ask(machine, "two")
    machine.pf("release", "anthropic-subscription")
    ask(machine, "three")

    assert (health["state"], health["evidence"]["kind"]) == ("benched", "quota")
    assert 5400 < (datetime.fromisoformat(health["until"]) - datetime.now(UTC)).total_seconds() <= 7260
    assert keys(alpha) == ["sk-ant-oat01-mock", "sk-ant-oat01-mock"]
    assert keys(beta) == [KEYS["BETA_API_KEY"]]
    assert "apiKeyHelper" not in settings(machine)
    assert settings(machine)["env"]["ANTHROPIC_BASE_URL"] == alpha.url


def test_in_the_terminal_commands_are_answered_and_the_next_prompt_moves(
    machine: Machine, alpha: Upstream, beta: Upstream
) -> None:
    alpha.answer(Reply(text="alpha speaks"))
    alpha.always(failure(429, should_retry=False))
    beta.always(Reply(text="beta speaks"))

    with clients.terminal(machine, str(clients.program("claude"))) as terminal:
        terminal.wait_for("● alpha")
        terminal.type("/provider-status")
        terminal.press("Enter")
        terminal.wait_for("alpha serves")
        terminal.type("/provider-fallback:provider-priority")
        terminal.press("Enter")
        terminal.wait_for("1. alpha: ready (serves)")
        assert alpha.requests == []
        terminal.type("one")
        terminal.press("Enter")
        terminal.wait_for("alpha speaks")
        terminal.type("two")
        terminal.press("Enter")
        terminal.wait_for("429")
        clients.wait_until(lambda: machine.active() == "beta", what="the move to beta")
        terminal.wait_for("→ beta")
        terminal.type("three")
        terminal.press("Enter")
        terminal.wait_for("beta speaks")
        terminal.wait_for("● beta")

    assert set(keys(alpha)) == {KEYS["ALPHA_API_KEY"]}
    assert set(keys(beta)) == {KEYS["BETA_API_KEY"]}


def sign_in(machine: Machine, upstream: Upstream) -> None:
    """A plan's login whose vendor is the mock; beta stays."""
    clients.sign_in_to_plan(machine)
    own = json.loads((machine.state / "providers.yaml").read_text())["providers"]
    own.append({"id": "anthropic-subscription", "base_url": upstream.url})
    (machine.state / "providers.yaml").write_text(json.dumps({"providers": own[1:]}))


def same(one: Path, other: Path) -> bool:
    """Two folders hold the same files with the same bytes; `diff -r` is empty."""
    compared = filecmp.dircmp(one, other, ignore=[])
    if compared.left_only or compared.right_only or compared.funny_files:
        return False
    _, wrong, broken = filecmp.cmpfiles(one, other, compared.common_files, shallow=False)
    return not wrong and not broken and all(same(one / name, other / name) for name in compared.common_dirs)
