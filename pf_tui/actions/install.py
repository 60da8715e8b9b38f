"""Install and uninstall: put pf-tui into an agent, and take it out again."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from pf_tui.actions.journalling import write_down
from pf_tui.clients import CLIENTS, INTEGRATED
from pf_tui.integrations import apply, install_plan
from pf_tui.integrations.install_plan import Plan
from pf_tui.records import replace
from pf_tui.state import files, health
from pf_tui.state.context import Context
from pf_tui.state.health import Applied
from pf_tui.state.paths import config_folder


def found(ctx: Context) -> tuple[str, ...]:
    """The agents on this machine: on the PATH, or with a configuration folder of their own."""
    return tuple(
        agent
        for agent in INTEGRATED
        if shutil.which(CLIENTS[agent].program, path=ctx.env.get("PATH"))
        or config_folder(agent, ctx.env).is_dir()
    )


def only_read(ctx: Context) -> tuple[str, ...]:
    """The agents on this machine that need no set-up: their use is read from their own logs."""
    return tuple(
        client.id
        for client in CLIENTS.values()
        if not client.integrates
        and (
            shutil.which(client.program, path=ctx.env.get("PATH"))
            or config_folder(client.id, ctx.env).is_dir()
        )
    )


def plan(ctx: Context, agent: str, *, in_project: bool = False, removal: bool = False) -> Plan:
    """What install (or uninstall) would change; nothing is written.

    Raises:
        StateFileUnusable: a file of the agent's cannot be read or edited.
    """
    module = apply.module(agent)
    wanted: Plan = (
        module.plan_uninstall(ctx, project=in_project)
        if removal
        else module.plan_install(ctx, project=in_project)
    )
    return wanted


def install(ctx: Context, agent: str, *, in_project: bool = False) -> Plan:
    """Put pf-tui into the agent; returns what that changed, an empty plan when it was there.

    Raises:
        PfError: a file cannot be read, edited or written.
    """
    return _carry_out(ctx, agent, in_project=in_project, removal=False)


def uninstall(ctx: Context, agent: str, *, in_project: bool = False) -> Plan:
    """Take pf-tui out of the agent; its files are as they were. Raises PfError as install does."""
    return _carry_out(ctx, agent, in_project=in_project, removal=True)


def _carry_out(ctx: Context, agent: str, *, in_project: bool, removal: bool) -> Plan:
    with files.locked(ctx.paths):
        wanted = plan(ctx, agent, in_project=in_project, removal=removal)
        news = not wanted.empty or (removal and wanted.key in install_plan.keys(ctx.paths))
        install_plan.apply(ctx.paths, wanted)
        if removal and agent not in {name.partition(":")[0] for name in install_plan.keys(ctx.paths)}:
            health.change(ctx.paths, lambda old: replace(old, agents=_without(old.agents, agent)))
        if news:
            write_down(
                ctx,
                "uninstall" if removal else "install",
                why="asked for",
                after={"agent": wanted.key, "files": [str(change.path) for change in wanted.changes]},
            )
    return wanted


def _without(agents: Mapping[str, Applied], agent: str) -> dict[str, Applied]:
    """What the agent was set to is its own affair again."""
    return {name: applied for name, applied in agents.items() if name != agent}
