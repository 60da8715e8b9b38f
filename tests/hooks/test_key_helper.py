"""`pf-tui auth helper`: a key goes to the address it belongs to, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pf_tui import actions
from pf_tui.actions import install
from pf_tui.errors import PfError
from pf_tui.integrations import key_release
from pf_tui.state.context import Context

Make = Callable[..., Context]
KEYS = {"ANTHROPIC_API_KEY": "sk-ant", "OPENROUTER_API_KEY": "sk-or", "DEEPSEEK_API_KEY": "sk-ds"}


def test_the_key_follows_the_address_in_the_environment(context: Make) -> None:
    ctx = context(env={**KEYS, "ANTHROPIC_BASE_URL": "https://openrouter.ai/api/"})

    assert key_release.key(ctx, None) == "sk-or"


def test_the_key_follows_the_address_in_the_settings(context: Make) -> None:
    ctx = context(env=KEYS)
    install.install(ctx, "claude-code")
    actions.switch(ctx, "deepseek-api")

    assert key_release.key(ctx, None) == "sk-ds"


def test_a_projects_settings_go_before_the_persons(context: Make, home: Path) -> None:
    ctx = context(env=KEYS)
    for folder, url in ((home, "https://openrouter.ai/api"), (ctx.cwd, "https://api.deepseek.com/anthropic")):
        (folder / ".claude").mkdir()
        (folder / ".claude" / "settings.json").write_text(json.dumps({"env": {"ANTHROPIC_BASE_URL": url}}))

    assert key_release.key(ctx, None) == "sk-ds"


def test_an_address_of_nobody_gets_no_key(context: Make) -> None:
    ctx = context(env={**KEYS, "ANTHROPIC_BASE_URL": "https://evil.example.com"})

    with pytest.raises(PfError, match="belongs to no provider; no key was given"):
        key_release.key(ctx, None)


def test_a_server_that_wants_no_key_gets_none(context: Make) -> None:
    ctx = context(env={**KEYS, "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000"})
    ctx.paths.home.mkdir(parents=True)
    mine = {
        "id": "mine",
        "base_url": "http://127.0.0.1:8000",
        "protocols": ["anthropic-messages"],
        "auth": "none",
    }
    ctx.paths.providers.write_text(json.dumps({"providers": [mine]}))

    assert key_release.key(ctx, None) == "none"


def test_the_running_gateway_gets_its_own_token(context: Make) -> None:
    ctx = context(env={**KEYS, "ANTHROPIC_BASE_URL": "http://127.0.0.1:4100"})
    ctx.paths.home.mkdir(parents=True)
    ctx.paths.gateway.write_text(json.dumps({"pid": 1, "port": 4100, "token": "loopback"}))

    assert key_release.key(ctx, None) == "loopback"
