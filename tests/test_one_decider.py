"""Each decision of docs/how-it-works.md is made in one place: nothing else looks like its decider."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "pf_tui"

SIGNS = {
    "how long a provider lasts": (r"\bmax\(.*\blimit\.percent\b", {"rules/limits.py"}),
    "which providers rest or are absent": (
        r'"benched", "exhausted"|"no-credential", "disabled"',
        {"rules/eligibility.py", "snapshot/provider_view.py", "vocabulary.py"},
    ),
    "which providers the gateway can serve": (
        r"\bany\(.* for \w+ in SERVED_PROTOCOLS",
        {"catalog/records.py"},
    ),
    "what this machine calls itself": (r'"localhost"', {"rules/addresses.py", "mcp_server/start.py"}),
    "what host an address has": (r"\burl(split|parse)\b", {"export/otlp_target.py"}),
    "where an agent's settings are": (
        r'"(CLAUDE_CONFIG_DIR|CODEX_HOME|OPENCODE_CONFIG_DIR)"',
        {"clients.py"},
    ),
    "which file is the project's": (r"provider-fallback\.local\.md\"", {"state/paths.py"}),
    "whose sign-in an agent uses": (
        r'get\("(OPENAI_API_KEY|CLAUDE_CODE_OAUTH_TOKEN)"',
        {"state/logins.py"},
    ),
    "what a moment reads like": (r"\.date\(\)\)?\.days\b", {"state/clock.py"}),
    "what money reads like": (r"\$\{.*:,?\.[24]f", {"documents/words.py"}),
    "what a length of time reads like": (r"// 60\} min", {"documents/words.py"}),
    "what a model costs in words": (r"out per million tokens\"", {"documents/words.py"}),
    "what a session is called": (r"\b(session|session\.id|parent)\[:8\]", {"sessions/records.py"}),
    "which process is there": (r"\bos\.kill\(\w+, 0\)", {"state/pids.py"}),
    "which row is a process without a session": (r'"pid-"', {"sessions/by_evidence.py"}),
}
"""Decision -> (what only code that decides it writes, the modules that may)."""


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Path below the package -> text."""
    return {
        path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
        for path in PACKAGE.rglob("*.py")
    }


@pytest.mark.parametrize("decision", SIGNS)
def test_nobody_decides_a_second_time(texts: dict[str, str], decision: str) -> None:
    sign, deciders = SIGNS[decision]

    places = {path for path, text in texts.items() if re.search(sign, text)}

    assert places, "the sign is gone: say how it is decided now"
    assert places <= deciders
