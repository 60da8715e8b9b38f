"""Times in the shared files: aware UTC inside, ISO 8601 with offset on disk."""

from __future__ import annotations

from datetime import UTC, datetime


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
            return datetime.fromtimestamp(seconds, UTC)
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
