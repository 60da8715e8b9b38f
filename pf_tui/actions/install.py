"""Install and uninstall: put pf-tui into an agent, and take it out again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence

from pf_tui.actions.journalling import write_down
from pf_tui.clients import CLIENTS, INTEGRATED
from pf_tui.errors import PfError
from pf_tui.integrations import apply, install_plan, installs
from pf_tui.integrations.install_plan import Plan
from pf_tui.ledger import reader as ledger
from pf_tui.records import replace
from pf_tui.sessions.records import Session
from pf_tui.state import files, health
from pf_tui.state.context import Context
from pf_tui.state.health import AgentSetting
from pf_tui.state.paths import config_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId


def agents_present(ctx: Context) -> tuple[AgentId, ...]:
    """The agents on this machine: on the PATH, or with a configuration folder of their own."""
    return tuple(
        agent
        for agent in INTEGRATED
        if shutil.which(CLIENTS[agent].program, path=ctx.env.get("PATH"))
        or config_folder(agent, ctx.env).is_dir()
    )


def only_read(ctx: Context) -> tuple[AgentId, ...]:
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


def plan(ctx: Context, agent: AgentId, *, in_project: bool = False, removal: bool = False) -> Plan:
    """What install (or uninstall) would change; nothing is written.

    Raises:
        StateFileUnusable: a file of the agent's cannot be read or edited.
    """
    module = apply.module(agent)
    new_plan: Plan = (
        module.plan_uninstall(ctx, project=in_project)
        if removal
        else module.plan_install(ctx, project=in_project)
    )
    return new_plan


def install(ctx: Context, agent: AgentId, *, in_project: bool = False) -> Plan:
    """Put pf-tui into the agent; returns what that changed, an empty plan when it was there.

    Raises:
        PfError: a file cannot be read, edited or written; or pf-tui is paused.
    """
    if apply.paused(ctx):
        raise PfError(f"pf-tui is paused; nothing was put into {agent}", "`pf-tui resume`, then install")
    with files.locked(ctx.paths):
        written_plan = put_in(ctx, agent, in_project=in_project)
        if not written_plan.empty:
            _write_down(ctx, written_plan)
    return written_plan


def uninstall(ctx: Context, agent: AgentId, *, in_project: bool = False) -> Plan:
    """Take pf-tui out of the agent; its files are as they were. Raises PfError as install does."""
    key = plan(ctx, agent, in_project=in_project, removal=True).key
    remembered = key in installs.keys(ctx.paths)
    written_plan = take_out(ctx, agent, in_project=in_project, running=_running(ctx, agent))
    forgotten = _forget_paused(ctx, key)
    if not written_plan.empty or remembered or forgotten:
        _write_down(ctx, written_plan)
    return written_plan


def put_in(ctx: Context, agent: AgentId, *, in_project: bool) -> Plan:
    """Make the install, written down nowhere. Caller holds the lock."""
    new_plan = plan(ctx, agent, in_project=in_project)
    install_plan.apply(ctx.paths, new_plan)
    return new_plan


def take_out(
    ctx: Context,
    agent: AgentId,
    *,
    in_project: bool,
    running: Sequence[Session] = (),
    wait: Callable[[float], object] = time.sleep,
) -> Plan:
    """Undo the install, written down nowhere.

    Args:
        running: the sessions that run now. A client keeps the last value of a variable that is merely
            taken out, so running ones are led to their own vendor first: else their own login would go to
            the address they were led to.
        wait: seconds until they have read that.
    """
    with files.locked(ctx.paths):
        due_s = apply.module(agent).lead_home(ctx) if _reads_settings(running, agent) else 0.0
    if due_s:
        wait(due_s)
    with files.locked(ctx.paths):
        new_plan = plan(ctx, agent, in_project=in_project, removal=True)
        install_plan.apply(ctx.paths, new_plan)
        if agent not in installs.agents(installs.keys(ctx.paths)):
            _own_affair(ctx, agent)
    return new_plan


def _write_down(ctx: Context, written_plan: Plan) -> None:
    write_down(
        ctx,
        "uninstall" if written_plan.removal else "install",
        why="asked for",
        after={"agent": written_plan.key, "files": [str(change.path) for change in written_plan.changes]},
    )


def _forget_paused(ctx: Context, key: str) -> bool:
    """An install that is taken out during a pause does not come back with `resume`."""
    with files.locked(ctx.paths):
        lasts = installs.pause(ctx.paths)
        if lasts is None or key not in lasts.installs:
            return False
        remaining = tuple(name for name in lasts.installs if name != key)
        installs.remember_pause(ctx.paths, replace(lasts, installs=remaining))
        return True


def _running(ctx: Context, agent: AgentId) -> tuple[Session, ...]:
    """Running sessions that a change of settings reaches; looked for only where one would."""
    if not CLIENTS[agent].led_by_settings:
        return ()
    from pf_tui.sessions.overview import overview

    try:
        return tuple(session for session in overview(ctx) if session.state != "ended")
    except (PfError, OSError):
        return ()


def _reads_settings(running: Sequence[Session], agent: AgentId) -> bool:
    of_agent = [session for session in running if session.agent == agent and not session.behind_gateway]
    return bool(of_agent) and hasattr(apply.module(agent), "lead_home")


def _own_affair(ctx: Context, agent: AgentId) -> None:
    """What the agent is set to is its own affair again: from now on its rows are its own login's."""
    from pf_tui.ingest import attribution

    was = ctx.health().agents.get(agent)
    health.change(ctx.paths, lambda old: replace(old, agents=_without(old.agents, agent)))
    if was is None:
        return
    serves = attribution.assumed(agent, ctx.env, ctx.catalog())
    if serves != was.provider and serves in ctx.catalog().providers:
        ledger.applied(ctx.paths.ledger, agent, serves, ctx.now())


def _without(agents: Mapping[str, AgentSetting], agent: AgentId) -> dict[str, AgentSetting]:
    """What the agent was set to is its own affair again."""
    return {name: setting for name, setting in agents.items() if name != agent}
