"""`pf-tui init`."""

from __future__ import annotations

import click

from pf_tui import actions
from pf_tui.cli import output
from pf_tui.cli.grammar import as_json, word
from pf_tui.state.context import Context


@word("init")
@as_json
@click.pass_obj
def init(ctx: Context, as_json: bool) -> None:
    """At the git root, else in the working directory; an existing file is left alone."""
    path = actions.init_project(ctx)
    if as_json:
        output.document({"path": str(path), "undo": "pf-tui undo"})
    else:
        output.text(f"wrote {path}; every setting in it is optional, `pf-tui undo` removes it")
