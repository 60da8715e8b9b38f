"""Claude Code's sessions, from its registry, its transcripts and the processes that run."""

from __future__ import annotations

import json
import os
from datetime import timedelta

import pytest

from pf_tui.sessions.processes import Processes
from tests.sessions.machine import NOW, Machine, add, add_subagents, answer, asked, stamp

LIMIT_ROW = {
    **answer("<synthetic>", at=NOW),
    "isApiErrorMessage": True,
    "error": "rate_limit",
    "apiErrorStatus": 429,
}


@pytest.mark.parametrize(
    ("status", "waiting_for", "state", "kind"),
    [
        ("busy", None, "working", None),
        ("idle", None, "idle", None),
        ("waiting", "permission prompt", "waiting", "permission"),
        ("waiting", "input needed", "waiting", "question"),
        ("waiting", "dialog open", "waiting", "dialog"),
        ("waiting", "a word of a later version", "waiting", "question"),
    ],
)
def test_the_registry_says_the_state(
    machine: Machine, status: str, waiting_for: str | None, state: str, kind: str | None
) -> None:
    machine.process(100)
    machine.claude(100, status=status, waitingFor=waiting_for)

    session = machine.only()

    assert (session.state, session.waiting_for, session.by, session.guess) == (state, kind, "registry", False)


def test_a_change_of_the_registry_is_seen_at_the_next_look(machine: Machine) -> None:
    machine.process(100)
    seen = []
    for status in ("busy", "waiting", "busy", "idle"):
        machine.claude(100, status=status)
        seen.append(machine.only().state)

    assert seen == ["working", "waiting", "working", "idle"]


def test_a_killed_session_is_ended_though_its_registry_file_stays(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, status="busy")
    machine.sessions()
    machine.kill(100)

    session = machine.only()

    assert (session.state, session.killed, session.focus) == ("ended", True, None)
    machine.now += timedelta(minutes=61)
    assert machine.sessions() == ()


def test_a_session_that_left_cleanly_is_ended_for_an_hour(machine: Machine) -> None:
    machine.process(100)
    path = machine.claude(100, status="idle")
    machine.sessions()
    path.unlink()
    machine.kill(100)

    session = machine.only()

    assert (session.state, session.killed) == ("ended", False)
    machine.now += timedelta(minutes=61)
    assert machine.sessions() == ()


def test_a_pid_that_another_process_has_by_now_is_an_ended_session(machine: Machine) -> None:
    machine.process(100, "bash", start=9999)
    machine.claude(100, status="busy", start=5000)

    assert machine.only().state == "ended"


def test_a_pid_that_is_reused_while_we_watch_ends_the_session(machine: Machine) -> None:
    machine.process(100, start=5000)
    machine.claude(100, status="busy", start=5000)
    before = machine.only().state
    machine.process(100, start=9999)

    assert (before, machine.only().state) == ("working", "ended")


def test_a_process_that_only_waits_to_be_collected_does_not_run(machine: Machine) -> None:
    machine.process(100, state="Z")
    machine.claude(100, status="busy")

    assert machine.only().state == "ended"


def test_a_session_of_another_pid_namespace_is_elsewhere(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, status="waiting", waitingFor="permission prompt", pidDomain="linux:other:pid:[1]")

    session = machine.only()

    assert (session.state, session.elsewhere, session.focus) == ("waiting", True, None)
    machine.now += timedelta(minutes=11)
    later = machine.only()
    assert (later.state, later.guess, later.elsewhere) == ("ended", True, True)


def test_clear_changes_the_id_and_stays_one_row(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, "before")
    machine.sessions()
    machine.claude(100, "after")

    assert machine.states() == {"after": "idle"}


def test_two_sessions_in_one_folder_are_two_rows(machine: Machine) -> None:
    machine.process(100)
    machine.process(101)
    machine.claude(100, "one", status="busy")
    machine.claude(101, "two", status="waiting")

    assert machine.states() == {"one": "working", "two": "waiting"}


def test_a_resumed_session_beside_its_leftover_is_the_living_one(machine: Machine) -> None:
    machine.process(101)
    machine.claude(100, "same", status="busy")
    machine.claude(101, "same", status="idle")

    session = machine.only()

    assert (session.state, session.pid) == ("idle", 101)


def test_model_and_context_come_from_the_newest_answer_of_the_main_chain(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, status="idle")
    path = machine.transcript()
    add(path, asked(), answer("claude-opus-5-5", tokens=500), answer("claude-sonnet-5-5", tokens=4000))
    add(path, {**answer("claude-haiku-4-5"), "isSidechain": True})

    session = machine.only()

    assert (session.model, session.context_tokens) == ("claude-sonnet-5-5", 4000)
    assert session.context_percent == pytest.approx(100 * 4000 / 200_000, abs=2)


def test_the_newest_answer_is_found_behind_rows_of_128_kilobytes(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100)
    path = machine.transcript()
    add(path, answer("claude-opus-5-5"), *({"type": "attachment", "text": "x" * 128_000} for _ in range(4)))

    assert machine.only().model == "claude-opus-5-5"


def test_what_is_added_is_read_and_half_a_row_waits(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100)
    path = machine.transcript()
    add(path, answer("claude-opus-5-5"))
    models = [machine.only().model]
    row = json.dumps(answer("claude-sonnet-5-5"))
    with path.open("a") as file:
        file.write(row[:70])
    models.append(machine.only().model)
    with path.open("a") as file:
        file.write(row[70:] + "\n")
    models.append(machine.only().model)
    path.write_text(json.dumps(answer("claude-haiku-4-5")) + "\n")  # replaced by a shorter one
    models.append(machine.only().model)

    assert models == ["claude-opus-5-5", "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5"]


def test_a_limit_holds_until_its_reset_and_then_the_session_is_ready(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, status="idle")
    resets = NOW + timedelta(hours=1)
    quota = {"status": "rejected", "resetsAt": round(resets.timestamp()), "rateLimitType": "five_hour"}
    add(machine.transcript(), answer(), {**LIMIT_ROW, "quotaLimits": quota})

    session = machine.only()

    assert (session.state, session.limited_until, session.model) == ("limited", resets, "claude-sonnet-5-5")
    machine.now = resets + timedelta(seconds=1)
    assert machine.only().state == "idle"


def test_a_later_prompt_takes_a_limit_back(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, status="idle")
    path = machine.transcript()
    add(path, answer(), LIMIT_ROW)
    before = machine.only().state
    add(path, asked())

    assert (before, machine.only().state) == ("limited", "idle")


def test_a_headless_client_that_waits_to_retry_is_limited_until_then(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, status="busy")
    row = {
        "isSidechain": False, "type": "system", "subtype": "api_error", "error": {"status": 429},
        "retryInMs": 35_000, "timestamp": stamp(NOW),
    }  # fmt: skip
    add(machine.transcript(), answer(), row)

    session = machine.only()

    assert (session.state, session.limited_until) == ("limited", NOW + timedelta(seconds=35))


def test_an_old_client_without_a_status_is_a_guess_from_its_rows(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, status=None)
    path = machine.transcript()
    add(path, answer(), asked())
    working = machine.only()
    add(path, asked("[Request interrupted by user]"))
    stopped = machine.only()

    assert (working.state, working.guess, working.by) == ("working", True, "log")
    assert stopped.state == "idle"


def test_subagents_that_work_are_children_with_their_own_model(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, status="busy")
    path = machine.transcript()
    add(path, answer())
    folder = path.with_suffix("") / "subagents"
    folder.mkdir(parents=True)
    for name, finished in (("a1", False), ("a2", True)):
        (folder / f"agent-{name}.meta.json").write_text(
            json.dumps({"agentType": "Explore", "finished": finished})
        )
        add(folder / f"agent-{name}.jsonl", {**answer("claude-haiku-4-5"), "isSidechain": True})
    os.utime(folder / "agent-a1.meta.json", (NOW.timestamp(), NOW.timestamp()))

    (child,) = machine.only().children

    assert (child.id, child.parent, child.agent_type) == ("a1", "s-1", "Explore")
    assert (child.model, child.state) == ("claude-haiku-4-5", "working")
    (folder / "agent-a1.meta.json").write_text(json.dumps({"agentType": "Explore", "finished": True}))
    assert machine.only().children == ()


def test_five_thousand_subagents_are_one_row_with_the_newest(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, status="busy")
    path = machine.transcript()
    add(path, answer())
    add_subagents(path, 5_000)

    session = machine.only()

    assert [child.id for child in session.children][:2] == ["0", "1"]
    assert len(session.children) == 20


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[1,2]",
        b'{"pid":"x"}',
        b'{"pid":1,"sessionId":7}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_a_damaged_registry_file_costs_only_itself(machine: Machine, content: bytes) -> None:
    machine.process(100)
    path = machine.claude(100)
    path.with_name("101.json").write_bytes(content)
    os.mkfifo(path.with_name("102.json"))

    assert machine.states() == {"s-1": "idle"}


def test_damaged_rows_are_passed_over(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100)
    path = machine.transcript()
    add(path, answer("claude-opus-5-5"))
    with path.open("ab") as file:
        file.write(b'{"type":"assistant","message":null}\n{"type":"assistant","message":{"usage":[]}}\n')
        file.write(b'{"type":"assistant"\n\0\0\0\n{"type":"assistant","message":{"model":7,"usage":{}}}\n')

    assert machine.only().model == "claude-opus-5-5"


def test_escapes_in_names_cannot_steer_a_terminal(machine: Machine) -> None:
    cwd = machine.folder("a\x1b[31m\u202eb界")
    machine.process(100)
    machine.claude(100, cwd=cwd)
    add(machine.transcript(cwd=cwd), answer("mod\x1b]0;el"))

    session = machine.only()

    assert session.project is not None
    assert session.project.endswith("界")
    assert all(text.isprintable() for text in (session.project, session.cwd or "", session.model or ""))


def test_an_id_that_climbs_out_of_the_folder_is_no_file(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, "../../../../etc/passwd")

    assert machine.only().model is None


def test_a_clock_that_jumps_never_shows_a_time_to_come(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, status="busy", at=NOW + timedelta(days=400))

    session = machine.only()

    assert session.state == "working"
    assert session.observed_at <= NOW
    machine.now -= timedelta(days=4000)
    assert machine.only().state == "working"


def test_a_client_with_its_own_config_folder_is_seen(machine: Machine) -> None:
    other = machine.root / "other"
    machine.process(100, env={"CLAUDE_CONFIG_DIR": str(other)})
    path = machine.claude(100)
    other.mkdir()
    (path.parent).rename(other / "sessions")

    assert machine.states() == {"s-1": "idle"}


def test_a_pane_is_known_with_the_socket_of_its_server(machine: Machine) -> None:
    machine.process(100, env={"TMUX": "/tmp/tmux-0/default,99,0", "TMUX_PANE": "%3"})
    machine.process(101)
    machine.claude(100, "in-tmux", tmux="s:@0.%3")
    machine.claude(101, "bare", tmux="s:@0.%3")

    focus = {session.id: session.focus for session in machine.sessions()}

    assert focus["in-tmux"] is not None
    assert (focus["in-tmux"].tmux_socket, focus["in-tmux"].tmux_pane) == ("/tmp/tmux-0/default", "%3")
    assert focus["bare"] is not None
    assert (focus["bare"].tmux_pane, focus["bare"].tty) == (None, "/dev/pts/4")


def test_where_processes_cannot_be_listed_a_pid_in_use_is_a_guess(machine: Machine) -> None:
    machine.claude(os.getpid(), "here", status="busy")
    machine.claude(2**22 + 5, "gone", status="busy")
    blind = Processes(machine.proc)
    blind.visible = False
    machine.watch.processes = blind

    found = {session.id: (session.state, session.guess) for session in machine.sessions()}

    assert found == {"here": ("working", True), "gone": ("ended", False)}


def test_branch_and_worktree_come_from_gits_files(machine: Machine) -> None:
    main = machine.folder("api")
    (main / ".git" / "worktrees" / "feat").mkdir(parents=True)
    (main / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (main / ".git" / "worktrees" / "feat" / "HEAD").write_text("ref: refs/heads/feat/x\n")
    linked = machine.folder("api-feat")
    (linked / ".git").write_text(f"gitdir: {main}/.git/worktrees/feat\n")
    inside = machine.folder("api-feat/src")
    machine.process(100)
    machine.process(101)
    machine.claude(100, "linked", cwd=inside)
    machine.claude(101, "main", cwd=main)

    places = {one.id: (one.project, one.worktree, one.branch) for one in machine.sessions()}

    assert places == {"linked": (str(main), "feat", "feat/x"), "main": (str(main), None, "main")}
    (main / ".git" / "HEAD").write_text("0123456789abcdef\n")
    assert {one.branch for one in machine.sessions()} == {"feat/x", "01234567"}


def test_a_session_put_in_the_background_is_one_row(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, "s-1", status="busy")
    add(machine.transcript(), asked())
    before = machine.states()
    machine.claude(100, "s-1", status="busy", parkedJobId="j-1")  # its screen lists agents now
    machine.process(101)
    job = {"kind": "bg", "jobId": "j-1", "waitingFor": "permission prompt"}
    machine.claude(101, "j-1-session", status="waiting", **job)
    machine.process(102)
    machine.claude(102, "j-2", status="idle", kind="bg", jobId="j-2", spare=True)  # waits for a next one
    during = machine.states()
    machine.kill(101)

    assert before == {"s-1": "working"}
    assert during == {"j-1-session": "waiting"}
    assert machine.states() == {"s-1": "idle", "j-1-session": "ended"}
