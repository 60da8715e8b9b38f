"""The gateway's attempts as rows, joined with what the agent's own log tells of the same request.

With the gateway on, every turn is seen twice: as an attempt here and as a row of a transcript, database
or rollout. Whichever comes first, one row stays; the gateway's word on who served it wins.

Claude Code   the answer's `msg_…` id; else the `request-id` header the gateway answered with
Codex         the answer's `resp_…` id; else session, time and tokens
OpenCode      session and time (its own message ids are not the upstream's), tokens where several fit

Standard library alone. Call `add` from a writer thread, a batch at a time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pf_tui.errors import PfError
from pf_tui.ledger import identity, pricetable, rollups, rows, schema
from pf_tui.ledger.rows import AT, Row
from pf_tui.ledger.schema import NAME
from pf_tui.records import record

SLACK_MS = 5_000
"""How far two clocks' words for the same request may lie apart: the client's own start and end."""

LONGEST_TURN_MS = 6 * 3_600_000
"""A client may wait for hours inside one turn (OpenCode obeys any retry-after)."""

_ANSWERS = {"claude-code": ("msg_", identity.anthropic_message), "codex": ("resp_", identity.codex_response)}
"""Agents whose logs keep the id of an answer: how such an id begins, and the number it gives."""


@record
class Attempt:
    """One request to one upstream, delivered or failed."""

    at: datetime
    """Aware UTC: when it was sent."""
    agent: str
    """claude-code | opencode | codex | gemini | unknown"""
    provider: str
    """Our id of who was asked."""
    model: str
    """What the agent asked for: the catalog's id, or the raw name."""
    request_id: str
    """The id the client is answered with (`request-id`); the same for every attempt of one request."""
    ordinal: int = 1
    """Which attempt of that request, from 1."""
    answered: bool = True
    """This attempt's answer, good or bad, is what the client got."""
    served_model: str | None = None
    """What the upstream was asked for, where it is another name."""
    session: str | None = None
    project: str | None = None
    message_id: str | None = None
    """The id in the answer's body (`msg_…`, `resp_…`, `chatcmpl-…`)."""
    input: int = 0
    """Tokens without cached ones."""
    output: int = 0
    """Tokens with reasoning."""
    reasoning: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    web_searches: int = 0
    failure: str | None = None
    """Failure class; None = delivered."""
    latency_ms: int | None = None
    ttft_ms: int | None = None
    is_subagent: bool = False
    mode: str = ""
    """"" | fast | batch"""


def add(path: Path, attempts: Sequence[Attempt], *, refresh: bool = True) -> bool:
    """Write a batch in one transaction; False when the ledger refused it (keep it and try again).

    Args:
        refresh: bring the rollups up to date as well; False leaves that to the next batch that does.
    """
    if not attempts and not refresh:
        return True
    try:
        with schema.opened(path, write=True) as connection:
            rollups.prepare(connection)
            with schema.transaction(connection):
                write(connection, attempts, refresh=refresh)
    except (sqlite3.Error, PfError, OSError):
        return False
    return True


def write(connection: sqlite3.Connection, attempts: Sequence[Attempt], *, refresh: bool = True) -> None:
    """The same inside the caller's transaction; cost from the ledger's own price table, else pending."""
    names = rows.Names(connection)
    table = pricetable.PriceTable(connection)
    alone: list[Row] = []  # nothing stored is about them: they go in together, which is quicker
    for attempt in attempts:
        row = _row(attempt, names, table)
        if known := _known(connection, row):
            row = (known[0], *row[1:])
        elif attempt.agent == "claude-code":
            for line in _lines(connection, attempt, row):
                rows.remove(connection, [line])
                row = rows.merged(row, (row[0], *line[1:]), names)
        elif not _named_by_answer(attempt):
            turn = _turn(connection, attempt, row)
            if turn is None:
                alone.append(row)
                continue
            row = (turn[0], *row[1:])  # the log's number lasts: it is read again when the turn changes
        rows.write(connection, [row], names)
    rows.write(connection, alone, names)
    if refresh:
        rollups.refresh(connection)


def adopted(connection: sqlite3.Connection, row: Row, names: rows.Names, until_ms: int) -> Row:
    """An agent's row under the id of the gateway's attempt it tells of; as it is when there is none.

    Args:
        row: of a log that shares no id with the gateway; its ts is when the client began.
        until_ms: when the client says the answer was complete.
    """
    found = rows.select(
        connection,
        f"source = {NAME['gateway']} AND joined IS NULL AND session = ? AND ts BETWEEN ? AND ? AND agent = ?",
        (row[AT["session"]], row[AT["ts"]] - SLACK_MS, until_ms + SLACK_MS, row[AT["agent"]]),
    )
    taken = connection.execute("SELECT source FROM request_rows WHERE id = ?", (row[0],)).fetchone()
    best = None if taken == (NAME["gateway"],) else _nearest(found, row, until_ms)
    if best is None:
        return row
    # the log's id lasts: the same message is read again whenever it changes
    rows.remove(connection, [best])
    return rows.merged((row[0], *best[1:]), row, names)


def passed(connection: sqlite3.Connection, request_id: str, failed: bool) -> int | None:
    """The row of the attempt that answered under a request id; None when our gateway did not see it."""
    found = connection.execute(
        f"SELECT id, status FROM request_rows WHERE request_id = ? AND source = {NAME['gateway']} ORDER BY ts DESC",
        (request_id,),
    ).fetchall()
    wanted = NAME["failed" if failed else "ok"]
    return next((int(number) for number, status in found if status == wanted), None)


def _row(attempt: Attempt, names: rows.Names, table: pricetable.PriceTable) -> Row:
    at_ms = round(attempt.at.timestamp() * 1000)
    tokens = (
        attempt.input,
        attempt.output,
        attempt.cache_read,
        attempt.cache_write_5m,
        attempt.cache_write_1h,
    )
    cost, basis = table.cost(
        attempt.provider,
        attempt.served_model or attempt.model,
        at_ms,
        *tokens,
        attempt.web_searches,
        mode=attempt.mode,
    )
    return (
        _number(attempt),
        at_ms,
        names(attempt.agent),
        NAME["gateway"],
        names(attempt.session) if attempt.session else None,
        names(attempt.project) if attempt.project else None,
        names(attempt.provider),
        names(attempt.model or "unknown"),
        names(attempt.served_model)
        if attempt.served_model and attempt.served_model != attempt.model
        else None,
        attempt.input,
        attempt.output,
        attempt.reasoning,
        attempt.cache_read,
        attempt.cache_write_5m,
        attempt.cache_write_1h,
        attempt.web_searches,
        cost,
        NAME[basis],
        NAME["failed" if attempt.failure else "ok"],
        names(attempt.failure) if attempt.failure else None,
        attempt.latency_ms,
        attempt.ttft_ms,
        attempt.request_id,
        attempt.message_id,
        int(attempt.is_subagent),
        NAME["gateway"],
        NAME[attempt.mode] if attempt.mode else None,
        None,
    )


def _number(attempt: Attempt) -> int:
    if _named_by_answer(attempt):
        return _ANSWERS[attempt.agent][1](str(attempt.message_id))
    if attempt.answered and attempt.failure and attempt.agent == "claude-code":
        return identity.claude_failure(attempt.request_id)
    return identity.gateway_attempt(attempt.request_id, attempt.ordinal)


def _named_by_answer(attempt: Attempt) -> bool:
    """Whether the agent's log keeps the upstream's own id of this answer."""
    begin, _ = _ANSWERS.get(attempt.agent, ("", None))
    return bool(
        attempt.agent in _ANSWERS
        and attempt.answered
        and attempt.message_id
        and attempt.message_id.startswith(begin)
    )


def _known(connection: sqlite3.Connection, row: Row) -> Row | None:
    """The same attempt, written before: by now perhaps under the number of the agent's own row."""
    found = rows.select(
        connection,
        f"source = {NAME['gateway']} AND request_id = ? AND ts = ? AND provider = ?",
        (row[AT["request_id"]], row[AT["ts"]], row[AT["provider"]]),
    )
    return found[0] if found else None


def _lines(connection: sqlite3.Connection, attempt: Attempt, row: Row) -> list[Row]:
    """Claude Code's rows of the answer that were read before this attempt was written."""
    if not attempt.answered:
        return []
    start, end = row[AT["ts"]] - SLACK_MS, row[AT["ts"]] + (attempt.latency_ms or 0) + SLACK_MS
    found = rows.select(
        connection,
        f"ts BETWEEN ? AND ? AND agent = ? AND status = ? AND source != {NAME['gateway']} AND request_id = ?",
        (start, end, row[AT["agent"]], row[AT["status"]], attempt.request_id),
    )
    return [line for line in found if line[0] != row[0]]


def _turn(connection: sqlite3.Connection, attempt: Attempt, row: Row) -> Row | None:
    """The row of another agent's log that this attempt belongs to, if it was read before."""
    if not attempt.answered or row[AT["session"]] is None:
        return None
    found = rows.select(
        connection,
        f"ts BETWEEN ? AND ? AND agent = ? AND session = ? AND source != {NAME['gateway']} AND joined IS NULL",
        (row[AT["ts"]] - LONGEST_TURN_MS, row[AT["ts"]] + SLACK_MS, row[AT["agent"]], row[AT["session"]]),
    )
    around = [
        turn for turn in found if turn[AT["ts"]] + (turn[AT["latency_ms"]] or 0) + SLACK_MS >= row[AT["ts"]]
    ]
    return _nearest(around, row, row[AT["ts"]])


def _nearest(found: Sequence[Row], row: Row, at_ms: int) -> Row | None:
    """Of rows that may be the same request: same outcome and model, then same tokens, then next in time."""
    same = (AT["status"], AT["model"])
    fitting = [one for one in found if all(one[place] == row[place] for place in same)]
    if rows.total(row):
        # a gateway that saw no usage (a client that left) may still be it; one that saw other tokens is not
        fitting = [one for one in fitting if rows.total(one) in (0, rows.total(row))]
    return min(
        fitting,
        key=lambda one: (rows.total(one) != rows.total(row), abs(one[AT["ts"]] - at_ms)),
        default=None,
    )
