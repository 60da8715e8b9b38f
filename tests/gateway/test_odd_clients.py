"""Clients that speak HTTP oddly, or badly: each is answered or let go, and nobody else notices."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from pf_tui.state import gateway as gateways
from tests.gateway.conftest import OPUS
from tests.gateway.upstreams import House, eventually, request_body
from tests.patience import PATIENCE_S

MESSAGES = "anthropic-messages"


class Line:
    """One connection to the gateway, byte by byte."""

    def __init__(self, house: House, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._token = house.gate.token
        self._host = house.gate.url.removeprefix("http://")

    def request(
        self,
        *more: str,
        body: bytes = b"",
        method: str = "POST",
        path: str = "/v1/messages",
        version: str = "1.1",
    ) -> bytes:
        lines = [
            f"{method} {path} HTTP/{version}",
            f"host: {self._host}",
            f"x-pf-token: {self._token}",
            *more,
        ]
        lines += [f"content-length: {len(body)}"] if body else []
        return "\r\n".join([*lines, "", ""]).encode() + body

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer, read by the rules of HTTP."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        status = int(head[0].split()[1])
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
        }
        if 100 <= status < 200:
            return status, headers, b""
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(await self.reader.readline(), 16):
                body += await self.reader.readexactly(size)
                await self.reader.readline()
            await self.reader.readline()
            return status, headers, body
        if "content-length" in headers:
            return status, headers, await self.reader.readexactly(int(headers["content-length"]))
        return status, headers, await self.reader.read()


@asynccontextmanager
async def line(house: House) -> AsyncIterator[Line]:
    port = int(house.gate.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield Line(house, reader, writer)
    finally:
        writer.close()


BODY = json.dumps(request_body(MESSAGES, OPUS)).encode()
WHOLE = json.dumps(request_body(MESSAGES, OPUS, stream=False)).encode()


@pytest.mark.parametrize("body", [BODY, WHOLE], ids=["stream", "whole"])
async def test_a_client_of_http_1_0_gets_an_answer_that_ends_with_the_connection(
    house: House, body: bytes
) -> None:
    async with line(house) as ours:
        ours.writer.write(ours.request(body=body, version="1.0"))
        status, headers, answer = await ours.answer()

        assert status == 200
        assert "transfer-encoding" not in headers
        assert b"message" in answer
        assert await ours.reader.read() == b""


async def test_a_client_that_waits_to_be_told_so_sends_its_body_then(house: House) -> None:
    async with line(house) as ours:
        head = ours.request("expect: 100-continue", body=WHOLE)[: -len(WHOLE)]
        ours.writer.write(head)
        assert (await ours.answer())[0] == 100

        ours.writer.write(WHOLE)
        assert (await ours.answer())[0] == 200
    assert house["anthropic-api"].requests[0].headers.get("expect") is None


async def test_a_stranger_that_waits_to_be_told_so_is_refused_before_its_body(house: House) -> None:
    async with line(house) as ours:
        ours.writer.write(
            ours.request("expect: 100-continue", body=WHOLE)[: -len(WHOLE)].replace(b"x-pf-token", b"x")
        )

        status, _, answer = await ours.answer()
        assert (status, b"token is missing" in answer) == (401, True)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "TRACE", "DELETE", "BREW"])
async def test_other_methods_are_refused_in_one_sentence_and_the_connection_lives(
    house: House, method: str
) -> None:
    async with line(house) as ours:
        ours.writer.write(ours.request(method=method))
        if method == "HEAD":
            head = await ours.reader.readuntil(b"\r\n\r\n")
            assert b" 404 " in head.split(b"\r\n")[0]
        else:
            status, headers, answer = await ours.answer()
            assert status in (400, 404)
            assert "access-control-allow-origin" not in headers
            if status == 400:  # no method that HTTP knows
                return
            assert (
                json.loads(answer)["error"]["message"] == f"pf-tui: the gateway has no {method} /v1/messages"
            )

        ours.writer.write(ours.request(body=WHOLE))
        assert (await ours.answer())[0] == 200


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/messages", "/"])
async def test_a_websocket_is_refused_cleanly(house: House, path: str) -> None:
    async with line(house) as ours:
        upgrade = ("connection: Upgrade", "upgrade: websocket", "sec-websocket-version: 13",
                   "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==")  # fmt: skip
        ours.writer.write(ours.request(*upgrade, method="GET", path=path))
        status, headers, _ = await ours.answer()

        assert status == (200 if path == "/" else 404)
        assert "upgrade" not in headers


async def test_a_request_that_offers_http_2_is_served_as_it_is(house: House) -> None:
    async with line(house) as ours:
        offers = (
            "connection: Upgrade, HTTP2-Settings",
            "upgrade: h2c",
            "http2-settings: AAMAAABkAAQCAAAAAAIAAAAA",
        )
        ours.writer.write(ours.request(*offers, body=WHOLE))

        assert (await ours.answer())[0] == 200
    assert {"upgrade", "http2-settings", "connection"}.isdisjoint(house["anthropic-api"].requests[0].headers)


async def test_two_requests_in_one_packet_are_answered_one_after_the_other(house: House) -> None:
    async with line(house) as ours:
        ours.writer.write(ours.request(body=BODY) + ours.request(body=WHOLE))

        first, second = await ours.answer(), await ours.answer()

    assert first[0] == second[0] == 200
    assert b"message_stop" in first[2]
    assert json.loads(second[2])["type"] == "message"


async def test_a_body_in_chunks_and_one_that_is_compressed_arrive_whole(house: House) -> None:
    async with line(house) as ours:
        chunks = b"".join(b"%x\r\n%s\r\n" % (1, WHOLE[at : at + 1]) for at in range(len(WHOLE)))
        ours.writer.write(ours.request("transfer-encoding: chunked") + chunks + b"0\r\nx-trailer: 1\r\n\r\n")
        assert (await ours.answer())[0] == 200

        ours.writer.write(ours.request("content-encoding: gzip", body=gzip.compress(WHOLE)))
        assert (await ours.answer())[0] == 200

    for asked in house["anthropic-api"].requests:
        assert asked.body == WHOLE


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="tls"),
        pytest.param(b"GET / HTTP/9.9\r\n\r\n", id="a-version-nobody-knows"),
        pytest.param(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n", id="two-hosts"),
        pytest.param(
            b"POST /v1/messages HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 300_000 + b"\r\n\r\n", id="300-kB-header"
        ),
        pytest.param(b"POST /" + b"a" * 300_000 + b" HTTP/1.1\r\nhost: a\r\n\r\n", id="300-kB-path"),
        pytest.param(
            b"POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n"
            b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            id="two-lengths",
        ),
        pytest.param(b"\r\n" * 1000, id="blank-lines"),
        pytest.param(b"POST /v1/messages HTTP/1.1\r\n" + b"a: b\r\n" * 5000 + b"\r\n", id="5000-headers"),
    ],
)
async def test_what_is_no_request_ends_its_own_connection_alone(house: House, sent: bytes) -> None:
    async with line(house) as ours:
        ours.writer.write(sent)
        said = b""
        with contextlib.suppress(ConnectionError):  # it resets a connection with more than it reads
            ours.writer.write_eof()
            said = await ours.reader.read()

        assert house.gate.token.encode() not in said
        assert b"Traceback" not in said
    assert (await house.gate.ask(MESSAGES, OPUS)).whole


async def test_a_client_that_hangs_up_its_sending_half_is_gone_and_so_is_its_request(house: House) -> None:
    house["anthropic-api"].plan("silent")
    async with line(house) as ours:
        ours.writer.write(ours.request(body=BODY))
        await eventually(lambda: house["anthropic-api"].requests, "the upstream is asked")
        ours.writer.write_eof()
        assert await ours.reader.read() == b""

    house["anthropic-api"].plan("ok")
    assert (await house.gate.ask(MESSAGES, OPUS)).whole


async def test_a_hundred_that_never_finish_their_request_disturb_nobody_and_a_stop_ends_them(
    house: House,
) -> None:
    port = int(house.gate.url.rpartition(":")[2])
    slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(100)]
    for _, writer in slow:
        writer.write(b"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ")

    for _ in range(3):
        assert (await house.gate.ask(MESSAGES, OPUS)).whole
        for _, writer in slow:
            writer.write(b"y")
    running = gateways.read(house.gate.paths)
    assert running is not None
    assert psutil.Process(running.pid).memory_info().rss < 120e6

    assert await house.gate.stop() == 0
    for _, writer in slow:
        writer.close()
