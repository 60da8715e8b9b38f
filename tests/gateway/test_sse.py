"""A stream as it passes: cut into events, read, and judged."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.gateway.sse import EventBuffer, payload, split_events
from pf_tui.gateway.stream_errors import cut_event
from pf_tui.gateway.usage_meter import Kind, UsageMeter, counts


def sse(content: object, name: str | None = None, end: bytes = b"\n\n") -> bytes:
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + json.dumps(content).encode() + end


START = sse(
    {
        "type": "message_start",
        "message": {
            "id": "msg_1",
            "model": "claude-opus-5-5",
            "usage": {"input_tokens": 20, "output_tokens": 1},
        },
    },
    "message_start",
)
DELTA = sse({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "message_stop [DONE]"}})
USAGE = sse({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 45}})
STOP = sse({"type": "message_stop"}, "message_stop")


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.sampled_from([b"\n\n", b"\r\n\r\n"]))
def test_events_come_out_whole_however_the_bytes_arrive(sizes: list[int], end: bytes) -> None:
    wanted = [sse({"n": n, "text": "x" * (n % 7)}, end=end) for n in range(12)]
    stream, events, found = b"".join(wanted), EventBuffer(), []
    place, turn = 0, 0
    while place < len(stream):
        size = sizes[turn % len(sizes)]
        found += split_events(events.feed(stream[place : place + size]))
        place, turn = place + size, turn + 1

    assert found == wanted
    assert events.flush() == b""


def test_half_an_event_waits_for_its_end() -> None:
    events = EventBuffer()

    assert events.feed(b'data: {"a"') == b""
    assert events.waiting == 10
    assert events.feed(b": 1}\n\n") == b'data: {"a": 1}\n\n'


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        pytest.param(START, Kind.OPENING, id="message_start"),
        pytest.param(b": OPENROUTER PROCESSING\n\n", Kind.FILLER, id="comment"),
        pytest.param(sse({"type": "ping"}, "ping"), Kind.FILLER, id="ping"),
        pytest.param(b"event: x\n\n", Kind.FILLER, id="no-data"),
        pytest.param(b"data: \n\n", Kind.FILLER, id="empty-data"),
        pytest.param(b"data: [DONE]\n\n", Kind.OPENING, id="lone-done"),
        pytest.param(b"data: {oops\n\n", Kind.GARBAGE, id="broken-json"),
        pytest.param(b"data: <html>\n\n", Kind.GARBAGE, id="html"),
        pytest.param(b"data: [1, 2]\n\n", Kind.GARBAGE, id="list"),
        pytest.param(
            sse({"type": "error", "error": {"type": "overloaded_error"}}), Kind.ERROR, id="anthropic-error"
        ),
        pytest.param(sse({"error": {"message": "limit", "code": 429}}), Kind.ERROR, id="chat-error"),
        pytest.param(sse({"error": "limit"}), Kind.ERROR, id="chat-error-as-text"),
        pytest.param(sse({"type": "response.failed", "response": {"id": "r"}}), Kind.ERROR, id="failed"),
        pytest.param(
            sse({"choices": [{"delta": {"content": "x"}}], "error": None}), Kind.GOOD, id="null-error"
        ),
        pytest.param(sse({"type": "error", "message": "x", "code": "y"}), Kind.ERROR, id="responses-error"),
        pytest.param(sse({"type": 7, "usage": "none"}), Kind.GOOD, id="strange-types"),
        pytest.param(sse({"type": ["ping"], "usage": 1}), Kind.GOOD, id="a-list-for-a-type"),
        pytest.param(b'data: {"a":\ndata: 1}\n\n', Kind.OPENING, id="data-on-two-lines"),
    ],
)
def test_an_event_is_judged_by_what_it_is(event: bytes, kind: int) -> None:
    assert UsageMeter().look(event) == kind


def test_usage_ids_and_the_end_are_read_from_passing_events() -> None:
    meter = UsageMeter()
    for event in (START, DELTA):
        meter.look(event)

    assert not meter.finished  # the words "message_stop" and "[DONE]" in a text end nothing
    meter.look(USAGE)
    assert (meter.finished, meter.done) == (True, False)
    meter.look(STOP)
    assert meter.done
    assert (meter.message_id, meter.model) == ("msg_1", "claude-opus-5-5")
    assert meter.usage == {"input_tokens": 20, "output_tokens": 45}


NAMED_DELTA = sse(
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a, b"}},
    "content_block_delta",
)
COMPACT_DELTA = NAMED_DELTA.replace(b": {", b":{").replace(b': "', b':"').replace(b"a, b", b"{}")
RESPONSES_DELTA = sse({"type": "response.output_text.delta", "delta": "x"}, "response.output_text.delta")
STRANGE_EVENTS = [
    *(START, DELTA, USAGE, STOP, COMPACT_DELTA, b": ping\n\n", sse({"type": "ping"}, "ping")),
    sse({"type": "error", "error": {"type": "overloaded_error"}}, "error"),
    sse({"type": "content_block_delta", "delta": {"signature": "abc"}}, "content_block_delta"),
    RESPONSES_DELTA,
    NAMED_DELTA.replace(b"a, b", b""),
    sse({"choices": [{"delta": {}, "finish_reason": "error"}]}),
    NAMED_DELTA.replace(b'{"text"', b'"text"'),
    NAMED_DELTA.replace(b"}}\n\n", b"}}, {}\n\n"),
    NAMED_DELTA.replace(b"}}\n\n", b"}\n}\n\n"),
]


some_events = st.lists(st.sampled_from(STRANGE_EVENTS), max_size=3)
texts = st.sampled_from([NAMED_DELTA, COMPACT_DELTA, RESPONSES_DELTA])
FACTS = ("finished", "done", "broken", "message_id", "model", "usage", "signatures", "tokens_streamed")


@given(some_events, some_events, st.integers(0, 9), texts)
def test_many_bits_of_text_at_once_tell_what_each_alone_would(
    before: list[bytes], after: list[bytes], run: int, text: bytes
) -> None:
    events = [*before, *[text] * run, *after]
    meter, slow = UsageMeter(), UsageMeter()
    passed = meter.filter_events(b"".join(events))
    complaint = None
    parts: list[bytes] = []
    for event in events:
        good, complaint = slow.filter_events(event)
        parts.append(good)
        if complaint is not None or slow.broken:
            break

    assert passed == (b"".join(parts), complaint)
    for fact in FACTS:
        assert getattr(meter, fact) == getattr(slow, fact), fact


BEGINNINGS = [
    *(START, sse({"type": "ping"}, "ping"), DELTA, USAGE, NAMED_DELTA.replace(b"a, b", b"")),
    sse(
        {"type": "content_block_start", "content_block": {"type": "text", "text": ""}}, "content_block_start"
    ),
    sse({"type": "content_block_start", "content_block": {"type": "tool_use", "id": "t"}}),
    sse({"type": "error", "error": {"type": "overloaded_error"}}, "error"),
    sse({"type": "message_start", "message": "no"}),
    sse({"type": "message_start", "error": {"message": "no"}}),
    b"data: {oops\n\n",
]


@given(st.lists(st.sampled_from(BEGINNINGS), max_size=4), some_events, st.integers(0, 40), texts)
def test_a_beginning_read_at_once_tells_what_its_events_would(
    before: list[bytes], after: list[bytes], run: int, text: bytes
) -> None:
    whole = b"".join([*before, *[text] * run, *after])
    meter, slow = UsageMeter(), UsageMeter()
    at_once = meter.open_at_once(whole)
    if at_once is None:
        assert all(getattr(meter, fact) == getattr(slow, fact) for fact in FACTS)
        return

    head = b""
    for event in split_events(whole):
        kind = slow.look(event)
        assert kind in (Kind.GOOD, Kind.OPENING, Kind.FILLER)
        head += event
        if kind == Kind.GOOD:
            break
    good, complaint = slow.filter_events(whole[len(head) :])
    assert at_once == (head + good, complaint)
    for fact in (*FACTS, "head", "answered"):
        assert getattr(meter, fact) == getattr(slow, fact), fact


def test_a_whole_answer_that_comes_together_is_read_at_once() -> None:
    whole = b"".join([START, *[NAMED_DELTA] * 40, USAGE, STOP])
    meter = UsageMeter()

    assert meter.open_at_once(whole) == (whole, None)
    assert (meter.done, meter.tokens_streamed) == (True, 40)


def test_a_chat_stream_is_whole_with_its_finish_reason_and_over_with_done() -> None:
    meter = UsageMeter()
    meter.look(sse({"id": "chatcmpl-1", "model": "m", "choices": [{"delta": {"content": "x"}}]}))
    meter.look(sse({"id": "chatcmpl-1", "choices": [{"delta": {}, "finish_reason": "stop"}]}))

    assert (meter.finished, meter.done) == (True, False)
    meter.look(sse({"id": "chatcmpl-1", "choices": [], "usage": {"prompt_tokens": 5}}))
    meter.look(b"data: [DONE]\n\n")
    assert meter.done
    assert meter.usage == {"prompt_tokens": 5}


def test_signatures_of_reasoning_are_noticed() -> None:
    meter = UsageMeter()
    meter.look(sse({"type": "content_block_delta", "delta": {"type": "signature_delta", "signature": "abc"}}))
    meter.look(
        sse({"type": "content_block_start", "content_block": {"type": "redacted_thinking", "data": "d"}})
    )

    assert meter.signatures == ["abc", "d"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"id":"msg_1","content":[{"type":"text","text":"x"}],"usage":{"input_tokens":1}}', Kind.GOOD),
        (b'{"type":"error","error":{"type":"overloaded_error"}}', Kind.ERROR),
        (b'{"error":{"message":"no"}}', Kind.ERROR),
        (b'{"object":"response","status":"completed","error":null,"output":[]}', Kind.OPENING),
        (b'{"object":"response","status":"failed","error":{"code":"x"}}', Kind.ERROR),
        (b"<html>", Kind.GARBAGE),
        (b"", Kind.GARBAGE),
        (b'{"cut', Kind.GARBAGE),
    ],
)
def test_a_whole_answer_is_judged_as_well(body: bytes, kind: int) -> None:
    assert UsageMeter().take(body) == kind


@pytest.mark.parametrize(
    ("protocol", "usage", "wanted"),
    [
        (
            "anthropic-messages",
            {
                "input_tokens": 10,
                "output_tokens": 5,
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 30,
                "cache_creation": {"ephemeral_1h_input_tokens": 20},
                "server_tool_use": {"web_search_requests": 2},
            },
            {
                "input": 10,
                "output": 5,
                "cache_read": 100,
                "cache_write_5m": 10,
                "cache_write_1h": 20,
                "web_searches": 2,
            },
        ),
        (
            "openai-chat",
            {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "prompt_tokens_details": {"cached_tokens": 80},
                "completion_tokens_details": {"reasoning_tokens": 30},
            },
            {"input": 20, "output": 50, "reasoning": 30, "cache_read": 80},
        ),
        (
            "openai-responses",
            {
                "input_tokens": 100,
                "output_tokens": 50,
                "input_tokens_details": {"cached_tokens": 60},
                "output_tokens_details": {"reasoning_tokens": 10},
            },
            {"input": 40, "output": 50, "reasoning": 10, "cache_read": 60},
        ),
        ("openai-chat", {"prompt_tokens": 9, "prompt_cache_hit_tokens": 4}, {"input": 5, "cache_read": 4}),
        ("openai-chat", {"prompt_tokens": None, "completion_tokens": "x"}, {}),
    ],
)  # fmt: skip
def test_usage_is_counted_in_the_ledgers_terms(
    protocol: str, usage: dict[str, Any], wanted: dict[str, int]
) -> None:
    found = counts(protocol, usage)

    assert {name: value for name, value in found.items() if value} == wanted


@pytest.mark.parametrize("protocol", ["anthropic-messages", "openai-chat", "openai-responses"])
def test_a_cut_ends_in_one_error_event_of_the_protocol(protocol: str) -> None:
    event = cut_event(protocol, "the stream broke")

    assert event.endswith(b"\n\n")
    assert UsageMeter().look(event) == Kind.ERROR
    assert b"the stream broke" in payload(event)


@given(st.binary(max_size=300))
def test_no_bytes_of_an_upstream_raise(data: bytes) -> None:
    events, meter = EventBuffer(), UsageMeter()
    whole = events.feed(data)
    meter.filter_events(whole)
    for event in [*split_events(whole), events.flush()]:
        meter.look(event)
    meter.take(data)


good = st.sampled_from([START, DELTA, USAGE, sse({"type": "ping"}), b": comment\n\n", b"data: [DONE]\n\n"])
bad = st.sampled_from(
    [b"data: {oops\n\n", b"data: [1\n\n", b"data: 2]\n\n", b"data: <html>\n\n", b"data: {},{}\n\n"]
)


@given(st.lists(st.one_of(good, bad), max_size=12))
def test_many_events_at_once_are_judged_like_one_by_one(events: list[bytes]) -> None:
    together, alone = UsageMeter(), UsageMeter()
    wanted = b"".join(event for event in events if alone.look(event) != Kind.GARBAGE)

    assert together.filter_events(b"".join(events)) == (wanted, None)
    assert (together.usage, together.done, together.tokens_streamed) == (
        alone.usage,
        alone.done,
        alone.tokens_streamed,
    )


@given(st.lists(good, max_size=5), st.lists(good, max_size=5))
def test_nothing_passes_from_an_error_in_the_middle_on(before: list[bytes], after: list[bytes]) -> None:
    error = sse({"type": "error", "error": {"type": "overloaded_error"}}, "error")

    passed, said = UsageMeter().filter_events(b"".join([*before, error, *after]))

    assert (passed, said) == (b"".join(before), error)


def test_tokens_written_to_a_cache_are_counted_once_in_openais_shape() -> None:
    usage = {
        "input_tokens": 3531,
        "input_tokens_details": {"cached_tokens": 3400, "cache_write_tokens": 120},
        "output_tokens": 7,
    }

    found = counts("openai-responses", usage)

    assert (found["input"], found["cache_read"], found["cache_write_5m"], found["output"]) == (
        11,
        3400,
        120,
        7,
    )


@pytest.mark.parametrize("mark", [b"\n\n", b"\r\n\r\n", b"\r\r"])
def test_a_megabyte_of_empty_events_is_cut_in_one_pass(mark: bytes) -> None:
    """Cut one by one from the front, these take minutes: the rest would be copied for each of them."""
    whole = mark * (2**20 // len(mark))

    assert sum(map(len, split_events(whole))) == len(whole)


def test_an_event_of_thousands_of_lines_takes_little_more_room_than_its_bytes() -> None:
    event = b"data:ab\n" * 20_000 + b"\n"
    tracemalloc.start()
    try:
        data = payload(event)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert data == b"\n".join([b"ab"] * 20_000)
    assert most < 2 * len(event)
