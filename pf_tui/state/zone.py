"""Local time by $TZ, without paying for zoneinfo when the system's zone is meant."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo


def local_zone(env: Mapping[str, str]) -> tzinfo | None:
    """The zone $TZ names; None = the system's own (also when the name is unknown)."""
    name = env.get("TZ", "").lstrip(":")
    if not name or name == os.environ.get("TZ", "").lstrip(":"):
        return None  # the C library of this process follows $TZ by itself
    try:
        from zoneinfo import ZoneInfo

        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, ImportError):
        return None


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


def _as_utc(wall: datetime, zone: tzinfo | None) -> datetime:
    return (wall.astimezone() if zone is None else wall.replace(tzinfo=zone)).astimezone(UTC)
