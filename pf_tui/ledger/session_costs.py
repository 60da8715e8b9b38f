"""What sessions cost: all in all, in the last hour, and of a limit window. sqlite3 alone, a few milliseconds."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from pf_tui.ledger.layout import NAME, milliseconds
from pf_tui.records import record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import SessionKey

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
    connection: sqlite3.Connection, sessions: Collection[SessionKey], now: datetime
) -> Mapping[SessionKey, SessionCost]:
    """Session -> its costs (USD, list price for a plan); sessions that the ledger does not know are left out."""
    wanted_keys = frozenset(sessions)
    numbers = _numbers(connection, {session for _, session in wanted_keys})
    costs: dict[SessionKey, SessionCost] = {}
    for number, session in numbers.items():
        for agent, cost, unpriced in connection.execute(
            "SELECT a.text, sum(s.cost_usd), sum(s.unpriced) FROM sessions s JOIN names a ON a.id = s.agent"
            f" WHERE s.session = ? AND s.machine = {NAME['']} GROUP BY s.agent",
            (number,),
        ):
            if (agent, session) in wanted_keys:
                costs[agent, session] = SessionCost(cost_usd=None if not cost and unpriced else cost)
    for number, agent, cost, provider, source, model in connection.execute(
        "SELECT r.session, a.text, r.hour_usd, p.text, s.text, m.text FROM"
        " (SELECT session, agent, provider, source, model,"
        " sum(cost_usd) OVER (PARTITION BY session, agent) AS hour_usd,"
        " row_number() OVER (PARTITION BY session, agent ORDER BY is_subagent, ts DESC) AS place"
        " FROM request_rows WHERE ts > ? AND ts <= ? AND machine IS NULL) r"
        " JOIN names p ON p.id = r.provider JOIN names s ON s.id = r.source JOIN names m ON m.id = r.model"
        " JOIN names a ON a.id = r.agent WHERE r.place = 1",
        (milliseconds(now - HOUR), milliseconds(now)),
    ):
        key = (agent, numbers.get(number, ""))
        if key in wanted_keys:
            costs[key] = replace(
                costs.get(key, SessionCost(cost_usd=cost)),
                last_hour_usd=cost or 0.0,
                provider=provider if provider != "unknown" else None,
                provider_source=source,
                model=model or None,
            )
    return costs


def window_costs(
    connection: sqlite3.Connection, provider: str, since: datetime, now: datetime
) -> tuple[float, Mapping[SessionKey, float]]:
    """What a provider's window has cost so far: in all, and by session (USD)."""
    rows = connection.execute(
        "SELECT a.text, ifnull(e.text, ''), sum(r.cost_usd) FROM request_rows r"
        " JOIN names p ON p.id = r.provider JOIN names a ON a.id = r.agent"
        " LEFT JOIN names e ON e.id = r.session WHERE r.ts >= ? AND r.ts <= ? AND p.text = ?"
        " AND r.machine IS NULL GROUP BY r.session, r.agent",
        (milliseconds(since), milliseconds(now), provider),
    ).fetchall()
    by_session = {(agent, session): cost or 0.0 for agent, session, cost in rows if session}
    return sum(cost or 0.0 for *_, cost in rows), by_session


def _numbers(connection: sqlite3.Connection, sessions: Collection[str]) -> dict[int, str]:
    """The ledger's number of each session's name -> that name."""
    names = list(sessions)
    costs: dict[int, str] = {}
    for start in range(0, len(names), _AT_ONCE):
        chunk = names[start : start + _AT_ONCE]
        marks = ",".join("?" * len(chunk))
        costs |= dict(
            connection.execute(f"SELECT id, text FROM names WHERE text IN ({marks})", chunk).fetchall()
        )
    return costs
