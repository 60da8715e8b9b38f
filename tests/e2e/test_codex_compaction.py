"""Real Codex that takes the gateway for OpenAI asks it for compaction, also where nobody there can do it.

Under a provider named "OpenAI" it sends a `compaction_trigger` and wants one `compaction` item back; under
every other name, as `pf-tui run` sets it, it compacts by itself (see test_any_model).
"""

from __future__ import annotations

import json

import pytest

from pf_tui.drill.fake_replies import Reply
from pf_tui.drill.fake_upstream import ReceivedRequest, Step
from tests.clients import program, shell_call, wait_until
from tests.e2e.test_any_model import DONE, SUMMARY, TASK, WIRES
from tests.e2e.test_gateway_agents import Box, Hosted, box, hosted, results, rows, tool_names

__all__ = ["box", "hosted"]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

WORDS = (
    "exec", "-m", "gpt-5.2", "-c", "model_auto_compact_token_limit=150000", "--skip-git-repo-check",
    "--dangerously-bypass-approvals-and-sandbox", "-c", 'model_providers.pf-tui.name="OpenAI"', TASK,
)  # fmt: skip
ASKED = b"only your answer to this message"


def script(asked: ReceivedRequest) -> Step:
    """One command, a full window, a summary, one more command, the last word."""
    if ASKED in asked.body:
        return Reply(thinking="What matters?", text=SUMMARY)
    if SUMMARY.encode() in asked.body:
        if b"two.txt" in asked.body:
            return Reply(text=DONE)
        return Reply(calls=(shell_call(tool_names(asked), "echo two >> two.txt"),))
    if results(asked) == 0:
        return Reply(calls=(shell_call(tool_names(asked), "echo one >> one.txt"),), input=185_000)
    return Reply(text="never without the summary")


@pytest.mark.parametrize("wire", WIRES)
def test_codex_that_asks_for_compaction_gets_a_summary_and_goes_on(
    box: Box, hosted: Hosted, wire: str
) -> None:
    program("codex")
    made = box(wire)
    hosted["alpha"].follow(script)

    done = made.run("pf-tui", "run", "codex", "--", *WORDS)

    assert (done.returncode, DONE in done.stdout) == (0, True), done.stdout + done.stderr
    for name in ("one", "two"):
        assert (made.work / f"{name}.txt").read_text() == f"{name}\n"
    bodies = [asked.body for asked in hosted["alpha"].requests]
    assert [ASKED in body for body in bodies] == [False, True, False, False]
    assert all(b"compaction" not in json.dumps(json.loads(body).get("input", "")).encode() for body in bodies)
    assert [SUMMARY.encode() in body for body in bodies] == [False, False, True, True]
    wait_until(lambda: len(rows(made)) == len(bodies), what="a row in the ledger for each request")
