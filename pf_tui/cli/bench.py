"""`pf-tui bench` and `release`."""

from __future__ import annotations

from datetime import timedelta

import click

from pf_tui import actions, snapshot
from pf_tui.cli import output
from pf_tui.cli.grammar import as_json, provider_argument, word
from pf_tui.cli.values import DURATION, MODEL
from pf_tui.documents import changes, words
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context


@word("bench")
@provider_argument
@click.option("--model", type=MODEL, help="Bench only this model of the provider.")
@click.option("--for", "length", type=DURATION, help="For this long: 30m, 2h, 3d; else until released.")
@as_json
@click.pass_obj
def bench(ctx: Context, provider: str, model: str | None, length: timedelta | None, as_json: bool) -> None:
    """Without --for it rests until `pf-tui release`."""
    until = ctx.now() + length if length is not None else None
    resting = actions.bench(ctx, provider, model=model, until=until)
    now = snapshot.take(ctx)
    if as_json:
        output.document(changes.benched(resting, now))
        return
    what = f"{resting.model} at {resting.provider}" if resting.model else resting.provider
    end = f"until {words.clock(until, now.at, ctx.timezone())}" if until else "until it is released"
    output.text(f"{what} rests {end}; `pf-tui release {resting.provider}` ends it")
    output.text(_serves(now))


@word("release")
@provider_argument
@click.option("--model", type=MODEL, help="Release only this model of the provider.")
@as_json
@click.pass_obj
def release(ctx: Context, provider: str, model: str | None, as_json: bool) -> None:
    """Benches of every kind, by hand, by a limit, by a failure, and windows that are used up."""
    count = actions.release(ctx, provider, model=model)
    now = snapshot.take(ctx)
    provider = now.catalog.provider(provider).id
    if as_json:
        output.document(changes.released(provider, count, now))
    elif count:
        output.text(f"{provider} may serve again")
        output.text(_serves(now))
    else:
        output.text(f"{provider} was not benched; nothing was changed")


def _serves(now: Snapshot) -> str:
    return f"{now.active.provider} serves now" if now.active else now.choice.reason
