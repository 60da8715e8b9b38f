"""`pf-tui analytics`: usage of a period in every view, as text, JSON or CSV; and its reset."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pf_tui.actions import usage
from pf_tui.cli import freshen, output
from pf_tui.cli.grammar import Group, as_json, subword
from pf_tui.cli.values import DAY, day_begins, day_ends
from pf_tui.clients import CLIENTS
from pf_tui.errors import PfError, UnknownName, WrongUsage
from pf_tui.json_values import object_in, objects_in
from pf_tui.ledger import comparison, cycle, document, events, narrowing, schema
from pf_tui.ledger import period as spans
from pf_tui.ledger.blocks import blocks
from pf_tui.ledger.overview import Analytics
from pf_tui.ledger.overview import analytics as overview
from pf_tui.ledger.period import Filters, Period
from pf_tui.ledger.query import UsageQuery
from pf_tui.ledger.totals import HERE
from pf_tui.state.context import Context
from pf_tui.state.paths import expand

if TYPE_CHECKING:
    import sqlite3

    from rich.text import Text

    from pf_tui.cli.analytics_view import Frame

AGENTS = tuple(CLIENTS)

_LISTS = {
    "summary": "by_provider",
    "providers": "by_provider",
    "costs": "by_provider",
    "models": "by_model",
    "projects": "by_project",
    "agents": "by_agent",
    "machines": "by_machine",
    "sessions": "by_session",
    "days": "by_day",
    "blocks": "blocks",
    "errors": "errors",
    "limits": "limit_hits",
}
"""View -> the list of the document that CSV writes."""

analytics = Group("analytics", "show")


@subword(analytics, "show")
@click.argument("period", required=False, metavar="[1h|24h|7d|30d|90d|all]")
@click.option("--from", "begins", type=DAY, help="Start date: 2026-11-01, today or yesterday.")
@click.option("--to", "ends", type=DAY, help="End date, that day included: 2026-11-30, today or yesterday.")
@click.option(
    "--view",
    type=click.Choice(spans.VIEWS),
    default="summary",
    metavar="VIEW",
    help=f"What to show: {', '.join(spans.VIEWS)}.",
)
@click.option("--costs", is_flag=True, help="The costs view, with what plans cost.")
@click.option("--compare", is_flag=True, help="Providers side by side, and the period before.")
@click.option("--in", "project", metavar="PROJECT", help="Only this project: its path or the end of it.")
@click.option("--agent", metavar="AGENT", help=f"Only this agent: {', '.join(AGENTS)}.")
@click.option("--session", metavar="ID", help="Only this session; its first letters are enough.")
@click.option("--machine", metavar="NAME", help=f"Only this machine; {HERE} is this one.")
@as_json
@click.option("--csv", "as_csv", is_flag=True, help="Print the view's rows as a table for a spreadsheet.")
@click.pass_obj
def show(
    ctx: Context,
    /,
    period: str | None,
    begins: date | str | None,
    ends: date | str | None,
    view: str,
    costs: bool,
    compare: bool,
    as_json: bool,
    as_csv: bool,
    **only: str | None,
) -> None:
    """Reads what is new in the agents' logs first. Without a period: the last seven days.

    Costs are list prices at the time of the request; * marks what a plan has paid for already.
    """
    if as_json and as_csv:
        raise WrongUsage("--json and --csv cannot both be printed", "choose one")
    if costs and view == "summary":
        view = "costs"
    span = span_of(ctx, period, begins, ends)
    with freshen.ledger(ctx) as connection, schema.snapshot(connection):
        filters = filters_of(ctx, connection, **only)
        if view == "requests" and (as_json or as_csv):
            rows_of(connection, span, filters, as_csv=as_csv)
        elif as_json or as_csv:
            content = _document(ctx, connection, view, span, filters, compare=compare)
            if as_json:
                output.document(content)
            else:
                rows = (
                    objects_in(object_in(content, "compare"), "providers")
                    if compare
                    else objects_in(content, _LISTS[view])
                )
                output.csv(document.csv_rows(rows))
        else:
            _show(ctx, connection, view, span, filters, compare=compare)


@subword(analytics, "reset")
@click.option("--force", "-f", is_flag=True, help="Do not ask.")
@as_json
@click.pass_obj
def reset(ctx: Context, force: bool, as_json: bool) -> None:
    """What was read of the logs stays remembered, so only new use is counted from here on."""
    if not ctx.paths.ledger.exists():
        if as_json:
            output.document({"reset": False, "backup": None})
        else:
            output.text("there is no history yet; nothing was changed")
        return
    if not force:
        _ask()
    backup = usage.reset(ctx)
    if as_json:
        output.document({"reset": True, "backup": str(backup)})
    else:
        output.text(f"the history was deleted; the backup is {backup}")


def _ask() -> None:
    if not sys.stdin.isatty():
        raise WrongUsage(
            "there is no terminal to ask in; nothing was changed", "`pf-tui analytics reset --force`"
        )
    if not click.confirm("Delete all requests, limit hits and readings? A backup is written first", err=True):
        raise PfError("nothing was changed")


def span_of(ctx: Context, period: str | None, begins: date | str | None, ends: date | str | None) -> Period:
    """The span that a period's word, or --from and --to, name. Raises UnknownName, WrongUsage."""
    now, zone = ctx.now(), ctx.timezone()
    if begins is None and ends is None:
        window_start = cycle.began(ctx.paths.ledger, period or "", now)
        return spans.period_of(period, now, zone, window_start=window_start)
    if period is not None:
        raise WrongUsage(f"{period} and --from or --to name two periods", "leave one of them out")
    start = None if begins is None else day_begins(begins, now, zone)
    end = None if ends is None else day_ends(ends, now, zone)
    return spans.period_of(None, now, zone, start, end)


def filters_of(
    ctx: Context,
    connection: sqlite3.Connection,
    project: str | None,
    agent: str | None,
    session: str | None,
    machine: str | None,
) -> Filters:
    """Only names that the ledger knows: a mistyped one is no empty period.

    Raises:
        UnknownName: with the nearest ones.
    """
    if project is not None:
        project = _project(ctx, connection, project)
    if agent is not None and agent not in AGENTS:
        raise UnknownName("agent", agent, AGENTS, "pf-tui analytics all --view agents")
    if machine is not None:
        machines = [text or HERE for _, text in narrowing.named_parts(connection, "machine")]
        if machine not in (HERE, *machines):
            raise UnknownName("machine", machine, machines, "pf-tui analytics all --view machines")
    filters = Filters(project=project, agent=agent, session=session, machine=machine)
    if session is not None and _any(connection) and not narrowing.chosen(connection, filters)["session"]:
        raise UnknownName("session", session, (), "pf-tui analytics all --view sessions")
    return filters


def _project(ctx: Context, connection: sqlite3.Connection, name: str) -> str:
    folder = name.rstrip("/") or name
    if folder in (".", "..") or folder.startswith(("./", "../", "~")):
        folder = os.path.realpath(ctx.cwd / expand(folder))
    if _any(connection) and not narrowing.chosen(connection, Filters(project=folder))["project"]:
        names = [Path(text).name for _, text in narrowing.named_parts(connection, "project") if text]
        if names:
            raise UnknownName("project", name, names, "pf-tui analytics all --view projects")
    return folder


def _any(connection: sqlite3.Connection) -> bool:
    """Whether the ledger has anything yet."""
    return connection.execute("SELECT 1 FROM quarters LIMIT 1").fetchone() is not None


def _document(
    ctx: Context, connection: sqlite3.Connection, view: str, span: Period, filters: Filters, *, compare: bool
) -> dict[str, object]:
    analytics = overview(connection, span, filters)
    content = document.view_document(connection, view, analytics, filters, ctx.now())
    if view == "costs":
        uses = comparison.plan_uses(analytics, ctx.catalog(), _length(analytics))
        content["plans"] = [comparison.plan_document(use) for use in uses]
    if compare:
        content["compare"] = comparison.comparison_document(
            connection, analytics, filters, ctx.catalog(), _able(ctx)
        )
    return content


def _show(
    ctx: Context, connection: sqlite3.Connection, view: str, span: Period, filters: Filters, *, compare: bool
) -> None:
    from pf_tui.cli import analytics_lists as lists
    from pf_tui.cli import analytics_view as views

    analytics = overview(connection, span, filters)
    frame = views.Frame(
        now=ctx.now(),
        zone=span.zone,
        width=output.width(),
        catalog=ctx.catalog(),
        home=ctx.env.get("HOME", ""),
    )
    lines = views.head(analytics, filters, frame)
    if compare:
        before = comparison.previous(span)
        past = comparison.totals(connection, before, filters) if before else None
        rows = comparison.compare(connection, analytics, ctx.catalog(), _able(ctx))
        lines += lists.compared(rows, analytics, past, frame)
    if not compare or view not in ("summary", "providers"):
        lines += _body(ctx, connection, view, analytics, filters, frame)
    output.show(*lines, *views.foot(analytics, frame))


def _body(
    ctx: Context,
    connection: sqlite3.Connection,
    view: str,
    analytics: Analytics,
    filters: Filters,
    frame: Frame,
) -> list[Text]:
    from pf_tui.cli import analytics_lists as lists
    from pf_tui.cli import analytics_view as views

    span = analytics.span
    query = UsageQuery(connection, span, filters)
    if view == "summary":
        return views.summary(analytics, frame)
    if view == "sessions":
        top_sessions = query.sessions(views.MOST_SESSIONS)
        session_places = events.session_places(
            connection, [(part.agent, part.name) for part in top_sessions.parts]
        )
        return views.sessions(top_sessions, session_places, frame)
    if view == "blocks":
        return lists.blocks(blocks(query, ctx.now()), frame)
    if view == "costs":
        return lists.costs(
            analytics, comparison.plan_uses(analytics, ctx.catalog(), _length(analytics)), frame
        )
    if view == "errors":
        return lists.errors(events.failures(connection, span, filters), frame)
    if view == "limits":
        return lists.hits(events.hits(connection, span, lists.MOST + 1, filters), analytics, frame)
    if view == "requests":
        newest = [*events.requests(connection, span, filters, newest=lists.MOST)]
        return lists.requests(newest[::-1], analytics.totals.requests, frame)
    return views.parts(view, analytics, frame)


def rows_of(connection: sqlite3.Connection, span: Period, filters: Filters, *, as_csv: bool) -> None:
    """Every request as JSON lines or as a table, as it is read."""
    rows = (document.request_document(row, span.zone) for row in events.requests(connection, span, filters))
    if as_csv:
        output.csv(_table(rows))
    else:
        output.lines(rows)


def _table(rows: Iterable[Mapping[str, object]]) -> Iterator[list[object]]:
    yield list(events.REQUEST_FIELDS)
    for row in rows:
        yield [row[name] for name in events.REQUEST_FIELDS]


def _able(ctx: Context) -> list[str]:
    """Providers of the list that have a credential: whoever could have done the work."""
    from pf_tui import snapshot

    now = snapshot.take(ctx, keep_going=True)
    return [view.id for view in now.providers if view.rank is not None and view.credential.usable]


def _length(analytics: Analytics) -> timedelta | None:
    """How long the history of an "all" period is."""
    if not analytics.days:
        return None
    first = date.fromisoformat(analytics.days[0].name)
    return analytics.span.end - day_begins(first, analytics.span.end, analytics.span.zone)
