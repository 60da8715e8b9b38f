"""What the ledger says for the analytics and limits panes: read in the feed's thread, shown as it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo

from pf_tui.ledger import cycle, events, latency, narrowing, overview, reader, schema, window_history
from pf_tui.ledger import period as spans
from pf_tui.ledger.events import FailureCount
from pf_tui.ledger.headroom import Headroom, headroom
from pf_tui.ledger.overview import FallbackTotals
from pf_tui.ledger.period import Filters
from pf_tui.ledger.query import UsageQuery
from pf_tui.ledger.reader import LimitHit
from pf_tui.ledger.totals import NOTHING, Group, Totals, total
from pf_tui.ledger.unread import UnreadStore, unread
from pf_tui.records import field
from pf_tui.records import record as made
from pf_tui.rules.limits import Reading
from pf_tui.state import clock
from pf_tui.state.context import Context
from pf_tui.state.journal import Event
from pf_tui.text.lines import SERIES

PERIODS = tuple(spans.PERIODS)
"""What `[` and `]` go through."""

GROUPS = ("provider", "model", "project", "agent", "machine")
"""What rows of the analytics pane stand for; machines where ledgers were imported."""

EVENTS = 500
"""How far back the events pane reads."""

MOST_SERIES = SERIES
"""Parts of all time that a chart tells apart; the others are one."""

HIT_DAYS = timedelta(days=7)
"""The limits pane tells of limits hit in the last week."""

_STEPS = {"1h": timedelta(minutes=15), "5h": timedelta(minutes=15), "24h": timedelta(hours=1)}
_DAY = timedelta(days=1)


@made
class Step:
    """One bar: an hour or a day."""

    start: datetime
    """Local."""
    parts: Mapping[str, Totals]


@made
class LedgerView:
    """One period of the ledger."""

    period: str = "7d"
    by: str = "provider"
    groups: tuple[str, ...] = GROUPS[:-1]
    """What rows may stand for."""
    totals: Totals = NOTHING
    fallback: FallbackTotals = FallbackTotals()
    parts: tuple[Group, ...] = ()
    steps: tuple[Step, ...] = ()
    """Every step of the period, the quiet ones too, oldest first."""
    step: timedelta = _DAY
    hits: tuple[LimitHit, ...] = ()
    """Of the last week, newest first."""
    readings: tuple[Reading, ...] = ()
    """Of the windows that still run, oldest first: how they filled."""
    events: tuple[Event, ...] = ()
    """The journal's tail, further back than a snapshot's, oldest first."""
    headroom: Mapping[str, Headroom] = field(default_factory=dict)
    """Provider -> the turns its tightest window holds, where enough is known."""
    unread: tuple[UnreadStore, ...] = ()
    """Logs and databases whose turns are missing in every sum."""
    loaded: bool = True
    """False while the ledger has not been read."""
    problem: str = ""
    """Why it cannot be read; "" = it was."""


UNREAD = LedgerView(loaded=False)


def take(ctx: Context, period: str, by: str) -> LedgerView:
    """Read one period. Raises PfError when the ledger cannot be used."""
    now, zone = ctx.now(), ctx.timezone()
    path = ctx.paths.ledger
    if not path.exists():
        return LedgerView(period=period, by=by)
    span = spans.period_of(period, now, zone, window_start=cycle.began(path, period, now))
    step = _STEPS.get(period, _DAY)
    with schema.opened(path) as connection, schema.snapshot(connection):
        query = UsageQuery(connection, span, Filters())
        parts = query.by(by)
        # of all time, only the dearest are drawn one by one
        names = (
            [part.name for part in parts[:MOST_SERIES]]
            if span.start is None and len(parts) > MOST_SERIES
            else None
        )
        medians = latency.medians(connection, span) if by == "provider" else {}
        return LedgerView(
            period=period,
            by=by,
            groups=GROUPS if len(narrowing.parts(connection, "machine")) > 1 else GROUPS[:-1],
            totals=total(part.totals for part in parts),
            fallback=overview.fallbacks(connection, span, Filters()),
            parts=tuple(part._replace(latency_ms_p50=medians.get(part.name)) for part in parts),
            steps=_without_holes(query.steps(step, by, names), span.start, now, step, zone),
            step=step,
            hits=tuple(reader.LedgerReader(connection).hits(now - HIT_DAYS)),
            readings=tuple(window_history.window_readings(connection, now)),
            headroom=headroom(connection, now, clock.day_start(now, zone)),
            unread=unread(connection),
        )


def failures(ctx: Context, provider: str) -> tuple[FailureCount, ...]:
    """What failed at a provider in the last week, most first. Raises PfError."""
    if not ctx.paths.ledger.exists():
        return ()
    now = ctx.now()
    with schema.opened(ctx.paths.ledger) as connection:
        span = spans.period_of("7d", now, ctx.timezone())
        return tuple(failure for failure in events.failures(connection, span) if failure.provider == provider)


@made
class SessionUse:
    """What one session asked, by model, and the limits it ran into."""

    models: tuple[Group, ...] = ()
    hits: tuple[LimitHit, ...] = ()


def of_session(ctx: Context, agent: str, session: str) -> SessionUse:
    """All of one session. Raises PfError."""
    if not ctx.paths.ledger.exists():
        return SessionUse()
    now = ctx.now()
    with schema.opened(ctx.paths.ledger) as connection, schema.snapshot(connection):
        span = spans.period_of("all", now, ctx.timezone())
        filters = Filters(session=session, whole_id=True, agent=agent)
        models = UsageQuery(connection, span, filters).by("model")
        hits = [
            hit
            for hit in reader.LedgerReader(connection).hits(now - HIT_DAYS)
            if hit.session == session and hit.agent in (agent, None)
        ]
    return SessionUse(models=models, hits=tuple(hits))


def _without_holes(
    by_moment: Mapping[datetime, Mapping[str, Totals]],
    start: datetime | None,
    end: datetime,
    step: timedelta,
    zone: tzinfo | None,
) -> tuple[Step, ...]:
    """Every step from the first to the last one; two offsets of one local day are one step."""
    by_step: dict[datetime, dict[str, Totals]] = {}
    for moment, parts in by_moment.items():
        cell = by_step.setdefault(moment.replace(tzinfo=None), {})
        for name, part_totals in parts.items():
            cell[name] = total([cell[name], part_totals]) if name in cell else part_totals
    first = _floored(start.astimezone(zone), step) if start else min(by_step, default=None)
    if first is None:
        return ()
    last = _floored(end.astimezone(zone), step)
    steps, moment = [], first
    while moment <= last:
        steps.append(Step(start=moment, parts=by_step.get(moment, {})))
        moment += step
    return tuple(steps)


def _floored(moment: datetime, step: timedelta) -> datetime:
    """The local step a moment lies in, without its zone."""
    local = moment.replace(second=0, microsecond=0, tzinfo=None)
    if step >= _DAY:
        return local.replace(hour=0, minute=0)
    if step >= timedelta(hours=1):
        return local.replace(minute=0)
    return local.replace(minute=local.minute - local.minute % 15)
