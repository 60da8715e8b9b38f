"""What the gateway writes down, from one thread: attempts, readings, benches, releases, events.

Rows go to the ledger in batches of at most BATCH_S; a bench goes to health.json and the journal at once.
Nothing here is ever waited for by a request, and nothing that fails here fails a request.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from pf_tui import actions
from pf_tui.actions.journalling import write_down
from pf_tui.gateway import log
from pf_tui.gateway.world import World
from pf_tui.ledger import attempts as ledger_attempts
from pf_tui.ledger import record as ledger
from pf_tui.ledger.attempts import Attempt
from pf_tui.rules.limits import Reading
from pf_tui.state.health import Bench

BATCH_S = 0.25
BATCH_ROWS = 500
KEPT_ROWS = 20_000
"""Rows kept in memory while the ledger refuses them; beyond that the oldest are given up, and logged."""

READING_STEP = 1.0
"""Percent points a window must move before another reading of it is worth a row …"""

READING_AGE_S = 60.0
"""… or seconds that must pass."""

EVENT_GAP_S = 60.0
"""The same refusal is journalled once in this time."""

Job = Callable[[], None]


class Recorder:
    """The writer thread."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._queue: queue.SimpleQueue[Attempt | Reading | Job | None] = queue.SimpleQueue()
        self._readings: dict[tuple[str, str, str, str | None], tuple[float, float]] = {}
        self._said: dict[str, float] = {}
        self._rows: list[Attempt] = []
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Write what is left and end."""
        self._queue.put(None)
        self._thread.join(timeout_s)

    def attempt(self, attempt: Attempt) -> None:
        """One request to one upstream."""
        self._queue.put(attempt)

    def readings(self, readings: tuple[Reading, ...]) -> None:
        """What response headers said of limit windows; only what moved is kept."""
        moment = time.monotonic()
        for reading in readings:
            key = (reading.provider, reading.window, reading.unit, reading.model)
            share = 100 * reading.used / reading.limit if reading.limit else reading.used
            value, at = self._readings.get(key, (-1000.0, 0.0))
            if abs(share - value) >= READING_STEP or moment - at >= READING_AGE_S:
                self._readings[key] = (share, moment)
                self._queue.put(reading)

    def bench(
        self, bench: Bench, *, agent: str | None, session: str | None, why: str, done: Callable[[], None]
    ) -> None:
        """A provider must rest; `done` is called (from this thread) when the files say so."""

        def write() -> None:
            ctx = self._world.ctx
            self._world.quiet += 1
            try:
                actions.report_failure(
                    ctx,
                    bench.provider,
                    kind=bench.kind,
                    until=bench.until,
                    model=bench.model,
                    evidence=bench.evidence,
                    agent=agent,
                    session=session,
                    why=why,
                    forever=bench.until is None,
                )
                self._world.load()
            finally:
                self._world.quiet -= 1
            done()

        self._queue.put(write)

    def release(self, provider: str, model: str | None, *, why: str = "a request went through") -> None:
        """A request went through: benches that said it would not are over."""

        def write() -> None:
            self._world.quiet += 1
            try:
                actions.succeeded(self._world.ctx, provider, model, why=why, ended=True)
                self._world.load()
            finally:
                self._world.quiet -= 1

        self._queue.put(write)

    def session(self, session: str, agent: str, provider: str) -> None:
        """Who serves a session now, for hooks and for a restart."""

        def write() -> None:
            self._world.quiet += 1
            try:
                actions.remember_session(self._world.ctx, session, agent, provider)
                self._world.load()
            finally:
                self._world.quiet -= 1

        self._queue.put(write)

    def event(
        self,
        action: str,
        *,
        why: str,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        evidence: Mapping[str, Any] | None = None,
        once: str | None = None,
    ) -> None:
        """One line of the journal. Args: once: a key under which it is said once a minute."""
        if once is not None:
            moment = time.monotonic()
            if moment - self._said.get(once, -EVENT_GAP_S) < EVENT_GAP_S:
                return
            self._said[once] = moment
        self._queue.put(
            lambda: _drop(
                write_down(self._world.ctx, action, why=why, before=before, after=after, evidence=evidence)
            )
        )

    def job(self, job: Job) -> None:
        """Something else to write from this thread."""
        self._queue.put(job)

    def _run(self) -> None:
        readings: list[Reading] = []
        deadline: float | None = None
        while True:
            try:
                wait_s = None if deadline is None else max(0.0, deadline - time.monotonic())
                item = self._queue.get(timeout=wait_s)
            except queue.Empty:
                item = _FLUSH
            if isinstance(item, Attempt):
                self._rows.append(item)
            elif isinstance(item, Reading):
                readings.append(item)
            elif callable(item) and item is not _FLUSH:
                self._guarded(item)
            if deadline is None and (self._rows or readings):
                deadline = time.monotonic() + BATCH_S
            if item is None or item is _FLUSH or len(self._rows) >= BATCH_ROWS:
                self._flush(readings)
                readings = []
                deadline = time.monotonic() + 1.0 if self._rows else None
            if item is None:
                return

    def _flush(self, readings: list[Reading]) -> None:
        path = self._world.ctx.paths.ledger
        if readings:
            self._guarded(lambda: ledger.limit_readings(path, readings))
        if not self._rows:
            if readings:
                self._world.refresh()
            return
        if ledger_attempts.add(path, self._rows):
            self._rows = []
            self._world.refresh()
        elif len(self._rows) > KEPT_ROWS:
            lost = len(self._rows) - KEPT_ROWS
            self._rows = self._rows[lost:]
            log.line(self._world.ctx.paths, f"the ledger refuses rows; {lost} were given up")

    def _guarded(self, job: Job) -> None:
        try:
            job()
        except Exception as error:
            log.line(self._world.ctx.paths, f"could not write: {error}")


def _flush_mark() -> None:
    """Stands in the queue for: write now."""


_FLUSH: Job = _flush_mark


def _drop(_: object) -> None:
    """A job returns nothing."""
