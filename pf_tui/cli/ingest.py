"""`pf-tui ingest`: what agents logged."""

from __future__ import annotations

import time

import click

from pf_tui.actions import usage
from pf_tui.cli import freshen, output
from pf_tui.cli.grammar import as_json, word
from pf_tui.documents import words
from pf_tui.state.context import Context


@word("ingest")
@click.option("--full", is_flag=True, help="Read everything again; nothing is counted twice.")
@click.option("--reprice", is_flag=True, help="Price every request anew, at its own time.")
@as_json
@click.pass_obj
def ingest(ctx: Context, full: bool, reprice: bool, as_json: bool) -> None:
    """The dashboard and `analytics` do it by themselves. Logs that are gone stay counted."""
    outcome = freshen.read_logs(ctx, full=full, look=True)
    start_s = time.monotonic()
    repriced = usage.reprice(ctx) if reprice else None
    if as_json:
        content = outcome.to_json()
        output.document(content if repriced is None else {**content, "rows_repriced": repriced})
        return
    if outcome.files:
        output.text(
            f"read {words.short(outcome.bytes)}B of {words.quantity(outcome.files, 'file')} in "
            f"{outcome.seconds:.2f} s: {words.quantity(outcome.rows_new, 'new request')}"
        )
    else:
        output.text(f"nothing new since the last time ({outcome.seconds:.2f} s)")
    if outcome.rows_skipped:
        output.text(
            f"{words.quantity(outcome.rows_skipped, 'row')} could not be read; "
            "`pf-tui analytics --json` names them under `skipped`"
        )
    if repriced is not None:
        output.text(
            f"{words.quantity(repriced, 'request')} priced anew in {time.monotonic() - start_s:.2f} s"
        )
