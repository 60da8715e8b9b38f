"""More of what files can hold: odd text, links, damaged processes, rollouts, evidence and repositories."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui.sessions.evidence import file_name
from pf_tui.state.clock import to_text
from tests.sessions.machine import NOW, Machine, add, answer, asked, event, stamp
from tests.sessions.test_bad_input import (
    BAD,
    ENDED,
    WHOLE,
    WORKING,
    Damage,
    Read,
    assert_told,
    bad_client,
    checked,
    client,
    huge_line,
    log_holds,
    log_is,
    row_of,
    sound,
    usage_of,
)
from tests.sessions.test_codex import CONTEXT, META, THREAD, started

LIMITED = {
    "isApiErrorMessage": True,
    "error": "rate_limit",
    "apiErrorStatus": 429,
    "message": {"model": "<synthetic>", "content": []},
}
IDLE, UNSURE = ("idle", False), ("working", True)


def pid_of(number: str) -> Damage:
    """A registry file of another pid."""

    def damage(machine: Machine, _: pytest.MonkeyPatch) -> None:
        path = bad_client(machine)
        path.write_text(path.read_text().replace('"pid":100', f'"pid":{number}'))

    return damage


def link_to(target: str) -> Damage:
    return log_is(lambda path: path.symlink_to(target))


def beside(machine: Machine, _: pytest.MonkeyPatch) -> None:
    """The transcript is a link to that of another session."""
    bad_client(machine)
    machine.transcript(BAD).symlink_to(machine.transcript("sound"))


def limited(quota: object, **facts: Any) -> Damage:
    """A client that rests behind a row that tells of a limit."""

    def damage(machine: Machine, _: pytest.MonkeyPatch) -> None:
        bad_client(machine, status="idle")
        row = {**answer(), **LIMITED, "quotaLimits": quota, **facts}
        machine.transcript(BAD).write_text(json.dumps(row) + "\n")

    return damage


def process(**facts: Any) -> Damage:
    """A client whose process looks otherwise than any."""

    def damage(machine: Machine, _: pytest.MonkeyPatch) -> None:
        bad_client(machine)
        for name, content in facts.items():
            path = machine.proc / "100" / name
            path.unlink()
            if content is not None:
                path.write_bytes(content)

    return damage


def subagents(make: Callable[[Path], object]) -> Damage:
    """A client at work whose folder of subagents is to be damaged."""

    def damage(machine: Machine, _: pytest.MonkeyPatch) -> None:
        bad_client(machine)
        log = machine.transcript(BAD)
        add(log, asked())
        folder = log.with_suffix("") / "subagents"
        folder.parent.mkdir(parents=True)
        make(folder)

    return damage


def odd_subagents(folder: Path) -> None:
    folder.mkdir()
    for number, content in enumerate(
        (b"", b"\0" * 99, b"[]", b'{"agentType":["x"],"model":{}}', b"{" * 9_000)
    ):
        (folder / f"agent-{number}.meta.json").write_bytes(content)
    os.mkfifo(folder / "agent-pipe.meta.json")
    (folder / "agent-loop.meta.json").symlink_to("agent-loop.meta.json")
    (folder / "agent-a\nb\x1b[31m.meta.json").write_text('{"agentType":"\\u001b[31m\\u202eExplore"}')


def repository(make: Callable[[Path], object]) -> Damage:
    """A client in a folder whose repository is to be damaged."""

    def damage(machine: Machine, _: pytest.MonkeyPatch) -> None:
        folder = machine.folder("odd")
        make(folder / ".git")
        bad_client(machine, cwd=folder)

    return damage


def head(make: Callable[[Path], object]) -> Damage:
    def with_head(git: Path) -> None:
        git.mkdir()
        make(git / "HEAD")

    return repository(with_head)


def seen(content: bytes | None) -> Damage:
    """What a hook left of the client, byte by byte."""

    def damage(machine: Machine, _: pytest.MonkeyPatch) -> None:
        bad_client(machine)
        folder = machine.ctx.paths.sessions
        folder.mkdir(parents=True)
        path = folder / file_name("claude-code", BAD)
        os.mkfifo(path) if content is None else path.write_bytes(content)

    return damage


def noticed(**facts: Any) -> Damage:
    known = {"v": 1, "agent": "claude-code", "id": BAD, "at": NOW.timestamp(), "event": "Stop"}
    return seen(json.dumps({**known, **facts}).encode())


def live(**facts: Any) -> Damage:
    """What the gateway says of the session it serves."""

    def damage(machine: Machine, _: pytest.MonkeyPatch) -> None:
        bad_client(machine)
        machine.ctx.paths.home.mkdir(parents=True)
        place = {"pid": os.getpid(), "host": "127.0.0.1", "port": 4100, "since": to_text(NOW), "token": "x"}
        machine.ctx.paths.gateway.write_text(json.dumps(place))
        machine.ctx.paths.live.write_text(json.dumps({"version": 1, "pid": os.getpid(), **facts}))

    return damage


def registries(machine: Machine, _: pytest.MonkeyPatch) -> None:
    """Links, pipes and folders where registry files lie."""
    folder = bad_client(machine).parent
    os.mkfifo(folder / "1.json")
    (folder / "2.json").symlink_to("2.json")
    (folder / "3.json").symlink_to("/dev/zero")
    (folder / "4.json").mkdir()
    (folder / "5.json").write_bytes(b" " * 70_000)


def three_of_one_process(machine: Machine, _: pytest.MonkeyPatch) -> None:
    path = bad_client(machine)
    for number in range(2):
        path.with_name(f"copy-{number}.json").write_text(path.read_text())


AT = NOW - timedelta(seconds=3)
ROW = json.dumps(answer(tokens=7_000)).encode()

CASES: dict[str, tuple[Damage, Read | None]] = {
    "log: lines that end as on Windows": (log_holds(ROW + b"\r\n" + ROW + b"\r\n"), WORKING),
    "log: a byte order mark": (log_holds(b"\xef\xbb\xbf" + ROW + b"\n"), WORKING),
    "log: UTF-16": (log_holds(ROW.decode().encode("utf-16")), WORKING),
    "log: compressed": (log_holds(gzip.compress(ROW)), WORKING),
    "log: NUL bytes between its rows": (log_holds(WHOLE + b"\0" * 9_000 + b"\n" + WHOLE), WORKING),
    "log: rows that are no objects": (log_holds(b'[]\n1\n"x"\nnull\n' + WHOLE), WORKING),
    "log: a key twice": (log_holds(b'{"type":"assistant","type":"user","message":{}}\n' + WHOLE), WORKING),
    "log: a link to itself through another": (link_to("/proc/self/cwd/.."), WORKING),
    "log: a link to a device": (link_to("/dev/zero"), WORKING),
    "log: a link to nothing": (link_to("/no/such/file"), WORKING),
    "log: a link to another session's": (beside, WORKING),
    "log: rows of subagents alone": (log_holds(row_of(isSidechain=True) * 9), WORKING),
    "log: a model of escapes": (
        log_holds(row_of(message={"model": "\x1b]0;t\x07\u202e名" * 90, "usage": {}})),
        WORKING,
    ),
    "log: a model that is a list": (
        log_holds(WHOLE + row_of(message={"model": ["m"], "usage": {}})),
        WORKING,
    ),
    "log: usage that is text": (log_holds(row_of(message={"model": "m", "usage": "many"})), WORKING),
    "log: tokens beyond all": (log_holds(usage_of(input_tokens=10**40)), WORKING),
    "log: a reason to stop that is an object": (
        log_holds(row_of(message={"model": "m", "usage": {}, "stop_reason": {"end": "turn"}})),
        WORKING,
    ),
    "log: a limit that is a list": (limited(["rejected"]), ("limited", False)),
    "log: a limit until nan": (limited({"status": "rejected", "resetsAt": float("nan")}), ("limited", False)),
    "log: a limit beyond the calendar": (
        limited({"status": "rejected", "resetsAt": 1e300}),
        ("limited", False),
    ),
    "log: a limit long over": (limited({"status": "rejected", "resetsAt": 1_000_000_000}), IDLE),
    "log: a limit at no time": (limited({}, timestamp={"at": 1}), IDLE),
    "registry: a session of a path": (client(sessionId="../../../etc/passwd"), WORKING),
    "registry: a session of a megabyte": (client(sessionId="s" * 1_000_000), None),
    "registry: pid 0": (pid_of("0"), ENDED),
    "registry: a negative pid": (pid_of("-100"), ENDED),
    "registry: a pid that is true": (pid_of("true"), None),
    "registry: without a start": (client(procStart=None), UNSURE),
    "registry: a start that is a number": (client(procStart=5000), UNSURE),
    "registry: links, pipes and folders": (registries, WORKING),
    "registry: three files of one process": (three_of_one_process, WORKING),
    "registry: waits for a list": (client(status="waiting", waitingFor=["x"]), ("waiting", False)),
    "registry: a folder that is a number": (client(cwd=7), WORKING),
    "registry: a job of a shell's signs": (client(kind="bg", jobId="x; rm -rf ~"), WORKING),
    "registry: started tomorrow": (client(startedAt=(NOW.timestamp() + 86_400) * 1000), WORKING),
    "process: a name of brackets and line ends": (
        process(stat=b"100 (cl) S\n(a) S 1\n", comm=b"cl) S\n(a\n"),
        ENDED,
    ),
    "process: a stat without fields": (process(stat=b"100 (claude)\n"), ENDED),
    "process: an empty stat": (process(stat=b""), ENDED),
    "process: an environment of rubbish": (process(environ=b"\xff\0==\0=x\0NO\0" * 999), WORKING),
    "process: no environment": (process(environ=None), WORKING),
    "process: no folder": (process(cwd=None), WORKING),
    "subagents: a file": (subagents(Path.touch), WORKING),
    "subagents: a link to itself": (subagents(lambda path: path.symlink_to(path)), WORKING),
    "subagents: rubbish, a pipe, a loop, escapes": (subagents(odd_subagents), WORKING),
    "repository: a pipe": (repository(os.mkfifo), WORKING),
    "repository: a link to itself": (repository(lambda path: path.symlink_to(path)), WORKING),
    "repository: a file that points at itself": (
        repository(lambda path: path.write_text(f"gitdir: {path}\n")),
        WORKING,
    ),
    "repository: a file of 100 MB": (repository(huge_line), WORKING),
    "branch: a pipe": (head(os.mkfifo), WORKING),
    "branch: a device": (head(lambda path: path.symlink_to("/dev/zero")), WORKING),
    "branch: escapes": (
        head(lambda path: path.write_text("ref: refs/heads/\x1b[31m\u202ex\x07" * 99)),
        WORKING,
    ),
    "branch: no text": (head(lambda path: path.write_bytes(b"ref: refs/heads/\xff\xfe\0x\n")), WORKING),
    "hook: nothing": (seen(b""), WORKING),
    "hook: a pipe": (seen(None), WORKING),
    "hook: 10 000 levels": (seen(b'{"v":1,"agent":' + b"[" * 10_000), WORKING),
    "hook: a version to come": (noticed(v=99, event="Nova"), WORKING),
    "hook: its own parent": (noticed(parent=BAD), WORKING),
    "hook: facts of other kinds": (
        noticed(tmux=["s"], context=[1], limited="x", background=-5, cost_usd="free", turn={}),
        WORKING,
    ),
    "hook: a cost that is no number": (noticed(cost_usd=float("nan")), WORKING),
    "gateway: requests of other kinds": (live(requests={"a": 1}, sessions="many"), WORKING),
    "gateway: a request of nobody": (live(requests=[None, {"session": BAD}, {"session": [BAD]}]), WORKING),
    "gateway: a limit until nan": (
        live(sessions=[{"session": BAD, "provider": "p", "model": "m", "at": to_text(AT), "until": "nan"}]),
        WORKING,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_row_at_worst_and_nothing_false_beside_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert_told(machine, monkeypatch, *CASES[name])


ROLLOUTS: dict[str, bytes] = {
    "nothing": b"",
    "a first row of a megabyte": json.dumps(
        {**META, "payload": {**META["payload"], "x": "y" * 10**6}}
    ).encode(),
    "a first row cut": json.dumps(META).encode()[:40],
    "a first row that is a list": b"[]\n",
    "a folder with a NUL": json.dumps({**META, "payload": {"id": THREAD, "cwd": "/a\0b"}}).encode() + b"\n",
    "a provider that is a list": json.dumps(
        {**META, "payload": {"id": THREAD, "model_provider": ["x"]}}
    ).encode(),
    "itself as its parent": json.dumps(
        {**META, "payload": {"source": {"subagent": {"thread_spawn": {"parent_thread_id": THREAD}}}}}
    ).encode()
    + b"\n",
    "a window of nothing": "\n".join(
        json.dumps(row) for row in (META, event("task_started", turn_id="t", model_context_window=0))
    ).encode(),
    "shares that are no numbers": "\n".join(
        json.dumps(row)
        for row in (META, event("token_count", info=None, rate_limits={"primary": {"used_percent": "all"}}))
    ).encode(),
    "a time beyond the calendar": json.dumps({**META, "timestamp": "9999-12-31T23:59:59-14:00"}).encode()
    + b"\n",
    "no text": b"\xff\xfe" * 4_000 + b"\n",
}


@pytest.mark.parametrize("content", ROLLOUTS.values(), ids=ROLLOUTS)
def test_a_rollout_of_anything_is_one_row(machine: Machine, content: bytes) -> None:
    sound(machine)
    alone = machine.only()
    machine.process(200, "codex", cwd=machine.folder("api"))
    machine.codex(200, THREAD).write_bytes(content)

    for _ in range(2):
        sessions = {session.id: session for session in checked(machine)}

        assert sessions.keys() == {"sound", THREAD}
        assert sessions["sound"] == alone
        assert sessions[THREAD].state in ("idle", "working")


def test_a_rollout_that_is_cut_and_replaced_is_read_anew(machine: Machine) -> None:
    machine.process(200, "codex", cwd=machine.folder("api"))
    path = machine.codex(200, THREAD)
    add(path, META, CONTEXT, started())
    before = machine.states()[THREAD]
    path.write_bytes(b"")
    cut = machine.states()[THREAD]
    path.unlink()
    add(path, META, {**CONTEXT, "timestamp": stamp(NOW)}, started(), event("task_complete", turn_id="t-1"))

    assert (before, cut, machine.states()[THREAD]) == ("working", "idle", "idle")


@pytest.mark.parametrize(
    "locks", [b"", b"\xff\0garbage\n" * 99, b"1: FLOCK\n2: FLOCK ADVISORY WRITE x y z\n"]
)
def test_locks_that_say_nothing_leave_the_process(machine: Machine, locks: bytes) -> None:
    sound(machine)
    machine.process(200, "codex", cwd=machine.folder("api"))
    machine.codex(200, THREAD)
    (machine.proc / "locks").write_bytes(locks)

    assert len(checked(machine)) <= 2
    assert machine.states()["sound"] == "waiting"
