"""resumes.json: which sessions a person wants to go on at the reset, until that has been tried once.

Derived from a key press and short-lived: a file we cannot read is begun anew.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pf_tui import regular_files
from pf_tui.state import files
from pf_tui.state.paths import Paths

KEPT = timedelta(days=8)
"""Longer than any window: an older wish is nobody's."""

Key = tuple[str, str]
"""(agent, session id)"""


def read(paths: Paths) -> Mapping[Key, datetime]:
    """Session -> when it is to go on."""
    by_key: dict[Key, datetime] = {}
    for name, at in _stored(paths).items():
        agent, _, session = name.partition(" ")
        if not isinstance(at, int | float):
            continue
        with contextlib.suppress(ValueError, OverflowError, OSError):
            by_key[agent, session] = datetime.fromtimestamp(at, UTC)
    return by_key


def ask(paths: Paths, key: Key, at: datetime, now: datetime) -> None:
    """Remember that the session is to go on at that moment. Raises PfError."""
    with files.locked(paths):
        oldest = (now - KEPT).timestamp()
        later = {name: due for name, due in _stored(paths).items() if _is_after(due, oldest)}
        later[" ".join(key)] = at.timestamp()
        files.write_json(paths.resumes, later)


def claim(paths: Paths, key: Key) -> bool:
    """Take the wish: True for the one caller that may act on it. Raises PfError."""
    with files.locked(paths):
        resumes = _stored(paths)
        if resumes.pop(" ".join(key), None) is None:
            return False
        files.write_json(paths.resumes, resumes)
        return True


def _stored(paths: Paths) -> dict[str, object]:
    content = None
    with contextlib.suppress(OSError, ValueError, RecursionError):
        content = json.loads(regular_files.read_regular(paths.resumes))
    return content if isinstance(content, dict) else {}


def _is_after(due: object, oldest: float) -> bool:
    return isinstance(due, int | float) and due > oldest
