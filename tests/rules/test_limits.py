"""Windows: which reading is believed, when it runs dry, and what never happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.rules import limits
from pf_tui.rules.limits import Limit, Reading

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
RESET = NOON + timedelta(hours=2)


def reading(percent: float, *, ago_min: float = 0, source: str = "official", window: str = "5h") -> Reading:
    return Reading(
        provider="anthropic-subscription",
        window=window,
        unit="percent",
        used=percent,
        limit=100,
        resets_at=RESET,
        source=source,
        observed_at=NOON - timedelta(minutes=ago_min),
    )


@pytest.mark.parametrize(
    ("readings", "percent"),
    [
        pytest.param([reading(40, ago_min=3), reading(50, source="rollout")], 40, id="trust-wins-when-close"),
        pytest.param(
            [reading(40, ago_min=30), reading(50, source="rollout")], 50, id="newer-wins-when-apart"
        ),
        pytest.param(
            [reading(40, ago_min=30), reading(90, source="estimate")], 40, id="estimate-never-over-a-fact"
        ),
        pytest.param([reading(90, source="estimate")], 90, id="estimate-when-nothing-else"),
        pytest.param([reading(62, ago_min=60), reading(100, source="text")], 100, id="a-wall-just-hit"),
        pytest.param([reading(40, source="header", ago_min=1), reading(41)], 41, id="same-trust-newer"),
    ],
)
def test_the_reading_to_believe(readings: list[Reading], percent: float) -> None:
    for order in (readings, readings[::-1]):
        assert [limit.percent for limit in limits.current(order, NOON)] == [percent]


def test_a_window_that_has_ended_says_nothing() -> None:
    assert limits.current([reading(99)], RESET) == ()


def test_a_steady_pace_says_when_it_is_empty() -> None:
    # three of five hours gone, 75 % used: the last quarter takes one more hour
    (limit,) = limits.current([reading(75)], NOON)

    assert limit.runs_out_at == NOON + timedelta(hours=1)


def test_a_slow_pace_is_no_forecast() -> None:
    (limit,) = limits.current([reading(30)], NOON)

    assert limit.runs_out_at is None


def test_two_readings_give_the_recent_pace() -> None:
    # 10 points in 10 minutes: 20 more points are gone in 20
    (limit,) = limits.current([reading(70, ago_min=10), reading(80)], NOON)

    assert limit.runs_out_at == NOON + timedelta(minutes=20)


@given(
    st.lists(
        st.tuples(st.floats(0, 150), st.integers(0, 300), st.sampled_from(sorted(limits.TRUST))),
        min_size=1,
        max_size=6,
    )
)
def test_a_forecast_lies_between_now_and_the_reset(values: list[tuple[float, int, str]]) -> None:
    for limit in limits.current([reading(p, ago_min=a, source=s) for p, a, s in values], NOON):
        assert limit.runs_out_at is None or NOON <= limit.runs_out_at < RESET


@pytest.mark.parametrize(
    ("percent", "source", "word"),
    [
        pytest.param(74.9, "official", "ready", id="ready"),
        pytest.param(75, "official", "warning", id="warning"),
        pytest.param(95, "budget", "limited", id="limited"),
        pytest.param(100, "estimate", "ready", id="an-estimate-is-no-limit"),
    ],
)
def test_the_level_follows_the_thresholds(percent: float, source: str, word: str) -> None:
    limit = Limit(
        window="5h",
        unit="percent",
        used=percent,
        limit=100,
        percent=percent,
        resets_at=RESET,
        source=source,
        observed_at=NOON,
    )

    assert limits.level([limit], NOON, warn_at=0.75, switch_at=0.95) == word


def test_the_estimated_limit_is_the_ninetieth_percentile() -> None:
    assert limits.estimated_limit([float(n) for n in range(1, 11)]) == 10
    assert limits.estimated_limit([]) is None
