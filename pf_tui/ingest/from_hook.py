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
    from typing import Any  # Any: LoggedRequest's fields in order, each of its own type


def record(ledger: Path, agent: str, logged_requests: Iterable[LoggedRequest], catalog: Catalog) -> bool:
    """Write requests whose provider is known; where the ledger refuses they wait for the next ingest.

    False when not even that was possible: the same is to be tried again.
    """
    logged_requests = list(logged_requests)
    try:
        with schema.opened(ledger, write=True) as connection, schema.transaction(connection):
            write(connection, agent, logged_requests, catalog)
    except (sqlite3.Error, PfError, OSError) as error:
        schema.is_held(error)
        try:
            queue.add(ledger, [("requests", [agent, [list(request) for request in logged_requests]])])
        except (OSError, TypeError, ValueError):
            return False
    return True


def take_in(connection: sqlite3.Connection, ledger: Path, catalog: Catalog) -> int:
    """Rows that waited while the ledger was held or refused them; returns how many."""

    def requests(agent: str, records: list[list[Any]]) -> None:  # the fields of a LoggedRequest
        write(connection, agent, [LoggedRequest(*fields) for fields in records], catalog)

    return queue.take_in(connection, ledger, requests)


def write(
    connection: sqlite3.Connection, agent: str, logged_requests: Iterable[LoggedRequest], catalog: Catalog
) -> None:
    """Requests that an agent's hook told of, priced, into the caller's transaction."""
    names, table = rows.Names(connection), PriceTable(connection)
    ready = []
    for request in logged_requests:
        entry = catalog.find_model(request.model) if request.model else None
        model = entry.id if entry is not None else request.model or "unknown"
        provider = request.provider or "unknown"
        cost = table.cost(
            provider, request.model, request.ts, *rows.priced_counts_of(request), mode=request.mode
        )
        row = to_rows.row(names, agent, request, (provider, "agent"), model, cost)
        ready.append(gateway_rows.adopted(connection, row, names, request.ts + (request.latency_ms or 0)))
    rows.write(connection, ready, names)
    rollups.refresh(connection)
