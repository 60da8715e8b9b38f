"""Single rows of the ledger: requests, failures by kind, limit hits, and how providers compare."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping

from pf_tui.ledger import narrowing
from pf_tui.ledger.layout import IS_LIMIT_HIT, QUARTER_MS
from pf_tui.ledger.limit_counts import IS_FALLBACK
from pf_tui.ledger.period import Filters, Period, end_ms
from pf_tui.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    from pf_tui.vocabulary import SessionKey

    class RequestFacts(TypedDict):
        """One request with the fields of the agreed table."""

        id: int
        ts: int
        agent: str
        source: str
        session: str | None
        project: str | None
        provider: str
        model: str
        served_model: str | None
        input: int
        output: int
        reasoning: int
        cache_read: int
        cache_write_5m: int
        cache_write_1h: int
        web_searches: int
        cost_usd: float | None
        cost_basis: str
        status: str
        failure: str | None
        latency_ms: int | None
        ttft_ms: int | None
        request_id: str | None
        message_id: str | None
        is_subagent: int
        attribution: str
        service_tier: str | None
        root: str | None
        machine: str | None


REQUEST_FIELDS = (
    "id", "ts", "agent", "source", "session", "project", "provider", "model", "served_model", "input", "output",
    "reasoning", "cache_read", "cache_write_5m", "cache_write_1h", "web_searches", "cost_usd", "cost_basis",
    "status", "failure", "latency_ms", "ttft_ms", "request_id", "message_id", "is_subagent", "attribution",
    "service_tier", "root", "machine",
)  # fmt: skip


@record
class FailureCount:
    """One failure class of one provider."""

    provider: str
    kind: str
    count: int
    last_ms: int


@record
class HitRow:
    """One limit hit: when, until when, and what waiting for it cost."""

    provider: str
    kind: str
    ts_ms: int
    until_ms: int | None
    agent: str | None
    session: str | None
    waited_ms: int
    text: str


@record
class SessionPlace:
    """Where a session was, and when last."""

    project: str
    last_ms: int


@record
class FallbackRow:
    """What fallback did for one provider in a span."""

    taken_over_from: int = 0
    """Switches away from it."""
    taken_over_by: int = 0
    """Switches to it."""
    limit_hits: int = 0
    minutes_saved: float = 0.0
    """Minutes its limits still had to run when another provider took over."""
    minutes_lost: float = 0.0
    """Minutes clients waited in retries."""


def requests(
    connection: sqlite3.Connection, span: Period, filters: Filters, *, newest: int | None = None
) -> Iterator[RequestFacts]:
    """Every request of the span, oldest first, with the fields of the agreed table.

    Args:
        newest: only so many, the newest first.
    """
    order = "DESC LIMIT ?" if newest is not None else ""
    where = "ts >= ? AND ts < ?"
    if condition := narrowing.chosen(connection, filters):
        where += f" AND id IN (SELECT id FROM request_rows WHERE {where}{narrowing.condition(condition, rows=True)})"
    query = f"SELECT {', '.join(REQUEST_FIELDS)} FROM requests WHERE {where} ORDER BY ts {order}"
    ends = end_ms(span)
    for row in connection.execute(
        query, [*ends, *(ends if condition else ()), *([] if newest is None else [newest])]
    ):
        yield dict(zip(REQUEST_FIELDS, row, strict=True))  # type: ignore[misc] # the table's columns


def failures(
    connection: sqlite3.Connection, span: Period, filters: Filters | None = None
) -> tuple[FailureCount, ...]:
    """Failed requests by provider and class, most first."""
    where = narrowing.condition(narrowing.chosen(connection, filters or Filters()), rows=True)
    rows = connection.execute(
        "SELECT v.text, f.text, count, last FROM (SELECT provider, failure, count(*) AS count, max(ts) AS last"
        # its index holds all that is asked
        f" FROM request_rows INDEXED BY request_failed WHERE failure IS NOT NULL AND ts >= ? AND ts < ?{where}"
        " GROUP BY 1, 2) JOIN names v ON v.id = provider JOIN names f ON f.id = failure ORDER BY 3 DESC, 1, 2",
        end_ms(span),
    )
    return tuple(FailureCount(provider=p, kind=k, count=c, last_ms=last) for p, k, c, last in rows)


def hits(
    connection: sqlite3.Connection, span: Period, limit: int = 1000, filters: Filters | None = None
) -> tuple[HitRow, ...]:
    """Limit hits, newest first; a hit belongs to an agent and a session, not to a project."""
    filters = filters or Filters()
    where, values = narrowing.by_name(filters.machine)
    if filters.agent is not None:
        where, values = f"{where} AND agent = ?", [*values, filters.agent]
    if filters.session is not None:
        begins, ends = narrowing.begins_with("session", filters.session)
        where, values = f"{where} AND {begins}", [*values, *ends]
    rows = connection.execute(
        "SELECT provider, kind, ts, until, agent, session, ifnull(waited_ms, 0), ifnull(text, '') FROM limit_hits"
        f" WHERE ts >= ? AND ts < ?{where} ORDER BY ts DESC LIMIT ?",
        (*end_ms(span), *values, limit),
    )
    return tuple(
        HitRow(
            provider=p,
            kind=k,
            ts_ms=ts,
            until_ms=until,
            agent=agent,
            session=session,
            waited_ms=waited_ms,
            text=text,
        )
        for p, k, ts, until, agent, session, waited_ms, text in rows
    )


def session_places(
    connection: sqlite3.Connection, sessions: Iterable[SessionKey]
) -> Mapping[SessionKey, SessionPlace]:
    """Where some sessions were and when they were last used, to the quarter-hour."""
    places_by_session: dict[SessionKey, SessionPlace] = {}
    for agent, session in sessions:
        for quarter, project in connection.execute(
            "SELECT max(quarter), ifnull(p.text, '') FROM quarters q LEFT JOIN names p ON p.id = q.project"
            " WHERE q.session = (SELECT id FROM names WHERE text = ?)"
            " AND q.agent = (SELECT id FROM names WHERE text = ?) GROUP BY q.session",
            (session, agent),
        ):
            places_by_session[agent, session] = SessionPlace(project=project, last_ms=quarter * QUARTER_MS)
    return places_by_session


def fallback_rows(
    connection: sqlite3.Connection, span: Period, filters: Filters | None = None
) -> Mapping[str, FallbackRow]:
    """What fallback did, per provider; the agent narrows the limit hits, as in the totals."""
    agent = filters.agent if filters else None
    machine, name = narrowing.by_name(filters.machine if filters else None)
    counts: dict[str, dict[str, float]] = {}

    def add(provider: str, name: str, value: float) -> None:
        cell = counts.setdefault(provider, {})
        cell[name] = cell.get(name, 0) + value

    for from_provider, to_provider, ts, whose in connection.execute(
        "SELECT from_provider, to_provider, ts, machine FROM switches s WHERE s.ts >= ? AND s.ts < ?"
        f" AND {IS_FALLBACK}{machine}",
        (*end_ms(span), *name),
    ):
        add(from_provider, "taken_over_from", 1)
        add(to_provider, "taken_over_by", 1)
        last_hit = connection.execute(
            "SELECT max(until) FROM limit_hits WHERE provider = ? AND ts BETWEEN ? AND ? AND until > ?"
            " AND machine IS ?",
            (from_provider, ts - 60_000, ts, ts, whose),
        ).fetchone()[0]
        if last_hit:
            add(from_provider, "minutes_saved", (last_hit - ts) / 60_000)
    for provider, number, waited_ms in connection.execute(
        f"SELECT provider, sum({IS_LIMIT_HIT}), ifnull(sum(waited_ms), 0)"
        f" FROM limit_hits WHERE ts >= ? AND ts < ? AND (? IS NULL OR agent = ?){machine} GROUP BY 1",
        (*end_ms(span), agent, agent, *name),
    ):
        add(provider, "limit_hits", number)
        add(provider, "minutes_lost", waited_ms / 60_000)
    whole = ("taken_over_from", "taken_over_by", "limit_hits")
    return {
        provider: FallbackRow(**{n: int(v) if n in whole else v for n, v in cell.items()})  # type: ignore[arg-type]
        for provider, cell in counts.items()
    }
