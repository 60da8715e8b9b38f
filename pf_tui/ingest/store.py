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
from pf_tui.ledger.prices import Pricer
from pf_tui.ledger.reader import INSERT_READING
from pf_tui.ledger.rows import AT, Bulk, sound
from pf_tui.ledger.schema import NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.ingest.files import Read


_COUNTED = ("input", "output", "reasoning", "cache_read", "cache_write_5m", "cache_write_1h")


class LedgerWriter:
    """Writes harvests through one connection, one transaction a batch."""

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

    def store(self, harvests: Mapping[str, ParsedLogs], reads: Iterable[Read]) -> int:
        """Lay everything into the ledger in one transaction; returns how many requests are new."""
        with schema.transaction(self._connection):
            new = 0
            for origin, harvest in harvests.items():
                agent, _, root = origin.partition("\t")
                self._shaper.root = self._names(root) if root else None
                new += self._harvest(agent, harvest)
            self._shaper.root = None
            self._files(reads)
            for harvest in harvests.values():
                self._skipped(harvest)
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
                self._connection, self._names, lambda seen: self._shaper.row("claude-code", seen)
            )
            repricing.settle(self._connection, self._pricer)
            rollups.refresh(self._connection)
            estimates.keep(self._connection, (one.id for one in self._catalog.providers.values() if one.plan))

    def _harvest(self, agent: str, harvest: ParsedLogs) -> int:
        shared = set(harvest.shared_sessions)
        gateway = f"SELECT 1 FROM request_rows WHERE source = {NAME['gateway']} LIMIT 1"
        store = self._joined if self._connection.execute(gateway).fetchone() else self._alone
        requests: Iterable[LoggedRequest] = harvest.requests.values()
        self._shaper.constant = harvest.constant
        new = store(agent, self._without_copies(requests) if agent == opencode.AGENT else requests, shared)
        self._remove(harvest.copies)
        self._hits(agent, harvest.hits)
        self._readings(agent, harvest.readings.values())
        running_totals.note(self._connection, harvest.cost_states.values())
        if agent == "claude-code":
            running_totals.share(self._connection, shared)
            running_totals.grown(self._connection, {seen.session for seen in harvest.requests.values()})
        return new

    def _without_copies(self, requests: Iterable[LoggedRequest]) -> Iterator[LoggedRequest]:
        """A fork's copy under the number of the turn that was read before."""
        for seen in requests:
            known = None
            if opencode.fork_key(seen) is not None:
                row = self._shaper.row(opencode.AGENT, seen)
                alike = ("ts", "agent", "model", "provider", "is_subagent", "latency_ms", *_COUNTED)
                found = self._connection.execute(
                    f"SELECT id FROM request_rows WHERE {' AND '.join(f'{name} = ?' for name in alike)}"
                    " AND id != ? AND session != ? ORDER BY id",
                    (*(row[AT[name]] for name in alike), seen.id, row[AT["session"]]),
                )
                known = found.fetchone()
            if known is None:
                yield seen
            else:
                self._remove({seen.id})
                yield seen._replace(id=known[0])

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
        rows = [self._one(agent, seen) for seen in requests]
        return ledger_rows.write(self._connection, rows, self._names, shared)

    def _one(self, agent: str, seen: LoggedRequest) -> ledger_rows.Row:
        """The row, under the number of the gateway's attempt where that saw the same request."""
        row = self._shaper.row(agent, seen)
        if agent == "claude-code":
            if seen.request_id is None:
                return row
            known = gateway_rows.passed(self._connection, seen.request_id, seen.failure is not None)
            return row if known is None else (known, *row[1:])
        if agent == "codex" and (seen.message_id or "").startswith("resp_"):
            return row  # the same number already
        return gateway_rows.adopted(self._connection, row, self._names, seen.ts + (seen.latency_ms or 0))

    def _hits(self, agent: str, found: Iterable[LimitHit]) -> None:
        for hit in found:
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
        """The session a request is counted in: a resumed one copies its rows, walls and all."""
        found = self._connection.execute("SELECT session FROM request_rows WHERE id = ?", (request,))
        return self._names.text((found.fetchone() or (None,))[0])

    def _readings(self, agent: str, readings: Iterable[WindowReading]) -> None:
        values = []
        for seen in readings:
            provider, _ = self._shaper.provider(agent, seen.provider, seen.ts)
            if provider == "unknown":
                continue  # nobody's limit
            share = seen.used / seen.limit if seen.limit else None
            values.append(
                (
                    provider,
                    seen.window,
                    seen.unit,
                    seen.used,
                    seen.limit,
                    share,
                    seen.resets_at,
                    seen.source,
                    seen.ts,
                    None if seen.model is None else sound(seen.model),
                )
            )
        self._connection.executemany(INSERT_READING, values)

    def _skipped(self, harvest: ParsedLogs) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO skipped (path, line, why, lost, count) VALUES (?, ?, ?, ?, ?)",
            [
                (path, row.line, row.why, row.lost, row.rows)
                for path, rows in harvest.skipped.items()
                for row in rows
            ],
        )

    def _files(self, reads: Iterable[Read]) -> None:
        reads = list(reads)
        # read anew, or gone on from its unfinished line: what was said of it may be over
        self._connection.executemany(
            "DELETE FROM skipped WHERE path = ? AND (? = 0 OR why = ?)",
            [(sound(read.job.path), read.job.offset, UNFINISHED) for read in reads],
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO files (path, agent, inode, size, mtime_ns, offset, head_hash, note)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    sound(read.job.path),
                    self._names(read.job.agent),
                    read.job.inode,
                    read.job.size,
                    read.job.mtime_ns,
                    read.offset,
                    read.head_hash,
                    read.note,
                )
                for read in reads
            ],
        )
