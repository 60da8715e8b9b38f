"""Faults that were seen on the screen, each by its kind; the twelve of the second pass, each with its tests:

 1 a pasted key ran as commands: test_sheets: test_a_paste_anywhere_on_the_sheet_is_the_key
 2 line 1 hid money: test_snapshot: test_today_is_the_sum_of_all_rows_those_of_unknown_providers_too
 3 line 1 told the wish: test_sessions: test_line_1_tells_who_really_serves_and_the_choice_beside_it, test_i_…
 4 macOS looked signed out: test_on_a_mac_the_account_in_claude_json_tells_of_the_login
 5 broken files: test_every_broken_file_is_named_…, test_an_unreadable_auth_json_…,
    test_logs_are_read_although_providers_yaml_is_wrong
 6 many providers emptied Models: test_sixty_ready_providers_leave_every_column_of_the_models
 7 bars a cell too wide, weekdays: test_the_last_bar_has_no_gap_…, test_from_eight_days_on_…
 8 a false alarm: rules/test_limits: test_idle_time_slows_the_pace, test_a_guess_below_half_is_no_alarm
 9 n went to and fro; the order: actions/test_switching: test_next_goes_round_all_that_are_ready_…;
    catalog/test_data: test_the_default_order_goes_from_plans_to_keys
10 cost left line 1, names cut: test_sessions: test_what_it_cost_today_never_leaves_line_1;
    test_a_model_is_shortened_at_its_vendor_and_its_date
11 palette, filter, words, meters: test_sheets: test_the_palettes_line_…, test_after_a_filter_…;
    test_why_says_the_same_…, test_the_dashboard_names_keys_…, test_a_meter_is_full_…
12 fail-back was no event: test_the_provider_that_was_left_is_back_by_an_event;
    test_sessions: test_when_nobody_serves_it_is_said_who_is_back_first_and_when
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from pf_tui import actions, snapshot
from pf_tui.errors import PfError
from pf_tui.integrations import doctor
from pf_tui.ledger.totals import Totals
from pf_tui.records import replace
from pf_tui.rules import failures
from pf_tui.state import logins
from pf_tui.state.context import Context
from pf_tui.text.lines import cells, plain
from pf_tui.text.meter import meter
from pf_tui.text.symbols import ASCII, BRAILLE
from pf_tui.tui import dashboard_words, ingest_child
from pf_tui.tui.charts.bars import Bar, stacked
from pf_tui.tui.dialogs.why import why_page
from pf_tui.tui.ledger_view import LedgerView, Step
from pf_tui.tui.page import Space
from pf_tui.tui.panes import models
from pf_tui.tui.panes.usage_chart import ChartInput
from pf_tui.tui.provider_order import cut_model, short_model
from pf_tui.tui.times import Clock

from .test_layouts import scene

Make = Callable[..., Context]
Opened = Callable[..., Any]
KEYS = {"GROQ_API_KEY": "k1", "OPENROUTER_API_KEY": "k2", "MISTRAL_API_KEY": "k3"}


def number(value: float) -> str:
    return f"${value:g}"


@pytest.mark.parametrize("bars", [1, 2, 7, 24, 30])
def test_the_last_bar_has_no_gap_behind_it_that_would_be_cut(bars: int) -> None:
    for width in range(max(24, bars + 8), 200):
        drawn = stacked([Bar(label="Mon", parts=(1.0,))] * bars, ["good"], width, 8, BRAILLE, number)
        assert not any("…" in plain(one) for one in drawn), width
        assert {cells(one) for one in drawn} == {width}


@pytest.mark.parametrize(("days", "dated"), [(7, False), (8, True), (30, True)])
def test_from_eight_days_on_days_are_told_by_their_dates(days: int, dated: bool) -> None:
    day = timedelta(days=1)
    start = datetime(2026, 11, 1)  # noqa: DTZ001 - a step's start is local, without a zone
    steps = tuple(Step(start=start + day * at, parts={"groq": Totals(cost_usd=1.0)}) for at in range(days))
    space = Space(width=120, height=20, clock=Clock(now=scene.NOW))
    drawn = ChartInput(
        names={"groq": "groq"},
        report=LedgerView(steps=steps),
        provider_colours={},
        metric="cost",
        space=space,
    )
    labels = [label for label, _ in drawn.steps("bars")]

    assert labels[0] == ("1 Nov" if dated else "Sun")
    assert labels[-1] == "today"


@pytest.mark.parametrize("symbols", [BRAILLE, ASCII], ids=lambda one: one.name)
@pytest.mark.parametrize("percent", [0, 0.4, 50, 99.6, 100, 130])
def test_a_meter_is_full_at_its_end_alone_and_no_sign_of_it_fills_a_cell(
    symbols: Any, percent: float
) -> None:
    text = plain(meter(percent, 20, symbols))

    assert len(text) == 20
    assert (symbols.rule not in text) == (percent >= 100)
    assert (symbols.bar in text) == (percent > 0)
    assert "█" not in text


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("claude-opus-5-5", "opus-5-5"),
        ("claude-sonnet-4-5-20250929", "sonnet-4-5"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "sonnet-4-5"),
        ("anthropic/claude-haiku-4-5@20251001", "haiku-4-5"),
        ("gpt-5-2025-08-07", "gpt-5"),
        ("openai/gpt-6.1-sol", "gpt-6.1-sol"),
    ],
)
def test_a_model_is_shortened_at_its_vendor_and_its_date(name: str, short: str) -> None:
    assert short_model(name) == short
    assert cut_model(name, len(short)) == short
    assert cut_model(name, 5).startswith(short[:4])


@pytest.mark.parametrize(
    "hint",
    [
        "`pf-tui auth set groq`; `--force` puts it first all the same",
        "`pf-tui release groq`, or `--force`",
        "`pf-tui limits groq` shows the window; `--force` puts it first all the same",
        "`pf-tui models --provider groq`",
        "`pf-tui why` shows every reason",
    ],
)
def test_the_dashboard_names_keys_and_its_own_line_and_no_option_of_a_shell(hint: str) -> None:
    told = dashboard_words.error_words(PfError("groq cannot serve", hint))

    assert "force" not in told
    assert "pf-tui" not in told
    assert len(told) > len("groq cannot serve · ")


def test_a_command_for_a_shell_stays_one() -> None:
    assert "`pf-tui run claude`" in dashboard_words.error_words(PfError("x", "`pf-tui run claude` saves it"))


async def test_a_refused_switch_is_told_in_the_dashboards_words(dashboard: Opened) -> None:
    async with dashboard(config={"version": 2, "providerPriority": ["groq", "deepseek-api"]}) as screen:
        assert screen.main_screen.pane.go_to_key("deepseek-api")
        await screen.press("enter")
        await screen.see("deepseek-api cannot serve now")

        assert "c sets its key" in screen.text()
        assert "force" not in screen.text()


def test_why_says_the_same_in_all_its_lines_when_auto_switch_is_off(context: Make) -> None:
    now = replace(scene.afternoon(context), auto_switch=False)
    text = why_page(now, Space(width=100, height=30, clock=Clock(now=scene.NOW))).text()

    assert "ready to follow" not in text
    assert "openrouter would follow" not in text
    assert "a turns auto-switch on" in text


def test_an_unreadable_auth_json_is_no_missing_credential(context: Make) -> None:
    ctx = context(env=KEYS)
    ctx.paths.home.mkdir(parents=True)
    ctx.paths.auth.write_text("{ broken")

    now = snapshot.take(ctx, keep_going=True)

    assert any(problem.startswith("auth.json") for problem in now.problems)
    assert now.view("groq").credential.state == "present"
    assert now.view("deepseek-api").credential.state == "unknown"
    assert "auth.json cannot be read" in (now.view("deepseek-api").why or "")


async def test_every_broken_file_is_named_and_x_takes_the_red_lines_away(
    dashboard: Opened, context: Make
) -> None:
    names = ["config.json", "auth.json", "providers.yaml", "health.json"]
    told = tuple(f"{name} line 3: is not what it should be · correct it" for name in names)
    shown = replace(scene.afternoon(context), problems=told)
    async with dashboard((120, 40), ctx=context(now=scene.NOW), shown=shown, live=False) as screen:
        assert all(name in screen.text() for name in names)

        await screen.press("x")
        assert not any(name in screen.text() for name in names)

        screen.main_screen.snapshot = replace(shown, problems=(*told, "journal.jsonl: is new"))
        await screen.settled()
        assert "journal.jsonl" in screen.text()
        assert "health.json" not in screen.text()


def test_the_provider_that_was_left_is_back_by_an_event(context: Make) -> None:
    at = [scene.NOW]
    ctx = context(env=KEYS, now=lambda: at[0], who="hook")
    actions.set_priority(ctx, ["groq", "openrouter"])
    actions.report_failure(ctx, "groq", failures.reported("rate"), evidence={"status": 429})
    assert actions.note_return(ctx) is None

    at[0] = scene.at(1, minutes=1)
    back = actions.note_return(ctx)

    assert back is not None
    assert (back.action, back.before, back.after) == (
        "return",
        {"active": "openrouter"},
        {"active": "groq"},
    )
    assert actions.note_return(ctx) is None


def test_a_switch_by_hand_is_no_return(context: Make) -> None:
    at = [scene.NOW]
    ctx = context(env=KEYS, now=lambda: at[0])
    actions.set_priority(ctx, ["groq", "openrouter"])
    actions.report_failure(ctx, "groq", failures.reported("rate"))
    actions.switch(ctx, "mistral-api")
    at[0] = scene.at(2)
    actions.switch(ctx, "groq")

    assert actions.note_return(ctx) is None


@pytest.mark.parametrize(("platform", "state"), [("darwin", "present"), ("linux", "missing")])
def test_on_a_mac_the_account_in_claude_json_tells_of_the_login(
    context: Make, monkeypatch: pytest.MonkeyPatch, platform: str, state: str
) -> None:
    ctx = context()
    account = {"oauthAccount": {"emailAddress": "somebody@example.org"}}
    (logins.user_home(ctx.env) / ".claude.json").write_text(json.dumps(account))
    monkeypatch.setattr(logins.sys, "platform", platform)

    held = snapshot.take(ctx).view("anthropic-subscription").credential

    assert held.state == state
    assert "somebody" not in repr(held)
    (told,) = (one for one in doctor.run(ctx) if one.id == "keychain")
    assert told.state == ("ok" if platform == "darwin" else "skip")
    assert ("Keychain is never opened" in told.message) == (platform == "darwin")


async def test_a_click_on_a_heading_orders_by_it(dashboard: Opened) -> None:
    async with dashboard((120, 40), live=False) as screen:
        pane = screen.main_screen.pane
        heading = plain(pane.page.pinned[-1])
        await screen.pilot.click(pane, offset=(pane.gutter.left + heading.index("today"), 1))
        await screen.settled()

        assert pane.choice.order == "today"


def test_the_why_sheet_shows_how_each_agent_reaches_the_persons_own_providers(
    context: Context,
) -> None:
    afternoon = scene.afternoon(context)

    text = why_page(afternoon, Space(width=140, height=60, clock=Clock(now=scene.NOW))).text()

    own = [view.id for view in afternoon.providers if view.rank is not None and view.credential.usable]
    assert "through the gateway" in text
    for provider in own:
        assert f"{provider}: " in text
    assert "openrouter: Claude Code dialect, OpenCode dialect, Codex dialect" in text


def test_sixty_ready_providers_leave_every_column_of_the_models(context: Make) -> None:
    shown = scene.afternoon(context)
    views = tuple(
        replace(view, state="ready", rank=rank, credential=replace(view.credential, state="present"))
        for rank, view in enumerate(shown.providers, start=1)
    )
    space = Space(width=100, height=20, clock=Clock(now=scene.NOW))

    page = models.page_for(replace(shown, providers=views), space)

    heading = plain(page.pinned[0])
    assert all(title in heading for title in ("model", "tier", "context", "in", "out $/M", "served by"))
    assert all(cells(row.content) <= space.width for row in page.rows)


def test_logs_are_read_although_providers_yaml_is_wrong(context: Make) -> None:
    ctx = context()
    ctx.paths.home.mkdir(parents=True, exist_ok=True)
    ctx.paths.providers.write_text("providers: [{id: 7")

    assert ingest_child._read(ctx, threading.Event())["problem"] == ""


@pytest.mark.parametrize("way", ["perform", "look_up"])
async def test_a_mistake_of_ours_in_a_thread_is_said_and_the_dashboard_goes_on(
    dashboard: Opened, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uncaught: list[object] = []
    monkeypatch.setattr(threading, "excepthook", uncaught.append)

    def mistaken() -> None:
        raise AttributeError("sk-secret")

    async with dashboard() as screen:
        getattr(screen.app, way)(mistaken)
        await screen.see("an error inside pf-tui: AttributeError at")
        assert "sk-secret" not in screen.text()
        await screen.press("r")
    assert uncaught == []
