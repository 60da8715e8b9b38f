"""Tokens to money: by hand, and what never happens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.rules.pricing import Tokens, UnitPrices, cost_usd, flat, raw_cost_usd, scaled, tier

SONNET = flat(3.0, 15.0, 0.3, 3.75, 6.0)
LONG = UnitPrices(
    tiers=(tier(0, 3.0, 15.0, 0.3, 3.75, 6.0), tier(200_000, 6.0, 22.5, 0.6, 7.5, 12.0)), web_search_usd=0.01
)
counts = st.integers(0, 10**7)
usage = st.builds(
    Tokens, input=counts, output=counts, cache_read=counts, cache_write_5m=counts, cache_write_1h=counts,
    web_searches=st.integers(0, 100),
)  # fmt: skip


@pytest.mark.parametrize(
    ("tokens", "usd"),
    [
        pytest.param(Tokens(input=1_000_000), 3.0, id="input"),
        pytest.param(Tokens(output=1_000_000), 15.0, id="output"),
        pytest.param(Tokens(cache_read=1_000_000), 0.3, id="cache-read"),
        pytest.param(Tokens(cache_write_5m=1_000_000), 3.75, id="five-minute-write"),
        pytest.param(Tokens(cache_write_1h=1_000_000), 6.0, id="one-hour-write"),
        pytest.param(Tokens(web_searches=3), 0.03, id="web-searches"),
        pytest.param(Tokens(), 0.0, id="nothing"),
    ],
)
def test_each_kind_of_token_has_its_price(tokens: Tokens, usd: float) -> None:
    assert cost_usd(SONNET, tokens) == pytest.approx(usd)


@pytest.mark.parametrize(
    ("tokens", "usd"),
    [
        pytest.param(Tokens(input=200_000), 0.6, id="at-the-threshold"),
        pytest.param(Tokens(input=200_001), 1.200006, id="one-above"),
        pytest.param(Tokens(input=1, cache_read=200_000), 0.120006, id="cached-tokens-count"),
        pytest.param(Tokens(input=1, cache_write_1h=200_000), 2.400006, id="written-tokens-count"),
        pytest.param(Tokens(input=1, output=300_000), 4.500003, id="output-does-not"),
    ],
)
def test_a_long_request_costs_more_as_a_whole(tokens: Tokens, usd: float) -> None:
    assert cost_usd(LONG, tokens) == pytest.approx(usd)


@given(usage)
def test_what_nobody_can_price_is_never_zero_dollars(tokens: Tokens) -> None:
    assert cost_usd(None, tokens) is None


@given(usage)
def test_a_batch_costs_half_but_for_its_searches(tokens: Tokens) -> None:
    searches = tokens.web_searches * LONG.web_search_usd

    whole, half = cost_usd(LONG, tokens), cost_usd(scaled(LONG, 0.5), tokens)

    assert whole is not None
    assert half == pytest.approx((whole - searches) / 2 + searches)


@given(usage, usage)
def test_more_tokens_never_cost_less(one: Tokens, more: Tokens) -> None:
    names = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "web_searches")
    both = Tokens(**{name: getattr(one, name) + getattr(more, name) for name in names})

    assert (cost_usd(LONG, both) or 0.0) >= (cost_usd(LONG, one) or 0.0)


@given(usage)
def test_the_bulk_way_and_the_record_way_agree(tokens: Tokens) -> None:
    bulk = raw_cost_usd(
        LONG, tokens.input, tokens.output, tokens.cache_read, tokens.cache_write_5m, tokens.cache_write_1h,
        tokens.web_searches,
    )  # fmt: skip

    assert cost_usd(LONG, tokens) == bulk


def test_an_unpublished_cache_price_is_the_next_known_one() -> None:
    only_input = flat(2.0, 8.0).tiers[0]
    with_write = flat(2.0, 8.0, 0.2, 2.5).tiers[0]

    assert (only_input.cache_read, only_input.cache_write_5m, only_input.cache_write_1h) == (2.0, 2.0, 2.0)
    assert with_write.cache_write_1h == 2.5
