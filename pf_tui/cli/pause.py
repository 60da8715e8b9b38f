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
    done = pausing.pause(ctx)
    if as_json:
        output.document(document(done))
        return _tell(done)
    since = words.clock(done.since, ctx.now(), ctx.timezone()) if done.since else ""
    if done.changed:
        output.text("paused: pf-tui is in no agent's way")
    else:
        output.text(f"pf-tui is paused since {since}; nothing was changed")
    _effects(done)
    output.text("`pf-tui resume` puts it back")
    return _tell(done)


@word("resume")
@as_json
@click.pass_obj
def resume(ctx: Context, as_json: bool) -> int:
    """Makes the installs again that `pause` took out."""
    done = pausing.resume(ctx)
    if as_json:
        output.document(document(done))
        return _tell(done)
    output.text("resumed" if done.changed else "pf-tui is not paused; nothing was changed")
    _effects(done)
    return _tell(done)


def document(done: PauseOutcome) -> dict[str, object]:
    """The JSON document of both."""
    return {
        "changed": done.changed,
        "paused": moment(done.since),
        "effect": changes.effects(done.effects),
        "problems": list(done.problems),
        "undo": "pf-tui undo" if done.changed else None,
    }


def _effects(done: PauseOutcome) -> None:
    for effect in done.effects:
        output.text(f"  {CLIENTS[effect.agent].name}: {effect.text}")


def _tell(done: PauseOutcome) -> int:
    for problem in done.problems:
        diagnostics.note(problem)
    return 1 if done.problems else 0
