"""Unit prices for rows: the person's own, then genai-prices at the event's time, then the catalog.

genai-prices is imported when the first row must be priced, never by a hook. What it said is kept in
the `prices` table, so one new row of a known model is priced without it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pf_tui.catalog import Catalog, Price
from pf_tui.rules.pricing import Tier, UnitPrices, flat

DAY_MS = 86_400_000
HOUR_MS = 3_600_000

_VENDORS = {
    "Claude": "anthropic",
    "GPT": "openai",
    "Gemini": "google",
    "GLM": "zai",
    "Grok": "x-ai",
    "Mistral": "mistral",
    "DeepSeek": "deepseek",
    "Cohere": "cohere",
}
"""Who sells a model first-hand (genai-prices ids): for rows whose provider is not known."""


class Pricer:
    """Finds unit prices; remembers every answer for its day (or hour, where prices change by the hour)."""

    def __init__(self, catalog: Catalog, connection: sqlite3.Connection | None = None) -> None:
        self._catalog = catalog
        self._connection = connection
        self._answers: dict[tuple[str, str, str, int], UnitPrices | None] = {}
        self._hourly: set[tuple[str, str]] = set()
        self._find: Callable[..., Any] | None = None

    def __call__(self, provider: str, model: str, ts_ms: int, mode: str = "") -> UnitPrices | None:
        """Unit prices of `model` (any spelling) at `provider` (our id or "unknown") then; None = nobody knows."""
        step = HOUR_MS if (provider, model) in self._hourly else DAY_MS
        key = (provider, model, mode, ts_ms // step)
        if key not in self._answers:
            self._answers[key] = self._look(provider, model, ts_ms, mode)
            if (provider, model) in self._hourly and step == DAY_MS:
                key = (provider, model, mode, ts_ms // HOUR_MS)
                self._answers[key] = self._answers.pop((provider, model, mode, ts_ms // DAY_MS))
        return self._answers[key]

    def basis(self, provider: str) -> str:
        """list | subscription-equivalent"""
        known = self._catalog.providers.get(provider)
        return "subscription-equivalent" if known is not None and known.plan else "list"

    def _look(self, provider: str, model: str, ts_ms: int, mode: str) -> UnitPrices | None:
        known = self._catalog.find_model(model, provider if provider in self._catalog.providers else None)
        if own := self._own(provider, known):
            return own
        return self._published(provider, model, known, ts_ms, mode) or self._listed(known)

    def _own(self, provider: str, known: Any) -> UnitPrices | None:
        """A price of the person's own providers.yaml."""
        served = known.providers.get(provider) if known is not None else None
        if served is None or served.price is None:
            return None
        return _from_price(served.price, "yours")

    def _listed(self, known: Any) -> UnitPrices | None:
        if known is None or known.price is None:
            return None
        return _from_price(known.price, "catalog")

    def _published(self, provider: str, model: str, known: Any, ts_ms: int, mode: str) -> UnitPrices | None:
        if self._find is None:
            from genai_prices.data_snapshot import get_snapshot

            self._find = get_snapshot().find_provider_model
        ours = self._catalog.providers.get(provider)
        vendor = ours.genai_id if ours is not None else None
        names = [model]
        if known is not None:
            native = self._catalog.native_id(known.id, provider) if ours is not None else None
            names = list(dict.fromkeys(filter(None, (native, model, known.id))))
            if vendor is None or ours is None:
                vendor = _VENDORS.get(known.family)
        moment = datetime.fromtimestamp(ts_ms / 1000, UTC)
        for name in names:
            try:
                # without a vendor genai-prices knows first-hand spellings only, and says no to the rest
                _, found = self._find(name.removesuffix("[1m]"), None, vendor, None)
            except LookupError:
                continue
            if isinstance(found.prices, list) and any(_by_the_hour(price) for price in found.prices):
                self._hourly.add((provider, model))
            return _from_genai(found.get_prices(moment, {"speed": mode} if mode == "fast" else None))
        return None


def _by_the_hour(price: Any) -> bool:
    return type(price.constraint).__name__ == "TimeOfDateConstraint"


def _from_price(price: Price, source: str) -> UnitPrices:
    return flat(
        price.input, price.output, price.cache_read, price.cache_write, price.cache_write_1h, source=source
    )


def _from_genai(prices: Any) -> UnitPrices | None:
    """genai-prices' units as ours; None when it has no token price."""
    if prices.input_mtok is None and prices.output_mtok is None:
        return None
    starts = sorted(
        {0} | {tier.start for name in _UNITS for tier in getattr(getattr(prices, name), "tiers", ())}
    )
    tiers = []
    for start in starts:
        values = {ours: _at(getattr(prices, name), start) for name, ours in _UNITS.items()}
        sent = values["input"] or 0.0
        write = sent if values["cache_write_5m"] is None else values["cache_write_5m"]
        tiers.append(
            Tier(
                above_tokens=start,
                input=sent,
                output=values["output"] or 0.0,
                cache_read=sent if values["cache_read"] is None else values["cache_read"],
                cache_write_5m=write,
                cache_write_1h=write if values["cache_write_1h"] is None else values["cache_write_1h"],
            )
        )
    searches = getattr(prices, "web_searches_kcount", None)
    search_usd = float(searches) / 1000 if searches is not None else 0.01
    return UnitPrices(tiers=tuple(tiers), web_search_usd=search_usd, source="genai-prices")


_UNITS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h",
}


def _at(price: Any, start: int) -> float | None:
    if price is None:
        return None
    value = getattr(price, "base", price)
    for tier in getattr(price, "tiers", ()):
        if tier.start <= start:
            value = tier.price
    return float(value)


def table_date() -> str:
    """When the bundled price table was made: the version of genai-prices it came with."""
    from importlib.metadata import version

    return version("genai-prices")
