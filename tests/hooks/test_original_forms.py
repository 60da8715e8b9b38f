"""Every form that the original plugin's seven commands took is answered; one undo takes back all it did."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from pf_tui import actions
from pf_tui.hooks import commands
from pf_tui.state.context import Context

Make = Callable[..., Context]
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = "sk-typed-0123456789abcdef"

VIEWS = ("summary", "providers", "models", "costs", "errors")
ANSWERS = {
    "status": "anthropic-api serves claude-sonnet-5-5",
    "status --reset": "were cleared; pf-tui undo takes it back",
    "status openrouter": "openrouter (OpenRouter): ready",
    "status openrouter --reset": "counters of openrouter were cleared",
    "switch": "anthropic-api serves; ready: openrouter, groq",
    "switch groq": "switched to groq",
    "switch anthropic-api": "anthropic-api is first already",
    "switch groq --auto on": "auto-switch is on",
    "switch groq --auto off": "auto-switch is off",
    "switch groq --auto=off": "auto-switch is off",
    "switch --auto off groq": "auto-switch is off",
    "switch --auto on": "auto-switch is on",
    "switch --auto off": "auto-switch is off",
    "auth": "groq: present (env:GROQ_API_KEY)",
    "auth status": "groq: present (env:GROQ_API_KEY)",
    "auth status groq": "groq: present (env:GROQ_API_KEY)",
    "auth groq": "groq: present (env:GROQ_API_KEY)",
    "auth setup groq": "pf-tui auth set groq",
    "auth setup anthropic-subscription": "in a terminal: claude",
    f"auth setup groq --key {KEY}": "in a terminal: pf-tui auth set groq",
    f"auth setup groq --key={KEY}": "in a terminal: pf-tui auth set groq",
    f"auth groq {KEY}": "key ignored",
    "auth oauth anthropic-oauth": "in a terminal: claude",
    "auth oauth openai-subscription": "in a terminal: codex login",
    "auth oauth groq": "it takes a key that does not expire",
    "auth refresh openai-oauth": "the agent that owns the login renews it",
    "auth refresh groq": "it takes a key that does not expire",
    "auth remove groq": "in a terminal: pf-tui auth remove groq",
    "models": "Claude 21",
    "models list": "Claude 21",
    "models Claude": "claude-opus-5-5",
    "models GLM": "glm-",
    "models list --filter opus": "claude-opus-5-5",
    "models list --filter vision": "claude-",
    "models --filter opus": "claude-opus-5-5",
    "models info claude-opus-5-5": "served by",
    "models info claude-sonnet-4-20250514": "claude-sonnet-4-20250514 (retired)",
    "models claude-opus-5-5": "served by",
    "models family Gemini": "gemini-",
    "models family": "Claude 21",
    "models capability code": "claude-",
    "models capability": "code ",
    "models providers": "openrouter ",
    "models providers groq": "llama-3.3-70b-instruct",
    "models providers claude-opus-5-5": "served by",
    "priority": "1. anthropic-api: ready (serves)",
    "priority show": "1. anthropic-api: ready (serves)",
    "priority set groq,openrouter": "the order is now groq, openrouter",
    "priority groq openrouter": "the order is now groq, openrouter",
    "priority add together": "the order is now anthropic-api, openrouter, groq, together",
    "priority remove openrouter": "the order is now anthropic-api, groq",
    "priority move groq 1": "the order is now groq, anthropic-api, openrouter",
    "limits": "no provider has a known window",
    "limits groq": "groq has no known window",
    "limits groq --daily 1M": "tokens a day: 0 % of 1M",
    "limits groq --monthly 10M": "tokens a month: 0 % of 10M",
    "limits groq --daily 500K --monthly 10M": "tokens a month: 0 % of 10M",
    "limits groq --daily 1500000": "tokens a day: 0 % of 1.5M",
    "limits groq --daily 0": "groq has no known window",
    "limits groq --daily unlimited": "groq has no known window",
    "analytics": "24h: ",
    "analytics 1h": "1h: ",
    "analytics 24h": "24h: ",
    "analytics 7d": "7d: ",
    "analytics 30d": "30d: ",
    "analytics all": "all: ",
    **{f"analytics 7d --view {view}": "7d: " for view in VIEWS},
    "analytics --view models": "24h: ",
    "analytics 7d --costs": "7d: ",
    "analytics 7d --compare": "before: ",
    "analytics 7d --costs --compare": "before: ",
}  # fmt: skip
"""As its command files (`allowed_args`), its README and its scripts have them."""

CHANGING = (
    "switch groq", "switch --auto", "priority set", "priority groq", "priority add", "priority remove",
    "priority move", "limits groq --",
)  # fmt: skip
CHANGES = [form for form in ANSWERS if form.startswith(CHANGING) or "--reset" in form]


@pytest.fixture
def ctx(context: Make) -> Context:
    keys = {"ANTHROPIC_API_KEY": "k1", "OPENROUTER_API_KEY": "k2", "GROQ_API_KEY": "k3"}
    made = context(env=keys, now=lambda: NOON, who="hook")
    actions.set_priority(made, ["anthropic-api", "openrouter", "groq"])
    return made


def ask(ctx: Context, form: str) -> str:
    command, _, arguments = f"provider-{form}".partition(" ")
    reply = commands.answer(ctx, command, arguments)
    assert reply is not None
    return reply


@pytest.mark.parametrize("form", ANSWERS)
def test_every_form_is_answered(ctx: Context, form: str) -> None:
    reply = ask(ctx, form)

    assert ANSWERS[form] in reply
    assert KEY not in reply
    assert len(reply.splitlines()) <= commands.MAX_LINES


@pytest.mark.parametrize("form", CHANGES)
def test_one_undo_takes_back_all_of_it(ctx: Context, form: str) -> None:
    actions.bench(ctx, "openrouter", until=None)
    before = state(ctx)

    ask(ctx, form)
    changed = state(ctx) != before
    if changed:
        actions.undo(ctx)

    assert changed or "unlimited" in form or "--daily 0" in form or form.endswith("--auto on")
    assert state(ctx) == before


def state(ctx: Context) -> tuple[object, object]:
    """What a person set, and who rests."""
    health = json.loads(ctx.paths.health.read_text())
    return json.loads(ctx.paths.config.read_text()), health["benches"]
