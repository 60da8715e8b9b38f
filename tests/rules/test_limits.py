"""Windows: which reading is believed, when it runs dry, and what never happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.records import replace
from pf_tui.rules import limits
from pf_tui.rules.limits import Limit, Reading
from tests import readings

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
RESET = NOON + timedelta(hours=2)


def reading(percent: float, *, ago_min: float = 0, source: str = "official", window: str = "5h") -> Reading:
    return readings.reading(percent, window, at=NOON - timedelta(minutes=ago_min), source=source)


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


@pytest.mark.parametrize(
    ("readings", "percent"),
    [
        pytest.param([reading(91, ago_min=20), reading(20)], 91, id="an-idle-session-repeats-itself"),
        pytest.param([reading(91, ago_min=20), reading(20, source="rollout")], 91, id="of-less-trust-too"),
        pytest.param(
            [reading(70), reading(100, source="text", ago_min=-0.5)], 100, id="a-wall-counts-at-once"
        ),
        pytest.param([reading(50), reading(90, ago_min=-60)], 50, id="a-reading-from-the-future"),
    ],
)
def test_use_inside_one_window_never_falls(readings: list[Reading], percent: float) -> None:
    for order in (readings, readings[::-1]):
        assert [limit.percent for limit in limits.current(order, NOON)] == [percent]


def limit(percent: float, *, window: str = "5h", model: str | None = None, source: str = "official") -> Limit:
    return Limit(
        window=window,
        unit="percent",
        used=percent,
        limit=100,
        percent=percent,
        resets_at=RESET,
        source=source,
        observed_at=NOON,
        model=model,
    )


def test_the_tightest_window_is_the_one_that_is_empty_first() -> None:
    soon = replace(limit(50), runs_out_at=NOON + timedelta(hours=1))

    assert limits.tightest([limit(77, window="7d"), soon], "claude-opus-5-5") == soon
    assert limits.tightest([limit(100, window="7d"), soon], "claude-opus-5-5") == limit(100, window="7d")
    assert limits.tightest([], None) is None


def test_a_familys_window_concerns_that_family_only() -> None:
    week, opus = limit(40, window="7d"), limit(99, window="7d", model="opus")

    assert limits.tightest([week, opus], "claude-sonnet-5-5") == week
    assert limits.tightest([week, opus], "claude-opus-5-5") == opus
    level = limits.level([week, opus], NOON, warn_at=0.75, switch_at=0.95, model="claude-sonnet-5-5")
    assert level == "ready"


def test_a_plan_on_overage_serves() -> None:
    overdrawn = limit(104, source="overage")

    assert not overdrawn.exhausted(NOON)
    assert limit(104).exhausted(NOON)
    assert limits.level([overdrawn], NOON, warn_at=0.75, switch_at=0.95) == "warning"


def test_idle_time_slows_the_pace() -> None:
    # 10 points in 10 minutes, then nothing for 20: a third of the pace
    (after_idle,) = limits.current([reading(70, ago_min=30), reading(80, ago_min=20)], NOON)

    assert after_idle.runs_out_at == NOON + timedelta(minutes=60)


def test_a_guess_below_half_is_no_alarm() -> None:
    (guess,) = limits.current([reading(45, source="estimate", ago_min=0)], NOON)

    assert guess.runs_out_at is None


@pytest.mark.parametrize(
    ("began_h", "percents"),
    [
        pytest.param(-3, [], id="begun-before-the-real-one-ended"),
        pytest.param(-1, [41], id="begun-when-it-ended"),
        pytest.param(0, [41], id="begun-after-it"),
    ],
)
def test_a_guess_counts_nothing_of_a_window_that_is_over(began_h: float, percents: list[float]) -> None:
    ended = replace(reading(85, source="header", ago_min=70), resets_at=NOON - timedelta(hours=1))
    guess = replace(reading(41, source="estimate"), resets_at=NOON + timedelta(hours=began_h + 5))

    assert [limit.percent for limit in limits.current([guess, ended], NOON)] == percents


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
    assert limits.level([limit(percent, source=source)], NOON, warn_at=0.75, switch_at=0.95) == word


def test_the_estimated_limit_is_the_ninetieth_percentile() -> None:
    assert limits.estimated_limit([float(n) for n in range(1, 11)]) == 10
    assert limits.estimated_limit([]) is None


def test_a_burst_after_an_idle_stretch_says_when_it_is_empty() -> None:
    told = [reading(10, ago_min=55), reading(10, ago_min=9), reading(45)]

    [seen] = limits.current(told, NOON)

    assert seen.runs_out_at is not None
    assert timedelta(minutes=10) < seen.runs_out_at - NOON < timedelta(minutes=20)


@pytest.mark.parametrize("spelled", ["GPT-5.3-Codex-Spark", "codex_spark", "gpt-5.3-codex-spark"])
def test_a_models_own_window_is_its_own_however_the_agent_spells_it(spelled: str) -> None:
    spark = limit(99, model=spelled)

    assert spark.concerns("gpt-5.3-codex-spark")
    assert not spark.concerns("gpt-6.1-sol")
    both = [spark, limit(20)]
    assert limits.level(both, NOON, warn_at=0.75, switch_at=0.95, model="gpt-6.1-sol") == "ready"
    assert limits.level(both, NOON, warn_at=0.75, switch_at=0.95, model="gpt-5.3-codex-spark") == "limited"
