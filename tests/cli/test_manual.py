"""`pf-tui man` leads to the page of whatever is installed, and puts nothing in the way of a person's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Pf

ROOT = Path(__file__).parents[2]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, and a `man` that writes down its words and knows no page."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "man"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/words\nexit 16\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def place(home: Path) -> Path:
    return home / ".local" / "share" / "man" / "man1" / "pf-tui.1"


def test_man_shows_the_page_and_fails_as_man_does(pf: Pf, machine: Path) -> None:
    assert pf("man").code == 1
    assert (machine / "words").read_text() == f"{ROOT / 'docs' / 'pf-tui.1'}\n"


def test_a_link_is_made_again_and_taken_out(pf: Pf, machine: Path) -> None:
    link = place(machine)
    link.parent.mkdir(parents=True)
    link.symlink_to("/gone/docs/pf-tui.1")

    told = pf("man", "--link")

    assert told.code == 0
    assert link.readlink() == ROOT / "docs" / "pf-tui.1"
    assert f'export MANPATH="{machine}/.local/share/man:"' in told.err
    assert pf("man", "--unlink").out == f"{link} was taken out\n"
    assert not link.is_symlink()
    assert pf("man", "--unlink").out == f"{link} is not there; nothing was changed\n"


def test_who_leaves_the_last_agent_hears_of_the_link(pf: Pf, machine: Path) -> None:
    (machine / ".claude").mkdir()
    pf("man", "--link")
    pf("install", "claude-code")
    pf("install", "codex")

    assert "man --unlink" not in pf("uninstall", "codex").err
    assert "`pf-tui man --unlink` takes that link out" in pf("uninstall", "claude-code").err.replace(
        "\n", " "
    )
    pf("man", "--unlink")
    assert "man --unlink" not in pf("uninstall", "claude-code").err


@pytest.mark.parametrize("word", ["--link", "--unlink"])
def test_a_page_that_is_not_ours_stays(pf: Pf, machine: Path, word: str) -> None:
    link = place(machine)
    link.parent.mkdir(parents=True)
    link.write_text("theirs")

    told = pf("man", word)

    assert told.code == 1
    assert f"{link} is not ours; it was left as it is" in told.err
    assert link.read_text() == "theirs"


def test_a_machine_without_man_is_told_where_the_page_is(pf: Pf, machine: Path) -> None:
    told = pf("man", env={"PATH": str(machine)})

    page = ROOT / "docs" / "pf-tui.1"
    assert told.code == 1
    assert "there is no `man` on this machine\n" in told.err
    assert f"`pf-tui --help` says the same; the page is {page}" in told.err
