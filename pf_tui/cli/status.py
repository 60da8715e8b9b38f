"""`pf-tui status`."""

from __future__ import annotations

import click

from pf_tui import actions, snapshot
from pf_tui.actions import readings as reads
from pf_tui.cli import diagnostics, output
from pf_tui.cli.grammar import as_json, maybe_provider, word
from pf_tui.documents import status as documents
from pf_tui.sessions.overview import overview
from pf_tui.state import credentials
from pf_tui.state.context import Context


@word("status")
@maybe_provider
@click.option("--reset", is_flag=True, help="Clear benches and begin today's counters anew.")
@as_json
@click.pass_obj
def status(ctx: Context, provider: str | None, reset: bool, as_json: bool) -> None:
    """Of all providers, or everything about one."""
    for note in credentials.repair_permissions(ctx.paths):
        diagnostics.note(note)
    cleared = actions.reset(ctx, provider) if reset else ()
    now = snapshot.take(ctx, keep_going=not as_json)
    if as_json:
        content = documents.document(now, provider, overview(ctx))
        output.document({**content, "reset": list(cleared)} if reset else content)
        return
    from pf_tui.cli import status_view

    zone, width = ctx.timezone(), output.width()
    if provider:
        output.show(*status_view.detail(now, now.view(provider), zone, width))
    else:
        output.show(*status_view.overview(now, zone, width, overview(ctx), reads.headroom(ctx)))
    if reset:
        whose = provider or "all providers"
        diagnostics.note(
            f"benches and today's counters of {whose} were cleared; `pf-tui undo` brings them back"
        )
    for problem in now.problems:
        diagnostics.note(problem)
