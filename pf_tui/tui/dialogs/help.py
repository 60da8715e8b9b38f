"""Every key, searchable: those of the pane one is in first. enter does it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from pf_tui.snapshot import Snapshot
from pf_tui.text.lines import Span, fit, line, muted, wrap
from pf_tui.tui.actions import ACTIONS, Action, shown
from pf_tui.tui.dialogs.dialog import Dialog
from pf_tui.tui.keymap import Keymap
from pf_tui.tui.page import Choice, Page, Row, Space, empty

KEYS_WIDTH, NARROW_KEYS_WIDTH = 14, 9
ROOMY = 60


class Help(Dialog):
    """`?`"""

    SEARCHES: ClassVar[bool] = True
    PLACEHOLDER: ClassVar[str] = "search keys"

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        return page_for(self.main_screen.keymap, self.main_screen.current, space, words)

    def choose(self, key: str) -> None:
        self.leave()
        self.main_screen.call_after_refresh(self.main_screen.action_do, key)


def page_for(keys: Keymap, pane: str, space: Space, words: str = "") -> Page:
    """The whole table, by group; `words` narrows it."""
    choice = Choice(words=words)
    rows: list[Row] = []
    for title, members in _groups(pane):
        matches = [
            member
            for member in members
            if choice.admits(member.description, member.word, member.id, title, _keys(keys, member))
        ]
        if matches:
            rows += (
                [Row(line(Span(title, "accent", bold=True)))]
                if not rows
                else [Row(), Row(line(Span(title, "accent", bold=True)))]
            )
            rows += [row for member in matches for row in _lines(keys, member, space.width, pane)]
    if not rows:
        return Page(title="Keys", rows=empty(space.width, f"no key is about '{words}'"), keys=_HINTS)
    return Page(title="Keys", facts=line(muted(f"in {pane}")), rows=tuple(rows), keys=_HINTS)


_HINTS = (("enter", "does it"), ("/", "search"), ("q", "closes"))


def _groups(pane: str) -> Iterator[tuple[str, Sequence[Action]]]:
    """(title, actions): what this pane alone knows, then the table's groups."""
    own = [action for action in ACTIONS if pane in action.where]
    yield f"Here, in {pane}", own
    groups = dict.fromkeys(action.group for action in ACTIONS)
    for group in groups:
        yield (
            group,
            [
                action
                for action in ACTIONS
                if action.group == group and action not in own and not action.where
            ],
        )
    yield "In other panes", [action for action in ACTIONS if action.where and action not in own]


def _keys(keys: Keymap, action: Action) -> str:
    return " ".join(shown(key) for key in keys.keys[action.id])


def _lines(keys: Keymap, action: Action, width: int, pane: str) -> list[Row]:
    """The key and what it does; a long sentence goes on below."""
    elsewhere = f" (in {', '.join(action.where)})" if action.where and pane not in action.where else ""
    mark = Span("*" if action.id in keys.changed else " ", "warn")
    room = KEYS_WIDTH if width >= ROOMY else NARROW_KEYS_WIDTH
    first, *more = wrap(f"{action.description}{elsewhere}", max(12, width - room - 3))
    head = line("  ", fit((Span(_keys(keys, action), "accent"),), room), mark)
    return [
        Row(fit(line(head, first), width), action.id),
        *(Row(line(" " * (room + 3), text_line)) for text_line in more),
    ]
