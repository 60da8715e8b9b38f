"""The original plugin's files: its analytics taken over once, its settings read, ours readable by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pf_tui.state.paths import Paths

from .conftest import Pf

ANALYTICS: dict[str, Any] = {
    "version": "2.2.0",
    "created": "2026-10-01T08:00:00.000Z",
    "lastUpdated": "2026-11-20T18:30:00.000Z",
    "global": {
        "totalRequests": 103,
        "totalSuccess": 100,
        "totalFailures": 3,
        "totalFallbacks": 2,
        "totalTokensUsed": 1_000_003,
        "estimatedCostUSD": 12.5,
        "avgLatencyMs": 900,
    },
    "providers": {
        "anthropic-subscription": {
            "requests": 60,
            "success": 58,
            "failures": 2,
            "fallbacksTo": 0,
            "fallbacksFrom": 2,
            "tokensUsed": 700_001,
            "costUSD": 8.25,
            "avgLatencyMs": 1200,
            "lastUsed": "2026-11-20T18:30:00.000Z",
            "lastError": None,
        },
        "openrouter": {
            "requests": 40,
            "success": 39,
            "failures": 1,
            "tokensUsed": 300_002,
            "costUSD": 4.25,
            "avgLatencyMs": 600,
        },
    },
    "models": {
        "claude-4-sonnet": {"requests": 70, "providersUsed": ["anthropic-subscription", "openrouter"]},
        "gpt-5.4": {"requests": 30, "providersUsed": ["openrouter"]},
    },
    "hourlyUsage": [{"hour": "2026-11-20T18", "requests": 5, "success": 5, "failures": 0}],
    "dailyUsage": [
        {"day": "2026-11-20", "requests": 30, "success": 30, "failures": 0, "tokensUsed": 1, "costUSD": 1},
        {"day": "2026-11-19", "requests": 50, "success": 47, "failures": 3, "tokensUsed": 1, "costUSD": 1},
    ],
    "fallbackEvents": [
        {
            "timestamp": "2026-11-20T18:00:00.000Z",
            "fromProvider": "anthropic-subscription",
            "toProvider": "openrouter",
            "model": "claude-4-sonnet",
            "reason": "rate limit",
        },
        {
            "timestamp": "2026-11-19T18:00:00.000Z",
            "fromProvider": "anthropic-subscription",
            "toProvider": "openrouter",
            "model": "claude-4-sonnet",
            "reason": "429",
        },
    ],
    "errors": [
        {
            "timestamp": "2026-11-19T17:59:00.000Z",
            "provider": "anthropic-subscription",
            "model": "claude-4-sonnet",
            "error": "HTTP 429 rate_limit_error",
        }
    ],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "analytics.json"
    path.write_text(json.dumps(ANALYTICS, indent=2))
    return path


def test_every_total_of_the_file_is_a_total_of_the_ledger(pf: Pf, file: Path) -> None:
    answer = pf("import", str(file), "--json")
    found = pf("analytics", "all", "--json").json

    assert answer.code == 0
    assert answer.json["imported"] is True
    assert answer.json["requests"] == 103
    assert found["totals"]["requests"] == 103
    assert found["totals"]["failed"] == 3
    assert found["totals"]["total_tokens"] == 1_000_003
    assert found["totals"]["cost_usd"] == pytest.approx(12.5)
    assert found["totals"]["fallbacks"] == 2


def test_each_provider_and_day_has_its_own_share(pf: Pf, file: Path) -> None:
    pf("import", str(file))
    found = pf("analytics", "all", "--json").json

    providers = {part["provider"]: part for part in found["by_provider"]}
    assert (
        providers["anthropic-subscription"]["requests"],
        providers["anthropic-subscription"]["failed"],
    ) == (60, 2)
    assert providers["anthropic-subscription"]["total_tokens"] == 700_001
    assert providers["openrouter"]["cost_usd"] == pytest.approx(4.25)
    assert providers["unknown"]["requests"] == 3
    models = {part["model"]: part["requests"] for part in found["by_model"]}
    assert models["claude-sonnet-4-20250514"] == 70
    assert models["gpt-5.4"] == 30
    assert {day["day"] for day in found["by_day"]} == {"2026-11-19", "2026-11-20"}


def test_a_second_time_adds_nothing(pf: Pf, file: Path) -> None:
    pf("import", str(file))

    again = pf("import", str(file))

    assert again.code == 0
    assert again.out == "this file was taken over before; nothing was added\n"
    assert pf("analytics", "all", "--json").json["totals"]["requests"] == 103


def test_it_says_what_was_taken_over_and_what_the_file_does_not_tell(pf: Pf, file: Path) -> None:
    told = pf("import", str(file)).out

    assert told.startswith("took over 103 requests of 2 days, $12.50, 2 fallbacks, 3 errors\n")
    assert "23 of them have no day in the file and stand at its last update" in told


def test_repricing_leaves_what_the_original_reported(pf: Pf, file: Path) -> None:
    pf("import", str(file))

    pf("ingest", "--full", "--reprice")

    assert pf("analytics", "all", "--json").json["totals"]["cost_usd"] == pytest.approx(12.5)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param("{", "analytics.json line 1 column 2: is not JSON", id="broken"),
        pytest.param("", "analytics.json line 1 column 1: is empty", id="empty"),
        pytest.param("[]", "expected an object, found a list", id="list"),
        pytest.param("{}", "is not the original plugin's analytics", id="another-file"),
        pytest.param(
            '{"global": {"totalRequests": 1e12}, "providers": {}}', "claims 1000000000000 requests", id="huge"
        ),
    ],
)
def test_a_file_that_is_no_analytics_changes_nothing(
    pf: Pf, tmp_path: Path, paths: Paths, content: str, sentence: str
) -> None:
    path = tmp_path / "analytics.json"
    path.write_text(content)

    answer = pf("import", str(path))

    assert answer.code == 4
    assert sentence in answer.err
    assert not paths.ledger.exists()


def test_a_file_that_is_not_there_says_which_one_is_meant(pf: Pf) -> None:
    answer = pf("import", "nowhere.json")

    assert answer.code == 4
    assert "does not exist" in answer.err
    assert ".data/analytics.json" in answer.err


def test_wrong_types_inside_count_as_nothing(pf: Pf, tmp_path: Path) -> None:
    path = tmp_path / "analytics.json"
    strange = {
        "global": {"totalRequests": "many", "totalTokensUsed": None},
        "providers": {"groq": {"requests": 2, "tokensUsed": "x", "costUSD": [], "failures": 9}, "x": 7},
        "models": [],
        "dailyUsage": [1, {"day": 5, "requests": -1}, {"day": "2026-11-20", "requests": 2}],
        "fallbackEvents": {"a": 1},
        "errors": [{"timestamp": "never"}, None],
    }
    path.write_text(json.dumps(strange))

    answer = pf("import", str(path), "--json")

    assert answer.code == 0
    assert (answer.json["requests"], answer.json["failed"]) == (2, 2)


ORIGINAL_CONFIG: dict[str, Any] = {
    "version": 2,
    "defaultModel": "claude-4-sonnet",
    "providerPriority": ["openrouter", "groq", "anthropic-api"],
    "usageLimits": {"groq": {"dailyTokens": 0, "monthlyTokens": 5000}},
    "autoSwitch": True,
    "notifyOnSwitch": False,
}


def test_the_originals_settings_load_unchanged(pf: Pf, write: Callable[[str, Any], Path]) -> None:
    config = write("config.json", ORIGINAL_CONFIG)
    write(
        "usage.json",
        {"version": 2, "lastReset": {"daily": "2026-01-01", "monthly": "2026-01"}, "providers": {}},
    )
    tokens = write("tokens.json", {"oauth_state_x": {"state": "s", "clientId": "c", "createdAt": 1}})
    before = config.read_bytes(), tokens.read_bytes()

    status = pf("status", "--json").json
    limits = pf("limits", "groq", "--json").json["providers"][0]

    assert status["active"]["provider"] == "openrouter"
    assert status["model"] == "claude-4-sonnet"
    assert limits["budgets"]["daily_tokens"] is None
    assert limits["budgets"]["monthly_tokens"] == 5000
    assert (config.read_bytes(), tokens.read_bytes()) == before


def test_the_original_can_read_what_we_write(pf: Pf, write: Callable[[str, Any], Path], paths: Paths) -> None:
    """Its loader merges the file over its defaults: the keys it knows must keep their types and places."""
    write("config.json", ORIGINAL_CONFIG)
    pf("switch", "groq")
    pf("limits", "set", "groq", "--daily", "1M", "--daily-usd", "5")
    pf("ingest")

    config = json.loads(paths.config.read_text())
    usage = json.loads(paths.usage.read_text())

    assert [*config][: len(ORIGINAL_CONFIG)] == [*ORIGINAL_CONFIG]
    assert config["providerPriority"] == ["groq", "openrouter", "anthropic-api"]
    assert config["usageLimits"] == {"groq": {"dailyTokens": 1_000_000, "monthlyTokens": 5000}}
    assert config["version"] == 2
    assert {"version", "lastReset", "providers"} <= set(usage) <= {"version", "lastReset", "providers", "pf"}
    assert paths.config.read_text().startswith('{\n  "version": 2,\n')
