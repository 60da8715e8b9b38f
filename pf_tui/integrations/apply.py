"""What a switch changes in the agents that pf-tui is installed into, and when they notice.

The verbs call `apply` under the state lock; each agent's own module does the writing.
"""

from __future__ import annotations

from datetime import datetime

from pf_tui.catalog import Provider
from pf_tui.clients import CLIENTS, INTEGRATED
from pf_tui.integrations import installs
from pf_tui.records import record
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


@record
class Effect:
    """What happens to one agent."""

    agent: str
    when: str
    """now | next turn | next start | never"""
    how: str
    """gateway | settings | plugin | none"""
    text: str
    """The honest sentence, e.g. "from your next turn" or "needs the gateway: pf-tui run claude"."""
    applied: bool = True
    """False when this agent cannot be set to that provider."""


def module(agent: str) -> ModuleType:
    """One agent's module: plan_install, plan_uninstall, apply and config_folder.

    It may have more: after_install; and for `doctor` logs and addresses by the environment, disabled and
    key_problem by the context, as (what, cure).
    """
    from importlib import import_module

    return import_module(f"pf_tui.integrations.{CLIENTS[agent].module}")


def installed(ctx: Context) -> tuple[str, ...]:
    """The agents pf-tui is installed into, for this person or this project: ("claude-code", "opencode")."""
    roots = {str(folder) for folder in (ctx.cwd, *ctx.cwd.parents)}
    found = {
        agent for agent, _, root in (name.partition(":") for name in keys(ctx)) if not root or root in roots
    }
    return tuple(agent for agent in INTEGRATED if agent in found)


def keys(ctx: Context) -> tuple[str, ...]:
    """Every install by its key; one whose record was lost is known by what stands in the agent's files."""
    from pf_tui.integrations import marks

    known = installs.keys(ctx.paths)
    if installs.pause(ctx.paths) is not None:
        return known
    there = {name.partition(":")[0] for name in known}
    lost = [agent for agent in INTEGRATED if agent not in there and marks.are_for(agent, ctx.env)]
    return (*known, *lost)


def paused(ctx: Context) -> datetime | None:
    """Since when pf-tui is out of every agent by a person's word; None = it is not paused."""
    lasts = installs.pause(ctx.paths)
    return lasts.since if lasts else None


def apply(ctx: Context, agent: str, provider: Provider, model: str | None) -> Effect:
    """Set one installed agent to `provider`; writes its settings where that is the way."""
    effect: Effect = module(agent).apply(ctx, provider, model)
    return effect
