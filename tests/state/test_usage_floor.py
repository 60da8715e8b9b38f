"""usage.json shared with the original plugin: what it counted holds, what we wrote ourselves is no floor."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pf_tui import actions, snapshot
from pf_tui.actions.usage import write_counters
from pf_tui.ledger import gateway_rows
from pf_tui.ledger.gateway_rows import Attempt
from pf_tui.state.context import Context

Make = Callable[..., Context]
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Shared:
    """A folder that both use; openrouter has a budget of 1000 tokens a day."""

    def __init__(self, context: Make) -> None:
        self.now = NOON
        self.ctx = context(now=lambda: self.now, env={"OPENROUTER_API_KEY": "k1", "GROQ_API_KEY": "k2"})
        actions.set_priority(self.ctx, ["openrouter", "groq"])
        actions.set_budgets(self.ctx, "openrouter", {"daily_tokens": 1000, "monthly_tokens": 5000})

    def original(self, daily: int, monthly: int, day: str = "2026-11-24") -> None:
        """The original loads its file, counts, and writes all of it in place."""
        path = self.ctx.paths.usage
        content = json.loads(path.read_text()) if path.exists() else {"version": 2}
        content["lastReset"] = {"daily": day, "monthly": day[:7]}
        entry = {"dailyTokens": daily, "monthlyTokens": monthly}
        content["providers"] = {**content.get("providers", {}), "openrouter": entry}
        path.write_text(json.dumps(content))

    def use(self, tokens: int) -> None:
        number = f"r{self.now.timestamp()}-{tokens}"
        row = Attempt(
            at=self.now,
            agent="codex",
            provider="openrouter",
            model="gpt-6.1-sol",
            request_id=number,
            input=tokens,
        )
        gateway_rows.add(self.ctx.paths.ledger, [row])
        write_counters(self.ctx)

    def counted(self) -> tuple[int, int]:
        entry = json.loads(self.ctx.paths.usage.read_text())["providers"]["openrouter"]
        return entry["dailyTokens"], entry["monthlyTokens"]

    def state(self) -> str:
        return snapshot.take(self.ctx).view("openrouter").state

    def serves(self) -> str | None:
        active = snapshot.take(self.ctx).active
        return active.provider if active else None


@pytest.fixture
def shared(context: Make) -> Shared:
    return Shared(context)


@pytest.mark.parametrize(("daily", "monthly"), [(1000, 1000), (10, 5000), (0, 99_999)])
def test_a_provider_that_the_original_calls_used_up_does_not_serve(
    shared: Shared, daily: int, monthly: int
) -> None:
    shared.original(daily, monthly)

    assert shared.state() == "exhausted"
    assert shared.serves() == "groq"


def test_the_first_ingest_does_not_zero_the_originals_counters(shared: Shared) -> None:
    shared.original(700, 2000)

    shared.use(300)

    assert shared.counted() == (700, 2000)
    assert shared.state() == "ready"


def test_what_we_wrote_ourselves_is_no_floor(shared: Shared) -> None:
    shared.use(400)
    shared.use(500)
    assert shared.counted() == (900, 900)

    shared.now += timedelta(minutes=1)
    actions.reset(shared.ctx, "openrouter")
    shared.now += timedelta(minutes=1)
    shared.use(10)

    assert shared.counted()[0] == 10


def test_the_original_counts_on_from_what_we_wrote(shared: Shared) -> None:
    shared.use(400)
    shared.original(950, 950)

    shared.use(100)

    assert shared.counted() == (950, 950)
    shared.use(600)
    assert shared.counted() == (1100, 1100)


def test_a_reset_clears_both(shared: Shared) -> None:
    shared.original(1000, 1000)

    actions.reset(shared.ctx, "openrouter")

    assert shared.counted() == (0, 0)
    assert shared.serves() == "openrouter"


def test_a_new_day_has_a_new_floor_and_the_month_keeps_its_own(shared: Shared) -> None:
    shared.original(1000, 4000)
    shared.use(1)

    shared.now += timedelta(days=1)
    assert shared.serves() == "openrouter"
    shared.use(2)

    assert shared.counted() == (2, 4000)


@pytest.mark.parametrize(
    "entry",
    [None, 7, {"dailyTokens": "many"}, {"dailyTokens": True, "monthlyTokens": -5}, {"dailyTokens": 1e300}],
)
def test_a_counter_that_is_none_is_no_floor(shared: Shared, entry: object) -> None:
    content = {"version": 2, "lastReset": {"daily": "2026-11-24"}, "providers": {"openrouter": entry}}
    shared.ctx.paths.usage.write_text(json.dumps(content))

    assert shared.serves() == "openrouter"
