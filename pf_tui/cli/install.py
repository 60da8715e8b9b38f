"""`pf-tui install` and `uninstall`: what is put into an agent, shown first with --dry-run."""

from __future__ import annotations

import sys

import click

from pf_tui.actions import install as verbs
from pf_tui.cli import diagnostics, manual, output
from pf_tui.cli.grammar import as_json, word
from pf_tui.clients import INTEGRATED
from pf_tui.errors import PfError, WrongUsage
from pf_tui.integrations import apply, install_plan
from pf_tui.integrations.install_plan import Plan
from pf_tui.state.context import Context
from pf_tui.state.paths import user_home
from pf_tui.visible import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

agent_argument = click.argument("agent", type=click.Choice(INTEGRATED), required=False)
in_project = click.option(
    "--project", "in_project", is_flag=True, help="For this project's folder only, shared with its team."
)
dry_run = click.option("--dry-run", is_flag=True, help="Show the exact change; write nothing.")


@word("install")
@agent_argument
@in_project
@dry_run
@as_json
@click.pass_obj
def install(ctx: Context, agent: AgentId | None, in_project: bool, dry_run: bool, as_json: bool) -> None:
    """Without an agent: looks for all of them and asks. Doing it twice changes nothing."""
    agents = (agent,) if agent else verbs.agents_present(ctx)
    if not agents:
        raise PfError(
            "no agent was found: neither claude, opencode nor codex is on the PATH" + _also_read(ctx),
            "install one of them, or name it: `pf-tui install claude-code`",
        )
    _each(ctx, agents, in_project, dry_run=dry_run, as_json=as_json, ask=agent is not None, removal=False)


@word("uninstall")
@agent_argument
@in_project
@dry_run
@as_json
@click.pass_obj
def uninstall(ctx: Context, agent: AgentId | None, in_project: bool, dry_run: bool, as_json: bool) -> None:
    """Without an agent: asks for each that pf-tui is in. Files are as before, byte for byte."""
    agents = (agent,) if agent else apply.installed(ctx)
    if not agents:
        raise PfError("pf-tui is not installed into any agent here; nothing was changed", "`pf-tui doctor`")
    _each(ctx, agents, in_project, dry_run=dry_run, as_json=as_json, ask=agent is not None, removal=True)


def _each(
    ctx: Context,
    agents: tuple[AgentId, ...],
    in_project: bool,
    *,
    dry_run: bool,
    as_json: bool,
    ask: bool,
    removal: bool,
) -> None:
    if not (ask or dry_run) and (as_json or not _somebody_there()):
        verb = "uninstall" if removal else "install"
        raise WrongUsage(
            f"there is nobody to ask which of {', '.join(agents)} is meant; nothing was changed",
            f"`pf-tui {verb} {agents[0]}`, or `pf-tui {verb} --dry-run` to see everything",
        )
    documents = []
    for agent in agents:
        plan = verbs.plan(ctx, agent, in_project=in_project, removal=removal)
        if not ask and not dry_run and not _agreed(ctx, agent, plan, removal=removal):
            output.text(f"{agent}: left as it was")
            continue
        if not dry_run:
            carry_out = verbs.uninstall if removal else verbs.install
            plan = carry_out(ctx, agent, in_project=in_project)
        if as_json:
            documents.append(_document(ctx, agent, plan, dry_run=dry_run, in_project=in_project))
        elif dry_run:
            output.block(
                install_plan.diff(plan, user_home(ctx.env)).rstrip("\n") or f"{agent}: nothing would change"
            )
        else:
            output.block(_sentence(ctx, agent, plan, removal=removal))
    if as_json:
        output.document(documents[0] if ask else documents)
    elif not ask and not removal and (also := _also_read(ctx)):
        output.text(also.removeprefix("; "))
    if removal and not dry_run and not apply.installed(ctx) and manual.is_linked(ctx):
        diagnostics.note("`man pf-tui` still leads to our page; `pf-tui man --unlink` takes that link out")


def _also_read(ctx: Context) -> str:
    """Message for agents that are installed but not set up."""
    return "".join(
        f"; {agent}: nothing to set up: its usage is read from its own logs, a switch does not move it"
        for agent in verbs.only_read(ctx)
    )


def _somebody_there() -> bool:
    return sys.stdin.isatty()


def _agreed(ctx: Context, agent: AgentId, plan: Plan, *, removal: bool) -> bool:
    """Ask a person at the terminal; nothing to do is no question."""
    if plan.empty and not removal:
        return True
    what = f"take pf-tui out of {agent}" if removal else f"set up {agent}"
    while True:
        reply = click.prompt(
            f"{what} ({visible(_files(plan))})? [Y]es, [n]o, [d]iff", default="y", show_default=False
        )
        if reply[:1].lower() != "d":
            return str(reply)[:1].lower() == "y"
        output.block(install_plan.diff(plan, user_home(ctx.env)).rstrip("\n"))


def _files(plan: Plan) -> str:
    return f"{len(plan.changes)} file{'s' if len(plan.changes) != 1 else ''}"


def _sentence(ctx: Context, agent: AgentId, plan: Plan, *, removal: bool) -> str:
    if removal:
        return (
            f"{agent}: pf-tui is out; its files are as they were"
            if plan.changes
            else f"{agent}: pf-tui was not in it"
        )
    lines = [
        f"{agent}: " + (f"{_files(plan)} written" if plan.changes else "already set up; nothing changed")
    ]
    lines += getattr(apply.module(agent), "after_install", lambda *_: ())(ctx, plan)
    return "\n".join(lines)


def _document(
    ctx: Context, agent: AgentId, plan: Plan, *, dry_run: bool, in_project: bool
) -> dict[str, object]:
    def kind(before: bytes | None, after: bytes | None) -> str:
        return "create" if before is None else "delete" if after is None else "edit"

    return {
        "agent": agent,
        "project": in_project,
        "dry_run": dry_run,
        "changed": not plan.empty,
        "files": [
            {"path": str(change.path), "change": kind(change.before, change.after)} for change in plan.changes
        ],
        "diff": install_plan.diff(plan, user_home(ctx.env)),
    }
