"""What hooks, verbs and the gateway write down, and what `status` reads."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pf_tui.ledger import layout, limit_hits, reader, schema
from pf_tui.ledger.layout import QUARTER_MS
from tests import readings
from tests.ledger.test_views import enter

NOON = datetime(2026, 11, 24, 12, 7, 30, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def hit(
    path: Path, minutes: float, provider: str = "anthropic-api", kind: str = "rate", **facts: object
) -> None:
    whole = {"until": None, "agent": "claude-code", "session": "s", **facts}
    reader.limit_hit(path, provider, kind=kind, at=at(minutes), **whole)  # type: ignore[arg-type]


def walls(path: Path) -> list[tuple]:
    with schema.opened(path) as connection:
        return connection.execute("SELECT provider, kind, ts, until FROM limit_hits ORDER BY ts").fetchall()


@pytest.mark.parametrize("sessions", [("a-original", "b-resumed"), ("b-resumed", "a-original")])
def test_a_wall_copied_into_a_resumed_session_is_the_same_one_in_any_order(
    path: Path, sessions: tuple[str, str]
) -> None:
    for session in sessions:
        hit(path, 0, session=session)

    with schema.opened(path) as connection:
        assert connection.execute("SELECT session FROM limit_hits").fetchall() == [("a-original",)]


def test_a_hook_and_a_transcript_tell_of_one_wall(path: Path) -> None:
    until = at(60)
    hit(path, 3, until=until, kind="quota")

    hit(path, 0)

    assert walls(path) == [
        ("anthropic-api", "quota", layout.milliseconds(at(0)), layout.milliseconds(until)),
    ]


@pytest.mark.parametrize(
    ("minutes", "facts"),
    [
        pytest.param(6, {}, id="later"),
        pytest.param(1, {"session": "other"}, id="another-session"),
        pytest.param(1, {"provider": "openrouter"}, id="another-provider"),
        pytest.param(1, {"kind": "server"}, id="no-limit"),
    ],
)
def test_other_walls_are_hits_of_their_own(path: Path, minutes: float, facts: dict[str, str]) -> None:
    hit(path, 0)

    hit(path, minutes, **facts)  # type: ignore[arg-type]

    assert len(walls(path)) == 2


def test_a_provider_that_was_unknown_is_named_by_the_next_sight(path: Path) -> None:
    hit(path, 0, provider="unknown")

    hit(path, 1)

    assert [row[0] for row in walls(path)] == ["anthropic-api"]


def test_waiting_is_the_longest_that_was_told(ledger: sqlite3.Connection) -> None:
    for waited in (500, 1500, 1000):
        limit_hits.note(ledger, "p", "rate", 10**12, None, "claude-code", "s", waited)

    assert ledger.execute("SELECT waited_ms FROM limit_hits").fetchall() == [(1500,)]


def test_use_since_any_moment_is_right_to_the_millisecond(ledger: sqlite3.Connection, path: Path) -> None:
    start = layout.milliseconds(NOON)
    enter(
        ledger,
        [
            {"ts_ms": start + offset, "output": 10, "cache_read": 1000, "cost_usd": 0.5}
            for offset in (-QUARTER_MS, -1, 0, 1, QUARTER_MS, 10 * QUARTER_MS)
        ],
    )

    with reader.reading(path) as book:
        used = book.usage_since(NOON)["anthropic-api"]

    assert (used.requests, used.tokens, used.budget_tokens, used.cost_usd) == (4, 4040, 40, 2.0)


def test_a_reading_is_kept_once_and_found_while_it_matters(path: Path) -> None:
    reading = readings.reading(62, resets_at=at(90))
    for _ in range(2):
        reader.limit_readings(path, [reading])

    with reader.reading(path) as book:
        assert list(book.latest_readings(at(60))) == [reading]
        assert list(book.latest_readings(at(60 * 24 * 8))) == []


def test_a_ledger_that_refuses_does_not_stop_a_hook(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()

    hit(tmp_path / "ledger.db", 0)
    reader.switch(tmp_path / "ledger.db", None, "openrouter", why="", who="hook", at=NOON)
