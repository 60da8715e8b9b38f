"""Requests of one class served elsewhere, and paid providers that wait for a word."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pf_tui import actions
from tests.gateway.test_failover import Open, Room, open_room  # noqa: F401 - a fixture
from tests.gateway.upstreams import request_body

OPUS, HAIKU = "claude-opus-5-5", "claude-haiku-5-5"
HELPER = {"x-claude-code-agent-id": "a1"}
MAIN = {"x-claude-code-request-class": "main"}
BOTH = {"subagent": {"provider": "openrouter", "model": HAIKU}}


def models(room: Room, provider: str) -> list[Any]:
    return [one.content["model"] for one in room[provider].requests]


async def test_a_subagent_goes_to_the_cheaper_model_and_the_conversation_stays(open_room: Open) -> None:  # noqa: F811
    room = await open_room(pf={"classes": BOTH})

    assert (await room.ask(session="s", headers=MAIN)).by == "anthropic-api"
    assert (await room.ask(session="s", headers=HELPER)).by == "openrouter"
    assert (await room.ask(session="s", headers=MAIN)).by == "anthropic-api"

    assert models(room, "anthropic-api") == [OPUS, OPUS]
    assert [one.rpartition("/")[2] for one in models(room, "openrouter")] == ["claude-haiku-5.5"]
    await room.settled()
    assert room.ctx.health().sessions["claude-code", "s"].provider == "anthropic-api"


async def test_a_rule_holds_from_the_next_request_and_undo_ends_it(open_room: Open) -> None:  # noqa: F811
    room = await open_room()
    assert (await room.ask(session="s", headers=HELPER)).by == "anthropic-api"

    actions.set_class(room.ctx, "subagent", provider="openrouter")
    assert (await room.ask(session="s", headers=HELPER)).by == "openrouter"

    actions.undo(room.ctx)
    assert (await room.ask(session="s", headers=HELPER)).by == "anthropic-api"


async def test_a_rules_provider_that_cannot_serve_leaves_the_usual_order(open_room: Open) -> None:  # noqa: F811
    room = await open_room(pf={"classes": BOTH})
    room["openrouter"].plan("429-hour")

    answer = await room.ask(session="s", headers=HELPER)

    assert (answer.status, answer.by) == (200, "anthropic-api")
    assert [one.startswith(HAIKU) for one in models(room, "anthropic-api")] == [True]


async def test_a_model_that_nobody_knows_ends_no_request(open_room: Open) -> None:  # noqa: F811
    room = await open_room(pf={"classes": {"subagent": {"model": "no-such-model"}}})

    assert (await room.ask(session="s", headers=HELPER)).status == 200
    assert models(room, "anthropic-api") == [OPUS]


async def test_a_search_of_the_web_has_a_rule_of_its_own(open_room: Open) -> None:  # noqa: F811
    room = await open_room(pf={"classes": {"websearch": {"provider": "openrouter"}}})
    tools = [{"type": "web_search_20250305", "name": "web_search"}]
    body = {**request_body("anthropic-messages", OPUS), "tools": tools}

    assert (await room.ask(session="s", body=body)).by == "openrouter"
    assert (await room.ask(session="s", headers=MAIN)).by == "anthropic-api"


PLANNED = ("zai-coding-plan", "openrouter")


async def test_nothing_is_spent_until_the_person_allows_it(open_room: Open) -> None:  # noqa: F811
    room = await open_room(*PLANNED, pf={"paid": "ask"})
    room["zai-coding-plan"].plan("429-hour")

    refused = await room.ask(model="glm-5", session="s")

    assert refused.status == 429
    assert "openrouter costs money: `pf-tui allow paid --today` lets it serve" in refused.body.decode()
    assert room["openrouter"].requests == []
    await room.settled()
    asked = [line for line in room.journal() if line["action"] == "ask"]
    assert [line["after"]["provider"] for line in asked] == ["openrouter"]

    actions.set_paid(room.ctx, "today")
    assert (await room.ask(model="glm-5", session="s")).by == "openrouter"


async def test_an_unanswered_question_ends_when_the_plan_is_back(open_room: Open) -> None:  # noqa: F811
    room = await open_room(*PLANNED, pf={"paid": "ask"})
    room["zai-coding-plan"].plan("429-hour", "ok")
    await room.ask(model="glm-5", session="s")
    room.now += timedelta(hours=2)

    assert (await room.ask(model="glm-5", session="s")).by == "zai-coding-plan"
    assert room["openrouter"].requests == []


@pytest.mark.parametrize("choice", ["session", "class"])
async def test_a_persons_own_choice_may_cost_money(open_room: Open, choice: str) -> None:  # noqa: F811
    rule = {"classes": {"subagent": {"provider": "openrouter"}}} if choice == "class" else {}
    room = await open_room(*PLANNED, pf={"paid": "ask", **rule})
    if choice == "session":
        actions.sessions.restore_pins(room.ctx, {"s": {"agent": "claude-code", "pin": "openrouter"}})

    assert (await room.ask(model="glm-5", session="s", headers=HELPER)).by == "openrouter"
