"""`pf-tui classes`: where requests of a class are served, through the gateway."""

from __future__ import annotations

import click

from pf_tui import actions, snapshot
from pf_tui.cli import output
from pf_tui.cli.grammar import Group, as_json, subword
from pf_tui.cli.values import MODEL, PROVIDER
from pf_tui.documents import words
from pf_tui.errors import WrongUsage
from pf_tui.rules.request_classes import CLASSES, MEANINGS
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context

classes = Group("classes", "list")
_CLASS = click.argument("name", metavar="CLASS", type=click.Choice(CLASSES))


@subword(classes, "list")
@as_json
@click.pass_obj
def list_(ctx: Context, as_json: bool) -> None:
    """A class without a rule goes where the conversation goes."""
    now = snapshot.take(ctx)
    if as_json:
        output.document(_document(now))
        return
    for name in CLASSES:
        output.text(f"{_where(now, name)} ({MEANINGS[name]})")


@subword(classes, "set")
@_CLASS
@click.option("--provider", type=PROVIDER, help="The provider to ask first while it can serve.")
@click.option("--model", type=MODEL, help="The model to ask for instead of the agent's own choice.")
@as_json
@click.pass_obj
def set_(ctx: Context, name: str, provider: str | None, model: str | None, as_json: bool) -> None:
    """Holds from the next request of agents that run behind the gateway."""
    if provider is None and model is None:
        raise WrongUsage("where do they go?", "name a --provider, a --model or both")
    actions.set_class(ctx, name, provider=provider, model=model)
    _tell(ctx, name, as_json=as_json)


@subword(classes, "remove")
@_CLASS
@as_json
@click.pass_obj
def remove(ctx: Context, name: str, as_json: bool) -> None:
    """From the next request on."""
    actions.set_class(ctx, name)
    _tell(ctx, name, as_json=as_json)


def _tell(ctx: Context, name: str, *, as_json: bool) -> None:
    now = snapshot.take(ctx)
    if as_json:
        output.document(_document(now))
        return
    output.text(
        f"{_where(now, name)}, from the next request through the gateway; `pf-tui undo` takes it back"
    )


def _where(now: Snapshot, name: str) -> str:
    rule = now.config.classes.get(name)
    return words.class_rule(name, rule) if rule else f"{name}: as asked"


def _document(now: Snapshot) -> list[dict[str, object]]:
    """Every class, with where it goes; null = as asked."""
    rules = now.config.classes
    return [
        {
            "class": name,
            "provider": rules[name].provider if name in rules else None,
            "model": rules[name].model if name in rules else None,
            "means": MEANINGS[name],
        }
        for name in CLASSES
    ]
