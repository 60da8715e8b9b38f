"""How a limit window fills: what was measured, the limit at 100 %, and where the pace leads. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pf_tui.ledger.window_history import readings_of_window
from pf_tui.rules.limits import LENGTHS, Limit, Reading, share
from pf_tui.text.lines import Line, Span, line, muted
from pf_tui.text.meter import level_colour
from pf_tui.tui.charts.axis import Below
from pf_tui.tui.charts.lines import Edge, Trace, lined
from pf_tui.tui.page import Space

LEAST, TALLEST = 6, 14
"""Lines below which the chart says less than the meter above it, and above which it says no more."""
NARROWEST = 28
FULL = 100.0
SLACK = 8
"""Cells that "empty at" may stand left of its place."""


def draw(provider: str, limit: Limit, readings: Sequence[Reading], space: Space, room: int) -> Sequence[Line]:
    """The chart of one window in at most `room` lines; () where there is nothing or no room to show.

    Args:
        readings: of every window, oldest first.
    """
    length, ends = LENGTHS.get(limit.window), limit.resets_at
    height = min(room, TALLEST)
    if length is None or ends is None or height < LEAST or space.width < NARROWEST:
        return ()
    points = [
        (reading.observed_at, percent)
        for reading in readings_of_window(readings, provider, limit.window, limit.unit, limit.model, ends)
        if (percent := share(reading)) is not None
    ]
    if not points:
        return ()
    window_start = ends - length

    def across(moment: datetime) -> float:
        return max(0.0, min(1.0, (moment - window_start) / length))

    measured = tuple((across(at), percent) for at, percent in points)
    colour = level_colour(limit.percent)
    traces = [Trace(colour=colour, points=measured)]
    if points[0][0] > window_start:
        traces.append(Trace(colour="muted", points=((0.0, 0.0), measured[0]), dashed=True))
    if limit.runs_out_at is not None:
        empty = (across(limit.runs_out_at), FULL)
        traces.append(Trace(colour="warn", points=(measured[-1], empty), dashed=True))

    def below(margin: int, plot: int) -> list[Below]:
        def at(moment: datetime) -> int:
            return margin + round(across(moment) * (plot - 1))

        clock = space.clock
        names = [
            Below(at=at(ends), text=clock.clock(ends)),
            Below(at=at(clock.now), text="now", colour="accent"),
        ]
        if limit.runs_out_at is not None:
            for text in ("empty ~", "~"):  # in as many words as there is room for
                label = f"{text}{clock.clock(limit.runs_out_at)}"
                names.append(Below(at=at(limit.runs_out_at), text=label, colour="warn", slack=SLACK))
        return [*names, Below(at=at(window_start), text=clock.clock(window_start))]

    most = max(FULL, *(percent for _, percent in measured))
    edges = (
        Edge(value=FULL, colour="bad", text="100 %", firm=True),
        Edge(value=FULL / 2, text="50 %"),
    )
    return lined(
        traces,
        space.width,
        height,
        space.symbols,
        number=lambda value: f"{value:.0f} %",
        names=below,
        peak=most,
        edges=edges,
    )


def heading(label: str, limit: Limit) -> Line:
    """Which window the chart is of."""
    return line(Span(label), muted(" so far" if limit.runs_out_at is None else " so far, and at this pace"))
