"""`pf-tui pause` and `resume`: out of every agent's way, and back in, as a person and an agent see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pf_tui import actions, hooks, snapshot
from pf_tui.actions import install, pausing
from pf_tui.documents import status
from pf_tui.errors import PfError
from pf_tui.integrations import claude_address
from pf_tui.sessions.records import Session
from pf_tui.state.context import Context

Make = Callable[..., Context]
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
AGENTS = ("claude-code", "opencode", "codex")
OWN = {
    ".claude/settings.json": '{\n  "env": {"ANTHROPIC_API_KEY": "mine"},\n  "model": "opus"\n}',
    ".config/opencode/opencode.jsonc": '{\r\n  // mine\r\n  "theme": "x",\r\n}\r\n',
    ".codex/config.toml": 'model = "gpt-6.1-sol"\nnotify = ["say"]\n\n[tui]\nx = 1\n',
    ".codex/hooks.json": '{"hooks": {"Stop": []}}',
}


@pytest.fixture
def ctx(context: Make, home: Path) -> Context:
    for name, text in OWN.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return context(env={"OPENROUTER_API_KEY": "k1", "ANTHROPIC_API_KEY": "k2", "PATH": "/usr/bin:/bin"})


def everything(home: Path) -> dict[str, bytes]:
    """Every file of the home but our own state and cache."""
    ours = (home / ".opencode" / "provider-fallback", home / ".cache")
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and not any(path.is_relative_to(folder) for folder in ours)
    }


def installed(ctx: Context) -> Context:
    for agent in AGENTS:
        install.install(ctx, agent)
    actions.switch(ctx, "openrouter")
    return ctx


def running(agent: str, *, behind: bool = False) -> Session:
    return Session(
        id="s1",
        agent=agent,
        project=None,
        state="idle",
        by="registry",
        observed_at=NOON,
        behind_gateway=behind,
    )


def fire(ctx: Context, agent: str, event: str, **fields: object) -> str:
    return hooks.run(agent, event, json.dumps({"session_id": "s1", **fields}).encode(), ctx.env)[0]


def test_pause_leaves_every_file_as_before_pf_tui(ctx: Context, home: Path) -> None:
    before = everything(home)
    installed(ctx)
    assert everything(home) != before

    done = pausing.pause(ctx)

    assert everything(home) == before
    assert done.changed
    assert [effect.agent for effect in done.effects] == [*AGENTS]


def test_resume_brings_every_file_back_with_its_route(ctx: Context, home: Path) -> None:
    before = everything(installed(ctx) and home)
    pausing.pause(ctx)

    done = pausing.resume(ctx)

    assert everything(home) == before
    assert {effect.agent: effect.text for effect in done.effects}["claude-code"] == "from your next turn"
    assert ctx.health().agents["claude-code"].provider == "openrouter"


def test_a_pause_and_a_resume_can_be_undone_and_redone(ctx: Context, home: Path) -> None:
    fresh = everything(home)
    before = everything(installed(ctx) and home)

    pausing.pause(ctx)
    actions.undo(ctx)
    assert everything(home) == before
    actions.redo(ctx)
    assert everything(home) == fresh
    pausing.resume(ctx)
    actions.undo(ctx)
    assert everything(home) == fresh
    assert snapshot.take(ctx).paused is not None


def test_every_face_says_that_it_is_paused(ctx: Context) -> None:
    installed(ctx)
    pausing.pause(ctx)

    now = snapshot.take(ctx)

    assert now.paused == NOON
    assert status.document(now)["paused"] == "2026-11-24T12:00:00.000+00:00"
    assert now.agents == ()


def test_a_second_pause_changes_nothing(ctx: Context) -> None:
    installed(ctx)
    pausing.pause(ctx)

    again = pausing.pause(ctx)

    assert not again.changed
    assert again.since == NOON
    assert pausing.resume(ctx).changed
    assert not pausing.resume(ctx).changed


EVENTS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("claude-code", "SessionStart", {"source": "startup"}),
    ("claude-code", "UserPromptSubmit", {"prompt": "hello"}),
    ("claude-code", "StopFailure", {"error": "rate_limit"}),
    ("codex", "SessionStart", {}),
    ("codex", "UserPromptSubmit", {"prompt": "hello"}),
    ("opencode", "chat.message", {"provider": "anthropic", "model": "claude-opus-5-5"}),
    ("opencode", "request.failed", {"status": 429, "provider": "anthropic"}),
)
COMMANDS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("claude-code", "UserPromptExpansion", {"command_name": "provider-switch", "command_args": "next"}),
    ("claude-code", "UserPromptSubmit", {"prompt": "/provider-switch next"}),
    ("codex", "UserPromptSubmit", {"prompt": "provider-switch next"}),
    ("opencode", "command.execute.before", {"command": "provider-switch", "arguments": "next"}),
)


def test_hooks_do_nothing_while_paused(ctx: Context, home: Path) -> None:
    installed(ctx)
    pausing.pause(ctx)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}

    answers = [fire(ctx, agent, event, **fields) for agent, event, fields in EVENTS]

    assert answers == [""] * len(EVENTS)
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_our_own_commands_say_that_it_is_paused(ctx: Context) -> None:
    installed(ctx)
    pausing.pause(ctx)
    before = ctx.paths.config.read_bytes()

    for agent, event, fields in COMMANDS:
        told = fire(ctx, agent, event, **fields)
        assert "pf-tui is paused since" in told
        assert "nothing was done. In a terminal: pf-tui resume" in told

    assert ctx.paths.config.read_bytes() == before


def test_the_status_line_says_paused_below_the_persons_own(ctx: Context) -> None:
    installed(ctx)
    pausing.pause(ctx)

    told, _ = hooks.statusline(b"{}", ctx.env, "echo mine")

    assert told.startswith("mine\npf-tui paused since ")


def test_an_install_waits_for_the_end_of_the_pause(ctx: Context, home: Path) -> None:
    pausing.pause(ctx)

    with pytest.raises(PfError, match="pf-tui is paused; nothing was put into codex"):
        install.install(ctx, "codex")

    assert everything(home).keys() == OWN.keys()


def test_what_is_uninstalled_during_a_pause_does_not_come_back(ctx: Context, home: Path) -> None:
    before = everything(home)
    installed(ctx)
    pausing.pause(ctx)
    for agent in AGENTS:
        install.uninstall(ctx, agent)

    pausing.resume(ctx)

    assert everything(home) == before


def test_a_switch_during_a_pause_says_that_nobody_follows(ctx: Context, home: Path) -> None:
    installed(ctx)
    pausing.pause(ctx)
    before = everything(home)

    done = actions.switch(ctx, "anthropic-api")

    assert done.note == "pf-tui is paused: no agent follows before `pf-tui resume`"
    assert everything(home) == before


def test_a_running_session_is_led_home_before_its_settings_go(
    ctx: Context, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client keeps the last address it read: its own login would go to a stranger."""
    installed(ctx)
    monkeypatch.setattr(pausing, "overview", lambda _: (running("claude-code"),))
    seen: list[tuple[float, str]] = []

    def wait(seconds: float) -> None:
        settings = json.loads((home / ".claude" / "settings.json").read_text())
        assert "apiKeyHelper" not in settings
        seen.append((seconds, settings["env"]["ANTHROPIC_BASE_URL"]))

    pausing.pause(ctx, wait=wait)

    assert seen == [(claude_address.RELOAD_S, "https://api.anthropic.com")]
    assert (home / ".claude" / "settings.json").read_text() == OWN[".claude/settings.json"]


@pytest.mark.parametrize(
    ("sessions", "told"),
    [
        ((running("claude-code", behind=True),), "1 session stays behind the gateway until it ends"),
        ((running("opencode", behind=True),) * 2, "2 sessions stay behind the gateway until they end"),
        ((running("codex"),), "running sessions of Codex keep their provider until their next start"),
    ],
)
def test_what_stays_is_told(
    ctx: Context, sessions: tuple[Session, ...], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(ctx)
    monkeypatch.setattr(pausing, "overview", lambda _: sessions)

    done = pausing.pause(ctx, wait=lambda _: pytest.fail("nobody reads settings"))

    assert any(effect.text.startswith(told) for effect in done.effects)


def test_a_file_that_cannot_be_edited_is_named_and_the_others_go(ctx: Context, home: Path) -> None:
    installed(ctx)
    broken = home / ".claude" / "settings.json"
    broken.write_text(broken.read_text() + "}")

    done = pausing.pause(ctx)

    [problem] = done.problems
    assert problem.startswith("settings.json line ")
    assert "something follows the closing brace" in problem
    assert (home / ".codex" / "config.toml").read_text() == OWN[".codex/config.toml"]
    assert fire(ctx, "claude-code", "SessionStart", source="startup") == ""
