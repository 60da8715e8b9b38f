"""The generated pages are what the program says today."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from docs import generate
from pf_tui.documents import commands
from pf_tui.tui import actions

PAGES = generate.pages()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_generated_page_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == PAGES[path], "run `make docs`"


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
        ["groff", "-man", "-Tascii", "-ww", "-z", str(generate.DOCS / "pf-tui.1")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stderr == ""


def test_the_manual_is_ascii() -> None:
    assert generate.man_page().isascii()
