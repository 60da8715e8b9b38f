"""When a paid provider may follow a plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pf_tui import catalog as catalogs
from pf_tui.rules import failover, spending
from pf_tui.rules.eligibility import ActiveBench, Eligibility
from pf_tui.rules.failover import RouteRequest

CATALOG = catalogs.load()
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BACK = NOW + timedelta(hours=3)
PLAN, KEY = "anthropic-subscription", "openrouter"
RESTS = (ActiveBench(kind="quota", until=BACK),)


def eligibilities(*names: str, resting: bool = True, paid: str = "ask") -> list[Eligibility]:
    found = [Eligibility(provider=name, rests=RESTS if name == PLAN and resting else ()) for name in names]
    return spending.held_back(found, CATALOG, paid)


@pytest.mark.parametrize(
    ("order", "paid", "serves"),
    [
        pytest.param((PLAN, KEY), "auto", KEY, id="auto"),
        pytest.param((PLAN, KEY), "ask", None, id="ask"),
        pytest.param((PLAN, KEY), "never", None, id="never"),
        pytest.param((KEY, PLAN), "ask", KEY, id="the-person-put-the-key-first"),
        pytest.param((KEY,), "ask", KEY, id="no-plan"),
        pytest.param((PLAN, KEY, "zai-coding-plan"), "ask", "zai-coding-plan", id="another-plan"),
    ],
)
def test_a_paid_provider_behind_a_used_up_plan(order: tuple[str, ...], paid: str, serves: str | None) -> None:
    choice = failover.choose(eligibilities(*order, paid=paid), None, CATALOG)

    assert choice.provider == serves


def test_a_plan_without_a_login_holds_nobody_back() -> None:
    found = [Eligibility(provider=PLAN, credential="missing", usable=False), Eligibility(provider=KEY)]

    assert failover.choose(spending.held_back(found, CATALOG, "ask"), None, CATALOG).provider == KEY


def test_the_plan_of_another_agent_alone_is_no_reason_to_wait() -> None:
    listed = eligibilities("openai-subscription", "anthropic-api", resting=False)
    asked = {"protocols": ("anthropic-messages",), "model": "claude-opus-5-5"}

    claude = failover.route(RouteRequest(agent="claude-code", **asked), listed, CATALOG)
    anybody = failover.route(RouteRequest(model="claude-opus-5-5"), listed, CATALOG)

    assert claude.first
    assert claude.first.provider == "anthropic-api"
    assert [one.code for one in anybody.skipped] == ["paid"]


def test_the_question_names_the_plan_its_return_and_who_could_serve() -> None:
    listed = eligibilities(PLAN, KEY)
    choice = failover.choose(listed, None, CATALOG)

    asked = spending.question(choice, choice, listed, "ask")
    assert asked == spending.Question(plan=PLAN, back=BACK, provider=KEY)
    assert spending.question(choice, choice, listed, "never") is None
    assert "paid and not allowed" in choice.reason


@pytest.mark.parametrize(
    ("order", "paid", "asks"),
    [
        pytest.param((PLAN, KEY), "ask", True, id="the-key-is-next"),
        pytest.param((PLAN, KEY), "auto", False, id="allowed"),
        pytest.param((PLAN, KEY), "never", False, id="never"),
        pytest.param((PLAN, KEY, "zai-coding-plan"), "ask", False, id="another-plan-is-next"),
        pytest.param((KEY, PLAN), "ask", False, id="the-person-put-the-key-first"),
        pytest.param((PLAN,), "ask", False, id="nobody-is-next"),
    ],
)
def test_while_a_plan_serves_the_question_comes_when_the_next_move_would_cost(
    order: tuple[str, ...], paid: str, asks: bool
) -> None:
    listed = eligibilities(*order, resting=False, paid=paid)
    choice = failover.choose(listed, None, CATALOG)
    after = failover.choose(listed, None, CATALOG, without=choice.provider)

    ahead = spending.Question(plan=PLAN, back=None, provider=KEY, serves=True)
    assert spending.question(choice, after, listed, paid) == (ahead if asks else None)


@pytest.mark.parametrize(
    ("until", "holds"), [(None, "ask"), (NOW, "ask"), (NOW + timedelta(seconds=1), "auto")]
)
def test_an_allowance_ends(until: datetime | None, holds: str) -> None:
    assert spending.setting("ask", until, NOW) == holds
