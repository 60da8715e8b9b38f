"""Every case is right here; `python -m tests.oracles` asks the other programs."""

from __future__ import annotations

import pytest

from tests.oracles.ours import asked, verdict
from tests.oracles.streams import CASES, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_trap_is_met_rightly(case: Case) -> None:
    sent, told = asked(case)

    assert verdict(case, sent, told) == "", (sent, told)


@pytest.mark.parametrize("case", [case for case in CASES if case.stream], ids=lambda case: case.id)
@pytest.mark.parametrize("size", [1, 7])
def test_a_stream_may_be_cut_anywhere(case: Case, size: int) -> None:
    assert verdict(case, *asked(case, cut=size)) == ""
