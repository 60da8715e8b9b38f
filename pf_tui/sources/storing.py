"""From what sources saw to rows of the ledger: names interned, provider attributed, cost worked out."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pf_tui.catalog import Catalog
from pf_tui.ledger import attempts, estimates, hits, repricing, rollups, schema
from pf_tui.ledger import rows as ledger_rows
from pf_tui.ledger.bulk import Bulk, PlainRow
from pf_tui.ledger.prices import Pricer
from pf_tui.ledger.pricetable import Dated
from pf_tui.ledger.record import INSERT_READING
from pf_tui.ledger.rows import sound
from pf_tui.ledger.schema import NAME
from pf_tui.rules.pricing import raw_cost_usd
from pf_tui.sources import running_totals
from pf_tui.sources.attribution import Attribution
from pf_tui.sources.sightings import UNFINISHED, Harvest, Hit, Seen, Sighting

if TYPE_CHECKING:
    from pf_tui.sources.files import Read

SOURCES = {"claude-code": "transcript", "codex": "rollout", "opencode": "opencode-db", "gemini": "chats"}


class _Usual(NamedTuple):
    """What most requests of an agent with one model have in common."""

    provider: int
    model: int
    served_model: int | None
    cost: float | None
    """Of a request without tokens."""
    basis: int
    dated: Dated
    attribution: str


class Sink:
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
        self._attribution = attribution
        self._names = ledger_rows.Names(connection)
        self._models: dict[str, str] = {}
        self._by_agent: dict[str, Attribution] = {}
        self._who: dict[tuple[str, str | None, str], tuple[str, str]] = {}
        self._gateway = False
        self._bulk = Bulk(connection, self._names)
        self._usual: dict[tuple[str, str, str | None, str | None], _Usual | None] = {}

    def store(self, harvests: Mapping[str, Harvest], reads: Iterable[Read]) -> int:
        """Lay everything into the ledger in one transaction; returns how many requests are new."""
        with schema.transaction(self._connection):
            new = sum(self._harvest(agent, harvest) for agent, harvest in harvests.items())
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

    def finish(self, quota: Iterable[Seen]) -> None:
        """After all files: requests without a row of their own, cached quotas."""
        with schema.transaction(self._connection):
            self._readings("opencode", quota)
            running_totals.settle(self._connection, self._names, lambda seen: self._row("claude-code", seen))
            repricing.settle(self._connection, self._pricer)
            rollups.refresh(self._connection)
            estimates.keep(self._connection, (one.id for one in self._catalog.providers.values() if one.plan))

    def _harvest(self, agent: str, harvest: Harvest) -> int:
        alone = f"SELECT 1 FROM request_rows WHERE source = {NAME['gateway']} LIMIT 1"
        self._gateway = self._connection.execute(alone).fetchone() is not None
        shared = set(harvest.shared_sessions)
        seen = harvest.requests.values()
        new = self._joined(agent, seen, shared) if self._gateway else self._alone(agent, seen, shared)
        self._hits(agent, harvest.hits)
        self._readings(agent, harvest.readings.values())
        running_totals.note(self._connection, harvest.cost_states.values())
        if agent == "claude-code":
            running_totals.share(self._connection, shared)
            running_totals.grown(self._connection, {seen.session for seen in harvest.requests.values()})
        return new

    def _alone(self, agent: str, requests: Iterable[Sighting], shared: set[str]) -> int:
        """Requests of which no gateway can know; returns how many are new."""
        names, timeline, usual = self._names, self._facts(agent).timeline, self._usual
        plain: dict[str, list[PlainRow]] = defaultdict(list)
        others: list[ledger_rows.Row] = []
        where: tuple[str, str] | None = None  # neighbours are of one session, mostly
        session_number = project_number = 0
        for seen in requests:
            (number, ts, session, project, model, sent, made, thought, read, five, hour, searches, request_id,
             message_id, aside, mode, failure, latency, ttft, named, reported) = seen  # fmt: skip
            key = (agent, model, named, timeline.at(ts) if timeline else None)
            if key not in usual:
                usual[key] = self._usually(agent, seen)
            known = usual[key]
            ascii_ids = ((request_id or "") + (message_id or "")).isascii()
            if known is None or mode or failure or not (ascii_ids and latency is ttft is reported is None):
                others.append(self._row(agent, seen))
                continue
            if (session, project) != where:
                where = (session, project)
                session_number, project_number = names(session), names(project)
            provider, model_number, served_model, cost, basis, dated, attribution = known
            if sent or made or read or five or hour or searches:
                if (prices := dated.at(ts)) is None:
                    cost, basis = None, NAME["unpriced"]
                else:
                    cost = raw_cost_usd(prices, sent, made, read, five, hour, searches)
            plain[attribution].append(
                (number, ts, session_number, project_number, provider, model_number, served_model, sent, made,
                 thought, read, five, hour, searches, cost, basis, request_id, message_id, aside)
            )  # fmt: skip
        return ledger_rows.write(self._connection, others, names, shared) + sum(
            self._bulk.add(rows, names(agent), NAME[SOURCES[agent]], NAME[attribution], shared)
            for attribution, rows in plain.items()
        )

    def _usually(self, agent: str, seen: Sighting) -> _Usual | None:
        """What requests like this one have in common; None when each must be looked at."""
        provider, attribution = self._provider(agent, seen)
        dated = self._pricer.dated(provider, seen.model)
        if dated is None:
            return None
        model = self._model(seen.model)
        names = self._names
        return _Usual(
            names(provider),
            names(model),
            names(seen.model) if seen.model and seen.model != model else None,
            0.0,
            NAME[self._pricer.basis(provider)],
            dated,
            attribution,
        )

    def _joined(self, agent: str, requests: Iterable[Sighting], shared: set[str]) -> int:
        """Requests that a gateway may have seen too; returns how many are new."""
        rows = [self._one(agent, seen) for seen in requests]
        return ledger_rows.write(self._connection, rows, self._names, shared)

    def _one(self, agent: str, seen: Sighting) -> ledger_rows.Row:
        """The row, under the number of the gateway's attempt where that saw the same request."""
        row = self._row(agent, seen)
        if agent == "claude-code":
            if seen.request_id is None:
                return row
            known = attempts.passed(self._connection, seen.request_id, seen.failure is not None)
            return row if known is None else (known, *row[1:])
        if agent == "codex" and (seen.message_id or "").startswith("resp_"):
            return row  # the same number already
        return attempts.adopted(self._connection, row, self._names, seen.ts + (seen.latency_ms or 0))

    def _row(self, agent: str, seen: Sighting) -> tuple[Any, ...]:
        provider, attribution = self._provider(agent, seen)
        model = self._model(seen.model)
        tokens = [
            seen.input,
            seen.output,
            seen.cache_read,
            seen.cache_write_5m,
            seen.cache_write_1h,
            seen.web_searches,
        ]
        cost, basis = repricing.cost_of(self._pricer, provider, seen.model, seen.ts, tokens, seen.mode)
        if cost is None and seen.reported_usd:
            cost, basis = seen.reported_usd, "reported"
        return row(self._names, agent, seen, (provider, attribution), model, (cost, basis))

    def _provider(self, agent: str, seen: Sighting) -> tuple[str, str]:
        """(provider, how it is known)"""
        facts = self._facts(agent)
        if seen.provider and (named := facts.named(seen.provider)):
            return named, "agent"
        if then := facts.timeline.at(seen.ts):
            return then, "timeline"
        if seen.provider and seen.provider != "openai" and agent == "codex":
            return "unknown", "assumed"  # a provider of the person's own that we cannot place
        key = (agent, None, seen.model)
        if key not in self._who:
            self._who[key] = (self._assumed(facts.assumed, seen.model), "assumed")
        return self._who[key]

    def _facts(self, agent: str) -> Attribution:
        if agent not in self._by_agent:
            self._by_agent[agent] = self._attribution(agent)
        return self._by_agent[agent]

    def _assumed(self, provider: str, model: str) -> str:
        """The agent's login, unless that never served such a model."""
        known = self._catalog.find_model(model) if model and provider != "unknown" else None
        if known is not None and provider in self._catalog.providers and provider not in known.providers:
            return "unknown"
        return provider

    def _model(self, name: str) -> str:
        if name not in self._models:
            known = self._catalog.find_model(name) if name else None
            self._models[name] = known.id if known is not None else name or "unknown"
        return self._models[name]

    def _hits(self, agent: str, found: Iterable[Hit]) -> None:
        for hit in found:
            provider = self._provider(agent, Sighting(0, hit.ts, "", "", "", provider=hit.provider))[0]
            counted_in = self._session_of(hit.request)
            hits.note(
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

    def _readings(self, agent: str, readings: Iterable[Seen]) -> None:
        values = []
        for seen in readings:
            provider = self._provider(agent, Sighting(0, seen.ts, "", "", "", provider=seen.provider))[0]
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

    def _skipped(self, harvest: Harvest) -> None:
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


def row(
    names: ledger_rows.Names,
    agent: str,
    seen: Sighting,
    who: tuple[str, str],
    model: str,
    priced: tuple[float | None, str],
) -> tuple[Any, ...]:
    """A sighting as a ledger row.

    Args:
        who: provider and how it is known.
        model: the catalog's id, else the raw name.
        priced: USD and its basis.
    """
    provider, attribution = who
    cost, basis = priced
    return (
        seen.id,
        seen.ts,
        names(agent),
        NAME[SOURCES[agent]],
        names(seen.session),
        names(seen.project),
        names(provider),
        names(model),
        names(seen.model) if seen.model and seen.model != model else None,
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
        None if seen.request_id is None else sound(seen.request_id),
        None if seen.message_id is None else sound(seen.message_id),
        seen.is_subagent,
        NAME[attribution],
        NAME[seen.mode] if seen.mode else None,
        None,
    )
