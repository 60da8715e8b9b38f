"""Where our prices differ from genai-prices' own answer for an id that it knows, and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pf_tui.catalog import Catalog
from pf_tui.ledger import dated_prices
from pf_tui.ledger.layout import milliseconds
from pf_tui.ledger.prices import Pricer, from_genai
from pf_tui.records import record
from pf_tui.rules.pricing import UnitPrices

TYPE_CHECKING = False
if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

_KINDS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")


@record
class Difference:
    """One kind of token of one id that costs something else here."""

    provider: str
    """Our id of who sells it."""
    model: str
    """genai-prices' id."""
    kind: str
    above_tokens: int
    own_usd: float
    """USD per million tokens."""
    published_usd: float
    why: str


@record
class Check:
    """What a comparison found."""

    ids: int
    """How many ids were compared."""
    differences: tuple[Difference, ...] = ()


def check(catalog: Catalog, pricer: Pricer, now: datetime) -> Check:
    """Compare every id of every vendor that one of our providers has in genai-prices, at the standard price of now."""
    sellers: dict[str, str] = {}
    for provider in catalog.providers.values():
        if provider.genai_id:
            sellers.setdefault(provider.genai_id, provider.id)
    tier_count, differences = 0, list[Difference]()
    for vendor in pricer.vendors():
        for model in vendor.models if vendor.id in sellers else ():
            published = from_genai(model.get_prices(now), is_claude=False)
            if published is None:
                continue
            tier_count += 1
            own_prices = pricer(sellers[vendor.id], model.id, milliseconds(now))
            if own_prices is not None:
                differences += _differences(sellers[vendor.id], model, own_prices, published, now)
    return Check(ids=tier_count, differences=tuple(differences))


def _differences(
    provider: str, model: ModelInfo, own_prices: UnitPrices, published: UnitPrices, now: datetime
) -> Iterator[Difference]:
    published_tiers = {tier.above_tokens: tier for tier in published.tiers}
    for tier in own_prices.tiers:
        other = published_tiers.get(tier.above_tokens, published.tiers[-1])
        for kind in _KINDS:
            here, new_price = getattr(tier, kind), getattr(other, kind)
            if abs(here - new_price) > 1e-9:
                yield Difference(
                    provider=provider,
                    model=model.id,
                    kind=kind,
                    above_tokens=tier.above_tokens,
                    own_usd=here,
                    published_usd=new_price,
                    why=_why(model, own_prices, kind, now),
                )


def _why(model: ModelInfo, own_prices: UnitPrices, kind: str, now: datetime) -> str:
    if own_prices.source == "yours":
        return "your own price in providers.yaml"
    if own_prices.source == "catalog":
        return "the list price: genai-prices has none for tokens there"
    if dated_prices.at(model, now) != model.get_prices(now):
        return "weekends and changes of DeepSeek, which genai-prices cannot say"
    if kind == "cache_write_1h" and model.get_prices(now).cache_write_1h_mtok is None:
        return "no 1-hour price is published there: twice the input price, as Anthropic bills it"
    return "another entry of genai-prices fits this id first"
