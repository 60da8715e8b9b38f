"""Stand-ins refuse what the vendors refuse, in the vendors' own words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pf_tui.drill.refusals import refusal

MESSAGES, CHAT, RESPONSES = "anthropic-messages", "openai-chat", "openai-responses"
HI = {"role": "user", "content": "hi"}
TOOL = {"name": "look", "input_schema": {"type": "object", "properties": {}}}
FUNCTION = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
}
ANY = {"type": "any"}
ADAPTIVE, OFF = {"type": "adaptive"}, {"type": "disabled"}
BUDGET = {"type": "enabled", "budget_tokens": 2000}
ROOT_ANY = {"type": "object", "properties": {}, "anyOf": [{"required": ["a"]}]}
OPEN = {"type": "object", "properties": {"a": {"type": "string"}}}


def claude(model: str, **more: Any) -> tuple[str, str, dict[str, Any]]:
    return "anthropic-api", MESSAGES, {"model": model, "max_tokens": 4000, "messages": [HI], **more}


def chat(vendor: str, model: str, **more: Any) -> tuple[str, str, dict[str, Any]]:
    return vendor, CHAT, {"model": model, "messages": [HI], **more}


def responses(vendor: str, model: str, **more: Any) -> tuple[str, str, dict[str, Any]]:
    return vendor, RESPONSES, {"model": model, "input": [HI], **more}


REFUSED = [
    (
        claude("claude-opus-5", thinking=ADAPTIVE, tools=[TOOL], tool_choice=ANY),
        "Thinking may not be enabled when",
    ),
    (
        claude("claude-haiku-4-5", thinking=BUDGET, tools=[TOOL], tool_choice=ANY),
        "Thinking may not be enabled when",
    ),
    (claude("claude-opus-5-5", tools=[TOOL], tool_choice=ANY), 'type "tool" and "any" are not supported'),
    (
        claude("claude-sonnet-5-5", tools=[TOOL], tool_choice={"type": "tool", "name": "look"}),
        "are not supported for",
    ),
    (claude("claude-fable-5-1", tools=[TOOL], tool_choice=ANY), "are not supported for this model"),
    (claude("claude-fable-5", thinking=OFF), '"thinking.type.disabled" is not supported for this model'),
    (claude("claude-opus-5-5", thinking=OFF), '"thinking.type.disabled" is not supported for this model'),
    (claude("claude-sonnet-5-5", thinking=OFF), '"thinking.type.disabled" is not supported for this model'),
    (claude("claude-opus-5", thinking=OFF, output_config={"effort": "max"}), 'with effort "max"'),
    (claude("claude-opus-4-7", thinking=BUDGET), '"thinking.type.enabled" is not supported for this model'),
    (claude("claude-sonnet-5", thinking=BUDGET), '"thinking.type.enabled" is not supported for this model'),
    (claude("claude-sonnet-4-5", thinking=ADAPTIVE), "adaptive thinking is not supported on this model"),
    (claude("claude-sonnet-4-5", output_config={"effort": "low"}), "does not support the effort parameter"),
    (claude("claude-haiku-4-5", thinking=BUDGET | {"budget_tokens": 500}), "greater than or equal to 1024"),
    (claude("claude-haiku-4-5", thinking=BUDGET | {"budget_tokens": 9000}), "must be greater than `thinking"),
    (claude("claude-haiku-4-5", thinking=BUDGET, temperature=0.5), "`temperature` may only be set to 1"),
    (claude("claude-haiku-4-5", thinking=BUDGET, top_k=5), "`top_k` must be unset"),
    (claude("claude-opus-4-7", temperature=0.2), "`temperature` is deprecated for this model"),
    (claude("claude-sonnet-5-5", top_p=0.2), "`top_p` is deprecated for this model"),
    (claude("claude-fable-5", top_k=4), "`top_k` is deprecated for this model"),
    (claude("claude-sonnet-4-6", temperature=0.2, top_p=0.5), "cannot both be specified"),
    (
        claude("claude-opus-5", messages=[HI, {"role": "assistant", "content": "a"}]),
        "assistant message prefill",
    ),
    (
        claude("claude-haiku-4-5", messages=[HI, {"role": "assistant", "content": "a "}]),
        "trailing whitespace",
    ),
    (
        claude("claude-opus-5", tools=[TOOL | {"input_schema": ROOT_ANY}]),
        "does not support oneOf, allOf, or anyOf",
    ),
    (claude("claude-opus-5", tools=[TOOL, TOOL]), "Tool names must be unique"),
    (claude("claude-opus-5", stop_sequences=[" "]), "must contain non-whitespace"),
    (
        claude("claude-opus-5", system=[{"type": "text", "text": "x", "cache_control": {}}] * 5),
        "A maximum of 4 blocks",
    ),
    (
        claude("claude-opus-5", output_config={"format": {"type": "json_schema", "schema": OPEN}}),
        "must be explicitly",
    ),
    (chat("openai-api", "gpt-4.1", stop=list("abcde")), "maximum length 4, but got an array with length 5"),
    (chat("azure", "gpt-4.1", stop=list("abcde")), "maximum length 4, but got an array with length 5"),
    (chat("groq", "openai/gpt-oss-120b", stop=list("abcde")), "maximum number of items is 4"),
    (chat("google-api", "gemini-3.1-pro", stop=list("abcdef")), "At most 5 can be specified"),
    (chat("openai-api", "gpt-5.2", stop=["a"]), "'stop' is not supported with this model"),
    (chat("openai-api", "gpt-5.2", temperature=0.5), "'temperature' is not supported with this model"),
    (responses("openai-api", "gpt-6.1-terra", top_p=0.5), "'top_p' is not supported with this model"),
    (responses("openai-api", "gpt-6.1-terra", stop=["a"]), "Unknown parameter: 'stop'"),
    (chat("openai-api", "gpt-4.1", response_format={"type": "json_object"}), "must contain the word 'json'"),
    (
        chat("deepseek-api", "deepseek-v4-pro", response_format={"type": "json_object"}),
        "must contain the word 'json'",
    ),
    (
        responses(
            "openai-api",
            "gpt-4.1",
            tools=[{"type": "function", "name": "f", "parameters": OPEN, "strict": True}],
        ),
        "'additionalProperties' is required",
    ),
    (
        chat(
            "openai-api",
            "gpt-4.1",
            tools=[{"type": "function", "function": {"name": "f", "parameters": ROOT_ANY}}],
        ),
        "schema must have type 'object' and not have",
    ),
    (
        responses(
            "openai-api",
            "gpt-4.1",
            input=[
                {"type": "custom_tool_call", "id": "fc_1", "call_id": "c", "name": "n", "input": ""},
                {"type": "custom_tool_call_output", "call_id": "c", "output": ""},
            ],
        ),
        "Expected an ID that begins with 'ctc'",
    ),
    (
        chat("google-api", "gemini-3.1-pro", tools=[FUNCTION, FUNCTION]),
        "Duplicate function declaration found: look",
    ),
    (
        chat("google-api", "gemini-3.1-pro", messages=[HI, {"role": "assistant", "content": "a"}]),
        "ending with a model turn",
    ),
]


@pytest.mark.parametrize(("request_", "words"), REFUSED)
def test_a_stand_in_refuses_in_the_vendor_s_words(
    request_: tuple[str, str, dict[str, Any]], words: str
) -> None:
    vendor, protocol, body = request_

    answer = refusal(vendor, protocol, body)

    assert answer is not None
    assert answer[0] == 400
    assert words in json.dumps(json.loads(answer[1]), ensure_ascii=False).replace('\\"', '"')


TAKEN = [
    claude("claude-opus-5", tools=[TOOL], tool_choice=ANY, thinking=OFF, output_config={"effort": "high"}),
    claude("claude-sonnet-5-5", thinking={"type": "between_tools"}, temperature=1),
    claude("claude-sonnet-4-6", thinking=BUDGET),
    claude("claude-haiku-4-5", thinking=BUDGET, temperature=1),
    claude("claude-opus-4-1", temperature=0.2, messages=[HI, {"role": "assistant", "content": "a"}]),
    chat("openai-api", "gpt-4.1", stop=list("abcd"), temperature=0.3),
    chat("openai-api", "gpt-5.2", reasoning_effort="none", temperature=0.3),
    chat("google-api", "gemini-3.1-pro", stop=list("abcde")),
]


@pytest.mark.parametrize("request_", TAKEN)
def test_a_stand_in_takes_what_the_vendor_takes(request_: tuple[str, str, dict[str, Any]]) -> None:
    assert refusal(*request_) is None
