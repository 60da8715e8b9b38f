"""`pf-tui run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pf_tui import snapshot
from pf_tui.cli import diagnostics
from pf_tui.cli.grammar import word
from pf_tui.documents.words import clock, span
from pf_tui.errors import WrongUsage
from pf_tui.state.context import Context

if TYPE_CHECKING:
    from pf_tui.clients import Client
    from pf_tui.launch.plan import LaunchRoute
    from pf_tui.rules.eligibility import Skipped
    from pf_tui.snapshot import Snapshot


_GOES_ON = {
    "claude": "at the reset of its plan it goes on by itself",
    "opencode": "after a limit it goes on by itself, by the plugin of `pf-tui install opencode`",
}
"""An agent on its own login that is to go on at the reset."""


@word("run")
@click.argument("agent", metavar="claude | opencode | codex")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]")
@click.option(
    "--pass-through",
    is_flag=True,
    help="Hand the agent's own login through, to its vendor alone: a limit of the plan saves the turn.",
)
@click.option(
    "--resume-at-reset",
    "resume",
    is_flag=True,
    help="When nobody can serve, wait for the first provider that is back, and go on by itself.",
)
@click.pass_obj
def run(ctx: Context, agent: str, words: tuple[str, ...], pass_through: bool, resume: bool) -> None:
    """Words after -- go to the agent. Nothing is written into its settings."""
    from pf_tui.gateway import process
    from pf_tui.launch import plan, supervisor
    from pf_tui.launch.plan import LaunchPlan

    client = plan.agent_called(agent)
    if resume and client.word == "codex":
        raise WrongUsage(
            "Codex does not wait for a reset by itself; nothing was started",
            "`pf-tui sessions resume ID` resumes it when the limit ends",
        )
    program = plan.program_of(client, ctx.env)
    now = snapshot.take(ctx)
    route: LaunchRoute | None = None
    if resume:
        now, route = _when_served(ctx, client, pass_through=pass_through)
    elif not now.paused:
        route = plan.launch_route(now, client, pass_through=pass_through)
    if route is None:
        diagnostics.note(f"pf-tui is paused: {client.name} runs by itself; `pf-tui resume`")
        plan.exec_agent(LaunchPlan(program=program, words=words, environment=ctx.env))
    if route.through == "login":
        diagnostics.note(
            f"{route.provider} serves: {client.name} runs on its own login; a limit moves the next turn"
            + (f"; {_GOES_ON[client.word]}" if resume and client.word in _GOES_ON else "")
            + ("; --pass-through saves the turn itself" if client.one_vendor_login else "")
        )
        plan.exec_agent(plan.write_login_settings(ctx, client, words, resume=resume))
    running, token = process.ensure(ctx)
    then = f", then {', '.join(route.then)}" if route.then else "; no provider follows"
    diagnostics.note(f"{client.name} behind the gateway at {running.url}: {route.provider} serves{then}")
    if pass_through:
        diagnostics.note(
            f"your own {client.name} login goes through the gateway, byte for byte, to its vendor alone; "
            "whether your plan allows that is between you and the vendor"
        )
    laid_out = plan.write_launch_settings(
        ctx,
        now,
        client,
        route,
        words,
        url=running.url,
        token=token,
        pass_through=pass_through,
        resume=resume,
    )
    supervisor.start(ctx, running)
    plan.exec_agent(laid_out)


def _when_served(ctx: Context, agent: Client, *, pass_through: bool) -> tuple[Snapshot, LaunchRoute | None]:
    """Wait for the first provider that is back, with a countdown; ctrl+c or a pause ends the wait."""
    from pf_tui.launch import waiting

    waits: list[str] = []

    def show(now: Snapshot, back: Skipped) -> None:
        until = back.until or now.at
        at = clock(until, now.at, ctx.timezone())
        if back.provider not in waits:
            waits.append(back.provider)
            diagnostics.note(
                f"no provider can serve {agent.name} now; it starts when {back.provider} is back at {at}; "
                "ctrl+c ends the wait"
            )
        diagnostics.progress(f"waiting for {back.provider}: {span(until - now.at)} left")

    is_waiting = waiting.until_served(ctx, agent, pass_through=pass_through, show=show)
    if waits:
        diagnostics.progress("")
    return is_waiting
