"""Cases of a request's settings: limits, effort, tools and what may be called."""

from __future__ import annotations

from typing import Any

from tests.oracles.cases import WEATHER, Case, a, c, everything, functions, got, m, output_item, r, u, use
from tests.oracles.reading import CHAT, MESSAGES, RESPONSES, Heard
from tests.oracles.turns import CASES, LEGAL_NAME, both, case

__all__ = ["CASES", "Case"]

CLAUDE = {"vendor": "anthropic", "model": "claude-sonnet-5-5"}


@case(12, MESSAGES, CHAT, m(stream=True))
def usage_is_asked_for_in_a_stream(sent: Any, heard: Heard) -> None:
    assert sent["stream_options"] == {"include_usage": True}


@case(13, MESSAGES, CHAT, m(max_tokens=777))
def the_limit_has_the_name_that_openai_takes(sent: Any, heard: Heard) -> None:
    assert sent.get("max_completion_tokens") == 777
    assert "max_tokens" not in sent


@case(13, CHAT, MESSAGES, c(max_completion_tokens=777), **CLAUDE)
@case(13, RESPONSES, MESSAGES, r(max_output_tokens=777), **CLAUDE)
def the_limit_is_claude_s_max_tokens(sent: Any, heard: Heard) -> None:
    assert sent["max_tokens"] == 777


@case(13, CHAT, MESSAGES, c(), **CLAUDE)
@case(13, RESPONSES, MESSAGES, r(), **CLAUDE)
def claude_is_told_a_limit_though_none_was_asked_for(sent: Any, heard: Heard) -> None:
    assert sent["max_tokens"] >= 4096


@case(13, MESSAGES, RESPONSES, m(max_tokens=1))
def a_tiny_limit_is_raised_to_what_responses_take(sent: Any, heard: Heard) -> None:
    assert sent["max_output_tokens"] >= 16


@case(
    18,
    MESSAGES,
    CHAT,
    m(u("a"), a(use("toolu_01AbCdEf")), u(got("toolu_01AbCdEf"))),
    vendor="mistral",
    model="mistral-medium-3-5",
)
def mistral_s_ids_are_nine_alphanumerics(sent: Any, heard: Heard) -> None:
    call = next(t for t in sent["messages"] if t.get("tool_calls"))["tool_calls"][0]["id"]
    assert len(call) == 9
    assert call.isalnum()
    assert next(t for t in sent["messages"] if t["role"] == "tool")["tool_call_id"] == call


LONG = "call_" + "x" * 90


@case(18, MESSAGES, RESPONSES, m(u("a"), a(use(LONG)), u(got(LONG))))
def a_long_id_is_shortened_on_both_sides(sent: Any, heard: Heard) -> None:
    ids = {item["call_id"] for item in sent["input"] if "call_id" in item}
    assert len(ids) == 1
    assert len(ids.pop()) <= 64


@case(
    18,
    RESPONSES,
    MESSAGES,
    r(
        u("a"),
        {"type": "function_call", "call_id": "c:1/2", "name": "weather", "arguments": "{}"},
        output_item("c:1/2"),
    ),
    **CLAUDE,
)
def claude_s_ids_hold_letters_digits_and_dashes(sent: Any, heard: Heard) -> None:
    call = next(
        b for t in sent["messages"] for b in t["content"] if isinstance(b, dict) and b["type"] == "tool_use"
    )
    result = next(
        b
        for t in sent["messages"]
        for b in t["content"]
        if isinstance(b, dict) and b["type"] == "tool_result"
    )
    assert LEGAL_NAME.fullmatch(call["id"])
    assert call["id"] == result["tool_use_id"]


@both(21, m(tools=[{"name": "now", "input_schema": {}}]))
def a_tool_without_schema_gets_one_of_an_object(sent: Any, heard: Heard) -> None:
    schema = functions(sent)[0]["parameters"]
    assert schema["type"] == "object"
    assert schema["properties"] == {}


SHARED = {
    "type": "object",
    "properties": {
        "from": {"$ref": "#/$defs/place"},
        "kind": {"const": "trip"},
        "when": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "$defs": {"place": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


@case(
    21,
    MESSAGES,
    CHAT,
    m(tools=[{"name": "trip", "input_schema": SHARED}]),
    vendor="mistral",
    model="mistral-medium-3-5",
)
def mistral_s_schema_has_its_references_inlined(sent: Any, heard: Heard) -> None:
    schema = functions(sent)[0]["parameters"]
    assert "$ref" not in everything(schema)
    assert schema["properties"]["from"]["properties"]["city"] == {"type": "string"}


@both(21, m(tools=[{"name": "trip", "input_schema": SHARED}]))
def a_schema_s_references_and_choices_survive(sent: Any, heard: Heard) -> None:
    properties = functions(sent)[0]["parameters"]["properties"]
    assert "city" in everything(functions(sent)[0]["parameters"])
    assert properties["when"]["anyOf"][1] == {"type": "null"}
    assert properties["kind"]["const"] == "trip"


@case(26, MESSAGES, CHAT, m(metadata={"user_id": '{"device_id":"d","session_id":"0b6f2d6e"}'}))
@case(26, MESSAGES, RESPONSES, m(metadata={"user_id": '{"device_id":"d","session_id":"0b6f2d6e"}'}))
def the_session_is_the_key_of_the_prompt_cache(sent: Any, heard: Heard) -> None:
    assert sent["prompt_cache_key"] == "0b6f2d6e"


LONG_ID = {"user_id": '{"device_id":"' + "d" * 64 + '","account_uuid":"","session_id":"' + "s" * 36 + '"}'}


@both(38, m(metadata=LONG_ID))
def claude_code_s_user_id_is_no_user(sent: Any, heard: Heard) -> None:
    assert len(str(sent.get("user") or "")) <= 64
    assert len(str(sent.get("safety_identifier") or "")) <= 64
    assert not sent.get("metadata")


ODD = "mcp__a.very.long.server-name__" + "do_the_thing_" * 5


@both(27, m(tools=[ODD, ODD + "2"]))
def long_and_odd_names_become_legal_and_stay_apart(sent: Any, heard: Heard) -> None:
    names = [one["name"] for one in functions(sent)]
    assert len(set(names)) == 2
    assert all(LEGAL_NAME.fullmatch(name) for name in names)


@both(29, m(output_config={"effort": "low"}))
def effort_is_reasoning_effort(sent: Any, heard: Heard) -> None:
    assert (sent.get("reasoning_effort") or (sent.get("reasoning") or {}).get("effort")) == "low"


@both(29, m(output_config={"effort": "max"}))
def effort_beyond_the_model_is_its_highest(sent: Any, heard: Heard) -> None:
    assert (sent.get("reasoning_effort") or (sent.get("reasoning") or {}).get("effort")) == "high"


@case(29, RESPONSES, MESSAGES, r(reasoning={"effort": "xhigh"}), **CLAUDE)
@case(29, CHAT, MESSAGES, c(reasoning_effort="xhigh"), **CLAUDE)
def effort_is_claude_s_output_config(sent: Any, heard: Heard) -> None:
    assert sent["output_config"]["effort"] == "xhigh"
    assert (sent.get("thinking") or {}).get("type") != "enabled"


@both(30, m(tool_choice={"type": "auto", "disable_parallel_tool_use": True}))
def one_call_at_a_time_is_said(sent: Any, heard: Heard) -> None:
    assert sent["parallel_tool_calls"] is False


@case(30, CHAT, MESSAGES, c(parallel_tool_calls=False), **CLAUDE)
@case(30, RESPONSES, MESSAGES, r(parallel_tool_calls=False), **CLAUDE)
def one_call_at_a_time_is_said_to_claude(sent: Any, heard: Heard) -> None:
    assert sent["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}


@both(0, m(tool_choice={"type": "any"}))
def any_tool_is_required(sent: Any, heard: Heard) -> None:
    assert sent["tool_choice"] == "required"


@both(0, m(tool_choice={"type": "none"}))
def no_tool_is_none(sent: Any, heard: Heard) -> None:
    assert sent.get("tool_choice") == "none" or not sent.get("tools")


@both(0, m(tool_choice={"type": "tool", "name": "weather"}))
def one_tool_is_named(sent: Any, heard: Heard) -> None:
    assert sent["tool_choice"]["type"] == "function"
    assert (sent["tool_choice"].get("function") or sent["tool_choice"])["name"] == "weather"


HAIKU = {"vendor": "anthropic", "model": "claude-haiku-5-5"}


@case(0, CHAT, MESSAGES, c(tool_choice="required"), **HAIKU)
@case(0, RESPONSES, MESSAGES, r(tool_choice="required"), **HAIKU)
def required_is_claude_s_any(sent: Any, heard: Heard) -> None:
    assert sent["tool_choice"]["type"] == "any"


@case(0, CHAT, MESSAGES, c(tool_choice={"type": "function", "function": {"name": "weather"}}), **HAIKU)
@case(0, RESPONSES, MESSAGES, r(tool_choice={"type": "function", "name": "weather"}), **HAIKU)
def a_named_function_is_claude_s_tool(sent: Any, heard: Heard) -> None:
    assert sent["tool_choice"]["type"] == "tool"
    assert sent["tool_choice"]["name"] == "weather"


@case(0, CHAT, MESSAGES, c(tool_choice="required", parallel_tool_calls=False), **CLAUDE)
@case(
    0,
    RESPONSES,
    MESSAGES,
    r(tool_choice={"type": "function", "name": "weather"}, parallel_tool_calls=False),
    vendor="anthropic",
    model="claude-opus-5-5",
)
def a_claude_that_refuses_to_be_forced_is_asked(sent: Any, heard: Heard) -> None:
    assert sent["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}


@case(0, CHAT, MESSAGES, c(temperature=0.2, top_p=0.9), **CLAUDE)
@case(0, RESPONSES, MESSAGES, r(temperature=0.2), **HAIKU)
def a_claude_without_sampling_is_sent_none(sent: Any, heard: Heard) -> None:
    assert not {"temperature", "top_p", "top_k"} & set(sent)


@case(29, RESPONSES, MESSAGES, r(reasoning={"effort": "none"}), **CLAUDE)
@case(29, CHAT, MESSAGES, c(reasoning_effort="none"), vendor="anthropic", model="claude-fable-5-1")
def a_claude_that_always_thinks_is_not_told_to_stop(sent: Any, heard: Heard) -> None:
    assert (sent.get("thinking") or {}).get("type") != "disabled"


FORMAT = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}


@both(31, m(output_config={"format": {"type": "json_schema", "schema": FORMAT}}, tools=()))
def an_answer_by_schema_is_asked_for(sent: Any, heard: Heard) -> None:
    told = (sent.get("response_format") or {}).get("json_schema") or sent["text"]["format"]
    assert told["schema"]["properties"] == {"ok": {"type": "boolean"}}
    assert told["name"]


@case(
    31,
    CHAT,
    MESSAGES,
    c(
        tools=(),
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "x", "strict": True, "schema": FORMAT},
        },
    ),
    **CLAUDE,
)
@case(
    31,
    RESPONSES,
    MESSAGES,
    r(tools=(), text={"format": {"type": "json_schema", "name": "x", "strict": True, "schema": FORMAT}}),
    **CLAUDE,
)
def an_answer_by_schema_is_asked_of_claude(sent: Any, heard: Heard) -> None:
    told = (sent.get("output_config") or {}).get("format") or sent["output_format"]
    assert told["schema"]["properties"] == {"ok": {"type": "boolean"}}


SIX = [f"END{number}" for number in range(6)]


@case(0, MESSAGES, CHAT, m(stop_sequences=SIX), model="gpt-4.1")
def at_most_four_stop_sequences_go_to_chat(sent: Any, heard: Heard) -> None:
    assert sent["stop"] == SIX[:4]


@case(0, CHAT, MESSAGES, c(stop=SIX), **CLAUDE)
def every_stop_sequence_goes_to_claude(sent: Any, heard: Heard) -> None:
    assert sent["stop_sequences"] == SIX


@case(
    0,
    CHAT,
    MESSAGES,
    c(n=2, logprobs=True, top_logprobs=3, logit_bias={"1": 1}, seed=7, user="u", presence_penalty=0.5),
    **CLAUDE,
)
def what_claude_has_no_word_for_is_left_out(sent: Any, heard: Heard) -> None:
    extra = {"n", "logprobs", "top_logprobs", "logit_bias", "seed", "user", "presence_penalty"}
    assert not extra & set(sent)


@case(
    0,
    CHAT,
    RESPONSES,
    c(
        {"role": "system", "content": "Base."},
        u("a"),
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "k1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "k1", "content": "hot"},
        max_tokens=500,
        response_format={"type": "json_object"},
    ),
)
def chat_s_call_and_result_are_items(sent: Any, heard: Heard) -> None:
    kinds = [item.get("type") for item in sent["input"]]
    assert kinds[-2:] == ["function_call", "function_call_output"]
    assert "hot" in everything(sent["input"][-1]["output"])
    assert sent["max_output_tokens"] == 500
    assert sent["text"]["format"] == {"type": "json_object"}
    assert "Base." in everything(sent)


@case(
    0,
    RESPONSES,
    CHAT,
    r(
        u("a"),
        max_output_tokens=500,
        text={"format": {"type": "json_schema", "name": "x", "schema": FORMAT}},
        tool_choice={"type": "function", "name": "weather"},
    ),
)
def responses_settings_have_chat_s_names(sent: Any, heard: Heard) -> None:
    assert 500 in (sent.get("max_tokens"), sent.get("max_completion_tokens"))
    assert sent["response_format"]["json_schema"]["schema"]["properties"] == {"ok": {"type": "boolean"}}
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "weather"}}


@case(
    0,
    RESPONSES,
    CHAT,
    r(
        u("a"),
        tools=[
            {
                "type": "function",
                "name": "w",
                "parameters": {**WEATHER, "required": ["city", "days"], "additionalProperties": False},
                "strict": True,
            }
        ],
    ),
)
def strict_stays_where_chat_has_it(sent: Any, heard: Heard) -> None:
    assert functions(sent)[0].get("strict") is True


@both(15, m(tools=[{"type": "web_search_20250305", "name": "web_search", "max_uses": 8}, "weather"]))
@both(15, m(tools=[{"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"}, "weather"]))
def a_tool_run_by_anthropic_is_no_function(sent: Any, heard: Heard) -> None:
    kinds = [one["type"] for one in sent["tools"]]
    assert "weather" in [one.get("name") for one in functions(sent)]
    assert all(kind in ("function", "web_search") for kind in kinds)
    assert all("parameters" in one for one in functions(sent) if one.get("type") != "web_search")
