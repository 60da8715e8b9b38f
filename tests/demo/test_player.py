"""The story played through a real gateway, by a clock that the test moves."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pf_tui import actions, snapshot
from pf_tui.demo import story, temporary_home
from pf_tui.demo.player import Player
from pf_tui.gateway.server import Gateway, listen
from pf_tui.ingest import pipeline
from pf_tui.records import replace
from pf_tui.sessions import evidence
from pf_tui.sessions.overview import Watch, overview
from pf_tui.snapshot import Snapshot
from pf_tui.state import gateway as address
from pf_tui.state.context import Context
from tests.gateway.upstreams import CONTROL, TOKEN, eventually, settled

FIRST = "anthropic-subscription"
SECOND = "openrouter"
CLAUDE, DASHBOARD, OPENCODE, CODEX = range(4)


class Theatre:
    """A player, the gateway in this process, and the dashboard's look at its world, on one clock."""

    def __init__(self, ctx: Context, seed: int) -> None:
        self.now: datetime = ctx.now()
        self.ctx = replace(ctx, clock=lambda: self.now)
        self.player = Player(self.ctx, Path(ctx.env["HOME"]), seed, pace=0)
        self.gateway = Gateway(self.ctx.as_("gateway"), TOKEN, CONTROL)
        self.began = self.now

    async def open(self) -> None:
        await self.player.open()
        sockets = listen(0)
        await self.gateway.start(sockets)
        port = sockets[0].getsockname()[1]
        running = address.Gateway(host="127.0.0.1", port=port, pid=os.getpid(), since=self.now)
        address.write(self.ctx.paths, running, TOKEN)
        self.player.tick()

    async def close(self) -> None:
        await self.player.close()
        await self.gateway.stop(1.0)

    async def at(self, second: float, *who: int) -> Snapshot:
        """What is to be seen at that second of the story, after one request of each of these sessions."""
        while (self.now - self.began).total_seconds() < second:
            self.now += timedelta(seconds=0.5)
            self.player.tick()
        for place in who:
            await self.player.ask(self.player.sessions[place])
        await settled(self.gateway)
        self.player.tick()
        return self.look()

    def look(self) -> Snapshot:
        return snapshot.take(self.ctx)

    @property
    def serves(self) -> str | None:
        active = self.look().active
        return active.provider if active else None


@pytest.fixture
async def theatre() -> AsyncIterator[Theatre]:
    with temporary_home(play=False, seed=23) as ctx:
        one = Theatre(ctx, 23)
        await one.open()
        yield one
        await one.close()


async def test_the_window_climbs_past_warning_then_the_next_provider_takes_over(theatre: Theatre) -> None:
    warned = await theatre.at(8, CLAUDE)
    assert warned.view(FIRST).state == "warning"

    after = await theatre.at(story.FIRST_FAILURE_S + 0.5, CLAUDE)
    event = next(event for event in reversed(after.events) if event.action == "failover")

    assert theatre.serves == SECOND
    assert event.evidence["status"] == 429
    assert after.view(FIRST).state == "benched"
    assert after.today.requests > warned.today.requests  # the turn went on at the second


async def test_the_first_comes_back_and_serves_again(theatre: Theatre) -> None:
    await theatre.at(story.FIRST_FAILURE_S + 0.5, CLAUDE)

    back = await theatre.at(story.FIRST_BACK_S + 4, CLAUDE)

    assert theatre.serves == FIRST
    assert back.view(FIRST).state == "ready"
    assert any(event.action in ("failback", "release") for event in back.events)


async def test_a_session_that_may_use_the_plan_alone_waits_and_goes_on_at_the_reset(theatre: Theatre) -> None:
    def state() -> str:
        name = theatre.player.sessions[DASHBOARD].id
        return next(
            session.state for session in overview(theatre.ctx, Watch(theatre.ctx)) if session.id == name
        )

    await theatre.at(8, CLAUDE, DASHBOARD)
    await theatre.at(story.FIRST_FAILURE_S + 0.5, CLAUDE, DASHBOARD)
    await theatre.at(story.FIRST_FAILURE_S + 8, DASHBOARD)
    await eventually(lambda: state() == "limited", "it waits")
    assert theatre.serves == SECOND  # the others have moved

    await theatre.at(story.FIRST_BACK_S + 4, DASHBOARD)

    await eventually(lambda: state() == "idle", "it goes on")
    event = next(event for event in reversed(theatre.look().events) if event.action == "session-resume")
    assert "went on by itself" in event.why


async def test_each_agents_request_is_a_row_with_its_cost(theatre: Theatre) -> None:
    before = theatre.look().today
    after = (await theatre.at(3, CLAUDE, OPENCODE, CODEX)).today

    assert after.requests == before.requests + 3
    assert (after.cost_usd or 0) > (before.cost_usd or 0)


async def test_a_switch_by_key_is_respected(theatre: Theatre) -> None:
    await theatre.at(5)
    actions.switch(theatre.ctx, "zai-coding-plan")

    await theatre.at(12, CLAUDE)

    assert theatre.serves == "zai-coding-plan"
    assert theatre.look().view(FIRST).state != "benched"


async def test_the_story_goes_on_about_the_provider_that_was_switched_to(theatre: Theatre) -> None:
    actions.switch(theatre.ctx, "zai-coding-plan")

    for second in range(2, 80, 4):
        await theatre.at(second, CLAUDE)

    failed = [event for event in theatre.look().events if event.action == "failover" and event.evidence]
    assert failed[-1].why.startswith("zai-coding-plan")


async def test_with_auto_switch_off_nobody_takes_over(theatre: Theatre) -> None:
    actions.set_auto_switch(theatre.ctx, False)

    await theatre.at(story.FIRST_FAILURE_S + 1, CLAUDE)

    assert theatre.serves == FIRST
    assert theatre.look().view(FIRST).state == "benched"


async def test_a_bench_by_hand_stays_until_it_is_lifted_by_hand(theatre: Theatre) -> None:
    actions.bench(theatre.ctx, SECOND)

    later = await theatre.at(story.FIRST_BACK_S + 4, CLAUDE)

    assert later.view(SECOND).state == "benched"


async def test_five_minutes_pass_without_a_problem(theatre: Theatre) -> None:
    for second in range(0, 300, 6):
        await theatre.at(second, CLAUDE, OPENCODE)
    end = theatre.look()

    assert end.problems == ()
    assert end.active is not None
    assert sum(event.action == "failover" for event in end.events) >= 4


async def test_a_plan_is_used_by_its_own_agent_alone_and_has_no_credit(theatre: Theatre) -> None:
    await theatre.at(3, OPENCODE, CODEX)
    assert theatre.player.vendors.answered(FIRST) == 0

    await theatre.at(4, CLAUDE)
    assert theatre.player.vendors.answered(FIRST) == 1


async def test_without_a_gateway_nobody_is_served_and_nothing_breaks(theatre: Theatre) -> None:
    address.remove(theatre.ctx.paths)

    assert not await theatre.player.ask(theatre.player.sessions[CLAUDE])


async def test_the_sessions_are_seen_as_the_agents_publish_them(theatre: Theatre) -> None:
    home = Path(theatre.ctx.env["HOME"])
    claude, _, opencode, codex = theatre.player.sessions

    theatre.player.busy.update((claude.id, opencode.id, codex.id))
    theatre.player.tick()

    registry = [json.loads(path.read_text()) for path in (home / ".claude" / "sessions").glob("*.json")]
    assert {(one["sessionId"] == claude.id, one["status"]) for one in registry} == {
        (True, "busy"),
        (False, "idle"),
    }
    told = evidence.Store(theatre.ctx.paths).all()
    assert told["opencode", opencode.id].status == "busy"
    [rollout] = (home / ".codex" / "sessions").rglob("*.jsonl")
    rows = [json.loads(line) for line in rollout.read_text().splitlines()]
    assert rollout.name.endswith(f"-{codex.id}.jsonl")
    assert rows[-1]["payload"]["type"] == "task_started"


async def test_no_log_of_the_demo_is_named_as_unread(theatre: Theatre) -> None:
    for second in range(0, 60, 6):
        await theatre.at(second, CLAUDE, OPENCODE, CODEX)
    ctx = theatre.ctx

    report = pipeline.ingest(ctx.paths.ledger, ctx.env, ctx.catalog())

    assert report.unread == ()


async def test_no_file_of_the_demo_holds_a_key_of_the_usual_shape(theatre: Theatre) -> None:
    await theatre.at(30, CLAUDE)

    text = json.loads(theatre.ctx.paths.auth.read_text())
    assert {
        entry["apiKey"] if "apiKey" in entry else next(iter(entry.values()))
        for entry in text["providers"].values()
    } == {"demo-value-that-opens-nothing"}
