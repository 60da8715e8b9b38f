"""The running limit window as a period: what was used since it began."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pf_tui.ledger import reader
from pf_tui.rules.limits import LENGTHS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import WindowName

WINDOWS: Mapping[str, WindowName] = {"5h": "5h", "week": "7d"}
"""Period -> the limit window it follows."""


def began(path: Path, period: str, now: datetime) -> datetime | None:
    """When the running window began, by whoever told of one last; None where nobody did.

    An estimate begins where the window's first request was, which is no official start: it does not count.
    """
    window = WINDOWS.get(period)
    if window is None or not path.exists():
        return None
    with reader.reading(path) as ledger_reader:
        readings = [
            reading
            for reading in ledger_reader.latest_readings(now)
            if reading.window == window
            and reading.model is None
            and reading.source != "estimate"
            and reading.resets_at is not None
            and reading.resets_at > now
        ]
    latest = max(readings, key=lambda reading: reading.observed_at, default=None)
    if latest is None or latest.resets_at is None:
        return None
    return latest.resets_at - LENGTHS[window]
