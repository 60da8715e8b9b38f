"""Analytics: what was used when, stacked by provider, model, project or agent, and what it cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any

from pf_tui.documents import words
from pf_tui.ledger.query import Part, Sums, total
from pf_tui.snapshot import Snapshot
from pf_tui.tui import roster
from pf_tui.tui.charts.bars import Bar, stacked
from pf_tui.tui.columns import Column, body, chosen, head
from pf_tui.tui.ink import BLANK, Line, Span, bold, fit, joined, line, muted, series_ink
from pf_tui.tui.page import Choice, Page, Row, Space, empty
from pf_tui.tui.report import Report, Step

METRICS = ("cost", "tokens", "requests")
"""What `v` goes through."""

ORDERS = ("", "name", "requests", "tokens", "cost", "ms", "fail")
KEYS = (("[ ]", "period"), ("v", "view"), ("l", "by …"))
LEAST_CHART = 5
"""Lines below which a chart says nothing."""

ROOMY = 70
"""From here on names are written out."""

HIGH_FAILURE = 0.05

_VALUES: Mapping[str, Callable[[Sums], float]] = {
    "cost": lambda sums: sums.cost_usd,
    "tokens": lambda sums: float(sums.total_tokens),
    "requests": lambda sums: float(sums.requests),
}


def page_for(
    report: Report, snapshot: Snapshot, space: Space, choice: Choice | None = None, *, metric: str = "cost"
) -> Page:
    """The chart, then a row per part."""
    choice = choice or Choice()
    parts = [part for part in report.parts if choice.admits(part.name)]
    inks = _inks(report, snapshot)
    if choice.order:
        parts.sort(key=_ORDER[choice.order])
    if not report.parts:
        return Page(
            title="Analytics", facts=_facts(report, metric), rows=_nothing(report, space.width), keys=KEYS
        )
    table = [_cells(part, report, snapshot, inks, space) for part in parts]
    columns = _columns(report.by)
    kept = chosen(columns, table, space.width)
    rows = tuple(
        Row(fit(body(kept, row), space.width), part.name) for part, row in zip(parts, table, strict=True)
    )
    heading = head(kept, choice.order, downward=choice.order != "name")
    chart = _chart(report, inks, metric, space, table_lines=min(len(rows), max(3, space.height // 2)) + 1)
    return Page(
        title="Analytics", facts=_facts(report, metric), pinned=(*chart, heading), rows=rows, keys=KEYS
    )


def _nothing(report: Report, width: int) -> tuple[Row, ...]:
    if not report.known:
        return empty(width, "reading …")
    return empty(
        width,
        f"nothing was used in {_period(report.period)}",
        "agents' logs are read by themselves while this is open; `]` shows a longer period",
    )


def _facts(report: Report, metric: str) -> Line:
    totals, fallback = report.totals, report.fallback
    parts = [
        line(Span(_period(report.period), "accent")),
        line(muted("by "), Span(report.by, "text")) if report.by != "provider" else BLANK,
        line(bold(words.money(totals.cost_usd))) if totals.requests else BLANK,
        line(muted(f"{words.number(totals.requests)} requests")) if totals.requests else BLANK,
        line(muted(f"{words.short(totals.total_tokens)} tokens")) if totals.requests else BLANK,
        line(muted(f"{fallback.fallbacks} switches")) if fallback.fallbacks else BLANK,
        line(Span(metric, "accent")) if metric != METRICS[0] else BLANK,
    ]
    return joined(parts)


def _period(period: str) -> str:
    return "all time" if period == "all" else f"{period[:-1]} {period[-1]}"


def _inks(report: Report, snapshot: Snapshot) -> dict[str, str]:
    """An ink per part: a provider's own one, else by size."""
    if report.by == "provider":
        return dict(roster.inks(snapshot, [part.name for part in report.parts]))
    return {part.name: series_ink(place) for place, part in enumerate(report.parts)}


def _chart(
    report: Report, inks: Mapping[str, str], metric: str, space: Space, *, table_lines: int
) -> Sequence[Line]:
    height = min(space.height - table_lines - 1, 24)
    if height < LEAST_CHART or space.width < 24:
        return ()
    names = [part.name for part in report.parts]
    value = _VALUES[metric]
    steps, every = _merged(report.steps, report.step, space.width - 8)
    bars = [
        Bar(
            label=_label(step.start, report.step * every, last=at == len(steps) - 1),
            parts=tuple(value(step.parts[name]) if name in step.parts else 0.0 for name in names),
        )
        for at, step in enumerate(steps)
    ]
    number = words.short if metric != "cost" else _dollars
    colours = [inks.get(name, "muted") for name in names]
    return [*stacked(bars, colours, space.width, height, space.symbols, number), BLANK]


def _merged(steps: Sequence[Step], step: timedelta, room: int) -> tuple[list[Step], int]:
    """So few bars that each has a cell; the last bar ends now."""
    if len(steps) <= max(room, 1):
        return list(steps), 1
    every = -(-len(steps) // max(room, 1))
    if step >= timedelta(days=1):
        every = next((size for size in (7, 14, 30, 90, 365) if size >= every), every)
    merged = []
    for end in range(len(steps), 0, -every):
        group = steps[max(0, end - every) : end]
        parts: dict[str, Sums] = {}
        for one in group:
            for name, sums in one.parts.items():
                parts[name] = total([parts[name], sums]) if name in parts else sums
        merged.append(Step(start=group[0].start, parts=parts))
    return merged[::-1], every


def _label(start: datetime, length: timedelta, *, last: bool) -> str:
    if length < timedelta(hours=1):
        return f"{start:%H:%M}"
    if length < timedelta(days=1):
        return f"{start:%H}"
    if length > timedelta(days=1):
        return f"{start.day} {start:%b}"
    if last:
        return "today"
    return f"{start:%a}" if length == timedelta(days=1) else f"{start.day}"


def _dollars(value: float) -> str:
    return f"${value:g}" if value < 10_000 else f"${words.short(value)}"


def _columns(by: str) -> tuple[Column, ...]:
    return (
        Column(key="name", title=by, least=14, grows=True),
        Column(key="requests", title="requests", right=True, leaves=3),
        Column(key="tokens", title="tokens", right=True, leaves=4, at_least=6),
        Column(key="cost", title="cost", right=True, at_least=7),
        *((Column(key="ms", title="median", right=True, leaves=1, at_least=6),) if by == "provider" else ()),
        Column(key="fail", title="fail", right=True, leaves=2, at_least=6),
    )


def _cells(
    part: Part, report: Report, snapshot: Snapshot, inks: Mapping[str, str], space: Space
) -> dict[str, Line]:
    sums = part.sums
    place = next(at for at, one in enumerate(report.parts) if one.name == part.name)
    swatch = space.symbols.swatch(place)
    known = snapshot.catalog.providers.get(part.name)
    plan = "~" if sums.plan_usd or (known is not None and known.plan) else " "
    cost = "—" if sums.unpriced_tokens and not sums.cost_usd else words.money(sums.cost_usd)
    rate = sums.failure_rate
    return {
        "name": line(
            Span(swatch, inks.get(part.name, "muted")), " ", Span(_name(part.name, report.by, space.width))
        ),
        "requests": line(Span(words.number(sums.requests))),
        "tokens": line(Span(words.short(sums.total_tokens))),
        "cost": line(Span(cost), muted(plan)),
        "ms": line(muted("—" if part.latency_ms_p50 is None else _seconds(part.latency_ms_p50))),
        "fail": line(Span(f"{100 * rate:.1f} %", "bad" if rate >= HIGH_FAILURE else "muted")),
    }


def _seconds(ms: float) -> str:
    """`0.8 s`, `9.6 s`, `104 s`: as wide as it is exact."""
    return f"{ms / 1000:.1f} s" if ms < 100_000 else f"{ms / 1000:.0f} s"


def _name(name: str, by: str, width: int) -> str:
    """A project is named by its folder, a provider shorter where room is dear."""
    if by == "project":
        return PurePath(name).name or name
    return roster.short_name(name) if by == "provider" and width < ROOMY else name


_ORDER: Mapping[str, Callable[[Part], Any]] = {
    "name": lambda part: part.name,
    "requests": lambda part: -part.sums.requests,
    "tokens": lambda part: -part.sums.total_tokens,
    "cost": lambda part: -part.sums.cost_usd,
    "ms": lambda part: -(part.latency_ms_p50 or 0.0),
    "fail": lambda part: -part.sums.failure_rate,
}
