"""Three servers on this machine answer requests that name them, and no other; pages of others get nothing."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import uvicorn
from aiohttp import web
from aiohttp.test_utils import TestServer

from pf_tui.cli.serve import own_pages_only, token_required
from pf_tui.mcp_server import http
from pf_tui.mcp_server.server import ServerState
from pf_tui.mcp_server.start import OneLine
from pf_tui.rules.addresses import is_own_request
from pf_tui.state.context import Context
from tests.gateway.upstreams import StillGate
from tests.mcp.conftest import HELLO
from tests.patience import PATIENCE_S

HOSTS = [
    "localhost.evil:PORT",
    "127.0.0.1.nip.io:PORT",
    "0:PORT",
    "0.0.0.0:PORT",
    "[::]:PORT",
    "[::ffff:127.0.0.1]:PORT",
    "[::1%lo]:PORT",
    "::1",
    "LOCALHOST:PORT",
    "localhost.:PORT",
    "ip6-localhost:PORT",
    "127.1:PORT",
    "2130706433:PORT",
    "0x7f.1:PORT",
    "127.0.0.1",
    "127.0.0.1:80",
    "127.0.0.1:0080",
    "127.0.0.1:+80",
    "127.0.0.1:PORT/",
    "127.0.0.1:PORT#x",
    "127.0.0.1:PORT,evil",
    "127.0.0.1:PORT.evil",
    "127.0.0.1:PORT@evil",
    "user@127.0.0.1:PORT",
    "user:word@localhost:PORT",
    "evil\t127.0.0.1:PORT",
    "",
]
ORIGINS = [
    "null",
    "",
    "file://",
    "http://127.0.0.1:PORT.evil",
    "http://evil.127.0.0.1:PORT",
    "http://evil/127.0.0.1:PORT",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://localhost:PORT",
    "http://[::1]:PORT",
    "http://127.0.0.1:PORT/",
    "http://user@127.0.0.1:PORT",
    "http://127.0.0.1:PORT http://evil",
    "HTTP://127.0.0.1:PORT",
    "https://127.0.0.1:PORT",
    "ws://127.0.0.1:PORT",
    "chrome-extension://127.0.0.1:PORT",
    "//127.0.0.1:PORT",
    "127.0.0.1:PORT",
]
HOST, OWN = ["127.0.0.1:PORT"], ["http://127.0.0.1:PORT"]


class Asked(NamedTuple):
    """A request as it is sent; PORT stands for the port."""

    method: str
    target: str
    hosts: list[str]
    origins: list[str]
    more: str = ""


class Door(NamedTuple):
    """A server, and a request it answers."""

    port: int
    method: str
    path: str
    more: str
    body: bytes = b""

    async def answer(self, asked: Asked) -> bytes:
        """What comes back within one connection."""
        lines = [f"{asked.method} {asked.target} HTTP/1.1"]
        lines += [f"Host: {host}" for host in asked.hosts] + [f"Origin: {page}" for page in asked.origins]
        lines += ["Connection: close", f"Content-Length: {len(self.body)}"]
        head = "\r\n".join(lines).replace(":PORT", f":{self.port}") + "\r\n" + self.more + asked.more + "\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(head.encode("latin-1") + self.body)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
        writer.close()
        return answer

    async def status(self, asked: Asked) -> int:
        return int((await self.answer(asked)).split(b" ", 2)[1])

    def as_it_is(self) -> Asked:
        return Asked(self.method, self.path, HOST, [])


@asynccontextmanager
async def gateway(folder: Path) -> AsyncIterator[Door]:
    gate = StillGate(folder)
    gate.config(["openrouter"])
    await gate.start()
    try:
        port = int(gate.url.rpartition(":")[2])
        yield Door(port, "GET", "/pf/status", f"x-pf-token: {gate.token}\r\n")
    finally:
        await gate.stop()


@asynccontextmanager
async def dashboard(folder: Path) -> AsyncIterator[Door]:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="the dashboard")

    app = web.Application(middlewares=[own_pages_only, token_required("the-token")])
    app.router.add_get("/", page)
    async with TestServer(app) as server:
        assert server.port is not None
        door = Door(server.port, "GET", "/?token=the-token", "")
        answer = await door.answer(door.as_it_is())
        cookie = answer.decode().split("Set-Cookie: ")[1].split(";")[0]
        yield Door(server.port, "GET", "/", f"Cookie: {cookie}\r\n")


@asynccontextmanager
async def tools(folder: Path) -> AsyncIterator[Door]:
    room = ServerState(Context.here("mcp", env={"HOME": str(folder)}, cwd=folder))
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = uvicorn.Config(http.app(room, "the-token", port), http="h11", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    more = (
        "x-pf-token: the-token\r\ncontent-type: application/json\r\n"
        "accept: application/json, text/event-stream\r\n"
    )
    try:
        yield Door(port, "POST", "/mcp", more, json.dumps(HELLO).encode())
    finally:
        server.should_exit = True
        await running


DOORS: list[Callable[[Path], object]] = [gateway, dashboard, tools]


async def served(door: Door, requests: list[Asked]) -> list[Asked]:
    """Those of the requests that are not refused."""
    return [asked for asked in requests if await door.status(asked) < 400]


@pytest.fixture(params=DOORS, ids=lambda door: str(door.__name__))
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Door]:
    async with request.param(tmp_path) as opened:
        yield opened


async def test_the_door_opens_to_its_own_name_and_its_own_page(door: Door) -> None:
    asked = door.as_it_is()
    own = [asked, asked._replace(origins=OWN), asked._replace(hosts=["localhost:PORT"])]

    assert await served(door, own) == own


async def test_no_other_name_of_this_machine_and_no_other_host_is_answered(door: Door) -> None:
    asked = door.as_it_is()
    named = [asked._replace(hosts=[host]) for host in HOSTS]
    named += [asked._replace(hosts=hosts) for hosts in ([], [*HOST, "evil"], ["evil", *HOST], HOST * 2)]

    assert await served(door, named) == []


async def test_no_page_from_elsewhere_is_answered(door: Door) -> None:
    asked = door.as_it_is()
    pages = [asked._replace(origins=[page]) for page in ORIGINS]
    pages += [asked._replace(origins=[*OWN, "http://evil"]), asked._replace(origins=["http://evil", *OWN])]

    assert await served(door, pages) == []


async def test_a_target_that_names_a_host_is_a_proxys_and_is_refused(door: Door) -> None:
    asked = door.as_it_is()
    hosts = ("evil", "127.0.0.1:PORT", "evil@127.0.0.1:PORT")
    targets = [asked._replace(target=f"http://{host}{asked.target}") for host in hosts]
    targets += [asked._replace(method="CONNECT", target=target) for target in ("evil:443", "127.0.0.1:PORT")]
    targets += [asked._replace(method="OPTIONS", target="*"), asked._replace(method="TRACE")]

    assert await served(door, targets) == []


@pytest.mark.parametrize("protocol", ["h2c", "websocket", "TLS/1.0"])
async def test_an_upgrade_that_nobody_offers_changes_nothing(door: Door, protocol: str) -> None:
    status = await door.status(door.as_it_is()._replace(more=f"Upgrade: {protocol}\r\n"))

    assert status in (200, 400, 426)


@pytest.mark.parametrize(
    "line", [b"PRI * HTTP/2.0", b"GET /", b"GET / HTTP/9.9", b"\x16\x03\x01", b"G\x00T / x"]
)
async def test_what_is_no_http_is_told_so_and_written_nowhere(
    tmp_path: Path, line: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    async with gateway(tmp_path) as opened:
        reader, writer = await asyncio.open_connection("127.0.0.1", opened.port)
        writer.write(line + b"\r\nHost: \x1b]0;x\x07\r\n\r\n")
        writer.write_eof()
        await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()

    assert capfd.readouterr().err == ""


def test_what_a_package_logs_is_one_line_of_text(capsys: pytest.CaptureFixture[str]) -> None:
    OneLine().emit(logging.makeLogRecord({"msg": "Invalid Host header: \x9b2J\n\x1b]0;x\x07" + "a" * 9999}))

    shown = capsys.readouterr().err
    assert shown.startswith("pf-tui mcp: Invalid Host header: \\x9b2J^J^[]0;x^Ga")
    assert len(shown) < 400


@pytest.mark.parametrize("port", [0, 80])
def test_the_rule_alone(port: int) -> None:
    assert is_own_request([f"[::1]:{port}"], [], "/", port)
    assert is_own_request([f"localhost:{port}"], [f"http://localhost:{port}"], "/x", port)
    assert not is_own_request([f"localhost:{port}"], [f"http://127.0.0.1:{port}"], "/x", port)
    assert not is_own_request(["localhost"], [], "/", port)
    assert not is_own_request([f"localhost:{port}"], [], "", port)
