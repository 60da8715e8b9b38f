"""The agents' logs: read by a process of their own, told about, stopped, and seen as they grow."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pf_tui.state.context import Context
from pf_tui.tui.ingest_runner import Logs
from pf_tui.tui.messages import IngestEnded, IngestProgress

Opened = Callable[..., Any]


def row(number: int) -> str:
    """A delivered request as Claude Code writes it."""
    return json.dumps(
        {
            "type": "assistant",
            "sessionId": "3f0c6a52-0000-4000-8000-000000000001",
            "cwd": "/home/person/app",
            "version": "2.1.330",
            "requestId": f"req_{number:020}",
            "uuid": f"00000000-0000-4000-8000-{number:012}",
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "message": {
                "id": f"msg_{number:020}",
                "type": "message",
                "role": "assistant",
                "model": "claude-opus-5-5",
                "content": [{"type": "text", "text": "done"}],
                "stop_reason": "end_turn",
                "usage": {"input_tokens": 1000, "output_tokens": 100_000, "cache_read_input_tokens": 0},
            },
        }
    )


@pytest.fixture
def transcript(home: Path) -> Path:
    """One row of a session of Claude Code, and its login."""
    path = home / ".claude" / "projects" / "-home-person-app" / "session.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(row(1) + "\n")
    login = {"claudeAiOauth": {"accessToken": "x", "refreshToken": "y", "expiresAt": 4_000_000_000_000}}
    (home / ".claude" / ".credentials.json").write_text(json.dumps(login))
    return path


async def test_a_row_that_an_agent_appends_is_on_screen(
    dashboard: Opened, context: Callable[..., Context], transcript: Path
) -> None:
    ctx = context(now=lambda: datetime.now(UTC), who="tui")
    async with dashboard(ctx=ctx) as screen:
        await screen.until(lambda: screen.main_screen.shown_snapshot().today.requests == 1, "the first row")
        before = screen.line(0)
        with transcript.open("a") as file:
            file.write(row(2) + "\n")
        await screen.until(lambda: screen.main_screen.shown_snapshot().today.requests == 2, "the second row")

        assert screen.line(0) != before
        await screen.until(
            lambda: screen.main_screen.report.totals.requests == 2, "the second row in analytics"
        )


def test_a_machine_without_agents_gets_no_process_and_no_ledger(
    context: Callable[..., Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Twice(threading.Event):
        """Set after two rounds."""

        rounds = 0

        def wait(self, timeout: float | None = None) -> bool:
            self.rounds += 1
            if self.rounds == 2:
                self.set()
            return self.is_set()

    told: list[object] = []
    ctx = context(who="tui")
    logs = Logs(ctx, told.append)
    monkeypatch.setattr(logs, "_stop", Twice())
    monkeypatch.setattr(logs, "_begin", lambda: pytest.fail("a process was started"))
    logs._watch()

    assert told == []
    assert not ctx.paths.ledger.exists()


async def test_long_reading_shows_how_far_it_is_and_says_when_it_is_done(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        screen.app.post_message(IngestProgress(500_000_000, 2_000_000_000, 2.0))
        await screen.see("reading the agents' logs")
        last = screen.text().splitlines()[-1]
        assert "25 %" in last
        assert "250 MB/s" in last
        assert "6 s left" in last

        screen.app.post_message(IngestEnded(rows_new=4711))
        await screen.see("the agents' logs are read: 4711 new rows")


async def test_short_reading_is_not_talked_about(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        before = screen.text()
        screen.app.post_message(IngestProgress(0, 20_000, 0.0))
        screen.app.post_message(IngestEnded(rows_new=1))
        await screen.settled()

        assert screen.text() == before


async def test_escape_stops_a_reading_and_says_how_to_go_on(
    dashboard: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dashboard(live=False) as screen:
        stopped: list[str] = []
        monkeypatch.setattr(screen.app.logs, "_busy", True)
        monkeypatch.setattr(screen.app.logs, "_send", lambda word: stopped.append(word) or True)
        await screen.press("escape")
        assert stopped == ["stop"]

        screen.app.post_message(IngestEnded(cancelled=True))
        await screen.see("what was read is kept")


async def test_a_reading_that_fails_says_why(dashboard: Opened) -> None:
    async with dashboard(live=False) as screen:
        screen.app.post_message(IngestEnded(problem="ledger.db cannot be written (no space left on device)"))
        await screen.see("no space left on device")
