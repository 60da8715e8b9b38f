"""A scriptable upstream that speaks OpenAI's chat completions and responses, streamed or not.

`tests/mocks/server.py` says how; `mock.url` is an SDK's base_url, with /v1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.mocks import server
from tests.mocks.server import Event, Request, new_id, words_of

__all__ = ["Request", "Step", "Upstream"]

USAGE = {"input": 1234, "cached": 200, "output": 56, "reasoning": 7}
"""What every good answer reports; input holds the cached tokens, output the reasoning, as OpenAI counts."""


CREATED = 1790000000
"""When every answer was made, in epoch seconds."""


@dataclass(frozen=True, kw_only=True)
class Step(server.Step):
    """One answer; a tool call stands in place of text, `stream_error` is the first event of its stream."""

    clean: bool = True


class Upstream(server.Scripted[Step]):
    """The server; a context manager."""

    step = Step
    base = "/v1"

    def asks_model(self, path: str) -> bool:
        return _wire(path) is not None

    def events(self, path: str, model: str, step: Step) -> Iterator[Event]:
        return _WIRES[_wire(path) or ""][0](model, step)

    def whole(self, path: str, model: str, step: Step) -> Any:
        return _WIRES[_wire(path) or ""][1](model, step)

    def refusal(self, status: int) -> Any:
        return _LIMITED

    def elsewhere(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method == "GET" and path.endswith("/models"):
            return 200, {"object": "list", "data": [], "models": []}
        return 404, {"error": {"message": "the mock has no such path", "type": "not_found"}}


def chat_events(model: str, step: Step) -> Iterator[Event]:
    """A chat completion as stream events."""
    base = {
        "id": new_id("chatcmpl"),
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": model,
    }

    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> Event:
        return None, {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    if step.stream_error is not None:
        yield None, {"error": step.stream_error}
        return
    yield chunk({"role": "assistant", "content": ""})
    if step.tool is not None:
        name, arguments = step.tool
        call = {"name": name, "arguments": json.dumps(arguments)}
        yield chunk(
            {"tool_calls": [{"index": 0, "id": new_id("call"), "type": "function", "function": call}]}
        )
    else:
        for piece in words_of(step.text):
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
            "tool_calls": [{"id": new_id("call"), "type": "function", "function": call}],
        }
    return {
        "id": new_id("chatcmpl"),
        "object": "chat.completion",
        "created": CREATED,
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
        for piece in words_of(step.text):
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
        "id": new_id("resp"),
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "model": model,
        "output": output,
    }


def _item(step: Step) -> dict[str, Any]:
    if step.tool is not None:
        name, arguments = step.tool
        return {
            "type": "function_call",
            "id": new_id("fc"),
            "call_id": new_id("call"),
            "name": name,
            "arguments": json.dumps(arguments),
            "status": "completed",
        }
    return {
        "type": "message",
        "id": new_id("msg"),
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


def _wire(path: str) -> str | None:
    return next((known for known in _WIRES if path.endswith(known)), None)
