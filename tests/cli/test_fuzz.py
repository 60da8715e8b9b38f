"""Any words at all: an exit code of the table and a sentence, never a traceback or a mistake of ours."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from unittest import mock

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui import __main__ as front
from pf_tui.cli import app
from pf_tui.documents import commands
from tests.examples import examples

from .conftest import KEYS, Terminal

LEFT_OUT = {
    "events": "--follow goes on until ctrl+c",
    "--watch": "goes on until ctrl+c",
    "gateway": "starts a server",
    "run": "starts an agent",
    "drill": "starts stand-ins of every upstream",
    "mcp": "serves until its client leaves",
    "serve": "serves until ctrl+c",
    "prices": "update asks the network",
    "install": "has its own tests on agents' files",
    "uninstall": "as install",
    "reset-terminal": "writes to the terminal of whoever runs the tests",
}
"""Words that would start something; each has its own tests."""

WORDS = sorted({command.name for command in commands.COMMANDS if command.name.split()[0] not in LEFT_OUT})
OPTIONS = """
    --json --csv --project --force --undo --model --auto --for --daily --monthly --daily-usd --stdin --file
    --family --provider --capability --all --view --from --to --costs --compare --in --agent --session --full
    --reprice -n --reset --help --dir --nosuch -- - -x
"""
VALUES = """
    groq openrouter next opus claude-sonnet-5-5 1M 0 unlimited 30m 7d all on off summary requests 2026-11-24
    today 1 -1 99999999999999999999 a,b groq,openrouter / . ../.. é 💥 %s%n {}
"""
ODD = ("", " ", "\udcff", "'; DROP TABLE requests; --", "x" * 5000)
LETTERS = st.characters(exclude_characters="\0")
"""No system hands a program a word with a NUL in it."""

VALUE = st.one_of(st.sampled_from([*VALUES.split(), *ODD]), st.text(LETTERS, max_size=12))
ANYTHING = st.lists(st.one_of(st.sampled_from(OPTIONS.split()), VALUE), max_size=5)


@st.composite
def sensible(draw: st.DrawFn) -> list[str]:
    """A command with options of its own and values of every kind: gets further than words at random."""
    name = draw(st.sampled_from(WORDS))
    command: click.Command | None = app.root
    for word in name.split():
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    if isinstance(command, click.Group):
        default: str = command.default  # type: ignore[attr-defined] # our own groups have one
        command = command.commands[default]
    assert command is not None
    typed = name.split()
    for param in command.params:
        if not draw(st.booleans()):
            continue
        if isinstance(param, click.Option) and param.name != "force":
            typed.append(param.opts[0])
        if isinstance(param, click.Argument) or not param.is_flag:  # type: ignore[attr-defined]
            choices = getattr(param.type, "choices", None)
            typed.append(draw(st.sampled_from([*choices]) if choices else VALUE))
    return typed


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "work" / ".git").mkdir(parents=True)
    return folder


@examples(300, one_fixture=True)
@given(first=st.one_of(st.sampled_from(WORDS), st.text(LETTERS, max_size=8)), rest=ANYTHING)
def test_any_words_end_in_a_sentence(scratch: Path, first: str, rest: list[str]) -> None:
    check(scratch, [*first.split(), *rest], b"")


@examples(300, one_fixture=True)
@given(typed=sensible(), stdin=st.binary(max_size=40))
def test_any_values_end_in_a_sentence(scratch: Path, typed: list[str], stdin: bytes) -> None:
    check(scratch, typed, stdin)


def check(scratch: Path, typed: list[str], stdin: bytes) -> None:
    """Run the words in a home of their own, without a network."""
    if any(word in LEFT_OUT for word in typed):
        return
    out, err = Terminal(), Terminal()
    env = {
        "HOME": str(scratch),
        "PROVIDER_FALLBACK_HOME": str(scratch / "state"),
        "TZ": "UTC",
        "PATH": os.environ.get("PATH", ""),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        **KEYS,
    }
    before = Path.cwd()
    os.chdir(scratch / "work")
    try:
        with (
            mock.patch.dict(os.environ, env, clear=True),
            mock.patch.object(sys, "stdout", out),
            mock.patch.object(sys, "stderr", err),
            mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))),
            mock.patch("socket.socket.connect", side_effect=OSError("no network in this test")),
        ):
            code = front.run(typed)
    finally:
        os.chdir(before)

    told = err.text
    assert code in range(6), (code, told)
    assert "Traceback" not in told
    assert "an error inside pf-tui" not in told
    if code:
        assert told.strip() or out.text.strip()
