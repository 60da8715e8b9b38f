"""Real agents finish a task on a provider that speaks another protocol than theirs.

The task: thinking, two commands at once, a picture that is looked at, the conversation compacted, a third
command, a last word. alpha says 429 midway, beta goes on; both speak one protocol alone. The agent sees its
own protocol, the ledger each turn once.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections import Counter
from typing import Any

import pytest

from pf_tui.catalog import load
from pf_tui.drill.fake_replies import Call, Reply
from pf_tui.drill.fake_upstream import ReceivedRequest, Step
from pf_tui.drill.faults import FAULTS
from tests.clients import Machine, program, shell_call, wait_until
from tests.e2e.test_gateway_agents import Box, Hosted, box, hosted, results, rows, tool_names

__all__ = ["box", "hosted"]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CATALOG = load()
TASK = "Run both commands, look at the picture, and say that it is done."
DONE = "Both have run and the picture is red."
WIRES = ("openai-chat", "openai-responses", "anthropic-messages")

STARTS = {
    "claude": (
        "-p", TASK, "--permission-mode", "default", "--allowedTools", "Bash,Read", "--output-format", "json",
    ),
    "opencode": ("run", TASK, "--title", "t"),
    "codex": (
        "exec", "-m", "gpt-5.2", "-c", "model_auto_compact_token_limit=150000", "--skip-git-repo-check",
        "--dangerously-bypass-approvals-and-sandbox", TASK,
    ),
}  # fmt: skip
AGENTS = {"claude": "claude-code", "opencode": "opencode", "codex": "codex"}
FULL = 185_000
"""Tokens the provider reports when the agent has to compact: by its own count it is far from there."""
FULL_OPENCODE = 1_185_000
"""It goes by the model's window alone."""
SUMMARY = "SUMMARY-7431: both commands have run, the picture is red, a third command is left."
ASKS_FOR_A_SUMMARY = (
    "Do NOT call any tools",  # Claude Code 2.1.330, 2.1.332
    "CONTEXT CHECKPOINT COMPACTION",  # Codex 0.169, 0.171
    "context summarization agent",  # OpenCode 1.18
)


def works(made: Machine, *, limited: bool) -> Any:
    """The model; with `limited` its second turn hits a limit of an hour."""
    hit = False

    def script(asked: ReceivedRequest) -> Step:
        nonlocal hit
        tools, done = tool_names(asked), results(asked)
        if asks_for_a_summary(asked):
            return Reply(text=f"<analysis>All of it.</analysis>\n<summary>{SUMMARY}</summary>")
        if not tools:
            return Reply(text="A title")
        if SUMMARY in asked.body.decode():
            if b"three.txt" in asked.body:
                return Reply(text=DONE)
            return Reply(text="One is left.", calls=(shell_call(tools, "echo three >> three.txt"),))
        if done == 0:
            calls = (shell_call(tools, "echo one >> one.txt"), shell_call(tools, "echo two >> two.txt"))
            return Reply(thinking="Two commands, and neither waits.", text="I run both.", calls=calls)
        if limited and not hit:
            hit = True
            return FAULTS["429-hour"]
        if done == 2 and (look := _look(tools, made)):
            return Reply(text="I look at it.", calls=(look,))
        full = FULL_OPENCODE if "read" in tools else FULL
        return Reply(text="It is red.", calls=(shell_call(tools, "echo red >> red.txt"),), input=full)

    return script


def asks_for_a_summary(asked: ReceivedRequest) -> bool:
    """The request by which the agent compacts its conversation."""
    content = asked.content
    turns = content.get("messages") or content.get("input")
    assert isinstance(turns, list)
    said = json.dumps([content.get("system"), content.get("instructions"), turns[0], turns[-1]])
    return any(words in said for words in ASKS_FOR_A_SUMMARY)


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
    made.extra["CLAUDE_CODE_AUTO_COMPACT_WINDOW"] = "200000"
    hosted["alpha"].follow(works(made, limited=True))
    hosted["beta"].follow(works(made, limited=False))

    done = made.run("pf-tui", "run", agent, "--", *STARTS[agent])

    assert (done.returncode, DONE in done.stdout) == (0, True), done.stdout + done.stderr
    for name in ("one", "two", "red", "three"):
        assert (made.work / f"{name}.txt").read_text() == f"{name}\n"
    alpha, beta = hosted["alpha"].requests, hosted["beta"].requests
    assert {asked.protocol for asked in (*alpha, *beta)} == {wire}
    _check_the_compaction(beta)
    _check_the_ledger(made, hosted, AGENTS[agent])


def _check_the_compaction(beta: list[ReceivedRequest]) -> None:
    """One request for a summary, with the results of the calls; then turns that hold the summary."""
    places = [place for place, asked in enumerate(beta) if asks_for_a_summary(asked)]
    assert len(places) == 1
    before, after = beta[: places[0]], beta[places[0] + 1 :]
    assert all(SUMMARY not in asked.body.decode() for asked in before)
    assert [SUMMARY in asked.body.decode() for asked in after if tool_names(asked)] == [True, True]
    assert all(results(asked) <= 2 for asked in after)  # what came first is in the summary alone
    picture = base64.b64encode(b"\x89PNG")[:4]
    assert any(picture in asked.body for asked in before)


def _check_the_ledger(made: Machine, hosted: Hosted, agent: str) -> None:
    """One row for each request, with what its provider said; also when the agent's own logs were read."""
    alpha, beta = hosted["alpha"].requests, hosted["beta"].requests
    total = len(alpha) + len(beta)
    wait_until(lambda: len(rows(made)) >= total, what=f"{total} rows in the ledger")
    made.pf("analytics", "24h", "--json")
    told = rows(made)
    assert [row["failure"] for row in told if row["status"] == "failed"] == ["rate"]
    served = [row for row in told if row["status"] == "ok"]
    assert {row["agent"] for row in served} == {agent}
    wanted = Counter(
        (name, asked.model, step.input, step.output, step.cache_read)
        for name in ("alpha", "beta")
        for asked in hosted[name].requests
        if isinstance(step := asked.step, Reply)
    )
    assert wanted == Counter(
        (row["provider"], row["served_model"] or row["model"], row["input"], row["output"], row["cache_read"])
        for row in served
    )
    assert all(row["cost_basis"] == "list" and _cost(row) == pytest.approx(row["cost_usd"]) for row in served)


def _cost(row: dict[str, Any]) -> float:
    """USD at the list price of the model that served; OpenAI's have a dearer tier for long prompts."""
    price = CATALOG.models[row["served_model"] or row["model"]].price
    assert price is not None
    sent = row["input"] + row["cache_read"] + row["cache_write_5m"]
    tier = next((tier for tier in price.tiers if sent > tier.above_input_tokens), price)
    parts = (
        (row["input"], tier.input),
        (row["output"], tier.output),
        (row["cache_read"], tier.cache_read),
        (row["cache_write_5m"], tier.cache_write),
    )
    return sum(tokens * (usd or 0.0) for tokens, usd in parts) / 1e6
