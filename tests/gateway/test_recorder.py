"""The writer thread: everything reaches the files, soon, and nothing that fails stops it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pf_tui.gateway.recorder import BATCH_S, Recorder
from pf_tui.gateway.routing_state import RoutingState
from pf_tui.ledger import gateway_rows as ledger_attempts
from pf_tui.ledger import reader as ledger
from pf_tui.ledger.gateway_rows import Attempt
from pf_tui.rules.limits import Reading
from pf_tui.state.context import Context
from tests import readings
from tests.gateway.upstreams import eventually
from tests.patience import PATIENCE_S

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def routing_state(context: Callable[..., Context]) -> RoutingState:
    return RoutingState(context(who="gateway", env={"ANTHROPIC_API_KEY": "k"}))


def attempt(number: int) -> Attempt:
    return Attempt(
        at=NOON + timedelta(seconds=number),
        agent="unknown",
        provider="anthropic-api",
        model="claude-opus-5-5",
        request_id=f"req_{number}",
        input=10,
        output=5,
    )


def reading(percent: float) -> Reading:
    at = NOON + timedelta(milliseconds=round(percent * 100))
    return readings.reading(percent, provider="anthropic-api", at=at, source="header")


async def jobs_done(recorder: Recorder) -> None:
    """The recorder's thread has done what it was given so far."""
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    recorder.job(lambda: loop.call_soon_threadsafe(done.set))
    await done.wait()


def requests(routing_state: RoutingState) -> int:
    with ledger.reading(routing_state.ctx.paths.ledger) as book:
        return sum(use.requests for use in book.usage_since(NOON - timedelta(hours=1)).values())


async def test_everything_is_written_by_the_time_it_has_stopped(routing_state: RoutingState) -> None:
    recorder = Recorder(routing_state)
    recorder.start()
    for number in range(1200):
        recorder.attempt(attempt(number))
    await asyncio.to_thread(recorder.stop)

    assert requests(routing_state) == 1200


async def test_a_row_is_in_the_ledger_within_a_batch(routing_state: RoutingState) -> None:
    recorder = Recorder(routing_state)
    recorder.start()
    began_s = time.monotonic()
    recorder.attempt(attempt(1))
    written = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.call_later(BATCH_S, recorder.job, lambda: loop.call_soon_threadsafe(written.set))
    async with asyncio.timeout(PATIENCE_S):
        await written.wait()

    assert requests(routing_state) == 1
    assert time.monotonic() - began_s >= BATCH_S
    await asyncio.to_thread(recorder.stop)


async def test_rows_wait_while_the_ledger_refuses_and_none_is_lost(
    routing_state: RoutingState, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Any = ledger_attempts.Writer.add
    refusals = iter([False, False])
    monkeypatch.setattr(
        ledger_attempts.Writer, "add", lambda *a, **k: next(refusals, None) is None and real(*a, **k)
    )
    recorder = Recorder(routing_state)
    recorder.start()
    for number in range(3):
        recorder.attempt(attempt(number))
        recorder.job(recorder._flush)
    await asyncio.to_thread(recorder.stop)

    assert requests(routing_state) == 3


async def test_a_job_that_fails_is_one_line_of_the_log_and_the_thread_goes_on(
    routing_state: RoutingState,
) -> None:
    def fails() -> None:
        raise RuntimeError("with sk-ant-api03-abcdefghijklmnop in it")

    recorder = Recorder(routing_state)
    routing_state.ctx.paths.home.mkdir(parents=True)
    recorder.start()
    recorder.job(fails)
    recorder.attempt(attempt(1))
    await asyncio.to_thread(recorder.stop)

    assert requests(routing_state) == 1
    assert routing_state.ctx.paths.log.read_text().count("could not write: with ••• in it") == 1


async def test_a_window_is_read_again_when_it_has_moved(routing_state: RoutingState) -> None:
    recorder = Recorder(routing_state)
    recorder.start()
    for percent in (50.0, 50.1, 50.2, 51.5, 51.6, 60.0):
        recorder.readings((reading(percent),))
    await asyncio.to_thread(recorder.stop)

    with ledger.reading(routing_state.ctx.paths.ledger) as book:
        kept = sorted(one.used for one in book.latest_readings(NOON + timedelta(minutes=1)))
    assert kept == [50.0, 51.5, 60.0]


async def test_the_same_refusal_is_journalled_once_a_minute(routing_state: RoutingState) -> None:
    recorder = Recorder(routing_state)
    recorder.start()
    for _ in range(5):
        recorder.event("refuse", why="all limited", once="x")
    await asyncio.to_thread(recorder.stop)

    assert routing_state.ctx.paths.journal.read_text().count('"refuse"') == 1


async def test_a_row_that_no_ledger_takes_is_given_up_alone(routing_state: RoutingState) -> None:
    recorder = Recorder(routing_state)
    routing_state.ctx.paths.home.mkdir(parents=True)
    recorder.start()
    for number in range(4):
        recorder.attempt(attempt(number) if number != 2 else attempt(number)._replace(input=10**30))
    recorder.job(recorder._flush)
    recorder.attempt(attempt(9)._replace(request_id="req \udcff", message_id="msg \ud800"))
    await asyncio.to_thread(recorder.stop)

    assert requests(routing_state) == 4
    assert routing_state.ctx.paths.log.read_text().count("a row was given up (OverflowError)") == 1


async def test_a_ledger_that_was_set_aside_meanwhile_is_followed_by_a_new_one(
    routing_state: RoutingState,
) -> None:
    path = routing_state.ctx.paths.ledger
    recorder = Recorder(routing_state)
    recorder.start()
    recorder.attempt(attempt(1))
    recorder.job(recorder._flush)

    def set_aside() -> None:
        path.rename(path.with_name("old.db"))
        for extra in ("-wal", "-shm"):
            path.with_name(path.name + extra).unlink(missing_ok=True)

    recorder.job(set_aside)
    await jobs_done(recorder)
    recorder.attempt(attempt(2))
    await asyncio.to_thread(recorder.stop)

    assert requests(routing_state) == 1


async def test_the_ledger_is_let_go_when_nothing_is_written(
    routing_state: RoutingState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pf_tui.gateway.recorder.QUIET_S", 0.05)
    recorder = Recorder(routing_state)
    recorder.start()
    recorder.attempt(attempt(1))
    recorder.job(recorder._flush)
    wal = routing_state.ctx.paths.ledger.with_name("ledger.db-wal")

    await jobs_done(recorder)
    await eventually(lambda: not recorder._ledger.is_open, "it is let go")
    assert not wal.exists()  # the file alone is whole: it may be copied
    await asyncio.to_thread(recorder.stop)
