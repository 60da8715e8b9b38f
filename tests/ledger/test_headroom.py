"""Turns that are left of a window, and the window as a period."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pf_tui.ledger import cycle, reader, schema
from pf_tui.ledger import period as spans
from pf_tui.ledger.gateway_rows import Attempt, Writer
from pf_tui.ledger.headroom import Headroom, headroom
from tests import readings
from tests.conftest import NOON

MIDNIGHT = NOON.replace(hour=0)
RESETS = NOON + timedelta(hours=2)
PLAN = "anthropic-subscription"


def asked(at: datetime, number: int, session: str = "s", *, helper: bool = False) -> Attempt:
    return Attempt(
        at=at,
        agent="claude-code",
        provider=PLAN,
        model="claude-opus-5-5",
        request_id=f"r{number}",
        ordinal=1,
        answered=True,
        served_model="claude-opus-5-5",
        session=session,
        latency_ms=2000,
        is_subagent=helper,
        input=10_000,
        output=1000,
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def turns(ledger: Path) -> dict[str, Headroom]:
    with schema.opened(ledger) as connection:
        return dict(headroom(connection, NOON, MIDNIGHT))


def used(ledger: Path, count: int, *, each: int = 2, percent: float = 20.0) -> None:
    """So many turns of so many requests, ten minutes apart, in a window that is so full."""
    begins = RESETS - timedelta(hours=5)
    rows = [
        asked(begins + timedelta(minutes=10 * turn, seconds=5 * place), turn * each + place, helper=place > 0)
        for turn in range(count)
        for place in range(each)
    ]
    writer = Writer(ledger)
    writer.add(rows, refresh=True)
    writer.close()
    with schema.opened(ledger, write=True) as connection:
        connection.execute("UPDATE request_rows SET cost_usd = 0.5")
    reader.limit_readings(ledger, [readings.reading(percent)])


@pytest.mark.parametrize(("percent", "left"), [(20.0, 40), (50.0, 10), (99.0, 0)])
def test_a_window_holds_as_many_more_turns_as_its_percentage_says(
    ledger: Path, percent: float, left: int
) -> None:
    used(ledger, 10, percent=percent)

    assert turns(ledger) == {PLAN: Headroom(window="5h", turns=left)}


def test_too_few_turns_say_nothing(ledger: Path) -> None:
    used(ledger, 7)

    assert turns(ledger) == {}


@pytest.mark.parametrize("percent", [1.0, 100.0])
def test_a_window_hardly_used_or_used_up_says_nothing(ledger: Path, percent: float) -> None:
    used(ledger, 10, percent=percent)

    assert turns(ledger) == {}


def test_the_running_window_is_a_period(ledger: Path) -> None:
    reader.limit_readings(ledger, [readings.reading(20), readings.reading(30, "7d")])

    for word, length in (("5h", timedelta(hours=5)), ("week", timedelta(days=7))):
        began = cycle.began(ledger, word, NOON)
        assert began == RESETS - length
        assert spans.period_of(word, NOON, None, window_start=began).start == began
    assert cycle.began(ledger, "7d", NOON) is None


def test_without_a_known_window_the_period_is_as_long_as_one(ledger: Path) -> None:
    assert cycle.began(ledger, "5h", NOON) is None
    reader.limit_readings(ledger, [readings.reading(20, source="estimate")])
    assert cycle.began(ledger, "5h", NOON) is None

    assert spans.period_of("5h", NOON, None).start == NOON - timedelta(hours=5)
