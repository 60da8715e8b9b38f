"""Whatever comes in or breaks: exit 0 in time, nothing on stderr, one line in the log, no secret kept."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pf_tui import actions, hooks, integrations
from pf_tui.hooks import LIMIT_S, deadline, log
from pf_tui.hooks.deadline import LOCK_S
from pf_tui.state.files import LOCK_TIMEOUT_S
from pf_tui.state.journal import parse
from tests import program
from tests.hooks.claude import EVENTS as KNOWN_EVENTS
from tests.hooks.claude import SESSION, Client, delivered

EVENTS = (*KNOWN_EVENTS, "NeverHeardOf")
DATA = Path(integrations.__file__).parent / "data" / "claude-code" / "provider-fallback" / "hooks"
AGENTS = ("claude-code", "opencode", "codex")
PLANTED = {
    "ANTHROPIC_API_KEY": "planted-anthropic-key",
    "ANTHROPIC_AUTH_TOKEN": "planted-auth-token",
    "CLAUDE_CODE_MESSAGING_TOKEN": "planted-messaging-token",
    "CLAUDE_CODE_OAUTH_TOKEN": "planted-oauth-token",
    "OPENROUTER_API_KEY": "planted-openrouter-key",
    "AWS_SECRET_ACCESS_KEY": "planted-aws-secret",
    "ANTHROPIC_CUSTOM_HEADERS": "x-secret: planted-header",
}


def run(words: list[str], stdin: bytes, env: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    """The hook as an agent runs it, but for its limits."""
    return program.run(*words, input=stdin, env=env, text=False)


@pytest.fixture
def client(home: Path, tmp_path: Path) -> Client:
    made = Client(home, tmp_path)
    actions.set_priority(made.ctx, ["anthropic-api", "openrouter"])
    return made


ODD = {
    "nothing": b"",
    "not-json": b"<html>captive portal</html>",
    "half": b'{"session_id": "a',
    "a-list": b"[1, 2]",
    "a-number": b"7",
    "empty": b"{}",
    "nulls": json.dumps(dict.fromkeys(("session_id", "cwd", "transcript_path", "prompt", "error"))).encode(),
    "wrong-types": json.dumps(
        {"session_id": 7, "cwd": ["/"], "transcript_path": {}, "prompt": 1, "error": []}
    ).encode(),
    "not-utf8": b'{"prompt": "\xff\xfe", "session_id": "\xe9"}',
    "deep": b"[" * 200_000,
    "nul-bytes": json.dumps(
        {"cwd": "/\0", "transcript_path": "/\0", "session_id": "\0", "prompt": "\0"}
    ).encode(),
    "surrogates": b'{"prompt": "\\ud800", "session_id": "\\udfff", "error": "\\ud800"}',
    "gone": json.dumps({"cwd": "/no/such/folder", "transcript_path": "/no/such/file"}).encode(),
}


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("stdin", ODD.values(), ids=ODD)
def test_any_stdin_is_survived_by_every_event(client: Client, agent: str, stdin: bytes) -> None:
    for event in EVENTS:
        assert hooks.run(agent, event, stdin, client.env)[1] == 0


@pytest.mark.parametrize("stdin", ODD.values(), ids=ODD)
def test_any_stdin_gives_a_status_line_or_none(client: Client, stdin: bytes) -> None:
    line, code = hooks.statusline(stdin, client.env)

    assert code == 0
    assert line.count("\n") <= 1


def test_what_is_no_json_is_one_line_in_the_log(client: Client) -> None:
    done = run(["hook", "claude-code", "Stop"], b"<html>", client.env)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    (line,) = client.log().splitlines()
    assert line.endswith("claude-code Stop: the event is not JSON (line 1 column 1)")


def test_ten_megabytes_are_read(client: Client) -> None:
    big = json.dumps({"session_id": SESSION, "cwd": str(client.work), "prompt": "x" * 10_000_000}).encode()

    done = run(["hook", "claude-code", "UserPromptSubmit"], big, client.env)

    assert (done.returncode, done.stderr) == (0, b"")
    assert client.log() == ""
    assert ("claude-code", SESSION) in client.ctx.health().sessions


@pytest.fixture
def held_lock(client: Client) -> Iterator[None]:
    """Another program holds the state's lock and does not give it back."""
    handle = os.open(client.ctx.paths.lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    yield
    os.close(handle)


@pytest.mark.usefixtures("held_lock")
def test_a_locked_state_is_given_up_with_a_line(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "LOCK_S", 0.01)

    client.fail()

    assert "another program has held" in client.log()


@pytest.mark.usefixtures("held_lock")
def test_a_hook_that_gets_nowhere_ends_at_its_limit_with_a_line(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "LIMIT_S", 0.01)

    client.fail()

    assert "claude-code StopFailure: TooLate" in client.log()


def test_a_lock_is_given_up_before_the_hook_is_and_the_hook_before_the_agents_own_limit() -> None:
    places = json.loads((DATA / "hooks.json").read_text())["hooks"].values()
    of_agent = {hook["timeout"] for groups in places for group in groups for hook in group["hooks"]}

    assert max(LOCK_TIMEOUT_S, LOCK_S) < LIMIT_S < min(of_agent)


def test_without_a_home_nothing_breaks(tmp_path: Path) -> None:
    for name in ("hook claude-code SessionStart", "statusline"):
        done = run(name.split(), b"{}", {"PATH": os.environ["PATH"], "HOME": "/nonexistent/home"})
        assert (done.returncode, done.stderr) == (0, b"")


def test_a_state_directory_that_cannot_be_written_breaks_nothing(home: Path, tmp_path: Path) -> None:
    (home / ".opencode").write_text("a file where the folder should be")
    client = Client(home, tmp_path)

    for event in EVENTS:
        stdin = json.dumps({"session_id": SESSION, "error": "rate_limit", "prompt": "hi"}).encode()
        done = run(["hook", "claude-code", event], stdin, client.env)
        assert (done.returncode, done.stderr) == (0, b"")


def test_a_broken_config_is_left_alone_and_told_in_the_log(client: Client) -> None:
    client.ctx.paths.config.write_text('{"version": 2, ')

    client.fail()

    assert client.ctx.paths.config.read_text() == '{"version": 2, '
    assert "config.json line 1" in client.log()


def test_a_broken_settings_file_of_the_agent_is_left_alone(client: Client, home: Path) -> None:
    from pf_tui.actions import install

    install.install(client.ctx, "claude-code")
    settings = home / ".claude" / "settings.json"
    settings.write_text('{"env": ')

    client.fire("UserPromptSubmit", prompt="hi")
    client.fail()

    assert settings.read_text() == '{"env": '
    assert client.active() == "openrouter"


def test_the_log_is_rotated(client: Client) -> None:
    path = client.ctx.paths.home / log.NAME
    path.write_bytes(b"x" * log.ROTATE_BYTES)

    hooks.run("claude-code", "Stop", b"<", client.env)

    assert path.stat().st_size < 200
    assert (client.ctx.paths.home / "hooks.1.log").stat().st_size == log.ROTATE_BYTES


def test_a_reader_that_has_left_is_no_trouble(client: Client) -> None:
    with program.Process(
        *("hook", "claude-code", "SessionStart"),
        env=client.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, told = process.communicate(b"{}")

    assert (process.returncode, told) == (0, b"")


def test_no_secret_of_the_environment_reaches_a_file(home: Path, tmp_path: Path) -> None:
    from pf_tui.actions import install

    client = Client(home, tmp_path, **PLANTED)
    install.install(client.ctx, "claude-code")
    client.writes(delivered())
    for event in EVENTS:
        client.fire(event, prompt="hi", error="rate_limit", source="startup", prompt_id=event)
        hooks.run("claude-code", event, b"not json", client.env)
    client.fire("UserPromptExpansion", command_name="provider-switch", command_args="openrouter --force")
    hooks.statusline(json.dumps({"cwd": str(tmp_path)}).encode(), client.env)

    written = [path for path in home.rglob("*") if path.is_file() and path != client.transcript]
    assert any(path.name == "settings.json" for path in written)
    for path in written:
        content = path.read_bytes()
        assert not [name for name, value in PLANTED.items() if value.encode() in content], path
        assert b"secret words of an answer" not in content, path


def test_fifty_hooks_at_once_from_ten_sessions_leave_exact_state(client: Client) -> None:
    """Each session: a prompt that is remembered, then four failures of four prompts."""

    def fire(event: str, session: int, prompt: int) -> int:
        data = {
            "session_id": f"s{session}",
            "prompt_id": f"s{session}p{prompt}",
            "cwd": str(client.work),
            "prompt": "hi",
            "error": "rate_limit",
            "last_assistant_message": "API Error: Request rejected (429)",
        }
        done = run(["hook", "claude-code", event], json.dumps(data).encode(), client.env)
        return done.returncode or len(done.stderr)

    calls = [("UserPromptSubmit", session, 0) for session in range(10)]
    failures = [("StopFailure", session, prompt) for session in range(10) for prompt in range(4)]
    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(lambda call: fire(*call), calls)) == {0}
        assert set(pool.map(lambda call: fire(*call), failures)) == {0}

    (bench,) = client.benches()
    health = client.ctx.health()
    lines = client.ctx.paths.journal.read_bytes().splitlines()
    told = [event for line in lines if (event := parse(line)) is not None]
    assert client.log() == ""
    assert bench.strikes == 1
    assert {name: one.provider for (_, name), one in health.sessions.items()} == {
        f"s{number}": "anthropic-api" for number in range(10)
    }
    assert len(told) == len(lines)
    rests = [event.action for event in told if event.action in ("failover", "bench")]
    assert rests[0] == "failover"
    assert set(rests[1:]) <= {"bench"}  # one outage: only an end that is later is worth another line
