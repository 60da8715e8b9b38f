"""Ledgers of several machines: from one into another as through ssh, then shown by machine."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pf_tui.ledger import gateway_rows

from . import schemas
from .conftest import NOON, Pf


def used(home: Path, *requests: tuple[str, int]) -> dict[str, str]:
    """A machine whose gateway answered these (id, output tokens); the variable that leads there."""
    home.mkdir(mode=0o700, parents=True)
    attempts = [
        gateway_rows.Attempt(
            at=NOON - timedelta(minutes=5 + place),
            agent="claude-code",
            provider="openrouter",
            model="claude-opus-5-5",
            request_id=f"r-{name}",
            message_id=f"msg_{name}",
            session="s-1",
            project="/work/app",
            output=output,
        )
        for place, (name, output) in enumerate(requests)
    ]
    assert gateway_rows.add(home / "ledger.db", attempts)
    return {"PROVIDER_FALLBACK_HOME": str(home)}


@pytest.fixture
def laptop(tmp_path: Path) -> dict[str, str]:
    return used(tmp_path / "laptop", ("copied", 5), ("a", 70))


@pytest.fixture
def desktop(tmp_path: Path) -> dict[str, str]:
    return used(tmp_path / "desktop", ("copied", 5), ("b", 900))


def exported(pf: Pf, env: dict[str, str], path: Path) -> bytes:
    """What comes through the pipe."""
    assert pf("export", "ledger", str(path), env=env).code == 0
    return path.read_bytes()


def test_an_export_goes_through_a_pipe_into_another_ledger(
    pf: Pf, laptop: dict[str, str], desktop: dict[str, str], tmp_path: Path
) -> None:
    data = exported(pf, laptop, tmp_path / "laptop.db")

    first = pf("import", "ledger", "-", "--as", "laptop", "--json", stdin=data, env=desktop)
    again = pf("import", "ledger", "-", stdin=data, env=desktop)

    assert not [*Draft202012Validator(schemas.IMPORT_LEDGER).iter_errors(first.json)]
    assert first.json == {"machine": "laptop", "requests": 2, "new": 1, "limit_hits": 0, "switches": 0}
    assert again.lines == ["laptop: 0 of 2 requests are new here, 0 limit hits, 0 switches"]
    shown = pf("analytics", "all", "--json", "--view", "machines", env=desktop).json
    assert {row["machine"]: (row["requests"], row["output_tokens"]) for row in shown["by_machine"]} == {
        "here": (2, 905),
        "laptop": (1, 70),
    }
    assert shown["totals"]["requests"] == 3
    status = pf("status", "openrouter", "--json", env=desktop).json
    assert status["providers"][0]["usage"]["today"]["requests"] == 2


def test_every_list_can_be_of_one_machine(
    pf: Pf, laptop: dict[str, str], desktop: dict[str, str], tmp_path: Path
) -> None:
    exported(pf, laptop, tmp_path / "laptop.db")
    pf("import", "ledger", str(tmp_path / "laptop.db"), "--as", "laptop", env=desktop)

    def outputs(*words: str) -> list[Any]:
        answer = pf("export", "requests", *words, "--csv", env=desktop)
        heading, *lines = [line.split(",") for line in answer.lines]
        return sorted((line[heading.index("output")], line[heading.index("machine")]) for line in lines)

    assert outputs("--machine", "laptop") == [("70", "laptop")]
    assert outputs("--machine", "here") == [("5", ""), ("900", "")]
    text = pf("analytics", "all", "--view", "machines", "--machine", "laptop", env=desktop).out
    assert "only machine laptop" in text
    assert "900" not in text
    unknown = pf("analytics", "all", "--machine", "laptpo", env=desktop)
    assert (unknown.code, "laptop" in unknown.err) == (3, True)


def test_a_file_with_a_fault_is_refused_in_one_sentence_and_changes_nothing(
    pf: Pf, laptop: dict[str, str], desktop: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "laptop.db"
    exported(pf, laptop, path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE request_rows SET output = 'a\x1b[31mlot' WHERE output = 70")
        connection.commit()

    answer = pf("import", "ledger", str(path), "--as", "laptop", env=desktop)

    assert (answer.code, answer.out) == (4, "")
    assert answer.err.startswith("pf-tui: laptop.db: request_rows, row ")
    assert "output is no value of a ledger; nothing was taken over" in answer.err
    assert "\x1b" not in answer.err
    assert pf("analytics", "all", "--json", env=desktop).json["totals"]["requests"] == 2


@pytest.mark.parametrize(
    ("words", "stdin", "tty", "code", "said"),
    [
        pytest.param(("-",), b"", False, 4, "is empty: no ledger came", id="nothing-came"),
        pytest.param(("-",), b"bash: pf-tui: not found\n", False, 4, "is no ledger", id="a-message-came"),
        pytest.param(("-",), b"", True, 2, "a ledger is not read from a terminal", id="a-terminal"),
        pytest.param(("nowhere.db",), b"", False, 4, "nowhere.db: is not there", id="no-file"),
        pytest.param(
            ("x.db", "--as", "here"), b"", False, 2, "'here' is no name for a machine", id="our-own-name"
        ),
    ],
)
def test_what_cannot_be_taken_in_is_said(
    pf: Pf, words: tuple[str, ...], stdin: bytes, tty: bool, code: int, said: str
) -> None:
    answer = pf("import", "ledger", *words, stdin=stdin, tty=tty)

    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err
