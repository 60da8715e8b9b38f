"""A scriptable upstream on loopback: OpenAI chat completions and responses, streamed or not.

    with Upstream() as mock:                     # a free port; `mock.url` is an SDK's base_url, with /v1
        mock.answer(Step(status=429, headers={"retry-after": "3600"}))     # the next model request
        mock.answer(Step(tool=("bash", {"command": "ls"})), Step(text="done"))     # then these, in order
        mock.always(Step(status=401), model="gpt-5")                        # every other one for that model
        ...
        assert [request.model for request in mock.requests] == ["gpt-5"]

An empty script answers 200 with a short text. `requests` holds model requests only, keys unmasked, so
that a test can see whose key went where; `wait_for` waits until enough of them have come.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

USAGE = {"input": 1234, "cached": 200, "output": 56, "reasoning": 7}
"""What every good answer reports; input holds the cached tokens, output the reasoning, as OpenAI counts."""

Event = tuple[str | None, Any]
"""A server-sent event: its name, if it has one, and its data."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    """The error body; None = a rate limit error in OpenAI's words."""
    text: str = "Hello from the mock."
    tool: tuple[str, Mapping[str, Any]] | None = None
    """A tool call in place of text: name and arguments."""
    stream_error: Mapping[str, Any] | None = None
    """An error as the first event of a stream that began with 200."""
    cut_after: int | None = None
    """Close the socket after this many events."""
    wait_s: float = 0.0
    """Silence before the answer."""
    times: int = 1
    model: str = ""
    """Only for requests whose model holds this."""


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
        """The text of the last user message, in either wire."""
        items = self.body.get("messages") or self.body.get("input") or []
        texts = [_text(item.get("content")) for item in items if item.get("role") == "user"]
        return texts[-1] if texts else ""


class Upstream:
    """The server; a context manager."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Request] = []
        self._script: list[Step] = []
        self._standing: list[Step] = []
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
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
        """What an SDK calls base_url: `http://127.0.0.1:PORT/v1`."""
        return f"http://127.0.0.1:{self.port}/v1"

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
            self.requests, self._script, self._standing = [], [], []

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
            self.requests.append(
                Request(
                    path=path,
                    model=model,
                    headers=headers,
                    body=body,
                    status=step.status,
                    at=time.monotonic(),
                )
            )
            self._changed.notify_all()
        return step

    def _next(self, model: str) -> Step:
        for place, step in enumerate(self._script):
            if step.model in model:
                if step.times > 1:
                    self._script[place] = replace(step, times=step.times - 1)
                else:
                    del self._script[place]
                return step
        return next((step for step in self._standing if step.model in model), Step())


def chat_events(model: str, step: Step) -> Iterator[Event]:
    """A chat completion as stream events."""
    base = {"id": _id("chatcmpl"), "object": "chat.completion.chunk", "created": 1790000000, "model": model}

    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> Event:
        return None, {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    if step.stream_error is not None:
        yield None, {"error": step.stream_error}
        return
    yield chunk({"role": "assistant", "content": ""})
    if step.tool is not None:
        name, arguments = step.tool
        call = {"name": name, "arguments": json.dumps(arguments)}
        yield chunk({"tool_calls": [{"index": 0, "id": _id("call"), "type": "function", "function": call}]})
    else:
        for piece in _pieces(step.text):
            yield chunk({"content": piece})
    yield chunk({}, "tool_calls" if step.tool else "stop")
    yield None, {**base, "choices": [], "usage": _chat_usage()}
    yield None, "[DONE]"


def chat_body(model: str, step: Step) -> dict[str, Any]:
    """A chat completion that is not streamed."""
    message: dict[str, Any] = {"role": "assistant", "content": step.text}
    if step.tool is not None:
        name, arguments = step.tool
        call = {"name": name, "arguments": json.dumps(arguments)}
        message = {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": _id("call"), "type": "function", "function": call}],
        }
    return {
        "id": _id("chatcmpl"),
        "object": "chat.completion",
        "created": 1790000000,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if step.tool else "stop"}],
        "usage": _chat_usage(),
    }


def response_events(model: str, step: Step) -> Iterator[Event]:
    """A response as stream events."""
    response = _response(model, "in_progress", [])
    number = iter(range(1_000_000))

    def event(name: str, **facts: Any) -> Event:
        return name, {"type": name, "sequence_number": next(number), **facts}

    if step.stream_error is not None:
        failed = {**response, "status": "failed", "error": step.stream_error}
        yield event("response.failed", response=failed)
        return
    yield event("response.created", response=response)
    item = _item(step)
    if step.tool is not None:
        started = {**item, "arguments": "", "status": "in_progress"}
        yield event("response.output_item.added", output_index=0, item=started)
        place = {"item_id": item["id"], "output_index": 0}
        yield event("response.function_call_arguments.delta", **place, delta=item["arguments"])
        yield event("response.function_call_arguments.done", **place, arguments=item["arguments"])
    else:
        yield event("response.output_item.added", output_index=0, item={**item, "content": []})
        place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
        empty = {"type": "output_text", "text": "", "annotations": []}
        yield event("response.content_part.added", **place, part=empty)
        for piece in _pieces(step.text):
            yield event("response.output_text.delta", **place, delta=piece)
        yield event("response.output_text.done", **place, text=step.text)
        yield event("response.content_part.done", **place, part={**empty, "text": step.text})
    yield event("response.output_item.done", output_index=0, item=item)
    done = {**response, "status": "completed", "output": [item], "usage": _response_usage()}
    yield event("response.completed", response=done)


def response_body(model: str, step: Step) -> dict[str, Any]:
    """A response that is not streamed."""
    return {**_response(model, "completed", [_item(step)]), "usage": _response_usage()}


def _response(model: str, status: str, output: list[Any]) -> dict[str, Any]:
    return {
        "id": _id("resp"),
        "object": "response",
        "created_at": 1790000000,
        "status": status,
        "model": model,
        "output": output,
    }


def _item(step: Step) -> dict[str, Any]:
    if step.tool is not None:
        name, arguments = step.tool
        return {
            "type": "function_call",
            "id": _id("fc"),
            "call_id": _id("call"),
            "name": name,
            "arguments": json.dumps(arguments),
            "status": "completed",
        }
    return {
        "type": "message",
        "id": _id("msg"),
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": step.text, "annotations": []}],
    }


def _chat_usage() -> dict[str, Any]:
    return {
        "prompt_tokens": USAGE["input"],
        "completion_tokens": USAGE["output"],
        "total_tokens": USAGE["input"] + USAGE["output"],
        "prompt_tokens_details": {"cached_tokens": USAGE["cached"]},
        "completion_tokens_details": {"reasoning_tokens": USAGE["reasoning"]},
    }


def _response_usage() -> dict[str, Any]:
    return {
        "input_tokens": USAGE["input"],
        "input_tokens_details": {"cached_tokens": USAGE["cached"]},
        "output_tokens": USAGE["output"],
        "output_tokens_details": {"reasoning_tokens": USAGE["reasoning"]},
        "total_tokens": USAGE["input"] + USAGE["output"],
    }


def _pieces(text: str) -> list[str]:
    """The text word by word, each with the blank before it."""
    words = text.split(" ")
    return [words[0], *(f" {word}" for word in words[1:])]


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


def _id(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4().hex[:16]}"


_WIRES: Mapping[str, tuple[Callable[[str, Step], Iterator[Event]], Callable[[str, Step], dict[str, Any]]]] = {
    "/chat/completions": (chat_events, chat_body),
    "/responses": (response_events, response_body),
}

_LIMITED = {
    "error": {
        "message": "Rate limit reached for requests",
        "type": "rate_limit_error",
        "code": "rate_limit_exceeded",
    }
}


def _handler(upstream: Upstream) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Quiet."""

        def do_GET(self) -> None:
            if self.path.split("?")[0].endswith("/models"):
                self._json(200, {"object": "list", "data": [], "models": []})
            else:
                self._json(404, {"error": {"message": "the mock has no such path", "type": "not_found"}})

        def do_POST(self) -> None:
            path = self.path.split("?")[0]
            body = json.loads(self._body() or b"{}")
            wire = next((known for known in _WIRES if path.endswith(known)), None)
            if wire is None:
                self._json(404, {"error": {"message": "the mock has no such path", "type": "not_found"}})
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            step = upstream.take(path, headers, body)
            if step.wait_s:
                time.sleep(step.wait_s)
            try:
                self._answer(wire, body, step)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _answer(self, wire: str, body: Mapping[str, Any], step: Step) -> None:
            events, whole = _WIRES[wire]
            if step.status >= 400:
                self._json(step.status, _LIMITED if step.body is None else step.body, step.headers)
            elif body.get("stream"):
                self._stream(events(str(body.get("model")), step), step)
            else:
                self._json(200, whole(str(body.get("model")), step), step.headers)

        def _stream(self, events: Iterator[Event], step: Step) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("connection", "close")
            for name, value in step.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.close_connection = True
            for number, (title, data) in enumerate(events):
                if number == step.cut_after:
                    return
                text = data if isinstance(data, str) else json.dumps(data)
                head = f"event: {title}\n" if title else ""
                self.wfile.write(f"{head}data: {text}\n\n".encode())
                self.wfile.flush()

        def _json(self, status: int, content: Any, headers: Mapping[str, str] | None = None) -> None:
            data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            self.send_response(status)
            given = {name.lower(): value for name, value in (headers or {}).items()}
            for name, value in {"content-type": "application/json", **given}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _body(self) -> bytes:
            if "chunked" not in (self.headers.get("transfer-encoding") or "").lower():
                return self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = []
            while size := int(self.rfile.readline().split(b";")[0].strip() or b"0", 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

    return Handler
