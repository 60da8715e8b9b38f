"""`pf-tui ingest` and `import`: what agents logged, and what the original plugin counted."""

from __future__ import annotations

import time
from pathlib import Path

import click

from pf_tui.actions import takeover, usage
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
    began = time.monotonic()
    repriced = usage.reprice(ctx) if reprice else None
    if as_json:
        content = outcome.to_json()
        output.document(content if repriced is None else {**content, "rows_repriced": repriced})
        return
    if outcome.files:
        files = words.number(outcome.files)
        output.text(
            f"read {words.short(outcome.bytes)}B of {files} file{'' if outcome.files == 1 else 's'} in "
            f"{outcome.seconds:.2f} s: {words.number(outcome.rows_new)} new requests"
        )
    else:
        output.text(f"nothing new since the last time ({outcome.seconds:.2f} s)")
    if outcome.rows_skipped:
        output.text(
            f"{words.number(outcome.rows_skipped)} rows could not be read; "
            "`pf-tui analytics --json` names them under `skipped`"
        )
    if repriced is not None:
        output.text(f"{words.number(repriced)} requests priced anew in {time.monotonic() - began:.2f} s")


@word("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@as_json
@click.pass_obj
def import_(ctx: Context, file: Path, as_json: bool) -> None:
    """The original kept sums, not requests: its days, failures and fallbacks are taken over as they are."""
    done = takeover.take_over(ctx, file)
    if as_json:
        output.document(takeover.document(done))
        return
    if done.already:
        output.text("this file was taken over before; nothing was added")
        return
    output.text(
        f"took over {words.number(done.requests)} requests of {done.days} days, "
        f"{words.money(done.cost_usd)}, {words.number(done.fallbacks)} fallbacks, "
        f"{words.number(done.errors)} errors"
    )
    for sentence in done.notes:
        output.text(f"  {sentence}")
