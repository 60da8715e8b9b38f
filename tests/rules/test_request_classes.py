"""Which class a request is of, by what the real clients send (measured)."""

from __future__ import annotations

import json

import pytest

from pf_tui.rules.request_classes import class_of

TOOLS = {"tools": [{"name": "Bash", "input_schema": {}}]}
SEARCH = {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}
CLAUDE = {"x-claude-code-session-id": "s"}
OPENCODE = {"x-session-id": "ses"}


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        pytest.param({**CLAUDE, "x-claude-code-request-class": "main"}, TOOLS, "main", id="claude-main"),
        pytest.param({**CLAUDE, "x-claude-code-agent-id": "a"}, TOOLS, "subagent", id="claude-subagent"),
        pytest.param(
            {**CLAUDE, "x-claude-code-request-class": "workflow"}, TOOLS, "subagent", id="claude-workflow"
        ),
        pytest.param(
            {**CLAUDE, "x-claude-code-request-class": "auxiliary"}, TOOLS, "background", id="claude-auxiliary"
        ),
        pytest.param(
            {**CLAUDE, "x-claude-code-request-class": "compaction"}, {}, "main", id="claude-compaction"
        ),
        pytest.param(CLAUDE, TOOLS, "main", id="claude-without-hints"),
        pytest.param(CLAUDE, SEARCH, "websearch", id="claude-search"),
        pytest.param({**CLAUDE, "x-claude-code-agent-id": "a"}, SEARCH, "websearch", id="subagents-search"),
        pytest.param(CLAUDE, {"tools": [*SEARCH["tools"], *TOOLS["tools"]]}, "main", id="search-among-tools"),
        pytest.param({**OPENCODE, "x-parent-session-id": "p"}, TOOLS, "subagent", id="opencode-subagent"),
        pytest.param(OPENCODE, {}, "background", id="opencode-title"),
        pytest.param(OPENCODE, {"tools": []}, "background", id="opencode-no-tools"),
        pytest.param(OPENCODE, TOOLS, "main", id="opencode-main"),
        pytest.param({"x-codex-parent-thread-id": "t"}, {}, "subagent", id="codex-subagent"),
        pytest.param({"originator": "codex_exec"}, {}, "main", id="codex-main"),
        pytest.param({}, {}, "main", id="unknown-client"),
    ],
)
def test_a_request_is_of_the_class_its_client_says(
    headers: dict[str, str], body: dict[str, object], expected: str
) -> None:
    assert class_of(headers, json.dumps({"model": "m", **body}).encode()) == expected


@pytest.mark.parametrize(
    "raw", [b'{"tools": ["web_search_2"]', b'["web_search_2"]', b'{"tools": 3, "x": "web_search_2"}']
)
def test_an_odd_body_is_no_search(raw: bytes) -> None:
    assert class_of({}, raw) == "main"
