"""What is left to a client's own retries, what is waited out, and when a session goes back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui.drill.faults import FAULTS, Fault
from pf_tui.records import replace
from tests.gateway.test_failover import Open, Room, rooms_in

RATE_2 = replace(FAULTS["429"], name="rate-2", back_s=2)


@pytest.fixture
async def open_room(tmp_path: Path) -> AsyncIterator[Open]:
    """Rooms whose gateway waits by the room's own clock."""

    async def make(*names: str, **config: Any) -> Room:
        room = await open_one(*names, **config)
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            room.now += timedelta(seconds=seconds)

        room.gateway.engine.sleep = sleep
        room.slept = slept  # type: ignore[attr-defined]
        return room

    async with rooms_in(tmp_path) as open_one:
        yield make


def slept(room: Room) -> list[float]:
    found: list[float] = room.slept  # type: ignore[attr-defined]
    return found


NEVER_WAIT = {"gateway": {"shortWaitS": 0}}


@pytest.mark.parametrize("agent", ["claude-code", "opencode"])
async def test_with_nobody_else_a_short_limit_is_left_to_the_client(open_room: Open, agent: str) -> None:
    room = await open_room("anthropic-api")
    room["anthropic-api"].plan("429", "ok")  # back in 30 s

    first = await room.ask(agent=agent)
    again = await room.ask(agent=agent)
    room.now += timedelta(seconds=33)
    later = await room.ask(agent=agent)

    assert (first.status, first.headers["retry-after"]) == (429, "30")
    assert again.status == 429
    assert 30 <= int(again.headers["retry-after"]) <= 32
    assert not {"x-should-retry"} & {*first.headers, *again.headers}
    assert again.sentence.startswith("pf-tui: the only provider is limited; the first is back at 12:00:3")
    assert later.status == 200


async def test_with_nobody_else_a_limit_without_an_end_is_tried_again(open_room: Open) -> None:
    room = await open_room("anthropic-api")
    room["anthropic-api"].plan("windowless", "windowless", "ok")

    answers = [await room.ask() for _ in range(3)]

    assert [one.status for one in answers] == [429, 429, 200]
    assert slept(room) == []


async def test_a_limit_of_hours_still_ends_the_clients_retries(open_room: Open) -> None:
    room = await open_room("anthropic-api")
    room["anthropic-api"].plan("429-hour")

    answer = await room.ask()

    assert (answer.status, answer.headers["x-should-retry"]) == (429, "false")


@pytest.mark.parametrize(
    ("fault", "status"), [("503", 503), ("529", 529), ("500", 500), ("windowless", 429), ("refused", 502)]
)
async def test_trouble_that_passes_is_told_with_its_own_status(
    open_room: Open, fault: str, status: int
) -> None:
    room = await open_room("anthropic-api")
    room["anthropic-api"].plan(fault)
    if fault == "refused":
        await room["anthropic-api"].stop()

    answers = [await room.ask() for _ in range(2 if fault == "windowless" else 5)]

    assert answers[0].status == status
    assert all("x-should-retry" not in one.headers for one in answers)
    if fault != "windowless":
        assert {one.status for one in answers} == {status}
        assert not any(b"limited" in one.body for one in answers)
    if fault == "refused":
        assert "anthropic-api cannot be reached" in answers[-1].sentence


PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


@pytest.mark.parametrize("protocol", ["anthropic-messages", "openai-chat", "openai-responses"])
@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (502, PAGE, "text/html", "pf-tui: openrouter answered 502 with a web page"),
        (500, b"Internal Server Error", "text/plain", "Internal Server Error"),
        (429, b'{"error": "slow down"}', "application/json", "slow down"),
        (503, b'{"detail": "no worker"}', "application/json", "no worker"),
        (400, b'{"message": "odd", "code": 7}', "application/json", "odd"),
    ],
)
async def test_a_strange_error_comes_in_the_shape_of_the_clients_own_vendor(
    open_room: Open, protocol: str, status: int, body: bytes, kind: str, words: str
) -> None:
    room = await open_room("openrouter")
    fault = Fault(name="odd", says="odd", how="raw", status=status, raw=body, content_type=kind)
    room["openrouter"].plan(fault)  # type: ignore[arg-type]

    answer = await room.ask(protocol=protocol, agent="opencode")

    content = json.loads(answer.body)
    assert (answer.status, content["error"]["message"]) == (status, words)
    assert answer.headers["content-type"] == "application/json"
    assert content["error"]["type"]
    assert (content.get("type") == "error") == (protocol == "anthropic-messages")


async def test_a_wait_that_only_the_body_names_is_told_as_a_header(open_room: Open) -> None:
    room = await open_room("openrouter")
    body = b'{"error": {"message": "Rate limit reached. Please try again in 41.5s."}}'
    fault = Fault(name="odd", says="odd", how="raw", status=429, raw=body)
    room["openrouter"].plan(fault)  # type: ignore[arg-type]

    answer = await room.ask(protocol="openai-chat", agent="opencode")

    assert (answer.status, answer.headers["retry-after"]) == (429, "42")


async def test_one_limited_and_one_unreachable_are_both_told(open_room: Open) -> None:
    room = await open_room()
    room["anthropic-api"].plan("429-hour")
    room["openrouter"].plan("503")

    answer = await room.ask()

    assert answer.status == 503
    assert "x-should-retry" not in answer.headers
    assert answer.sentence.startswith(
        "pf-tui: anthropic-api is limited; the first is back at 13:00 (anthropic-api); "
        "openrouter cannot be reached: 503"
    )


@pytest.mark.parametrize(
    ("second", "status", "kind"), [("429-hour", 429, "usage_limit_reached"), ("401", 403, "permission_error")]
)
async def test_codex_hears_of_a_usage_limit_only_when_all_are_limited(
    open_room: Open, second: str, status: int, kind: str
) -> None:
    room = await open_room("openai-api", "openrouter")
    room["openai-api"].plan("429-hour")
    room["openrouter"].plan(second)

    answer = await room.ask(agent="codex", protocol="openai-responses", model="gpt-6.1-sol")

    assert (answer.status, json.loads(answer.body)["error"]["type"]) == (status, kind)


async def test_everybody_refusing_is_not_called_a_limit(open_room: Open) -> None:
    room = await open_room()
    for name in room.names:
        room[name].plan("401")

    answer = await room.ask()

    assert answer.status == 403
    assert "limited" not in answer.sentence
    assert answer.sentence.count("refused: 401") == 2
    assert (
        "key" not in answer.sentence
    )  # the provider's words; Claude Code would say its own in place of ours


async def test_a_limit_of_seconds_is_waited_out_where_the_cache_is_warm(open_room: Open) -> None:
    room = await open_room()
    await room.ask(session="warm")
    room["anthropic-api"].plan(RATE_2, "ok")  # type: ignore[arg-type]

    answer = await room.ask(session="warm")

    assert (answer.status, answer.by) == (200, "anthropic-api")
    (wait_s,) = slept(room)
    assert 2.0 <= wait_s <= 2.2
    assert room["openrouter"].requests == []
    await room.settled()
    assert "failover" not in [line["action"] for line in room.journal()]


async def test_a_new_session_does_not_wait_while_somebody_else_can_serve(open_room: Open) -> None:
    room = await open_room()
    room["anthropic-api"].plan(RATE_2, "ok")  # type: ignore[arg-type]

    answer = await room.ask(session="new")

    assert (answer.by, slept(room)) == ("openrouter", [])


async def test_with_nobody_else_a_limit_of_seconds_is_waited_out(open_room: Open) -> None:
    room = await open_room("anthropic-api")
    room["anthropic-api"].plan(RATE_2, "ok")  # type: ignore[arg-type]

    assert (await room.ask()).status == 200
    assert len(slept(room)) == 1


async def test_waiting_has_an_end(open_room: Open) -> None:
    room = await open_room("anthropic-api")
    room["anthropic-api"].plan(RATE_2)  # type: ignore[arg-type]

    answer = await room.ask()

    assert answer.status == 429
    assert sum(slept(room)) <= 3.3


async def test_short_wait_0_never_waits(open_room: Open) -> None:
    room = await open_room("anthropic-api", **NEVER_WAIT)
    room["anthropic-api"].plan(RATE_2, "ok")  # type: ignore[arg-type]

    answer = await room.ask()

    assert (answer.status, answer.headers["retry-after"], slept(room)) == (429, "2", [])


@pytest.mark.parametrize(
    ("returns", "by"),
    [
        ("cheap", "zai-coding-plan"),
        ("now", "zai-coding-plan"),
        ("never", "openrouter"),
        (None, "zai-coding-plan"),
    ],
)
async def test_a_busy_session_returns_from_a_paid_key_to_a_plan(
    open_room: Open, returns: str | None, by: str
) -> None:
    room = await open_room("zai-coding-plan", "openrouter", pf={"return": returns} if returns else {})
    room["zai-coding-plan"].plan("529", "ok")
    assert (await room.ask(model="glm-5", session="s")).by == "openrouter"
    room.now += timedelta(minutes=1)

    answer = await room.ask(model="glm-5", session="s")

    assert answer.by == by
    await room.settled()
    told = [line for line in room.journal() if line["action"] == "failback"]
    assert len(told) == (by == "zai-coding-plan")
    if told:
        assert told[0]["why"].startswith(
            "zai-coding-plan can serve again: a session returned from openrouter"
        )
        assert told[0]["why"].endswith("which the plan covers")


@pytest.mark.parametrize(
    ("returns", "by"), [("cheap", "openrouter"), ("now", "anthropic-api"), ("never", "openrouter")]
)
async def test_a_busy_session_returns_from_a_paid_key_to_another_only_when_told(
    open_room: Open, returns: str, by: str
) -> None:
    room = await open_room(pf={"return": returns})
    room["anthropic-api"].plan("529", "ok")
    await room.ask(session="s")
    room.now += timedelta(minutes=1)

    assert (await room.ask(session="s")).by == by


async def test_never_stays_though_the_conversation_was_compacted(open_room: Open) -> None:
    room = await open_room(pf={"return": "never"})
    room["anthropic-api"].plan("529", "ok")
    await room.ask(session="s")
    room.now += timedelta(minutes=1)

    compacted = {"x-claude-code-context-compacted": "1"}
    assert (await room.ask(session="s", headers=compacted)).by == "openrouter"
    assert (await room.ask(session="other")).by == "anthropic-api"


async def test_a_third_provider_is_asked_when_the_second_finds_fault(
    open_room: Open,
) -> None:
    room = await open_room("anthropic-api", "openrouter", "zai-coding-plan")
    for refusal in ("400", "413", "422"):
        room["anthropic-api"].plan("429-hour")
        room["openrouter"].plan(refusal)
        answer = await room.ask()
        assert (answer.status, answer.by) == (200, "zai-coding-plan"), refusal
