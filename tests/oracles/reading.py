"""What a client has heard, the same for a stream and a whole answer of the three protocols."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

MESSAGES, CHAT, RESPONSES = "anthropic-messages", "openai-chat", "openai-responses"


@dataclass
class Heard:
    """An answer as its client understands it; AssertionError while reading when it cannot."""

    text: str = ""
    thinking: str = ""
    calls: list[tuple[str, Any]] = field(default_factory=list)
    """(name, arguments), in order."""
    call_ids: list[str] = field(default_factory=list)
    stop: str | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    ended: bool = False


def read(client: str, told: Any) -> Heard:
    """Take apart what was told to a client of that protocol."""
    if isinstance(told, dict) and "error" in told and told["error"]:
        return Heard(error=json.dumps(told["error"]))
    if isinstance(told, dict):
        return {MESSAGES: _message, CHAT: _completion, RESPONSES: _response}[client](told)
    return {MESSAGES: _message_events, CHAT: _chunks, RESPONSES: _response_events}[client](told)


def _message(told: dict[str, Any]) -> Heard:
    heard = Heard(stop=told.get("stop_reason"), usage=told.get("usage") or {}, ended=True)
    for block in told.get("content") or []:
        if block["type"] == "text":
            heard.text += block["text"]
        elif block["type"] == "thinking":
            heard.thinking += block["thinking"]
        elif block["type"] == "tool_use":
            assert isinstance(block["input"], dict), "a call's input is no object"
            heard.calls.append((block["name"], block["input"]))
            heard.call_ids.append(block["id"])
    return heard


def _message_events(told: list[dict[str, Any]]) -> Heard:
    heard, blocks, open_at = Heard(), [], None
    for event in told:
        kind = event.get("type")
        if kind == "message_start":
            heard.usage |= {k: v for k, v in (event["message"].get("usage") or {}).items() if v is not None}
        elif kind == "content_block_start":
            assert open_at is None, "two blocks are open at once"
            assert event["index"] == len(blocks), "an index is left out or used twice"
            open_at = event["index"]
            blocks.append({**event["content_block"], "json": ""})
        elif kind == "content_block_delta":
            assert event["index"] == open_at, "a delta for a block that is not open"
            delta, block = event["delta"], blocks[-1]
            for key in ("text", "thinking"):
                if delta.get("type") == f"{key}_delta":
                    assert block["type"] == key, "a delta of another kind than its block"
                    block[key] = block.get(key, "") + delta[key]
            block["json"] += delta.get("partial_json") or ""
        elif kind == "content_block_stop":
            assert event["index"] == open_at, "a stop for a block that is not open"
            open_at = None
        elif kind == "message_delta":
            heard.stop = event["delta"].get("stop_reason") or heard.stop
            heard.usage |= {k: v for k, v in (event.get("usage") or {}).items() if v is not None}
        elif kind == "message_stop":
            heard.ended = True
        elif kind == "error":
            heard.error = json.dumps(event.get("error"))
    for block in blocks:
        if block["type"] == "tool_use":
            found = json.loads(block["json"]) if block["json"] else block.get("input") or {}
            heard.calls.append((block["name"], found))
            heard.call_ids.append(block["id"])
        elif block["type"] in ("text", "thinking"):
            text = block.get(block["type"], "")
            setattr(heard, block["type"], getattr(heard, block["type"]) + text)
    return heard


def _completion(told: dict[str, Any]) -> Heard:
    choice = told["choices"][0]
    message = choice["message"]
    return _chat(message, choice["finish_reason"], told.get("usage") or {})


def _chat(message: dict[str, Any], finish: str | None, usage: dict[str, Any]) -> Heard:
    heard = Heard(stop=finish, usage=usage, ended=finish is not None)
    heard.text = message.get("content") or message.get("refusal") or ""
    heard.thinking = message.get("reasoning_content") or ""
    for call in message.get("tool_calls") or []:
        heard.calls.append((call["function"]["name"], json.loads(call["function"]["arguments"])))
        heard.call_ids.append(call["id"])
    return heard


def _chunks(told: list[dict[str, Any]]) -> Heard:
    message: dict[str, Any] = {"content": "", "reasoning_content": "", "refusal": ""}
    calls: dict[int, dict[str, Any]] = {}
    finish, usage, error = None, {}, ""
    for chunk in told:
        usage = chunk.get("usage") or usage
        error = json.dumps(chunk["error"]) if chunk.get("error") else error
        for choice in chunk.get("choices") or []:
            delta = choice.get("delta") or {}
            finish = choice.get("finish_reason") or finish
            for key in message:
                message[key] += delta.get(key) or ""
            for call in delta.get("tool_calls") or []:
                whole = calls.setdefault(call["index"], {"id": "", "function": {"name": "", "arguments": ""}})
                whole["id"] = call.get("id") or whole["id"]
                for key, value in (call.get("function") or {}).items():
                    whole["function"][key] += value or ""
    heard = _chat(message | {"tool_calls": [calls[place] for place in sorted(calls)]}, finish, usage)
    heard.error = error
    return heard


ENDS = {"response.completed": "completed", "response.incomplete": "incomplete", "response.failed": "failed"}


def _response(told: dict[str, Any]) -> Heard:
    heard = Heard(stop=told.get("status"), usage=told.get("usage") or {}, ended=True)
    if told.get("status") == "failed":
        heard.error = json.dumps(told.get("error"))
    for item in told.get("output") or []:
        _item(heard, item)
    return heard


def _item(heard: Heard, item: dict[str, Any]) -> None:
    if item["type"] == "message":
        heard.text += "".join(part.get("text") or part.get("refusal") or "" for part in item["content"])
    elif item["type"] == "reasoning":
        heard.thinking += "".join(part.get("text") or "" for part in item.get("summary") or [])
        heard.thinking += "".join(part.get("text") or "" for part in item.get("content") or [])
    elif item["type"] == "function_call":
        heard.calls.append((item["name"], json.loads(item["arguments"])))
        heard.call_ids.append(item["call_id"])
    elif item["type"] == "custom_tool_call":
        heard.calls.append((item["name"], item["input"]))
        heard.call_ids.append(item["call_id"])


def _response_events(told: list[dict[str, Any]]) -> Heard:
    heard = Heard()
    for event in told:
        kind = event.get("type", "")
        if kind == "response.output_item.done":
            _item(heard, event["item"])
        elif kind in ENDS:
            heard.stop, heard.ended = ENDS[kind], kind != "response.failed"
            heard.usage = event["response"].get("usage") or {}
            if kind == "response.failed":
                heard.error = json.dumps(event["response"].get("error"))
        elif kind == "error":
            heard.error = json.dumps(event)
    return heard
