"""Cases of answers: what the client has to hear, streamed and whole."""

from __future__ import annotations

from typing import Any

from tests.oracles.cases import (
    Case,
    c,
    call_block,
    chunk,
    completion,
    m,
    message,
    message_events,
    piece,
    r,
    response,
    response_events,
    said,
    text_block,
)
from tests.oracles.reading import CHAT, MESSAGES, RESPONSES, Heard
from tests.oracles.settings import CASES, CLAUDE, ODD
from tests.oracles.turns import case

__all__ = ["CASES", "Case"]

USAGE = {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}
CACHED = {
    "prompt_tokens": 1000,
    "completion_tokens": 20,
    "total_tokens": 1020,
    "prompt_tokens_details": {"cached_tokens": 900},
}
ROME, OSLO = {"city": "Rome"}, {"city": "Oslo"}
BOTH_CALLS = [("weather", ROME), ("weather", OSLO)]
LAST = [chunk({}, "tool_calls"), chunk(usage=USAGE)]


def streams(trap: int, *events: Any, clients: tuple[str, ...] = (MESSAGES, RESPONSES), **more: Any) -> Any:
    """A stream of Chat, for the clients of the other two."""

    def keep(check: Any) -> Any:
        for client in clients:
            asked = m(stream=True) if client == MESSAGES else r(stream=True)
            case(trap, client, CHAT, asked, answer=list(events), **more)(check)
        return check

    return keep


@streams(
    2,
    chunk({"role": "assistant", "tool_calls": [piece(0, '{"ci', "k1", "weather")]}),
    chunk({"tool_calls": [piece(1, '{"city"', "k2", "weather")]}),
    chunk({"tool_calls": [piece(0, 'ty":"Rome"}')]}),
    chunk({"tool_calls": [piece(1, ':"Oslo"}')]}),
    *LAST,
)
def interleaved_calls_come_out_whole(sent: Any, heard: Heard) -> None:
    assert heard.calls == BOTH_CALLS
    assert heard.call_ids == ["k1", "k2"]


@streams(
    2,
    chunk(
        {
            "tool_calls": [
                piece(0, '{"city":"Rome"}', "k1", "weather"),
                piece(1, '{"city":"Oslo"}', "k2", "weather"),
            ]
        }
    ),
    *LAST,
)
def two_calls_in_one_chunk_are_two(sent: Any, heard: Heard) -> None:
    assert heard.calls == BOTH_CALLS


@streams(
    2,
    chunk({"tool_calls": [piece(0, '{"city', "k1", "weather")]}),
    chunk({"tool_calls": [piece(0, '":"Rome"}', "k1", "weather")]}),
    *LAST,
)
def an_id_and_name_on_every_chunk_are_one_call(sent: Any, heard: Heard) -> None:
    assert heard.calls == [("weather", ROME)]


@streams(
    2,
    chunk({"tool_calls": [piece(0, "", None, "weather")]}),
    chunk({"tool_calls": [piece(0, '{"city":', "k1")]}),
    chunk({"tool_calls": [piece(0, '"Rome"}')]}),
    *LAST,
)
def an_id_that_comes_late_is_the_call_s(sent: Any, heard: Heard) -> None:
    assert heard.calls == [("weather", ROME)]
    assert heard.call_ids == ["k1"]


@streams(
    2,
    chunk({"content": "a"}, usage=USAGE),
    chunk({"content": "b"}, usage={**USAGE, "completion_tokens": 9}),
    chunk({}, "stop", usage={**USAGE, "completion_tokens": 9}),
)
def usage_on_every_chunk_is_the_last_one(sent: Any, heard: Heard) -> None:
    assert heard.text == "ab"
    assert heard.usage["output_tokens"] == 9


@streams(
    3,
    chunk({"reasoning_content": "hm"}),
    chunk({"content": "I look."}),
    chunk({"tool_calls": [piece(0, '{"city":"Rome"}', "k1", "weather")]}),
    *LAST,
)
def thinking_words_and_call_keep_their_order(sent: Any, heard: Heard) -> None:
    assert (heard.thinking, heard.text, heard.calls) == ("hm", "I look.", [("weather", ROME)])


@streams(3, chunk({"reasoning": "hm"}), chunk({"content": "yes"}), chunk({}, "stop"), chunk(usage=USAGE))
def reasoning_under_its_other_name_is_thinking(sent: Any, heard: Heard) -> None:
    assert (heard.thinking, heard.text) == ("hm", "yes")


OVERFLOW = {
    "error": {
        "message": "This model's maximum context length is 128000 tokens. However, your messages "
        "resulted in 140210 tokens.",
        "type": "invalid_request_error",
        "code": "context_length_exceeded",
    }
}


@case(9, MESSAGES, CHAT, m(), answer=OVERFLOW, status=400)
@case(9, MESSAGES, RESPONSES, m(), answer=OVERFLOW, status=400)
def too_long_is_anthropic_s_sentence(sent: Any, heard: Heard) -> None:
    assert "prompt is too long" in heard.error.lower()


PROMPT = {
    "type": "error",
    "error": {
        "type": "invalid_request_error",
        "message": "prompt is too long: 213102 tokens > 200000 maximum",
    },
}


@case(9, RESPONSES, MESSAGES, r(), answer=PROMPT, status=400, **CLAUDE)
@case(9, CHAT, MESSAGES, c(), answer=PROMPT, status=400, **CLAUDE)
def too_long_is_openai_s_code(sent: Any, heard: Heard) -> None:
    assert "context_length_exceeded" in heard.error


@streams(11, chunk({"content": "a"}), chunk({}, "stop"), chunk(usage=CACHED), clients=(MESSAGES,))
@case(11, MESSAGES, CHAT, m(), answer=completion({"content": "a"}, usage=CACHED))
def input_is_what_was_not_cached(sent: Any, heard: Heard) -> None:
    assert heard.usage["input_tokens"] == 100
    assert heard.usage["cache_read_input_tokens"] == 900
    assert heard.usage["output_tokens"] == 20


CACHES = {
    "input_tokens": 100,
    "cache_read_input_tokens": 900,
    "cache_creation_input_tokens": 50,
    "output_tokens": 5,
}


@case(11, RESPONSES, MESSAGES, r(), answer=message({"type": "text", "text": "a"}, usage=CACHES), **CLAUDE)
@case(11, RESPONSES, MESSAGES, r(stream=True), answer=message_events(text_block("a"), usage=CACHES), **CLAUDE)
def openai_s_input_holds_the_cached_tokens(sent: Any, heard: Heard) -> None:
    assert heard.usage["input_tokens"] == 1050
    assert heard.usage["input_tokens_details"]["cached_tokens"] == 900


@case(11, CHAT, MESSAGES, c(), answer=message({"type": "text", "text": "a"}, usage=CACHES), **CLAUDE)
@case(
    11,
    CHAT,
    MESSAGES,
    c(stream=True, stream_options={"include_usage": True}),
    answer=message_events(text_block("a"), usage=CACHES),
    **CLAUDE,
)
def chat_s_prompt_tokens_hold_the_cached_ones(sent: Any, heard: Heard) -> None:
    assert heard.usage["prompt_tokens"] == 1050
    assert heard.usage["prompt_tokens_details"]["cached_tokens"] == 900


@streams(12, chunk({"content": "some words that count"}), chunk({}, "stop"), clients=(MESSAGES,))
def a_provider_that_counts_nothing_is_not_told_as_nothing(sent: Any, heard: Heard) -> None:
    assert heard.ended
    assert heard.usage["output_tokens"] > 0


@streams(22, chunk({"role": "assistant", "content": "The answer is"}))
def a_cut_stream_is_no_success(sent: Any, heard: Heard) -> None:
    assert heard.error or not heard.ended
    assert heard.stop not in ("end_turn", "completed")


@streams(22, chunk({"content": "The answer"}), {"error": {"message": "the backend failed", "code": 502}})
def an_error_amid_a_stream_is_one(sent: Any, heard: Heard) -> None:
    assert heard.error


BROKEN = message_events(text_block("The answer is"), stop=None)


@case(22, RESPONSES, MESSAGES, r(stream=True), answer=BROKEN, **CLAUDE)
@case(22, CHAT, MESSAGES, c(stream=True), answer=BROKEN, **CLAUDE)
def claude_s_cut_stream_is_no_success(sent: Any, heard: Heard) -> None:
    assert heard.error or not heard.ended
    assert heard.stop not in ("stop", "completed")


OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


@case(22, RESPONSES, MESSAGES, r(stream=True), answer=[*BROKEN, OVERLOADED], **CLAUDE)
@case(22, CHAT, MESSAGES, c(stream=True), answer=[*BROKEN, OVERLOADED], **CLAUDE)
def claude_s_error_amid_a_stream_is_one(sent: Any, heard: Heard) -> None:
    assert heard.error


FAILED = {
    "type": "response.failed",
    "response": response(
        status="failed", usage=None, error={"code": "server_error", "message": "the engine stopped"}
    ),
}


@case(22, MESSAGES, RESPONSES, m(stream=True), answer=response_events(said("Well"), last=FAILED))
@case(22, CHAT, RESPONSES, c(stream=True), answer=response_events(said("Well"), last=FAILED))
def a_failed_response_is_an_error(sent: Any, heard: Heard) -> None:
    assert heard.error
    assert heard.stop not in ("end_turn", "stop")


CALL = {
    "content": None,
    "tool_calls": [
        {"id": "k1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Rome"}'}}
    ],
}


@case(23, MESSAGES, CHAT, m(), answer=completion(CALL, "stop"))
@streams(
    23,
    chunk({"tool_calls": [piece(0, '{"city":"Rome"}', "k1", "weather")]}),
    chunk({}, "stop"),
    clients=(MESSAGES,),
)
def stop_with_a_call_is_tool_use(sent: Any, heard: Heard) -> None:
    assert heard.stop == "tool_use"


@case(23, MESSAGES, CHAT, m(), answer=completion({"content": "no"}, "tool_calls"))
@streams(23, chunk({"content": "no"}), chunk({}, "tool_calls"), clients=(MESSAGES,))
def tool_calls_without_any_is_the_end(sent: Any, heard: Heard) -> None:
    assert heard.stop == "end_turn"


@case(23, MESSAGES, CHAT, m(), answer=completion({"content": "so"}, "length"))
@case(
    23,
    MESSAGES,
    RESPONSES,
    m(),
    answer=response(said("so"), status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
)
def length_is_max_tokens(sent: Any, heard: Heard) -> None:
    assert heard.stop == "max_tokens"


@case(23, RESPONSES, CHAT, r(), answer=completion({"content": "so"}, "length"))
@case(
    23, RESPONSES, MESSAGES, r(), answer=message({"type": "text", "text": "so"}, stop="max_tokens"), **CLAUDE
)
@case(
    23,
    RESPONSES,
    MESSAGES,
    r(stream=True),
    answer=message_events(text_block("so"), stop="max_tokens"),
    **CLAUDE,
)
def length_is_an_incomplete_response(sent: Any, heard: Heard) -> None:
    assert heard.stop == "incomplete"


@case(23, MESSAGES, CHAT, m(), answer=completion({"content": "I cannot"}, "content_filter"))
@case(23, MESSAGES, RESPONSES, m(), answer=response(said("I cannot", "refusal")))
@case(23, MESSAGES, CHAT, m(), answer=completion({"content": None, "refusal": "I cannot"}))
@case(23, MESSAGES, RESPONSES, m(stream=True), answer=response_events(said("I cannot", "refusal")))
def a_refusal_is_said_and_named(sent: Any, heard: Heard) -> None:
    assert heard.text == "I cannot"
    assert heard.stop == "refusal"


@case(23, CHAT, MESSAGES, c(), answer=message({"type": "text", "text": "no"}, stop="refusal"), **CLAUDE)
@case(23, CHAT, MESSAGES, c(stream=True), answer=message_events(text_block("no"), stop="refusal"), **CLAUDE)
def claude_s_refusal_is_a_content_filter(sent: Any, heard: Heard) -> None:
    assert heard.stop == "content_filter"


@case(27, MESSAGES, CHAT, m(tools=[ODD]), answer="the name that was sent")
def a_shortened_name_comes_back_as_it_was(sent: Any, heard: Heard) -> None:
    assert [name for name, _ in heard.calls] == [ODD]


@case(
    36,
    MESSAGES,
    CHAT,
    m(),
    answer=completion(
        {
            "tool_calls": [
                {
                    "id": "k1",
                    "type": "function",
                    "function": {"name": "weather", "arguments": '{"city": "Rome", "days": 3,}'},
                }
            ]
        },
        "tool_calls",
    ),
)
@streams(36, chunk({"tool_calls": [piece(0, '{"city": "Rome", "days": 3', "k1", "weather")]}), *LAST)
def broken_arguments_are_mended(sent: Any, heard: Heard) -> None:
    assert heard.calls == [("weather", {"city": "Rome", "days": 3})]


WEATHER_WITHOUT_ARGUMENTS = message_events(call_block("t1", "weather"), stop="tool_use")


@case(
    40,
    MESSAGES,
    CHAT,
    m(),
    answer=completion(
        {"tool_calls": [{"id": "k1", "type": "function", "function": {"name": "weather", "arguments": ""}}]},
        "tool_calls",
    ),
)
@streams(40, chunk({"tool_calls": [piece(0, "", "k1", "weather")]}), *LAST)
@case(
    40,
    RESPONSES,
    MESSAGES,
    r(stream=True),
    answer=WEATHER_WITHOUT_ARGUMENTS,
    **CLAUDE,
)
@case(
    40,
    CHAT,
    MESSAGES,
    c(stream=True),
    answer=WEATHER_WITHOUT_ARGUMENTS,
    **CLAUDE,
)
def a_call_without_arguments_is_an_empty_object(sent: Any, heard: Heard) -> None:
    assert heard.calls == [("weather", {})]
