"""An error's cure in the dashboard's words: its key where there is one, else the line of `:`. Pure."""

from __future__ import annotations

import re

from pf_tui.called import spelled
from pf_tui.errors import PfError

_KEYS = (
    (re.compile(r"[;,]?\s*(?:or )?`--force`(?: puts it first all the same)?"), ""),
    (re.compile(r"`pf-tui auth set [\w.-]+` gives"), "c gives"),
    (re.compile(r"`pf-tui auth set [\w.-]+`"), "c sets its key"),
    (re.compile(r"`pf-tui release [\w.-]+` ends"), "b ends"),
    (re.compile(r"`pf-tui release [\w.-]+`"), "b releases it"),
    (re.compile(r"`pf-tui limits [\w.-]+` shows the window"), "3 shows the window"),
    (re.compile(r"`pf-tui why` shows every reason"), "w shows every reason"),
    (re.compile(r"`pf-tui switch --auto on`"), "a turns it on"),
    (re.compile(r"`pf-tui priority add [\w.-]+`"), "K puts it on the list"),
    (re.compile(r"`pf-tui sessions(?: --all)?` (lists|shows)"), r"5 \1"),
)
"""What a key of the dashboard does as well."""

_COMMAND = re.compile(r"`pf-tui ((?!-)[^`]*)`")
_ELSEWHERE = ("run", "install", "uninstall", "gateway")
"""Words that are for a shell, or change so much that they are named in full."""


def cure(hint: str, *, keys: bool = True) -> str:
    """`c sets its key` for "`pf-tui auth set groq`; `--force` puts it first all the same".

    Args:
        keys: False where a key would do more than the command: `b` is about a whole provider.
    """
    for pattern, key in _KEYS if keys else ():
        hint = pattern.sub(key, hint)
    return _COMMAND.sub(_line, hint).strip(" ;,")


def error_words(error: PfError) -> str:
    """The error as the dashboard says it."""
    hint = cure(error.hint)
    return f"{error.message} · {hint}" if hint else error.message


def _line(match: re.Match[str]) -> str:
    words = match[1]
    return spelled(match[0]) if words.split(" ")[0] in _ELSEWHERE else f"`:{words}`"
