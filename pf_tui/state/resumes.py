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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import SessionKey

LONGEST_AGE = timedelta(days=8)
"""Longer than any window: an older request is nobody's."""

VARIABLE = "PF_TUI_RESUME_AT_RESET"
"""Set by `pf-tui run opencode --resume-at-reset`: sessions of that run go on without being asked."""


def read(paths: Paths) -> Mapping[SessionKey, datetime]:
    """Session -> when it is to go on."""
    by_key: dict[SessionKey, datetime] = {}
    for name, plan in _stored(paths).items():
        agent, _, session = name.partition(" ")
        at = _time(plan)
        if at is None:
            continue
        with contextlib.suppress(ValueError, OverflowError, OSError):
            by_key[agent, session] = datetime.fromtimestamp(at, UTC)
    return by_key


def ends_with_session(paths: Paths, key: SessionKey) -> bool:
    """Nobody asked for this session: a setting did, and not for one that has ended."""
    return isinstance(_stored(paths).get(" ".join(key)), dict)


def ask(paths: Paths, key: SessionKey, at: datetime, now: datetime, *, while_it_runs: bool = False) -> None:
    """Remember that the session is to go on at that moment. Raises PfError.

    Args:
        while_it_runs: not once it has ended.
    """
    with files.locked(paths):
        oldest = (now - LONGEST_AGE).timestamp()
        later = {name: due for name, due in _stored(paths).items() if _is_after(due, oldest)}
        later[" ".join(key)] = {"at": at.timestamp(), "while": "runs"} if while_it_runs else at.timestamp()
        files.write_json(paths.resumes, later)


def claim(paths: Paths, key: SessionKey) -> bool:
    """Take the request: True for the one caller that may act on it. Raises PfError."""
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


def _is_after(plan: object, oldest: float) -> bool:
    at = _time(plan)
    return at is not None and at > oldest


def _time(plan: object) -> float | None:
    """Unix seconds."""
    at = plan.get("at") if isinstance(plan, dict) else plan
    return at if isinstance(at, int | float) else None
