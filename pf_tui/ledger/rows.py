"""One request as a row, and how a second sight of it is laid over the first.

The row that wins: main chain before side chain, then more tokens, then the session and project that
come first by name (resumed sessions copy rows into new files: the copy never wins). What only one
side knows (latency, time to first byte, the provider by the gateway's word) is kept from either.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from pf_tui.ledger.schema import NAME, QUARTER_MS

FIELDS = (
    "id", "ts", "agent", "source", "session", "project", "provider", "model", "served_model",
    "input", "output", "reasoning", "cache_read", "cache_write_5m", "cache_write_1h", "web_searches",
    "cost_usd", "cost_basis", "status", "failure", "latency_ms", "ttft_ms", "request_id", "message_id",
    "is_subagent", "attribution", "mode",
)  # fmt: skip

Row = Sequence[object]
"""Values in the order of FIELDS, names interned."""

AT = {name: place for place, name in enumerate(FIELDS)}

_TOTAL = "{t}.input + {t}.output + {t}.cache_read + {t}.cache_write_5m + {t}.cache_write_1h"
_NAME = "ifnull((SELECT text FROM names WHERE id = {t}.{c}), '')"
_NEW, _OLD = _TOTAL.format(t="excluded"), _TOTAL.format(t="request_rows")
_EARLIER = " OR ".join(
    (
        f"{_NAME.format(t='excluded', c='project')} < {_NAME.format(t='request_rows', c='project')}",
        f"({_NAME.format(t='excluded', c='project')} = {_NAME.format(t='request_rows', c='project')} AND "
        f"{_NAME.format(t='excluded', c='session')} < {_NAME.format(t='request_rows', c='session')})",
    )
)
_WINS = (
    f"(excluded.is_subagent < request_rows.is_subagent OR (excluded.is_subagent = request_rows.is_subagent"
    f" AND ({_NEW} > {_OLD} OR ({_NEW} = {_OLD} AND (excluded.source = request_rows.source AND ({_EARLIER})"
    f" OR request_rows.source = {NAME['gateway']})))))"
)
_FROM_WINNER = tuple(
    name
    for name in FIELDS
    if name not in ("id", "provider", "attribution", "latency_ms", "ttft_ms", "served_model")
)
_BETTER = "excluded.attribution < request_rows.attribution"


def _winner(name: str) -> str:
    if name in ("session", "project", "request_id", "message_id"):
        return (
            f"{name} = CASE WHEN {_WINS} THEN ifnull(excluded.{name}, request_rows.{name})"
            f" ELSE ifnull(request_rows.{name}, excluded.{name}) END"
        )
    return f"{name} = CASE WHEN {_WINS} THEN excluded.{name} ELSE request_rows.{name} END"


UPSERT = (
    f"INSERT INTO request_rows ({', '.join(FIELDS)}) VALUES ({', '.join('?' * len(FIELDS))})"
    f" ON CONFLICT (id) DO UPDATE SET {', '.join(_winner(name) for name in _FROM_WINNER)},"
    f" provider = CASE WHEN {_BETTER} THEN excluded.provider ELSE request_rows.provider END,"
    f" attribution = CASE WHEN {_BETTER} THEN excluded.attribution ELSE request_rows.attribution END,"
    " latency_ms = ifnull(request_rows.latency_ms, excluded.latency_ms),"
    " ttft_ms = ifnull(request_rows.ttft_ms, excluded.ttft_ms),"
    " served_model = ifnull(request_rows.served_model, excluded.served_model)"
    f" WHERE {_WINS} OR {_BETTER} OR (excluded.latency_ms IS NOT NULL AND request_rows.latency_ms IS NULL)"
)


class Names:
    """Interned texts of one connection; asks the ledger once per word."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[str, int] = dict(NAME)

    def __call__(self, text: str) -> int:
        number = self._known.get(text)
        if number is None:
            found = self._connection.execute("SELECT id FROM names WHERE text = ?", (text,)).fetchone()
            if found is None:
                made = self._connection.execute("INSERT INTO names (text) VALUES (?)", (text,))
                number = int(made.lastrowid or 0)
            else:
                number = int(found[0])
            self._known[text] = number
        return number


def write(connection: sqlite3.Connection, rows: Iterable[Row]) -> int:
    """Lay rows into the ledger inside the caller's transaction; returns how many requests are new.

    The quarters they lie in (and lay in before) are marked for `refresh`.
    """
    ordered = sorted(rows, key=lambda row: row[0])  # type: ignore[arg-type,return-value]
    quarters = {int(row[AT["ts"]]) // QUARTER_MS for row in ordered}  # type: ignore[call-overload]
    known: set[int] = set()
    if connection.execute("SELECT 1 FROM request_rows LIMIT 1").fetchone():
        # a winner may have another timestamp: the quarter it leaves changes as well
        for start in range(0, len(ordered), 500):
            ids = [row[0] for row in ordered[start : start + 500]]
            marks = ",".join("?" * len(ids))
            query = f"SELECT id, ts / {QUARTER_MS} FROM request_rows WHERE id IN ({marks})"
            for number, quarter in connection.execute(query, ids):
                known.add(number)
                quarters.add(quarter)
    connection.executemany(UPSERT, ordered)
    connection.executemany("INSERT OR IGNORE INTO dirty VALUES (?)", [(quarter,) for quarter in quarters])
    return len({row[0] for row in ordered} - known)


_SUMS = (
    "count(*), sum(status = {failed}), sum(ifnull(failure, 0) IN ({rate})), sum(input), sum(output), sum(reasoning),"
    " sum(cache_read), sum(cache_write_5m + cache_write_1h), ifnull(sum(cost_usd), 0.0),"
    " sum(CASE WHEN cost_usd IS NULL AND cost_basis = {unpriced} THEN input + output + cache_read + cache_write_5m"
    " + cache_write_1h ELSE 0 END)"
)


def refresh(connection: sqlite3.Connection) -> int:
    """Make the rollups of every marked quarter anew, inside the caller's transaction; returns how many."""
    marked = int(connection.execute("SELECT count(*) FROM dirty").fetchone()[0])
    if not marked:
        return 0
    names = Names(connection)
    rate = ", ".join(str(names(kind)) for kind in ("rate", "quota", "windowless"))
    sums = _SUMS.format(failed=NAME["failed"], rate=rate, unpriced=NAME["unpriced"])
    if connection.execute("SELECT 1 FROM rollups LIMIT 1").fetchone():
        source = (
            f"FROM dirty CROSS JOIN request_rows ON ts >= quarter * {QUARTER_MS}"
            f" AND ts < (quarter + 1) * {QUARTER_MS} WHERE 1"
        )
        for table in ("rollups", "session_rollups", "latencies"):
            connection.execute(f"DELETE FROM {table} WHERE quarter IN (SELECT quarter FROM dirty)")
    else:
        source = "FROM request_rows WHERE 1"
    empty = NAME[""]
    connection.execute(
        f"INSERT INTO rollups SELECT ts / {QUARTER_MS}, provider, model, ifnull(project, {empty}), agent, {sums},"
        f" sum(CASE WHEN cost_basis = {NAME['subscription-equivalent']} THEN cost_usd ELSE 0 END)"
        f" {source} GROUP BY 1, 2, 3, 4, 5"
    )
    short = sums.replace(f" sum(ifnull(failure, 0) IN ({rate})),", "")
    connection.execute(
        f"INSERT INTO session_rollups SELECT ts / {QUARTER_MS}, ifnull(session, {empty}), agent,"
        f" ifnull(project, {empty}), {short} {source} GROUP BY 1, 2, 3, 4"
    )
    connection.execute(
        f"INSERT INTO latencies SELECT ts / {QUARTER_MS}, provider, latency_bucket(latency_ms), count(*)"
        f" {source} AND latency_ms IS NOT NULL GROUP BY 1, 2, 3"
    )
    connection.execute("DELETE FROM dirty")
    return marked


LATENCY_STEP = 1.05
"""Latencies are counted in buckets 5 % apart: a median from rollups is right to that."""


def latency_bucket(latency_ms: float) -> int:
    """The bucket of a latency; `LATENCY_STEP ** bucket` gives it back."""
    import math

    return round(math.log(max(latency_ms, 1.0), LATENCY_STEP))


def prepare(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Give a writing connection the functions `refresh` needs."""
    connection.create_function("latency_bucket", 1, latency_bucket, deterministic=True)
    return connection
