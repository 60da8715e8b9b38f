from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.text.lines import cells, plain
from pf_tui.text.meter import bar, meter
from pf_tui.text.symbols import ASCII, BRAILLE


@given(percent=st.none() | st.floats(-10, 1000), width=st.integers(0, 60))
def test_a_meter_is_as_wide_as_asked(percent: float | None, width: int) -> None:
    assert cells(meter(percent, width, BRAILLE)) == width


@pytest.mark.parametrize(
    ("percent", "shown"),
    [
        pytest.param(0, "────", id="nothing used"),
        pytest.param(1, "▬───", id="a little shows"),
        pytest.param(50, "▬▬──", id="half"),
        pytest.param(99.9, "▬▬▬─", id="not full before the end"),
        pytest.param(100, "▬▬▬▬", id="full"),
        pytest.param(200, "▬▬▬▬", id="over it"),
        pytest.param(None, "────", id="unknown"),
    ],
)
def test_a_meter_fills_from_the_left(percent: float | None, shown: str) -> None:
    assert plain(meter(percent, 4, BRAILLE)) == shown


def test_a_bar_has_the_steps_of_its_signs() -> None:
    assert [bar(share, 4, BRAILLE) for share in (0, 0.5, 0.5625, 1, 2)] == ["", "██", "██▎", "████", "████"]
    assert bar(0.5, 4, ASCII) == "##"
