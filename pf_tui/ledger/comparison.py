"""How providers compare: what each did in a span, and what all of the span's work would cost there.

A provider can only be asked to do the work of models it serves; the share it can take is said beside
the sum. Estimates are by the first price tier and the 5-minute cache write: rollups know no more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import timedelta

from pf_tui.catalog import Catalog
from pf_tui.ledger import events
from pf_tui.ledger.document import cost, stamp, sums_document
from pf_tui.ledger.events import FallbackRow
from pf_tui.ledger.layout import milliseconds
from pf_tui.ledger.overview import Analytics
from pf_tui.ledger.period import Filters, Period
from pf_tui.ledger.prices import Pricer
from pf_tui.ledger.query import UsageQuery
from pf_tui.ledger.totals import NOTHING, Group, Totals
from pf_tui.records import record, replace

PLAN_MONTH = timedelta(days=30)
"""A plan's price is per month; a span is set against its part of 30 days."""


@record
class ComparedProvider:
    """One provider beside the others."""

    part: Group
    fallback: FallbackRow
    plan: bool
    """Its cost is a list-price equivalent: the plan is paid already."""
    same_work_usd: float | None
    """What all tokens of the span it can serve would cost there; None = it serves none of them."""
    same_work_share: float
    """The share of the span's tokens that is."""


@record
class PlanUse:
    """A flat plan against the list price of what was used."""

    provider: str
    id: str
    name: str
    usd_per_month: float
    usd_in_span: float
    """Its part of the month."""
    list_price_usd: float


def compare(
    connection: sqlite3.Connection, analytics: Analytics, catalog: Catalog, also: Iterable[str] = ()
) -> tuple[ComparedProvider, ...]:
    """Every provider that was used or hit a limit, and of `also` those that could have done some of the work.

    Args:
        also: providers that were not used but could be.
    """
    parts = {part.name: part for part in analytics.providers}
    fallback = events.fallback_rows(connection, analytics.span)
    for name in (*fallback, *also):
        parts.setdefault(name, Group(name, NOTHING))
    pricer = Pricer(catalog)
    rows = []
    for name, part in parts.items():
        usd, share = _same_work(name, analytics.models, catalog, pricer, milliseconds(analytics.span.end))
        if usd is None and not part.totals.requests and name not in fallback:
            continue
        provider = catalog.providers.get(name)
        rows.append(
            ComparedProvider(
                part=part,
                fallback=fallback.get(name, FallbackRow()),
                plan=provider is not None and provider.plan,
                same_work_usd=usd,
                same_work_share=share,
            )
        )
    return tuple(rows)


def previous(span: Period) -> Period | None:
    """The span of the same length just before; None for all time."""
    if span.start is None:
        return None
    return replace(span, name="previous", start=span.start - (span.end - span.start), end=span.start)


def plan_uses(analytics: Analytics, catalog: Catalog, first: timedelta | None = None) -> tuple[PlanUse, ...]:
    """The plans of every provider that was used, against list prices.

    Args:
        first: how long the history is, for a span without a start.
    """
    length = analytics.span.end - analytics.span.start if analytics.span.start else first or PLAN_MONTH
    months = max(length / PLAN_MONTH, 1 / 30)
    return tuple(
        PlanUse(
            provider=part.name,
            id=plan.id,
            name=plan.name,
            usd_per_month=plan.usd_per_month,
            usd_in_span=plan.usd_per_month * months,
            list_price_usd=part.totals.plan_usd,
        )
        for part in analytics.providers
        if part.totals.plan_usd
        for plan in catalog.plans(part.name)
    )


def comparison_document(
    connection: sqlite3.Connection,
    analytics: Analytics,
    filters: Filters,
    catalog: Catalog,
    also: Iterable[str] = (),
) -> dict[str, object]:
    """What `--compare` adds: the span before, and providers side by side."""
    before = previous(analytics.span)
    return {
        "previous": before
        and {
            "from": stamp(before.start, before.zone),
            "to": stamp(before.end, before.zone),
            "totals": sums_document(totals(connection, before, filters)),
        },
        "providers": [compared_document(row) for row in compare(connection, analytics, catalog, also)],
    }


def compared_document(row: ComparedProvider) -> dict[str, object]:
    """One provider of the comparison, flat: a row of the CSV as well."""
    part_totals = row.part.totals
    return {
        "provider": row.part.name,
        "plan": row.plan,
        "requests": part_totals.requests,
        "total_tokens": part_totals.total_tokens,
        "cost_usd": cost(part_totals),
        "usd_per_million_tokens": usd_per_million(part_totals),
        "latency_ms_p50": row.part.latency_ms_p50,
        "failure_rate": round(part_totals.failure_rate, 6),
        "rate_limited_rate": round(part_totals.rate_limited_rate, 6),
        "limit_hits": row.fallback.limit_hits,
        "minutes_saved": round(row.fallback.minutes_saved, 1),
        "minutes_lost": round(row.fallback.minutes_lost, 1),
        "same_work_usd": None if row.same_work_usd is None else round(row.same_work_usd, 6),
        "same_work_share": round(row.same_work_share, 6),
    }


def plan_document(use: PlanUse) -> dict[str, object]:
    """A plan against the list price of what was used, flat."""
    return {
        "provider": use.provider,
        "plan": use.id,
        "name": use.name,
        "usd_per_month": use.usd_per_month,
        "usd_in_period": round(use.usd_in_span, 2),
        "list_price_usd": round(use.list_price_usd, 6),
    }


def totals(connection: sqlite3.Connection, span: Period, filters: Filters) -> Totals:
    """Only the totals of a span."""
    return UsageQuery(connection, span, filters).totals()


def usd_per_million(part_totals: Totals) -> float | None:
    """The mean price of a million tokens of every kind; None when nothing was priced."""
    tokens_with_price = part_totals.total_tokens - part_totals.unpriced_tokens
    return round(part_totals.cost_usd / tokens_with_price * 1_000_000, 6) if tokens_with_price > 0 else None


def _same_work(
    provider: str, models: Iterable[Group], catalog: Catalog, pricer: Pricer, at_ms: int
) -> tuple[float | None, float]:
    """(what the models' tokens cost there, share of all tokens it can take)."""
    all_tokens = tokens = 0
    usd = 0.0
    for part in models:
        all_tokens += part.totals.total_tokens
        if not _serves(catalog, provider, part.name):
            continue
        prices = pricer(provider, part.name, at_ms)
        if prices is None:
            continue
        tier, part_totals = prices.tiers[0], part.totals
        tokens += part_totals.total_tokens
        usd += (
            part_totals.input * tier.input
            + part_totals.output * tier.output
            + part_totals.cache_read * tier.cache_read
            + part_totals.cache_write * tier.cache_write_5m
        ) / 1_000_000
    return (usd, tokens / all_tokens) if tokens else (None, 0.0)


def _serves(catalog: Catalog, provider: str, model: str) -> bool:
    return provider in catalog.providers and model in catalog.models and catalog.serves(provider, model)


def changes(now: Totals, before: Totals) -> Mapping[str, float | None]:
    """The change of each figure against the span before, as a share; None where there was nothing."""
    figures = {
        "requests": (now.requests, before.requests),
        "tokens": (now.total_tokens, before.total_tokens),
        "cost": (now.cost_usd, before.cost_usd),
        "failed": (now.failed, before.failed),
    }
    return {name: (new - old) / old if old else None for name, (new, old) in figures.items()}
