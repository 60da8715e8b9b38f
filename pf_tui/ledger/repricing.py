"""Costs worked out anew: rows that wait for a price, or the whole ledger after prices changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from pf_tui.ledger import rollups, schema
from pf_tui.ledger.layout import NAME, QUARTER_MS
from pf_tui.ledger.prices import Pricer
from pf_tui.rules.pricing import raw_cost_usd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.ledger.rows import Row

_PRICEABLE = (
    "SELECT r.id, r.ts, v.text, ifnull(w.text, m.text), r.input, r.output, r.cache_read,"
    " r.cache_write_5m, r.cache_write_1h, r.web_searches, ifnull(i.text, '') FROM request_rows r"
    " JOIN names v ON v.id = r.provider JOIN names m ON m.id = r.model"
    " LEFT JOIN names w ON w.id = r.served_model LEFT JOIN names i ON i.id = r.service_tier"
)
"""What a row must tell to be priced, in the order `reprice` takes it."""

BATCH_ROWS = 50_000


def reprice_all(connection: sqlite3.Connection, pricer: Pricer) -> int:
    """Price the whole ledger anew, a transaction per BATCH_ROWS; returns how many rows have a cost now."""
    return _in_batches(connection, pricer, f"r.cost_basis != {NAME['reported']}")


def reprice_unpriced(connection: sqlite3.Connection, pricer: Pricer) -> int:
    """Try again to price what had no price; returns how many rows have a cost now."""
    return _in_batches(connection, pricer, f"r.cost_basis IN ({NAME['unpriced']}, {NAME['pending']})")


def settle(connection: sqlite3.Connection, pricer: Pricer) -> int:
    """Price the rows that wait for it, inside the caller's transaction; returns how many have a cost now."""
    rows = connection.execute(f"{_PRICEABLE} WHERE r.cost_basis = {NAME['pending']}").fetchall()
    return reprice(connection, pricer, rows)


def reprice(connection: sqlite3.Connection, pricer: Pricer, rows: Iterable[Row]) -> int:
    """Work out cost and basis of rows and mark their quarters; returns how many have a cost now."""
    changes: list[tuple[float | None, int, int]] = []
    quarters: set[int] = set()
    rows_with_price = 0
    for number, ts, provider, model, *tokens, mode in rows:
        cost, basis = cost_of(pricer, provider, model, ts, tokens, mode)
        rows_with_price += cost is not None
        changes.append((cost, NAME[basis], number))
        quarters.add(ts // QUARTER_MS)
    connection.executemany("UPDATE request_rows SET cost_usd = ?, cost_basis = ? WHERE id = ?", changes)
    connection.executemany("INSERT OR IGNORE INTO dirty VALUES (?)", [(quarter,) for quarter in quarters])
    return rows_with_price


def cost_of(
    pricer: Pricer, provider: str, model: str, ts_ms: int, tokens: Sequence[int], mode: str
) -> tuple[float | None, str]:
    """(USD, basis) of input, output, cache read, 5-minute and 1-hour cache write tokens and web searches."""
    if not any(tokens):
        return 0.0, pricer.basis(provider)
    prices = pricer(provider, model, ts_ms, mode)
    if prices is None:
        return None, "unpriced"
    return raw_cost_usd(prices, *tokens), pricer.basis(provider)


def _in_batches(connection: sqlite3.Connection, pricer: Pricer, which: str) -> int:
    repriced, last = 0, -1
    while True:
        with schema.transaction(connection):  # read in it too: a row that grows meanwhile has another price
            rows = connection.execute(
                f"{_PRICEABLE} WHERE r.id > ? AND {which} ORDER BY r.id LIMIT ?", (last, BATCH_ROWS)
            ).fetchall()
            repriced += reprice(connection, pricer, rows)
        if not rows:
            break
        last = rows[-1][0]
    with schema.transaction(connection):
        pricer.keep()
        rollups.refresh(connection)
    return repriced
