"""What of a stream is an answer already, and what is handshake, error, hole or nothing at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pf_tui.gateway.stream_errors import clean_error
from pf_tui.gateway.usage_meter import Kind, UsageMeter


def sse(content: object) -> bytes:
    return b"data: " + json.dumps(content).encode() + b"\n\n"


def chunk(delta: dict[str, Any], finish: str | None = None, **fields: Any) -> bytes:
    return sse({"id": "c1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **fields})


def block(content: dict[str, Any]) -> bytes:
    return sse({"type": "content_block_start", "index": 0, "content_block": content})


def item(content: dict[str, Any], kind: str = "added") -> bytes:
    return sse({"type": f"response.output_item.{kind}", "item": content})


def message_delta(reason: str | None) -> bytes:
    return sse({"type": "message_delta", "delta": {"stop_reason": reason}})


@pytest.mark.parametrize(
    "event",
    [
        sse({"type": "message_start", "message": {"id": "m", "content": []}}),
        block({"type": "text", "text": ""}),
        block({"type": "text", "text": "\n\n"}),
        sse({"type": "content_block_delta", "delta": {"type": "text_delta", "text": " \n"}}),
        chunk({"content": "\n"}),
        sse({"type": "response.output_text.delta", "delta": " "}),
        block({"type": "thinking", "thinking": "", "signature": ""}),
        sse({"type": "content_block_stop", "index": 0}),
        message_delta("end_turn"),
        sse({"type": "message_stop"}),
        chunk({"role": "assistant"}),
        chunk({"role": "assistant", "content": "", "reasoning_content": None, "tool_calls": []}),
        chunk({}, "stop"),
        sse({"id": "c1", "choices": [], "prompt_filter_results": [{}]}),
        sse({"id": "c1", "choices": [], "usage": {"prompt_tokens": 3}}),
        b"data: [DONE]\n\n",
        sse({"type": "response.created", "response": {"id": "r", "output": []}}),
        sse({"type": "response.in_progress", "response": {"id": "r"}}),
        item({"type": "message", "content": []}),
        item({"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}),
        sse({"type": "response.content_part.added", "part": {"type": "output_text", "text": ""}}),
        sse({"type": "response.output_text.delta", "delta": ""}),
        sse({"type": "response.completed", "response": {"id": "r", "output": []}}),
        sse({"detail": "insufficient balance"}),
    ],
)
def test_a_handshake_is_no_answer(event: bytes) -> None:
    assert UsageMeter().look(event) == Kind.OPENING


@pytest.mark.parametrize(
    "event",
    [
        sse({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "x"}}),
        block({"type": "tool_use", "id": "t", "name": "Read", "input": {}}),
        block({"type": "redacted_thinking", "data": "x"}),
        message_delta("refusal"),
        message_delta("max_tokens"),
        chunk({"content": "x"}),
        chunk({"role": "assistant", "reasoning": "x"}),
        chunk({"tool_calls": [{"index": 0, "function": {"name": "f"}}]}),
        chunk({}, "length"),
        chunk({}, "content_filter"),
        item({"type": "function_call", "name": "shell", "arguments": ""}),
        item({"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}, "done"),
        sse({"type": "response.output_text.delta", "delta": "x"}),
        sse({"type": "response.incomplete", "response": {"output": []}}),
        sse(
            {
                "type": "response.completed",
                "response": {
                    "output": [{"type": "message", "content": [{"type": "output_text", "text": "x"}]}]
                },
            }
        ),
    ],
)
def test_a_piece_of_the_answer_or_an_end_that_says_why_is_one(event: bytes) -> None:
    assert UsageMeter().look(event) == Kind.GOOD


ERROR_CHUNKS = [
    chunk({"content": ""}, "error", error={"code": 502, "message": "upstream"}),
    chunk({}, "error"),
    chunk({}, "network_error"),
    chunk({}, "abort"),
    chunk({}, "ENGINE_ERROR"),
    chunk({}, "TIMEOUT"),
    chunk({}, None, error={"message": "x"}),
    chunk({}, None, error="overloaded"),
    sse({"choices": [{"delta": {}, "error": {"message": "x"}}]}),
    sse({"error": {"message": "x"}}),
    sse({"error": "x"}),
    sse({"error": {"message": "x"}, "choices": None}),
    sse({"type": "error", "error": "x"}),
]


@pytest.mark.parametrize("event", ERROR_CHUNKS)
def test_an_error_chunk_is_an_error_whatever_stands_beside_it(event: bytes) -> None:
    assert UsageMeter().look(event) == Kind.ERROR
    meter = UsageMeter()
    good = chunk({"content": "x"})
    assert meter.filter_events(good + event + good) == (good, event)
    assert UsageMeter().take(event[5:]) == Kind.ERROR


@pytest.mark.parametrize("protocol", ["anthropic-messages", "openai-chat", "openai-responses"])
@pytest.mark.parametrize("event", ERROR_CHUNKS)
def test_the_client_gets_an_error_in_the_one_shape_it_knows(event: bytes, protocol: str) -> None:
    told = json.loads(clean_error(protocol, event).partition(b"data:")[2])

    assert "choices" not in told
    assert told["error"]["message"] if "error" in told else told["message"]


@pytest.mark.parametrize("value", [None, {}, ""])
def test_no_error_is_no_error(value: object) -> None:
    assert UsageMeter().look(chunk({"content": "x"}, error=value)) == Kind.GOOD


@pytest.mark.parametrize(
    "answer",
    [
        {"type": "message", "content": [], "stop_reason": "end_turn"},
        {"type": "message", "content": [{"type": "text", "text": ""}], "stop_reason": None},
        {"choices": []},
        {"choices": [{"message": {"role": "assistant", "content": None}, "finish_reason": "stop"}]},
        {"object": "response", "status": "completed", "output": []},
        {"object": "response", "status": "completed", "output": [{"type": "message", "content": []}]},
        {"base_resp": {"status_code": 1008}, "choices": None},
        {},
        {"type": "message", "content": [{"type": "text", "text": "\n "}], "stop_reason": "end_turn"},
        {"type": "message", "content": [{"type": "thinking", "thinking": "hm"}], "stop_reason": "end_turn"},
        {"choices": [{"message": {"content": " ", "reasoning_content": "hm"}, "finish_reason": "stop"}]},
        {
            "object": "response",
            "status": "completed",
            "output": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}],
        },
    ],
)
def test_an_empty_answer_is_none(answer: dict[str, Any]) -> None:
    assert UsageMeter().take(json.dumps(answer).encode()) == Kind.OPENING


@pytest.mark.parametrize(
    "answer",
    [
        {"type": "message", "content": [], "stop_reason": "refusal"},
        {"type": "message", "content": [{"type": "thinking", "thinking": "hm"}], "stop_reason": "max_tokens"},
        {"type": "message", "content": [{"type": "tool_use", "name": "x", "input": {}}]},
        {"choices": [{"message": {"content": None, "tool_calls": [{}]}, "finish_reason": "tool_calls"}]},
        {"choices": [{"message": {"content": ""}, "finish_reason": "length"}]},
        {"object": "response", "status": "incomplete", "output": []},
        {"object": "response", "status": "completed", "output": [{"type": "function_call", "name": "x"}]},
    ],
)
def test_an_answer_without_text_may_be_whole(answer: dict[str, Any]) -> None:
    assert UsageMeter().take(json.dumps(answer).encode()) == Kind.GOOD


BROKEN = [
    b'data: {"type":"content_block_delta","delta":{"partial_json":"ab\n\n',
    b'data: {"type":"content_blo\n\n',
    b'event: content_block_delta\ndata: {"type":"content_block_delta","delta":}\n\n',
    b'data: _delta","delta":{"type":"text_delta","text":"x"}}\n\n',
    b'event: content_block_delta\n{"type":"content_block_delta","delta":{"text":"x"}}\n\n',
]


@pytest.mark.parametrize("event", BROKEN)
def test_a_lost_piece_of_the_answer_ends_the_stream(event: bytes) -> None:
    good = b'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"x"}}\n\n'
    meter = UsageMeter()
    meter.look(good)

    assert meter.filter_events(good + event + good + b'data: {"type":"message_stop"}\n\n') == (good, None)
    assert meter.broken
    assert not meter.done


def test_a_field_that_nobody_knows_is_no_hole() -> None:
    good = b'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"x"}}\n\n'
    meta = b'meta: {"content": 1}\n\n'
    meter = UsageMeter()
    meter.look(good)

    assert meter.filter_events(good + meta + good) == (good + meta + good, None)
    assert not meter.broken


@pytest.mark.parametrize(
    "noise", [b"data: {oops\n\n", b"data: <html>\n\n", b"data: OK\n\n", b"data: null\n\n"]
)
def test_noise_between_pieces_is_left_out(noise: bytes) -> None:
    good = b'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"x"}}\n\n'
    meter = UsageMeter()
    meter.look(good)

    assert meter.filter_events(good + noise + good) == (good + good, None)
    assert not meter.broken


def test_bytes_that_are_no_text_are_read_as_a_client_reads_them() -> None:
    meter = UsageMeter()
    delta = b'data: {"type":"response.output_text.delta","delta":"th\xffree"}\n\n'

    assert meter.look(delta) == Kind.GOOD
    assert meter.filter_events(delta + delta) == (delta + delta, None)
    assert UsageMeter().take(b'{"id":"m\xff","content":[{"type":"text","text":"x"}]}') == Kind.GOOD


def test_fields_may_end_with_a_carriage_return_alone() -> None:
    meter = UsageMeter()

    assert meter.look(b'event: message_start\rdata: {"message":{"id":"m1"}}\rid: 5\r\r') == Kind.OPENING
    assert meter.message_id == "m1"


def test_an_event_that_calls_itself_an_error_is_one_whatever_it_holds() -> None:
    good = b'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"x"}}\n\n'
    meter = UsageMeter()
    meter.look(good)

    for data in (b"{}", b'{"code":"busy"}', b"busy"):
        event = b"event: error\ndata: " + data + b"\n\n"
        assert meter.filter_events(good + event + good) == (good, event), data
