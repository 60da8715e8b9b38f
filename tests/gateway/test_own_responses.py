"""What an agent is told when no provider is available: the exact words."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from pf_tui.gateway.own_responses import exhausted, reserved, unreachable
from pf_tui.records import replace
from pf_tui.rules.eligibility import Skipped

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def limited(provider: str, until: datetime | None = None, reason: str = "429 rate") -> Skipped:
    return Skipped(provider=provider, code="benched", reason=reason, until=until)


THREE = [
    limited("anthropic-api", NOW + timedelta(hours=5)),
    limited("openrouter", NOW + timedelta(hours=3, minutes=40)),
    limited("zai-coding-plan", None, "401 auth"),
    Skipped(provider="groq", code="protocol", reason="speaks no anthropic-messages"),
]


def message(body: bytes) -> str:
    return str(json.loads(body)["error"]["message"])


def test_claude_code_is_stopped_at_once_with_the_time_of_the_first() -> None:
    answer = exhausted("anthropic-messages", "claude-code", THREE, NOW, UTC)

    assert (answer.status, answer.headers["x-should-retry"]) == (429, "false")
    assert answer.headers["retry-after"] == str(3 * 3600 + 40 * 60)
    assert json.loads(answer.body) == {
        "type": "error",
        "error": {
            "type": "rate_limit_error",
            "message": "pf-tui: all 3 providers are limited; the first is back at 15:40 (openrouter)",
        },
    }


def test_opencode_gets_a_402_which_it_does_not_retry() -> None:
    answer = exhausted("openai-chat", "opencode", THREE, NOW, UTC)

    assert answer.status == 402
    assert message(answer.body).startswith("pf-tui: all 3 providers are limited")


def test_codex_gets_its_own_usage_limit_with_the_reset() -> None:
    error = json.loads(exhausted("openai-responses", "codex", THREE, NOW, UTC).body)["error"]

    assert error["type"] == "usage_limit_reached"
    assert error["resets_at"] == int((NOW + timedelta(hours=3, minutes=40)).timestamp())


@pytest.mark.parametrize(
    ("passed", "sentence"),
    [
        (
            [limited("openrouter", NOW + timedelta(seconds=8))],
            "pf-tui: the only provider is limited; the first is back at 12:00:08 (openrouter)",
        ),
        (
            [limited("openrouter", NOW + timedelta(days=2))],
            "pf-tui: the only provider is limited; the first is back at Thu 12:00 (openrouter)",
        ),
        (
            [limited("openrouter", None, "401 auth (invalid key)")],
            "pf-tui: no provider available: openrouter 401 auth (invalid key); pf-tui why shows what ends it",
        ),
        (
            [Skipped(provider="groq", code="protocol", reason="x")],
            "pf-tui: no provider can serve this request; pf-tui why shows each reason",
        ),
        ([], "pf-tui: no provider can serve this request; pf-tui why shows each reason"),
        (
            [Skipped(provider="groq", code="model", reason="sees no pictures")],
            "pf-tui: no provider can serve this request: groq sees no pictures; pf-tui why shows each reason",
        ),
    ],
)
def test_the_sentence_says_what_is_and_when_it_ends(passed: list[Skipped], sentence: str) -> None:
    assert message(exhausted("anthropic-messages", "claude-code", passed, NOW, UTC).body) == sentence


def test_retry_after_is_a_whole_second_and_never_too_early() -> None:
    passed = [limited("openrouter", NOW + timedelta(seconds=1.2))]

    assert exhausted("anthropic-messages", None, passed, NOW, UTC).headers["retry-after"] == "2"


def test_a_login_that_is_the_agents_own_is_named_with_the_ways_out() -> None:
    answer = reserved("anthropic-messages", "anthropic-subscription", "claude-code")

    assert answer.status == 403
    assert message(answer.body) == (
        "pf-tui: anthropic-subscription serves, and that login is claude's own: start it with "
        "`pf-tui run claude`, let the login through with --pass-through,"
        " or put a key first with `pf-tui switch PROVIDER`"
    )


@pytest.mark.parametrize(("silent", "status"), [(False, 502), (True, 504)])
def test_an_upstream_that_cannot_be_reached_is_named(silent: bool, status: int) -> None:
    answer = unreachable("openai-chat", "groq", "the connection was refused", silent=silent)

    assert answer.status == status
    assert message(answer.body) == "pf-tui: groq cannot be reached: the connection was refused"


RESTS = Skipped(provider="groq", code="benched", reason="benched (by hand)", kind="manual")
BY_HAND = "groq rests by hand: `pf-tui release groq` ends that"


@pytest.mark.parametrize(
    ("passed", "sentence", "status"),
    [
        ([RESTS], f"pf-tui: {BY_HAND}", 403),
        (
            [limited("openrouter", NOW + timedelta(hours=2)), RESTS],
            f"pf-tui: openrouter is limited; the first is back at 14:00 (openrouter); {BY_HAND}",
            403,
        ),
        (
            [limited("openrouter", NOW + timedelta(hours=2)), replace(RESTS, until=NOW + timedelta(hours=1))],
            f"pf-tui: openrouter is limited; the first is back at 13:00 (groq); {BY_HAND}",
            403,
        ),
    ],
)
def test_who_rests_by_hand_is_not_limited(passed: list[Skipped], sentence: str, status: int) -> None:
    answer = exhausted("openai-responses", "codex", passed, NOW, UTC)

    assert (answer.status, message(answer.body)) == (status, sentence)
