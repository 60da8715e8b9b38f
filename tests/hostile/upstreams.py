"""Upstreams that answer as no provider should, and how much memory that costs the gateway.

python -m tests.hostile.upstreams: a table, each kind asked eight times at once.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from tests.gateway.conftest import OPUS
from tests.gateway.upstreams import Gate, Heard, StillGate

MESSAGES = "anthropic-messages"
AT_ONCE = 8
JSON = b"content-type: application/json\r\n"
EVENTS = b"content-type: text/event-stream\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
BLOCK = b"a" * 2**16


def endless(first: bytes, again: bytes) -> Iterator[bytes]:
    """`first`, then `again` for ever."""
    yield first
    while True:
        yield again


def chunk(data: bytes) -> bytes:
    """One chunk of a body without a length."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def bomb(megabytes: int, block: bytes = bytes(2**20), head: bytes = b"", end: bytes = b"") -> bytes:
    """`head`, so many blocks of a megabyte, and `end`, packed: one packed block, again and again."""

    def packed(data: bytes) -> bytes:
        engine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        return engine.compress(data) + engine.flush(zlib.Z_FULL_FLUSH)

    check, size = zlib.crc32(head), len(head) + megabytes * len(block) + len(end)
    for _ in range(megabytes):
        check = zlib.crc32(block, check)
    check = zlib.crc32(end, check)
    last = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS).flush()
    sums = check.to_bytes(4, "little") + size.to_bytes(4, "little")
    return gzip.compress(b"")[:10] + packed(head) + packed(block) * megabytes + packed(end) + last + sums


def chat(**delta: object) -> bytes:
    """One chunk of a Chat stream."""
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta}]}).encode() + b"\n\n"


CHUNKED = b"transfer-encoding: chunked\r\n\r\n"
PACKED = bomb(400)
VALUES = b"{}," * (2**20 // 3)
"""A megabyte of empty objects: as values they take twenty."""
MANY_IN_ONE = bomb(30, VALUES, b'{"type": "message", "content": [', b"{}]}")
MANY_IN_AN_EVENT = bomb(15, VALUES, b'data: {"type": "message_delta", "usage": {"x": [', b"{}]}}\n\n")


def packed_whole(
    kind: bytes, packed: bytes, status: bytes = b"200", encoding: bytes = b"gzip"
) -> list[bytes]:
    """An answer packed unasked."""
    head = b"HTTP/1.1 %s X\r\n%scontent-encoding: %s\r\n" % (status, kind, encoding)
    return [head + b"content-length: %d\r\n\r\n" % len(packed) + packed]


KINDS: dict[str, tuple[bool, Sequence[bytes] | tuple[bytes, bytes]]] = {
    "endless 429": (True, (b"HTTP/1.1 429 X\r\n" + JSON + CHUNKED, chunk(BLOCK))),
    "endless JSON": (False, (OK + JSON + CHUNKED + chunk(b'{"content": "'), chunk(BLOCK))),
    "endless SSE line": (True, (OK + EVENTS + CHUNKED + chunk(b'data: {"a": "'), chunk(BLOCK))),
    "endless comments": (True, (OK + EVENTS + CHUNKED, chunk(b": wait\n\n" * 8000))),
    "endless empty events": (True, (OK + EVENTS + CHUNKED, chunk(b"\r\n\r\n" * 16_000))),
    "gzip bomb, whole": (False, packed_whole(JSON, PACKED)),
    "gzip bomb, 429": (True, packed_whole(JSON, PACKED, b"429")),
    "gzip bomb, stream": (True, packed_whole(EVENTS, PACKED)),
    "gzip bomb, among others": (False, packed_whole(JSON, PACKED, encoding=b"identity, x-gzip")),
    "millions of values, whole": (False, packed_whole(JSON, MANY_IN_ONE)),
    "millions of values, event": (True, packed_whole(EVENTS, MANY_IN_AN_EVENT)),
    "endless header": (True, (OK + b"x-a: ", BLOCK)),
    "thousands of headers": (True, (OK, b"".join(b"x-%d: aaaaaaaaaaaa\r\n" % n for n in range(5000)))),
    "endless chunk extension": (True, (OK + EVENTS + b"transfer-encoding: chunked\r\n\r\n5;", BLOCK)),
    "endless trailers": (True, (OK + JSON + CHUNKED + b"0\r\n", b"x-trailer: aaaaaaaaaa\r\n" * 3000)),
    "never-ending 1xx": (True, (b"", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 1000)),
}
"""Kind -> whether a stream is asked for, and the pieces of the answer: (first, again for ever) or all."""


class Hostile:
    """An upstream that gives every request the same hostile answer."""

    def __init__(self) -> None:
        self.first: bytes = b""
        self.again: bytes | None = None
        self.connections = 0
        self.asked = 0
        self.heads: list[bytes] = []
        self._running: asyncio.Server | None = None

    async def start(self) -> str:
        self._running = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**26)
        return f"http://127.0.0.1:{self._running.sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        assert self._running is not None
        self._running.close()

    def answers(self, pieces: Sequence[bytes]) -> None:
        """(first, again for ever), or one piece after which the connection ends."""
        self.first, self.again = pieces[0], pieces[1] if len(pieces) > 1 else None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
            self.asked += 1
            self.heads.append(head)
            writer.write(self.first)
            while self.again is not None:
                writer.write(self.again)
                await writer.drain()
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


class Scene:
    """A gateway before a hostile provider and, behind it, another upstream.

    Args:
        alone: an interpreter of its own, for tests that measure it; else it is in this process.
    """

    def __init__(self, folder: Path, *, alone: bool = False) -> None:
        self.gate = Gate(folder, alone=True) if alone else StillGate(folder)
        self.hostile, self.second = Hostile(), Hostile()

    async def open(self, **settings: float) -> None:
        urls = [await self.hostile.start(), await self.second.start()]
        self.gate.providers(
            [
                {"id": name, "base_url": url, "env": f"{name.upper()}_KEY", "models": [OPUS]}
                for name, url in zip(("one", "two"), urls, strict=True)
            ]
        )
        for name in ("one", "two"):
            self.gate.key(name, f"{name.upper()}_KEY")
        self.gate.config(["one", "two"], **settings)
        await self.gate.start()

    async def close(self) -> None:
        await self.gate.stop()
        self.hostile.stop()
        self.second.stop()

    async def ask(self, *, stream: bool = True, **more: object) -> Heard:
        return await self.gate.ask(MESSAGES, OPUS, stream=stream, agent="claude-code", **more)  # type: ignore[arg-type]

    async def at_once(self, *, stream: bool) -> tuple[list[Heard], float]:
        """Eight requests at once: what was heard, and the most memory a gateway `alone` had (MB)."""
        assert self.gate._process is not None
        process = psutil.Process(self.gate._process.pid)
        asking = asyncio.gather(*(self.ask(stream=stream) for _ in range(AT_ONCE)))
        most = 0
        while not asking.done():
            most = max(most, process.memory_info().rss)
            await asyncio.sleep(0.01)
        return asking.result(), most / 1e6


async def answers_at_once(folder: Path, kind: str, wait_s: float) -> tuple[list[Heard], float]:
    """Eight answers of one kind at once, each waited for that long; and the most memory (MB)."""
    stream, pieces = KINDS[kind]
    scene = Scene(folder, alone=True)
    await scene.open(firstByteS=wait_s, stallS=wait_s)
    scene.hostile.answers(pieces)
    scene.second.answers(pieces)
    try:
        return await scene.at_once(stream=stream)
    finally:
        await scene.close()


def main() -> None:
    for kind in sys.argv[1:] or KINDS:
        with tempfile.TemporaryDirectory() as folder:
            answers, most = asyncio.run(answers_at_once(Path(folder), kind, 4.0))
        statuses = [answer.status for answer in answers]
        print(f"{kind:<26}{most:8.0f} MB   {statuses}", flush=True)


if __name__ == "__main__":
    main()
