"""What pf-tui puts into Claude Code, and takes out again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pf_tui.agents import changes
from pf_tui.agents.changes import Plan
from pf_tui.agents.effects import Effect
from pf_tui.catalog import Provider
from pf_tui.state.context import Context
from pf_tui.state.paths import user_home

AGENT = "claude-code"


def plan_install(ctx: Context, *, project: bool = False) -> Plan:
    """What `install claude-code` would change."""
    return changes.install(ctx.paths, AGENT, ())


def plan_uninstall(ctx: Context, *, project: bool = False) -> Plan:
    """What `uninstall claude-code` would change."""
    return changes.uninstall(ctx.paths, AGENT, ())


def apply(ctx: Context, provider: Provider, model: str | None) -> Effect:
    """What a switch does to Claude Code."""
    return Effect(agent=AGENT, when="never", how="none", text="not yet", applied=False)


def config_folder(env: Mapping[str, str]) -> Path:
    """$CLAUDE_CONFIG_DIR, else ~/.claude."""
    own = env.get("CLAUDE_CONFIG_DIR")
    return Path(own) if own else user_home(env) / ".claude"
