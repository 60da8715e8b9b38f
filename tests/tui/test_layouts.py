"""Every layout as a text grid: what stands where at each size. `--snapshot-update` draws them anew."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from textual import events
from textual.geometry import Size
from textual.timer import Timer

from pf_tui.ledger.overview import FallbackTotals
from pf_tui.ledger.reader import LimitHit
from pf_tui.ledger.totals import Group, Totals
from pf_tui.records import replace
from pf_tui.state.context import Context
from pf_tui.state.gateway import Gateway, LiveRequest
from pf_tui.tui.ledger_view import LedgerView, Step

Opened = Callable[..., Any]


def _scene() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scene", Path(__file__).with_name("scene.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


scene = _scene()


def sized(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


SIZES = [
    (160, 40),
    (120, 40),
    (120, 24),
    (100, 30),
    (80, 24),
    (60, 24),
    (44, 24),
    (44, 12),
    (44, 10),
    (30, 8),
]


def sums(requests: int, tokens: int, cost: float, failed: int = 0) -> Totals:
    return Totals(
        requests=requests,
        failed=failed,
        input=tokens // 3,
        output=tokens // 10,
        cache_read=tokens // 2,
        cost_usd=cost,
    )


def week() -> LedgerView:
    """Seven days of four providers."""
    names = ["anthropic-subscription", "openrouter", "openai-subscription", "zai-coding-plan"]
    days = [
        (2.7, 0.9, 0.6, 0.0),
        (4.4, 0.4, 0.1, 0.7),
        (3.6, 1.8, 0.2, 0.1),
        (5.5, 1.0, 0.2, 1.2),
        (1.8, 0.3, 0.6, 1.6),
        (0.0, 0.0, 0.0, 0.0),
        (3.6, 0.5, 0.1, 0.5),
    ]
    steps = tuple(
        Step(
            start=datetime(2026, 11, 18 + place),  # noqa: DTZ001 - a step's start is local, without a zone
            parts={n: sums(400, 44_000_000, cost) for n, cost in zip(names, row, strict=True) if cost},
        )
        for place, row in enumerate(days)
    )
    facts = [
        (2914, 311e6, 28.4, 12, 1200.0),
        (402, 38e6, 9.12, 0, 1900.0),
        (511, 44e6, 3.31, 31, 1400.0),
        (85, 9e6, 0.37, 0, 800.0),
    ]
    parts = tuple(
        Group(name=n, totals=sums(r, int(t), c, f), latency_ms_p50=ms)
        for n, (r, t, c, f, ms) in zip(names, facts, strict=True)
    )
    hit = LimitHit(
        provider="openai-subscription", kind="rate", at=scene.at(minutes=-1), until=scene.at(2, minutes=18)
    )
    return LedgerView(
        totals=sums(3912, 402_000_000, 41.2, 43),
        fallback=FallbackTotals(fallbacks=6, limit_hits=3, waited_ms=7_800_000),
        parts=parts,
        steps=steps,
        hits=(hit,),
        readings=tuple(scene.filling()),
    )


@pytest.fixture
def afternoon(dashboard: Opened, context: Callable[..., Context]) -> Opened:
    """One afternoon, standing still."""

    def opened(size: tuple[int, int], **more: Any) -> Any:
        shown = more.pop("shown", None) or scene.afternoon(context)
        return dashboard(size, ctx=context(now=scene.NOW), shown=shown, report=week(), live=False, **more)

    return opened


@pytest.mark.parametrize("size", SIZES, ids=sized)
async def test_the_dashboard_at_each_size(afternoon: Opened, grid: Any, size: tuple[int, int]) -> None:
    async with afternoon(size) as screen:
        assert screen.text() == grid


@pytest.mark.parametrize("size", SIZES, ids=sized)
async def test_the_active_provider_stands_before_the_arrow_in_every_layout(
    afternoon: Opened, size: tuple[int, int]
) -> None:
    async with afternoon(size) as screen:
        top = "\n".join(screen.text().splitlines()[:2])

        assert "anthropic-sub" in top.partition("→")[0]


@pytest.mark.parametrize("pane", ["2", "3", "4", "0"], ids=["models", "limits", "analytics", "events"])
@pytest.mark.parametrize("size", [(80, 24), (44, 24)], ids=["80x24", "44x24"])
async def test_each_pane_where_it_is_alone_or_below(
    afternoon: Opened, grid: Any, size: tuple[int, int], pane: str
) -> None:
    async with afternoon(size) as screen:
        await screen.press(pane)
        await screen.settled()

        assert screen.text() == grid


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (44, 24), (120, 12), (44, 12)], ids=sized)
async def test_lines_instead_of_bars(afternoon: Opened, grid: Any, size: tuple[int, int]) -> None:
    async with afternoon(size) as screen:
        await screen.press("4", "z", "V")
        await screen.settled()

        assert screen.text() == grid


@pytest.mark.parametrize("symbols", ["block", "ascii"])
async def test_lines_in_other_symbols(
    afternoon: Opened, context: Callable[..., Context], grid: Any, symbols: str
) -> None:
    plain = scene.afternoon(context)
    shown = replace(plain, config=replace(plain.config, dashboard={"symbols": symbols}))
    async with afternoon((80, 24), shown=shown) as screen:
        await screen.press("4", "z", "V")
        await screen.settled()

        assert screen.text() == grid


@pytest.mark.parametrize("size", [(80, 24), (44, 24)], ids=sized)
async def test_lines_without_colours_carry_the_marks_of_their_names(
    afternoon: Opened, monkeypatch: pytest.MonkeyPatch, grid: Any, size: tuple[int, int]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with afternoon(size) as screen:
        await screen.press("4", "z", "V")
        await screen.settled()

        assert screen.text() == grid


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (44, 40), (44, 24)], ids=sized)
async def test_a_zoomed_limits_pane_shows_how_the_window_fills(
    afternoon: Opened, grid: Any, size: tuple[int, int]
) -> None:
    async with afternoon(size) as screen:
        await screen.press("3", "z")
        await screen.settled()

        assert screen.text() == grid


async def test_the_course_is_of_the_window_under_the_cursor(afternoon: Opened) -> None:
    async with afternoon((80, 24)) as screen:
        await screen.press("3", "z", "j")
        await screen.settled()

        assert "week so far" in screen.text()


@pytest.mark.parametrize("size", [(120, 40), (44, 24)], ids=["120x40", "44x24"])
async def test_a_zoomed_analytics_pane(afternoon: Opened, grid: Any, size: tuple[int, int]) -> None:
    async with afternoon(size) as screen:
        await screen.press("4", "z")
        await screen.settled()

        assert screen.text() == grid


async def test_requests_in_flight_are_in_the_status_line_and_the_limits_pane(
    afternoon: Opened, context: Callable[..., Context], grid: Any
) -> None:
    live = (
        LiveRequest(
            id="1",
            agent="claude-code",
            session="s",
            provider="anthropic-subscription",
            model="claude-opus-5-5",
            since=scene.at(seconds=-12),
            tokens=1200,
            first_byte_ms=800,
        ),
        LiveRequest(
            id="2",
            agent="opencode",
            session="t",
            provider="openrouter",
            model="claude-sonnet-5-5",
            since=scene.at(seconds=-2),
            attempt=2,
        ),
    )
    running = Gateway(host="127.0.0.1", port=4100, pid=1, since=scene.at(-1), live=live)
    shown = replace(scene.afternoon(context), gateway=running)
    async with afternoon((120, 40), shown=shown) as screen:
        text = screen.text()

        assert "2 live" in text.splitlines()[0]
        assert "try 2" in text
        assert text == grid


async def test_without_colours_each_series_has_a_pattern_and_each_state_a_word(
    afternoon: Opened, monkeypatch: pytest.MonkeyPatch, grid: Any
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with afternoon((120, 40)) as screen:
        assert screen.text() == grid


async def test_ascii_symbols_draw_nothing_beyond_ascii(
    afternoon: Opened, context: Callable[..., Context], grid: Any
) -> None:
    plain = scene.afternoon(context)
    shown = replace(plain, config=replace(plain.config, dashboard={"symbols": "ascii"}))
    async with afternoon((120, 40), shown=shown) as screen:
        text = screen.text()

        assert [char for char in text if not char.isascii()] == []
        assert text == grid


@pytest.mark.parametrize("size", [(120, 40), (44, 24)], ids=["120x40", "44x24"])
async def test_a_fresh_machine_is_told_the_one_next_step(
    dashboard: Opened, grid: Any, size: tuple[int, int]
) -> None:
    async with dashboard(size, env={}, live=False) as screen:
        text = screen.text()

        assert "pf-tui --demo" in text
        assert text == grid


@pytest.mark.parametrize("size", [(80, 24), (44, 24)], ids=["80x24", "44x24"])
@pytest.mark.parametrize(
    "key", ["question_mark", "w", "right", "s", "t", "e", "c", "colon"], ids=lambda key: key.replace("_", "-")
)
async def test_each_sheet_where_room_is_dear(
    afternoon: Opened, grid: Any, size: tuple[int, int], key: str
) -> None:
    async with afternoon(size) as screen:
        await screen.press(key)
        if key == "right":
            sheet = screen.app.screen
            await screen.until(lambda: "reading …" not in sheet.pane.page.text(), "the failures")
        await screen.settled()

        assert screen.text() == grid


SHEETS = ("question_mark", "w", "right", "s", "t", "e", "c", "colon", "d", "ctrl+p")


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (44, 12)], ids=sized)
@pytest.mark.parametrize("key", SHEETS)
async def test_no_sheet_covers_who_serves(afternoon: Opened, size: tuple[int, int], key: str) -> None:
    async with afternoon(size) as screen:
        top = 1 if size[0] >= 90 else 2
        before = screen.text().splitlines()[:top]
        await screen.press(key)
        await screen.settled()

        assert screen.text().splitlines()[:top] == before


@pytest.mark.parametrize("key", [key for key in SHEETS if key != "colon"])
async def test_no_sheet_covers_what_happened_last(afternoon: Opened, key: str) -> None:
    async with afternoon((80, 24)) as screen:
        before = screen.text().splitlines()[-1]
        await screen.press(key)
        await screen.settled()

        assert screen.text().splitlines()[-1] == before


BROKEN = (
    "config.json line 3 column 37: is not JSON: expecting ',' delimiter · correct"
    " {home}/.config/opencode/provider-fallback/config.json; the file was left as it is"
)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (44, 24)], ids=sized)
async def test_what_is_wrong_with_a_file_is_told_with_its_whole_path(
    afternoon: Opened, context: Callable[..., Context], size: tuple[int, int]
) -> None:
    home = context(now=scene.NOW).env["HOME"]
    shown = replace(scene.afternoon(context), problems=(BROKEN.format(home=home),))
    async with afternoon(size, shown=shown) as screen:
        told = "".join(screen.text().split())

        assert "…" not in told.partition("!config.json")[2]
        assert "~/.config/opencode/provider-fallback/config.json;thefile" in told


async def test_in_a_low_screen_what_is_wrong_leaves_the_list_its_room(
    afternoon: Opened, context: Callable[..., Context]
) -> None:
    shown = replace(scene.afternoon(context), problems=(BROKEN, BROKEN.replace("config", "health")))
    async with afternoon((44, 24), shown=shown) as screen:
        await screen.pilot.resize_terminal(44, 13)

        def told() -> list[str]:
            return [row[:10] for row in screen.text().splitlines()[-3:-1]]

        await screen.until(lambda: told() == [" ! health.", " ! config."], "a line for each")
        assert "openrouter" in screen.text().splitlines()[4]


async def test_a_ledger_that_cannot_be_read_is_not_said_to_be_empty(afternoon: Opened) -> None:
    async with afternoon((80, 24)) as screen:
        screen.main_screen.report = LedgerView(problem="ledger.db: is not a usable ledger")
        await screen.press("4")

        assert "is not a usable ledger" in screen.text()
        assert "nothing was used" not in screen.text()


async def test_beside_bars_without_colours_no_sign_is_a_whole_cell_that_vanishes_under_the_cursor(
    afternoon: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with afternoon((120, 40)) as screen:
        await screen.press("4")
        await screen.settled()

        assert "■ anthropic-sub" in screen.text()
        assert "█ anthropic-sub" not in screen.text()


async def test_the_step_of_a_drill_is_whole_where_room_is_dear(afternoon: Opened) -> None:
    async with afternoon((44, 40)) as screen:
        await screen.press("d")
        text = screen.text()

        assert "limi…" not in text
        assert "(429)" in text


@pytest.mark.parametrize("key", ["ctrl+p", "colon"])
async def test_a_sheet_with_a_line_to_type_into_has_no_empty_rows_of_its_own(
    afternoon: Opened, key: str
) -> None:
    async with afternoon((44, 40)) as screen:
        await screen.press(key)
        await screen.settled()
        rows = screen.text().splitlines()

    if key == "colon":
        assert rows[-1].startswith(" :")
        assert rows[-2].strip() == "benches, failures"
    else:
        assert rows[-2].startswith("╰")


async def test_a_size_is_followed_though_the_toolkit_skips_its_timer(
    dashboard: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A timer that is asked for in a busy moment is late before it has begun; Textual 8.2.8 drops it then."""
    run = Timer._run

    async def late(timer: Timer) -> None:
        if timer._interval > 1 / 60:
            await run(timer)

    monkeypatch.setattr(Timer, "_run", late)
    async with dashboard((120, 40), live=False) as screen:
        foot = screen.main_screen.query_one("#foot")
        for size in ((80, 24), (44, 24), (100, 30)):
            screen.app.post_message(events.Resize(Size(*size), Size(*size)))
            await screen.until(
                lambda size=size: (foot.region.right, foot.region.bottom) == size, f"a foot at {size}"
            )
