"""Unit prices for rows: the person's own, then genai-prices at the event's time, then the catalog.

genai-prices is imported when the first row must be priced that the ledger's price table does not know,
never by a hook.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from pf_tui.catalog import Catalog, Price
from pf_tui.ledger.pricetable import MOST_TABLE_BYTES, DatedPrices, PriceKey, PriceTable, library
from pf_tui.records import replace
from pf_tui.regular_files import read_regular
from pf_tui.rules.pricing import BATCH_SHARE, WEB_SEARCH_USD, UnitPrices, flat, scaled, tier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice, TieredPrices
    from genai_prices.types import Provider as Vendor

    from pf_tui.catalog import Model

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

_CONTEXTS: Mapping[str, Mapping[str, str]] = {
    "fast": {"speed": "fast"},
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
}
"""Our modes in genai-prices' words."""

_US_SHARE = 1.1
"""Inference that must stay in the United States: every kind of token costs a tenth more (Anthropic's price page)."""

_FAST_SHARE: Mapping[tuple[str, str], float] = {("anthropic", "claude-opus-4-6"): 6.0}
"""Fast modes that genai-prices does not know: Opus 4.6's, $30 and $150 (Anthropic's price page of February 2026).

Anthropic alone sells them: elsewhere (Azure, Bedrock, Vertex AI, OpenRouter) a row of a fast mode costs as any other.
"""

_HOUR_SHARE = 2.0
"""A Claude model's 1-hour cache write by its input price, where a table has only the 5-minute one."""


class Pricer:
    """Finds unit prices; keeps what it found in the ledger's price table when it is given a connection."""

    def __init__(self, catalog: Catalog, connection: sqlite3.Connection | None = None) -> None:
        self._catalog = catalog
        self._table = PriceTable(connection) if connection is not None else None
        self._dated_prices: dict[PriceKey, DatedPrices] = {}
        self._by_hour: dict[tuple[str, str, str, int], UnitPrices | None] = {}
        self._hourly: set[PriceKey] = set()
        self._fresh: set[PriceKey] = set()
        self._find: Callable[..., tuple[Vendor, ModelInfo]] | None = None

    def __call__(self, provider: str, model: str, ts_ms: int, mode: str = "") -> UnitPrices | None:
        """Unit prices of `model` (any spelling) at `provider` (our id or "unknown") then; None = nobody knows."""
        key = (provider, model, mode)
        if (dated := self.dated(*key)) is not None:
            return dated.at(ts_ms)
        hour = (*key, ts_ms // HOUR_MS)
        if hour not in self._by_hour:
            self._by_hour[hour] = self._at(key, ts_ms)
        return self._by_hour[hour]

    def dated(self, provider: str, model: str, mode: str = "") -> DatedPrices | None:
        """The same over time; None where every hour has its own prices."""
        key = (provider, model, mode)
        dated = self._dated_prices.get(key)
        if dated is None:
            dated = self._dated_prices[key] = self._stored(key) or self._look(key)
        return None if key in self._hourly else dated

    def basis(self, provider: str) -> str:
        """list | subscription-equivalent"""
        entry = self._catalog.providers.get(provider)
        return "subscription-equivalent" if entry is not None and entry.plan else "list"

    def vendors(self) -> Iterable[Vendor]:
        """genai-prices' vendors, with their models."""
        return _snapshot(self._table.newer() if self._table is not None else None).providers

    def keep(self) -> None:
        """Store what was found since the last time; inside the caller's transaction."""
        for key in self._fresh if self._table is not None else ():
            if key not in self._hourly:
                self._table.keep(*key, self._dated_prices[key])  # type: ignore[union-attr]
        self._fresh.clear()

    def _stored(self, key: PriceKey) -> DatedPrices | None:
        return self._table.find(*key) if self._table is not None else None

    def _look(self, key: PriceKey) -> DatedPrices:
        self._fresh.add(key)
        starts = sorted({0, *self._changes(key)})
        return DatedPrices(self.basis(key[0]), [(start, self._at(key, start)) for start in starts])

    def _at(self, key: PriceKey, ts_ms: int) -> UnitPrices | None:
        provider, model, mode = key
        base = mode.removesuffix("us").rstrip()
        catalog_model = self._model(provider, model)
        prices = self._own(provider, catalog_model)
        if prices is None:
            prices = self._published((provider, model, base), ts_ms)
            if prices is not None:
                base = ""  # in them already
            elif catalog_model is not None and catalog_model.price is not None:
                prices = _from_price(catalog_model.price, "catalog")
        if prices is None:
            return None
        if base == "batch":
            prices = scaled(prices, BATCH_SHARE)
        return scaled(prices, _US_SHARE) if mode.endswith("us") else prices

    def _model(self, provider: str, model: str) -> Model | None:
        return self._catalog.find_model(model, provider if provider in self._catalog.providers else None)

    def _own(self, provider: str, model: Model | None) -> UnitPrices | None:
        """A price of the person's own providers.yaml."""
        served_model = model.providers.get(provider) if model is not None else None
        if served_model is None or served_model.price is None:
            return None
        return _from_price(served_model.price, "yours")

    def _changes(self, key: PriceKey) -> list[int]:
        """When this model's published price changes (UTC ms); marks it when that is every day anew."""
        entry, _ = self._entry(key)
        if entry is None:
            return []
        prices = entry.prices if isinstance(entry.prices, list) else []
        constraints = [entry.constraint for entry in (*prices, *(entry.price_variants or ()))]
        if any(hasattr(constraint, "start_time") for constraint in constraints):
            self._hourly.add(key)
        days = [constraint.start_date for constraint in constraints if hasattr(constraint, "start_date")]
        return [round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000) for day in days]

    def _published(self, key: PriceKey, ts_ms: int) -> UnitPrices | None:
        entry, seller = self._entry(key)
        if entry is None:
            return None
        mode = key[2]
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ts_ms)
        is_claude = entry.id.rpartition("/")[2].rpartition("anthropic.")[2].startswith("claude")
        from pf_tui.ledger import dated_prices  # decimal, for the few rows that no table prices

        standard = dated_prices.at(entry, moment)
        if mode not in _CONTEXTS or (not seller and mode != "batch"):
            return from_genai(standard, is_claude=is_claude)
        context = dict(_CONTEXTS[mode]) if seller else {}
        if "service_tier" in context:
            # the library's tables of tiers begin in October 2026: their first price is the nearest there is
            moment = max([moment, *_begins(entry, context)])
        special = entry.get_prices(moment, context)
        if special != entry.get_prices(moment):
            return from_genai(special, is_claude=is_claude)
        prices = from_genai(standard, is_claude=is_claude)
        fast_share = _FAST_SHARE.get((seller, entry.id), 1.0) if mode == "fast" else 1.0
        share = BATCH_SHARE if mode == "batch" else fast_share
        return scaled(prices, share) if prices is not None else None

    def _entry(self, key: PriceKey) -> tuple[ModelInfo | None, str]:
        """genai-prices' model for ours, and who sells it there.

        "" for a seller that has no list of its own for it: another's standard price counts, and none of that one's
        modes (genai-prices itself has it so).
        """
        provider, model, _ = key
        if self._find is None:
            self._find = _snapshot(
                self._table.newer() if self._table is not None else None
            ).find_provider_model
        catalog_model = self._model(provider, model)
        own_provider = self._catalog.providers.get(provider)
        vendor = own_provider.genai_id if own_provider is not None else None
        names = [model]
        if catalog_model is not None:
            native = self._catalog.native_id(catalog_model.id, provider) if own_provider is not None else None
            names = list(dict.fromkeys(filter(None, (model, native, catalog_model.id))))
            if vendor is None:
                vendor = _VENDORS.get(catalog_model.family)
        # last, without a vendor: genai-prices then knows first-hand spellings only, and says no to the rest
        for name, seller in [*((name, vendor) for name in names), *((name, None) for name in names)]:
            try:
                seller_prices, entry = self._find(name.removesuffix("[1m]"), None, seller, None)
            except LookupError:
                continue
            is_own = seller_prices.id == (vendor or seller_prices.id) and any(
                entry is model for model in seller_prices.models
            )
            return entry, seller_prices.id if is_own else ""
        return None, ""


def _begins(model_info: ModelInfo, context: Mapping[str, str]) -> list[datetime]:
    """When the prices of a context begin."""
    days = [
        day
        for variant in model_info.price_variants or ()
        if variant.when.items() <= context.items()
        and (day := getattr(variant.constraint, "start_date", None))
    ]
    return [datetime.combine(day, time(), UTC) for day in days[:1]]


def _snapshot(newer: Path | None) -> DataSnapshot:
    """The library's prices, or those a person fetched since it was installed."""
    from genai_prices.data_snapshot import DataSnapshot, get_snapshot

    bundled = library()
    try:
        if newer is not None and bundled and newer.stat().st_mtime_ns > bundled.stat().st_mtime_ns:
            from genai_prices.types import _providers_from_raw

            providers = _providers_from_raw(json.loads(read_regular(newer, MOST_TABLE_BYTES)))
            return DataSnapshot(providers, from_auto_update=True)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        pass  # unreadable, or of a shape this library does not know: its own prices count
    return get_snapshot()


def _from_price(price: Price, source: str) -> UnitPrices:
    base = flat(
        price.input, price.output, price.cache_read, price.cache_write, price.cache_write_1h, source=source
    )
    longer = tuple(
        tier(
            price_tier.above_input_tokens,
            price_tier.input,
            price_tier.output,
            price_tier.cache_read,
            price_tier.cache_write,
            price_tier.cache_write_1h,
        )
        for price_tier in price.tiers
    )
    return replace(base, tiers=(*base.tiers, *longer))


def from_genai(prices: ModelPrice, *, is_claude: bool) -> UnitPrices | None:
    """genai-prices' units as ours; None when it has no token price."""
    if prices.input_mtok is None and prices.output_mtok is None:
        return None
    starts = sorted(
        {0} | {step.start for name in _UNITS for step in getattr(getattr(prices, name), "tiers", ())}
    )
    tiers = []
    for start in starts:
        input_price, output_price, cached, write, hour = (
            _at(getattr(prices, name), start) for name in _UNITS
        )
        if hour is None and is_claude and input_price is not None:
            hour = input_price * _HOUR_SHARE
        tiers.append(tier(start, input_price or 0.0, output_price or 0.0, cached, write, hour))
    searches = getattr(prices, "web_searches_kcount", None)
    search_usd = float(searches) / 1000 if searches is not None else WEB_SEARCH_USD
    return UnitPrices(tiers=tuple(tiers), web_search_usd=search_usd, source="genai-prices")


_UNITS = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok")


def _at(price: Decimal | TieredPrices | None, start: int) -> float | None:
    if price is None:
        return None
    if isinstance(price, Decimal):
        return float(price)
    value = price.base
    for step in price.tiers:
        if step.start <= start:
            value = step.price
    return float(value)
