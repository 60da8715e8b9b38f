"""What works with what: the cells, what they say is lost, and the same answer for one request."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pf_tui import catalog, snapshot
from pf_tui.clients import CLIENTS
from pf_tui.documents import matrix
from pf_tui.rules import losses
from pf_tui.state.context import Context

CELLS = {(cell.provider, cell.agent): cell for cell in matrix.cells(catalog.load())}


def test_each_provider_meets_each_agent_once() -> None:
    counts = Counter(cell.served for cell in CELLS.values())

    assert len(CELLS) == 75
    assert counts == {"key": 45, "pass-through": 3, "no": 27}


def test_a_cell_that_is_served_says_how_and_how_sure() -> None:
    for cell in CELLS.values():
        if cell.served == "no":
            assert cell.why
            assert cell.how is None
        else:
            assert cell.how in ("native", "dialect", "translated")
            assert cell.evidence in ("documented", "reported", "untried")
            assert cell.source
            assert cell.model


@pytest.mark.parametrize(
    ("provider", "agent", "how", "protocol"),
    [
        ("anthropic-api", "claude-code", "native", "anthropic-messages"),
        ("anthropic-api", "codex", "translated", "anthropic-messages"),
        ("openai-api", "claude-code", "translated", "openai-responses"),
        ("bedrock", "claude-code", "dialect", "anthropic-messages"),
        ("bedrock", "codex", "dialect", "openai-responses"),
        ("azure", "claude-code", "dialect", "anthropic-messages"),
        ("azure", "codex", "dialect", "openai-responses"),
        ("vertex", "codex", "translated", "anthropic-messages"),
        ("vertex-google", "claude-code", "translated", "openai-chat"),
        ("mistral-api", "opencode", "dialect", "openai-chat"),
    ],
)
def test_a_cell_names_its_protocol(provider: str, agent: str, how: str, protocol: str) -> None:
    cell = CELLS[provider, agent]

    assert (cell.how, cell.protocol) == (how, protocol)


def test_a_login_passes_to_its_own_vendor_as_native() -> None:
    for provider, agent in (("anthropic-subscription", "claude-code"), ("openai-subscription", "codex")):
        cell = CELLS[provider, agent]
        assert (cell.served, cell.how, cell.lost) == ("pass-through", "native", ())


def test_what_is_lost_is_what_the_dialect_says() -> None:
    chat = {
        "hosted_tools": [],
        "efforts": [],
        "images": False,
        "json_schema": False,
        "tool_choices": ["auto"],
    }

    lost = losses.lost("anthropic-messages", "openai-chat", chat, searches=True)

    assert lost == (
        "web search run by the vendor",
        "pictures",
        "PDFs (their text alone)",
        "effort",
        "forced tool calls",
        "answers by schema (JSON mode instead)",
        "earlier reasoning",
        "prompt cache marks",
        "token counts by the vendor (counted here)",
    )
    assert losses.lost("anthropic-messages", "anthropic-messages", {"owner": True}, searches=True) == ()


def _context(tmp_path: Path, **env: str) -> Context:
    return Context.here("cli", env={"HOME": str(tmp_path), **env}, cwd=tmp_path)


def test_the_matrix_says_what_is_ready_here(tmp_path: Path) -> None:
    now = snapshot.take(_context(tmp_path, MISTRAL_API_KEY="k", AWS_BEARER_TOKEN_BEDROCK="k"))

    cells = {(cell["provider"], cell["agent"]): cell for cell in matrix.matrix(now)}

    assert cells["mistral-api", "codex"]["here"]
    assert cells["bedrock", "codex"]["here_why"] == "its address needs AWS_REGION: set it"
    assert cells["groq", "codex"]["here_why"] == "no credential"
    assert not cells["github-copilot", "codex"]["here"]


def test_the_route_of_a_request_says_who_is_asked_and_why_not_the_others(tmp_path: Path) -> None:
    env = {
        "MISTRAL_API_KEY": "k",
        "AWS_BEARER_TOKEN_BEDROCK": "k",
        "AWS_REGION": "us-east-1",
        "AZURE_API_KEY": "k",
    }
    now = snapshot.take(_context(tmp_path, **env))

    route = matrix.route(now, CLIENTS["codex"], "claude-opus-5-5")

    assert [(one["provider"], one["protocol"], one["how"]) for one in route["candidates"]] == [
        ("bedrock", "anthropic-messages", "translated"),
        ("mistral-api", "openai-chat", "translated"),
    ]
    reasons = {one["provider"]: one["reason"] for one in route["skipped"]}
    assert reasons["azure"] == "its address needs AZURE_RESOURCE_NAME: set it"
    assert reasons["groq"] == "no credential"
