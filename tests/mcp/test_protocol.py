"""Logging and completion in the protocol's own shapes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.mcp.conftest import World


class Wire:
    """A client that writes and reads the protocol's lines itself."""

    def __init__(self, world: World, version: str = "2025-06-18") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pf_tui", "mcp"],
            cwd=world.work,
            env=world.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.number = 0
        self.heard: list[dict[str, Any]] = []
        client = {"name": "test", "version": "1"}
        started = self.ask("initialize", protocolVersion=version, capabilities={}, clientInfo=client)
        self.capabilities = started["capabilities"]
        self.write({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def write(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        message: dict[str, Any] = json.loads(self.process.stdout.readline())
        if "method" in message:
            self.heard.append(message)
        return message

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of a request, or its error."""
        self.number += 1
        self.write({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params})
        while (message := self.read()).get("id") != self.number:
            pass
        found: dict[str, Any] = message.get("result", message.get("error"))
        return found

    def next_log(self) -> dict[str, Any]:
        while True:
            message = self.read()
            if message.get("method") == "notifications/message":
                params: dict[str, Any] = message["params"]
                return params

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def wire(world: World) -> Iterator[Wire]:
    made = Wire(world)
    yield made
    made.end()


def test_a_client_hears_of_events_from_its_level_on(wire: Wire, world: World) -> None:
    assert wire.capabilities["logging"] == {}
    assert wire.ask("logging/setLevel", level="notice") == {}

    world.pf("limits", "set", "groq", "--daily", "1M")
    world.pf("switch", "groq")
    switched = wire.next_log()
    assert (switched["level"], switched["logger"]) == ("notice", "pf-tui")
    assert switched["data"]["message"] == "switch: openrouter → groq"
    assert wire.ask("logging/setLevel", level="warning") == {}

    world.pf("switch", "openrouter")
    world.pf("bench", "openrouter", "--for", "30m")
    benched = wire.next_log()
    assert benched["level"] == "warning"
    assert benched["data"]["action"] == "bench"
    logs = [heard["params"]["data"] for heard in wire.heard if heard["method"] == "notifications/message"]
    assert [data["action"] for data in logs] == ["switch", "bench"]
    assert wire.ask("logging/setLevel", level="loud")["code"] == -32602


def test_names_are_completed_for_templates_and_the_prompt(wire: Wire) -> None:
    assert wire.capabilities["completions"] == {}
    templates = wire.ask("resources/templates/list")["resourceTemplates"]
    uris = {one["name"]: one["uriTemplate"] for one in templates}
    assert uris == {"provider": "pf://status/{provider}", "model": "pf://catalog/models/{model}"}

    def complete(uri: str, name: str, value: str) -> dict[str, Any]:
        ref = {"type": "ref/resource", "uri": uri}
        return wire.ask("completion/complete", ref=ref, argument={"name": name, "value": value})

    found = complete(uris["provider"], "provider", "open")["completion"]
    assert all(name.startswith("open") for name in found["values"])
    assert "openrouter" in found["values"]
    assert found["total"] == len(found["values"])
    assert found["hasMore"] is False
    models = complete(uris["model"], "model", "")["completion"]
    assert len(models["values"]) == 100
    assert models["hasMore"] is True
    prompt = {"type": "ref/prompt", "name": "provider-advice"}
    told = wire.ask("completion/complete", ref=prompt, argument={"name": "task", "value": "re"})
    assert "a review" in told["completion"]["values"]
    wrong = complete("pf://nothing/{x}", "x", "a")
    assert wrong["code"] == -32602
    assert "nothing completes 'x' there" in wrong["message"]
    read = wire.ask("resources/read", uri="pf://status/groq")
    assert json.loads(read["contents"][0]["text"])["id"] == "groq"
    read = wire.ask("resources/read", uri="pf://catalog/models/claude-opus-5-5")
    assert json.loads(read["contents"][0]["text"])["id"] == "claude-opus-5-5"
