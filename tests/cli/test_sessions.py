"""`pf-tui sessions` as a person and a script meet it, on a machine of files."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from pf_tui.actions import pausing
from pf_tui.sessions.processes import Processes
from pf_tui.state.context import Context
from tests.sessions.machine import NOW, Machine, add, answer, asked

from . import schemas
from .conftest import Pf
from .test_json_shapes import check

NO_PANE = (
    "pf-tui: session aaaa1111 is on /dev/pts/4, which is no tmux pane; only panes can be brought to the front"
)
MARKER = "SECRET"


@pytest.fixture
def machine(context: Callable[..., Context], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine of files, which the command line takes for its own."""
    made = Machine(context(), tmp_path / "machine")
    monkeypatch.setattr("pf_tui.sessions.overview.Processes", lambda: Processes(made.proc))
    return made


@pytest.fixture
def busy(machine: Machine) -> Machine:
    """Three sessions: one waits, one works with a subagent, one is limited; a fourth was killed."""
    repository = machine.folder("code/api")
    (repository / ".git").mkdir()
    (repository / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    wide = machine.folder("code/界面-with-a-name-that-is-long")
    for pid in (100, 101, 102):
        machine.process(pid, env={"ANTHROPIC_BASE_URL": "https://openrouter.ai/api"})
    machine.claude(100, "aaaa1111-waiting", status="waiting", waitingFor="permission prompt", cwd=repository)
    machine.claude(101, "bbbb2222-working", status="busy", cwd=wide)
    machine.claude(102, "cccc3333-limited", status="idle", cwd=repository)
    machine.claude(103, "dddd4444-killed", status="busy", cwd=repository)
    add(machine.transcript("aaaa1111-waiting", repository), asked(), answer("claude-opus-5-5", tokens=82_000))
    path = machine.transcript("bbbb2222-working", wide)
    add(path, asked(), answer("claude-sonnet-5-5", tokens=24_000))
    folder = path.with_suffix("") / "subagents"
    folder.mkdir(parents=True)
    meta = folder / "agent-a1.meta.json"
    meta.write_text('{"agentType":"Explore","model":"claude-haiku-4-5","description":"SECRET-description"}')
    os.utime(meta, (NOW.timestamp(), NOW.timestamp()))
    quota = {"status": "rejected", "resetsAt": round((NOW + timedelta(hours=4)).timestamp())}
    limit = {**answer("<synthetic>"), "isApiErrorMessage": True, "error": "rate_limit", "quotaLimits": quota}
    add(machine.transcript("cccc3333-limited", repository), asked(), answer("claude-opus-5-5"), limit)
    return machine


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("width", [44, 80, 120])
def test_sessions_read_well(pf: Pf, width: int, snapshot: SnapshotAssertion) -> None:
    told = pf("sessions", "--all", width=width)

    assert (told.code, told.err) == (0, "")
    assert told.out == snapshot


@pytest.mark.usefixtures("busy")
def test_sessions_as_data_have_the_agreed_shape(pf: Pf) -> None:
    everyone, running = pf("sessions", "--all", "--json").json, pf("sessions", "--json").json

    check(everyone, schemas.SESSIONS)
    assert {one["id"][:4]: one["state"] for one in everyone} == {
        "aaaa": "waiting", "bbbb": "working", "cccc": "limited", "dddd": "ended"
    }  # fmt: skip
    assert {one["id"][:4] for one in running} == {"aaaa", "bbbb", "cccc"}
    (child,) = next(one["children"] for one in running if one["id"].startswith("bbbb"))
    assert (child["agent_type"], child["model"], child["parent"]) == (
        "Explore",
        "claude-haiku-4-5",
        "bbbb2222-working",
    )


@pytest.mark.usefixtures("machine")
def test_a_machine_without_sessions_says_so(pf: Pf) -> None:
    assert pf("sessions").out == "no agent session runs on this machine\n"
    assert pf("sessions", "--json").json == []


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("aaaa", NO_PANE),
        ("dddd", "pf-tui: session dddd4444 has ended"),
        ("nobody", "pf-tui: no session is called 'nobody'"),
        ("", "pf-tui: no session is called ''"),
    ],
)  # fmt: skip
def test_focus_fails_closed(pf: Pf, wanted: str, sentence: str) -> None:
    told = pf("sessions", "focus", wanted)

    assert told.code != 0
    assert told.err.splitlines()[0] == sentence


def test_a_pause_ends_the_wait_for_a_reset_at_the_next_look(
    pf: Pf, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = "019ab2c3-7000-7000-8000-000000000001"
    end = round((NOW + timedelta(hours=2)).timestamp())
    used = {"primary": {"used_percent": 100.0, "window_minutes": 300, "resets_at": end}}
    stamp = NOW.isoformat().replace("+00:00", "Z")
    rows = [
        {"type": "token_count", "rate_limits": used},
        {"type": "task_complete", "turn_id": "t", "error": {"codex_error_info": "usage_limit_exceeded"}},
    ]
    machine.process(200, "codex")
    add(
        machine.codex(200, thread),
        *({"timestamp": stamp, "type": "event_msg", "payload": row} for row in rows),
    )
    sleeps: list[float] = []

    def sleep(seconds: float) -> None:
        assert not sleeps, "it waits on"
        sleeps.append(seconds)
        pausing.pause(machine.ctx)

    monkeypatch.setattr("pf_tui.cli.sessions.time.sleep", sleep)

    answer = pf("sessions", "resume", thread, now=NOW)

    assert sleeps == [1.0]
    assert answer.code != 0
    assert "pf-tui is paused; session 019ab2c3 was not resumed" in answer.err


def test_two_sessions_that_begin_alike_are_not_mixed_up(pf: Pf, machine: Machine) -> None:
    for pid in (100, 101):
        machine.process(pid)
        machine.claude(pid, f"same-{pid}")

    assert "2 sessions begin with 'same'" in pf("sessions", "focus", "same").err


def test_nothing_that_people_models_and_tools_said_is_shown_or_kept(pf: Pf, busy: Machine) -> None:
    plant(busy)
    told = [pf("sessions", *words) for words in (["--all"], ["--all", "--json"], ["focus", "aaaa"])]
    shown = [text for one in told for text in (one.out, one.err)]
    state = busy.ctx.paths.home
    kept = [path.read_bytes() for path in state.rglob("*") if path.is_file()] if state.exists() else []

    assert all(MARKER not in text for text in shown)
    assert all(MARKER.encode() not in content for content in kept)
    assert "opencode" in shown[0]
    assert "codex" in shown[0]


def plant(machine: Machine) -> None:
    """Markers in every place that holds what somebody said."""
    for pid in (100, 101, 102):
        (machine.proc / str(pid) / "cmdline").write_bytes(b"claude\0-p\0SECRET-argv")
    key = machine.home / ".claude" / "sessions" / "100.abc.key"
    key.write_text("SECRET-key")
    machine.process(
        200, "codex", env={"OPENAI_API_KEY": "SECRET-env", "OPENAI_BASE_URL": "http://u:SECRET@h/x?SECRET"}
    )
    thread = f"{round(NOW.timestamp() * 1000):012x}"
    thread = f"{thread[:8]}-{thread[8:]}-7f00-bb1e-57f268e976d2"
    meta: dict[str, Any] = {"id": thread, "cwd": "/code/api", "base_instructions": {"text": "SECRET-rules"}}
    add(
        machine.codex(200, thread),
        {"timestamp": "2026-11-24T12:00:00Z", "type": "session_meta", "payload": meta},
        {"type": "event_msg", "payload": {"type": "task_complete", "last_agent_message": "SECRET-said"}},
    )
    machine.process(300, "opencode", cwd=machine.folder("web"))
    path = machine.home / ".local" / "share" / "opencode" / "opencode.db"
    path.parent.mkdir(parents=True)
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE session (id, parent_id, directory, title, model, cost, time_created, time_updated)"
    )
    connection.execute("CREATE TABLE message (id, session_id, time_created, data)")
    at = round(NOW.timestamp() * 1000)
    row = ("ses_1", None, str(machine.folder("web")), "SECRET-title", '{"id":"m","x":"SECRET"}', 0, at, at)
    connection.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    message = '{"role":"assistant","modelID":"m","time":{"completed":1},"summary":{"title":"SECRET"}}'
    connection.execute("INSERT INTO message VALUES ('m1', 'ses_1', ?, ?)", (at, message))
    connection.commit()
    connection.close()
