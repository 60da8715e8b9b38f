"""When a limit ends, out of what a provider or a client wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.rules.reset_languages import JUST_PASSED
from pf_tui.rules.reset_text import reset_from_text

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


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("Your limit resets in 3 h 20 min.", "2026-11-24T15:20"),
        ("resets Nov 25, 5am (Asia/Tokyo)", "2026-11-24T20:00"),
        ("Resets at Nov 25, 2026, 05:00 JST", "2026-11-24T20:00"),
        ("Please try again in 1 day, 4 hours and 3 minutes.", "2026-11-25T16:03"),
        ("Usage limit reached. Try again in 02:15:00.", "2026-11-24T14:15"),
        ("quota refreshes in 1.5 hours", "2026-11-24T13:30"),
        ("Try again at 2026-11-24T15:30:00+02:00", "2026-11-24T13:30"),
        ("Your quota will reset at 2026-11-24T13:30:00.000Z.", "2026-11-24T13:30"),
        ("reset time: 2026/11/24 21:30:00 (UTC+8)", "2026-11-24T13:30"),
        ("Please retry after 2026-11-24 13:30:00 +00:00", "2026-11-24T13:30"),
        ("Limit resets on Tue, 24 Nov 2026 13:30:00 GMT", "2026-11-24T13:30"),
        ("Limit resets Tuesday, November 24, 2026 at 1:30 PM UTC", "2026-11-24T13:30"),
        ("Your limit will reset at 14:30 UTC on November 24", "2026-11-24T14:30"),
        ("will be reset at 1:30 p.m. (Europe/London)", "2026-11-24T13:30"),
        ("resets 9:00 am America/New_York", "2026-11-24T14:00"),
        ("Retry after: 120", "2026-11-24T12:02"),
        ("retry_after=75", "2026-11-24T12:01:15"),
        ("wait for 12 more minutes", "2026-11-24T12:12"),
        ("Resets every day at midnight UTC", "2026-11-25T00:00"),
        ("It resets at midnight Pacific time", "2026-11-25T08:00"),
        ("resets at 9am Beijing time", "2026-11-25T01:00"),
        ("Your quota resets on the 1st of December", "2026-12-01T00:00"),
        ("resets in under an hour", "2026-11-24T13:00"),
        ("resets in less than 1 minute", "2026-11-24T12:01"),
        ("Try again in PT1H30M", "2026-11-24T13:30"),
        ("请在 30 分钟后重试", "2026-11-24T12:30"),
        ("请 1 小时 20 分钟后再试", "2026-11-24T13:20"),
        ("2小时后恢复", "2026-11-24T14:00"),
        ("5 分後に再試行してください", "2026-11-24T12:05"),
        ("10분 후에 다시 시도하세요", "2026-11-24T12:10"),
        ("Bitte versuche es in 2 Stunden und 20 Minuten erneut", "2026-11-24T14:20"),
        ("Setzt sich um 14:30 Uhr zurück", "2026-11-24T14:30"),
        ("Réessayez dans 10 minutes", "2026-11-24T12:10"),
        ("Inténtalo de nuevo en 15 minutos", "2026-11-24T12:15"),
        ("Tente novamente em 2 horas", "2026-11-24T14:00"),
        ("Riprova tra 5 minuti", "2026-11-24T12:05"),
        ("Повторите попытку через 3 часа", "2026-11-24T15:00"),
    ],
)
def test_the_moment_in_other_shapes_zones_and_languages(text: str, ends: str) -> None:
    assert reset_from_text(text, NOON, UTC) == datetime.fromisoformat(ends).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "limit of 30 requests in 1 minute",
        "the request took too long: done in 10 minutes",
        "max 60 Anfragen pro 10 Minuten",
        "每 5 小时 100 次",
        "um 25:00 Uhr",
    ],
)
def test_a_span_that_is_no_wait_is_no_reset(text: str) -> None:
    assert reset_from_text(text, NOON, UTC) is None


HABITS: list[tuple[str, int]] = [
    ("Limite atteinte. Réessayez à 13h30", 5400),
    ("Your limit resets at 13h30", 5400),
    ("resets in 13h30m", 48600),
    ("resets in 13h30", 48600),
    ("Try again at 13h", 3600),
    ("Try again at 13.30", 5400),
    ("Versuche es um 13:30 Uhr erneut", 5400),
    ("Limit wird ab 13.30 Uhr zurückgesetzt", 5400),
    ("Wieder verfügbar um 13 Uhr", 3600),
    ("Votre limite sera réinitialisée à partir de 13h30", 5400),
    ("Disponible a las 13:30", 5400),
    ("disponible a partir de las 13:30", 5400),
    ("O limite será reiniciado às 13h30", 5400),
    ("disponibile alle 13:30", 5400),
    ("disponibile alle ore 13.30", 5400),
    ("доступно в 13:30", 5400),
    ("Försök igen kl. 13.30", 5400),
    ("beschikbaar om 13:30 uur", 5400),
    ("resets 1:05pm (Europe/Paris)", 300),
    ("resets tomorrow at 9am (UTC)", 75600),
    ("réinitialisation demain à 9h", 75600),
    ("Zurückgesetzt morgen um 9 Uhr", 75600),
    ("se restablece mañana a las 9:00", 75600),
    ("额度将于明天 9:00 重置", 75600),
    ("明天9点恢复", 75600),
    ("明日9時にリセットされます", 75600),
    ("disponibile domani alle 9:00", 75600),
    ("disponível amanhã às 9h", 75600),
    ("重置时间：2026-11-25 00:35:41", 45341),
    ("resets in 1 hr", 3600),
    ("in 2 hrs try again in 2 hrs", 7200),
    ("retry after PT1H30M", 5400),
    ("resets_in PT90S", 90),
    ("Please retry in PT1H.", 3600),
    ("Limit will reset at 1795525200", 3600),
    ("reset_time=1795525200", 3600),
    ("available again at 1795525200000", 3600),
    ("until 1795525200", 3600),
    ("x-ratelimit-reset: 1795525200", 3600),
    ("available again after 13:30 UTC", 5400),
    ("try again at 13:30 CET", 1800),
    ("Verfügbar ab 13:30 Uhr (MEZ)", 1800),
    ("Zurückgesetzt am 25.11.2026 um 13:30 Uhr", 91800),
    ("Réinitialisation le 25/11/2026 à 13h30", 91800),
    ("Réinitialisation le 25 novembre 2026 à 13h30", 91800),
    ("Limit wird am 25. November um 13:30 Uhr zurückgesetzt", 91800),
    ("将于11月25日 13:30重置", 91800),
    ("2026年11月25日 13:30 恢复", 91800),
    ("resets on 11/25/2026 1:30 PM", 91800),
    ("in einer Stunde wieder verfügbar", 3600),
    ("réessayez dans une heure", 3600),
    ("reintente en una hora", 3600),
    ("try again in half an hour", 1800),
    ("try again in an hour", 3600),
    ("下午1:30重置", 5400),
    ("13点30分恢复", 5400),
    ("13時30分にリセット", 5400),
    ("resets at 13:30h", 5400),
    ("resets at 1.30pm", 5400),
    ("resets @ 13:30", 5400),
    ("Resets: today 13:30", 5400),
    ("Next reset is at 13:30 UTC on Nov 25", 91800),
    ("resets 13h30", 5400),
    ("You can try again from 13h30 (Europe/Paris)", 1800),
    ("retry in 1h30", 5400),
    ("resets in 2d3h", 183600),
    ("resets in 2 d 3 h", 183600),
    ("resets Wed 09:00", 75600),
    ("wait until 13:30:00", 5400),
    ("Réessayez dans 1h30", 5400),
    ("dans 45 min", 2700),
    ("en 45 min", 2700),
    ("dans 2 j", 172800),
    ("in 2 Std.", 7200),
    ("リセットまで45分", 2700),
    ("45分後にリセット", 2700),
    ("还需等待45分钟", 2700),
    ("请在45分钟后重试", 2700),
    ("剩余时间 1小时30分", 5400),
]


@pytest.mark.parametrize(("text", "seconds"), HABITS)
def test_a_time_as_other_habits_write_it(text: str, seconds: int) -> None:
    assert reset_from_text(text, NOON, UTC) == NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("seen_at", "text", "ends"),
    [
        ("2026-12-31T20:00", "resets Jan 2 at 9am", "2027-01-02T09:00"),
        ("2027-01-01T00:10", "resets Dec 31, 11:50pm", "2026-12-31T23:50"),
        ("2026-12-31T23:50", "resets 1am", "2027-01-01T01:00"),
        ("2026-12-30T12:00", "resets tomorrow at 9am", "2026-12-31T09:00"),
        ("2026-12-31T12:00", "重置时间 01-02 09:00", "2027-01-02T09:00"),
        ("2026-12-31T12:00", "Zurückgesetzt am 2. Januar um 9:00 Uhr", "2027-01-02T09:00"),
    ],
)
def test_a_day_without_a_year_around_new_year(seen_at: str, text: str, ends: str) -> None:
    read_at = datetime.fromisoformat(seen_at).replace(tzinfo=UTC)

    assert reset_from_text(text, read_at, UTC) == datetime.fromisoformat(ends).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "reset after using 13.30 $",
        "retry at 13.30 requests per second",
        "limit at 25h30",
        "Version 2.13.30",
        "abgebrochen nach 13h",
    ],
)
def test_a_number_that_is_no_time_is_no_reset(text: str) -> None:
    assert reset_from_text(text, NOON, UTC) is None
