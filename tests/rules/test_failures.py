"""What an upstream's answer means: the table, a person's own rules, and what must hold for any answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui import catalog
from pf_tui.rules import failures
from pf_tui.rules.failures import ACTIONS, CLASSES, Failure, Rule, clean, reason_in

MEANINGS = catalog.load().meanings

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def classify(**answer: Any) -> Failure:
    """By the shipped table."""
    return failures.classify(meanings=MEANINGS, **answer)


def classify_agent_error(word: str, text: str, now: datetime) -> Failure:
    """By the shipped table."""
    return failures.classify_agent_error(word, text, now, meanings=MEANINGS)


def said(kind: str, message: str, **more: object) -> str:
    """An error body in Anthropic's shape."""
    return json.dumps({"type": "error", "error": {"type": kind, "message": message, **more}})


def openai(code: str, message: str = "no") -> str:
    """An error body in OpenAI's shape."""
    return json.dumps({"error": {"message": message, "type": code, "code": code}})


TABLE = [
    # status, headers, body, class, another provider is asked, who rests, how long in seconds
    pytest.param(429, {"retry-after": "30"}, "", "rate", True, "model", 30, id="429-with-retry-after"),
    pytest.param(429, {"retry-after": "90"}, "", "rate", True, "provider", 90, id="429-longer-than-a-minute"),
    pytest.param(429, {"retry-after-ms": "1500"}, "", "rate", True, "model", 1.5, id="429-in-milliseconds"),
    pytest.param(
        429,
        {"retry-after": "Tue, 24 Nov 2026 12:00:40 GMT"},
        "",
        "rate",
        True,
        "model",
        40,
        id="429-with-an-http-date",
    ),
    pytest.param(
        429,
        {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s"},
        "",
        "rate",
        True,
        "provider",
        360,
        id="429-with-an-empty-window",
    ),
    pytest.param(429, {}, "", "windowless", True, "model", 2, id="429-that-says-nothing"),
    pytest.param(
        429,
        {
            "anthropic-ratelimit-unified-status": "rejected",
            "anthropic-ratelimit-unified-5h-status": "rejected",
            "anthropic-ratelimit-unified-5h-reset": str(int((NOW + HOUR).timestamp())),
            "anthropic-ratelimit-unified-7d-status": "allowed",
            "anthropic-ratelimit-unified-7d-reset": str(int((NOW + 48 * HOUR).timestamp())),
        },
        said("rate_limit_error", "This request would exceed your account's rate limit."),
        "quota",
        True,
        "provider",
        3600,
        id="plan-window-rejected",
    ),
    pytest.param(
        429,
        {},
        json.dumps({"error": {"type": "usage_limit_reached", "resets_at": int((NOW + HOUR).timestamp())}}),
        "quota",
        True,
        "provider",
        3600,
        id="usage_limit_reached-with-its-reset",
    ),
    pytest.param(
        429, {}, openai("insufficient_quota"), "quota", True, "provider", 300, id="insufficient_quota"
    ),
    pytest.param(
        429,
        {},
        json.dumps(
            {"error": {"status": "RESOURCE_EXHAUSTED", "quotaId": "GenerateRequestsPerDayPerProject"}}
        ),
        "quota",
        True,
        "provider",
        300,
        id="quotaId-per-day",
    ),
    pytest.param(
        429,
        {},
        said("rate_limit_error", "limit", details={"error_code": "enforced_spend_limit_reached"}),
        "quota",
        True,
        "provider",
        (datetime(2026, 12, 1, tzinfo=UTC) - NOW).total_seconds(),
        id="spend-cap-until-the-first-of-the-month",
    ),
    pytest.param(402, {}, openai("payment"), "quota", True, "provider", 300, id="402"),
    pytest.param(
        402,
        {},
        openai("billing", "Insufficient balance"),
        "quota",
        True,
        "provider",
        None,
        id="402-no-credit",
    ),
    pytest.param(
        400,
        {},
        said("invalid_request_error", "Your credit balance is too low to access the API."),
        "quota",
        True,
        "provider",
        None,
        id="credit-too-low-as-400",
    ),
    pytest.param(529, {}, said("overloaded_error", "Overloaded"), "overload", True, "model", 10, id="529"),
    pytest.param(503, {}, "<html>", "overload", True, "model", 10, id="503"),
    pytest.param(
        None,
        {},
        said("overloaded_error", "Overloaded"),
        "overload",
        True,
        "model",
        10,
        id="first-event-overloaded",
    ),
    pytest.param(
        None,
        {},
        said("rate_limit_error", "rate limit"),
        "windowless",
        True,
        "model",
        2,
        id="first-event-rate-limit",
    ),
    pytest.param(500, {}, said("api_error", "Internal"), "server", True, "provider", 30, id="500"),
    pytest.param(502, {}, "", "server", True, "provider", 30, id="502"),
    pytest.param(504, {}, "", "server", True, "provider", 30, id="504"),
    pytest.param(
        401, {}, said("authentication_error", "invalid x-api-key"), "auth", True, "provider", None, id="401"
    ),
    pytest.param(403, {}, said("permission_error", "forbidden"), "auth", True, "provider", None, id="403"),
    pytest.param(404, {}, said("not_found_error", "model: x"), "model", True, "model", 12 * 3600, id="404"),
    pytest.param(
        400, {}, openai("model_not_found"), "model", True, "model", 12 * 3600, id="model-not-supported-as-400"
    ),
    pytest.param(400, {}, said("invalid_request_error", "bad"), "request", False, None, None, id="400"),
    pytest.param(413, {}, said("request_too_large", "too large"), "unsupported", True, None, None, id="413"),
    pytest.param(422, {}, openai("invalid"), "request", False, None, None, id="422"),
    pytest.param(
        400,
        {},
        said("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        "context",
        True,
        None,
        None,
        id="context-too-long",
    ),
    pytest.param(
        400, {}, openai("context_length_exceeded"), "context", True, None, None, id="context_length_exceeded"
    ),
    pytest.param(400, {}, openai("content_filter"), "request", False, None, None, id="content-filter"),
]


@pytest.mark.parametrize(("status", "headers", "body", "kind", "failover", "scope", "rest_s"), TABLE)
def test_an_answer_has_its_class_and_its_rest(
    status: int | None,
    headers: dict[str, str],
    body: str,
    kind: str,
    failover: bool,
    scope: str | None,
    rest_s: float | None,
) -> None:
    failure = classify(status=status, headers=headers, body=body, now=NOW)

    assert (failure.kind, failure.failover, failure.scope) == (kind, failover, scope)
    assert failure.until == (None if rest_s is None else NOW + timedelta(seconds=rest_s))


@pytest.mark.parametrize("status", [401, 400])
def test_a_refused_key_and_an_empty_purse_rest_until_somebody_acts(status: int) -> None:
    body = said("x", "credit balance is too low" if status == 400 else "invalid x-api-key")

    assert classify(status=status, body=body, now=NOW).forever


def test_the_evidence_names_status_header_and_the_providers_own_words() -> None:
    failure = classify(
        status=429, headers={"Retry-After": "30"}, body=said("rate_limit_error", "slow down"), now=NOW
    )

    assert failure.evidence == {
        "status": 429,
        "header": "retry-after: 30",
        "text": "slow down",
        "meaning": "rate-words",
    }


@pytest.mark.parametrize(
    ("then", "failover", "scope"),
    [
        ("stop", False, None),
        ("continue", True, None),
        ("bench-and-stop", False, "provider"),
        ("bench-and-continue", True, "provider"),
    ],
)
def test_a_persons_rule_goes_before_the_table(then: str, failover: bool, scope: str | None) -> None:
    rule = Rule(status=400, pattern="no tea", then=then)

    failure = classify(status=400, body="No Tea today", now=NOW, rules=[rule])

    assert (failure.failover, failure.scope) == (failover, scope)
    assert failure.until == (NOW + timedelta(seconds=60) if scope else None)
    assert failure.evidence["rule"] == "400 no tea"


def test_a_rule_may_name_class_scope_and_length() -> None:
    rule = Rule(status=418, pattern="teapot", then=None, kind="quota", scope="provider", rest=HOUR)

    failure = classify(status=418, body="I am a teapot", now=NOW, rules=[rule])

    assert (failure.kind, failure.failover, failure.scope) == ("quota", True, "provider")
    assert failure.until == NOW + HOUR


def test_a_reset_in_the_answer_goes_before_the_length_of_a_rule() -> None:
    rule = Rule(status=418, then=None, kind="quota", rest=HOUR)

    failure = classify(status=418, headers={"retry-after": "120"}, now=NOW, rules=[rule])

    assert failure.until == NOW + timedelta(seconds=120)


def test_a_rule_for_another_status_or_text_changes_nothing() -> None:
    rules = [Rule(status=418, then="continue"), Rule(pattern="teapot", then="continue")]

    assert classify(status=400, body="bad", now=NOW, rules=rules) == classify(status=400, body="bad", now=NOW)


def test_the_first_rule_that_matches_wins() -> None:
    rules = [Rule(pattern="bad", then="continue"), Rule(status=400, then="stop")]

    assert classify(status=400, body="bad", now=NOW, rules=rules).failover


@pytest.mark.parametrize("kind", ["network", "timeout"])
def test_a_host_that_does_not_answer_rests_after_three_in_a_row(kind: str) -> None:
    failure = failures.transport(kind, NOW, "the connection was refused")

    assert (failure.kind, failure.failover, failure.after) == (kind, True, 3)
    assert failure.message == "the connection was refused"


def test_a_key_in_a_providers_words_is_masked() -> None:
    secret = "sk-ant-api03-abcdefghijklmnop"

    failure = classify(status=401, body=said("authentication_error", f"invalid key {secret}"), now=NOW)

    assert secret not in json.dumps(dict(failure.evidence))
    assert secret not in failure.message


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (said("x", "slow down"), "slow down"),
        (json.dumps({"error": "plain"}), "plain"),
        (json.dumps([{"error": {"message": "inside a list"}}]), "inside a list"),
        (json.dumps({"detail": "fastapi says so"}), "fastapi says so"),
        (
            json.dumps(
                {"type": "response.failed", "response": {"id": "r", "error": {"message": "in an event"}}}
            ),
            "in an event",
        ),
        (json.dumps({"error": None, "message": "beside an empty error"}), "beside an empty error"),
        ("<html>Bad   Gateway</html>", "Bad Gateway"),
        ("", ""),
    ],
)
def test_the_reason_is_the_providers_own_sentence(body: str, reason: str) -> None:
    assert reason_in(body) == reason


@pytest.mark.parametrize(
    ("word", "text", "kind"),
    [
        ("rate_limit", "You've hit your 5-hour limit · resets 1:38am (UTC)", "quota"),
        ("rate_limit", "Request rejected (429)", "rate"),
        ("billing_error", "Credit balance is too low", "quota"),
        ("authentication_failed", "Not logged in", "auth"),
        ("overloaded", "Overloaded", "overload"),
        ("server_error", "Internal server error", "server"),
        ("invalid_request", "messages: bad", "request"),
        ("model_not_found", "There's an issue with the selected model", "model"),
        ("a_word_of_next_year", "?", "server"),
    ],
)
def test_what_an_agent_calls_a_failure_has_the_same_class(word: str, text: str, kind: str) -> None:
    assert classify_agent_error(word, text, NOW).kind == kind


def test_a_reset_in_the_agents_words_is_read() -> None:
    failure = classify_agent_error("rate_limit", "You've hit your 5-hour limit · resets 1:38pm (UTC)", NOW)

    assert failure.until == NOW.replace(hour=13, minute=38)


anything = st.text(max_size=300)
names = st.sampled_from(
    [
        "retry-after",
        "retry-after-ms",
        "anthropic-ratelimit-unified-status",
        "anthropic-ratelimit-unified-reset",
        "anthropic-ratelimit-unified-5h-status",
        "anthropic-ratelimit-unified-5h-reset",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests",
        "x-codex-primary-used-percent",
        "x-codex-primary-reset-at",
    ]
)
values = st.one_of(
    anything,
    st.integers(-(10**20), 10**20).map(str),
    st.floats().map(str),
    st.sampled_from(["rejected", "0", "100", "6m0s", "2026-11-24T13:00:00Z"]),
)


@given(
    status=st.one_of(st.none(), st.integers(300, 599)),
    headers=st.dictionaries(names, values, max_size=6),
    body=anything,
)
def test_whatever_an_upstream_says_the_verdict_is_sound(
    status: int | None, headers: dict[str, str], body: str
) -> None:
    failure = classify(status=status, headers=headers, body=body, now=NOW)

    assert failure.kind in CLASSES
    assert failure.scope in (None, "provider", "family", "model")
    assert failure.until is None or NOW < failure.until <= NOW + timedelta(days=32)
    assert not (failure.forever and failure.until)
    assert failure.scope is None or failure.until is not None or failure.forever
    assert failure.kind != "request" or not failure.failover


@given(
    st.lists(st.builds(Rule, status=st.sampled_from([None, 400]), then=st.sampled_from(ACTIONS)), max_size=3)
)
def test_a_rule_decides_what_it_says_and_nothing_else(rules: list[Rule]) -> None:
    plain, ruled = (classify(status=400, body="bad", now=NOW, rules=some) for some in ([], rules))

    assert ruled.kind == plain.kind
    if rules:
        assert ruled.failover == rules[0].then.endswith("continue")
        assert (ruled.scope is not None) == rules[0].then.startswith("bench")


@given(anything)
def test_words_are_kept_short(text: str) -> None:
    assert len(clean(text)) <= 200
