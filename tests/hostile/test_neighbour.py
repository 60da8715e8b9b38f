"""Another user of this machine, and a program that holds less than the person: what they cannot do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from pf_tui.cli.serve import own_pages_only, token_required
from pf_tui.gateway import http_reply, strangers
from pf_tui.gateway.server import Gateway, listen
from pf_tui.state import gateway, journal, peers
from pf_tui.state.context import Context
from tests import program
from tests.gateway.upstreams import StillGate
from tests.patience import PATIENCE_S

Make = Callable[..., Context]
TOKEN, CONTROL = "t" * 43, "c" * 43


@pytest.fixture
async def running(context: Make) -> AsyncIterator[tuple[Gateway, str]]:
    """A gateway that knows one key, and its address."""
    ctx = context(env={"OPENROUTER_API_KEY": "sk-or-first"}, who="gateway")
    ctx.paths.home.mkdir(parents=True)
    (ctx.paths.config).write_text('{"version": 2, "providerPriority": ["openrouter"]}')
    made = Gateway(ctx, TOKEN, CONTROL)
    sockets = listen(0)
    await made.start(sockets)
    try:
        yield made, f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    finally:
        await made.stop(0.1)


async def post(url: str, **headers: str) -> int:
    content = {"env": {"OPENROUTER_API_KEY": "sk-or-second"}}
    async with aiohttp.ClientSession() as client, client.post(url, json=content, headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize("path", ["/pf/stop", "/pf/credentials"])
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"x-pf-token": TOKEN}, id="the-agents-token"),
        pytest.param({"authorization": f"Bearer {TOKEN}"}, id="the-agents-token-as-bearer"),
        pytest.param({"x-api-key": CONTROL}, id="in-another-header"),
        pytest.param({"x-pf-token": CONTROL[:-1]}, id="cut"),
        pytest.param({"x-pf-token": CONTROL, "origin": "http://127.0.0.1:1"}, id="from-a-page"),
    ],
)
async def test_an_agent_can_neither_stop_the_gateway_nor_replace_a_key(
    running: tuple[Gateway, str], path: str, headers: dict[str, str]
) -> None:
    made, url = running

    assert await post(url + path, **headers) == 403
    assert not made.stop_event.is_set()
    assert made.routing_state.ctx.env["OPENROUTER_API_KEY"] == "sk-or-first"


async def test_the_control_token_asks_no_model(running: tuple[Gateway, str]) -> None:
    assert await post(running[1] + "/v1/messages", **{"x-pf-token": CONTROL}) == 401


async def test_a_replaced_key_is_a_line_of_the_journal_and_the_same_key_is_none(
    running: tuple[Gateway, str],
) -> None:
    made, url = running
    for _ in range(2):
        assert await post(url + "/pf/credentials", **{"x-pf-token": CONTROL}) == 200

    events = await asyncio.to_thread(lambda: list(journal.tail(made.ctx.paths, 10)))
    assert [(event.who, event.action, dict(event.after)) for event in events] == [
        ("gateway", "auth", {"providers": ["openrouter"]})
    ]
    assert "sk-or" not in made.ctx.paths.journal.read_text()


async def test_handed_over_keys_are_read_within_the_bound_of_any_request(
    running: tuple[Gateway, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, url = running
    monkeypatch.setattr(http_reply, "MAX_BODY_BYTES", 8)

    assert await post(url + "/pf/credentials", **{"x-pf-token": CONTROL}) == 400
    assert made.routing_state.ctx.env["OPENROUTER_API_KEY"] == "sk-or-first"


async def test_the_control_token_stops_it(running: tuple[Gateway, str]) -> None:
    made, url = running

    assert await post(url + "/pf/stop", **{"x-pf-token": CONTROL}) == 200
    assert made.stop_event.is_set()


def test_the_control_token_has_a_file_of_its_own_that_agents_do_not_read(context: Make) -> None:
    ctx = context()

    token = gateway.control_token(ctx.paths)

    path = ctx.paths.home / "gateway-control.json"
    assert token == gateway.control_token(ctx.paths) == json.loads(path.read_text())["control_token"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token != gateway.install(ctx.paths).token


# -- who knocks and says nothing ----------------------------------------------------------------------------


async def test_those_who_hold_connections_give_way_to_the_next_and_never_to_an_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "MOST", 3)
    gate = StillGate(tmp_path)
    gate.config(["openrouter"])
    await gate.start()
    port = int(gate.url.rpartition(":")[2])
    host = f"Host: 127.0.0.1:{port}\r\n".encode()
    asked = b"GET /pf/status HTTP/1.1\r\n" + host + f"x-pf-token: {gate.token}\r\n\r\n".encode()
    unasked = [b"", b"POST /v1/messages HTTP/1.1\r\nHost: 127", b"GET /healthz HTTP/1.1\r\n" + host + b"\r\n"]
    agent_reader, agent_writer = await asyncio.open_connection("127.0.0.1", port)
    agent_writer.write(asked)
    first = await agent_reader.readuntil(b"\r\n\r\n")
    held = []
    for said in unasked * 4:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        held.append((reader, writer))

    for reader, _ in held[:-3]:
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE_S):
                await reader.read()  # its end
    agent_writer.write(asked)
    async with asyncio.timeout(PATIENCE_S):
        again = await agent_reader.readuntil(b"\r\n\r\n{")
    for _, writer in [*held, (agent_reader, agent_writer)]:
        writer.close()
    await gate.stop()

    assert b" 200 " in first
    assert b" 200 " in again


# -- the dashboard in a browser -----------------------------------------------------------------------------


@pytest.fixture
async def browser() -> AsyncIterator[TestClient[web.Request, web.Application]]:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="the dashboard")

    app = web.Application(middlewares=[own_pages_only, token_required("the-token")])
    for path in ("/", "/ws", "/static/app.js"):
        app.router.add_get(path, page)
    # a cookie jar that takes cookies of an address without a name
    async with TestClient(TestServer(app), cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/ws",
        "/static/app.js",
        "/nothing",
        "/?token=",
        "/?token=wrong",
        "/?token=the-toke",
        "/?Token=the-token",
    ],
)
async def test_without_the_token_nothing_is_answered(
    browser: TestClient[web.Request, web.Application], path: str
) -> None:
    answer = await browser.get(path)

    assert answer.status == 403
    assert "the dashboard" not in await answer.text()


async def test_the_printed_address_opens_it_and_a_cookie_keeps_it_open(
    browser: TestClient[web.Request, web.Application],
) -> None:
    first = await browser.get("/?token=the-token", allow_redirects=False)
    cookie = first.headers["set-cookie"]

    assert first.status == 303
    assert first.headers["location"] == "/"
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "the-token" not in cookie
    for path in ("/", "/ws", "/static/app.js"):
        assert (await browser.get(path)).status == 200
    assert (await browser.get("/ws", headers={"Origin": "http://evil.example"})).status == 403


async def test_the_token_is_no_cookie_and_a_guess_is_none(
    browser: TestClient[web.Request, web.Application],
) -> None:
    for value in ("the-token", "", "x" * 43):
        answer = await browser.get("/", headers={"Cookie": f"pf-tui-serve-{browser.port}={value}"})
        assert answer.status == 403


async def test_a_cookie_that_a_browser_sent_to_another_users_port_opens_nothing(
    browser: TestClient[web.Request, web.Application], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cookies know no ports: whoever listens on another one of 127.0.0.1 is sent it."""
    await browser.get("/?token=the-token")
    own = await browser.get("/")

    monkeypatch.setattr(peers, "user_of", lambda *_: 4711)
    stolen = await browser.get("/")

    assert (own.status, stolen.status) == (200, 403)


@pytest.mark.skipif(not peers.TABLE.exists(), reason="only Linux says whose a connection is")
async def test_the_user_at_the_other_end_of_a_connection_is_known() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())
        connection, peer = server.accept()
        with connection:
            assert peers.user_of(peer, connection.getsockname()) == os.geteuid()
            assert peers.user_of(("127.0.0.2", peer[1]), connection.getsockname()) is None


@pytest.mark.parametrize(
    "table", ["", "head\n", "head\n 0: x\n", "head\n" + "\0" * 99, "head\n0: 0100007F:0001 0100007F:0002"]
)
def test_a_table_that_cannot_be_read_says_nobody(tmp_path: Path, table: str) -> None:
    (tmp_path / "tcp").write_text(table)

    assert peers.user_of(("127.0.0.1", 1), ("127.0.0.1", 2), tmp_path / "tcp") is None
    assert peers.user_of(("::1", 1), ("::1", 2), tmp_path / "tcp") is None
    assert peers.user_of(("127.0.0.1", 1), ("127.0.0.1", 2), tmp_path / "missing") is None


FETCHES = [
    ("cross-site", "image", 403),
    ("cross-site", "script", 403),
    ("same-site", "iframe", 403),  # another port of 127.0.0.1
    ("same-site", "empty", 403),
    ("same-site", "websocket", 403),
    ("", "iframe", 403),
    ("same-origin", "script", 200),
    ("same-origin", "websocket", 200),
    ("same-site", "document", 200),  # a link that is followed
    ("none", "document", 200),
]


@pytest.mark.parametrize(("site", "purpose", "status"), FETCHES)
async def test_no_part_of_another_page_is_the_dashboard(
    browser: TestClient[web.Request, web.Application], site: str, purpose: str, status: int
) -> None:
    await browser.get("/?token=the-token")

    answer = await browser.get("/", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Dest": purpose})

    assert answer.status == status


@pytest.mark.parametrize("path", ["/", "/static/app.js"])
async def test_no_page_may_frame_the_dashboard_or_keep_it(
    browser: TestClient[web.Request, web.Application], path: str
) -> None:
    await browser.get("/?token=the-token")

    headers = (await browser.get(path)).headers

    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert (headers["X-Frame-Options"], headers["Cache-Control"]) == ("DENY", "no-store")
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


# -- modes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777], ids=oct)
def test_what_is_created_is_the_persons_alone_under_any_umask(tmp_path: Path, umask: int) -> None:
    """Every file and folder of the state directory and of the cache, whatever command made it."""
    home = tmp_path / "anew"
    (home / "work").mkdir(parents=True)
    env = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "OPENROUTER_API_KEY": "sk-or-neighbour",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    commands = (
        ["status", "--json"],
        ["switch", "openrouter"],
        ["bench", "openrouter", "1h"],
        ["ingest"],
        ["analytics", "24h"],
        ["auth", "helper", "openrouter"],
        ["auth", "helper", "groq"],
        ["install", "claude-code"],
        ["doctor"],
        ["gateway", "start"],
        ["gateway", "stop"],
        ["auth", "set", "groq", "--file", "--stdin"],
        ["hook", "claude-code", "Nonsense"],
        ["hook", "claude-code", "SessionStart"],
    )
    for words in commands:
        program.run(*words, cwd=home / "work", env=env, input="gsk_a_key_of_groq", umask=umask)

    state = home / ".opencode" / "provider-fallback"
    places = [home / ".opencode", state, *state.rglob("*")]
    cache = home / ".cache"
    places += [path for path in (cache, *cache.rglob("*")) if path.exists()]
    assert {path.name for path in places} >= {
        "config.json",
        "journal.jsonl",
        "ledger.db",
        "gateway-control.json",
    }
    wide = {
        str(path.relative_to(home)): oct(stat.S_IMODE(path.stat().st_mode))
        for path in places
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    }
    assert wide == {}
    own = {path: path.stat().st_mode & (0o700 if path.is_dir() else 0o600) for path in places}
    assert {mode for path, mode in own.items() if not path.is_socket()} == {0o700, 0o600}
