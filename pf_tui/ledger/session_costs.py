"""What sessions cost: all in all, in the last hour, and of a limit window. sqlite3 alone, a few milliseconds."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from pf_tui.ledger.layout import NAME, milliseconds
from pf_tui.records import record, replace

HOUR = timedelta(hours=1)
_AT_ONCE = 500
"""Sessions asked for at a time: below the 999 variables of old sqlite builds."""


@record
class SessionCost:
    """One session, its subagents included; cost None = nobody can price any of it."""

    cost_usd: float | None = None
    last_hour_usd: float = 0.0
    provider: str | None = None
    """Who served its newest request of the last hour."""
    provider_source: str | None = None
    """Who told that: gateway, or an agent's log."""
    model: str | None = None
    """Of the newest request of its main chain in the last hour."""


def session_costs(
    connection: sqlite3.Connection, sessions: Collection[str], now: datetime
) -> Mapping[str, SessionCost]:
    """Session id -> its costs (USD, list price for a plan); sessions that the ledger does not know are left out."""
    numbers = _numbers(connection, sessions)
    costs: dict[str, SessionCost] = {}
    for number, session in numbers.items():
        requests, cost, unpriced = connection.execute(
            "SELECT sum(requests), sum(cost_usd), sum(unpriced) FROM sessions WHERE session = ?"
            f" AND machine = {NAME['']}",
            (number,),
        ).fetchone()
        if requests:
            costs[session] = SessionCost(cost_usd=None if not cost and unpriced else cost)
    for number, cost, provider, source, model in connection.execute(
        "SELECT r.session, r.hour_usd, p.text, s.text, m.text FROM"
        " (SELECT session, provider, source, model, sum(cost_usd) OVER (PARTITION BY session) AS hour_usd,"
        " row_number() OVER (PARTITION BY session ORDER BY is_subagent, ts DESC) AS place"
        " FROM request_rows WHERE ts > ? AND ts <= ? AND machine IS NULL) r"
        " JOIN names p ON p.id = r.provider JOIN names s ON s.id = r.source JOIN names m ON m.id = r.model"
        " WHERE r.place = 1",
        (milliseconds(now - HOUR), milliseconds(now)),
    ):
        session = numbers.get(number, "")
        if session:
            costs[session] = replace(
                costs.get(session, SessionCost(cost_usd=cost)),
                last_hour_usd=cost or 0.0,
                provider=provider if provider != "unknown" else None,
                provider_source=source,
                model=model or None,
            )
    return costs


def window_costs(
    connection: sqlite3.Connection, provider: str, since: datetime, now: datetime
) -> tuple[float, Mapping[str, float]]:
    """What a provider's window has cost so far: in all, and by session (USD)."""
    rows = connection.execute(
        "SELECT ifnull(e.text, ''), sum(r.cost_usd) FROM request_rows r JOIN names p ON p.id = r.provider"
        " LEFT JOIN names e ON e.id = r.session WHERE r.ts >= ? AND r.ts <= ? AND p.text = ?"
        " AND r.machine IS NULL GROUP BY r.session",
        (milliseconds(since), milliseconds(now), provider),
    ).fetchall()
    return sum(cost or 0.0 for _, cost in rows), {session: cost or 0.0 for session, cost in rows if session}


def _numbers(connection: sqlite3.Connection, sessions: Collection[str]) -> dict[int, str]:
    """The ledger's number of each session's name -> that name."""
    names = list(sessions)
    costs: dict[int, str] = {}
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        marks = ",".join("?" * len(some))
        costs |= dict(
            connection.execute(f"SELECT id, text FROM names WHERE text IN ({marks})", some).fetchall()
        )
    return costs
