"""What opens over the panes: read, searched, chosen from; and what it does to the files."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import keyring
import pytest
from textual import events

from pf_tui import actions
from pf_tui.rules import failures
from pf_tui.state import cache
from pf_tui.state.context import Context
from pf_tui.tui import cli_runner
from pf_tui.tui.dialogs.line import TextLine
from tests.keyrings import MemoryKeyring

Opened = Callable[..., Any]

THREE = {"version": 2, "providerPriority": ["openrouter", "groq", "openai-api", "deepseek-api"]}
KEY = "sk-or-v1-0123456789abcdef0123456789abcdef"


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    backend = MemoryKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    return backend


async def test_help_lists_the_keys_of_this_pane_first(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        await screen.press("2", "question_mark")
        text = screen.text()

        assert text.index("Here, in models") < text.index("Who serves")


async def test_help_can_be_searched_and_does_what_is_chosen(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("question_mark", "slash")
        await screen.type("next provider by policy")
        await screen.press("enter")
        await screen.see("switched to groq")


async def test_the_palette_finds_a_provider_by_name(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("ctrl+p")
        await screen.type("openai-api")
        await screen.press("enter")
        await screen.see("switched to openai-api")


async def test_the_palette_says_so_when_nothing_matches(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        await screen.press("ctrl+p")
        await screen.type("zzz")

        assert "nothing is called 'zzz'" in screen.text()


async def test_why_shows_every_reason(dashboard: Opened, grid: Any) -> None:
    async with dashboard((100, 30), config=THREE) as screen:
        actions.bench(screen.ctx.as_("cli"), "groq", why="too slow today")
        screen.app.feed.look()
        await screen.until(
            lambda: screen.main_screen.shown_snapshot().view("groq").state == "benched", "groq benched"
        )
        await screen.press("w")
        text = screen.text()

        assert "openrouter serves with" in text
        assert "skipped: benched (by hand)" in text
        assert "too slow today" in text
        assert "deepseek-api" in text
        assert "skipped: no credential" in text


async def test_why_and_the_providers_pane_say_that_agents_are_led_to_the_gateway(dashboard: Opened) -> None:
    async with dashboard((120, 40), config={**THREE, "pf": {"gateway": {"auto": True}}}) as screen:
        border = next(text for text in screen.text().splitlines() if "Providers" in text)
        await screen.press("w")

        assert "gateway auto" in border
        assert "agents use the gateway automatically where they need it" in screen.text()


async def test_why_follows_the_files_while_it_is_open(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("w")
        assert "openrouter serves with" in screen.text()
        actions.switch(screen.ctx.as_("cli"), "openai-api")
        screen.app.feed.look()
        await screen.see("openai-api serves with")


async def test_the_drill_fails_everybody_in_turn_and_changes_nothing(dashboard: Opened) -> None:
    async with dashboard((100, 34), config=THREE) as screen:
        await screen.press("d")
        text = screen.text()

        assert (
            text.index("openrouter hits its limit")
            < text.index("→ groq with")
            < text.index("groq hits its limit")
        )
        assert "nobody is left" in text
        assert screen.config() == THREE


async def test_the_drill_rehearses_with_the_gateways_own_code(dashboard: Opened) -> None:
    async with dashboard((110, 50), config=THREE) as screen:
        await screen.press("d")
        await screen.see("rehearsal  openrouter: 429, back in an hour")
        await screen.until(lambda: len(screen.app.screen._faults) > 5, "the list of faults")
        await screen.press("right_square_bracket")
        await screen.see("rehearsal  openrouter: 429 that says nothing of a window")

        assert screen.config() == THREE


async def test_the_detail_of_a_provider_names_credential_models_and_console(dashboard: Opened) -> None:
    async with dashboard((100, 40), config=THREE) as screen:
        await screen.press("right")
        await screen.see("no failure")
        text = screen.text()

        assert "env:OPENROUTER_API_KEY" in text
        assert "number 1 in the list" in text
        assert "https://openrouter.ai" in text


async def test_a_key_is_set_behind_dots_and_kept_in_the_keyring(
    dashboard: Opened, memory: MemoryKeyring
) -> None:
    async with dashboard(config=THREE) as screen:
        assert screen.main_screen.pane.go_to_key("deepseek-api")
        await screen.press("c", "down", "enter")
        await screen.type(KEY)
        assert KEY[:8] not in screen.text()
        assert "•" * 8 in screen.text()

        await screen.press("enter")
        await screen.see("kept in the keyring, and read back")
        assert memory.kept == {("pf-tui", "deepseek-api"): KEY}
        assert screen.config()["pf"]["keyring"] == ["deepseek-api"]
        await screen.until(
            lambda: screen.main_screen.shown_snapshot().view("deepseek-api").state == "ready",
            "deepseek-api can serve",
        )


async def test_without_a_keyring_the_0600_file_is_offered(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        assert screen.main_screen.pane.go_to_key("deepseek-api")
        await screen.press("c", "down", "enter")
        await screen.type(KEY)
        await screen.press("enter")
        await screen.see("keep in auth.json")
        assert not screen.ctx.paths.auth.exists()

        await screen.press("down", "enter")
        await screen.see("kept in auth.json (0600)")
        stored = json.loads(screen.ctx.paths.auth.read_text())
        assert stored["providers"]["deepseek-api"]["apiKey"] == KEY
        assert screen.ctx.paths.auth.stat().st_mode & 0o777 == 0o600


async def test_removing_a_key_asks_once_more(dashboard: Opened, memory: MemoryKeyring) -> None:
    memory.kept["pf-tui", "deepseek-api"] = KEY
    config = {**THREE, "pf": {"keyring": ["deepseek-api"]}}
    async with dashboard(config=config) as screen:
        assert screen.main_screen.pane.go_to_key("deepseek-api")
        await screen.press("c")
        assert screen.app.screen.pane.go_to_key("remove")
        await screen.press("enter")
        assert "enter again deletes it" in screen.text()
        assert memory.kept

        await screen.press("enter")
        await screen.see("deleted from keyring")
        assert memory.kept == {}


async def test_moving_away_takes_the_question_back(dashboard: Opened, memory: MemoryKeyring) -> None:
    memory.kept["pf-tui", "deepseek-api"] = KEY
    async with dashboard(config={**THREE, "pf": {"keyring": ["deepseek-api"]}}) as screen:
        assert screen.main_screen.pane.go_to_key("deepseek-api")
        await screen.press("c")
        assert screen.app.screen.pane.go_to_key("remove")
        await screen.press("enter", "up", "down", "enter")

        assert memory.kept


async def test_a_key_with_blanks_inside_is_refused(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("c", "down", "enter")
        await screen.type("two words")
        await screen.press("enter")
        await screen.see("the key has white space inside; nothing was stored")


async def test_a_budget_is_set_and_undone(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("e", "down", "down", "down", "down", "enter")
        await screen.type("12.50")
        await screen.press("enter")
        await screen.see("openrouter: 12.5 USD a day — u undoes")
        assert screen.config()["pf"]["usageLimits"]["openrouter"]["dailyUsd"] == 12.5
        await screen.see("$0 of $12.50 today")

        await screen.press("q", "u")
        await screen.see("limit undone")
        assert screen.config() == THREE


async def test_a_budget_that_is_no_number_says_how_to_write_one(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("e", "enter")
        await screen.type("1.5X")
        await screen.press("enter")
        await screen.see("'1.5X' is not a number; write 500K, 1.5M, 12.50 or unlimited")

        assert screen.config() == THREE


async def test_a_theme_shows_while_one_looks_and_stays_when_chosen(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        before = screen.app.theme
        await screen.press("t", "slash")
        await screen.type("pf-light")
        assert screen.app.theme == "pf-light"
        await screen.press("enter")
        await screen.until(lambda: "pf" in screen.config(), "the theme in config.json")

        assert before != "pf-light"
        assert screen.config()["pf"]["dashboard"]["theme"] == "pf-light"


async def test_a_theme_chosen_elsewhere_shows_here(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        actions.settings.set_dashboard(screen.ctx, "theme", "nord")
        await screen.until(lambda: screen.app.theme == "nord", "the theme of config.json")


async def test_leaving_the_themes_brings_the_old_one_back(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        before = screen.app.theme
        await screen.press("t", "down", "down")
        assert screen.app.theme != before
        await screen.press("q")

        assert screen.app.theme == before


async def test_the_evidence_of_an_event_is_one_key_away(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        actions.report_failure(
            screen.ctx.as_("hook"),
            "openrouter",
            failures.reported("rate"),
            evidence={"status": 429, "header": "retry-after: 300"},
            why="openrouter hit its limit",
        )
        screen.app.feed.look()
        await screen.see("openrouter hit its limit")
        await screen.press("0", "enter")
        text = screen.text()

        assert "retry-after: 300" in text
        assert "status: 429" in text


async def test_a_failover_is_said_when_it_happens(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        actions.report_failure(
            screen.ctx.as_("hook"), "openrouter", failures.reported("rate"), why="429 from openrouter"
        )
        screen.app.feed.look()
        await screen.until(
            lambda: screen.main_screen.notice is not None and "→ groq" in screen.main_screen.notice[0],
            "the failover in the last line",
        )


async def test_the_command_line_runs_the_words_of_the_cli(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("colon")
        await screen.type("priority show")
        await screen.press("enter")
        await screen.see("Output")

        assert "openrouter" in screen.text()
        assert cache.read(screen.ctx.paths, "commands") == b"priority show"


async def test_a_word_that_says_little_is_heard_in_the_last_line(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("colon")
        await screen.type("bench groq --for 30m")
        await screen.press("enter")
        await screen.until(
            lambda: screen.main_screen.shown_snapshot().view("groq").state == "benched", "groq benched"
        )

        assert screen.app.screen is screen.main_screen


async def test_an_error_of_the_command_line_shows_its_cure(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("colon")
        await screen.type("bench opnrouter")
        await screen.press("enter")
        await screen.see("no provider is called 'opnrouter'")


async def test_tab_completes_from_the_command_table(dashboard: Opened) -> None:
    async with dashboard(config=THREE, live=False) as screen:
        await screen.press("colon")
        await screen.type("swi")
        await screen.press("tab")

        assert screen.app.screen.query_one(TextLine).value == "switch "


async def test_tab_completes_providers_through_the_command_line(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("colon")
        await screen.type("bench openr")
        await screen.see("OpenRouter")
        await screen.press("tab")

        line = screen.app.screen.query_one(TextLine)
        await screen.until(lambda: line.value == "bench openrouter ", "the provider's whole name")


async def test_a_tab_that_comes_before_the_offers_takes_them_when_they_come(
    dashboard: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    pressed, completions = threading.Event(), cli_runner.completions

    def late(ctx: Context, text: str) -> tuple[cli_runner.Completion, ...]:
        if text == "bench openr":
            pressed.wait()
        return completions(ctx, text)

    monkeypatch.setattr(cli_runner, "completions", late)
    async with dashboard(config=THREE) as screen:
        await screen.press("colon")
        await screen.type("bench ")
        await screen.see("Claude Pro/Max")
        for key in ("o", "p", "e", "n", "r", "tab"):
            await screen.pilot.press(key)
        pressed.set()
        line = screen.app.screen.query_one(TextLine)
        await screen.until(lambda: line.value == "bench openrouter ", "the provider's whole name")


async def test_up_brings_back_what_was_typed_before(
    dashboard: Opened, context: Callable[..., Context]
) -> None:
    ctx = context(who="tui")
    ctx.paths.home.mkdir(parents=True)
    cache.keep(ctx.paths, "commands", b"status\nmodels --family claude")
    async with dashboard(ctx=ctx, live=False) as screen:
        await screen.press("colon", "up")
        assert screen.app.screen.query_one(TextLine).value == "models --family claude"
        await screen.press("up")
        assert screen.app.screen.query_one(TextLine).value == "status"
        await screen.press("down", "down")
        assert screen.app.screen.query_one(TextLine).value == ""


async def test_words_about_keys_are_not_remembered(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("colon")
        await screen.type("auth set openrouter")
        await screen.press("enter")
        await screen.see("Credential")

        assert cache.read(screen.ctx.paths, "commands") is None


async def test_a_word_that_needs_a_terminal_of_its_own_says_so(dashboard: Opened) -> None:
    async with dashboard(config=THREE, live=False) as screen:
        await screen.press("colon")
        await screen.type("run claude")
        await screen.press("enter")

        assert "`pf-tui run claude` needs a terminal of its own" in screen.text()


async def test_the_dashboards_own_words_are_done_without_a_process(
    dashboard: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pf_tui.tui.cli_runner.run", lambda *_: pytest.fail("a process was started"))
    async with dashboard(config=THREE) as screen:
        await screen.press("colon")
        await screen.type("switch groq")
        await screen.press("enter")
        await screen.see("switched to groq")


async def test_q_in_the_command_line_quits(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        await screen.press("colon", "q", "enter")

        assert screen.app.return_code == 0


async def test_what_a_command_does_is_told_in_full_where_room_is_dear(dashboard: Opened) -> None:
    async with dashboard((44, 24), live=False) as screen:
        await screen.press("colon")

        assert "…" not in screen.text()
        assert "Show who serves, how long it lasts\n          and who is next" in _trimmed(screen.text())


def _trimmed(text: str) -> str:
    return "\n".join(row.rstrip() for row in text.splitlines())


async def test_a_search_for_a_theme_that_there_is_not_says_so(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        await screen.press("t", "slash")
        await screen.type("zzz")

        assert "no theme is called 'zzz'" in screen.text()


async def test_without_a_credential_the_sheet_opens_in_its_masked_line(
    dashboard: Opened, memory: MemoryKeyring
) -> None:
    async with dashboard(config=THREE) as screen:
        before = screen.config()
        assert screen.main_screen.pane.go_to_key("deepseek-api")
        await screen.press("c")
        await screen.type("sk-ant-qbanana")
        assert "banana" not in screen.text()
        assert screen.config() == before

        await screen.press("enter")
        await screen.see("kept in the keyring")
        assert memory.kept == {("pf-tui", "deepseek-api"): "sk-ant-qbanana"}


@pytest.mark.parametrize("pasted", [KEY, f"\n  {KEY}\r\n"], ids=["bare", "with-line-ends"])
@pytest.mark.parametrize("row", [(), ("escape",)], ids=["in-the-line", "on-a-row"])
async def test_a_paste_anywhere_on_the_sheet_is_the_key(
    dashboard: Opened, memory: MemoryKeyring, pasted: str, row: tuple[str, ...]
) -> None:
    async with dashboard(config=THREE) as screen:
        assert screen.main_screen.pane.go_to_key("deepseek-api")
        await screen.press("c", *row)
        screen.app.post_message(events.Paste(pasted))
        await screen.settled()
        assert KEY[:8] not in screen.text()

        await screen.press("enter")
        await screen.see("kept in the keyring")
        assert memory.kept == {("pf-tui", "deepseek-api"): KEY}


@pytest.mark.parametrize("key", ["gsk_Gjkxyu", "AIza-a", "xai-b", "key-n"])
async def test_a_key_typed_over_another_is_whole_and_does_nothing_else(
    dashboard: Opened, memory: MemoryKeyring, key: str
) -> None:
    async with dashboard(config=THREE) as screen:
        before = screen.config()
        assert screen.main_screen.pane.go_to_key("openrouter")
        await screen.press("c")
        await screen.type(key)
        assert screen.config() == before

        await screen.press("enter")
        await screen.see("kept in the keyring")
        assert memory.kept == {("pf-tui", "openrouter"): key}


async def test_a_login_takes_no_key_and_says_how_to_sign_in(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        before = screen.config()
        assert screen.main_screen.pane.go_to_key("anthropic-subscription")
        await screen.press("c")
        screen.app.post_message(events.Paste(KEY))
        await screen.see("anthropic-subscription takes no key")
        await screen.type("sbanU")

        assert screen.config() == before
        assert "takes no key" in screen.text()


async def test_after_a_filter_the_cursor_stands_on_the_first_match(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        assert screen.main_screen.pane.go_to_key("openai-api")
        await screen.press("slash")
        await screen.type("api")
        pane = screen.main_screen.pane

        assert pane.key == next(row.key for row in pane.page.rows if row.key)


async def test_the_palettes_line_stays_where_it_is_while_the_list_shrinks(dashboard: Opened) -> None:
    async with dashboard(config=THREE) as screen:
        await screen.press("ctrl+p")
        line = screen.app.screen.query_one(TextLine)
        before = line.region.y
        await screen.type("zzz")
        await screen.settled()

        assert line.region.y == before
