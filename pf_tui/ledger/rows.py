"""One request as a row, and how a second sight of it is laid over the first.

The row that wins: main chain before side chain, then more tokens, then the session and project that
come first by name (resumed sessions copy rows into new files: the copy never wins). Where the gateway
and an agent's own log tell of the same request, the gateway knows who served it and how it went, the
log knows where it belongs. The rule is a total order, so rows may arrive in any order, any number of
times, from any process, and the ledger comes out the same.

A request that this machine saw stays as it saw it, whatever imported ledgers tell of the same one; of several
of those it belongs to the machine whose sight won, of equal ones to the first by name.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import attrgetter

from pf_tui.ledger.layout import NAME, QUARTER_MS
from pf_tui.ledger.request_id import anthropic_message, same_answer_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol  # Any: SQLite's columns, each of its own type

    Row = Sequence[Any]  # a value for each column, of the column's own type
    """Values in the order of FIELDS, names interned."""

    PlainRow = tuple[Any, ...]  # as Row
    """Values in the order of PLAIN, names interned."""

    class Request(Protocol):
        """What the gateway and an agent's log both tell of a request; its tokens are named as in FIELDS."""

        @property
        def session(self) -> str | None: ...
        @property
        def project(self) -> str | None: ...
        @property
        def failure(self) -> str | None: ...
        @property
        def latency_ms(self) -> int | None: ...
        @property
        def ttft_ms(self) -> int | None: ...
        @property
        def request_id(self) -> str | None: ...
        @property
        def message_id(self) -> str | None: ...
        @property
        def is_subagent(self) -> int: ...
        @property
        def mode(self) -> str: ...

else:
    Row = PlainRow = tuple

FIELDS = (
    "id", "ts", "agent", "source", "session", "project", "provider", "model", "served_model",
    "input", "output", "reasoning", "cache_read", "cache_write_5m", "cache_write_1h", "web_searches",
    "cost_usd", "cost_basis", "status", "failure", "latency_ms", "ttft_ms", "request_id", "message_id",
    "is_subagent", "attribution", "service_tier", "joined", "root", "machine",
)  # fmt: skip

AT = {name: index for index, name in enumerate(FIELDS)}

_ALL = ", ".join(FIELDS)
_MARKS = f"({', '.join('?' * len(FIELDS))})"
_PUT = f"INSERT OR REPLACE INTO request_rows ({_ALL}) VALUES "
_TOGETHER = 32
"""Rows of one statement: a fifth less work than one by one, and a busy thread beside is asked for the
interpreter once, not 32 times; below the 999 variables of old sqlite builds."""

_PUT_ONE, _PUT_MANY = _PUT + _MARKS, _PUT + ", ".join([_MARKS] * _TOGETHER)
_CHUNK = 500
"""Ids asked for at once: below the 999 variables of old sqlite builds."""

_TS, _SOURCE, _SESSION, _PROJECT = AT["ts"], AT["source"], AT["session"], AT["project"]
_MACHINE = AT["machine"]
_SUBAGENT, _ATTRIBUTION, _JOINED_AT = AT["is_subagent"], AT["attribution"], AT["joined"]
_COUNTS = slice(AT["input"], AT["web_searches"] + 1)
_MONEY = slice(AT["cost_usd"], AT["cost_basis"] + 1)
_PRICED_BY = (
    *range(_COUNTS.start, _COUNTS.stop),
    AT["provider"],
    AT["model"],
    AT["served_model"],
    AT["service_tier"],
)
"""What a cost was worked out from."""
_GATEWAYS = tuple(
    AT[name] for name in ("ts", "source", "provider", "model", "served_model", "status", "failure", "attribution",
                          "latency_ms", "ttft_ms", "request_id", "service_tier")
)  # fmt: skip
_EITHERS = tuple(
    AT[name]
    for name in ("session", "project", "latency_ms", "ttft_ms", "request_id", "message_id", "joined", "root")
)
_GATEWAY = NAME["gateway"]
_UNKNOWN = NAME["unknown"]
_NOWHERE = (None, NAME[""])


PLAIN = (
    "id", "ts", "session", "project", "provider", "model", "served_model", "input", "output", "reasoning", "cache_read",
    "cache_write_5m", "cache_write_1h", "web_searches", "cost_usd", "cost_basis", "request_id", "message_id",
    "is_subagent",
)  # fmt: skip
"""What a delivered request without anything special has; the rest is the same for many, or nothing."""


class Names:
    """Interned texts of one connection; asks the ledger once per word."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._ids: dict[str, int] = dict(NAME)
        self._texts: dict[int, str] = {number: text for text, number in NAME.items()}

    def __call__(self, text: str) -> int:
        number = self._ids.get(text)
        if number is None:
            text = sound(text)
            row = self._connection.execute("SELECT id FROM names WHERE text = ?", (text,)).fetchone()
            if row is None:
                cursor = self._connection.execute("INSERT INTO names (text) VALUES (?)", (text,))
                number = int(cursor.lastrowid or 0)
            else:
                number = int(row[0])
            self._ids[text] = number
        return number

    def text(self, number: int | None) -> str:
        """The word behind a number; "" for none."""
        if number is None:
            return ""
        if number not in self._texts:
            row = self._connection.execute("SELECT text FROM names WHERE id = ?", (number,)).fetchone()
            self._texts[number] = str(row[0]) if row else ""
        return self._texts[number]


counts_of = attrgetter(*FIELDS[_COUNTS])
"""The tokens and searches of a request, in the order of FIELDS."""

priced_counts_of = attrgetter(*(name for name in FIELDS[_COUNTS] if name != "reasoning"))
"""What a cost is worked out from: reasoning is part of the output."""


def of(
    names: Names,
    request: Request,
    *,
    number: int,
    ts_ms: int,
    agent: str,
    source: str,
    provider: str,
    attribution: str,
    model: str,
    served_model: str | None,
    cost: tuple[float | None, str],
    root: int | None = None,
) -> Row:
    """A request as a row, whoever saw it.

    Args:
        cost: USD and its basis.
        served_model: what was asked for, or served, where that has another name.
    """
    usd, basis = cost
    return (
        number,
        ts_ms,
        names(agent),
        NAME[source],
        None if request.session is None else names(request.session),
        None if request.project is None else names(request.project),
        names(provider),
        names(model),
        names(served_model) if served_model and served_model != model else None,
        *counts_of(request),
        usd,
        NAME[basis],
        NAME["failed" if request.failure else "ok"],
        names(request.failure) if request.failure else None,
        request.latency_ms,
        request.ttft_ms,
        sound(request.request_id) if request.request_id else None,
        sound(request.message_id) if request.message_id else None,
        int(request.is_subagent),
        NAME[attribution],
        names(request.mode) if request.mode else None,
        None,
        root,
        None,
    )


def sound(text: str) -> str:
    """The text as sqlite takes it: lone surrogates (broken JSON, odd file names) are written out."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def write(
    connection: sqlite3.Connection, rows: Iterable[Row], names: Names, shared: set[str] | None = None
) -> int:
    """Lay rows into the ledger inside the caller's transaction; returns how many requests are new.

    The quarters they lie in (and lay in before) are marked for `rollups.refresh`.

    Args:
        shared: gains the sessions with a request that turns out to be counted in another one.
    """
    rows = list(rows)
    firsts = [_first(row) for row in rows]
    rows_by_id = _stored(connection, sorted({row[0] for row in rows}.union(firsts)))
    new_rows: dict[int, Row] = {}
    for new_row, first in zip(rows, firsts, strict=True):
        row = _placed(new_row, first, rows_by_id, new_rows)
        stored_row = new_rows.get(row[0])
        new_rows[row[0]] = row if stored_row is None else merged(stored_row, row, names)
    rows_by_id |= _stored(connection, sorted(new_rows.keys() - {row[0] for row in rows} - rows_by_id.keys()))
    changes = []
    for number in sorted(new_rows):
        before = rows_by_id.get(number)
        after = new_rows[number] if before is None else merged(before, new_rows[number], names)
        if before is None or tuple(after) != before:
            changes.append(after)
        if shared is not None and before is not None and before[_SESSION] != new_rows[number][_SESSION]:
            seen_in = {before[_SESSION], new_rows[number][_SESSION]}
            shared |= {names.text(session) for session in seen_in - {after[_SESSION]}}
    put(connection, changes, [rows_by_id[row[0]] for row in changes if row[0] in rows_by_id])
    return len(new_rows.keys() - rows_by_id.keys())


def put(connection: sqlite3.Connection, rows: Sequence[Row], old_rows: Iterable[Row] = ()) -> None:
    """Write rows as they are, in place of `old_rows`, and mark their quarters."""
    whole = len(rows) - len(rows) % _TOGETHER
    for start in range(0, whole, _TOGETHER):
        connection.execute(_PUT_MANY, [*chain.from_iterable(rows[start : start + _TOGETHER])])
    connection.executemany(_PUT_ONE, rows[whole:])
    mark(connection, rows, old_rows)


def mark(connection: sqlite3.Connection, *rows: Iterable[Row]) -> None:
    """Mark the quarters of rows (their number and time are enough) for `refresh`."""
    quarters = {row[_TS] // QUARTER_MS for part in rows for row in part}
    connection.executemany("INSERT OR IGNORE INTO dirty VALUES (?)", [(quarter,) for quarter in quarters])


def remove(connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Take rows out (they are part of another one now) and mark their quarters."""
    for row in rows:
        connection.execute("DELETE FROM request_rows WHERE id = ?", (row[0],))
        connection.execute("INSERT OR IGNORE INTO dirty VALUES (?)", (row[_TS] // QUARTER_MS,))


def select(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> list[Row]:
    """Stored rows in the order of FIELDS."""
    return connection.execute(f"SELECT {_ALL} FROM request_rows WHERE {where}", values).fetchall()


def merged(old: Row, new: Row, names: Names) -> Row:
    """One row from two sights of the same request."""
    if (old[_MACHINE] is None) != (new[_MACHINE] is None):
        return (old[0], *(old if old[_MACHINE] is None else new)[1:])
    if (old[_SOURCE] == _GATEWAY) != (new[_SOURCE] == _GATEWAY):
        gateway, log = (old, new) if old[_SOURCE] == _GATEWAY else (new, old)
        row = list(log if total(log) >= total(gateway) else gateway)
        row[0] = old[0]
        for index in _GATEWAYS:
            row[index] = gateway[index]
        place_of = gateway if gateway[_JOINED_AT] and not beats(log, gateway, names) else log
        for index in (_SESSION, _PROJECT):
            row[index] = gateway[index] if place_of[index] in _NOWHERE else place_of[index]
        row[_SUBAGENT] = place_of[_SUBAGENT]
        row[AT["message_id"]] = log[AT["message_id"]] or gateway[AT["message_id"]]
        row[_JOINED_AT] = log[_SOURCE]
    else:
        if (old[_JOINED_AT] is None) != (new[_JOINED_AT] is None):  # the gateway's own row once more
            won, other = (new, old) if old[_JOINED_AT] is None else (old, new)
        else:
            won, other = (new, old) if beats(new, old, names) else (old, new)
        row = list(won)
        for index in _EITHERS:
            if row[index] in _NOWHERE:
                row[index] = other[index]
        row[_ATTRIBUTION], row[AT["provider"]] = min(
            ((row[_ATTRIBUTION], row[AT["provider"]]) for row in (won, other)),
            key=lambda attribution: (attribution[0], attribution[1] == _UNKNOWN, names.text(attribution[1])),
        )
    pair = (old, new)
    if old[_MACHINE] != new[_MACHINE] and _machine_rank(new, names) < _machine_rank(old, names):
        pair = (new, old)
    row[_MONEY] = _money(row, pair)
    row[_MACHINE] = pair[0][_MACHINE]
    return tuple(row)


def _machine_rank(row: Row, names: Names) -> tuple[bool, int, int, str]:
    """Whose machine's row it is: the lower rank's."""
    return (
        row[_SOURCE] != _GATEWAY,
        row[_SUBAGENT],
        -total(row),
        names.text(row[_MACHINE]),
    )


def beats(new: Row, old: Row, names: Names) -> bool:
    """Whether `new` wins; `observed.beats` says the same of rows still on their way."""
    if new[_SUBAGENT] != old[_SUBAGENT]:
        return bool(new[_SUBAGENT] < old[_SUBAGENT])
    if total(new) != total(old):
        return total(new) > total(old)
    return _tie_break(new, names) < _tie_break(old, names)


def total(row: Row) -> int:
    """Tokens of all kinds."""
    return int(
        row[AT["input"]]
        + row[AT["output"]]
        + row[AT["cache_read"]]
        + row[AT["cache_write_5m"]]
        + row[AT["cache_write_1h"]]
    )


def _tie_break(row: Row, names: Names) -> tuple[str, str, int, bool, str, str, str]:
    model = row[AT["model"]]
    return (
        names.text(row[_PROJECT]),
        names.text(row[_SESSION]),
        row[_TS],
        model == _UNKNOWN,
        names.text(model),
        names.text(row[AT["root"]]),
        names.text(row[_MACHINE]),
    )


def apart(row: Row, other: Row) -> bool:
    """Two requests under one number: their answers have a constant id, their request ids differ.

    A side chain replays its parent's answer under a request id of its own: that is still one request.
    """
    own_id, other_id = row[AT["request_id"]], other[AT["request_id"]]
    return bool(
        own_id
        and other_id
        and own_id != other_id
        and row[AT["message_id"]]
        and row[AT["message_id"]] == other[AT["message_id"]]
        and not row[_SUBAGENT]
        and not other[_SUBAGENT]
    )


def _first(row: Row) -> int:
    """The number of whoever has this row's answer id alone."""
    message = row[AT["message_id"]]
    if message and row[AT["request_id"]] and message.startswith("msg_"):
        return anthropic_message(message)
    return int(row[0])


def _placed(row: Row, first: int, rows_by_id: Mapping[int, Row], new_rows: Mapping[int, Row]) -> Row:
    """The row under its answer id's own number (`first`), or beside that where another request has it."""
    holder = rows_by_id.get(first) or new_rows.get(first)
    if holder is None or holder is row or not row[AT["request_id"]]:
        return row
    beside = same_answer_id(str(row[AT["message_id"]]), str(row[AT["request_id"]]))
    if row[0] == first:
        return (beside, *row[1:]) if apart(holder, row) else row
    return (first, *row[1:]) if row[0] == beside and not apart(holder, row) else row


def _money(row: Row, rows: Iterable[Row]) -> tuple[float | None, int]:
    """The cost of the sight whose facts the row has; of neither: pending until the next pricing."""
    for priced_row in rows:
        if (
            all(row[index] == priced_row[index] for index in _PRICED_BY)
            and priced_row[AT["cost_basis"]] != NAME["pending"]
        ):
            return priced_row[AT["cost_usd"]], priced_row[AT["cost_basis"]]
    return None, NAME["pending"]


def _stored(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, Row]:
    rows_by_id: dict[int, Row] = {}
    if ids and connection.execute("SELECT 1 FROM request_rows LIMIT 1").fetchone():
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            for row in select(connection, f"id IN ({','.join('?' * len(chunk))})", chunk):
                rows_by_id[row[0]] = row
    return rows_by_id
