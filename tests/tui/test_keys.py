"""Keys as a person presses them, on real files: what the file says afterwards, and what the screen says."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from textual import events

from pf_tui import actions
from pf_tui.state import journal
from pf_tui.state.context import Context
from pf_tui.tui.ledger_view import UNREAD
from pf_tui.tui.messages import Announcement, IngestEnded, IngestProgress, RunAction, SnapshotChanged
from pf_tui.tui.widgets import SnapshotPane
from tests.trusted import trusting

Opened = Callable[..., Any]

THREE = {"version": 2, "providerPriority": ["openrouter", "groq", "openai-api", "deepseek-api"]}
"""openrouter, groq and openai-api have a key, deepseek-api has none."""


async def test_enter_on_a_provider_switches_to_it_at_once(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("down", "enter")
        await screen.see("switched to groq — u undoes")

        assert screen.config()["providerPriority"][0] == "groq"
        await screen.until(lambda: screen.line(0).startswith(" ● groq"), "groq in the status line")


async def test_u_takes_a_switch_back_and_U_does_it_again(dashboard: Opened) -> None:  # noqa: N802 - the key
    async with dashboard(config=THREE) as screen:
        await screen.press("down", "enter")
        await screen.see("switched to groq")
        await screen.press("u")
        await screen.see("switch undone, openrouter serves")
        assert screen.config()["providerPriority"] == THREE["providerPriority"]

        await screen.press("U")
        await screen.see("switch done again, groq serves")
        assert screen.config()["providerPriority"][0] == "groq"


async def test_n_switches_to_the_next_one_by_policy(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("n")
        await screen.see("switched to groq")


async def test_s_and_a_number_switch(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("s")
        await screen.see("Switch to")
        await screen.press("3")
        await screen.see("switched to openai-api")

        assert "Switch to" not in screen.text()


async def test_J_and_K_move_a_provider_past_its_neighbour(dashboard: Opened) -> None:  # noqa: N802 - the keys
    async with dashboard(config=THREE) as screen:
        await screen.press("J")
        await screen.until(lambda: screen.config()["providerPriority"][0] == "groq", "groq first")
        await screen.until(lambda: screen.line(0).startswith(" ● groq"), "groq serves")
        await screen.press("K")
        await screen.until(lambda: screen.config()["providerPriority"][0] == "openrouter", "openrouter first")


async def test_the_cursor_stays_on_a_provider_that_moves(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("J")
        await screen.until(lambda: screen.line(0).startswith(" ● groq"), "groq serves")

        assert screen.main_screen.pane.key == "openrouter"


async def test_K_on_a_provider_outside_the_list_adds_it(dashboard: Opened) -> None:  # noqa: N802 - the key
    env = {"OPENROUTER_API_KEY": "x", "GROQ_API_KEY": "x"}
    config = {"version": 2, "providerPriority": ["openrouter"]}
    async with dashboard(config=config, env=env) as screen:
        assert screen.main_screen.pane.go_to_key("groq")
        await screen.press("K")
        await screen.see("groq joined the list as number 2")


async def test_a_turns_auto_switch_off_and_on(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("a")
        await screen.see("auto-switch off:")
        assert screen.config()["autoSwitch"] is False
        await screen.until(lambda: not screen.main_screen.shown_snapshot().auto_switch, "off on screen")

        await screen.press("a")
        await screen.see("auto-switch on:")
        assert screen.config()["autoSwitch"] is True


async def test_b_lets_a_provider_rest_and_releases_it(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("b")
        await screen.see("openrouter rests until b releases it")
        await screen.until(lambda: screen.line(0).startswith(" ● groq"), "groq serves meanwhile")

        await screen.press("b")
        await screen.see("openrouter may serve again")
        await screen.until(lambda: screen.line(0).startswith(" ● openrouter"), "openrouter serves")


async def test_a_switch_that_cannot_be_is_refused_with_its_cure(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        assert screen.main_screen.pane.go_to_key("deepseek-api")
        await screen.press("enter")
        await screen.see("deepseek-api cannot serve now: no credential")

        assert screen.config() == THREE


async def test_enter_on_a_model_switches_to_the_first_that_serves_it(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("2")
        model = next(
            one.id
            for one in screen.main_screen.shown_snapshot().catalog.models.values()
            if "groq" in one.providers and "openrouter" not in one.providers and not one.extra
        )
        assert screen.main_screen.pane.go_to_key(model)
        await screen.press("enter")
        await screen.see("switched to groq")

        assert screen.config()["defaultModel"] == model


async def test_the_journal_says_that_the_dashboard_did_it(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("n")
        await screen.see("switched to groq")

        assert journal.tail(screen.ctx.paths, 1)[0].who == "tui"


@pytest.mark.parametrize(
    ("key", "pane"),
    [
        ("1", "providers"),
        ("2", "models"),
        ("3", "limits"),
        ("4", "analytics"),
        ("5", "sessions"),
        ("0", "events"),
    ],
)
async def test_numbers_jump_to_panes(dashboard: Opened, key: str, pane: str) -> None:
    async with dashboard(live=False) as screen:
        await screen.press(key)

        assert screen.main_screen.current == pane
        assert screen.app.focused is screen.main_screen.pane


async def test_tab_goes_round_the_panes_on_screen(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        seen = []
        for _ in range(6):
            seen.append(screen.main_screen.current)
            await screen.press("tab")

        assert seen == ["providers", "sessions", "models", "limits", "analytics", "providers"]


async def test_the_filter_narrows_as_it_is_typed_and_stays_in_the_title(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        await screen.press("slash")
        await screen.type("groq")
        assert list(filter(None, (row.key for row in screen.main_screen.pane.page.rows))) == ["groq"]

        await screen.press("enter")
        assert "/groq" in screen.text()
        assert screen.app.focused is screen.main_screen.pane

        await screen.press("escape")
        assert "/groq" not in screen.text()
        assert len(screen.main_screen.pane.page.rows) == 25


async def test_escape_in_the_filter_line_clears_it(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        await screen.press("slash")
        await screen.type("gr")
        await screen.press("escape")

        assert len(screen.main_screen.pane.page.rows) == 25
        assert screen.app.focused is screen.main_screen.pane


async def test_letters_in_the_filter_line_are_text_and_not_keys(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("slash")
        await screen.type("nsuq")

        assert screen.config() == THREE
        assert screen.app.is_running


async def test_a_filter_that_matches_nothing_says_how_to_get_out(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        await screen.press("slash")
        await screen.type("zzz")

        assert "no provider matches 'zzz'" in screen.text()
        assert "esc shows all" in screen.text()


async def test_space_freezes_the_screen_and_lets_it_go_on(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("space")
        assert "FROZEN since" in screen.line(0)

        actions.switch(screen.ctx.as_("cli"), "groq")
        screen.app.feed.look()
        await screen.pilot.pause(0.3)
        assert screen.line(0).startswith(" ● openrouter")

        await screen.press("space")
        await screen.until(lambda: screen.line(0).startswith(" ● groq"), "what came meanwhile")


async def test_z_shows_one_pane_alone(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        await screen.press("2", "z")
        assert "Providers" not in screen.text()
        await screen.press("z")
        assert "Providers" in screen.text()


async def test_o_orders_and_the_heading_shows_it(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        await screen.press("2", "o")

        assert "↑" in screen.text()
        keys = [row.key for row in screen.main_screen.pane.page.rows]
        assert keys == sorted(keys)


async def test_brackets_change_the_period(dashboard: Opened) -> None:
    async with dashboard() as screen:
        await screen.until(lambda: screen.main_screen.report.loaded, "the ledger")
        await screen.press("4", "right_square_bracket")
        await screen.see("30 d")
        for period in ("7 d", "this week", "24 h", "5 h window", "1 h"):
            await screen.press("left_square_bracket")
            await screen.see(period)


async def test_q_closes_a_sheet_first_and_then_quits(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        await screen.press("w")
        assert "Why" in screen.text()
        await screen.press("q")
        assert screen.app.is_running
        assert screen.app.screen is screen.main_screen
        await screen.press("q")

        assert screen.app.return_code == 0


async def test_every_sheet_closes_with_q_and_with_escape(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        for opens in ("s", "w", "d", "question_mark", "t", "c", "e", "right"):
            for closes in ("q", "escape"):
                await screen.press(opens)
                assert screen.app.screen is not screen.main_screen, opens
                await screen.press(closes)
                assert screen.app.screen is screen.main_screen, (opens, closes)


async def test_a_person_may_have_other_keys(dashboard: Opened) -> None:
    config = {**THREE, "pf": {"dashboard": {"keys": {"next": "N", "switch": "enter r"}}}}
    async with dashboard(config=config) as screen:
        await screen.press("n")
        await screen.press("N")
        await screen.see("switched to groq")
        await screen.press("r")
        await screen.see("switched to openrouter")


async def test_a_key_taken_twice_is_told_and_stays_with_its_first_owner(dashboard: Opened) -> None:
    config = {**THREE, "pf": {"dashboard": {"keys": {"redo": "n"}}}}
    async with dashboard(config=config) as screen:
        assert "keys: 'n' is next as well as redo; it stays with next" in screen.text()
        await screen.press("n")
        await screen.see("switched to groq")


async def test_shift_y_copies_the_row_as_the_command_line_says_it(dashboard: Opened) -> None:
    async with dashboard(config=THREE, live=False) as screen:
        await screen.press("y")
        assert screen.app.clipboard == "openrouter"
        assert "copied openrouter" in screen.text()

        await screen.press("Y")
        assert json.loads(screen.app.clipboard)["id"] == "openrouter"


async def test_a_screenshot_is_saved_as_svg_and_text(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("S")
        await screen.see("saved ~/.opencode/provider-fallback/screenshots/")

        saved = sorted((screen.ctx.paths.home / "screenshots").iterdir())
        assert [path.suffix for path in saved] == [".svg", ".txt"]
        assert "openrouter" in saved[1].read_text()


async def test_the_events_pane_reads_further_back_than_a_snapshot(
    dashboard: Opened, context: Callable[..., Context]
) -> None:
    ctx = context(env={"OPENROUTER_API_KEY": "x", "GROQ_API_KEY": "x"}, who="tui")
    for place in range(60):
        journal.append(
            ctx.paths,
            journal.Event(id=str(place), ts=ctx.now(), who="cli", action="demo", why=f"number {place}"),
        )
    async with dashboard(ctx=ctx) as screen:
        await screen.press("0", "z", "G")
        await screen.see("number 0")


async def test_a_project_that_sets_its_own_order_is_moved_there(
    dashboard: Opened, context: Callable[..., Context]
) -> None:
    ctx = context(env={"OPENROUTER_API_KEY": "x", "GROQ_API_KEY": "x"}, who="tui")
    settings = ctx.cwd / ".opencode" / "provider-fallback.local.md"
    settings.parent.mkdir()
    settings.write_text("---\nprovider_priority: [groq, openrouter]\n---\nnotes\n")
    trusting(ctx.paths, settings)
    async with dashboard(ctx=ctx) as screen:
        await screen.press("J")
        await screen.until(lambda: screen.line(0).startswith(" ● openrouter"), "openrouter serves here")

        assert settings.read_text().index("openrouter") < settings.read_text().index("groq")
        assert settings.read_text().endswith("notes\n")


def _at_once(screen: Any, typed: str) -> None:
    """All keys in one read, as a fast typist or a slow line sends them."""
    names = {"\r": "enter", ":": "colon", "/": "slash", "?": "question_mark"}
    for char in typed:
        screen.app.post_message(events.Key(names.get(char, char), None if char == "\r" else char))


async def test_keys_typed_at_once_go_to_what_the_first_one_opens(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        _at_once(screen, "s2")
        await screen.see("switched to groq — u undoes")
        assert screen.main_screen.current == "providers"


async def test_a_filter_typed_at_once_reaches_the_filter(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        _at_once(screen, "/groq")
        await screen.until(lambda: screen.main_screen.pane.choice.words == "groq", "the filter")


async def test_colon_q_enter_typed_at_once_quits_and_switches_nothing(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        _at_once(screen, ":q\r")
        await screen.until(lambda: screen.app._exit, "the end")
        assert screen.config() == THREE


async def test_a_sheet_closed_and_left_at_once_gives_the_keys_back_to_the_list(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        _at_once(screen, "?qj\r")
        await screen.see("switched to groq — u undoes")


async def test_news_that_come_while_the_program_ends_are_let_go(dashboard: Opened) -> None:
    async with dashboard(config=THREE, live=False) as screen:
        app, shown = screen.app, screen.app.main_screen.shown_snapshot()
        done: list[str] = []
    assert not app.screen_stack

    for news in (
        SnapshotChanged(shown, UNREAD),
        Announcement("done"),
        RunAction(lambda: done.append("looked up")),
        IngestProgress(1, 2, 0.1),
        IngestEnded(),
    ):
        await app._on_message(news)

    assert done == []


async def test_a_filter_counts_what_it_leaves_and_says_what_n_still_does(dashboard: Opened) -> None:
    async with dashboard((120, 40), config=THREE, live=False) as screen:
        await screen.press("slash")
        assert "n then still switches" in screen.text()

        await screen.type("openrouter")
        await screen.press("enter")
        assert "/openrouter  1 of 25" in screen.text()
        assert "esc shows all · n next provider" in screen.text()


async def test_the_cursor_moves_no_other_pane_and_draws_only_what_changed(dashboard: Opened) -> None:
    async with dashboard((120, 40), config=THREE, live=False) as screen:
        panes = list(screen.main_screen.query(SnapshotPane))
        places = [await _regions_after(screen, panes, key) for key in "jjjkkkjjj"]
        highest = places[len(places) // 2 :]
        drawn = sum(len(pane._strips._strips) for pane in panes)
        again = await _regions_after(screen, panes, "k")

        assert all(one == again for one in highest)
        assert sum(len(pane._strips._strips) for pane in panes) - drawn <= 4


async def _regions_after(screen: Any, panes: Sequence[SnapshotPane], key: str) -> list[object]:
    await screen.press(key)
    await screen.settled()
    return [pane.region for pane in panes]
