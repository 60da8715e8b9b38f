"""Which limit Claude Code speaks of: its window, and the model family where it is one family's. Pure.

Source: messages of Claude Code 2.1.330 to 2.1.332: "You've hit your session limit", "weekly limit", "Opus
limit", "monthly spend limit", "Fast limit reached", "Concurrent subagent limit".
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from pf_tui.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import WindowName

_PHRASE = (
    r"(?i)\b(?:hit|reached) your (?P<what>(?:[\w-]+ ){0,3}?)limit\b"
    r"|(?P<named>[\w-]+(?: [\w-]+){0,2}?) limit reached"
)
_CLIENT = ("fast", "subagent", "context", "turn", "concurrent")
"""Limits of the client: they pause a feature, no plan."""

_FAMILIES = ("opus", "sonnet", "fable", "haiku")
_FIVE_HOURS = timedelta(hours=5)
_WEEK = timedelta(days=8)


@record
class NamedLimit:
    """The limit that was hit."""

    window: WindowName | None
    """5h | 7d | month; None = it is not said."""
    family: str | None = None
    """The word of the model ids it is about; None = every model."""


def limit_named(text: str, until: datetime | None, seen_at: datetime) -> NamedLimit | None:
    """The plan's limit a message tells of; None when it tells of none.

    Args:
        until: the reset it names; tells the window where the words do not.
    """
    match = re.search(_PHRASE, text[:1_000])
    if match is None:
        return None
    words = (match["what"] or match["named"] or "").lower()
    if any(word in words for word in _CLIENT):
        return None
    family = next((name for name in _FAMILIES if name in words), None)
    if family or "week" in words or "7-day" in words:
        return NamedLimit(window="7d", family=family)
    if "session" in words or re.search(r"\b(?:5|five)[ -]hour", words):
        return NamedLimit(window="5h")
    if "spend" in words or "month" in words:
        return NamedLimit(window="month")
    if until is None:
        return NamedLimit(window=None)
    ahead = until - seen_at
    return NamedLimit(window="5h" if ahead <= _FIVE_HOURS else "7d" if ahead <= _WEEK else None)
