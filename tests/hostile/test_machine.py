"""Promises about the machine: whatever it does to descriptors, zones and events, an agent never notices."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pf_tui import actions, hooks
from tests.hooks.claude import LIMITED, SESSION, Client, failed

PROGRAM = [sys.executable, "-m", "pf_tui"]
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
@pytest.mark.parametrize("full", [">/dev/full", "2>/dev/full", ">/dev/full 2>/dev/full"])
def test_a_full_device_behind_the_output_costs_no_traceback(client: Client, full: str) -> None:
    for words in (*HURRIED, *COMMANDS):
        done = subprocess.run(
            ["sh", "-c", f'exec "$@" {full}', "sh", *PROGRAM, *words],
            input=b"{}",
            env=client.env,
            capture_output=True,
            check=False,
        )
        assert done.returncode == (1 if words in COMMANDS and full != "2>/dev/full" else 0), words
        assert b"Traceback" not in done.stderr
        assert b"Exception ignored" not in done.stderr
        assert words in COMMANDS or done.stderr == b""


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
        out, told = process.communicate(timeout=60)

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


# --- zones -------------------------------------------------------------------------------------------------


ZONES = (
    "UTC+99", "UTC-24:59:59", "STD0DST-30,J1,J365", "", ":foo", "/no/such/zone", "../../etc/passwd",
    "EST5EDT,M3.2.0,M11.1.0", "<+0330>-3:30", "A" * 5000, "Zürich/Mitte",
)  # fmt: skip


@pytest.mark.parametrize("zone", ZONES, ids=lambda zone: repr(zone[:24]))
def test_no_zone_breaks_a_command_or_a_hook(client: Client, zone: str) -> None:
    env = {**client.env, "TZ": zone}
    for words in (["why"], ["analytics", "--json"], ["doctor", "--json"]):
        done = subprocess.run([*PROGRAM, *words], env=env, capture_output=True, check=False)
        assert b"mistake in pf-tui" not in done.stderr + done.stdout, words
        assert done.returncode == 0 or words[0] == "doctor", done.stderr
    subprocess.run(
        [*PROGRAM, "hook", "claude-code", "StopFailure"], input=failure(client), env=env, check=True
    )

    assert client.log() == ""
    assert kinds(client) == ["rate"]


# --- events ------------------------------------------------------------------------------------------------


def cut(client: Client) -> bytes:
    return failure(client)[:-20]


ODD_FAILURES: dict[str, Callable[[Client], bytes]] = {
    "a mark of the byte order": lambda client: b"\xef\xbb\xbf" + failure(client),
    "UTF-16": lambda client: failure(client).decode().encode("utf-16"),
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


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
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
