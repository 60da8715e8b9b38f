"""Pages, charts and small rules, without a toolkit: data in, lines out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pf_tui.records import replace
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context
from pf_tui.state.gateway import Gateway, LiveRequest
from pf_tui.state.journal import Event
from pf_tui.text import lines as colour
from pf_tui.text.columns import Column, body, chosen
from pf_tui.text.lines import Span, cells, columns_changed, fit, line, plain
from pf_tui.text.meter import meter, percent_text
from pf_tui.text.symbols import ASCII, BRAILLE
from pf_tui.tui import cli_runner, notify, progress, screenshot
from pf_tui.tui.charts.bars import Bar, slots, stacked
from pf_tui.tui.charts.spark import spark
from pf_tui.tui.charts.ticks import scale
from pf_tui.tui.event_sentences import sentence
from pf_tui.tui.page import Choice, Space
from pf_tui.tui.panes import events, limits, live, models, providers, status, welcome
from pf_tui.tui.times import Clock
from pf_tui.visible import visible
from tests.tui.test_layouts import scene

TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=40)


@pytest.fixture
def afternoon(context: Callable[..., Context]) -> Snapshot:
    shown: Snapshot = scene.afternoon(context)
    return shown


def space(width: int, height: int = 30) -> Space:
    return Space(width=width, height=height, clock=Clock(now=scene.NOW))


@pytest.mark.parametrize("width", [44, 80, 120, 160])
def test_line_1_says_that_it_is_paused_at_every_width(afternoon: Snapshot, width: int) -> None:
    paused = replace(afternoon, paused=scene.NOW)

    lines = status.lines_for(paused, space(width))

    assert any("paused " in plain(one) for one in lines)
    assert all(cells(one) <= width for one in lines)


# -- text


@given(TEXTS, st.integers(0, 60))
def test_a_fitted_line_is_exactly_as_wide_as_asked(text: str, width: int) -> None:
    assert cells(fit((Span(text),), width)) == width


@given(TEXTS, TEXTS)
def test_what_changed_is_never_outside_the_cells_that_are_repainted(before: str, after: str) -> None:
    old, new = fit((Span(before),), 40), fit((Span(after),), 40)
    changed = columns_changed(old, new)

    if changed is None:
        assert plain(old) == plain(new)
    else:
        assert 0 <= changed[0] < changed[1] <= 40


@given(TEXTS, st.integers(4, 40))
def test_wrapped_lines_fit_and_lose_no_word(text: str, width: int) -> None:
    lines = colour.wrap(text, width)

    assert all(cells(one) <= max(width, 2) for one in lines)
    assert "".join("".join(plain(one).split()) for one in lines) == "".join(visible(text).split())


def test_a_wide_character_is_two_cells() -> None:
    assert plain(fit((Span("项目名称"),), 5)) == "项目…"


# -- tables and charts


@given(st.integers(10, 120))
def test_a_table_never_is_wider_than_its_room(width: int) -> None:
    columns = (
        Column(key="a", title="name", least=6, grows=True),
        Column(key="b", title="state", leaves=1),
        Column(key="c", title="cost", right=True, leaves=2),
    )
    rows = [{"a": line("a provider with a name"), "b": line("exhausted"), "c": line("1 204.50")}]
    kept = chosen(columns, rows, width)

    assert cells(body(kept, rows[0])) <= max(width, 6)


def test_columns_leave_in_their_order() -> None:
    columns = (
        Column(key="a", title="aaaa"),
        Column(key="b", title="bbbb", leaves=2),
        Column(key="c", title="cccc", leaves=1),
    )

    kept = [[column.key for column, _ in chosen(columns, [], width)] for width in (16, 10, 4)]

    assert kept == [["a", "b", "c"], ["a", "b"], ["a"]]


@given(st.integers(1, 60), st.integers(20, 200))
def test_bars_and_gaps_are_even_and_inside(count: int, width: int) -> None:
    place = slots(count, width)
    pitch = place.bar + place.gap

    assert place.bar >= 1
    assert place.margin + count * pitch - place.gap <= max(width, count)


@given(
    st.lists(st.lists(st.floats(0, 1e6), min_size=3, max_size=3), min_size=1, max_size=30), st.integers(4, 20)
)
def test_a_chart_has_the_size_it_was_given(days: list[list[float]], height: int) -> None:
    bars = [Bar(label=str(place), parts=tuple(day)) for place, day in enumerate(days)]
    drawn = stacked(bars, ["series-1", "series-2", "series-3"], 80, height, BRAILLE, str)

    assert len(drawn) == height
    assert all(cells(one) == 80 for one in drawn)


def test_a_small_value_is_still_a_mark() -> None:
    drawn = stacked(
        [Bar(label="a", parts=(1000.0,)), Bar(label="b", parts=(0.1,))], ["series-1"], 30, 6, BRAILLE, str
    )

    assert "▁" in plain(drawn[-2])


@example(5e-324, 3, 1, 2)
@example(7.1, 3, 2, 2)
@example(0.30000000000000004, 7, 1, 2)
@given(st.floats(0.001, 1e9), st.integers(1, 60), st.integers(1, 2), st.integers(2, 4))
def test_ticks_stand_evenly_apart_with_room_above_the_peak(
    peak: float, rows: int, few: int, many: int
) -> None:
    axis = scale(peak, rows, few, many)

    assert len(axis.ticks) <= many
    assert axis.top >= peak
    assert axis.top <= 5 * peak or peak < 1e-300
    values = [(0, 0.0), *axis.ticks]
    assert len({row - before for (before, _), (row, _) in pairwise(values)}) <= 1
    steps = [value - before for (_, before), (_, value) in pairwise(values)]
    assert steps == pytest.approx(steps[:1] * len(steps))
    for row, value in axis.ticks:  # a bar of this value ends at this row
        assert row / rows == pytest.approx(value / axis.top)


@pytest.mark.parametrize(
    ("percent", "colour_name"),
    [(0, "good"), (74.9, "good"), (75, "warn"), (89.9, "warn"), (90, "bad"), (140, "bad")],
)
def test_a_meter_turns_yellow_at_75_and_red_at_90(percent: float, colour_name: str) -> None:
    drawn = meter(percent, 20, BRAILLE)

    assert cells(drawn) == 20
    assert percent == 0 or drawn[0].colour == colour_name


def test_what_is_not_known_is_a_dash_and_an_estimate_has_its_sign() -> None:
    assert percent_text(None) == "—"
    assert percent_text(62.0, estimate=True) == "~62 %"


def test_a_line_of_bars_shows_the_newest_at_the_right() -> None:
    assert plain(spark([1, 2, 4, 8], 4, BRAILLE)) == "▁▂▄█"
    assert plain(spark([0, 0], 2, ASCII)) == "--"


# -- panes


@pytest.mark.parametrize("width", [28, 44, 60, 80, 100, 120, 200])
def test_every_line_of_the_status_fits(afternoon: Snapshot, width: int) -> None:
    assert all(cells(one) == width for one in status.lines_for(afternoon, space(width)))


@pytest.mark.parametrize("width", [20, 28, 40, 51, 60, 76, 116])
def test_every_row_of_the_providers_fits(afternoon: Snapshot, width: int) -> None:
    page = providers.page_for(afternoon, space(width))

    assert all(cells(row.content) <= width for row in page.rows)


def test_with_auto_switch_off_the_status_says_so_in_every_width(afternoon: Snapshot) -> None:
    off = replace(afternoon, auto_switch=False)

    for width in (44, 60, 80, 120):
        text = "\n".join(plain(one) for one in status.lines_for(off, space(width)))
        assert "auto-switch off" in text or "auto off" in text, width


@pytest.mark.parametrize("width", [44, 60, 80, 100, 120, 160])
def test_a_very_long_name_leaves_room_for_who_is_next(afternoon: Snapshot, width: int) -> None:
    assert afternoon.active is not None
    long = "my-very-long-company-gateway-provider-eu-west-production"
    known = afternoon.view("anthropic-subscription")
    shown = replace(
        afternoon,
        active=replace(afternoon.active, provider=long, model=f"{long}-model"),
        providers=(*afternoon.providers, replace(known, provider=replace(known.provider, id=long))),
    )
    text = " ".join(plain(one) for one in status.lines_for(shown, space(width)))

    assert "my-v" in text.partition("→")[0]
    assert "→ openrouter" in text
    assert "62 %" in text


def test_where_room_is_dear_the_time_left_makes_room_for_who_is_next(afternoon: Snapshot) -> None:
    opus = scene.limit("7d", 77, scene.at(67), model="opus")
    views = [
        replace(view, limits=(opus,)) if view.id == "anthropic-subscription" else view
        for view in afternoon.providers
    ]
    below = plain(status.lines_for(replace(afternoon, providers=tuple(views)), space(44))[1])

    assert "week opus 77 %  2d 19h  → openrouter" in below


def test_when_nobody_serves_the_status_says_who_is_back_first(afternoon: Snapshot) -> None:
    from pf_tui.rules.failover import Skipped

    back = Skipped(provider="bedrock", code="benched", reason="529", until=scene.at(minutes=8))
    nobody = replace(
        afternoon, active=None, choice=replace(afternoon.choice, provider=None, model=None, skipped=(back,))
    )
    text = plain(status.lines_for(nobody, space(120))[0])

    assert "nobody serves" in text
    assert "first back bedrock in 8 min" in text


def test_a_fresh_machine_is_told_what_was_found(context: Callable[..., Context]) -> None:
    from pf_tui import snapshot

    empty = snapshot.take(context())
    text = "\n".join(plain(one) for one in welcome.lines(empty, ("claude-code",), 60))

    assert "found Claude Code, sign in" in text
    assert "pf-tui --demo" in text


def test_a_fresh_machine_is_told_of_every_agent_there_is(context: Callable[..., Context]) -> None:
    from pf_tui import snapshot

    empty = snapshot.take(context())
    all_four = ("claude-code", "opencode", "codex", "gemini")
    text = " ".join(plain(one) for one in welcome.lines(empty, all_four, 60))
    alone = " ".join(plain(one) for one in welcome.lines(empty, ("gemini",), 60))

    assert "found Claude Code, OpenCode, Codex and Gemini CLI, sign in with `claude /login`" in text
    assert "found Gemini CLI, sign in with `gemini`" in alone


def test_with_nobody_to_switch_to_the_sheet_offers_no_key_for_it(
    context: Callable[..., Context], afternoon: Snapshot
) -> None:
    from pf_tui import snapshot
    from pf_tui.tui.dialogs import pickers

    assert pickers.switch_page(snapshot.take(context()), space(80)).keys == (("q", "closes"),)
    assert pickers.switch_page(afternoon, space(80)).keys == (("1–9 a–z", "switches"), ("q", "closes"))


def test_nothing_is_installed_into_gemini(afternoon: Snapshot) -> None:
    full, _ = (plain(one) for one in welcome.next_step(afternoon, ("codex", "gemini")))

    assert full == "found Codex: pf-tui install codex lets a switch move it"
    assert welcome.next_step(afternoon, ("gemini",)) == ()


def test_the_next_step_names_what_is_not_installed_yet(afternoon: Snapshot) -> None:
    full, least = (plain(one) for one in welcome.next_step(afternoon, ("opencode", "codex")))

    assert full == "found OpenCode, Codex: pf-tui install opencode lets a switch move it"
    assert least == "pf-tui install opencode"


def test_a_long_event_goes_on_below_and_the_foot_says_its_gist(afternoon: Snapshot) -> None:
    event = Event(
        id="1",
        ts=scene.NOW,
        who="gateway",
        action="failover",
        why="anthropic-subscription hit its 5-hour limit (429)",
        before={"active": "anthropic-subscription"},
        after={"active": "openrouter"},
    )
    narrow = space(44)

    text = events.page_for([event], narrow).text()
    assert " ".join(text.split()).endswith("→ openrouter: anthropic-sub hit its 5-hour limit (429)")
    assert "→ openrouter: anthropic 429" in plain(events.latest([event], narrow))


def test_the_foot_says_what_happened_before_it_says_when_and_why(afternoon: Snapshot) -> None:
    back = Event(
        id="1",
        ts=scene.at(-20),
        who="gateway",
        action="release",
        why="a request went through",
        before={},
        after={"provider": "anthropic-subscription"},
    )
    told = plain(events.latest([back], space(44)))

    assert "anthropic-sub may serve again" in told
    assert "…" not in told


@pytest.mark.parametrize(
    ("budgets", "words"),
    [
        ({"daily_usd": 20}, "$20 a day"),
        ({"monthly_usd": 12.5}, "$12.5 a month"),
        ({"daily_tokens": 1_500_000}, "1.5M tokens a day"),
        ({"monthly_requests": None}, "no limit of requests a month"),
    ],
)
def test_a_budget_in_the_events_is_told_as_a_person_would(budgets: dict[str, float], words: str) -> None:
    after = {"provider": "openrouter", **budgets}
    event = Event(id="1", ts=scene.NOW, who="cli", action="limit", why="", before={}, after=after)

    assert sentence(event) == f"budget of openrouter: {words}"


def test_every_action_that_is_journalled_is_told_in_a_sentence() -> None:
    package = Path(events.__file__).parents[2]
    written = {
        word
        for path in package.rglob("*.py")
        for call in re.findall(r"write_down\(([^)]*)", path.read_text(encoding="utf-8"))
        for word in re.findall(r'"([a-z-]+)"', call.partition("=")[0])
    }
    told = {word: Event(id="1", ts=scene.NOW, who="cli", action=word) for word in written}

    assert {"install", "import", "failover"} <= written
    assert [word for word, event in told.items() if sentence(event) == word] == []


def test_a_model_is_named_without_its_date_where_that_would_be_cut(afternoon: Snapshot) -> None:
    names = [row.content[1].text for row in models.page_for(afternoon, space(61)).rows]

    assert "claude-sonnet-4-5" in names
    assert not [name for name in names if name.startswith("claude") and "…" in name]


def test_where_most_names_are_long_other_columns_leave_for_them(afternoon: Snapshot) -> None:
    page = models.page_for(afternoon, space(44), Choice(words="antigravity"), extras=True)
    names = [plain(row.content).split()[0] for row in page.rows]

    assert len(names) > 10
    assert set(names) <= set(afternoon.catalog.models)


def test_a_long_name_among_others_keeps_its_beginning_and_its_end(afternoon: Snapshot) -> None:
    text = models.page_for(afternoon, space(44), extras=True).text()

    assert "antigravit…-6-thinking" in text
    assert "claude-opus-5-5 " in text


def test_who_follows_is_said_of_the_one_who_serves_alone(afternoon: Snapshot) -> None:
    runs_dry = scene.limit("5h", 62, scene.at(1, minutes=38), runs_out_at=scene.at(1, minutes=10))
    shown = replace(
        afternoon,
        providers=tuple(
            replace(view, limits=(runs_dry,)) if view.id == "openrouter" else view
            for view in afternoon.providers
        ),
    )

    assert "→ openrouter" in limits.page_for(shown, space(80), "anthropic-subscription").text()
    assert "at this pace empty at ~15:12" in limits.page_for(shown, space(80), "openrouter").text()
    assert "→" not in limits.page_for(shown, space(80), "openrouter").text()


def in_flight(afternoon: Snapshot, tokens: int, seconds: float) -> Snapshot:
    request = LiveRequest(
        id="1",
        agent=None,
        session=None,
        provider="openrouter",
        model="claude-opus-5-5",
        since=scene.NOW,
        tokens=tokens,
        first_byte_ms=1,
    )
    running_now = Gateway(host="::1", port=4100, pid=1, since=scene.NOW, live=(request,))
    return replace(afternoon, at=scene.NOW + timedelta(seconds=seconds), gateway=running_now)


def test_of_many_requests_in_flight_as_many_are_shown_as_there_is_room_for(afternoon: Snapshot) -> None:
    shown = in_flight(afternoon, 100, 1)
    assert shown.gateway is not None
    one = shown.gateway.live[0]
    many = replace(
        shown, gateway=replace(shown.gateway, live=tuple(replace(one, id=str(at)) for at in range(9)))
    )
    text = [plain(row) for row in live.lines(many, (), space(60), 2)]

    assert len(text) == 4
    assert "9 live" in text[0]
    assert "and 7 more" in text[-1]


def test_throughput_is_what_came_between_two_looks(afternoon: Snapshot) -> None:
    flow = live.Flow()
    flow.add(in_flight(afternoon, 0, 0))
    rates = flow.add(in_flight(afternoon, 100, 2))

    assert rates == (50.0,)
    assert plain(live.count(in_flight(afternoon, 100, 2), rates)) == "1 live 50 tok/s"
    assert "[::1]:4100" in plain(live.lines(in_flight(afternoon, 100, 2), rates, space(60))[0])
    assert (
        plain(live.lines(in_flight(afternoon, 100, 2), rates, space(46))[0]).rstrip().endswith("50 tok/s  █")
    )


def test_when_the_gateway_stops_its_past_is_forgotten(afternoon: Snapshot) -> None:
    flow = live.Flow()
    flow.add(in_flight(afternoon, 0, 0))
    flow.add(in_flight(afternoon, 100, 2))

    assert flow.add(replace(afternoon, gateway=None)) == ()


# -- notifications


def told(before: Snapshot, now: Snapshot) -> list[str]:
    return [kind for kind, _ in notify.changes(before, now)]


def changed(shown: Snapshot, provider: str, state: str) -> Snapshot:
    views = tuple(replace(view, state=state) if view.id == provider else view for view in shown.providers)
    return replace(shown, providers=views)


def test_a_warning_a_reset_and_a_failover_are_told_once(afternoon: Snapshot) -> None:
    warned = changed(afternoon, "anthropic-subscription", "warning")
    assert told(afternoon, warned) == ["warn"]
    assert told(warned, warned) == []
    assert told(afternoon, changed(afternoon, "openai-subscription", "ready")) == ["reset"]
    before = replace(afternoon, events=(), active=replace(afternoon.active, provider="openrouter"))
    assert told(before, afternoon) == ["failover"]


def test_a_notification_holds_no_control_character() -> None:
    assert notify.osc9("a\x07b\x1b]52;c;", tmux=False) == "\x1b]9;a^Gb^[]52;c;\x07"
    assert notify.osc9("hi", tmux=True).startswith("\x1bPtmux;\x1b\x1b]9;hi")


# -- screenshots, commands, progress


@pytest.mark.parametrize(
    "secret",
    [
        "sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789",
        "sk-or-v1-0123456789abcdef0123456789abcdef",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "AKIAIOSFODNN7EXAMPLE1234",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig",
        "person@example.com",
    ],
)
def test_a_screenshot_blots_out_what_looks_like_a_secret(secret: str) -> None:
    shown = screenshot.masked(f"│ key {secret} │")

    assert secret[:6] not in shown
    assert len(shown) == len(f"│ key {secret} │")


@pytest.mark.parametrize(
    "harmless",
    [
        "anthropic-subscription",
        "claude-sonnet-4-5-20250929",
        "us.anthropic.claude-opus-4-1-20250805-v1:0",
        "~/.opencode/provider-fallback/config.json",
        "OPENROUTER_API_KEY",
    ],
)
def test_names_and_paths_stay_readable_in_a_screenshot(harmless: str) -> None:
    assert screenshot.masked(harmless) == harmless


def test_first_words_come_from_the_command_table() -> None:
    assert [offer.value for offer in cli_runner.first_words("swi")] == ["switch"]
    assert "run" not in [offer.value for offer in cli_runner.first_words("")]


def test_what_all_completions_share_is_completed() -> None:
    assert cli_runner.shared_start(["openrouter", "openai-api"]) == "open"
    assert cli_runner.shared_start([]) == ""


@pytest.mark.parametrize(
    ("words", "deed"),
    [
        (["switch", "groq"], "switch groq"),
        (["switch", "next"], "next"),
        (["switch", "nobody"], None),
        (["switch", "groq", "--force"], None),
        (["theme", "nord"], "theme nord"),
        (["auth", "set", "groq"], "credential groq"),
        (["q"], "quit-now"),
        (["status"], None),
    ],
)
def test_words_the_dashboard_does_itself(afternoon: Snapshot, words: list[str], deed: str | None) -> None:
    assert cli_runner.own_action(words, afternoon) == deed


def test_progress_says_share_rate_and_time_left() -> None:
    text = plain(progress.line_for(300_000_000, 900_000_000, 1.0, BRAILLE))

    assert "33 %" in text
    assert "300 MB/s" in text
    assert "2 s left" in text
    assert "esc stops" in text


def test_a_picture_is_saved_below_the_home_and_named_short() -> None:
    assert screenshot.short(Path("/home/x/a/b.svg"), {"HOME": "/home/x"}) == "~/a/b.svg"
    assert screenshot.short(Path("/srv/b.svg"), {"HOME": "/home/x"}) == "/srv/b.svg"


@example("", " 0", 4)
@given(TEXTS, TEXTS, st.integers(4, 60))
def test_a_wrapped_line_keeps_its_words_and_its_width(first: str, second: str, width: int) -> None:
    whole = line(Span(first, "bad"), Span(second, "muted"))
    broken = colour.wrapped(whole, width)

    assert all(cells(one) <= width for one in broken)
    assert "".join("".join(map(plain, broken)).split()) == "".join(plain(whole).split())


@pytest.mark.parametrize("width", [80, 44])
def test_a_guessed_window_says_that_it_is_one(afternoon: Snapshot, width: int) -> None:
    guess = scene.limit(
        "5h", 50, scene.at(3), unit="tokens", used=500_000.0, limit=1_000_000.0, source="estimate"
    )
    shown = replace(
        afternoon,
        providers=tuple(
            replace(view, limits=(guess,)) if view.id == "anthropic-subscription" else view
            for view in afternoon.providers
        ),
    )

    text = limits.page_for(shown, space(width), "anthropic-subscription").text()

    assert "~50 %" in text
    assert "~ our estimate, 2 min ago" in text
    assert "500K tokens of 1M tokens" in text
