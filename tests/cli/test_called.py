"""What every command prints can be typed where pf-tui is not on the PATH: sentences, tables, help pages."""

from __future__ import annotations

import re

import pytest

from pf_tui import called
from pf_tui.documents import commands
from tests.cli.conftest import Pf

WORD = "uvx --from /home/ann/pf pf-tui"
"""The longest form, which breaks over lines and holds our name itself."""


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(called, "name_here", lambda: WORD)


@pytest.mark.parametrize(
    "words",
    [
        *("status", "why", "auth", "limits", "models", "analytics", "doctor", "rules", "classes", "events"),
        *(
            "sessions auto",
            "gateway",
            "priority",
            "why --matrix",
            "switch nobody",
            "bogus",
            "sessions resume x",
        ),
    ],
)
@pytest.mark.parametrize("keys", [True, False])
def test_what_a_command_says_can_be_typed(pf: Pf, words: str, keys: bool) -> None:
    answer = pf(*words.split(), keys=keys)

    said = " ".join((answer.out + answer.err).split())
    assert re.findall(r"(?<!/pf )pf-tui (?:[a-z]+ )*[a-z]+`|uvx [^`]*uvx", said) == []


def test_a_sentence_of_a_view_keeps_its_colour(pf: Pf) -> None:
    answer = pf("status", keys=False, env={"FORCE_COLOR": "1"}, tty=True)

    assert f"`{WORD} auth`" in " ".join(re.sub(r"\x1b\[[\d;]*m", "", answer.out).split())


@pytest.mark.parametrize("name", [command.name for command in commands.COMMANDS])
def test_the_examples_of_a_help_page_can_be_typed(pf: Pf, name: str) -> None:
    page = pf(*name.split(), "--help").out

    assert page.startswith(f"Usage: {WORD} {name}")
    assert f"\n  {WORD} {name.split(maxsplit=1)[0]}" in page
    assert not re.search(r"(?m)^  pf-tui |`pf-tui ", page)
    sentences = page.partition("\n\n")[2].partition("\n\nOptions")[0].partition("\n\nExamples")[0]
    assert not re.search(r"\S {2,}\S", sentences)
