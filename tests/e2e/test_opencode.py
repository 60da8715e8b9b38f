"""The real OpenCode and fake upstreams: a limit benches, the next turn runs elsewhere."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.clients import Machine, machine, program, terminal, wait_until
from tests.upstreams import OpenAIUpstream as Upstream
from tests.upstreams import Reply, called, refused

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

PAGE = refused(200, "<!doctype html><title>Hotel Wi-Fi</title>Please sign in", kind="text/html")
LIMITED = refused(429, headers={"retry-after": "18000"})
COMMANDS = {
    "/provider-status": "alpha serves",
    "/provider-switch beta": "switched to beta",
    "/provider-auth": "alpha: present (env:ALPHA_API_KEY)",
    "/provider-models Claude": "claude-",
    "/provider-priority": "1. ",
    "/provider-limits alpha daily=1M": "tokens a day: 0 % of 1M",
    "/provider-analytics 24h": "requests",
}


@pytest.fixture
def box(alpha: Upstream, beta: Upstream, tmp_path: Path) -> Machine:
    """OpenCode set to alpha, with beta beside it, pf-tui installed into it."""
    opencode = program("opencode")
    made = machine(tmp_path, {"alpha": alpha.url, "beta": beta.url}, "openai-chat")
    made.extra = {"OPENCODE_DISABLE_MODELS_FETCH": "1", "PF_OPENCODE": str(opencode)}
    folder = made.home / ".config" / "opencode"
    folder.mkdir(parents=True)
    (folder / "opencode.json").write_text(json.dumps(settings({"alpha": alpha.url, "beta": beta.url})))
    made.pf("install", "opencode")
    return made


def settings(urls: dict[str, str]) -> dict[str, object]:
    """OpenCode's own settings: every provider with one model, alpha's the default."""
    providers = {
        name: {
            "npm": "@ai-sdk/openai-compatible",
            "name": name,
            "options": {"baseURL": url, "apiKey": f"sk-{name}-in-opencode"},
            "models": {f"m-{name}": {"name": name, "limit": {"context": 200000, "output": 8192}}},
        }
        for name, url in urls.items()
    }
    return {
        "model": "alpha/m-alpha",
        "small_model": "alpha/m-alpha",
        "share": "disabled",
        "autoupdate": False,
        "provider": providers,
        "permission": {"bash": "allow", "edit": "allow"},
    }


def opencode_run(box: Machine, *words: str) -> subprocess.CompletedProcess[str]:
    return box.run("opencode", "run", *words)


def test_a_limit_in_run_ends_the_turn_at_once_and_the_next_is_served_elsewhere(
    box: Machine, alpha: Upstream, beta: Upstream
) -> None:
    alpha.always(LIMITED)

    limited = opencode_run(box, "hello", "--title", "t")
    following = opencode_run(box, "--continue", "and on")

    assert limited.returncode == 1
    assert "pf-tui: alpha is at its limit" in limited.stderr
    assert "your next turn runs on beta (beta/m-beta)" in limited.stderr
    assert following.returncode == 0
    assert "Hello from the mock." in following.stdout
    assert alpha.models() == ["m-alpha"]
    assert beta.models() == ["m-beta"]
    assert box.active() == "beta"
    assert box.hooks_log() == ""


@pytest.mark.parametrize("status", [429, 500, 529])
def test_a_failure_that_goes_on_ends_the_turn_after_three_tries(
    status: int, box: Machine, alpha: Upstream, beta: Upstream
) -> None:
    """OpenCode alone tries six times in 74 to 79 s."""
    alpha.always(refused(status))

    failing = opencode_run(box, "hello", "--title", "t")
    following = opencode_run(box, "--continue", "and on")

    assert failing.returncode == 1
    assert "your next turn runs on beta (beta/m-beta)" in failing.stderr
    assert following.returncode == 0
    assert (len(alpha.requests), beta.models()) == (3, ["m-beta"])


def answered_with_gateway(box: Machine, *words: str) -> None:
    """After `pf-tui gateway WORDS` OpenCode answers, and nothing of a failure reaches the person."""
    box.pf("gateway", *words)
    try:
        done = opencode_run(box, "hello", "--title", "t")
    finally:
        box.pf("gateway", "stop")

    assert done.returncode == 0, done.stderr
    assert "Hello from the mock." in done.stdout


def test_a_failure_that_goes_on_starts_the_gateway_and_the_turn_survives(
    box: Machine, alpha: Upstream, beta: Upstream
) -> None:
    alpha.always(refused(529))
    answered_with_gateway(box, "auto", "on")
    assert (len(alpha.requests), len(beta.requests)) == (3, 1)


def test_a_login_page_in_place_of_an_answer_ends_the_turn(
    box: Machine, alpha: Upstream, beta: Upstream
) -> None:
    """OpenCode alone takes the page for an empty step and asks again without end."""
    alpha.always(PAGE)

    failing = opencode_run(box, "hello", "--title", "t")
    following = opencode_run(box, "--continue", "and on")

    assert "alpha answers with a web page" in failing.stderr
    assert following.returncode == 0
    assert (len(alpha.requests), beta.models()) == (1, ["m-beta"])


def test_behind_the_gateway_a_login_page_is_passed_over(
    box: Machine, alpha: Upstream, beta: Upstream
) -> None:
    alpha.always(PAGE)
    answered_with_gateway(box, "start")
    assert (len(alpha.requests), len(beta.requests)) == (1, 1)


def test_when_everybody_rests_a_run_ends_at_once_with_a_sentence(
    box: Machine, alpha: Upstream, beta: Upstream
) -> None:
    """OpenCode alone would wait in silence for the five hours of the retry-after."""
    for upstream in (alpha, beta):
        upstream.always(LIMITED)
    opencode_run(box, "one", "--title", "t")
    opencode_run(box, "two", "--title", "t")
    resting = {bench["provider"] for bench in json.loads((box.state / "health.json").read_text())["benches"]}

    third = opencode_run(box, "three", "--title", "t")

    assert resting == {"alpha", "beta"}
    assert third.returncode == 1
    assert "no other provider that OpenCode has can serve" in third.stderr
    assert len(alpha.requests) + len(beta.requests) == 3


def test_a_turn_never_goes_to_a_model_that_only_listens(
    box: Machine, alpha: Upstream, beta: Upstream
) -> None:
    """OpenCode's own default for groq is the model whose name sorts last: one for speech."""
    path = box.home / ".config" / "opencode" / "opencode.json"
    content = json.loads(path.read_text())
    models = {name: {"name": name} for name in ("whisper-large-v3-turbo", "openai/gpt-oss-120b")}
    there = beta.url.replace("127.0.0.1", "localhost")  # by address it would be beta
    options = {"baseURL": there, "apiKey": "sk-groq-in-opencode"}
    content["provider"]["groq"] = {"npm": "@ai-sdk/openai-compatible", "options": options, "models": models}
    path.write_text(json.dumps(content))
    box.extra["GROQ_API_KEY"] = "sk-groq-0003"
    box.pf("priority", "add", "groq")
    box.pf("switch", "groq")

    done = opencode_run(box, "hello", "--title", "t")

    assert done.returncode == 0, done.stderr
    assert len(beta.models()) == 1
    assert "whisper" not in beta.models()[0]


def test_a_forks_copies_count_once(box: Machine, alpha: Upstream) -> None:
    """The real database: a fork copies the history under new ids."""
    opencode_run(box, "one", "--title", "t")
    opencode_run(box, "--continue", "--fork", "two")
    box.pf("ingest", "--full")

    sessions = box.run("opencode", "session", "list", "--format", "json")
    totals = json.loads(box.pf("analytics", "all", "--json"))["totals"]

    assert len(json.loads(sessions.stdout)) == 2
    assert totals["requests"] == len(alpha.requests) == 2


def test_a_compaction_is_one_request(box: Machine, alpha: Upstream) -> None:
    with terminal(box, "opencode") as screen:
        screen.wait_for("Ask anything")
        screen.type("hello one")
        screen.press("Enter")
        screen.wait_for("Hello from the mock.")
        before = len(alpha.requests)
        screen.type("/compact")
        screen.press("Enter")
        alpha.wait_for(before + 1)
        screen.wait_for("Compaction")
        wait_until(lambda: len(counted(box)) == 2, what="the turn and its summary in the ledger")
    box.pf("ingest", "--full")

    assert counted(box) == [("alpha", 11)] * 2


def counted(box: Machine) -> list[tuple[object, ...]]:
    """(provider, input) of every delivered request, after the database was read."""
    box.pf("ingest")
    with contextlib.closing(sqlite3.connect(box.state / "ledger.db")) as ledger:
        return ledger.execute("SELECT provider, input FROM requests WHERE status = 'ok'").fetchall()


def test_the_bench_says_which_answer_of_which_session_led_to_it(box: Machine, alpha: Upstream) -> None:
    alpha.always(LIMITED)

    opencode_run(box, "hello", "--title", "t")

    (bench,) = json.loads((box.state / "health.json").read_text())["benches"]
    assert (bench["provider"], bench["kind"], bench["source"]) == ("alpha", "rate", "hook")
    assert bench["evidence"]["status"] == 429
    assert bench["evidence"]["header"] == "retry-after: 18000"
    assert bench["evidence"]["agent"] == "opencode"
    assert bench["evidence"]["session"].startswith("ses_")
    assert bench["strikes"] == 1


def test_a_switch_moves_the_next_turn_and_undo_moves_it_back(
    box: Machine, alpha: Upstream, beta: Upstream
) -> None:
    opencode_run(box, "one", "--title", "t")
    box.pf("switch", "beta")
    opencode_run(box, "--continue", "two")
    box.pf("undo")
    opencode_run(box, "--continue", "three")

    assert [request.prompt for request in alpha.requests] == ["one", "three"]
    assert [request.prompt for request in beta.requests] == ["two"]


def test_the_seven_commands_need_no_model(box: Machine, alpha: Upstream, beta: Upstream) -> None:
    alpha.always(LIMITED)
    beta.always(LIMITED)

    answers = {command: opencode_run(box, command) for command in COMMANDS}

    for command, answer in answers.items():
        assert answer.returncode == 0, answer.stderr
        assert COMMANDS[command] in answer.stdout, command
    assert (alpha.requests, beta.requests) == ([], [])
    assert box.active() == "beta"


def test_no_request_carries_our_header_or_anothers_key(box: Machine, alpha: Upstream, beta: Upstream) -> None:
    opencode_run(box, "one", "--title", "t")
    box.pf("switch", "beta")
    opencode_run(box, "--continue", "two")

    for upstream, key in ((alpha, "sk-alpha-in-opencode"), (beta, "sk-beta-in-opencode")):
        for request in upstream.requests:
            assert request.headers["authorization"] == f"Bearer {key}"
            assert not [name for name in request.headers if name.startswith("x-pf-")]


def test_usage_is_in_the_ledger_before_any_log_is_read_and_once(box: Machine, alpha: Upstream) -> None:
    opencode_run(box, "one", "--title", "t")
    ledger = box.state / "ledger.db"
    query = "SELECT agent, provider, input, output, cache_read, cost_basis FROM requests"

    def written() -> bool:
        return ledger.exists() and bool(rows())

    def rows() -> list[tuple[object, ...]]:
        connection = sqlite3.connect(ledger)
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []
        finally:
            connection.close()

    wait_until(written, what="the row")
    assert rows() == [("opencode", "alpha", 11, 7, 3400, "pending")]

    box.pf("ingest")

    assert [row[:5] for row in rows()] == [("opencode", "alpha", 11, 7, 3400)]
    assert rows()[0][5] != "pending"


def test_a_limited_subagent_is_answered_and_its_parent_goes_on(
    box: Machine, alpha: Upstream, beta: Upstream
) -> None:
    """The parent runs on beta, the subagent is set to alpha, which is limited."""
    folder = box.home / ".config" / "opencode" / "agent"
    folder.mkdir(exist_ok=True)
    (folder / "helper.md").write_text(
        "---\ndescription: helps\nmode: subagent\nmodel: alpha/m-alpha\n---\nYou help.\n"
    )
    alpha.always(LIMITED)
    box.pf("switch", "beta")
    task = {"description": "help", "prompt": "do it", "subagent_type": "helper"}
    beta.answer(called("task", task), Reply(text="the helper is done"), Reply(text="all done"))

    done = opencode_run(box, "delegate", "--title", "t", "-m", "beta/m-beta")

    assert done.returncode == 0, done.stderr
    assert "all done" in done.stdout
    assert "Task cancelled" not in done.stdout + done.stderr
    assert len(beta.requests) == 3, "the subagent was served by beta from its first request"
    assert alpha.requests == []


def test_with_a_gateway_the_turn_in_flight_survives_and_the_limited_provider_is_asked_once(
    box: Machine, alpha: Upstream, beta: Upstream
) -> None:
    """OpenCode talks to alpha itself, as with a login of its own; only what fails goes to the gateway."""
    alpha.always(LIMITED)
    beta.answer(called("bash", {"command": "echo hi", "description": "greets"}), Reply(text="finished"))
    box.pf("gateway", "start")
    try:
        done = opencode_run(box, "hello", "--title", "t")
        wait_until(lambda: len(ledger_rows(box)) == 2, what="both attempts in the ledger")
    finally:
        box.pf("gateway", "stop")
    box.pf("ingest")

    assert done.returncode == 0, done.stderr
    assert "finished" in done.stdout
    assert len(alpha.requests) == 1
    assert [request.headers["authorization"] for request in beta.requests] == ["Bearer sk-beta-0002"] * 2
    assert "sk-alpha-in-opencode" not in str([request.headers for request in beta.requests])
    assert ledger_rows(box) == [("gateway", "beta", "ok")] * 2
    assert box.active() == "beta"


def ledger_rows(box: Machine) -> list[tuple[object, ...]]:
    """(source, provider, status) of every delivered request."""
    ledger = box.state / "ledger.db"
    if not ledger.exists():
        return []
    connection = sqlite3.connect(ledger)
    try:
        return connection.execute(
            "SELECT source, provider, status FROM requests WHERE status = 'ok'"
        ).fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()


def test_in_the_terminal_a_limit_is_told_and_the_next_turns_run_elsewhere(
    box: Machine, alpha: Upstream, beta: Upstream
) -> None:
    with terminal(box, "opencode") as screen:
        screen.wait_for("Ask anything")
        screen.type("hello one")
        screen.press("Enter")
        screen.wait_for("Hello from the mock.")
        alpha.always(LIMITED)
        screen.type("hello two")
        screen.press("Enter")
        screen.wait_for("pf-tui: alpha is at its limit")
        screen.type("hello three")
        screen.press("Enter")
        beta.wait_for(1)
        screen.wait_for("beta serves from here on")
        screen.type("hello four")
        screen.press("Enter")
        beta.wait_for(2)

    assert [request.prompt for request in beta.requests] == ["hello three", "hello four"]
    assert box.hooks_log() == ""


def test_in_the_terminal_a_command_is_answered_and_the_model_stays(
    box: Machine, alpha: Upstream, beta: Upstream
) -> None:
    with terminal(box, "opencode") as screen:
        screen.wait_for("Ask anything")
        screen.type("/provider-limits alpha")
        screen.press("Enter")
        screen.wait_for("alpha has no known window")
        assert (alpha.requests, beta.requests) == ([], [])
        screen.type("hello after")
        screen.press("Enter")
        alpha.wait_for(1)
        screen.wait_for("Hello from the mock.")

    turns = [request for request in alpha.requests if request.body.get("tools")]  # the others ask for a title
    assert [(turn.model, turn.prompt) for turn in turns] == [("m-alpha", "hello after")]
    assert "no known window" not in str(turns[0].body), "our answer is no part of the conversation"


def test_the_start_does_not_wait_for_a_package_install(box: Machine) -> None:
    """The 75-second trap: a folder with a plugin waits for a package install, offline for a minute."""
    done = box.run("opencode", "run", "hello", "--title", "t", timeout_s=40)

    assert done.returncode == 0, done.stderr


def test_install_and_uninstall_leave_a_rich_home_as_it_was(
    alpha: Upstream, beta: Upstream, tmp_path: Path
) -> None:
    opencode = program("opencode")
    box = machine(tmp_path, {"alpha": alpha.url, "beta": beta.url}, "openai-chat")
    folder = box.home / ".config" / "opencode"
    (folder / "command").mkdir(parents=True)
    (folder / "command" / "mine.md").write_text("---\ndescription: mine\n---\nhello\n")
    (folder / "command" / "provider-status.md").write_text("my own command of that name\n")
    (folder / "AGENTS.md").write_text("# mine\n")
    (folder / "opencode.jsonc").write_text(
        '// mine\n{\n  "model": "alpha/m-alpha", // the best\n  /* servers */\n'
        '  "mcp": {\n    "other": {"type": "local", "command": ["true"],},\n  },\n}\n'
    )
    for name in ("opencode.jsonc", "AGENTS.md"):
        (folder / name).chmod(0o640)
    before = tmp_path / "before"
    shutil.copytree(box.home, before, ignore=shutil.ignore_patterns("provider-fallback"))

    box.pf("install", "opencode")
    settled = box.pf("install", "opencode")
    during = (folder / "opencode.jsonc").read_text()
    box.pf("uninstall", "opencode")

    assert "already set up; nothing changed" in settled
    assert "// the best" in during
    assert '"pf-tui"' in during
    difference = box.run("diff", "-r", "-x", "provider-fallback", str(before), str(box.home))
    assert difference.stdout == ""
    assert (folder / "AGENTS.md").stat().st_mode & 0o777 == 0o640
    assert opencode.exists()


def test_a_model_named_on_the_command_line_is_kept(box: Machine, alpha: Upstream, beta: Upstream) -> None:
    opencode_run(box, "hello", "--title", "t", "--model", "beta/m-beta")

    assert (alpha.models(), beta.models()) == ([], ["m-beta"])


def test_without_the_program_opencode_goes_on_as_ever(box: Machine, alpha: Upstream) -> None:
    """pf-tui was removed with its environment, the plugin was not."""
    plugin = box.home / ".config" / "opencode" / "plugin" / "pf-tui.js"
    before, _, after = plugin.read_text().partition("const COMMAND = ")
    plugin.write_text(f'{before}const COMMAND = ["/no/such/program"]\n{after.split(chr(10), 1)[1]}')

    done = opencode_run(box, "hello", "--title", "t")

    assert done.returncode == 0
    assert "Hello from the mock." in done.stdout
    assert len(alpha.requests) == 1
