"""Time zones by the names that people and vendors write. Pure."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from functools import lru_cache

_ABBREVIATED = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3,
    "SAST": 2, "GST": 4, "PKT": 5, "IST": 5.5, "WIB": 7, "ICT": 7, "SGT": 8, "HKT": 8, "PHT": 8, "AWST": 8,
    "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "EST": -5, "EDT": -4, "CST": -6,
    "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "BRT": -3,
    "ART": -3, "CLT": -4,
}  # fmt: skip
"""Hours ahead of UTC. What two regions share (IST, CST, BST) means the one with more users."""

_REGIONAL = {
    "PT": "America/Los_Angeles",
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PACIFIC": "America/Los_Angeles",
    "EASTERN": "America/New_York",
    "CENTRAL": "America/Chicago",
    "MOUNTAIN": "America/Denver",
    "BEIJING": "Asia/Shanghai",
}


@lru_cache(maxsize=64)
def zone_named(name: str) -> tzinfo | None:
    """A zone by any of its names: UTC+2, +08:00, SGT, PT, Europe/Berlin, Etc/GMT+5; None when unknown."""
    upper = name.upper()
    if upper in _ABBREVIATED:
        return timezone(timedelta(hours=_ABBREVIATED[upper]))
    if match := re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d\d))?", upper):
        ahead = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return timezone(ahead if match[1] == "+" else -ahead) if ahead < timedelta(hours=24) else None
    if match := re.fullmatch(r"ETC/GMT([+-])(\d{1,2})", upper):  # POSIX: Etc/GMT+5 lies west
        ahead = timedelta(hours=int(match[2]))
        return timezone(-ahead if match[1] == "+" else ahead) if ahead < timedelta(hours=24) else None
    if upper not in _REGIONAL and "/" not in name:
        return None
    try:
        from zoneinfo import ZoneInfo

        return ZoneInfo(_REGIONAL.get(upper, name))
    except (KeyError, ValueError, OSError):
        return None
