"""When a limit ends, out of what a provider or a client wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.rules.reset_text import JUST_PASSED, reset_from_text

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        pytest.param(
            "You've hit your 5-hour limit · resets 1:38pm (UTC)", "2026-11-24T13:38", id="claude-clock"
        ),
        pytest.param(
            "You've hit your session limit · resets 3pm (UTC)", "2026-11-24T15:00", id="claude-hour"
        ),
        pytest.param("You've hit your limit · resets 1:38am (UTC)", "2026-11-25T01:38", id="tomorrow"),
        pytest.param("You've hit your limit · resets 12am (UTC)", "2026-11-25T00:00", id="midnight"),
        pytest.param("weekly limit · resets Nov 27, 9am (UTC)", "2026-11-27T09:00", id="claude-day"),
        pytest.param("weekly limit · resets Jan 2 at 9:30am (UTC)", "2027-01-02T09:30", id="next-year"),
        pytest.param("resets 3pm (Europe/Berlin)", "2026-11-24T14:00", id="named-zone"),
        pytest.param("Claude AI usage limit reached|1795528800", "2026-11-24T14:00", id="epoch-seconds"),
        pytest.param("Claude AI usage limit reached|1795528800000", "2026-11-24T14:00", id="epoch-ms"),
        pytest.param(
            '{"type":"usage_limit_reached","resets_at":1795528800}', "2026-11-24T14:00", id="codex-body"
        ),
        pytest.param("purchase more credits or try again at 2:13 AM.", "2026-11-25T02:13", id="codex-clock"),
        pytest.param("or try again at Nov 30th, 2026 2:13 AM.", "2026-11-30T02:13", id="codex-day"),
        pytest.param("or try again at Dec 1st, 2026 2:13 PM.", "2026-12-01T14:13", id="codex-first"),
        pytest.param("Please try again in 1.5s.", "2026-11-24T12:00:01.5", id="openai-seconds"),
        pytest.param("try again in 6m0s", "2026-11-24T12:06", id="openai-minutes"),
        pytest.param("Please try again in 1h2m3s", "2026-11-24T13:02:03", id="openai-hours"),
        pytest.param("Please retry in 250ms", "2026-11-24T12:00:00.25", id="milliseconds"),
        pytest.param("Resets in 2 days 3 hours", "2026-11-26T15:00", id="words"),
        pytest.param("Your quota will reset after 3h20m15s.", "2026-11-24T15:20:15", id="gemini"),
        pytest.param("retrying in 6h16m - attempt #1", "2026-11-24T18:16", id="opencode"),
        pytest.param("Please try again in 9m38.016s. Need more?", "2026-11-24T12:09:38.016", id="groq"),
        pytest.param("Please retry after 86400 seconds.", "2026-11-25T12:00", id="azure"),
        pytest.param("try again in 1 hour and 5 minutes", "2026-11-24T13:05", id="hour-and-minutes"),
        pytest.param("Please wait for 2 minutes", "2026-11-24T12:02", id="wait-for"),
        pytest.param("resets in less than a minute", "2026-11-24T12:01", id="less-than-a-minute"),
        pytest.param("try again in about an hour", "2026-11-24T13:00", id="about-an-hour"),
        pytest.param(
            "Your limit will reset at 2026-11-25 00:35:41", "2026-11-25T00:35:41", id="date-and-time"
        ),
        pytest.param("resets at 2026-11-30T00:00:00+08:00", "2026-11-29T16:00", id="iso-with-zone"),
        pytest.param("regain access on 2026-12-01 at 00:00 UTC.", "2026-12-01T00:00", id="anthropic-api"),
        pytest.param("Limit resets at: 2026-11-29 20:50:11 UTC", "2026-11-29T20:50:11", id="litellm"),
        pytest.param("您的限额将在 2026-11-25 07:41:44 重置。", "2026-11-25T07:41:44", id="chinese"),
        pytest.param("available after September 6, 2027, 11:15", "2027-09-06T11:15", id="full-month"),
        pytest.param("resets 24 Nov 2026 at 15:00 CET", "2026-11-24T14:00", id="day-first"),
        pytest.param("resets Monday 9am (UTC)", "2026-11-30T09:00", id="weekday"),
        pytest.param("Rate limit resets on Friday", "2026-11-27T00:00", id="weekday-alone"),
        pytest.param("resets tomorrow at 3pm (UTC)", "2026-11-25T15:00", id="tomorrow-at"),
        pytest.param("resets at 3pm tomorrow (UTC)", "2026-11-25T15:00", id="at-tomorrow"),
        pytest.param("resets at midnight UTC", "2026-11-25T00:00", id="midnight-word"),
        pytest.param("resets 3pm SGT", "2026-11-25T07:00", id="singapore"),
        pytest.param("resets 11am (Etc/GMT+5)", "2026-11-24T16:00", id="posix-zone"),
        pytest.param("resets 3pm (UTC+2)", "2026-11-24T13:00", id="offset"),
        pytest.param("reset on Nov 30 at 10:00 AM PST", "2026-11-30T18:00", id="pacific"),
        pytest.param("resets 11:50am (UTC)", "2026-11-24T11:50", id="just-passed-is-now"),
        pytest.param("5-hour limit · resets 1:38am (UTC)", "2026-11-24T17:00", id="never-beyond-five-hours"),
    ],
)
def test_the_moment_a_limit_ends(text: str, ends: str) -> None:
    assert reset_from_text(text, NOON, UTC) == datetime.fromisoformat(ends).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Credit balance is too low",
        "429 This request would exceed your account's rate limit. Please try again later.",
        "resets 5",
        "resets 25:00",
        "resets 13pm (UTC)",
        "resets Feb 30, 9am (UTC)",
        "API Error: 529 Overloaded",
        "try again in 99999999999999999999d",
    ],
)
def test_no_moment_is_made_up(text: str) -> None:
    assert reset_from_text(text, NOON, UTC) is None


def test_a_time_of_day_without_a_zone_is_the_persons_own() -> None:
    assert reset_from_text("try again at 2:13 PM", NOON, BERLIN) == datetime(2026, 11, 24, 13, 13, tzinfo=UTC)


def test_a_zone_nobody_knows_is_the_persons_own() -> None:
    assert reset_from_text("resets 2pm (Not/There)", NOON, BERLIN) == datetime(2026, 11, 24, 13, tzinfo=UTC)


@given(
    st.integers(0, 15 * 365 * 24 * 3600),
    st.integers(1, 12),
    st.integers(0, 59),
    st.sampled_from(["am", "pm"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
)
def test_a_time_of_day_is_the_next_one_or_has_just_passed(
    after_s: int, hour: int, minute: int, half: str, zone: str
) -> None:
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=after_s)

    ends = reset_from_text(f"resets {hour}:{minute:02d}{half} ({zone})", now)

    assert ends is not None
    assert -JUST_PASSED <= ends - now <= timedelta(hours=25)


@given(st.text(max_size=200))
def test_any_text_is_no_error(text: str) -> None:
    for worded in (text, f"resets {text}", f"try again in {text}", f"limit reached|{text}"):
        found = reset_from_text(worded, NOON, UTC)
        assert found is None or found.tzinfo is not None
