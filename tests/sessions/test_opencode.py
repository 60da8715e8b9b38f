"""OpenCode's sessions: guesses from its database, certainty from our plugin there."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta
from typing import Any

import pytest

from pf_tui.sessions.evidence import Evidence, write
from tests.sessions.machine import NOW, Machine
from tests.sessions.test_overview import gateway


def database(machine: Machine, *sessions: dict[str, Any]) -> None:
    """The tables that matter, with sessions of one assistant message each."""
    path = machine.home / ".local" / "share" / "opencode" / "opencode.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE session (id, parent_id, directory, title, model, cost, time_created, time_updated,"
        " time_archived)"
    )
    connection.execute("CREATE TABLE message (id, session_id, time_created, time_updated, data)")
    for one in sessions:
        at = milliseconds(one.get("at", machine.now))
        connection.execute(
            "INSERT INTO session VALUES (?, ?, ?, 'SECRET-title', NULL, ?, ?, ?, NULL)",
            (
                one["id"],
                one.get("parent"),
                str(one.get("directory", machine.folder("web"))),
                one.get("cost", 0),
                at,
                at,
            ),
        )
        times = {"created": at} if one.get("open") else {"created": at, "completed": at}
        message = {
            "role": "assistant", "providerID": "openrouter", "modelID": "glm-5.3", "time": times,
            "tokens": {"input": 1000, "output": 5, "cache": {"read": 200, "write": 0}},
        }  # fmt: skip
        connection.execute(
            "INSERT INTO message VALUES (?, ?, ?, ?, ?)",
            (f"m-{one['id']}", one["id"], at, at, json.dumps(message)),
        )
    connection.commit()
    connection.close()


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def told(
    machine: Machine, event: str, *, session: str = "ses_1", pid: int = 300, after_s: float = 0, **more: Any
) -> None:
    at = machine.now.timestamp() + after_s
    seen = Evidence(agent="opencode", id=session, at=at, event=event, pid=pid, start="5000", **more)
    write(machine.ctx.paths, seen)


def test_without_the_plugin_a_process_has_the_newest_session_of_its_folder(machine: Machine) -> None:
    machine.process(300, "opencode", cwd=machine.folder("web"))
    database(machine, {"id": "ses_1", "cost": 0.31}, {"id": "ses_0", "at": NOW - timedelta(hours=1)})

    session = machine.only()

    assert (session.id, session.state, session.guess) == ("ses_1", "idle", True)
    assert (session.provider, session.provider_by, session.model) == ("openrouter", "log", "glm-5.3")
    assert (session.context_tokens, session.cost_usd) == (1200, 0.31)


def test_without_the_plugin_an_unfinished_answer_is_a_guess(machine: Machine) -> None:
    machine.process(300, "opencode", cwd=machine.folder("web"))
    database(machine, {"id": "ses_1", "open": True})

    session = machine.only()

    assert (session.state, session.guess) == ("working", True)
    machine.now += timedelta(minutes=11)
    assert (machine.only().state, machine.only().guess) == ("idle", True)


def test_a_process_without_a_session_is_a_row_all_the_same(machine: Machine) -> None:
    machine.process(300, "opencode", cwd=machine.folder("web"))

    session = machine.only()

    assert (session.id, session.state, session.guess) == ("pid-300", "idle", True)


def test_a_session_older_than_the_process_is_not_taken_for_its_own(machine: Machine) -> None:
    machine.process(300, "opencode", cwd=machine.folder("web"))
    database(machine, {"id": "old", "at": NOW - timedelta(days=30)})

    assert machine.only().id == "pid-300"


@pytest.mark.parametrize(
    ("more", "state", "waiting_for"),
    [
        ({"event": "session.status", "status": "busy"}, "working", None),
        ({"event": "session.status", "status": "idle"}, "idle", None),
        (
            {"event": "permission.asked", "status": "busy", "waiting_for": "permission"},
            "waiting",
            "permission",
        ),
        ({"event": "question.asked", "status": "busy", "waiting_for": "question"}, "waiting", "question"),
        ({"event": "permission.replied", "status": "busy", "waiting_for": ""}, "working", None),
    ],
)
def test_the_plugin_says_the_state(
    machine: Machine, more: dict[str, Any], state: str, waiting_for: str | None
) -> None:
    machine.process(300, "opencode", cwd=machine.folder("web"))
    database(machine, {"id": "ses_1"})
    told(machine, more.pop("event"), **more)

    session = machine.only()

    assert (session.state, session.waiting_for, session.by, session.guess) == (
        state,
        waiting_for,
        "hook",
        False,
    )
    assert session.model == "glm-5.3"


def test_a_retry_is_limited_until_it_is_due(machine: Machine) -> None:
    machine.process(300, "opencode", cwd=machine.folder("web"))
    due = NOW + timedelta(minutes=3)
    told(machine, "session.status", status="retry", retry_at=due.timestamp())

    session = machine.only()

    assert (session.state, session.limited_until) == ("limited", due)
    machine.now = due + timedelta(seconds=1)
    assert machine.only().state == "working"


def test_a_killed_process_ends_its_sessions(machine: Machine) -> None:
    machine.process(300, "opencode", cwd=machine.folder("web"))
    told(machine, "session.status", status="busy")
    machine.sessions()
    machine.kill(300)

    assert (machine.only().state, machine.only().killed) == ("ended", True)


def test_a_disposed_session_is_ended(machine: Machine) -> None:
    told(machine, "dispose")

    assert (machine.only().state, machine.only().killed, machine.only().by) == ("ended", False, "hook")


def test_a_child_session_is_folded_while_it_works(machine: Machine) -> None:
    machine.process(300, "opencode", cwd=machine.folder("web"))
    told(machine, "session.status", status="idle")
    told(machine, "session.status", session="ses_child", status="busy", parent="ses_1")

    session = machine.only()

    assert (session.state, [child.id for child in session.children]) == ("working", ["ses_child"])
    told(machine, "session.status", session="ses_child", status="idle", parent="ses_1", after_s=1)
    assert (machine.only().state, machine.only().children) == ("idle", ())


def test_only_the_newest_idle_session_of_a_process_is_a_row(machine: Machine) -> None:
    machine.process(300, "opencode", cwd=machine.folder("web"))
    told(machine, "session.status", session="first", status="idle", after_s=-60)
    told(machine, "session.status", session="second", status="idle")
    told(machine, "session.status", session="busy", status="busy", after_s=-90)

    assert machine.states() == {"second": "idle", "busy": "working"}


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"x" * 5000])
def test_a_broken_database_leaves_the_process_a_row(machine: Machine, content: bytes) -> None:
    machine.process(300, "opencode", cwd=machine.folder("web"))
    path = machine.home / ".local" / "share" / "opencode" / "opencode.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)

    assert machine.states() == {"pid-300": "idle"}


BEHIND = {
    "provider": {
        "openrouter": {"options": {"baseURL": "http://127.0.0.1:4100/v1", "apiKey": "SECRET"}},
        "other": {"options": {}},
    }
}


@pytest.mark.parametrize(
    ("settings", "behind"),
    [
        pytest.param(json.dumps(BEHIND), True, id="behind-the-gateway"),
        pytest.param(json.dumps(BEHIND).replace("4100", "4200"), False, id="another-address"),
        pytest.param(
            json.dumps({"provider": {"other": BEHIND["provider"]["openrouter"]}}), False, id="another"
        ),
        pytest.param('{"provider": ["openrouter"]}', False, id="odd"),
        pytest.param("{", False, id="half"),
    ],
)
def test_a_run_behind_the_gateway_is_known_before_its_first_request(
    machine: Machine, settings: str, behind: bool
) -> None:
    gateway(machine)
    machine.process(300, "opencode", cwd=machine.folder("web"), env={"OPENCODE_CONFIG_CONTENT": settings})
    database(machine, {"id": "ses_1"})

    session = machine.only()

    assert (session.behind_gateway, session.provider) == (behind, None if behind else "openrouter")
    assert "SECRET" not in repr(machine.watch.processes.at(300))
