"""Real agents finish a task on a provider that speaks another protocol than theirs.

The task: thinking, two commands at once, a picture that is looked at, a last word. alpha says 429 midway,
beta goes on; both speak one protocol alone. The agent sees its own protocol, the ledger each turn once.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import Any

import pytest

from pf_tui.drill.fake_replies import Call, Reply
from pf_tui.drill.fake_upstream import ReceivedRequest, Step
from pf_tui.drill.faults import FAULTS, Fault
from tests.e2e.test_gateway_agents import Box, Hosted, box, hosted, results, rows, tool_names
from tests.mocks.clients import Machine, program, wait_until

__all__ = ["box", "hosted"]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

TASK = "Run both commands, look at the picture, and say that it is done."
DONE = "Both have run and the picture is red."
WIRES = ("openai-chat", "openai-responses", "anthropic-messages")

STARTS = {
    "claude": (
        "-p", TASK, "--permission-mode", "default", "--allowedTools", "Bash,Read", "--output-format", "json",
    ),
    "opencode": ("run", TASK, "--title", "t"),
    "codex": (
        "exec", "-m", "gpt-5.2", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", TASK,
    ),
}  # fmt: skip
AGENTS = {"claude": "claude-code", "opencode": "opencode", "codex": "codex"}


def works(made: Machine, *, limited: bool) -> Any:
    """The model; with `limited` its second turn hits a limit of an hour."""
    hit = False

    def script(asked: ReceivedRequest) -> Step:
        nonlocal hit
        tools, done = tool_names(asked), results(asked)
        if not tools:
            return Reply(text="A title")
        if done == 0:
            calls = (_shell(tools, "echo one >> one.txt"), _shell(tools, "echo two >> two.txt"))
            return Reply(thinking="Two commands, and neither waits.", text="I run both.", calls=calls)
        if limited and not hit:
            hit = True
            return FAULTS["429-hour"]
        if done == 2 and (look := _look(tools, made)):
            return Reply(text="I look at it.", calls=(look,))
        return Reply(text=DONE)

    return script


def _shell(tools: list[str], command: str) -> Call:
    name = next(name for name in ("Bash", "bash", "exec_command", "shell_command", "shell") if name in tools)
    arguments: dict[str, Any] = {"command": command, "description": "run it"}
    if name == "exec_command":
        arguments = {"cmd": command}
    elif name == "shell":
        arguments = {"command": ["sh", "-c", command]}
    elif name == "shell_command":
        arguments = {"command": command}
    return Call(name=name, arguments=arguments)


def _look(tools: list[str], made: Machine) -> Call | None:
    path = str(made.work / "red.png")
    for name, key in (("Read", "file_path"), ("read", "filePath"), ("view_image", "path")):
        if name in tools:
            return Call(name=name, arguments={key: path})
    return None


def _red() -> bytes:
    """A red square as PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = 32
    lines = b"".join(b"\0" + b"\xff\0\0" * size for _ in range(size))
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(lines)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("agent", STARTS)
def test_an_agent_finishes_its_task_on_any_protocol(box: Box, hosted: Hosted, agent: str, wire: str) -> None:
    program(agent)
    made = box(wire)
    (made.work / "red.png").write_bytes(_red())
    hosted["alpha"].follow(works(made, limited=True))
    hosted["beta"].follow(works(made, limited=False))

    done = made.run("pf-tui", "run", agent, "--", *STARTS[agent])

    assert (done.returncode, DONE in done.stdout) == (0, True), done.stdout + done.stderr
    assert (made.work / "one.txt").read_text() == "one\n"
    assert (made.work / "two.txt").read_text() == "two\n"
    alpha, beta = hosted["alpha"].requests, hosted["beta"].requests
    assert {asked.protocol for asked in (*alpha, *beta)} == {wire}
    if _look(tool_names(beta[-1]), made):
        assert base64.b64encode(b"\x89PNG")[:4] in beta[-1].body  # the picture came along
    total = len(alpha) + len(beta)
    wait_until(lambda: len(rows(made)) >= total, what=f"{total} rows in the ledger")
    found = rows(made)
    assert len(found) == total
    assert [row["failure"] for row in found if row["status"] == "failed"] == ["rate"]
    served = [row for row in found if row["status"] == "ok"]
    assert sum(row["provider"] == "alpha" for row in served) == sum(
        not isinstance(asked.step, Fault) for asked in alpha
    )
    assert sum(row["provider"] == "beta" for row in served) == len(beta)
    assert {row["agent"] for row in served} == {AGENTS[agent]}
    assert all((row["input"], row["output"], row["cache_read"]) == (11, 7, 3400) for row in served), [
        json.dumps({key: row[key] for key in ("provider", "input", "output", "cache_read")}) for row in served
    ]
