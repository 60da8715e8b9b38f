"""What a model is told: foreign words are quoted data of bounded length, never prose that could instruct it.

A repository names models and providers, an upstream writes error texts, a log names projects. Names that the
catalog does not know are not repeated, control and invisible characters are made visible, and no string
that a model gets is longer than a name, a path or a sentence of ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pf_tui.snapshot import Snapshot
from pf_tui.visible import visible

MOST = 500
"""Characters of one string; the longest note of the catalog has 300."""

MOST_QUOTED = 160
"""Characters of what an upstream said."""

MOST_TEXT = 16_000
"""Characters of a whole answer; every model of the catalog in one line has 3000."""

STRANGER = "a name that the catalog does not know"
_QUOTING_MEMBERS = frozenset(("text", "said", "session"))
"""Members of evidence that hold somebody else's words."""


def strangers(now: Snapshot) -> tuple[str, ...]:
    """Names in the files that the catalog does not know, the longest first."""
    names = {name for name in now.priority if name not in now.catalog.providers}
    if now.model is not None and now.catalog.find_model(now.model) is None:
        names.add(now.model)
    return tuple(sorted(names, key=len, reverse=True))


def text(words: str, unknown: Sequence[str] = ()) -> str:
    """An answer in words; its line ends are ours."""
    return visible(_without(words, unknown), keep="\n")[:MOST_TEXT]


def sentence(words: str, unknown: Sequence[str] = ()) -> str:
    """One line."""
    return _short(visible(_without(words, unknown)), MOST)


def name(word: str | None, unknown: Sequence[str]) -> str | None:
    """A name; null when it is an unknown one."""
    return None if word is None or word in unknown else sentence(word, unknown)


def data(content: object, unknown: Sequence[str] = ()) -> object:
    """Plain data with every string in it bounded; a string that is an unknown name is null."""
    if isinstance(content, str):
        return None if content in unknown else sentence(content, unknown)
    if isinstance(content, Mapping):
        return {
            sentence(str(key), unknown): (
                _short(visible(value), MOST_QUOTED)
                if key in _QUOTING_MEMBERS and isinstance(value, str)
                else data(value, unknown)
            )
            for key, value in content.items()
        }
    if isinstance(content, list | tuple):
        return [data(item, unknown) for item in content]
    return content


def _without(words: str, unknown: Sequence[str]) -> str:
    for name in unknown:
        if not name:
            continue
        words = words.replace(f"'{name}'", STRANGER)
        if len(name) > 3:  # a shorter one instructs nobody, and is part of too many words
            words = words.replace(name, STRANGER)
    return words


def _short(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"
