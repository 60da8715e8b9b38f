"""`pf-tui allow`: whether paid providers may follow a plan."""

from __future__ import annotations

import click

from pf_tui import actions, snapshot
from pf_tui.cli import output
from pf_tui.cli.grammar import as_json, word
from pf_tui.documents import status, words
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context

_RULES = {
    "auto": "paid providers follow a plan by themselves",
    "ask": "paid providers follow a plan once you allow it; until then nothing is spent",
    "never": "no paid provider follows a plan",
}


@word("allow")
@click.argument("what", type=click.Choice(["paid"]))
@click.option("--today", "answer", flag_value="today", help="Until midnight.")
@click.option("--always", "answer", flag_value="auto", help="From now on, without asking.")
@click.option("--ask", "answer", flag_value="ask", help="Only after asking, each time a plan is used up.")
@click.option("--never", "answer", flag_value="never", help="Not at all.")
@as_json
@click.pass_obj
def allow(ctx: Context, what: str, answer: str | None, as_json: bool) -> None:
    """Without an option: what holds now, and what you are asked."""
    needless = answer == "today" and ctx.config().paid == "auto"
    if answer is not None and not needless:
        actions.set_paid(ctx, answer)
    now = snapshot.take(ctx)
    if as_json:
        output.document(_document(now))
        return
    until = now.config.paid_until
    if until is not None and until > now.at:
        clock = words.clock(until, now.at, ctx.timezone())
        output.text(f"paid providers may follow a plan until {clock}; then: {_RULES[now.config.paid]}")
    else:
        output.text(f"{_RULES[now.paid]}{'; nothing was changed' if needless else ''}")
    if now.question is not None:
        output.text(f"{words.question(now.question, now.at, ctx.timezone())}: `pf-tui allow paid --today`")
    if answer is not None and not needless:
        serves = now.active.provider if now.active else "nobody"
        output.text(f"{serves} serves now; `pf-tui undo` takes it back")


def _document(now: Snapshot) -> dict[str, object]:
    until = now.config.paid_until
    return {
        "paid": now.config.paid,
        "holds": now.paid,
        "until": status.moment(until) if until is not None and until > now.at else None,
        "question": status.question(now),
        "active": status.serving(now.active),
    }
