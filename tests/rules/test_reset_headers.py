"""When a limit ends and how full a window is, by the headers of answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.rules.reset_headers import (
    CAP,
    http_date,
    moment_from,
    readings_from_headers,
    reset_at,
    retry_after,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def after(**span: float) -> datetime:
    return NOW + timedelta(**span)


def epoch(**span: float) -> str:
    return str(int(after(**span).timestamp()))


@pytest.mark.parametrize(
    ("headers", "moment"),
    [
        pytest.param({"retry-after": "30"}, after(seconds=30), id="seconds"),
        pytest.param({"retry-after": "1.5"}, after(seconds=1.5), id="fraction"),
        pytest.param({"retry-after-ms": "250"}, after(seconds=0.25), id="milliseconds"),
        pytest.param({"retry-after-ms": "250", "retry-after": "30"}, after(seconds=0.25), id="both"),
        pytest.param({"retry-after": "Tue, 24 Nov 2026 12:01:00 GMT"}, after(minutes=1), id="http-date"),
        pytest.param({"retry-after": "99999999"}, NOW + CAP, id="beyond-the-cap"),
        pytest.param({"retry-after": "soon"}, None, id="words"),
        pytest.param({"retry-after": "-5"}, None, id="negative"),
        pytest.param({"retry-after": "0"}, NOW, id="zero-is-now"),
        pytest.param({"retry-after": "Tue, 24 Nov 2026 11:00:00 GMT"}, NOW, id="past-date-is-now"),
        pytest.param(
            {"retry-after": "Tue, 24 Nov 2026 14:01:00 +0200"}, after(minutes=1), id="date-with-offset"
        ),
        pytest.param({"retry-after": epoch(minutes=10)}, after(minutes=10), id="epoch"),
        pytest.param({"retry-after": epoch(minutes=10) + "000"}, after(minutes=10), id="epoch-in-ms"),
        pytest.param({"retry-after": "30s"}, after(seconds=30), id="duration"),
        pytest.param({"retry-after": "1m30s"}, after(seconds=90), id="long-duration"),
        pytest.param({"retry-after": "2026-11-24T12:05:00Z"}, after(minutes=5), id="iso"),
        pytest.param(
            {"retry-after-ms": "soon", "retry-after": "30"}, after(seconds=30), id="bad-beside-good"
        ),
        pytest.param({"retry-after-ms": "nan", "retry-after": "30"}, after(seconds=30), id="nan-beside-good"),
        pytest.param({"x-ms-retry-after-ms": "2000"}, after(seconds=2), id="azure"),
        pytest.param({}, None, id="none"),
    ],
)
def test_retry_after_in_every_form(headers: dict[str, str], moment: datetime | None) -> None:
    assert retry_after(headers, NOW) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param(epoch(hours=1), after(hours=1), id="epoch"),
        pytest.param(epoch(hours=1) + "000", after(hours=1), id="epoch-in-ms"),
        pytest.param("2026-11-24T13:00:00Z", after(hours=1), id="iso"),
        pytest.param("2026-11-24T14:00:00+01:00", after(hours=1), id="iso-of-another-zone"),
        pytest.param("6m0s", after(minutes=6), id="duration"),
        pytest.param("1h2m3.5s", after(hours=1, minutes=2, seconds=3.5), id="long-duration"),
        pytest.param("150ms", after(seconds=0.15), id="short-duration"),
        pytest.param("42", after(seconds=42), id="seconds-from-now"),
        pytest.param("whenever", None, id="words"),
        pytest.param("", None, id="empty"),
    ],
)
def test_a_moment_in_every_form(text: str, moment: datetime | None) -> None:
    assert moment_from(text, NOW) == moment


def test_the_latest_of_retry_after_and_the_rejected_windows_counts() -> None:
    headers = {
        "retry-after": "60",
        "anthropic-ratelimit-unified-status": "rejected",
        "anthropic-ratelimit-unified-5h-status": "rejected",
        "anthropic-ratelimit-unified-5h-reset": epoch(hours=2),
        "anthropic-ratelimit-unified-7d-status": "allowed_warning",
        "anthropic-ratelimit-unified-7d-reset": epoch(days=5),
    }

    assert reset_at(headers, NOW) == after(hours=2)


def test_a_window_that_is_not_empty_says_nothing_of_a_reset() -> None:
    headers = {"x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "6m0s"}

    assert reset_at(headers, NOW) is None


def test_a_used_up_codex_window_ends_at_its_reset() -> None:
    headers = {"x-codex-primary-used-percent": "100", "x-codex-primary-reset-at": epoch(hours=3)}

    assert reset_at(headers, NOW) == after(hours=3)


def test_a_codex_window_may_name_seconds_from_now() -> None:
    headers = {"x-codex-primary-used-percent": "100", "x-codex-primary-reset-after-seconds": "5400"}

    assert reset_at(headers, NOW) == after(seconds=5400)


def test_an_overdrawn_window_that_is_allowed_serves_on_overage() -> None:
    headers = {
        "anthropic-ratelimit-unified-5h-utilization": "1.04",
        "anthropic-ratelimit-unified-5h-status": "allowed",
        "anthropic-ratelimit-unified-7d-utilization": "1.0",
        "anthropic-ratelimit-unified-7d-status": "rejected",
    }

    sources = [reading.source for reading in readings_from_headers("anthropic-subscription", headers, NOW)]

    assert sources == ["overage", "header"]


def test_a_reset_that_is_past_is_none() -> None:
    headers = {
        "anthropic-ratelimit-unified-status": "rejected",
        "anthropic-ratelimit-unified-reset": epoch(hours=-1),
    }

    assert reset_at(headers, NOW) is None


@pytest.mark.parametrize(
    "headers",
    [
        {
            "anthropic-ratelimit-unified-status": "rejected",
            "anthropic-ratelimit-unified-5h-status": "rejected",
            "anthropic-ratelimit-unified-5h-reset": epoch(seconds=-30),
        },
        {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": epoch(minutes=-2)},
        {"x-codex-primary-used-percent": "100", "x-codex-primary-reset-at": epoch(seconds=-1)},
    ],
)
def test_a_reset_that_has_just_passed_is_now(headers: dict[str, str]) -> None:
    assert reset_at(headers, NOW) == NOW


def test_unified_windows_are_read_as_percent() -> None:
    headers = {
        "anthropic-ratelimit-unified-5h-utilization": "0.91",
        "anthropic-ratelimit-unified-5h-reset": epoch(hours=2),
        "anthropic-ratelimit-unified-7d_opus-utilization": "0.4",
        "anthropic-ratelimit-unified-7d_opus-reset": epoch(days=2),
    }

    found = readings_from_headers("anthropic-api", headers, NOW)

    assert [(r.window, r.unit, round(r.used), r.model, r.resets_at) for r in found] == [
        ("5h", "percent", 91, None, after(hours=2)),
        ("7d", "percent", 40, "opus", after(days=2)),
    ]


def test_codex_windows_are_named_by_their_length() -> None:
    headers = {
        "x-codex-primary-used-percent": "12.5",
        "x-codex-primary-window-minutes": "299",
        "x-codex-secondary-used-percent": "70",
        "x-codex-secondary-window-minutes": "10079",
    }

    found = readings_from_headers("openai-subscription", headers, NOW)

    assert [(r.window, r.used) for r in found] == [("5h", 12.5), ("7d", 70.0)]


def test_counted_windows_are_used_of_limit() -> None:
    headers = {
        "x-ratelimit-limit-requests": "1000",
        "x-ratelimit-remaining-requests": "940",
        "x-ratelimit-reset-requests": "2h",
        "anthropic-ratelimit-tokens-limit": "80000",
        "anthropic-ratelimit-tokens-remaining": "80000",
        "anthropic-ratelimit-tokens-reset": "2026-11-24T12:00:30Z",
    }

    found = {(r.unit, r.window): (r.used, r.limit) for r in readings_from_headers("groq", headers, NOW)}

    assert found == {("requests", "day"): (60.0, 1000.0), ("tokens", "minute"): (0.0, 80000.0)}


def test_an_epoch_in_the_percents_place_is_no_reading() -> None:
    headers = {"anthropic-ratelimit-unified-5h-utilization": epoch(hours=1)}

    assert readings_from_headers("anthropic-api", headers, NOW) == ()


@given(st.one_of(st.text(max_size=40), st.integers().map(str), st.floats().map(str)))
def test_no_moment_is_beyond_the_cap(text: str) -> None:
    moment = moment_from(text, NOW)

    assert moment is None or (moment.tzinfo is not None and moment <= NOW + CAP)


@given(
    st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)).map(  # noqa: DTZ001 - made aware below
        lambda moment: moment.replace(tzinfo=UTC, microsecond=0)
    )
)
def test_every_http_date_is_read_back(moment: datetime) -> None:
    from email.utils import format_datetime

    assert http_date(format_datetime(moment, usegmt=True)) == moment


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "Tuesday, 24-Nov-26 13:30:00 GMT"}, 5400),
        ({"retry-after": "2026-11-24T15:30:00+02:00"}, 5400),
        ({"retry-after": "30, 30"}, 30),
        ({"retry-after": "00:01:30"}, 90),
        ({"retry-after": "PT1M30S"}, 90),
        ({"retry-after": "90 seconds"}, 90),
        ({"retry-after": "1 minute"}, 60),
        ({"x-retry-after-ms": "5000"}, 5),
        ({"x-ratelimit-timeremaining": "40242"}, 40242),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": epoch(minutes=90) + "000"}, 5400),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-11-24T13:30:00Z"}, 5400),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": epoch(minutes=90)}, 5400),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0.5s"}, 360.5),
        ({"x-ratelimit-remaining-tokens-day": "0", "x-ratelimit-reset-tokens-day": "33011"}, 33011),
        ({"x-ratelimit-remaining-tokens-hour": "0", "x-ratelimit-reset-tokens-hour": "1801"}, 1801),
        ({"x-ratelimit-remaining-requests-minute": "0", "x-ratelimit-reset-requests-minute": "31"}, 31),
        ({"x-ratelimit-remaining-requests-minute": "4", "x-ratelimit-reset-requests-minute": "31"}, None),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "90"}, 90),
        ({"ratelimit": "limit=100, remaining=0, reset=90"}, 90),
        ({"ratelimit": '"default";r=0;t=90'}, 90),
        ({"ratelimit": '"default";r=50;t=90'}, None),
    ],
)
def test_the_end_in_the_headers_of_many_vendors(headers: dict[str, str], seconds: float | None) -> None:
    assert reset_at(headers, NOW) == (None if seconds is None else after(seconds=seconds))
