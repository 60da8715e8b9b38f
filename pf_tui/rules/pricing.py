"""Tokens to money. Pure: prices and tokens in, USD or "nobody knows" out.

Invariant: what nobody can price is None with its tokens counted, never $0.
"""

from __future__ import annotations

from pf_tui.records import record, replace


@record
class Tier:
    """USD per million tokens for a request whose whole input is longer than `above_tokens`."""

    above_tokens: int
    input: float
    output: float
    cache_read: float
    cache_write_5m: float
    cache_write_1h: float


WEB_SEARCH_USD = 0.01
"""Per search: $10 per thousand at every vendor that bills them (read 2026-11)."""


@record
class UnitPrices:
    """What one model costs at one provider at one time.

    Crossing a tier's threshold prices the whole request at that tier (the vendors' "cliff" model;
    genai-prices documents it, Anthropic's and Google's price pages agree, read 2026-11).
    """

    tiers: tuple[Tier, ...]
    """By rising threshold; the first one begins at 0."""
    web_search_usd: float = WEB_SEARCH_USD
    source: str = "list"
    """genai-prices | catalog | yours"""


@record
class Tokens:
    """The billable parts of one request. `input` has no cached tokens in it; `output` holds reasoning."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    web_searches: int = 0

    @property
    def total(self) -> int:
        """Tokens of all kinds."""
        return self.input + self.output + self.cache_read + self.cache_write_5m + self.cache_write_1h


BATCH_SHARE = 0.5
"""A batch request's tokens cost half (Anthropic and OpenAI price pages, read 2026-11)."""


def cost_usd(prices: UnitPrices | None, tokens: Tokens) -> float | None:
    """What the request costs; None when nobody can price it."""
    if prices is None:
        return None
    return raw_cost_usd(
        prices,
        tokens.input,
        tokens.output,
        tokens.cache_read,
        tokens.cache_write_5m,
        tokens.cache_write_1h,
        tokens.web_searches,
    )


def raw_cost_usd(
    prices: UnitPrices,
    input_tokens: int,
    output_tokens: int,
    cache_read: int,
    cache_write_5m: int,
    cache_write_1h: int,
    web_searches: int = 0,
) -> float:
    """The same without a record per row: the bulk ingest prices hundreds of thousands."""
    input_total = input_tokens + cache_read + cache_write_5m + cache_write_1h
    tier = prices.tiers[0]
    for higher in prices.tiers[1:]:
        if input_total > higher.above_tokens:
            tier = higher
    usd = (
        input_tokens * tier.input
        + output_tokens * tier.output
        + cache_read * tier.cache_read
        + cache_write_5m * tier.cache_write_5m
        + cache_write_1h * tier.cache_write_1h
    ) / 1_000_000
    return usd + web_searches * prices.web_search_usd


def flat(
    input_usd: float,
    output_usd: float,
    cache_read: float | None = None,
    cache_write: float | None = None,
    cache_write_1h: float | None = None,
    *,
    source: str = "catalog",
) -> UnitPrices:
    """Prices without tiers."""
    return UnitPrices(
        tiers=(tier(0, input_usd, output_usd, cache_read, cache_write, cache_write_1h),), source=source
    )


def tier(
    above_tokens: int,
    input_usd: float,
    output_usd: float,
    cache_read: float | None = None,
    cache_write: float | None = None,
    cache_write_1h: float | None = None,
) -> Tier:
    """A tier; an unpublished cache price is the next known one, as in genai-prices: input, 5-minute write."""
    write = input_usd if cache_write is None else cache_write
    return Tier(
        above_tokens=above_tokens,
        input=input_usd,
        output=output_usd,
        cache_read=input_usd if cache_read is None else cache_read,
        cache_write_5m=write,
        cache_write_1h=write if cache_write_1h is None else cache_write_1h,
    )


def scaled(prices: UnitPrices, share: float) -> UnitPrices:
    """Every kind of token at a share of its price, searches in full."""
    return replace(
        prices,
        tiers=tuple(
            Tier(
                above_tokens=tier.above_tokens,
                input=tier.input * share,
                output=tier.output * share,
                cache_read=tier.cache_read * share,
                cache_write_5m=tier.cache_write_5m * share,
                cache_write_1h=tier.cache_write_1h * share,
            )
            for tier in prices.tiers
        ),
    )
