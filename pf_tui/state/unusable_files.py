"""State files that cannot be used: a sentence with the place in the file, or the file out of the way.

Loaded when something is wrong: no process that finds its files in order pays for it.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

from pf_tui import json_values
from pf_tui.errors import StateFileUnusable
from pf_tui.regular_files import read_regular

MOST_SHOWN = 80
"""Characters of a wrong value."""


def wrong_type(path: Path, key: str, expected_kind: str, value: object) -> StateFileUnusable:
    """`config.json line 41: expected a number for "dailyTokens", found a text`."""
    return _at_key(path, key, f'expected {expected_kind} for "{key}", found {json_values.kind_name(value)}')


def wrong_value(path: Path, key: str, expected_value: str, value: object) -> StateFileUnusable:
    """`config.json line 41: "warn" is 7; a share between 0 and 1 is needed`."""
    text = json.dumps(value, ensure_ascii=False)
    text = text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
    return _at_key(path, key, f'"{key}" is {text}; {expected_value} is needed')


def _at_key(path: Path, key: str, why: str) -> StateFileUnusable:
    """The sentence with the place where the key first stands in the file."""
    line = column = None
    try:
        text = read_regular(path).decode("utf-8", "replace")
    except OSError:
        text = ""
    if match := re.search(rf'"{re.escape(key)}"\s*:\s*', text):
        line = text.count("\n", 0, match.end()) + 1
        column = match.end() - (text.rfind("\n", 0, match.end()) + 1) + 1
    return StateFileUnusable(path, why, line=line, column=column)


def set_aside(path: Path, now_s: float | None = None) -> Path | None:
    """Rename a rebuildable file we cannot read to `*.corrupt-<time>`; None when that is not possible."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now_s))
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    number = 1
    while aside.exists():
        aside = path.with_name(f"{path.name}.corrupt-{stamp}-{number}")
        number += 1
    try:
        path.rename(aside)
    except OSError:
        return None
    return aside
