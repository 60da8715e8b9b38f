"""Requests as they lie on the wire, read by servers that know nothing of aiohttp."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from multidict import CIMultiDict

from pf_tui.gateway.wire import Wire

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
async def wired(**env: str) -> AsyncIterator[Wire]:
    wire = Wire(env)
    try:
        yield wire
    finally:
        await wire.close()


def headers(**more: str) -> CIMultiDict[str]:
    return CIMultiDict({"Content-Type": "application/json", **more})


async def test_head_and_body_arrive_byte_for_byte_and_the_connection_is_used_again() -> None:
    heads: list[bytes] = []
    connections: set[int] = set()

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(head + await reader.readexactly(12))
        connections.add(id(writer))
        writer.write(OK)

    async with server(answer) as port, wired() as wire:
        for _ in range(3):
            sent = headers(**{"X-Odd": b"caf\xe9 \xff".decode("utf-8", "surrogateescape")})
            answered = await wire.post(
                f"http://127.0.0.1:{port}/v1/x?beta=true&a=%20", b'{"a": "1"}  ', sent, 5
            )
            assert await answered.content.read() == b"{}"
            answered.close()

    assert len(connections) == 1
    assert heads == 3 * [
        b"POST /v1/x?beta=true&a=%20 HTTP/1.1\r\nHost: 127.0.0.1:" + str(port).encode() + b"\r\n"
        b"Content-Type: application/json\r\nX-Odd: caf\xe9 \xff\r\nContent-Length: 12\r\n\r\n"
        b'{"a": "1"}  '
    ]


async def test_an_http_proxy_gets_the_whole_address_and_its_own_login() -> None:
    heads: list[bytes] = []

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        await reader.readexactly(2)
        writer.write(OK)

    async with server(answer) as port, wired(http_proxy=f"http://me:secret@127.0.0.1:{port}") as wire:
        for _ in range(2):
            answered = await wire.post("http://upstream.example/v1/x", b"{}", headers(), 5)
            answered.close()

    assert [head.split(b"\r\n")[0] for head in heads] == 2 * [b"POST http://upstream.example/v1/x HTTP/1.1"]
    assert all(b"\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n" in head for head in heads)


async def test_a_proxy_to_a_tls_host_sees_no_key() -> None:
    heads: list[bytes] = []

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")

    async with server(answer) as port, wired(HTTPS_PROXY=f"http://127.0.0.1:{port}") as wire:
        with pytest.raises(aiohttp.ClientError):
            await wire.post("https://upstream.example/v1/x", b"{}", headers(**{"x-api-key": "k3y"}), 5)

    assert heads[0].startswith(b"CONNECT upstream.example:443 HTTP/1.1\r\n")
    assert not any(b"k3y" in head for head in heads)


async def test_a_key_with_a_line_break_is_never_sent() -> None:
    heads: list[bytes] = []

    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(head)

    async with server(answer) as port, wired() as wire:
        for key in ("k3y\r\nX-Other: 1", "k3y\n", "k3y\r"):
            with pytest.raises(aiohttp.ClientError, match="line break"):
                await wire.post(f"http://127.0.0.1:{port}/", b"{}", headers(**{"x-api-key": key}), 5)

    assert not heads


async def test_an_answer_that_comes_before_the_body_was_read_is_heard() -> None:
    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig")
        await asyncio.sleep(3600)

    async with server(answer) as port, wired() as wire, asyncio.timeout(10):
        answered = await wire.post(f"http://127.0.0.1:{port}/", bytes(20_000_000), headers(), 5)
        assert (answered.status, await answered.content.read()) == (413, b"big")
        answered.close()


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

    async with server(answer) as port, wired() as wire, asyncio.timeout(10):
        with pytest.raises(Exception, match=r"(?i)http"):
            await wire.post(f"http://127.0.0.1:{port}/odd", b"{}", headers(), 5)
        answered = await wire.post(f"http://127.0.0.1:{port}/half", b"{}", headers(), 5)
        answered.close()
        await ended.wait()
