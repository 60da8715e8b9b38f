"""What a client that asked for log messages hears of the journal: each event once, at its level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from mcp import types

from pf_tui.errors import PfError
from pf_tui.mcp_server import quoting
from pf_tui.state import files, journal
from pf_tui.state.clock import to_text
from pf_tui.state.context import Context
from pf_tui.state.journal import Event

LOGGER = "pf-tui"
LEVELS: tuple[types.LoggingLevel, ...] = (
    "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency",
)  # fmt: skip
UNASKED: types.LoggingLevel = "warning"
"""What a client hears that has not said which level it wants."""

CATCH_UP = 50
"""Events looked at when the journal has grown; more than anyone writes in a second."""

Entry: TypeAlias = tuple[types.LoggingLevel, dict[str, object]]

_LEVEL: Mapping[str, types.LoggingLevel] = {
    **dict.fromkeys(("failover", "bench", "gateway"), "warning"),
    **dict.fromkeys(("switch", "return", "undo", "redo", "release", "pause", "resume", "move"), "notice"),
    "apply": "debug",
}


def reaches(level: types.LoggingLevel, wanted_level: types.LoggingLevel) -> bool:
    """A message of that level is for a client that wants `wanted_level` and what is more severe."""
    return LEVELS.index(level) >= LEVELS.index(wanted_level)


class JournalTail:
    """The journal's new events since the last look."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._stamp = files.identity(ctx.paths.journal)
        self._last = self._newest()

    def poll(self) -> list[Entry]:
        """Each event written since, oldest first, as (level, data of `notifications/message`)."""
        stamp = files.identity(self._ctx.paths.journal)
        if stamp == self._stamp:
            return []
        self._stamp = stamp
        try:
            events = journal.tail(self._ctx.paths, CATCH_UP)
        except PfError:
            return []
        ids = [event.id for event in events]
        fresh = events[ids.index(self._last) + 1 :] if self._last in ids else events
        self._last = ids[-1] if ids else self._last
        return [entry(event) for event in fresh]

    def _newest(self) -> str | None:
        try:
            newest = journal.tail(self._ctx.paths, 1)
        except PfError:
            return None
        return newest[-1].id if newest else None


def entry(event: Event) -> Entry:
    """One event as a log message; nothing in it is ours to trust, so it is quoted like every answer."""
    previous, serves = event.before.get("active") or "nobody", event.after.get("active") or "nobody"
    move_text = f": {previous} → {serves}" if "active" in event.after and previous != serves else ""
    why = f", {event.why}" if event.why and event.why != "asked for" else ""
    message = f"{event.action}{move_text}{why}"
    facts = {"message": message, "action": event.action, "who": event.who, "ts": to_text(event.ts)}
    data: dict[str, object] = {name: quoting.sentence(value) for name, value in facts.items()}
    return _LEVEL.get(event.action, "info"), data
