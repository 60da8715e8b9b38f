"""`/provider-models` and `/provider-analytics` inside an agent, in every form the original plugin had."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from pf_tui.catalog import Catalog, Model
from pf_tui.documents import words
from pf_tui.errors import UnknownName, WrongUsage
from pf_tui.hooks import arguments as typing
from pf_tui.hooks.plain_lines import MAX_LINES, lines, used
from pf_tui.sessions.records import short_id
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.ledger.overview import Analytics
    from pf_tui.ledger.totals import Group

MODELS_USAGE = "/provider-models FAMILY, info MODEL, capability C or providers P"


def models(ctx: Context, arguments: Sequence[str]) -> str:
    """`[FAMILY | MODEL]`, `info MODEL`, `family F`, `capability C`, `providers P`, `list --filter W`."""
    from pf_tui.documents import models as documents

    options = ("--family", "--provider", "--capability", "--filter")
    typed_words = typing.read(arguments, MODELS_USAGE, takes=options, flags=("--all",))
    verb, *names = typed_words.words or ("",)
    if verb not in _MODEL_VERBS:
        verb, names = "list", list(typed_words.words)
    catalog, extras = ctx.catalog(), "--all" in typed_words.options
    filters = {name: typed_words.options.get(f"--{name}") for name in ("family", "provider", "capability")}
    model_name = names[0] if names else ""
    if verb == "providers":
        return _providers(catalog, model_name, extras=extras)
    if verb in ("family", "capability"):
        if not model_name:
            return lines([f"{verb} of what?", _all_of(catalog, verb)])
        filters[verb] = model_name
    elif model_name:
        if entry := catalog.find_model(model_name):
            return _model(entry)
        if verb == "info":
            catalog.model(model_name)
        filters["family"] = model_name
    needle = typed_words.options.get("--filter", "").casefold()
    if not needle and not any(filters.values()):
        return lines([_all_of(catalog, "family"), f"{MODELS_USAGE}; everything: pf-tui models"])
    found_models = [
        model
        for model in documents.chosen(catalog, extras=extras, **filters)
        if needle in " ".join((model.id, model.name, model.family, *model.capabilities)).casefold()
    ]
    if not found_models:
        return f"no model matches: {needle or model_name}"
    options_text = " ".join(f"--{name} {value.lower()}" for name, value in filters.items() if value)
    return _listed(found_models, f"pf-tui models {options_text}".rstrip())


_MODEL_VERBS = ("list", "info", "family", "capability", "providers")


def _listed(models: Sequence[Model], everything: str) -> str:
    current = [model for model in models if model.status in ("active", "preview")] or list(models)
    rows = [
        f"{model.id}  {words.window(model.context)}"
        + (f"  ${model.price.input:g}/${model.price.output:g}" if model.price else "")
        for model in current[: MAX_LINES - 1]
    ]
    if rest := len(models) - len(rows):
        rows.append(f"{rest} more, older ones too: {everything}")
    return lines(rows)


def _providers(catalog: Catalog, provider: str, *, extras: bool) -> str:
    """Who serves a model, what a provider serves, or how many each of them does."""
    from pf_tui.documents import models as documents

    if provider and (entry := catalog.find_model(provider)):
        return _model(entry)
    if provider:
        name = catalog.provider(provider).id
        models = documents.chosen(catalog, extras=extras, family=None, provider=name, capability=None)
        return _listed(models, f"pf-tui models --provider {name}") if models else f"{name}: no model is known"
    counts = {
        name: sum(catalog.serves(name, model.id) for model in documents.chosen(catalog, extras=extras))
        for name in catalog.providers
    }
    counts_text = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
    return lines([counts_text, "/provider-models providers P lists one"])


def _all_of(catalog: Catalog, what: str) -> str:
    """Families or capabilities, each with its number of models."""
    from pf_tui.documents import models as documents

    counts: dict[str, int] = {}
    for model in documents.chosen(catalog, extras=False):
        for name in (model.family,) if what == "family" else model.capabilities:
            counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _model(model: Model) -> str:
    providers = ", ".join(model.providers) or "nobody"
    price = words.price(model.price.input, model.price.output) if model.price else "no price"
    size = f"{words.window(model.context)} tokens of context"
    return lines([f"{model.id} ({model.status}): {size}, {price}", f"served by {providers}"])


def analytics(ctx: Context, arguments: Sequence[str]) -> str:
    """`[show] [PERIOD] [--view VIEW] [--costs] [--compare]`; what needs more room is for a terminal."""
    from pf_tui.ledger import cycle, period, schema
    from pf_tui.ledger.overview import analytics as overview

    usage = f"/provider-analytics 7d --view {', '.join(_VIEWS)}"
    typed_words = typing.read(arguments, usage, takes=("--view",), flags=("--costs", "--compare")).without(
        "show"
    )
    if typed_words.words == ("reset",):
        return "history is deleted in a terminal only: pf-tui analytics reset"
    view = typed_words.options.get("--view", "costs" if "--costs" in typed_words.options else "summary")
    if view not in period.VIEWS:
        raise UnknownName("view", view, period.VIEWS, "pf-tui analytics --help")
    if len(typed_words.words) > 1:
        raise WrongUsage(f"{typed_words.words[1]} is not known here", usage)
    word = typed_words.words[0] if typed_words.words else "24h"
    window_start = cycle.began(ctx.paths.ledger, word, ctx.now())
    span = period.period_of(word, ctx.now(), ctx.timezone(), window_start=window_start)
    if not ctx.paths.ledger.exists():
        return "nothing is in the ledger yet; in a terminal: pf-tui ingest"
    with schema.opened(ctx.paths.ledger) as connection:
        figures = overview(connection, span)
        if "--compare" in typed_words.options:
            rows = _compared(ctx, connection, figures)
        else:
            rows = _VIEWS.get(view, _groups("providers"))(ctx, connection, figures)
    whole = figures.totals
    failures = f", {whole.failed} failed" if whole.failed else ""
    unpriced = f", {words.short(whole.unpriced_tokens)} tokens unpriced" if whole.unpriced_tokens else ""
    sentences = [
        f"{span.name}: {used(whole.requests, whole.total_tokens, whole.cost_usd)}{failures}{unpriced}",
        f"{figures.fallback.fallbacks} fallbacks, {figures.fallback.limit_hits} limit hits",
    ]
    more = f"pf-tui analytics {span.name}" + (f" --view {view}" if view != "summary" else "")
    more += " --compare" if "--compare" in typed_words.options else ""
    room = MAX_LINES - len(sentences)
    if len(rows) > room:
        rows = [*rows[: room - 1], f"{len(rows) - room + 1} more in a terminal: {more}"]
    return lines([*sentences, *rows])


Rows: TypeAlias = "Callable[[Context, sqlite3.Connection, Analytics], list[str]]"


def _groups(name: str) -> Rows:
    def rows(_: Context, __: sqlite3.Connection, figures: Analytics) -> list[str]:
        groups: tuple[Group, ...] = getattr(figures, name)
        return [f"{group.name}: {_group_totals(group)}" for group in groups]

    return rows


def _group_totals(group: Group) -> str:
    return used(group.totals.requests, group.totals.total_tokens, group.totals.cost_usd)


def _compared(ctx: Context, connection: sqlite3.Connection, figures: Analytics) -> list[str]:
    """The period before, then every provider with what all of the work would cost there."""
    from pf_tui.ledger import comparison
    from pf_tui.ledger.period import Filters

    sentences = []
    if (before := comparison.previous(figures.span)) is not None:
        past = comparison.totals(connection, before, Filters())
        sentences.append(f"before: {used(past.requests, past.total_tokens, past.cost_usd)}")
    for row in comparison.compare(connection, figures, ctx.catalog()):
        same = f"; all of it {words.money(row.same_work_usd)} there" if row.same_work_usd is not None else ""
        sentences.append(f"{row.part.name}: {_group_totals(row.part)}{same}")
    return sentences


def _errors(ctx: Context, connection: sqlite3.Connection, figures: Analytics) -> list[str]:
    from pf_tui.ledger import events

    rows = events.failures(connection, figures.span)
    sentences = [
        f"{row.provider}: {row.kind} {words.number(row.count)} times, last {_when(ctx, row.last_ms)}"
        for row in rows
    ]
    return sentences or ["no request failed in this period"]


def _limits(ctx: Context, connection: sqlite3.Connection, figures: Analytics) -> list[str]:
    from pf_tui.ledger import events

    sentences = []
    for hit in events.hits(connection, figures.span, MAX_LINES):
        until = f" until {_when(ctx, hit.until_ms)}" if hit.until_ms else ""
        sentences.append(f"{_when(ctx, hit.ts_ms)}  {hit.provider}: {hit.kind}{until}")
    return sentences or ["no limit was hit in this period"]


def _sessions(_: Context, connection: sqlite3.Connection, figures: Analytics) -> list[str]:
    from pf_tui.ledger.period import Filters
    from pf_tui.ledger.query import UsageQuery

    top_sessions = UsageQuery(connection, figures.span, Filters()).sessions(MAX_LINES)
    return [f"{short_id(part.name)}: {_group_totals(part)}" for part in top_sessions.parts]


def _when(ctx: Context, ms: int) -> str:
    return words.clock(datetime.fromtimestamp(ms / 1000, UTC), ctx.now(), ctx.timezone())


_VIEWS: Mapping[str, Rows] = {
    "summary": _groups("providers"),
    "providers": _groups("providers"),
    "costs": _groups("providers"),
    "models": _groups("models"),
    "projects": _groups("projects"),
    "agents": _groups("agents"),
    "machines": _groups("machines"),
    "days": _groups("days"),
    "errors": _errors,
    "limits": _limits,
    "sessions": _sessions,
}
"""View -> its lines; `blocks` and `requests` have their providers here, and their rows in a terminal."""
