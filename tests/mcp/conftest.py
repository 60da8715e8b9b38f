"""A state directory with two providers that can serve, and the server as agents start it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from mcp import StdioServerParameters

from tests import program
from tests.patience import PATIENCE_S, eventually

SECRETS = {"OPENROUTER_API_KEY": "sk-or-never-shown-0001", "GROQ_API_KEY": "gsk_never_shown_0002"}

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
"""What a client says first."""


@dataclass(frozen=True)
class World:
    """Where the server runs."""

    home: Path
    work: Path

    @property
    def state(self) -> Path:
        return self.home / ".opencode" / "provider-fallback"

    @property
    def env(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "TZ": "UTC",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            **SECRETS,
        }

    def pf(self, *words: str) -> str:
        """What a pf-tui command prints."""
        return str(program.run(*words, env=self.env, cwd=self.work, check=True).stdout)

    def stdio(self) -> StdioServerParameters:
        command, *words = program.command("mcp")
        return StdioServerParameters(command=command, args=words, env=self.env, cwd=self.work)


@pytest.fixture
def world(home: Path, tmp_path: Path) -> World:
    """openrouter serves, groq is next."""
    made = World(home=home, work=tmp_path / "work")
    made.work.mkdir()
    made.state.mkdir(parents=True)
    content = {"version": 2, "providerPriority": ["openrouter", "groq"]}
    (made.state / "config.json").write_text(json.dumps(content))
    return made


@dataclass(frozen=True)
class Served:
    """A server over HTTP."""

    url: str
    token: str
    process: subprocess.Popen[str]


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., Served]]:
    """`serve()`: `pf-tui mcp --http` on a free port; ended after the test."""
    running: list[subprocess.Popen[str]] = []

    def start(*words: str, **env: str) -> Served:
        process = program.Process(
            *("mcp", "--http", "--port", "0", *words),
            cwd=world.work,
            env={**world.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "MCP on " in line, line + process.stderr.read()
        url = line.split("MCP on ")[1].split(",")[0]
        return Served(url=url, token=_token(world, process.pid), process=process)

    yield start
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


def _token(world: World, pid: int) -> str:
    def told() -> str | None:
        content = json.loads((world.state / "mcp.json").read_text())
        return str(content["token"]) if content["pid"] == pid else None

    return eventually(told, "this server in mcp.json")
