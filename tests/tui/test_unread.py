"""Turns that nobody here can read are told as long as they are missing in the sums, not for a moment."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pf_tui.ingest import pipeline
from pf_tui.state.context import Context
from pf_tui.tui import ledger_view
from pf_tui.tui.ingest_runner import database_stamp
from pf_tui.tui.messages import IngestEnded

Opened = Callable[..., Any]
Make = Callable[..., Context]

NEXT = "CREATE TABLE session_v2 (id TEXT); INSERT INTO session_v2 VALUES ('s');"
OTHER = "CREATE TABLE turn (id TEXT); INSERT INTO turn VALUES ('a');"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def store(home: Path, name: str, tables: str) -> Path:
    path = home / ".local" / "share" / "opencode" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript(tables)
    return path


def report(ctx: Context) -> ledger_view.LedgerView:
    pipeline.ingest(ctx.paths.ledger, ctx.env, ctx.catalog())
    return ledger_view.take(ctx, "7d", "provider")


@pytest.fixture
def ctx(context: Make) -> Context:
    return context(env={"OPENROUTER_API_KEY": "sk-or-test"}, now=lambda: NOW, who="tui")


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (44, 24)])
async def test_a_store_that_is_not_read_is_on_screen(
    dashboard: Opened, ctx: Context, home: Path, grid: Any, size: tuple[int, int]
) -> None:
    store(home, "opencode.db", OTHER)
    store(home, "opencode-next.db", NEXT)

    async with dashboard(size, ctx=ctx, live=False, report=report(ctx)) as screen:
        await screen.press("4")

        assert screen.text() == grid


async def test_it_stays_while_logs_are_read_and_goes_when_it_is_no_longer_true(
    dashboard: Opened, ctx: Context, home: Path
) -> None:
    path = store(home, "opencode-next.db", NEXT)
    words = "opencode-next.db: OpenCode 2 tables found, not read"

    async with dashboard(ctx=ctx, live=False, report=report(ctx)) as screen:
        for _ in range(3):
            screen.app.post_message(IngestEnded())
            screen.main_screen.take(screen.main_screen.shown_snapshot(), report(ctx))
            await screen.settled()
            assert words in screen.text()
        path.unlink()
        screen.main_screen.take(screen.main_screen.shown_snapshot(), report(ctx))
        await screen.settled()

        assert "OpenCode 2" not in screen.text()


async def test_the_analytics_pane_says_it_also_when_the_red_line_was_put_away(
    dashboard: Opened, ctx: Context, home: Path
) -> None:
    store(home, "opencode.db", OTHER)

    async with dashboard(ctx=ctx, live=False, report=report(ctx)) as screen:
        await screen.press("4", "x")

        assert "opencode/opencode.db: turns" not in screen.text()
        assert "! not in these sums: opencode.db: turns" in screen.text()


def test_databases_of_other_channels_are_watched_too(ctx: Context, home: Path) -> None:
    assert database_stamp(ctx.env) == ()
    path = store(home, "opencode-next.db", NEXT)
    before = database_stamp(ctx.env)
    assert before

    store(home, path.name, OTHER)

    assert database_stamp(ctx.env) != before
