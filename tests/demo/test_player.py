"""The story played on real files, by a clock that the test moves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pf_tui import actions, snapshot
from pf_tui.demo import stage, story
from pf_tui.demo.player import Player
from pf_tui.records import replace
from pf_tui.snapshot import Snapshot
from pf_tui.state import gateway
from pf_tui.state.context import Context

FIRST = "anthropic-subscription"
SECOND = "openrouter"


class Theatre:
    """A player and the dashboard's look at its world, on one clock."""

    def __init__(self, ctx: Context, seed: int) -> None:
        self.now: datetime = ctx.now()
        self.ctx = replace(ctx, clock=lambda: self.now)
        self.player = Player(self.ctx, Path(ctx.env["HOME"]), seed)
        self.player.open_gateway()
        self.passed_s = 0.0

    def until(self, seconds: float) -> Snapshot:
        """Play up to that many seconds since the beginning."""
        while self.passed_s < seconds:
            self.passed_s += 0.5
            self.now += timedelta(seconds=0.5)
            self.player.tick()
        return self.look()

    def look(self) -> Snapshot:
        return snapshot.take(self.ctx)

    @property
    def serves(self) -> str | None:
        active = self.look().active
        return active.provider if active else None


@pytest.fixture
def theatre() -> Iterator[Theatre]:
    with stage(play=False, seed=23) as ctx:
        yield Theatre(ctx, 23)


def test_the_window_climbs_past_warning_then_the_next_provider_takes_over(theatre: Theatre) -> None:
    warned = theatre.until(8)
    assert warned.view(FIRST).state == "warning"

    after = theatre.until(story.FIRST_FAILURE_S + 0.5)
    event = after.events[-1]

    assert theatre.serves == SECOND
    assert event.action == "failover"
    assert event.evidence["status"] == 429
    assert event.why == "anthropic-subscription hit its 5-hour limit (429)"
    assert after.view(FIRST).state == "benched"


def test_the_turn_in_flight_goes_on_at_the_next_provider(theatre: Theatre) -> None:
    theatre.until(story.FIRST_FAILURE_S - 0.5)
    before = gateway.read(theatre.ctx.paths)
    assert before is not None
    assert {one.provider for one in before.live} == {FIRST}

    theatre.until(story.FIRST_FAILURE_S + 0.5)
    after = gateway.read(theatre.ctx.paths)

    assert after is not None
    moved = [one for one in after.live if one.attempt == 2]
    assert {one.provider for one in moved} == {SECOND}
    assert {one.id for one in moved} <= {one.id for one in before.live}


def test_the_first_comes_back_and_serves_again(theatre: Theatre) -> None:
    back = theatre.until(story.FIRST_BACK_S + 2)

    assert theatre.serves == FIRST
    assert back.view(FIRST).state == "ready"
    assert any(event.action == "release" for event in back.events)


def test_work_goes_on_and_its_cost_grows(theatre: Theatre) -> None:
    before = theatre.look().today
    after = theatre.until(40).today

    assert after.requests > before.requests + 5
    assert (after.cost_usd or 0) > (before.cost_usd or 0)


def test_a_switch_by_key_is_respected(theatre: Theatre) -> None:
    theatre.until(5)
    actions.switch(theatre.ctx, "zai-coding-plan")

    theatre.until(12)
    running = gateway.read(theatre.ctx.paths)

    assert theatre.serves == "zai-coding-plan"
    assert running is not None
    assert running.live[-1].provider == "zai-coding-plan"
    assert theatre.look().view(FIRST).state != "benched"


def test_the_story_goes_on_about_the_provider_that_was_switched_to(theatre: Theatre) -> None:
    actions.switch(theatre.ctx, "zai-coding-plan")

    theatre.until(60)

    failed = [event for event in theatre.look().events if event.action == "failover" and event.evidence]
    assert failed[-1].before["active"] == "zai-coding-plan"


def test_with_auto_switch_off_nobody_takes_over(theatre: Theatre) -> None:
    actions.set_auto_switch(theatre.ctx, False)

    theatre.until(story.FIRST_FAILURE_S + 6)

    assert theatre.serves == FIRST
    assert theatre.look().view(FIRST).state == "benched"


def test_a_bench_by_hand_stays_until_it_is_lifted_by_hand(theatre: Theatre) -> None:
    actions.bench(theatre.ctx, SECOND)

    later = theatre.until(story.FIRST_BACK_S + 4)

    assert later.view(SECOND).state == "benched"


def test_ten_minutes_pass_without_a_problem(theatre: Theatre) -> None:
    end = theatre.until(600)

    assert end.problems == ()
    assert end.active is not None
    assert sum(event.action == "failover" for event in end.events) >= 8


def test_a_plan_is_used_by_its_own_agent_alone_and_has_no_credit(theatre: Theatre) -> None:
    for second in range(1, 200):
        theatre.until(second)
        running = gateway.read(theatre.ctx.paths)
        assert running is not None
        new = [one for one in running.live if one.provider == FIRST]
        assert {one.agent for one in new} <= {"claude-code"}

    failed = [event for event in theatre.look().events if event.action == "failover"]
    assert not any("credit" in event.why and FIRST in event.why for event in failed)


def test_a_stopped_gateway_stays_stopped_while_work_goes_on(theatre: Theatre) -> None:
    theatre.until(3)
    theatre.player.close_gateway()
    before = theatre.look().today.requests

    after = theatre.until(12)

    assert after.gateway is None
    assert after.today.requests > before


def test_no_file_of_the_demo_holds_a_key_of_the_usual_shape(theatre: Theatre) -> None:
    theatre.until(30)

    text = json.loads(theatre.ctx.paths.auth.read_text())
    assert {
        entry["apiKey"] if "apiKey" in entry else next(iter(entry.values()))
        for entry in text["providers"].values()
    } == {"demo-value-that-opens-nothing"}
