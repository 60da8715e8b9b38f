"""What a check finds."""

from __future__ import annotations

from collections.abc import Callable

from pf_tui.records import record
from pf_tui.state.context import Context


@record
class Finding:
    """One thing that is not as it should be, or a note why nothing was looked at."""

    state: str
    """ok | warn | fail | skip"""
    message: str
    fix: str = ""
    """The cure, a command where there is one."""


@record
class Check:
    """One line of the table."""

    id: str
    looks_at: str
    """What it is about, for the report when all is well."""
    look: Callable[[Context], Finding]


def ok(message: str) -> Finding:
    """All is well."""
    return Finding(state="ok", message=message)


def warn(message: str, fix: str) -> Finding:
    """It works, but not as it should."""
    return Finding(state="warn", message=message, fix=fix)


def fail(message: str, fix: str) -> Finding:
    """It does not work."""
    return Finding(state="fail", message=message, fix=fix)


def skip(message: str) -> Finding:
    """There was nothing to look at."""
    return Finding(state="skip", message=message)
