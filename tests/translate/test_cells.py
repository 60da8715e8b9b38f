"""Every cell: each client's request, at each provider, is one its strict stand-in takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pf_tui.drill.refusals import VENDORS, refusal
from pf_tui.translate import Exchange
from tests.translate.conftest import CLAUDE, CODEX, captured, target
from tests.translate.protocols import CHAT, MESSAGES, RESPONSES

CELLS = {
    "anthropic-api": {MESSAGES: "claude-sonnet-5-5"},
    "openai-api": {RESPONSES: "gpt-6.1-terra", CHAT: "gpt-5.4"},
    "google-api": {CHAT: "gemini-3.1-pro"},
    "bedrock": {MESSAGES: "anthropic.claude-sonnet-5-5", RESPONSES: "openai.gpt-6.1-terra"},
    "azure": {MESSAGES: "claude-sonnet-5-5", RESPONSES: "gpt-6.1-terra", CHAT: "gpt-5.4"},
    "vertex": {MESSAGES: "claude-haiku-4-5@20251001"},
    "vertex-google": {CHAT: "google/gemini-3.8-flash"},
    "openrouter": {MESSAGES: "z-ai/glm-5.3", CHAT: "z-ai/glm-5.3", RESPONSES: "openai/gpt-6.1-terra"},
    "together": {CHAT: "zai-org/GLM-5.3"},
    "groq": {CHAT: "openai/gpt-oss-120b"},
    "xai-api": {RESPONSES: "grok-4.7", CHAT: "grok-4.7"},
    "mistral-api": {CHAT: "mistral-medium-3-5"},
    "deepseek-api": {MESSAGES: "deepseek-v4-pro", CHAT: "deepseek-v4-pro"},
    "cohere-api": {CHAT: "command-a-plus-05-2026"},
    "zai-coding-plan": {MESSAGES: "glm-5.3", CHAT: "glm-5.3", RESPONSES: "glm-5.3"},
}
"""Provider -> protocol -> a model of it."""

OPENCODE = json.dumps(
    {
        "model": "asked",
        "max_tokens": 32000,
        "temperature": 0.5,
        "stream": True,
        "stream_options": {"include_usage": True},
        "reasoning_effort": "xhigh",
        "tool_choice": "auto",
        "store": False,
        "messages": [
            {"role": "system", "content": "You are OpenCode."},
            {"role": "user", "content": [{"type": "text", "text": "look"}]},
            {
                "role": "assistant",
                "content": None,
                "reasoning_content": "Let me look.",
                "tool_calls": [
                    {
                        "id": "call_abc.1",
                        "type": "function",
                        "function": {"name": "bash", "arguments": '{"command":"ls"}'},
                    },
                    {
                        "id": "call_abc.2",
                        "type": "function",
                        "function": {"name": "mcp.very.long" * 8, "arguments": ""},
                    },
                ],
            },
            {"role": "tool", "tool_call_id": "call_abc.1", "content": "a"},
            {"role": "tool", "tool_call_id": "call_abc.2", "content": "b"},
            {"role": "user", "content": "go on"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": name,
                    "description": "",
                    "strict": False,
                    "parameters": {
                        "$schema": "http://json-schema.org/draft-07/schema#",
                        "type": "object",
                        "properties": {
                            "command": {"type": "string", "const": "ls"},
                            "level": {"enum": [1, 2]},
                            "list": {"type": "array"},
                            "inner": {"$ref": "#/$defs/inner"},
                        },
                        "required": ["command", "gone"],
                        "$defs": {
                            "inner": {
                                "type": "object",
                                "properties": {"a": {"exclusiveMinimum": 0, "type": "integer"}},
                            }
                        },
                    },
                },
            }
            for name in ("bash", "mcp.very.long" * 8)
        ],
    }
).encode()

REQUESTS = {
    "claude-code": (MESSAGES, captured(CLAUDE)),
    "codex-lite": (RESPONSES, captured(CODEX[0])),
    "codex-plain": (RESPONSES, captured(CODEX[1])),
    "opencode": (CHAT, OPENCODE),
}

OWN = {("claude-code", "anthropic-api"), ("codex-lite", "openai-api"), ("codex-plain", "openai-api")}
"""Client and vendor of one house: bytes pass."""

ROUTES = [
    (client, provider, protocol, model)
    for client in REQUESTS
    for provider, protocols in CELLS.items()
    for protocol, model in protocols.items()
    if (client, provider) != ("claude-code", "anthropic-api")
    and not (client.startswith("codex") and provider == "openai-api")
]


def test_every_vendor_with_known_refusals_is_a_cell() -> None:
    assert set(VENDORS) == set(CELLS)


@pytest.mark.parametrize(("client", "provider", "protocol", "model"), ROUTES)
def test_what_is_sent_is_what_the_vendor_takes(client: str, provider: str, protocol: str, model: str) -> None:
    source, raw = REQUESTS[client]
    body = json.loads(Exchange(raw, source, target(provider, protocol, model)).body)

    assert refusal(provider, protocol, body) is None
    assert body["model"] == model
    assert body["tools"], "the agent keeps its tools"


@pytest.mark.parametrize(("client", "provider", "protocol", "model"), ROUTES)
def test_the_same_request_gives_the_same_bytes(client: str, provider: str, protocol: str, model: str) -> None:
    source, raw = REQUESTS[client]
    first, second = (Exchange(raw, source, target(provider, protocol, model)).body for _ in range(2))

    assert first == second


def untranslated() -> list[tuple[str, str, str, Any]]:
    return [
        ("xai-api", RESPONSES, "grok-4.7", captured(CODEX[0])),
        ("xai-api", RESPONSES, "grok-4.7", captured(CODEX[1])),
        ("openrouter", RESPONSES, "z-ai/glm-5.3", captured(CODEX[0])),
        ("bedrock", RESPONSES, "openai.gpt-6.1-terra", captured(CODEX[0])),
        ("openrouter", MESSAGES, "z-ai/glm-5.3", captured(CLAUDE)),
        ("deepseek-api", MESSAGES, "deepseek-v4-pro", captured(CLAUDE)),
        ("vertex", MESSAGES, "claude-haiku-4-5", captured(CLAUDE)),
        *((provider, CHAT, models[CHAT], OPENCODE) for provider, models in CELLS.items() if CHAT in models),
    ]


@pytest.mark.parametrize(("provider", "protocol", "model", "raw"), untranslated())
def test_the_client_s_own_bytes_would_be_refused(
    provider: str, protocol: str, model: str, raw: bytes
) -> None:
    """The stand-ins are strict: they would have shown what goes wrong without the dialect."""
    found = refusal(provider, protocol, json.loads(raw) | {"model": model})

    assert found is not None
    assert found[0] in (400, 422)
    assert json.loads(found[1])
