"""Limit hits and fallbacks: what counts as one, and that every list holds all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pf_tui.ledger import document, reader, schema
from pf_tui.ledger.events import fallback_rows
from pf_tui.ledger.overview import analytics
from pf_tui.ledger.period import period_of

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATE = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
"""Already the 24th in Berlin."""


@pytest.fixture
def shown(tmp_path: Path) -> dict[str, object]:
    """`analytics --json` after one failover and one switch by hand."""
    path = tmp_path / "ledger.db"
    until = LATE + timedelta(hours=2)
    reader.limit_hit(
        path, "anthropic-api", kind="quota", at=LATE, until=until, agent="claude-code", session="s"
    )
    reader.switch(path, "anthropic-api", "openrouter", why="429", who="hook", at=LATE)
    reader.switch(path, "openrouter", "groq", why="asked for", who="cli", at=NOON - timedelta(hours=1))
    span = period_of("7d", NOON, ZoneInfo("Europe/Berlin"))
    with schema.opened(path) as connection:
        return document.analytics_document(analytics(connection, span), fallback_rows(connection, span))


def test_a_switch_by_hand_is_no_fallback(shown: dict[str, dict[str, object]]) -> None:
    assert (shown["totals"]["fallbacks"], shown["totals"]["limit_hits"]) == (1, 1)


@pytest.mark.parametrize("name", ["by_provider", "by_model", "by_project", "by_agent", "by_day"])
@pytest.mark.parametrize("field", ["fallbacks", "limit_hits"])
def test_every_list_holds_all_of_them(shown: dict[str, list[dict[str, int]]], name: str, field: str) -> None:
    assert sum(part[field] for part in shown[name]) == 1


def test_they_belong_to_their_agent_and_to_the_local_day(shown: dict[str, list[dict[str, object]]]) -> None:
    assert [(part["agent"], part["fallbacks"]) for part in shown["by_agent"]] == [("claude-code", 1)]
    assert [(part["day"], part["limit_hits"]) for part in shown["by_day"]] == [("2026-11-24", 1)]
