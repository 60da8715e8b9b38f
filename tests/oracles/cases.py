"""Traps of translation as requests and answers that no table in tests/translate uses, with what is right.

A case is asked of us and of every other program alike (`python -m tests.oracles`). What is right is written
from the protocols' own references, so that a check holds for whoever translates.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.oracles.reading import CHAT, MESSAGES, RESPONSES, Heard

Sent = Mapping[str, Any]
Check = Callable[[Any, Heard], None]
SHORT = {MESSAGES: "Messages", CHAT: "Chat", RESPONSES: "Responses"}


@dataclass
class Case:
    """One trap with one input."""

    id: str
    trap: int
    """Its number in the list of traps; 0 = a kind that list does not name."""
    client: str
    upstream: str
    request: dict[str, Any]
    check: Check
    answer: Any = None
    """A whole answer, or the events of a stream; None = a plain one."""
    status: int = 200
    vendor: str = "openai"
    model: str = "gpt-5.1"
    raw: bytes | None = None
    """The very bytes of the stream, where they matter."""
    pieces: list[int] = field(default_factory=list)

    @property
    def stream(self) -> bool:
        return self.request.get("stream") is True

    @property
    def direction(self) -> str:
        return f"{SHORT[self.client]} → {SHORT[self.upstream]}"

    @property
    def bytes(self) -> bytes:
        """What the provider answers."""
        if self.raw is not None:
            return self.raw
        answer = self.answer if self.answer is not None else plain_answer(self.upstream, self.stream)
        if not (self.stream and self.status == 200):
            return json.dumps(answer).encode()
        named = self.upstream != CHAT
        lines = [
            (f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event)}\n\n"
            for event in answer
        ]
        done = "data: [DONE]\n\n" if self.upstream == CHAT and not _cut(answer) else ""
        return ("".join(lines) + done).encode()


def _cut(events: Any) -> bool:
    return not any(choice.get("finish_reason") for event in events for choice in event.get("choices") or ())


# --- answers


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    head = {"id": "chatcmpl-7", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return {**head, "choices": choices, **more}


def piece(index: int, arguments: str | None = None, call: str | None = None, name: str | None = None) -> Any:
    function = {k: v for k, v in (("name", name), ("arguments", arguments)) if v is not None}
    found: dict[str, Any] = {"index": index, "function": function}
    return found | ({"id": call, "type": "function"} if call else {})


def completion(message: dict[str, Any], finish: str = "stop", **more: Any) -> dict[str, Any]:
    usage = {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    head = {"id": "chatcmpl-7", "object": "chat.completion", "created": 1, "model": "m"}
    return {**head, "choices": [choice], "usage": usage, **more}


def message(*content: Any, stop: str = "end_turn", **more: Any) -> dict[str, Any]:
    usage = {"input_tokens": 30, "output_tokens": 5}
    head = {"id": "msg_7", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None}
    return {**head, "content": list(content), "stop_reason": stop, "usage": usage, **more}


def message_events(*blocks: Any, stop: str | None = "end_turn", usage: Any = None) -> list[dict[str, Any]]:
    start = message(stop=None) | {"usage": {"input_tokens": 30, "output_tokens": 1, **(usage or {})}}  # type: ignore[arg-type]
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}, {"type": "ping"}]
    for index, (block, *deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    if stop is None:
        return events
    delta = {"stop_reason": stop, "stop_sequence": None}
    return [
        *events,
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ]


def text_block(text: str) -> tuple[Any, ...]:
    return {"type": "text", "text": ""}, {"type": "text_delta", "text": text}


def call_block(call: str, name: str, *parts: str) -> tuple[Any, ...]:
    start = {"type": "tool_use", "id": call, "name": name, "input": {}}
    return start, *({"type": "input_json_delta", "partial_json": part} for part in parts)


def response(*items: Any, status: str = "completed", **more: Any) -> dict[str, Any]:
    usage = {
        "input_tokens": 30,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 35,
    }
    head = {"id": "resp_7", "object": "response", "created_at": 1, "model": "m", "error": None}
    rest = {"tools": [], "tool_choice": "auto", "parallel_tool_calls": True, "incomplete_details": None}
    return {**head, **rest, "status": status, "output": list(items), "usage": usage, **more}


def said(text: str, kind: str = "output_text") -> dict[str, Any]:
    key = "refusal" if kind == "refusal" else "text"
    part = {"type": kind, key: text} | ({"annotations": []} if kind == "output_text" else {})
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}


def called(call: str, name: str, arguments: str) -> dict[str, Any]:
    item = {"type": "function_call", "id": f"fc_{call}", "call_id": call, "status": "completed"}
    return {**item, "name": name, "arguments": arguments}


def response_events(*items: Any, last: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": response(status="in_progress", usage=None)}
    ]
    for place, item in enumerate(items):
        at = {"output_index": place, "item_id": item["id"]}
        if item["type"] == "function_call":
            events.append({"type": "response.output_item.added", **at, "item": {**item, "arguments": ""}})
            half = len(item["arguments"]) // 2
            events += [
                {"type": "response.function_call_arguments.delta", **at, "delta": part}
                for part in (item["arguments"][:half], item["arguments"][half:])
            ]
            done = {"type": "response.function_call_arguments.done", **at, "name": item["name"]}
            events.append({**done, "arguments": item["arguments"]})
        elif item["type"] == "message":
            part = item["content"][0]
            kind = part["type"].removeprefix("output_")
            key = "refusal" if kind == "refusal" else "text"
            where = {**at, "content_index": 0}
            events.append({"type": "response.output_item.added", **at, "item": {**item, "content": []}})
            events.append({"type": "response.content_part.added", **where, "part": {**part, key: ""}})
            name = "refusal" if kind == "refusal" else "output_text"
            events.append({"type": f"response.{name}.delta", **where, "delta": part[key], "logprobs": []})
            events.append({"type": f"response.{name}.done", **where, key: part[key], "logprobs": []})
            events.append({"type": "response.content_part.done", **where, "part": part})
        else:
            events.append({"type": "response.output_item.added", **at, "item": {**item, "summary": []}})
            where = {**at, "summary_index": 0}
            for one in item["summary"]:
                part = {"type": "summary_text", "text": ""}
                events.append({"type": "response.reasoning_summary_part.added", **where, "part": part})
                events.append(
                    {"type": "response.reasoning_summary_text.delta", **where, "delta": one["text"]}
                )
        events.append({"type": "response.output_item.done", **at, "item": item})
    events.append(last or {"type": "response.completed", "response": response(*items)})
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def plain_answer(protocol: str, stream: bool) -> Any:
    if protocol == CHAT:
        usage = {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}
        if stream:
            return [chunk({"role": "assistant", "content": "fine"}), chunk({}, "stop"), chunk(usage=usage)]
        return completion({"content": "fine"})
    if protocol == MESSAGES:
        return message_events(text_block("fine")) if stream else message({"type": "text", "text": "fine"})
    return response_events(said("fine")) if stream else response(said("fine"))


# --- requests

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PNG = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}


def m(*turns: Any, tools: tuple[str, ...] | list[Any] = ("weather",), **more: Any) -> dict[str, Any]:
    """A Messages request."""
    made = [
        {"name": t, "description": "d", "input_schema": WEATHER} if isinstance(t, str) else t for t in tools
    ]
    body = {"model": "asked", "max_tokens": 900, "messages": list(turns) or [u("How is Rome?")], **more}
    return body | ({"tools": made} if made else {})


def c(*turns: Any, tools: Any = ("weather",), **more: Any) -> dict[str, Any]:
    """A Chat request."""
    made = [
        {"type": "function", "function": {"name": t, "parameters": WEATHER}} if isinstance(t, str) else t
        for t in tools
    ]
    body = {"model": "asked", "messages": list(turns) or [u("How is Rome?")], **more}
    return body | ({"tools": made} if made else {})


def r(*items: Any, tools: Any = ("weather",), **more: Any) -> dict[str, Any]:
    """A Responses request."""
    made = [
        {"type": "function", "name": t, "parameters": WEATHER, "strict": False} if isinstance(t, str) else t
        for t in tools
    ]
    body = {"model": "asked", "input": list(items) or [u("How is Rome?")], "store": False, **more}
    return body | ({"tools": made} if made else {})


def u(*content: Any) -> dict[str, Any]:
    if len(content) == 1 and isinstance(content[0], str):
        return {"role": "user", "content": content[0]}
    blocks = [{"type": "text", "text": one} if isinstance(one, str) else one for one in content]
    return {"role": "user", "content": blocks}


def a(*content: Any) -> dict[str, Any]:
    return u(*content) | {"role": "assistant"}


def use(call: str, city: str = "Rome", name: str = "weather") -> dict[str, Any]:
    return {"type": "tool_use", "id": call, "name": name, "input": {"city": city}}


def got(call: str, content: Any = "sunny", **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": call, "content": content, **more}


def chat_call(call: str, city: str = "Rome", name: str = "weather") -> dict[str, Any]:
    return {
        "id": call,
        "type": "function",
        "function": {"name": name, "arguments": json.dumps({"city": city})},
    }


def tool(call: str, content: Any = "sunny") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call, "content": content}


def call_item(call: str, city: str = "Rome") -> dict[str, Any]:
    return {
        "type": "function_call",
        "call_id": call,
        "name": "weather",
        "arguments": json.dumps({"city": city}),
    }


def output_item(call: str, output: Any = "sunny") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call, "output": output}


# --- looking at what was sent


def roles(sent: Sent) -> list[str]:
    return [turn["role"] for turn in sent["messages"]]


def words(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content or [] if isinstance(part, dict))


def everything(sent: Any) -> str:
    return json.dumps(sent, ensure_ascii=False)


def functions(sent: Sent) -> list[dict[str, Any]]:
    """The tools of a Chat or Responses request as {name, parameters …}."""
    return [one.get("function", one) for one in sent.get("tools") or []]
