"""Real agents finish a task on stand-ins that refuse what their vendors are known to refuse.

The task: thinking, two commands at once, a picture that is looked at, a last word. The agent speaks its own
protocol; whatever else a vendor speaks, and of its own, is the gateway's to know.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pf_tui.catalog import load
from pf_tui.drill.fake_replies import Reply
from pf_tui.drill.fake_upstream import ReceivedRequest, Step
from tests.clients import Machine, program, settle_claude, shell_call
from tests.e2e.test_any_model import DONE, STARTS, _look, _red
from tests.e2e.test_gateway_agents import Hosted, results, tool_names

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CATALOG = load()
VENDORS = (
    "xai-api", "openrouter", "groq", "mistral-api", "deepseek-api", "google-api",
    "anthropic-api", "openai-api", "together", "cohere-api", "zai-coding-plan",
)  # fmt: skip


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> Iterator[tuple[str, Hosted]]:
    """A vendor's id, and its stand-in under that name."""
    hosted = Hosted(request.param)
    yield request.param, hosted
    hosted.close()


@pytest.fixture
def box(tmp_path: Path, vendor: tuple[str, Hosted]) -> Iterator[Machine]:
    """A machine with that one provider and its key."""
    name, hosted = vendor
    made = Machine(home=tmp_path / "home", work=tmp_path / "home" / "work")
    made.work.mkdir(parents=True)
    made.state.mkdir(parents=True, mode=0o700)
    entry = {"id": name, "base_url": hosted[name].url}
    (made.state / "providers.yaml").write_text(json.dumps({"providers": [entry]}))
    (made.state / "config.json").write_text(json.dumps({"version": 2, "providerPriority": [name]}))
    settle_claude(made)
    del made.extra["NO_PROXY"]  # `run` sees to that
    made.extra |= {"OPENCODE_DISABLE_MODELS_FETCH": "1", CATALOG.providers[name].env[0]: "sk-vendor-0001"}
    folder = made.home / ".config" / "opencode"
    folder.mkdir(parents=True)
    own = {"permission": {"bash": "allow"}, "share": "disabled", "autoupdate": False}
    (folder / "opencode.json").write_text(json.dumps(own))
    (made.work / "red.png").write_bytes(_red())
    yield made
    made.run(sys.executable, "-m", "pf_tui", "gateway", "stop")


BLIND = ("zai-coding-plan",)
"""What stands in there for a GPT sees no picture, and a conversation that holds one is not sent to it."""


def works(made: Machine, asked: ReceivedRequest, *, sees: bool) -> Step:
    """The model: two commands at once, a look, the last word."""
    tools, done = tool_names(asked), results(asked)
    if not tools:
        return Reply(text="A title")
    if done == 0:
        calls = (shell_call(tools, "echo one >> one.txt"), shell_call(tools, "echo two >> two.txt"))
        return Reply(thinking="Two commands, and neither waits.", text="I run both.", calls=calls)
    if sees and done == 2 and (look := _look(tools, made)):
        return Reply(text="I look at it.", calls=(look,))
    return Reply(text=DONE)


@pytest.mark.parametrize("agent", STARTS)
def test_an_agent_finishes_its_task_at_a_strict_vendor(
    box: Machine, vendor: tuple[str, Hosted], agent: str
) -> None:
    program(agent)
    name, hosted = vendor
    hosted[name].follow(lambda asked: works(box, asked, sees=name not in BLIND))

    done = box.run("pf-tui", "run", agent, "--", *STARTS[agent])

    assert (done.returncode, DONE in done.stdout) == (0, True), done.stdout + done.stderr
    assert [(box.work / f"{word}.txt").read_text() for word in ("one", "two")] == ["one\n", "two\n"]
    refused = [asked.body.decode() for asked in hosted[name].requests if asked.step is None]
    assert refused == []
