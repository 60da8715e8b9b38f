"""Unit prices: genai-prices' answers for every provider and time, a person's own first, kept for hooks."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from genai_prices import Usage, calc_price
from hypothesis import given
from hypothesis import strategies as st

from pf_tui import catalog
from pf_tui.catalog import parse_overlay
from pf_tui.ledger import price_check, repricing, rollups, rows, schema
from pf_tui.ledger.layout import NAME
from pf_tui.ledger.prices import Pricer
from pf_tui.ledger.pricetable import NEWER_PRICES, PriceTable, library
from pf_tui.rules.pricing import raw_cost_usd
from tests.examples import examples
from tests.ledger.test_views import row

CATALOG = catalog.load()
PRICER = Pricer(CATALOG)
SERVED = [
    (provider.id, model, CATALOG.native_id(model, provider.id) or model)
    for provider in CATALOG.providers.values()
    if provider.genai_id
    for model in CATALOG.models
    if CATALOG.serves(provider.id, model)
]
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FAST = ("claude-opus-4-6", "claude-opus-5-5", "claude-fable-5-2")
"""Models that Anthropic sells with a fast mode."""

times = st.integers(0, 600 * 24).map(lambda hours: datetime(2025, 6, 1, tzinfo=UTC) + timedelta(hours=hours))
counts = st.integers(0, 400_000)


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@examples(300)
@given(
    served=st.sampled_from(SERVED),
    moment=times,
    tokens=st.tuples(counts, counts, counts, counts, counts),
    mode=st.sampled_from(["", "fast", "batch"]),
)
def test_a_row_costs_what_genai_prices_says_at_its_own_time(
    served: tuple[str, str, str], moment: datetime, tokens: tuple[int, ...], mode: str
) -> None:
    provider, _, native = served
    sent, made, read, five, hour = tokens
    context = {"fast": {"speed": "fast"}, "batch": {"processing": "batch"}}.get(mode)
    whole = {
        "input_tokens": sent + read + five + hour, "cache_read_tokens": read, "output_tokens": made,
        "cache_write_tokens": five + hour, "cache_write_1h_tokens": hour,
    }  # fmt: skip

    prices = PRICER(provider, native, ms(moment), mode)

    try:
        priced, standard = (
            calc_price(
                Usage(**whole),
                native,
                provider_id=CATALOG.providers[provider].genai_id,
                genai_request_timestamp=datetime.fromtimestamp(ms(moment) / 1000, UTC),
                price_context=given,
            )
            for given in (context, None)
        )
        theirs, plain = priced.total_price, standard.total_price
    except LookupError:
        return  # then the catalog's own price counts; see below
    assert prices is not None
    if prices.source == "catalog":  # Copilot counts requests: what tokens are worth there is the list price
        assert theirs == 0
        return
    if "deepseek" in native or ("claude" in native and standard.model_price.cache_write_1h_mtok is None):
        return  # what the library cannot say; see below
    seller = CATALOG.providers[provider].genai_id
    if mode == "fast" and (seller, native) == ("anthropic", "claude-opus-4-6") and theirs == plain:
        theirs *= 6
    if mode == "batch" and theirs == plain:
        theirs /= 2
    assert raw_cost_usd(prices, *tokens) == pytest.approx(float(theirs), rel=1e-9)


@pytest.mark.parametrize(
    ("provider", "model", "share"),
    [
        ("anthropic-api", "claude-opus-5-5", 2),
        ("anthropic-api", "claude-opus-4-6", 6),
        *(
            (provider, model, 1)
            for provider in ("azure", "bedrock", "vertex", "openrouter")
            for model in FAST
        ),
    ],
)
def test_a_fast_mode_costs_more_where_it_is_sold(provider: str, model: str, share: int) -> None:
    native = CATALOG.native_id(model, provider) or model

    fast, standard = (PRICER(provider, native, ms(NOON), mode) for mode in ("fast", ""))

    assert fast is not None
    assert standard is not None
    assert fast.tiers[0].output == pytest.approx(share * standard.tiers[0].output)


PEAK, OFF_PEAK = 1.32, 0.66


@pytest.mark.parametrize(
    ("model", "moment", "usd"),
    [
        ("deepseek-v4-pro", datetime(2026, 8, 10, 2, tzinfo=UTC), 0.435),  # flat before the peaks
        ("deepseek-v4-pro", datetime(2026, 11, 24, 2, tzinfo=UTC), PEAK),  # a Tuesday
        ("deepseek-v4-pro", datetime(2026, 11, 24, 5, tzinfo=UTC), OFF_PEAK),
        ("deepseek-v4-pro", datetime(2026, 11, 28, 2, tzinfo=UTC), OFF_PEAK),  # a Saturday
        ("deepseek-v4-pro", datetime(2026, 11, 29, 9, tzinfo=UTC), OFF_PEAK),
        ("deepseek-v4-pro", datetime(2026, 8, 22, 2, tzinfo=UTC), PEAK),  # weekends count from the 23rd on
        ("deepseek-chat", datetime(2025, 8, 1, 12, tzinfo=UTC), 0.27),
        ("deepseek-chat", datetime(2025, 8, 1, 20, tzinfo=UTC), 0.135),
        ("deepseek-chat", datetime(2025, 9, 6, 20, tzinfo=UTC), 0.56),
        ("deepseek-chat", datetime(2025, 11, 1, 20, tzinfo=UTC), 0.28),
    ],
)
def test_deepseeks_prices_are_those_of_the_day_and_the_hour(model: str, moment: datetime, usd: float) -> None:
    prices = PRICER("deepseek", model, ms(moment))

    assert prices is not None
    assert prices.tiers[0].input == usd


@pytest.mark.parametrize(
    ("provider", "model", "mode", "usd"),
    [
        ("anthropic-api", "claude-opus-4-8", "us", 5.5),
        ("anthropic-api", "claude-opus-4-8", "fast us", 11.0),
        ("anthropic-api", "claude-opus-4-8", "batch us", 2.75),
        ("anthropic-api", "claude-opus-4-6", "fast", 30.0),
        ("openai-api", "gpt-5", "priority", 2.5),
        ("openai-api", "gpt-5", "flex", 0.625),
    ],
)
@pytest.mark.parametrize("moment", [datetime(2026, 4, 1, tzinfo=UTC), NOON])
def test_how_a_request_was_served_has_its_price(
    provider: str, model: str, mode: str, usd: float, moment: datetime
) -> None:
    prices = PRICER(provider, model, ms(moment), mode)

    assert prices is not None
    assert prices.tiers[0].input == pytest.approx(usd)


def test_an_hours_cache_write_of_claude_costs_twice_the_input_everywhere() -> None:
    for served in SERVED:
        prices = PRICER(served[0], served[2], ms(NOON))
        if served[1].startswith("claude") and prices is not None and prices.source == "genai-prices":
            assert prices.tiers[0].cache_write_1h == pytest.approx(2 * prices.tiers[0].input), served


def test_every_difference_to_the_library_has_its_reason() -> None:
    found = price_check.check(CATALOG, PRICER, NOON)

    assert found.ids > 1000
    assert {one.why for one in found.differences} <= {
        "the list price: genai-prices has none for tokens there",
        "weekends and changes of DeepSeek, which genai-prices cannot say",
        "no 1-hour price is published there: twice the input price, as Anthropic bills it",
    }
    assert not [
        one for one in found.differences if one.kind != "cache_write_1h" and "deepseek" not in one.model
    ]


@pytest.mark.parametrize(
    ("provider", "model"),
    [("bedrock", "global.anthropic.claude-opus-4-5-20251101-v1:0"), ("openai-api", "gpt-4o-2024-05-13")],
)
def test_the_id_in_the_log_is_what_is_priced(provider: str, model: str) -> None:
    theirs = calc_price(
        Usage(input_tokens=1_000_000), model, provider_id=CATALOG.providers[provider].genai_id
    ).total_price

    prices = PRICER(provider, model, ms(NOON))

    assert prices is not None
    assert prices.tiers[0].input == float(theirs)


def test_every_model_of_the_catalog_has_a_price_wherever_it_is_served() -> None:
    unpriced = [served for served in SERVED if PRICER(served[0], served[2], ms(NOON)) is None]

    assert unpriced == []


def test_a_price_is_that_of_the_day() -> None:
    before, after = (
        PRICER("anthropic-api", "claude-opus-4-6", ms(datetime(2026, month, 20, tzinfo=UTC)))
        for month in (2, 4)
    )

    assert (before and len(before.tiers), after and len(after.tiers)) == (2, 1)


@pytest.mark.parametrize(
    ("provider", "spelling"),
    [
        ("anthropic-api", "claude-sonnet-4-5[1m]"),
        ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("openrouter", "anthropic/claude-sonnet-4.5"),
        ("vertex", "claude-sonnet-4-5@20250929"),
        ("unknown", "claude-sonnet-4-5-20250929"),
        ("a-provider-of-my-own", "claude-sonnet-4-5"),
    ],
)
def test_any_spelling_is_priced(provider: str, spelling: str) -> None:
    prices = PRICER(provider, spelling, ms(NOON))

    assert prices is not None
    assert prices.tiers[0].output in (15.0, 16.5)


@pytest.mark.parametrize("name", ["mock-large", "claude-unknown-9", "", "my/own:model"])
def test_a_model_nobody_knows_has_no_price(name: str) -> None:
    assert PRICER("anthropic-api", name, ms(NOON)) is None


def test_a_price_of_my_own_counts_before_all_others(tmp_path: Path) -> None:
    overlay = parse_overlay(
        "providers:\n- id: openrouter\n"
        "  prices:\n    claude-sonnet-4-5-20250929: {input: 1.0, output: 2.0}\n",
        tmp_path / "providers.yaml",
    )

    prices = Pricer(catalog.load(overlay))("openrouter", "anthropic/claude-sonnet-4.5", ms(NOON))

    assert prices is not None
    assert (prices.source, prices.tiers[0].input, prices.tiers[0].output) == ("yours", 1.0, 2.0)


def test_a_plan_is_marked_as_a_list_price_equivalent() -> None:
    assert PRICER.basis("anthropic-subscription") == "subscription-equivalent"
    assert PRICER.basis("anthropic-api") == "list"


def keep(path: Path, *asked: tuple[str, str]) -> None:
    with schema.opened(path, write=True) as connection:
        connection.execute("BEGIN IMMEDIATE")
        pricer = Pricer(CATALOG, connection)
        for provider, model in asked:
            pricer(provider, model, ms(NOON))
        pricer.keep()
        connection.execute("COMMIT")


def test_the_ledgers_own_table_prices_the_next_row_alone(path: Path) -> None:
    keep(path, ("anthropic-api", "claude-opus-4-6"), ("anthropic-api", "nobody-knows"))
    february = ms(datetime(2026, 2, 20, tzinfo=UTC))

    with schema.opened(path) as connection:
        table = PriceTable(connection)

        assert table.cost("anthropic-api", "claude-opus-4-6", ms(NOON), 10**6, 0, 0, 0, 0) == (5.0, "list")
        assert table.cost("anthropic-api", "claude-opus-4-6", february, 10**6, 0, 0, 0, 0) == (10.0, "list")
        assert table.cost("anthropic-api", "nobody-knows", ms(NOON), 5, 0, 0, 0, 0) == (None, "unpriced")
        assert table.cost("anthropic-api", "never-asked", ms(NOON), 5, 0, 0, 0, 0) == (None, "pending")
        assert table.cost("anthropic-api", "never-asked", ms(NOON), 0, 0, 0, 0, 0) == (0.0, "list")


@pytest.mark.parametrize("changed", ["providers.yaml", NEWER_PRICES])
def test_the_table_counts_no_more_once_a_price_file_changed(path: Path, changed: str) -> None:
    keep(path, ("anthropic-api", "claude-opus-4-6"))
    (path.parent / changed).write_text("{}", encoding="utf-8")

    with schema.opened(path) as connection:
        assert PriceTable(connection).cost("anthropic-api", "claude-opus-4-6", ms(NOON), 5, 0, 0, 0, 0) == (
            None,
            "pending",
        )


def test_pricing_from_the_table_imports_no_price_library(path: Path) -> None:
    keep(path, ("anthropic-api", "claude-opus-4-6"))
    script = (
        "import sys; from pathlib import Path; from pf_tui import catalog; from pf_tui.ledger import schema\n"
        "from pf_tui.ledger.prices import Pricer\n"
        f"with schema.opened(Path({str(path)!r})) as connection:\n"
        f"    prices = Pricer(catalog.load(), connection)('anthropic-api', 'claude-opus-4-6', {ms(NOON)})\n"
        "print(prices.tiers[0].input, 'genai_prices' in sys.modules)"
    )

    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert told.split() == ["5.0", "False"]


def test_newer_prices_beside_the_ledger_count(path: Path) -> None:
    table = [
        {
            "id": "anthropic", "name": "Anthropic", "api_pattern": "https://api\\.anthropic\\.com",
            "models": [
                {"id": "claude-brand-new", "match": {"equals": "claude-brand-new"},
                 "prices": {"input_mtok": 7, "output_mtok": 70}},
            ],
        }
    ]  # fmt: skip
    newer = path.parent / NEWER_PRICES
    newer.write_text(json.dumps(table), encoding="utf-8")
    shipped = library()
    assert shipped is not None
    later = shipped.stat().st_mtime + 10
    os.utime(newer, (later, later))

    with schema.opened(path, write=True) as connection:
        prices = Pricer(CATALOG, connection)("anthropic-api", "claude-brand-new", ms(NOON))

    assert prices is not None
    assert (prices.tiers[0].input, prices.tiers[0].output) == (7.0, 70.0)


def test_a_broken_newer_table_is_passed_over(path: Path) -> None:
    newer = path.parent / NEWER_PRICES
    newer.write_text("[{", encoding="utf-8")
    later = datetime.now(UTC).timestamp() + 1000
    os.utime(newer, (later, later))

    with schema.opened(path, write=True) as connection:
        assert Pricer(CATALOG, connection)("anthropic-api", "claude-opus-4-6", ms(NOON)) is not None


def enter(connection: sqlite3.Connection, count: int, **facts: object) -> None:
    names = rows.Names(connection)
    at = ms(NOON)
    made = [row(names, number, at + number * 60_000, output=1000, **facts) for number in range(count)]
    connection.execute("BEGIN IMMEDIATE")
    rows.write(connection, made, names)
    rollups.refresh(connection)
    connection.execute("COMMIT")


def test_a_whole_ledger_is_priced_anew_rollups_and_all(ledger: sqlite3.Connection) -> None:
    enter(ledger, 500, model="claude-opus-4-6", cost_usd=99.0)

    changed = repricing.reprice_all(ledger, Pricer(CATALOG, ledger))

    assert changed == 500
    for table in ("request_rows", "quarters", "sessions"):
        assert ledger.execute(f"SELECT sum(cost_usd) FROM {table}").fetchone()[0] == pytest.approx(
            500 * 0.025
        )


def test_rows_that_wait_for_a_price_are_settled_and_no_others(ledger: sqlite3.Connection) -> None:
    enter(ledger, 2, model="claude-opus-4-6", cost_usd=None, cost_basis="pending")
    ledger.execute("BEGIN IMMEDIATE")

    settled = repricing.settle(ledger, Pricer(CATALOG, ledger))
    again = repricing.settle(ledger, Pricer(CATALOG, ledger))

    assert (settled, again) == (2, 0)
    assert ledger.execute("SELECT DISTINCT cost_usd, cost_basis FROM request_rows").fetchall() == [
        (pytest.approx(0.025), NAME["list"])
    ]


def test_what_the_agent_reported_is_not_priced_away(ledger: sqlite3.Connection) -> None:
    enter(ledger, 1, model="mock-large", cost_usd=0.5, cost_basis="reported")

    repricing.reprice_all(ledger, Pricer(CATALOG, ledger))

    assert ledger.execute("SELECT cost_usd FROM request_rows").fetchone() == (0.5,)


def test_unpriced_rows_get_a_price_once_there_is_one(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    enter(ledger, 1, model="mock-large", provider="openrouter", cost_usd=None, cost_basis="unpriced")
    overlay = parse_overlay(
        "providers:\n- id: openrouter\n  models: [mock-large]\n"
        "  prices:\n    mock-large: {input: 1.0, output: 2.0}\n",
        tmp_path / "providers.yaml",
    )

    assert repricing.reprice_unpriced(ledger, Pricer(catalog.load(overlay))) == 1
    assert ledger.execute("SELECT cost_usd FROM request_rows").fetchone() == (pytest.approx(0.002),)


def test_a_deepseek_request_costs_by_the_hour_of_the_day() -> None:
    provider = "deepseek-api"
    model = next(
        model for model in ("deepseek-v4-flash", "deepseek-v4-pro") if PRICER(provider, model, ms(NOON))
    )

    by_hour = {
        getattr(PRICER(provider, model, ms(NOON + timedelta(hours=hour))), "tiers", None)
        for hour in range(24)
    }
    theirs = {
        calc_price(
            Usage(input_tokens=10**6),
            model,
            provider_id="deepseek",
            genai_request_timestamp=NOON + timedelta(hours=hour),
        ).total_price
        for hour in range(24)
    }

    assert {Decimal(str(tiers[0].input)) for tiers in by_hour if tiers} == {
        price.normalize() for price in theirs
    }
