"""Moments ahead and behind, the way the dashboard says them. Pure: `now` and zone are arguments.

Nothing here shows seconds: the screen is drawn once a minute, so a second would be a lie.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from pf_tui.documents import words
from pf_tui.records import record

STALE = timedelta(minutes=10)
"""An official reading older than this is marked."""


@record
class Clock:
    """The moment a page is drawn at, and the person's zone."""

    now: datetime
    zone: tzinfo | None = None

    def time_left(self, at: datetime) -> str:
        """Time until `at`: `1h38`, `12 min`, `<1 min`."""
        ahead = at - self.now
        return words.span(ahead) if ahead >= timedelta(minutes=1) else "<1 min"

    def clock(self, at: datetime) -> str:
        """`15:40`, `Thu 09:00`, `12 Dec`."""
        return words.clock(at, self.now, self.zone)

    def ends(self, at: datetime) -> str:
        """Time left when that is under three hours, else the time of day."""
        return f"in {self.time_left(at)}" if self.near(at) else self.clock(at)

    def both(self, at: datetime) -> str:
        """`15:40 · in 1h38`."""
        return f"{self.clock(at)} · in {self.time_left(at)}" if self.near(at) else self.clock(at)

    def near(self, at: datetime) -> bool:
        """It is less than three hours away."""
        return at < self.now + words.NEAR

    def ago(self, at: datetime) -> str:
        """`just now`, `2 min ago`."""
        past = self.now - at
        return "just now" if past < timedelta(minutes=1) else f"{words.span(past)} ago"

    def stale(self, at: datetime) -> bool:
        """It is too old to be true of now."""
        return self.now - at > STALE
