"""Agents that reach a provider through the gateway alone: led there by their settings, and back."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pf_tui import actions, snapshot
from pf_tui.actions import gateway_start
from pf_tui.errors import PfError
from pf_tui.integrations import claude_code, codex, codex_parts, codex_route, install_plan, key_release
from pf_tui.state import gateway
from pf_tui.state.context import Context

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEYS = {"OPENROUTER_API_KEY": "k1", "MISTRAL_API_KEY": "k2", "GROQ_API_KEY": "k3"}
TOKEN = "t" * 40

Make = Callable[..., Context]


@pytest.fixture
def ctx(context: Make) -> Context:
    """Claude Code and Codex with pf-tui in them, set to OpenRouter."""
    made = context(env=KEYS)
    actions.set_priority(made, ["openrouter", "mistral-api"])
    for module in (claude_code, codex):
        install_plan.apply(made.paths, module.plan_install(made))
    actions.settle(made)
    return made


@pytest.fixture
def running(ctx: Context) -> Context:
    """The same with a gateway that runs, and the person's wish to use it."""
    serve(ctx)
    actions.set_gateway_auto(ctx, True)
    return ctx


def serve(ctx: Context, port: int = 4321) -> None:
    here = gateway.Gateway(host="127.0.0.1", port=port, pid=os.getpid(), since=NOON)
    gateway.write(ctx.paths, here, TOKEN)


def claude_settings(ctx: Context) -> dict[str, Any]:
    path = claude_code.config_folder(ctx.env) / "settings.json"
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def claude_url(ctx: Context) -> str:
    return str(claude_settings(ctx)["env"]["ANTHROPIC_BASE_URL"])


def codex_text(ctx: Context) -> str:
    return (codex_parts.config_folder(ctx.env) / "config.toml").read_text()


def test_without_the_wish_a_switch_offers_it_and_leads_nobody(ctx: Context) -> None:
    serve(ctx)

    done = actions.switch(ctx, "mistral-api")

    for effect, run in zip(done.effects, ("pf-tui run claude", "pf-tui run codex"), strict=True):
        assert effect.text.endswith("; there openrouter goes on serving")
        assert f"`{run}`; after `pf-tui gateway auto on` a switch leads there" in effect.text
    assert claude_url(ctx) == "https://openrouter.ai/api"


def test_a_switch_leads_claude_code_to_the_gateway_without_a_key(running: Context) -> None:
    done = actions.switch(running, "mistral-api")

    effect = done.effects[0]
    assert (effect.agent, effect.how, effect.when, effect.applied) == (
        "claude-code",
        "gateway",
        "next turn",
        True,
    )
    assert claude_url(running) == "http://127.0.0.1:4321"
    settings = claude_settings(running)
    assert settings["apiKeyHelper"].endswith("auth helper")
    assert settings["env"]["ANTHROPIC_AUTH_TOKEN"] == settings["env"]["ANTHROPIC_API_KEY"] == ""
    assert TOKEN not in json.dumps(settings)
    assert "modelOverrides" not in settings  # the gateway knows each provider's names
    (view, _) = snapshot.take(running).agents
    assert (view.applied, view.direct, view.pending) == ("mistral-api", "openrouter", None)


def test_a_switch_leads_codex_to_the_gateway_and_its_token_goes_there_alone(running: Context) -> None:
    actions.switch(running, "mistral-api")

    text = codex_text(running)
    assert 'model_provider = "pf-tui"' in text
    assert 'base_url = "http://127.0.0.1:4321/v1"' in text
    assert TOKEN not in text
    assert key_release._key(running, "pf-tui", None) == TOKEN
    with pytest.raises(PfError, match="where no gateway of ours is"):
        codex_route.check_gateway(running, "http://127.0.0.1:9999", None)


def test_a_switch_to_a_provider_they_reach_themselves_leads_them_away_again(running: Context) -> None:
    actions.switch(running, "mistral-api")

    actions.undo(running)

    assert claude_url(running) == "https://openrouter.ai/api"
    assert "127.0.0.1:4321" not in codex_text(running)
    assert [view.direct for view in snapshot.take(running).agents] == [None, None]


def test_an_agent_s_own_login_is_never_led_to_the_gateway(running: Context) -> None:
    folder = claude_code.config_folder(running.env)
    login = {
        "accessToken": "sk-ant-oat-1",
        "refreshToken": "sk-ant-ort-1",
        "expiresAt": 1_900_000_000_000,
        "scopes": ["user:inference"],
        "subscriptionType": "max",
    }
    (folder / ".credentials.json").write_text(json.dumps({"claudeAiOauth": login}))
    actions.set_priority(running, ["anthropic-subscription", "mistral-api", "openrouter"])

    actions.settle(running)
    alone = claude_settings(running)
    actions.bench(running, "anthropic-subscription", why="limit")
    led = claude_settings(running)
    actions.release(running, "anthropic-subscription")
    back = claude_settings(running)

    assert alone.get("env", {}).get("ANTHROPIC_BASE_URL") != "http://127.0.0.1:4321"
    assert "apiKeyHelper" not in alone
    assert led["env"]["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:4321"
    assert led["apiKeyHelper"].endswith("auth helper")  # goes before the login: that stays at home
    assert back["env"]["ANTHROPIC_BASE_URL"] == "https://api.anthropic.com"
    assert "apiKeyHelper" not in back


def test_when_the_gateway_is_gone_the_next_look_leads_them_back(running: Context) -> None:
    actions.switch(running, "mistral-api")
    running.paths.gateway.unlink()

    stranded = [(view.stranded, view.pending) for view in snapshot.take(running).agents]
    actions.settle(running)

    assert stranded == [(True, "mistral-api")] * 2
    assert claude_url(running) == "https://openrouter.ai/api"
    assert 'model_provider = "openrouter"' in codex_text(running)
    assert {view.applied for view in snapshot.take(running).agents} == {"openrouter"}


def test_a_stop_says_in_a_line_who_serves_each_agent_again(running: Context) -> None:
    actions.switch(running, "mistral-api")

    back = actions.lead_back(running)

    assert [effect.agent for effect in back] == ["claude-code", "codex"]
    assert all(effect.text.startswith("openrouter serves it again: from your next ") for effect in back)
    assert claude_url(running) == "https://openrouter.ai/api"
    assert actions.lead_back(running) == ()


def test_turned_off_they_go_back_at_once_and_undo_leads_them_there_again(running: Context) -> None:
    actions.switch(running, "mistral-api")

    actions.set_gateway_auto(running, False)
    off = claude_url(running)
    actions.undo(running)
    actions.settle(running)

    assert off == "https://openrouter.ai/api"
    assert claude_url(running) == "http://127.0.0.1:4321"


def test_a_gateway_that_does_not_come_up_is_said_and_moves_nobody(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise PfError("the gateway did not start: port 4100 is taken")

    monkeypatch.setattr(gateway_start, "start", fails)
    actions.set_gateway_auto(ctx, True)

    done = actions.switch(ctx, "mistral-api")

    assert done.note == "the gateway did not start: port 4100 is taken"
    assert [effect.text.rpartition("; ")[2] for effect in done.effects] == [
        "there openrouter goes on serving"
    ] * 2
    assert claude_url(ctx) == "https://openrouter.ai/api"


def test_a_switch_starts_the_gateway_where_an_agent_needs_it(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Path] = []

    def begins(ctx: Context, **_: Any) -> None:
        started.append(ctx.paths.home)
        serve(ctx)

    monkeypatch.setattr(gateway_start, "start", begins)
    actions.switch(ctx, "mistral-api")
    actions.switch(ctx, "openrouter")
    actions.set_gateway_auto(ctx, True)
    assert started == []  # nobody needs it, or nobody wants it

    actions.switch(ctx, "mistral-api")

    assert started == [ctx.paths.home]
    assert claude_url(ctx) == "http://127.0.0.1:4321"


def test_a_gateway_on_another_port_is_followed(running: Context) -> None:
    actions.switch(running, "mistral-api")
    running.paths.gateway.unlink()
    actions.settle(running)
    serve(running, 5555)

    actions.settle(running)

    assert claude_url(running) == "http://127.0.0.1:5555"
