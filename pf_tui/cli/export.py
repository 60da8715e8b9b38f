"""`pf-tui export`: the ledger, row by row or whole; the chain and the figures for other engines."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pf_tui import snapshot
from pf_tui.actions import usage
from pf_tui.cli import freshen, output
from pf_tui.cli.analytics import filters_of, rows_of, span_of
from pf_tui.cli.grammar import Group, as_json, subword
from pf_tui.cli.values import DAY
from pf_tui.documents import words
from pf_tui.errors import WrongUsage
from pf_tui.state.context import Context
from pf_tui.state.paths import expand

if TYPE_CHECKING:
    from pf_tui.export.metrics import Metric

export = Group("export", "requests")


@subword(export, "requests")
@click.argument("period", required=False, metavar="[1h|24h|7d|30d|90d|all]")
@click.option("--from", "begins", type=DAY, help="Start date.")
@click.option("--to", "ends", type=DAY, help="End date, that day included: 2026-11-30, today or yesterday.")
@click.option("--in", "project", metavar="PROJECT", help="Only this project.")
@click.option("--agent", metavar="AGENT", help="Only this agent.")
@click.option("--session", metavar="ID", help="Only this session.")
@click.option("--machine", metavar="NAME", help="Only this machine.")
@click.option("--csv", "as_csv", is_flag=True, help="A table instead of JSON lines.")
@click.pass_obj
def requests(
    ctx: Context,
    /,
    period: str | None,
    begins: date | str | None,
    ends: date | str | None,
    as_csv: bool,
    **only: str | None,
) -> None:
    """JSON lines, oldest first. Without a period: everything."""
    whole = period is None and begins is None and ends is None
    span = span_of(ctx, "all" if whole else period, begins, ends)
    with freshen.ledger(ctx) as connection:
        rows_of(connection, span, filters_of(ctx, connection, **only), as_csv=as_csv)


@subword(export, "ledger")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE|-")
@click.option("--force", "-f", is_flag=True, help="Write over an existing file.")
@as_json
@click.pass_obj
def ledger(ctx: Context, file: Path, force: bool, as_json: bool) -> None:
    """Taken as one moment, also while agents and the gateway write. A - stands for stdout."""
    if str(file) == "-":
        _ledger_to_stdout(ctx, as_json=as_json)
        return
    copy = usage.copy_ledger(ctx, expand(file), overwrite=force)
    if as_json:
        output.document({"path": str(copy.path), "bytes": copy.bytes, "requests": copy.requests})
    else:
        output.text(f"wrote {copy.path}: {words.number(copy.requests)} requests, {words.short(copy.bytes)}B")


def _ledger_to_stdout(ctx: Context, *, as_json: bool) -> None:
    if as_json:
        raise WrongUsage("stdout carries the ledger itself, so --json cannot be used", "name a file")
    if sys.stdout.isatty():
        raise WrongUsage(
            "a ledger is binary, a terminal cannot show it", "pf-tui export ledger - > backup.db"
        )
    for chunk in usage.stream_ledger(ctx):
        output.raw(chunk)


@subword(export, "litellm")
@click.pass_obj
def litellm(ctx: Context) -> None:
    """The keys are named by their variables. What the proxy cannot be told, and who was left out, is said
    in comments. The same settings give the same file."""
    from pf_tui.export import litellm as chain
    from pf_tui.export import litellm_text

    output.raw(litellm_text.text(chain.proxy(snapshot.take(ctx))).encode())


@subword(export, "openmetrics")
@click.pass_obj
def openmetrics(ctx: Context) -> None:
    """What the ledger adds up to, the limit windows, and what the gateway did since it started. Sums of the
    ledger may fall, when a price becomes known later, so they are gauges: ask for their difference."""
    from pf_tui import __version__
    from pf_tui.export import openmetrics as exposition
    from pf_tui.export import who

    _, metrics = _measured(ctx)
    about = who.resource(ctx.env, __version__, who.instance(ctx.paths))
    output.raw(exposition.text(metrics, about).encode("utf-8", "replace"))


@subword(export, "otlp")
@click.option(
    "--endpoint", metavar="URL", help="The receiver, e.g. http://localhost:4318; /v1/metrics is added."
)
@as_json
@click.pass_obj
def otlp(ctx: Context, endpoint: str | None, as_json: bool) -> None:
    """The same figures as `export openmetrics`, once, as protobuf over HTTP; what is sent twice counts once.
    OpenTelemetry's variables hold: OTEL_EXPORTER_OTLP_ENDPOINT, _HEADERS, _TIMEOUT and the others. Without a
    receiver nothing is sent. Needs the extra `otlp`."""
    from pf_tui import __version__
    from pf_tui.export import otlp as protobufs
    from pf_tui.export import otlp_send, otlp_target, who

    target = otlp_target.target(ctx.env, endpoint)
    about = who.resource(ctx.env, __version__, who.instance(ctx.paths))
    now, metrics = _measured(ctx)
    otlp_send.send(target, protobufs.request(metrics, about, now.at))
    points = sum(len(metric.points) for metric in metrics)
    if as_json:
        output.document({"endpoint": target.shown, "metrics": len(metrics), "points": points})
    else:
        output.text(f"sent {len(metrics)} metrics, {words.number(points)} data points, to {target.shown}")


def _measured(ctx: Context) -> tuple[snapshot.Snapshot, tuple[Metric, ...]]:
    """Everything that is exported, of one moment."""
    from pf_tui.export import metrics
    from pf_tui.ledger import lifetime, schema

    with freshen.ledger(ctx) as connection:
        now = snapshot.take(ctx, keep_going=True)
        with schema.snapshot(connection):
            history = lifetime.lifetime(connection)
            since = now.gateway.since if now.gateway is not None else None
            attempts = lifetime.attempts(connection, since) if since is not None else ()
            return now, metrics.measure(now, history, attempts)
