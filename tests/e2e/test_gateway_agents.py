"""Real agents finish a task behind the gateway while the first provider hits its limit midway.

The task: a command, a subagent with a command of its own, a last word (Codex: two commands, a last word).
alpha says 429 at the first, a middle and the last request; beta goes on from there and nobody notices.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from pf_tui.drill.fake_replies import Call, Reply
from pf_tui.drill.fake_upstream import FakeUpstream, ReceivedRequest, Step
from pf_tui.drill.faults import FAULTS, Fault
from tests.clients import Machine, machine, program, settle_claude, shell_call, terminal, wait_until
from tests.gateway.upstreams import ledger_rows

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

Box = Callable[[str], Machine]
"""What a provider speaks -> a machine with two of them."""

TASK = "Write down what you find, with help."
DONE = "Everything is written down."


class Hosted:
    """Stand-ins on a loop of their own, so that a test may wait for a real client."""

    def __init__(self, *names: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.upstreams = {name: self._do(self._made(name)) for name in names}

    async def _made(self, name: str) -> FakeUpstream:
        stand_in = FakeUpstream(name)
        await stand_in.start()
        return stand_in

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def __getitem__(self, name: str) -> FakeUpstream:
        found: FakeUpstream = self.upstreams[name]
        return found

    def close(self) -> None:
        for stand_in in self.upstreams.values():
            self._do(stand_in.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


@pytest.fixture
def hosted() -> Iterator[Hosted]:
    made = Hosted("alpha", "beta")
    yield made
    made.close()


def thinks(asked: ReceivedRequest) -> Step:
    """The model: what comes next follows from what the conversation already holds."""
    tools = tool_names(asked)
    if not tools:
        return Reply(text="A title")
    done = results(asked)
    if is_subagent(asked):
        return Reply(text="The helper is done.") if done else shell(tools, "echo found >> helper.txt")
    if done == 0:
        return shell(tools, "echo begun >> found.txt")
    if done == 1 and (helper := next((name for name in ("Agent", "Task", "task") if name in tools), None)):
        kind = "general" if helper == "task" else "general-purpose"
        arguments = {"description": "look around", "prompt": "Look around.", "subagent_type": kind}
        return Reply(text="I ask for help.", calls=(Call(name=helper, arguments=arguments),))
    if done == 1:
        return shell(tools, "echo more >> found.txt")
    return Reply(text=DONE)


def limited_at(place: str) -> Callable[[ReceivedRequest], Step]:
    """The same model, but its first, third or last request hits a limit of an hour."""
    seen, hit = 0, False

    def script(asked: ReceivedRequest) -> Step:
        nonlocal seen, hit
        step = thinks(asked)
        if not tool_names(asked):
            return step
        seen += 1
        last = isinstance(step, Reply) and step.text == DONE and seen > 2
        if not hit and (last if place == "last" else seen == {"first": 1, "middle": 2}[place]):
            hit = True
            return FAULTS["429-hour"]
        return step

    return script


def shell(tools: list[str], command: str) -> Reply:
    return Reply(text="I write it down.", calls=(shell_call(tools, command),))


def tool_names(asked: ReceivedRequest) -> list[str]:
    found: list[str] = []

    def walk(tools: list[dict[str, Any]]) -> None:
        for tool in tools:
            if tool.get("type") == "namespace":
                walk(tool.get("tools", []))
            elif name := tool.get("name") or tool.get("function", {}).get("name"):
                found.append(name)

    content = asked.content
    walk(content.get("tools") or [])
    for item in content.get("input") or []:
        if isinstance(item, dict) and item.get("type") == "additional_tools":
            walk(item.get("tools") or [])
    return found


def results(asked: ReceivedRequest) -> int:
    """How many tools have answered in this conversation."""
    content = asked.content
    count = sum(
        item.get("type") == "function_call_output"
        for item in content.get("input") or []
        if isinstance(item, dict)
    )
    for message in content.get("messages") or []:
        blocks = message.get("content")
        if message.get("role") == "tool":
            count += 1
        elif isinstance(blocks, list):
            count += sum(isinstance(block, dict) and block.get("type") == "tool_result" for block in blocks)
    return count


def is_subagent(asked: ReceivedRequest) -> bool:
    return "x-claude-code-agent-id" in asked.headers or "x-parent-session-id" in asked.headers


@pytest.fixture
def box(tmp_path: Path, hosted: Hosted) -> Iterator[Box]:
    """`box(protocol)`: a machine with both providers; its gateway ends with the test, however that ends."""
    machines: list[Machine] = []

    def make(protocol: str) -> Machine:
        made = machine(tmp_path, {name: one.url for name, one in hosted.upstreams.items()}, protocol)
        settle_claude(made)
        del made.extra["NO_PROXY"]  # `run` sees to that
        made.extra["OPENCODE_DISABLE_MODELS_FETCH"] = "1"
        folder = made.home / ".config" / "opencode"
        folder.mkdir(parents=True)
        own = {"permission": {"bash": "allow", "task": "allow"}, "share": "disabled", "autoupdate": False}
        (folder / "opencode.json").write_text(json.dumps(own))
        machines.append(made)
        return made

    yield make
    for made in machines:
        made.run(sys.executable, "-m", "pf_tui", "gateway", "stop")


def rows(made: Machine) -> list[dict[str, Any]]:
    """What the gateway served, oldest first."""
    return ledger_rows(made.state / "ledger.db", "source = 'gateway' OR attribution = 'gateway'")


def check(made: Machine, hosted: Hosted, *, agent: str, helper: bool) -> None:
    """The limit was met once, everything after it came from beta, and the ledger has one row for each."""
    alpha, beta = hosted["alpha"].requests, hosted["beta"].requests
    total = len(alpha) + len(beta)
    wait_until(lambda: len(rows(made)) >= total, what=f"{total} rows in the ledger")
    found = rows(made)
    failed = [row for row in found if row["status"] == "failed"]
    served = [row for row in found if row["status"] == "ok"]

    assert len(found) == total
    assert [(row["provider"], row["failure"]) for row in failed] == [("alpha", "rate")]
    assert [one for one in alpha if isinstance(one.step, Fault)] == alpha[-1:]
    assert sum(row["provider"] == "alpha" for row in served) == len(alpha) - 1
    assert sum(row["provider"] == "beta" for row in served) == len(beta) > 0
    assert {row["agent"] for row in served} == {agent}
    assert all((row["input"], row["output"], row["cache_read"]) == (11, 7, 3400) for row in served)
    assert len({row["session"] for row in served if not row["is_subagent"]}) == 1
    assert (made.work / "found.txt").read_text().startswith("begun")
    if helper:
        assert (made.work / "helper.txt").read_text() == "found\n"
        assert any(row["is_subagent"] for row in served)


def until_the_helper_is_heard(made: Machine, hosted: Hosted) -> None:
    """A subagent works in the background; its parent has the last word."""

    def heard() -> bool:
        return (made.work / "helper.txt").exists() and not is_subagent(hosted["beta"].requests[-1])

    wait_until(heard, what="the last word after the helper's")


PLACES = ("first", "middle", "last")
ALLOWED = ("--permission-mode", "default", "--allowedTools", "Bash,Task,Agent")


@pytest.mark.parametrize("place", PLACES)
def test_claude_code_finishes_its_task_headless(box: Box, hosted: Hosted, place: str) -> None:
    program("claude")
    made = box("anthropic-messages")
    hosted["alpha"].follow(limited_at(place))
    hosted["beta"].follow(thinks)

    done = made.run("pf-tui", "run", "claude", "--", "-p", TASK, *ALLOWED, "--output-format", "json")

    answer = json.loads(done.stdout)
    assert (answer["is_error"], answer["result"]) == (False, DONE), done.stderr
    check(made, hosted, agent="claude-code", helper=True)


@pytest.mark.parametrize("place", PLACES)
def test_claude_code_finishes_its_task_in_a_terminal(box: Box, hosted: Hosted, place: str) -> None:
    program("claude")
    made = box("anthropic-messages")
    hosted["alpha"].follow(limited_at(place))
    hosted["beta"].follow(thinks)

    with terminal(made, "pf-tui", "run", "claude", "--", *ALLOWED) as screen:
        screen.wait_for("❯")
        screen.type(TASK)
        screen.press("Enter")
        shown = screen.wait_for(DONE, 90)
        until_the_helper_is_heard(made, hosted)

    assert "API Error" not in shown
    assert "429" not in shown
    check(made, hosted, agent="claude-code", helper=True)


@pytest.mark.parametrize("place", PLACES)
def test_opencode_finishes_its_task_headless(box: Box, hosted: Hosted, place: str) -> None:
    program("opencode")
    made = box("anthropic-messages")
    hosted["alpha"].follow(limited_at(place))
    hosted["beta"].follow(thinks)

    done = made.run("pf-tui", "run", "opencode", "--", "run", TASK, "--title", "t")

    assert (done.returncode, DONE in done.stdout) == (0, True), done.stdout + done.stderr
    check(made, hosted, agent="opencode", helper=True)


@pytest.mark.parametrize("place", PLACES)
def test_opencode_finishes_its_task_in_a_terminal(box: Box, hosted: Hosted, place: str) -> None:
    program("opencode")
    made = box("anthropic-messages")
    hosted["alpha"].follow(limited_at(place))
    hosted["beta"].follow(thinks)

    with terminal(made, "pf-tui", "run", "opencode") as screen:
        screen.wait_for("Ask anything", 60)
        screen.type(TASK)
        screen.press("Enter")
        shown = screen.wait_for(DONE, 90)

    assert "429" not in shown
    assert "retrying" not in shown
    check(made, hosted, agent="opencode", helper=True)


@pytest.mark.parametrize("place", PLACES)
def test_codex_finishes_its_task(box: Box, hosted: Hosted, place: str) -> None:
    program("codex")
    made = box("openai-responses")
    hosted["alpha"].follow(limited_at(place))
    hosted["beta"].follow(thinks)

    done = made.run(
        "pf-tui", "run", "codex", "--", "exec", "-m", "gpt-5.2", "--skip-git-repo-check",
        "--dangerously-bypass-approvals-and-sandbox", TASK,
    )  # fmt: skip

    assert (done.returncode, DONE in done.stdout) == (0, True), done.stdout + done.stderr
    check(made, hosted, agent="codex", helper=False)


ENDS = {
    "claude": ("-p", TASK, "--output-format", "json"),
    "opencode": ("run", TASK, "--title", "t"),
    "codex": ("exec", "-m", "gpt-5.2", "--skip-git-repo-check", TASK),
}


@pytest.mark.parametrize("agent", ENDS)
def test_an_agent_ends_at_once_when_nobody_can_serve(box: Box, hosted: Hosted, agent: str) -> None:
    """By itself Claude Code would ask for three minutes, OpenCode for an hour (measured)."""
    program(agent)
    made = box("openai-responses" if agent == "codex" else "anthropic-messages")
    for name in ("alpha", "beta"):
        hosted[name].plan("429-hour")

    done = made.run("pf-tui", "run", agent, "--", *ENDS[agent], timeout_s=60)

    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    if agent == "codex":  # it puts the time into words of its own
        assert "usage limit" in said
    else:
        assert "all 2 providers are limited; the first is back at " in said
    assert len(hosted["alpha"].requests) == len(hosted["beta"].requests) == 1


CHEAP = "claude-haiku-5-5"


@pytest.mark.parametrize("agent", ["claude", "opencode"])
def test_a_subagent_of_a_real_task_is_served_by_the_cheaper_model(
    box: Box, hosted: Hosted, agent: str
) -> None:
    program(agent)
    made = box("anthropic-messages")
    for name in ("alpha", "beta"):
        hosted[name].follow(thinks)
    made.pf("classes", "set", "subagent", "--provider", "beta", "--model", CHEAP)

    words = ("-p", TASK, *ALLOWED) if agent == "claude" else ("run", TASK, "--title", "t")
    done = made.run("pf-tui", "run", agent, "--", *words)

    assert (done.returncode, DONE in done.stdout) == (0, True), done.stdout + done.stderr
    assert (made.work / "helper.txt").read_text() == "found\n"
    helpers = [one for one in hosted["beta"].requests if tool_names(one)]
    assert helpers
    assert all(is_subagent(one) and one.content["model"] == CHEAP for one in helpers)
    assert not any(is_subagent(one) for one in hosted["alpha"].requests)
    wait_until(lambda: any(row["is_subagent"] for row in rows(made)), what="the helper's row")
    assert {row["served_model"] for row in rows(made) if row["is_subagent"]} == {CHEAP}
