"""No moment that an upstream names lies outside of the calendar, and no answer is lost for it."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui import catalog
from pf_tui.rules import failures, litellm, reset_headers
from tests.hostile.test_upstream import GOOD_WHOLE, error, scene, whole
from tests.hostile.upstreams import Scene

__all__ = ["scene"]

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MEANINGS = catalog.load().meanings
LATEST = NOW + timedelta(days=62)
"""No bench lasts longer, whatever an answer says."""

MOMENTS = (
    "1000000000000s", "9" * 400 + "s", "999999999d", "999999999h999999999d", "999999999 days", "PT999999999D",
    "999999999.999999999 days, 999999999.9 days", "999:99:99", "1e308", "-1e308", "inf", "-inf", "nan",
    "9" * 5000, "253402300800", "-62135596801", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "0001-01-01", "9999-12-31T23:59:59Z", "Mon, 01 Jan 0001 00:00:00 +2359",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "999999999 weeks", "1_0", "\u0661\u0662", "\u00bd", "-5", "0x10",
)  # fmt: skip
HEADERS = (
    *(name for name, _ in reset_headers._RETRY_AFTER),
    "anthropic-ratelimit-unified-5h-reset", "anthropic-ratelimit-unified-reset",
    "anthropic-ratelimit-requests-reset", "anthropic-ratelimit-tokens-reset", "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens", "x-codex-primary-reset-at", "x-codex-primary-reset-after-seconds",
    "x-codex-primary-window-minutes", "anthropic-ratelimit-unified-5h-utilization", "x-litellm-key-spend",
    "x-litellm-key-max-budget",
)  # fmt: skip
USED_UP = {
    "anthropic-ratelimit-unified-status": "rejected",
    "anthropic-ratelimit-unified-5h-status": "rejected",
    "anthropic-ratelimit-unified-5h-utilization": "1.0",
    "x-codex-primary-used-percent": "100",
    **{f"anthropic-ratelimit-{unit}-limit": "10" for unit in ("requests", "tokens")},
    **{f"anthropic-ratelimit-{unit}-remaining": "0" for unit in ("requests", "tokens")},
    **{f"x-ratelimit-limit-{unit}": "10" for unit in ("requests", "tokens")},
    **{f"x-ratelimit-remaining-{unit}": "0" for unit in ("requests", "tokens")},
}


def ends(headers: dict[str, str], body: str, status: int | None = 429) -> datetime | None:
    failure = failures.classify(
        status=status, headers=headers, body=body, now=NOW, meanings=MEANINGS, rules=(), model="m"
    )
    return failure.until


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment[:24])
def test_no_header_names_a_moment_outside_of_the_calendar(moment: str) -> None:
    for name in HEADERS:
        headers = {**USED_UP, name: moment}
        until = ends(headers, error("slow down", "rate_limit_error").decode())
        readings = reset_headers.readings_from_headers("groq", headers, NOW)

        assert until is None or NOW <= until <= LATEST, name
        assert all(reading.resets_at is None or reading.resets_at <= LATEST for reading in readings), name
        assert json.dumps([reading.used for reading in readings], allow_nan=False)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment[:24])
@pytest.mark.parametrize("cue", ["resets at ", "try again in ", "available until ", "retry after ", "重置 "])
def test_no_words_name_one(moment: str, cue: str) -> None:
    said = f"You have hit your limit; {cue}{moment}"
    fields = dict.fromkeys(("resets_at", "retry_after", "retry_after_ms", "retryDelay"), moment)
    bodies = [said, json.dumps({"error": {"message": said, **fields}})]

    for body, status in itertools.product(bodies, (429, 403, 402, None)):
        until = ends({}, body, status)
        assert until is None or NOW <= until <= LATEST


@given(st.text(alphabet="0123456789.,:-+eTZ dhmsPD\u0661", max_size=40))
def test_no_text_of_digits_is_more_than_a_wait(text: str) -> None:
    for name in ("retry-after", "x-ratelimit-reset-requests"):
        until = ends({**USED_UP, name: text}, "")
        assert until is None or NOW <= until <= LATEST


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 5, None, "x"])
def test_a_budgets_end_outside_of_the_calendar_is_none(moment: object) -> None:
    answer = {"info": {"spend": 1, "max_budget": 2, "budget_reset_at": moment}}

    reading = litellm.key_budget("mine", answer, NOW)

    assert reading is not None
    assert reading.resets_at is None


async def test_a_good_answer_passes_whatever_its_headers_say_of_limits(scene: Scene) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in USED_UP.items() if "status" not in name)
    for name in ("anthropic-ratelimit-requests-reset", "x-codex-primary-reset-at"):
        scene.hostile.answers(whole(200, GOOD_WHOLE, f"{lines}{name}: 1000000000000s\r\n".encode()))

        heard = await scene.ask(stream=False)

        assert (heard.status, heard.headers["x-pf-provider"], heard.body) == (200, "one", GOOD_WHOLE)


async def test_a_limit_that_ends_outside_of_the_calendar_is_one_like_others(scene: Scene) -> None:
    scene.hostile.answers(whole(429, error("slow", "rate_limit_error"), b"retry-after: 999999999 days\r\n"))

    heard = await scene.ask()

    assert (heard.status, heard.headers["x-pf-provider"]) == (200, "two")


async def test_half_a_letter_in_an_error_costs_no_bench(scene: Scene) -> None:
    body = b'{"type": "error", "error": {"type": "rate_limit_error", "message": "slow \\ud800 down"}}'
    scene.hostile.answers(whole(429, body))

    await scene.ask()
    await scene.gate.settled()  # type: ignore[attr-defined]

    assert [entry["provider"] for entry in scene.gate.health()] == ["one"]
    assert "could not write" not in scene.gate.said()
    log = scene.gate.state / "pf-tui.log"
    assert "could not write" not in (log.read_text() if log.exists() else "")
