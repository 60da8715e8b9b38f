"""The person's own keys: config.json `pf.dashboard.keys`, action id -> keys, checked against each other.

Own check, because the toolkit lets a second action take a key without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from pf_tui.errors import UnknownName
from pf_tui.records import record
from pf_tui.tui.actions import ACTIONS, Action, find, shown

_KEY = re.compile(r"[^\s,]|ctrl\+[a-z]|f\d{1,2}|shift\+tab|[a-z_]{2,}")
"""What arrives through every terminal: a character, ctrl+letter, an F-key, or a key's name."""

_TERMINAL_KEYS = {"ctrl+s": "stops the output in many terminals", "ctrl+z": "suspends the program"}
_NAMES = {sign: name for name, sign in (("slash", "/"), ("colon", ":"), ("question_mark", "?"))} | {
    "[": "left_square_bracket",
    "]": "right_square_bracket",
    "esc": "escape",
}


@record
class Keymap:
    """Keys of every action, and what was wrong with the person's settings."""

    keys: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...] = ()
    changed: frozenset[str] = frozenset()
    """Actions whose keys are not those of the table."""


def made(key_settings: object) -> Keymap:
    """The table's keys with the person's laid over; a key that clashes is left out and told.

    Args:
        key_settings: `keys` of the config: action id -> a key, several with blanks between, or a list.
    """
    keys = {action.id: action.keys for action in ACTIONS}
    problems: list[str] = []
    changes: set[str] = set()
    for action_id, key_setting in (key_settings if isinstance(key_settings, dict) else {}).items():
        if action_id not in keys:
            error = UnknownName("action", str(action_id), keys, "the ? key")
            problems.append(f"keys: {error}")
            continue
        new_keys, key_problems = _read(key_setting)
        problems += [f"keys: {action_id}: {why}" for why in key_problems]
        if new_keys:
            keys[action_id] = new_keys
            changes.add(action_id)
    for loser, winner, key in _clashes(keys, changes):
        keys[loser] = tuple(other for other in keys[loser] if other != key) or find(loser).keys
        problems.append(f"keys: '{shown(key)}' is {winner} as well as {loser}; it stays with {winner}")
    return Keymap(keys=keys, problems=tuple(problems), changed=frozenset(changes))


def _read(key_setting: object) -> tuple[tuple[str, ...], list[str]]:
    """Keys in the toolkit's spelling, and what cannot be a key."""
    words = (
        key_setting.split()
        if isinstance(key_setting, str)
        else key_setting
        if isinstance(key_setting, list)
        else []
    )
    good, problems = list[str](), list[str]()
    for word in map(str, words):
        key = _NAMES.get(word, word)
        if key in _TERMINAL_KEYS:
            problems.append(f"{key} {_TERMINAL_KEYS[key]}")
        elif _KEY.fullmatch(key):
            good.append(key)
        else:
            problems.append(
                f"'{word}' is no key that reaches us everywhere; write a character, ctrl+letter or F5"
            )
    if not words:
        problems.append("expected a key or a list of keys")
    return tuple(dict.fromkeys(good)), problems


def _clashes(keys: Mapping[str, Sequence[str]], changed_ids: Iterable[str]) -> list[tuple[str, str, str]]:
    """(who gives way, who keeps it, key): what the person changed gives way to what stood there."""
    clashes = []
    changed_set = set(changed_ids)
    for at, first in enumerate(ACTIONS):
        for second in ACTIONS[at + 1 :]:
            for key in set(keys[first.id]) & set(keys[second.id]):
                if _meet(first, second) and not (key in first.keys and key in second.keys):
                    loser, winner = (first, second) if first.id in changed_set else (second, first)
                    clashes.append((loser.id, winner.id, key))
    return clashes


def _meet(first: Action, second: Action) -> bool:
    """Both can be asked for in the same pane."""
    return not first.where or not second.where or bool(set(first.where) & set(second.where))
