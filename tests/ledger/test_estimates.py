"""A plan's window that nobody reports: guessed from where windows like it ended, and never more than that."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pf_tui.ledger import estimates, reader, rollups, rows, schema
from pf_tui.ledger.layout import milliseconds
from pf_tui.rules.limits import Limit, current
from tests import readings
from tests.ledger.test_views import enter, row

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PLAN = "anthropic-subscription"


def used(ledger: sqlite3.Connection, *uses: tuple[datetime, int]) -> None:
    enter(ledger, [{"ts_ms": milliseconds(at), "output": tokens, "provider": PLAN} for at, tokens in uses])


def used_later(ledger: sqlite3.Connection, at: datetime, tokens: int) -> None:
    names = rows.Names(ledger)
    with schema.transaction(ledger):
        rows.write(ledger, [row(names, 999, milliseconds(at), output=tokens, provider=PLAN)], names)
        rollups.refresh(ledger)


def wall(
    path: Path, at: datetime, until: datetime, *, kind: str = "quota", session: str = "s", text: str = ""
) -> None:
    reader.limit_hit(
        path, PLAN, kind=kind, at=at, until=until, agent="claude-code", session=session, text=text
    )


def past(ledger: sqlite3.Connection, path: Path, *tokens: int) -> None:
    """A window a day that ended at a wall after so many tokens; and what is used now."""
    uses = [(NOW - timedelta(minutes=30), 500)]
    for days, amount in enumerate(tokens, start=1):
        begin = NOW - timedelta(days=days)
        uses += [
            (begin + timedelta(minutes=5), amount // 2),
            (begin + timedelta(hours=2), amount - amount // 2),
        ]
        wall(path, begin + timedelta(hours=2, minutes=10), begin + timedelta(hours=5), session=f"s-{days}")
    used(ledger, *uses)


def shown(ledger: sqlite3.Connection, path: Path, now: datetime = NOW) -> tuple[Limit, ...]:
    """What a face shows after logs were read."""
    with schema.transaction(ledger):
        estimates.keep(ledger, [PLAN])
    with reader.reading(path) as book:
        return current([one for one in book.latest_readings(now) if one.provider == PLAN], now)


def test_a_window_is_guessed_from_what_past_ones_held_at_their_wall(
    ledger: sqlite3.Connection, path: Path
) -> None:
    past(ledger, path, 1000, 800, 900)

    (limit,) = shown(ledger, path)

    assert (limit.window, limit.unit, limit.used, limit.limit) == ("5h", "tokens", 500, 1000)
    assert (limit.source, limit.percent, limit.trusted) == ("estimate", 50, False)
    assert limit.resets_at == NOW.replace(hour=11) + timedelta(hours=5)
    assert limit.observed_at == NOW - timedelta(minutes=30)


def test_two_walls_are_too_few(ledger: sqlite3.Connection, path: Path) -> None:
    past(ledger, path, 1000, 800)

    assert shown(ledger, path) == ()


def test_sessions_that_run_into_the_same_wall_are_one_window(ledger: sqlite3.Connection, path: Path) -> None:
    past(ledger, path, 1000, 800)
    begin = NOW - timedelta(days=1)
    for session in ("t", "u", "v"):
        wall(
            path,
            begin + timedelta(hours=2, minutes=12),
            begin + timedelta(hours=5, seconds=30),
            session=session,
        )

    assert shown(ledger, path) == ()


def test_a_burst_of_requests_is_no_used_up_window(ledger: sqlite3.Connection, path: Path) -> None:
    used(ledger, (NOW - timedelta(minutes=30), 500))
    for days in range(1, 6):
        at = NOW - timedelta(days=days)
        wall(path, at, at + timedelta(minutes=1), kind="rate")

    assert shown(ledger, path) == ()


@pytest.mark.parametrize(
    ("text", "guessed"),
    [
        pytest.param("You've hit your session limit · resets 3pm (UTC)", ["5h"], id="session"),
        pytest.param("You've hit your 5-hour limit · resets 1:38am (UTC)", ["5h"], id="5-hour"),
        pytest.param(
            "You've hit your weekly limit · resets 3pm (UTC)", ["7d"], id="the-last-hours-of-a-week"
        ),
        pytest.param("You've hit your Opus limit · resets 3pm (UTC)", [], id="one-model"),
        pytest.param("429", ["5h"], id="no-words"),
    ],
)
def test_the_words_of_a_wall_say_which_window_it_was(
    ledger: sqlite3.Connection, path: Path, text: str, guessed: list[str]
) -> None:
    uses = [(NOW - timedelta(minutes=30), 500)]
    for days in (1, 2, 3):
        at = NOW - timedelta(days=days)
        uses.append((at - timedelta(hours=1), 1000))
        wall(path, at, at + timedelta(hours=2), session=f"s-{days}", text=text)
    used(ledger, *uses)

    assert [limit.window for limit in shown(ledger, path)] == guessed


def test_a_weekly_wall_speaks_of_the_week(ledger: sqlite3.Connection, path: Path) -> None:
    uses = [(NOW - timedelta(minutes=30), 300)]
    for weeks in (1, 2, 3):
        resets_at = NOW - timedelta(weeks=weeks - 1, days=2)
        uses.append((resets_at - timedelta(days=3), 2000))
        wall(path, resets_at - timedelta(days=1), resets_at)
    used(ledger, *uses)

    (limit,) = shown(ledger, path)

    assert (limit.window, limit.used, limit.limit) == ("7d", 300, 2000)
    assert limit.resets_at == NOW + timedelta(days=5)


@pytest.mark.parametrize("source", ["official", "header", "rollout", "text"])
def test_a_window_that_somebody_reports_is_not_guessed(
    ledger: sqlite3.Connection, path: Path, source: str
) -> None:
    past(ledger, path, 1000, 800, 900)
    at, resets_at = NOW - timedelta(minutes=50), NOW + timedelta(hours=1)
    told = readings.reading(61, provider=PLAN, at=at, resets_at=resets_at, source=source)
    reader.limit_readings(path, [told])

    assert [limit.source for limit in shown(ledger, path)] == [source]
    assert shown(ledger, path, NOW + timedelta(hours=2)) == ()  # it ended, and so did what was used in it


def test_a_guess_is_replaced_and_ends_with_its_window(ledger: sqlite3.Connection, path: Path) -> None:
    past(ledger, path, 1000, 800, 900)
    shown(ledger, path)
    used_later(ledger, NOW, 100)

    assert [limit.used for limit in shown(ledger, path)] == [600]
    assert ledger.execute("SELECT count(*) FROM limit_readings").fetchone() == (1,)
    assert shown(ledger, path, NOW + timedelta(hours=5)) == ()


def test_a_clock_that_ran_ahead_guesses_nothing(ledger: sqlite3.Connection, path: Path) -> None:
    past(ledger, path, 1000, 800, 900)
    used_later(ledger, NOW + timedelta(days=900), 1)

    assert shown(ledger, path) == ()


def test_nothing_is_written_when_nothing_changed(ledger: sqlite3.Connection, path: Path) -> None:
    past(ledger, path, 1000, 800, 900)
    shown(ledger, path)
    before = ledger.total_changes

    shown(ledger, path)

    assert ledger.total_changes == before
