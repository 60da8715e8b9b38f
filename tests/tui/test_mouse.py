"""The mouse: rows, tabs, hints and the wheel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Opened = Callable[..., Any]

THREE = {"version": 2, "providerPriority": ["openrouter", "groq", "openai-api"]}


async def test_a_click_puts_the_cursor_on_a_row_and_a_double_click_switches(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.pilot.click("#providers", offset=(10, 3))
        assert screen.main_screen.pane.key == "groq"

        await screen.pilot.click("#providers", offset=(10, 3), times=2)
        await screen.see("switched to groq")


async def test_a_click_on_a_pane_gives_it_the_keys(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        await screen.pilot.click("#models", offset=(10, 4))

        assert screen.main_screen.current == "models"


async def test_a_click_on_a_tab_shows_its_pane(dashboard: Opened) -> None:
    async with dashboard((44, 24), live=False) as screen:
        await screen.pilot.click("#tabs", offset=(screen.line(2).index("Mod") + 1, 0))

        assert screen.main_screen.current == "models"


async def test_a_click_on_a_hint_does_what_it_says(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        last = screen.text().splitlines()[-1]
        await screen.pilot.click("#foot", offset=(last.index("? keys"), 0))

        assert "Keys" in screen.text()


async def test_the_wheel_scrolls_a_list_and_leaves_the_cursor(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        pane = screen.app.query_one("#models")
        await screen.press("2")
        before = pane.key
        pane.scroll_rows(6)
        await screen.settled()

        assert pane.key == before
        assert "7–" in screen.text()
