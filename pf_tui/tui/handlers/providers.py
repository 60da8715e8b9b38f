"""Who serves: each key is one verb. The screen changes because the file did, not because of the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pf_tui import actions
from pf_tui.actions import SwitchOutcome, UndoOutcome
from pf_tui.documents import words
from pf_tui.errors import PfError
from pf_tui.rules.eligibility import why_ineligible
from pf_tui.snapshot import Snapshot
from pf_tui.tui import provider_order
from pf_tui.tui.event_sentences import action_noun
from pf_tui.tui.handlers import handles
from pf_tui.tui.messages import Announcement

if TYPE_CHECKING:
    from pf_tui.tui.main_screen import MainScreen


@handles("switch")
def _switch(screen: MainScreen, word: str) -> None:
    """To the provider named, to the one under the cursor, or to the first that serves this model."""
    if word:
        switch_to(screen, word)
    elif screen.current == "models" and screen.pane.key:
        model = screen.pane.key
        switch_to(screen, first_serving(screen.shown_snapshot(), model), model)
    elif screen.pane.key:
        switch_to(screen, screen.pane.key)


def switch_to(screen: MainScreen, provider: str, model: str | None = None) -> None:
    """Put a provider first."""
    ctx = screen.app.ctx
    screen.app.perform(lambda: _switched(actions.switch(ctx, provider, model=model)))


@handles("next")
def _next(screen: MainScreen, word: str) -> None:
    ctx = screen.app.ctx
    screen.app.perform(lambda: _switched(actions.switch_next(ctx)))


@handles("undo")
def _undo(screen: MainScreen, word: str) -> None:
    ctx = screen.app.ctx
    screen.app.perform(lambda: _turned("undone", "U does it again", actions.undo(ctx)))


@handles("redo")
def _redo(screen: MainScreen, word: str) -> None:
    ctx = screen.app.ctx
    screen.app.perform(lambda: _turned("done again", "u undoes", actions.redo(ctx)))


@handles("move-up")
def _move_up(screen: MainScreen, word: str) -> None:
    _move(screen, -1)


@handles("move-down")
def _move_down(screen: MainScreen, word: str) -> None:
    _move(screen, 1)


def _move(screen: MainScreen, step: int) -> None:
    """Past the next provider that can be seen beside it; one that is not in the list joins it."""
    provider, now, ctx = screen.pane.key, screen.shown_snapshot(), screen.app.ctx
    if provider is None:
        return
    in_project = now.project is not None and bool(now.project.priority)
    order = now.priority if in_project else now.own_priority

    def move() -> Announcement | None:
        if provider not in order:
            ranks = actions.add_to_priority(ctx, provider, in_project=in_project)
            return Announcement(f"{provider} joined the list as number {len(ranks)} — u undoes")
        ids = [entry.id for entry in provider_order.listed_providers(now) if entry.id in order]
        at = ids.index(provider) + step
        if not 0 <= at < len(ids):
            return Announcement(f"{provider} is the {'first' if step < 0 else 'last'} already")
        actions.move_in_priority(ctx, provider, order.index(ids[at]) + 1, in_project=in_project)
        return None

    screen.app.perform(move)


@handles("auto-switch")
def _auto_switch(screen: MainScreen, word: str) -> None:
    now, ctx = screen.shown_snapshot(), screen.app.ctx
    on = not now.auto_switch
    in_project = now.project is not None and now.project.auto_switch is not None

    def turn() -> Announcement:
        actions.set_auto_switch(ctx, on, in_project=in_project)
        if on:
            return Announcement("auto-switch on: the first of the list that can serve does — u undoes")
        return Announcement("auto-switch off: the first of the list serves, usable or not — u undoes", "warn")

    screen.app.perform(turn)


@handles("allow-paid")
def _allow_paid(screen: MainScreen, word: str) -> None:
    """Answer the question, or take the answer back."""
    now, ctx = screen.shown_snapshot(), screen.app.ctx
    if now.config.paid == "auto":
        screen.say("paid providers follow a plan without asking · `:allow paid --ask` asks first")
        return
    allowed = now.paid == "auto"

    def answer() -> Announcement:
        actions.set_paid(ctx, now.config.paid if allowed else "today")
        if allowed:
            return Announcement("paid providers wait for your word again — u undoes")
        return Announcement("paid providers may follow a plan until midnight — u undoes", "warn")

    screen.app.perform(answer)


def put_off(screen: MainScreen) -> None:
    """Take the question whether to spend away, until the plan's window ends."""
    ctx = screen.app.ctx

    def later() -> Announcement | None:
        until = actions.put_off_question(ctx)
        if until is None:
            return None
        clock = words.clock(until, ctx.now(), ctx.timezone())
        return Announcement(f"not asked again before {clock}; nothing is spent, P allows it — u undoes")

    screen.app.perform(later)


@handles("bench")
def _bench(screen: MainScreen, word: str) -> None:
    provider, ctx = screen.pane.key, screen.app.ctx
    if provider is None:
        return
    resting = screen.shown_snapshot().view(provider).is_resting

    def turn() -> Announcement:
        if resting:
            actions.release(ctx, provider)
            return Announcement(f"{provider} may serve again — u undoes")
        actions.bench(ctx, provider)
        return Announcement(f"{provider} rests until b releases it — u undoes")

    screen.app.perform(turn)


def first_serving(now: Snapshot, model: str) -> str:
    """The first provider of the list that can serve exactly this model. Raises PfError when none can."""
    skipped = []
    for provider in now.priority:
        if provider in now.catalog.providers and now.catalog.serves(provider, model):
            refusal = why_ineligible(now.eligibility_of(provider), model)
            if refusal is None:
                return provider
            skipped.append(f"{provider}: {refusal.reason}")
    if skipped:
        raise PfError(
            f"no provider available for {model} now: {'; '.join(skipped[:3])}", "w shows every reason"
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
    return Announcement(f"{action_noun(outcome.event.action)} {verb}{serves} — {back}")
