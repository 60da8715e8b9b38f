"""Who rests after a failure, until when, and which strike it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui import catalog
from pf_tui.records import replace
from pf_tui.rules import benches, failures
from pf_tui.rules.benches import Bench
from pf_tui.rules.failures import CLASSES, Failure

MEANINGS = catalog.load().meanings
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OPUS, SONNET = "claude-opus-5-5", "claude-sonnet-5-5"


def answer(status: int, body: Any = "", now: datetime = NOON, **headers: str) -> Failure:
    text = body if isinstance(body, str) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return failures.classify(status=status, headers=named, body=text, now=now, meanings=MEANINGS, model=OPUS)


def rests(status: int, body: Any = "", count: int = 8) -> list[float]:
    """Seconds of each rest when the same answer comes again right after each of them."""
    now, known, found = NOON, list[Bench](), []
    for _ in range(count):
        bench = benches.decide(answer(status, body, now), "groq", OPUS, known, now, at=now)
        assert bench is not None
        assert bench.until is not None
        found.append((bench.until - now).total_seconds())
        now, known = bench.until, [bench]
    return found


def test_a_429_that_says_nothing_doubles_its_rest_up_to_a_minute() -> None:
    assert rests(429) == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_quota_without_a_reset_doubles_its_rest_up_to_five_hours() -> None:
    body = {"error": {"message": "no", "code": "insufficient_user_quota_reached"}}
    quota = replace(answer(429, body), kind="quota", guess=failures.reported("quota").guess, until=None)
    now, known, found = NOON, list[Bench](), []
    for _ in range(8):
        bench = benches.decide(quota, "groq", OPUS, known, now, at=now)
        assert bench is not None
        assert bench.until is not None
        found.append((bench.until - now).total_seconds() / 60)
        now, known = bench.until, [bench]

    assert found == [5, 10, 20, 40, 80, 160, 300, 300]


def test_a_daily_quota_that_comes_back_rests_longer_each_time() -> None:
    body = [
        {
            "error": {
                "code": 429,
                "message": "Quota exceeded",
                "status": "RESOURCE_EXHAUSTED",
                "details": [
                    {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},
                    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "30s"},
                ],
            }
        }
    ]

    assert rests(429, body, 4) == [30, 300, 600, 1200]


def test_one_outage_seen_by_eight_sessions_is_one_strike() -> None:
    known: list[Bench] = []
    made = []
    for second in range(8):
        now = NOON + timedelta(seconds=second / 10)
        bench = benches.decide(failures.reported("rate"), "groq", OPUS, known, now, at=NOON)
        if bench is not None:
            known = [bench]
            made.append(bench)

    assert [bench.strikes for bench in made] == [1]


def test_a_request_sent_before_the_bench_began_is_the_same_outage() -> None:
    (first,) = [benches.decide(answer(429), "groq", OPUS, [], NOON, at=NOON)]
    assert first is not None
    late = NOON + timedelta(seconds=20)

    again = benches.decide(answer(429, now=late), "groq", OPUS, [first], late, at=NOON)

    assert again is not None
    assert again.strikes == 1


def test_a_limit_of_one_family_rests_the_family_alone() -> None:
    failure = failures.classify_agent_error(
        "rate_limit", "You've hit your Opus limit · resets 3pm (UTC)", NOON, meanings=MEANINGS, model=OPUS
    )

    bench = benches.decide(failure, "anthropic-subscription", OPUS, [], NOON)

    assert bench is not None
    assert (bench.model, bench.family, bench.until) == (None, "opus", NOON + timedelta(hours=3))
    assert bench.covers("anthropic-subscription", OPUS)
    assert bench.covers("anthropic-subscription", "claude-opus-4-8")
    assert not bench.covers("anthropic-subscription", SONNET)
    assert not bench.covers("anthropic-subscription", None)


def test_what_rests_as_wide_and_as_long_already_is_not_benched_again() -> None:
    whole = Bench(provider="groq", kind="quota", since=NOON, until=NOON + timedelta(hours=2))

    assert benches.decide(answer(529), "groq", OPUS, [whole], NOON) is None
    refused = benches.decide(answer(401), "groq", OPUS, [whole], NOON)
    assert refused is not None
    assert refused.until is None


@pytest.mark.parametrize("kind", ["quota", "account", "address"])
def test_what_rests_until_it_is_cleared_lets_one_request_try_after_an_hour(kind: str) -> None:
    bench = benches.decide(failures.reported(kind, forever=True), "groq", None, [], NOON)

    assert bench is not None
    assert [bench.is_due(NOON + timedelta(minutes=minutes)) for minutes in (59, 60)] == [False, True]
    later = NOON + timedelta(minutes=61)
    claimed = benches.probed([bench], "groq", OPUS, later)
    assert claimed is not None
    assert benches.probed(claimed, "groq", OPUS, later) is None
    assert benches.decide(failures.reported(kind, forever=True), "groq", None, claimed, later) is None
    [rests] = claimed
    assert rests.holds(later)
    assert [rests.is_due(later + timedelta(minutes=minutes)) for minutes in (59, 60)] == [False, True]


@pytest.mark.parametrize("kind", ["manual", "auth"])
def test_a_persons_word_and_a_refused_key_are_not_tried_by_themselves(kind: str) -> None:
    bench = Bench(provider="groq", kind=kind, since=NOON)

    assert bench.holds(NOON + timedelta(days=300))
    assert not bench.is_due(NOON + timedelta(days=300))


def test_a_name_that_nobody_knows_benches_nobody() -> None:
    assert (
        benches.decide(answer(404, {"error": {"message": "no such model"}}), "groq", None, [], NOON) is None
    )


@given(
    kind=st.sampled_from(sorted(CLASSES)),
    scope=st.sampled_from([None, "provider", "family", "model"]),
    model=st.sampled_from([None, OPUS, SONNET]),
    family=st.sampled_from([None, "opus"]),
    wait_s=st.one_of(st.none(), st.integers(1, 100_000)),
    strikes=st.integers(1, 1000),
    since_s=st.integers(-100_000, 0),
    rest_s=st.one_of(st.none(), st.integers(1, 200_000)),
)
def test_whatever_came_before_a_bench_ends_in_the_future_and_covers_what_failed(
    kind: str,
    scope: str | None,
    model: str | None,
    family: str | None,
    wait_s: int | None,
    strikes: int,
    since_s: int,
    rest_s: int | None,
) -> None:
    failure = replace(
        failures.reported(kind, until=None if wait_s is None else NOON + timedelta(seconds=wait_s)),
        scope=scope,
        family=family if scope == "family" else None,
    )
    since = NOON + timedelta(seconds=since_s)
    earlier = Bench(
        provider="groq",
        kind=kind,
        since=since,
        until=None if rest_s is None else since + timedelta(seconds=rest_s),
        strikes=strikes,
    )

    bench = benches.decide(failure, "groq", model, [earlier], NOON)

    if bench is not None:
        assert scope is not None
        assert bench.until is None or NOON < bench.until <= NOON + timedelta(days=32)
        assert bench.holds(NOON)
        assert 1 <= bench.strikes <= strikes + 1
