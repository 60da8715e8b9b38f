"""Terminals of sizes that no terminal should have: the dashboard shows what fits, and `q` leaves it."""

from __future__ import annotations

import os
from functools import partial

import pytest
from textual import events
from textual.geometry import Size

from pf_tui.tui import first_paint
from pf_tui.tui.terminal import Terminal
from tests.tui.conftest import Driven, Opened

SIZES = ((1, 1), (2, 1), (0, 0), (1, 200), (500, 1))
OVER = (
    ("w", "escape"),
    ("question_mark", "escape"),
    ("colon", "escape"),
    ("slash", "escape"),
    ("enter", "escape"),
)


def is_of(screen: Driven, size: Size) -> bool:
    return bool(screen.app.size == size)


async def test_every_pane_and_sheet_stands_any_size(dashboard: Opened) -> None:
    """What it cannot stand ends the app, and this test with it."""
    async with dashboard() as screen:
        for width, height in SIZES:
            await screen.pilot.resize_terminal(width, height)
            size = Size(width, height)
            await screen.until(partial(is_of, screen, size), "the new size")
            for keys in (*((str(pane),) for pane in range(1, 7)), *OVER):
                await screen.press(*keys)
        await screen.pilot.resize_terminal(120, 40)
        await screen.see("openrouter")
        await screen.pilot.resize_terminal(1, 1)
        await screen.press("q")
        assert screen.app._exit


@pytest.mark.parametrize(
    ("told", "drawn"),
    [((5000, 5000), (1000, 500)), ((65535, 1), (1000, 1)), ((0, 65535), (80, 500)), ((120, 40), (120, 40))],
)
def test_of_a_terminal_without_end_a_part_is_drawn_on(
    told: tuple[int, int], drawn: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """5000 by 5000 took 650 MB: each cell has its memory."""
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size(told))
    monkeypatch.setattr("fcntl.ioctl", lambda *_: 0)

    assert first_paint.size() == drawn


def test_a_size_that_the_terminal_tells_by_itself_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[events.Resize] = []
    monkeypatch.setattr(
        "textual.drivers.linux_driver.LinuxDriver.process_message", lambda _, m: told.append(m)
    )

    Terminal.process_message(Terminal.__new__(Terminal), events.Resize(Size(9000, 9000), Size(9000, 9000)))

    assert (told[0].size, told[0].virtual_size) == (Size(1000, 500), Size(1000, 500))
