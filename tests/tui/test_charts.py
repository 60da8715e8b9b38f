"""Line charts: what is drawn where, for any numbers and any size."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.ledger.query import REST
from pf_tui.ledger.totals import Group
from pf_tui.records import replace
from pf_tui.rules.limits import Limit, Reading
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context
from pf_tui.text.lines import Line, Span, cells, line, plain
from pf_tui.text.symbols import ASCII, BLOCK, BRAILLE, Symbols, without_colour
from pf_tui.tui.charts.axis import Below, Beside, below, beside, thinned
from pf_tui.tui.charts.lines import Edge, Trace, even, line_chart, lined
from pf_tui.tui.ledger_view import LedgerView, Step
from pf_tui.tui.page import Choice, Space
from pf_tui.tui.panes import analytics, window_chart
from pf_tui.tui.times import Clock
from tests import readings
from tests.tui.test_layouts import scene, sums

VALUES = st.lists(st.floats(0, 1e9), min_size=1, max_size=40)
SETS = st.sampled_from((BRAILLE, BLOCK, ASCII, without_colour(BRAILLE), without_colour(BLOCK)))
SIZES = {"width": st.integers(1, 70), "height": st.integers(1, 14)}
_LEFT = (0x01, 0x02, 0x04, 0x40)
_RIGHT = (0x08, 0x10, 0x20, 0x80)


def trace(values: Sequence[float], **more: object) -> Trace:
    return Trace(**{"colour": "series-1", "points": even(values), **more})


def dots(chart: Sequence[Line]) -> list[list[int]]:
    """Per dot column of a braille chart: which dot rows are lit, from above."""
    text = [plain(one) for one in chart]
    return [
        [
            4 * row + place
            for row, one in enumerate(text)
            for place, bit in enumerate(bits)
            if one[column] != " " and ord(one[column]) - 0x2800 & bit
        ]
        for column in range(len(text[0]))
        for bits in (_LEFT, _RIGHT)
    ]


@given(series=st.lists(VALUES, max_size=8), symbols=SETS, **SIZES)
def test_a_chart_of_lines_has_the_size_it_was_given(
    series: list[list[float]], symbols: Symbols, width: int, height: int
) -> None:
    chart = line_chart([trace(values, mark=symbols.fills[0]) for values in series], width, height, symbols)

    assert [cells(one) for one in chart] == [width] * height


@given(
    series=st.lists(VALUES, max_size=8),
    names=st.lists(st.text("abcß日本🚀", max_size=12), max_size=8),
    symbols=SETS,
    width=st.integers(20, 120),
    height=st.integers(3, 14),
)
def test_with_its_names_and_numbers_it_has_that_size_too(
    series: list[list[float]], names: list[str], symbols: Symbols, width: int, height: int
) -> None:
    traces = [
        trace(values, name=line(Span(name)))
        for values, name in zip(series, [*names, *[""] * len(series)], strict=False)
    ]

    def under(margin: int, plot: int) -> list[Below]:
        return thinned([Below(at=margin + at, text="Wed") for at in range(0, plot, 2)])

    chart = lined(traces, width, height, symbols, number=lambda value: f"${value:g}"[:5], names=under)

    assert [cells(one) for one in chart] == [width] * height


@given(values=st.lists(st.floats(0, 1e6), min_size=2, max_size=30), **SIZES)
def test_a_line_that_rises_is_never_drawn_falling(values: list[float], width: int, height: int) -> None:
    lit = dots(line_chart([trace(sorted(values))], width, height, BRAILLE))
    highest = [min(column) for column in lit if column]

    assert highest == sorted(highest, reverse=True)


@given(values=st.lists(st.floats(1, 1e6), min_size=2, max_size=30), **SIZES)
def test_a_line_has_no_hole(values: list[float], width: int, height: int) -> None:
    floor = 4 * height - 1
    lit = dots(line_chart([trace(values)], width, height, BRAILLE))

    for left, right in itertools.pairwise(lit):
        if left and right:
            near = min(abs(one - other) for one in left for other in right)
            assert near <= 1
        else:  # on the ground nothing is drawn
            assert not (left or right) or max(left or right) >= floor - 1


@given(value=st.floats(0.01, 1e6), share=st.floats(0, 1), **SIZES)
def test_of_two_flat_lines_the_higher_value_is_not_the_lower_line(
    value: float, share: float, width: int, height: int
) -> None:
    upper = dots(line_chart([trace([value] * 2)], width, height, BRAILLE, peak=value))
    lower = dots(line_chart([trace([value * share] * 2)], width, height, BRAILLE, peak=value))

    tops = [(min(one), min(other)) for one, other in zip(upper, lower, strict=True) if one and other]
    assert all(one <= other for one, other in tops)


@pytest.mark.parametrize("symbols", [BRAILLE, BLOCK, ASCII], ids=lambda one: one.name)
def test_the_highest_value_touches_the_upper_edge_and_a_single_one_stands_at_the_right(
    symbols: Symbols,
) -> None:
    rising = line_chart([trace([1.0, 5.0])], 20, 5, symbols)
    single = line_chart([trace([5.0])], 20, 5, symbols)

    assert plain(rising[0]).strip()
    assert plain(single[0]).rstrip() == plain(single[0])
    assert not plain(single[0])[:-1].strip()


def test_where_two_lines_meet_the_first_one_is_seen() -> None:
    chart = line_chart([trace([1, 1], colour="series-1"), trace([1, 1], colour="series-2")], 10, 3, BRAILLE)

    assert {span.colour for one in chart for span in one if span.text.strip()} == {"series-1"}


def test_in_half_blocks_two_lines_share_a_cell() -> None:
    chart = line_chart(
        [trace([3, 3], colour="series-1"), trace([2, 2], colour="series-2")], 4, 2, BLOCK, peak=3
    )

    assert chart[0] == (Span("▀▀▀▀", "series-1", on="series-2"),)


def test_nothing_is_drawn_while_nothing_is_used() -> None:
    chart = line_chart([trace([0, 0, 0, 4, 0, 0])], 12, 4, BRAILLE)

    assert plain(chart[3])[:2] == "  "
    assert plain(chart[3])[-2:] == "  "


def test_without_colours_each_line_carries_the_mark_of_its_name() -> None:
    symbols = without_colour(BRAILLE)
    traces = [
        trace([5, 4, 5], name=line("one"), mark=symbols.swatch(0)),
        trace([1, 2, 1], name=line("two"), mark=symbols.swatch(1)),
    ]
    chart = [plain(row) for row in lined(traces, 40, 7, symbols, number=str, names=lambda *_: [])]

    for name, mark in (("one", "■"), ("two", "▒")):
        assert [row for row in chart if f"{mark} {name}" in row]
        assert "".join(chart).count(mark) >= 3


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(1, 10))
def test_names_at_the_end_stand_in_the_order_of_their_lines_and_never_in_one_row(
    rows: list[int], height: int
) -> None:
    names = [Beside(row=min(row, height - 1), content=line(f"n{at}")) for at, row in enumerate(rows)]
    shown = [plain(one) for one in beside(names, height)]

    assert len(shown) == height
    assert sorted(filter(None, shown)) == sorted(plain(one.content) for one in names[:height])
    order = [int(one[1:]) for one in shown if one]
    assert [names[at].row for at in order] == sorted(names[at].row for at in order)


def test_of_two_names_in_one_row_the_higher_value_stands_above() -> None:
    traces = [Trace(colour="a", points=even([9.0, value]), name=line(f"n{value}")) for value in (0.0, 0.1)]
    chart = [plain(row) for row in lined(traces, 40, 5, BRAILLE, number=str, names=lambda *_: [])]

    assert "".join(chart).index("n0.1") < "".join(chart).index("n0.0")


@given(st.lists(st.tuples(st.integers(-5, 90), st.text("ab日", min_size=1, max_size=9))), st.integers(1, 80))
def test_names_below_never_touch(places: list[tuple[int, str]], width: int) -> None:
    names = [Below(at=at, text=text) for at, text in places]
    row = below(names, width)

    assert cells(row) == width
    assert set(plain(row).split()) <= {text for _, text in places}


# -- how a limit window fills


def window(**more: object) -> Limit:
    return scene.limit("5h", 62, scene.at(1, minutes=38), runs_out_at=scene.at(1, minutes=10), **more)


def seen(minutes: float, percent: float) -> Reading:
    resets_at = scene.at(1, minutes=38) + timedelta(seconds=minutes)  # agents round it differently
    return readings.reading(percent, at=scene.at(minutes=-minutes), resets_at=resets_at)


def drawn(limit: Limit, readings: Sequence[Reading], width: int = 60, room: int = 9) -> list[str]:
    space = Space(width=width, height=30, clock=Clock(now=scene.NOW))
    chart = window_chart.draw("anthropic-subscription", limit, readings, space, room)
    assert all(cells(one) == width for one in chart)
    return [plain(one) for one in chart]


READINGS = [seen(120, 12), seen(60, 30), seen(2, 62)]


def test_the_wall_the_measured_course_and_where_the_pace_leads_are_drawn() -> None:
    chart = drawn(window(), READINGS)

    assert chart[0].startswith("100 % ──")
    assert any(row.startswith(" 50 %") for row in chart)
    assert [word for word in chart[-1].split() if ":" in word or word == "now"] == [
        "10:40", "now", "~15:12", "15:40",
    ]  # fmt: skip


def test_without_a_pace_nothing_is_foretold() -> None:
    chart = drawn(replace(window(), runs_out_at=None), READINGS)

    assert "~" not in chart[-1]
    assert "⠁" not in chart[0][40:]


@pytest.mark.parametrize(
    ("readings", "width", "room"),
    [([], 60, 9), (READINGS, 20, 9), (READINGS, 60, 5)],
    ids=["nothing was read", "too narrow", "too low"],
)
def test_where_it_would_say_nothing_there_is_no_course(
    readings: list[Reading], width: int, room: int
) -> None:
    assert drawn(window(), readings, width, room) == []


def test_readings_of_the_window_before_are_not_part_of_this_one() -> None:
    before = replace(seen(300, 99), resets_at=scene.at(-3))

    assert drawn(window(), [before, *READINGS]) == drawn(window(), READINGS)


def test_a_budget_has_no_course() -> None:
    spent = scene.limit("day", 12, scene.at(10), unit="usd", used=1.2, limit=10.0, source="budget")

    assert drawn(spent, READINGS) == []


def test_an_overdrawn_window_keeps_its_wall_inside() -> None:
    chart = drawn(replace(window(), percent=130.0, runs_out_at=None), [*READINGS, seen(0, 130)])

    assert not chart[0].startswith("100 %")
    assert any(row.startswith("100 %") for row in chart)


def test_an_edge_says_its_value_at_the_side() -> None:
    chart = lined(
        [trace([10, 90])],
        30,
        6,
        ASCII,
        number=str,
        names=lambda *_: [],
        peak=100,
        edges=(Edge(value=100, text="wall", firm=True),),
    )

    assert plain(chart[0]).startswith("wall ---")


# -- the analytics pane


def used(by: str, costs: Mapping[str, Sequence[float]], **more: object) -> LedgerView:
    """A part per name, a day per cost."""
    days = max(map(len, costs.values()))
    return LedgerView(
        **{
            "by": by,
            "totals": sums(1, 1, 1.0),
            "parts": tuple(Group(name=name, totals=sums(1, 1, sum(row))) for name, row in costs.items()),
            "steps": tuple(
                Step(
                    start=datetime(2026, 11, 1) + timedelta(days=day),  # noqa: DTZ001 - local, without a zone
                    parts={name: sums(1, 1, row[day]) for name, row in costs.items() if row[day]},
                )
                for day in range(days)
            ),
            **more,
        }
    )


def shown(
    report: LedgerView, afternoon: Snapshot, width: int = 100, words: str = "", symbols: Symbols = BRAILLE
) -> list[str]:
    space = Space(width=width, height=34, clock=Clock(now=scene.NOW), symbols=symbols)
    page = analytics.page_for(report, afternoon, space, Choice(words=words), chart="lines")
    assert all(cells(row.content) <= width for row in page.rows)
    assert all(cells(one) <= width for one in page.pinned)
    return page.text().splitlines()


@pytest.fixture
def afternoon(context: Callable[..., Context]) -> Snapshot:
    found: Snapshot = scene.afternoon(context)
    return found


@pytest.mark.parametrize("symbols", [BRAILLE, ASCII, without_colour(BLOCK)], ids=lambda one: one.name)
def test_the_smallest_of_many_are_one_line_together(afternoon: Snapshot, symbols: Symbols) -> None:
    many = {f"agent-{place:02}": [30.0 - place, 30.0 - place] for place in range(25)}
    text = "\n".join(shown(used("agent", many), afternoon, symbols=symbols)[:-26])

    assert "20 others" in text
    assert [name for name in many if name in text] == [f"agent-{place:02}" for place in range(5)]


def test_what_the_ledger_adds_up_is_part_of_the_others(afternoon: Snapshot) -> None:
    many = {f"agent-{place:02}": [9.0 - place, 9.0 - place] for place in range(8)}
    told = used("agent", many)
    rest = tuple(Group(name=f"small-{place}", totals=sums(1, 1, 0.5)) for place in range(4))
    steps = tuple(replace(step, parts={**step.parts, REST: sums(4, 4, 1.0)}) for step in told.steps)
    text = shown(replace(told, parts=(*told.parts, *rest), steps=steps), afternoon)

    assert any("7 others" in row and "$10.00" in row for row in text)  # 4 + 3 + 2, and 1
    assert REST not in "\n".join(text)


def test_a_filter_narrows_the_chart_too(afternoon: Snapshot) -> None:
    text = shown(used("agent", {"one": [1, 2], "two": [2, 1]}), afternoon, words="two")

    assert [row for row in text if "one" in row] == []
    assert len([row for row in text if "two" in row]) == 2


def test_a_filter_on_what_the_ledger_adds_up_says_why_no_line_is_drawn(afternoon: Snapshot) -> None:
    told = used("agent", {"large": [9.0, 9.0]})
    small = Group(name="small", totals=sums(1, 1, 0.5))
    steps = tuple(replace(step, parts={**step.parts, REST: sums(1, 1, 0.5)}) for step in told.steps)
    report = replace(told, parts=(*told.parts, small), steps=steps)

    assert analytics.UNTOLD in shown(report, afternoon, 40, words="small")[0]
    assert analytics.UNTOLD not in "\n".join(shown(report, afternoon, words="large"))
    assert analytics.UNTOLD not in "\n".join(shown(report, afternoon))


def test_projects_of_one_name_are_told_apart_by_the_folder_they_lie_in(afternoon: Snapshot) -> None:
    report = used("project", {"/home/u/work/api": [1, 2], "/home/u/play/api": [2, 1], "/home/u/web": [1, 1]})
    text = "\n".join(shown(report, afternoon))

    assert "work/api" in text
    assert "play/api" in text
    assert "u/web" not in text


def test_models_are_named_without_their_date_unless_it_tells_them_apart(
    afternoon: Snapshot,
) -> None:
    report = used(
        "model",
        {"claude-opus-4-5-20251101": [3], "claude-sonnet-4-20250514": [2], "claude-sonnet-4-20250601": [1]},
    )
    text = "\n".join(shown(report, afternoon))

    assert "claude-opus-4-5 " in text
    assert "claude-sonnet-4-20250514" in text
    assert "claude-sonnet-4-20250601" in text


def test_a_chart_without_a_value_is_not_drawn(afternoon: Snapshot) -> None:
    text = shown(used("agent", {"one": [0, 0]}), afternoon)

    assert text[0].startswith("agent")


def test_two_years_are_drawn_in_steps_that_the_title_names(afternoon: Snapshot) -> None:
    report = used("agent", {"one": [1.0] * 730}, period="all")
    space = Space(width=100, height=34, clock=Clock(now=scene.NOW))
    page = analytics.page_for(report, afternoon, space, chart="lines")

    assert "per 30 days" in plain(page.facts)
    assert "'26" in page.text()
    assert "'28" in page.text()


@pytest.mark.parametrize(
    ("period", "words"),
    [("1h", "the last hour"), ("24h", "the last 24 hours"), ("7d", "the last 7 days"), ("all", "yet")],
)
def test_an_empty_period_is_named(afternoon: Snapshot, period: str, words: str) -> None:
    assert words in " ".join(shown(LedgerView(period=period), afternoon))
