"""What a LiteLLM proxy tells of a key: its budget as a window, its end, and what an answer cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pf_tui.rules import limits, litellm, windows
from pf_tui.rules.reset_headers import readings_from_headers

NOW = datetime(2026, 11, 29, 20, 0, tzinfo=UTC)
TOLD = {"x-litellm-key-max-budget": "5.0", "x-litellm-key-spend": "1.251464"}


def test_a_keys_budget_is_a_window_without_an_end() -> None:
    (reading,) = readings_from_headers("team", TOLD, NOW)
    (limit,) = limits.current([reading], NOW)

    assert (reading.window, reading.unit, reading.used, reading.limit) == ("budget", "usd", 1.251464, 5.0)
    assert (limit.resets_at, limit.source, round(limit.percent or 0, 1)) == (None, "header", 25.0)
    assert windows.words("budget") == "the key's budget"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"x-litellm-key-spend": "1.0"}, id="no-budget"),
        pytest.param({**TOLD, "x-litellm-key-max-budget": "None"}, id="None"),
        pytest.param({**TOLD, "x-litellm-key-max-budget": "0"}, id="zero"),
        pytest.param({**TOLD, "x-litellm-key-max-budget": "inf"}, id="infinite"),
        pytest.param({**TOLD, "x-litellm-key-max-budget": "nan"}, id="nan"),
        pytest.param({**TOLD, "x-litellm-key-spend": "-3"}, id="negative"),
    ],
)
def test_headers_without_a_budget_are_no_window(headers: dict[str, str]) -> None:
    assert readings_from_headers("team", headers, NOW) == ()


def test_a_used_up_budget_keeps_its_provider_from_serving_for_an_hour() -> None:
    (reading,) = readings_from_headers("team", {**TOLD, "x-litellm-key-spend": "5.02"}, NOW)

    (now,) = limits.current([reading], NOW)

    assert now.exhausted(NOW)
    assert limits.current([reading], NOW + timedelta(hours=1, seconds=1)) == ()


INFO = {"key": "sk", "info": {"spend": 1.0, "max_budget": 5.0, "budget_reset_at": "2026-12-01T00:00:00Z"}}


def test_the_end_that_was_asked_for_holds_for_later_headers() -> None:
    asked = litellm.key_budget("team", INFO, NOW)
    assert asked is not None
    later = NOW + timedelta(hours=2)
    (told,) = readings_from_headers("team", TOLD, later)

    (limit,) = limits.current([asked, told], later)
    other = limits.current(
        [asked, *readings_from_headers("team", {**TOLD, "x-litellm-key-max-budget": "9"}, later)], later
    )

    assert (limit.used, limit.resets_at) == (1.251464, datetime(2026, 12, 1, tzinfo=UTC))
    assert other[0].resets_at is None  # another budget: nobody knows its end


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="nothing"),
        pytest.param([], id="a-list"),
        pytest.param({"info": None}, id="no-info"),
        pytest.param({"info": {"spend": 1.0, "max_budget": None}}, id="no-budget"),
        pytest.param({"info": {"spend": True, "max_budget": 5}}, id="a-flag"),
        pytest.param({"info": {"spend": "much", "max_budget": 5}}, id="a-word"),
    ],
)
def test_an_answer_without_a_budget_is_none(answer: Any) -> None:
    assert litellm.key_budget("team", answer, NOW) is None


@pytest.mark.parametrize("stamp", ["soon", 17, None, "2020-01-01T00:00:00Z"])
def test_an_end_that_is_none_or_past_is_unknown(stamp: Any) -> None:
    reading = litellm.key_budget("team", {"info": {**INFO["info"], "budget_reset_at": stamp}}, NOW)  # type: ignore[dict-item]

    assert reading is not None
    assert reading.resets_at is None


@pytest.mark.parametrize(
    ("told", "cost"), [("0.001464", 0.001464), ("0.0", None), ("None", None), ("-1", None), (None, None)]
)
def test_the_reported_cost_is_what_the_proxy_says(told: str | None, cost: float | None) -> None:
    headers = {} if told is None else {"x-litellm-response-cost": told}

    assert litellm.cost_usd(headers) == cost
