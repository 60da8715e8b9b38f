"""The fastest upstream there can be in Python: ready-made answers on raw asyncio, no bottleneck.

python -m tests.bench.gateway_upstream: prints its port. GET /__count says how often it was asked, GET
/__mode?ok and /__mode?limited (429 with retry-after 3600) change what it does. Speaks Messages, and Chat
where it is asked for that.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from typing import cast

EVENTS = 50
HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"transfer-encoding: chunked\r\nrequest-id: req_bench\r\n\r\n"
)
CHUNK: dict[str, object] = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
CHAT_USAGE = {"prompt_tokens": 3020, "completion_tokens": 45, "total_tokens": 3065}
LIMIT = {"type": "error", "error": {"type": "rate_limit_error", "message": "You have hit your limit"}}


def _event(kind: str, **content: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **content})}\n\n".encode()


def _stream() -> bytes:
    usage = {"input_tokens": 20, "output_tokens": 1, "cache_read_input_tokens": 3000}
    message = {"id": "msg_bench", "type": "message", "role": "assistant", "model": "claude-opus-5-5"}
    start: dict[str, object] = {
        **message,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    events = [
        _event("message_start", message=start),
        _event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        *(
            _event(
                "content_block_delta",
                index=0,
                delta={"type": "text_delta", "text": f" word {number:02d} of the reply"},
            )
            for number in range(EVENTS - 5)
        ),
        _event("content_block_stop", index=0),
        _event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 45}),
        _event("message_stop"),
    ]
    return HEAD + b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events) + b"0\r\n\r\n"


def _chat_stream() -> bytes:
    def chunk(delta: dict[str, object], finish: str | None = None) -> dict[str, object]:
        return {**CHUNK, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    chunks = [
        chunk({"role": "assistant", "content": ""}),
        *(chunk({"content": f" word {number:02d} of the reply"}) for number in range(EVENTS - 5)),
        chunk({}, "stop"),
        {**CHUNK, "choices": [], "usage": CHAT_USAGE},
    ]
    events = [*(f"data: {json.dumps(one)}\n\n".encode() for one in chunks), b"data: [DONE]\n\n"]
    return HEAD + b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events) + b"0\r\n\r\n"


def _whole(status: int, content: object, *lines: str) -> bytes:
    body = json.dumps(content).encode()
    head = [
        f"HTTP/1.1 {status} X",
        "content-type: application/json",
        f"content-length: {len(body)}",
        "request-id: req_bench",
        *lines,
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


STREAM = _stream()
MESSAGE = _whole(
    200,
    {
        "id": "msg_bench",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-5-5",
        "content": [{"type": "text", "text": "words of the reply " * 45}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 20, "output_tokens": 45, "cache_read_input_tokens": 3000},
    },
)
CHAT_STREAM = _chat_stream()
COMPLETION = _whole(
    200,
    {
        **CHUNK,
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "words of the reply " * 45},
                "finish_reason": "stop",
            }
        ],
        "usage": CHAT_USAGE,
    },
)
LIMITED = _whole(429, LIMIT, "retry-after: 3600")


class Upstream:
    """What all its connections share."""

    mode = "ok"
    asked = 0


class Connection(asyncio.Protocol):
    """HTTP/1.1 as far as a gateway's client speaks it."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by duck alone

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            place = head.lower().find(b"content-length:")
            length = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            body, self._buffer = self._buffer[end + 4 : end + 4 + length], self._buffer[end + 4 + length :]
            assert self._transport is not None
            self._transport.write(self._answer(head, body))

    def _answer(self, head: bytes, body: bytes) -> bytes:
        path = head.split(b" ", 2)[1]
        if path.startswith(b"/__count"):
            return _whole(200, {"asked": Upstream.asked})
        if path.startswith(b"/__mode"):
            Upstream.mode, Upstream.asked = path.partition(b"?")[2].decode(), 0
            return _whole(200, {})
        Upstream.asked += 1
        if Upstream.mode == "limited":
            return LIMITED
        streams = b'"stream": true' in body or b'"stream":true' in body
        if path.endswith(b"/chat/completions"):
            return CHAT_STREAM if streams else COMPLETION
        return STREAM if streams else MESSAGE


async def serve() -> None:
    """Listen on a free port, say which, and go on until killed."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1])
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    with contextlib.suppress(KeyboardInterrupt):
        try:
            import uvloop
        except ImportError:
            asyncio.run(serve())
        else:
            uvloop.run(serve())


if __name__ == "__main__":
    main()
