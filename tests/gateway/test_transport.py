"""Requests as they lie on the wire, read by servers that know nothing of aiohttp."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

import pytest

from pf_tui.gateway import exchange
from pf_tui.gateway.budget import Budget
from pf_tui.gateway.exchange import Exchange, Unreachable
from pf_tui.gateway.routing import Route
from pf_tui.gateway.upstream import Transport
from tests.patience import PATIENCE_S

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
Answer = Callable[[bytes, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[int]:
    """A server that reads the head of each request and lets `answer` do the rest; gives its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await answer(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        running.close()


@asynccontextmanager
async def wired(wall_clock: Callable[[], float] = time.time, **env: str) -> AsyncIterator[Transport]:
    transport = Transport(env, wall_clock=wall_clock)
    try:
        yield transport
    finally:
        await transport.close()


def headers(**more: str) -> list[tuple[str, str]]:
    return [("Content-Type", "application/json"), *more.items()]


async def post(
    transport: Transport,
    url: str,
    body: bytes = b"{}",
    sent: Iterable[tuple[str, str]] = (),
    *,
    credential: Mapping[str, str] | None = None,
) -> Exchange:
    route = Route(
        provider="one", family="x", model="m", model_family="x", native="m", url=url,
        credential=credential or {"x-api-key": "k3y"}, headers={}, context=0, distance=0,
    )  # fmt: skip
    return await transport.open(route, body, sent or headers(), PATIENCE_S, PATIENCE_S)


async def test_head_and_body_arrive_byte_for_byte_and_the_connection_is_used_again() -> None:
    heads: list[bytes] = []
    connections: set[asyncio.StreamWriter] = set()

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(head + await reader.readexactly(12))
        connections.add(writer)
        writer.write(OK)

    async with server(answer) as port, wired() as transport:
        for _ in range(3):
            sent = headers(**{"X-Odd": "café", "User-Agent": "a/1"})
            exchange = await post(
                transport, f"http://127.0.0.1:{port}/v1/x?beta=true&a=%20", b'{"a": "1"}  ', sent
            )
            assert await exchange.read(2**25, Budget().hold()) == b"{}"
            exchange.close()

    assert len(connections) == 1
    assert heads == 3 * [
        b"POST /v1/x?beta=true&a=%20 HTTP/1.1\r\nHost: 127.0.0.1:" + str(port).encode() + b"\r\n"
        b"Content-Type: application/json\r\nX-Odd: caf\xc3\xa9\r\nUser-Agent: a/1\r\nx-api-key: k3y\r\n"
        b"accept-encoding: identity\r\nContent-Length: 12\r\n\r\n"
        b'{"a": "1"}  '
    ]


async def test_an_http_proxy_gets_the_whole_address_and_its_own_login() -> None:
    heads: list[bytes] = []

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        await reader.readexactly(2)
        writer.write(OK)

    async with server(answer) as port, wired(http_proxy=f"http://me:secret@127.0.0.1:{port}") as transport:
        for _ in range(2):
            (await post(transport, "http://upstream.example/v1/x")).close()

    assert [head.split(b"\r\n")[0] for head in heads] == 2 * [b"POST http://upstream.example/v1/x HTTP/1.1"]
    assert all(b"\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n" in head for head in heads)


async def test_a_proxy_to_a_tls_host_sees_no_key() -> None:
    heads: list[bytes] = []

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")

    async with server(answer) as port, wired(HTTPS_PROXY=f"http://127.0.0.1:{port}") as transport:
        with pytest.raises(Unreachable):
            await post(transport, "https://upstream.example/v1/x")

    assert heads[0].startswith(b"CONNECT upstream.example:443 HTTP/1.1\r\n")
    assert not any(b"k3y" in head for head in heads)


@pytest.mark.parametrize("key", ["k3y\r\nX-Other: 1", "k3y\n", "k3y\r", "k3y\0"])
async def test_a_key_with_a_line_break_is_never_sent(key: str) -> None:
    heads: list[bytes] = []

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(head)

    async with server(answer) as port, wired() as transport:
        with pytest.raises(Unreachable, match="holds what cannot be sent"):
            await post(transport, f"http://127.0.0.1:{port}/", credential={"x-api-key": key})

    assert not heads


async def test_an_answer_that_comes_before_the_body_was_read_is_heard() -> None:
    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig")
        await asyncio.sleep(3600)

    async with server(answer) as port, wired() as transport, asyncio.timeout(PATIENCE_S):
        exchange = await post(transport, f"http://127.0.0.1:{port}/", bytes(20_000_000))
        assert (exchange.status, await exchange.read(2**25, Budget().hold())) == (413, b"big")
        exchange.close()


@pytest.mark.parametrize("before", [b"", b"2\r\nab\r\n"], ids=["first", "midway"])
async def test_a_chunk_that_cannot_be_read_ends_the_answer_at_once(before: bytes) -> None:
    """Where it comes by itself, aiohttp closes the connection and never tells whoever reads the body."""
    heard = asyncio.Event()

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + before)
        await heard.wait()
        writer.write(b"zz\r\nwhat\r\n")
        await reader.read()

    async with server(answer) as port, wired() as transport:
        exchange = await post(transport, f"http://127.0.0.1:{port}/")
        if before:
            assert await exchange.chunk() == b"ab"
        heard.set()

        with pytest.raises(Unreachable):
            await asyncio.wait_for(exchange.chunk(), PATIENCE_S)
        exchange.close()


async def test_an_answer_that_ends_with_its_connection_is_whole_whenever_it_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The look and the end may come together, as they do after a machine stood still for a moment."""
    monkeypatch.setattr(exchange, "LOOK_S", 0.0)

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{")
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(b"}")
        writer.close()

    async with server(answer) as port, wired() as transport:
        for _ in range(20):
            heard = await post(transport, f"http://127.0.0.1:{port}/v1")
            pieces = b""
            while piece := await heard.chunk():
                pieces += piece
            assert pieces == b"{}"
            heard.close()


async def test_what_is_no_http_is_an_error_and_an_unread_answer_ends_its_connection() -> None:
    ended = asyncio.Event()

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        if b"/odd" in head:
            writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
            return
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsome")
        await reader.read()
        ended.set()

    async with server(answer) as port, wired() as transport, asyncio.timeout(PATIENCE_S):
        with pytest.raises(Unreachable, match="no HTTP"):
            await post(transport, f"http://127.0.0.1:{port}/odd")
        (await post(transport, f"http://127.0.0.1:{port}/half")).close()
        await ended.wait()


class Dying:
    """A server whose connections answer once; what happens to a second request on one is `then`."""

    def __init__(self, then: str) -> None:
        self.then = then
        self.connections: list[asyncio.StreamWriter] = []

    async def __call__(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        first = writer not in self.connections
        self.connections.append(writer)
        if first:
            writer.write(OK)
            return
        if self.then == "reset":
            writer.transport.abort()
        elif self.then == "half a head":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-ty")
        raise ConnectionError


@pytest.mark.parametrize("then", ["closed", "reset"])
async def test_a_pooled_connection_that_died_is_replaced_at_once(then: str) -> None:
    dying = Dying(then)

    async with server(dying) as port, wired() as transport, asyncio.timeout(PATIENCE_S):
        for _ in range(2):
            exchange = await post(transport, f"http://127.0.0.1:{port}/")
            assert await exchange.read(2**25, Budget().hold()) == b"{}"
            exchange.close()

    assert len(dying.connections) == 3
    assert dying.connections[0] == dying.connections[1]


async def test_a_request_is_not_sent_again_once_an_answer_has_begun() -> None:
    dying = Dying("half a head")

    async with server(dying) as port, wired() as transport, asyncio.timeout(PATIENCE_S):
        (await post(transport, f"http://127.0.0.1:{port}/")).close()
        with pytest.raises(Unreachable, match="broke"):
            await post(transport, f"http://127.0.0.1:{port}/")

    assert len(dying.connections) == 2


async def test_a_new_connection_that_is_cut_is_a_failure_and_not_asked_again() -> None:
    asked = []

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(head)
        raise ConnectionError

    async with server(answer) as port, wired() as transport, asyncio.timeout(PATIENCE_S):
        with pytest.raises(Unreachable, match="broke"):
            await post(transport, f"http://127.0.0.1:{port}/")

    assert len(asked) == 1


async def test_after_the_machine_slept_no_old_connection_is_used() -> None:
    connections: list[asyncio.StreamWriter] = []
    skipped_s = [0.0]

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        connections.append(writer)
        writer.write(OK)

    async with (
        server(answer) as port,
        wired(wall_clock=lambda: time.time() + skipped_s[0]) as transport,
        asyncio.timeout(PATIENCE_S),
    ):
        for skipped in (0.0, 0.0, 600.0, 600.0):
            skipped_s[0] = skipped
            exchange = await post(transport, f"http://127.0.0.1:{port}/")
            await exchange.read(2**25, Budget().hold())
            exchange.close()

    assert connections[0] == connections[1]
    assert connections[2] == connections[3]
    assert connections[1] != connections[2]


async def test_an_idle_connection_is_not_used_past_its_age(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pf_tui.gateway.connections.IDLE_S", 0.0)
    connections: set[asyncio.StreamWriter] = set()

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        connections.add(writer)
        writer.write(OK)

    async with server(answer) as port, wired() as transport, asyncio.timeout(PATIENCE_S):
        for _ in range(3):
            exchange = await post(transport, f"http://127.0.0.1:{port}/")
            await exchange.read(2**25, Budget().hold())
            exchange.close()
            await asyncio.sleep(0.01)

    assert len(connections) == 3


async def test_an_answer_that_came_before_its_request_is_no_answer_to_it() -> None:
    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        writer.write(OK + OK.replace(b"{}", b"[]"))

    async with server(answer) as port, wired() as transport, asyncio.timeout(PATIENCE_S):
        for _ in range(6):
            exchange = await post(transport, f"http://127.0.0.1:{port}/")
            assert await exchange.read(2**25, Budget().hold()) == b"{}"
            exchange.close()
