"""`pf-tui --demo` in a real terminal: the story as a newcomer sees it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.tui.terminal import Terminal

PATIENCE_S = 60.0
"""Far more than the story needs: machines that run tests are slow."""


@pytest.mark.e2e
def test_a_newcomer_sees_a_failover_and_may_switch(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "TZ": "UTC", "TMPDIR": str(tmp_path)}
    words = [sys.executable, "-m", "pf_tui", "--demo"]

    with Terminal(words, env, columns=44, rows=24, cwd=tmp_path) as terminal:
        terminal.see(r"\A ● anthropic-sub", PATIENCE_S)
        home = next(tmp_path.glob("pf-tui-demo-*"))

        terminal.see(r"\A ● openrouter", PATIENCE_S)
        terminal.send("n")
        terminal.see(r"\A ● anthropic-api", PATIENCE_S)
        terminal.send("q")

        assert terminal.ends(PATIENCE_S) == 0
        assert not home.exists()
        assert not (tmp_path / ".opencode").exists()
