"""Limits: the windows and budgets of the selected provider, when each begins anew and when it runs dry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pf_tui.documents import words
from pf_tui.ledger.headroom import Headroom
from pf_tui.ledger.reader import LimitHit
from pf_tui.rules.limits import Limit
from pf_tui.snapshot import ProviderView, Snapshot
from pf_tui.text.lines import Line, Span, cells, fit, joined, line, muted, shortened, wrap
from pf_tui.text.meter import alarm, level_colour, meter, percent_text
from pf_tui.tui import provider_order
from pf_tui.tui.ledger_view import UNREAD, LedgerView
from pf_tui.tui.page import Page, Row, Space, unkeyed
from pf_tui.tui.panes import window_chart
from pf_tui.tui.times import Clock

NARROW = 50
"""Below this the reset stands under its meter."""

TIGHT = 40
"""Below this what stands under a meter begins at the left."""

LEAST_METER = 16
"""Cells of a meter before the time of day leaves its place beside the time left."""

MOST_HITS = 3
TITLE, BESIDE_TABS = 14, 15
"""Cells of the border beside the provider's name, and of the name beside the tabs of a narrow screen."""

_WINDOW_LABELS = {"5h": "5-hour", "7d": "week", "minute": "minute", "hour": "hour"}
_BUDGET_ENDS = {"day": "today", "month": "this month"}
KEYS = (("e", "budget"), ("c", "credential"))


def page_for(
    snapshot: Snapshot,
    space: Space,
    provider: str | None,
    report: LedgerView = UNREAD,
    *,
    key: str | None = None,
    room: int = 0,
    more: bool = False,
    brief: bool = False,
    beside: str | None = None,
    live: Sequence[Line] = (),
) -> Page:
    """The windows of one provider and how one of them filled, what is in flight, the last limit hits.

    Args:
        beside: another provider whose windows stand below: the one under the cursor.
        key: the row the cursor stands on: of this window the chart is.
        room: lines the pane can have; the chart takes what the others leave.
        more: show the other providers' windows below.
        brief: one line for each window and nothing else.
    """
    selected_provider = provider or (snapshot.active.provider if snapshot.active else None)
    if selected_provider is None or selected_provider not in snapshot.catalog.providers:
        return Page(title="Limits", rows=(Row(line(muted("no provider is selected"))),))
    view = snapshot.view(selected_provider)
    hits = [hit for hit in report.hits if hit.provider == selected_provider]
    windows = _brief(view, space) if brief and view.limits else block(view, snapshot, space)
    if (headroom := report.headroom.get(selected_provider)) is not None:
        windows += _turns(headroom, space, brief=brief)
    named = beside is not None and beside in snapshot.catalog.providers and beside != selected_provider
    other = snapshot.view(beside) if beside is not None and named else None
    if other is not None and not brief:
        windows += [Row(), Row(line(_heading(other, snapshot))), *block(other, snapshot, space)]
    flowing = [Row(), *unkeyed(live)] if live else []
    hit_rows = [] if brief else _hits(hits, space)
    rows_used = (
        len(windows) + len(flowing) + (0 if more else len(hit_rows))
    )  # alone, the limit hits can be scrolled to
    charted_view = other if other is not None and key and key.startswith(f"{other.id} ") else view
    chart = [] if brief else window_chart_rows(charted_view, report, space, room - rows_used, key)
    rows = [*windows, *chart, *flowing, *hit_rows]
    if more and not chart:  # it can be scrolled to
        rows += window_chart_rows(view, report, space, window_chart.LEAST + 4, key)
    if more:
        for shown_view in snapshot.providers:
            if shown_view.limits and shown_view.id not in (selected_provider, beside):
                rows += [
                    Row(),
                    Row(line(_heading(shown_view, snapshot))),
                    *block(shown_view, snapshot, space),
                ]
    name = selected_provider if space.width >= NARROW else provider_order.short_name(selected_provider)
    name = shortened(name, space.width - TITLE if space.width >= NARROW else BESIDE_TABS)
    facts = line(Span(name, provider_order.colours(snapshot).get(selected_provider, "text")))
    return Page(title="Limits", facts=facts, rows=tuple(rows), keys=KEYS)


def window_chart_rows(
    view: ProviderView, report: LedgerView, space: Space, room: int, key: str | None = None
) -> list[Row]:
    """How a window filled: the one the cursor stands on, else the one that ends first; [] without room."""
    first = view.tightest
    here = [limit for limit in view.limits if _key(view, limit) == key]
    for limit in [*here, *([first] if first else []), *view.limits]:
        chart_rows = window_chart.draw(view.id, limit, report.readings, space, room - 2)
        if chart_rows:
            return [Row(), Row(window_chart.heading(_label(limit), limit)), *unkeyed(chart_rows)]
    return []


def _heading(view: ProviderView, snapshot: Snapshot) -> Span:
    return Span(view.id, provider_order.colours(snapshot).get(view.id, "text"), bold=True)


def block(view: ProviderView, snapshot: Snapshot, space: Space) -> list[Row]:
    """Every window of one provider, and where the figures come from."""
    if not view.limits:
        sentence = "no limit is known: nothing was reported, and you set no budget"
        return [
            *(Row(text_line) for text_line in wrap(sentence, space.width, "muted")),
            Row(_key_hint("e", "sets a budget")),
        ]
    label_width = max(len(_label(limit)) for limit in view.limits)
    indent = label_width + 1 if space.width >= TIGHT else 2
    details = {limit: _detail(limit, space.clock) for limit in view.limits}
    meter_width = min(space.width - label_width - 1 - 8, 60)
    room = meter_width - LEAST_METER if space.width >= NARROW else space.width - indent
    if max(map(len, details.values())) > room:
        details = {limit: _detail(limit, space.clock, both=False) for limit in view.limits}
    detail_width = max(map(len, details.values()))
    if space.width >= NARROW:
        meter_width = min(meter_width - detail_width - 1, 40)
    rows = []
    for limit in view.limits:
        first = line(
            fit((Span(_label(limit)),), label_width + 1),
            meter(limit.percent, meter_width, space.symbols),
            _share(limit),
        )
        detail = muted(details[limit])
        key = _key(view, limit)
        if space.width >= NARROW:
            rows.append(Row(line(first, " ", detail), key))
        else:
            rows += [Row(first, key), Row(line(" " * indent, detail))]
        if limit.runs_out_at is not None:
            pace = _pace(view, limit.runs_out_at, snapshot, space, indent)
            rows.append(Row(line(" " * indent, pace)))
    if all(limit.source == "budget" for limit in view.limits):  # their label says whose they are
        return rows
    return [
        *rows,
        *(
            Row(line(" " * indent, source))
            for source in _sources(view.limits, space.clock, space.width - indent)
        ),
    ]


def _brief(view: ProviderView, space: Space) -> list[Row]:
    """`5h    ▬▬▬▬▬▬───  62 %  1h38 ~15:12`: a line for each window."""
    labels = {
        limit: "budget" if limit.source == "budget" else words.window_word(limit.window, limit.model)
        for limit in view.limits
    }
    ends = {limit: _ending(limit, space.clock) for limit in view.limits}
    label_width, end_width = max(map(len, labels.values())), max(map(cells, ends.values()))
    meter_width = max(space.width - label_width - 2 - 8 - 1 - end_width - 1, 0)
    return [
        Row(
            line(
                " ",
                fit((Span(labels[limit]),), label_width + 1),
                meter(limit.percent, meter_width, space.symbols),
                _share(limit),
                " ",
                fit(ends[limit], end_width),
            ),
            _key(view, limit),
        )
        for limit in view.limits
    ]


def _turns(headroom: Headroom, space: Space, *, brief: bool) -> list[Row]:
    """What is left in turns, under the windows."""
    if brief:
        remaining = f"~{words.quantity(headroom.turns, 'turn')} left of {words.window_word(headroom.window)}"
        return [Row(line(" ", muted(remaining)))]
    indent = 2 if space.width < NARROW else len(max(_WINDOW_LABELS.values(), key=len)) + 1
    turns_text = f"{words.turns(headroom)} ({words.window_word(headroom.window)})"
    return [
        Row(line(" " * indent, text_line)) for text_line in wrap(turns_text, space.width - indent, "muted")
    ]


def _ending(limit: Limit, clock: Clock) -> Line:
    """`1h38 ~15:12`: time to the reset, and when it is empty at this pace."""
    if limit.source == "budget":
        return line(muted(f"of {amount(limit.limit, limit.unit)}"))
    reset_text = ""
    if limit.resets_at:
        reset_text = (
            clock.time_left(limit.resets_at) if clock.near(limit.resets_at) else clock.clock(limit.resets_at)
        )
    empty = line(Span(f"~{clock.clock(limit.runs_out_at)}", "warn")) if limit.runs_out_at else ()
    return line(muted(reset_text), " " if empty and reset_text else "", empty)


def _key(view: ProviderView, limit: Limit) -> str:
    return f"{view.id} {limit.window} {limit.unit} {limit.model or ''}"


def _label(limit: Limit) -> str:
    if limit.source == "budget":
        return "budget"
    label = _WINDOW_LABELS.get(limit.window, limit.window)
    return f"{label} {limit.model}" if limit.model else label


def _share(limit: Limit) -> Line:
    colour = level_colour(limit.percent) if (limit.percent or 0) >= 75 else "text"
    text = percent_text(limit.percent, estimate=not limit.trusted and limit.percent is not None)
    sign = alarm(limit.percent) or " "
    return line(Span(f"{text:>6}", colour), Span(f" {sign}", "bad", bold=True))


def _detail(limit: Limit, clock: Clock, *, both: bool = True) -> str:
    """`resets 15:40 · in 1h38`, `$1.20 of $10 today`."""
    use = f"{amount(limit.used, limit.unit)} of {amount(limit.limit, limit.unit)}"
    if limit.source == "budget":
        return f"{use} {_BUDGET_ENDS[limit.window]}"
    resets = f"resets {(clock.both if both else clock.ends)(limit.resets_at)}" if limit.resets_at else ""
    if limit.unit != "percent" and limit.limit:
        return f"{use}, {resets}" if resets else use
    return resets


def amount(value: float | None, unit: str) -> str:
    """A number in its unit: `$10`, `1.2M tokens`."""
    if value is None:
        return "?"
    if unit == "usd":
        return words.money(value).removesuffix(".00")
    return f"{words.short(value)} {unit}" if unit != "percent" else percent_text(value)


def _pace(view: ProviderView, empty_at: datetime, snapshot: Snapshot, space: Space, indent: int) -> Line:
    """`at this pace empty at ~15:12 in 1h10 → openrouter`; less of it where room is dear.

    Who follows is said of the one who serves.
    """
    serves = snapshot.active is not None and snapshot.active.provider == view.id
    clock, follows = space.clock, snapshot.next.provider if snapshot.next and serves else None
    empty = Span(f"empty at ~{clock.clock(empty_at)}", "warn")
    at = line(Span("at this pace ", "warn"), empty)
    span = Span(f" in {clock.time_left(empty_at)}" if clock.near(empty_at) else "", "warn")
    if not follows:
        return next(
            (
                candidate
                for candidate in (line(at, span), line(empty, span))
                if cells(candidate) <= space.width - indent
            ),
            line(empty),
        )
    colour = provider_order.colours(snapshot).get(follows, "accent")
    arrow, name, short = muted(" → "), Span(follows, colour), Span(provider_order.short_name(follows), colour)
    wordings = (
        line(at, span, arrow, name),
        line(empty, span, arrow, name),
        line(empty, span, arrow, short),
        line(empty, arrow, short),
        line(Span(f"empty ~{clock.clock(empty_at)}", "warn"), arrow, short),
    )
    return next((wording for wording in wordings if cells(wording) <= space.width - indent), wordings[-1])


def _sources(limits: Sequence[Limit], clock: Clock, width: int) -> list[Line]:
    """`official, 2 min ago`, once for each source; each on a line of its own where they do not fit one."""
    newest: dict[str, datetime] = {}
    for limit in limits:
        if limit.source != "budget":
            newest[limit.source] = max(limit.observed_at, newest.get(limit.source, limit.observed_at))
    parts: list[Line] = []
    for source, at in newest.items():
        name = "~ our estimate" if source == "estimate" else source
        parts.append(line(Span(f"{name}, {clock.ago(at)}", "warn" if clock.stale(at) else "muted")))
    if any(limit.source == "budget" for limit in limits):
        parts.append(line(muted("your budget")))
    together = joined(parts, " · ")
    return [together] if cells(together) <= width else parts


def _hits(hits: Sequence[LimitHit], space: Space) -> list[Row]:
    """The last limit hits, newest first, and how many there were this week."""
    rows = []
    for hit in hits[:MOST_HITS]:
        until = f", back {space.clock.clock(hit.until)}" if hit.until else ""
        rows.append(
            Row(line(muted(f"{space.clock.clock(hit.at)}  "), Span(hit.kind.replace("_", " ")), muted(until)))
        )
    if len(hits) > MOST_HITS:
        rows.append(Row(line(muted(f"{len(hits)} such in 7 days"))))
    return [Row(), *rows] if rows else []


def _key_hint(key: str, does: str) -> Line:
    return line(Span(key, "accent"), muted(f" {does}"))
