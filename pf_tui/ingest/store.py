"""What sources saw, into the ledger: requests, limit hits, readings, running totals, and how far files were read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping

from pf_tui.catalog import Catalog
from pf_tui.ingest import opencode, running_totals
from pf_tui.ingest.attribution import Attribution
from pf_tui.ingest.observed import UNFINISHED, LimitHit, LoggedRequest, ParsedLogs, WindowReading
from pf_tui.ingest.to_rows import SOURCES, RowMaker
from pf_tui.ledger import estimates, gateway_rows, limit_hits, repricing, rollups, schema
from pf_tui.ledger import rows as ledger_rows
from pf_tui.ledger.layout import NAME
from pf_tui.ledger.plain_rows import Bulk
from pf_tui.ledger.prices import Pricer
from pf_tui.ledger.reader import INSERT_READING
from pf_tui.ledger.rows import AT, sound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.ingest.files import Read


_TOKEN_KINDS = ("input", "output", "reasoning", "cache_read", "cache_write_5m", "cache_write_1h")


class LedgerWriter:
    """Writes parsed logs through one connection, one transaction a batch."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        catalog: Catalog,
        pricer: Pricer,
        attribution: Callable[[str], Attribution],
    ) -> None:
        self._connection = connection
        self._catalog = catalog
        self._pricer = pricer
        self._names = ledger_rows.Names(connection)
        self._shaper = RowMaker(self._names, catalog, pricer, attribution)
        self._bulk = Bulk(connection, self._names)

    def store(self, logs_by_agent: Mapping[str, ParsedLogs], reads: Iterable[Read]) -> int:
        """Lay everything into the ledger in one transaction; returns how many requests are new."""
        with schema.transaction(self._connection):
            new = 0
            for origin, logs in logs_by_agent.items():
                agent, _, root = origin.partition("\t")
                self._shaper.root = self._names(root) if root else None
                new += self._logs(agent, logs)
            self._shaper.root = None
            self._files(reads)
            for logs in logs_by_agent.values():
                self._skipped(logs)
            repricing.settle(self._connection, self._pricer)
            self._pricer.keep()
        return new

    def add_up(self) -> None:
        """Bring the rollups up to date with what was stored."""
        with schema.transaction(self._connection):
            rollups.refresh(self._connection)

    def finish(self, quota: Iterable[WindowReading]) -> None:
        """After all files: requests without a row of their own, cached quotas."""
        with schema.transaction(self._connection):
            self._readings("opencode", quota)
            running_totals.settle(
                self._connection, self._names, lambda request: self._shaper.row("claude-code", request)
            )
            repricing.settle(self._connection, self._pricer)
            rollups.refresh(self._connection)
            estimates.keep(
                self._connection,
                (provider.id for provider in self._catalog.providers.values() if provider.plan),
            )

    def _logs(self, agent: str, logs: ParsedLogs) -> int:
        shared = set(logs.shared_sessions)
        gateway = f"SELECT 1 FROM request_rows WHERE source = {NAME['gateway']} LIMIT 1"
        store = self._joined if self._connection.execute(gateway).fetchone() else self._alone
        requests: Iterable[LoggedRequest] = logs.requests.values()
        self._shaper.constant = logs.constant
        new = store(agent, self._without_copies(requests) if agent == opencode.AGENT else requests, shared)
        self._remove(logs.copies)
        self._hits(agent, logs.hits)
        self._readings(agent, logs.readings.values())
        running_totals.note(self._connection, logs.cost_states.values())
        if agent == "claude-code":
            running_totals.share(self._connection, shared)
            running_totals.grown(self._connection, {request.session for request in logs.requests.values()})
        return new

    def _without_copies(self, requests: Iterable[LoggedRequest]) -> Iterator[LoggedRequest]:
        """A fork's copy under the number of the turn that was read before."""
        for request in requests:
            row_id = None
            if opencode.fork_key(request) is not None:
                row = self._shaper.row(opencode.AGENT, request)
                alike = ("ts", "agent", "model", "provider", "is_subagent", "latency_ms", *_TOKEN_KINDS)
                candidates = self._connection.execute(
                    f"SELECT id FROM request_rows WHERE {' AND '.join(f'{name} = ?' for name in alike)}"
                    " AND id != ? AND session != ? ORDER BY id",
                    (*(row[AT[name]] for name in alike), request.id, row[AT["session"]]),
                )
                row_id = candidates.fetchone()
            if row_id is None:
                yield request
            else:
                self._remove({request.id})
                yield request._replace(id=row_id[0])

    def _remove(self, numbers: set[int]) -> None:
        """Take out what is counted under another number."""
        for number in numbers:
            ledger_rows.remove(self._connection, ledger_rows.select(self._connection, "id = ?", (number,)))

    def _alone(self, agent: str, requests: Iterable[LoggedRequest], shared: set[str]) -> int:
        """Requests of which no gateway can know; returns how many are new."""
        plain, others = self._shaper.plain(agent, requests)
        return ledger_rows.write(self._connection, others, self._names, shared) + sum(
            self._bulk.add(
                rows, self._names(agent), NAME[SOURCES[agent]], NAME[attribution], shared, self._shaper.root
            )
            for attribution, rows in plain.items()
        )

    def _joined(self, agent: str, requests: Iterable[LoggedRequest], shared: set[str]) -> int:
        """Requests that a gateway may have seen too; returns how many are new."""
        rows = [self._row_of(agent, request) for request in requests]
        return ledger_rows.write(self._connection, rows, self._names, shared)

    def _row_of(self, agent: str, logged_request: LoggedRequest) -> ledger_rows.Row:
        """The row, under the number of the gateway's attempt where that saw the same request."""
        row = self._shaper.row(agent, logged_request)
        if agent == "claude-code":
            if logged_request.request_id is None:
                return row
            row_id = gateway_rows.attempt_row(
                self._connection, logged_request.request_id, logged_request.failure is not None
            )
            return row if row_id is None else (row_id, *row[1:])
        if agent == "codex" and (logged_request.message_id or "").startswith("resp_"):
            return row  # the same number already
        return gateway_rows.adopted(
            self._connection, row, self._names, logged_request.ts + (logged_request.latency_ms or 0)
        )

    def _hits(self, agent: str, hits: Iterable[LimitHit]) -> None:
        for hit in hits:
            provider, _ = self._shaper.provider(agent, hit.provider, hit.ts)
            counted_in = self._session_of(hit.request)
            limit_hits.note(
                self._connection,
                provider,
                hit.kind,
                hit.ts,
                hit.until,
                agent,
                counted_in or sound(hit.session),
                hit.waited_ms,
                sound(hit.text),
                certain=bool(counted_in),
            )

    def _session_of(self, request: int | None) -> str:
        """The session a request is counted in: a resumed one copies its rows, limit hits too."""
        row = self._connection.execute("SELECT session FROM request_rows WHERE id = ?", (request,))
        return self._names.text((row.fetchone() or (None,))[0])

    def _readings(self, agent: str, readings: Iterable[WindowReading]) -> None:
        values = []
        for reading in readings:
            provider, _ = self._shaper.provider(agent, reading.provider, reading.ts)
            if provider == "unknown":
                continue  # nobody's limit
            share = reading.used / reading.limit if reading.limit else None
            values.append(
                (
                    provider,
                    reading.window,
                    reading.unit,
                    reading.used,
                    reading.limit,
                    share,
                    reading.resets_at,
                    reading.source,
                    reading.ts,
                    None if reading.model is None else sound(reading.model),
                )
            )
        self._connection.executemany(INSERT_READING, values)

    def _skipped(self, logs: ParsedLogs) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO skipped (path, line, why, lost, count) VALUES (?, ?, ?, ?, ?)",
            [
                (path, row.line, row.why, row.lost, row.rows)
                for path, rows in logs.skipped.items()
                for row in rows
            ],
        )

    def _files(self, reads: Iterable[Read]) -> None:
        reads = list(reads)
        # read anew, or gone on from its unfinished line: what was said of it may be over
        self._connection.executemany(
            "DELETE FROM skipped WHERE path = ? AND (? = 0 OR why = ?)",
            [(sound(log.job.path), log.job.offset, UNFINISHED) for log in reads],
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO files (path, agent, inode, size, mtime_ns, offset, head_hash, note)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    sound(log.job.path),
                    self._names(log.job.agent),
                    log.job.inode,
                    log.job.size,
                    log.job.mtime_ns,
                    log.offset,
                    log.head_hash,
                    log.note,
                )
                for log in reads
            ],
        )
