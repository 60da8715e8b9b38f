"""`pf-tui prices`: where prices come from, how old they are, and newer ones on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pf_tui.actions import usage
from pf_tui.cli import diagnostics, output
from pf_tui.cli.grammar import Group, as_json, subword
from pf_tui.documents import words
from pf_tui.ledger.price_update import PriceState, published, update
from pf_tui.state.clock import to_text
from pf_tui.state.context import Context

if TYPE_CHECKING:
    from pf_tui.catalog import Catalog

prices = Group("prices", "show")


@subword(prices, "show")
@click.option("--check", is_flag=True, help="Every difference to genai-prices' own prices, explained.")
@as_json
@click.pass_obj
def show(ctx: Context, check: bool, as_json: bool) -> None:
    """Prices of your own stand in providers.yaml and go before these."""
    if check:
        _check(ctx, as_json=as_json)
        return
    prices, own = published(ctx.paths, ctx.now()), _own(ctx.catalog())
    unpriced = usage.unpriced(ctx)
    if as_json:
        output.document(_document(prices, own, unpriced))
        return
    output.text(_sentence(prices))
    if prices.updated_at is not None:
        zone, now = ctx.timezone(), ctx.now()
        output.text(
            f"fetched {words.clock(prices.updated_at, now, zone)}, {words.ago(prices.updated_at, now)}"
        )
    else:
        output.text("as they came with this program; `pf-tui prices update` fetches newer ones")
    if own:
        output.text(f"{own} prices of your own in {ctx.paths.providers}")
    for model, tokens in unpriced.items():
        output.text(f"no price for {model}: {words.short(tokens)} tokens")


@subword(prices, "update")
@as_json
@click.pass_obj
def update_(ctx: Context, as_json: bool) -> None:
    """One request to where genai-prices publishes its table; nothing of yours is sent."""
    before = published(ctx.paths, ctx.now())
    diagnostics.progress("fetching prices …")
    try:
        update(ctx.paths)
    finally:
        diagnostics.progress("")
    after = published(ctx.paths, ctx.now())
    row_count = usage.price_unpriced(ctx)
    if as_json:
        content = _document(after, _own(ctx.catalog()), usage.unpriced(ctx))
        output.document({**content, "models_before": before.models, "rows_priced": row_count})
        return
    output.text(_sentence(after))
    change = after.models - before.models
    output.text(
        f"{words.quantity(abs(change), 'model')} {'more' if change > 0 else 'fewer'} than before"
        if change
        else "no new model"
    )
    if row_count:
        output.text(f"{words.quantity(row_count, 'request')} without a price got one now")


def _check(ctx: Context, *, as_json: bool) -> None:
    check = usage.check_prices(ctx)
    if as_json:
        differences = [
            {
                "provider": difference.provider,
                "model": difference.model,
                "kind": difference.kind,
                "above_tokens": difference.above_tokens,
                "usd_per_million": difference.own_usd,
                "published_usd_per_million": difference.published_usd,
                "why": difference.why,
            }
            for difference in check.differences
        ]
        output.document({"ids": check.ids, "differences": differences})
        return
    same = check.ids - len({(difference.provider, difference.model) for difference in check.differences})
    output.text(f"{words.number(same)} of {words.number(check.ids)} ids cost what genai-prices says")
    for difference in check.differences:
        above = f" above {words.short(difference.above_tokens)}" if difference.above_tokens else ""
        prices = f"${difference.own_usd:g} per million, there ${difference.published_usd:g}"
        output.text(
            f"{difference.provider} {difference.model}: {difference.kind}{above} {prices}: {difference.why}"
        )


def _sentence(price_state: PriceState) -> str:
    newest = f", newest change {price_state.newest.isoformat()}" if price_state.newest else ""
    models = f"{words.number(price_state.models)} models of {price_state.providers} vendors"
    return f"{price_state.source} {price_state.version}: {models}{newest}"


def _document(price_state: PriceState, own: int, unpriced: dict[str, int]) -> dict[str, object]:
    return {
        "source": price_state.source,
        "version": price_state.version,
        "date": price_state.newest.isoformat() if price_state.newest else None,
        "updated_at": to_text(price_state.updated_at) if price_state.updated_at else None,
        "vendors": price_state.providers,
        "models": price_state.models,
        "own_prices": own,
        "unpriced": [{"model": model, "tokens": tokens} for model, tokens in unpriced.items()],
    }


def _own(catalog: Catalog) -> int:
    """How many prices the person's providers.yaml sets."""
    return sum(
        served_model.price is not None
        for model in catalog.models.values()
        for served_model in model.providers.values()
    )
