"""Requests as agents and SDKs send them on a bad day: odd schemas, names, turns and settings.

Each is a request that its own protocol's owner takes; where that is a newest model's own rule, one that an
older model takes.
"""

from __future__ import annotations

import json
from typing import Any

from tests.translate.protocols import CHAT, MESSAGES, RESPONSES

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

SCHEMAS: dict[str, dict[str, Any]] = {
    "refs": {
        "type": "object",
        "properties": {
            "point": {"$ref": "#/$defs/Point"},
            "more": {"type": "array", "items": {"$ref": "#/$defs/Point"}},
        },
        "required": ["point"],
        "$defs": {
            "Point": {
                "type": "object",
                "properties": {"x": {"type": "number"}, "next": {"$ref": "#/$defs/Point"}},
            }
        },
    },
    "root-ref": {
        "$ref": "#/$defs/Args",
        "$defs": {
            "Args": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
        },
    },
    "nullable": {
        "type": "object",
        "properties": {
            "a": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            "b": {"type": ["integer", "null"]},
            "c": {"oneOf": [{"const": "x"}, {"const": "y"}]},
        },
        "required": ["a", "b"],
    },
    "numbers": {
        "type": "object",
        "properties": {
            "level": {"type": "integer", "enum": [1, 2, 3]},
            "on": {"enum": [True, False, None]},
            "x": {"enum": ["a", 1]},
        },
    },
    "root-any": {
        "type": "object",
        "properties": {"id": {"type": "string"}, "title": {"type": "string"}},
        "required": ["id"],
        "anyOf": [{"required": ["title"]}, {"required": ["id"]}],
    },
    "root-all": {
        "allOf": [
            {"$ref": "#/definitions/Base"},
            {"properties": {"b": {"type": "string"}}, "required": ["b"]},
        ],
        "definitions": {
            "Base": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
        },
    },
    "nothing": {},
    "only-type": {"type": "object"},
    "draft": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:x",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "n": {"type": "integer", "exclusiveMinimum": 0, "maximum": 10, "default": 3},
            "s": {"type": "string", "pattern": "^a+$", "format": "uri", "minLength": 1},
            "m": {
                "type": "object",
                "patternProperties": {"^x": {"type": "string"}},
                "propertyNames": {"pattern": "x"},
            },
            "t": {"type": "array", "prefixItems": [{"type": "string"}], "items": False},
            "free": {},
            "type": {"type": "string"},
        },
        "required": ["n", "missing"],
    },
}

NAMES = (
    "mcp__server.name__tool/with/slashes",
    "a" * 128,
    "a" * 127 + "b",
    "7zip",
    "räksmörgås",
    "same.name",
    "same/name",
)


def _anthropic_tools() -> list[dict[str, Any]]:
    tools = [
        {"name": f"t-{name}", "description": "", "input_schema": {"type": "object", **schema}}
        for name, schema in SCHEMAS.items()
    ]
    tools += [{"name": name, "input_schema": {"type": "object", "properties": {}}} for name in NAMES]
    return [*tools, {"type": "custom", "name": "t-nothing", "input_schema": {"type": "object"}}]


def _functions(flat: bool) -> list[dict[str, Any]]:
    functions = [{"name": f"t-{name}", "parameters": schema} for name, schema in SCHEMAS.items()]
    functions += [{"name": name} for name in NAMES]
    functions += [{"name": "t-nothing", "parameters": {"type": "object"}}]
    return [
        {"type": "function", **function} if flat else {"type": "function", "function": function}
        for function in functions
    ]


def _user(text: Any = "hi") -> dict[str, Any]:
    return {"role": "user", "content": text}


def _messages(*turns: Any, **more: Any) -> tuple[str, dict[str, Any]]:
    return MESSAGES, {"model": "asked", "max_tokens": 4000, "messages": list(turns) or [_user()], **more}


def _chat(*turns: Any, **more: Any) -> tuple[str, dict[str, Any]]:
    return CHAT, {"model": "asked", "messages": list(turns) or [_user()], **more}


def _responses(*items: Any, **more: Any) -> tuple[str, dict[str, Any]]:
    return RESPONSES, {"model": "asked", "input": list(items) or [_user()], "store": False, **more}


TOOL = {"name": "look", "input_schema": {"type": "object", "properties": {"q": {"type": "string"}}}}
FUNCTION = {"type": "function", "function": {"name": "look", "parameters": TOOL["input_schema"]}}
FLAT = {"type": "function", "name": "look", "parameters": TOOL["input_schema"]}
FORM = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 1}, "s": {"type": "string"}},
    "required": ["n"],
}
CLOSED = {
    "type": "object",
    "properties": {"n": {"type": "integer"}, "s": {"type": "string"}},
    "required": ["n"],
    "additionalProperties": False,
}
_CALL = {"type": "tool_use", "id": "toolu_01.a:b/c", "name": "look", "input": {}}

ODD: dict[str, tuple[str, dict[str, Any]]] = {
    "messages-schemas": _messages(tools=_anthropic_tools()),
    "messages-forced-and-thinking-off": _messages(
        tools=[TOOL], tool_choice={"type": "tool", "name": "look"}, thinking={"type": "disabled"}
    ),
    "messages-any-one-at-a-time": _messages(
        tools=[TOOL], tool_choice={"type": "any", "disable_parallel_tool_use": True}
    ),
    "messages-none": _messages(tools=[TOOL], tool_choice={"type": "none"}),
    "messages-budget": _messages(thinking={"type": "enabled", "budget_tokens": 2000}, temperature=1),
    "messages-off-and-effort": _messages(thinking={"type": "disabled"}, output_config={"effort": "high"}),
    "messages-adaptive-max": _messages(thinking={"type": "adaptive"}, output_config={"effort": "max"}),
    "messages-sampling": _messages(temperature=0.2, top_k=5),
    "messages-top-p": _messages(top_p=0.8),
    "messages-stops": _messages(stop_sequences=["a", "b", "c", "d", "e", "f"]),
    "messages-format": _messages(output_config={"format": {"type": "json_schema", "schema": CLOSED}}),
    "messages-prefill": _messages(_user(), {"role": "assistant", "content": "The answer is "}),
    "messages-prefill-blocks": _messages(
        _user(), {"role": "assistant", "content": [{"type": "text", "text": "{ "}]}
    ),
    "messages-same-role": _messages(
        _user("a"),
        _user("b"),
        {"role": "assistant", "content": "c"},
        {"role": "assistant", "content": "d"},
        _user("e"),
    ),
    "messages-system-list": _messages(
        _user(),
        system=[
            {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1;"},
            {"type": "text", "text": "One.", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            {"type": "text", "text": ""},
        ],
    ),
    "messages-results": _messages(
        _user(),
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "pf1:deepseek-api:xyz"},
                {"type": "redacted_thinking", "data": "gAAAAother"},
                _CALL,
                _CALL | {"id": "toolu_2", "name": "gone/tool"},
                _CALL | {"id": "x" * 90},
            ],
        },
        _user(
            [
                {"type": "tool_result", "tool_use_id": "x" * 90},
                {"type": "tool_result", "tool_use_id": "toolu_01.a:b/c", "is_error": True, "content": ""},
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_2",
                    "content": [
                        {
                            "type": "image",
                            "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
                        },
                        {"type": "text", "text": " "},
                    ],
                },
                {"type": "text", "text": "and?", "citations": None},
            ]
        ),
        tools=[TOOL],
    ),
    "messages-media": _messages(
        _user(
            [
                {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
                {"type": "image", "source": {"type": "file", "file_id": "file_011"}},
                {
                    "type": "document",
                    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
                },
                {
                    "type": "document",
                    "source": {"type": "url", "url": "https://example.org/a.pdf"},
                    "title": "A",
                },
                {
                    "type": "document",
                    "source": {"type": "text", "media_type": "text/plain", "data": "words"},
                    "citations": {"enabled": True},
                },
                {
                    "type": "document",
                    "source": {"type": "content", "content": [{"type": "text", "text": "words"}]},
                },
                {
                    "type": "search_result",
                    "title": "t",
                    "source": "s",
                    "content": [{"type": "text", "text": "w"}],
                },
                {"type": "text", "text": "what is this?"},
            ]
        )
    ),
    "messages-hosted-blocks": _messages(
        _user(),
        {
            "role": "assistant",
            "content": [
                {
                    "type": "server_tool_use",
                    "id": "srvtoolu_1",
                    "name": "web_search",
                    "input": {"query": "q"},
                },
                {
                    "type": "web_search_tool_result",
                    "tool_use_id": "srvtoolu_1",
                    "content": [
                        {
                            "type": "web_search_result",
                            "url": "https://example.org",
                            "title": "E",
                            "encrypted_content": "x",
                        }
                    ],
                },
                {
                    "type": "text",
                    "text": "Found.",
                    "citations": [{"type": "web_search_result_location", "url": "https://example.org"}],
                },
            ],
        },
        _user("go on"),
    ),
    "messages-unknown": _messages(
        metadata={"user_id": json.dumps({"device_id": "d" * 200, "session_id": "s" * 36})},
        service_tier="auto",
        container=None,
        new_field={"a": 1},
        fallbacks=["x"],
    ),
    "messages-huge-limit": _messages(max_tokens=1_000_000),
    "chat-schemas": _chat(tools=_functions(flat=False), tool_choice="required", parallel_tool_calls=False),
    "chat-strict": _chat(
        tools=[
            {
                "type": "function",
                "function": {
                    "name": "look",
                    "strict": True,
                    "parameters": {
                        "type": "object",
                        "properties": {"q": {"type": "string"}},
                        "required": ["q"],
                        "additionalProperties": False,
                    },
                },
            }
        ]
    ),
    "chat-named": _chat(
        tools=[FUNCTION],
        tool_choice={"type": "function", "function": {"name": "look"}},
        reasoning_effort="high",
    ),
    "chat-allowed": _chat(
        tools=[FUNCTION],
        tool_choice={
            "type": "allowed_tools",
            "allowed_tools": {
                "mode": "required",
                "tools": [{"type": "function", "function": {"name": "look"}}],
            },
        },
    ),
    "chat-legacy": _chat(functions=[FUNCTION["function"]], function_call="auto"),
    "chat-effort-minimal": _chat(reasoning_effort="minimal", temperature=1.4, top_p=0.5),
    "chat-effort-none": _chat(reasoning_effort="none", temperature=0.5, verbosity="low"),
    "chat-stops": _chat(stop=["a", "b", "c", "d"], seed=1, user="u", logprobs=True, top_logprobs=2),
    "chat-form": _chat(
        response_format={
            "type": "json_schema",
            "json_schema": {
                "name": "n",
                "strict": True,
                "schema": {**FORM, "required": ["n", "s"], "additionalProperties": False},
            },
        }
    ),
    "chat-loose-form": _chat(
        response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": FORM}}
    ),
    "chat-json": _chat(_user("as JSON"), response_format={"type": "json_object"}),
    "chat-roles": _chat(
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
        _user("a"),
        {"role": "system", "content": "Now be brief."},
        _user("b"),
        {"role": "assistant", "content": None, "refusal": "No."},
        _user([{"type": "text", "text": "c"}]),
    ),
    "chat-last-assistant": _chat(_user(), {"role": "assistant", "content": "Once upon"}),
    "chat-calls": _chat(
        _user() | {"name": "bob"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "c" * 80, "type": "function", "function": {"name": "look", "arguments": ""}},
                {"id": "call.2", "type": "function", "function": {"name": "look", "arguments": '{"q": "a'}},
            ],
        },
        {
            "role": "tool",
            "tool_call_id": "call.2",
            "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
        },
        {"role": "tool", "tool_call_id": "c" * 80, "content": ""},
        _user(
            [
                {
                    "type": "image_url",
                    "image_url": {"url": f"data:image/png;base64,{PIXEL}", "detail": "high"},
                },
                {"type": "file", "file": {"file_id": "file-1"}},
                {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
            ]
        ),
        tools=[FUNCTION],
        max_completion_tokens=5,
    ),
    "chat-odd-settings": _chat(
        n=1,
        service_tier="flex",
        store=True,
        metadata={"k": "v"},
        prompt_cache_key="k",
        prediction=None,
        stream=True,
        stream_options={"include_usage": False},
        modalities=["text"],
    ),
    "responses-schemas": _responses(
        tools=_functions(flat=True), parallel_tool_calls=False, include=["reasoning.encrypted_content"]
    ),
    "responses-forced": _responses(
        tools=[FLAT],
        tool_choice={"type": "function", "name": "look"},
        reasoning={"effort": "low", "summary": "auto"},
    ),
    "responses-required": _responses(tools=[FLAT], tool_choice="required", reasoning={"effort": "none"}),
    "responses-minimal": _responses(
        reasoning={"effort": "minimal"}, temperature=1, top_p=1, max_output_tokens=3
    ),
    "responses-form": _responses(
        text={
            "verbosity": "low",
            "format": {
                "type": "json_schema",
                "name": "n",
                "strict": True,
                "schema": {**FORM, "required": ["n", "s"], "additionalProperties": False},
            },
        }
    ),
    "responses-json": _responses(_user("as JSON"), text={"format": {"type": "json_object"}}),
    "responses-items": _responses(
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be kind."}]},
        _user(
            [
                {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}", "detail": "auto"},
                {"type": "input_file", "file_id": "file-1"},
                {
                    "type": "input_file",
                    "filename": "a.pdf",
                    "file_data": "data:application/pdf;base64,JVBERi0=",
                },
                {"type": "input_text", "text": "see"},
            ]
        ),
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAAx"},
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look", "arguments": ""},
        {
            "type": "custom_tool_call",
            "id": "ctc_1",
            "call_id": "call_2",
            "name": "patch",
            "input": "*** Begin",
        },
        {"type": "custom_tool_call_output", "call_id": "call_2", "output": "ok"},
        {
            "type": "function_call_output",
            "call_id": "call_1",
            "output": [
                {"type": "input_text", "text": "a"},
                {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}"},
            ],
        },
        {
            "type": "web_search_call",
            "id": "ws_1",
            "status": "completed",
            "action": {"type": "search", "query": "q"},
        },
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Seen.", "annotations": []}],
        },
        _user("go on"),
        tools=[FLAT, {"type": "custom", "name": "patch", "description": "d"}, {"type": "web_search"}],
        truncation="auto",
        client_metadata={"a": "b"},
        service_tier="priority",
        metadata={"k": "v"},
    ),
    "responses-text-input": (
        RESPONSES,
        {"model": "asked", "input": "hi", "instructions": "Be kind.", "background": False},
    ),
    "responses-last-assistant": _responses(
        _user(),
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Once"}]},
    ),
}
"""Name -> (protocol, body)."""
