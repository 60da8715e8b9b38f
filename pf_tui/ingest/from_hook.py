"""Requests as a hook tells of them, before any log is read: rows now, priced by the next ingest if need be.

No price library is asked: what the ledger's own price table cannot tell waits as `pending`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from pf_tui.catalog import Catalog
from pf_tui.errors import PfError
from pf_tui.ingest import to_rows
from pf_tui.ingest.observed import LoggedRequest
from pf_tui.ledger import gateway_rows, rollups, rows, schema
from pf_tui.ledger.pricetable import PriceTable


def record(ledger: Path, agent: str, seen: Iterable[LoggedRequest], catalog: Catalog) -> bool:
    """Write requests whose provider is known; False when the ledger refused, then the next ingest has them."""
    try:
        with schema.opened(ledger, write=True) as connection:
            rollups.prepare(connection)
            with schema.transaction(connection):
                _write(connection, agent, seen, catalog)
    except (sqlite3.Error, PfError, OSError):
        return False
    return True


def _write(
    connection: sqlite3.Connection, agent: str, seen: Iterable[LoggedRequest], catalog: Catalog
) -> None:
    names, table = rows.Names(connection), PriceTable(connection)
    ready = []
    for one in seen:
        known = catalog.find_model(one.model) if one.model else None
        model = known.id if known is not None else one.model or "unknown"
        provider = one.provider or "unknown"
        tokens = (one.input, one.output, one.cache_read, one.cache_write_5m, one.cache_write_1h)
        priced = table.cost(provider, one.model, one.ts, *tokens, one.web_searches, mode=one.mode)
        row = to_rows.row(names, agent, one, (provider, "agent"), model, priced)
        ready.append(gateway_rows.adopted(connection, row, names, one.ts + (one.latency_ms or 0)))
    rows.write(connection, ready, names)
    rollups.refresh(connection)
