"""What real agents do, as `overview` sees it: working, waiting, Esc, kill -9, /clear, a background agent."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pf_tui.sessions.overview import Watch, overview
from pf_tui.sessions.records import Session
from pf_tui.state.context import Context
from tests.e2e.test_codex import end_daemons
from tests.mocks import anthropic, clients, openai
from tests.mocks.clients import Machine, Terminal, machine, program, terminal, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

KEY = "sk-ant-api03-mock-key-000000000000"


class Onlooker:
    """A face that looks at the sessions of one test's home."""

    def __init__(self, box: Machine) -> None:
        self._box = box
        self._ctx = Context.here("tui", env={"HOME": str(box.home)}, cwd=box.work)
        self._watch = Watch(self._ctx)

    def sessions(self, agent: str) -> list[Session]:
        """Those of this test: the machine may run others."""
        home = str(self._box.home)
        return [
            one
            for one in overview(self._ctx, self._watch)
            if one.agent == agent and (one.cwd or "").startswith(home)
        ]

    def wait(self, agent: str, state: str, waiting_for: str | None = None) -> Session:
        """The one session, once it is in that state."""
        seen: list[Session] = []

        def reached() -> bool:
            seen[:] = self.sessions(agent)
            return [(one.state, one.waiting_for) for one in seen] == [(state, waiting_for)]

        try:
            wait_until(reached, 90, f"{agent} {state}")
        except AssertionError as error:
            raise AssertionError(f"{error}; seen: {seen}") from error
        return seen[0]


def say(screen: Terminal, text: str) -> None:
    screen.type(text)
    screen.press("Enter")


@pytest.fixture
def claude(tmp_path: Path) -> Iterator[tuple[Machine, anthropic.Upstream]]:
    """Claude Code on a key, with nothing of pf-tui in it."""
    program("claude")
    with anthropic.Upstream() as upstream:
        box = machine(tmp_path, {"alpha": upstream.url}, "anthropic-messages")
        clients.settle_claude(box)
        box.extra |= {"ANTHROPIC_BASE_URL": upstream.url, "ANTHROPIC_API_KEY": KEY}
        path = box.home / ".claude.json"
        known = json.loads(path.read_text())
        known["customApiKeyResponses"] = {"approved": [KEY[-20:]], "rejected": []}
        path.write_text(json.dumps(known))
        yield box, upstream


def test_claude_code_is_right_where_hooks_are_blind(claude: tuple[Machine, anthropic.Upstream]) -> None:
    box, upstream = claude
    eye = Onlooker(box)
    words = (str(program("claude")), "--permission-mode", "default")
    with terminal(box, *words) as screen:
        screen.wait_for("❯")
        first = eye.wait("claude-code", "idle")
        upstream.always(anthropic.Step(wait_s=30))
        say(screen, "slow")
        working = eye.wait("claude-code", "working")
        screen.press("Escape")
        eye.wait("claude-code", "idle")
        screen.press("C-u")
        upstream.always(anthropic.Step(tool=("Bash", {"command": "curl http://127.0.0.1:1/x"})))
        say(screen, "use the tool")
        asking = eye.wait("claude-code", "waiting", "permission")
        screen.wait_for("Do you want to proceed?")
        screen.press("Escape")
        idle = eye.wait("claude-code", "idle")
        screen.press("C-u")
        say(screen, "/clear")
        wait_until(lambda: [one.id for one in eye.sessions("claude-code")] != [first.id], what="/clear")
        cleared = eye.wait("claude-code", "idle")
        upstream.always(anthropic.Step(wait_s=60))
        say(screen, "once more")
        eye.wait("claude-code", "working")
        assert first.pid is not None
        os.kill(first.pid, signal.SIGKILL)
        killed = eye.wait("claude-code", "ended")

    assert {one.by for one in (first, working, asking, idle, cleared)} == {"registry"}
    assert first.focus is not None
    assert first.focus.tmux_pane == "%0"
    assert (cleared.pid, cleared.id != first.id) == (first.pid, True)
    assert killed.killed


def test_a_background_agent_keeps_its_session_working(claude: tuple[Machine, anthropic.Upstream]) -> None:
    box, upstream = claude
    eye = Onlooker(box)
    agent = {
        "description": "look",
        "prompt": "go",
        "subagent_type": "general-purpose",
        "run_in_background": True,
    }
    with terminal(box, str(program("claude")), "--permission-mode", "default") as screen:
        eye.wait("claude-code", "idle")
        screen.wait_for("❯")
        upstream.answer(
            anthropic.Step(tool=("Agent", agent)), anthropic.Step(wait_s=6), anthropic.Step(wait_s=6)
        )
        say(screen, "start it")
        wait_until(lambda: any(one.children for one in eye.sessions("claude-code")), 60, "a subagent")
        (session,) = eye.sessions("claude-code")
        eye.wait("claude-code", "idle")

    (child,) = session.children
    assert (session.state, child.state, child.agent_type) == ("working", "working", "general-purpose")


@pytest.fixture
def codex(tmp_path: Path) -> Iterator[tuple[Machine, openai.Upstream]]:
    """Codex with our hooks."""
    program("codex")
    with openai.Upstream() as upstream:
        box = machine(tmp_path, {"alpha": upstream.url}, "openai-responses")
        folder = box.home / ".codex"
        folder.mkdir()
        (folder / "config.toml").write_text(
            'model = "m-alpha"\nmodel_provider = "alpha"\napproval_policy = "on-request"\n'
            'sandbox_mode = "read-only"\ncheck_for_update_on_startup = false\n[analytics]\nenabled = false\n'
            f'[model_providers.alpha]\nname = "alpha"\nbase_url = "{upstream.url}"\nwire_api = "responses"\n'
            f'env_key = "ALPHA_API_KEY"\n[projects."{box.work}"]\ntrust_level = "trusted"\n'
        )
        box.pf("install", "codex")
        yield box, upstream
        end_daemons(box.home)


def test_codex_waits_as_its_hook_says_and_is_idle_after_esc(codex: tuple[Machine, openai.Upstream]) -> None:
    box, upstream = codex
    eye = Onlooker(box)
    asks = {"cmd": "touch /etc/x", "sandbox_permissions": "require_escalated", "justification": "it must"}
    with terminal(box, "codex", "--dangerously-bypass-hook-trust") as screen:
        eye.wait("codex", "idle")
        screen.wait_for("Ask Codex")
        upstream.answer(openai.Step(tool=("exec_command", asks)))
        screen.submit("use the tool", "Would you like to run")
        asking = eye.wait("codex", "waiting", "permission")
        screen.press("Escape")
        idle = eye.wait("codex", "idle")
        assert asking.pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(asking.pid, signal.SIGKILL)
        eye.wait("codex", "ended")

    assert (asking.by, idle.by, asking.model) == ("hook", "log", "m-alpha")


def test_opencodes_plugin_tells_of_work_and_of_waiting(tmp_path: Path) -> None:
    program("opencode")
    with openai.Upstream() as upstream:
        box = machine(tmp_path, {"alpha": upstream.url}, "openai-chat")
        box.extra = {"OPENCODE_DISABLE_MODELS_FETCH": "1"}
        folder = box.home / ".config" / "opencode"
        folder.mkdir(parents=True)
        model = {"m-alpha": {"name": "alpha", "limit": {"context": 200_000, "output": 8192}}}
        options = {"baseURL": upstream.url, "apiKey": "sk-in-opencode"}
        provider = {"npm": "@ai-sdk/openai-compatible", "name": "alpha", "options": options, "models": model}
        settings = {
            "model": "alpha/m-alpha", "small_model": "alpha/m-alpha", "share": "disabled",
            "autoupdate": False, "provider": {"alpha": provider}, "permission": {"bash": "ask"},
        }  # fmt: skip
        (folder / "opencode.json").write_text(json.dumps(settings))
        box.pf("install", "opencode")
        eye = Onlooker(box)
        call = {"command": "touch zz", "description": "touches"}
        with terminal(box, "opencode") as screen:
            before = eye.wait("opencode", "idle")
            screen.wait_for("Ask anything", 150)
            upstream.always(openai.Step(tool=("bash", call)))
            say(screen, "use the tool")
            asking = eye.wait("opencode", "waiting", "permission")
            upstream.always(openai.Step())
            screen.press("Escape")
            idle = eye.wait("opencode", "idle")
            assert asking.pid is not None
            os.kill(asking.pid, signal.SIGKILL)
            eye.wait("opencode", "ended")

    assert (before.guess, asking.guess, asking.by, idle.by) == (True, False, "hook", "hook")
    assert asking.model == "m-alpha"
