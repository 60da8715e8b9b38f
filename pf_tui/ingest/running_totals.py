"""Requests that leave no row of their own: Claude Code's compaction, found by its running totals.

A transcript's `cost-state` lines count every request of the session id, also those of which no assistant
line was written (measured on 2.1.330: `/compact`, streams cut off). What a session's last total has
beyond its rows becomes one row per model, made anew whenever the session grows.

A session resumed into a new file is copied with its rows and its running totals; each row is counted in
one of the two. Totals that began at the same moment are of one family: what its largest total has beyond
the rows of all its sessions belongs to the session that lost no row to another one. A family without such
a session, or a copy without its family, is left alone: nothing may be counted twice.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from pf_tui.ingest.observed import CostState, LoggedRequest
from pf_tui.ledger import rows as ledger_rows
from pf_tui.ledger.layout import NAME
from pf_tui.ledger.request_id import identity
from pf_tui.ledger.rows import AT, sound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.ledger.rows import Row

KINDS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "web_searches")
SLACK_MS = 60_000
"""How much earlier than the session's start by its own clock a row may be."""

_SUM_COLUMNS = ", ".join(f"sum({kind})" for kind in KINDS)


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
    """Sessions with rows that are counted in another one; inside the caller's transaction."""
    connection.executemany(
        "INSERT OR IGNORE INTO shared VALUES (?)", [(sound(session),) for session in sessions]
    )


def settle(
    connection: sqlite3.Connection, names: ledger_rows.Names, as_row: Callable[[LoggedRequest], Row]
) -> None:
    """Make the rows of what is missing, for every session that changed; inside the caller's transaction."""
    waiting = [
        StoredTotal._make(row)
        for row in connection.execute(
            "SELECT session, model, totals, base, ifnull(started, 0), ts, project FROM cost_states WHERE settled = 0"
            " OR started IN (SELECT started FROM cost_states WHERE settled = 0 AND started > 0)"
        )
    ]
    if waiting:
        copies = {session for (session,) in connection.execute("SELECT session FROM shared")}
        _settle(_families(waiting, copies), connection, names, as_row)
    connection.execute("UPDATE cost_states SET settled = 1 WHERE settled = 0")


class StoredTotal(NamedTuple):
    """A running total as it is stored."""

    session: str
    model: str
    totals: str
    base: str | None
    started: int
    ts: int
    project: str


def _families(waiting: list[StoredTotal], copies: set[str]) -> dict[str, list[StoredTotal]]:
    """Totals by the session that what they lack belongs to."""
    by_start: dict[object, list[StoredTotal]] = defaultdict(list)
    for total in waiting:
        by_start[total.started or total.session].append(total)
    families: dict[str, list[StoredTotal]] = {}
    for members in by_start.values():
        originals = {member.session for member in members} - copies
        for session in originals:
            families[session] = [
                member for member in members if len(originals) == 1 or member.session == session
            ]
    return families


class _Total(NamedTuple):
    """A session's own count of one model."""

    counts: list[int]
    model: str
    ts: int
    project: str


def _settle(
    families: dict[str, list[StoredTotal]],
    connection: sqlite3.Connection,
    names: ledger_rows.Names,
    as_row: Callable[[LoggedRequest], Row],
) -> None:
    by_session = _row_totals(
        connection, [member for members in families.values() for member in members], names
    )
    new_rows: list[Row] = []
    old_rows: list[Row] = []
    deleted_rows: list[Row] = []
    for keeper, members in families.items():
        sessions = {member.session for member in members}
        totals = _by_model(members, as_row)
        # a provider may serve under another name than was asked for: such rows are in the total of some model
        row_totals = _Served(by_session, sessions, totals.keys())
        for number, total in sorted(
            totals.items(), key=lambda item: any((session, item[0]) in by_session for session in sessions)
        ):
            parts = [by_session[session, number] for session in sessions if (session, number) in by_session]
            told_of = [sum(kind) for kind in zip(*(part.totals for part in parts), strict=True)] or [0] * len(
                KINDS
            )
            missing = [max(0, whole - part) for whole, part in zip(total.counts, told_of, strict=True)]
            missing = row_totals.taken_from(missing)
            model = total.model if parts or row_totals.model is None else names.text(row_totals.model)
            rows_by_session = {
                session: ledger_rows.select(connection, "id = ?", (_number(session, number, names),))
                for session in sessions
            }
            if any(missing[:5]):
                new_rows.append(
                    _row(keeper, number, total._replace(model=model), missing, parts, names, as_row)
                )
                old_rows += rows_by_session.pop(keeper)
            deleted_rows += [row for rows in rows_by_session.values() for row in rows]
    ledger_rows.put(connection, new_rows, old_rows)
    ledger_rows.remove(connection, deleted_rows)


class _Served:
    """Rows of a session under model names that its own totals do not know."""

    def __init__(
        self,
        row_totals: dict[tuple[str, int], _RowTotals],
        sessions: Collection[str],
        columns: Collection[int],
    ) -> None:
        parts = [
            (part, model)
            for (session, model), part in row_totals.items()
            if session in sessions and model not in columns
        ]
        self._remaining = [sum(kind) for kind in zip(*(part.totals for part, _ in parts), strict=True)]
        self.model = max(parts, key=lambda part: (sum(part[0].totals), -part[1]))[1] if parts else None
        """Most of them are of this one."""

    def taken_from(self, missing: list[int]) -> list[int]:
        """What is missing beyond these rows; what they fill is used up."""
        if not self._remaining:
            return missing
        shares = list(map(min, missing, self._remaining))
        self._remaining = [remaining - part for remaining, part in zip(self._remaining, shares, strict=True)]
        return [lacking - part for lacking, part in zip(missing, shares, strict=True)]


def _number(session: str, model: int, names: ledger_rows.Names) -> int:
    return identity("cost-state", session, names.text(model))


def _row(
    session: str,
    model: int,
    total: _Total,
    missing: list[int],
    parts: list[_RowTotals],
    names: ledger_rows.Names,
    as_row: Callable[[LoggedRequest], Row],
) -> Row:
    """What is missing as a row of its own."""
    input_total, out, cached, five, hour, searches = missing
    row = list(
        as_row(
            LoggedRequest(
                _number(session, model, names),
                max(total.ts, *(part.last for part in parts), 0),
                session,
                next((part.project for part in parts if part.project), total.project),
                total.model,
                input_total,
                out,
                0,
                cached,
                five,
                hour,
                searches,
            )
        )
    )
    row[AT["source"]] = NAME["cost-state"]
    return tuple(row)


def _by_model(members: list[StoredTotal], as_row: Callable[[LoggedRequest], Row]) -> dict[int, _Total]:
    """A family's largest totals by the model as the ledger names it: "…[1m]" and its plain name are one."""
    totals: dict[tuple[str, int], _Total] = {}
    for session, model, text, base, _, ts, project in members:
        counts = json.loads(text)
        if base:
            counts = [now - then for now, then in zip(counts, json.loads(base), strict=True)]
        key = (session, as_row(LoggedRequest(0, ts, session, project, model))[AT["model"]])
        if key in totals:
            counts = [a + b for a, b in zip(counts, totals[key].counts, strict=True)]
        totals[key] = _Total(counts, model, ts, project)
    largest: dict[int, _Total] = {}
    for (_, number), total in totals.items():
        if number not in largest or sum(total.counts) > sum(largest[number].counts):
            largest[number] = total
    return largest


class _RowTotals(NamedTuple):
    """What the rows of a session and model add up to."""

    totals: list[int]
    last: int
    project: str


def _row_totals(
    connection: sqlite3.Connection, waiting: list[StoredTotal], names: ledger_rows.Names
) -> dict[tuple[str, int], _RowTotals]:
    numbers = {names(total.session): total.session for total in waiting}
    oldest = min((total.started for total in waiting), default=0) - SLACK_MS
    rows_read = connection.execute(
        f"SELECT session, model, {_SUM_COLUMNS}, max(ts), max(project) FROM request_rows WHERE ts >= ?"
        f" AND source != {NAME['cost-state']} AND machine IS NULL AND session IN (SELECT value FROM json_each(?)) GROUP BY 1, 2",
        (oldest, json.dumps(list(numbers))),
    )
    return {
        (numbers[session], model): _RowTotals(totals, last, names.text(project))
        for session, model, *totals, last, project in rows_read
    }
