"""What each tool says of itself is what it does: the files before and after it, and who was spoken to."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import anyio
import pytest
from mcp import Client, types

from pf_tui.mcp_server.server import ServerState
from pf_tui.mcp_server.tools import TOOLS
from pf_tui.state.context import Context
from tests.conftest import NOON
from tests.mcp.test_tools import CALLS

NAMES = [tool.name for tool in TOOLS]


class Machine:
    """A person's machine with a history, a bench and a choice."""

    def __init__(self, ctx: Context, home: Path) -> None:
        self.ctx, self.home = ctx, home
        self.spoken_to: list[object] = []
        ctx.paths.home.mkdir(parents=True)
        order = {"version": 2, "providerPriority": ["openrouter", "groq"]}
        ctx.paths.config.write_text(json.dumps(order, indent=2))
        logs = home / ".claude" / "projects" / "x"
        logs.mkdir(parents=True)
        turn = {
            "type": "assistant",
            "timestamp": (NOON - timedelta(hours=1)).isoformat(),
            "sessionId": "s",
            "requestId": "r",
            "message": {
                "id": "m",
                "role": "assistant",
                "model": "claude-opus-5-5",
                "content": [],
                "usage": {"input_tokens": 5, "output_tokens": 5},
            },
        }
        (logs / "s.jsonl").write_text(json.dumps(turn) + "\n")

    def files(self) -> dict[str, str]:
        """Every file of the person, by its content."""
        return {
            str(path.relative_to(self.home)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.home.rglob("*")
            if path.is_file() and not path.name.endswith(("-wal", "-shm")) and "cache" not in path.parts
        }

    def call(self, name: str) -> types.CallToolResult:
        async def ask() -> types.CallToolResult:
            async with Client(ServerState(self.ctx).server) as client:
                return await client.call_tool(name, CALLS[name])

        return anyio.run(ask)


@pytest.fixture
def machine(context: Callable[..., Context], home: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(context(env={"OPENROUTER_API_KEY": "or-1", "GROQ_API_KEY": "gsk-1"}, who="mcp"), home)

    def refuse(*place: object, **_: object) -> None:
        made.spoken_to.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return made


@pytest.fixture
def hints() -> dict[str, types.ToolAnnotations]:
    async def ask() -> list[types.Tool]:
        ctx = Context.here("mcp", env={"HOME": "/nowhere"}, cwd=Path("/"))
        async with Client(ServerState(ctx).server) as client:
            return list((await client.list_tools()).tools)

    listed = {tool.name: tool.annotations for tool in anyio.run(ask)}
    assert all(listed.values())
    return {name: hint for name, hint in listed.items() if hint is not None}


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_that_says_it_only_reads_leaves_every_file_as_it_was(
    machine: Machine, hints: dict[str, types.ToolAnnotations], name: str
) -> None:
    before = machine.files()
    result = machine.call(name)

    assert not result.is_error, result.content
    assert hints[name].read_only_hint is (machine.files() == before)


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_that_may_replace_something_of_the_persons_says_so(
    machine: Machine, hints: dict[str, types.ToolAnnotations], name: str
) -> None:
    before = machine.files()
    machine.call(name)
    after = machine.files()

    replaced = {path for path in before if after.get(path) != before[path]}
    assert hints[name].destructive_hint is bool(replaced)


@pytest.mark.parametrize("name", NAMES)
def test_a_second_call_changes_nothing_more(
    machine: Machine, hints: dict[str, types.ToolAnnotations], name: str
) -> None:
    machine.call(name)
    once = machine.files()
    machine.call(name)

    assert hints[name].idempotent_hint is (machine.files() == once)


@pytest.mark.parametrize("name", NAMES)
def test_only_a_tool_that_says_so_speaks_to_anybody_outside(
    machine: Machine, hints: dict[str, types.ToolAnnotations], name: str
) -> None:
    machine.call(name)

    assert hints[name].open_world_hint is bool(machine.spoken_to)
