"""From what sources saw to rows of the ledger: names interned, provider attributed, cost worked out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pf_tui.catalog import Catalog
from pf_tui.ledger import rows as ledger_rows
from pf_tui.ledger.prices import Pricer
from pf_tui.ledger.record import INSERT_READING
from pf_tui.ledger.schema import NAME, QUARTER_MS
from pf_tui.rules.pricing import raw_cost_usd
from pf_tui.sources.attribution import Timeline
from pf_tui.sources.sightings import Harvest, Hit, Seen, Sighting, identity

if TYPE_CHECKING:
    from pf_tui.sources.ingest import Read

SOURCES = {"claude-code": "transcript", "codex": "rollout", "opencode": "opencode-db", "gemini": "chats"}

_PRICEABLE = (
    "SELECT r.id, r.ts, v.text, ifnull(w.text, m.text), r.input, r.output, r.cache_read,"
    " r.cache_write_5m, r.cache_write_1h, r.web_searches, r.mode FROM request_rows r"
    " JOIN names v ON v.id = r.provider JOIN names m ON m.id = r.model"
    " LEFT JOIN names w ON w.id = r.served_model"
)
"""What a row must tell to be priced, in the order `reprice` takes it."""


class Sink:
    """Writes harvests through one connection, one transaction a batch."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        catalog: Catalog,
        pricer: Pricer,
        attribution: Callable[[str], tuple[Timeline, str]],
    ) -> None:
        self._connection = connection
        self._catalog = catalog
        self._pricer = pricer
        self._attribution = attribution
        self._names = ledger_rows.Names(connection)
        self._models: dict[str, str] = {}
        self._lines: dict[str, tuple[Timeline, str]] = {}

    def store(
        self,
        harvests: Mapping[str, Harvest],
        reads: Iterable[Read],
        alone: Mapping[str, Harvest] | None = None,
    ) -> int:
        """Lay everything into the ledger in one transaction; returns how many requests are new."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            new = 0
            for agent, harvest in harvests.items():
                rows = [self._row(agent, seen) for seen in harvest.requests.values()]
                new += ledger_rows.write(self._connection, rows)
                self._hits(agent, harvest.hits)
                self._readings(agent, harvest.readings.values())
                self._cost_states(harvest)
                self._skipped(harvest, alone)
            self._files(reads)
            ledger_rows.refresh(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        return new

    def finish(self, quota: Iterable[Seen]) -> None:
        """After all files: compaction requests from running totals, cached quotas, rows hooks left unpriced."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._readings("opencode", quota)
            rows = [self._row("claude-code", seen) for seen in self._missing()]
            ledger_rows.write(self._connection, [_as_cost_state(row) for row in rows])
            self._settle_pending()
            ledger_rows.refresh(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def _row(self, agent: str, seen: Sighting) -> tuple[Any, ...]:
        provider, attribution = self._provider(agent, seen)
        model = self._model(seen.model)
        cost, basis = self._cost(provider, seen)
        names = self._names
        return (
            seen.id,
            seen.ts,
            names(agent),
            NAME[SOURCES[agent]],
            names(seen.session),
            names(seen.project),
            names(provider),
            names(model),
            names(seen.model) if seen.model != model else None,
            seen.input,
            seen.output,
            seen.reasoning,
            seen.cache_read,
            seen.cache_write_5m,
            seen.cache_write_1h,
            seen.web_searches,
            cost,
            NAME[basis],
            NAME["failed" if seen.failure else "ok"],
            names(seen.failure) if seen.failure else None,
            seen.latency_ms,
            seen.ttft_ms,
            seen.request_id,
            seen.message_id,
            seen.is_subagent,
            NAME[attribution],
            NAME[seen.mode] if seen.mode else None,
        )

    def _provider(self, agent: str, seen: Sighting) -> tuple[str, str]:
        if seen.provider:
            return seen.provider, "agent"
        if agent not in self._lines:
            self._lines[agent] = self._attribution(agent)
        timeline, fallback = self._lines[agent]
        if then := timeline.at(seen.ts):
            return then, "timeline"
        known = self._catalog.find_model(seen.model) if seen.model and fallback != "unknown" else None
        if known is not None and fallback in self._catalog.providers and fallback not in known.providers:
            return "unknown", "assumed"  # that login never served such a model
        return fallback, "assumed"

    def _model(self, name: str) -> str:
        if name not in self._models:
            known = self._catalog.find_model(name) if name else None
            self._models[name] = known.id if known is not None else name or "unknown"
        return self._models[name]

    def _cost(self, provider: str, seen: Sighting) -> tuple[float | None, str]:
        if not seen.total and not seen.web_searches:
            return 0.0, self._pricer.basis(provider)
        prices = self._pricer(provider, seen.model, seen.ts, seen.mode if seen.mode == "fast" else "")
        if prices is None:
            if seen.reported_usd:
                return seen.reported_usd, "reported"
            return None, "unpriced"
        cost = raw_cost_usd(
            prices,
            seen.input,
            seen.output,
            seen.cache_read,
            seen.cache_write_5m,
            seen.cache_write_1h,
            seen.web_searches,
            seen.mode == "batch",
        )
        return cost, self._pricer.basis(provider)

    def _hits(self, agent: str, hits: Iterable[Hit]) -> None:
        values = []
        for hit in hits:
            provider = hit.provider or self._provider(agent, Sighting(0, hit.ts, "", "", ""))[0]
            values.append(
                (provider, hit.kind, hit.ts, hit.until, agent, hit.session, hit.waited_ms, hit.text)
            )
        self._connection.executemany(
            "INSERT OR IGNORE INTO limit_hits (provider, kind, ts, until, agent, session, waited_ms, text)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )

    def _readings(self, agent: str, readings: Iterable[Seen]) -> None:
        values = []
        for seen in readings:
            provider = seen.provider or self._provider(agent, Sighting(0, seen.ts, "", "", ""))[0]
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
                    seen.model,
                )
            )
        self._connection.executemany(INSERT_READING, values)

    def _cost_states(self, harvest: Harvest) -> None:
        keep = [state for key, state in harvest.cost_states.items() if key[0] not in harvest.copied_sessions]
        self._connection.executemany(
            "INSERT OR REPLACE INTO cost_states (session, model, input, output, cache_read, cache_write_5m,"
            " cache_write_1h, web_searches, ts, project) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [tuple(state) for state in keep],
        )

    def _missing(self) -> list[Sighting]:
        """What a session's running total has beyond its rows: compaction leaves no row of its own."""
        own = NAME["cost-state"]
        query = (
            "SELECT c.session, c.model, c.ts, c.project, c.input - s.input, c.output - s.output,"
            " c.cache_read - s.cache_read, c.cache_write_5m - s.five, c.cache_write_1h - s.hour,"
            " c.web_searches - s.searches, s.last, s.project FROM cost_states c JOIN (SELECT n.text AS session,"
            " ifnull(w.text, m.text) AS model, sum(input) AS input, sum(output) AS output,"
            " sum(cache_read) AS cache_read, sum(cache_write_5m) AS five, sum(cache_write_1h) AS hour,"
            " sum(web_searches) AS searches, max(r.ts) AS last, p.text AS project"
            " FROM request_rows r JOIN names n ON n.id = r.session JOIN names m ON m.id = r.model"
            " LEFT JOIN names w ON w.id = r.served_model LEFT JOIN names p ON p.id = r.project"
            " WHERE r.source != ? AND n.text IN (SELECT session FROM cost_states) GROUP BY 1, 2) s"
            " ON s.session = c.session AND s.model = c.model"
        )
        found = []
        for session, model, ts, project, *rest in self._connection.execute(query, (own,)).fetchall():
            *counts, last, row_project = rest
            tokens = [max(0, count or 0) for count in counts]
            if sum(tokens[:5]) == 0:
                continue
            found.append(
                Sighting(
                    identity("cost-state", session, model),
                    max(ts or 0, last),
                    session,
                    row_project or project,
                    model,
                    input=tokens[0],
                    output=tokens[1],
                    cache_read=tokens[2],
                    cache_write_5m=tokens[3],
                    cache_write_1h=tokens[4],
                    web_searches=tokens[5],
                )
            )
        return found

    def _settle_pending(self) -> None:
        """Price the rows that hooks wrote without a price table."""
        pending = self._connection.execute(
            f"{_PRICEABLE} WHERE r.cost_basis = ?",
            (NAME["pending"],),
        ).fetchall()
        reprice(self._connection, self._pricer, pending)

    def _skipped(self, harvest: Harvest, alone: Mapping[str, Harvest] | None) -> None:
        by_file = dict(harvest.by_file)
        for path, single in (alone or {}).items():
            by_file[path] = single.skipped
        for path, rows in by_file.items():
            if rows:
                self._connection.executemany(
                    "INSERT OR REPLACE INTO skipped VALUES (?, ?, ?)",
                    [(path, row.line, row.why) for row in rows],
                )

    def _files(self, reads: Iterable[Read]) -> None:
        for read in reads:
            job = read.job
            self._connection.execute(
                "DELETE FROM skipped WHERE path = ? AND line > ? AND line <= ? AND why LIKE 'the last line%'",
                (job.path, job.lines, read.lines),
            )
            self._connection.execute(
                "INSERT OR REPLACE INTO files (path, agent, inode, size, mtime_ns, offset, lines, head_hash, note)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    job.path,
                    self._names(job.agent),
                    job.inode,
                    job.size,
                    job.mtime_ns,
                    read.offset,
                    read.lines,
                    read.head_hash,
                    read.note,
                ),
            )


def reprice(connection: sqlite3.Connection, pricer: Pricer, rows: Iterable[tuple[Any, ...]]) -> int:
    """Work out cost and basis of rows anew and mark their quarters; returns how many rows."""
    words = {number: word for word, number in NAME.items()}
    changes: list[tuple[float | None, int, int]] = []
    quarters: set[int] = set()
    for number, ts, provider, model, fresh, output, read, five, hour, searches, mode in rows:
        word = words.get(mode, "")
        prices = pricer(provider, model, ts, word if word == "fast" else "")
        if prices is None and fresh + output + read + five + hour:
            changes.append((None, NAME["unpriced"], number))
        elif prices is not None:
            cost = raw_cost_usd(prices, fresh, output, read, five, hour, searches, word == "batch")
            changes.append((cost, NAME[pricer.basis(provider)], number))
        quarters.add(ts // QUARTER_MS)
    connection.executemany("UPDATE request_rows SET cost_usd = ?, cost_basis = ? WHERE id = ?", changes)
    connection.executemany("INSERT OR IGNORE INTO dirty VALUES (?)", [(quarter,) for quarter in quarters])
    return len(changes)


def reprice_all(connection: sqlite3.Connection, pricer: Pricer, batch: int = 50_000) -> int:
    """Price the whole ledger anew, in batches of one transaction each; returns how many rows changed hands."""
    done, last = 0, -1
    while True:
        rows = connection.execute(
            f"{_PRICEABLE} WHERE r.id > ? AND r.cost_basis != ? ORDER BY r.id LIMIT ?",
            (last, NAME["reported"], batch),
        ).fetchall()
        if not rows:
            return done
        connection.execute("BEGIN IMMEDIATE")
        done += reprice(connection, pricer, rows)
        ledger_rows.refresh(connection)
        connection.execute("COMMIT")
        last = rows[-1][0]


def _as_cost_state(row: tuple[Any, ...]) -> tuple[Any, ...]:
    place = ledger_rows.AT["source"]
    return (*row[:place], NAME["cost-state"], *row[place + 1 :])
