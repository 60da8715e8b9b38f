"""The ten tools as an agent sees them, through the official client over both transports."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import jsonschema
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from tests.mcp.conftest import SECRETS, Served, World
from tests.patience import PATIENCE_S

NAMES = [
    "provider.list",
    "provider.active",
    "provider.switch",
    "model.list",
    "model.info",
    "analytics.summary",
    "analytics.providers",
    "analytics.costs",
    "auth.status",
    "auth.check",
]

CALLS = {
    "provider.list": {"authenticated": True},
    "provider.active": {},
    "provider.switch": {"providerId": "groq"},
    "model.list": {"family": "Claude"},
    "model.info": {"modelId": "claude-sonnet-5-5"},
    "analytics.summary": {"period": "24h"},
    "analytics.providers": {},
    "analytics.costs": {"groupBy": "day"},
    "auth.status": {},
    "auth.check": {"providerId": "groq"},
}


@asynccontextmanager
async def over_http(served: Served, mode: str = "auto", **more: Any) -> AsyncIterator[Client]:
    """A client that carries the token."""
    headers = {"authorization": f"Bearer {served.token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=PATIENCE_S) as http,
        Client(streamable_http_client(served.url, http_client=http), mode=mode, **more) as client,
    ):
        yield client


async def test_every_tool_answers_with_the_structure_it_announces(world: World) -> None:
    async with Client(world.stdio()) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        results = {name: await client.call_tool(name, arguments) for name, arguments in CALLS.items()}

    assert list(listed) == NAMES
    for name, result in results.items():
        assert not result.is_error, (name, result.content)
        schema = listed[name].output_schema
        assert schema is not None
        jsonschema.validate(result.structured_content, schema)
        jsonschema.validate(CALLS[name], listed[name].input_schema)
        assert result.content[0].type == "text"
        assert result.content[0].text


async def test_both_transports_give_the_same_answers(world: World, serve: Callable[..., Served]) -> None:
    asked = {name: arguments for name, arguments in CALLS.items() if not name.startswith("analytics")}
    async with Client(world.stdio()) as client:
        here = {
            name: (await client.call_tool(name, given)).structured_content for name, given in asked.items()
        }
    world.pf("undo")
    async with over_http(serve()) as client:
        there = {
            name: (await client.call_tool(name, given)).structured_content for name, given in asked.items()
        }

    assert here["model.info"] == there["model.info"]
    assert here["auth.status"] == there["auth.status"]
    assert here["provider.list"] == there["provider.list"]
    assert here["provider.switch"]["provider"] == there["provider.switch"]["provider"] == "groq"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_clients_of_both_protocol_ages_are_served(
    mode: str, world: World, serve: Callable[..., Served]
) -> None:
    async with Client(world.stdio(), mode=mode) as client:
        assert (await client.call_tool("provider.active", {})).structured_content["provider"] == "openrouter"
    async with over_http(serve(), mode) as client:
        assert (await client.call_tool("provider.active", {})).structured_content["provider"] == "openrouter"


async def test_the_active_provider_comes_with_its_reason_and_who_is_next(world: World) -> None:
    async with Client(world.stdio()) as client:
        found = (await client.call_tool("provider.active", {})).structured_content

    assert found["provider"] == "openrouter"
    assert found["reason"].startswith("first in priority")
    assert found["next"]["provider"] == "groq"
    assert found["gateway"] == {"auto": False, "url": None, "led": []}


async def test_an_agent_is_told_that_agents_are_led_to_the_gateway(world: World) -> None:
    world.pf("gateway", "auto", "on")
    async with Client(world.stdio()) as client:
        active = (await client.call_tool("provider.active", {})).structured_content
        status = json.loads((await client.read_resource("pf://status")).contents[0].text)

    assert active["gateway"] == status["gateway"] == {"auto": True, "url": None, "led": []}


async def test_a_switch_by_an_agent_is_journalled_as_its_own_and_can_be_undone(world: World) -> None:
    async with Client(world.stdio()) as client:
        done = (await client.call_tool("provider.switch", {"providerId": "groq"})).structured_content
        active = (await client.call_tool("provider.active", {})).structured_content

    assert done["success"]
    assert done["provider"] == "groq"
    assert active["provider"] == "groq"
    event = json.loads(world.pf("events", "-n", "1", "--json"))[-1]
    assert (event["who"], event["action"]) == ("mcp", "switch")
    world.pf("undo")
    assert json.loads(world.pf("status", "--json"))["active"]["provider"] == "openrouter"


async def test_an_unknown_provider_is_an_error_with_the_nearest_names(world: World) -> None:
    async with Client(world.stdio()) as client:
        result = await client.call_tool("provider.switch", {"providerId": "openruter"})

    assert result.is_error
    assert result.content[0].text == (
        "no provider is called 'openruter' · nearest: openrouter, openai-oauth, openai-subscription; "
        "`pf-tui status` lists all"
    )


async def test_a_provider_without_a_credential_is_refused_with_the_cure(world: World) -> None:
    async with Client(world.stdio()) as client:
        result = await client.call_tool("provider.switch", {"providerId": "mistral-api"})

    assert result.is_error
    assert (
        "mistral-api cannot serve now: no credential · `pf-tui auth set mistral-api`"
        in result.content[0].text
    )


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        pytest.param("analytics.summary", {"period": "2y"}, "period: input should be", id="no-such-period"),
        pytest.param("auth.check", {}, "providerId: field required", id="missing"),
        pytest.param("provider.list", {"colour": "red"}, "colour: extra inputs", id="unknown-argument"),
        pytest.param("provider.list", {"family": "Antropic"}, "no family is called 'Antropic'", id="family"),
        pytest.param("model.info", {"modelId": "claude-sonet"}, "nearest:", id="model"),
        pytest.param("provider_list", {}, "no tool is called 'provider_list'", id="no-such-tool"),
    ],
)
async def test_a_wrong_call_is_a_sentence(
    name: str, arguments: dict[str, str], sentence: str, world: World
) -> None:
    async with Client(world.stdio()) as client:
        result = await client.call_tool(name, arguments)

    assert result.is_error
    assert sentence in result.content[0].text
    assert "Traceback" not in result.content[0].text


async def test_resources_and_the_prompt_tell_what_is_so_now(world: World) -> None:
    async with Client(world.stdio()) as client:
        uris = [str(one.uri) for one in (await client.list_resources()).resources]
        status = json.loads((await client.read_resource("pf://status")).contents[0].text)
        models = json.loads((await client.read_resource("pf://catalog/models")).contents[0].text)
        prompts = (await client.list_prompts()).prompts
        prompt = await client.get_prompt(prompts[0].name, {"task": "a refactoring"})
        with pytest.raises(MCPError, match="no resource is called"):
            await client.read_resource("pf://secrets")

    assert uris == ["pf://status", "pf://catalog/models"]
    assert status["active"]["provider"] == "openrouter"
    assert len(models) == 116
    assert "a refactoring" in prompt.messages[0].content.text
    assert "openrouter serves" in prompt.messages[0].content.text


async def test_no_answer_ever_holds_a_secret(world: World) -> None:
    async with Client(world.stdio()) as client:
        shown = [str(await client.call_tool(name, arguments)) for name, arguments in CALLS.items()]
        shown.append(str(await client.read_resource("pf://status")))
        shown.append(str(await client.list_resources()))

    for secret in SECRETS.values():
        assert not any(secret in text for text in shown)


async def test_a_broken_config_file_is_one_sentence_and_stays_as_it_is(world: World) -> None:
    config = world.state / "config.json"
    config.write_text('{"version": 2,')
    async with Client(world.stdio()) as client:
        listed = await client.call_tool("provider.list", {})
        switched = await client.call_tool("provider.switch", {"providerId": "groq"})

    assert not listed.is_error
    assert switched.is_error
    assert "config.json line 1 column" in switched.content[0].text
    assert config.read_text() == '{"version": 2,'
