"""Words of clients' files, as far as they are kept."""

from __future__ import annotations

MAX_TEXT = 200
"""Characters of any word that comes from a client's file: longer ones are no model, host or type."""


def word(value: object) -> str | None:
    """A short text of a client's file, or None: what is longer than any name is no name."""
    return clean(value) if isinstance(value, str) and 0 < len(value) <= MAX_TEXT else None


def clean(text: str) -> str:
    """The text without control characters, so that it cannot steer a terminal."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "�" for char in text)
