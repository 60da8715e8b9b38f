"""The chart of the analytics pane: what was used when, as stacked bars or as lines. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from pf_tui.documents import words
from pf_tui.ledger.query import REST
from pf_tui.ledger.totals import Totals, total
from pf_tui.records import record
from pf_tui.text.lines import BLANK, SERIES, Line, Span, cells, fit, line, muted, shortened
from pf_tui.tui.charts.axis import Below, thinned
from pf_tui.tui.charts.bars import Bar, stacked
from pf_tui.tui.charts.lines import Trace, even, lined
from pf_tui.tui.charts.spark import spark
from pf_tui.tui.ledger_view import LedgerView, Step
from pf_tui.tui.page import Space

METRICS = ("cost", "tokens", "requests")
CHARTS = ("bars", "lines")
VIEWS = tuple((metric, chart) for chart in CHARTS for metric in METRICS)
"""What `v` goes through; `V` goes from one chart to the other."""

LEAST, TALLEST = 4, 40
"""Lines below which a chart says nothing, and above which it says no more."""
NARROWEST = 24
MOST_POINTS = 40
"""Of a line: with more it is a thicket where there are several."""
YEAR = timedelta(days=360)
"""Over longer times a label names the year."""
DATED = 8
"""Days from which on a weekday would stand for two of them: their labels are dates."""
ROOMY = 70
"""From here on numbers stand beside the names of lines."""

_VALUES: Mapping[str, Callable[[Totals], float]] = {
    "cost": lambda part_totals: part_totals.cost_usd,
    "tokens": lambda part_totals: float(part_totals.total_tokens),
    "requests": lambda part_totals: float(part_totals.requests),
}


@record
class ChartInput:
    """What a chart is made of."""

    names: Mapping[str, str]
    """The parts that are shown, and how they are called here."""
    report: LedgerView
    provider_colours: Mapping[str, str]
    metric: str
    space: Space

    def values(self, step: Step) -> tuple[float, ...]:
        """Of each part."""
        value = _VALUES[self.metric]
        return tuple(value(step.parts[name]) if name in step.parts else 0.0 for name in self.names)

    def steps(self, chart: str) -> list[tuple[str, tuple[float, ...]]]:
        """(label, value of each part), as many as there is room for."""
        steps, every = _merged(self.report.steps, self.report.step, self._room(chart))
        length = self.report.step * every
        long = bool(steps) and steps[-1].start - steps[0].start > YEAR
        dated = len(steps) >= DATED
        return [
            (_label(step.start, length, last=at == len(steps) - 1, long=long, dated=dated), self.values(step))
            for at, step in enumerate(steps)
        ]

    def per(self, chart: str) -> str:
        """What one step stands for where that is not plain: `per week`."""
        _, every = _merged(self.report.steps, self.report.step, self._room(chart))
        days = self.report.step * every // timedelta(days=1)
        return "" if every == 1 or not days else "per week" if days == 7 else f"per {days} days"

    def _room(self, chart: str) -> int:
        """The most steps."""
        room = self.space.width - 8
        return min(room, MOST_POINTS) if chart == "lines" else room

    def number(self, value: float) -> str:
        """A round value, as the axis writes it."""
        return words.short(value) if self.metric != "cost" else _dollars(value)

    def amount(self, value: float) -> str:
        """A value in full, as the table writes it."""
        return words.short(value) if self.metric != "cost" else words.money(value)

    def sign(self, name: str) -> str:
        """What stands before the name in the table, whatever is filtered and ordered."""
        parts = self.report.parts
        number = next((at for at, part in enumerate(parts) if part.name == name), len(parts))
        return self.space.symbols.swatch(number)


def draw(data: ChartInput, chart: str, rows: int) -> Sequence[Line]:
    """The chart, above a heading and so many rows; () where there is too little room for one."""
    space = data.space
    table = 1 + min(rows, max(3, space.height // 2))
    gap = 1 if space.height - table > LEAST else 0
    if space.height - table < LEAST:  # a few rows have to be scrolled to
        table = 1 + min(rows, 3)
    height = min(space.height - table - gap, TALLEST)
    if height < LEAST or space.width < NARROWEST or not any(map(any, map(data.values, data.report.steps))):
        return ()
    return [*(_lines if chart == "lines" else _bars)(data, height), *[BLANK] * gap]


def glance(chart: ChartInput) -> Line:
    """`▂▅█▃▂▁▆  Mon … today`: every step as one bar in a single line."""
    steps = chart.steps("bars")
    bars = spark([sum(values) for _, values in steps], chart.space.width, chart.space.symbols)
    return fit(
        line(" ", bars, muted(f"  {steps[0][0]} … {steps[-1][0]}" if steps else "")), chart.space.width
    )


def _bars(chart: ChartInput, height: int) -> Sequence[Line]:
    """Everything that was used, step by step, in a bar of its parts."""
    space = chart.space
    bars = [Bar(label=label, parts=values) for label, values in chart.steps("bars")]
    colours = [chart.provider_colours.get(name, "muted") for name in chart.names]
    return stacked(bars, colours, space.width, height, space.symbols, chart.number)


def _lines(chart: ChartInput, height: int) -> Sequence[Line]:
    """Each part as a line, named at its end."""
    space = chart.space
    steps = chart.steps("lines")
    series_list = _series_of(chart, [values for _, values in steps])
    longest = min(max(cells(series.name) for series in series_list), max(10, space.width // 3))
    traces = [
        Trace(
            colour=series.colour,
            points=even(series.values),
            name=_end(series, longest, chart),
            mark=series.mark,
        )
        for series in series_list
    ]

    def below(margin: int, plot: int) -> list[Below]:
        columns = [margin + round(x * (plot - 1)) for x, _ in even([0.0] * len(steps))]
        return thinned([Below(at=at, text=label) for at, (label, _) in zip(columns, steps, strict=True)])

    return lined(traces, space.width, height, space.symbols, number=chart.number, names=below)


@record
class _Series:
    """One line."""

    name: str
    values: tuple[float, ...]
    colour: str
    mark: str = ""


def _series_of(chart: ChartInput, steps: Sequence[tuple[float, ...]]) -> list[_Series]:
    """The largest parts first; the smallest of many are one line together."""
    by_shape = chart.space.symbols.told_apart_by_shape
    series_list = [
        _Series(
            name=label,
            values=tuple(values[index] for values in steps),
            colour=chart.provider_colours.get(name, "muted"),
            mark=chart.sign(name) if by_shape else "",
        )
        for index, (name, label) in enumerate(chart.names.items())
    ]
    untold = [
        series for series in series_list if series.name == REST
    ]  # it stands for the smallest of the parts
    by_size = sorted(
        (series for series in series_list if series.name != REST), key=lambda series: -sum(series.values)
    )
    if len(by_size) <= SERIES:
        return by_size
    largest, rest = by_size[: SERIES - 1], by_size[SERIES - 1 :]
    together = tuple(
        sum(values) for values in zip(*(series.values for series in (*rest, *untold)), strict=True)
    )
    return [*largest, _Series(name=f"{len(rest)} others", values=together, colour="muted")]


def _end(series: _Series, width: int, chart: ChartInput) -> Line:
    """What stands at the end of a line: its name, and where there is room what the last step came to."""
    label = line(Span(shortened(series.name, width), series.colour))
    if chart.space.width < ROOMY:
        return fit(label, min(width, cells(label)))
    return line(fit(label, width), muted(f"{chart.amount(series.values[-1]):>8}"))


def _merged(steps: Sequence[Step], step: timedelta, room: int) -> tuple[list[Step], int]:
    """So few bars that each has a cell; the last bar ends now."""
    if len(steps) <= max(room, 1):
        return list(steps), 1
    every = -(-len(steps) // max(room, 1))
    if step >= timedelta(days=1):
        every = next((size for size in (7, 14, 30, 90, 365) if size >= every), every)
    merged_steps = []
    for end in range(len(steps), 0, -every):
        group = steps[max(0, end - every) : end]
        parts: dict[str, Totals] = {}
        for series in group:
            for name, part_totals in series.parts.items():
                parts[name] = total([parts[name], part_totals]) if name in parts else part_totals
        merged_steps.append(Step(start=group[0].start, parts=parts))
    return merged_steps[::-1], every


def _label(start: datetime, length: timedelta, *, last: bool, long: bool, dated: bool) -> str:
    if length < timedelta(hours=1):
        return f"{start:%H:%M}"
    if length < timedelta(days=1):
        return f"{start:%H}"
    if long:
        return f"{start:%b} '{start:%y}"
    if length > timedelta(days=1):
        return f"{start.day} {start:%b}"
    if last:
        return "today"
    return f"{start.day} {start:%b}" if dated else f"{start:%a}"


def _dollars(value: float) -> str:
    return f"${value:g}" if value < 10_000 else f"${words.short(value)}"
