"""`pf-tui pause` and `resume`."""

from __future__ import annotations

import click

from pf_tui.actions import pausing
from pf_tui.actions.pausing import PauseOutcome
from pf_tui.cli import diagnostics, output
from pf_tui.cli.grammar import as_json, word
from pf_tui.clients import CLIENTS
from pf_tui.documents import changes, words
from pf_tui.documents.status import moment
from pf_tui.state.context import Context


@word("pause")
@as_json
@click.pass_obj
def pause(ctx: Context, as_json: bool) -> int:
    """Hooks are silent, no agent's settings name pf-tui. Sessions behind the gateway stay there."""
    outcome = pausing.pause(ctx)
    if as_json:
        output.document(document(outcome))
        return _tell(outcome)
    since = words.clock(outcome.since, ctx.now(), ctx.timezone()) if outcome.since else ""
    if outcome.changed:
        output.text("paused: no agent uses pf-tui")
    else:
        output.text(f"pf-tui is paused since {since}; nothing was changed")
    _effects(outcome)
    output.text("`pf-tui resume` puts it back")
    return _tell(outcome)


@word("resume")
@as_json
@click.pass_obj
def resume(ctx: Context, as_json: bool) -> int:
    """Makes the installs again that `pause` took out."""
    outcome = pausing.resume(ctx)
    if as_json:
        output.document(document(outcome))
        return _tell(outcome)
    output.text("resumed" if outcome.changed else "pf-tui is not paused; nothing was changed")
    _effects(outcome)
    return _tell(outcome)


def document(outcome: PauseOutcome) -> dict[str, object]:
    """The JSON document of both."""
    return {
        "changed": outcome.changed,
        "paused": moment(outcome.since),
        "effect": changes.effects(outcome.effects),
        "problems": list(outcome.problems),
        "undo": "pf-tui undo" if outcome.changed else None,
    }


def _effects(outcome: PauseOutcome) -> None:
    for effect in outcome.effects:
        output.text(f"  {CLIENTS[effect.agent].name}: {effect.text}")


def _tell(outcome: PauseOutcome) -> int:
    for problem in outcome.problems:
        diagnostics.note(problem)
    return 1 if outcome.problems else 0
