"""Sums kept beside the rows, and how they are brought up to date.

    cells      UTC quarter-hour × provider × model × project × agent × session, from the rows
    day_cells  the same per UTC day
    hours      UTC hour × agent × one of provider, model, project or none of them
    months     the same per 32 UTC days, of months that ended
    sessions   session × project × agent, of all time
    latencies  how many requests took how long, per quarter-hour, day and month
    days       the local days, of any zone, that can have rows: what a view by day goes along

Writers mark the quarter-hours they touch in `dirty` (a number, once a batch); `refresh` makes what hangs on
them anew from the rows, so no error can stay. Each table is made from the next finer one. Months are made
only once newer ones have begun: a row of today never costs the sums of its month.
"""

from __future__ import annotations

import sqlite3

from pf_tui.ledger.schema import (
    DAY_QUARTERS,
    HOUR_QUARTERS,
    KINDS,
    LATENCIES,
    MONTH_DAYS,
    NAME,
    QUARTER_MS,
    ROLLUPS,
    SUM_COLUMNS,
    WALLS,
)

TOKENS = "input + output + cache_read + cache_write_5m + cache_write_1h"
"""All tokens of a row, in SQL."""

ROW_SUMS = (
    f"count(*), sum(status = {NAME['failed']}), sum(ifnull(failure, 0) IN ({', '.join(str(NAME[w]) for w in WALLS)})),"
    " sum(input), sum(output), sum(reasoning), sum(cache_read), sum(cache_write_5m + cache_write_1h),"
    f" ifnull(sum(cost_usd), 0.0), sum(CASE WHEN cost_usd IS NULL AND cost_basis = {NAME['unpriced']} THEN {TOKENS}"
    f" ELSE 0 END), ifnull(sum(CASE WHEN cost_basis = {NAME['subscription-equivalent']} THEN cost_usd END), 0.0)"
)
"""What rollups hold of rows, in SQL, in the order of SUM_COLUMNS."""

SUMMED = ", ".join(f"sum({name})" for name, _ in SUM_COLUMNS)
"""The same of rollups."""

MANY_QUARTERS = 2000
"""Below so many marked quarters nobody asks whether one pass over all rows were faster."""

LATENCY_STEP = 1.05
"""Latencies are counted in buckets 5 % apart: a median from rollups is right to that."""


_SESSION = ", ".join(ROLLUPS["sessions"])


def refresh(connection: sqlite3.Connection) -> int:
    """Make what hangs on marked quarters anew, inside the caller's transaction; returns how many were marked."""
    marked = int(connection.execute("SELECT count(*) FROM dirty").fetchone()[0])
    if not marked:
        return 0
    if _begun(connection) and not _most(connection, marked):
        _some(connection)
    else:
        _all(connection)
    connection.execute("DELETE FROM dirty")
    return marked


def months_until(connection: sqlite3.Connection) -> int:
    """The first month (32 days since 1970-01-01) that `months` does not hold yet."""
    found = connection.execute("SELECT value FROM facts WHERE key = 'months_until'").fetchone()
    return int(found[0]) if found else 0


def clear(connection: sqlite3.Connection) -> None:
    """Empty every rollup, inside the caller's transaction."""
    for table in (*ROLLUPS, *LATENCIES, "days"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("DELETE FROM facts WHERE key = 'months_until'")


def prepare(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Give a writing connection the functions `refresh` needs."""
    connection.create_function("latency_bucket", 1, latency_bucket, deterministic=True)
    return connection


def latency_bucket(latency_ms: float) -> int:
    """The bucket of a latency; `LATENCY_STEP ** bucket` gives it back."""
    import math

    return round(math.log(max(latency_ms, 1.0), LATENCY_STEP))


def _begun(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM cells LIMIT 1").fetchone() is not None


def _most(connection: sqlite3.Connection, marked: int) -> bool:
    """Whether so much is marked that one pass over all rows is faster than one look per quarter."""
    if marked <= MANY_QUARTERS:
        return False
    known = connection.execute("SELECT count(DISTINCT quarter) FROM cells").fetchone()[0]
    return marked * 2 > int(known)


def _all(connection: sqlite3.Connection) -> None:
    """Every rollup from nothing."""
    clear(connection)
    _from_rows(connection, "FROM request_rows")
    _days(connection, "cells", "latencies")
    _hours(connection, "cells")
    _calendar(connection, "cells")
    connection.execute(f"INSERT INTO sessions SELECT {_SESSION}, {SUMMED} FROM day_cells GROUP BY 1, 2, 3")
    _months_that_ended(connection)


def _some(connection: sqlite3.Connection) -> None:
    """What hangs on the marked quarters."""
    hours = _within("hour", HOUR_QUARTERS, "cells")
    for kind, column in KINDS.items():
        found = f"SELECT {kind}, {column}, quarter / {HOUR_QUARTERS} FROM {hours} GROUP BY 2, 3"
        connection.execute(f"DELETE FROM hours WHERE (kind, part, hour) IN ({found})")
    sessions = _marked_sessions(connection)
    for table in ("cells", "latencies"):
        connection.execute(f"DELETE FROM {table} WHERE quarter IN (SELECT quarter FROM dirty)")
    begin, end = f"quarter * {QUARTER_MS}", f"(quarter + 1) * {QUARTER_MS}"
    _from_rows(connection, f"FROM dirty CROSS JOIN request_rows ON ts >= {begin} AND ts < {end}")
    for table in ("day_cells", "latency_days"):
        connection.execute(f"DELETE FROM {table} WHERE day IN (SELECT quarter / {DAY_QUARTERS} FROM dirty)")
    _days(connection, _within("day", DAY_QUARTERS, "cells"), _within("day", DAY_QUARTERS, "latencies"))
    _hours(connection, hours)
    _calendar(connection, "dirty")
    sessions |= _marked_sessions(connection)
    connection.executemany("DELETE FROM sessions WHERE session = ?", sessions)
    connection.executemany(
        f"INSERT INTO sessions SELECT {_SESSION}, {SUMMED} FROM day_cells WHERE session = ? GROUP BY 1, 2, 3",
        sessions,
    )
    _marked_months(connection)
    _months_that_ended(connection)


def _within(unit: str, width: int, table: str) -> str:
    """The rows of a quarter-hour rollup that lie in a marked hour or day."""
    marked = f"(SELECT DISTINCT quarter / {width} AS {unit} FROM dirty)"
    return f"{marked} CROSS JOIN {table} ON quarter >= {unit} * {width} AND quarter < ({unit} + 1) * {width}"


def _marked_sessions(connection: sqlite3.Connection) -> set[tuple[int]]:
    found = "SELECT DISTINCT session FROM dirty CROSS JOIN cells ON cells.quarter = dirty.quarter"
    return set(connection.execute(found).fetchall())


def _from_rows(connection: sqlite3.Connection, source: str) -> None:
    none = NAME[""]
    connection.execute(
        f"INSERT INTO cells SELECT ts / {QUARTER_MS}, provider, model, ifnull(project, {none}), agent,"
        f" ifnull(session, {none}), {ROW_SUMS} {source} GROUP BY 1, 2, 3, 4, 5, 6"
    )
    connection.execute(
        # one call of our function per latency, not per row: each would ask a busy thread for the interpreter
        "INSERT INTO latencies SELECT taken, provider, latency_bucket(latency_ms), sum(many) FROM"
        f" (SELECT ts / {QUARTER_MS} AS taken, provider, latency_ms, count(*) AS many {source}"
        " WHERE latency_ms IS NOT NULL GROUP BY 1, 2, 3) GROUP BY 1, 2, 3"
    )


def _days(connection: sqlite3.Connection, cells: str, latencies: str) -> None:
    day = f"quarter / {DAY_QUARTERS}"
    keys = ", ".join(ROLLUPS["day_cells"][1:])
    connection.execute(
        f"INSERT INTO day_cells SELECT {day}, {keys}, {SUMMED} FROM {cells} GROUP BY {day}, {keys}"
    )
    connection.execute(
        f"INSERT INTO latency_days SELECT {day}, provider, bucket, sum(count) FROM {latencies}"
        f" GROUP BY {day}, provider, bucket"
    )


def _hours(connection: sqlite3.Connection, cells: str) -> None:
    for kind, column in KINDS.items():
        connection.execute(
            f"INSERT INTO hours SELECT {kind}, {column}, quarter / {HOUR_QUARTERS}, agent, {SUMMED}"
            f" FROM {cells} GROUP BY 2, 3, 4"
        )


def _calendar(connection: sqlite3.Connection, quarters: str) -> None:
    """A UTC day reaches into the local days before and after it."""
    for aside in (-1, 0, 1):
        connection.execute(
            f"INSERT OR IGNORE INTO days SELECT DISTINCT quarter / {DAY_QUARTERS} + {aside} FROM {quarters}"
        )


def _marked_months(connection: sqlite3.Connection) -> None:
    """Months that were made already and have a marked quarter."""
    width = DAY_QUARTERS * MONTH_DAYS
    marked = connection.execute(
        f"SELECT DISTINCT quarter / {width} FROM dirty WHERE quarter < ?", (months_until(connection) * width,)
    ).fetchall()
    for (month,) in marked:
        for table in ("months", "latency_months"):
            connection.execute(f"DELETE FROM {table} WHERE month = ?", (month,))
        _months(connection, month, month + 1)


def _months_that_ended(connection: sqlite3.Connection) -> None:
    """Months before the newest one that were not made yet."""
    newest = connection.execute("SELECT max(day) FROM day_cells").fetchone()[0]
    until, now = months_until(connection), (newest or 0) // MONTH_DAYS
    if now > until:
        _months(connection, until, now)
        connection.execute("INSERT OR REPLACE INTO facts VALUES ('months_until', ?)", (now,))


def _months(connection: sqlite3.Connection, first: int, last: int) -> None:
    """The months from `first` to before `last`."""
    ends = (first * MONTH_DAYS, last * MONTH_DAYS)
    month = f"day / {MONTH_DAYS}"
    for kind, column in KINDS.items():
        connection.execute(
            f"INSERT INTO months SELECT {kind}, {month}, {column}, agent, {SUMMED} FROM day_cells"
            " WHERE day >= ? AND day < ? GROUP BY 2, 3, 4",
            ends,
        )
    connection.execute(
        f"INSERT INTO latency_months SELECT {month}, provider, bucket, sum(count) FROM latency_days"
        f" WHERE day >= ? AND day < ? GROUP BY {month}, provider, bucket",
        ends,
    )
