"""What each action of the table does, by its id; a module is loaded when something of it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pf_tui.tui.cockpit import Cockpit

Deed = Callable[["Cockpit", str], None]
"""The screen, and a word that may follow the id ("order cost")."""

_MODULES = ("looking", "serving", "asking", "taking")
_deeds: dict[str, Deed] = {}


def does(*action_ids: str) -> Callable[[Deed], Deed]:
    """Mark a function as what these actions do."""

    def mark(deed: Deed) -> Deed:
        for action_id in action_ids:
            _deeds[action_id] = deed
        return deed

    return mark


def deed(action_id: str) -> Deed:
    """What that action does. KeyError for an id nobody answers to."""
    for module in _MODULES:
        if action_id in _deeds:
            break
        import_module(f"{__name__}.{module}")
    return _deeds[action_id]


def known() -> frozenset[str]:
    """Every id that somebody answers to."""
    for module in _MODULES:
        import_module(f"{__name__}.{module}")
    return frozenset(_deeds)
