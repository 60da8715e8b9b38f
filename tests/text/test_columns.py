from __future__ import annotations

from pf_tui.text.columns import LEAST, Column, body, chosen
from pf_tui.text.lines import Line, Span, cells, plain

ROW: dict[str, Line] = {"name": (Span("anthropic-subscription"),), "note": (Span("twelve cells"),)}


def test_a_column_that_shrinks_is_cut_only_when_nothing_can_leave() -> None:
    columns = [Column(key="name", title="", shrinks=True), Column(key="note", title="", leaves=1)]

    roomy, narrow = chosen(columns, [ROW], 30), chosen(columns, [ROW], 15)

    assert [plain(body(kept, ROW)).rstrip() for kept in (roomy, narrow)] == [
        "anthropic-subscription",
        "anthropic-subs…",
    ]


def test_a_column_with_a_least_is_cut_before_another_leaves() -> None:
    columns = [Column(key="name", title="", least=8), Column(key="note", title="", leaves=1)]

    kept = chosen(columns, [ROW], 30)

    assert plain(body(kept, ROW)) == "anthropic-subsc…  twelve cells"


def test_no_column_is_cut_below_what_still_tells_something() -> None:
    kept = chosen([Column(key="name", title="", shrinks=True)], [ROW], 2)

    assert cells(body(kept, ROW)) == LEAST
