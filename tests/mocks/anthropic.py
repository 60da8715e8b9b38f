"""A scriptable upstream on loopback: Anthropic Messages, streamed or not, with every way to fail.

    with Upstream() as mock:                     # a free port; `mock.url` is ANTHROPIC_BASE_URL, without /v1
        mock.answer(failure(429, retry_after=3600))                  # the next model request
        mock.answer(Step(tool=("Bash", {"command": "ls"})), Step(text="done"))     # then these, in order
        mock.always(failure(529), model="opus")                      # every other one for that model
        ...
        assert [request.model for request in mock.requests] == ["claude-opus-5-5"]

An empty script answers 200 with a short text. `requests` holds POST /v1/messages only, keys unmasked, so
that a test can see whose key went where; `wait_for` waits until enough of them have come; `others` counts
what else was asked for (count_tokens, models). Same manners as `tests/mocks/openai.py`.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

USAGE = {"input": 11, "cache_write": 120, "cache_read": 3400, "output": 7}
"""What every good answer reports unless its Step says otherwise; input holds no cached tokens."""

WORDS = {
    400: ("invalid_request_error", "mock invalid request"),
    401: ("authentication_error", "invalid x-api-key"),
    402: ("billing_error", "mock: payment required"),
    403: ("permission_error", "mock forbidden"),
    404: ("not_found_error", "model: mock-model"),
    413: ("request_too_large", "Request too large"),
    429: (
        "rate_limit_error",
        "This request would exceed your account's rate limit. Please try again later.",
    ),
    500: ("api_error", "Internal server error"),
    503: ("api_error", "Service unavailable"),
    504: ("timeout_error", "timeout"),
    529: ("overloaded_error", "Overloaded"),
}
"""Status -> Anthropic's error type and words (captured from Claude Code 2.1.330 runs)."""

CREDIT = (
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade."
)

Event = tuple[str, Mapping[str, Any]]
"""A server-sent event: its name and its data."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    """The body as it is (an object, or raw text of any kind); None = the usual one."""
    content_type: str = "application/json"
    text: str = "Hello from the mock."
    thinking: str = ""
    """A thinking block before the text."""
    tool: tuple[str, Mapping[str, Any]] | None = None
    """A tool call after the text: name and input."""
    tools: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Several calls in one answer."""
    usage: Mapping[str, int] = field(default_factory=dict)
    """Laid over USAGE."""
    model: str = ""
    """Only for requests whose model holds this."""
    served_model: str = ""
    """The model the answer names; "" = the one asked for."""
    stream_error: str | None = None
    """An error of this type ("overloaded_error") as an event, after `cut_after` others (else the first)."""
    cut_after: int | None = None
    """Reset the connection after this many events; with `clean` end it as if all were well."""
    clean: bool = False
    reset: bool = False
    """Reset the connection without any answer."""
    wait_s: float = 0.0
    """Silence before the answer."""
    drip_s: float = 0.0
    """Silence before each event."""
    silent_after: int | None = None
    """Say nothing more after this many events, for `silent_s`."""
    silent_s: float = 60.0
    times: int = 1


@dataclass(frozen=True, kw_only=True)
class Request:
    """One model request, as it came."""

    path: str
    model: str
    headers: Mapping[str, str]
    """Lower-case names, values as sent."""
    body: Mapping[str, Any]
    status: int
    """What it was answered with."""
    at: float
    """time.monotonic()"""

    @property
    def prompt(self) -> str:
        """The text of the last user message."""
        texts = [
            _text(item.get("content")) for item in self.body.get("messages", ()) if item.get("role") == "user"
        ]
        return texts[-1] if texts else ""

    @property
    def key(self) -> str:
        """The credential that came with it, without `Bearer`; "" when there was none."""
        return self.headers.get("x-api-key") or self.headers.get("authorization", "").removeprefix("Bearer ")


def failure(
    status: int,
    message: str | None = None,
    *,
    kind: str | None = None,
    retry_after: float | None = None,
    should_retry: bool | None = None,
    unified: str | None = None,
    resets_in: int = 3600,
    times: int = 1,
    model: str = "",
) -> Step:
    """An error answer in Anthropic's words.

    Args:
        kind: error type in place of the status's own.
        should_retry: x-should-retry; False makes Claude Code give up at once.
        unified: the window ("five_hour", "seven_day") a subscription was rejected by.
        resets_in: seconds until that window's reset.
    """
    usual_kind, usual_message = WORDS.get(status, ("api_error", "mock error"))
    headers: dict[str, str] = {}
    if retry_after is not None:
        headers["retry-after"] = f"{retry_after:g}"
    if should_retry is not None:
        headers["x-should-retry"] = "true" if should_retry else "false"
    if unified is not None:
        headers |= windows("rejected", claim=unified, resets_in=resets_in)
    body = {"type": "error", "error": {"type": kind or usual_kind, "message": message or usual_message}}
    return Step(status=status, headers=headers, body=body, times=times, model=model)


def windows(
    status: str = "allowed",
    *,
    claim: str = "five_hour",
    five_hour: float = 0.42,
    seven_day: float = 0.17,
    resets_in: int = 3600,
) -> dict[str, str]:
    """The unified rate limit headers of a subscription; shares from 0 to 1."""
    reset = int(time.time()) + resets_in
    full = status == "rejected"
    name = "anthropic-ratelimit-unified"
    return {
        f"{name}-status": status,
        f"{name}-reset": str(reset),
        f"{name}-representative-claim": claim,
        f"{name}-5h-status": status if claim == "five_hour" else "allowed",
        f"{name}-5h-reset": str(reset),
        f"{name}-5h-utilization": str(1.0 if full and claim == "five_hour" else five_hour),
        f"{name}-7d-status": status if claim == "seven_day" else "allowed",
        f"{name}-7d-reset": str(reset + 86_400),
        f"{name}-7d-utilization": str(1.0 if full and claim == "seven_day" else seven_day),
        f"{name}-fallback-percentage": "0.5",
    }


class Upstream:
    """The server; a context manager."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Request] = []
        self.others: list[str] = []
        self._script: list[Step] = []
        self._standing: list[Step] = []
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """What ANTHROPIC_BASE_URL is set to: `http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self.port}"

    def answer(self, *steps: Step) -> None:
        """Answer the next requests with these, in order."""
        with self._changed:
            self._script += steps

    def always(self, step: Step, model: str = "") -> None:
        """Answer every request that no script is left for; the latest one that fits holds."""
        with self._changed:
            self._standing.insert(0, replace(step, model=model or step.model))

    def forget(self) -> None:
        """An empty script, and no request seen."""
        with self._changed:
            self.requests, self.others, self._script, self._standing = [], [], [], []

    def models(self) -> list[str]:
        """The models asked for, in order."""
        return [request.model for request in self.requests]

    def wait_for(self, count: int, timeout_s: float = 30.0) -> list[Request]:
        """The requests once there are `count` of them; AssertionError when they do not come."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, timeout_s):
                raise AssertionError(f"{len(self.requests)} of {count} requests came in {timeout_s:g} s")
            return list(self.requests)

    def take(self, path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Step:
        """Note a request and say how it is answered."""
        model = str(body.get("model", ""))
        with self._changed:
            step = self._next(model)
            seen = Request(
                path=path, model=model, headers=headers, body=body, status=step.status, at=time.monotonic()
            )
            self.requests.append(seen)
            self._changed.notify_all()
        return step

    def note(self, path: str) -> None:
        """Note a request that is no model request."""
        with self._changed:
            self.others.append(path)

    def _next(self, model: str) -> Step:
        for place, step in enumerate(self._script):
            if step.model in model:
                if step.times > 1:
                    self._script[place] = replace(step, times=step.times - 1)
                else:
                    del self._script[place]
                return step
        return next((step for step in self._standing if step.model in model), Step())


def message(model: str, step: Step) -> dict[str, Any]:
    """An answer that is not streamed."""
    return {**_message(model, step), "content": list(_blocks(step)), "stop_reason": _stop(step)}


def events(model: str, step: Step) -> Iterator[Event]:
    """An answer as stream events."""

    def event(name: str, **facts: Any) -> Event:
        return name, {"type": name, **facts}

    usage = _usage(step)
    yield event("message_start", message={**_message(model, step), "usage": {**usage, "output_tokens": 1}})
    yield event("ping")
    for index, block in enumerate(_blocks(step)):
        yield event("content_block_start", index=index, content_block={**block, **_EMPTY[block["type"]]})
        for delta in _deltas(block):
            yield event("content_block_delta", index=index, delta=delta)
        yield event("content_block_stop", index=index)
    yield event("message_delta", delta={"stop_reason": _stop(step), "stop_sequence": None}, usage=usage)
    yield event("message_stop")


_EMPTY: Mapping[str, Mapping[str, Any]] = {
    "text": {"text": ""},
    "thinking": {"thinking": "", "signature": ""},
    "tool_use": {"input": {}},
}
"""What a block of each type starts with."""


def _message(model: str, step: Step) -> dict[str, Any]:
    return {
        "id": _id("msg"),
        "type": "message",
        "role": "assistant",
        "model": step.served_model or model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(step),
    }


def _usage(step: Step) -> dict[str, Any]:
    used = {**USAGE, **step.usage}
    return {
        "input_tokens": used["input"],
        "cache_creation_input_tokens": used["cache_write"],
        "cache_read_input_tokens": used["cache_read"],
        "output_tokens": used["output"],
        "cache_creation": {
            "ephemeral_5m_input_tokens": used["cache_write"],
            "ephemeral_1h_input_tokens": 0,
        },
        "service_tier": "standard",
    }


def _blocks(step: Step) -> Iterator[dict[str, Any]]:
    if step.thinking:
        yield {"type": "thinking", "thinking": step.thinking, "signature": "mock-signature"}
    calls = (*((step.tool,) if step.tool else ()), *step.tools)
    yield {"type": "text", "text": "Using a tool." if calls else step.text}
    for name, arguments in calls:
        yield {"type": "tool_use", "id": _id("toolu"), "name": name, "input": dict(arguments)}


def _deltas(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        words = block["text"].split(" ")
        for piece in (words[0], *(f" {word}" for word in words[1:])):
            yield {"type": "text_delta", "text": piece}
    elif block["type"] == "thinking":
        yield {"type": "thinking_delta", "thinking": block["thinking"]}
        yield {"type": "signature_delta", "signature": block["signature"]}
    else:
        arguments = json.dumps(block["input"])
        for place in range(0, len(arguments), 40):
            yield {"type": "input_json_delta", "partial_json": arguments[place : place + 40]}


def _stop(step: Step) -> str:
    return "tool_use" if step.tool or step.tools else "end_turn"


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


def _id(prefix: str) -> str:
    return f"{prefix}_mock_{uuid.uuid4().hex[:16]}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A client that left is no news."""


def _handler(upstream: Upstream) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Quiet."""

        def do_HEAD(self) -> None:
            upstream.note(f"HEAD {self.path}")
            self._send(200, b"", "application/json", {})

        def do_GET(self) -> None:
            upstream.note(f"GET {self.path}")
            if self.path.split("?")[0].endswith("/models"):
                self._json(200, {"data": [], "has_more": False})
            else:
                self._json(
                    404, {"type": "error", "error": {"type": "not_found_error", "message": "no such path"}}
                )

        def do_POST(self) -> None:
            path = self.path.split("?")[0]
            raw = self._body()
            if path.endswith("/v1/messages/count_tokens"):
                upstream.note(f"POST {path}")
                self._json(200, {"input_tokens": max(1, len(raw) // 4)})
                return
            if not path.endswith("/v1/messages"):
                upstream.note(f"POST {path}")
                self._json(
                    404, {"type": "error", "error": {"type": "not_found_error", "message": "no such path"}}
                )
                return
            body = json.loads(raw or b"{}")
            headers = {name.lower(): value for name, value in self.headers.items()}
            step = upstream.take(path, headers, body)
            if step.wait_s:
                time.sleep(step.wait_s)
            try:
                self._answer(body, step)
            except OSError:
                self.close_connection = True

        def _answer(self, body: Mapping[str, Any], step: Step) -> None:
            model = str(body.get("model"))
            if step.reset:
                self._reset()
            elif step.body is not None:
                self._json(step.status, step.body, step.headers, step.content_type)
            elif step.status >= 400:
                self._json(step.status, failure(step.status).body, step.headers)
            elif body.get("stream"):
                self._stream(events(model, step), step)
            else:
                self._json(200, message(model, step), step.headers)

        def _stream(self, parts: Iterator[Event], step: Step) -> None:
            self.send_response(200)
            headers = {"content-type": "text/event-stream; charset=utf-8", "connection": "close"}
            for name, value in {**headers, "request-id": _id("req"), **step.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.close_connection = True
            for number, (name, data) in enumerate(parts):
                if step.stream_error is not None and number == (step.cut_after or 0):
                    self._event(
                        "error", {"type": "error", "error": {"type": step.stream_error, "message": "mock"}}
                    )
                    return
                if number == step.cut_after:
                    if not step.clean:
                        self._reset()
                    return
                if number == step.silent_after:
                    time.sleep(step.silent_s)
                    self._reset()
                    return
                if step.drip_s:
                    time.sleep(step.drip_s)
                self._event(name, data)

        def _event(self, name: str, data: Mapping[str, Any]) -> None:
            self.wfile.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
            self.wfile.flush()

        def _json(
            self,
            status: int,
            content: Any,
            headers: Mapping[str, str] | None = None,
            content_type: str = "application/json",
        ) -> None:
            data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            self._send(status, data, content_type, {"request-id": _id("req"), **(headers or {})})

        def _send(self, status: int, data: bytes, content_type: str, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(data)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def _body(self) -> bytes:
            if self.headers.get("transfer-encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = []
            while size := int(self.rfile.readline().strip() or b"0", 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def _reset(self) -> None:
            """RST, as a dying proxy does."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

    return Handler
