"""Times and days: aware UTC inside, ISO 8601 with offset on disk, local days by $TZ.

zoneinfo is imported only where $TZ names another zone than the process follows.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo

FIRST, LAST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)
"""Nearer to the ends of the calendar a moment has no local time in some zone."""


def to_text(moment: datetime) -> str:
    """ISO 8601 with offset, milliseconds, e.g. 2026-11-24T14:02:11.250+00:00."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def from_text(value: object) -> datetime | None:
    """A moment from ISO text or an epoch in seconds or milliseconds; None when it is neither."""
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, int | float):
            seconds = value / 1000 if value > 1e11 else float(value)
            moment = datetime.fromtimestamp(seconds, UTC)
        elif isinstance(value, str):
            moment = datetime.fromisoformat(value)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        else:
            return None
        return moment if FIRST < moment < LAST else None
    except (ValueError, OverflowError, OSError):
        return None


def time_of_day(moment: datetime, now: datetime, zone: tzinfo | None) -> str:
    """`15:40` today, `Thu 09:00` within a week, `12 Dec` beyond."""
    local = moment.astimezone(zone)
    days = (local.date() - now.astimezone(zone).date()).days
    if days == 0:
        return f"{local:%H:%M}"
    return f"{local:%a %H:%M}" if abs(days) < 7 else f"{local.day} {local:%b}"


def local_zone(env: Mapping[str, str]) -> tzinfo | None:
    """The zone $TZ names; None = the system's own (also when the name is unknown).

    UTC where the system's is none that Python can use: TZ=UTC+99 is four days away, a day is the most.
    """
    name = env.get("TZ", "").lstrip(":")
    if name and name != os.environ.get("TZ", "").lstrip(":"):
        try:
            from zoneinfo import ZoneInfo

            return ZoneInfo(name)
        except (KeyError, ValueError, OSError, ImportError):
            pass
    try:  # the C library of this process follows $TZ by itself; both halves of a year, for summer time
        for month in (1, 7):
            datetime(2026, month, 1, tzinfo=UTC).astimezone()
    except (ValueError, OverflowError, OSError):
        return UTC
    return None


def is_zone(name: str) -> bool:
    """$TZ names a zone that can be used: of the zone database, a file of it, or a rule such as CET-1CEST.

    The C library takes every other word for UTC, and says nothing.
    """
    import re

    name = name.removeprefix(":")
    rule = re.fullmatch(r"(?:<[^>]{1,20}>|[A-Za-z]{3,})([+-]?\d{1,2})(?::\d\d){0,2}(?:[<A-Za-z].*)?", name)
    if rule:
        return abs(int(rule[1])) < 24
    if name.startswith("/"):
        return os.path.isfile(name)  # noqa: PTH113 - a word of the environment, not a place of ours
    try:
        from zoneinfo import ZoneInfo

        ZoneInfo(name)
    except (KeyError, ValueError, OSError, ImportError):
        return name.upper() in ("", "UTC", "GMT")
    return True


def day_start(now: datetime, zone: tzinfo | None) -> datetime:
    """The local midnight that began the day of `now`, as UTC."""
    local = now.astimezone(zone)
    return _as_utc(local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None), zone)


def month_start(now: datetime, zone: tzinfo | None) -> datetime:
    """The local midnight that began the month of `now`, as UTC."""
    local = now.astimezone(zone)
    return _as_utc(local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=None), zone)


def next_day(now: datetime, zone: tzinfo | None) -> datetime:
    """The coming local midnight, as UTC."""
    local = now.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None) + timedelta(days=1)
    return _as_utc(midnight, zone)


def next_month(now: datetime, zone: tzinfo | None) -> datetime:
    """The coming first of a month at local midnight, as UTC."""
    local = now.astimezone(zone)
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    return _as_utc(datetime(year, month, 1), zone)  # noqa: DTZ001 - wall time, the zone is added below


def _as_utc(local: datetime, zone: tzinfo | None) -> datetime:
    return (local.astimezone() if zone is None else local.replace(tzinfo=zone)).astimezone(UTC)
