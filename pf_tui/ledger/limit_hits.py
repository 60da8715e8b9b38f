"""Limit hits, each once: a transcript's retries, a hook and the gateway tell of the same one.

Standard library alone: hooks write here.
"""

from __future__ import annotations

import sqlite3

from pf_tui.ledger.layout import IS_LIMIT_HIT, LIMIT_KINDS

SAME_HIT_MS = 300_000
"""What one session runs into within five minutes is one hit: a client retries about three."""

_LATER = "max(ifnull(waited_ms, 0), ifnull(?, 0))"


def note(
    connection: sqlite3.Connection,
    provider: str,
    kind: str,
    ts_ms: int,
    until_ms: int | None,
    agent: str | None,
    session: str | None,
    waited_ms: int | None = None,
    text: str = "",
    *,
    certain: bool = False,
    machine: str | None = None,
) -> bool:
    """Keep a hit, or what it adds to a hit that is known; inside the caller's transaction. False: it is known.

    A hit that this machine saw is its own; of several others the one that comes first by name has it.

    Args:
        certain: the session is the one the failed request is counted in, not a copy's.
        machine: whose ledger tells of it; None = this one's.
    """
    earlier = _copy(connection, provider, kind, ts_ms, session, machine) or _same_hit(
        connection, provider, kind, ts_ms, session
    )
    if earlier is None:
        connection.execute(
            "INSERT OR IGNORE INTO limit_hits (provider, kind, ts, until, agent, session, waited_ms, text, machine)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (provider, kind, ts_ms, until_ms, agent, session, waited_ms, text, machine),
        )
        return True
    number, was, start_ms = earlier
    connection.execute(
        "UPDATE OR IGNORE limit_hits SET until = ifnull(until, ?), agent = ifnull(agent, ?), provider = ?, ts = ?,"
        # of a resumed session's copy and its original, the one that `rows.beats` keeps, in any order
        " session = CASE WHEN ts = ? AND (? OR session > ?) THEN ? ELSE session END,"
        f" waited_ms = {_LATER}, text = CASE WHEN ifnull(text, '') = '' THEN ? ELSE text END,"
        " machine = min(machine, ?) WHERE id = ?",  # NULL, this one, stays
        (
            until_ms,
            agent,
            provider if was == "unknown" else was,
            min(start_ms, ts_ms),
            ts_ms,
            certain,
            session,
            session,
            waited_ms,
            text,
            machine,
            number,
        ),
    )
    return False


def _copy(
    connection: sqlite3.Connection,
    provider: str,
    kind: str,
    ts_ms: int,
    session: str | None,
    machine: str | None,
) -> tuple[int, str, int] | None:
    """(id, provider, ts) of the same hit in another machine's copy of the log, where another provider may be assumed."""
    copy = connection.execute(
        "SELECT id, provider, ts, machine FROM limit_hits WHERE ts = ? AND session = ? AND kind = ?"
        " AND machine IS NOT ?",
        (ts_ms, session, kind, machine),
    ).fetchone()
    if copy is None:
        return None
    number, was, start_ms, other_machine = copy
    evidence = (
        (was == "unknown", other_machine is not None, was),
        (provider == "unknown", machine is not None, provider),
    )
    return number, min(evidence)[-1], start_ms


def _same_hit(
    connection: sqlite3.Connection, provider: str, kind: str, ts_ms: int, session: str | None
) -> tuple[int, str, int] | None:
    """(id, provider, ts) of the hit this one is another sight of."""
    if session is None or kind not in LIMIT_KINDS:
        # a resumed session's copy has the very same time
        same = "provider = ? AND kind = ? AND ts = ? AND (session IS NULL) = (? IS NULL)"
        candidates = connection.execute(
            f"SELECT id, provider, ts FROM limit_hits WHERE {same}", (provider, kind, ts_ms, session)
        )
    else:
        candidates = connection.execute(
            "SELECT id, provider, ts FROM limit_hits WHERE ts BETWEEN ? AND ? AND (session = ? OR ts = ?)"
            f" AND {IS_LIMIT_HIT}"
            " AND (provider = ? OR provider = 'unknown' OR ? = 'unknown') ORDER BY abs(ts - ?) LIMIT 1",
            (
                ts_ms - SAME_HIT_MS,
                ts_ms + SAME_HIT_MS,
                session,
                ts_ms,
                provider,
                provider,
                ts_ms,
            ),
        )
    hit: tuple[int, str, int] | None = candidates.fetchone()
    return hit
