"""`pf-tui models`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pf_tui.catalog import Catalog, Model, Resolved
from pf_tui.cli import output
from pf_tui.cli.grammar import Group, as_json, subword
from pf_tui.cli.values import MODEL, PROVIDER
from pf_tui.documents import models as documents
from pf_tui.documents import words
from pf_tui.state.context import Context

if TYPE_CHECKING:
    from rich.text import Text

models = Group("models", "list")


@subword(models, "list")
@click.option("--family", help="Claude, GPT, Gemini … or a sub-family.")
@click.option("--provider", type=PROVIDER, help="Only what this provider serves.")
@click.option("--capability", help="text, vision, code, thinking, tools, audio …")
@click.option("--all", "extras", is_flag=True, help="Also newer models beside the 116.")
@as_json
@click.pass_obj
def list_(
    ctx: Context,
    family: str | None,
    provider: str | None,
    capability: str | None,
    extras: bool,
    as_json: bool,
) -> None:
    """Prices are USD per million tokens."""
    catalog = ctx.catalog()
    models = documents.chosen(catalog, family=family, provider=provider, capability=capability, extras=extras)
    if as_json:
        output.document([documents.model(entry) for entry in models])
        return
    output.show(*_table(models, catalog, output.width()))


@subword(models, "info")
@click.argument("model", type=MODEL)
@as_json
@click.pass_obj
def info(ctx: Context, model: str, as_json: bool) -> None:
    """Every spelling is understood: ids of providers, retired names, [1m]."""
    catalog = ctx.catalog()
    match = catalog.resolve(model) or Resolved(model=catalog.model(model))
    if as_json:
        output.document(documents.info(match))
        return
    output.show(*_detail(match, output.width()))


def _table(models: list[Model], catalog: Catalog, width: int) -> list[Text]:
    from rich.text import Text

    from pf_tui.cli.look import FAINT, Cell, faint, plain, table
    from pf_tui.text.columns import Column

    columns = (
        Column(title="model", shrinks=True),
        Column(title="family", leaves=3),
        Column(title="tier", leaves=1),
        Column(title="context", right=True),
        Column(title="in/out $/M", right=True),
        Column(title="providers", right=True, leaves=2),
        Column(title="", leaves=4),
    )
    rows = [
        [
            Cell(text=entry.id, style=FAINT if entry.status == "retired" else ""),
            plain(entry.family),
            faint(entry.tier),
            plain(words.context(entry)),
            plain(_price(entry)),
            plain(sum(catalog.serves(name, entry.id) for name in entry.providers)),
            faint("" if entry.status == "active" else entry.status),
        ]
        for entry in models
    ]
    if not rows:
        return [Text("no model matches all of these filters; `pf-tui models` lists all", style=FAINT)]
    return [*table(columns, rows, width), Text(), Text(f"{len(rows)} models", style=FAINT)]


def _detail(match: Resolved, width: int) -> list[Text]:
    from rich.text import Text

    from pf_tui.cli.look import FAINT, faint, plain, table, titled, wrapped
    from pf_tui.text.columns import Column

    entry = match.model
    lines = titled(entry.id, entry.name, width)
    if match.note:
        lines += wrapped(match.note, width, style="yellow")
    price = entry.price
    facts = [
        ("family", f"{entry.family} ({entry.subfamily}), {entry.tier}, {entry.status}"),
        ("successor", entry.successor or ""),
        ("context", f"{words.context(entry)} in, {words.window(entry.max_output)} out"),
        ("can", ", ".join(entry.capabilities)),
        ("in → out", f"{', '.join(entry.inputs)} → {', '.join(entry.outputs)}"),
        ("price", words.price(price.input, price.output) if price else "not published"),
        ("cache", _cache(entry)),
    ]
    lines.append(Text())
    for name, value in facts:
        if value:
            first, *more = wrapped(value, width, indent=" " * 11)
            lines += [Text.assemble((f"{name:<11}", FAINT), first.plain.strip()), *more]
    rows = [
        [
            plain(name),
            plain(served_model.native_id),
            plain(words.window(served_model.context) if served_model.context else ""),
            faint(
                "retired"
                if served_model.retired
                else f"until {served_model.shutdown}"
                if served_model.shutdown
                else ""
            ),
        ]
        for name, served_model in entry.providers.items()
    ]
    columns = (
        Column(title="provider"),
        Column(title="calls it", shrinks=True),
        Column(title="context", right=True, leaves=2),
        Column(title="", leaves=1),
    )
    return [*lines, Text(), *table(columns, rows, width)] if rows else lines


def _price(model: Model) -> str:
    return f"{model.price.input:.2f}/{model.price.output:.2f}" if model.price else "—"


def _cache(model: Model) -> str:
    price = model.price
    if price is None or price.cache_read is None:
        return ""
    parts = [f"${price.cache_read:g} read"]
    if price.cache_write is not None:
        parts.append(f"${price.cache_write:g} write (5 min)")
    if price.cache_write_1h is not None:
        parts.append(f"${price.cache_write_1h:g} write (1 h)")
    return ", ".join(parts)
