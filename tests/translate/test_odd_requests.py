"""Odd requests at every provider: what is sent is what the strict stand-in takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pf_tui import translate
from pf_tui.drill import fake_replies
from pf_tui.drill.fake_replies import Call, Reply
from pf_tui.drill.refusals import refusal
from pf_tui.errors import WrongUsage
from pf_tui.translate import Exchange
from tests.odd_requests import NAMES, ODD, SCHEMAS
from tests.translate.conftest import sent, target
from tests.translate.protocols import CHAT, MESSAGES, RESPONSES
from tests.translate.test_cells import CELLS

CLAUDES = (
    "claude-haiku-4-5",
    "claude-sonnet-4-5",
    "claude-opus-4-5",
    "claude-sonnet-4-6",
    "claude-opus-4-7",
    "claude-opus-4-8",
    "claude-opus-5",
    "claude-sonnet-5",
    "claude-fable-5",
    "claude-fable-5-1",
    "claude-opus-5-5",
    "claude-sonnet-5-5",
    "claude-haiku-5-5",
)

PLACES = [
    *(
        (provider, protocol, model)
        for provider, models in CELLS.items()
        for protocol, model in models.items()
    ),
    *(("anthropic-api", MESSAGES, model) for model in CLAUDES),
    *(("bedrock", MESSAGES, f"us.anthropic.{model}-v1:0") for model in CLAUDES),
    *(("openrouter", MESSAGES, f"anthropic/{model}") for model in CLAUDES),
]


@pytest.mark.parametrize("name", ODD)
def test_an_odd_request_is_fitted_to_every_provider(name: str) -> None:
    source, body = ODD[name]
    raw = json.dumps(body).encode()
    refused = {}
    for provider, protocol, model in PLACES:
        dialect = target(provider, protocol, model)
        if dialect.owner and protocol == source:
            continue  # bytes pass: the client's own vendor answers for itself
        fitted = json.loads(Exchange(raw, source, dialect).body)
        if answer := refusal(provider, protocol, fitted):
            refused[f"{provider} {protocol} {model}"] = answer[1].decode()

    assert refused == {}


def sent_to(name: str, provider: str, protocol: str, model: str) -> dict[str, Any]:
    """The body of an odd request as one provider gets it."""
    source, body = ODD[name]
    sent: dict[str, Any] = json.loads(
        Exchange(json.dumps(body).encode(), source, target(provider, protocol, model)).body
    )
    return sent


def at(body: Any, path: str) -> Any:
    """What stands there: `messages.-1.content`; None where nothing does."""
    for key in path.split("."):
        if isinstance(body, list):
            body = body[int(key)] if -len(body) <= int(key) < len(body) else None
        else:
            body = body.get(key) if isinstance(body, dict) else None
    return body


def schema_of(body: dict[str, Any], tool: str) -> Any:
    """The parameters of a tool."""
    entries = [entry.get("function", entry) for entry in body["tools"]]
    entry = next(entry for entry in entries if entry["name"] == tool)
    return entry.get("parameters") or entry.get("input_schema")


GEMINI = ("google-api", CHAT, "gemini-3.1-pro")
GPT = ("openai-api", RESPONSES, "gpt-6.1-terra")
OLD_GPT = ("openai-api", CHAT, "gpt-4.1")
OPUS, FABLE = ("anthropic-api", MESSAGES, "claude-opus-5-5"), ("anthropic-api", MESSAGES, "claude-fable-5")
SONNET, OPUS_5 = ("bedrock", MESSAGES, "claude-sonnet-5-5"), ("bedrock", MESSAGES, "claude-opus-5")
HAIKU, SONNET_4 = ("anthropic-api", MESSAGES, "claude-haiku-4-5"), ("bedrock", MESSAGES, "claude-sonnet-4-6")
DEEPSEEK = ("deepseek-api", CHAT, "deepseek-v4-pro")
MISTRAL = ("mistral-api", CHAT, "mistral-medium-3-5")
GROQ = ("groq", CHAT, "openai/gpt-oss-120b")

RIGHT: list[tuple[str, tuple[str, str, str], str, Any]] = [
    ("messages-forced-and-thinking-off", SONNET, "thinking", {"type": "between_tools"}),
    ("messages-forced-and-thinking-off", SONNET, "tool_choice", None),
    ("messages-forced-and-thinking-off", OPUS_5, "tool_choice", {"type": "tool", "name": "look"}),
    ("messages-forced-and-thinking-off", GROQ, "tool_choice.function.name", "look"),
    ("messages-any-one-at-a-time", GPT, "tool_choice", "required"),
    ("messages-any-one-at-a-time", GPT, "parallel_tool_calls", False),
    ("messages-none", SONNET_4, "tool_choice", {"type": "none"}),
    ("messages-budget", SONNET, "thinking", {"type": "adaptive"}),
    ("messages-off-and-effort", OPUS_5, "output_config.effort", "high"),
    ("messages-off-and-effort", GPT, "reasoning.effort", "none"),
    ("messages-adaptive-max", GROQ, "reasoning_effort", "high"),
    ("messages-adaptive-max", GPT, "reasoning.effort", "max"),
    ("messages-sampling", OPUS_5, "temperature", None),
    ("messages-sampling", SONNET_4, "temperature", 0.2),
    ("messages-sampling", GPT, "temperature", None),
    ("messages-sampling", OLD_GPT, "temperature", 0.2),
    ("messages-sampling", OLD_GPT, "top_k", None),
    ("messages-stops", OLD_GPT, "stop", ["a", "b", "c", "d"]),
    ("messages-stops", GEMINI, "stop", ["a", "b", "c", "d", "e"]),
    ("messages-stops", GPT, "stop", None),
    ("messages-stops", SONNET_4, "stop_sequences", ["a", "b", "c", "d", "e", "f"]),
    ("messages-format", OLD_GPT, "response_format.json_schema.strict", False),
    ("messages-format", DEEPSEEK, "response_format", {"type": "json_object"}),
    ("messages-prefill", OPUS_5, "messages.-1.role", "user"),
    ("messages-prefill", MISTRAL, "messages.-1.prefix", True),
    ("messages-prefill", GEMINI, "messages.-1.role", "user"),
    ("messages-same-role", OLD_GPT, "messages.0.content", "a\n\nb"),
    ("messages-system-list", OLD_GPT, "messages.0.content", "One."),
    ("messages-huge-limit", GROQ, "max_completion_tokens", 65_536),
    ("messages-huge-limit", HAIKU, "max_tokens", 64_000),
    ("messages-results", OLD_GPT, "messages.2.content", "Error: "),
    ("messages-results", OLD_GPT, "messages.4.content", "(no output)"),
    ("messages-unknown", OLD_GPT, "user", None),
    ("messages-unknown", GPT, "prompt_cache_key", "s" * 36),
    ("chat-strict", GPT, "tools.0.strict", True),
    ("chat-named", OPUS, "tool_choice", None),
    ("chat-named", FABLE, "tool_choice", {"type": "tool", "name": "look"}),
    ("chat-named", FABLE, "thinking", None),
    ("chat-allowed", OPUS_5, "tool_choice", {"type": "any"}),
    ("chat-legacy", OPUS, "tools.0.name", "look"),
    ("chat-legacy", GROQ, "tools.0.function.name", "look"),
    ("chat-effort-minimal", OPUS, "output_config.effort", "low"),
    ("chat-effort-minimal", HAIKU, "thinking.type", "enabled"),
    ("chat-effort-none", OPUS, "thinking", None),
    ("chat-effort-none", OPUS, "output_config.effort", "low"),
    ("chat-effort-none", SONNET, "thinking", {"type": "between_tools"}),
    ("chat-form", GPT, "text.format.strict", True),
    ("chat-loose-form", GPT, "text.format.strict", False),
    ("chat-loose-form", OPUS, "output_config.format.schema.additionalProperties", False),
    (
        "chat-loose-form",
        OPUS,
        "output_config.format.schema.properties.n",
        {"type": "integer", "description": "{minimum: 1}"},
    ),
    ("chat-json", OPUS, "system.0.text", "Answer with one JSON object and nothing else."),
    ("chat-roles", OPUS, "system.0.text", "Be kind."),
    ("chat-last-assistant", OPUS, "messages.-1.role", "user"),
    ("chat-last-assistant", HAIKU, "messages.-1.content.0.text", "Once upon"),
    ("chat-calls", OPUS, "messages.1.content.0.input", {}),
    (
        "chat-calls",
        OPUS,
        "messages.2.content.1.content",
        [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
    ),
    ("responses-forced", HAIKU, "thinking", None),
    ("responses-required", OPUS_5, "tool_choice", {"type": "any"}),
    ("responses-minimal", OPUS, "max_tokens", 3),
    ("responses-text-input", OPUS, "messages.0.content.0.text", "hi"),
    ("responses-json", OLD_GPT, "response_format", {"type": "json_object"}),
    ("responses-last-assistant", MISTRAL, "messages.-1.prefix", True),
]


@pytest.mark.parametrize(("name", "place", "path", "right"), RIGHT)
def test_what_an_odd_request_becomes(name: str, place: tuple[str, str, str], path: str, right: Any) -> None:
    assert at(sent_to(name, *place), path) == right


@pytest.mark.parametrize(
    ("tool", "place", "right"),
    [
        (
            "t-root-ref",
            OPUS,
            {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
        ),
        (
            "t-root-all",
            OPUS,
            {
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                "required": ["a", "b"],
            },
        ),
        (
            "t-root-any",
            GPT,
            {
                "type": "object",
                "properties": {"id": {"type": "string"}, "title": {"type": "string"}},
                "required": ["id"],
            },
        ),
        ("t-nothing", GEMINI, {"type": "object", "properties": {}}),
        (
            "t-numbers",
            GEMINI,
            {
                "type": "object",
                "properties": {
                    "level": {"type": "string", "enum": ["1", "2", "3"]},
                    "on": {"type": "string", "enum": ["true", "false", "null"]},
                    "x": {"type": "string", "enum": ["a", "1"]},
                },
            },
        ),
    ],
)
def test_what_an_odd_schema_becomes(tool: str, place: tuple[str, str, str], right: dict[str, Any]) -> None:
    schema = schema_of(sent_to("chat-schemas", *place), tool)

    assert {key: value for key, value in schema.items() if not key.startswith(("$", "def"))} == right


def test_a_nullable_number_is_one_type_for_gemini_and_kept_for_others() -> None:
    gemini = schema_of(sent_to("chat-schemas", *GEMINI), "t-nullable")["properties"]
    claude = schema_of(sent_to("chat-schemas", *OPUS), "t-nullable")["properties"]

    assert gemini["b"] == {"type": "integer", "nullable": True}
    assert claude["b"] == {"type": ["integer", "null"]}
    assert claude["a"]["anyOf"] == [{"type": "string"}, {"type": "null"}]


@pytest.mark.parametrize("place", [GEMINI, GPT, OPUS, MISTRAL, GROQ])
def test_odd_names_stay_apart_and_are_found_again(place: tuple[str, str, str]) -> None:
    source, body = ODD["chat-schemas"]
    asked = Exchange(json.dumps(body).encode(), source, target(*place))
    names = [entry.get("function", entry)["name"] for entry in json.loads(asked.body)["tools"]]

    assert len(set(names)) == len(names)
    assert {asked.tool(name).name for name in names} == {f"t-{name}" for name in SCHEMAS} | set(NAMES)


@pytest.mark.parametrize("stream", [True, False])
def test_a_number_of_an_enum_comes_back_from_gemini_as_one(stream: bool) -> None:
    body = {**ODD["chat-schemas"][1], "stream": stream}
    flat = {
        "model": "asked",
        "input": "hi",
        "stream": stream,
        "tools": [{"type": "function", **tool["function"]} for tool in body["tools"]],
    }
    asked = Exchange(json.dumps(flat).encode(), RESPONSES, target(*GEMINI))
    said = Reply(text="", calls=(Call(name="t-numbers", arguments={"level": "2", "on": "true", "x": "1"}),))
    if stream:
        events = translate.events(asked, message_id="resp_1", created=1)
        chunks = b"".join(map(events.feed, fake_replies.events(CHAT, said, "m", 1))) + events.finish()
        item = next(e["item"] for e in sent(chunks) if e["type"] == "response.output_item.done")
    else:
        whole = asked.answer(fake_replies.whole(CHAT, said, "m", 1), message_id="resp_1")
        item = json.loads(whole.body)["output"][-1]

    assert json.loads(item["arguments"]) == {"level": 2, "on": True, "x": 1}


def chat_chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"object": "chat.completion.chunk", "choices": [choice]}).encode() + b"\n\n"


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_number_of_an_enum_comes_back_from_gemini_in_its_own_protocol_too(pieces: int) -> None:
    body = {**ODD["chat-schemas"][1], "stream": True}
    asked = Exchange(json.dumps(body).encode(), CHAT, target(*GEMINI))
    text = json.dumps({"level": "2", "on": "true", "x": "1"})
    size = -(-len(text) // pieces)
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    calls = [{"index": 0, "function": {"arguments": part}} for part in parts]
    calls[0] |= {"id": "c1", "type": "function", "function": {"name": "t-numbers", "arguments": parts[0]}}
    chunks = [chat_chunk({"tool_calls": [call]}) for call in calls] + [chat_chunk({}, "tool_calls")]

    events = translate.events(asked, message_id="chatcmpl-1", created=1)
    heard = sent(b"".join(map(events.feed, chunks)) + events.finish())

    deltas = [call for event in heard for call in event["choices"][0]["delta"].get("tool_calls", ())]
    whole = "".join(call["function"]["arguments"] for call in deltas)
    assert json.loads(whole) == {"level": 2, "on": True, "x": 1}
    call = {"id": "c1", "type": "function", "function": {"name": "t-numbers", "arguments": text}}
    choice = {
        "index": 0,
        "message": {"role": "assistant", "tool_calls": [call]},
        "finish_reason": "tool_calls",
    }
    answer = asked.answer(json.dumps({"choices": [choice]}).encode(), message_id="x")
    function = json.loads(answer.body)["choices"][0]["message"]["tool_calls"][0]["function"]
    assert json.loads(function["arguments"]) == {"level": 2, "on": True, "x": 1}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("previous_response_id", GEMINI),
        ("conversation", GEMINI),
        ("prompt", OPUS),
        ("previous_response_id", ("openrouter", RESPONSES, "openai/gpt-6.1-terra")),
    ],
)
def test_what_one_vendor_keeps_is_refused_elsewhere(name: str, place: tuple[str, str, str]) -> None:
    raw = json.dumps({"model": "asked", "input": "hi", name: "resp_1"}).encode()

    with pytest.raises(WrongUsage, match=name):
        Exchange(raw, RESPONSES, target(*place))


def test_what_only_chat_knows_is_said_to_be_left_out() -> None:
    source, body = ODD["chat-stops"]
    asked = Exchange(json.dumps(body).encode(), source, target(*OPUS))

    notes = " ".join(note.detail for note in asked.notes)
    assert all(
        f"{name} is known to the Chat protocol alone" in notes for name in ("logprobs", "top_logprobs")
    )


def test_two_calls_under_one_id_are_told_apart_in_their_order() -> None:
    call = {"id": "call26280", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    answers = [{"role": "tool", "tool_call_id": "call26280", "content": word} for word in ("one", "two")]
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "tool_calls": [call, call]}, *answers]
    raw = json.dumps({"model": "asked", "messages": turns}).encode()

    messages = json.loads(Exchange(raw, CHAT, target(*MISTRAL)).body)["messages"]

    ids = [made["id"] for made in messages[1]["tool_calls"]]
    assert ids[0] == "call26280" != ids[1]
    assert [(entry["tool_call_id"], entry["content"]) for entry in messages[2:]] == list(
        zip(ids, ["one", "two"], strict=True)
    )
