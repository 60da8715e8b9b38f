"""The demo's requests into ledger rows, through the ledger's own writers.

Prices are the catalog's: the demo must start at once, and genai-prices takes longer to import than
everything else here together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from pf_tui.catalog import Catalog, Price
from pf_tui.demo.history import Request
from pf_tui.ledger import rollups, rows
from pf_tui.ledger.reader import milliseconds
from pf_tui.ledger.request_id import identity
from pf_tui.ledger.schema import NAME
from pf_tui.rules.pricing import UnitPrices, flat, raw_cost_usd

LOGS = {"claude-code": "transcript", "opencode": "opencode-db", "codex": "rollout"}
"""Which log a request of the past would have come from."""


class LedgerRows:
    """An open ledger and what is known about prices."""

    def __init__(self, connection: sqlite3.Connection, catalog: Catalog, home: str) -> None:
        self._connection = connection
        self._catalog = catalog
        self._home = home
        self._names = rows.Names(connection)
        self._prices: dict[tuple[str, str], UnitPrices | None] = {}

    def enter(self, requests: Iterable[Request], *, live: bool = False) -> None:
        """Write requests in one transaction; `live` ones came through the gateway."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            rows.write(self._connection, [self._row(one, live) for one in requests], self._names)
            rollups.refresh(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def cost_usd(self, one: Request) -> float | None:
        """What a request costs by list price; None when the catalog has none."""
        key = (one.provider, one.model)
        if key not in self._prices:
            model = self._catalog.find_model(one.model, one.provider)
            price = model.price if model else None
            self._prices[key] = None if price is None else _unit_prices(price)
        prices = self._prices[key]
        if prices is None:
            return None
        return raw_cost_usd(prices, one.input, one.output, one.cache_read, one.cache_write, 0)

    def _row(self, one: Request, live: bool) -> rows.Row:
        known = self._catalog.providers.get(one.provider)
        cost = self.cost_usd(one)
        basis = "unpriced" if cost is None else "subscription-equivalent" if known and known.plan else "list"
        names = self._names
        values = {
            "id": identity("demo", one.session, one.at.isoformat(), one.failure or ""),
            "ts": milliseconds(one.at),
            "agent": names(one.agent),
            "source": NAME["gateway" if live else LOGS[one.agent]],
            "session": names(one.session),
            "project": names(f"{self._home}/code/{one.project}"),
            "provider": names(one.provider),
            "model": names(one.model),
            "input": one.input,
            "output": one.output,
            "reasoning": 0,
            "cache_read": one.cache_read,
            "cache_write_5m": one.cache_write,
            "cache_write_1h": 0,
            "web_searches": 0,
            "cost_usd": cost,
            "cost_basis": NAME[basis],
            "status": NAME["failed" if one.failure else "ok"],
            "failure": names(one.failure) if one.failure else None,
            "latency_ms": one.latency_ms,
            "ttft_ms": one.ttft_ms,
            "is_subagent": int(one.subagent),
            "attribution": NAME["gateway" if live else "timeline"],
        }
        return tuple(values.get(name) for name in rows.FIELDS)


def _unit_prices(price: Price) -> UnitPrices:
    return flat(
        price.input,
        price.output,
        price.cache_read,
        price.cache_write,
        price.cache_write_1h,
        source="catalog",
    )
