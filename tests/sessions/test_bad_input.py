"""Whatever agents, crashes and clocks leave: one row at worst, never a crash, never a lie about the others.

Every case lies beside a sound session, which must read as it does alone.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui.documents import sessions as documents
from pf_tui.sessions import claude_code
from pf_tui.sessions.evidence import Evidence, write
from pf_tui.sessions.records import Session
from pf_tui.sessions.subagents import MOST
from pf_tui.sessions.uses import serving, uses
from pf_tui.text.lines import cells
from pf_tui.tui.page import Space
from pf_tui.tui.panes import sessions as pane
from pf_tui.tui.times import Clock
from tests.sessions.machine import NOW, Machine, add, add_subagents, answer, asked
from tests.sessions.test_opencode import database, told

BAD = "bad"
"""The session that is damaged."""

Damage = Callable[[Machine, pytest.MonkeyPatch], object]
Read = tuple[str, bool]
"""(state, a guess)"""


def bad_client(machine: Machine, **facts: Any) -> Path:
    """A client of Claude Code at work whose files are to be damaged; returns its registry file."""
    machine.process(100)
    return machine.claude(100, BAD, **{"status": "busy", **facts})


def bad_log(machine: Machine, content: bytes) -> None:
    """Its transcript, byte by byte."""
    bad_client(machine)
    machine.transcript(BAD).write_bytes(content)


def row_of(**facts: Any) -> bytes:
    """An answer's row with other facts."""
    return json.dumps({**answer("claude-haiku-4-5"), **facts}).encode() + b"\n"


def usage_of(**counts: Any) -> bytes:
    message = {"model": "claude-haiku-4-5", "usage": counts, "content": []}
    return row_of(message=message)


def vanishing(machine: Machine, patch: pytest.MonkeyPatch) -> None:
    path, read = bad_client(machine), claude_code._object

    def after_it_went(name: str, size: int) -> dict[str, object]:
        if name == str(path):
            path.unlink(missing_ok=True)
        return read(name, size)

    patch.setattr(claude_code, "_object", after_it_went)


def unreadable(machine: Machine, patch: pytest.MonkeyPatch) -> None:
    bad_client(machine)
    other = machine.root / "other"
    machine.process(101, env={"CLAUDE_CONFIG_DIR": str(other)})
    scandir = os.scandir

    def refused(path: str) -> Any:
        if str(path).startswith(str(other)):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    patch.setattr(os, "scandir", refused)


def log_is(make: Callable[[Path], object]) -> Damage:
    """Something else lies where the transcript is."""

    def damage(machine: Machine, _: pytest.MonkeyPatch) -> None:
        bad_client(machine)
        make(machine.transcript(BAD))

    return damage


def registry_is(text: str) -> Damage:
    def damage(machine: Machine, _: pytest.MonkeyPatch) -> None:
        bad_client(machine).write_text(text)

    return damage


def log_holds(content: bytes) -> Damage:
    return lambda machine, _: bad_log(machine, content)


def client(**facts: Any) -> Damage:
    return lambda machine, _: bad_client(machine, **facts)


def huge_line(path: Path) -> None:
    """100 MB without an end; the disk keeps none of it."""
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)


def loop(path: Path) -> None:
    path.symlink_to(path)


def reused(machine: Machine, _: pytest.MonkeyPatch) -> None:
    machine.process(100, start=9_999)
    machine.claude(100, BAD, status="waiting", waitingFor="permission prompt", start=5_000)


def twice(machine: Machine, _: pytest.MonkeyPatch) -> None:
    """Two files name one session: a killed client's, and that of the client that goes on with it."""
    machine.claude(99, BAD, status="busy")
    bad_client(machine)


NESTED = b"[" * 10_000
HALF = row_of(name="名前")[:-8] + "名".encode()[:2] + b"\n"
WHOLE = row_of()
WORKING, ENDED = ("working", False), ("ended", False)

CASES: dict[str, tuple[Damage, Read | None]] = {
    "log: half a character": (log_holds(HALF + WHOLE + HALF), WORKING),
    "log: cut in the middle of a row": (log_holds(WHOLE + row_of()[:60]), WORKING),
    "log: bytes that are no text": (log_holds(b"\xff\xfe\x00" * 500 + b"\n" + WHOLE), WORKING),
    "log: a row of 100 MB": (log_is(huge_line), WORKING),
    "log: 10 000 levels": (log_holds(b'{"type":"assistant","message":' + NESTED + b"\n"), WORKING),
    "log: a pipe": (log_is(os.mkfifo), WORKING),
    "log: a folder": (log_is(Path.mkdir), WORKING),
    "log: a link to itself": (log_is(loop), WORKING),
    "log: numbers as text": (log_holds(WHOLE + usage_of(input_tokens="12000")), WORKING),
    "log: negative tokens": (log_holds(WHOLE + usage_of(input_tokens=-12_000)), WORKING),
    "log: no number": (log_holds(WHOLE + usage_of(input_tokens=float("nan"))), WORKING),
    "log: a time beyond the calendar": (log_holds(row_of(timestamp="9999-12-31T23:59:59-14:00")), WORKING),
    "registry: vanishes between listing and reading": (vanishing, None),
    "registry: a folder that cannot be read": (unreadable, WORKING),
    "registry: half written": (registry_is('{"pid":100,"sessionId":"ba'), None),
    "registry: 10 000 levels": (registry_is('{"pid":' + "[" * 10_000), None),
    "registry: a number as text": (registry_is('{"pid":"100","sessionId":"bad","status":"busy"}'), None),
    "registry: no number": (registry_is('{"pid":NaN,"sessionId":"bad","status":"busy"}'), None),
    "registry: a pid nobody has": (registry_is(f'{{"pid":{10**30},"sessionId":"bad"}}'), None),
    "registry: a pid that belongs to another by now": (reused, ENDED),
    "registry: one session twice": (twice, WORKING),
    "registry: another pid namespace": (client(pidDomain="linux:other:pid:[1]"), WORKING),
    "registry: written by a clock ahead": (client(at=NOW + timedelta(days=400)), WORKING),
    "registry: times beyond the calendar": (client(startedAt=10**15, statusUpdatedAt=9e99), WORKING),
    "registry: a folder that is gone": (client(cwd=Path("/no/such/folder")), WORKING),
    "registry: a folder of any name": (
        client(cwd=Path("/w/👩‍👩‍👧\u202emoc\x1b[31m\x07\ud800" + "名" * 900)),
        WORKING,
    ),
    "registry: a folder with a NUL": (client(cwd=Path("/w/a\0b")), WORKING),
    "registry: a state nobody knows": (client(status=["busy"]), ("idle", True)),
}


def sound(machine: Machine) -> None:
    """The session beside."""
    machine.process(900)
    machine.claude(900, "sound", status="waiting", waitingFor="permission prompt")
    add(machine.transcript("sound"), asked(), answer(tokens=20_000))


def checked(machine: Machine) -> tuple[Session, ...]:
    """The sessions, after every face has told of them and nothing foreign reached a terminal."""
    sessions = machine.sessions()
    json.dumps(documents.document(sessions), ensure_ascii=False).encode()
    assert sum(number for _, number in serving(sessions)) <= len(sessions)
    assert all(use.model is None or use.model.isprintable() for use in uses(sessions))
    for width in (44, 68, 120):
        page = pane.page_for(sessions, {}, Space(width=width, height=40, clock=Clock(now=machine.now)))
        assert all(cells(row.content) <= width for row in page.rows)
        assert page.text().replace("\n", "").isprintable()
    for session in sessions:
        assert session.observed_at <= machine.now
        assert session.started is None or session.started <= machine.now
        assert session.last_activity is None or session.last_activity <= machine.now
    return sessions


def assert_told(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, damage: Damage, expected: tuple[str, bool] | None
) -> None:
    """A damaged session is told as `expected`, twice; the one beside it as it was."""
    sound(machine)
    alone = machine.only()
    damage(machine, monkeypatch)

    for _ in range(2):
        sessions = checked(machine)
        damaged = [session for session in sessions if session.id != "sound"]

        assert [session for session in sessions if session.id == "sound"] == [alone]
        assert [(session.state, session.guess) for session in damaged] == ([expected] if expected else [])


@pytest.mark.parametrize("name", CASES)
def test_one_row_at_worst_and_nothing_false_beside_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert_told(machine, monkeypatch, *CASES[name])


@pytest.mark.parametrize("tokens", ["12000", -3, None, 1e300, True])
def test_damaged_tokens_are_no_empty_context(machine: Machine, tokens: object) -> None:
    bad_log(machine, usage_of(input_tokens=tokens))
    first = machine.only().context_tokens
    add(machine.transcript(BAD), answer(tokens=1000))
    machine.sessions()
    with machine.transcript(BAD).open("ab") as file:
        file.write(usage_of(input_tokens=tokens))

    assert (first, machine.only().context_tokens) == (None, 1000)


def test_a_killed_client_whose_clock_was_ahead_is_not_shown_as_just_ended(machine: Machine) -> None:
    machine.claude(100, BAD, status="busy", at=NOW + timedelta(hours=6))

    assert machine.sessions() == ()


@pytest.mark.parametrize("hours", [-9, -1, 1, 9])
def test_a_clock_that_jumps_changes_no_state(machine: Machine, hours: int) -> None:
    sound(machine)
    machine.process(300, "opencode", cwd=machine.folder("web"))
    told(machine, "session.status", status="busy")
    states = machine.states()
    for _ in range(2):
        machine.now += timedelta(hours=hours)
        assert {session.id: session.state for session in checked(machine)} == states
        machine.now -= timedelta(hours=hours)
        assert {session.id: session.state for session in checked(machine)} == states


@pytest.mark.parametrize("hours", [-9, 9])
def test_a_session_that_ended_before_the_clock_jumped_does_not_stay(machine: Machine, hours: int) -> None:
    bad_client(machine)
    machine.sessions()
    machine.kill(100)
    assert machine.only().state == "ended"
    machine.now += timedelta(hours=hours)

    assert checked(machine) == ()


def test_a_limit_without_an_end_is_not_kept_by_a_clock_set_back(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, BAD, status="idle")
    row = {"isApiErrorMessage": True, "error": "rate_limit", "apiErrorStatus": 429}
    add(machine.transcript(BAD), {**answer("<synthetic>"), **row})
    before = machine.only().state
    machine.now -= timedelta(hours=6)

    assert (before, machine.only().state) == ("limited", "idle")


def test_a_log_dated_ahead_is_no_work_that_goes_on_for_ever(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, BAD, status=None, statusUpdatedAt=None)
    add(machine.transcript(BAD), asked(), at=NOW + timedelta(days=400))

    session = machine.only()

    assert (session.state, session.guess) == ("idle", True)


def test_evidence_from_a_clock_ahead_does_not_stop_later_evidence(machine: Machine) -> None:
    machine.process(300, "opencode", cwd=machine.folder("web"))
    ahead = time.time() + 9 * 3600
    asks = Evidence(agent="opencode", id="ses_1", at=ahead, event="permission.asked", pid=300, start="5000")
    write(machine.ctx.paths, asks)

    told(machine, "session.status", status="busy")

    assert machine.only().state == "working"


@pytest.mark.parametrize("at", [1e12, -5.0, "12", None, float("nan")])
def test_evidence_of_no_moment_says_nothing(machine: Machine, at: object) -> None:
    sound(machine)
    told(machine, "dispose", session="ses_9", pid=12)
    (path,) = machine.ctx.paths.sessions.iterdir()
    content = json.loads(path.read_text())
    content["evidence"]["at"] = at
    path.write_text(json.dumps(content))
    machine.watch = machine.new_watch()

    assert {session.id for session in checked(machine)} == {"sound"}


def test_evidence_of_an_agent_nobody_knows_is_no_row(machine: Machine) -> None:
    write(machine.ctx.paths, Evidence(agent="later-agent", id="x", at=NOW.timestamp(), event="SessionEnd"))

    assert checked(machine) == ()


def test_sessions_that_name_each_other_as_parents_stay_rows(machine: Machine) -> None:
    machine.process(300, "opencode", cwd=machine.folder("web"))
    told(machine, "session.status", session="a", status="busy", parent="b")
    told(machine, "session.status", session="b", status="busy", parent="a")

    assert {session.id for session in checked(machine)} == {"a", "b"}


def test_a_subagents_subagent_keeps_the_session_working(machine: Machine) -> None:
    machine.process(300, "opencode", cwd=machine.folder("web"))
    told(machine, "session.status", session="top", status="idle")
    told(machine, "session.status", session="below", status="idle", parent="top")
    told(machine, "session.status", session="deep", status="busy", parent="below")

    session = machine.only()

    assert (session.id, session.state, [child.id for child in session.children]) == (
        "top",
        "working",
        ["deep"],
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", "x" * 10_000_000),
        ("directory", 7),
        ("model", b"\xff\xfe"),
        ("model", "[" * 10_000),
        ("cost", float("inf")),
        ("cost", "1e999"),
        ("cost", -4),
        ("time_updated", 2**62),
        ("time_updated", "yesterday"),
        ("time_created", None),
    ],
)
def test_a_database_row_of_any_shape_is_one_row_at_worst(
    machine: Machine, column: str, value: object
) -> None:
    sound(machine)
    machine.process(300, "opencode", cwd=machine.folder("web"))
    database(machine, {"id": "ses_1"})
    with sqlite3.connect(machine.home / ".local" / "share" / "opencode" / "opencode.db") as connection:
        connection.execute(f"UPDATE session SET {column} = ?", (value,))
    connection.close()

    states = [session.state for session in checked(machine)]

    assert sorted(states) == ["idle", "waiting"]


def test_a_folder_whose_name_is_no_text_holds_a_session(machine: Machine) -> None:
    folder = machine.home / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    machine.process(300, "opencode", cwd=folder)
    database(machine, {"id": "ses_1", "directory": os.fsencode(folder).decode("utf-8", "replace")})

    (session,) = checked(machine)

    assert (session.id, session.state) == ("ses_1", "idle")


def test_evidence_may_name_a_folder_that_is_no_text(machine: Machine) -> None:
    machine.process(300, "opencode", cwd=machine.folder("web"))
    database(machine, {"id": "ses_1"})
    told(machine, "session.status", session="ses_2", status="busy", cwd="/w/\ud800")

    assert machine.states()["ses_2"] == "working"


def test_the_folder_of_a_session_may_have_been_deleted(machine: Machine) -> None:
    folder = machine.folder("gone")
    machine.process(300, "opencode", cwd=Path(f"{folder} (deleted)"))
    folder.rmdir()
    database(machine, {"id": "ses_1", "directory": folder})

    (session,) = checked(machine)

    assert (session.id, session.project) == ("ses_1", str(folder))


def test_five_thousand_subagents_are_one_session_with_the_newest(machine: Machine) -> None:
    bad_client(machine)
    log = machine.transcript(BAD)
    add(log, asked())
    add_subagents(log, 5_000, apart_s=0.01)

    (session,) = checked(machine)

    assert (session.state, len(session.children), session.children[0].id) == ("working", MOST, "0")


def test_five_thousand_leftovers_hide_no_session_that_runs(machine: Machine) -> None:
    sound(machine)
    path = machine.claude(1_000, "left-0", status="busy")
    content = path.read_text()
    for number in range(1, 5_000):
        left = content.replace("left-0", f"left-{number}").replace("1000", str(1_000 + number), 1)
        path.with_name(f"{1_000 + number}.json").write_text(left)

    sessions = machine.sessions()

    assert (sessions[0].id, sessions[0].state, len(sessions)) == ("sound", "waiting", 5_001)
    assert {session.state for session in sessions[1:]} == {"ended"}
