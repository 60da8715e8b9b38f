"""What agents' registers, transcripts, folders and repositories call a session is shown as text."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pf_tui.sessions.processes import Processes
from pf_tui.state.context import Context
from tests.cli.conftest import Pf
from tests.hostile.test_terminal import both, clean
from tests.sessions.machine import NOW, Machine, add, answer, asked


@both
def test_sessions_are_shown_as_text(
    pf: Pf,
    context: Callable[..., Context],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mark: str,
) -> None:
    machine = Machine(context(), tmp_path / "machine")
    monkeypatch.setattr("pf_tui.sessions.overview.Processes", lambda: Processes(machine.proc))
    folder = machine.folder(f"code/{mark.replace('/', '_')}")
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text(f"ref: refs/heads/{mark}\n")
    machine.process(100, env={"ANTHROPIC_BASE_URL": f"https://{mark}.example"})
    machine.claude(100, "aaaa1111", status="waiting", waitingFor=mark, cwd=folder, name=mark, version=mark)
    transcript = machine.transcript("aaaa1111", folder)
    add(transcript, asked(mark), {**answer(f"claude-{mark}", tokens=82_000), "gitBranch": mark})
    subagents = transcript.with_suffix("") / "subagents"
    subagents.mkdir(parents=True)
    meta = subagents / "agent-a1.meta.json"
    meta.write_text(json.dumps({"agentType": f"E{mark}", "model": "m"}))
    os.utime(meta, (NOW.timestamp(), NOW.timestamp()))

    shown = pf("sessions", "--all", width=160)
    refused = pf("sessions", "focus", f"aaaa{mark}")

    assert shown.code == 0
    assert "aaaa1111" in shown.out
    assert clean(shown.out + shown.err + refused.out + refused.err)
