"""`pf-tui switch`, `undo` and `redo`."""

from __future__ import annotations

import click

from pf_tui import actions, snapshot
from pf_tui.actions import SwitchOutcome, UndoOutcome
from pf_tui.cli import diagnostics, output
from pf_tui.cli.grammar import as_json, in_project, word
from pf_tui.cli.history import event_line
from pf_tui.cli.values import MODEL, PROVIDER
from pf_tui.documents import changes
from pf_tui.errors import WrongUsage
from pf_tui.integrations.apply import Effect
from pf_tui.sessions.records import short_id
from pf_tui.state.context import Context


@word("switch")
@click.argument("provider", type=PROVIDER, required=False, metavar="[PROVIDER | next]")
@click.option("--undo", "back", is_flag=True, help="Take back the latest switch.")
@click.option("--model", type=MODEL, help="Also make this the default model.")
@click.option("--auto", type=click.Choice(["on", "off"]), help="Move on by itself when a provider fails.")
@in_project
@click.option("--session", metavar="ID", help="Move this session alone; `pf-tui sessions` lists them.")
@click.option("--force", is_flag=True, help="Switch even if it has no credential or is benched.")
@as_json
@click.pass_obj
def switch(
    ctx: Context,
    provider: str | None,
    back: bool,
    model: str | None,
    auto: str | None,
    in_project: bool,
    session: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """`next` is the one that policy would choose."""
    if session is not None:
        if provider in (None, "next") or back or model or auto or in_project:
            raise WrongUsage(
                "--session moves one session to one provider", "`pf-tui switch PROVIDER --session ID`"
            )
        return _move(ctx, session, str(provider), force=force, as_json=as_json)
    if back:
        if provider or model or auto:
            raise WrongUsage("--undo stands alone", "`pf-tui switch --undo`")
        return _turned(ctx, actions.undo(ctx, "switch"), "undo", as_json=as_json)
    if auto and not (provider or model):
        was_on = snapshot.take(ctx).auto_switch
        actions.set_auto_switch(ctx, auto == "on", in_project=in_project)
        return _auto(ctx, was_on, as_json=as_json)
    if provider is None and model is None:
        raise WrongUsage("switch to what?", "name a provider, `next`, or `--undo`; `pf-tui status` lists all")
    on = None if auto is None else auto == "on"
    outcome = _switch(ctx, provider, model, in_project=in_project, force=force, auto_switch=on)
    if as_json:
        content = changes.switched(outcome)
        output.document({**content, "auto_switch": auto == "on"} if auto else content)
        return None
    if outcome.switched:
        output.text(f"{_done(outcome, in_project=in_project)}; `pf-tui undo` takes it back")
    else:
        output.text(f"{outcome.to_provider} serves already{_model(outcome.model)}; nothing was changed")
    if on is not None:
        output.text(f"  {_auto_words(on)}")
    _tell(outcome.effects, outcome.note)
    return None


@word("undo")
@as_json
@click.pass_obj
def undo(ctx: Context, as_json: bool) -> None:
    """Again and again: up to the last 20, one at a time."""
    _turned(ctx, actions.undo(ctx), "undo", as_json=as_json)


@word("redo")
@as_json
@click.pass_obj
def redo(ctx: Context, as_json: bool) -> None:
    """Until something else is done."""
    _turned(ctx, actions.redo(ctx), "redo", as_json=as_json)


def _move(ctx: Context, session_name: str, provider: str, *, force: bool, as_json: bool) -> None:
    from pf_tui.documents import sessions as documents
    from pf_tui.sessions.overview import overview

    outcome = actions.move_session(ctx, documents.find(overview(ctx), session_name), provider, force=force)
    if as_json:
        return output.document(documents.moved(outcome))
    name = f"session {short_id(outcome.session)}"
    when = "its next request" if outcome.how == "gateway" else "its next turn"
    if not outcome.moved:
        return output.text(f"{name} goes to {outcome.to_provider} already; nothing was changed")
    output.text(f"{name} goes to {outcome.to_provider} from {when} on; `pf-tui undo` takes it back")
    return None


def _switch(
    ctx: Context,
    provider: str | None,
    model: str | None,
    *,
    in_project: bool,
    force: bool,
    auto_switch: bool | None,
) -> SwitchOutcome:
    if provider == "next" and model is None and not in_project:
        return actions.switch_next(ctx, auto_switch=auto_switch)
    if provider is None or provider == "next":
        now = snapshot.take(ctx)
        target = now.next if provider == "next" else now.active
        if target is None:
            return actions.switch_next(ctx, auto_switch=auto_switch)
        provider = target.provider
    return actions.switch(
        ctx, provider, model=model, force=force, in_project=in_project, auto_switch=auto_switch
    )


def _turned(ctx: Context, undo_outcome: UndoOutcome, verb: str, *, as_json: bool) -> None:
    now = snapshot.take(ctx)
    if as_json:
        output.document(changes.turned(undo_outcome, verb, now))
        return
    back = "redo" if verb == "undo" else "undo"
    output.text(f"{verb}ne: {event_line(undo_outcome.event)}; `pf-tui {back}` reverses it")
    serves = undo_outcome.to_provider or "nobody"
    output.text(
        f"{serves} serves now"
        if undo_outcome.from_provider != undo_outcome.to_provider
        else f"{serves} serves as before"
    )
    _tell(undo_outcome.effects, None)


def _auto(ctx: Context, was_on: bool, *, as_json: bool) -> None:
    now = snapshot.take(ctx)
    if as_json:
        output.document(changes.auto_switched(now, changed=was_on != now.auto_switch))
        return
    output.text(_auto_words(now.auto_switch))


def _auto_words(on: bool) -> str:
    if on:
        return "auto-switch is on: the first provider that can serve does"
    return "auto-switch is off: the first of the list serves, whatever its state"


def _tell(effects: tuple[Effect, ...], note: str | None) -> None:
    for effect in effects:
        output.text(f"  {effect.agent}: {effect.text}")
    if note:
        diagnostics.note(note)


def _done(outcome: SwitchOutcome, *, in_project: bool) -> str:
    where = " in this project" if in_project else ""
    if outcome.note:
        return f"{outcome.to_provider} is first in {'this project' if in_project else 'your own list'} now"
    return f"switched to {outcome.to_provider}{_model(outcome.model)}{where}{_previous(outcome)}"


def _model(model: str | None) -> str:
    return f" with {model}" if model else ""


def _previous(outcome: SwitchOutcome) -> str:
    is_move = outcome.from_provider and outcome.from_provider != outcome.to_provider
    return f" (was {outcome.from_provider})" if is_move else ""
