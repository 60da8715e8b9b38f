"""The JSON and CSV shapes of analytics: fields may be added, never renamed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo

from pf_tui.ledger import events
from pf_tui.ledger.blocks import Block, blocks
from pf_tui.ledger.events import FallbackRow
from pf_tui.ledger.limit_counts import LimitCounts
from pf_tui.ledger.overview import Analytics
from pf_tui.ledger.period import Filters
from pf_tui.ledger.query import UsageQuery
from pf_tui.ledger.totals import NOTHING, UNKNOWN, Group, Totals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.ledger.events import RequestFacts


def analytics_document(
    analytics: Analytics, fallback: Mapping[str, FallbackRow] | None = None
) -> dict[str, object]:
    """`analytics --json` as agreed in the command line's shapes."""
    span = analytics.span
    return {
        "period": span.name,
        "from": stamp(span.start, span.zone),
        "to": stamp(span.end, span.zone),
        "timezone": zone_name(span.zone, span.end),
        "totals": {
            **sums_document(analytics.totals),
            "fallbacks": analytics.fallback.fallbacks,
            "limit_hits": analytics.fallback.limit_hits,
        },
        "by_provider": providers_document(analytics.providers, fallback or {}),
        "by_model": counted_document("model", analytics.models, analytics.limit_counts),
        "by_project": counted_document("project", analytics.projects, analytics.limit_counts),
        "by_agent": counted_document("agent", analytics.agents, analytics.limit_counts),
        "by_machine": counted_document("machine", analytics.machines, analytics.limit_counts),
        "by_day": counted_document("day", analytics.days, analytics.limit_counts),
        "skipped": {
            "rows": analytics.skipped_rows,
            "files": [{"path": row.path, "line": row.line, "why": row.why} for row in analytics.skipped],
        },
        "damaged": {
            "rows": analytics.damaged_rows,
            "files": [{"path": row.path, "line": row.line, "why": row.why} for row in analytics.damaged],
        },
    }


def sums_document(part_totals: Totals) -> dict[str, object]:
    """The fields every total and every part has."""
    return {
        "requests": part_totals.requests,
        "failed": part_totals.failed,
        "input_tokens": part_totals.input,
        "output_tokens": part_totals.output,
        "reasoning_tokens": part_totals.reasoning,
        "cache_read_tokens": part_totals.cache_read,
        "cache_write_tokens": part_totals.cache_write,
        "total_tokens": part_totals.total_tokens,
        "cost_usd": cost(part_totals),
        "unpriced_tokens": part_totals.unpriced_tokens,
        "plan_usd": round(part_totals.plan_usd, 6),
    }


def cost(part_totals: Totals) -> float | None:
    """USD; null when there is use and nobody can price any of it."""
    if (
        part_totals.unpriced_tokens
        and part_totals.unpriced_tokens == part_totals.total_tokens
        and not part_totals.cost_usd
    ):
        return None
    return round(part_totals.cost_usd, 6)


def parts_document(key: str, parts: Iterable[Group]) -> list[dict[str, object]]:
    """One list: each part under its name."""
    return [{key: part.name, **sums_document(part.totals)} for part in parts]


def counted_document(key: str, parts: Iterable[Group], limit_counts: LimitCounts) -> list[dict[str, object]]:
    """One list with its limit hits and fallbacks; a part that has nothing else is in it as well."""
    counts = limit_counts.by(key)
    groups = list(parts)
    names = {part.name for part in groups}
    groups += [Group(name, NOTHING) for name in sorted(counts) if name not in names]
    if key == "day":
        groups.sort(key=lambda part: part.name)
    return [
        {
            **row,
            "fallbacks": counts[part.name]["fallbacks"] if part.name in counts else 0,
            "limit_hits": counts[part.name]["limit_hits"] if part.name in counts else 0,
        }
        for part, row in zip(groups, parts_document(key, groups), strict=True)
    ]


def providers_document(
    parts: Iterable[Group], fallback: Mapping[str, FallbackRow]
) -> list[dict[str, object]]:
    """Providers with how they compare; one that only hit limits is in the list as well."""
    groups = list(parts)
    names = {part.name for part in groups}
    groups += [Group(name, NOTHING) for name in sorted(fallback) if name not in names]
    rows = []
    for part in groups:
        row = fallback.get(part.name, FallbackRow())
        rows.append(
            {
                "provider": part.name,
                **sums_document(part.totals),
                "fallbacks": row.taken_over_from,
                "limit_hits": row.limit_hits,
                "latency_ms_p50": part.latency_ms_p50,
                "failure_rate": round(part.totals.failure_rate, 6),
                "rate_limited_rate": round(part.totals.rate_limited_rate, 6),
                "minutes_saved": round(row.minutes_saved, 1),
                "minutes_lost": round(row.minutes_lost, 1),
            }
        )
    return rows


def view_document(
    connection: sqlite3.Connection, view: str, analytics: Analytics, filters: Filters, now: datetime
) -> dict[str, object]:
    """The whole document of one view: the common one, with the view's own list beside."""
    span = analytics.span
    document = analytics_document(analytics, events.fallback_rows(connection, span, filters))
    cells = UsageQuery(connection, span, filters)
    if view == "sessions":
        parts = cells.by_session()
        rows = parts_document("session", parts)
        document["by_session"] = [
            {**row, "agent": part.agent or UNKNOWN} for part, row in zip(parts, rows, strict=True)
        ]
    elif view == "blocks":
        document["blocks"] = [block_document(block, span.zone) for block in blocks(cells, now)]
    elif view == "errors":
        document["errors"] = [
            {
                "provider": row.provider,
                "kind": row.kind,
                "count": row.count,
                "last": stamp(_moment(row.last_ms), span.zone),
            }
            for row in events.failures(connection, span, filters)
        ]
    elif view == "limits":
        hits = events.hits(connection, span, filters=filters)
        document["limit_hits"] = [hit_document(row, span.zone) for row in hits]
    return document


def block_document(block: Block, zone: tzinfo | None) -> dict[str, object]:
    """A five-hour block."""
    return {
        "start": stamp(block.start, zone),
        "end": stamp(block.end, zone),
        "active": block.active,
        **sums_document(block.totals),
        "tokens_per_minute": block.tokens_per_minute,
        "usd_per_hour": block.usd_per_hour,
        "projected_usd": block.projected_usd,
    }


def hit_document(row: events.HitRow, zone: tzinfo | None) -> dict[str, object]:
    """One limit hit."""
    return {
        "provider": row.provider,
        "kind": row.kind,
        "at": stamp(_moment(row.ts_ms), zone),
        "until": stamp(_moment(row.until_ms), zone),
        "agent": row.agent,
        "session": row.session,
        "waited_s": round(row.waited_ms / 1000, 1),
        "text": row.text,
    }


def request_document(row: RequestFacts, zone: tzinfo | None) -> dict[str, object]:
    """One request, its time as text."""
    return {**row, "ts": stamp(_moment(row["ts"]), zone), "is_subagent": bool(row["is_subagent"])}


def csv_rows(items: Sequence[Mapping[str, object]]) -> Iterator[list[str]]:
    """A heading and the values of a list of flat objects."""
    if not items:
        return
    heading = [key for key, value in items[0].items() if not isinstance(value, dict | list)]
    yield heading
    for item in items:
        yield ["" if item.get(key) is None else str(item[key]) for key in heading]


def stamp(moment: datetime | None, zone: tzinfo | None) -> str | None:
    """ISO 8601 with offset in the span's zone."""
    return None if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")


def zone_name(zone: tzinfo | None, at: datetime) -> str:
    """The zone's name, e.g. Europe/Berlin, else its abbreviation."""
    key = getattr(zone, "key", None)
    if key:
        return str(key)
    import os

    tz_name = os.environ.get("TZ", "").lstrip(":")
    if zone is None and tz_name:
        return tz_name
    return at.astimezone(zone).tzname() or "UTC"


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
