"""Who goes on at the reset, how, and only once."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from typing import Any

import pytest

from pf_tui import actions
from pf_tui.actions import pausing, resuming
from pf_tui.errors import PfError
from pf_tui.sessions import evidence
from pf_tui.sessions.evidence import Evidence
from pf_tui.sessions.processes import Processes
from pf_tui.state import resumes
from pf_tui.state.context import Context
from tests.actions.test_sessions import NOON, Make, session

UNTIL = NOON + timedelta(hours=2, seconds=7)
LIMITED: dict[str, Any] = {"state": "limited", "limited_until": UNTIL}
ID = "aaaa1111-2222"


class Ran:
    """Stands in for the programs."""

    def __init__(self, code: int = 0, stderr: str = "") -> None:
        self.words: list[list[str]] = []
        self._code, self._stderr = code, stderr

    def __call__(self, words: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.words.append(words)
        return subprocess.CompletedProcess(words, self._code, "", self._stderr)


@pytest.mark.parametrize(
    ("one", "how"),
    [
        pytest.param(session("codex", **LIMITED), "queue", id="codex-runs"),
        pytest.param(session("codex", state="ended"), "headless", id="codex-ended"),
        pytest.param(
            session(**LIMITED, by="log", provider="anthropic-subscription"), "self", id="claude-plan"
        ),
        pytest.param(session(**LIMITED, by="log", provider="anthropic-api"), "none", id="claude-key"),
        pytest.param(session(**LIMITED, by="gateway", behind_gateway=True), "self", id="claude-watchdog"),
        pytest.param(session(**LIMITED, by="log", behind_gateway=True), "none", id="claude-gave-up"),
        pytest.param(session(state="idle", provider="anthropic-subscription"), "none", id="claude-idle"),
        pytest.param(session(state="ended"), "headless", id="claude-ended"),
        pytest.param(session("opencode", **LIMITED, by="hook"), "self", id="opencode-retries"),
        pytest.param(session("opencode", state="idle"), "none", id="opencode-final-error"),
        pytest.param(session("opencode", state="ended"), "headless", id="opencode-ended"),
    ],
)
def test_each_agent_goes_on_in_the_way_that_was_measured(context: Make, one: Any, how: str) -> None:
    chosen = resuming.way(context(), one, Processes(context().paths.home))

    assert chosen.how == how
    if chosen.command:
        assert ID in chosen.command
        assert "send-keys" not in chosen.command


def test_why_opencode_cannot_be_sent_on_is_one_sentence(context: Make) -> None:
    with pytest.raises(PfError) as error:
        resuming.resume(context(), session("opencode", state="idle"))

    assert error.value.message.endswith("cannot be resumed from here")
    says = "pf-tui's plugin in OpenCode has seen no limit end its last turn: write `continue` in it"
    assert error.value.hint == says


def stopped(ctx: Context, **facts: Any) -> None:
    """What OpenCode's plugin leaves of a session whose last turn ended at a limit."""
    limit = {"at": NOON.timestamp(), "until": UNTIL.timestamp()}
    given = {"status": "idle", "limited": limit, **facts}
    evidence.write(
        ctx.paths, Evidence(agent="opencode", id=ID, at=NOON.timestamp(), event="session.limited", **given)
    )


@pytest.mark.parametrize(
    ("state", "facts", "how"),
    [
        ("limited", {}, "plugin"),
        ("idle", {}, "plugin"),
        ("working", {"status": "busy"}, "none"),
        ("limited", {"status": "retry"}, "self"),
        ("idle", {"limited": {}}, "none"),
    ],
)
def test_opencodes_plugin_sends_on_what_stopped_at_a_limit(
    context: Make, state: str, facts: dict[str, Any], how: str
) -> None:
    ctx = context()
    stopped(ctx, **facts)

    assert resuming.way(ctx, session("opencode", state=state, by="hook")).how == how


def test_the_plugin_takes_a_wish_once_and_not_before_its_time(context: Make) -> None:
    clock = [NOON]
    ctx = context(now=lambda: clock[0])
    stopped(ctx)
    one = session("opencode", **LIMITED, by="hook")
    assert resuming.planned_resume(ctx, one)[1] == UNTIL + resuming.AFTER
    assert not resuming.sent_by_plugin(ctx, ID)

    clock[0] = UNTIL + timedelta(minutes=1)
    assert resuming.carry_out(ctx, one) is None
    assert [resuming.sent_by_plugin(ctx, ID) for _ in range(2)] == [True, False]

    journal = [json.loads(line) for line in ctx.paths.journal.read_text().splitlines()]
    assert [line["after"]["how"] for line in journal if line["action"] == "session-resume"] == ["plugin"]


def test_what_the_plugin_finds_an_hour_late_is_dropped(context: Make) -> None:
    clock = [NOON]
    ctx = context(now=lambda: clock[0])
    stopped(ctx)
    resuming.planned_resume(ctx, session("opencode", **LIMITED, by="hook"))
    clock[0] += timedelta(hours=4)

    assert not resuming.sent_by_plugin(ctx, ID)
    assert resumes.read(ctx.paths) == {}


def test_a_session_that_nobody_asked_for_is_not_resumed_once_it_has_ended(context: Make) -> None:
    ctx = context()
    resumes.ask(ctx.paths, ("opencode", ID), NOON, NOON, while_it_runs=True)

    told = resuming.carry_out(ctx, session("opencode", state="ended"))

    assert told == "session aaaa1111 has ended; nothing was sent"
    assert resumes.read(ctx.paths) == {}
    assert not ctx.paths.journal.exists()


@pytest.mark.parametrize("takes", [True, False])
def test_the_command_waits_until_the_plugin_has_taken_its_wish(context: Make, takes: bool) -> None:
    ctx = context()
    stopped(ctx)

    def sleep(_: float) -> None:
        assert not takes or resuming.sent_by_plugin(ctx, ID)

    if takes:
        assert (
            resuming.resume(ctx, session("opencode", state="idle"), sleep=sleep) == "session aaaa1111 goes on"
        )
    else:
        with pytest.raises(PfError, match="pf-tui's plugin in OpenCode does not answer"):
            resuming.resume(ctx, session("opencode", state="idle"), sleep=sleep)
    assert resumes.read(ctx.paths) == {}


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"elsewhere": True}, "runs in a container or on another machine"),
        ({"parent": "bbbb"}, "is a subagent"),
        ({"id": "--dangerously-skip-permissions"}, "has an id that no command takes"),
    ],
)
def test_what_cannot_go_on_from_here_is_refused(context: Make, facts: dict[str, Any], told: str) -> None:
    with pytest.raises(PfError, match=told):
        resuming.way(context(), session(**facts))


def test_a_queued_message_is_sent_once_after_the_reset(context: Make) -> None:
    clock = [NOON]
    ctx = context(now=lambda: clock[0])
    one = session("codex", **LIMITED)
    chosen, at = resuming.planned_resume(ctx, one)
    assert (chosen.how, at) == ("queue", UNTIL + resuming.AFTER)
    assert resuming.carry_out(ctx, one) is None

    clock[0] = UNTIL + timedelta(minutes=1)
    ran = Ran()
    assert resumes.claim(ctx.paths, ("codex", ID))
    assert resuming.resume(ctx, session("codex", state="idle"), run=ran) == "session aaaa1111 goes on"
    assert resuming.carry_out(ctx, one) is None

    assert ran.words == [["codex", "queue", "--thread", ID, "--message", "continue"]]
    told = [json.loads(line) for line in ctx.paths.journal.read_text().splitlines()]
    assert [line["after"]["how"] for line in told if line["action"] == "session-resume"] == ["queue"]


def test_asked_twice_it_is_taken_back(context: Make) -> None:
    ctx = context()
    resuming.planned_resume(ctx, session("codex", **LIMITED))

    assert resuming.planned_resume(ctx, session("codex", **LIMITED)) == (None, None)
    assert resumes.read(ctx.paths) == {}


@pytest.mark.parametrize(
    ("state", "later", "told"),
    [
        ("working", timedelta(hours=2, minutes=1), "has resumed by itself; nothing was sent"),
        ("idle", timedelta(hours=4), "more than an hour ago, when no dashboard was open; nothing was sent"),
    ],
)
def test_a_wish_that_is_no_longer_meant_sends_nothing(
    context: Make, state: str, later: timedelta, told: str
) -> None:
    clock = [NOON]
    ctx = context(now=lambda: clock[0])
    resuming.planned_resume(ctx, session("codex", **LIMITED))
    clock[0] += later

    said = resuming.carry_out(ctx, session("codex", state=state))

    assert said is not None
    assert told in said
    assert resumes.read(ctx.paths) == {}
    assert not ctx.paths.journal.exists()


def test_a_failed_attempt_says_why_and_is_not_repeated(context: Make) -> None:
    ctx = context()
    with pytest.raises(PfError, match="session aaaa1111 did not go on: no such thread"):
        resuming.resume(ctx, session("codex"), run=Ran(1, "warning\nno such thread\n"))


def test_a_session_that_its_agent_sends_on_gets_no_second_sender(context: Make) -> None:
    ran = Ran()
    one = session(**LIMITED, by="log", provider="anthropic-subscription")

    assert "goes on by itself" in resuming.resume(context(), one, run=ran)
    assert ran.words == []


def test_while_pf_tui_is_paused_nothing_is_sent_and_the_wish_stays(context: Make) -> None:
    clock = [NOON]
    ctx = context(now=lambda: clock[0])
    resuming.planned_resume(ctx, session("codex", **LIMITED))
    clock[0] = UNTIL + timedelta(minutes=1)
    pausing.pause(ctx)
    ran = Ran()

    assert resuming.carry_out(ctx, session("codex", state="idle")) is None
    with pytest.raises(PfError, match="pf-tui is paused; session aaaa1111 was not resumed"):
        resuming.resume(ctx, session("codex", state="idle"), run=ran)
    assert ran.words == []
    assert list(resumes.read(ctx.paths)) == [("codex", ID)]


def test_without_a_limit_it_goes_on_when_somebody_can_serve(context: Make) -> None:
    ctx: Context = context(env={"ANTHROPIC_API_KEY": "k"})
    actions.set_priority(ctx, ["anthropic-api"])
    assert resuming.due(ctx, session(state="ended")) == NOON

    actions.bench(ctx, "anthropic-api", until=UNTIL)
    assert resuming.due(ctx, session(state="ended")) == UNTIL + resuming.AFTER


def test_a_broken_file_of_wishes_is_begun_anew(context: Make) -> None:
    ctx = context()
    resuming.planned_resume(ctx, session("codex", **LIMITED))
    ctx.paths.resumes.write_text("[")

    assert resumes.read(ctx.paths) == {}
    assert resuming.planned_resume(ctx, session("codex", **LIMITED))[1] is not None
