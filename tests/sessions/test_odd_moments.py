"""What becomes of files, processes and clocks between two looks, and words of kinds that no client writes."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui.sessions.evidence import Evidence, file_name, write
from pf_tui.sessions.folding import folded
from pf_tui.sessions.records import Draft, Signals, Stamp
from tests.sessions.machine import NOW, Machine, add, answer, asked
from tests.sessions.test_bad_input import BAD, bad_client, checked, sound
from tests.sessions.test_codex import CONTEXT, META, OTHER, THREAD, started
from tests.sessions.test_opencode import database, told

HUGE = 200 * 1024 * 1024


def states(machine: Machine) -> dict[str, str]:
    return {session.id: session.state for session in checked(machine)}


def sparse(path: Path) -> None:
    """One line without an end; the disk keeps none of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(HUGE)


def test_a_register_replaced_while_it_is_read_is_read_at_the_next_look(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound(machine)
    folder = bad_client(machine).parent
    scandir = os.scandir

    def replaced(path: Any) -> Any:
        entries = list(scandir(path))
        if str(path) == str(folder) and folder.exists():
            shutil.move(folder, machine.root / "moved")
        return entries

    monkeypatch.setattr("pf_tui.sessions.claude_code.os.scandir", replaced)
    during = states(machine)
    monkeypatch.undo()
    shutil.move(machine.root / "moved", folder)

    assert set(during) <= {"sound", BAD}
    assert states(machine) == {"sound": "waiting", BAD: "working"}


@pytest.mark.parametrize("kind", ["file", "link to itself", "pipe"])
def test_the_folder_of_what_hooks_saw_may_become_anything(machine: Machine, kind: str) -> None:
    sound(machine)
    machine.process(300, "opencode", cwd=machine.folder("web"))
    told(machine, "session.status", status="busy")
    before = states(machine)
    folder = machine.ctx.paths.sessions
    shutil.rmtree(folder)
    {"file": Path.touch, "link to itself": lambda path: path.symlink_to(path), "pipe": os.mkfifo}[kind](
        folder
    )
    machine.sessions()
    after = states(machine)
    wrote = write(machine.ctx.paths, Evidence(agent="opencode", id="x", at=NOW.timestamp(), event="y"))

    assert list(before.values()).count("working") == 1
    assert after["sound"] == "waiting"
    assert set(after.values()) <= {"waiting", "idle"}
    assert not wrote


@pytest.mark.parametrize("which", ["register", "evidence", "subagent", "transcript", "rollout"])
def test_a_file_of_200_mb_in_one_line_is_one_row_at_worst(machine: Machine, which: str) -> None:
    sound(machine)
    path = bad_client(machine)
    log = machine.transcript(BAD)
    add(log, asked())
    machine.process(200, "codex", cwd=machine.folder("api"))
    rollout = machine.codex(200, THREAD)
    add(rollout, META, started())
    machine.sessions()
    target = {
        "register": path,
        "evidence": machine.ctx.paths.sessions / file_name("claude-code", BAD),
        "subagent": log.with_suffix("") / "subagents" / "agent-1.meta.json",
        "transcript": log,
        "rollout": rollout,
    }[which]
    sparse(target)

    for _ in range(2):
        after = states(machine)
        assert after.pop("sound") == "waiting"
        assert set(after) <= {BAD, THREAD}


def test_an_inode_that_names_another_threads_lock_by_now_is_that_thread(machine: Machine) -> None:
    machine.process(200, "codex", cwd=machine.folder("api"))
    add(machine.codex(200, THREAD), META, CONTEXT, started())
    before = states(machine)
    lock = machine.home / ".codex" / "thread-writer-locks" / f"{THREAD}.lock"
    lock.rename(lock.with_name(f"{OTHER}.lock"))

    assert before == {THREAD: "working"}
    assert states(machine) == {OTHER: "idle"}


@pytest.mark.parametrize("start", ["5000", None])
def test_a_pid_that_is_anothers_by_now_waits_for_nobody(machine: Machine, start: str | None) -> None:
    machine.process(300, "opencode", cwd=machine.folder("web"))
    facts = {"status": "busy", "waiting_for": "permission"}
    asked = Evidence(
        agent="opencode", id="x", at=NOW.timestamp(), event="permission.asked", pid=300, start=start, **facts
    )
    write(machine.ctx.paths, asked)
    before = list(states(machine).values())
    machine.kill(300)
    machine.sessions()
    machine.process(300, "bash", start=9_999)

    assert before == ["waiting"]
    assert set(states(machine).values()) <= {"ended"}


FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
ODD = f"\u200f\u05d0\u05d1{FAMILY}\uff57\uff49\u540d\u2066\u202e\u0301\ufeff\x1b[31m\x07"


@pytest.mark.parametrize("place", ["folder", "branch", "model", "session", "agent type", "provider"])
def test_letters_that_turn_join_or_are_wide_stay_in_their_cells(machine: Machine, place: str) -> None:
    sound(machine)
    folder = machine.folder(ODD.replace("\x1b", "").replace("\x07", "") if place == "folder" else "beta")
    if place == "branch":
        (folder / ".git").mkdir()
        (folder / ".git" / "HEAD").write_text(f"ref: refs/heads/{ODD * 20}\n")
    session = ODD if place == "session" else BAD
    machine.process(100)
    machine.claude(100, session, status="busy", cwd=folder)
    log = machine.transcript(BAD, folder)
    add(log, asked(), answer(ODD * 9 if place == "model" else "claude-haiku-4-5"))
    agents = log.with_suffix("") / "subagents"
    agents.mkdir(parents=True)
    (agents / "agent-1.meta.json").write_text(
        json.dumps({"agentType": ODD if place == "agent type" else "x"})
    )
    write(
        machine.ctx.paths,
        Evidence(
            agent="claude-code",
            id=BAD,
            at=NOW.timestamp(),
            event="Stop",
            provider=ODD if place == "provider" else None,
        ),
    )

    after = states(machine)
    assert after.pop("sound") == "waiting"
    assert list(after.values()) in (["working"], [])


MANY = 5_000

PARENTS: dict[str, Callable[[int], int | None]] = {
    "chain": lambda number: number - 1 if number else None,
    "ring": lambda number: (number - 1) % MANY,
    "pairs": lambda number: number ^ 1,
    "a tail that ends in a ring": lambda number: number - 1 if number else 2,
}


@pytest.mark.parametrize("shape", PARENTS)
def test_thousands_of_subagents_of_each_other_are_told_once_each(shape: str) -> None:
    busy = Signals(life="alive", busy=Stamp(by="hook", at=NOW))
    parents = [PARENTS[shape](number) for number in range(MANY)]
    drafts = [
        Draft(id=str(number), agent="opencode", signals=busy, parent=None if parent is None else str(parent))
        for number, parent in enumerate(parents)
    ]

    rows = folded(drafts)
    ids = [draft.id for row in rows for draft in (row, *row.children)]

    assert sorted(ids) == sorted(draft.id for draft in drafts)
    assert len(rows) == (1 if shape == "chain" else MANY)


def test_hundreds_of_sessions_in_a_ring_hide_no_other(machine: Machine) -> None:
    sound(machine)
    machine.process(300, "opencode", cwd=machine.folder("web"))
    told(machine, "session.status", session="s0", status="busy")
    path = machine.ctx.paths.sessions / file_name("opencode", "s0")
    content = json.loads(path.read_text())
    for number in range(200):
        facts = {**content, "id": f"s{number}", "parent": f"s{(number + 1) % 200}"}
        path.with_name(file_name("opencode", f"s{number}")).write_text(json.dumps(facts))

    after = states(machine)

    assert after.pop("sound") == "waiting"
    assert set(after.values()) == {"working"}


WRONG: tuple[object, ...] = (None, True, 7, -1.5, 10**30, "", "x" * 9_999, [], ["j"], {}, {"a": {}})


@pytest.mark.parametrize(
    "name",
    [
        *("parkedJobId", "jobId", "spare", "kind", "procStart", "startedAt", "statusUpdatedAt", "updatedAt"),
        *("waitingFor", "tmux", "pidDomain", "entrypoint", "cwd", "status", "sessionId", "pid"),
    ],
)
def test_a_word_of_the_register_may_be_of_any_kind(machine: Machine, name: str) -> None:
    sound(machine)
    path = bad_client(machine)
    content = json.loads(path.read_text())
    for wrong in WRONG:
        path.write_text(json.dumps({**content, name: wrong}))
        os.utime(path, ns=(1, WRONG.index(wrong) if wrong is not True else 99))

        after = states(machine)
        assert after.pop("sound") == "waiting"
        assert len(after) <= 1 + (name == "sessionId"), (name, wrong, after)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_codex_is_the_same_after_the_clock_jumped(machine: Machine, hours: int) -> None:
    machine.process(200, "codex", cwd=machine.folder("api"))
    add(machine.codex(200, THREAD), META, CONTEXT, started())
    files = ("/dev/pts/4", str(machine.home / ".codex" / "state_5.sqlite"))
    machine.process(201, "codex", cwd=machine.folder("web"), files=files)
    before = states(machine)
    machine.now += timedelta(hours=hours)

    assert before == {THREAD: "working", "pid-201": "idle"}
    assert states(machine) == before


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def rubbish(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 9_000)


def of_another(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE session (id, title)")
        connection.execute("CREATE TABLE message (id)")
    connection.close()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [emptied, rubbish, of_another, a_folder, Path.unlink])
def test_a_database_that_turned_into_anything_leaves_the_process(
    machine: Machine, damage: Callable[[Path], object]
) -> None:
    sound(machine)
    machine.process(300, "opencode", cwd=machine.folder("web"))
    database(machine, {"id": "ses_1"})
    machine.sessions()
    damage(machine.home / ".local" / "share" / "opencode" / "opencode.db")

    assert sorted(states(machine).values()) == ["idle", "waiting"]


@pytest.mark.parametrize(
    "value", ["/", "/dev/null", "/proc/self/fd", "," * 5_000, "a/b", "\x01", "~nobody/x", "x" * 9_000]
)
def test_a_client_may_keep_its_files_anywhere(machine: Machine, value: str) -> None:
    sound(machine)
    machine.process(101, env={"CLAUDE_CONFIG_DIR": value})
    machine.process(201, "codex", env={"CODEX_HOME": value})
    machine.process(301, "opencode", env={"XDG_DATA_HOME": value, "OPENCODE_DB": value})

    after = states(machine)
    assert after["sound"] == "waiting"
    assert set(after) <= {"sound", "pid-301"}
