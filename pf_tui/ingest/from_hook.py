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
from pf_tui.ledger import gateway_rows, queue, rollups, rows, schema
from pf_tui.ledger.pricetable import PriceTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def record(ledger: Path, agent: str, seen: Iterable[LoggedRequest], catalog: Catalog) -> bool:
    """Write requests whose provider is known; where the ledger refuses they wait for the next ingest.

    False when not even that was possible: the same is to be tried again.
    """
    seen = list(seen)
    try:
        with schema.opened(ledger, write=True) as connection, schema.transaction(connection):
            write(connection, agent, seen, catalog)
    except (sqlite3.Error, PfError, OSError) as error:
        schema.is_held(error)
        try:
            queue.add(ledger, [("requests", [agent, [list(one) for one in seen]])])
        except (OSError, TypeError, ValueError):
            return False
    return True


def take_in(connection: sqlite3.Connection, ledger: Path, catalog: Catalog) -> int:
    """Rows that waited while the ledger was held or refused them; returns how many."""

    def requests(agent: str, seen: list[list[Any]]) -> None:  # the fields of a LoggedRequest
        write(connection, agent, [LoggedRequest(*one) for one in seen], catalog)

    return queue.take_in(connection, ledger, requests)


def write(
    connection: sqlite3.Connection, agent: str, seen: Iterable[LoggedRequest], catalog: Catalog
) -> None:
    names, table = rows.Names(connection), PriceTable(connection)
    ready = []
    for one in seen:
        known = catalog.find_model(one.model) if one.model else None
        model = known.id if known is not None else one.model or "unknown"
        provider = one.provider or "unknown"
        priced = table.cost(provider, one.model, one.ts, *rows.priced(one), mode=one.mode)
        row = to_rows.row(names, agent, one, (provider, "agent"), model, priced)
        ready.append(gateway_rows.adopted(connection, row, names, one.ts + (one.latency_ms or 0)))
    rows.write(connection, ready, names)
    rollups.refresh(connection)
