"""Codex's sessions, from the lock a process holds, the thread's rollout and our PermissionRequest hook."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pf_tui.sessions.evidence import Evidence, write
from tests.sessions.machine import NOW, Machine, add, event, stamp

THREAD = f"{round(NOW.timestamp() * 1000):012x}"
THREAD = f"{THREAD[:8]}-{THREAD[8:]}-7f00-bb1e-57f268e976d2"
OTHER = f"{THREAD[:-1]}3"

META: dict[str, Any] = {
    "timestamp": stamp(NOW),
    "type": "session_meta",
    "payload": {
        "id": THREAD,
        "cwd": "/code/api",
        "model_provider": "openrouter",
        "base_instructions": {"text": "x"},
    },
}
CONTEXT: dict[str, Any] = {
    "timestamp": stamp(NOW),
    "type": "turn_context",
    "payload": {"turn_id": "t-1", "cwd": "/code/api", "model": "gpt-5.2"},
}


def started(turn: str = "t-1", **more: Any) -> dict[str, Any]:
    return event("task_started", turn_id=turn, model_context_window=258_400, **more)


def counted(tokens: int, *, used: float = 42.5, resets_s: int = 0) -> dict[str, Any]:
    info = {
        "total_token_usage": {},
        "last_token_usage": {"total_tokens": tokens},
        "model_context_window": 258_400,
    }
    primary = {"used_percent": used, "window_minutes": 300, "resets_at": resets_s}
    return event("token_count", info=info, rate_limits={"primary": primary, "secondary": None})


def permission(machine: Machine, *, after_s: float = 1, turn: str = "t-1") -> None:
    at = (NOW + timedelta(seconds=after_s)).timestamp()
    write(machine.ctx.paths, Evidence(agent="codex", id=THREAD, at=at, event="PermissionRequest", turn=turn))


def test_a_session_is_there_before_its_first_prompt(machine: Machine) -> None:
    machine.process(200, "codex", cwd=machine.folder("api"))
    machine.codex(200, THREAD)

    session = machine.only()

    assert (session.id, session.state, session.agent) == (THREAD, "idle", "codex")
    assert session.project == str(machine.folder("api"))


def test_a_screen_is_a_row_before_codex_takes_the_threads_lock(machine: Machine) -> None:
    database = machine.home / ".codex" / "state_5.sqlite"
    machine.process(200, "codex", files=("/dev/pts/4", "/dev/pts/4", str(database)))
    machine.process(201, "codex", files=("/dev/null", str(database)))  # a server
    machine.process(202, "codex", files=("/dev/pts/4",))  # codex login
    opening = machine.only()
    machine.codex(200, THREAD)
    first = machine.only()
    machine.kill(200)

    assert (opening.id, opening.state, opening.by, opening.guess) == ("pid-200", "idle", "process", True)
    assert (first.id, first.guess) == (THREAD, False)
    assert machine.states() == {THREAD: "ended"}


def test_an_open_turn_works_and_its_end_is_idle(machine: Machine) -> None:
    machine.process(200, "codex")
    path = machine.codex(200, THREAD)
    seen = []
    for rows in ([META, started(), CONTEXT], [event("task_complete", turn_id="t-1")], [started("t-2")],
                 [event("turn_aborted", turn_id="t-2", reason="interrupted")]):  # fmt: skip
        add(path, *rows)
        seen.append(machine.only().state)

    assert seen == ["working", "idle", "working", "idle"]


def test_model_provider_and_context_are_the_rollouts(machine: Machine) -> None:
    machine.process(200, "codex")
    add(machine.codex(200, THREAD), META, started(), CONTEXT, counted(25_840))

    session = machine.only()

    assert (session.model, session.provider, session.provider_by) == ("gpt-5.2", "openrouter", "log")
    assert (session.context_tokens, session.context_percent) == (25_840, 10.0)


def test_the_gateways_own_name_is_no_provider(machine: Machine) -> None:
    machine.process(200, "codex")
    behind = {**META, "payload": {**META["payload"], "model_provider": "pf-tui"}}
    add(machine.codex(200, THREAD), behind, started(), CONTEXT)

    session = machine.only()

    assert (session.model, session.provider, session.provider_by) == ("gpt-5.2", None, None)


def test_a_question_for_approval_is_waiting_until_the_next_row(machine: Machine) -> None:
    machine.process(200, "codex")
    path = machine.codex(200, THREAD)
    add(path, META, started(), CONTEXT)
    machine.now = NOW + timedelta(seconds=2)
    permission(machine)
    waiting = machine.only()
    add(path, event("exec_command_end", at=NOW + timedelta(seconds=3)))
    answered = machine.only()

    assert (waiting.state, waiting.waiting_for, waiting.by) == ("waiting", "permission", "hook")
    assert answered.state == "working"


def test_a_question_of_an_earlier_turn_is_over(machine: Machine) -> None:
    machine.process(200, "codex")
    add(machine.codex(200, THREAD), META, started("t-2"), CONTEXT)
    permission(machine, turn="t-1")

    assert machine.only().state == "working"


def test_a_stopped_turn_takes_its_question_back(machine: Machine) -> None:
    machine.process(200, "codex")
    path = machine.codex(200, THREAD)
    add(path, META, started(), CONTEXT)
    permission(machine)
    add(path, event("turn_aborted", turn_id="t-1"))

    assert machine.only().state == "idle"


def test_a_usage_limit_holds_until_its_reset(machine: Machine) -> None:
    machine.process(200, "codex")
    resets = NOW + timedelta(hours=2)
    error = {"message": "You've hit your usage limit.", "codex_error_info": "usage_limit_exceeded"}
    rows = [META, started(), CONTEXT, counted(1000, used=100.0, resets_s=round(resets.timestamp()))]
    add(machine.codex(200, THREAD), *rows, event("task_complete", error=error))

    session = machine.only()

    assert (session.state, session.limited_until) == ("limited", resets)
    machine.now = resets + timedelta(seconds=1)
    assert machine.only().state == "idle"


@pytest.mark.parametrize(
    ("words", "after_s", "state"),
    [
        ("at {end:%H:%M} UTC", -1, "limited"),
        ("at {end:%H:%M} UTC", 59, "limited"),
        ("at {end:%H:%M} UTC", 60, "idle"),
        ("in 2 hours 7 seconds", 6, "limited"),
        ("in 2 hours 7 seconds", 8, "idle"),
    ],
)
def test_an_end_told_in_whole_minutes_lasts_until_that_minute_is_over(
    machine: Machine, words: str, after_s: int, state: str
) -> None:
    end = NOW + timedelta(hours=2)
    message = f"You've hit your usage limit. Try again {words.format(end=end)}."
    error = {"message": message, "codex_error_info": "usage_limit_exceeded"}
    machine.process(200, "codex")
    add(machine.codex(200, THREAD), META, started(), CONTEXT, event("task_complete", error=error))

    machine.now = end + timedelta(seconds=after_s)

    assert machine.only().state == state


def test_a_lock_file_that_a_kill_left_behind_is_no_session(machine: Machine) -> None:
    machine.process(200, "codex")
    add(machine.codex(200, THREAD), META, started(), CONTEXT)
    machine.sessions()
    machine.kill(200)

    assert (machine.only().state, machine.only().killed) == ("ended", True)
    machine.watch = machine.new_watch()
    assert machine.sessions() == ()


def test_a_lock_of_another_program_is_no_session(machine: Machine) -> None:
    machine.process(200, "vim")
    machine.codex(200, THREAD)

    assert machine.sessions() == ()


def test_a_spawned_thread_is_a_child_while_it_works(machine: Machine) -> None:
    machine.process(200, "codex")
    machine.process(201, "codex")
    add(machine.codex(200, THREAD), META, started(), CONTEXT)
    source = {"subagent": {"thread_spawn": {"parent_thread_id": THREAD}}}
    child = machine.codex(201, OTHER)
    add(child, {**META, "payload": {**META["payload"], "id": OTHER, "source": source}}, started(), CONTEXT)

    session = machine.only()

    assert [one.id for one in session.children] == [OTHER]
    add(child, event("task_complete", turn_id="t-1"))
    assert machine.only().children == ()


def test_codex_in_a_home_of_its_own_is_seen(machine: Machine) -> None:
    other = machine.root / "codex-home"
    machine.process(200, "codex", env={"CODEX_HOME": str(other)})
    machine.codex(200, THREAD)
    (machine.home / ".codex").rename(other)

    assert machine.states() == {THREAD: "idle"}
