"""When a limit ends, read out of what a provider or client wrote about it. Pure.

Source of the wordings: Claude Code 2.1.330 ("You've hit your 5-hour limit · resets 1:38am (UTC)",
"Claude AI usage limit reached|1790000000"), Codex 0.169.0 ("try again at 2:13 AM"), measured.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

# Plain patterns: `re` compiles one when it is first asked; most processes ask for none.
_EPOCH = r"limit reached\|(\d{9,13})|\"?resets_at\"?[=:]\s*(\d{9,13})"
_CLOCK = (
    r"(?i)(?:resets?(?: at| on)?|try again at)\s+"
    r"(?:(?P<month>[A-Z][a-z]{2})[a-z]* (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?:(?P<year>\d{4}),? )?(?:at )?)?"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?\s*(?P<half>[ap]\.?m)?\.?(?:\s*\((?P<zone>[A-Za-z_/+-]+)\))?"
)
_AFTER = r"(?i)(?:try again in|retry (?:in|after)|resets in)\s+((?:\d+(?:\.\d+)?\s*(?:ms|[dhms])[a-z]*\s*)+)"
_PART = r"(?i)(\d+(?:\.\d+)?)\s*(ms|d|h|m|s)"
MAX_WAIT_S = 400 * 86_400.0
"""No limit lasts longer; a larger number is no wait."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def reset_from_text(text: str, seen_at: datetime, zone: tzinfo | None = None) -> datetime | None:
    """The moment (UTC) the text says the limit ends; None when it says none.

    Args:
        seen_at: aware; a time of day means the first one after it.
        zone: of a time of day without a zone in the text; None = the system's.
    """
    if found := re.search(_EPOCH, text):
        number = int(found[1] or found[2])
        return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
    if found := re.search(_AFTER, text):
        seconds = sum(float(n) * _SECONDS[unit.lower()] for n, unit in re.findall(_PART, found[1]))
        return seen_at.astimezone(UTC) + timedelta(seconds=seconds) if seconds < MAX_WAIT_S else None
    if found := re.search(_CLOCK, text):
        return _next_clock(found, seen_at, zone)
    return None


def _next_clock(found: re.Match[str], seen_at: datetime, zone: tzinfo | None) -> datetime | None:
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    half = (found["half"] or "").lower().replace(".", "")
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    elif found["minute"] is None or hour > 23:
        return None  # "resets 5" is no time of day
    if minute > 59:
        return None
    local = seen_at.astimezone(_named_zone(found["zone"]) or zone)
    moment = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if found["month"]:
        if (month := found["month"][:3].lower()) not in _MONTHS:
            return None
        year = int(found["year"] or local.year)
        try:
            moment = moment.replace(year=year, month=_MONTHS.index(month) + 1, day=int(found["day"]))
            if not found["year"] and moment < local - timedelta(days=1):
                moment = moment.replace(year=year + 1)
        except ValueError:
            return None
    elif moment <= local:
        moment += timedelta(days=1)
    return moment.astimezone(UTC)


def _named_zone(name: str | None) -> tzinfo | None:
    if not name:
        return None
    if name.upper() in ("UTC", "GMT", "Z"):
        return UTC
    try:
        from zoneinfo import ZoneInfo

        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
