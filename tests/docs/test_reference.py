"""The generated pages are what the program says today."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from docs import generate
from pf_tui.documents import commands
from pf_tui.tui import actions


@pytest.fixture(scope="module")
def made() -> Mapping[Path, str]:
    return generate.pages()


def test_generated_pages_are_up_to_date(made: Mapping[Path, str]) -> None:
    old = [path.name for path, text in made.items() if path.read_text(encoding="utf-8") != text]

    assert old == [], "run `make docs`"


def test_no_generated_page_is_left_over(made: Mapping[Path, str]) -> None:
    assert set((generate.DOCS / "reference").iterdir()) <= set(made)


def test_every_action_is_on_the_keys_page() -> None:
    page = generate.keys()

    assert [action.id for action in actions.ACTIONS if f"`{action.id}`" not in page] == []


def test_every_command_is_on_the_commands_page() -> None:
    lines = generate.command_page().splitlines()

    for entry in commands.COMMANDS:
        heading = "####" if " " in entry.name else "###"
        assert f"{heading} {entry.name}" in lines


def test_every_command_is_in_the_manual() -> None:
    manual = generate.man_page().replace("\\-", "-")

    assert [entry.name for entry in commands.COMMANDS if f"pf-tui {entry.name}" not in manual] == []


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_manual_is_clean_roff() -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z", str(generate.DOCS / "pf-tui.1")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stderr == ""


def test_the_manual_is_ascii() -> None:
    assert generate.man_page().isascii()
