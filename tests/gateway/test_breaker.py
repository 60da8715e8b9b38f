"""What counts as "in a row": by when requests were sent, whatever runs beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pf_tui import catalog
from pf_tui.gateway.breaker import AttemptToken, CircuitBreaker
from pf_tui.gateway.routing import Route
from pf_tui.records import replace
from pf_tui.rules import failures
from pf_tui.rules.failures import Failure

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MEANINGS = catalog.load().meanings


ROUTE = Route(
    provider="anthropic-api",
    family="Anthropic",
    model="claude-opus-5-5",
    model_family="claude",
    native="claude-opus-5-5",
    url="http://127.0.0.1/v1/messages",
    credential={},
    headers={},
    context=200_000,
    distance=0,
)


class Scene:
    def __init__(self) -> None:
        self.now = NOON
        self.breaker = CircuitBreaker(lambda: self.now)
        self.route = ROUTE

    def sent(self, count: int = 1) -> list[AttemptToken]:
        return [self.breaker.begin(self.route) for _ in range(count)]

    def failure(self) -> Failure:
        return failures.classify(meanings=MEANINGS, status=500, body="{}", now=self.now)

    def fails(self, attempt_token: AttemptToken) -> bool:
        """True when that benches the provider."""
        return self.breaker.failed(self.route, self.failure(), attempt_token, "gateway") is not None

    def works(self, attempt_token: AttemptToken) -> None:
        self.breaker.succeeded(self.route, attempt_token)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_three_one_after_another_bench(scene: Scene) -> None:
    assert [scene.fails(*scene.sent()) for _ in range(3)] == [False, False, True]


def test_a_burst_that_fails_together_is_one_failure(scene: Scene) -> None:
    assert not any(scene.fails(attempt_token) for attempt_token in scene.sent(12))
    assert [scene.fails(*scene.sent()) for _ in range(2)] == [False, True]


def test_a_success_in_between_begins_the_count_anew(scene: Scene) -> None:
    for _ in range(4):
        assert not any(scene.fails(*scene.sent()) for _ in range(2))
        scene.works(*scene.sent())


def test_sessions_side_by_side_whose_requests_overlap_still_count_to_three(scene: Scene) -> None:
    """One's request is always under way when the other's fails."""
    (under_way,) = scene.sent()
    benched = []
    for _ in range(6):
        (next_one,) = scene.sent()
        benched.append(scene.fails(under_way))
        under_way = next_one

    assert benched.index(True) <= 4


def test_a_burst_on_a_limit_is_one_strike_and_a_failed_probe_the_next(scene: Scene) -> None:
    limited = failures.classify(meanings=MEANINGS, status=429, body="{}", now=scene.now)
    benches = [scene.breaker.failed(scene.route, limited, one, "gateway") for one in scene.sent(8)]
    (bench,) = [one for one in benches if one is not None]
    assert bench.strikes == 1

    scene.now += timedelta(minutes=1)
    again = failures.classify(meanings=MEANINGS, status=429, body="{}", now=scene.now)
    probe = scene.breaker.failed(scene.route, again, *scene.sent(), "gateway")
    assert probe is not None
    assert probe.strikes == 2


def test_a_familys_limit_blocks_the_family_and_lets_the_others_through(scene: Scene) -> None:
    reset = str(int((NOON + timedelta(days=2)).timestamp()))
    limited = failures.classify(
        meanings=MEANINGS,
        status=429,
        headers={
            "anthropic-ratelimit-unified-status": "rejected",
            "anthropic-ratelimit-unified-7d-status": "allowed",
            "anthropic-ratelimit-unified-7d_opus-status": "rejected",
            "anthropic-ratelimit-unified-7d_opus-reset": reset,
        },
        body="{}",
        now=scene.now,
        model=ROUTE.model,
    )

    bench = scene.breaker.failed(ROUTE, limited, *scene.sent(), "gateway")

    assert bench is not None
    assert (bench.model, bench.family) == (None, "opus")
    blocked = scene.breaker.blocked(ROUTE)
    assert blocked is not None
    assert blocked.reason == "benched (Opus: 429 quota)"
    assert scene.breaker.blocked(replace(ROUTE, model="claude-opus-4-8")) is not None
    assert scene.breaker.blocked(replace(ROUTE, model="claude-sonnet-5-5")) is None


def test_used_up_credit_is_probed_by_one_request_an_hour(scene: Scene) -> None:
    empty = failures.reported("quota", forever=True)
    bench = scene.breaker.failed(ROUTE, empty, *scene.sent(), "gateway")
    assert bench is not None
    assert scene.breaker.blocked(ROUTE) is not None
    assert not scene.breaker.is_due(ROUTE)
    scene.now += timedelta(minutes=61)
    assert scene.breaker.is_due(ROUTE)
    assert scene.breaker.blocked(ROUTE) is None

    (probe,) = scene.sent()

    waiting = scene.breaker.blocked(ROUTE)
    assert waiting is not None
    assert waiting.reason == "one request is trying it out"
    scene.breaker.end_probe(ROUTE)
    scene.breaker.persisted(bench)
    scene.breaker.load([replace(bench, probed=scene.now)])
    assert scene.breaker.failed(ROUTE, empty, probe, "gateway") is None
    assert scene.breaker.blocked(ROUTE) is not None
    scene.now += timedelta(minutes=61)
    (probe,) = scene.sent()
    scene.breaker.end_probe(ROUTE)
    assert scene.breaker.succeeded(ROUTE, probe)
    assert scene.breaker.nobody


def test_a_release_begins_the_count_anew_and_ends_what_was_asked_before_it(scene: Scene) -> None:
    empty = failures.reported("quota", forever=True)
    (old,) = scene.sent()
    assert [scene.fails(*scene.sent()) for _ in range(2)] == [False, False]
    scene.now += timedelta(seconds=1)

    scene.breaker.load([], {ROUTE.provider: scene.now})

    assert scene.breaker.failed(ROUTE, empty, old, "gateway") is None
    scene.now += timedelta(seconds=1)
    assert [scene.fails(*scene.sent()) for _ in range(3)] == [False, False, True]


def test_a_bench_that_a_success_ended_does_not_come_back_from_the_file_before_it_is_out_of_it(
    scene: Scene,
) -> None:
    empty = failures.reported("quota", forever=True)
    bench = scene.breaker.failed(ROUTE, empty, *scene.sent(), "gateway")
    assert bench is not None
    (probe,) = scene.sent()
    scene.breaker.end_probe(ROUTE)
    ended = scene.breaker.succeeded(ROUTE, probe)

    scene.breaker.persisted(bench)  # it was on its way to the file when the request went through
    scene.breaker.load([bench])
    assert scene.breaker.blocked(ROUTE) is None
    scene.breaker.load([replace(bench, since=scene.now + timedelta(seconds=1))])  # another program's
    assert scene.breaker.blocked(ROUTE) is not None
    scene.breaker.load([])

    scene.breaker.released(ended)
    scene.breaker.load([bench])  # a person took the release back
    assert scene.breaker.blocked(ROUTE) is not None
