"""The mouse: rows, tabs, hints and the wheel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pf_tui.state.context import Context
from tests.tui import scene
from tests.tui.test_layouts import week
from tests.tui.test_sessions import four

Opened = Callable[..., Any]

COLOURS = {"version": 2, "pf": {"dashboard": {"theme": "pf-dark"}}}
"""Mixed colours: of a terminal's own sixteen none can be dimmed."""

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
    async with dashboard((44, 12), live=False) as screen:
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


def place_of(screen: Any, pane: str, words: str) -> tuple[int, int]:
    """Where words stand in a pane, in cells of the screen."""
    region = screen.app.query_one(f"#{pane}").region
    rows = screen.text().splitlines()
    for y in range(region.y + 1, region.bottom):  # its border says some of them too
        x = rows[y].find(words, region.x, region.right)
        if x >= 0:
            return x, y
    raise AssertionError(f"{words!r} is not in {pane}\n{screen.text()}")


@pytest.mark.parametrize(
    ("pane", "key", "headings"),
    [
        (
            "providers",
            "1",
            {
                "state": "state",
                "back": "back",
                "provider": "provider",
                "tightest": "tightest",
                "today": "today",
            },
        ),
        ("models", "2", {"model": "model", "context": "context", "served by": "served"}),
        ("analytics", "4", {"provider": "name", "requests": "requests", "tokens": "tokens", "cost": "cost"}),
        ("sessions", "5", {"project": "place", "context": "context", "cost": "cost"}),
    ],
)
async def test_a_click_on_a_heading_orders_by_it_and_one_more_takes_that_back(
    dashboard: Opened,
    context: Callable[..., Context],
    pane: str,
    key: str,
    headings: dict[str, str],
) -> None:
    shown = scene.afternoon(context)
    opened = dashboard((160, 45), ctx=context(now=scene.NOW), shown=shown, report=week(), live=False)
    async with opened as screen:
        screen.main_screen.sessions = four()
        await screen.press(key, "z")
        list_pane = screen.app.query_one(f"#{pane}")
        for words, column in headings.items():
            await screen.pilot.click(offset=place_of(screen, pane, words))
            await screen.settled()
            assert list_pane.choice.order == column
            await screen.pilot.click(offset=place_of(screen, pane, words[:-1]))
            await screen.settled()
            assert list_pane.choice.order == ""


@pytest.mark.parametrize("key", "123450")
async def test_each_hint_of_a_panes_border_can_be_clicked(
    dashboard: Opened, context: Callable[..., Context], key: str
) -> None:
    shown = scene.afternoon(context)
    opened = dashboard((160, 45), ctx=context(now=scene.NOW), shown=shown, report=week(), live=False)
    async with opened as screen:
        screen.main_screen.sessions = four()
        await screen.press(key)
        pane = screen.main_screen.pane
        border = pane.border_subtitle
        hints = [part for part in str(border).split(" · ") if not part[0].isdecimal()]
        clicks = [span for span in pane._border_subtitle.spans if "@click" in span.style.meta]

        assert len(clicks) == len(hints), border


@pytest.mark.parametrize("key", ["w", "s", "colon"])
async def test_a_sheet_dims_what_is_behind_it(dashboard: Opened, key: str) -> None:
    async with dashboard((120, 40), config=COLOURS, live=False) as screen:
        await screen.press(key)
        sheet = screen.app.screen

        assert sheet is not screen.main_screen
        assert 0.3 <= sheet.styles.background.a <= 0.8
        assert "openrouter" in screen.line(0)
