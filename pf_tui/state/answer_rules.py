"""A person's own reading of providers' answers: config.json, "pf": {"gateway": {"rules": [...]}}.

    {"status": 422, "text": "over budget", "class": "quota", "scope": "provider", "restS": 3600,
     "then": "bench-and-continue"}

`status`, `text` (as it stands) or `pattern` (a regular expression) say which answers; `then` and `class` what
they mean, one of the two is enough; `scope` and `restS` how much rests and how long when no reset is named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from pf_tui.errors import StateFileUnusable
from pf_tui.rules.failures import ACTIONS, CLASSES, SCOPES, Rule
from pf_tui.state import files

LONGEST_REST_S = 32 * 86_400
"""No limit is longer than a month."""


def parse(content: object, path: Path) -> tuple[Rule, ...]:
    """The list of rules as it stands in the file. Raises StateFileUnusable with the line of the bad key."""
    if content is None:
        return ()
    if not isinstance(content, list):
        raise files.wrong_type(path, "rules", "a list", content)
    return tuple(_rule(item, path) for item in content)


def _rule(item: object, path: Path) -> Rule:
    if not isinstance(item, dict):
        raise files.wrong_type(path, "rules", "an object for each rule", item)
    status = item.get("status")
    if status is not None and (isinstance(status, bool) or not isinstance(status, int)):
        raise files.wrong_type(path, "status", "an HTTP status", status)
    pattern = _pattern(item, path)
    if status is None and not pattern:
        raise StateFileUnusable(path, 'a gateway rule needs "status", "text" or "pattern"')
    then, kind = item.get("then"), item.get("class")
    if kind is not None or then is not None:
        _one_of(path, "then", then, ACTIONS)
        _one_of(path, "class", kind, CLASSES)
    else:
        raise StateFileUnusable(
            path, f'a gateway rule says "then": {then!r}; it is one of {", ".join(ACTIONS)}'
        )
    _one_of(path, "scope", item.get("scope"), SCOPES)
    return Rule(
        status=status,
        pattern=pattern,
        then=then,
        kind=kind,
        scope=item.get("scope"),
        rest=_rest(item.get("restS"), path),
    )


def _pattern(item: Mapping[str, Any], path: Path) -> str | None:
    text, pattern = item.get("text"), item.get("pattern")
    for key, value in (("text", text), ("pattern", pattern)):
        if value is not None and not isinstance(value, str):
            raise files.wrong_type(path, key, "a text", value)
    if not pattern:
        return re.escape(text) if text else None
    try:
        re.compile(pattern)
    except re.error as error:
        raise StateFileUnusable(
            path, f"the pattern {pattern!r} of a gateway rule is none: {error}"
        ) from error
    return str(pattern)


def _one_of(path: Path, key: str, value: object, known: Any) -> None:
    if value is not None and (not isinstance(value, str) or value not in known):
        raise StateFileUnusable(
            path, f'a gateway rule says "{key}": {value!r}; it is one of {", ".join(known)}'
        )


def _rest(value: object, path: Path) -> timedelta | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= LONGEST_REST_S:
        raise files.wrong_type(path, "restS", f"a number of seconds from 1 to {LONGEST_REST_S}", value)
    return timedelta(seconds=float(value))
