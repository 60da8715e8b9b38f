"""The client's side of an answer: held until it is known to be good, and never silent for long.

A client that waits hears the head and a keep-alive, then keep-alives, whoever is being asked meanwhile.
After that an answer can still come from anybody; a failure is one error inside the stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Protocol as Interface

from pf_tui.gateway.stream_errors import cut_event
from pf_tui.translate import keep_alive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol

KEEP_ALIVE_S = 15.0
"""A stream's client is told after this much silence that it lives."""


class ClientGone(Exception):  # noqa: N818 - reads as a sentence
    """The client has left before its answer was whole."""


class Reply(Interface):
    """Where an answer goes; each method raises ClientGone when the client has left."""

    async def whole(self, status: int, headers: Mapping[str, str], body: bytes | bytearray) -> None:
        """A finished answer."""

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """The head of an answer that comes in pieces."""

    async def send(self, data: bytes) -> None:
        """A piece."""

    async def end(self, last: bytes = b"") -> None:
        """No more pieces after this one."""


class HeldReply:
    """A Reply over several attempts; its head may go out before anybody's answer is known."""

    __slots__ = ("_head", "_last_s", "_period_s", "_protocol", "_reply", "_saying", "_timer", "begun")

    def __init__(
        self, reply: Reply, protocol: Protocol, head: Callable[[], Mapping[str, str]], period_s: float
    ) -> None:
        """Args: head: of an answer that begins before its provider is known; period_s: of keep-alives."""
        self._reply = reply
        self._protocol = protocol
        self._head = head
        self._period_s = period_s
        self._last_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._saying: asyncio.Task[None] | None = None
        self.begun = False
        """The client has its head already."""

    def hold(self) -> None:
        """A stream is being held: from now on its client hears of it."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._last_s = loop.time()
            self._timer = loop.call_later(self._period_s, self._tick)

    def release(self) -> None:
        """No more keep-alives."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def whole(self, status: int, headers: Mapping[str, str], body: bytes | bytearray) -> None:
        """A finished answer; the last event of a stream that has begun."""
        self.release()
        if self._saying is not None:
            await self._stop_saying(self._saying)
        if not self.begun:
            await self._reply.whole(status, headers, body)
            return
        await self._reply.end(in_band(self._protocol, status, body))

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """The head of an answer that comes in pieces, unless the client has one."""
        if self._saying is not None:
            await self._stop_saying(self._saying)
        if not self.begun:
            self.begun = True
            await self._reply.start(status, headers)

    async def send(self, data: bytes) -> None:
        """Whole events."""
        if self._saying is not None:
            await self._stop_saying(self._saying)
        self._last_s = asyncio.get_running_loop().time()
        await self._reply.send(data)

    async def end(self, last: bytes = b"") -> None:
        """No more pieces after this one."""
        self.release()
        if self._saying is not None:
            await self._stop_saying(self._saying)
        await self._reply.end(last)

    async def _stop_saying(self, saying: asyncio.Task[None]) -> None:
        """Wait for a keep-alive that is on its way."""
        await saying
        self._saying = None

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        left_s = self._last_s + self._period_s - loop.time()
        if left_s <= 0:
            self._last_s, left_s = loop.time(), self._period_s
            if self._saying is None or self._saying.done():
                self._saying = loop.create_task(self._say())
        self._timer = loop.call_later(left_s, self._tick)

    async def _say(self) -> None:
        with contextlib.suppress(ClientGone):  # the next piece of the answer tells
            if not self.begun:
                self.begun = True
                await self._reply.start(200, self._head())
            await self._reply.send(keep_alive(self._protocol))


def in_band(protocol: Protocol, status: int, body: bytes | bytearray) -> bytes:
    """An error answer as the last event of a stream whose head was 200."""
    try:
        content: object = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    error = content.get("error") if isinstance(content, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    sentence = str(message) if message else f"the provider answered {status}"
    if not isinstance(error, dict):
        return cut_event(protocol, sentence)
    if protocol == "anthropic-messages":
        event = {"type": "error", "error": {"type": error.get("type") or "api_error", "message": sentence}}
        return b"event: error\ndata: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"
    if protocol == "openai-chat":
        return b"data: " + json.dumps({"error": error}, ensure_ascii=False).encode() + b"\n\n"
    # Codex asks again by itself after this code, and then hears the whole answer
    code = "rate_limit_exceeded" if status == 429 else "server_error"
    response: dict[str, object] = {"id": "resp_failed", "object": "response", "created_at": 0, "output": []}
    response |= {"status": "failed", "error": {"code": code, "message": sentence}}
    error_event = {"type": "response.failed", "sequence_number": 0, "response": response}
    return b"event: response.failed\ndata: " + json.dumps(error_event, ensure_ascii=False).encode() + b"\n\n"
