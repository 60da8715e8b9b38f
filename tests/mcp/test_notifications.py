"""Clients are told when another provider serves and when limits change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from mcp import Client

from tests.mcp.conftest import Served, World
from tests.mcp.test_tools import over_http

PATIENCE_S = 20


@pytest.mark.parametrize("transport", ["stdio", "http"])
async def test_a_listener_hears_of_a_switch_made_elsewhere(
    transport: str, world: World, serve: Callable[..., Served]
) -> None:
    connected = Client(world.stdio()) if transport == "stdio" else over_http(serve())
    async with (
        connected as client,
        client.listen(resources_list_changed=True, resource_subscriptions=["pf://status"]) as events,
    ):
        await anyio.to_thread.run_sync(world.pf, "switch", "groq")
        heard = set()
        with anyio.fail_after(PATIENCE_S):
            async for event in events:
                heard.add(type(event).__name__)
                if heard == {"ResourceUpdated", "ResourcesListChanged"}:
                    break
        resources = (await client.list_resources()).resources

    assert "groq serves" in str(resources[0].description)


@pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")
@pytest.mark.parametrize("transport", ["stdio", "http"])
async def test_a_client_of_the_older_protocol_hears_of_it_too(
    transport: str, world: World, serve: Callable[..., Served]
) -> None:
    heard: list[str] = []
    told = anyio.Event()

    async def note(message: Any) -> None:
        heard.append(type(message).__name__)
        if {"ResourceUpdatedNotification", "ResourceListChangedNotification"} <= set(heard):
            told.set()

    if transport == "stdio":
        connected = Client(world.stdio(), mode="legacy", message_handler=note)
    else:
        connected = over_http(serve(), "legacy", message_handler=note)
    async with connected as client:
        await client.subscribe_resource("pf://status")
        await anyio.to_thread.run_sync(world.pf, "bench", "openrouter", "--for", "30m")
        with anyio.fail_after(PATIENCE_S):
            await told.wait()


async def test_a_budget_that_changes_is_told_without_a_list_change(world: World) -> None:
    async with (
        Client(world.stdio()) as client,
        client.listen(resources_list_changed=True, resource_subscriptions=["pf://status"]) as events,
    ):
        await anyio.to_thread.run_sync(world.pf, "limits", "set", "openrouter", "--daily", "1M")
        with anyio.fail_after(PATIENCE_S):
            async for event in events:
                assert type(event).__name__ == "ResourceUpdated"
                break
