"""What breaks in requests between agents and providers: each kind of trap with its right value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pf_tui.errors import WrongUsage
from pf_tui.translate import (
    Exchange,
    ReasoningStore,
    betas,
    changes_nothing,
    count_tokens_body,
    drop_field,
    request_tokens,
)
from pf_tui.translate.naming import call_id, tool_name
from tests.translate.conftest import CATALOG, CLAUDE, CODEX, captured, plain, request, target
from tests.translate.protocols import CHAT, MESSAGES, PROTOCOLS, RESPONSES

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR4nGNQSPiPFTEMLQkAMjNfwVD++lYAAAAASUVORK5CYII="
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
PDF = {
    "type": "document",
    "title": "a.pdf",
    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
}
SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
BASH = {"name": "Bash", "description": "run", "input_schema": SCHEMA}


def use(call: str, name: str = "Bash", **arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": call, "name": name, "input": arguments}


def result(call: str, content: Any = "ok", **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": call, "content": content, **more}


def user(*content: Any) -> dict[str, Any]:
    return {
        "role": "user",
        "content": [{"type": "text", "text": c} if isinstance(c, str) else c for c in content],
    }


def assistant(*content: Any) -> dict[str, Any]:
    return user(*content) | {"role": "assistant"}


def to_chat(
    *messages: Any, provider: str = "", model: str = "model-x", settings: Any = None, **more: Any
) -> dict[str, Any]:
    """A Messages request as Chat."""
    dialect = (
        target(provider, CHAT, model, **(settings or {})) if provider else plain(CHAT, **(settings or {}))
    )
    body: dict[str, Any] = json.loads(Exchange(request(MESSAGES, *messages, **more), MESSAGES, dialect).body)
    return body


def to_responses(*messages: Any, provider: str = "", model: str = "model-x", **more: Any) -> dict[str, Any]:
    dialect = target(provider, RESPONSES, model) if provider else plain(RESPONSES)
    body: dict[str, Any] = json.loads(Exchange(request(MESSAGES, *messages, **more), MESSAGES, dialect).body)
    return body


def codex_to(provider: str, protocol: str, model: str, name: str = CODEX[0]) -> dict[str, Any]:
    exchange = Exchange(captured(name), RESPONSES, target(provider, protocol, model))
    body: dict[str, Any] = json.loads(exchange.body)
    return body


# --- Codex's tools


@pytest.mark.parametrize(
    ("provider", "model"), [("xai-api", "grok-4.7"), ("openrouter", "z-ai/glm-5.3"), ("bedrock", "m")]
)
def test_codex_tools_are_lifted_flattened_and_functions(provider: str, model: str) -> None:
    body = codex_to(provider, RESPONSES, model)
    names = [tool["name"] for tool in body["tools"]]

    assert {tool["type"] for tool in body["tools"]} == {"function"}
    assert {"functions__exec", "functions__wait", "clock__sleep"} <= set(names)
    assert "additional_tools" not in {item["type"] for item in body["input"]}
    exec_tool = body["tools"][names.index("functions__exec")]
    assert exec_tool["parameters"]["required"] == ["input"]
    assert "grammar" in exec_tool["description"]
    assert "client_metadata" not in body
    assert '"encrypted"' not in json.dumps(body["tools"])


def test_codex_on_its_own_vendor_passes_byte_by_byte() -> None:
    assert changes_nothing(captured(CODEX[0]), target("openai-api", RESPONSES, "gpt-6.1-sol"))
    assert not changes_nothing(captured(CODEX[0]), target("xai-api", RESPONSES, "grok-4.7"))


def test_a_search_that_may_not_be_live_is_left_out_rather_than_made_live() -> None:
    exchange = Exchange(captured(CODEX[1]), RESPONSES, target("xai-api", RESPONSES, "grok-4.7"))

    assert "web_search" not in exchange.body.decode().replace("web_search_call", "")
    assert [note.kind for note in exchange.notes] == ["hosted-tool"]
    live = json.loads(captured(CODEX[1]))
    live["tools"][-1]["external_web_access"] = True
    body = json.loads(
        Exchange(json.dumps(live).encode(), RESPONSES, target("xai-api", RESPONSES, "grok-4.7")).body
    )
    assert body["tools"][-1] == {"type": "web_search"}


def test_calls_of_earlier_turns_go_by_the_names_of_the_tools() -> None:
    raw = request(
        RESPONSES,
        {"type": "message", "role": "user", "content": "go"},
        {
            "type": "custom_tool_call",
            "id": "ctc_1",
            "call_id": "c1",
            "namespace": "functions",
            "name": "exec",
            "input": "ls",
        },
        {"type": "custom_tool_call_output", "call_id": "c1", "output": "a"},
        tools=[{"type": "namespace", "name": "functions", "tools": [{"type": "custom", "name": "exec"}]}],
    )
    native = json.loads(Exchange(raw, RESPONSES, target("xai-api", RESPONSES, "grok-4.7")).body)["input"]
    chat = json.loads(Exchange(raw, RESPONSES, plain(CHAT)).body)["messages"]

    assert native[1] == {
        "type": "function_call",
        "call_id": "c1",
        "name": "functions__exec",
        "arguments": '{"input":"ls"}',
    }
    assert native[2] == {"type": "function_call_output", "call_id": "c1", "output": "a"}
    assert chat[1]["tool_calls"][0]["function"] == {"name": "functions__exec", "arguments": '{"input":"ls"}'}


# --- reasoning of earlier turns

THOUGHT = {"type": "thinking", "thinking": "Let me look.", "signature": "EqQBCkYIARgCKkBsig=="}


@pytest.mark.parametrize("write", [to_chat, to_responses])
def test_foreign_reasoning_is_dropped_and_never_becomes_text(write: Any) -> None:
    body = write(user("hi"), assistant(THOUGHT, "hello"), user("go on"))

    assert "Let me look" not in json.dumps(body)
    assert "hello" in json.dumps(body)


def test_our_own_mark_never_reaches_the_vendor_that_signs() -> None:
    marked = {"type": "thinking", "thinking": "x", "signature": "pf-tui:groq::"}
    raw = request(MESSAGES, user("hi"), assistant(marked, THOUGHT, "hello"), user("go on"))
    anthropic = target("anthropic-api", MESSAGES, "claude-sonnet-5-5")

    assert not changes_nothing(raw, anthropic)
    body = json.loads(Exchange(raw, MESSAGES, anthropic).body)
    assert [block["type"] for block in body["messages"][1]["content"]] == ["thinking", "text"]
    assert body["messages"][1]["content"][0] == THOUGHT


def test_an_assistant_turn_of_thinking_alone_does_not_become_an_empty_message() -> None:
    body = to_chat(user("hi"), assistant(THOUGHT), user("go on"))

    assert [message["role"] for message in body["messages"]] == ["user"]
    assert body["messages"][0]["content"] == "hi\n\ngo on"


def test_claude_s_thinking_comes_back_to_claude_through_codex() -> None:
    claude = target("anthropic-api", MESSAGES, "claude-sonnet-5-5")
    first = Exchange(request(RESPONSES, {"role": "user", "content": "hi"}), RESPONSES, claude)
    answer = {
        "content": [THOUGHT, {"type": "redacted_thinking", "data": "EmwKAhgB"}, use("toolu_1", command="ls")],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    output = json.loads(first.answer(json.dumps(answer).encode(), message_id="resp_1").body)["output"]
    again = request(
        RESPONSES, {"role": "user", "content": "hi"}, *output,
        {"type": "function_call_output", "call_id": "toolu_1", "output": "a"},
    )  # fmt: skip
    blocks = json.loads(Exchange(again, RESPONSES, claude).body)["messages"][1]["content"]

    assert blocks[:2] == [THOUGHT, {"type": "redacted_thinking", "data": "EmwKAhgB"}]
    elsewhere = Exchange(again, RESPONSES, target("zai-coding-plan", MESSAGES, "glm-5.3")).body
    assert b"Let me look" not in elsewhere


def test_deepseek_gets_its_reasoning_back_and_a_filler_where_it_is_lost() -> None:
    store = ReasoningStore()
    store.keep("deepseek-api", "call_1", "I thought")
    raw = request(
        MESSAGES, user("hi"), assistant(use("call_1", command="a")), user(result("call_1")),
        assistant(use("call_2", command="b")), user(result("call_2")),
    )  # fmt: skip
    body = json.loads(
        Exchange(raw, MESSAGES, target("deepseek-api", CHAT, "deepseek-v4-pro"), store=store).body
    )
    back = [
        message.get("reasoning_content") for message in body["messages"] if message["role"] == "assistant"
    ]

    assert back == ["I thought", " "]


def test_deepseek_with_thinking_off_gets_no_effort() -> None:
    settings = {"thinking": {"type": "disabled"}, "output_config": {"effort": "high"}}
    chat = to_chat(provider="deepseek-api", **settings)
    same = json.loads(
        Exchange(
            request(MESSAGES, **settings), MESSAGES, target("deepseek-api", MESSAGES, "deepseek-v4-pro")
        ).body
    )

    assert chat["thinking"] == {"type": "disabled"}
    assert "reasoning_effort" not in chat
    assert same["thinking"] == {"type": "disabled"}
    assert "output_config" not in same


def test_gemini_gets_its_signature_back_by_call_id_and_a_filler_where_it_is_lost() -> None:
    store = ReasoningStore()
    store.keep("google-api", "call_1", signature="SIG")
    raw = request(
        MESSAGES, user("hi"), assistant(use("call_1", command="a"), use("call_2", command="b")),
        user(result("call_1"), result("call_2")), assistant(use("call_3")), user(result("call_3")),
    )  # fmt: skip
    body = json.loads(Exchange(raw, MESSAGES, target("google-api", CHAT, "gemini-3.1-pro"), store=store).body)
    calls = [call for message in body["messages"] for call in message.get("tool_calls", ())]

    assert [call.get("extra_content", {}).get("google", {}).get("thought_signature") for call in calls] == [
        "SIG", None, "skip_thought_signature_validator",
    ]  # fmt: skip
    assert all(set(call["function"]) == {"name", "arguments"} for call in calls), (
        "ids stand outside the function"
    )


# --- effort, limits, choices


@pytest.mark.parametrize(
    ("provider", "model", "asked", "sent"),
    [
        ("groq", "openai/gpt-oss-120b", "max", "high"),
        ("groq", "openai/gpt-oss-120b", "xhigh", "high"),
        ("cohere-api", "command-a-plus-05-2026", "medium", "high"),
        ("deepseek-api", "deepseek-v4-pro", "medium", "high"),
        ("zai-coding-plan", "glm-5.3", "xhigh", "max"),
        ("together", "zai-org/GLM-5.3", "xhigh", "max"),
        ("xai-api", "grok-4.7", "max", "xhigh"),
        ("xai-api", "grok-code-fast", "high", None),
        ("google-api", "gemini-3.1-pro", "max", "high"),
        ("mistral-api", "mistral-medium-3-5", "low", "high"),
        ("mistral-api", "mistral-large-latest", "low", None),
        ("openai-api", "gpt-5", "max", "high"),
    ],
)
def test_effort_is_clamped_to_what_the_model_knows(
    provider: str, model: str, asked: str, sent: str | None
) -> None:
    body = to_chat(provider=provider, model=model, output_config={"effort": asked})

    assert body.get("reasoning_effort") == sent


def test_effort_goes_where_the_vendor_has_it() -> None:
    body = to_chat(provider="openrouter", model="z-ai/glm-5.3", output_config={"effort": "max"})

    assert body["reasoning"] == {"effort": "xhigh"}
    assert "reasoning_effort" not in body
    responses = to_responses(provider="openai-api", model="gpt-6.1-sol", output_config={"effort": "max"})
    assert responses["reasoning"] == {"effort": "max", "summary": "auto"}


def test_gpt_5_4_with_tools_on_chat_is_asked_without_effort() -> None:
    with_tools = to_chat(
        provider="openai-api", model="gpt-5.4", tools=[BASH], output_config={"effort": "high"}
    )
    unset = to_chat(provider="openai-api", model="gpt-5.4", tools=[BASH])
    without = to_chat(provider="openai-api", model="gpt-5.4", output_config={"effort": "high"})

    assert (with_tools["reasoning_effort"], unset["reasoning_effort"], without["reasoning_effort"]) == (
        "none",
        "none",
        "high",
    )


@pytest.mark.parametrize(
    ("provider", "protocol", "model", "asked", "name", "sent"),
    [
        ("groq", CHAT, "openai/gpt-oss-120b", 128_000, "max_completion_tokens", 65_536),
        ("groq", CHAT, "qwen/qwen3.8-27b", 128_000, "max_completion_tokens", 16_384),
        ("google-api", CHAT, "gemini-3.1-pro", 128_000, "max_tokens", 65_536),
        ("cohere-api", CHAT, "command-a-03-2025", 128_000, "max_tokens", 8_000),
        ("openai-api", CHAT, "gpt-5.4", 500, "max_completion_tokens", 500),
        ("openai-api", RESPONSES, "gpt-6.1-sol", 1, "max_output_tokens", 16),
        ("xai-api", RESPONSES, "grok-4.7", 300_000, "max_output_tokens", 128_000),
        ("zai-coding-plan", CHAT, "glm-5.3", 200_000, "max_tokens", 131_072),
    ],
)
def test_the_output_limit_by_its_name_and_clamped(
    provider: str, protocol: str, model: str, asked: int, name: str, sent: int
) -> None:
    raw = request(MESSAGES, max_tokens=asked)
    body = json.loads(Exchange(raw, MESSAGES, target(provider, protocol, model)).body)

    assert {key: body[key] for key in body if "tokens" in key} == {name: sent}


def test_parallel_calls_are_forbidden_only_where_the_client_did_so() -> None:
    plainly = to_chat(tools=[BASH], tool_choice={"type": "auto"})
    one = to_chat(tools=[BASH], tool_choice={"type": "auto", "disable_parallel_tool_use": True})
    refused = to_chat(
        provider="google-api", tools=[BASH], tool_choice={"type": "auto", "disable_parallel_tool_use": True}
    )

    assert "parallel_tool_calls" not in plainly
    assert one["parallel_tool_calls"] is False
    assert "parallel_tool_calls" not in refused


@pytest.mark.parametrize(
    ("choice", "chat"),
    [
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "auto"}, "auto"),
        ({"type": "tool", "name": "Bash"}, {"type": "function", "function": {"name": "Bash"}}),
    ],
)
def test_tool_choice_in_the_words_of_each_protocol(choice: Any, chat: Any) -> None:
    assert to_chat(tools=[BASH], tool_choice=choice)["tool_choice"] == chat
    flat = {"type": "function", "name": "Bash"} if isinstance(chat, dict) else chat
    assert to_responses(tools=[BASH], tool_choice=choice)["tool_choice"] == flat
    back = request(
        CHAT,
        tools=[{"type": "function", "function": {"name": "Bash", "parameters": SCHEMA}}],
        tool_choice=chat,
    )
    assert json.loads(Exchange(back, CHAT, plain(MESSAGES)).body)["tool_choice"] == choice


def test_a_vendor_without_named_choice_gets_the_one_tool_as_required() -> None:
    other = BASH | {"name": "Other"}
    body = to_chat(provider="cohere-api", tools=[BASH, other], tool_choice={"type": "tool", "name": "Other"})

    assert body["tool_choice"] == "required"
    assert [tool["function"]["name"] for tool in body["tools"]] == ["Other"]


def test_an_answer_s_format_goes_where_each_protocol_has_it() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    form = {"output_config": {"format": {"type": "json_schema", "schema": schema}}}

    assert to_chat(**form)["response_format"]["json_schema"]["schema"] == schema
    assert to_responses(**form)["text"]["format"]["schema"] == schema
    assert to_chat(provider="deepseek-api", **form)["response_format"] == {"type": "json_object"}
    chat = request(
        CHAT, response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    )
    closed = {**schema, "additionalProperties": False}
    assert (
        json.loads(Exchange(chat, CHAT, plain(MESSAGES)).body)["output_config"]["format"]["schema"] == closed
    )


# --- instructions, order, pictures


def test_instructions_between_the_turns_become_a_reminder_in_place() -> None:
    body = to_chat(
        user("one"),
        {"role": "system", "content": "Be brief."},
        assistant("ok"),
        user("two"),
        system="You are.",
    )

    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "user"]
    assert body["messages"][1]["content"] == "one\n\n<system-reminder>\nBe brief.\n</system-reminder>"


def test_instructions_between_a_call_and_its_result_move_behind_the_result() -> None:
    for protocol in (CHAT, RESPONSES, MESSAGES):
        dialect = plain(protocol) if protocol != MESSAGES else target("zai-coding-plan", MESSAGES, "glm-5.3")
        raw = request(
            MESSAGES, user("go"), assistant(use("c1")), {"role": "system", "content": "Note."},
            user(result("c1")),
        )  # fmt: skip
        body = Exchange(raw, MESSAGES, dialect).body.decode()

        assert body.index('"ok"') < body.index("Note.")


def test_no_developer_role_for_foreign_vendors() -> None:
    chat = request(CHAT, {"role": "developer", "content": "Be."}, {"role": "user", "content": "hi"})

    for provider in ("groq", "mistral-api", "together", "compatible"):
        body = json.loads(Exchange(chat, CHAT, target(provider, CHAT)).body)
        assert [message["role"] for message in body["messages"]] == ["system", "user"]


def test_claude_code_s_billing_line_goes_to_anthropic_alone() -> None:
    raw = captured(CLAUDE)

    assert changes_nothing(raw, target("anthropic-api", MESSAGES, "claude-sonnet-5-5"))
    for provider, protocol in (
        ("groq", CHAT),
        ("deepseek-api", MESSAGES),
        ("bedrock", MESSAGES),
        ("xai-api", RESPONSES),
    ):
        assert b"x-anthropic-billing-header" not in Exchange(raw, MESSAGES, target(provider, protocol)).body


def test_results_stand_first_directly_after_their_calls_then_the_user_s_words() -> None:
    body = to_chat(
        user("go"),
        assistant(use("c1"), use("c2")),
        user("and then", result("c2", "two"), result("c1", "one")),
    )

    assert [(m["role"], m.get("tool_call_id"), m["content"]) for m in body["messages"][2:]] == [
        ("tool", "c1", "one"), ("tool", "c2", "two"), ("user", None, "and then"),
    ]  # fmt: skip


def test_an_interrupted_call_gets_a_result_and_an_orphan_result_goes() -> None:
    body = to_chat(
        user("go"), assistant(use("c1"), use("c2")), user(result("c1")), user(result("gone", "x"), "stop")
    )
    tools = [message for message in body["messages"] if message["role"] == "tool"]

    assert [tool["tool_call_id"] for tool in tools] == ["c1", "c2"]
    assert "interrupted" in tools[1]["content"]


def test_a_failed_tool_says_so() -> None:
    body = to_chat(user("go"), assistant(use("c1")), user(result("c1", "no such file", is_error=True)))
    items = to_responses(user("go"), assistant(use("c1")), user(result("c1", "no such file", is_error=True)))[
        "input"
    ]

    assert body["messages"][-1]["content"] == "Error: no such file"
    assert items[-1]["output"] == "Error: no such file"


def test_a_picture_in_a_result_comes_behind_all_results_on_chat_and_inside_the_output_on_responses() -> None:
    messages = (user("go"), assistant(use("c1"), use("c2")), user(result("c1", [PICTURE]), result("c2", "b")))
    chat = to_chat(*messages)["messages"]
    items = to_responses(*messages)["input"]

    assert [message["role"] for message in chat] == ["user", "assistant", "tool", "tool", "user"]
    assert chat[2]["content"] == "[1 picture shown in the next user message]"
    assert chat[4]["content"][1] == {
        "type": "image_url",
        "image_url": {"url": f"data:image/png;base64,{PNG}"},
    }
    output = next(
        item for item in items if item["type"] == "function_call_output" and item["call_id"] == "c1"
    )["output"]
    assert output == [{"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "auto"}]


def test_a_model_that_sees_nothing_is_told_so_in_words() -> None:
    exchange = Exchange(
        request(MESSAGES, user(PICTURE, "what?")), MESSAGES, target("deepseek-api", CHAT, "deepseek-v4-pro")
    )

    assert PNG.encode() not in exchange.body
    assert [note.kind for note in exchange.notes] == ["picture"]
    seen = Exchange(
        request(MESSAGES, user(PICTURE)), MESSAGES, target("deepseek-api", CHAT, "deepseek-flash")
    )
    assert PNG.encode() in seen.body


def test_a_pdf_is_a_file_or_named_in_words() -> None:
    file = to_chat(user(PDF, "read"), provider="openai-api", model="gpt-5.5")["messages"][-1]["content"][0]
    words = to_chat(user(PDF, "read"), provider="groq")["messages"][-1]["content"][0]
    mistral = to_chat(user(PDF, "read"), provider="mistral-api")["messages"][-1]["content"][0]
    responses = to_responses(user(PDF, "read"))["input"][-1]["content"][0]

    assert file == {
        "type": "file",
        "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
    }
    assert words["type"] == "text"
    assert "a.pdf" in words["text"]
    assert mistral["type"] == "document_url"
    assert responses == {
        "type": "input_file",
        "filename": "a.pdf",
        "file_data": "data:application/pdf;base64,JVBERi0=",
    }


def test_mistral_hears_an_assistant_between_a_result_and_the_user() -> None:
    body = to_chat(user("go"), assistant(use("c1")), user(result("c1"), "and"), provider="mistral-api")

    assert [message["role"] for message in body["messages"]] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
    ]


def test_a_deferred_tool_s_reference_becomes_words_and_the_placeholder_goes() -> None:
    reference = result("c1", [{"type": "tool_reference", "tool_name": "WebFetch"}])
    placeholder = {
        "name": "DeferredToolPlaceholder",
        "input_schema": {"type": "object"},
        "defer_loading": True,
    }
    deferred = BASH | {"name": "WebFetch", "defer_loading": True}
    body = to_chat(user("go"), assistant(use("c1")), user(reference), tools=[BASH, deferred, placeholder])

    assert body["messages"][-1]["content"] == "Tool loaded: WebFetch"
    assert [tool["function"]["name"] for tool in body["tools"]] == ["Bash", "WebFetch"]
    assert "defer_loading" not in json.dumps(body)


# --- names, ids, schemas


def test_a_long_or_odd_tool_name_is_shortened_and_found_again() -> None:
    name = "mcp__a_very_long_server_name__" + "with.dots/and" * 6
    raw = request(MESSAGES, tools=[BASH | {"name": name}])
    exchange = Exchange(raw, MESSAGES, target("groq", CHAT))
    short = json.loads(exchange.body)["tools"][0]["function"]["name"]
    answer = {
        "choices": [
            {"message": {"tool_calls": [{"id": "c1", "function": {"name": short, "arguments": "{}"}}]}}
        ]
    }
    whole = json.loads(exchange.answer(json.dumps(answer).encode(), message_id="msg_1").body)

    assert len(short) <= 64
    assert short == tool_name(name)
    assert whole["content"][0]["name"] == name


def test_names_that_differ_at_their_end_stay_apart() -> None:
    names = {tool_name("x" * 80 + str(number)) for number in range(50)}

    assert len(names) == 50


@pytest.mark.parametrize(
    ("rule", "given", "length"),
    [
        ("word-64", "toolu_" + "x" * 90, 64),
        ("word-40", "call.with:odd/letters", 34),
        ("alnum-9", "toolu_01abc", 9),
    ],
)
def test_ids_take_the_vendor_s_form(rule: str, given: str, length: int) -> None:
    found = call_id(given, rule)

    assert len(found) == length
    assert found == call_id(given, rule)
    assert found == call_id(found, rule), "a form that fits stays"
    assert found.replace("_", "").isalnum()


def test_a_call_and_its_result_keep_one_id() -> None:
    body = to_chat(
        user("go"),
        assistant(use("toolu_01" + "x" * 80)),
        user(result("toolu_01" + "x" * 80)),
        provider="mistral-api",
    )

    assert body["messages"][1]["tool_calls"][0]["id"] == body["messages"][2]["tool_call_id"]
    assert len(body["messages"][2]["tool_call_id"]) == 9


def test_a_schema_is_cleaned_for_gemini_and_keeps_what_the_model_needs() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": {
            "$schema": {"type": "string"},
            "limit": {"type": "integer", "exclusiveMinimum": 0},
            "kind": {"const": "a"},
            "level": {"enum": [1, 2, True]},
            "list": {"type": "array"},
            "any": {"description": "no type"},
            "inner": {"$ref": "#/$defs/inner"},
        },
        "$defs": {
            "inner": {
                "type": "object",
                "properties": {"x": {"type": "string"}},
                "additionalProperties": False,
            }
        },
        "required": ["limit", "gone"],
    }
    body = to_chat(provider="google-api", tools=[{"name": "T", "input_schema": schema}])

    assert body["tools"][0]["function"]["parameters"] == {
        "type": "object",
        "properties": {
            "$schema": {"type": "string"},
            "limit": {"type": "integer", "minimum": 1},
            "kind": {"type": "string", "enum": ["a"]},
            "level": {"type": "string", "enum": ["1", "2", "true"]},
            "list": {"type": "array", "items": {"type": "string"}},
            "any": {"type": "string", "description": "no type"},
            "inner": {"type": "object", "properties": {"x": {"type": "string"}}},
        },
        "required": ["limit"],
    }


@pytest.mark.parametrize("schema", [{}, {"type": "object"}, {"properties": {}}])
def test_a_schema_always_has_a_type_and_properties(schema: Any) -> None:
    body = to_chat(tools=[{"name": "T", "input_schema": schema}])

    assert body["tools"][0]["function"]["parameters"] == {"type": "object", "properties": {}}


def test_a_recursive_schema_is_inlined_to_an_end() -> None:
    node = {"type": "object", "properties": {"child": {"$ref": "#/$defs/node"}}}
    body = to_chat(
        provider="mistral-api",
        tools=[{"name": "T", "input_schema": {"$ref": "#/$defs/node", "$defs": {"node": node}}}],
    )

    assert "$ref" not in json.dumps(body)


# --- fields, betas, caches


def test_betas_pass_where_the_host_knows_them() -> None:
    sent = (
        "claude-code-20250219,context-management-2025-06-27,advanced-tool-use-2025-11-20,files-api-2025-04-14"
    )

    assert betas(sent, target("anthropic-api", MESSAGES)) == sent
    assert betas(sent, target("bedrock", MESSAGES)) == (
        "claude-code-20250219,context-management-2025-06-27,tool-search-tool-2025-10-19"
    )
    assert betas(sent, target("deepseek-api", MESSAGES)) == ""


def test_a_beta_that_is_stripped_takes_its_field_along() -> None:
    body = json.loads(captured(CLAUDE))
    kept = json.loads(
        Exchange(captured(CLAUDE), MESSAGES, target("vertex", MESSAGES, "claude-sonnet-5-5")).body
    )
    gone = json.loads(
        Exchange(captured(CLAUDE), MESSAGES, target("deepseek-api", MESSAGES, "deepseek-v4-pro")).body
    )

    assert kept["context_management"] == body["context_management"]
    assert "context_management" not in gone
    assert "defer_loading" not in json.dumps(gone)


@pytest.mark.parametrize(
    ("path", "body", "left"),
    [
        ("store", {"store": True, "a": 1}, {"a": 1}),
        ("messages.name", {"messages": [{"name": "x", "role": "user"}]}, {"messages": [{"role": "user"}]}),
        ("tools.strict", {"tools": [{"function": {"strict": True}}]}, {"tools": [{"function": {}}]}),
        ("output_config.effort", {"output_config": {"effort": "low"}}, {}),
        (
            "cache_control.scope",
            {"system": [{"cache_control": {"scope": "x"}}]},
            {"system": [{"cache_control": {}}]},
        ),
        ("absent.field", {"a": 1}, {"a": 1}),
    ],
)
def test_a_refused_field_is_taken_out_where_it_stands(path: str, body: Any, left: Any) -> None:
    drop_field(body, path)

    assert body == left


def test_the_session_is_the_prompt_cache_key_and_the_user_is_no_user() -> None:
    metadata = {"user_id": json.dumps({"device_id": "0" * 64, "session_id": "session-7"})}
    body = to_responses(provider="openai-api", model="gpt-6.1-sol", metadata=metadata)

    assert body["prompt_cache_key"] == "session-7"
    assert "user" not in body
    assert "metadata" not in body
    assert "prompt_cache_key" not in to_chat(provider="groq", metadata=metadata)
    named = Exchange(
        request(MESSAGES), MESSAGES, target("openai-api", CHAT, "gpt-5.5"), session="from-header"
    )
    assert json.loads(named.body)["prompt_cache_key"] == "from-header"


def test_usage_is_asked_for_in_a_stream_where_the_vendor_wants_to_be_asked() -> None:
    assert to_chat(stream=True)["stream_options"] == {"include_usage": True}
    for provider in ("mistral-api", "cohere-api", "xai-api"):
        assert "stream_options" not in to_chat(provider=provider, stream=True)


def test_claude_gets_cache_breakpoints_for_agents_that_know_none() -> None:
    body = json.loads(
        Exchange(captured(CODEX[0]), RESPONSES, target("anthropic-api", MESSAGES, "claude-sonnet-5-5")).body
    )

    assert body["system"][-1]["cache_control"] == {"type": "ephemeral"}
    assert sum(json.dumps(part).count('"cache_control"') for part in (body["system"], body["messages"])) <= 4
    assert body["thinking"]["type"] == "adaptive"
    assert body["output_config"] == {"effort": "low"}


def test_haiku_4_5_gets_a_budget_instead_of_an_effort() -> None:
    raw = request(
        RESPONSES, {"role": "user", "content": "hi"}, reasoning={"effort": "medium"}, max_output_tokens=30_000
    )
    body = json.loads(Exchange(raw, RESPONSES, target("anthropic-api", MESSAGES, "claude-haiku-4-5")).body)

    assert body["thinking"] == {"type": "enabled", "budget_tokens": 10_000}
    assert "output_config" not in body


# --- hosted tools, counting, bad input


def test_a_search_of_claude_code_is_told_where_nobody_runs_it() -> None:
    raw = captured("claude-code-2.1.330-websearch")

    for provider, protocol in (("groq", CHAT), ("zai-coding-plan", MESSAGES), ("openai-api", RESPONSES)):
        exchange = Exchange(raw, MESSAGES, target(provider, protocol))
        assert exchange.only_hosted
        assert exchange.notes[0].kind == "hosted-tool"
        assert "tools" not in json.loads(exchange.body)
    for provider in ("anthropic-api", "vertex", "openrouter", "deepseek-api"):
        exchange = Exchange(raw, MESSAGES, target(provider, MESSAGES))
        assert not exchange.only_hosted
        assert json.loads(exchange.body)["tools"][0]["type"] == "web_search_20250305"


def test_counting_never_counts_a_picture_as_text() -> None:
    big = PICTURE | {"source": PICTURE["source"] | {"data": PNG + "A" * 4_000_000}}
    small = request_tokens(json.loads(request(MESSAGES, user("hi"))))

    assert 85 <= request_tokens(json.loads(request(MESSAGES, user("hi", big)))) - small < 5_000
    assert (
        json.loads(count_tokens_body(json.loads(request(MESSAGES))))["input_tokens"] == small - 8 or small > 0
    )


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("The quick brown fox jumps over the lazy dog. " * 100, 1001),
        ("def handler(event, context):\n    return {'status': 200, 'body': json.dumps(event)}\n" * 50, 1300),
        ("123456789 " * 100, 700),
        ("\u4f60\u597d\uff0c\u4e16\u754c\u3002" * 100, 700),
        ("deadbeef" * 200, 1000),
    ],
)
def test_an_estimate_is_never_below_the_truth(text: str, truth: int) -> None:
    """Truth: what common byte-pair vocabularies need for such text, rounded up."""
    assert request_tokens({"messages": [{"role": "user", "content": text}]}) >= truth


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "raw",
    [
        b"not json", b"[]", b"{}", b'{"model":"m"}', b'{"model":"m","messages":7,"input":7}',
        b'{"model":"m","messages":[7],"input":[7]}',
        b'{"model":"m","messages":[{"role":"user","content":[7]}],"input":[{"role":"user","content":[7]}]}',
        b'{"model":"m","messages":[{"role":"robot","content":"x"}],"input":[{"type":"message","role":"user","content":[3]}]}',
        b'{"model":"m","messages":[],"input":[],"tools":[{}]}',
        b'{"model":"m","messages":[],"input":[],"tools":[7]}',
        b'{"model":"m","messages":[{"role":"user","content":7}],"input":[{"role":"user","content":7}]}',
    ],
)  # fmt: skip
def test_a_body_that_is_no_request_is_refused_in_one_sentence(protocol: str, raw: bytes) -> None:
    for other in PROTOCOLS:
        if other == protocol:
            continue
        with pytest.raises(WrongUsage) as caught:
            Exchange(raw, protocol, plain(other))
        assert "\n" not in caught.value.message


def test_every_shipped_dialect_can_be_read_and_says_where_it_is_from() -> None:
    for provider, protocols in CATALOG._load("dialects").items():
        for protocol in protocols:
            dialect = target(provider, protocol)
            assert protocol in PROTOCOLS
            assert dialect.evidence in ("documented", "reported", "untried")
            assert dialect.source
