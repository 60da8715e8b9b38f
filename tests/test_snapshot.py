"""The read side: states, limits, projects and zones as a face shows them, from real files."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui import actions, snapshot
from pf_tui.errors import StateFileUnusable
from pf_tui.ledger import queue, schema
from pf_tui.ledger import reader as ledger
from pf_tui.state.context import Context
from tests import readings
from tests.trusted import trusting

KEYS = {"OPENROUTER_API_KEY": "k1", "ANTHROPIC_API_KEY": "k2", "GROQ_API_KEY": "k3"}
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

Make = Callable[..., Context]


def state(ctx: Context, provider: str) -> str:
    return snapshot.take(ctx).view(provider).state


def write(ctx: Context, name: str, content: Any) -> None:
    ctx.paths.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (ctx.paths.home / name).write_text(json.dumps(content))


def use(ctx: Context, provider: str, at: datetime, *, output: int = 0, requests: int = 1) -> None:
    """Rows of use in the ledger, written the way an ingest does."""
    from pf_tui.ledger import rollups, rows
    from pf_tui.ledger.layout import NAME

    with schema.opened(ctx.paths.ledger, write=True) as connection:
        connection.execute("BEGIN IMMEDIATE")
        names = rows.Names(connection)
        made = []
        for number in range(requests):
            values: dict[str, Any] = dict.fromkeys(rows.FIELDS)
            values |= dict.fromkeys(
                ("input", "reasoning", "cache_read", "cache_write_5m", "cache_write_1h", "web_searches"), 0
            )
            values |= {
                "id": hash((provider, at, number)) & 0x7FFF_FFFF,
                "ts": round(at.timestamp() * 1000) + number,
                "agent": NAME["claude-code"],
                "source": NAME["transcript"],
                "provider": names(provider),
                "model": names("claude-opus-5-5"),
                "output": output // requests,
                "cost_usd": output / requests / 1_000_000,
                "cost_basis": NAME["list"],
                "status": NAME["ok"],
                "is_subagent": 0,
                "attribution": NAME["agent"],
            }
            made.append(tuple(values[name] for name in rows.FIELDS))
        rows.write(connection, made, names)
        rollups.refresh(connection)
        connection.execute("COMMIT")


def reading(ctx: Context, provider: str, percent: float, **facts: Any) -> None:
    made = readings.reading(percent, provider=provider, **{"at": NOON - timedelta(minutes=1), **facts})
    with schema.opened(ctx.paths.ledger, write=True):
        pass
    ledger.limit_readings(ctx.paths.ledger, [made])


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(0, "ready"), (74.9, "ready"), (75, "warning"), (94.9, "warning"), (95, "limited"), (100, "exhausted")],
)
def test_a_state_follows_the_fullest_window(context: Make, percent: float, expected: str) -> None:
    ctx = context(env=KEYS)
    reading(ctx, "groq", percent)

    assert state(ctx, "groq") == expected


def test_a_state_has_an_order_of_precedence(context: Make, tmp_path: Path) -> None:
    """disabled > no-credential > benched > exhausted > limited."""
    ctx = context(env=KEYS)
    reading(ctx, "groq", 96)
    seen = [state(ctx, "groq")]
    reading(ctx, "groq", 100, at=NOON)
    seen.append(state(ctx, "groq"))
    actions.bench(ctx, "groq", until=NOON + timedelta(hours=1))
    seen.append(state(ctx, "groq"))
    seen.append(state(context(env={}), "groq"))
    (ctx.paths.home / "providers.yaml").write_text("providers:\n  - id: groq\n    enabled: false\n")
    seen.append(state(context(env={}), "groq"))

    assert seen == ["limited", "exhausted", "benched", "no-credential", "disabled"]


def test_thresholds_are_a_persons_own(context: Make) -> None:
    ctx = context(env=KEYS)
    write(ctx, "config.json", {"version": 2, "pf": {"thresholds": {"warn": 0.4, "switch": 0.5}}})
    reading(ctx, "groq", 45)
    first = state(ctx, "groq")
    reading(ctx, "groq", 55, at=NOON)

    assert (first, state(ctx, "groq")) == ("warning", "limited")


def test_a_window_that_is_over_stops_nobody(context: Make) -> None:
    ctx = context(env=KEYS)
    reading(ctx, "groq", 100, resets_at=NOON - timedelta(seconds=1))

    assert state(ctx, "groq") == "ready"


@pytest.mark.parametrize(
    ("zone", "midnight", "today"),
    [
        pytest.param("UTC", datetime(2026, 11, 25, tzinfo=UTC), 1, id="utc"),
        pytest.param("America/Los_Angeles", datetime(2026, 11, 25, 8, tzinfo=UTC), 1, id="west"),
        pytest.param("Asia/Kolkata", datetime(2026, 11, 24, 18, 30, tzinfo=UTC), 2, id="half-hour"),
        pytest.param("Asia/Kathmandu", datetime(2026, 11, 24, 18, 15, tzinfo=UTC), 2, id="three-quarters"),
        pytest.param("Pacific/Kiritimati", datetime(2026, 11, 25, 10, tzinfo=UTC), 1, id="a-day-ahead"),
        pytest.param("Etc/GMT+12", datetime(2026, 11, 25, 12, tzinfo=UTC), 0, id="a-day-behind"),
    ],
)
def test_the_day_ends_at_local_midnight(context: Make, zone: str, midnight: datetime, today: int) -> None:
    """One request at 11:59 and one at 20:00 UTC the evening before, seen at noon UTC."""
    ctx = context(env={**KEYS, "TZ": zone})
    use(ctx, "groq", NOON - timedelta(minutes=1))
    use(ctx, "groq", NOON - timedelta(hours=16))
    actions.set_budgets(ctx, "groq", {"daily_requests": 10})

    view = snapshot.take(ctx).view("groq")

    assert (view.limits[0].resets_at, view.limits[0].used) == (midnight, today)


def test_a_day_of_a_clock_change_is_as_long_as_it_is(context: Make) -> None:
    """Berlin, 25 October 2026: 25 hours."""
    late = datetime(2026, 10, 25, 22, 30, tzinfo=UTC)
    ctx = context(env={**KEYS, "TZ": "Europe/Berlin"}, now=late)
    use(ctx, "groq", datetime(2026, 10, 24, 22, 0, tzinfo=UTC))
    use(ctx, "groq", datetime(2026, 10, 24, 21, 59, tzinfo=UTC))
    actions.set_budgets(ctx, "groq", {"daily_requests": 10})

    limit = snapshot.take(ctx).view("groq").limits[0]

    assert limit.used == 1
    assert limit.resets_at == datetime(2026, 10, 25, 23, 0, tzinfo=UTC)


def test_a_month_ends_on_its_first_local_midnight(context: Make) -> None:
    ctx = context(env={**KEYS, "TZ": "Asia/Tokyo"}, now=datetime(2026, 12, 31, 14, 59, tzinfo=UTC))
    use(ctx, "groq", datetime(2026, 11, 30, 15, 0, tzinfo=UTC), output=100)
    use(ctx, "groq", datetime(2026, 11, 30, 14, 59, tzinfo=UTC), output=100)
    actions.set_budgets(ctx, "groq", {"monthly_tokens": 1000})

    limit = snapshot.take(ctx).view("groq").limits[0]

    assert (limit.used, limit.resets_at) == (100, datetime(2026, 12, 31, 15, 0, tzinfo=UTC))


@pytest.mark.parametrize("unlimited", [0, "unlimited", None, -1])
def test_no_limit_is_never_used_up(context: Make, unlimited: Any) -> None:
    ctx = context(env=KEYS)
    write(ctx, "config.json", {"version": 2, "usageLimits": {"groq": {"dailyTokens": unlimited}}})
    use(ctx, "groq", NOON - timedelta(minutes=1), output=10_000_000)

    view = snapshot.take(ctx).view("groq")

    assert (view.state, view.limits) == ("ready", ())


@pytest.mark.parametrize(
    ("budget", "used_up"),
    [
        pytest.param({"daily_tokens": 1_000_000}, True, id="tokens"),
        pytest.param({"daily_tokens": 1_000_001}, False, id="tokens-left"),
        pytest.param({"daily_requests": 3}, True, id="requests"),
        pytest.param({"daily_usd": 1.0}, True, id="money"),
        pytest.param({"daily_usd": 1.5}, False, id="money-left"),
        pytest.param({"monthly_requests": 3}, True, id="month"),
    ],
)
def test_a_used_up_budget_stops_the_provider(context: Make, budget: dict[str, float], used_up: bool) -> None:
    ctx = context(env=KEYS)
    use(ctx, "groq", NOON - timedelta(minutes=1), output=1_000_000, requests=4)
    use(ctx, "openrouter", NOON - timedelta(minutes=1), output=9_000_000)
    actions.set_budgets(ctx, "groq", budget)

    assert (state(ctx, "groq") == "exhausted") is used_up


def test_a_projects_request_limits_hold_there_only(context: Make, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    (inside / ".opencode").mkdir(parents=True)
    (inside / ".opencode" / "provider-fallback.local.md").write_text("---\ndaily_limit: 2\n---\n")
    here, there = context(env=KEYS, cwd=inside), context(env=KEYS)
    use(here, "groq", NOON - timedelta(minutes=1), requests=2)

    assert (state(here, "groq"), state(there, "groq")) == ("exhausted", "ready")


def test_a_projects_zero_leaves_ones_own_budget(context: Make, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    (inside / ".opencode").mkdir(parents=True)
    (inside / ".opencode" / "provider-fallback.local.md").write_text("---\ndaily_limit: 0\n---\n")
    ctx = context(env=KEYS, cwd=inside)
    use(ctx, "groq", NOON - timedelta(minutes=1), requests=5)

    assert state(ctx, "groq") == "ready"


def test_a_project_overrides_list_model_and_auto_switch(context: Make, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    (inside / ".opencode").mkdir(parents=True)
    file = inside / ".opencode" / "provider-fallback.local.md"
    file.write_text(
        "---\npriority_override: [together, groq]\ndefault_model: opus\nauto_switch: false\n---\n"
    )
    ctx = context(env=KEYS, cwd=inside)
    trusting(ctx.paths, file)

    now = snapshot.take(ctx)

    assert now.priority == ("together", "groq")
    assert (now.model, now.auto_switch) == ("opus", False)
    assert now.active is not None
    assert now.active.provider == "together"
    assert now.view("openrouter").state == "disabled"
    assert now.view("openrouter").why == "not in this project's list"


def test_with_auto_switch_off_the_first_serves_whatever_its_state(context: Make) -> None:
    ctx = context(env=KEYS)
    actions.set_priority(ctx, ["groq", "openrouter"])
    actions.set_auto_switch(ctx, False)
    actions.bench(ctx, "groq")

    now = snapshot.take(ctx)

    assert now.active is not None
    assert (now.active.provider, now.view("groq").state) == ("groq", "benched")
    assert now.next is not None
    assert now.next.provider == "openrouter"


def test_a_bench_of_one_model_stops_only_that_model(context: Make) -> None:
    ctx = context(env=KEYS)
    actions.set_priority(ctx, ["openrouter", "anthropic-api"])
    actions.bench(ctx, "openrouter", model="claude-opus-5-5")

    opus = actions.switch(ctx, "anthropic-api", model="claude-opus-5-5")
    actions.set_priority(ctx, ["openrouter", "anthropic-api"])
    for_opus = snapshot.take(ctx)
    actions.switch(ctx, "anthropic-api", model="claude-sonnet-5-5")
    actions.set_priority(ctx, ["openrouter", "anthropic-api"])
    for_sonnet = snapshot.take(ctx)

    assert opus.to_provider == "anthropic-api"
    assert for_opus.active is not None
    assert for_sonnet.active is not None
    assert (for_opus.active.provider, for_opus.view("openrouter").state) == ("anthropic-api", "benched")
    assert (for_sonnet.active.provider, for_sonnet.view("openrouter").state) == ("openrouter", "ready")


def test_a_weekly_window_of_one_family_stops_only_that_family(context: Make) -> None:
    ctx = context(env=KEYS)
    actions.set_priority(ctx, ["anthropic-api", "openrouter"])
    reading(ctx, "anthropic-api", 100, window="7d", model="opus", resets_at=NOON + timedelta(days=3))
    write(ctx, "config.json", {**json.loads(ctx.paths.config.read_text()), "defaultModel": "claude-opus-5-5"})
    for_opus = snapshot.take(ctx)
    write(
        ctx, "config.json", {**json.loads(ctx.paths.config.read_text()), "defaultModel": "claude-sonnet-5-5"}
    )
    for_sonnet = snapshot.take(ctx)

    assert for_opus.active is not None
    assert for_sonnet.active is not None
    assert for_opus.active.provider == "openrouter"
    assert for_sonnet.active.provider == "anthropic-api"


def test_an_estimate_never_stops_anybody(context: Make) -> None:
    ctx = context(env=KEYS)
    made = readings.reading(100, provider="groq", source="estimate")
    with schema.opened(ctx.paths.ledger, write=True):
        pass
    ledger.limit_readings(ctx.paths.ledger, [made])

    assert state(ctx, "groq") != "exhausted"


def test_the_next_one_keeps_its_place_in_the_count(context: Make) -> None:
    ctx = context(env=KEYS)
    actions.set_priority(ctx, ["groq", "together", "openrouter"])

    now = snapshot.take(ctx)

    assert now.next is not None
    assert now.next.provider == "openrouter"
    assert now.next_reason.startswith("third in priority")


def test_a_broken_file_raises_or_becomes_a_sentence(context: Make) -> None:
    ctx = context(env=KEYS)
    ctx.paths.home.mkdir(parents=True)
    ctx.paths.config.write_text("{")

    with pytest.raises(StateFileUnusable, match=r"config\.json line 1 column 2"):
        snapshot.take(ctx)
    now = snapshot.take(ctx, keep_going=True)

    assert len(now.problems) == 1
    assert now.problems[0].startswith("config.json line 1 column 2: is not JSON")
    assert now.active is not None


def test_a_queue_that_takes_no_more_rows_is_told(context: Callable[..., Context]) -> None:
    ctx = context(who="hook")
    ctx.paths.home.mkdir(parents=True)
    with queue.path_of(ctx.paths.ledger).open("wb") as file:
        file.truncate(queue.MAX_BYTES + 1)

    for keep_going in (False, True):
        (told,) = snapshot.take(ctx, keep_going=keep_going).problems
        assert told.endswith(
            "ledger.db.queue is full: the ledger could not be written for long, and what is used now"
            " is not counted · end the program that holds ledger.db, then `pf-tui ingest`"
        )


def test_taking_a_snapshot_writes_nothing(context: Make) -> None:
    ctx = context(env=KEYS)

    snapshot.take(ctx)

    assert not ctx.paths.home.exists()


def test_equal_files_give_equal_snapshots(context: Make) -> None:
    ctx = context(env=KEYS)
    actions.switch(ctx, "groq")

    assert snapshot.take(ctx) == snapshot.take(ctx)


def test_today_is_the_sum_of_all_rows_those_of_unknown_providers_too(context: Make) -> None:
    ctx = context(env=KEYS, now=NOON)
    use(ctx, "groq", NOON - timedelta(hours=1), output=1_000_000)
    use(ctx, "unknown", NOON - timedelta(hours=2), output=470_000)
    use(ctx, "a-gateway-of-mine", NOON - timedelta(days=3), output=2_000_000)

    now = snapshot.take(ctx)

    assert now.today.cost_usd == pytest.approx(1.47)
    assert now.today.requests == 2
    assert now.month.cost_usd == pytest.approx(3.47)


def test_counters_begun_anew_take_no_money_from_today(context: Make) -> None:
    ctx = context(env=KEYS, now=NOON)
    use(ctx, "groq", NOON - timedelta(hours=1), output=1_000_000)
    actions.reset(ctx)

    now = snapshot.take(ctx)

    assert now.view("groq").today.requests == 0
    assert now.today.cost_usd == pytest.approx(1.0)
