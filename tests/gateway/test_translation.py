"""Any client on any provider: the request arrives as the vendor takes it, the answer as the client has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pf_tui import catalog
from pf_tui.drill.fake_replies import Call, Reply
from pf_tui.ledger import repricing, schema
from pf_tui.ledger.prices import Pricer
from pf_tui.rules.pricing import raw_cost_usd
from tests.gateway.conftest import OPUS, SOL, Open
from tests.gateway.upstreams import House, as_agent, eventually

MESSAGES, CHAT, RESPONSES = "anthropic-messages", "openai-chat", "openai-responses"
AGENTS = {MESSAGES: "claude-code", CHAT: "opencode", RESPONSES: "codex"}

VENDORS = (
    "anthropic-api",
    "openai-api",
    "google-api",
    "openrouter",
    "together",
    "groq",
    "xai-api",
    "mistral-api",
    "deepseek-api",
    "cohere-api",
    "zai-coding-plan",
    "bedrock",
    "azure",
    "vertex",
    "vertex-google",
)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("protocol", [MESSAGES, CHAT, RESPONSES])
async def test_every_client_is_served_by_every_vendor(
    open_house: Open, protocol: str, vendor: str, stream: bool
) -> None:
    house = await open_house((vendor,), OPUS)

    heard = await house.gate.ask(protocol, OPUS, stream=stream, agent=AGENTS[protocol])

    assert heard.whole, heard.body
    assert heard.text.strip() == f"Hello from {vendor}."
    assert heard.headers["x-pf-provider"] == vendor


@pytest.fixture
async def mistral(open_house: Open) -> House:
    """Claude Code's requests on a provider that speaks Chat alone."""
    return await open_house(("mistral-api",), OPUS)


async def test_tool_calls_come_back_as_the_clients_own(mistral: House) -> None:
    mistral["mistral-api"].plan(Reply(text="", calls=(Call(name="Read"), Call(name="Bash"))))
    tools = [
        {"name": name, "input_schema": {"type": "object", "properties": {}}} for name in ("Read", "Bash")
    ]
    body = {
        "model": OPUS,
        "stream": False,
        "max_tokens": 64,
        "tools": tools,
        "messages": [{"role": "user", "content": "go"}],
    }

    heard = await mistral.gate.ask(MESSAGES, OPUS, agent="claude-code", body=json.dumps(body).encode())

    blocks = [block for block in heard.json["content"] if block["type"] == "tool_use"]
    assert [block["name"] for block in blocks] == ["Read", "Bash"]
    assert heard.json["stop_reason"] == "tool_use"
    assert len({block["id"] for block in blocks}) == 2


async def test_a_translated_turn_is_one_row_with_its_provider_and_tokens(mistral: House) -> None:
    await mistral.gate.ask(MESSAGES, OPUS, agent="claude-code")

    (row,) = await mistral.gate.rows(1)

    assert row["provider"] == "mistral-api"
    assert row["model"] == OPUS
    assert row["served_model"].startswith("mistral-")
    assert row["output"] > 0


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize(
    ("protocol", "vendor", "asked"),
    [
        pytest.param(MESSAGES, "mistral-api", OPUS, id="messages-to-chat"),
        pytest.param(MESSAGES, "openai-api", OPUS, id="messages-to-responses"),
        pytest.param(RESPONSES, "anthropic-api", SOL, id="responses-to-messages"),
        pytest.param(RESPONSES, "mistral-api", SOL, id="responses-to-chat"),
        pytest.param(CHAT, "anthropic-api", SOL, id="chat-to-messages"),
    ],
)
async def test_a_translated_turn_costs_what_its_vendor_takes_for_what_it_counted(
    open_house: Open, protocol: str, vendor: str, asked: str, stream: bool
) -> None:
    house = await open_house((vendor,), asked)
    house[vendor].plan(Reply(input=1000, output=200, cache_read=400, cache_write=0))

    await house.gate.ask(protocol, asked, stream=stream, agent=AGENTS[protocol])
    await house.gate.rows(1)
    pricer = Pricer(catalog.load())
    with schema.opened(house.gate.paths.ledger, write=True) as book, schema.transaction(book):
        repricing.settle(book, pricer)
    (row,) = house.gate.ledger()

    counted = (row["input"], row["output"], row["cache_read"], row["cache_write_5m"], row["cache_write_1h"])
    prices = pricer(vendor, row["served_model"], row["ts"])
    assert (row["provider"], row["model"]) == (vendor, asked)
    assert counted == (1000, 200, 400, 0, 0)
    assert prices is not None
    assert row["cost_usd"] == pytest.approx(raw_cost_usd(prices, *counted))


async def test_an_error_comes_in_the_clients_own_shape(mistral: House) -> None:
    mistral["mistral-api"].plan("400")

    heard = await mistral.gate.ask(MESSAGES, OPUS, agent="claude-code")

    assert heard.status == 400
    assert heard.json["type"] == "error"
    assert heard.json["error"]["type"] == "invalid_request_error"


async def test_a_limit_at_a_translated_provider_moves_the_turn(open_house: Open) -> None:
    house = await open_house(("mistral-api", "anthropic-api"), OPUS)
    house["mistral-api"].plan("429-hour")

    heard = await house.gate.ask(MESSAGES, OPUS, agent="claude-code")

    assert heard.whole
    assert heard.headers["x-pf-provider"] == "anthropic-api"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_page_of_a_translated_provider_is_a_page(open_house: Open, stream: bool) -> None:
    house = await open_house(("mistral-api", "anthropic-api"), OPUS)
    house["mistral-api"].plan("html")

    heard = await house.gate.ask(MESSAGES, OPUS, agent="claude-code", stream=stream)

    assert (heard.whole, heard.headers["x-pf-provider"]) == (True, "anthropic-api")
    bench = (await eventually(house.gate.health, "the bench"))[0]
    assert "answered 200 with text/html" in str(bench)


async def test_a_body_that_is_no_request_is_refused_in_one_sentence(mistral: House) -> None:
    body = json.dumps({"model": OPUS, "messages": "not a list", "max_tokens": 1}).encode()

    heard = await mistral.gate.ask(MESSAGES, OPUS, agent="claude-code", body=body)

    assert heard.status == 400
    assert heard.json["error"]["type"] == "invalid_request_error"
    assert not mistral["mistral-api"].requests


async def test_tokens_are_counted_here_where_the_provider_counts_none(mistral: House) -> None:
    body = json.dumps({"model": OPUS, "messages": [{"role": "user", "content": "word " * 400}]}).encode()

    heard = await mistral.gate.ask(MESSAGES, OPUS, path="/v1/messages/count_tokens", body=body)

    assert heard.json["input_tokens"] >= 400
    assert not mistral["mistral-api"].others


async def test_a_web_search_goes_to_a_provider_that_runs_it(open_house: Open) -> None:
    house = await open_house(("mistral-api", "anthropic-api"), OPUS)
    body = {
        "model": OPUS,
        "max_tokens": 64,
        "stream": False,
        "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 8}],
        "messages": [{"role": "user", "content": "search"}],
    }

    heard = await house.gate.ask(MESSAGES, OPUS, agent="claude-code", body=json.dumps(body).encode())

    assert heard.headers["x-pf-provider"] == "anthropic-api"
    assert not house["mistral-api"].requests


async def test_what_is_lost_is_said_once_in_the_journal(mistral: House) -> None:
    body: dict[str, Any] = {
        "model": OPUS,
        "max_tokens": 64,
        "stream": False,
        "tools": [
            {"type": "web_search_20250305", "name": "web_search"},
            {"name": "Read", "input_schema": {"type": "object"}},
        ],
        "messages": [{"role": "user", "content": "hello"}],
    }
    for _ in range(3):
        await mistral.gate.ask(MESSAGES, OPUS, agent="claude-code", body=json.dumps(body).encode())

    told = await eventually(
        lambda: [line for line in mistral.gate.journal() if line["action"] == "translate"], "the note"
    )
    assert len(told) == 1
    assert "web_search" in told[0]["why"]


async def test_no_header_of_another_vendor_reaches_a_provider(mistral: House) -> None:
    await mistral.gate.ask(MESSAGES, OPUS, agent="claude-code", headers={"anthropic-beta": "x-2025-01-01"})

    sent = mistral["mistral-api"].requests[0].headers
    assert not [name for name in sent if name.lower().startswith(("anthropic-", "x-claude-", "x-stainless-"))]


CAPTURES = Path(__file__).parent.parent / "translate" / "data"


@pytest.mark.parametrize("vendor", ["groq", "xai-api", "deepseek-api", "anthropic-api", "google-api"])
@pytest.mark.parametrize("capture", sorted(path.name for path in CAPTURES.glob("codex*.json")))
async def test_codex_runs_its_tools_on_any_vendor(open_house: Open, capture: str, vendor: str) -> None:
    house = await open_house((vendor,), SOL)
    content = json.loads((CAPTURES / capture).read_text())
    body = json.dumps({**content.get("body", content), "model": SOL}).encode()

    heard = await house.gate.post(
        "/v1/responses", body, {"x-pf-token": house.gate.token, **as_agent("codex")}
    )

    assert heard.status == 200, heard.body[:400]
