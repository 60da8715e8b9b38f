"""How windows filled: few readings of each that still runs, and none of another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pf_tui.ledger import reader, schema, window_history
from pf_tui.records import replace
from pf_tui.rules.limits import Reading
from tests import readings

NOW = datetime(2026, 11, 24, 14, 2, tzinfo=UTC)
RESET = NOW + timedelta(hours=1)


def seen(minutes: float, percent: float) -> Reading:
    return readings.reading(percent, at=NOW - timedelta(minutes=minutes), resets_at=RESET)


def read(tmp_path: Path, *readings: Reading) -> list[Reading]:
    path = tmp_path / "ledger.db"
    reader.limit_readings(path, readings)
    with schema.opened(path) as connection:
        return list(window_history.window_readings(connection, NOW))


def test_a_window_that_was_read_all_the_time_is_told_by_few_readings(tmp_path: Path) -> None:
    found = read(tmp_path, *(seen(minute / 10, 90 - minute / 30) for minute in range(2400)))

    assert 90 < len(found) <= window_history.POINTS + 1
    assert found[-1].used == 90, "the newest is among them"
    assert [one.observed_at for one in found] == sorted(one.observed_at for one in found)


def test_windows_that_have_ended_and_estimates_tell_nothing(tmp_path: Path) -> None:
    ended = replace(seen(10, 50), resets_at=NOW - timedelta(minutes=1))
    endless = replace(seen(20, 50), resets_at=None)
    guessed = replace(seen(30, 50), source="estimate")

    assert read(tmp_path, ended, endless, guessed) == []


def test_windows_are_kept_apart_by_provider_length_unit_and_model(tmp_path: Path) -> None:
    others = (
        replace(seen(5, 1), provider="openai-subscription"),
        replace(seen(5, 2), window="7d", resets_at=NOW + timedelta(days=3)),
        replace(seen(5, 3), unit="tokens", limit=1000),
        replace(seen(5, 4), model="opus"),
        replace(seen(5, 5), resets_at=RESET + timedelta(minutes=9)),
    )
    found = read(tmp_path, seen(6, 10), *others)
    own = window_history.readings_of_window(found, "anthropic-subscription", "5h", "percent", None, RESET)

    assert len(found) == 5, "the last two of one window are of one moment"
    assert [one.used for one in own] == [5], "agents round a reset differently"
