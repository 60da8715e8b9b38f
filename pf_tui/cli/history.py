"""`pf-tui why` and `events`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

import click

from pf_tui import snapshot
from pf_tui.cli import output
from pf_tui.cli.grammar import as_json, word
from pf_tui.cli.values import AGENT, MODEL
from pf_tui.clients import CLIENTS
from pf_tui.documents import history, matrix, resting, words
from pf_tui.rules.request_classes import CLASSES
from pf_tui.snapshot import Snapshot
from pf_tui.state import files, journal
from pf_tui.state.clock import from_text
from pf_tui.state.context import Context
from pf_tui.state.journal import Event

if TYPE_CHECKING:
    from rich.text import Text

_LOOK_EVERY_S = 0.5
"""`--follow` looks at the journal's stamp this often; an event is seen within that."""

_CATCH_UP = 200
"""Events read when the journal has grown; more than anyone writes in half a second."""


@word("why")
@click.option("--agent", type=AGENT, help="For that agent's request: who is asked, and over which protocol.")
@click.option("--model", type=MODEL, help="For a request for that model.")
@click.option(
    "--class",
    "request_class",
    type=click.Choice(CLASSES),
    help="For a request of that class.",
)
@click.option("--matrix", "all_cells", is_flag=True, help="Each provider with each agent: what works.")
@as_json
@click.pass_obj
def why(
    ctx: Context,
    agent: str | None,
    model: str | None,
    request_class: str | None,
    all_cells: bool,
    as_json: bool,
) -> None:
    """Each provider of the list in turn: skipped, serving, or ready to follow."""
    now = snapshot.take(ctx, keep_going=not as_json)
    name = model or request_class
    client = CLIENTS[agent] if agent else next(iter(CLIENTS.values())) if name else None
    if as_json:
        content = history.why(now)
        if client is not None:
            content["route"] = matrix.route(now, client, model, request_class)
        if all_cells:
            content["matrix"] = matrix.matrix(now)
        output.document(content)
        return
    from pf_tui.cli import matrix_view

    if client is not None:
        routing = matrix.route(now, client, model, request_class)
        output.show(*matrix_view.route(routing, now, ctx.timezone(), output.width()))
    if all_cells:
        output.show(*matrix_view.matrix(matrix.matrix(now), output.width()))
    if client is None and not all_cells:
        output.show(*_chain(now, ctx.timezone(), output.width()))


@word("events")
@click.option("-n", "count", type=click.IntRange(min=1), default=20, help="How many events; 20 by default.")
@click.option("--follow", "-f", is_flag=True, help="Print every new event, until ctrl+c.")
@as_json
@click.pass_obj
def events(ctx: Context, count: int, follow: bool, as_json: bool) -> None:
    """Oldest first. With --follow and --json: one document per line."""
    journal_events = journal.tail(ctx.paths, count)
    if as_json and not follow:
        output.document(history.events(journal_events))
        return
    _print(journal_events, ctx, as_json=as_json)
    if follow:
        for new_event in _new_events(ctx, journal_events):
            _print((new_event,), ctx, as_json=as_json)
    elif not journal_events:
        output.text("nothing has happened yet")


def _new_events(ctx: Context, events: tuple[Event, ...]) -> Iterator[Event]:
    """Each event once, as it is appended; a rotated journal is followed."""
    event_ids = {event.id for event in events or journal.tail(ctx.paths, 1)}
    stamp = files.identity(ctx.paths.journal)
    while True:
        time.sleep(_LOOK_EVERY_S)
        if (now := files.identity(ctx.paths.journal)) == stamp:
            continue
        stamp = now
        tail = journal.tail(ctx.paths, _CATCH_UP)
        yield from (event for event in tail if event.id not in event_ids)
        event_ids |= {event.id for event in tail}


def _print(journal_events: tuple[Event, ...], ctx: Context, *, as_json: bool) -> None:
    if as_json:
        for event in journal_events:
            output.line(history.event(event))
        return
    now, zone = ctx.now(), ctx.timezone()
    width = output.width()
    for event in journal_events:
        output.show(*_event_lines(event, now, zone, width))
    output.flush()


def _event_lines(event: Event, now: datetime, zone: tzinfo | None, width: int) -> list[Text]:
    from rich.text import Text

    from pf_tui.cli.look import FAINT, wrapped

    moment = words.clock(event.ts, now, zone)
    sentence = event_line(event)
    who = "" if event.who == "cli" else f" ({event.who})"
    first, *more = wrapped(f"{sentence}{who}", width, indent=" " * (len(moment) + 2))
    return [Text.assemble((moment, FAINT), "  ", first.plain.strip()), *more]


def event_line(event: Event) -> str:
    """An event the way one would tell it."""
    previous, serves = event.before.get("active"), event.after.get("active")
    move_text = (
        f": {previous or 'nobody'} → {serves or 'nobody'}"
        if "active" in event.after and previous != serves
        else ""
    )
    bench = event.after.get("bench")
    what = event.after.get("provider") or event.after.get("first")
    if isinstance(bench, dict):
        what = bench.get("provider")
    reason = f", {event.why}" if event.why and event.why != "asked for" else ""
    return f"{event.action}{f' {what}' if what else ''}{move_text}{reason}"


def _chain(now: Snapshot, zone: tzinfo | None, width: int) -> list[Text]:
    from rich.text import Text

    from pf_tui.cli.look import FAINT, Cell, heading, state, table, wrapped
    from pf_tui.text.columns import Column

    serves = (
        f"{now.active.provider} serves {now.active.model or ''}".strip()
        if now.active
        else "no provider available"
    )
    lines = [heading(serves), *wrapped(now.choice.reason, width, indent="  "), Text()]
    chain = history.chain(now)
    without = [step for step in chain if step["code"] == "no-credential" and step["verdict"] != "serves"]
    rows = []
    for step in chain:
        if step in without:
            continue
        until = from_text(step["until"])
        end = f", until {words.clock(until, now.at, zone)}" if until else ""
        verdict = step["verdict"]
        reason = "" if verdict == "serves" else f"{step['reason'] or 'would serve'}{end}"
        mark = {"serves": "▶", "passed": "✗", "ready": "·"}[verdict]
        style = {"serves": "bold", "passed": FAINT, "ready": ""}[verdict]
        model = step["model"] if verdict != "passed" and step["model"] else ""
        rows.append(
            [
                Cell(text=f"{mark} {step['rank']:>2}", style=style),
                Cell(text=step["provider"], style=style),
                Cell(text=verdict, style=state("ready").style if verdict != "passed" else FAINT),
                Cell(text=f"{reason}{' with ' if reason and model else ''}{model}", style=style),
            ]
        )
    columns = (Column(title=""), Column(title=""), Column(title="", leaves=1), Column(title="", shrinks=True))
    lines += table(columns, rows, width, heading=False)
    for view in now.providers:
        for _, sentence in resting.sentences(view, now.at, zone) if view.rank is not None else ():
            lines += wrapped(sentence, width, indent="  ", style="yellow")
    for repair in now.files.health.repairs:
        lines += wrapped(resting.repair_sentence(repair), width, indent="  ", style=FAINT)
    if without:
        names = ", ".join(step["provider"] for step in without)
        lines += wrapped(f"without a credential: {names}", width, indent="  ", style=FAINT)
    following = now.next.provider if now.next else "nobody"
    lines += [Text(), *wrapped(f"next: {following} ({now.next_reason})", width)]
    for name, rule in now.config.classes.items():
        lines += wrapped(f"through the gateway: {words.class_rule(name, rule)}", width)
    if now.config.leads_to_gateway:
        lines += wrapped(words.GATEWAY_AUTO, width)
    if now.config.resumes_sessions:
        lines += wrapped(words.RESUME_AUTO, width)
    if now.question is not None:
        question = words.question(now.question, now.at, zone)
        lines += wrapped(f"{question}: `pf-tui allow paid --today`", width, style="yellow")
    if not now.auto_switch:
        lines += wrapped(
            "auto-switch is off: `pf-tui switch --auto on` lets the list decide", width, style="yellow"
        )
    lines += [line for problem in now.problems for line in wrapped(problem, width, style="yellow")]
    return lines
