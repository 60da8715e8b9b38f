"""Whom an agent pays at its own vendor: one answer for its hooks, its logs and its settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pf_tui.catalog import load
from pf_tui.ingest import attribution
from pf_tui.state import logins


@pytest.mark.parametrize(
    ("variables", "has_login", "provider"),
    [
        pytest.param({"ANTHROPIC_API_KEY": "k"}, True, "anthropic-api", id="a-key-goes-before-the-login"),
        pytest.param({"ANTHROPIC_AUTH_TOKEN": "t"}, False, "anthropic-api", id="an-auth-token-is-a-key"),
        pytest.param({"CLAUDE_CODE_OAUTH_TOKEN": "t"}, True, "anthropic-oauth", id="a-token-before-a-login"),
        pytest.param({"ANTHROPIC_API_KEY": ""}, True, "anthropic-subscription", id="an-empty-key-is-none"),
        pytest.param({}, False, None, id="nothing"),
    ],
)
def test_a_key_goes_before_a_token_and_a_token_before_the_login(
    home: Path, variables: dict[str, str], has_login: bool, provider: str | None
) -> None:
    (home / ".claude").mkdir()
    login = {"claudeAiOauth": {"accessToken": "x"}} if has_login else {}
    (home / ".claude" / ".credentials.json").write_text(json.dumps(login))

    by_the_logs = attribution.assumed("claude-code", {"HOME": str(home), **variables}, load())

    assert logins.claude_provider(variables, has_login=has_login) == provider
    assert by_the_logs == (provider or "unknown")


@pytest.mark.parametrize(
    ("file", "variables", "provider"),
    [
        ('{"tokens": {"id_token": "x"}, "OPENAI_API_KEY": "k"}', {}, "openai-subscription"),
        ('{"OPENAI_API_KEY": "k"}', {}, "openai-api"),
        ("{}", {"OPENAI_API_KEY": "k"}, "openai-api"),
        ("[]", {}, None),
        ("not json", {}, None),
    ],
)
def test_codex_pays_with_its_login_before_a_key(
    home: Path, file: str, variables: dict[str, str], provider: str | None
) -> None:
    (home / ".codex").mkdir()
    (home / ".codex" / "auth.json").write_text(file)
    env = {"HOME": str(home), **variables}

    assert logins.codex_provider(env) == provider
    assert attribution.assumed("codex", env, load()) == (provider or "unknown")
