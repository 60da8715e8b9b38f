"""Switch, undo, bench and failover as a person sees them, on real files."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pf_tui import actions, snapshot
from pf_tui.errors import NothingCanServe, PfError, StateFileUnusable, UnknownName
from pf_tui.rules import failures
from pf_tui.state.context import Context
from tests.patience import PATIENCE_S

KEYS = {"OPENROUTER_API_KEY": "k1", "ANTHROPIC_API_KEY": "k2", "GROQ_API_KEY": "k3"}
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

Make = Callable[..., Context]


def active(ctx: Context) -> str | None:
    now = snapshot.take(ctx)
    return now.active.provider if now.active else None


def test_a_fresh_machine_has_nobody_and_writes_nothing(context: Make) -> None:
    ctx = context()

    now = snapshot.take(ctx)

    assert now.active is None
    assert now.choice.reason == "no provider can serve: 25 without a credential"
    assert not ctx.paths.home.exists()


def test_a_switch_moves_the_provider_to_the_front(context: Make) -> None:
    ctx = context(env=KEYS)

    outcome = actions.switch(ctx, "groq")

    assert outcome.switched
    assert active(ctx) == "groq"
    assert json.loads(ctx.paths.config.read_text())["providerPriority"][0] == "groq"


def test_undo_restores_the_exact_list_and_redo_does_it_again(context: Make) -> None:
    ctx = context(env=KEYS)
    actions.set_priority(ctx, ["openrouter", "groq"])
    before = ctx.paths.config.read_bytes()
    actions.switch(ctx, "groq")
    after = ctx.paths.config.read_bytes()

    actions.undo(ctx)
    assert ctx.paths.config.read_bytes() == before

    actions.redo(ctx)
    assert ctx.paths.config.read_bytes() == after


def test_undo_walks_back_through_actions_of_every_kind(context: Make) -> None:
    ctx = context(env=KEYS)
    actions.switch(ctx, "groq")
    actions.set_budgets(ctx, "groq", {"daily_tokens": 1000, "daily_usd": 2.5})
    actions.set_auto_switch(ctx, False)
    actions.bench(ctx, "openrouter", until=NOON + timedelta(hours=1))

    undone = [actions.undo(ctx).event.action for _ in range(4)]

    assert undone == ["bench", "auto-switch", "limit", "switch"]
    assert json.loads(ctx.paths.config.read_text()) == {"version": 2}
    assert ctx.health().benches == ()
    with pytest.raises(PfError, match="there is nothing to undo"):
        actions.undo(ctx)


def test_undo_of_a_switch_leaves_later_actions_alone(context: Make) -> None:
    ctx = context(env=KEYS)
    actions.switch(ctx, "groq")
    actions.set_auto_switch(ctx, False)

    actions.undo(ctx, "switch")

    assert ctx.config().auto_switch is False
    assert ctx.config().priority is None


def test_a_provider_without_credential_is_refused_with_the_cure(context: Make) -> None:
    ctx = context(env=KEYS)

    with pytest.raises(PfError) as caught:
        actions.switch(ctx, "mistral-api")

    assert caught.value.message == "mistral-api cannot serve now: no credential"
    assert "pf-tui auth set mistral-api" in caught.value.hint
    assert caught.value.code == 1
    assert not ctx.paths.config.exists()


def test_a_benched_provider_is_refused_and_force_lifts_the_bench(context: Make) -> None:
    ctx = context(env=KEYS)
    actions.bench(ctx, "groq", until=NOON + timedelta(minutes=30))

    with pytest.raises(PfError, match="groq cannot serve now: benched"):
        actions.switch(ctx, "groq")
    actions.switch(ctx, "groq", force=True)

    assert active(ctx) == "groq"
    actions.undo(ctx)
    assert [b.provider for b in ctx.health().benches] == ["groq"]


def test_an_unknown_provider_names_the_nearest(context: Make) -> None:
    with pytest.raises(UnknownName) as caught:
        actions.switch(context(), "openruter")

    assert caught.value.message == "no provider is called 'openruter'"
    assert "openrouter" in caught.value.hint


def test_switching_to_who_serves_already_changes_nothing(context: Make) -> None:
    ctx = context(env=KEYS)
    actions.switch(ctx, "groq")

    outcome = actions.switch(ctx, "groq")

    assert not outcome.switched
    assert len(snapshot.take(ctx).events) == 1


def test_next_is_who_would_serve_if_the_active_one_failed(context: Make) -> None:
    ctx = context(env=KEYS)
    actions.set_priority(ctx, ["groq", "mistral-api", "openrouter"])

    outcome = actions.switch_next(ctx)

    assert outcome.to_provider == "openrouter"
    with pytest.raises(NothingCanServe):
        actions.switch_next(context(env={"GROQ_API_KEY": "k"}))


def test_a_reported_rate_limit_benches_and_moves_on(context: Make) -> None:
    ctx = context(env=KEYS, who="hook")
    actions.set_priority(ctx, ["groq", "openrouter"])

    outcome = actions.report_failure(
        ctx, "groq", failures.reported("rate"), evidence={"status": 429}, agent="claude-code", session="s1"
    )

    assert outcome.moved
    assert outcome.to_provider == "openrouter"
    assert outcome.bench.until == NOON + timedelta(minutes=5)
    (bench,) = ctx.health().benches
    assert dict(bench.evidence) == {"status": 429, "agent": "claude-code", "session": "s1"}
    assert snapshot.take(ctx).events[-1].action == "failover"


def test_each_strike_doubles_the_rest_up_to_five_hours(context: Make) -> None:
    clock = [NOON]
    ctx = context(env=KEYS, now=lambda: clock[0])
    actions.set_priority(ctx, ["groq", "openrouter"])
    rests = []
    for _ in range(8):
        until = actions.report_failure(ctx, "groq", failures.reported("rate")).bench.until
        assert until is not None
        rests.append((until - clock[0]).total_seconds() / 60)
        clock[0] = until

    assert rests == [5, 10, 20, 40, 80, 160, 300, 300]


def test_the_provider_serves_again_when_its_bench_has_ended(context: Make) -> None:
    clock = [NOON]
    ctx = context(env=KEYS, now=lambda: clock[0])
    actions.set_priority(ctx, ["groq", "openrouter"])
    actions.report_failure(ctx, "groq", failures.reported("rate"))

    assert active(ctx) == "openrouter"
    clock[0] = NOON + timedelta(minutes=5)
    assert active(ctx) == "groq"


def test_a_success_lifts_a_bench_but_never_one_set_by_hand(context: Make) -> None:
    ctx = context(env=KEYS)
    actions.report_failure(ctx, "groq", failures.reported("quota", forever=True))
    actions.bench(ctx, "openrouter", until=NOON + timedelta(hours=1))

    assert actions.succeeded(ctx, "groq", None) == 1
    assert actions.succeeded(ctx, "openrouter", None) == 0


def test_a_project_switch_writes_only_the_projects_file(context: Make, tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    ctx = context(env=KEYS, cwd=project)

    actions.switch(ctx, "groq", in_project=True)

    assert active(ctx) == "groq"
    assert not ctx.paths.config.exists()
    assert active(context(env=KEYS)) != "groq"
    actions.undo(ctx)
    assert not (project / ".opencode" / "provider-fallback.local.md").exists()


def test_a_providers_outside_the_projects_list_is_disabled_there(context: Make, tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    ctx = context(env=KEYS, cwd=project)
    actions.set_priority(ctx, ["groq"], in_project=True)

    assert snapshot.take(ctx).view("openrouter").state == "disabled"


def test_a_broken_config_stops_the_verb_and_stays_as_it_is(context: Make) -> None:
    ctx = context(env=KEYS)
    ctx.paths.home.mkdir(parents=True)
    ctx.paths.config.write_text('{"providerPriority": [')

    with pytest.raises(StateFileUnusable):
        actions.switch(ctx, "groq")

    assert ctx.paths.config.read_text() == '{"providerPriority": ['
    now = snapshot.take(ctx, keep_going=True)
    assert now.active is not None
    assert now.problems[0].startswith("config.json line 1 column 23: is not JSON")


def test_a_config_of_the_original_plugin_keeps_working(context: Make) -> None:
    ctx = context(env=KEYS)
    ctx.paths.home.mkdir(parents=True)
    ctx.paths.config.write_text(
        json.dumps(
            {
                "version": 2,
                "defaultModel": "claude-4-sonnet",
                "providerPriority": ["anthropic-api"],
                "autoSwitch": True,
            }
        )
    )

    now = snapshot.take(ctx)

    assert now.active is not None
    assert (now.active.provider, now.active.model) == ("anthropic-api", "claude-sonnet-5-5")


SWITCHER = f"""
import sys
from pf_tui import actions
from pf_tui.state import files
from pf_tui.state.context import Context
files.LOCK_TIMEOUT_S = {PATIENCE_S}
actions.switch(Context.here("cli"), sys.argv[1])
"""


def test_twenty_switches_at_once_lose_nothing(context: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = context(env=KEYS)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    names = ["groq", "openrouter", "anthropic-api", "groq"] * 5

    running = [subprocess.Popen([sys.executable, "-c", SWITCHER, name]) for name in names]

    assert [process.wait() for process in running] == [0] * 20
    order = json.loads(ctx.paths.config.read_text())["providerPriority"]
    assert sorted(order) == sorted(ctx.catalog().providers)
    switches = [e for e in snapshot.take(ctx).events if e.action == "switch"]
    assert switches[-1].after["active"] == order[0]
    for earlier, later in itertools.pairwise(switches):
        assert later.before["active"] == earlier.after["active"]


def test_next_goes_round_all_that_are_ready_and_begins_again(context: Make) -> None:
    ctx = context(env=KEYS)
    actions.set_priority(ctx, ["groq", "mistral-api", "openrouter"])
    ready = {view.id for view in snapshot.take(ctx).providers if view.rank and view.state == "ready"}

    visited = [actions.switch_next(ctx).to_provider for _ in range(2 * len(ready))]

    assert len(ready) >= 2
    assert set(visited[: len(ready)]) == ready
    assert visited[: len(ready)] == visited[len(ready) :]


def test_a_switch_by_name_begins_the_round_anew(context: Make) -> None:
    ctx = context(env=KEYS)
    first = actions.switch_next(ctx).to_provider
    actions.switch(ctx, first)
    actions.bench(ctx, first)
    actions.release(ctx, first)

    assert actions.switch_next(ctx).to_provider != first
