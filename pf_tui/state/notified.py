"""notices.json: which notices the person has had, so that each is sent once per window by whoever sees it.

Derived: a file we cannot read is begun anew, and at worst one notice comes twice.
"""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta

from pf_tui import regular_files
from pf_tui.errors import PfError
from pf_tui.rules.limits import SAME_RESET
from pf_tui.state import files
from pf_tui.state.paths import Paths

MOST = 100
"""Notices remembered; more windows than that are not open."""

AGAIN = timedelta(hours=1)
"""A notice about something without a known end is sent again after this."""


def first_time(paths: Paths, key: str, end: datetime | None, now: datetime) -> bool:
    """Note that `key` is being told; False when it was told for the same window already.

    Args:
        end: when the window resets or the bench ends; ends nearer than SAME_RESET are of one window.
    """
    try:
        with files.locked(paths):
            entries = _read(paths)
            before = entries.pop(key, None)
            fresh = before is None or not _is_same(before, end, now)
            entries[key] = (
                {"at": now.timestamp(), "end": end.timestamp() if end else None} if fresh else before
            )
            if fresh:
                newest = dict(list(entries.items())[-MOST:])
                files.write_private(paths.notices, files.json_bytes(newest))
            return fresh
    except (PfError, OSError):
        return False  # a notice that cannot be remembered would be sent again and again


def _is_same(earlier: object, end: datetime | None, now: datetime) -> bool:
    if not isinstance(earlier, dict):
        return False
    try:
        at = datetime.fromtimestamp(earlier["at"], UTC)
        before = datetime.fromtimestamp(earlier["end"], UTC) if earlier["end"] is not None else None
    except (TypeError, KeyError, ValueError, OverflowError, OSError):
        return False
    if end is None or before is None:
        return now - at < AGAIN
    return abs(end - before) <= SAME_RESET


def _read(paths: Paths) -> dict[str, object]:
    content = None
    with contextlib.suppress(OSError, ValueError, RecursionError):
        content = json.loads(regular_files.read_regular(paths.notices))
    return content if isinstance(content, dict) else {}
