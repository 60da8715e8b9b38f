"""The words themselves: the table against the tree, help with examples, spelling mistakes, --dir."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest

from pf_tui import called
from pf_tui.cli import app
from pf_tui.documents import commands
from pf_tui.state.paths import Paths
from tests.patience import PATIENCE_S

from .conftest import Pf

NAMES = [command.name for command in commands.COMMANDS]


def found(name: str) -> click.Command:
    """The command a name of the table leads to."""
    context = click.Context(app.root)
    command: click.Command | None = app.root
    for word in name.split():
        assert isinstance(command, click.Group)
        command = command.get_command(context, word)
    assert command is not None, name
    return command


def test_the_table_and_the_tree_are_the_same_list() -> None:
    words = set(app.Root.code)
    for name in sorted(words):
        command = found(name)
        if isinstance(command, click.Group):
            words |= {f"{name} {sub}" for sub in command.commands}

    assert words == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_help_shows_what_it_does_and_two_examples(pf: Pf, name: str) -> None:
    answer = pf(*name.split(), "--help")
    entry = commands.find(name)

    assert answer.code == 0
    assert entry.summary in " ".join(answer.out.split())
    assert answer.out.count("pf-tui ") >= 2
    for example in entry.examples:
        assert example.line in answer.out
        assert example.does in " ".join(answer.out.split())


@pytest.mark.parametrize("name", NAMES)
def test_the_options_of_every_example_exist(name: str) -> None:
    for example in commands.find(name).examples:
        words = shlex.split(example.line, comments=False)[1:]
        words = words[: words.index("--")] if "--" in words else words
        words = words[: next((at for at, word in enumerate(words) if word in ("<", ">")), len(words))]
        command = app.root
        path = []
        while (
            words
            and isinstance(command, click.Group)
            and words[0] in command.list_commands(click.Context(command))
        ):
            path.append(words[0])
            command = found(" ".join(path))
            words = words[1:]
        if isinstance(command, click.Group):
            default = getattr(command, "default", None)
            assert default is not None, example.line
            command = command.commands[default]
        known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)} | {
            "--dir"
        }

        assert {word.split("=")[0] for word in words if word.startswith("--")} <= known, example.line


def test_help_of_the_program_lists_every_first_word_by_purpose(pf: Pf) -> None:
    answer = pf("--help")

    assert answer.code == 0
    for command in commands.top_level():
        assert f"\n  {command.name} " in answer.out
    for group in commands.GROUPS:
        assert f"{group}:" in answer.out


def test_an_unknown_word_names_the_nearest(pf: Pf) -> None:
    answer = pf("swich", "groq")

    assert answer.code == 2
    assert answer.err == (
        "pf-tui: no command is called 'swich'\n        nearest: switch; `pf-tui --help` lists all\n"
    )
    assert answer.out == ""


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        pytest.param(("status", "openruter"), "nearest: openrouter", id="provider"),
        pytest.param(("switch", "grok"), "nearest: groq", id="another-provider"),
        pytest.param(("models", "info", "claude-opus-55"), "nearest: claude-opus-5-5", id="model"),
        pytest.param(("models", "--family", "claud"), "nearest: ", id="family"),
        pytest.param(("models", "--capability", "visoin"), "nearest: vision", id="capability"),
        pytest.param(("models", "--provider", "open-router"), "nearest: openrouter", id="provider-of-models"),
        pytest.param(("analytics", "30days"), "nearest: 30d", id="period"),
        pytest.param(("analytics", "--agent", "claude"), "nearest: claude-code", id="agent"),
    ],
)
def test_a_mistyped_name_is_exit_3_with_the_nearest(pf: Pf, words: tuple[str, ...], nearest: str) -> None:
    answer = pf(*words)

    assert answer.code == 3
    assert nearest in answer.err
    assert answer.err.startswith("pf-tui: no ")


@pytest.mark.parametrize("place", ["before", "after", "joined"])
def test_dir_may_stand_before_or_after_any_word(pf: Pf, tmp_path: Path, place: str) -> None:
    other = tmp_path / "other"
    (other / ".git").mkdir(parents=True)
    words = {
        "before": ("--dir", str(other), "init", "--json"),
        "after": ("init", "--json", "--dir", str(other)),
        "joined": ("init", f"--dir={other}", "--json"),
    }[place]

    answer = pf(*words)

    assert answer.json["path"] == str(other / ".opencode" / "provider-fallback.local.md")


@pytest.mark.parametrize("folder", ["", "/no/such/folder", __file__])
def test_dir_that_is_no_folder_is_wrong_usage(pf: Pf, folder: str) -> None:
    answer = pf("status", "--dir", folder)

    assert answer.code == 2
    assert answer.err == f"pf-tui: --dir '{folder}' is not a folder\n        name the project's folder\n"


def test_options_of_the_dashboard_before_a_word_are_refused(pf: Pf) -> None:
    answer = pf("--no-mouse", "status")

    assert answer.code == 2
    assert "are the dashboard's" in answer.err


def test_no_words_without_a_terminal_says_what_does_the_same(pf: Pf) -> None:
    answer = pf()

    assert answer.code == 2
    assert (
        answer.err
        == "pf-tui: the dashboard needs a terminal\n        `pf-tui status` says the same in text\n"
    )


def test_version_is_one_line(pf: Pf) -> None:
    from pf_tui import __version__

    assert pf("--version").out == f"pf-tui {__version__}\n"
    assert pf("status", "--version").code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_that_calls_us(pf: Pf, shell: str) -> None:
    answer = pf("completion", shell)

    assert answer.code == 0
    assert "_PF_TUI_COMPLETE" in answer.out


@pytest.mark.parametrize(
    ("shell", "place"),
    [
        ("/bin/bash", ".local/share/bash-completion/completions/pf-tui"),
        ("/usr/bin/fish", ".config/fish/completions/pf-tui.fish"),
    ],
)
def test_completion_alone_sets_up_the_shell_in_use(
    pf: Pf, home: Path, monkeypatch: pytest.MonkeyPatch, shell: str, place: str
) -> None:
    monkeypatch.setenv("SHELL", shell)

    assert pf("completion").code == 0
    assert "_PF_TUI_COMPLETE" in (home / place).read_text()
    assert pf("completion").code == 0

    (home / place).write_text("mine\n")
    refused = pf("completion")
    assert (refused.code, (home / place).read_text()) == (1, "mine\n")
    assert "is not ours; it was left as it is" in refused.err


def test_completion_alone_says_zshs_line_and_refuses_other_shells(
    pf: Pf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(called, "lasting", lambda: called.NAME)
    monkeypatch.setenv("SHELL", "/bin/zsh")
    assert 'eval "$(pf-tui completion zsh)"' in pf("completion").out

    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert "name bash, zsh or fish" in pf("completion").err


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        pytest.param("pf-tui sw", {"switch"}, id="word"),
        pytest.param("pf-tui auth s", {"set", "status"}, id="sub-word"),
        pytest.param("pf-tui limits gr", {"groq"}, id="provider-of-the-default-word"),
        pytest.param("pf-tui switch openr", {"openrouter"}, id="provider"),
        pytest.param("pf-tui models info claude-opus-5", {"claude-opus-5", "claude-opus-5-5"}, id="model"),
        pytest.param("pf-tui switch --au", {"--auto"}, id="option"),
    ],
)
def test_completion_knows_words_options_providers_and_models(pf: Pf, typed: str, offered: set[str]) -> None:
    words = typed.split()
    answer = pf(
        env={
            "_PF_TUI_COMPLETE": "bash_complete",
            "COMP_WORDS": typed,
            "COMP_CWORD": str(len(words) - 1),
        }
    )

    assert {line.partition(",")[2] for line in answer.lines} == offered


def test_a_reader_that_left_is_no_failure() -> None:
    import os
    import subprocess
    import sys

    reading, writing = os.pipe()
    os.close(reading)
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "pf_tui", "models", "--json"],
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=PATIENCE_S,
            check=False,
        )
    finally:
        os.close(writing)

    assert (answer.returncode, answer.stderr) == (0, b"")


def test_a_gateway_nobody_could_ever_serve_is_not_run(pf: Pf) -> None:
    answer = pf("gateway", "run", keys=False)

    assert answer.code == 5
    assert "no provider in the priority list has a credential" in answer.err
    assert "pf-tui auth set" in answer.err


def test_status_closes_a_file_with_keys_that_others_could_read(pf: Pf, paths: Paths) -> None:
    paths.home.mkdir(parents=True)
    paths.auth.write_text('{"providers": {}}')
    paths.auth.chmod(0o644)

    answer = pf("status", "--json")

    assert answer.code == 0
    assert "auth.json was readable by others (0644); it is 0600 now" in answer.err
    assert paths.auth.stat().st_mode & 0o777 == 0o600
