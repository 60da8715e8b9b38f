"""`pf-tui import`: another machine's ledger, and what the original plugin counted."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pf_tui.actions import fleet, takeover
from pf_tui.cli import output
from pf_tui.cli.grammar import Group, as_json, subword
from pf_tui.documents import words
from pf_tui.errors import WrongUsage
from pf_tui.state.context import Context

take_in = Group("import", "analytics")


@subword(take_in, "analytics")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@as_json
@click.pass_obj
def analytics(ctx: Context, file: Path, as_json: bool) -> None:
    """The original kept sums, not requests: its days, failures and fallbacks are taken over as they are."""
    takeover_result = takeover.take_over(ctx, file)
    if as_json:
        output.document(takeover.document(takeover_result))
        return
    if takeover_result.already:
        output.text("this file was taken over before; nothing was added")
        return
    output.text(
        f"took over {words.quantity(takeover_result.requests, 'request')}"
        f" of {words.quantity(takeover_result.days, 'day')}, {words.money(takeover_result.cost_usd)},"
        f" {words.quantity(takeover_result.fallbacks, 'fallback')},"
        f" {words.quantity(takeover_result.errors, 'error')}"
    )
    for sentence in takeover_result.notes:
        output.text(f"  {sentence}")


@subword(take_in, "ledger")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE|-")
@click.option("--as", "name", metavar="NAME", help="What that machine is called here.")
@as_json
@click.pass_obj
def ledger(ctx: Context, file: Path, name: str | None, as_json: bool) -> None:
    """Each request once, in any order and any number of times; a session that was copied is one. What is
    imported is history: budgets and limits look at this machine's own use. Nothing is taken over from a file
    that has anything wrong with it. A - stands for stdin."""
    if str(file) != "-":
        machine = fleet.take_in(ctx, file, name)
    elif sys.stdin.isatty():
        raise WrongUsage(
            "a ledger is not read from a terminal",
            "ssh laptop pf-tui export ledger - | pf-tui import ledger -",
        )
    else:
        machine = fleet.take_in(ctx, sys.stdin.buffer, name)
    if as_json:
        output.document(fleet.document(machine))
        return
    output.text(
        f"{machine.machine}: {words.number(machine.new)} of {words.quantity(machine.requests, 'request')}"
        f" {'is' if machine.new == 1 else 'are'} new here, {words.quantity(machine.hits, 'limit hit')},"
        f" {words.quantity(machine.switches, 'switch', 'es')}"
    )
