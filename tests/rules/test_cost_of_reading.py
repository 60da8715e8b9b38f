"""Reading an answer takes no new slow way: each row of the bench stays within a number of function calls.

Calls are the same on every machine, however busy; `python -m tests.bench classify` measures the time.
"""

from __future__ import annotations

import json
import sys
from types import FrameType
from typing import Any

import pytest

from pf_tui.rules import failures
from tests.bench.classify import ANSWERS, LONG, NOW
from tests.rules.test_answers_in_the_wild import MEANINGS

MOST_CALLS = {
    "429 with retry-after": 155,
    "529 overloaded": 119,
    "401 with a key in it": 144,
    "429 with a time in words": 147,
    "429 with a clock in words": 162,
    "500 that says nothing": 129,
    "503, a page of 100 KB": 222,
    "429, JSON of 1 MB": 129,
}
"""Of Python 3.11, which counts a list comprehension as a call."""

SLACK = 1.1


def calls_of(status: int, headers: dict[str, str], body: str) -> int:
    """Functions called, those in C too, to read one answer."""
    count = 0

    def count_call(_frame: FrameType, event: str, _arg: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count_call)
    try:
        failures.classify(
            status=status, headers=headers, body=body, now=NOW, meanings=MEANINGS, model="claude-opus-5-5"
        )
    finally:
        sys.setprofile(before)
    return count


def bodies(name: str) -> tuple[int, dict[str, str], list[str]]:
    """Status, headers and two bodies of a row: one to compile the patterns with, one to count."""
    if name in LONG:
        status, form = LONG[name]
        return status, {}, [form.format(number) for number in range(2)]
    status, message, wait = ANSWERS[name]
    errors = [{"error": {"type": "error", "message": f"{message} {number}"}} for number in range(2)]
    return status, {"retry-after": wait} if wait else {}, [json.dumps(error) for error in errors]


def test_every_row_of_the_bench_has_its_bound() -> None:
    assert list(MOST_CALLS) == [*ANSWERS, *LONG]


@pytest.mark.parametrize("name", MOST_CALLS)
def test_reading_an_answer_takes_no_new_slow_way(name: str) -> None:
    status, headers, (first, second) = bodies(name)

    calls_of(status, headers, first)
    calls = calls_of(status, headers, second)

    assert calls <= MOST_CALLS[name] * SLACK, (
        f"'{name}' takes {calls} calls instead of {MOST_CALLS[name]}: ask a cheap question first"
        " (`in` before a pattern, a pattern only where its words stand); if the calls buy what people see,"
        f" show that `python -m tests.bench classify` stays at 50 µs and write {calls} into MOST_CALLS"
    )
