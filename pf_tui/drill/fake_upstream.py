"""A provider that is none: an upstream on this machine that answers, or fails, as it is told.

`drill` puts one in the place of every real upstream, the tests drive the gateway against it.
Invariant: it listens on 127.0.0.1 alone and remembers what it was asked, headers as they came.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import socket
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime

from aiohttp import web

from pf_tui.drill import fake_replies, faults
from pf_tui.drill.fake_replies import Reply
from pf_tui.drill.faults import FAULTS, Fault
from pf_tui.drill.refusals import VENDORS, refusal
from pf_tui.gateway.body import COUNTING, PROTOCOLS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol

MAX_BODY_BYTES = 64 * 1024 * 1024
DRIP_BYTES, DRIP_S = 48, 0.005

Step = Reply | Fault
Script = Callable[["ReceivedRequest"], Step]


class ReceivedRequest:
    """One request as it arrived, and what became of it."""

    def __init__(self, request: web.Request, body: bytes, number: int) -> None:
        self.number = number
        self.method = request.method
        self.path = request.path
        self.query = request.query_string
        self.headers = {name.lower(): value for name, value in request.headers.items()}
        self.body = body
        self.sha256 = hashlib.sha256(body).hexdigest()
        self.protocol = next((p for end, p in PROTOCOLS.items() if self.path.endswith(end[3:])), None)
        if self.path.endswith((":rawPredict", ":streamRawPredict")):
            self.protocol = "anthropic-messages"
        self.disconnected = False
        """The other side left before the answer was whole."""
        self.hung_up = False
        """We left first."""
        self.step: Step | None = None

    @property
    def spoken(self) -> Protocol:
        """The protocol of a request that is answered."""
        if self.protocol is None:
            raise AssertionError(f"{self.path} is no path of a protocol")
        return self.protocol

    @property
    def content(self) -> dict[str, object]:
        """The body as an object; {} when it is none."""
        try:
            content = json.loads(self.body)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    @property
    def model(self) -> str:
        """The model that was asked for; "" = none."""
        return str(self.content.get("model", ""))

    @property
    def streams(self) -> bool:
        """The answer shall be a stream."""
        return self.content.get("stream") is True


class FakeUpstream:
    """The server. `await start()` gives its address; the last step of a plan is repeated for ever.

    Under a vendor's name it refuses what that vendor is known to refuse.
    """

    def __init__(self, name: str = "stand-in", *, now: Callable[[], datetime] | None = None) -> None:
        self.name = name
        self.requests: list[ReceivedRequest] = []
        """POSTs for answers, oldest first; counting and listing models are in `others`."""
        self.others: list[ReceivedRequest] = []
        self.counting: Fault | None = None
        """What it does when tokens are to be counted; None = it counts them."""
        self.model_names = ("claude-opus-5-5", "claude-sonnet-5-5")
        self._numbers = itertools.count(zlib.crc32(name.encode()) % 9000 * 1000 + 1)
        """Its answers' ids are not those of another fake upstream."""
        self._now = now or (lambda: datetime.now(UTC))
        self._steps: list[Step] = [Reply(text=f"Hello from {name}.")]
        self._script: Script | None = None
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._closing = asyncio.Event()

    @property
    def url(self) -> str:
        """Its base URL, without /v1."""
        return f"http://127.0.0.1:{self._port}"

    def plan(self, *steps: Step | str) -> None:
        """What it does from now on: fault names, Faults and Replies in order; "ok" is a plain answer."""
        self._script = None
        self._steps = [self._step(step) for step in steps]

    def follow(self, script: Script) -> None:
        """Decide by the request itself."""
        self._script = script

    def forget(self) -> None:
        """Begin counting anew."""
        self.requests.clear()
        self.others.clear()

    async def start(self) -> str:
        """Listen on a free port (the same one after a stop) and return the base URL."""
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_route("*", "/{tail:.*}", self._answer)
        self._closing.clear()
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, backlog=1024, reuse_address=True).start()
        self._port = self._runner.addresses[0][1]
        return self.url

    async def stop(self) -> None:
        """Hang up and listen no more: the next connection is refused."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _step(self, step: Step | str) -> Step:
        if isinstance(step, str):
            return Reply(text=f"Hello from {self.name}.") if step == "ok" else FAULTS[step]
        return step

    def _next(self, received_request: ReceivedRequest) -> Step:
        if self._script is not None:
            return self._script(received_request)
        return self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        received_request = ReceivedRequest(request, await request.read(), next(self._numbers))
        counting = received_request.path.endswith(COUNTING)
        if counting and self.counting is not None and received_request.protocol is not None:
            self.others.append(received_request)
            return await self._fail(request, received_request, received_request.protocol, self.counting)
        if received_request.method != "POST" or received_request.protocol is None or counting:
            self.others.append(received_request)
            return self._aside(received_request, counting=counting)
        self.requests.append(received_request)
        error_answer = (
            refusal(self.name, received_request.protocol, received_request.content)
            if self.name in VENDORS
            else None
        )
        if error_answer is not None:
            return web.Response(status=error_answer[0], body=error_answer[1], content_type="application/json")
        received_request.step = step = self._next(received_request)
        try:
            if isinstance(step, Reply):
                return await self._reply(request, received_request, step)
            return await self._fail(request, received_request, received_request.protocol, step)
        except (asyncio.CancelledError, ConnectionError):
            received_request.disconnected = not (received_request.hung_up or self._closing.is_set())
            raise

    def _aside(self, received_request: ReceivedRequest, *, counting: bool) -> web.Response:
        if counting:
            return web.json_response({"input_tokens": max(1, len(received_request.body) // 4)})
        if received_request.path.endswith("/models"):
            models = [{"id": name, "type": "model", "object": "model"} for name in self.model_names]
            return web.json_response({"object": "list", "data": models, "has_more": False})
        return web.json_response({"error": {"message": f"no such path: {received_request.path}"}}, status=404)

    async def _reply(
        self, request: web.Request, received_request: ReceivedRequest, reply: Reply
    ) -> web.StreamResponse:
        protocol = received_request.spoken
        headers = {"request-id": f"req_standin{received_request.number:06d}", **reply.headers}
        await asyncio.sleep(reply.wait_s)
        if not received_request.streams:
            body = fake_replies.whole(protocol, reply, received_request.model, received_request.number)
            return web.Response(body=body, content_type="application/json", headers=headers)
        response = await _begin(request, headers)
        for event in fake_replies.events(protocol, reply, received_request.model, received_request.number):
            await response.write(event)
            if reply.gap_s:
                await asyncio.sleep(reply.gap_s)
        return response

    async def _fail(
        self, request: web.Request, received_request: ReceivedRequest, protocol: Protocol, fault: Fault
    ) -> web.StreamResponse:
        now = self._now()
        if fault.how == "silent":
            await self._closing.wait()
        if fault.how in ("reset", "refused", "silent"):
            return await _reset(request, received_request)
        if fault.how == "event" and not fault.after and received_request.streams:
            response = await _begin(request, {"request-id": f"req_fault{received_request.number:06d}"})
            await response.write(faults.event(fault, protocol, now))
            return response
        if fault.how in ("answer", "raw") or (fault.how == "event" and not received_request.streams):
            answer = faults.answer(fault, protocol, now, received_request.number)
            # an error that would come in a stream has a status of its own when nothing streams
            status = 529 if fault.how == "event" else answer.status
            return web.Response(status=status, body=answer.body, headers=answer.headers)
        reply = Reply(text=f"Hello from {self.name}, a little longer than one word.")
        if not received_request.streams:
            return await self._fail_whole(request, received_request, reply, fault)
        return await self._fail_midway(request, received_request, reply, fault)

    async def _fail_midway(
        self, request: web.Request, received_request: ReceivedRequest, reply: Reply, fault: Fault
    ) -> web.StreamResponse:
        protocol = received_request.spoken
        events = fake_replies.events(protocol, reply, received_request.model, received_request.number)
        response = await _begin(request, {"request-id": f"req_fault{received_request.number:06d}"})
        if fault.how == "drip":
            stream = b"".join(events)
            for start in range(0, len(stream), DRIP_BYTES):
                await response.write(stream[start : start + DRIP_BYTES])
                await asyncio.sleep(DRIP_S)
            return response
        if fault.how == "unended":
            for event in events[:-1]:
                await response.write(event)
            return response
        event_count = fault.after + fake_replies.HANDSHAKE_EVENTS[protocol] if fault.after else 0
        for event in events[:event_count]:
            await response.write(event)
        if fault.how in ("late", "stall"):
            await self._closing.wait()
        if fault.how == "garbage":
            await response.write(b"data: {this is no JSON\n\n")
            for event in events[event_count:]:
                await response.write(event)
        if fault.how == "event":
            await response.write(faults.event(fault, protocol, self._now()))
        if fault.how == "cut":
            await asyncio.sleep(0.02)  # what was written must leave before the reset overtakes it
            return await _reset(request, received_request)
        return response

    async def _fail_whole(
        self, request: web.Request, received_request: ReceivedRequest, reply: Reply, fault: Fault
    ) -> web.StreamResponse:
        """The same faults where nothing streams: half a body, or none."""
        body = fake_replies.whole(
            received_request.spoken, reply, received_request.model, received_request.number
        )
        response = web.StreamResponse(headers={"content-type": "application/json"})
        response.content_length = len(body)
        await response.prepare(request)
        if fault.how in ("drip", "unended", "garbage"):
            await response.write(body)
            return response
        if fault.after:
            await response.write(body[: len(body) // 2])
        if fault.how in ("late", "stall"):
            await self._closing.wait()
        await asyncio.sleep(0.02)
        return await _reset(request, received_request)


async def _begin(request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-cache",
            **headers,
        }
    )
    await response.prepare(request)
    return response


async def _reset(request: web.Request, received_request: ReceivedRequest) -> web.StreamResponse:
    """End the connection as a crash does: RST, nothing said."""
    received_request.hung_up = True
    transport = request.transport
    if transport is not None:
        peer: socket.socket | None = transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    await asyncio.Event().wait()  # aiohttp cancels who serves a connection that is gone
    raise ConnectionResetError
