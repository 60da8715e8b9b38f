"""Good answers of an imagined model, in the three protocols, streamed and whole. Pure.

The fake upstream speaks with them; `drill` and the tests see what a real vendor would send.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from pf_tui.json_values import object_in, objects_in, text_in
from pf_tui.records import field, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol


@record
class Call:
    """A tool the model wants to be called."""

    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)


@record
class Reply:
    """What the model says; tokens as the vendor would count them."""

    text: str = "Hello from the stand-in."
    thinking: str = ""
    calls: tuple[Call, ...] = ()
    input: int = 11
    """Without cached tokens."""
    output: int = 7
    cache_read: int = 3400
    cache_write: int = 120
    model: str | None = None
    """The name the answer gives itself; None = the one that was asked for."""
    wait_s: float = 0.0
    """Before the first byte."""
    gap_s: float = 0.0
    """Between two events."""
    headers: Mapping[str, str] = field(default_factory=dict)


HANDSHAKE_EVENTS: Mapping[str, int] = {"anthropic-messages": 3, "openai-chat": 1, "openai-responses": 4}
"""Events of a stream before the first piece of its answer."""


def events(protocol: Protocol, reply: Reply, model: str, number: int) -> list[bytes]:
    """The stream, one element per event; `number` makes its ids unique."""
    make = {"anthropic-messages": _messages, "openai-chat": _chat, "openai-responses": _responses}[protocol]
    return list(make(reply, reply.model or model, number))


def whole(protocol: Protocol, reply: Reply, model: str, number: int) -> bytes:
    """The answer to a request that does not stream."""
    name = reply.model or model
    if protocol == "anthropic-messages":
        content = _message(reply, name, number) | {
            "content": [block for block, _ in _blocks(reply, number)],
            "stop_reason": "tool_use" if reply.calls else "end_turn",
            "usage": _anthropic_usage(reply),
        }
    elif protocol == "openai-chat":
        message: dict[str, object] = {"role": "assistant", "content": reply.text or None}
        if reply.calls:
            message["tool_calls"] = [
                _chat_call(call, number, index) for index, call in enumerate(reply.calls)
            ]
        content = {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "created": 1,
            "model": name,
            "choices": [{"index": 0, "message": message, "finish_reason": _finish(reply)}],
            "usage": _chat_usage(reply),
        }
    else:
        content = _response(reply, name, number, "completed")
    return json.dumps(content).encode()


_EMPTY: Mapping[str, dict[str, object]] = {
    "text": {"text": ""},
    "thinking": {"thinking": "", "signature": ""},
    "tool_use": {"input": {}},
    "message": {"content": []},
    "function_call": {"arguments": ""},
    "reasoning": {},
}
"""How a block, or an item, stands there before its deltas come."""


def _messages(reply: Reply, model: str, number: int) -> Iterator[bytes]:
    start = _message(reply, model, number) | {"usage": _anthropic_usage(reply) | {"output_tokens": 1}}
    yield _named("message_start", message=start)
    yield _named("ping")
    for index, (block, deltas) in enumerate(_blocks(reply, number)):
        yield _named("content_block_start", index=index, content_block=block | _EMPTY[text_in(block, "type")])
        for delta in deltas:
            yield _named("content_block_delta", index=index, delta=delta)
        yield _named("content_block_stop", index=index)
    reason = "tool_use" if reply.calls else "end_turn"
    yield _named(
        "message_delta",
        delta={"stop_reason": reason, "stop_sequence": None},
        usage=_anthropic_usage(reply),
    )
    yield _named("message_stop")


def _message(reply: Reply, model: str, number: int) -> dict[str, object]:
    return {
        "id": f"msg_standin{number:06d}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _blocks(reply: Reply, number: int) -> Iterator[tuple[dict[str, object], list[dict[str, object]]]]:
    """Each content block, and the deltas it is streamed in."""
    if reply.thinking:
        signature = f"EgSignature{number}"  # of the form that Claude's have
        yield (
            {"type": "thinking", "thinking": reply.thinking, "signature": signature},
            [
                {"type": "thinking_delta", "thinking": reply.thinking},
                {"type": "signature_delta", "signature": signature},
            ],
        )
    if reply.text:
        yield (
            {"type": "text", "text": reply.text},
            [{"type": "text_delta", "text": word} for word in _words(reply.text)],
        )
    for index, call in enumerate(reply.calls):
        arguments = json.dumps(call.arguments)
        yield (
            {
                "type": "tool_use",
                "id": f"toolu_standin{number:06d}{index}",
                "name": call.name,
                "input": dict(call.arguments),
            },
            [{"type": "input_json_delta", "partial_json": part} for part in _chunks(arguments)],
        )


def _anthropic_usage(reply: Reply) -> dict[str, object]:
    return {
        "input_tokens": reply.input,
        "cache_creation_input_tokens": reply.cache_write,
        "cache_read_input_tokens": reply.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": reply.cache_write,
            "ephemeral_1h_input_tokens": 0,
        },
        "output_tokens": reply.output,
        "service_tier": "standard",
    }


def _chat(reply: Reply, model: str, number: int) -> Iterator[bytes]:
    def chunk(delta: dict[str, object], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return _data(_chunk(model, number) | {"choices": [choice]})

    yield chunk({"role": "assistant", "content": ""})
    if reply.thinking:
        yield chunk({"reasoning_content": reply.thinking})
    for word in _words(reply.text):
        yield chunk({"content": word})
    for index, call in enumerate(reply.calls):
        whole_call = _chat_call(call, number, index)
        function = object_in(whole_call, "function")
        arguments = text_in(function, "arguments")
        function["arguments"] = ""
        yield chunk({"tool_calls": [{"index": index, **whole_call}]})
        for part in _chunks(arguments):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
    yield chunk({}, _finish(reply))
    yield _data(_chunk(model, number) | {"choices": [], "usage": _chat_usage(reply)})
    yield b"data: [DONE]\n\n"


def _chunk(model: str, number: int) -> dict[str, object]:
    return {"id": f"chatcmpl-{number}", "object": "chat.completion.chunk", "created": 1, "model": model}


def _chat_call(call: Call, number: int, index: int) -> dict[str, object]:
    function = {"name": call.name, "arguments": json.dumps(call.arguments)}
    return {"id": f"call_{number}_{index}", "type": "function", "function": function}


def _chat_usage(reply: Reply) -> dict[str, object]:
    input_tokens = reply.input + reply.cache_read
    return {
        "prompt_tokens": input_tokens,
        "completion_tokens": reply.output,
        "total_tokens": input_tokens + reply.output,
        "prompt_tokens_details": {"cached_tokens": reply.cache_read},
    }


def _finish(reply: Reply) -> str:
    return "tool_calls" if reply.calls else "stop"


def _responses(reply: Reply, model: str, number: int) -> Iterator[bytes]:
    count = 0

    def event(kind: str, **rest: object) -> bytes:
        nonlocal count
        count += 1
        return _named(kind, sequence_number=count, **rest)

    start = _response(reply, model, number, "in_progress") | {"output": [], "usage": None}
    yield event("response.created", response=start)
    yield event("response.in_progress", response=start)
    for index, item in enumerate(_items(reply, number)):
        yield event("response.output_item.added", output_index=index, item=item | _unfinished(item))
        if item["type"] == "message":
            where = {"item_id": item["id"], "output_index": index, "content_index": 0}
            part = objects_in(item, "content")[0]
            yield event("response.content_part.added", **where, part=part | {"text": ""})
            for word in _words(reply.text):
                yield event("response.output_text.delta", **where, delta=word)
            yield event("response.output_text.done", **where, text=reply.text)
            yield event("response.content_part.done", **where, part=part)
        elif item["type"] == "function_call":
            where = {"item_id": item["id"], "output_index": index}
            for chunk in _chunks(text_in(item, "arguments")):
                yield event("response.function_call_arguments.delta", **where, delta=chunk)
            yield event("response.function_call_arguments.done", **where, arguments=item["arguments"])
        yield event("response.output_item.done", output_index=index, item=item)
    yield event("response.completed", response=_response(reply, model, number, "completed"))


def _response(reply: Reply, model: str, number: int, status: str) -> dict[str, object]:
    input_tokens = reply.input + reply.cache_read
    return {
        "id": f"resp_standin{number:06d}",
        "object": "response",
        "created_at": 1,
        "status": status,
        "model": model,
        "output": list(_items(reply, number)),
        "usage": {
            "input_tokens": input_tokens,
            "input_tokens_details": {"cached_tokens": reply.cache_read},
            "output_tokens": reply.output,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": input_tokens + reply.output,
        },
    }


def _items(reply: Reply, number: int) -> Iterator[dict[str, object]]:
    if reply.thinking:
        summary = [{"type": "summary_text", "text": reply.thinking}]
        yield {"type": "reasoning", "id": f"rs_{number}", "summary": summary}
    if reply.text:
        part = {"type": "output_text", "text": reply.text, "annotations": []}
        yield {
            "type": "message",
            "id": f"msg_{number}",
            "role": "assistant",
            "status": "completed",
            "content": [part],
        }
    for index, call in enumerate(reply.calls):
        yield {
            "type": "function_call",
            "id": f"fc_{number}_{index}",
            "call_id": f"call_{number}_{index}",
            "name": call.name,
            "arguments": json.dumps(call.arguments),
            "status": "completed",
        }


def _unfinished(item: Mapping[str, object]) -> dict[str, object]:
    return _EMPTY[text_in(item, "type")] | ({"status": "in_progress"} if "status" in item else {})


def _named(kind: str, **content: object) -> bytes:
    return f"event: {kind}\n".encode() + _data({"type": kind, **content})


def _data(content: Mapping[str, object]) -> bytes:
    return b"data: " + json.dumps(content).encode() + b"\n\n"


def _words(text: str) -> list[str]:
    first, *rest = text.split(" ")
    return [first, *(f" {word}" for word in rest)] if text else []


def _chunks(text: str, size: int = 24) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]
