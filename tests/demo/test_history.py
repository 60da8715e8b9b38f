"""The month behind the person of the demo."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from pf_tui.demo import history, scenario
from tests.examples import examples

NOW = datetime(2026, 11, 24, 14, 2, tzinfo=UTC)
MOMENTS = st.integers(0, 365 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes))


def test_the_same_seed_and_moment_give_the_same_month() -> None:
    assert history.make(NOW, UTC, 7) == history.make(NOW, UTC, 7)


@examples(20)
@given(MOMENTS, st.integers(0, 1000))
def test_nothing_lies_in_the_future_and_the_last_hour_is_never_empty(now: datetime, seed: int) -> None:
    requests = history.make(now, ZoneInfo("Asia/Kathmandu"), seed).requests

    assert requests[-1].at < now
    assert requests[-1].at > now - timedelta(hours=1)
    assert now - timedelta(days=31) <= requests[0].at
    assert requests == sorted(requests)


def test_a_month_has_every_agent_several_providers_and_some_failures() -> None:
    requests = history.make(NOW, UTC, 23).requests

    assert {one.agent for one in requests} == {work.agent for work in scenario.WORK}
    assert {one.project for one in requests} == set(scenario.PROJECTS)
    assert len({one.provider for one in requests}) >= 4
    assert 0.002 < sum(one.failure is not None for one in requests) / len(requests) < 0.05


def test_a_failed_request_has_no_tokens() -> None:
    failed = [one for one in history.make(NOW, UTC, 23).requests if one.failure]

    assert failed
    assert not any(one.input or one.output or one.cache_read or one.cache_write for one in failed)


def test_while_a_limit_holds_another_provider_serves() -> None:
    past = history.make(NOW, UTC, 23)

    for limit_hit in past.limit_hits:
        during = [
            one
            for one in past.requests
            if limit_hit.at <= one.at < limit_hit.until
            and not one.failure
            and (one.agent, one.provider) == (limit_hit.work.agent, limit_hit.work.provider)
        ]
        assert not during, limit_hit
