"""The one table: every action is done by somebody, can be found, and no key means two things at once."""

from __future__ import annotations

from itertools import combinations

import pytest

from pf_tui.tui import actions, handlers, keymap
from pf_tui.tui.actions import ACTIONS, Action
from pf_tui.tui.dialogs.help import page_for
from pf_tui.tui.layout import PANES
from pf_tui.tui.page import Space
from pf_tui.tui.times import Clock
from tests.tui.test_layouts import scene

FORBIDDEN = ("ctrl+a", "ctrl+b", "ctrl+s", "ctrl+z")
"""Taken by tmux, screen and terminals."""


def space(width: int = 90) -> Space:
    return Space(width=width, height=60, clock=Clock(now=scene.NOW))


def test_every_action_is_done_by_somebody() -> None:
    assert {action.id for action in ACTIONS} == handlers.action_ids()


@pytest.mark.parametrize("pane", PANES)
def test_every_action_is_in_the_help_of_every_pane(pane: str) -> None:
    page = page_for(keymap.made(None), pane, space())

    assert {row.key for row in page.rows if row.key} == {action.id for action in ACTIONS}


def test_the_help_shows_what_each_action_does_and_its_first_key() -> None:
    text = page_for(keymap.made(None), "providers", space(140)).text()

    for action in ACTIONS:
        assert action.description in text
        assert actions.shown(action.keys[0]) in text


def test_no_key_means_two_things_in_one_pane() -> None:
    def meet(one: Action, other: Action) -> bool:
        return not one.where or not other.where or bool(set(one.where) & set(other.where))

    twice = [
        (one.id, other.id)
        for one, other in combinations(ACTIONS, 2)
        if meet(one, other) and set(one.keys) & set(other.keys)
    ]

    assert twice == []


def test_only_keys_that_arrive_through_tmux_and_ssh() -> None:
    for action in ACTIONS:
        for key in action.keys:
            assert "alt" not in key
            assert key not in FORBIDDEN
            assert not key.startswith("ctrl+") or len(key) == len("ctrl+x")


def test_every_action_has_a_plain_key_or_a_named_one() -> None:
    assert [
        action.id
        for action in ACTIONS
        if all(key.startswith("f") and key[1:].isdigit() for key in action.keys)
    ] == []


def test_ids_are_unique_and_panes_exist() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    assert {pane for action in ACTIONS for pane in action.where} <= set(PANES)
