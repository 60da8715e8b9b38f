"""A load client for gateways: raw asyncio over keep-alive connections, so that it is never what is measured.

python -m tests.bench.gateway_load URL --count 500 --clients 32 [--stream] [--header 'name: value']
Prints one JSON line: ok, bad, per_s, and p50/p99 in ms of first byte and of the whole answer.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

MESSAGES = [{"role": "user", "content": "Say it."}]
BODY = {"max_tokens": 256}
END = b"message_stop"


@dataclass
class Answer:
    """One answer's figures, in seconds."""

    ok: bool
    first_s: float
    whole_s: float
    text: bytes = b""


class Connection(asyncio.Protocol):
    """One keep-alive connection; one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._done: asyncio.Future[bool] | None = None
        self._begin()

    def _begin(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None
        self._chunked = self._headed = False
        self._first = 0.0
        self._status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one by duck alone

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self._done and not self._done.done():
            self._done.set_result(False)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        if not self._headed:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(buffer[:end]).lower()
            del buffer[: end + 4]
            self._headed, self._status = True, int(head[9:12])
            place = head.find(b"content-length:")
            if place >= 0:
                self._length = int(head[place + 15 :].split(b"\r\n", 1)[0])
            self._chunked = b"transfer-encoding: chunked" in head
        if buffer and not self._first:
            self._first = time.perf_counter()
        whole = (
            len(buffer) >= self._length
            if self._length is not None
            else self._chunked and buffer.endswith(b"0\r\n\r\n")
        )
        if whole and self._done and not self._done.done():
            self._done.set_result(True)

    async def ask(self, request: bytes, stream: bool) -> Answer:
        assert self.transport is not None
        self._begin()
        self._done = asyncio.get_running_loop().create_future()
        start = time.perf_counter()
        self.transport.write(request)
        came = await self._done
        now = time.perf_counter()
        text = bytes(self._buffer)
        ok = came and self._status == 200 and (END in text if stream else bool(text))
        return Answer(ok, (self._first or now) - start, now - start, b"" if ok else text[:200])


@dataclass
class Load:
    """What to send, and to whom."""

    url: str
    count: int = 500
    clients: int = 1
    stream: bool = False
    warm: int = 20
    headers: list[str] = field(default_factory=list)
    model: str = "claude-opus-5-5"
    kilobytes: int = 0
    """Of text beside what is asked."""

    @property
    def request(self) -> bytes:
        parts = urlsplit(self.url)
        words = 'line of a file, with numbers 1234 and "quotes"\n' * 80
        turns = [
            turn
            for _ in range(self.kilobytes // 4)
            for turn in ({"role": "user", "content": words}, {"role": "assistant", "content": "Read."})
        ]
        asked = {**BODY, "model": self.model, "messages": [*turns, *MESSAGES]}
        body = json.dumps({**asked, "stream": True} if self.stream else asked).encode()
        lines = [
            f"POST {parts.path} HTTP/1.1",
            f"host: {parts.hostname}:{parts.port}",
            "accept: application/json",  # each real client says one: it costs more where there is none
            "content-type: application/json",
            f"content-length: {len(body)}",
            "anthropic-version: 2023-06-01",
            *self.headers,
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    async def run(self) -> dict[str, object]:
        """Send it all and give the figures."""
        parts = urlsplit(self.url)
        loop = asyncio.get_running_loop()
        request, answers, left = self.request, [], iter(range(self.count))

        async def connect() -> Connection:
            _, made = await loop.create_connection(Connection, parts.hostname or "", parts.port or 0)
            return made

        async def client() -> None:
            connection = await connect()
            for _ in left:
                if connection.transport is None or connection.transport.is_closing():
                    connection = await connect()
                answers.append(await connection.ask(request, self.stream))
            if connection.transport is not None:
                connection.transport.close()

        warming = await connect()
        for _ in range(self.warm):
            if warming.transport is not None:
                await warming.ask(request, self.stream)
        if warming.transport is not None:
            warming.transport.close()
        start = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(self.clients)))
        return _figures(answers, time.perf_counter() - start)


def _figures(answers: list[Answer], took_s: float) -> dict[str, object]:
    good = [answer for answer in answers if answer.ok]
    bad = [answer for answer in answers if not answer.ok]
    return {
        "ok": len(good),
        "bad": len(bad),
        "per_s": round(len(good) / took_s, 1),
        "first_p50": _share([answer.first_s for answer in good], 0.5),
        "whole_p50": _share([answer.whole_s for answer in good], 0.5),
        "whole_p99": _share([answer.whole_s for answer in good], 0.99),
        "each_ms": [round(answer.whole_s * 1000, 3) for answer in answers] if len(answers) <= 64 else None,
        "said": bad[0].text.decode("utf-8", "replace") if bad else None,
    }


def _share(seconds: list[float], share: float) -> float | None:
    """A quantile in ms."""
    if not seconds:
        return None
    return round(sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))] * 1000, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--warm", type=int, default=20)
    parser.add_argument("--header", action="append", default=[], dest="headers")
    parser.add_argument("--model", default="claude-opus-5-5")
    parser.add_argument("--kilobytes", type=int, default=0)
    load = Load(**vars(parser.parse_args()))
    with contextlib.suppress(ImportError):
        import uvloop

        print(json.dumps(uvloop.run(load.run())))
        return
    print(json.dumps(asyncio.run(load.run())))


if __name__ == "__main__":
    main()
