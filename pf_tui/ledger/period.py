"""What is asked of the ledger: from when to when, by which clock, and of which rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from pf_tui.errors import UnknownName, WrongUsage
from pf_tui.ledger.layout import DAY_QUARTERS, QUARTER_MS, milliseconds
from pf_tui.records import record

PERIODS: Mapping[str, timedelta | None] = {
    "1h": timedelta(hours=1),
    "5h": timedelta(hours=5),
    "24h": timedelta(hours=24),
    "week": timedelta(days=7),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "all": None,
}
"""5h and week begin with the running limit window where that is known (ledger.cycle)."""

VIEWS = (
    "summary", "providers", "models", "projects", "agents", "machines", "sessions", "days", "blocks", "costs",
    "errors", "limits", "requests",
)  # fmt: skip

ALL_MS = (0, 253_402_300_800_000)
"""All of time, in UTC ms: to the year 10000."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MS = DAY_QUARTERS * QUARTER_MS


@record
class Period:
    """From when to when, by which clock."""

    name: str
    """The period's word, or "custom"."""
    start: datetime | None
    """Aware UTC; None = from the beginning."""
    end: datetime
    zone: tzinfo | None = None
    """None = the system's."""


@record
class Filters:
    """Only these rows; None = all."""

    project: str | None = None
    """Its path, or the end of it."""
    agent: str | None = None
    session: str | None = None
    """How its id begins."""
    whole_id: bool = False
    """The session's id is given whole."""
    machine: str | None = None
    """The name it was imported under; `totals.HERE` = this one."""


def period_of(
    period: str | None,
    now: datetime,
    zone: tzinfo | None,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    window_start: datetime | None = None,
) -> Period:
    """The span of a period's word, or of explicit ends.

    Args:
        window_start: when the limit window began that the period follows.
    Raises:
        UnknownName: no such period.
        WrongUsage: it ends before it begins.
    """
    if start is not None or end is not None:
        if start is not None and (end or now) < start:
            raise WrongUsage("the period ends before it begins", "--from comes first, --to later")
        return Period(name="custom", start=start, end=end or now, zone=zone)
    name = period or "7d"
    if name not in PERIODS:
        raise UnknownName("period", name, PERIODS, "pf-tui analytics --help")
    length = PERIODS[name]
    begins = window_start or (None if length is None else now - length)
    return Period(name=name, start=begins, end=now, zone=zone)


def end_ms(span: Period) -> tuple[int, int]:
    """A span's ends in UTC ms; 0 when it has no beginning."""
    return (milliseconds(span.start) if span.start else 0, milliseconds(span.end))


def reach_ms(span: Period) -> tuple[int, int]:
    """The same for sums; all of time holds also what a clock that was wrong wrote into the future."""
    start, end = end_ms(span)
    return ALL_MS if span.start is None and span.name == "all" else (start, end)


def one_offset(start_ms: int, end_ms: int, zone: tzinfo | None) -> Iterator[tuple[int, int, int]]:
    """A stretch of time in pieces of one offset from UTC: (start, end) in ms, offset in quarter-hours."""
    if start_ms >= end_ms:
        return
    begin, offset = start_ms, _offset(start_ms, zone)
    for moment in range(start_ms - start_ms % _DAY_MS + _DAY_MS, end_ms + _DAY_MS, _DAY_MS):
        after = _offset(moment, zone)
        if after == offset:
            continue
        low, high = (moment - _DAY_MS) // QUARTER_MS, moment // QUARTER_MS  # the clocks changed in between
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(middle * QUARTER_MS, zone) == offset else (low, middle)
        change = max(begin, min(end_ms, high * QUARTER_MS))
        if begin < change:
            yield begin, change, offset
        begin, offset = change, after
    if begin < end_ms:
        yield begin, end_ms, offset


def cover(first: int, last: int, widths: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """The quarter-hours from `first` to before `last`, each once, in the widest units that fit.

    Args:
        widths: how many quarter-hours a unit is, narrowest first; each is a multiple of the one before.
    Yields:
        (width, first, last): from `first` to before `last` in units of that width since 1970-01-01 UTC.
    """
    if first >= last:
        return
    width, wider = widths[0], widths[1:]
    if wider:
        begin, end = -(-first // wider[0]), last // wider[0]
        if begin < end:
            yield from cover(first, begin * wider[0], (width,))
            yield from cover(begin * wider[0], end * wider[0], wider)
            yield from cover(end * wider[0], last, (width,))
            return
    yield width, first // width, last // width


def _offset(ms: int, zone: tzinfo | None) -> int:
    """The zone's offset from UTC at a moment, in quarter-hours."""
    ahead = (_EPOCH + timedelta(milliseconds=ms)).astimezone(zone).utcoffset() or timedelta()
    return round(ahead.total_seconds() * 1000) // QUARTER_MS


def local_day(day: int) -> date:
    """The date of a local day given as days since 1970-01-01."""
    return date(1970, 1, 1) + timedelta(days=day)


def midnight(day: int, zone: tzinfo | None) -> datetime:
    """When a local day began."""
    first = local_day(day)
    local = datetime(first.year, first.month, first.day, tzinfo=zone)
    return local.astimezone() if zone is None else local


def local_step(quarter: int, zone: tzinfo | None, step: timedelta) -> datetime:
    """When the local step of so many minutes or whole hours began that a quarter-hour lies in."""
    moment = (_EPOCH + timedelta(milliseconds=quarter * QUARTER_MS)).astimezone(zone)
    if step < timedelta(hours=1):
        minutes = int(step.total_seconds() // 60)
        return moment.replace(minute=moment.minute - moment.minute % minutes, second=0, microsecond=0)
    hours = int(step.total_seconds() // 3600)
    return moment.replace(hour=moment.hour - moment.hour % hours, minute=0, second=0, microsecond=0)
