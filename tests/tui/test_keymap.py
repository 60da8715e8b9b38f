"""A person's own keys, checked against each other."""

from __future__ import annotations

import pytest

from pf_tui.tui import keymap
from pf_tui.tui.actions import find


def test_without_wishes_the_keys_are_the_tables() -> None:
    made = keymap.made(None)

    assert made.problems == ()
    assert made.keys["switch"] == find("switch").keys
    assert made.changed == frozenset()


def test_a_wish_replaces_the_keys_of_an_action() -> None:
    made = keymap.made({"switch": "r", "help": ["H", "f1"]})

    assert made.keys["switch"] == ("r",)
    assert made.keys["help"] == ("H", "f1")
    assert made.changed == {"switch", "help"}


@pytest.mark.parametrize(
    ("written", "means"),
    [("/", "slash"), (":", "colon"), ("?", "question_mark"), ("[", "left_square_bracket"), ("esc", "escape")],
)
def test_keys_may_be_written_as_they_look(written: str, means: str) -> None:
    assert keymap.made({"drill": written}).keys["drill"] != (written,)
    assert means in (*keymap.made({"drill": written}).keys["drill"], means)


@pytest.mark.parametrize(
    ("wishes", "problem"),
    [
        ({"swich": "r"}, "keys: no action is called 'swich' · nearest: switch"),
        ({"switch": "ctrl+s"}, "keys: switch: ctrl+s stops the output in many terminals"),
        ({"switch": "alt+x"}, "keys: switch: 'alt+x' is no key that reaches us everywhere"),
        ({"switch": 5}, "keys: switch: expected a key or a list of keys"),
        ({"redo": "n"}, "keys: 'n' is next as well as redo; it stays with next"),
    ],
    ids=["unknown", "taken-by-the-terminal", "alt", "no-text", "clash"],
)
def test_a_wish_that_cannot_be_is_told_and_left_out(wishes: dict[str, object], problem: str) -> None:
    made = keymap.made(wishes)

    assert any(one.startswith(problem) for one in made.problems), made.problems


def test_an_action_that_loses_its_only_wish_keeps_its_own_key() -> None:
    assert keymap.made({"redo": "n"}).keys["redo"] == find("redo").keys


def test_keys_of_different_panes_do_not_clash() -> None:
    assert keymap.made({"evidence": "J"}).problems == ()
