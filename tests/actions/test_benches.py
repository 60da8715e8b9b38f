"""What a failure rests, what a release lifts, and whom an agent goes to then."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from pf_tui import actions, snapshot
from pf_tui.ledger import reader as ledger
from pf_tui.records import replace
from pf_tui.rules import failures
from pf_tui.rules.benches import Bench
from pf_tui.rules.failover import RouteRequest
from pf_tui.state import health
from pf_tui.state.context import Context
from tests import readings
from tests.actions.test_switching import NOON, Make

KEYS = {"ANTHROPIC_API_KEY": "k", "GROQ_API_KEY": "k", "OPENROUTER_API_KEY": "k"}
OPUS, SONNET = "claude-opus-5-5", "claude-sonnet-5-5"


def full(ctx: Context, provider: str, *, model: str | None = None, percent: float = 100.0) -> None:
    """A window at its end whose reset nobody could read."""
    reading = readings.reading(percent, "7d", provider=provider, at=ctx.now(), resets_at=None, model=model)
    ledger.limit_readings(ctx.paths.ledger, [reading])


def family_limit(ctx: Context, provider: str = "anthropic-api") -> None:
    failure = replace(
        failures.reported("quota", until=ctx.now() + timedelta(hours=3)), scope="family", family="opus"
    )
    actions.report_failure(ctx, provider, failure, model=OPUS, agent="claude-code")


def asked(ctx: Context, model: str) -> str | None:
    first = snapshot.take(ctx).route(RouteRequest(model=model)).first
    return first.provider if first else None


def test_a_limit_of_one_family_leaves_the_others_serving(context: Make) -> None:
    ctx = context(env=KEYS)
    actions.set_priority(ctx, ["anthropic-api", "openrouter"])

    family_limit(ctx)

    assert asked(ctx, OPUS) == "openrouter"
    assert asked(ctx, SONNET) == "anthropic-api"
    assert json.loads(ctx.paths.health.read_text())["version"] == 2
    assert [bench.family for bench in snapshot.take(ctx).view("anthropic-api").resting] == ["opus"]


def test_release_of_a_model_lifts_its_familys_bench_and_undo_brings_it_back(context: Make) -> None:
    ctx = context(env=KEYS)
    family_limit(ctx)

    assert actions.release(ctx, "anthropic-api", model=SONNET) == 0
    assert actions.release(ctx, "anthropic-api", model=OPUS) == 1
    actions.undo(ctx)

    assert [bench.family for bench in ctx.health().benches] == ["opus"]


@pytest.mark.parametrize("lift", ["release", "reset"])
def test_a_full_window_without_a_reset_is_lifted_until_it_is_read_again(context: Make, lift: str) -> None:
    clock = [NOON]
    ctx = context(env=KEYS, now=lambda: clock[0])
    actions.set_priority(ctx, ["anthropic-api", "openrouter"])
    full(ctx, "anthropic-api")
    assert asked(ctx, OPUS) == "openrouter"
    clock[0] += timedelta(minutes=1)

    if lift == "release":
        assert actions.release(ctx, "anthropic-api") == 1
    else:
        actions.reset(ctx, "anthropic-api")

    assert asked(ctx, OPUS) == "anthropic-api"
    assert snapshot.take(ctx).view("anthropic-api").state == "ready"
    actions.undo(ctx)
    assert asked(ctx, OPUS) == "openrouter"
    actions.redo(ctx)
    assert asked(ctx, OPUS) == "anthropic-api"
    clock[0] += timedelta(minutes=1)
    full(ctx, "anthropic-api", percent=101)
    assert asked(ctx, OPUS) == "openrouter"


def test_release_of_nothing_is_no_event(context: Make) -> None:
    ctx = context(env=KEYS)

    assert actions.release(ctx, "groq") == 0
    assert not ctx.paths.journal.exists()


def test_release_of_a_model_lifts_its_familys_full_window_alone(context: Make) -> None:
    clock = [NOON]
    ctx = context(env=KEYS, now=lambda: clock[0])
    actions.set_priority(ctx, ["anthropic-api", "openrouter"])
    full(ctx, "anthropic-api", model="opus")
    full(ctx, "anthropic-api", model="sonnet")
    clock[0] += timedelta(minutes=1)

    assert actions.release(ctx, "anthropic-api", model=OPUS) == 1
    assert (asked(ctx, OPUS), asked(ctx, SONNET)) == ("anthropic-api", "openrouter")
    actions.undo(ctx)
    assert asked(ctx, OPUS) == "openrouter"


def test_release_of_a_model_leaves_the_providers_own_window(context: Make) -> None:
    ctx = context(env=KEYS)
    actions.set_priority(ctx, ["anthropic-api", "openrouter"])
    full(ctx, "anthropic-api")

    assert actions.release(ctx, "anthropic-api", model=OPUS) == 0
    assert asked(ctx, OPUS) == "openrouter"


@pytest.mark.parametrize("rested", [True, False])
def test_what_was_asked_before_a_release_rests_nobody_when_it_fails(context: Make, rested: bool) -> None:
    clock = [NOON]
    ctx = context(env=KEYS, now=lambda: clock[0])
    empty = failures.reported("quota", forever=True)
    if rested:
        actions.report_failure(ctx, "groq", empty)
    clock[0] += timedelta(seconds=5)
    actions.release(ctx, "groq")
    clock[0] += timedelta(seconds=5)

    assert actions.report_failure(ctx, "groq", empty, at=NOON) is None
    assert actions.report_failure(ctx, "groq", empty, at=clock[0]) is not None


def test_a_wrong_address_rests_until_providers_yaml_changes(context: Make) -> None:
    clock = [NOON]
    ctx = context(env=KEYS, now=lambda: clock[0])
    actions.set_priority(ctx, ["groq", "openrouter"])
    actions.report_failure(ctx, "groq", failures.reported("address", forever=True))
    clock[0] += timedelta(minutes=30)
    assert asked(ctx, "gpt-oss-120b") == "openrouter"

    ctx.paths.providers.write_text("providers: {}\n")

    assert asked(ctx, "gpt-oss-120b") == "groq"


def test_credit_is_tried_by_one_request_an_hour_and_rests_meanwhile(context: Make) -> None:
    clock = [NOON]
    ctx = context(env=KEYS, now=lambda: clock[0])
    actions.set_priority(ctx, ["groq", "openrouter"])
    empty = failures.reported("quota", forever=True)
    actions.report_failure(ctx, "groq", empty)
    claims = []
    for minutes in (59, 2, 1, 58, 2):
        clock[0] += timedelta(minutes=minutes)
        assert asked(ctx, "gpt-oss-120b") == "openrouter"
        claims.append(actions.claim_probe(ctx, "groq", "gpt-oss-120b"))
        assert actions.report_failure(ctx, "groq", empty) is None

    assert claims == [False, True, False, False, True]
    assert [bench.strikes for bench in ctx.health().benches] == [1]
    assert actions.succeeded(ctx, "groq", "gpt-oss-120b") == 1
    assert asked(ctx, "gpt-oss-120b") == "groq"


@pytest.mark.parametrize(
    ("kind", "until", "model"),
    [
        ("quota", timedelta(hours=9), None),
        ("auth", None, None),
        ("manual", None, None),
        ("quota", None, OPUS),
    ],
    ids=["a limit with an end", "a refused key", "by hand", "another model's"],
)
def test_what_is_never_probed(context: Make, kind: str, until: timedelta | None, model: str | None) -> None:
    ctx = context(env=KEYS, now=lambda: NOON)
    ends = NOON + until if until else None
    bench = Bench(provider="groq", model=model, kind=kind, since=NOON - timedelta(hours=3), until=ends)
    health.change(ctx.paths, lambda old: replace(old, benches=(bench,)))

    assert not actions.claim_probe(ctx, "groq", "gpt-oss-120b")


def test_of_all_that_would_probe_at_once_one_may(context: Make) -> None:
    ctx = context(env=KEYS, now=lambda: NOON)
    rests = Bench(provider="groq", kind="quota", since=NOON - timedelta(hours=2))
    health.change(ctx.paths, lambda old: replace(old, benches=(rests,)))
    at_once = threading.Barrier(8)

    def ask(_: int) -> bool:
        at_once.wait()
        return actions.claim_probe(ctx, "groq", None)

    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(ask, range(8)))

    assert claims.count(True) == 1
    [bench] = ctx.health().benches
    assert (bench.probed, bench.since, bench.until) == (NOON, rests.since, None)


def test_the_file_of_an_older_version_is_read(context: Make, tmp_path: Path) -> None:
    ctx = context(env=KEYS)
    ctx.paths.home.mkdir(parents=True, exist_ok=True)
    bench = {
        "scope": "provider",
        "provider": "groq",
        "kind": "manual",
        "since": "2026-11-24T12:00:00+00:00",
        "until": None,
    }
    ctx.paths.health.write_text(json.dumps({"version": 1, "benches": [bench]}))
    os.utime(ctx.paths.health)

    assert [one.provider for one in ctx.health().benches] == ["groq"]
