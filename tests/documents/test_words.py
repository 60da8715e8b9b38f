"""Numbers and times the way people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.documents import words

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("usd", "said"),
    [
        (None, "—"),
        (0, "$0.00"),
        (0.0042, "$0.0042"),
        (0.01, "$0.01"),
        (4.18, "$4.18"),
        (1204.5, "$1 204.50"),
        (1234567.891, "$1 234 567.89"),
    ],
)
def test_money(usd: float | None, said: str) -> None:
    assert words.money(usd) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "—"),
        (0, "0"),
        (981, "981"),
        (999.4, "999"),
        (999.6, "1K"),
        (1000, "1K"),
        (12_400, "12.4K"),
        (99_960, "100K"),
        (999_499, "999K"),
        (999_600, "1M"),
        (1_050_000, "1.05M"),
        (2_310_000_000, "2.31G"),
    ],
)
def test_short_numbers(value: float | None, said: str) -> None:
    assert words.short(value) == said


@given(st.floats(min_value=0, max_value=9.9e14))
def test_a_short_number_needs_little_room_and_is_right_to_a_percent(value: float) -> None:
    said = words.short(value)

    unit = {"K": 1e3, "M": 1e6, "G": 1e9}.get(said[-1], 1.0)
    number = float(said.rstrip("KMG").replace(" ", "")) * unit
    assert number == pytest.approx(value, rel=0.01, abs=0.6)
    if value < 1e12:
        assert len(said) <= 5


@pytest.mark.parametrize(
    ("tokens", "said"),
    [(None, "—"), (8192, "8K"), (131_072, "128K"), (200_000, "200K"), (1_000_000, "1M"), (1_048_576, "1M"),
     (1_050_000, "1.05M"), (2_097_152, "2M")],
)  # fmt: skip
def test_a_context_window_reads_as_its_vendor_says_it(tokens: int | None, said: str) -> None:
    assert words.window(tokens) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (5880, "1h38"),
        (86_400, "1d 0h"),
        (273_600, "3d 4h"),
    ],
)
def test_a_length_of_time(seconds: int, said: str) -> None:
    assert words.span(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("moment", "zone", "said"),
    [
        pytest.param(NOON + timedelta(hours=3, minutes=40), "UTC", "15:40", id="today"),
        pytest.param(NOON + timedelta(days=2, hours=-3), "UTC", "Thu 09:00", id="this-week"),
        pytest.param(NOON + timedelta(days=18), "UTC", "12 Dec", id="beyond"),
        pytest.param(NOON + timedelta(hours=11), "Asia/Tokyo", "Wed 08:00", id="tomorrow-there"),
    ],
)
def test_a_moment_on_the_clock(moment: datetime, zone: str, said: str) -> None:
    assert words.clock(moment, NOON, ZoneInfo(zone)) == said


@pytest.mark.parametrize(
    ("ahead", "said"),
    [(timedelta(minutes=98), "in 1h38"), (timedelta(hours=4), "16:00"), (timedelta(seconds=-60), "11:59")],
)
def test_a_near_moment_says_how_long_it_is(ahead: timedelta, said: str) -> None:
    assert words.when(NOON + ahead, NOON, UTC) == said


def test_one_of_a_kind_is_no_plural() -> None:
    assert words.quantity(1, "switch", "es") == "1 switch"
    assert words.quantity(2, "switch", "es") == "2 switches"
    assert words.quantity(1028, "request") == "1 028 requests"
