"""Claude Code's own words for a limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pf_tui.rules.limit_words import limit_named

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hours", "window", "family"),
    [
        ("You've hit your session limit · resets 3pm (UTC)", 3, "5h", None),
        ("You've hit your 5-hour limit", None, "5h", None),
        ("5-hour limit reached ∙ resets 3pm", 3, "5h", None),
        ("You've hit your weekly limit · resets Nov 27, 9am (UTC)", 69, "7d", None),
        ("You've hit your Opus limit · resets Nov 27, 9am (UTC)", 69, "7d", "opus"),
        ("Opus weekly limit reached", None, "7d", "opus"),
        ("You've hit your Sonnet limit", None, "7d", "sonnet"),
        ("You've hit your Fable limit", None, "7d", "fable"),
        ("You've hit your limit · resets 3pm (UTC)", 3, "5h", None),
        ("You've hit your limit · resets Nov 27, 9am (UTC)", 69, "7d", None),
        ("Claude AI usage limit reached|1795528800", 2, "5h", None),
        ("You've hit your monthly spend limit", None, "month", None),
    ],
)
def test_a_limit_is_of_one_window_and_maybe_one_family(
    text: str, hours: int | None, window: str, family: str | None
) -> None:
    named = limit_named(text, NOON + timedelta(hours=hours) if hours else None, NOON)

    assert named is not None
    assert (named.window, named.family) == (window, family)


@pytest.mark.parametrize(
    "text",
    [
        "Fast limit reached · fast mode is paused",
        "Concurrent subagent limit reached",
        "Context limit reached · /compact or /clear to continue",
        "API Error: 529 Overloaded",
        "",
    ],
)
def test_what_is_no_limit_of_a_plan_is_none(text: str) -> None:
    assert limit_named(text, None, NOON) is None
