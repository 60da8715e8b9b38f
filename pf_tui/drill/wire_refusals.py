"""What every server of a protocol refuses, as its owner does. Pure.

Source: anthropic and openai SDK types, and the two vendors' error texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any  # Any: a request as the agent wrote it: JSON of any shape

Body = Mapping[str, Any]
"""A request as anybody may send it: a refusal looks into one place of it, and trips over what is worse."""

MESSAGES, CHAT, RESPONSES = "anthropic-messages", "openai-chat", "openai-responses"

_WORD = re.compile(r"[a-zA-Z0-9_-]+")


def messages(body: Body) -> str | None:
    """Anthropic's own rules, which its compatible vendors copied. Source: anthropic SDK types, API errors."""
    limit = body.get("max_tokens")
    if not isinstance(limit, int):
        return "max_tokens: Field required"
    messages = body.get("messages") or []
    if not messages or messages[0].get("role") != "user":
        return "messages: first message must use the user role"
    waiting: set[str] = set()
    for index, message in enumerate(messages):
        if message.get("role") not in ("user", "assistant", "system"):
            return f"messages.{index}.role: Input should be 'user', 'assistant' or 'system'"
        content = message.get("content")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if not blocks and index < len(messages) - 1:
            return f"messages.{index}: all messages must have non-empty content"
        results = {block.get("tool_use_id") for block in blocks if block.get("type") == "tool_result"}
        if message["role"] == "user":
            if missing := waiting - results:
                return f"messages.{index}: `tool_use` ids were found without `tool_result` blocks: {missing}"
            if extra := results - waiting:
                return f"messages.{index}: unexpected `tool_use_id` found in `tool_result` blocks: {extra}"
            kinds = [block.get("type") == "tool_result" for block in blocks]
            if kinds != sorted(kinds, reverse=True) and results:
                return f"messages.{index}: tool_result blocks must come first"
            waiting = set()
        if message["role"] == "assistant":
            ids = [str(block.get("id")) for block in blocks if block.get("type") == "tool_use"]
            if _double(ids):
                return f"messages.{index}: `tool_use` ids must be unique"
            waiting = set(ids)
        for block in blocks:
            if block.get("type") == "text" and not (block.get("text") or "").strip():
                return "messages: text content blocks must contain non-whitespace text"
            if block.get("type") == "tool_use":
                if not _WORD.fullmatch(str(block.get("id"))):
                    return "messages.content.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"
                if not isinstance(block.get("input"), Mapping):
                    return "messages.content.tool_use.input: Input should be a valid dictionary"
    if waiting:
        return f"messages: `tool_use` ids were found without `tool_result` blocks: {waiting}"
    for tool in body.get("tools") or ():
        if tool.get("type") in (None, "custom"):
            if not re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", str(tool.get("name"))):
                return "tools.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"
            if (tool.get("input_schema") or {}).get("type") != "object":
                return "tools.input_schema.type: Field required"
    if double := _double(tool.get("name") for tool in body.get("tools") or ()):
        return f"tools: Tool names must be unique. ({double})"
    if "output_format" in body:
        return "output_format: This field is deprecated. Use 'output_config.format' instead."
    return None


def chat(body: Body) -> str | None:
    """What every server of Chat wants. Source: openai SDK types, OpenAI's error texts."""
    messages = body.get("messages")
    if not messages:
        return "Invalid 'messages': empty array."
    waiting: set[str] = set()
    for index, message in enumerate(messages):
        role = message.get("role")
        if role not in ("system", "developer", "user", "assistant", "tool"):
            return f"Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', 'tool'."
        if role == "tool":
            if message.get("tool_call_id") not in waiting:
                return (
                    "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
                )
            waiting.discard(message["tool_call_id"])
            content = message.get("content")
            if not isinstance(content, str) and any(part.get("type") != "text" for part in content or ()):
                return "Invalid content type: tool messages take text only."
            continue
        if waiting:
            return (
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each"
                f" 'tool_call_id'. (No tool output found for {sorted(waiting)})"
            )
        if role == "assistant":
            calls = message.get("tool_calls") or ()
            if not calls and message.get("content") in (None, ""):
                return f"Invalid value for 'content': expected a string, got null (messages.[{index}])."
            for call in calls:
                function = call.get("function") or {}
                if not re.fullmatch(r"[a-zA-Z0-9_.:-]{1,64}", str(function.get("name"))):
                    return "Invalid 'messages.tool_calls.function.name': string does not match pattern."
                if not _is_object(function.get("arguments")):
                    return "Invalid 'messages.tool_calls.function.arguments': not a JSON object."
            waiting = {str(call.get("id")) for call in calls}
    if waiting:
        return "An assistant message with 'tool_calls' must be followed by tool messages."
    for tool in body.get("tools") or ():
        if tool.get("type") == "function":
            function = tool.get("function") or {}
            if not re.fullmatch(r"[a-zA-Z0-9_.:-]{1,64}", str(function.get("name"))):
                return "Invalid 'tools[0].function.name': string does not match pattern '^[a-zA-Z0-9_-]+$'."
            if (function.get("parameters") or {"type": "object"}).get("type") != "object":
                return "Invalid schema for function: schema must be a JSON Schema of 'type: \"object\"'."
    if "tools" in body and not body["tools"]:
        return "Invalid 'tools': empty array."
    if "tool_choice" in body and not body.get("tools"):
        return "'tool_choice' is only allowed when 'tools' are specified."
    return None


def responses(body: Body) -> str | None:
    """What OpenAI's Responses wants. Source: openai SDK types and error texts."""
    if isinstance(limit := body.get("max_output_tokens"), int) and limit < 16:
        return "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16."
    items = body.get("input")
    if isinstance(items, str):
        return None
    call_ids: set[str] = set()
    result_ids: set[str] = set()
    for item in items or ():
        kind = item.get("type")
        if kind in ("function_call", "custom_tool_call"):
            if len(str(item.get("call_id"))) > 64:
                return "Invalid 'input.call_id': string too long. Expected a string with maximum length 64."
            call_ids.add(str(item.get("call_id")))
        elif kind in ("function_call_output", "custom_tool_call_output"):
            if str(item.get("call_id")) not in call_ids:
                return f"No tool call found for function call output with call_id {item.get('call_id')}."
            result_ids.add(str(item.get("call_id")))
    if missing := call_ids - result_ids:
        return f"No tool output found for function call {min(missing)}."
    for tool in body.get("tools") or ():
        if tool.get("type") == "function" and not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", str(tool.get("name"))):
            return "Invalid 'tools.name': string does not match pattern '^[a-zA-Z0-9_-]+$'."
    return None


def _double(names: Iterable[object]) -> object | None:
    """The first name that comes twice."""
    earlier: set[object] = set()
    for name in names:
        if name in earlier:
            return name
        earlier.add(name)
    return None


def objects(value: object) -> Iterator[Body]:
    """Every object inside a value."""
    if isinstance(value, Mapping):
        yield value
        for entry in value.values():
            yield from objects(entry)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from objects(entry)


def schemas(schema: object) -> Iterator[Body]:
    """A schema and those inside it; the names of properties are no keywords."""
    if not isinstance(schema, Mapping):
        return
    yield schema
    for key, value in schema.items():
        if key in ("properties", "$defs", "definitions"):
            for inner in value.values():
                yield from schemas(inner)
        elif isinstance(value, Mapping):
            yield from schemas(value)
        elif isinstance(value, list) and key in ("anyOf", "oneOf", "allOf", "prefixItems"):
            for inner in value:
                yield from schemas(inner)


def _is_object(text: object) -> bool:
    try:
        return isinstance(text, str) and isinstance(json.loads(text), dict)
    except ValueError:
        return False
