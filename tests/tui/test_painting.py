"""What is written to the terminal, and when: whole sheets, and no more of the screen than changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console
from textual._compositor import ChopsUpdate, LayoutUpdate

from pf_tui.tui.app import Dashboard
from pf_tui.tui.main_screen import MainScreen

from .test_sessions import four

Opened = Callable[..., Any]


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, str]]:
    """(what is written, its text), one after the other."""
    written: list[tuple[object, str]] = []
    display = Dashboard._display

    def keep(app: Dashboard, screen: Any, renderable: Any) -> None:
        if isinstance(renderable, LayoutUpdate | ChopsUpdate):
            text = renderable.render_segments(Console(width=200, color_system=None))
            written.append((renderable, text))
        display(app, screen, renderable)

    monkeypatch.setattr(Dashboard, "_display", keep)
    return written


@pytest.mark.parametrize(("key", "words"), [("enter", "limits hit"), ("p", "Move to"), ("w", "Why")])
async def test_a_sheet_is_painted_once_it_has_its_content(
    dashboard: Opened, frames: list[tuple[object, str]], key: str, words: str
) -> None:
    async with dashboard((120, 40), live=False) as screen:
        screen.main_screen.take_sessions(four())
        await screen.press("5")
        frames.clear()
        await screen.press(key)

        assert words in frames[0][1]
        assert sum(isinstance(written, LayoutUpdate) for written, _ in frames) <= 1


async def test_another_pane_with_the_keys_leaves_the_rest_of_the_screen_unwritten(
    dashboard: Opened, frames: list[tuple[object, str]]
) -> None:
    async with dashboard((120, 40), live=False) as screen:
        screen.main_screen.take_sessions(four())
        await screen.press("3")
        frames.clear()
        await screen.press("4")

        assert frames
        assert not any(isinstance(written, LayoutUpdate) for written, _ in frames)
        assert not any("auto-switch" in text or "sonnet" in text for _, text in frames)


async def test_what_is_below_a_sheet_follows_the_world(dashboard: Opened) -> None:
    async with dashboard((120, 40), live=False) as screen:
        await screen.press("question_mark")
        main: MainScreen = screen.main_screen
        main.say("told meanwhile")
        await screen.settled()

        assert "told meanwhile" in screen.text()
