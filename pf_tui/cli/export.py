"""`pf-tui export`: the ledger out of the house, row by row or whole; the chain for another engine."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from pf_tui import snapshot
from pf_tui.actions import usage
from pf_tui.cli import freshen, output
from pf_tui.cli.analytics import filters_of, rows_of, span_of
from pf_tui.cli.grammar import Group, as_json, subword
from pf_tui.cli.values import DAY
from pf_tui.documents import words
from pf_tui.state.context import Context
from pf_tui.state.paths import expand

export = Group("export", "requests")


@subword(export, "requests")
@click.argument("period", required=False, metavar="[1h|24h|7d|30d|90d|all]")
@click.option("--from", "begins", type=DAY, help="Start date.")
@click.option("--to", "ends", type=DAY, help="To the end of this day.")
@click.option("--in", "project", metavar="PROJECT", help="Only this project.")
@click.option("--agent", metavar="AGENT", help="Only this agent.")
@click.option("--session", metavar="ID", help="Only this session.")
@click.option("--csv", "as_csv", is_flag=True, help="A table instead of JSON lines.")
@click.pass_obj
def requests(
    ctx: Context,
    /,
    period: str | None,
    begins: date | str | None,
    ends: date | str | None,
    as_csv: bool,
    **only: str | None,
) -> None:
    """JSON lines, oldest first. Without a period: everything."""
    whole = period is None and begins is None and ends is None
    span = span_of(ctx, "all" if whole else period, begins, ends)
    with freshen.ledger(ctx) as connection:
        rows_of(connection, span, filters_of(ctx, connection, **only), as_csv=as_csv)


@subword(export, "ledger")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--force", "-f", is_flag=True, help="Write over an existing file.")
@as_json
@click.pass_obj
def ledger(ctx: Context, file: Path, force: bool, as_json: bool) -> None:
    """Taken as one moment, also while agents and the gateway write."""
    copied = usage.copy_ledger(ctx, expand(file), overwrite=force)
    if as_json:
        output.document({"path": str(copied.path), "bytes": copied.bytes, "requests": copied.requests})
    else:
        output.text(
            f"wrote {copied.path}: {words.number(copied.requests)} requests, {words.short(copied.bytes)}B"
        )


@subword(export, "litellm")
@click.pass_obj
def litellm(ctx: Context) -> None:
    """The keys are named by their variables. What the proxy cannot be told, and who was left out, is said
    in comments. The same settings give the same file."""
    from pf_tui.export import litellm as chain
    from pf_tui.export import litellm_text

    output.raw(litellm_text.text(chain.proxy(snapshot.take(ctx))).encode())
