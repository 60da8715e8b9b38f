"""A scriptable upstream that speaks Anthropic Messages, streamed or not; `tests/mocks/server.py` says how.

`mock.url` is ANTHROPIC_BASE_URL, without /v1. `failure(429)` is an error in Anthropic's own words.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.mocks import server
from tests.mocks.server import Event, Request, new_id, words_of

__all__ = ["Request", "Step", "Upstream", "failure", "windows"]

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


@dataclass(frozen=True, kw_only=True)
class Step(server.Step):
    """One answer; `stream_error` is the error's type ("overloaded_error"), after `cut_after` events."""

    thinking: str = ""
    """A thinking block before the text."""
    tools: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Several calls in one answer."""
    usage: Mapping[str, int] = field(default_factory=dict)
    """Laid over USAGE."""
    served_model: str = ""
    """The model the answer names; "" = the one asked for."""


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


class Upstream(server.Scripted[Step]):
    """The server; a context manager."""

    step = Step

    def asks_model(self, path: str) -> bool:
        return path.endswith("/v1/messages")

    def events(self, path: str, model: str, step: Step) -> Iterator[Event]:
        return events(model, step)

    def whole(self, path: str, model: str, step: Step) -> Any:
        return message(model, step)

    def refusal(self, status: int) -> Any:
        return failure(status).body

    def stamps(self) -> dict[str, str]:
        return {"request-id": new_id("req")}

    def elsewhere(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method == "GET" and path.endswith("/models"):
            return 200, {"data": [], "has_more": False}
        if path.endswith("/v1/messages/count_tokens"):
            return 200, {"input_tokens": max(1, len(body) // 4)}
        return 404, {"type": "error", "error": {"type": "not_found_error", "message": "no such path"}}


def message(model: str, step: Step) -> dict[str, Any]:
    """An answer that is not streamed."""
    return {**_message(model, step), "content": list(_blocks(step)), "stop_reason": _stop(step)}


def events(model: str, step: Step) -> Iterator[Event]:
    """An answer as stream events, with the step's error among them."""
    if step.stream_error is None:
        yield from _good_events(model, step)
        return
    yield from itertools.islice(_good_events(model, step), step.cut_after or 0)
    yield _event("error", error={"type": step.stream_error, "message": "mock"})


def _good_events(model: str, step: Step) -> Iterator[Event]:
    usage = _usage(step)
    begun = {**_message(model, step), "usage": {**usage, "output_tokens": 1}}
    yield _event("message_start", message=begun)
    yield _event("ping")
    for index, block in enumerate(_blocks(step)):
        yield _event("content_block_start", index=index, content_block={**block, **_EMPTY[block["type"]]})
        for delta in _deltas(block):
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    yield _event("message_delta", delta={"stop_reason": _stop(step), "stop_sequence": None}, usage=usage)
    yield _event("message_stop")


def _event(name: str, **facts: Any) -> Event:
    return name, {"type": name, **facts}


_EMPTY: Mapping[str, Mapping[str, Any]] = {
    "text": {"text": ""},
    "thinking": {"thinking": "", "signature": ""},
    "tool_use": {"input": {}},
}
"""What a block of each type starts with."""


def _message(model: str, step: Step) -> dict[str, Any]:
    return {
        "id": new_id("msg"),
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
        yield {"type": "tool_use", "id": new_id("toolu"), "name": name, "input": dict(arguments)}


def _deltas(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        for piece in words_of(block["text"]):
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
