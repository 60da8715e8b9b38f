"""The first minute on three machines: nothing, one key, an agent with its login."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pf_tui import called
from pf_tui.actions import install
from tests.tui.conftest import Opened


@pytest.fixture
def claude(home: Path) -> Path:
    """Claude Code was used here and is signed in with a plan."""
    folder = home / ".claude"
    folder.mkdir()
    login = {"accessToken": "sk-ant-oat01-x", "expiresAt": 4_000_000_000_000, "subscriptionType": "max"}
    (folder / ".credentials.json").write_text(json.dumps({"claudeAiOauth": login}))
    (folder / "settings.json").write_text('{"model": "opus"}\n')
    return folder


async def test_an_empty_machine_is_told_what_to_do_and_asked_nothing(dashboard: Opened) -> None:
    async with dashboard(env={}) as screen:
        await screen.see("no provider has a credential yet")
        assert "Let pf-tui move it" not in screen.text()


async def test_a_tall_split_on_an_empty_machine_lists_the_providers(dashboard: Opened) -> None:
    async with dashboard((44, 40), env={}) as screen:
        await screen.settled()
        text = screen.text()
        assert "openai-sub " in text
        assert "github-copilot" in text
        assert "more: no login" not in text


async def test_a_key_alone_is_asked_nothing(dashboard: Opened) -> None:
    async with dashboard(env={"OPENROUTER_API_KEY": "k"}) as screen:
        await screen.see("openrouter")
        assert "Let pf-tui move it" not in screen.text()


@pytest.mark.parametrize(
    "size", [(44, 12), (44, 40), (80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}"
)
async def test_one_question_is_asked_with_the_plans_name(
    dashboard: Opened, claude: Path, size: tuple[int, int]
) -> None:
    async with dashboard(size, env={}) as screen:
        await screen.see("Claude Code found, signed in with Max")
        assert "Let pf-tui move it when its limit is hit?" in " ".join(screen.text().split())
        assert "sk-ant" not in screen.text()


@pytest.mark.parametrize("size", [(44, 24), (80, 24)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("machine", ["nothing", "one-key", "a-plan"])
async def test_the_first_screen_of_each_machine(
    dashboard: Opened,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    machine: str,
    size: tuple[int, int],
    grid: Any,
) -> None:
    monkeypatch.setattr(called, "name_here", lambda: ".venv/bin/pf-tui")
    if machine == "a-plan":
        request.getfixturevalue("claude")
    async with dashboard(size, env={"OPENROUTER_API_KEY": "k"} if machine == "one-key" else {}) as screen:
        await screen.settled()
        if machine == "a-plan":
            await screen.see("Claude Code found, signed in with Max")
        assert screen.text() == grid


async def test_enter_shows_the_exact_change_and_enter_makes_it(dashboard: Opened, claude: Path) -> None:
    before = (claude / "settings.json").read_text()
    async with dashboard(env={}) as screen:
        await screen.see("Let pf-tui move it")
        await screen.press("enter")
        await screen.see('+ "pf": {"paid": "ask"}')
        assert (claude / "settings.json").read_text() == before
        await screen.press("enter")
        await screen.until(lambda: bool(install.apply.installed(screen.ctx)), "pf-tui is in Claude Code")
        assert screen.config()["pf"]["paid"] == "ask"


async def test_not_now_is_remembered(dashboard: Opened, claude: Path) -> None:
    async with dashboard(env={}) as screen:
        await screen.see("Let pf-tui move it")
        await screen.press("escape")
        await screen.until(screen.ctx.paths.config.exists, "the answer is kept")

    async with dashboard(env={}) as screen:
        await screen.settled()
        assert "Let pf-tui move it" not in screen.text()
        assert install.apply.installed(screen.ctx) == ()


async def test_a_machine_where_something_was_decided_is_asked_nothing(
    dashboard: Opened, claude: Path
) -> None:
    async with dashboard(env={}, config={"version": 2, "autoSwitch": True}) as screen:
        await screen.settled()
        assert "Let pf-tui move it" not in screen.text()
