"""All agents' logs into the ledger, incrementally, safely from several processes at once.

Every row is laid over by its id, so reading anything twice changes nothing: crashes, cancelled runs
and two ingests at once need no coordination. What has been read is remembered per file; a file that
was truncated or replaced is read again from its start; a deleted one keeps its rows.
"""

from __future__ import annotations

import contextlib
import gc
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pf_tui.catalog import Catalog
from pf_tui.ingest import codex, files, from_hook, opencode, opencode_stores
from pf_tui.ingest import store as storing
from pf_tui.ingest.attribution import Attribution, Timeline, assumed, codex_names
from pf_tui.ingest.batches import parsed
from pf_tui.ingest.files import Read
from pf_tui.ingest.observed import ParsedLogs
from pf_tui.ingest.outcome import Outcome, Progress
from pf_tui.ledger import checkpoints, schema
from pf_tui.ledger.prices import Pricer
from pf_tui.ledger.unread import unread

COMMIT_ROWS = 30_000
"""Requests stored at once: bounds memory, and what a run that is killed has to repeat."""

WAIT_S = 60.0
"""For another ingest: each of its transactions is a second's work, and many more on a busy machine."""

CACHE_KIB = 24 * 1024
"""Of the ledger's pages; twice as much takes one percent less time."""


def ingest(
    ledger: Path,
    env: Mapping[str, str],
    catalog: Catalog,
    *,
    full: bool = False,
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Read everything new.

    Args:
        full: forget what was read and read all again (rows stay, nothing doubles).
        workers: processes; None = two when there is enough to read.
        is_cancelled: asked between files; what was read until then is kept.
    Raises:
        PfError: the ledger cannot be written.
    """
    start_s = time.monotonic()
    outcome = Outcome()
    with (
        _without_gc(),
        schema.opened(ledger, write=True, usual_s=WAIT_S) as connection,
        checkpoints.beside(connection, ledger) as checkpoint,
        contextlib.ExitStack() as ends,
    ):
        from_hook.take_in(connection, ledger, catalog)
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        jobs = list(files.jobs(env, {} if full else files.stored_files(connection)))
        writer = storing.LedgerWriter(
            connection,
            catalog,
            Pricer(catalog, connection),
            lambda agent: _attribution(connection, agent, env, catalog),
        )
        total = sum(job.bytes for job in jobs)
        waiting = _Waiting(writer, checkpoint)
        # the second process ends with this one's work, also when the ledger refuses a batch
        batches = ends.enter_context(contextlib.closing(parsed(jobs, workers, is_cancelled)))
        for logs_by_agent, reads in batches:
            outcome.rows_new += waiting.take(logs_by_agent, reads)
            outcome.files += len(reads)
            outcome.bytes += sum(logs.bytes for logs in logs_by_agent.values())
            outcome.rows_skipped += sum(logs.lost for logs in logs_by_agent.values())
            if progress:
                progress(Progress(outcome.bytes, total, time.monotonic() - start_s))
        outcome.cancelled = is_cancelled()
        outcome.rows_new += waiting.store()
        if outcome.cancelled:
            writer.add_up()
        else:
            outcome.rows_new += opencode_stores.read(connection, writer, env, catalog, outcome, full=full)
            writer.finish(opencode.antigravity_readings(env))
        outcome.unread = unread(connection)
    outcome.seconds = time.monotonic() - start_s
    return outcome


def total_bytes(env: Mapping[str, str], ledger: Path) -> int:
    """Bytes an ingest would read now (for a progress bar before it starts)."""
    if ledger.exists():
        with schema.opened(ledger) as connection:
            return sum(job.bytes for job in files.jobs(env, files.stored_files(connection)))
    return sum(job.bytes for job in files.jobs(env, {}))


def _attribution(
    connection: sqlite3.Connection, agent: str, env: Mapping[str, str], catalog: Catalog
) -> Attribution:
    query = "SELECT ts, provider FROM timeline WHERE agent = ? ORDER BY ts"
    timeline = Timeline(connection.execute(query, (agent,)).fetchall())
    who = assumed(agent, env, catalog)
    if agent == codex.AGENT:
        return Attribution(timeline, who, codex_names(env, catalog))
    return Attribution(timeline, who)


@contextlib.contextmanager
def _without_gc() -> Iterator[None]:
    """No search for cycles while hundreds of thousands of tuples come and go: there are none in them."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class _Waiting:
    """Batches on their way into the ledger: few large transactions write each page once, not twenty times."""

    def __init__(self, writer: storing.LedgerWriter, checkpoint: Callable[[], None]) -> None:
        self._writer = writer
        self._checkpoint = checkpoint
        self._logs_by_agent: dict[str, ParsedLogs] = {}
        self._reads: list[Read] = []

    def take(self, logs_by_agent: dict[str, ParsedLogs], reads: list[Read]) -> int:
        """Keep a batch, and store what waits once it is much; returns how many requests are new."""
        for agent, logs in logs_by_agent.items():
            self._logs_by_agent.setdefault(agent, ParsedLogs()).absorb(logs)
        self._reads += reads
        requests = sum(len(logs.requests) for logs in self._logs_by_agent.values())
        return self.store() if requests >= COMMIT_ROWS else 0

    def store(self) -> int:
        """Store what waits; returns how many requests are new."""
        if not self._reads:
            return 0
        logs_by_agent, reads = self._logs_by_agent, self._reads
        self._logs_by_agent, self._reads = {}, []
        new = self._writer.store(logs_by_agent, reads)
        self._checkpoint()
        return new
