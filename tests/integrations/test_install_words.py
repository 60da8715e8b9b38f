"""`pf-tui install` and `uninstall` as a person types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from pf_tui.__main__ import run
from pf_tui.cli import app
from pf_tui.cli import install as words

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with claude and opencode on it, and nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("claude", "opencode"):
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Say:
    """(exit code, stdout, stderr) of a command line."""

    def speak(*line: str) -> tuple[int, str, str]:
        code = run(list(line))
        told = capfd.readouterr()
        return code, told.out, told.err

    return speak


def test_a_dry_run_shows_the_change_and_writes_nothing(say: Say, home: Path) -> None:
    code, told, _ = say("install", "claude-code", "--dry-run")

    assert code == 0
    assert "+++ ~/.claude/settings.json" in told
    assert '+    "command": ' in told
    assert list(home.iterdir()) in ([], [home / ".cache"])


def test_an_install_says_what_to_do_next_and_is_in_the_journal(say: Say) -> None:
    code, told, _ = say("install", "claude-code")
    _, events, _ = say("events", "--json")

    assert code == 0
    assert told.splitlines()[0] == "claude-code: 21 files written"
    assert "/provider-status" in told
    assert [event["action"] for event in json.loads(events)] == ["install"]


def test_a_second_install_says_that_nothing_changed(say: Say) -> None:
    say("install", "claude-code")

    assert say("install", "claude-code")[1] == "claude-code: already set up; nothing changed\n"
    assert say("install", "claude-code", "--dry-run")[1] == "claude-code: nothing would change\n"


def test_json_names_every_file(say: Say) -> None:
    _, told, _ = say("install", "claude-code", "--json")

    document = json.loads(told)
    assert (document["agent"], document["changed"], document["dry_run"]) == ("claude-code", True, False)
    assert {one["change"] for one in document["files"]} == {"create"}


def test_uninstall_without_an_install_says_so(say: Say) -> None:
    assert say("uninstall", "claude-code")[1] == "claude-code: pf-tui was not in it\n"
    code, _, told = say("uninstall")
    assert code == 1
    assert "pf-tui is not installed into any agent here; nothing was changed" in told


def test_with_nobody_to_ask_the_agents_are_named(say: Say) -> None:
    code, _, told = say("install", "--json")

    assert code == 2
    assert (
        "there is nobody to ask which of claude-code, opencode is meant"
        in json.loads(told)["error"]["message"]
    )


def test_without_any_agent_that_is_said(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    code, _, told = say("install")

    assert code == 1
    assert "no agent was found" in told


def test_a_guided_install_asks_for_each_agent_that_is_here(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setattr(words, "_somebody_there", lambda: True)

    done = CliRunner().invoke(app.root, ["install"], input="d\ny\nn\n")

    assert done.exit_code == 0, done.output
    assert "set up claude-code (21 files)? [Y]es, [n]o, [d]iff" in done.output
    assert "+++ ~/.claude/settings.json" in done.output
    assert "set up opencode (" in done.output
    assert (home / ".claude" / "settings.json").exists()
    assert not (home / ".config" / "opencode").exists()
    assert "opencode: left as it was" in done.output
    assert "gemini" not in done.output


def test_a_guided_install_says_that_gemini_has_nothing_to_set_up(
    monkeypatch: pytest.MonkeyPatch, programs: Path, say: Say
) -> None:
    monkeypatch.setattr(words, "_somebody_there", lambda: True)
    (programs / "gemini").write_text("#!/bin/sh\n")
    (programs / "gemini").chmod(0o755)
    told = "gemini: nothing to set up: its usage is read from its own logs, a switch does not move it"

    done = CliRunner().invoke(app.root, ["install"], input="n\nn\n")
    assert done.output.splitlines()[-1] == told

    for name in ("claude", "opencode"):
        (programs / name).unlink()
    code, _, problem = say("install")
    assert code == 1
    assert f"codex is on the PATH; {told}" in problem


def test_a_settings_file_that_is_broken_is_named_with_its_place(say: Say, home: Path) -> None:
    (home / ".claude").mkdir()
    (home / ".claude" / "settings.json").write_text('{\n  "model": \n}\n')

    code, _, told = say("install", "claude-code")

    assert code == 4
    assert "settings.json line 3 column 1" in told
    assert [path.name for path in (home / ".claude").iterdir()] == ["settings.json"]
