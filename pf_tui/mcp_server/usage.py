"""The analytics tools: what was used, what it cost, how providers compare.

The agents' logs are read first, as `pf-tui analytics` does; where the ledger cannot be written, its old
rows answer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pf_tui.actions import usage
from pf_tui.documents import words
from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.json_values import objects_in
from pf_tui.ledger import cycle, document, events, schema
from pf_tui.ledger.overview import Analytics, analytics
from pf_tui.ledger.period import Filters, Period, period_of
from pf_tui.mcp_server import shapes
from pf_tui.mcp_server.table import Answer, Tool
from pf_tui.state.context import Context

if TYPE_CHECKING:
    import sqlite3

MOST_NAMES = 5
"""Items the short text names; the structured content has them all."""


def _summary(ctx: Context, arguments: shapes.PeriodChosen) -> Answer:
    with _ledger(ctx) as connection:
        figures = _analytics(ctx, connection, arguments.period)
        content = _content(connection, figures)
    result = shapes.Summary.model_validate(content)
    totals = result.totals
    parts = [
        f"{words.quantity(totals.requests, 'request')} in {_length(arguments.period)}",
        f"{totals.failed} failed",
        f"{words.short(totals.total_tokens)} tokens",
        _cost_text(totals),
        words.quantity(totals.fallbacks, "fallback"),
        words.quantity(totals.limit_hits, "limit hit"),
    ]
    return result, ", ".join(parts)


def _providers(ctx: Context, _: shapes.Nothing) -> Answer:
    with _ledger(ctx) as connection:
        figures = _analytics(ctx, connection, "all")
        content = _content(connection, figures)
    result = shapes.ProvidersUse.model_validate({**content, "providers": content["by_provider"]})
    lines = [
        f"{use.provider}: {words.quantity(use.requests, 'request')}, {words.short(use.total_tokens)} tokens, "
        f"{_cost_text(use)}, {use.failure_rate:.1%} failed"
        for use in result.providers[:MOST_NAMES]
    ]
    return result, "\n".join(lines) or "nothing has been used yet"


def _costs(ctx: Context, arguments: shapes.GroupChosen) -> Answer:
    group = arguments.groupBy
    with _ledger(ctx) as connection:
        figures = _analytics(ctx, connection, "all")
        content = _content(connection, figures)
    parts = objects_in(content, f"by_{group}")
    items = [shapes.CostItem.model_validate({**part, "name": part[group]}) for part in parts]
    totals = shapes.Totals.model_validate(content["totals"])
    result = shapes.Costs.model_validate(
        {
            **content,
            "groupBy": group,
            "items": items,
            "total_usd": totals.cost_usd,
            "unpriced_tokens": totals.unpriced_tokens,
        }
    )
    top_items = items[-MOST_NAMES:] if group == "day" else items[:MOST_NAMES]
    lines = [f"total: {_cost_text(totals)}"]
    lines += [f"{group.name}: {_cost_text(group)}" for group in top_items]
    return result, "\n".join(lines)


@contextlib.contextmanager
def _ledger(ctx: Context) -> Iterator[sqlite3.Connection]:
    """The ledger with what is new in the logs. Raises PfError when there is none and none can be made."""
    try:
        usage.ingest(ctx)
    except StateFileUnusable:
        raise
    except PfError:
        if not ctx.paths.ledger.exists():
            raise
    with schema.opened(ctx.paths.ledger) as connection:
        yield connection


def _analytics(ctx: Context, connection: sqlite3.Connection, period: str) -> Analytics:
    window_start = cycle.began(ctx.paths.ledger, period, ctx.now())
    return analytics(
        connection, period_of(period, ctx.now(), ctx.timezone(), window_start=window_start), Filters()
    )


def _content(connection: sqlite3.Connection, figures: Analytics) -> dict[str, object]:
    span: Period = figures.span
    return document.analytics_document(figures, events.fallback_rows(connection, span))


def _cost_text(counts: shapes.Sums | shapes.CostItem) -> str:
    """`$4.18, $1.02 of it paid by a plan, 120K tokens without a price`."""
    parts = [words.money(counts.cost_usd) if counts.cost_usd is not None else "no price"]
    if counts.plan_usd:
        parts.append(f"{words.money(counts.plan_usd)} of it paid by a plan")
    if counts.unpriced_tokens:
        parts.append(f"{words.short(counts.unpriced_tokens)} tokens without a price")
    return ", ".join(parts)


def _length(period: str) -> str:
    if period in cycle.WINDOWS:
        return "the running 5-hour window" if period == "5h" else "the running week"
    return "all time" if period == "all" else f"the last {period}"


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="analytics.summary",
        title="Usage of a period",
        description="Requests, tokens, cost, failures and fallbacks of a period, by provider and model.",
        arguments=shapes.PeriodChosen,
        result=shapes.Summary,
        call=_summary,
        takes_in=True,
    ),
    Tool(
        name="analytics.providers",
        title="Providers compared",
        description="Every provider's requests, tokens, cost, median latency, failures and limit hits.",
        arguments=shapes.Nothing,
        result=shapes.ProvidersUse,
        call=_providers,
        takes_in=True,
    ),
    Tool(
        name="analytics.costs",
        title="Costs",
        description="What was spent, by provider, model or day; plan use at its list price, and marked.",
        arguments=shapes.GroupChosen,
        result=shapes.Costs,
        call=_costs,
        takes_in=True,
    ),
)
