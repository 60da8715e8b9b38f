"""`pf-tui hook` and `statusline`: here for --help only; the front door answers agents without click."""

from __future__ import annotations

import click

from pf_tui.cli import output
from pf_tui.cli.grammar import word
from pf_tui.clients import INTEGRATED
from pf_tui.state.context import Context


@word("hook")
@click.argument("agent", type=click.Choice(INTEGRATED))
@click.argument("event")
@click.pass_obj
def hook(ctx: Context, agent: str, event: str) -> int:
    """The event comes on stdin as JSON; stdout is the answer the agent expects; always exit 0."""
    from pf_tui import hooks

    answer, code = hooks.run(agent, event, None, ctx.env)
    output.raw(answer.encode())
    return code


@word("statusline")
@click.option("--wrap", "wrapped", metavar="COMMAND", help="Your own status line; its output goes first.")
@click.pass_obj
def statusline(ctx: Context, wrapped: str | None) -> int:
    """Claude Code's status JSON comes on stdin."""
    from pf_tui import hooks

    answer, code = hooks.statusline(None, ctx.env, wrapped)
    output.raw(answer.encode())
    return code
