"""What a choice depends on, copied from one ledger into a new one: limit readings and a month's sums.

A rehearsal decides on such a copy. No row of any request is in it; the source is only read.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from pf_tui.ledger import layout, schema
from pf_tui.ledger.layout import milliseconds
from pf_tui.rules.pricing import Tokens

SPAN = timedelta(days=32)
"""A month's budget, whichever month."""

ENOUGH_REQUESTS = 20
"""Fewer say nothing about a usual turn."""

HOUR_MS = layout.HOUR_QUARTERS * layout.QUARTER_MS

_TABLES = (
    ("names", "1", ()),
    ("limit_readings", "observed_at >= ?", ("ms",)),
    ("quarters", "quarter >= ?", ("quarter",)),
    ("margins", f"kind < {len(layout.COLUMNS)} AND time >= ?", ("hour",)),
)


def copy(source: Path, target: Path, now: datetime) -> Tokens | None:
    """Make the copy; returns the tokens of a usual request, None when too few are known.

    Raises:
        PfError: the source cannot be read.
    """
    since = milliseconds(now - SPAN)
    values = {"ms": since, "quarter": since // layout.QUARTER_MS, "hour": since // HOUR_MS}
    with schema.opened(source) as source_ledger, schema.opened(target, write=True) as target_ledger:
        target_ledger.execute("BEGIN")
        for table, condition, parameters in _TABLES:
            rows = source_ledger.execute(
                f"SELECT * FROM {table} WHERE {condition}", [values[name] for name in parameters]
            ).fetchall()
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                target_ledger.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)
        target_ledger.execute("COMMIT")
        totals = source_ledger.execute(
            "SELECT ifnull(sum(requests - failed), 0), sum(input), sum(output), sum(cache_read), sum(cache_write)"
            " FROM quarters WHERE quarter >= ?",
            (values["quarter"],),
        ).fetchone()
    if totals[0] < ENOUGH_REQUESTS:
        return None
    each = [round((part or 0) / totals[0]) for part in totals[1:]]
    return Tokens(input=each[0], output=each[1], cache_read=each[2], cache_write_5m=each[3])
