"""Analytics: what was used when, stacked by provider, model, project or agent, and what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath

from pf_tui.clients import CLIENTS
from pf_tui.documents import words
from pf_tui.ledger.cycle import WINDOWS
from pf_tui.ledger.query import REST
from pf_tui.ledger.totals import Group
from pf_tui.snapshot import Snapshot
from pf_tui.text.columns import GAP, Column, body, chosen, head
from pf_tui.text.lines import (
    BLANK,
    Line,
    Span,
    bold,
    cells,
    fit,
    joined,
    line,
    muted,
    series_colour,
    shortened,
    wrap,
)
from pf_tui.tui import provider_order
from pf_tui.tui.ledger_view import LedgerView
from pf_tui.tui.page import Choice, Page, Row, Space, empty
from pf_tui.tui.panes import usage_chart
from pf_tui.tui.panes.models import undated
from pf_tui.tui.panes.usage_chart import CHARTS, VIEWS, ChartInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed import SupportsRichComparison

ORDERS = ("", "name", "requests", "tokens", "cost", "ms", "fail")
KEYS = (("[ ]", "period"), ("v", "view"), ("V", "lines"), ("l", "by …"))

ROOMY = 70
"""From here on names are written out."""

LOW = 4
"""Below it there is room for a line of bars alone."""

MARK = 2
"""Cells of the sign before a name."""

UNTOLD = "of all time only the dearest are drawn"
"""Said where a filter leaves others: the ledger adds those up as one."""

HIGH_FAILURE = 0.05


def page_for(
    report: LedgerView,
    snapshot: Snapshot,
    space: Space,
    choice: Choice | None = None,
    *,
    metric: str = "cost",
    chart: str = "bars",
    agents: Sequence[str] = (),
) -> Page:
    """The chart, then a row per part.

    Args:
        agents: those on this machine; named while nothing was used.
    """
    choice = choice or Choice()
    parts = [part for part in report.parts if choice.admits(part.name)]
    colours = _colours(report, snapshot)
    names = _names(report, space.width)
    shown_names = {part.name: names[part.name] for part in parts}
    drawn_apart = {name for step in report.steps for name in step.parts}
    rest = {REST: REST} if len(parts) == len(report.parts) and REST in drawn_apart else {}
    untold = (
        line(muted(UNTOLD))
        if not rest and REST in drawn_apart and not shown_names.keys() <= drawn_apart
        else ()
    )
    chart_input = ChartInput(
        names=shown_names | rest, report=report, provider_colours=colours, metric=metric, space=space
    )
    facts = _facts(report, metric, chart, chart_input.per(chart))
    if parts and space.height < LOW:
        return Page(title="Analytics", facts=facts, rows=(Row(usage_chart.glance(chart_input)),), keys=KEYS)
    if not parts:
        rows = _unmatched(choice, space.width) if report.parts else _nothing(report, space, agents)
        return Page(title="Analytics", facts=facts, pinned=_unread(report, space), rows=rows, keys=KEYS)
    if choice.order:
        parts.sort(key=_ORDER[choice.order])
    table = [_cells(part, names, report, snapshot, colours, space) for part in parts]
    gap, columns = GAP, _columns(report.by)
    fitting_columns = chosen(columns, table, space.width)
    if any(
        size < cells(row["name"]) for row in table for column, size in fitting_columns if column.key == "name"
    ):
        gap = 1  # a narrow gap is better than a cut name
        fitting_columns = chosen(columns, table, space.width, gap)
    room = next(size for column, size in fitting_columns if column.key == "name") - MARK
    if any(cells(name) > room for name in shown_names.values()):
        names = {part: shortened(name, room) for part, name in names.items()}
        table = [_cells(part, names, report, snapshot, colours, space) for part in parts]
    rows = tuple(
        Row(fit(body(fitting_columns, row, gap), space.width), part.name)
        for part, row in zip(parts, table, strict=True)
    )
    heading = head(fitting_columns, choice.order, downward=choice.order != "name", gap=gap, orders=ORDERS)
    pinned = (
        *usage_chart.draw(chart_input, chart, len(rows)),
        *([fit(untold, space.width)] if untold else ()),
        *_unread(report, space),
        heading,
    )
    return Page(title="Analytics", facts=facts, pinned=pinned, rows=rows, keys=KEYS)


def _unread(report: LedgerView, space: Space) -> tuple[Line, ...]:
    """What the sums lack, while they lack it: the red line below may have been put away."""
    if not report.unread or space.height < LOW:
        return ()
    store, *others = report.unread
    also = f", and {len(others)} more" if others else ""
    words = f"not in these sums: {PurePath(store.path).name}: {store.why}{also}"
    first, *more = wrap(words, space.width - 2, "warn")
    return (line(Span("! ", "warn", bold=True), first), *(line("  ", text) for text in more[:1]))


def _nothing(report: LedgerView, space: Space, agents: Sequence[str]) -> tuple[Row, ...]:
    width = space.width
    if not report.loaded:
        return empty(width, "reading …")
    if report.problem:
        return empty(width, report.problem)
    reading = "agent logs are read automatically while this is open"
    if report.period == "all":
        rows = empty(width, "nothing was used yet", reading)
    else:
        rows = empty(
            width, f"nothing was used in {_last(report.period)}", f"{reading}; `]` shows a longer period"
        )
    more = _read_here(agents, space)
    return (*rows, *more) if len(rows) + len(more) <= space.height else rows


def _read_here(agents: Sequence[str], space: Space) -> tuple[Row, ...]:
    """Whose logs are read, and what will stand here then."""
    width = max(len(client.name) for client in CLIENTS.values()) + MARK
    rows = [Row(), Row(line(muted("logs that are read")))]
    for client in CLIENTS.values():
        present = client.id in agents
        sign = Span("● " if present else "· ", "good" if present else "muted")
        name = Span(f"{client.name:<{width}}", "text" if present else "muted")
        rows.append(Row(line(sign, name, muted("on this machine" if present else "not on this machine"))))
    sentence = (
        "then: cost, tokens and requests of each day as bars (`v`) or lines (`V`),"
        " by provider, model, project or agent (`l`)"
    )
    return (*rows, *empty(space.width, sentence))


def _unmatched(choice: Choice, width: int) -> tuple[Row, ...]:
    return empty(width, f"nothing matches '{choice.words}'", "esc shows all")


def _facts(report: LedgerView, metric: str, chart: str, per: str) -> Line:
    totals, fallback = report.totals, report.fallback
    parts = [
        line(Span(_period(report.period), "accent")),
        line(Span(_view(metric, chart), "accent")) if (metric, chart) != VIEWS[0] else BLANK,
        line(muted(per)) if per else BLANK,
        line(bold(words.money(totals.cost_usd))) if totals.requests else BLANK,
        line(muted("by "), Span(report.by, "text")) if report.by != "provider" else BLANK,
        line(muted(words.quantity(totals.requests, "request"))) if totals.requests else BLANK,
        line(muted(f"{words.short(totals.total_tokens)} tokens")) if totals.requests else BLANK,
        line(muted(words.quantity(fallback.fallbacks, "switch", "es"))) if fallback.fallbacks else BLANK,
    ]
    return joined(parts)


def _view(metric: str, chart: str) -> str:
    """`tokens`, `cost lines`."""
    return metric if chart == CHARTS[0] else f"{metric} {chart}"


def _period(period: str) -> str:
    if period in WINDOWS or period == "all":
        return {"5h": "5 h window", "week": "this week"}.get(period, "all time")
    return f"{period[:-1]} {period[-1]}"


def _last(period: str) -> str:
    """`the last 7 days`, `the last hour`."""
    if period in WINDOWS:
        return {"5h": "the running 5-hour window"}.get(period, "the running week")
    unit = {"h": "hour", "d": "day"}[period[-1]]
    return f"the last {unit}" if period[:-1] == "1" else f"the last {period[:-1]} {unit}s"


def _colours(report: LedgerView, snapshot: Snapshot) -> dict[str, str]:
    """A colour per part: a provider's own one, else by size."""
    if report.by == "provider":
        return dict(provider_order.colours(snapshot, [part.name for part in report.parts]))
    return {part.name: series_colour(index) for index, part in enumerate(report.parts)}


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
    part: Group,
    names: Mapping[str, str],
    report: LedgerView,
    snapshot: Snapshot,
    colours: Mapping[str, str],
    space: Space,
) -> dict[str, Line]:
    part_totals = part.totals
    swatch = space.symbols.swatch([group.name for group in report.parts].index(part.name))
    entry = snapshot.catalog.providers.get(part.name)
    plan = "~" if part_totals.plan_usd or (entry is not None and entry.plan) else " "
    cost = (
        "—" if part_totals.unpriced_tokens and not part_totals.cost_usd else words.money(part_totals.cost_usd)
    )
    rate = part_totals.failure_rate
    return {
        "name": line(Span(swatch, colours.get(part.name, "muted")), " ", Span(names[part.name])),
        "requests": line(Span(words.number(part_totals.requests))),
        "tokens": line(Span(words.short(part_totals.total_tokens))),
        "cost": line(Span(cost), muted(plan)),
        "ms": line(muted("—" if part.latency_ms_p50 is None else _seconds(part.latency_ms_p50))),
        "fail": line(Span(f"{100 * rate:.1f} %", "bad" if rate >= HIGH_FAILURE else "muted")),
    }


def _seconds(ms: float) -> str:
    """`0.8 s`, `9.6 s`, `104 s`: as wide as it is exact."""
    return f"{ms / 1000:.1f} s" if ms < 100_000 else f"{ms / 1000:.0f} s"


def _names(report: LedgerView, width: int) -> dict[str, str]:
    """How each part is called: a project by its folder, a model without its date, as long as that tells
    them apart; a provider shorter where room is dear.
    """
    parts = [part.name for part in report.parts]
    if report.by == "provider":
        return {part: provider_order.short_name(part) if width < ROOMY else part for part in parts}
    if report.by not in _SHORTER:
        return {part: part for part in parts}
    short = {part: _SHORTER[report.by](part) or part for part in parts}
    often = Counter(short.values())
    return {part: name if often[name] == 1 else _apart(part) for part, name in short.items()}


def _apart(name: str) -> str:
    """A project with the folder it lies in; a model as it is."""
    return "/".join(PurePath(name).parts[-2:]) if "/" in name else name


_SHORTER: Mapping[str, Callable[[str], str]] = {
    "project": lambda path: PurePath(path).name,
    "model": undated,
}


_ORDER: Mapping[str, Callable[[Group], SupportsRichComparison]] = {
    "name": lambda part: part.name,
    "requests": lambda part: -part.totals.requests,
    "tokens": lambda part: -part.totals.total_tokens,
    "cost": lambda part: -part.totals.cost_usd,
    "ms": lambda part: -(part.latency_ms_p50 or 0.0),
    "fail": lambda part: -part.totals.failure_rate,
}
