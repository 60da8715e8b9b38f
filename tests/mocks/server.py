"""What every scriptable upstream on loopback shares: its script, what it was asked, and how it can fail.

    with Upstream() as mock:                     # a free port
        mock.answer(Step(status=429, headers={"retry-after": "3600"}))     # the next model request
        mock.answer(Step(tool=("Bash", {"command": "ls"})), Step(text="done"))     # then these, in order
        mock.always(Step(status=529), model="opus")                         # every other one for that model
        ...
        assert [request.model for request in mock.requests] == ["claude-opus-5-5"]

A protocol is a subclass that says which paths ask a model and what a good answer looks like
(`tests/mocks/anthropic.py`, `openai.py`). An empty script answers 200 with a short text. `requests` holds
model requests only, keys unmasked, so that a test can see whose key went where; `wait_for` waits until enough
of them have come; `others` counts what else was asked for.
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
from typing import Any, ClassVar, Generic, Self, TypeVar

Event = tuple[str | None, Any]
"""A server-sent event: its name, if it has one, and its data."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    """The body as it is (an object, or raw text of any kind); None = the usual one."""
    content_type: str = "application/json"
    text: str = "Hello from the mock."
    tool: tuple[str, Mapping[str, Any]] | None = None
    """A tool call: name and arguments."""
    stream_error: Any = None
    """An error inside a stream that began with 200."""
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
    model: str = ""
    """Only for requests whose model holds this."""


S = TypeVar("S", bound=Step)


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
        """The text of the last user message, in any wire."""
        items = self.body.get("messages") or self.body.get("input") or []
        texts = [_text(item.get("content")) for item in items if item.get("role") == "user"]
        return texts[-1] if texts else ""

    @property
    def key(self) -> str:
        """The credential that came with it, without `Bearer`; "" when there was none."""
        return self.headers.get("x-api-key") or self.headers.get("authorization", "").removeprefix("Bearer ")


class Scripted(Generic[S]):
    """The server; a context manager. A protocol says the rest."""

    step: type[S]
    """Its kind of answer; made without arguments, the usual one."""
    base: ClassVar[str] = ""
    """What its base URL ends in."""

    def asks_model(self, path: str) -> bool:
        """True when a POST there is a model request."""
        raise NotImplementedError

    def events(self, path: str, model: str, step: S) -> Iterator[Event]:
        """An answer as stream events."""
        raise NotImplementedError

    def whole(self, path: str, model: str, step: S) -> Any:
        """An answer that is not streamed."""
        raise NotImplementedError

    def refusal(self, status: int) -> Any:
        """The usual body of an error."""
        raise NotImplementedError

    def elsewhere(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """(status, body) of a request that asks no model."""
        raise NotImplementedError

    def stamps(self) -> dict[str, str]:
        """Headers of every answer."""
        return {}

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Request] = []
        self.others: list[str] = []
        self._script: list[S] = []
        self._standing: list[S] = []
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
        """What a client is given as its base URL."""
        return f"http://127.0.0.1:{self.port}{self.base}"

    def answer(self, *steps: S) -> None:
        """Answer the next requests with these, in order."""
        with self._changed:
            self._script += steps

    def always(self, step: S, model: str = "") -> None:
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

    def take(self, path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> S:
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

    def _next(self, model: str) -> S:
        for place, step in enumerate(self._script):
            if step.model in model:
                if step.times > 1:
                    self._script[place] = replace(step, times=step.times - 1)
                else:
                    del self._script[place]
                return step
        return next((step for step in self._standing if step.model in model), self.step())


def words_of(text: str) -> list[str]:
    """The text word by word, each with the blank before it."""
    first, *others = text.split(" ")
    return [first, *(f" {word}" for word in others)]


def new_id(prefix: str) -> str:
    """An id that no other answer has."""
    return f"{prefix}_mock_{uuid.uuid4().hex[:16]}"


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A client that left is no news."""


def _handler(upstream: Scripted[Any]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Quiet."""

        def do_HEAD(self) -> None:
            upstream.note(f"HEAD {self.path}")
            self._send(200, b"", {})

        def do_GET(self) -> None:
            upstream.note(f"GET {self.path}")
            self._json(*upstream.elsewhere("GET", self.path.split("?")[0], b""))

        def do_POST(self) -> None:
            path = self.path.split("?")[0]
            raw = self._body()
            if not upstream.asks_model(path):
                upstream.note(f"POST {path}")
                self._json(*upstream.elsewhere("POST", path, raw))
                return
            body = json.loads(raw or b"{}")
            headers = {name.lower(): value for name, value in self.headers.items()}
            step = upstream.take(path, headers, body)
            if step.wait_s:
                time.sleep(step.wait_s)
            try:
                self._answer(path, body, step)
            except OSError:
                self.close_connection = True

        def _answer(self, path: str, body: Mapping[str, Any], step: Any) -> None:
            model = str(body.get("model"))
            if step.reset:
                self._reset()
            elif step.body is not None:
                self._json(step.status, step.body, {"content-type": step.content_type, **step.headers})
            elif step.status >= 400:
                self._json(step.status, upstream.refusal(step.status), step.headers)
            elif body.get("stream"):
                self._stream(upstream.events(path, model, step), step)
            else:
                self._json(200, upstream.whole(path, model, step), step.headers)

        def _stream(self, events: Iterator[Event], step: Any) -> None:
            usual = {"content-type": "text/event-stream; charset=utf-8", "connection": "close"}
            self.send_response(200)
            for name, value in {**usual, **upstream.stamps(), **step.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.close_connection = True
            for number, (title, data) in enumerate(events):
                if number == step.cut_after and step.stream_error is None:
                    if not step.clean:
                        self._reset()
                    return
                if number == step.silent_after:
                    time.sleep(step.silent_s)
                    self._reset()
                    return
                if step.drip_s:
                    time.sleep(step.drip_s)
                text = data if isinstance(data, str) else json.dumps(data)
                head = f"event: {title}\n" if title else ""
                self.wfile.write(f"{head}data: {text}\n\n".encode())
                self.wfile.flush()

        def _json(self, status: int, content: Any, headers: Mapping[str, str] | None = None) -> None:
            data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            self._send(status, data, {**upstream.stamps(), **(headers or {})})

        def _send(self, status: int, data: bytes, headers: Mapping[str, str]) -> None:
            given = {name.lower(): value for name, value in headers.items()}
            self.send_response(status)
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

        def _reset(self) -> None:
            """RST, as a dying proxy does."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

    return Handler
