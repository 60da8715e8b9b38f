"""A real gateway process between a client and stand-in upstreams, on a state directory of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiohttp
import yaml

from pf_tui.drill.fake_upstream import FakeUpstream
from pf_tui.gateway.server import Gateway, listen
from pf_tui.records import replace
from pf_tui.state import gateway as gateways
from pf_tui.state.context import Context
from pf_tui.state.paths import Paths
from tests import program
from tests.conftest import NOON
from tests.patience import PATIENCE_S

PATHS = {
    "anthropic-messages": "/v1/messages",
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
}
T = TypeVar("T")

CUT_SHORT = (aiohttp.ClientError, ConnectionError, asyncio.TimeoutError)
TOKEN, CONTROL = "t" * 43, "c" * 43


def secret_of(provider: str) -> str:
    """The key of a provider in these tests: unlike every other one, so that a leak tells who leaked."""
    return f"key-of-{provider}-0123456789abcdef"


@dataclass
class Heard:
    """What the client heard."""

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    broken: str | None = None
    """The transport's error, when the answer did not come to its end."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The data of each event that is a JSON object."""
        return [
            json.loads(line[5:])
            for line in self.body.splitlines()
            if line.startswith(b"data:") and line[5:].strip() not in (b"", b"[DONE]")
        ]

    @property
    def errors(self) -> list[str]:
        """Error events of the stream, as text."""
        return [
            json.dumps(event)
            for event in self.events
            if event.get("type") in ("error", "response.failed")
            or (event.get("error") and not event.get("id"))
        ]

    @property
    def text(self) -> str:
        """What the model said, streamed or whole, in any protocol."""
        if b"data:" not in self.body:
            return _text_of(self.json) if self.body.startswith(b"{") else ""
        return "".join(_delta_of(event) for event in self.events)

    @property
    def whole(self) -> bool:
        """A complete answer, as a client would judge it."""
        if self.status != 200 or self.broken or self.errors:
            return False
        if b"data:" not in self.body:
            return bool(self.text)
        ends = (b"message_stop", b"[DONE]", b'"finish_reason": "stop"', b"response.completed")
        return any(end in self.body for end in ends)


def request_body(
    protocol: str, model: str, *, stream: bool = True, text: str = "Say hello."
) -> dict[str, Any]:
    """A small request as an agent sends it."""
    if protocol == "openai-responses":
        return {"model": model, "stream": stream, "store": False, "input": text}
    messages = [{"role": "user", "content": text}]
    body: dict[str, Any] = {"model": model, "stream": stream, "messages": messages}
    if protocol == "anthropic-messages":
        body["max_tokens"] = 256
    elif stream:
        body["stream_options"] = {"include_usage": True}
    return body


def as_agent(agent: str, session: str | None = None) -> dict[str, str]:
    """The headers by which each agent is known (measured on the real ones)."""
    session = session or str(uuid.uuid4())
    if agent == "claude-code":
        return {
            "user-agent": "claude-cli/2.1.330 (external, sdk-cli)",
            "x-claude-code-session-id": session,
            "anthropic-version": "2023-06-01",
        }
    if agent == "opencode":
        return {"user-agent": "opencode/1.18.33 ai-sdk/5", "x-session-id": session}
    return {"user-agent": "codex_exec/0.169.0", "originator": "codex_exec", "session_id": session}


class Gate:
    """`pf-tui gateway run` on a scratch state directory.

    Args:
        alone: an interpreter of its own, for tests that measure it.
    """

    def __init__(self, folder: Path, *, alone: bool = False) -> None:
        self._alone = alone
        self.home = folder / "gate"
        self.state = self.home / "state"
        self.state.mkdir(parents=True)
        self.paths = Paths(self.state)
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "PROVIDER_FALLBACK_HOME": str(self.state),
            "TZ": "UTC",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }
        self._process: subprocess.Popen[Any] | None = None
        self._client: aiohttp.ClientSession | None = None
        self.url = ""
        self.token = ""

    def providers(self, entries: list[dict[str, Any]]) -> None:
        """Write providers.yaml."""
        self.paths.providers.write_text(yaml.safe_dump({"version": 1, "providers": entries}))

    def config(self, order: list[str], **gateway: Any) -> None:
        """Write config.json: the priority list and the gateway's settings."""
        settings = {"connectS": PATIENCE_S, "firstByteS": PATIENCE_S, "stallS": PATIENCE_S, **gateway}
        content = {"version": 2, "providerPriority": order, "pf": {"gateway": settings}}
        self.paths.config.write_text(json.dumps(content, indent=2))

    def key(self, provider: str, variable: str) -> None:
        """Give the gateway a key by its environment."""
        self.env[variable] = secret_of(provider)

    def token_of(self, provider: str) -> None:
        """Give the gateway a token in auth.json."""
        held = json.loads(self.paths.auth.read_text()) if self.paths.auth.exists() else {"providers": {}}
        held["providers"][provider] = {"apiKey": secret_of(provider)}
        self.paths.auth.write_text(json.dumps(held))
        self.paths.auth.chmod(0o600)

    async def start(self, *words: str) -> None:
        """Run it and wait until it says where."""
        process = self._process = self._begin("gateway", "run", *words)

        def listens() -> gateways.Gateway | None:
            assert process.poll() is None, f"the gateway ended: {self.said()}"
            return gateways.read(self.paths)

        self.url = (await eventually(listens, "the gateway listens")).url
        self.token = json.loads(self.paths.gateway.read_text())["token"]
        self._open_client()

    def _begin(self, *words: str) -> subprocess.Popen[Any]:
        with (self.home / "out.txt").open("ab") as out, (self.home / "err.txt").open("ab") as err:
            ends: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": err}
            if self._alone:
                return subprocess.Popen([sys.executable, "-m", "pf_tui", *words], env=self.env, **ends)
            return program.Process(*words, env=self.env, **ends)

    def _open_client(self) -> None:
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=PATIENCE_S)
        )

    async def stop(self, how: int = signal.SIGTERM) -> int | None:
        """End it; returns its exit code."""
        await self._close_client()
        process, self._process = self._process, None
        if process is None:
            return None
        process.send_signal(how)
        try:
            return await asyncio.to_thread(process.wait, PATIENCE_S)
        finally:
            process.kill()

    async def _close_client(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    @property
    def context(self) -> Context:
        """This state as a person at the command line has it."""
        return Context.here("cli", env=self.env, cwd=self.home)

    def said(self) -> str:
        """Its stderr so far."""
        path = self.home / "err.txt"
        return path.read_text() if path.exists() else ""

    async def ask(
        self,
        protocol: str,
        model: str,
        *,
        stream: bool = True,
        agent: str | None = None,
        session: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        path: str | None = None,
    ) -> Heard:
        """Send a request as an agent would and read the answer to its end, or to where it broke."""
        sent = {"x-pf-token": self.token, "content-type": "application/json"}
        if agent is not None:
            sent |= as_agent(agent, session)
        sent |= headers or {}
        if body is None:
            body = json.dumps(request_body(protocol, model, stream=stream)).encode()
        return await self.post(path or PATHS[protocol], body, sent)

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Heard:
        """A bare request."""
        assert self._client is not None
        heard = Heard(status=None)
        try:
            async with self._client.post(self.url + path, data=body, headers=headers) as response:
                heard.status = response.status
                heard.headers = {name.lower(): value for name, value in response.headers.items()}
                async for chunk in response.content.iter_any():
                    heard.body += chunk
        except CUT_SHORT as error:
            heard.broken = type(error).__name__
        return heard

    async def run(self, *words: str) -> tuple[int, str, str]:
        """`pf-tui …` on this state: (exit code, stdout, stderr)."""
        done = await asyncio.to_thread(program.run, *words, env=self.env)
        return done.returncode, done.stdout, done.stderr

    async def document(self, *words: str) -> Any:
        """`pf-tui … --json`."""
        code, out, err = await self.run(*words, "--json")
        assert code == 0, err
        return json.loads(out)

    def health(self) -> list[dict[str, Any]]:
        """The benches of health.json."""
        if not self.paths.health.exists():
            return []
        benches: list[dict[str, Any]] = json.loads(self.paths.health.read_text())["benches"]
        return benches

    def journal(self) -> list[dict[str, Any]]:
        """Every line of the journal."""
        if not self.paths.journal.exists():
            return []
        return [json.loads(line) for line in self.paths.journal.read_text().splitlines()]

    async def rows(self, count: int) -> list[dict[str, Any]]:
        """The gateway's rows of the ledger, oldest first, once there are `count`."""

        def enough() -> list[dict[str, Any]] | None:
            found = self.ledger()
            return found if len(found) >= count else None

        found: list[dict[str, Any]] = await eventually(enough, f"{count} rows in the ledger")
        return found

    def ledger(self) -> list[dict[str, Any]]:
        """The gateway's own rows of the ledger, oldest first."""
        return ledger_rows(self.paths.ledger, "source = 'gateway'")


def ledger_rows(path: Path, condition: str) -> list[dict[str, Any]]:
    """The requests of a ledger that an SQL condition holds for, oldest first; [] while there is no ledger."""
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        try:
            query = f"SELECT * FROM requests WHERE {condition} ORDER BY ts, id"
            return [dict(row) for row in connection.execute(query)]
        except sqlite3.OperationalError:  # the gateway is just making it
            return []


@contextlib.asynccontextmanager
async def serving(provider: str) -> AsyncIterator[FakeUpstream]:
    """A fake upstream of that name, for as long as the block lasts."""
    upstream = FakeUpstream(provider)
    await upstream.start()
    try:
        yield upstream
    finally:
        await upstream.stop()


def thinking_history(signature: str) -> list[dict[str, Any]]:
    """A conversation whose answer holds reasoning signed by its vendor."""
    thinking = {"type": "thinking", "thinking": "hm", "signature": signature}
    return [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [thinking, {"type": "text", "text": "hello"}]},
        {"role": "user", "content": "go on"},
    ]


class StillGate(Gate):
    """The gateway in this process: its clock stands still, and what it has to write is written when asked."""

    now = NOON

    async def start(self, *words: str) -> None:
        self.gateway = Gateway(replace(self.context, who="gateway"), TOKEN, CONTROL)
        sockets = listen(0)
        await self.gateway.start(sockets)
        self.url, self.token = f"http://127.0.0.1:{sockets[0].getsockname()[1]}", TOKEN
        self._open_client()

    async def stop(self, how: int = signal.SIGTERM) -> int | None:
        await self._close_client()
        await self.gateway.stop()
        return None

    @property
    def context(self) -> Context:
        return replace(super().context, clock=lambda: self.now)

    async def settled(self) -> None:
        """Every request is over, what it left is in the files, and what others wrote there has been read."""
        await self.gateway.requests_in_flight.idle()
        await settled(self.gateway)


async def settled(gateway: Gateway) -> None:
    """Everything that was on its way to the files is in them, and they have been read again."""
    written, loop, recorder = asyncio.Event(), asyncio.get_running_loop(), gateway.recorder
    recorder.job(recorder._flush)
    recorder.job(recorder._settle)
    recorder.job(lambda: (loop.call_soon_threadsafe(written.set), None)[1])
    async with asyncio.timeout(PATIENCE_S):
        await written.wait()
    await asyncio.to_thread(gateway.routing_state.load)


async def eventually(holds: Callable[[], T | None], what: str) -> T:
    """Wait for something that happens in the background; what it gives."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while not (found := holds()):
        assert asyncio.get_running_loop().time() < deadline, f"never: {what}"
        await asyncio.sleep(0.01)
    return found


class House:
    """Some stand-ins in a row behind one gateway: the usual scene."""

    def __init__(
        self, folder: Path, names: tuple[str, ...], model: str, *, gate: Gate | None = None, **gateway: Any
    ) -> None:
        self.gate = gate or Gate(folder)
        self.names = names
        self.model = model
        self.upstreams = {name: FakeUpstream(name) for name in names}
        self._gateway = gateway

    def __getitem__(self, name: str) -> FakeUpstream:
        return self.upstreams[name]

    async def open(self, *, order: list[str] | None = None) -> None:
        """Start everything; providers that the catalog knows keep their own models and variables."""
        from pf_tui import catalog

        known = catalog.load().providers
        entries = []
        for name, upstream in self.upstreams.items():
            url = await upstream.start()
            if name in known:
                entries.append({"id": name, "base_url": url})
                if known[name].env[0] in known[name].env_pointers:  # a file: give a token
                    self.gate.token_of(name)
                else:
                    self.gate.key(name, known[name].env[0])
            else:
                variable = f"{name.upper().replace('-', '_')}_KEY"
                entries.append({"id": name, "base_url": url, "env": variable, "models": [self.model]})
                self.gate.key(name, variable)
        self.gate.providers(entries)
        self.gate.config(order or list(self.names), **self._gateway)
        await self.gate.start()

    async def close(self) -> None:
        try:
            await self.gate.stop()
        finally:
            for upstream in self.upstreams.values():
                await upstream.stop()


def _text_of(content: dict[str, Any]) -> str:
    blocks = content.get("content")
    if isinstance(blocks, list):
        return "".join(block.get("text", "") for block in blocks)
    if choices := content.get("choices"):
        return choices[0]["message"]["content"] or ""
    return "".join(
        part.get("text", "") for item in content.get("output", ()) for part in item.get("content", ())
    )


def _delta_of(event: dict[str, Any]) -> str:
    if choices := event.get("choices"):
        return choices[0].get("delta", {}).get("content") or ""
    delta = event.get("delta")
    if isinstance(delta, dict):
        return delta.get("text", "")
    return delta if isinstance(delta, str) and event.get("type") == "response.output_text.delta" else ""


class _Opens(Protocol):
    async def open(self) -> None: ...
    async def close(self) -> None: ...


_Opened = TypeVar("_Opened", bound=_Opens)


@contextlib.asynccontextmanager
async def opened(scene: _Opened) -> AsyncIterator[_Opened]:
    """Everything of it runs; it is closed at the end, also where only a part could be opened."""
    try:
        await scene.open()
        yield scene
    finally:
        await scene.close()


async def start_before(gate: Gate, urls: Sequence[str], **settings: Any) -> None:
    """Start a gateway before two upstreams of a person's own, "one" and "two"."""
    models = ["claude-opus-5-5", "gpt-6.1-sol"]
    keys = {"one": "ONE_KEY", "two": "TWO_KEY"}
    gate.providers([
        {"id": name, "base_url": url, "env": key, "models": [*models]}
        for (name, key), url in zip(keys.items(), urls, strict=True)
    ])  # fmt: skip
    for name, key in keys.items():
        gate.key(name, key)
    gate.config(list(keys), **settings)
    await gate.start()
