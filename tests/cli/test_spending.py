"""`pf-tui allow` and `pf-tui classes`: a word each, undoable, and in `why`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pf_tui import actions
from pf_tui.rules import failures
from pf_tui.state.context import Context
from tests.cli.conftest import Pf

KEYS = {"ZAI_API_KEY": "k", "OPENROUTER_API_KEY": "k"}


@pytest.fixture
def used_up(context: Callable[..., Context], pf: Pf, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A plan that rests, a paid key behind it, and the wish to be asked."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    ctx = context(env=KEYS, now=lambda: datetime.now(UTC))
    actions.set_priority(ctx, ["zai-coding-plan", "openrouter"])
    actions.set_paid(ctx, "ask")
    actions.report_failure(
        ctx, "zai-coding-plan", failures.reported("quota", until=ctx.now() + timedelta(hours=3))
    )
    return ctx


def test_a_question_is_answered_and_the_answer_taken_back(used_up: Context, pf: Pf) -> None:
    asked = json.loads(pf("status", "--json").out)
    assert asked["active"] is None
    assert (asked["question"]["plan"], asked["question"]["provider"]) == ("zai-coding-plan", "openrouter")
    assert "pf-tui allow paid --today" in pf("why").out

    assert pf("allow", "paid", "--today").code == 0
    answered = json.loads(pf("allow", "paid", "--json").out)
    assert (answered["paid"], answered["holds"], answered["question"]) == ("ask", "auto", None)
    assert answered["active"]["provider"] == "openrouter"

    pf("undo")
    assert json.loads(pf("status", "--json").out)["active"] is None


def test_the_question_comes_before_the_plan_is_used_up(used_up: Context, pf: Pf) -> None:
    actions.release(used_up, "zai-coding-plan")

    ahead = json.loads(pf("status", "--json").out)
    assert ahead["active"]["provider"] == "zai-coding-plan"
    assert ahead["question"] == {
        "plan": "zai-coding-plan", "back": None, "provider": "openrouter", "serves": True,
    }  # fmt: skip
    assert "zai-coding-plan serves; openrouter would be next, and costs money" in pf("status").out

    pf("allow", "paid", "--today")
    answered = json.loads(pf("status", "--json").out)
    assert (answered["question"], answered["next"]["provider"]) == (None, "openrouter")


def test_a_limit_behind_an_early_question_spends_nothing_and_is_told_once(used_up: Context, pf: Pf) -> None:
    actions.release(used_up, "zai-coding-plan")
    before = len([one for one in json.loads(pf("events", "--json").out) if one["action"] == "ask"])

    actions.report_failure(
        used_up, "zai-coding-plan", failures.reported("quota", until=used_up.now() + timedelta(hours=3))
    )

    asked = [one for one in json.loads(pf("events", "--json").out) if one["action"] == "ask"]
    assert len(asked) == before + 1
    assert json.loads(pf("status", "--json").out)["active"] is None


def test_never_asks_nothing(used_up: Context, pf: Pf) -> None:
    pf("allow", "paid", "--never")

    told = json.loads(pf("why", "--json").out)
    assert (told["paid"], told["question"]) == ("never", None)
    assert told["chain"][1]["code"] == "paid"


def test_to_put_a_paid_provider_first_is_an_answer_too(used_up: Context, pf: Pf) -> None:
    assert pf("switch", "openrouter").code == 0
    assert json.loads(pf("status", "--json").out)["active"]["provider"] == "openrouter"


def test_today_is_no_answer_where_nobody_asks(pf: Pf) -> None:
    told = pf("allow", "paid", "--today")

    assert (told.code, told.out) == (0, "paid providers follow a plan by themselves; nothing was changed\n")


def test_a_class_is_shown_where_it_goes_and_undone(pf: Pf) -> None:
    done = pf("classes", "set", "subagent", "--model", "haiku-5.5")
    assert "subagent → claude-haiku-5-5, from the next request through the gateway" in done.out
    assert "through the gateway: subagent → claude-haiku-5-5" in pf("why").out
    route = json.loads(pf("why", "--agent", "claude", "--class", "subagent", "--json").out)["route"]
    assert (route["class"], route["model"]) == ("subagent", "claude-haiku-5-5")
    assert route["rule"] == {"provider": None, "model": "claude-haiku-5-5"}

    pf("undo")
    assert [one["model"] for one in json.loads(pf("classes", "--json").out)] == [None] * 4


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        pytest.param(("subagent",), "where do they go?", 2, id="nowhere"),
        pytest.param(("subagent", "--provider", "nobody"), "no provider is called 'nobody'", 3, id="unknown"),
        pytest.param(
            ("subagent", "--provider", "groq", "--model", "claude-haiku-5-5"),
            "groq does not serve claude-haiku-5-5; nothing was changed",
            1,
            id="not-sold-there",
        ),
    ],
)
def test_a_rule_that_cannot_hold_is_refused(pf: Pf, words: tuple[str, ...], told: str, code: int) -> None:
    refused = pf("classes", "set", *words)

    assert refused.code == code
    assert told in refused.err
