"""Who serves: each key is one verb. The screen changes because the file did, not because of the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pf_tui import actions
from pf_tui.actions import SwitchOutcome, UndoOutcome
from pf_tui.errors import PfError
from pf_tui.rules.eligibility import why_ineligible
from pf_tui.snapshot import Snapshot
from pf_tui.tui import provider_order
from pf_tui.tui.handlers import handles
from pf_tui.tui.messages import Announcement

if TYPE_CHECKING:
    from pf_tui.tui.main_screen import MainScreen


@handles("switch")
def _switch(cockpit: MainScreen, word: str) -> None:
    """To the provider named, to the one under the cursor, or to the first that serves this model."""
    if word:
        switch_to(cockpit, word)
    elif cockpit.current == "models" and cockpit.pane.key:
        model = cockpit.pane.key
        switch_to(cockpit, first_serving(cockpit.known(), model), model)
    elif cockpit.pane.key:
        switch_to(cockpit, cockpit.pane.key)


def switch_to(cockpit: MainScreen, provider: str, model: str | None = None) -> None:
    """Put a provider first."""
    ctx = cockpit.app.ctx
    cockpit.app.perform(lambda: _switched(actions.switch(ctx, provider, model=model)))


@handles("next")
def _next(cockpit: MainScreen, word: str) -> None:
    ctx = cockpit.app.ctx
    cockpit.app.perform(lambda: _switched(actions.switch_next(ctx)))


@handles("undo")
def _undo(cockpit: MainScreen, word: str) -> None:
    ctx = cockpit.app.ctx
    cockpit.app.perform(lambda: _turned("undone", "U does it again", actions.undo(ctx)))


@handles("redo")
def _redo(cockpit: MainScreen, word: str) -> None:
    ctx = cockpit.app.ctx
    cockpit.app.perform(lambda: _turned("done again", "u undoes", actions.redo(ctx)))


@handles("move-up")
def _move_up(cockpit: MainScreen, word: str) -> None:
    _move(cockpit, -1)


@handles("move-down")
def _move_down(cockpit: MainScreen, word: str) -> None:
    _move(cockpit, 1)


def _move(cockpit: MainScreen, step: int) -> None:
    """Past the next provider that can be seen beside it; one that is not in the list joins it."""
    provider, now, ctx = cockpit.pane.key, cockpit.known(), cockpit.app.ctx
    if provider is None:
        return
    in_project = now.project is not None and bool(now.project.priority)
    order = now.priority if in_project else now.own_priority

    def move() -> Announcement | None:
        if provider not in order:
            places = actions.add_to_priority(ctx, provider, in_project=in_project)
            return Announcement(f"{provider} joined the list as number {len(places)} — u undoes")
        shown = [seat.id for seat in provider_order.listed_providers(now) if seat.id in order]
        at = shown.index(provider) + step
        if not 0 <= at < len(shown):
            return Announcement(f"{provider} is the {'first' if step < 0 else 'last'} already")
        actions.move_in_priority(ctx, provider, order.index(shown[at]) + 1, in_project=in_project)
        return None

    cockpit.app.perform(move)


@handles("auto-switch")
def _auto_switch(cockpit: MainScreen, word: str) -> None:
    now, ctx = cockpit.known(), cockpit.app.ctx
    on = not now.auto_switch
    in_project = now.project is not None and now.project.auto_switch is not None

    def turn() -> Announcement:
        actions.set_auto_switch(ctx, on, in_project=in_project)
        if on:
            return Announcement("auto-switch on: the first of the list that can serve does — u undoes")
        return Announcement("auto-switch off: the first of the list serves, usable or not — u undoes", "warn")

    cockpit.app.perform(turn)


@handles("allow-paid")
def _allow_paid(cockpit: MainScreen, word: str) -> None:
    """Answer the question, or take the answer back."""
    now, ctx = cockpit.known(), cockpit.app.ctx
    if now.config.paid == "auto":
        cockpit.say("paid providers follow a plan without asking · `:allow paid --ask` asks first")
        return
    allowed = now.paid == "auto"

    def answer() -> Announcement:
        actions.set_paid(ctx, now.config.paid if allowed else "today")
        if allowed:
            return Announcement("paid providers wait for your word again — u undoes")
        return Announcement("paid providers may follow a plan until midnight — u undoes", "warn")

    cockpit.app.perform(answer)


@handles("bench")
def _bench(cockpit: MainScreen, word: str) -> None:
    provider, ctx = cockpit.pane.key, cockpit.app.ctx
    if provider is None:
        return
    resting = cockpit.known().view(provider).state in ("benched", "exhausted")

    def turn() -> Announcement:
        if resting:
            actions.release(ctx, provider)
            return Announcement(f"{provider} may serve again — u undoes")
        actions.bench(ctx, provider)
        return Announcement(f"{provider} rests until b releases it — u undoes")

    cockpit.app.perform(turn)


def first_serving(now: Snapshot, model: str) -> str:
    """The first provider of the list that can serve exactly this model. Raises PfError when none can."""
    passed = []
    for provider in now.priority:
        if provider in now.catalog.providers and now.catalog.serves(provider, model):
            refusal = why_ineligible(now.standing(provider), model)
            if refusal is None:
                return provider
            passed.append(f"{provider}: {refusal.reason}")
    if passed:
        raise PfError(
            f"no provider available for {model} now: {'; '.join(passed[:3])}", "w shows every reason"
        )
    raise PfError(f"no provider of the list serves {model}", f"`:models info {model}` shows who does")


def _switched(outcome: SwitchOutcome) -> Announcement:
    if not outcome.switched:
        return Announcement(f"{outcome.to_provider} is first already")
    if outcome.note:
        return Announcement(f"{outcome.note} — u undoes", "warn")
    effects = "; ".join(f"{effect.agent}: {effect.text}" for effect in outcome.effects)
    return Announcement(f"switched to {outcome.to_provider} — u undoes{f' · {effects}' if effects else ''}")


def _turned(verb: str, back: str, outcome: UndoOutcome) -> Announcement:
    serves = f", {outcome.to_provider} serves" if outcome.to_provider else ""
    return Announcement(f"{outcome.event.action} {verb}{serves} — {back}")
