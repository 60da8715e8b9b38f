"""Sums kept beside the rows, and how they are brought up to date.

    quarters   UTC quarter-hour × provider × model × project × agent × session × machine, from the rows
    margins    UTC hour, UTC day and 16 of them × agent × machine × one of provider, model, project or none of them
    sessions   session × project × agent × machine, of all time
    latencies  how many requests took how long, by provider, per quarter-hour and per UTC day

`margins` are there for long spans at ten million rows. They lie by time, so a span reads nothing but its own
rows: 16 days at a time, then the days and hours at its ends. Writers mark the quarter-hours they touch in
`dirty` (a number, once a batch); `refresh` makes what hangs on them anew from the rows, so no error can stay.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable

from pf_tui.ledger import latency
from pf_tui.ledger.layout import (
    BESIDE,
    COLUMNS,
    DAY_QUARTERS,
    LIMIT_KINDS,
    NAME,
    QUARTER_MS,
    ROLLUPS,
    SUM_COLUMNS,
    UNITS,
    margin,
)

TOKENS = "input + output + cache_read + cache_write_5m + cache_write_1h"
"""All tokens of a row, in SQL."""

ROW_SUMS = (
    f"count(*), sum(status = {NAME['failed']}), sum(ifnull(failure, 0) IN ({', '.join(str(NAME[w]) for w in LIMIT_KINDS)})),"
    " sum(input), sum(output), sum(reasoning), sum(cache_read), sum(cache_write_5m + cache_write_1h),"
    f" ifnull(sum(cost_usd), 0.0), sum(CASE WHEN cost_usd IS NULL AND cost_basis = {NAME['unpriced']} THEN {TOKENS}"
    f" ELSE 0 END), ifnull(sum(CASE WHEN cost_basis = {NAME['subscription-equivalent']} THEN cost_usd END), 0.0)"
)
"""What rollups hold of rows, in SQL, in the order of SUM_COLUMNS."""

SUMMED = ", ".join(f"sum({name})" for name, _ in SUM_COLUMNS)
"""The same of rollups."""

MANY_QUARTERS = 2000
"""Below so many marked quarters nobody asks whether one pass over all rows were faster."""

_SESSION = ", ".join(ROLLUPS["sessions"])


def refresh(connection: sqlite3.Connection) -> int:
    """Make what hangs on marked quarters anew, inside the caller's transaction; returns how many were marked."""
    dirty = int(connection.execute("SELECT count(*) FROM dirty").fetchone()[0])
    if not dirty:
        return 0
    if _begun(connection) and not _most(connection, dirty):
        _marked_quarters(connection)
    else:
        _all(connection)
    connection.execute("DELETE FROM dirty")
    return dirty


def clear(connection: sqlite3.Connection) -> None:
    """Empty every rollup, inside the caller's transaction."""
    for table in (*ROLLUPS, "latencies"):
        connection.execute(f"DELETE FROM {table}")


def _begun(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM quarters LIMIT 1").fetchone() is not None


def _most(connection: sqlite3.Connection, dirty: int) -> bool:
    """Whether so much is marked that one pass over all rows is faster than one look per quarter."""
    if dirty <= MANY_QUARTERS:
        return False
    quarters = connection.execute("SELECT count(DISTINCT quarter) FROM quarters").fetchone()[0]
    return dirty * 2 > int(quarters)


def _all(connection: sqlite3.Connection) -> None:
    """Every rollup from nothing."""
    clear(connection)
    _from_rows(connection, "request_rows")
    for unit in UNITS:
        _margins(connection, unit, marked=False)
    connection.execute(f"INSERT INTO sessions SELECT {_SESSION}, {SUMMED} FROM quarters GROUP BY {_SESSION}")
    _latency_days(connection, connection.execute("SELECT DISTINCT time FROM latencies WHERE unit = 1"))


def _marked_quarters(connection: sqlite3.Connection) -> None:
    """What hangs on the marked quarters."""
    sessions = _marked_sessions(connection)
    connection.execute("DELETE FROM quarters WHERE quarter IN (SELECT quarter FROM dirty)")
    connection.execute("DELETE FROM latencies WHERE unit = 1 AND time IN (SELECT quarter FROM dirty)")
    begin, end = f"quarter * {QUARTER_MS}", f"(quarter + 1) * {QUARTER_MS}"
    _from_rows(connection, f"dirty CROSS JOIN request_rows ON ts >= {begin} AND ts < {end}")
    for unit in UNITS:
        kinds = ", ".join(str(margin(column, unit)) for column in COLUMNS)
        connection.execute(
            f"DELETE FROM margins WHERE kind IN ({kinds}) AND time IN (SELECT quarter / {unit} FROM dirty)"
        )
        _margins(connection, unit, marked=True)
    sessions |= _marked_sessions(connection)
    connection.executemany("DELETE FROM sessions WHERE session = ?", sessions)
    connection.executemany(
        f"INSERT INTO sessions SELECT {_SESSION}, {SUMMED} FROM quarters WHERE session = ? GROUP BY {_SESSION}",
        sessions,
    )
    _latency_days(connection, connection.execute("SELECT quarter FROM dirty"))


def _marked_sessions(connection: sqlite3.Connection) -> set[tuple[int]]:
    sessions = "SELECT DISTINCT session FROM dirty CROSS JOIN quarters ON quarters.quarter = dirty.quarter"
    return set(connection.execute(sessions).fetchall())


def _from_rows(connection: sqlite3.Connection, source: str) -> None:
    none = NAME[""]
    connection.execute(
        f"INSERT INTO quarters SELECT ts / {QUARTER_MS}, provider, model, ifnull(project, {none}), agent,"
        f" ifnull(session, {none}), ifnull(machine, {none}), {ROW_SUMS} FROM {source} GROUP BY 1, 2, 3, 4, 5, 6, 7"
    )
    samples = connection.execute(
        f"SELECT ts / {QUARTER_MS}, provider, latency_ms, count(*) FROM {source} WHERE latency_ms IS NOT NULL"
        " GROUP BY 1, 2, 3"
    )
    _put(connection, 1, latency.counted(samples))


def _margins(connection: sqlite3.Connection, unit: int, *, marked: bool) -> None:
    """Units that hold a marked quarter-hour, or all of them, each from the next narrower one."""
    width_index, beside = UNITS.index(unit), ", ".join(BESIDE)
    for column in COLUMNS:
        if width_index:
            source, time, part, width = "margins", "time", "part", unit // UNITS[width_index - 1]
            kind = f"kind = {margin(column, UNITS[width_index - 1])}"
        else:
            source, time, part, width, kind = "quarters", "quarter", column, unit, "1"
        if marked:
            source = f"(SELECT DISTINCT quarter / {unit} AS whole FROM dirty) CROSS JOIN {source}"
            kind += f" AND {time} >= whole * {width} AND {time} < (whole + 1) * {width}"
        connection.execute(
            f"INSERT INTO margins SELECT {margin(column, unit)}, {time} / {width}, {part}, {beside}, {SUMMED}"
            f" FROM {source} WHERE {kind} GROUP BY 2, 3, {beside}"
        )


def _latency_days(connection: sqlite3.Connection, quarters: Iterable[tuple[int]]) -> None:
    """The UTC days that these quarter-hours lie in."""
    for day in sorted({quarter // DAY_QUARTERS for (quarter,) in quarters}):
        connection.execute("DELETE FROM latencies WHERE unit = ? AND time = ?", (DAY_QUARTERS, day))
        days = connection.execute(
            "SELECT provider, counts FROM latencies WHERE unit = 1 AND time >= ? AND time < ?",
            (day * DAY_QUARTERS, (day + 1) * DAY_QUARTERS),
        )
        whole: Counter[int] = Counter()
        for provider, counts in days:
            whole[provider] += latency.unpacked(counts)
        _put(connection, DAY_QUARTERS, ((day, provider, counts) for provider, counts in whole.items()))


def _put(connection: sqlite3.Connection, unit: int, counts: Iterable[tuple[int, int, int]]) -> None:
    connection.executemany(
        "INSERT INTO latencies VALUES (?, ?, ?, ?)",
        ((unit, time, provider, latency.packed(packed_counts)) for time, provider, packed_counts in counts),
    )
