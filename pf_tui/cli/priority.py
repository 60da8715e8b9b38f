"""`pf-tui priority`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pf_tui import actions, snapshot
from pf_tui.cli import diagnostics, output
from pf_tui.cli.grammar import Group, as_json, in_project, provider_argument, subword
from pf_tui.cli.values import PROVIDER
from pf_tui.documents import provider_state, settings, words
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context

if TYPE_CHECKING:
    from rich.text import Text

priority = Group("priority", "show")


@subword(priority, "show")
@as_json
@click.pass_obj
def show(ctx: Context, as_json: bool) -> None:
    """The list that holds here: this project's, else your own, else the default."""
    now = snapshot.take(ctx, keep_going=not as_json)
    if as_json:
        output.document(settings.priority(now))
        return
    output.show(*_list(now, ctx, output.width()))
    for problem in now.problems:
        diagnostics.note(problem)


@subword(priority, "set")
@click.argument("providers", nargs=-1, required=True, type=PROVIDER, metavar="A,B,C")
@in_project
@as_json
@click.pass_obj
def set_(ctx: Context, providers: tuple[str, ...], in_project: bool, as_json: bool) -> None:
    """Providers that are not named never serve; `pf-tui undo` brings the old list back."""
    names = [name.strip() for word in providers for name in word.split(",") if name.strip()]
    before = _before(ctx, in_project)
    _tell(ctx, before, actions.set_priority(ctx, names, in_project=in_project), as_json=as_json)


@subword(priority, "add")
@provider_argument
@in_project
@as_json
@click.pass_obj
def add(ctx: Context, provider: str, in_project: bool, as_json: bool) -> None:
    """It serves when all before it cannot."""
    before = _before(ctx, in_project)
    _tell(ctx, before, actions.add_to_priority(ctx, provider, in_project=in_project), as_json=as_json)


@subword(priority, "remove")
@provider_argument
@in_project
@as_json
@click.pass_obj
def remove(ctx: Context, provider: str, in_project: bool, as_json: bool) -> None:
    """Its key stays where it is."""
    before = _before(ctx, in_project)
    _tell(ctx, before, actions.remove_from_priority(ctx, provider, in_project=in_project), as_json=as_json)


@subword(priority, "move")
@provider_argument
@click.argument("position", type=int, metavar="N")
@in_project
@as_json
@click.pass_obj
def move(ctx: Context, provider: str, position: int, in_project: bool, as_json: bool) -> None:
    """Places begin at 1; past the end means last."""
    before = _before(ctx, in_project)
    new_order = actions.move_in_priority(ctx, provider, position, in_project=in_project)
    _tell(ctx, before, new_order, as_json=as_json)


def _before(ctx: Context, in_project: bool) -> tuple[str, ...]:
    now = snapshot.take(ctx)
    return now.priority if in_project else now.own_priority


def _tell(ctx: Context, before: tuple[str, ...], after: tuple[str, ...], *, as_json: bool) -> None:
    now = snapshot.take(ctx)
    if as_json:
        output.document(settings.reordered(before, after, now))
        return
    if before == after:
        output.text("no change: the list already has this order")
    else:
        output.show(*_list(now, ctx, output.width(), after))
        if now.priority != after:
            diagnostics.note(f"this project has a list of its own, so {now.priority[0]} stays first here")


def _list(now: Snapshot, ctx: Context, width: int, order: tuple[str, ...] | None = None) -> list[Text]:
    """The list that holds here, or `order`: one's own where the project has another."""
    from rich.text import Text

    from pf_tui.cli.look import FAINT, Cell, plain, state, table
    from pf_tui.text.columns import Column

    zone = ctx.timezone()
    active = now.active.provider if now.active else None
    own = order is not None and order != now.priority
    names = now.priority if order is None else order
    positions = [(names.index(view.id) + 1, view) for view in now.providers if view.id in names]
    rows = [
        [
            Cell(
                text=f"{'▶' if view.id == active else ' '} {rank:>2}",
                style="bold" if view.id == active else "",
            ),
            Cell(text=view.id, style="bold" if view.id == active else ""),
            state(view.state, provider_state.state_word(view)),
            plain(f"back {words.when(view.until, now.at, zone)}" if view.until else ""),
        ]
        for rank, view in sorted(positions, key=lambda pair: pair[0])
    ]
    columns = (
        Column(title=""),
        Column(title="provider", shrinks=True),
        Column(title="state"),
        Column(title="", leaves=1),
    )
    sources = {
        "project": f"this project's list ({now.project.root if now.project else ''})",
        "config": "your own list",
        "catalog": "the default list; `pf-tui priority set` makes your own",
    }
    where = sources["config" if own else str(settings.priority(now)["source"])]
    return [*table(columns, rows, width), Text(), Text(where, style=FAINT)]
