"""Real agents go on by themselves at the reset; nothing is typed into a terminal."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pf_tui.drill.fake_upstream import ReceivedRequest, Step
from pf_tui.drill.faults import FAULTS, Fault
from pf_tui.records import replace
from pf_tui.state import resumes
from pf_tui.state.context import Context
from tests import upstreams
from tests.clients import (
    Machine,
    Terminal,
    machine,
    program,
    settle_claude,
    sign_in_to_plan,
    terminal,
    wait_until,
)
from tests.e2e.delays import Faces, reads
from tests.e2e.test_gateway_agents import (
    ALLOWED,
    DONE,
    TASK,
    Box,
    Hosted,
    box,  # noqa: F401 - a fixture
    hosted,  # noqa: F401 - a fixture
    thinks,
    tool_names,
)
from tests.e2e.test_sessions import codex  # noqa: F401 - a fixture
from tests.patience import PATIENCE_S
from tests.upstreams import Upstream  # noqa: F401 - what the fixture alpha starts

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

BACK_S = 75
"""Longer than a minute: a limit that ends sooner is left to every client's own retries."""

LATER_S = 150
"""Time for a person who looks at the dashboard first; longer than the gateway lets clients wait."""

LOOKS_S = 8.0
"""Two looks of OpenCode's plugin."""

LATEST_S = 65 + 120
"""Codex names the minute of a reset, so that the end is a minute later and 5 s more; and a busy machine."""

LIMIT = replace(FAULTS["429"], back_s=BACK_S)


def limited_once(limit: Fault = LIMIT) -> Callable[[ReceivedRequest], Step]:
    """The model, whose second request with tools hits the limit."""
    seen = 0

    def script(asked: ReceivedRequest) -> Step:
        nonlocal seen
        seen += bool(tool_names(asked))
        if seen == 2:
            seen += 1
            return limit
        return thinks(asked)

    return script


def resumed(made: Machine) -> list[str]:
    path = made.state / "journal.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [line["why"] for line in lines if line["action"] == "session-resume"]


def alone(box: Box, hosted: Hosted) -> Machine:  # noqa: F811
    """A machine where nobody follows alpha."""
    made = box("anthropic-messages")
    made.pf("priority", "set", "alpha")
    hosted["alpha"].follow(limited_once())
    return made


@pytest.mark.parametrize("agent", ["claude", "opencode"])
def test_a_headless_turn_waits_for_the_reset_and_ends_well(box: Box, hosted: Hosted, agent: str) -> None:  # noqa: F811
    program(agent)
    made = alone(box, hosted)

    words = ("-p", TASK, *ALLOWED) if agent == "claude" else ("run", TASK, "--title", "t")
    done = made.run("pf-tui", "run", agent, "--resume-at-reset", "--", *words, timeout_s=300)

    assert (done.returncode, DONE in done.stdout) == (0, True), done.stdout + done.stderr
    assert sum(one.step is LIMIT for one in hosted["alpha"].requests) == 1
    assert len(resumed(made)) == 1
    assert "went on by itself: alpha serves again" in resumed(made)[0]


def test_claude_code_in_a_terminal_waits_and_says_so(box: Box, hosted: Hosted) -> None:  # noqa: F811
    program("claude")
    made = alone(box, hosted)

    with terminal(made, "pf-tui", "run", "claude", "--resume-at-reset", "--", *ALLOWED) as screen:
        screen.wait_for("❯")
        screen.type(TASK)
        screen.press("Enter")
        shown = screen.wait_for("attempt 1/", 60)
        # The screen says it at once, the gateway within half a second.
        with Faces(made, "claude-code") as faces:
            faces.after("hits its limit", reads("limited"))
            sessions = json.loads(made.pf("sessions", "--json"))
        screen.wait_for(DONE, 200)
        wait_until(lambda: bool(resumed(made)), what="the return is written down")

    assert "API Error" not in shown
    assert [one["state"] for one in sessions] == ["limited"]
    assert sessions[0]["limited_until"] is not None


def test_a_codex_session_goes_on_by_a_queued_message_after_its_limit(
    codex: tuple[Machine, upstreams.OpenAIUpstream],  # noqa: F811
) -> None:
    made, upstream = codex
    with terminal(made, "codex", "--dangerously-bypass-hook-trust") as screen:
        screen.wait_for("Ask Codex")
        back = int(time.time()) + BACK_S
        error = {"type": "usage_limit_reached", "message": "limit", "plan_type": "plus", "resets_at": back}
        upstream.always(upstreams.refused(429, {"error": error}))
        screen.submit("write it down", "limit", 90)
        with Faces(made, "codex") as faces:
            limited = faces.after("hits its limit", reads("limited"))
        assert limited is not None
        before = len(upstream.requests)
        go_on(made, upstream, screen, limited.id)

    assert limited.limited_until is not None
    assert time.time() >= back
    later = [last_words(one.body) for one in upstream.requests[before:]]
    assert later.count("continue") == 1, later
    assert any("is resumed (queue)" in why for why in resumed(made))


def go_on(made: Machine, upstream: upstreams.Upstream, screen: Terminal, session: str) -> None:
    """`pf-tui sessions resume` waits for the reset, and the agent goes on in its terminal."""
    upstream.always(upstreams.Reply(text="I go on."))
    words = (sys.executable, "-m", "pf_tui", "sessions", "resume", session)
    resumed_by = made.run(*words, timeout_s=BACK_S + LATEST_S)
    screen.wait_for("I go on.", 90)

    assert resumed_by.returncode == 0, resumed_by.stderr
    assert resumed_by.stdout == f"session {session[:8]} goes on\n"


def last_words(body: dict[str, Any]) -> str:
    """What the person said last in a request of Codex; it also asks for titles of its own accord."""
    said = [item for item in body["input"] if item.get("role") == "user"]
    return str(said[-1]["content"][-1]["text"]) if said else ""


def test_opencode_goes_on_by_its_plugin_after_a_final_error(tmp_path: Path) -> None:
    program("opencode")
    with upstreams.OpenAIUpstream() as upstream:
        made = machine(tmp_path, {"alpha": upstream.url}, "openai-chat")
        made.extra = {"OPENCODE_DISABLE_MODELS_FETCH": "1"}
        settle_opencode(made, upstream.url)
        upstream.always(upstreams.refused(429, headers={"retry-after": str(BACK_S)}))
        with terminal(made, "opencode") as screen:
            screen.wait_for("Ask anything", 150)
            screen.type("write it down")
            screen.press("Enter")
            screen.wait_for("pf-tui: alpha is at its limit", 90)
            with Faces(made, "opencode") as faces:
                limited = faces.after("hits its limit", reads("limited"))
            assert limited is not None
            back = time.time() + BACK_S
            asked = len(upstream.requests)
            go_on(made, upstream, screen, limited.id)

    assert limited.limited_until is not None
    assert abs(limited.limited_until.timestamp() - back) < PATIENCE_S
    said = [one.body["messages"][-1] for one in upstream.requests[asked:]]
    assert [turn["role"] for turn in said] == ["user"]
    assert json.dumps(said[0]["content"]).count("continue") == 1
    assert resumed(made) == [f"session {limited.id[:8]} is resumed (plugin)"]


def opencode_behind_the_gateway(box: Box, hosted: Hosted) -> Machine:  # noqa: F811
    """OpenCode with our plugin; the second request of its task hits a limit that ends in LATER_S."""
    program("opencode")
    made = box("openai-chat")
    made.pf("priority", "set", "alpha")
    made.pf("install", "opencode")
    hosted["alpha"].follow(limited_once(replace(LIMIT, back_s=LATER_S)))
    return made


def planned(made: Machine) -> dict[tuple[str, str], datetime]:
    return dict(resumes.read(Context.here("tui", env={"HOME": str(made.home)}, cwd=made.work).paths))


def test_r_sends_opencode_on_behind_the_gateway_while_the_person_types(box: Box, hosted: Hosted) -> None:  # noqa: F811
    made = opencode_behind_the_gateway(box, hosted)
    draft = "half a sentence"
    with (
        terminal(made, "pf-tui", "run", "opencode") as screen,
        terminal(made, sys.executable, "-m", "pf_tui") as dashboard,
    ):
        screen.wait_for("Ask anything", 150)
        screen.type(TASK)
        screen.press("Enter")
        screen.wait_for("the only provider is limited", 90)
        dashboard.press_until("5", "r resumes", 90)
        dashboard.wait_for("1 limited")
        dashboard.press("r")
        dashboard.wait_for("r takes that back")
        dashboard.wait_for("goes on in")
        (due,) = planned(made).values()
        screen.type(draft)
        made.pf("pause")
        before = len(hosted["alpha"].requests)
        time.sleep(max(0.0, due.timestamp() - time.time()) + LOOKS_S)
        paused = (len(hosted["alpha"].requests), list(planned(made).values()), resumed(made))
        made.pf("resume")
        done = screen.wait_for(DONE, 120)
        dashboard.wait_for("○ idle")

    assert paused == (before, [due], [])
    assert draft in done
    assert [why.partition(" ")[2].partition(" ")[2] for why in resumed(made)] == ["is resumed (plugin)"]
    later = [one.content["messages"] for one in hosted["alpha"].requests[before:]]
    assert [turn["role"] for turn in later[0]][-1] == "user"
    assert json.dumps(later[0][-1]).count("continue") == 1
    assert draft not in json.dumps(later)


def test_opencode_goes_on_by_itself_where_the_person_wants_that(box: Box, hosted: Hosted) -> None:  # noqa: F811
    made = opencode_behind_the_gateway(box, hosted)
    made.pf("sessions", "auto", "on")
    with terminal(made, "pf-tui", "run", "opencode") as screen:
        screen.wait_for("Ask anything", 150)
        screen.type(TASK)
        screen.press("Enter")
        screen.wait_for("the only provider is limited", 90)
        wait_until(lambda: bool(planned(made)), what="it is planned")
        screen.wait_for(DONE, LATER_S + 120)

    assert [why.partition(" ")[2].partition(" ")[2] for why in resumed(made)] == ["is resumed (plugin)"]
    assert planned(made) == {}


def settle_opencode(made: Machine, url: str) -> None:
    """OpenCode with the one provider alpha and pf-tui's plugin."""
    folder = made.home / ".config" / "opencode"
    folder.mkdir(parents=True)
    model = {"m-alpha": {"name": "alpha", "limit": {"context": 200_000, "output": 8192}}}
    options = {"baseURL": url, "apiKey": "sk-in-opencode"}
    provider = {"npm": "@ai-sdk/openai-compatible", "name": "alpha", "options": options, "models": model}
    settings = {
        "model": "alpha/m-alpha",
        "small_model": "alpha/m-alpha",
        "share": "disabled",
        "autoupdate": False,
        "provider": {"alpha": provider},
    }
    (folder / "opencode.json").write_text(json.dumps(settings))
    made.pf("install", "opencode")


def plan(tmp_path: Path, upstream: upstreams.Upstream) -> Machine:
    """Claude Code signed in to a plan whose vendor is the mock; nobody follows."""
    made = machine(tmp_path, {"alpha": upstream.url}, "anthropic-messages")
    settle_claude(made)
    sign_in_to_plan(made)
    own = {"id": "anthropic-subscription", "base_url": upstream.url}
    (made.state / "providers.yaml").write_text(json.dumps({"providers": [own]}))
    made.pf("priority", "set", "anthropic-subscription")
    return made


def test_claude_code_on_a_plan_goes_on_at_the_reset_it_shows(
    tmp_path: Path, alpha: upstreams.Upstream
) -> None:
    program("claude")
    made = plan(tmp_path, alpha)
    # The vendor's address is the mock's, as a person's settings would say.
    address = {"env": {"ANTHROPIC_BASE_URL": alpha.url}}
    (made.home / ".claude" / "settings.json").write_text(json.dumps(address))
    alpha.answer(upstreams.failure(429, unified="five_hour", resets_in=5))
    with terminal(made, "pf-tui", "run", "claude", "--resume-at-reset") as screen:
        screen.wait_for("❯")
        screen.submit("hello there", "set to continue automatically", 90)
        screen.wait_for("Hello from the mock.", 200)

    asked = [one for one in alpha.requests if "hello there" in json.dumps(one.body)]
    assert len(asked) == 2
    assert {one.key for one in asked} == {"sk-ant-oat01-mock"}


def test_where_nobody_can_serve_yet_the_agent_starts_when_somebody_is_back(box: Box, hosted: Hosted) -> None:  # noqa: F811
    program("claude")
    made = box("anthropic-messages")
    made.pf("priority", "set", "alpha")
    hosted["alpha"].follow(thinks)
    made.pf("bench", "alpha", "--for", "15s")

    with terminal(made, "pf-tui", "run", "claude", "--resume-at-reset", "--", *ALLOWED) as screen:
        shown = screen.wait_for("waiting for alpha: ")
        screen.wait_for("❯", 60)
        screen.type(TASK)
        screen.press("Enter")
        screen.wait_for(DONE, 120)

    assert "it starts when alpha is back at " in shown
