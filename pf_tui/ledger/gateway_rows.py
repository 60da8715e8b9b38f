"""The gateway's attempts as rows, joined with what the agent's own log tells of the same request.

With the gateway on, every turn is seen twice: as an attempt here and as a row of a transcript, database
or rollout. Whichever comes first, one row stays; the gateway's word on who served it wins.

Claude Code   the answer's `msg_…` id; else the `request-id` header the gateway answered with
Codex         the answer's `resp_…` id; else session, time and tokens
OpenCode      session and time (its own message ids are not the upstream's), tokens where several fit

Standard library alone. Call it from a writer thread, a batch at a time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pf_tui.errors import PfError
from pf_tui.ledger import layout, pricetable, rollups, rows, schema
from pf_tui.ledger import request_id as identity
from pf_tui.ledger.layout import NAME
from pf_tui.ledger.rows import AT
from pf_tui.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.ledger.rows import Row

SLACK_MS = 5_000
"""How far two clocks' words for the same request may lie apart: the client's own start and end."""

LONGEST_TURN_MS = 6 * 3_600_000
"""A client may wait for hours inside one turn (OpenCode obeys any retry-after)."""

CACHE_KB = 16_000
"""Rows lie by hash, all over the file: with sqlite's own 2 MB each page is read anew for each row."""

CHECKPOINT_PAGES = 4000
"""16 MB: a page that many batches touch is carried over once for all of them."""

_ANSWERS = {"claude-code": ("msg_", identity.anthropic_message), "codex": ("resp_", identity.codex_response)}
"""Agents whose logs keep the id of an answer: how such an id begins, and the number it gives."""


class Attempt(NamedTuple):
    """One request to one upstream, delivered or failed. A tuple: quickly made."""

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
    cost_usd: float | None = None
    """What the upstream says it cost; None = the price table decides."""


def add(path: Path, attempts: Sequence[Attempt], *, refresh: bool = True) -> bool:
    """Write a batch in one transaction; False when the ledger refused it (keep it and try again).

    Args:
        refresh: bring the rollups up to date as well; False leaves that to the next batch that does.
    """
    writer = Writer(path)
    try:
        return writer.add(attempts, refresh=refresh)
    finally:
        writer.close()


class Writer:
    """Writes batch after batch over one connection: to open and close it costs as much as fifty rows.

    For one thread at a time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._names: rows.Names | None = None
        self._version = -1

    def add(self, attempts: Sequence[Attempt], *, refresh: bool = True) -> bool:
        """As the function of that name."""
        if not attempts and not refresh:
            return True
        try:
            connection = self._open()
            with schema.transaction(connection):
                write(connection, attempts, self._known_names(connection), refresh=refresh)
        except (sqlite3.Error, PfError, OSError):
            self.close()
            return False
        except BaseException:
            self.close()  # interned names were rolled back
            raise
        return True

    @property
    def is_open(self) -> bool:
        """It holds the ledger."""
        return self._connection is not None

    def close(self) -> None:
        """Let go of the ledger; the next batch opens it again."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._names = None

    def _open(self) -> sqlite3.Connection:
        """The ledger that lies there now: another one, after a damaged one was set aside."""
        if self._connection is not None and self._file != _file(self._path):
            self.close()
        if self._connection is None:
            self._connection = schema.connect(self._path)
            self._connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
            self._connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
            self._file = _file(self._path)
        return self._connection

    def _known_names(self, connection: sqlite3.Connection) -> rows.Names:
        """The numbers of words stay known until another process has written."""
        version = int(connection.execute("PRAGMA data_version").fetchone()[0])
        if self._names is None or version != self._version:
            self._names, self._version = rows.Names(connection), version
        return self._names


def write(
    connection: sqlite3.Connection,
    attempts: Sequence[Attempt],
    names: rows.Names | None = None,
    *,
    refresh: bool = True,
) -> None:
    """The same inside the caller's transaction; cost from the ledger's own price table, else pending."""
    names = names or rows.Names(connection)
    table = pricetable.PriceTable(connection)
    new_rows = [_row(attempt, names, table) for attempt in attempts]
    earlier, lines = _stored_ids(connection, new_rows), _lines(connection, attempts, new_rows)
    ready: list[Row] = []  # they go in together, which is quicker
    for attempt, row in zip(attempts, new_rows, strict=True):
        if (number := earlier.get(_sent(row))) is not None:
            ready.append((number, *row[1:]))
        elif attempt.agent == "claude-code":
            ready.append(_joined(connection, row, _lines_of(lines, attempt, row), names))
        elif attempt.answered and not _named_by_answer(attempt) and (turn := _turn(connection, row)):
            # the log's number lasts: it is read again when the turn changes
            rows.write(connection, [(turn[0], *row[1:])], names)
        else:
            ready.append(row)
    rows.write(connection, ready, names)
    if refresh:
        rollups.refresh(connection)


def adopted(connection: sqlite3.Connection, row: Row, names: rows.Names, until_ms: int) -> Row:
    """An agent's row under the id of the gateway's attempt it tells of; as it is when there is none.

    Args:
        row: of a log that shares no id with the gateway; its ts is when the client began.
        until_ms: when the client says the answer was complete.
    """
    candidates = rows.select(
        connection,
        f"source = {NAME['gateway']} AND joined IS NULL AND session = ? AND ts BETWEEN ? AND ? AND agent = ?",
        (row[AT["session"]], row[AT["ts"]] - SLACK_MS, until_ms + SLACK_MS, row[AT["agent"]]),
    )
    source = connection.execute("SELECT source FROM request_rows WHERE id = ?", (row[0],)).fetchone()
    best = None if source == (NAME["gateway"],) else _nearest(candidates, row, until_ms)
    if best is None:
        return row
    # the log's id lasts: the same message is read again whenever it changes
    rows.remove(connection, [best])
    return rows.merged((row[0], *best[1:]), row, names)


def met(connection: sqlite3.Connection, row: Row, names: rows.Names) -> Row:
    """An attempt from another ledger, with what a log told here of the same request; under the number that lasts."""
    if row[AT["agent"]] == NAME["claude-code"]:
        start, end = row[AT["ts"]] - SLACK_MS, row[AT["ts"]] + (row[AT["latency_ms"]] or 0) + SLACK_MS
        lines = rows.select(
            connection,
            f"ts BETWEEN ? AND ? AND agent = ? AND source != {NAME['gateway']} AND request_id = ? AND status = ?"
            " AND id != ?",
            (start, end, row[AT["agent"]], row[AT["request_id"]], row[AT["status"]], row[0]),
        )
        return _joined(connection, row, lines, names)
    delivered = row[AT["joined"]] is None and row[AT["status"]] == NAME["ok"]
    turn = _turn(connection, row) if delivered else None
    if turn is None or turn[0] == row[0]:
        return row
    return (turn[0], *row[1:])


def attempt_row(connection: sqlite3.Connection, request_id: str, failed: bool) -> int | None:
    """The row of the attempt that answered under a request id; None when our gateway did not see it."""
    matches = connection.execute(
        f"SELECT id, status FROM request_rows WHERE request_id = ? AND source = {NAME['gateway']} ORDER BY ts DESC",
        (request_id,),
    ).fetchall()
    outcome = NAME["failed" if failed else "ok"]
    return next((int(number) for number, status in matches if status == outcome), None)


def _row(attempt: Attempt, names: rows.Names, table: pricetable.PriceTable) -> Row:
    at_ms = round(attempt.at.timestamp() * 1000)
    model = attempt.served_model or attempt.model
    cost = table.cost(attempt.provider, model, at_ms, *rows.priced_counts_of(attempt), mode=attempt.mode)
    return rows.of(
        names,
        attempt,
        number=_number(attempt),
        ts_ms=at_ms,
        agent=attempt.agent,
        source="gateway",
        provider=attempt.provider,
        attribution="gateway",
        model=attempt.model or "unknown",
        served_model=attempt.served_model,
        cost=cost if attempt.cost_usd is None else (attempt.cost_usd, "reported"),
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


def _sent(row: Row) -> tuple[str, int, int]:
    """What tells one attempt from every other: which request it was of, when it was sent, and where."""
    return row[AT["request_id"]], row[AT["ts"]], row[AT["provider"]]


def _stored_ids(connection: sqlite3.Connection, new_rows: Sequence[Row]) -> dict[tuple[str, int, int], int]:
    """Attempts written before: by now perhaps under the number of the agent's own row."""
    matches: list[Row] = []
    for part_ids in _in_parts(sorted({row[AT["request_id"]] for row in new_rows})):
        marks = ", ".join("?" * len(part_ids))
        matches += rows.select(
            connection, f"source = {NAME['gateway']} AND request_id IN ({marks})", part_ids
        )
    return {_sent(row): row[0] for row in matches}


def _lines(
    connection: sqlite3.Connection, attempts: Sequence[Attempt], new_rows: Sequence[Row]
) -> dict[str, list[Row]]:
    """Claude Code's rows of these answers that were read before, by request id."""
    to_match = [
        (attempt, row[AT["ts"]])
        for attempt, row in zip(attempts, new_rows, strict=True)
        if attempt.agent == "claude-code" and attempt.answered
    ]
    if not to_match:
        return {}
    start = min(ts for _, ts in to_match) - SLACK_MS
    end = max(ts + (attempt.latency_ms or 0) for attempt, ts in to_match) + SLACK_MS
    lines: dict[str, list[Row]] = {}
    for part_ids in _in_parts([attempt.request_id for attempt, _ in to_match]):
        where = (
            f"ts BETWEEN ? AND ? AND agent = ? AND source != {NAME['gateway']}"
            f" AND request_id IN ({', '.join('?' * len(part_ids))})"
        )
        for line in rows.select(connection, where, (start, end, NAME["claude-code"], *part_ids)):
            lines.setdefault(line[AT["request_id"]], []).append(line)
    return lines


def _lines_of(lines: Mapping[str, list[Row]], attempt: Attempt, row: Row) -> list[Row]:
    """Those of them that tell of this attempt."""
    if not attempt.answered:
        return []
    start, end = row[AT["ts"]] - SLACK_MS, row[AT["ts"]] + (attempt.latency_ms or 0) + SLACK_MS
    return [
        line
        for line in lines.get(attempt.request_id, ())
        if start <= line[AT["ts"]] <= end and line[AT["status"]] == row[AT["status"]] and line[0] != row[0]
    ]


def _joined(connection: sqlite3.Connection, row: Row, lines: Sequence[Row], names: rows.Names) -> Row:
    """One row of an attempt and its agent's rows, which are taken out."""
    rows.remove(connection, lines)
    for line in lines:
        row = rows.merged(row, (row[0], *line[1:]), names)
    return row


def _in_parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + 500] for start in range(0, len(values), 500))


def _turn(connection: sqlite3.Connection, row: Row) -> Row | None:
    """The row of another agent's log that an answered attempt belongs to, if it was read before."""
    if row[AT["session"]] is None:
        return None
    candidates = rows.select(
        connection,
        f"ts BETWEEN ? AND ? AND agent = ? AND session = ? AND {layout.LOGGED_TURN}",
        (row[AT["ts"]] - LONGEST_TURN_MS, row[AT["ts"]] + SLACK_MS, row[AT["agent"]], row[AT["session"]]),
    )
    around = [
        turn
        for turn in candidates
        if turn[AT["ts"]] + (turn[AT["latency_ms"]] or 0) + SLACK_MS >= row[AT["ts"]]
    ]
    return _nearest(around, row, row[AT["ts"]])


def _nearest(candidates: Sequence[Row], row: Row, at_ms: int) -> Row | None:
    """Of rows that may be the same request: same outcome and model, then same tokens, then next in time."""
    same = (AT["status"], AT["model"])
    fitting = [row_ for row_ in candidates if all(row_[column] == row[column] for column in same)]
    if rows.total(row):
        # a gateway that saw no usage (a client that left) may still be it; one that saw other tokens is not
        fitting = [row_ for row_ in fitting if rows.total(row_) in (0, rows.total(row))]
    return min(
        fitting,
        key=lambda row_: (rows.total(row_) != rows.total(row), abs(row_[AT["ts"]] - at_ms)),
        default=None,
    )


def _file(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
