"""The drill's fake upstream in a thread of its own, scripted by a test that drives real programs.

    with Upstream() as upstream:                 # a free port, all three protocols
        upstream.answer(failure(429, retry_after=3600))       # the next model request
        upstream.answer(called("Bash", {"command": "ls"}), Reply(text="done"))     # then these, in order
        upstream.always(failure(529), model="opus")           # every other one for that model
        ...
        assert [request.model for request in upstream.requests] == ["claude-opus-5-5"]

An empty script answers with a short text. `requests` holds model requests only, keys unmasked, so that a test
can see whose key went where; `wait_for` waits until enough of them have come.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pf_tui.drill.fake_replies import Call, Reply
from pf_tui.drill.fake_upstream import FakeUpstream, ReceivedRequest, Step
from pf_tui.drill.faults import Fault
from tests.patience import PATIENCE_S

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

LIMITED = {
    "error": {
        "message": "Rate limit reached for requests",
        "type": "rate_limit_error",
        "code": "rate_limit_exceeded",
    }
}
"""A limit in OpenAI's words."""


def called(name: str, arguments: Mapping[str, object]) -> Reply:
    """An answer that calls one tool."""
    return Reply(text="", calls=(Call(name=name, arguments=arguments),))


def refused(
    status: int, body: object = LIMITED, headers: Mapping[str, str] | None = None, kind: str = ""
) -> Fault:
    """An answer of that status and body: an object, or text of the content type `kind`."""
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    kind = kind or "application/json"
    words = {"name": f"refused-{status}", "says": f"a {status}"}
    return Fault(**words, how="raw", status=status, raw=raw, content_type=kind, headers=headers or {})


def failure(
    status: int,
    message: str | None = None,
    *,
    retry_after: float | None = None,
    should_retry: bool | None = None,
    unified: str | None = None,
    resets_in: int = 3600,
) -> Fault:
    """An error answer in Anthropic's words.

    Args:
        should_retry: x-should-retry; False makes Claude Code give up at once.
        unified: the window ("five_hour", "seven_day") a subscription was rejected by.
        resets_in: seconds until that window's reset.
    """
    kind, usual_message = WORDS.get(status, ("api_error", "mock error"))
    headers: dict[str, str] = {}
    if retry_after is not None:
        headers["retry-after"] = f"{retry_after:g}"
    if should_retry is not None:
        headers["x-should-retry"] = "true" if should_retry else "false"
    if unified is not None:
        headers |= windows("rejected", claim=unified, resets_in=resets_in)
    error = {"type": kind, "message": message or usual_message}
    return refused(status, {"type": "error", "error": error}, headers)


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


@dataclass(frozen=True, kw_only=True)
class Request:
    """One model request, as it came."""

    path: str
    model: str
    headers: Mapping[str, str]
    """Lower-case names, values as sent."""
    body: Mapping[str, Any]
    at: float
    """time.monotonic()"""

    @property
    def prompt(self) -> str:
        """The text of the last user message, in any protocol."""
        items = self.body.get("messages") or self.body.get("input") or []
        texts = [_text(item.get("content")) for item in items if item.get("role") == "user"]
        return texts[-1] if texts else ""

    @property
    def key(self) -> str:
        """The credential that came with it, without `Bearer`; "" when there was none."""
        return self.headers.get("x-api-key") or self.headers.get("authorization", "").removeprefix("Bearer ")


class Upstream:
    """The server; a context manager. `url` is ANTHROPIC_BASE_URL, without /v1."""

    base: ClassVar[str] = ""
    """What its base URL ends in."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._script: list[Step] = []
        self._standing: list[tuple[str, Step]] = []
        self._changed = threading.Condition()
        self._server = FakeUpstream("the mock")
        self._server.model_names = ()
        self._server.follow(self._take)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._server.start())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """What a client is given as its base URL."""
        return f"{self._server.url}{self.base}"

    def answer(self, *steps: Step) -> None:
        """Answer the next requests with these, in order."""
        with self._changed:
            self._script += steps

    def always(self, step: Step, model: str = "") -> None:
        """Answer every request that no script remains for; the latest one that fits holds.

        Args:
            model: only requests whose model holds this.
        """
        with self._changed:
            self._standing.insert(0, (model, step))

    def forget(self) -> None:
        """An empty script, and no request seen."""
        with self._changed:
            self.requests, self._script, self._standing = [], [], []

    def models(self) -> list[str]:
        """The models asked for, in order."""
        return [request.model for request in self.requests]

    def wait_for(self, count: int, timeout_s: float = PATIENCE_S) -> list[Request]:
        """The requests once there are `count` of them; AssertionError when they do not come."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, timeout_s):
                raise AssertionError(f"{len(self.requests)} of {count} requests came in {timeout_s:g} s")
            return list(self.requests)

    def _take(self, received: ReceivedRequest) -> Step:
        """Note a request and say how it is answered."""
        request = Request(
            path=received.path,
            model=received.model,
            headers=received.headers,
            body=received.content,
            at=time.monotonic(),
        )
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
            if self._script:
                return self._script.pop(0)
            steps = (step for model, step in self._standing if model in request.model)
            return next(steps, Reply(text="Hello from the mock."))

    def _run(self, work: Coroutine[Any, Any, object]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)


class OpenAIUpstream(Upstream):
    """The same for a client of OpenAI's protocols: `url` is an SDK's base_url, with /v1."""

    base = "/v1"


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))
