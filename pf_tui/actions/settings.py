"""Settings a person changes: priority, budgets, auto-switch, a project's file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pf_tui import snapshot
from pf_tui.actions.journalling import write_down
from pf_tui.actions.switching import settle
from pf_tui.errors import PfError, UnknownName, WrongUsage
from pf_tui.rules.request_classes import CLASSES
from pf_tui.state import clock, config, files, project, settings_table
from pf_tui.state.context import Context


def set_priority(ctx: Context, providers: Sequence[str], *, in_project: bool = False) -> tuple[str, ...]:
    """Make this the whole list; returns it. Raises UnknownName, WrongUsage (empty, twice the same)."""
    catalog = ctx.catalog()
    order = tuple(catalog.provider(provider).id for provider in providers)
    if not order:
        raise WrongUsage("the priority list would be empty", "name at least one provider")
    if len(set(order)) < len(order):
        twice = next(provider for provider in order if order.count(provider) > 1)
        raise WrongUsage(f"{twice} stands in the list twice", "name each provider once")
    _write_priority(ctx, order, in_project=in_project)
    return order


def add_to_priority(ctx: Context, provider: str, *, in_project: bool = False) -> tuple[str, ...]:
    """Append a provider to the list. Raises UnknownName, WrongUsage when it stands there already."""
    provider = ctx.catalog().provider(provider).id
    current = _current(ctx, in_project=in_project)
    if provider in current:
        raise WrongUsage(f"{provider} is number {current.index(provider) + 1} already", "nothing was changed")
    order = (*current, provider)
    _write_priority(ctx, order, in_project=in_project)
    return order


def remove_from_priority(ctx: Context, provider: str, *, in_project: bool = False) -> tuple[str, ...]:
    """Take a provider off the list; it then never serves. Raises UnknownName, WrongUsage."""
    provider = ctx.catalog().provider(provider).id
    current = _current(ctx, in_project=in_project)
    if provider not in current:
        raise WrongUsage(f"{provider} is not in the list", "`pf-tui priority show`")
    if len(current) == 1:
        raise WrongUsage(f"{provider} is the only one in the list", "add another one first")
    order = tuple(other for other in current if other != provider)
    _write_priority(ctx, order, in_project=in_project)
    return order


def move_in_priority(
    ctx: Context, provider: str, position: int, *, in_project: bool = False
) -> tuple[str, ...]:
    """Put a provider at `position` (from 1; past the end = last). Raises UnknownName, WrongUsage."""
    provider = ctx.catalog().provider(provider).id
    if position < 1:
        raise WrongUsage(f"position {position} does not exist", "positions begin at 1")
    rest = [other for other in _current(ctx, in_project=in_project) if other != provider]
    rest.insert(position - 1, provider)
    order = tuple(rest)
    _write_priority(ctx, order, in_project=in_project)
    return order


def set_budgets(ctx: Context, provider: str, budgets: Mapping[str, float | None]) -> None:
    """Set some budgets of a provider by field name of config.Budgets; None = unlimited."""
    provider = ctx.catalog().provider(provider).id
    change_setting(ctx, "limit", config.budget_settings(provider, budgets), {"provider": provider, **budgets})


def set_project_requests(ctx: Context, budgets: Mapping[str, float | None]) -> None:
    """Set daily_requests and monthly_requests of this project's file; None = unlimited, stored as 0."""
    keys = {setting.field: setting.project for setting in settings_table.PROJECT}
    _change_project(ctx, "limit", {keys[name]: int(value or 0) for name, value in budgets.items()})


def set_auto_switch(ctx: Context, on: bool, *, in_project: bool = False) -> None:
    """Turn automatic switching on or off."""
    if in_project:
        _change_project(ctx, "auto-switch", {"auto_switch": on})
    else:
        change_setting(ctx, "auto-switch", {"autoSwitch": on}, {"autoSwitch": on})


def set_paid(ctx: Context, word: str) -> None:
    """Say when paid providers may follow a plan: "today", or a key of rules.spending.PAID."""
    if word == "today":
        until = clock.next_day(ctx.now(), ctx.timezone())
        settings: dict[str, object] = {"pf.paidUntil": clock.to_text(until)}
    else:
        settings = {"pf.paid": word, "pf.paidUntil": None, "pf.paidAskAt": None, "pf.paidAskAheadAt": None}
    change_setting(ctx, "paid", settings, {"paid": word})


def put_off_question(ctx: Context) -> datetime | None:
    """Do not ask whether to spend again in this window of the plan; returns its end.

    One that came while the plan served is asked once more when it cannot serve. None = nothing is asked.
    """
    now = snapshot.take(ctx)
    question = now.open_question
    if question is None:
        return None
    limit = now.view(question.plan).tightest
    window_end = limit.resets_at if limit is not None else None
    ends = question.back or window_end
    until = ends if ends is not None and ends > now.at else clock.next_day(ctx.now(), ctx.timezone())
    key = "pf.paidAskAheadAt" if question.serves else "pf.paidAskAt"
    change_setting(ctx, "paid", {key: clock.to_text(until)}, {"paid": "later"})
    return until


def set_class(ctx: Context, name: str, *, provider: str | None = None, model: str | None = None) -> None:
    """Send requests of one class to a provider, a model or both; with neither as all others.

    Raises:
        UnknownName: no such class, provider or model.
        PfError: the provider is not in the list, or does not serve the model.
    """
    if name not in CLASSES:
        raise UnknownName("request class", name, CLASSES, "pf-tui classes")
    catalog = ctx.catalog()
    provider_id = catalog.provider(provider).id if provider else None
    model_id = catalog.model(model).id if model else None
    if provider_id and provider_id not in snapshot.take(ctx).own_priority:
        raise PfError(
            f"{provider_id} is not in the priority list; nothing was changed",
            f"`pf-tui priority add {provider_id}`",
        )
    if provider_id and model_id and not catalog.serves(provider_id, model_id):
        raise PfError(
            f"{provider_id} does not serve {model_id}; nothing was changed",
            f"`pf-tui models --provider {provider_id}`",
        )
    settings = {f"pf.classes.{name}.provider": provider_id, f"pf.classes.{name}.model": model_id}
    change_setting(ctx, "class", settings, {"class": name, "provider": provider_id, "model": model_id})


def set_dashboard(ctx: Context, name: str, value: object) -> None:
    """Remember a setting of the face (theme, symbols); no journal line, nothing to undo."""
    ctx.change_config({f"pf.dashboard.{name}": value})


def init_project(ctx: Context) -> Path:
    """Write the template of a project file. Raises PfError when there is one."""
    with files.locked(ctx.paths):
        path = project.create(ctx.paths, ctx.cwd, ctx.env, ctx.now())
        write_down(
            ctx, "init", after={"path": str(path)}, undo={"project": {"path": str(path), "text": None}}
        )
    return path


def _current(ctx: Context, *, in_project: bool) -> tuple[str, ...]:
    now = snapshot.take(ctx)
    return now.priority if in_project else now.own_priority


def _write_priority(ctx: Context, order: tuple[str, ...], *, in_project: bool) -> None:
    if in_project:
        _change_project(ctx, "priority", {"provider_priority": list(order)})
    else:
        change_setting(ctx, "priority", {"providerPriority": list(order)}, {"providerPriority": list(order)})


def change_setting(
    ctx: Context, action: str, settings: Mapping[str, object], changes: Mapping[str, object]
) -> None:
    """Set keys of config.json as one action that can be undone."""
    with files.locked(ctx.paths):
        before = snapshot.take(ctx)
        old = ctx.change_config(settings)
        if old == dict(settings):
            return
        _finish(ctx, action, before, changes, {"config": old})


def _change_project(ctx: Context, action: str, settings: Mapping[str, object]) -> None:
    with files.locked(ctx.paths):
        before = snapshot.take(ctx)
        old = project.change(ctx.paths, ctx.cwd, ctx.env, settings, ctx.now())
        _finish(ctx, action, before, {**settings, "project": old["path"]}, {"project": old})


def _finish(
    ctx: Context,
    action: str,
    before: snapshot.Snapshot,
    changes: Mapping[str, object],
    undo: Mapping[str, object],
) -> None:
    after = snapshot.take(ctx)
    previous = before.active.provider if before.active else None
    write_down(
        ctx,
        action,
        why="asked for",
        before={"active": previous, **undo},
        after={"active": after.active.provider if after.active else None, **changes},
        undo=undo,
    )
    settle(ctx, after, why=action, moved_from=previous)
