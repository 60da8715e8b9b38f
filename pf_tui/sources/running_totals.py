"""Requests that leave no row of their own: Claude Code's compaction, found by its running totals.

A transcript's `cost-state` lines count every request of the session id, also those of which no assistant
line was written (measured on 2.1.330: `/compact`, streams cut off). What a session's last total has
beyond its rows becomes one row per model, made anew whenever the session grows.

A session that shares rows with another one (resumed into a new file) is left alone: which of the two
a row was counted in is not known, and nothing may be counted twice.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from typing import NamedTuple

from pf_tui.ledger import rows as ledger_rows
from pf_tui.ledger.identity import identity
from pf_tui.ledger.rows import AT, Row, sound
from pf_tui.ledger.schema import NAME
from pf_tui.sources.sightings import CostState, Sighting

KINDS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "web_searches")
SLACK_MS = 60_000
"""How much earlier than the session's start by its own clock a row may be."""

_SUMS = ", ".join(f"sum({kind})" for kind in KINDS)


def note(connection: sqlite3.Connection, states: Iterable[CostState]) -> None:
    """Keep the newest totals of sessions; inside the caller's transaction."""
    connection.executemany(
        "INSERT INTO cost_states (session, model, totals, started, ts, project, settled) VALUES (?, ?, ?, ?, ?, ?, 0)"
        " ON CONFLICT (session, model) DO UPDATE SET totals = excluded.totals, started = excluded.started,"
        " ts = excluded.ts, settled = 0 WHERE excluded.totals != totals",
        [
            (
                sound(state.session),
                sound(state.model),
                json.dumps(state.totals),
                state.started,
                state.ts,
                sound(state.project),
            )
            for state in states
        ],
    )


def grown(connection: sqlite3.Connection, sessions: Iterable[str]) -> None:
    """Sessions that have new rows must be looked at again; inside the caller's transaction."""
    if connection.execute("SELECT 1 FROM cost_states LIMIT 1").fetchone():
        connection.executemany(
            "UPDATE cost_states SET settled = 0 WHERE session = ?",
            [(sound(session),) for session in sessions],
        )


def share(connection: sqlite3.Connection, sessions: Iterable[str]) -> None:
    """Sessions that share rows with another one; inside the caller's transaction."""
    connection.executemany(
        "INSERT OR IGNORE INTO shared VALUES (?)", [(sound(session),) for session in sessions]
    )


def settle(
    connection: sqlite3.Connection, names: ledger_rows.Names, as_row: Callable[[Sighting], Row]
) -> None:
    """Make the rows of what is missing, for every session that changed; inside the caller's transaction."""
    waiting = connection.execute(
        "SELECT session, model, totals, base, started, ts, project FROM cost_states WHERE settled = 0"
        " AND session NOT IN (SELECT session FROM shared)"
    ).fetchall()
    if waiting:
        _settle(waiting, connection, names, as_row)
    connection.execute("UPDATE cost_states SET settled = 1 WHERE settled = 0")


class _Total(NamedTuple):
    """A session's own count of one model."""

    counted: list[int]
    model: str
    ts: int
    project: str


Waiting = tuple[str, str, str, str | None, int, int, str]
"""session, model, totals, base, started, ts, project"""


def _settle(
    waiting: list[Waiting],
    connection: sqlite3.Connection,
    names: ledger_rows.Names,
    as_row: Callable[[Sighting], Row],
) -> None:
    told = _told(connection, {row[0]: row[4] for row in waiting}, names)
    made: list[Row] = []
    replaced: list[Row] = []
    gone: list[Row] = []
    for (session, number), total in _by_model(waiting, as_row).items():
        parts, last, project = told.get((session, number), ([0] * len(KINDS), 0, None))
        missing = [max(0, whole - part) for whole, part in zip(total.counted, parts, strict=True)]
        key = identity("cost-state", session, names.text(number))
        known = ledger_rows.select(connection, "id = ?", (key,))
        if not any(missing[:5]):
            gone += known
            continue
        sent, out, read, five, hour, searches = missing
        row = list(
            as_row(
                Sighting(
                    key,
                    max(total.ts, last),
                    session,
                    project or total.project,
                    total.model,
                    sent,
                    out,
                    0,
                    read,
                    five,
                    hour,
                    searches,
                )
            )
        )
        row[AT["source"]] = NAME["cost-state"]
        made.append(tuple(row))
        replaced += known
    ledger_rows.put(connection, made, replaced)
    ledger_rows.remove(connection, gone)


def _by_model(waiting: list[Waiting], as_row: Callable[[Sighting], Row]) -> dict[tuple[str, int], _Total]:
    """Totals by (session, model as the ledger names it): "…[1m]" and its plain name are one model."""
    totals: dict[tuple[str, int], _Total] = {}
    for session, model, text, base, _, ts, project in waiting:
        counted = json.loads(text)
        if base:
            counted = [now - then for now, then in zip(counted, json.loads(base), strict=True)]
        key = (session, as_row(Sighting(0, ts, session, project, model))[AT["model"]])
        if key in totals:
            counted = [a + b for a, b in zip(counted, totals[key].counted, strict=True)]
        totals[key] = _Total(counted, model, ts, project)
    return totals


def _told(
    connection: sqlite3.Connection, started: dict[str, int], names: ledger_rows.Names
) -> dict[tuple[str, int], tuple[list[int], int, str | None]]:
    """What the rows of these sessions add up to: (session, model) -> sums, newest time, project."""
    numbers = {names(session): session for session in started}
    oldest = min(started.values(), default=0) - SLACK_MS
    found = connection.execute(
        f"SELECT session, model, {_SUMS}, max(ts), max(project) FROM request_rows WHERE ts >= ?"
        f" AND source != {NAME['cost-state']} AND session IN (SELECT value FROM json_each(?)) GROUP BY 1, 2",
        (oldest, json.dumps(list(numbers))),
    )
    return {
        (numbers[session], model): (sums, last, names.text(project) or None)
        for session, model, *sums, last, project in found
    }
