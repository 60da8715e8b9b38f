"""Undo and redo of the last 20 actions, from the journal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pf_tui import snapshot
from pf_tui.actions import sessions
from pf_tui.actions.journalling import write_down
from pf_tui.actions.switching import settle
from pf_tui.errors import PfError
from pf_tui.integrations.apply import Effect
from pf_tui.json_values import list_in, object_in, optional_text
from pf_tui.records import record, replace
from pf_tui.state import files, health, journal, project, trust
from pf_tui.state.clock import from_text
from pf_tui.state.context import Context
from pf_tui.state.health import Health
from pf_tui.state.journal import Event

_LOOK_BACK = 400
"""Events read to find the last 20 undoable ones: failovers and applies lie between them."""


@record
class UndoOutcome:
    """What was taken back or done again."""

    event: Event
    from_provider: str | None
    to_provider: str | None
    effects: tuple[Effect, ...] = ()


def undo(ctx: Context, action: str | None = None) -> UndoOutcome:
    """Take back the latest action, or the latest of one kind ("switch").

    Raises:
        PfError: there is nothing to undo.
    """
    with files.locked(ctx.paths):
        done_events, _ = journal.undo_stacks(journal.tail(ctx.paths, _LOOK_BACK))
        matching = [event for event in done_events if action is None or event.action == action]
        if not matching:
            what = f"no {action}" if action else "nothing"
            raise PfError(f"there is {what} to undo", "`pf-tui events` shows what happened")
        event = matching[-1]
        return _turn(ctx, "undo", event, event.undo or {})


def redo(ctx: Context) -> UndoOutcome:
    """Do again what was undone last.

    Raises:
        PfError: there is nothing to redo.
    """
    with files.locked(ctx.paths):
        events = journal.tail(ctx.paths, _LOOK_BACK)
        _, undone_events = journal.undo_stacks(events)
        if not undone_events:
            raise PfError("there is nothing to redo", "`pf-tui events` shows what happened")
        event = undone_events[-1]
        undo_event = next(e for e in reversed(events) if e.action == "undo" and e.of == event.id)
        return _turn(ctx, "redo", event, undo_event.undo or {})


def _turn(ctx: Context, action: str, event: Event, back: Mapping[str, object]) -> UndoOutcome:
    before = snapshot.take(ctx)
    inverse = _restore(ctx, back)
    after = snapshot.take(ctx)
    previous = before.active.provider if before.active else None
    serves = after.active.provider if after.active else None
    write_down(
        ctx,
        action,
        why=f"{action} of {event.action}",
        before={"active": previous},
        after={"active": serves, "action": event.action},
        undo=inverse,
        of=event.id,
    )
    return UndoOutcome(
        event=event,
        from_provider=previous,
        to_provider=serves,
        effects=settle(ctx, after, why=action, moved_from=previous),
    )


def _restore(ctx: Context, back: Mapping[str, object]) -> dict[str, object]:
    """Put old values back; returns what puts the present ones back again."""
    inverse: dict[str, object] = {}
    if settings := object_in(back, "config"):
        inverse["config"] = ctx.change_config(settings)
    if file := object_in(back, "project"):
        inverse["project"] = project.restore(
            ctx.paths,
            Path(str(file["path"])),
            optional_text(file, "text"),
            trusted=file.get("trusted") is not False,
            at=ctx.now(),
        )
    if trust_entries := object_in(back, "trust"):
        path = Path(str(trust_entries["path"]))
        inverse["trust"] = {
            "path": str(path),
            "entry": trust.replace_entry(ctx.paths, path, object_in(trust_entries, "entry") or None),
        }
    if "paused" in back:
        from pf_tui.actions import pausing  # with the sessions of this machine: for this undo alone

        inverse["paused"] = pausing.turn(ctx, paused=back["paused"] is True)
    if pins := object_in(back, "pins"):
        inverse["pins"] = sessions.restore_pins(ctx, pins)
    if {"benches", "drop", "resets", "released"} & back.keys():
        inverse |= _restore_health(ctx, back)
    return inverse


def _restore_health(ctx: Context, back: Mapping[str, object]) -> dict[str, object]:
    returning = tuple(b for item in list_in(back, "benches") if (b := health.bench_from_json(item)))
    leaving = {health.key_from_json(words) for words in list_in(back, "drop")}
    inverse: dict[str, object] = {}

    def edit(old: Health) -> Health:
        benches = [b for b in old.benches if b.key in leaving]
        if benches:
            inverse["benches"] = [health.bench_to_json(b) for b in benches]
        if returning:
            inverse["drop"] = [health.key_to_json(b.key) for b in returning]
        staying = tuple(b for b in old.benches if b not in benches and b not in returning)
        resets = old.resets
        if "resets" in back:
            inverse["resets"] = {name: moment.isoformat() for name, moment in old.resets.items()}
            resets = {name: at for name, text in object_in(back, "resets").items() if (at := from_text(text))}
        release_times = old.released
        if "released" in back:
            inverse["released"] = {name: moment.isoformat() for name, moment in old.released.items()}
            release_times = {
                name: at for name, text in object_in(back, "released").items() if (at := from_text(text))
            }
        return replace(old, benches=(*staying, *returning), resets=resets, released=release_times)

    health.change(ctx.paths, edit)
    return inverse
