"""What a turn lives through: failover, switches, stickiness, restarts, storms, large bodies, lost clients."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui import actions
from pf_tui.drill.fake_replies import Call, Reply
from pf_tui.drill.faults import FAULTS
from pf_tui.gateway.body import PROTOCOLS
from pf_tui.gateway.inflight import InFlightRequest
from pf_tui.gateway.turn import Turn
from pf_tui.records import replace
from tests.gateway.conftest import ANTHROPIC, OPENAI, OPUS, SOL, Open
from tests.gateway.upstreams import (
    PATHS,
    House,
    StillGate,
    as_agent,
    eventually,
    request_body,
    thinking_history,
)

MESSAGES, RESPONSES = "anthropic-messages", "openai-responses"


async def settled(house: House) -> None:
    """Wait until a bench and its failover are on disk."""
    await eventually(house.gate.journal, "the bench in the journal")
    await eventually(house.gate.health, "the bench in health.json")


async def test_a_limited_provider_is_asked_once_and_then_left_alone(house: House) -> None:
    house["anthropic-api"].plan("429-hour")

    heard = [await house.gate.ask(MESSAGES, OPUS) for _ in range(12)]

    assert all(one.whole for one in heard)
    assert len(house["anthropic-api"].requests) == 1
    assert len(house["openrouter"].requests) == 12


async def test_the_answer_names_who_served(house: House) -> None:
    house["anthropic-api"].plan("529")

    heard = await house.gate.ask(MESSAGES, OPUS)

    assert heard.headers["x-pf-provider"] == "openrouter"
    assert heard.headers["request-id"]
    assert house["openrouter"].requests[0].model == "anthropic/claude-opus-5.5"


async def test_the_body_passes_byte_for_byte_where_the_model_has_the_same_name(house: House) -> None:
    body = (
        b'{ "stream":true,\n  "messages" : [{"role":"user","content":"h\\u00e9 \xc3\xa9"}],'
        b' "model": "claude-opus-5-5", "unknown_field": [1.0, 1e3],"max_tokens":1}'
    )

    await house.gate.ask(MESSAGES, OPUS, body=body, headers={"anthropic-beta": "one,two", "x-odd": "1"})

    asked = house["anthropic-api"].requests[0]
    assert asked.body == body
    assert asked.headers["anthropic-beta"] == "one,two"


async def test_the_query_goes_along(house: House) -> None:
    await house.gate.ask(MESSAGES, OPUS, path="/v1/messages?beta=true")

    assert house["anthropic-api"].requests[0].query == "beta=true"


async def test_the_answer_passes_byte_for_byte(house: House) -> None:
    house["anthropic-api"].plan(Reply(text="a b c", thinking="hm", calls=(Call(name="X"), Call(name="Y"))))

    through = await house.gate.ask(MESSAGES, OPUS)

    from pf_tui.drill import fake_replies

    reply = Reply(text="a b c", thinking="hm", calls=(Call(name="X"), Call(name="Y")))
    assert through.body == b"".join(
        fake_replies.events(MESSAGES, reply, OPUS, house["anthropic-api"].requests[0].number)
    )


async def test_a_switch_moves_the_very_next_request(house: House) -> None:
    session = "11111111-1111-4111-8111-111111111111"
    first = await house.gate.ask(MESSAGES, OPUS, agent="claude-code", session=session)

    actions.switch(house.gate.context, "openrouter")
    second = await house.gate.ask(MESSAGES, OPUS, agent="claude-code", session=session)

    assert first.headers["x-pf-provider"] == "anthropic-api"
    assert second.headers["x-pf-provider"] == "openrouter"


async def test_a_bench_by_hand_moves_the_very_next_request_and_a_release_takes_it_back(house: House) -> None:
    actions.bench(house.gate.context, "anthropic-api", until=datetime.now(UTC) + timedelta(minutes=5))
    benched = await house.gate.ask(MESSAGES, OPUS)
    actions.release(house.gate.context, "anthropic-api")
    released = await house.gate.ask(MESSAGES, OPUS)

    assert benched.headers["x-pf-provider"] == "openrouter"
    assert released.headers["x-pf-provider"] == "anthropic-api"


async def test_a_restart_keeps_the_benches(house: House) -> None:
    house["anthropic-api"].plan("429-hour")
    await house.gate.ask(MESSAGES, OPUS)
    await eventually(house.gate.health, "the bench in health.json")

    await house.gate.stop()
    await house.gate.start()
    house["anthropic-api"].plan("ok")
    heard = await house.gate.ask(MESSAGES, OPUS)

    assert heard.headers["x-pf-provider"] == "openrouter"
    assert len(house["anthropic-api"].requests) == 1


async def test_a_killed_gateway_leaves_its_benches_and_another_takes_its_place(house: House) -> None:
    house["anthropic-api"].plan("429-hour")
    await house.gate.ask(MESSAGES, OPUS)
    await eventually(house.gate.health, "the bench in health.json")

    await house.gate.stop(signal.SIGKILL)
    assert house.gate.paths.gateway.exists()
    await house.gate.start()
    heard = await house.gate.ask(MESSAGES, OPUS)

    assert heard.headers["x-pf-provider"] == "openrouter"


async def moved_session(house: House) -> str:
    """A session that went to the second provider, whose first one may serve again."""
    session = "22222222-2222-4222-8222-222222222222"
    house["anthropic-api"].plan("529", "ok")
    await house.gate.ask(MESSAGES, OPUS, agent="claude-code", session=session)
    await settled(house)
    actions.release(house.gate.context, "anthropic-api")
    return session


async def test_a_session_stays_where_its_cache_is_warm(house: House) -> None:
    session = await moved_session(house)

    stays = await house.gate.ask(MESSAGES, OPUS, agent="claude-code", session=session)
    other = await house.gate.ask(MESSAGES, OPUS, agent="claude-code")

    assert stays.headers["x-pf-provider"] == "openrouter"
    assert other.headers["x-pf-provider"] == "anthropic-api"


async def test_a_compacted_session_goes_back_to_the_better_provider(house: House) -> None:
    session = await moved_session(house)

    back = await house.gate.ask(
        MESSAGES,
        OPUS,
        agent="claude-code",
        session=session,
        headers={"x-claude-code-context-compacted": "true"},
    )

    assert back.headers["x-pf-provider"] == "anthropic-api"


async def test_of_two_gateways_requests_one_tries_a_provider_without_credit(still_house: House) -> None:
    gate, first = still_house.gate, still_house["anthropic-api"]
    assert isinstance(gate, StillGate)
    first.plan("402")
    await gate.ask(MESSAGES, OPUS)
    await gate.settled()
    gate.now += timedelta(minutes=61)
    first.plan("402")

    counted = await gate.ask(MESSAGES, OPUS, path="/v1/messages/count_tokens", stream=False)
    heard = [await gate.ask(MESSAGES, OPUS) for _ in range(3)]
    asked = len(first.requests)
    gate.now += timedelta(minutes=61)
    assert actions.claim_probe(gate.context, "anthropic-api", "claude-opus-5-5")  # a hook, or another gateway
    elsewhere = await gate.ask(MESSAGES, OPUS)

    assert [one.headers["x-pf-provider"] for one in (*heard, elsewhere)] == ["openrouter"] * 4
    assert asked == len(first.requests) == 2
    assert counted.json["input_tokens"] > 0
    assert first.others == []  # a count costs nothing: no probe
    gate.now += timedelta(minutes=61)
    first.plan("ok")
    assert (await gate.ask(MESSAGES, OPUS)).headers["x-pf-provider"] == "anthropic-api"
    await gate.settled()
    assert gate.health() == []


async def test_one_request_probes_a_provider_whose_bench_has_ended(
    still_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, first = still_house.gate, still_house["anthropic-api"]
    assert isinstance(gate, StillGate)
    first.plan("windowless", "ok")
    await gate.ask(MESSAGES, OPUS)
    await gate.settled()
    gate.now = datetime.fromisoformat(gate.health()[0]["until"])
    held, answer = asyncio.Event(), first._reply

    async def slow(*given: Any) -> Any:
        await held.wait()
        return await answer(*given)

    monkeypatch.setattr(first, "_reply", slow)
    asking = [asyncio.create_task(gate.ask(MESSAGES, OPUS)) for _ in range(8)]
    await eventually(lambda: sum(task.done() for task in asking) == 7, "all but the probe are served")
    held.set()
    heard = await asyncio.gather(*asking)
    after = await gate.ask(MESSAGES, OPUS)

    by = [one.headers["x-pf-provider"] for one in heard]
    assert all(one.whole for one in heard)
    assert by.count("anthropic-api") == 1
    assert after.headers["x-pf-provider"] == "anthropic-api"


async def test_a_storm_on_a_limited_provider_loses_nothing(house: House) -> None:
    house["anthropic-api"].plan("429-hour")
    left = iter(range(300))

    async def client() -> list[bool]:
        return [(await house.gate.ask(MESSAGES, OPUS)).whole for _ in left]

    done = await asyncio.gather(*(client() for _ in range(32)))

    wholes = [whole for part in done for whole in part]
    assert (len(wholes), all(wholes)) == (300, True)
    assert len(house["anthropic-api"].requests) <= 32
    rows = await house.gate.rows(300 + len(house["anthropic-api"].requests))
    assert sum(row["status"] == "ok" for row in rows) == 300
    assert len(house.gate.health()) == 1
    assert house.gate.health()[0]["strikes"] == 1


async def test_a_client_that_leaves_ends_the_request_upstream(house: House) -> None:
    upstream = house["anthropic-api"]
    upstream.plan(Reply(text="word " * 400, gap_s=0.05))
    asking = asyncio.create_task(house.gate.ask(MESSAGES, OPUS))
    await eventually(lambda: upstream.requests, "the upstream was asked")

    asking.cancel()
    await eventually(lambda: upstream.requests[0].disconnected, "the upstream saw the client leave")

    assert house["openrouter"].requests == []


async def test_a_client_that_leaves_before_the_first_byte_ends_the_request_upstream(house: House) -> None:
    upstream = house["anthropic-api"]
    upstream.plan("silent")
    asking = asyncio.create_task(house.gate.ask(MESSAGES, OPUS))
    await eventually(lambda: upstream.requests, "the upstream was asked")

    asking.cancel()
    await eventually(lambda: upstream.requests[0].disconnected, "the upstream saw the client leave")

    assert house["openrouter"].requests == []
    assert house.gate.health() == []


async def test_a_body_of_20_mb_passes(house: House) -> None:
    content = request_body(MESSAGES, OPUS, text="x" * 20_000_000)
    body = json.dumps(content).encode()
    house["anthropic-api"].plan("529")

    heard = await house.gate.ask(MESSAGES, OPUS, body=body)

    assert heard.whole
    assert house["anthropic-api"].requests[0].body == body
    assert len(house["openrouter"].requests[0].body) > 20_000_000


async def test_counting_tokens_is_free_and_benches_nobody(house: House) -> None:
    heard = await house.gate.ask(MESSAGES, OPUS, path="/v1/messages/count_tokens?beta=true", stream=False)

    assert heard.json["input_tokens"] > 0
    assert house.gate.health() == []
    assert house.gate.ledger() == []


async def test_models_are_listed_for_a_client_that_asks(house: House) -> None:
    assert house.gate._client is not None
    async with house.gate._client.get(
        house.gate.url + "/v1/models?limit=1000", headers={"x-pf-token": house.gate.token}
    ) as answer:
        names = [one["id"] for one in (await answer.json())["data"]]

    assert OPUS in names


async def test_the_window_that_is_told_is_the_one_that_will_serve(open_house: Open) -> None:
    house = await open_house(OPENAI, SOL)

    async def told() -> tuple[str, int]:
        assert house.gate._client is not None
        async with house.gate._client.get(
            house.gate.url + "/v1/models", headers={"x-pf-token": house.gate.token}
        ) as answer:
            (one,) = [one for one in (await answer.json())["data"] if one["id"] == SOL]
        return one["owned_by"], one["context_length"]

    first = await told()
    await house.gate.run("bench", "openai-api")

    assert (first[0], (await told())[0]) == ("openai-api", "openrouter")
    assert first[1] != (await told())[1]


async def test_what_is_too_long_goes_to_a_larger_window_and_never_to_the_same_size_again(
    open_house: Open,
) -> None:
    house = await open_house(OPENAI, SOL)
    house["openai-api"].plan(
        replace(FAULTS["context"], message="prompt is too long: 950000 tokens > 922000 maximum")
    )

    heard = await house.gate.ask("openai-chat", SOL)

    assert heard.whole  # OpenRouter's window of the same model is larger: 1 050 000
    assert heard.headers["x-pf-provider"] == "openrouter"
    assert len(house["openai-api"].requests) == 1


async def test_what_is_too_long_for_everybody_comes_back_in_the_providers_own_words(open_house: Open) -> None:
    house = await open_house(OPENAI, SOL)
    for upstream in house.upstreams.values():
        upstream.plan(
            replace(FAULTS["context"], message="prompt is too long: 1200000 tokens > 1050000 maximum")
        )

    heard = await house.gate.ask("openai-chat", SOL)

    assert heard.status == 400
    assert heard.json["error"]["code"] == "context_length_exceeded"
    asked = [one.model for upstream in house.upstreams.values() for one in upstream.requests]
    assert len(asked) == len(set(asked))
    assert house.gate.health() == []


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_claude_code_is_told_at_once_when_nobody_can_serve(house: House, stream: bool) -> None:
    for upstream in house.upstreams.values():
        upstream.plan("429-hour")

    heard = await house.gate.ask(MESSAGES, OPUS, agent="claude-code", stream=stream)

    assert heard.status == 429
    assert heard.headers["x-should-retry"] == "false"
    assert 3500 < int(heard.headers["retry-after"]) < 3700
    assert heard.json["type"] == "error"
    said = heard.json["error"]["message"]
    assert said.startswith("pf-tui: all 2 providers are limited; the first is back at ")
    assert "\n" not in said


async def test_opencode_is_told_in_a_way_that_ends_its_retries(house: House) -> None:
    for upstream in house.upstreams.values():
        upstream.plan("429-hour")

    heard = await house.gate.ask(MESSAGES, OPUS, agent="opencode")

    assert heard.status == 402
    assert "retry-after" not in heard.headers
    assert "the first is back at" in heard.json["error"]["message"]


async def test_codex_is_told_when_the_limit_ends(open_house: Open) -> None:
    house = await open_house(OPENAI, SOL)
    for upstream in house.upstreams.values():
        upstream.plan("429-hour")

    heard = await house.gate.ask("openai-responses", SOL, agent="codex")

    error = heard.json["error"]
    assert (heard.status, error["type"]) == (429, "usage_limit_reached")
    back = datetime.fromtimestamp(error["resets_at"], UTC) - datetime.now(UTC)
    assert timedelta(seconds=3500) < back < timedelta(seconds=3700)


async def test_one_500_benches_nobody(house: House) -> None:
    house["anthropic-api"].plan("500", "ok")

    first = await house.gate.ask(MESSAGES, OPUS)
    second = await house.gate.ask(MESSAGES, OPUS)

    assert first.headers["x-pf-provider"] == "openrouter"
    assert second.headers["x-pf-provider"] == "anthropic-api"
    assert house.gate.health() == []


async def test_a_wrong_request_is_not_paid_for_twice(house: House) -> None:
    house["anthropic-api"].plan("400")

    heard = await house.gate.ask(MESSAGES, OPUS)

    assert heard.status == 400
    assert house["openrouter"].requests == []


async def test_thinking_of_another_vendor_is_removed_on_a_switch_and_kept_inside_one(
    open_house: Open,
) -> None:
    house = await open_house(("anthropic-api", "openrouter", "deepseek-api"))
    history = thinking_history("EqsigABCDEFGHIJKLMNOPQRSTUVWXYZabcdef1")
    body = json.dumps({"model": OPUS, "stream": True, "max_tokens": 9, "messages": history}).encode()
    house["anthropic-api"].plan("529")
    house["openrouter"].plan("529")

    heard = await house.gate.ask(MESSAGES, OPUS, body=body)

    assert heard.whole
    assert b"EqsigABCDEFGHIJKLMNOPQRSTUVWXYZabcdef1" in house["anthropic-api"].requests[0].body
    assert b"EqsigABCDEFGHIJKLMNOPQRSTUVWXYZabcdef1" in house["openrouter"].requests[0].body
    last = house["deepseek-api"].requests[0]
    assert b"EqsigABCDEFGHIJKLMNOPQRSTUVWXYZabcdef1" not in last.body
    assert b"hello" in last.body


async def test_the_rows_say_what_was_asked_what_served_and_why_not(house: House) -> None:
    session = "44444444-4444-4444-8444-444444444444"
    house["anthropic-api"].plan("429-hour")

    await house.gate.ask(MESSAGES, OPUS, agent="claude-code", session=session)
    failed, served = await house.gate.rows(2)

    assert (failed["provider"], failed["status"], failed["failure"]) == ("anthropic-api", "failed", "rate")
    assert failed["input"] + failed["output"] + failed["cache_read"] == 0
    assert (failed["cost_usd"] or 0) == 0
    assert (served["provider"], served["status"], served["failure"]) == ("openrouter", "ok", None)
    assert (served["model"], served["agent"], served["session"]) == (OPUS, "claude-code", session)
    assert (served["input"], served["output"], served["cache_read"]) == (11, 7, 3400)
    assert served["cache_write_5m"] == 120
    assert served["latency_ms"] >= served["ttft_ms"] >= 0
    assert served["message_id"] == f"msg_standin{house['openrouter'].requests[0].number:06d}"


async def test_a_bench_and_its_failover_are_one_line_of_the_journal_with_the_evidence(house: House) -> None:
    house["anthropic-api"].plan("quota")

    await house.gate.ask(MESSAGES, OPUS)
    await house.gate.rows(2)
    lines = house.gate.journal()
    await house.gate.ask(MESSAGES, OPUS)
    await house.gate.rows(3)

    failovers = [line for line in lines if line["action"] == "failover"]
    assert len(failovers) == 1
    assert failovers[0]["who"] == "gateway"
    assert failovers[0]["evidence"]["status"] == 429
    assert (failovers[0]["before"]["active"], failovers[0]["after"]["active"]) == (
        "anthropic-api",
        "openrouter",
    )
    assert house.gate.journal() == lines


async def test_headers_of_the_person_go_to_that_provider_alone(open_house: Open) -> None:
    house = await open_house()
    import yaml

    entries = yaml.safe_load(house.gate.paths.providers.read_text())["providers"]
    entries[0]["headers"] = {"x-team": "blue"}
    house.gate.providers(entries)
    house["anthropic-api"].plan("529")

    await house.gate.ask(MESSAGES, OPUS)

    assert house["anthropic-api"].requests[0].headers["x-team"] == "blue"
    assert "x-team" not in house["openrouter"].requests[0].headers


async def test_a_cut_stream_is_one_clean_error_and_a_second_try_succeeds(house: House) -> None:
    house["anthropic-api"].plan("cut", "ok")
    session = as_agent("claude-code")

    cut = await house.gate.ask(MESSAGES, OPUS, headers=session)
    again = await house.gate.ask(MESSAGES, OPUS, headers=session)

    assert cut.status == 200
    assert cut.broken is None
    assert len(cut.errors) == 1
    assert again.whole


async def test_what_the_gateway_runs_on_while_a_state_file_is_broken(house: House) -> None:
    house.gate.paths.config.write_text('{"providerPriority": [')

    heard = await house.gate.ask(MESSAGES, OPUS)

    assert heard.headers["x-pf-provider"] == "anthropic-api"


async def test_a_stop_lets_a_running_stream_end(house: House) -> None:
    house["anthropic-api"].plan(Reply(text="word " * 20, gap_s=0.03))
    asking = asyncio.create_task(
        house.gate.post(
            PATHS[MESSAGES],
            json.dumps(request_body(MESSAGES, OPUS)).encode(),
            {"x-pf-token": house.gate.token},
        )
    )
    await eventually(lambda: house["anthropic-api"].requests, "the upstream was asked")

    process = house.gate._process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    heard = await asking

    assert heard.whole
    assert await asyncio.to_thread(process.wait) == 0
    assert not house.gate.paths.gateway.exists()


async def test_a_request_that_is_over_is_let_go_at_once(still_house: House) -> None:
    """Its body, a conversation of perhaps megabytes, does not wait for the garbage collector."""
    gc.collect()
    gc.disable()
    try:
        for stream in (True, False):
            assert (await still_house.gate.ask(MESSAGES, OPUS, stream=stream)).whole
        await still_house.gate.settled()
        left = [one for one in gc.get_objects() if isinstance(one, Turn)]
    finally:
        gc.enable()

    assert left == []


@pytest.mark.parametrize("path", ["/v1/messages/count_tokens", "/v1/responses/input_tokens"])
async def test_a_count_that_the_provider_cannot_make_is_made_here(path: str, tmp_path: Path) -> None:
    protocol = PROTOCOLS[path]
    providers, model = (ANTHROPIC, OPUS) if protocol == MESSAGES else (OPENAI, SOL)
    house = House(tmp_path, providers, model, gate=StillGate(tmp_path))
    await house.open()
    faults = ("404", "400", "401", "402", "429-hour", "500", "529", "html", "bad-json", "reset")
    try:
        for before, fault in enumerate(faults):
            house[providers[0]].counting = FAULTS[fault]

            heard = await house.gate.ask(protocol, model, path=path, stream=False)

            assert (heard.status, heard.json["input_tokens"] > 0) == (200, True), fault
            assert len(house[providers[0]].others) > before, fault
        assert house[providers[1]].others == []  # another model counts otherwise
        after = await house.gate.ask(protocol, model)
        assert after.headers["x-pf-provider"] == providers[0]
        assert house.gate.health() == []
    finally:
        await house.close()


@pytest.mark.parametrize("path", ["/v1/messages/count_tokens", "/v1/responses/input_tokens"])
async def test_a_count_is_made_here_where_nobody_can_serve(path: str, still_house: House) -> None:
    for provider in ANTHROPIC:
        actions.bench(still_house.gate.context, provider)
    await still_house.gate.settled()

    heard = await still_house.gate.ask(PROTOCOLS[path], OPUS, path=path, stream=False)

    assert heard.status == 200
    assert heard.json["input_tokens"] > 0


async def test_a_count_of_responses_has_the_vendors_shape(still_house: House) -> None:
    heard = await still_house.gate.ask(RESPONSES, OPUS, path="/v1/responses/input_tokens", stream=False)

    assert set(heard.json) == {"object", "input_tokens"}
    assert heard.json["object"] == "response.input_tokens"


async def test_whoever_waits_for_the_end_of_all_requests_finds_what_they_left(
    still_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, loop = still_house.gate.gateway, asyncio.get_running_loop()
    recorded: list[object] = []
    counts: list[int] = []
    end = gateway.requests_in_flight.end

    def end_and_look(in_flight: InFlightRequest) -> None:
        end(in_flight)
        loop.call_soon(lambda: counts.append(len(recorded)))  # as a waiter is woken

    monkeypatch.setattr(gateway.recorder, "attempt", recorded.append)
    monkeypatch.setattr(gateway.requests_in_flight, "end", end_and_look)
    await still_house.gate.ask(MESSAGES, OPUS)
    await gateway.requests_in_flight.idle()

    assert counts == [1]
