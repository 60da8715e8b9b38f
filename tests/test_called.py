"""Sentences name a command that works for the way pf-tui was installed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pf_tui import called
from pf_tui.documents import commands


@pytest.fixture
def person(tmp_path: Path) -> Path:
    folder = tmp_path / "ann"
    folder.mkdir()
    return folder


def script(*parts: Path | str) -> str:
    """A program of that name."""
    place = Path(*parts)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("#!/bin/sh\n")
    place.chmod(0o755)
    return str(place)


def name(
    person: Path, *, started_as: str, python: str, prefix: str, cwd: Path | None = None, **env: str
) -> str:
    world = {"HOME": str(person), "PATH": str(person / "bin")} | env
    return called.name(world, str(cwd or person), started_as, python, prefix)


KINDS = {
    # kind: (program, interpreter, prefix, working directory, the word), below the person's home
    "make run, in the checkout": (
        "pf/.venv/bin/pf-tui", "pf/.venv/bin/python", "pf/.venv", "pf", ".venv/bin/pf-tui",
    ),
    "make run, elsewhere": (
        "pf/.venv/bin/pf-tui", "pf/.venv/bin/python", "pf/.venv", "src", "~/pf/.venv/bin/pf-tui",
    ),
    "a wheel in a venv": ("my env/bin/pf-tui", "my env/bin/python", "my env", "src", "~/'my env/bin/pf-tui'"),
    "uv tool": (
        ".local/bin/pf-tui", ".local/share/uv/tools/pf-tui/bin/python", ".local/share/uv/tools/pf-tui", "src",
        "~/.local/bin/pf-tui",
    ),
    "pipx": (
        ".local/bin/pf-tui", ".local/pipx/venvs/pf-tui/bin/python", ".local/pipx/venvs/pf-tui", "src",
        "~/.local/bin/pf-tui",
    ),
    "pip --user": (".local/bin/pf-tui", "/usr/bin/python3", "/usr", "src", "~/.local/bin/pf-tui"),
    "python -m": ("pf/pf_tui/__main__.py", "py/bin/python3", "py", "src", "~/py/bin/python3 -m pf_tui"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_word_of_each_kind_of_install(person: Path, kind: str) -> None:
    program, python, prefix, cwd, word = KINDS[kind]
    started = script(person, program)
    shells = script(person, python) if not python.startswith("/") else python

    def word_with(path: str) -> str:
        return name(
            person,
            started_as=started,
            python=shells,
            prefix=str(person / prefix),
            cwd=person / cwd,
            PATH=path,
        )

    assert word_with("/nowhere") == word
    if kind != "python -m":
        assert word_with(f"/nowhere:{Path(started).parent}") == "pf-tui"


def test_a_program_that_uv_fetches_is_fetched_again_from_where_it_came(person: Path) -> None:
    prefix = person / ".cache/uv/archive-v0/abc"
    started = script(prefix, "bin/pf-tui")
    said = {"started_as": started, "python": str(prefix / "bin/python"), "prefix": str(prefix)}
    uv = {"PATH": str(prefix / "bin"), "UV_RUN_RECURSION_DEPTH": "1"}
    assert name(person, **said, **uv) == "uvx pf-tui"

    record = prefix / "lib/python3.12/site-packages/pf_tui-0.1.dist-info/direct_url.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"url": "file:///home/ann/my%20pf", "dir_info": {}}))
    assert name(person, **said, **uv) == "uvx --from '/home/ann/my pf' pf-tui"


def test_uv_run_and_pipx_run_are_said_again(person: Path) -> None:
    venv = script(person, "pf/.venv/bin/pf-tui")
    said = {"started_as": venv, "python": "python", "prefix": str(person / "pf/.venv")}
    assert name(person, **said, PATH=str(Path(venv).parent), UV_RUN_RECURSION_DEPTH="1") == "uv run pf-tui"

    prefix = person / ".cache/pipx/3f"
    started = script(prefix, "bin/pf-tui")
    said = {"started_as": started, "python": str(prefix / "bin/python"), "prefix": str(prefix)}
    assert name(person, **said, PATH=str(prefix / "bin")) == "pipx run pf-tui"


@pytest.mark.parametrize(
    ("mode", "word"), [(0o755, "./pf-tui.pyz"), (0o644, "/usr/bin/python3 ./pf-tui.pyz")]
)
def test_one_file_is_named_as_it_is_started(person: Path, mode: int, word: str) -> None:
    archive = script(person, "pf-tui.pyz")
    Path(archive).chmod(mode)

    assert name(person, started_as=archive, python="/usr/bin/python3", prefix="/usr") == word


@pytest.mark.parametrize("word", [".venv/bin/pf-tui", "uvx --from '/my pf' pf-tui", "uv run pf-tui"])
def test_a_command_is_spelled_once(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setattr(called, "name_here", lambda: word)

    spelled = called.spelled("`pf-tui why`, pf-tui auth set groq")

    assert spelled == f"`{word} why`, {word} auth set groq"
    assert called.spelled(spelled) == spelled


def test_only_commands_are_spelled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(called, "name_here", lambda: ".venv/bin/pf-tui")

    assert called.spelled("`pf-tui why` shows it; in a terminal: pf-tui auth set groq") == (
        "`.venv/bin/pf-tui why` shows it; in a terminal: .venv/bin/pf-tui auth set groq"
    )
    for text in ("pf-tui is paused", "pf-tui: no provider", "/opt/bin/pf-tui run", "exec pf-tui hook codex"):
        assert called.spelled(text) == text


def test_commands_named_without_backticks_exist() -> None:
    assert set(called.BARE) <= {command.name for command in commands.COMMANDS}


def test_an_error_and_a_text_view_say_what_works_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pf_tui.cli import diagnostics, output
    from pf_tui.errors import PfError

    monkeypatch.setattr(called, "name_here", lambda: "uv run pf-tui")
    diagnostics.fail(PfError("nothing serves", "`pf-tui why` says why"), as_json=False)
    output.text("`pf-tui undo` takes it back")
    output.flush()
    told = capsys.readouterr()

    assert "`uv run pf-tui why` says why" in told.err
    assert told.out == "`uv run pf-tui undo` takes it back\n"


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        (".local/pipx/venvs/pf-tui", "pipx install --force 'pf-tui[serve]'"),
        (".local/share/uv/tools/pf-tui", "uv tool install --force 'pf-tui[serve]'"),
        ("venv", "~/venv/bin/python -m pip install 'pf-tui[serve]'"),
    ],
)
def test_an_extra_is_brought_in_the_way_of_the_install(
    person: Path, monkeypatch: pytest.MonkeyPatch, prefix: str, words: str
) -> None:
    monkeypatch.setenv("HOME", str(person))
    monkeypatch.chdir("/")
    monkeypatch.setattr(called.sys, "prefix", str(person / prefix))
    monkeypatch.setattr(called.sys, "executable", str(person / prefix / "bin/python"))
    monkeypatch.setattr(called, "__file__", str(person / prefix / "lib/site-packages/pf_tui/called.py"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())

    assert called.install_extra("serve") == words
