"""Sentences on stderr, as the terminal behind it takes them."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from pathlib import Path

import pytest

from pf_tui.cli import diagnostics
from pf_tui.errors import PfError

from .conftest import Pf, Terminal


@pytest.mark.parametrize(
    ("term", "no_color", "coloured"),
    [("xterm-256color", "", True), ("xterm-256color", "1", False), ("dumb", "", False)],
)
def test_an_error_is_coloured_only_where_the_terminal_understands_it(
    monkeypatch: pytest.MonkeyPatch, term: str, no_color: str, coloured: bool
) -> None:
    stderr = Terminal(tty=True)
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("NO_COLOR", no_color)

    diagnostics.fail(PfError("it failed", "mend it"), as_json=False)
    diagnostics.progress("half of it")

    assert ("\x1b[1;31mpf-tui:" in stderr.text) is coloured
    assert ("\x1b[2K" in stderr.text) is (term != "dumb")
    assert "it failed\n        mend it\n" in stderr.text


def test_a_store_of_unknown_shape_is_told_by_every_face(pf: Pf, home: Path) -> None:
    path = home / ".local" / "share" / "opencode" / "opencode.db"
    path.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(path)) as store:
        store.executescript("CREATE TABLE turn (id TEXT); INSERT INTO turn VALUES ('a');")
    unread = "opencode.db: turns of a shape that is not known, not read"

    faces = {words: pf(*words, width=200) for words in (("ingest",), ("analytics", "7d"), ("doctor",))}

    for words, answer in faces.items():
        assert unread in answer.out + answer.err, words
    assert str(path) in str(pf("analytics", "7d", "--json").json["skipped"])
