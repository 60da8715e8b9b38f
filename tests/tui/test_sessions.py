"""The sessions pane and line 1: what agents do, whom they really use, and what a key does about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui.cli import status_view
from pf_tui.records import replace
from pf_tui.sessions.records import Session, WindowShare
from pf_tui.state.context import Context
from pf_tui.text.lines import cells, plain
from pf_tui.tui import layout, session_feed
from pf_tui.tui.dialogs.line import TextLine
from pf_tui.tui.page import Choice, Space
from pf_tui.tui.panes import sessions, status
from pf_tui.tui.refresher import Refresher
from pf_tui.tui.session_feed import SessionFeed
from pf_tui.tui.times import Clock
from pf_tui.tui.watch import DirectoryWatch
from tests.patience import eventually

from .test_layouts import scene, week

Opened = Callable[..., Any]


def session(name: str, agent: str, project: str, state: str, **facts: Any) -> Session:
    known: dict[str, Any] = {
        "by": "registry",
        "observed_at": scene.at(minutes=-2),
        "provider": "anthropic-subscription",
        "provider_by": "log",
        "model": "claude-opus-5-5",
    }
    return Session(id=name, agent=agent, project=project, state=state, **{**known, **facts})


def four() -> tuple[Session, ...]:
    """One that waits, one that works with a subagent, one at its limit, one that has ended."""
    child = session(
        "c1",
        "codex",
        "/work/web",
        "working",
        parent="b",
        agent_type="Explore",
        cost_usd=0.04,
        model="gpt-6.1",
    )
    return (
        session(
            "a1",
            "claude-code",
            "/work/api",
            "waiting",
            branch="main",
            waiting_for="permission",
            context_percent=41.0,
            cost_usd=1.2,
            window_share=WindowShare(window="5h", percent=18.0),
        ),
        session(
            "b2",
            "codex",
            "/work/web",
            "working",
            worktree="feat-x",
            provider="openai-api",
            model="gpt-6.1-sol",
            context_percent=12.0,
            cost_usd=0.31,
            cost_per_hour=2.4,
            observed_at=scene.at(seconds=-8),
            children=(child,),
        ),
        session(
            "c3",
            "opencode",
            "/work/infra",
            "limited",
            provider="zai-coding-plan",
            model="glm-5.3",
            limited_until=scene.at(2, minutes=18),
        ),
        session("d4", "claude-code", "/work/docs", "ended", observed_at=scene.at(minutes=-31), cost_usd=0.8),
    )


def drawn(shown: tuple[Session, ...], width: int, height: int = 40, choice: Choice | None = None) -> str:
    space = Space(width=width, height=height, clock=Clock(now=scene.NOW))
    page = sessions.page_for(shown, {}, space, choice)
    assert all(cells(one.content) <= width for one in page.rows), page.text()
    return page.text()


@pytest.mark.parametrize("width", [30, 44, 60, 78, 100, 156])
@pytest.mark.parametrize("height", [4, 40])
def test_each_state_reads_by_its_word_at_every_size(width: int, height: int) -> None:
    text = drawn(four(), width, height)

    for told in ("api", "◆", "●", "◌", "ended within", "Explore"):
        assert told in text
    assert "16:20" in text or width >= 60


def test_in_a_split_a_session_tells_state_model_context_and_cost() -> None:
    text = drawn(four(), 44)

    assert "waiting 2 min" in text
    assert "claude · opus-5-5" in text
    assert "41 %  $1.20" in text
    assert "limited → 16:20" in text


def test_a_wide_row_says_for_what_it_waits_and_its_share_of_the_window() -> None:
    text = drawn(four(), 68)

    assert "permission · 2 min" in text
    assert "18 % of 5h" in text
    assert "$2.40/h" in text


def test_of_many_subagents_the_others_are_counted() -> None:
    child = four()[1].children[0]
    busy = replace(four()[1], children=tuple(replace(child, id=str(n)) for n in range(5000)))

    text = drawn((busy,), 44)

    assert "4 996 more subagents" in text
    assert len(text.splitlines()) < 12


@pytest.mark.parametrize("width", [44, 68, 120])
def test_foreign_text_in_a_row_is_text_and_fits(width: int) -> None:
    odd = session(
        "e5", "codex", "/work/\x1b[31mred\x07名前名前名前名前名前", "idle", branch="x" * 300, guess=True
    )

    text = drawn((odd,), width)

    assert "\x1b" not in text
    assert "idle?" in text


def test_a_filter_finds_by_project_agent_model_and_state() -> None:
    for words in ("infra", "opencode", "glm", "limited", "zai"):
        text = drawn(four(), 68, choice=Choice(words=words))
        assert "infra" in text
        assert "api (main)" not in text


def lines(width: int, shown: tuple[Session, ...], **changes: Any) -> list[str]:
    made = replace(AFTERNOON[0], **changes)
    space = Space(width=width, height=2, clock=Clock(now=scene.NOW))
    return [plain(one) for one in status.lines_for(made, space, shown)]


AFTERNOON: list[Any] = []


@pytest.fixture(autouse=True)
def _afternoon(context: Callable[..., Context]) -> None:
    AFTERNOON[:] = [scene.afternoon(context)]


@pytest.mark.parametrize("width", [44, 60, 80, 100, 120, 160])
def test_line_1_tells_who_really_serves_and_the_choice_beside_it(width: int) -> None:
    elsewhere = tuple(replace(one, provider="openai-subscription", agent="codex") for one in four())

    told = "\n".join(lines(width, elsewhere))

    before = told.partition("→")[0]
    assert "openai-sub" in before.splitlines()[0]
    assert "chosen anthropic-sub" in before
    assert ", i" in before
    assert "→ openrouter" in told


@pytest.mark.parametrize("width", [44, 60, 80, 100, 120, 160])
@pytest.mark.parametrize("changes", [{}, {"auto_switch": False}, {"active": None, "next": None}], ids=str)
def test_what_it_cost_today_never_leaves_line_1(width: int, changes: dict[str, Any]) -> None:
    for shown in ((), four()):
        assert "$6.72" in lines(width, shown, **changes)[0]


@pytest.mark.parametrize("width", [44, 80, 120])
def test_when_nobody_serves_it_is_said_who_is_back_first_and_when(width: int) -> None:
    now = AFTERNOON[0]
    resting = [replace(skip, until=now.view(skip.provider).until) for skip in now.choice.skipped]
    nobody = replace(now.choice, provider=None, model=None, skipped=tuple(resting))

    told = "\n".join(lines(width, (), active=None, next=None, choice=nobody))

    assert "nobody serves" in told
    assert "first back bedrock in 8 min" in told


def test_the_model_told_is_the_one_the_sessions_ask() -> None:
    asked = (replace(four()[0], model="claude-sonnet-5-5"),)

    assert "sonnet-5-5" in lines(120, asked)[0]


class Theatre:
    """Sessions that change by hand, and a clock."""

    def __init__(self, context: Callable[..., Context], monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.shown, self.told = scene.NOW, four(), list[Any]()
        self.feed = SessionFeed(context(now=lambda: self.now), self.told.append)
        monkeypatch.setattr(session_feed, "overview", lambda ctx, watch: self.shown)

    def look(self) -> int:
        """Look now; how often something has been told."""
        self.feed._looked_s = float("-inf")
        self.feed.look()
        return len(self.told)


def test_the_screen_hears_of_a_state_or_a_minute_and_of_nothing_else(
    context: Callable[..., Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    theatre = Theatre(context, monkeypatch)
    assert theatre.look() == 1

    first = theatre.shown[0]
    theatre.shown = (replace(first, cost_usd=9.0, context_percent=50.0), *theatre.shown[1:])
    assert theatre.look() == 1

    theatre.shown = (replace(first, state="idle"), *theatre.shown[1:])
    assert theatre.look() == 2

    theatre.shown = (replace(first, state="idle", provider_by="gateway"), *theatre.shown[1:])
    assert theatre.look() == 3

    theatre.now += timedelta(minutes=1)
    assert theatre.look() == 4


def test_a_session_the_gateway_just_served_is_looked_at_at_once(
    context: Callable[..., Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Theatre(context, monkeypatch).feed
    feed.shown = False
    feed.look()
    feed.hurry()

    assert feed.wait_s() <= session_feed.HURRIED_S
    feed._looked_s -= session_feed.HURRIED_S
    feed.look()
    assert feed.wait_s() > session_feed.HURRIED_S


def test_looks_that_cost_much_are_made_less_often(
    context: Callable[..., Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Theatre(context, monkeypatch).feed
    waits = []
    for cost_s in (0.04, 0.004, 0.004, 0.2, 0.2):
        took = iter((0.0, cost_s))
        monkeypatch.setattr("pf_tui.tui.session_feed.time.thread_time", lambda took=took: next(took))
        feed._looked_s = float("-inf")
        feed.look()
        waits.append(round(feed.wait_s() - feed._looked_s + time.monotonic(), 1))

    assert waits == [session_feed.SHOWN_S, 0.8, 0.8, 0.8, session_feed.HIDDEN_S]


def test_a_fault_in_one_look_is_told_and_the_next_look_goes_on(
    context: Callable[..., Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, ...]] = []
    shown: list[Any] = []
    ctx = context(now=scene.NOW)
    feed = Refresher(
        ctx, lambda snapshot, _: told.append(snapshot.problems), scene.afternoon(context), "7d", "provider",
        shown.append,
    )  # fmt: skip
    answers: list[Any] = [OverflowError("PROMPT"), OverflowError("PROMPT"), four()]

    def overview(*_: object) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(session_feed, "overview", overview)
    while answers:
        assert feed._sessions is not None
        feed._sessions._looked_s = float("-inf")
        feed._look_at_sessions()

    ((*_, problem),) = told
    assert problem.startswith("the agents' sessions cannot be read (OverflowError in ")
    assert "PROMPT" not in problem
    assert len(shown) == 1


def test_hidden_sessions_are_looked_at_less_often(
    context: Callable[..., Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Theatre(context, monkeypatch).feed
    feed.look()

    assert 0 < feed.wait_s() <= session_feed.SHOWN_S
    feed.shown = False
    assert session_feed.SHOWN_S < feed.wait_s() <= session_feed.HIDDEN_S


def test_a_narrow_screen_of_24_rows_leaves_none_of_them_blank() -> None:
    shown = layout.visible("-narrow", "-high", "providers", "models", zoomed=False)

    assert shown == {"sessions", "limits", "providers"}
    assert layout.stacked(shown)
    assert layout.visible("-narrow", "-high", "analytics", "models", zoomed=False) == {"analytics"}
    assert layout.visible("-narrow", "-short", "providers", "models", zoomed=False) == {"providers"}


def test_a_narrow_tall_screen_shows_sessions_providers_and_limits() -> None:
    shown = layout.visible("-narrow", "-tall", "sessions", "models", zoomed=False)

    assert layout.stacked(shown)
    assert layout.visible("-narrow", "-tall", "models", "models", zoomed=False) == {"models"}


@pytest.fixture
def afternoon(dashboard: Opened, context: Callable[..., Context]) -> Opened:
    def opened(size: tuple[int, int], **more: Any) -> Any:
        return dashboard(
            size,
            ctx=context(now=scene.NOW),
            shown=scene.afternoon(context),
            report=week(),
            live=False,
            **more,
        )

    return opened


SIZES = [(44, 12), (44, 40), (80, 24), (100, 30), (120, 40), (160, 45)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_dashboard_with_sessions(afternoon: Opened, grid: Any, size: tuple[int, int]) -> None:
    async with afternoon(size) as screen:
        screen.main_screen.take_sessions(four())
        await screen.settled()

        assert "api (main)" in screen.text()
        assert screen.text() == grid


async def test_enter_shows_one_session_with_the_evidence_of_its_state(afternoon: Opened) -> None:
    async with afternoon((100, 34)) as screen:
        screen.main_screen.take_sessions(four())
        await screen.press("5", "enter")
        await screen.see("waiting for permission")

        assert "by the agent's own register, 2 min ago" in screen.text()
        assert "it asks its provider itself" in screen.text()


async def test_a_session_that_cannot_be_moved_alone_says_what_it_needs_and_nothing_is_written(
    afternoon: Opened,
) -> None:
    async with afternoon((120, 40)) as screen:
        screen.main_screen.take_sessions(four())
        await screen.press("5", "p", "2")
        await screen.see("nothing was changed")

        assert not screen.ctx.paths.health.exists()


def through_the_gateway() -> tuple[Session, ...]:
    return tuple(replace(one, provider="openrouter", provider_by="gateway", parent=None) for one in four())


@pytest.mark.parametrize(
    ("returns", "tui", "cli"),
    [
        ("cheap", "chosen anthropic-subscription, when cheap", "follow when it is cheap"),
        ("now", "chosen anthropic-subscription, next request", "follow at their next request"),
        ("never", "chosen anthropic-subscription, new sessions", "new sessions follow"),
    ],
)
def test_sessions_that_the_gateway_moved_follow_the_choice_by_the_setting(
    context: Callable[..., Context], returns: str, tui: str, cli: str
) -> None:
    shown = scene.afternoon(context)
    shown = replace(shown, config=replace(shown.config, return_when=returns))
    space = Space(width=180, height=2, clock=Clock(now=scene.NOW))
    first = plain(status.lines_for(shown, space, through_the_gateway())[0])

    assert "openrouter serves 3" in first
    assert f"→ {tui}" in first
    assert first.count("anthropic-subscription") == 1
    told = status_view.overview(shown, UTC, 80, through_the_gateway())
    assert cli in " ".join(" ".join(row.plain for row in told).split())


@pytest.mark.parametrize("returns", ["cheap", "now", "never"])
def test_sessions_of_a_provider_that_rests_leave_it_at_their_next_request(
    context: Callable[..., Context], returns: str
) -> None:
    shown = scene.afternoon(context)
    views = tuple(
        replace(view, state="benched") if view.id == "openrouter" else view for view in shown.providers
    )
    shown = replace(shown, providers=views, config=replace(shown.config, return_when=returns))
    space = Space(width=180, height=2, clock=Clock(now=scene.NOW))

    first = plain(status.lines_for(shown, space, through_the_gateway())[0])

    assert first.startswith(" ○ openrouter")
    assert "chosen anthropic-subscription, next request" in first


async def test_i_opens_the_command_that_joins_the_sessions_to_the_choice(afternoon: Opened) -> None:
    async with afternoon((120, 40)) as screen:
        elsewhere = tuple(replace(one, provider="openai-subscription", agent="codex") for one in four())
        screen.main_screen.take_sessions(elsewhere)
        await screen.press("i")
        await screen.settled()

        assert screen.app.screen.query_one(TextLine).value.strip() == "install codex"


async def test_limits_follow_whoever_serves_the_sessions_from_the_first_look_on(dashboard: Opened) -> None:
    async with dashboard((120, 40), live=False) as screen:
        pane = screen.main_screen.query_one("#limits")
        before = plain(pane.page.facts)
        screen.main_screen.take_sessions((session("a1", "claude-code", "/work/api", "working"),))
        await screen.settled()

        assert (before, plain(pane.page.facts)) == ("openrouter", "anthropic-sub")


def test_the_branch_leaves_before_the_project_is_cut() -> None:
    long = session("a1", "claude-code", "/work/a-project-with-a-name", "working", branch="feature/of-mine")
    page = sessions.page_for((long,), {}, Space(width=44, height=20, clock=Clock(now=scene.NOW)))

    assert "a-project-with-a-name" in page.text()
    assert "feature" not in page.text()


async def test_without_a_session_the_providers_have_the_room(dashboard: Opened) -> None:
    async with dashboard((80, 24), live=False) as screen:
        providers = screen.main_screen.query_one("#providers")
        alone = providers.size.height
        screen.main_screen.take_sessions(four())
        await screen.settled()

        assert alone > 12 > providers.size.height


def test_what_an_agent_or_a_hook_writes_of_a_session_is_heard_of_at_once(tmp_path: Path) -> None:
    """Also in a folder that comes later; what is written beside it is something else."""
    told: list[str] = []
    home, registry = tmp_path / "home", tmp_path / "registry"
    home.mkdir()
    seen = DirectoryWatch(home, lambda: told.append("state"), (registry,), lambda: told.append("session"))

    def heard(path: Path, words: str) -> bool:
        seen.keep_alive()
        path.write_text(str(time.monotonic_ns()))
        return words in told

    try:
        eventually(lambda: heard(home / "a.json", "state"), "the state folder is watched")
        registry.mkdir()
        home.joinpath("b.json").touch()
        eventually(lambda: heard(registry / "1.json", "session"), "the folder that came is watched too")
    finally:
        seen.stop()
