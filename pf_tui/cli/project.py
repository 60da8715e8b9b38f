"""`pf-tui init` and `pf-tui trust`: a project's own settings."""

from __future__ import annotations

from pathlib import Path

import click

from pf_tui import actions
from pf_tui.cli import output
from pf_tui.cli.grammar import as_json, word
from pf_tui.documents import trust as documents
from pf_tui.errors import WrongUsage
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


@word("trust")
@click.argument("folder", required=False, metavar="[DIR]")
@click.option("--list", "listed", is_flag=True, help="Show every file you have accepted.")
@click.option("--forget", "forgotten", metavar="DIR", help="Trust that project's file no more.")
@as_json
@click.pass_obj
def trust(ctx: Context, folder: str | None, listed: bool, forgotten: str | None, as_json: bool) -> None:
    """A file that is not trusted may only lower your request budgets: its list, model and switches are
    passed over. Trust is for the text as it stands; when somebody changes it, it ends.
    """
    if (folder is not None) + listed + (forgotten is not None) > 1:
        raise WrongUsage("DIR, --list and --forget stand alone", "`pf-tui trust --help` shows examples")
    if listed:
        return _list(ctx, as_json=as_json)
    if forgotten is not None:
        path = actions.forget_trust(ctx, _absolute(forgotten))
        if as_json:
            output.document({"path": str(path), "forgotten": True, "undo": "pf-tui undo"})
        else:
            output.text(f"{path} is not trusted any more; `pf-tui undo` takes it back")
        return None
    outcome = actions.trust_project(ctx, ctx.cwd if folder is None else _folder(folder))
    if as_json:
        output.document(documents.trusted(outcome))
        return None
    state = "is trusted now" if outcome.changed else "was trusted already"
    output.text(f"{outcome.project.path} {state}{'; it sets:' if outcome.settings else ' and sets nothing'}")
    for key, value in outcome.settings.items():
        output.text(f"  {key}: {_value(value)}")
    if outcome.changed:
        output.text("`pf-tui undo` takes it back")
    return None


def _list(ctx: Context, *, as_json: bool) -> None:
    files = actions.trusted_files(ctx)
    if as_json:
        output.document(documents.listed(files))
        return
    for trusted_file, state in files:
        output.text(trusted_file.path if state == "trusted" else f"{trusted_file.path} ({state})")
    if not files:
        output.text("no project file is trusted; `pf-tui trust DIR` accepts one")


def _folder(name: str) -> Path:
    path = _absolute(name)
    if not path.is_dir():
        raise WrongUsage(f"'{name}' is not a folder", "name the project's folder")
    return path


def _absolute(name: str) -> Path:
    return Path(name).expanduser().absolute()


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
