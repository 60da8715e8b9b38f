"""What to leave out of a request so that a provider that refused it may take it. Pure.

A repair is tried once at the provider that asked for it; if that fails the next provider is asked.
"""

from __future__ import annotations

import re

from pf_tui.records import record
from pf_tui.rules.error_body import ErrorBody


@record
class Repair:
    """What to leave out before asking the same provider once more."""

    kind: str
    """thinking | field | beta"""
    names: tuple[str, ...] = ()
    """Field paths ("context_management") or beta names; () with "thinking"."""


def in_words(part: str) -> str:
    """A part that is left out, as a person reads it: "the beta x", "more than 8192 output tokens"."""
    kind, _, name = part.partition(":")
    if kind == "beta":
        return "betas" if name == "*" else f"the beta {name}"
    if kind == "limit":
        return f"more than {name} output tokens"
    return {"effort": "effort", "prefill": "a beginning of its answer"}.get(kind, part)


_BETA = r"[a-z][a-z0-9]+(?:-[a-z0-9]+){1,6}-20\d\d-\d\d-\d\d"
_QUOTED_FIELD = r"[`'\"]([A-Za-z_][\w.\[\]-]{0,80})[`'\"]"
_PATH = r"^\s*([A-Za-z_][\w.\[\]-]{0,100}): (?:Extra inputs|extra|unexpected|unknown|Additional)"
_BARE = (
    r"(?i)(?:argument supplied|argument not supported|parameter|argument|field|key)s?:? +"
    r"[`'\"]?([a-z_][\w.]{1,60})"
)


def repair_for(kind: str, error_body: ErrorBody) -> Repair | None:
    """The repair an answer asks for; None when it does not say what to leave out.

    Args:
        kind: `repair` of the table's entry.
    """
    if kind == "thinking":
        return Repair(kind=kind)
    text = error_body.text[:1_000]
    if kind == "beta":
        names = tuple(dict.fromkeys(re.findall(_BETA, text)))
        return Repair(kind=kind, names=names)
    name = _field(text, error_body.param)
    return Repair(kind=kind, names=(name,)) if name else None


def _field(text: str, param: str | None) -> str | None:
    if param:
        return param.removeprefix("body.")
    if match := re.search(_PATH, text, re.IGNORECASE | re.MULTILINE):
        return match[1]
    if match := re.search(_QUOTED_FIELD, text):
        return match[1]
    match = re.search(_BARE, text)
    return match[1] if match and match[1].lower() not in ("is", "not", "was", "supplied") else None
