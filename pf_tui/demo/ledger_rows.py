"""The demo's requests into ledger rows, through the ledger's own writers.

Prices are the catalog's: the demo must start at once, and genai-prices takes longer to import than
everything else here together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from pf_tui.catalog import Catalog, Price
from pf_tui.demo import scenario
from pf_tui.demo.history import Request
from pf_tui.ledger import rollups, rows
from pf_tui.ledger.layout import NAME, milliseconds
from pf_tui.ledger.pricetable import DatedPrices, PriceTable
from pf_tui.ledger.request_id import identity
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

    def enter(self, requests: Iterable[Request]) -> None:
        """Write requests in one transaction."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            rows.write(self._connection, [self._row(request) for request in requests], self._names)
            rollups.refresh(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def keep_prices(self) -> None:
        """Fill the ledger's price table, from which the gateway prices what goes through it."""
        table = PriceTable(self._connection)
        self._connection.execute("BEGIN IMMEDIATE")
        table.begin()
        for provider in scenario.PRIORITY:
            entry = self._catalog.providers.get(provider)
            for model in dict.fromkeys(work.model for work in scenario.WORK):
                prices = self._unit_prices(provider, model)
                if entry is not None and prices is not None:
                    basis = "subscription-equivalent" if entry.plan else "list"
                    table.keep(provider, model, "", DatedPrices(basis, [(0, prices)]))
        self._connection.execute("COMMIT")

    def cost_usd(self, request: Request) -> float | None:
        """What a request costs by list price; None when the catalog has none."""
        prices = self._unit_prices(request.provider, request.model)
        if prices is None:
            return None
        return raw_cost_usd(prices, request.input, request.output, request.cache_read, request.cache_write, 0)

    def _unit_prices(self, provider: str, model: str) -> UnitPrices | None:
        key = (provider, model)
        if key not in self._prices:
            model_entry = self._catalog.find_model(model, provider)
            price = model_entry.price if model_entry else None
            self._prices[key] = None if price is None else _flat(price)
        return self._prices[key]

    def _row(self, request: Request) -> rows.Row:
        provider = self._catalog.providers.get(request.provider)
        cost = self.cost_usd(request)
        basis = (
            "unpriced"
            if cost is None
            else "subscription-equivalent"
            if provider and provider.plan
            else "list"
        )
        names = self._names
        values = {
            "id": identity("demo", request.session, request.at.isoformat(), request.failure or ""),
            "ts": milliseconds(request.at),
            "agent": names(request.agent),
            "source": NAME[LOGS[request.agent]],
            "session": names(request.session),
            "project": names(f"{self._home}/code/{request.project}"),
            "provider": names(request.provider),
            "model": names(request.model),
            "input": request.input,
            "output": request.output,
            "reasoning": 0,
            "cache_read": request.cache_read,
            "cache_write_5m": request.cache_write,
            "cache_write_1h": 0,
            "web_searches": 0,
            "cost_usd": cost,
            "cost_basis": NAME[basis],
            "status": NAME["failed" if request.failure else "ok"],
            "failure": names(request.failure) if request.failure else None,
            "latency_ms": request.latency_ms,
            "ttft_ms": request.ttft_ms,
            "is_subagent": int(request.subagent),
            "attribution": NAME["timeline"],
        }
        return tuple(values.get(name) for name in rows.FIELDS)


def _flat(price: Price) -> UnitPrices:
    return flat(
        price.input,
        price.output,
        price.cache_read,
        price.cache_write,
        price.cache_write_1h,
        source="catalog",
    )
