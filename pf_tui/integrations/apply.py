"""What a switch changes in the agents that pf-tui is installed into, and when they notice.

The verbs call `apply` under the state lock; each agent's own module does the writing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pf_tui.catalog import Provider
from pf_tui.clients import CLIENTS, INTEGRATED
from pf_tui.integrations import installs
from pf_tui.records import record
from pf_tui.rules.addresses import LOOPBACK
from pf_tui.state import gateway
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from pf_tui.clients import AgentId


@record
class Effect:
    """What happens to one agent."""

    agent: AgentId
    when: str
    """now | next turn | next start | never"""
    how: str
    """gateway | settings | plugin | none"""
    text: str
    """The honest sentence, e.g. "from your next turn" or "needs the gateway: pf-tui run claude"."""
    applied: bool = True
    """False when this agent cannot be set to that provider."""


def module(agent: AgentId) -> ModuleType:
    """One agent's module: plan_install, plan_uninstall and apply.

    It may have more: after_install; and for `doctor` logs and addresses by the environment, disabled and
    key_problem by the context, as (what, cure).
    """
    from importlib import import_module

    return import_module(f"pf_tui.integrations.{CLIENTS[agent].module}")


def installed(ctx: Context) -> tuple[AgentId, ...]:
    """The agents pf-tui is installed into, for this person or this project: ("claude-code", "opencode")."""
    below = f"{ctx.cwd}/"
    here = installs.agents(
        key
        for key in keys(ctx)
        if not (root := key.partition(":")[2]) or below.startswith(f"{root.rstrip('/')}/")
    )
    return tuple(agent for agent in INTEGRATED if agent in here)


def keys(ctx: Context) -> tuple[str, ...]:
    """Every install by its key; one whose record was lost is known by what stands in the agent's files."""
    from pf_tui.integrations import marks

    install_keys = installs.keys(ctx.paths)
    if installs.pause(ctx.paths) is not None:
        return install_keys
    installed_agents = installs.agents(install_keys)
    lost_agents = [
        agent for agent in INTEGRATED if agent not in installed_agents and marks.are_for(agent, ctx.env)
    ]
    return (*install_keys, *lost_agents)


def paused(ctx: Context) -> datetime | None:
    """Since when pf-tui is out of every agent by a person's word; None = it is not paused."""
    lasts = installs.pause(ctx.paths)
    return lasts.since if lasts else None


def door(ctx: Context) -> str | None:
    """The gateway's address, where agents may be led to it by their settings and it runs."""
    if not ctx.config().leads_to_gateway:
        return None
    running = gateway.read(ctx.paths)
    return running.url if running is not None else None


def needs_gateway(ctx: Context, agent: AgentId, provider: Provider) -> bool:
    """The agent's own settings cannot lead it to the provider, and the gateway can reach it."""
    return provider.agent_only is None and bool(module(agent).needs_gateway(ctx, provider))


def way_in(ctx: Context, command: str) -> str:
    """What to do so that an agent gets to the gateway."""
    if ctx.config().leads_to_gateway:
        return f"`pf-tui gateway start`, or `{command}` for one run"
    return f"`{command}`; after `pf-tui gateway auto on` a switch leads there"


def past_proxies(env: Mapping[str, str]) -> dict[str, str]:
    """NO_PROXY for the loopback, where a proxy is set: the token must not leave the machine."""
    names = {name.lower() for name in env}
    if not names & {"http_proxy", "https_proxy", "all_proxy"}:
        return {}
    own = env.get("NO_PROXY") or env.get("no_proxy") or ""
    hosts = [host for host in own.split(",") if host.strip()]
    value = ",".join(dict.fromkeys([*hosts, *LOOPBACK]))
    return {"NO_PROXY": value, "no_proxy": value}


def apply(ctx: Context, agent: AgentId, provider: Provider, model: str | None) -> Effect:
    """Set one installed agent to `provider`; writes its settings where that is the way."""
    effect: Effect = module(agent).apply(ctx, provider, model)
    return effect
