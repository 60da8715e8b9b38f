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

from pf_tui.errors import StateFileUnusable
from pf_tui.json_values import optional_text
from pf_tui.rules.failures import ACTIONS, CLASSES, SCOPES, Rule
from pf_tui.state import setting_kinds
from pf_tui.state.setting_kinds import Kind, Setting

LONGEST_REST_S = 32 * 86_400
"""No limit is longer than a month."""


RULE_KEYS: tuple[Setting, ...] = (
    Setting(key="status", kind=Kind(type="whole", expected="an HTTP status"), sentence="The HTTP status."),
    Setting(key="text", kind=setting_kinds.TEXT, sentence="Words in the answer."),
    Setting(
        key="pattern",
        kind=setting_kinds.TEXT,
        sentence="A regular expression instead of `text`.",
    ),
    Setting(
        key="then",
        kind=setting_kinds.choice(*ACTIONS),
        sentence="Stop or ask the next provider; and bench this one or not.",
    ),
    Setting(
        key="class",
        kind=setting_kinds.choice(*CLASSES),
        sentence="What the answer means; says what follows without `then`.",
    ),
    Setting(key="scope", kind=setting_kinds.choice(*SCOPES), sentence="What rests."),
    Setting(
        key="restS",
        kind=setting_kinds.within(1, LONGEST_REST_S, "seconds"),
        sentence="Seconds of rest where the answer names no reset.",
    ),
)


def parse(content: object, path: Path) -> tuple[Rule, ...]:
    """The list of rules as it stands in the file. Raises StateFileUnusable with the line of the bad key."""
    rules = setting_kinds.checked(content, setting_kinds.LIST, "rules", path) or ()
    return tuple(_rule(item, path) for item in rules)


def _rule(item: object, path: Path) -> Rule:
    if not isinstance(item, dict):
        from pf_tui.state import unusable_files

        raise unusable_files.wrong_type(path, "rules", "an object for each rule", item)
    item_values = setting_kinds.parse(item, path, RULE_KEYS)
    pattern = _pattern(item_values, path)
    if item_values["status"] is None and not pattern:
        raise StateFileUnusable(path, 'a gateway rule needs "status", "text" or "pattern"')
    if item_values["then"] is None and item_values["class"] is None:
        raise StateFileUnusable(path, f'a gateway rule needs "then" ({", ".join(ACTIONS)}) or "class"')
    return Rule(
        status=item_values["status"],
        pattern=pattern,
        then=item_values["then"],
        kind=item_values["class"],
        scope=item_values["scope"],
        rest=None if item_values["restS"] is None else timedelta(seconds=float(item_values["restS"])),
    )


def _pattern(item_values: Mapping[str, object], path: Path) -> str | None:
    text, pattern = optional_text(item_values, "text"), optional_text(item_values, "pattern")
    if not pattern:
        return re.escape(text) if text else None
    try:
        re.compile(pattern)
    except re.error as error:
        raise StateFileUnusable(
            path, f"the pattern {pattern!r} of a gateway rule is none: {error}"
        ) from error
    return pattern
