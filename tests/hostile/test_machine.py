"""Promises about the machine: whatever it does to descriptors, zones and events, an agent never notices."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui import actions, hooks
from pf_tui.actions import install, usage
from pf_tui.errors import PfError
from pf_tui.ledger import queue, schema
from tests import program
from tests.examples import examples
from tests.hooks.claude import LIMITED, SESSION, Client, delivered, failed
from tests.patience import PATIENCE_S

PROGRAM = program.FRESH
HURRIED = (
    ["hook", "claude-code", "SessionStart"],
    ["hook", "claude-code", "StopFailure"],
    ["hook", "codex", "SessionStart"],
    ["hook", "opencode", "chat.message"],
    ["statusline"],
)
COMMANDS = (["--version"], ["status"], ["status", "--json"], ["models"], ["--help"])


@pytest.fixture
def client(home: Path, tmp_path: Path) -> Client:
    made = Client(home, tmp_path)
    actions.set_priority(made.ctx, ["anthropic-api", "openrouter"])
    return made


def failure(client: Client, **fields: Any) -> bytes:
    """A turn of Claude Code that ended at a limit."""
    return json.dumps(
        {
            "session_id": SESSION,
            "cwd": str(client.work),
            "error": "rate_limit",
            "last_assistant_message": LIMITED,
            **fields,
        }
    ).encode()


def kinds(client: Client) -> list[str]:
    return [bench.kind for bench in client.benches()]


# --- descriptors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_hook_with_closed_descriptors_exits_0_in_silence(client: Client, closed: str) -> None:
    for words in HURRIED:
        done = subprocess.run(
            ["sh", "-c", f'exec "$@" {closed}', "sh", *PROGRAM, *words],
            input=b"{}",
            env=client.env,
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b""), words
    assert client.log() == ""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_command_with_closed_descriptors_ends_with_its_code(client: Client, closed: str) -> None:
    for words in COMMANDS:
        done = subprocess.run(
            ["sh", "-c", f'exec "$@" {closed}', "sh", *PROGRAM, *words],
            env=client.env,
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b""), words


def test_no_state_file_is_opened_as_a_closed_descriptor(client: Client) -> None:
    command = [
        "sh",
        "-c",
        'exec "$@" <&- >&- 2>&-',
        "sh",
        *PROGRAM,
        "hook",
        "claude-code",
        "UserPromptSubmit",
    ]
    subprocess.run(command, env=client.env, check=True)
    subprocess.run([*command[:3], "sh", *PROGRAM, "switch", "openrouter"], env=client.env, check=True)

    assert client.active() == "openrouter"
    for path in client.ctx.paths.home.glob("*.json"):
        json.loads(path.read_bytes())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("full", [("stdout",), ("stderr",), ("stdout", "stderr")], ids=" and ".join)
def test_a_full_device_behind_the_output_costs_no_traceback(client: Client, full: tuple[str, ...]) -> None:
    for words in (*HURRIED, *COMMANDS):
        with open("/dev/full", "wb") as device:  # noqa: PTH123 - a device
            ends = {name: device if name in full else subprocess.PIPE for name in ("stdout", "stderr")}
            process = program.Process(*words, env=client.env, stdin=subprocess.PIPE, **ends)
            told = process.communicate(b"{}", timeout=PATIENCE_S)[1] or b""
        assert process.returncode == (1 if words in COMMANDS and "stdout" in full else 0), words
        assert b"Traceback" not in told
        assert b"Exception ignored" not in told
        assert words in COMMANDS or told == b""


@pytest.mark.parametrize("words", [HURRIED[0], HURRIED[-1], ["models"], ["status", "--json"]], ids=" ".join)
def test_a_reader_that_left_is_no_failure(client: Client, words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as out:
        done = subprocess.run(
            [*PROGRAM, *words], input=b"{}", env=client.env, stdout=out, stderr=subprocess.PIPE, check=False
        )

    assert (done.returncode, done.stderr) == (0, b"")


def test_descriptors_that_do_not_block_are_waited_for(client: Client) -> None:
    """As Node leaves its pipes: the event comes late, the answer is longer than the pipe."""
    reading, writing = os.pipe()
    for handle in (reading, writing):
        flags = fcntl.fcntl(handle, fcntl.F_GETFL)
        fcntl.fcntl(handle, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    with subprocess.Popen(
        [*PROGRAM, "hook", "claude-code", "StopFailure"],
        env=client.env,
        stdin=reading,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(reading)
        os.write(writing, failure(client))
        os.close(writing)
        out, told = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, out, told) == (0, b"", b"")
    assert kinds(client) == ["rate"]


def test_all_of_a_long_document_reaches_a_slow_reader_that_does_not_block(client: Client) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETFL, fcntl.fcntl(writing, fcntl.F_GETFL) | os.O_NONBLOCK)
    with subprocess.Popen(
        [*PROGRAM, "models", "--json"], env=client.env, stdout=writing, stderr=subprocess.PIPE
    ) as process:
        os.close(writing)
        with os.fdopen(reading, "rb", buffering=0) as source:
            parts = []
            while part := source.read(997):
                parts.append(part)
        told = process.stderr.read() if process.stderr else b""

    assert (process.wait(60), told) == (0, b"")
    assert len(b"".join(parts)) > 65_536
    json.loads(b"".join(parts))


@pytest.mark.parametrize("own", ["yes", "cat /dev/zero", "yes & yes"])
def test_a_status_line_of_ones_own_without_an_end_fills_no_memory_and_costs_ours_nothing(
    client: Client, own: str
) -> None:
    began = {child.pid for child in psutil.Process().children(recursive=True)}

    line, code = hooks.statusline(b"{}", client.env, own)

    left = [child for child in psutil.Process().children(recursive=True) if child.pid not in began]
    assert (line[:1], line.count("\n"), code) == ("●", 1, 0)
    assert psutil.wait_procs(left, timeout=PATIENCE_S)[1] == []


# --- zones -------------------------------------------------------------------------------------------------


ZONES = (
    "UTC+99", "UTC-24:59:59", "STD0DST-30,J1,J365", "", ":foo", "/no/such/zone", "../../etc/passwd",
    "EST5EDT,M3.2.0,M11.1.0", "<+0330>-3:30", "A" * 5000, "Zürich/Mitte",
)  # fmt: skip


@pytest.mark.parametrize("zone", ZONES, ids=lambda zone: repr(zone[:24]))
def test_no_zone_breaks_a_command_or_a_hook(client: Client, zone: str) -> None:
    env = {**client.env, "TZ": zone}
    for words in (["why"], ["analytics", "--json"], ["doctor", "--json"]):
        done = program.run(*words, env=env)
        assert "error inside pf-tui" not in done.stderr + done.stdout, words
        assert done.returncode == 0 or words[0] == "doctor", done.stderr
    program.run(*HURRIED[1], input=failure(client), env=env, check=True, text=False)

    assert client.log() == ""
    assert kinds(client) == ["rate"]


# --- events ------------------------------------------------------------------------------------------------


def cut(client: Client) -> bytes:
    return failure(client)[:-20]


ODD_FAILURES: dict[str, Callable[[Client], bytes]] = {
    "a mark of the byte order": lambda client: b"\xef\xbb\xbf" + failure(client),
    "UTF-16": lambda client: failure(client).decode().encode("utf-16"),
    "UTF-16 without a mark": lambda client: failure(client).decode().encode("utf-16-le"),
    "UTF-16 from the other end": lambda client: failure(client).decode().encode("utf-16-be"),
    "UTF-32": lambda client: failure(client).decode().encode("utf-32"),
    "UTF-32 without a mark": lambda client: failure(client).decode().encode("utf-32-be"),
    "in a list": lambda client: b"[1, " + failure(client) + b"]",
    "written as a text": lambda client: json.dumps(failure(client).decode()).encode(),
    "behind a line of a log": lambda client: b"warning: slow\n" + failure(client),
    "behind blanks of another kind": lambda client: "\u00a0\u200b\x0b".encode() + failure(client),
    "with a comma too many": lambda client: failure(client)[:-1] + b",}",
    "twice": lambda client: failure(client) * 2,
    "not UTF-8": lambda client: failure(client)[:-1] + b', "note": "\xff\xfe\xe9"}',
    "cut off": cut,
    "40 MB": lambda client: failure(client)[:-1] + b', "tail": "' + b"x" * 40_000_000 + b'"}',
    "nested too deeply": lambda client: (
        b'{"deep": ' + b"[" * 200_000 + b"]" * 200_000 + b", " + failure(client)[1:]
    ),
    "a number of 5000 digits": lambda client: b'{"n": ' + b"7" * 5000 + b", " + failure(client)[1:],
    "no numbers": lambda client: b'{"n": NaN, "i": -Infinity, "e": 1e999, ' + failure(client)[1:],
    "raw line ends in a text": lambda client: b'{"note": "a\nb\0c", ' + failure(client)[1:],
    "a session that is a number": lambda client: failure(client, session_id=7),
    "a session that is a list": lambda client: failure(client, session_id=["a"]),
    "a session of a megabyte": lambda client: failure(client, session_id="s" * 1_000_000),
    "a folder with NUL in it": lambda client: failure(client, cwd="/tmp/\0/x"),
    "a folder over 4096": lambda client: failure(client, cwd="/" + "long/" * 2000),
    "a name over 255": lambda client: failure(client, cwd="/tmp/" + "n" * 300),
    "half a letter in the folder": lambda client: failure(client, cwd="/tmp/\ud800"),
    "a folder that is a list": lambda client: failure(client, cwd=[str(client.work)]),
    "a transcript with NUL": lambda client: failure(client, transcript_path="/tmp/\0"),
    "a transcript over 4096": lambda client: failure(client, transcript_path="/" + "long/" * 2000),
    "a transcript that never ends": lambda client: failure(client, transcript_path="/dev/zero"),
    "a transcript that is an object": lambda client: failure(client, transcript_path={"path": "/x"}),
    "an error that is an object": lambda client: failure(client, error={"type": "rate_limit", "code": 429}),
    "an error that is a list": lambda client: failure(client, error=["rate_limit"]),
    "words that are a list": lambda client: failure(client, last_assistant_message=[{"text": LIMITED}]),
    "words that are a number": lambda client: failure(client, last_assistant_message=429),
    "nothing but the error": lambda client: b'{"error": "rate_limit"}',
}


@pytest.mark.parametrize("odd", ODD_FAILURES.values(), ids=ODD_FAILURES)
def test_a_failure_is_counted_however_odd_its_event_is(
    client: Client, odd: Callable[[Client], bytes]
) -> None:
    assert hooks.run("claude-code", "StopFailure", odd(client), client.env) == ("", 0)

    assert client.log() == ""
    assert kinds(client) == ["rate"]
    assert client.ctx.paths.health.stat().st_size < 10_000


@pytest.mark.parametrize(
    "change",
    [
        {"message": LIMITED},
        {"requestId": ["req-1"]},
        {"requestId": {"id": 1}},
        {"message": {"content": LIMITED, "model": 7, "usage": []}},
        {"sessionId": 7, "uuid": [], "cwd": {}, "requestedModel": ["a"]},
    ],
    ids=[
        "a message that is a text",
        "a list for a number",
        "an object for a number",
        "bare words",
        "wrong all over",
    ],
)
def test_an_odd_row_at_the_end_of_a_transcript_still_says_what_failed(
    client: Client, change: dict[str, Any]
) -> None:
    client.writes({**failed(LIMITED), **change})
    client.fire("StopFailure", prompt_id="p1")

    assert client.log() == ""
    assert kinds(client) == ["rate"]


def test_a_pipe_by_the_name_of_a_transcript_is_not_waited_for(client: Client, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for agent, event in (("claude-code", "StopFailure"), ("codex", "Stop"), ("codex", "UserPromptSubmit")):
        hooks.run(agent, event, failure(client, transcript_path=str(tmp_path / "pipe")), client.env)

    assert client.log() == ""
    assert kinds(client) == ["rate"]


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        ["\0", "/" + "x" * 5000, "\ud800", "http://[", "1e999", "2026-13-99T99:99", "/dev/zero", "rate_limit"]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = (
    "session_id", "cwd", "transcript_path", "prompt", "prompt_id", "error", "error_details", "thread-id",
    "last_assistant_message", "agent_transcript_path", "source", "command_name", "command_args", "workspace",
    "notification_type", "rate_limits", "provider", "model", "available", "bases", "defaults", "status",
    "url", "headers", "body", "network", "streak", "attempt", "next", "message", "messages", "command",
    "arguments", "picked", "usual", "parent",
)  # fmt: skip


@examples(60, one_fixture=True)
@given(data=st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=12))
def test_no_event_of_wrong_types_is_a_mistake_of_ours(client: Client, data: dict[str, Any]) -> None:
    from pf_tui.hooks import claude_code, codex, opencode

    stdin = json.dumps(data).encode()
    for agent, events in (
        ("claude-code", claude_code.EVENTS), ("codex", codex.EVENTS), ("opencode", opencode.EVENTS),
    ):  # fmt: skip
        for event in events:
            assert hooks.run(agent, event, stdin, client.env)[1] == 0
    assert hooks.statusline(stdin, client.env)[1] == 0

    assert client.log() == ""


# --- the ledger --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def held(client: Client) -> Iterator[None]:
    """Another program has the ledger, and does not let go."""
    with contextlib.closing(sqlite3.connect(client.ctx.paths.ledger, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("INSERT INTO facts VALUES ('held', '1')")
        yield


@contextlib.contextmanager
def long_write(client: Client) -> Iterator[None]:
    """Another program writes for minutes; who only reads may read."""
    with contextlib.closing(sqlite3.connect(client.ctx.paths.ledger, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


@contextlib.contextmanager
def of_version(client: Client, version: int) -> Iterator[None]:
    path = client.ctx.paths.ledger
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (own,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version}")
        yield
        assert connection.execute("PRAGMA user_version").fetchone() == (version,), "it was touched"
        connection.execute(f"PRAGMA user_version = {own}")


LEDGERS = {
    "held": held,
    "in a long write": long_write,
    "of a newer version": lambda client: of_version(client, 99),
    "of an older version": lambda client: of_version(client, 1),
}


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> float:
    """A hook waits for the ledger for so many seconds at most."""
    monkeypatch.setattr(schema, "HURRIED_S", 0.01)
    return schema.HURRIED_S


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("ledger", LEDGERS.values(), ids=LEDGERS.keys())
def test_a_failure_moves_the_agent_whatever_becomes_of_the_ledger_and_no_row_is_lost(
    client: Client, home: Path, ledger: Callable[[Client], contextlib.AbstractContextManager[None]]
) -> None:
    install.install(client.ctx, "claude-code")
    usage.ingest(client.ctx)
    settings = home / ".claude" / "settings.json"
    client.writes(delivered())
    with ledger(client):
        client.fire("UserPromptSubmit", prompt="hi")
        client.fire("Stop")
        client.fail()
        percent = {"five_hour": {"used_percentage": 62, "resets_at": "2026-12-01T00:00:00Z"}}
        line, _ = hooks.statusline(json.dumps({"rate_limits": percent}).encode(), client.env)
        assert line.startswith("●")
        assert client.log() == ""
        assert kinds(client) == ["rate"]
        assert "openrouter" in json.loads(settings.read_text())["env"]["ANTHROPIC_BASE_URL"]

    usage.ingest(client.ctx)

    with schema.opened(client.ctx.paths.ledger) as connection:
        hits = connection.execute("SELECT provider, kind FROM limit_hits").fetchall()
        moves = connection.execute("SELECT from_provider, to_provider FROM switches").fetchall()
        requests = connection.execute("SELECT provider FROM requests").fetchall()
    assert hits == [("anthropic-api", "rate")]
    assert moves[-1:] == [("anthropic-api", "openrouter")]
    assert requests == [("anthropic-api",)]
    assert not list(client.ctx.paths.home.glob("ledger.db.queue*"))


def test_a_hook_waits_for_a_held_ledger_once_and_briefly(client: Client, brief: float) -> None:
    """Counted in waits asked of sqlite, not in seconds."""
    usage.ingest(client.ctx)
    with held(client), schema.deadline(8.0):
        first = schema.patience_s()
        client.fail()
        with pytest.raises(PfError), schema.opened(client.ctx.paths.ledger):
            pass
        assert first == brief
        assert schema.patience_s() == 0.0


@pytest.mark.usefixtures("brief")
def test_rows_that_wait_are_taken_in_once_though_an_ingest_was_killed_in_the_middle(client: Client) -> None:
    usage.ingest(client.ctx)
    with held(client):
        client.fail()
    waiting = queue.path_of(client.ctx.paths.ledger)
    lines = waiting.read_bytes()
    usage.ingest(client.ctx)
    waiting.with_name(f"{waiting.name}.4711").write_bytes(
        lines + b'["hit", ["half'
    )  # it was to be removed next

    usage.ingest(client.ctx)

    with schema.opened(client.ctx.paths.ledger) as connection:
        assert connection.execute("SELECT count(*) FROM limit_hits").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM switches WHERE who = 'hook'").fetchone() == (1,)


# --- the terminal ------------------------------------------------------------------------------------------


def opened_on(rows: int, columns: int, client: Client) -> tuple[int, int]:
    """The dashboard on a pseudo-terminal of that size: (its process, our end)."""
    pid, ours = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.execve(sys.executable, PROGRAM, {**client.env, "TERM": "xterm-256color"})
    return pid, ours


def read_until(ours: int, words: bytes) -> bytes:
    """Everything the terminal got until `words` came, or until it was closed."""
    got = b""
    while words not in got:
        try:
            part = os.read(ours, 65_536)
        except OSError:
            return got
        got += part
    return got


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_the_dashboard_runs_leaves_the_alternate_screen(
    client: Client, number: signal.Signals
) -> None:
    pid, ours = opened_on(24, 80, client)
    before = read_until(ours, b"\x1b[?1049h")
    os.kill(pid, number)
    after = before + read_until(ours, b"never")
    _, status = os.waitpid(pid, 0)
    os.close(ours)

    assert after.rfind(b"\x1b[?1049l") > after.rfind(b"\x1b[?1049h")
    assert after.rfind(b"\x1b[?25h") > after.rfind(b"\x1b[?25l")
    assert os.waitstatus_to_exitcode(status) == 128 + number


@pytest.mark.parametrize(
    ("size", "leave"),
    [((0, 0), signal.SIGTERM), ((0, 0), signal.SIGHUP), ((0, 0), b"q"), ((0, 80), b"q"), ((24, 0), b"q")],
    ids=str,
)
def test_a_terminal_without_a_size_is_left_as_any_other(
    client: Client, size: tuple[int, int], leave: signal.Signals | bytes
) -> None:
    pid, ours = opened_on(*size, client)
    read_until(ours, b"\x1b[?2004h")  # the dashboard runs
    if isinstance(leave, bytes):
        os.write(ours, leave)
    else:
        os.kill(pid, leave)
    read_until(ours, b"never")
    _, status = os.waitpid(pid, 0)
    os.close(ours)

    assert os.waitstatus_to_exitcode(status) == (0 if isinstance(leave, bytes) else 128 + leave)
