"""What each action of the table does, by its id; a module is loaded when something of it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from pf_tui.tui.main_screen import Handler

_MODULES = ("navigation", "providers", "dialogs", "clipboard", "sessions")
_handlers: dict[str, Handler] = {}


def handles(*action_ids: str) -> Callable[[Handler], Handler]:
    """Mark a function as what these actions do."""

    def mark(handler: Handler) -> Handler:
        for action_id in action_ids:
            _handlers[action_id] = handler
        return handler

    return mark


def handler_of(action_id: str) -> Handler:
    """What that action does. KeyError for an id nobody answers to."""
    for module in _MODULES:
        if action_id in _handlers:
            break
        import_module(f"{__name__}.{module}")
    return _handlers[action_id]


def action_ids() -> frozenset[str]:
    """Every id that somebody answers to."""
    for module in _MODULES:
        import_module(f"{__name__}.{module}")
    return frozenset(_handlers)
