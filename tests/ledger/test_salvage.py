"""A damaged page costs what stood on it, and nothing else; the person is told in one sentence."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from pf_tui.actions import usage
from pf_tui.catalog import load
from pf_tui.ingest import from_hook
from pf_tui.ingest.observed import LoggedRequest
from pf_tui.ledger import reader, schema, upkeep
from pf_tui.state.context import Context
from tests import readings
from tests.conftest import NOON

ROWS = 1500
PAGE = 4096
A_PAGE_OF_ROWS = 80


@pytest.fixture
def ctx(context: Callable[..., Context]) -> Context:
    """A ledger of requests whose logs are gone."""
    made = context()
    path = made.paths.ledger
    start = round(NOON.timestamp() * 1000) - ROWS * 60_000
    seen = [
        LoggedRequest(
            number + 1, start + number * 60_000, f"session-{number % 40}", "/work", "claude-opus-5-5", 10, 5,
            provider="anthropic-api", request_id=f"req-{number}", message_id=f"msg-{number}",
        )
        for number in range(ROWS)
    ]  # fmt: skip
    assert from_hook.record(path, "claude-code", seen, load())
    for hours in range(60):
        at = NOON - timedelta(hours=hours)
        reader.limit_hit(
            path, "groq", kind="rate", at=at, until=None, agent=None, session=None, text="x" * 100
        )
        reader.switch(path, "groq", "openrouter", why="rate", who="hook", at=at)
        reading = readings.reading(hours, provider="groq", at=at, resets_at=None)
        reader.limit_readings(path, [reading])
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return made


def counts(path: Path) -> dict[str, int]:
    with schema.opened(path) as connection:
        tables = ("request_rows", "limit_hits", "switches", "limit_readings")
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


def pages(path: Path) -> int:
    return path.stat().st_size // PAGE


def damage(path: Path, page: int, data: bytes) -> None:
    """Overwrite a page (from 1)."""
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(data)


GARBAGE = bytes(range(256)) * 16


@pytest.mark.parametrize("part", range(13))
def test_any_one_page_is_cured_and_said(ctx: Context, part: int) -> None:
    content = (b"\0" * PAGE, GARBAGE, b"\xff" * PAGE)[part % 3]
    path = ctx.paths.ledger
    before, last = counts(path), pages(path)
    damage(path, 1 + part * (last - 1) // 12, content)
    harmless = _is_sound(path)

    outcome = usage.ingest(ctx, look=True)

    after = counts(path)
    told = [problem for problem in outcome.problems if "ledger.db was damaged" in problem]
    assert len(told) == (0 if harmless else 1), outcome.problems
    assert upkeep.problem(path) is None
    assert after["request_rows"] >= before["request_rows"] - A_PAGE_OF_ROWS
    for table in ("limit_hits", "switches", "limit_readings"):
        assert after[table] >= before[table] - A_PAGE_OF_ROWS
    assert usage.ingest(ctx, look=True).problems == []


def _is_sound(path: Path) -> bool:
    """The page was a free one, or one that sqlite does not look at."""
    try:
        return upkeep.problem(path) is None
    except Exception:
        return False


def test_what_was_read_out_has_its_words_and_sums(ctx: Context) -> None:
    path = ctx.paths.ledger
    damage(path, pages(path) // 2, GARBAGE)
    usage.ingest(ctx, look=True)

    with schema.opened(path) as connection:
        rows = connection.execute("SELECT DISTINCT provider, model, project, agent FROM requests").fetchall()
        summed = connection.execute("SELECT sum(requests) FROM margins WHERE kind = 0").fetchone()[0]
    assert rows == [("anthropic-api", "claude-opus-5-5", "/work", "claude-code")]
    assert summed == counts(path)["request_rows"]


def test_what_stood_in_the_log_of_writes_alone_is_taken_over(ctx: Context) -> None:
    path = ctx.paths.ledger
    keeper = sqlite3.connect(path)
    keeper.execute("BEGIN")
    keeper.execute("SELECT count(*) FROM names").fetchone()  # no checkpoint while somebody reads
    late = LoggedRequest(
        9_999, round(NOON.timestamp() * 1000), "late", "/late", "claude-opus-5-5", 1, 1, provider="groq"
    )
    from_hook.record(path, "claude-code", [late], load())
    log = path.with_name("ledger.db-wal").read_bytes()
    keeper.close()
    damage(path, 1, GARBAGE)
    path.with_name("ledger.db-wal").write_bytes(log)
    path.with_name("ledger.db-shm").unlink(missing_ok=True)

    usage.ingest(ctx, look=True)

    with schema.opened(path) as connection:
        found = connection.execute("SELECT provider, project FROM requests WHERE session = 'late'").fetchall()
    assert found == [("groq", "/late")]


def test_damage_that_a_view_meets_is_cured_by_the_next_ingest_of_anyone(ctx: Context) -> None:
    path = ctx.paths.ledger
    for page in range(2, pages(path)):
        damage(path, page, GARBAGE)
    with pytest.raises(Exception, match="is damaged"), schema.opened(path) as connection:
        connection.execute("SELECT sum(input) FROM request_rows").fetchone()

    assert [problem for problem in usage.ingest(ctx).problems if "ledger.db was damaged" in problem]
    assert upkeep.problem(path) is None
