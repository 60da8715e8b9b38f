"""Models: what there is, what it takes in, what it costs, who of yours serves it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence

from pf_tui.catalog import Model
from pf_tui.documents import words
from pf_tui.records import replace
from pf_tui.snapshot import Snapshot
from pf_tui.text.columns import Column, body, chosen, head
from pf_tui.text.lines import Line, Span, cells, fit, line, muted, shortened
from pf_tui.tui import provider_order
from pf_tui.tui.page import Choice, Page, Row, Space, empty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed import SupportsRichComparison

COLUMNS = (
    Column(key="model", title="  model", least=18, grows=True),
    Column(key="family", title="family", leaves=1),
    Column(key="tier", title="tier", leaves=2),
    Column(key="context", title="context", leaves=3),
    Column(key="in", title="in", right=True, leaves=4),
    Column(key="out", title="out $/M", right=True, leaves=4),
    Column(key="served", title="served by", right=True, leaves=5),
)

NAMES_FIRST = (replace(COLUMNS[0], least=36), *COLUMNS[1:])

ORDERS = ("", "model", "context", "in", "out", "served")
MARK = 2
"""Cells before a name: the sign of the one that serves."""
MOST_NUMBERS = 12
"""Cells of "served by"."""
KEYS = (("enter", "switch"), ("/", "filter"), ("A", "all"))
_DATE = re.compile(r"-20\d{6}$")


def page_for(
    snapshot: Snapshot,
    space: Space,
    choice: Choice | None = None,
    *,
    extras: bool = False,
    used_models: Collection[str] | None = None,
) -> Page:
    """The catalog's models.

    Args:
        extras: show those beside the 116.
        used_models: the models that serve now and next, shown first, then as many as fit; None = all.
    """
    choice = choice or Choice()
    everyone = [model for model in snapshot.catalog.models.values() if extras or not model.extra]
    models = [model for model in everyone if _admitted(model, choice)]
    here = _in_use(snapshot, used_models) if used_models is not None and not choice.words else set()
    others: list[Model] = []
    if few := [model for model in models if model.id in here]:
        others = _to_fill(snapshot, models, here, space.height - 2 - len(few))
        models = few + others
    numbers = {entry.id: entry.number for entry in provider_order.listed_providers(snapshot) if entry.number}
    if choice.order:
        models.sort(key=lambda model: _ORDER[choice.order](model, numbers))
    active = snapshot.active.model if snapshot.active else None
    names = {model.id: model.id for model in models}
    table = [_cells(model, names, numbers, active=model.id == active) for model in models]
    columns = chosen(COLUMNS, table, space.width)
    if _cut(columns, table):  # a name without its date says more than a cut one
        names = {model.id: _undated(model.id, snapshot) for model in models}
        table = [_cells(model, names, numbers, active=model.id == active) for model in models]
        columns = chosen(COLUMNS, table, space.width)
    cut = _cut(columns, table)
    if 2 * cut > len(models) or (few and cut):  # other columns leave first
        columns = chosen(NAMES_FIRST, table, space.width)
    elif cut:
        room = _room(columns) - MARK
        names = {model: shortened(name, room) for model, name in names.items()}
        table = [_cells(model, names, numbers, active=model.id == active) for model in models]
    rows = tuple(
        Row(fit(body(columns, row), space.width), model.id) for model, row in zip(models, table, strict=True)
    )
    if others and not choice.order and snapshot.active is not None:
        heading = f"  also at {provider_order.short_name(snapshot.active.provider)} "
        rule = space.symbols.rule * max(space.width - cells(heading), 0)
        rows = (
            *rows[: len(few)],
            Row(fit(line(muted(heading), Span(rule, "faint")), space.width)),
            *rows[len(few) :],
        )
    if not models:
        rows = empty(space.width, f"no model matches '{choice.words}'", "esc shows all")
    count = f"{len(models)} of {len(everyone)}" if choice.words else str(len(everyone))
    if few:
        count = f"{len(everyone)} · in use {len(few)}"
    return Page(
        title="Models",
        facts=line(muted(count)),
        pinned=(head(columns, choice.order, downward=choice.order in ("context", "served"), orders=ORDERS),),
        rows=rows,
        keys=KEYS,
    )


def _in_use(snapshot: Snapshot, used_models: Collection[str]) -> set[str]:
    """The models of the sessions, of who serves and of its stand-in."""
    names = [
        *used_models,
        *(route.model for route in (snapshot.active, snapshot.next) if route and route.model),
    ]
    entries = (snapshot.catalog.find_model(name) for name in names)
    return {entry.id for entry in entries if entry is not None}


def _to_fill(snapshot: Snapshot, models: Sequence[Model], here: set[str], room: int) -> list[Model]:
    """What else the provider that serves sells, for lines that would be blank: no more of them than fit."""
    active = snapshot.active.provider if snapshot.active else None
    others = [
        model
        for model in models
        if model.id not in here and (sold := model.providers.get(active or "")) and not sold.retired
    ]
    return others[: max(room, 0)]


def _admitted(model: Model, choice: Choice) -> bool:
    return choice.admits(
        model.id,
        model.name,
        model.family,
        model.subfamily,
        model.tier,
        model.status,
        *model.aliases,
        *model.providers,
    )


def _room(columns: Sequence[tuple[Column, int]]) -> int:
    return next(size for column, size in columns if column.key == "model")


def _cut(columns: Sequence[tuple[Column, int]], table: Sequence[Mapping[str, Line]]) -> int:
    """How many names are longer than their column."""
    return sum(cells(row["model"]) > _room(columns) for row in table)


def undated(model: str) -> str:
    """`claude-sonnet-4-5` for claude-sonnet-4-5-20250929."""
    return _DATE.sub("", model)


def _undated(model: str, snapshot: Snapshot) -> str:
    """`claude-sonnet-4-5` for claude-sonnet-4-5-20250929, unless another model has that name."""
    name = undated(model)
    return model if name in snapshot.catalog.models else name


def _cells(
    model: Model, names: Mapping[str, str], numbers: Mapping[str, int | None], *, active: bool
) -> dict[str, Line]:
    gone = model.status in ("retired", "deprecated")
    colour = "muted" if gone else "text"
    return {
        "model": line(Span("▶ " if active else "  ", "accent"), Span(names[model.id], colour, bold=active)),
        "family": line(muted(model.family)),
        "tier": line(Span(model.status, "warn" if gone else "muted") if gone else muted(model.tier)),
        "context": line(Span(words.context(model), colour)),
        "in": line(Span(_price(model.price.input if model.price else None), colour)),
        "out": line(Span(_price(model.price.output if model.price else None), colour)),
        "served": line(Span(_numbers(_served(model, numbers)), "accent")),
    }


def _served(model: Model, numbers: Mapping[str, int | None]) -> list[int]:
    """Numbers of the person's providers that serve it."""
    return sorted(
        number
        for provider, served_model in model.providers.items()
        if not served_model.retired and (number := numbers.get(provider))
    )


def _numbers(numbers: Sequence[int]) -> str:
    """`1 2 5`; of many the first ones, and how many more: the other columns keep their room."""
    counts = " ".join(map(str, numbers))
    if len(counts) <= MOST_NUMBERS:
        return counts
    first = list(numbers[:3])
    return f"{' '.join(map(str, first))} +{len(numbers) - len(first)}"


def _price(usd: float | None) -> str:
    return "—" if usd is None else f"{usd:.2f}"


_ORDER: Mapping[str, Callable[[Model, Mapping[str, int | None]], SupportsRichComparison]] = {
    "model": lambda model, numbers: model.id,
    "context": lambda model, numbers: -model.context_max,
    "in": lambda model, numbers: model.price.input if model.price else 1e9,
    "out": lambda model, numbers: model.price.output if model.price else 1e9,
    "served": lambda model, numbers: -len(_served(model, numbers)),
}
