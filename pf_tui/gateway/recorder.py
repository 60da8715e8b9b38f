"""What the gateway writes down, from one thread: attempts, readings, benches, releases, events.

Rows go to the ledger in batches of at most BATCH_S; a bench goes to health.json and the journal at once.
Nothing here is ever waited for by a request, and nothing that fails here fails a request.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping

from pf_tui import actions
from pf_tui.actions.journalling import write_down
from pf_tui.gateway import log
from pf_tui.gateway.routing_state import RoutingState
from pf_tui.ledger import gateway_rows as ledger_attempts
from pf_tui.ledger.gateway_rows import Attempt
from pf_tui.rules.benches import Bench
from pf_tui.rules.failures import Failure
from pf_tui.rules.limits import Reading

BATCH_S = 0.25
LATER_S = 0.03
"""How long a bench waits for its place in the files; in memory it holds at once."""

BATCH_ROWS = 2000
ROLLUP_SHARE = 100
"""Rollups of a busy quarter-hour cost up to 50 ms; they take at most a hundredth of the time."""

QUIET_S = 5.0
"""The ledger is let go when nothing was written for so long: its file is whole then, without its log."""

KEPT_ROWS = 20_000
"""Rows kept in memory while the ledger refuses them; beyond that the oldest are given up, and logged."""

READING_STEP = 1.0
"""Percent points a window must move before another reading of it is worth a row …"""

READING_AGE_S = 60.0
"""… or seconds that must pass."""

EVENT_GAP_S = 60.0
"""The same refusal is journalled once in this time."""

TOLD_S = 5.0
"""A bench that moved everybody to the next provider says so itself; the turn's own line would repeat it."""

Job = Callable[[], object]


class Recorder:
    """The writer thread."""

    def __init__(self, routing_state: RoutingState) -> None:
        self._routing_state = routing_state
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._by: deque[Job] = deque()
        self._waiting: deque[Attempt | Reading] = deque()
        self._readings: dict[tuple[str, str, str, str | None], tuple[float, float]] = {}
        self._written_at: dict[str, float] = {}
        self._bench_written_at: dict[str, float] = {}
        self._ledger = ledger_attempts.Writer(routing_state.ctx.paths.ledger)
        self._rows: list[Attempt] = []
        self._rollups_due_s = 0.0
        self._owed = False
        self.may_write: Callable[[], bool] = lambda: True
        """False once the state directory is gone: it must not come back by our hand."""
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Write what is left and end."""
        self._put_by()
        self._queue.put(None)
        self._thread.join(timeout_s)

    def attempt(self, attempt: Attempt) -> None:
        """One request to one upstream."""
        self._keep(attempt)

    def readings(self, readings: tuple[Reading, ...]) -> None:
        """What response headers said of limit windows; only what moved is kept."""
        moment = time.monotonic()
        for reading in readings:
            key = (reading.provider, reading.window, reading.unit, reading.model)
            share = 100 * reading.used / reading.limit if reading.limit else reading.used
            value, at = self._readings.get(key, (-1000.0, 0.0))
            if abs(share - value) >= READING_STEP or moment - at >= READING_AGE_S:
                self._readings[key] = (share, moment)
                self._keep(reading)

    def bench(
        self, bench: Bench, *, agent: str | None, session: str | None, why: str, on_done: Callable[[], object]
    ) -> None:
        """A provider must rest; `on_done` is called (from this thread) when the files say so."""

        def write() -> None:
            outcome = actions.keep_bench(
                self._routing_state.ctx, bench, agent=agent, session=session, why=why
            )
            if outcome.moved:
                self._bench_written_at[bench.provider] = time.monotonic()
            on_done()

        self._later(write)

    def release(
        self,
        provider: str,
        model: str | None,
        *,
        why: str = "a request went through",
        on_done: Callable[[], object] = lambda: None,
    ) -> None:
        """A request went through: benches that said it would not are over. `on_done` as in `bench`."""

        def write() -> None:
            actions.succeeded(self._routing_state.ctx, provider, model, why=why, ended=True)
            on_done()

        self._later(write)

    def repair(
        self, provider: str, model: str, strip: tuple[str, ...], evidence: Mapping[str, object]
    ) -> None:
        """A provider takes requests without some part: remembered until it is released."""
        self._later(
            lambda: actions.remember_repair(self._routing_state.ctx, provider, model, strip, evidence)
        )

    def session(self, session: str, agent: str, provider: str) -> None:
        """Who serves a session now, for hooks and for a restart."""
        self._later(lambda: actions.remember_session(self._routing_state.ctx, session, agent, provider))

    def event(
        self,
        action: str,
        *,
        why: str,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        evidence: Mapping[str, object] | None = None,
        once: str | None = None,
        known_by: str | None = None,
    ) -> None:
        """One line of the journal.

        Args:
            once: a key under which it is said once a minute.
            known_by: a provider; not needed when its bench was itself the failover.
        """
        if once is not None:
            moment = time.monotonic()
            if moment - self._written_at.get(once, -EVENT_GAP_S) < EVENT_GAP_S:
                return
            self._written_at[once] = moment

        def write() -> None:
            if time.monotonic() - self._bench_written_at.get(known_by or "", -TOLD_S) < TOLD_S:
                return
            write_down(
                self._routing_state.ctx, action, why=why, before=before, after=after, evidence=evidence
            )

        self._later(write)

    def unread(self, provider: str, failure: Failure, why: str) -> None:
        """An answer that nothing recognised and for which nobody rests: kept for a person to read."""
        once = f"unread {provider} {failure.message}"
        self.event("unread", why=why, after={"provider": provider}, evidence=failure.evidence, once=once)

    def job(self, job: Job) -> None:
        """Something else to do in the writer thread, after everything that was said before."""
        self._put_by()
        self._queue.put(job)

    def _later(self, job: Job) -> None:
        """Write it when the request that says so is out of the way: the thread would take its core."""
        self._by.append(job)
        if len(self._by) == 1:
            asyncio.get_running_loop().call_later(LATER_S, self._put_by)

    def _put_by(self) -> None:
        while self._by:
            self._queue.put(self._by.popleft())

    def _keep(self, item: Attempt | Reading) -> None:
        """Put it with the batch; the thread is woken once a batch: each wake costs a request 0.15 ms."""
        self._waiting.append(item)
        count = len(self._waiting)
        if count == 1:
            asyncio.get_running_loop().call_later(BATCH_S, self._queue.put, self._flush)
        elif count == BATCH_ROWS:
            self._queue.put(self._flush)

    def _run(self) -> None:
        while (job := self._next()) is not None:
            self._guarded(job)
        self._guarded(self._flush)
        if self._owed:
            self._guarded(self._settle)
        self._ledger.close()

    def _next(self) -> Job | None:
        """The next thing to do; the rollups when they are owed and due."""
        try:
            if self._owed:
                return self._queue.get(timeout=max(0.0, self._rollups_due_s - time.monotonic()))
            return self._queue.get(timeout=QUIET_S if self._ledger.is_open else None)
        except queue.Empty:
            return self._settle if self._owed else self._ledger.close

    def _flush(self) -> None:
        """Write what has come since the last batch."""
        batch = []
        while self._waiting:  # the loop goes on adding at the other end
            batch.append(self._waiting.popleft())
        readings = [item for item in batch if isinstance(item, Reading)]
        self._rows += [item for item in batch if isinstance(item, Attempt)]
        if readings:
            actions.note_readings(self._routing_state.ctx, readings)
        if self._rows and self._add():
            self._rows = []
        elif len(self._rows) > KEPT_ROWS:
            overflow = len(self._rows) - KEPT_ROWS
            self._rows = self._rows[overflow:]
            log.line(
                self._routing_state.ctx.paths, f"gateway: the ledger refuses rows; {overflow} were given up"
            )
        if batch:
            self._routing_state.refresh_soon()

    def _add(self) -> bool:
        """Write the rows; the rollups with them, unless they have just been made and are dear by now."""
        began_s = time.monotonic()
        due = began_s >= self._rollups_due_s
        try:
            if not self._ledger.add(self._rows, refresh=due):
                return False
        except (ValueError, ArithmeticError):
            self._one_by_one()
            due = False
        ended_s = time.monotonic()
        if due:
            self._rollups_due_s = ended_s + ROLLUP_SHARE * (ended_s - began_s)
        self._owed = not due
        return True

    def _one_by_one(self) -> None:
        """Some row holds what no ledger takes: it alone is given up."""
        for row in self._rows:
            try:
                self._ledger.add([row], refresh=False)
            except (ValueError, ArithmeticError) as error:
                log.line(
                    self._routing_state.ctx.paths, f"gateway: a row was given up ({type(error).__name__})"
                )

    def _settle(self) -> None:
        """Make the rollups that batches left for later."""
        self._owed = False
        self._ledger.add((), refresh=True)
        self._routing_state.refresh_soon()

    def _guarded(self, job: Job) -> None:
        if not self.may_write():
            return
        try:
            job()
        except Exception as error:
            log.line(self._routing_state.ctx.paths, f"could not write: {error}")
