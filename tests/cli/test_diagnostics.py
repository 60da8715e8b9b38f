"""Sentences on stderr, as the terminal behind it takes them."""

from __future__ import annotations

import sys

import pytest

from pf_tui.cli import diagnostics
from pf_tui.errors import PfError

from .conftest import Terminal


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
