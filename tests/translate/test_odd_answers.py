"""Odd answers of providers, streamed and whole: what the agent is told is right, in both directions.

Right is what the protocols' own references say of the fields; the oddities are those of vendors' streams.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from pf_tui import translate
from pf_tui.translate import Exchange
from tests.translate.conftest import plain, request, sent
from tests.translate.protocols import CHAT, MESSAGES, RESPONSES
from tests.translate.test_streams import TOOLS, blocks

BASH = "Bash"


def chat(finish: str | None = None, /, *, top: dict[str, Any] | None = None, **delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice], **(top or {})}


def call(index: int, **more: Any) -> dict[str, Any]:
    return chat(None, tool_calls=[{"index": index, **more}])


def lines(*events: Any, end: str = "\n\n", done: bool = True) -> bytes:
    """A Chat stream."""
    data = [event if isinstance(event, str) else json.dumps(event) for event in events]
    return "".join(f"data: {text}{end}" for text in (*data, *(["[DONE]"] if done else []))).encode()


def named(*events: dict[str, Any]) -> bytes:
    """A Messages or Responses stream."""
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()


def claude(*events: dict[str, Any], stop: str = "end_turn", usage: dict[str, Any] | None = None) -> bytes:
    start = {
        "type": "message_start",
        "message": {"model": "m", "usage": {"input_tokens": 9, "output_tokens": 1}},
    }
    delta = {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": usage or {"output_tokens": 4}}
    return named(start, *events, delta, {"type": "message_stop"})


def block(index: int, start: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def text(index: int, words: str) -> list[dict[str, Any]]:
    return block(index, {"type": "text", "text": ""}, {"type": "text_delta", "text": words})


def openai(*events: dict[str, Any], **response: Any) -> bytes:
    whole = {
        "status": "completed",
        "output": [],
        "usage": {"input_tokens": 9, "output_tokens": 4},
        **response,
    }
    return named(
        {"type": "response.created", "response": {"model": "m"}},
        *events,
        {"type": "response.completed", "response": whole},
    )


def pieces(stream: bytes, size: int) -> list[bytes]:
    return [stream[at : at + size] for at in range(0, len(stream), size)] if size else [stream]


def through(source: str, upstream: str, stream: bytes, size: int = 0) -> bytes:
    """The client's stream; `size` bytes at a time where it is given."""
    asked = Exchange(
        request(source, tools=TOOLS[source], stream=True, **USAGE.get(source, {})), source, plain(upstream)
    )
    events = translate.events(asked, message_id="msg_1", created=1)
    return b"".join([*map(events.feed, pieces(stream, size)), events.finish()])


USAGE = {CHAT: {"stream_options": {"include_usage": True}}}


def ending(source: str, stream: bytes) -> tuple[str, int, int]:
    """Why it stopped in the client's words, input tokens without cached ones, output tokens."""
    events = sent(stream)
    if source == MESSAGES:
        last = next(event for event in events if event["type"] == "message_delta")
        usage = last["usage"]
        return last["delta"]["stop_reason"], usage["input_tokens"], usage["output_tokens"]
    if source == CHAT:
        finish = [c["finish_reason"] for event in events for c in event["choices"] if c["finish_reason"]]
        usage = next(event["usage"] for event in events if event.get("usage"))
        cached = usage["prompt_tokens_details"]["cached_tokens"]
        return finish[-1], usage["prompt_tokens"] - cached, usage["completion_tokens"]
    response = events[-1]["response"]
    usage = response["usage"]
    reason = (response["incomplete_details"] or {}).get("reason") or response["status"]
    return (
        reason,
        usage["input_tokens"] - usage["input_tokens_details"]["cached_tokens"],
        usage["output_tokens"],
    )


ENDS = {
    "end": {MESSAGES: "end_turn", CHAT: "stop", RESPONSES: "completed"},
    "calls": {MESSAGES: "tool_use", CHAT: "tool_calls", RESPONSES: "completed"},
    "length": {MESSAGES: "max_tokens", CHAT: "length", RESPONSES: "max_output_tokens"},
    "refusal": {MESSAGES: "refusal", CHAT: "content_filter", RESPONSES: "content_filter"},
}
"""Why an answer stopped -> each protocol's word for it."""

LS = {"command": "ls"}
A = ("tool_use", ("a", BASH, LS))
B = ("tool_use", ("b", BASH, {}))
USED = {"usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}}
ONE = call(0, id="a", type="function", function={"name": BASH, "arguments": '{"command":"ls"}'})
SAID = [("text", "hé 😀")]
WORDS = (chat(role="assistant", content=""), chat(content="hé "), chat(content="😀"), chat("stop", top=USED))

# what came · the blocks that are told · why it stopped, input and output tokens
Row = tuple[str, bytes, list[tuple[str, Any]], tuple[str, int, int]]
ROWS: dict[str, Row] = {
    "crlf": (CHAT, lines(*WORDS, end="\r\n\r\n"), SAID, ("end", 9, 4)),
    "byte-order-mark": (CHAT, b"\xef\xbb\xbf" + lines(*WORDS), SAID, ("end", 9, 4)),
    "comments": (
        CHAT,
        b": hello\n\n" + lines(*WORDS).replace(b"data", b": ping\n\ndata", 3),
        SAID,
        ("end", 9, 4),
    ),
    "data-on-two-lines": (
        CHAT,
        lines(*WORDS).replace(b'"delta": {', b'"delta":\ndata: {'),
        SAID,
        ("end", 9, 4),
    ),
    "no-blank-at-the-end": (CHAT, lines(*WORDS).removesuffix(b"\n\n"), SAID, ("end", 9, 4)),
    "no-done": (CHAT, lines(*WORDS, done=False), SAID, ("end", 9, 4)),
    "no-space-behind-data": (CHAT, lines(*WORDS).replace(b"data: ", b"data:"), SAID, ("end", 9, 4)),
    "ids-and-retries": (
        CHAT,
        lines(*WORDS).replace(b"data: ", b"id: 7\nretry: 10\nevent: message\ndata: "),
        SAID,
        ("end", 9, 4),
    ),
    "usage-alone-behind-the-end": (
        CHAT,
        lines(*WORDS[:3], chat("stop"), {"choices": [], **USED}),
        SAID,
        ("end", 9, 4),
    ),
    "usage-on-every-chunk": (
        CHAT,
        lines(
            *(
                chunk | {"usage": {"prompt_tokens": 9, "completion_tokens": n}}
                for n, chunk in enumerate(WORDS, 1)
            )
        ),
        SAID,
        ("end", 9, 4),
    ),
    "usage-in-the-choice": (
        CHAT,
        lines(*WORDS[:3], {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", **USED}]}),
        SAID,
        ("end", 9, 4),
    ),
    "usage-of-groq": (CHAT, lines(*WORDS[:3], chat("stop", top={"x_groq": USED})), SAID, ("end", 9, 4)),
    "usage-null-until-the-end": (
        CHAT,
        lines(*(chunk | {"usage": None} for chunk in WORDS[:3]), WORDS[3]),
        SAID,
        ("end", 9, 4),
    ),
    "usage-with-odd-details": (
        CHAT,
        lines(
            *WORDS[:3],
            chat("stop", top={"usage": {**USED["usage"], "prompt_tokens_details": [1], "cost": "0"}}),
        ),
        SAID,
        ("end", 9, 4),
    ),
    "usage-as-fractions": (
        CHAT,
        lines(*WORDS[:3], chat("stop", top={"usage": {"prompt_tokens": 9.0, "completion_tokens": 4.0}})),
        SAID,
        ("end", 9, 4),
    ),
    "cached-tokens": (
        CHAT,
        lines(
            *WORDS[:3],
            chat(
                "stop",
                top={
                    "usage": {
                        "prompt_tokens": 9,
                        "completion_tokens": 4,
                        "prompt_tokens_details": {"cached_tokens": 5},
                    }
                },
            ),
        ),
        SAID,
        ("end", 4, 4),
    ),
    "nulls": (
        CHAT,
        lines(
            chat(role="assistant", content=None, tool_calls=None, refusal=None, reasoning_content=None),
            chat(content="hé 😀", function_call=None, audio=None) | {"error": None, "choices_extra": 1},
            {"choices": None},
            {"choices": [{"index": 0, "delta": None, "finish_reason": None}]},
            chat("stop", top=USED),
        ),
        SAID,
        ("end", 9, 4),
    ),
    "logprobs-and-a-second-choice": (
        CHAT,
        lines(
            chat(content="hé 😀") | {"service_tier": "default", "system_fingerprint": "fp"},
            {
                "choices": [
                    {
                        "index": 1,
                        "delta": {"content": "other"},
                        "finish_reason": "stop",
                        "logprobs": {"content": []},
                    }
                ]
            },
            chat("stop", top=USED),
        ),
        SAID,
        ("end", 9, 4),
    ),
    "message-in-place-of-delta": (
        CHAT,
        lines({"choices": [{"index": 0, "message": {"content": "hé 😀"}, "finish_reason": "stop"}], **USED}),
        SAID,
        ("end", 9, 4),
    ),
    "words-as-a-list": (
        CHAT,
        lines(
            chat(content=[{"type": "text", "text": "hé "}, {"type": "text", "text": "😀"}]),
            chat("stop", top=USED),
        ),
        SAID,
        ("end", 9, 4),
    ),
    "refusal-field": (CHAT, lines(chat(refusal="hé 😀"), chat("stop", top=USED)), SAID, ("refusal", 9, 4)),
    "filtered": (
        CHAT,
        lines(chat(content="hé 😀"), chat("content_filter", top=USED)),
        SAID,
        ("refusal", 9, 4),
    ),
    "cut-by-length": (CHAT, lines(chat(content="hé 😀"), chat("length", top=USED)), SAID, ("length", 9, 4)),
    "reasoning-then-words": (
        CHAT,
        lines(chat(reasoning="hm"), chat(reasoning="!"), chat(content="hé 😀"), chat("stop", top=USED)),
        [("thinking", "hm!"), *SAID],
        ("end", 9, 4),
    ),
    "calls-though-it-says-stop": (CHAT, lines(ONE, chat("stop", top=USED)), [A], ("calls", 9, 4)),
    "no-arguments-at-all": (
        CHAT,
        lines(call(0, id="b", function={"name": BASH}), chat("tool_calls", top=USED)),
        [B],
        ("calls", 9, 4),
    ),
    "arguments-as-an-object": (
        CHAT,
        lines(call(0, id="a", function={"name": BASH, "arguments": LS}), chat("tool_calls", top=USED)),
        [A],
        ("calls", 9, 4),
    ),
    "arguments-in-pieces-between-two-calls": (
        CHAT,
        lines(
            call(0, id="a", function={"name": BASH, "arguments": '{"com'}),
            call(1, id="b", function={"name": BASH, "arguments": "{"}),
            call(0, function={"arguments": 'mand":'}),
            call(1, function={"arguments": "}"}),
            call(0, function={"arguments": '"ls"}'}),
            chat("tool_calls", top=USED),
        ),
        [A, B],
        ("calls", 9, 4),
    ),
    "name-again-with-every-piece": (
        CHAT,
        lines(
            call(0, id="a", type="function", function={"name": BASH, "arguments": ""}),
            call(0, id="a", type="function", function={"name": BASH, "arguments": '{"command":'}),
            call(0, id="a", type="function", function={"name": BASH, "arguments": '"ls"}'}),
            chat("tool_calls", top=USED),
        ),
        [A],
        ("calls", 9, 4),
    ),
    "broken-arguments": (
        CHAT,
        lines(
            call(0, id="a", function={"name": BASH, "arguments": '{"command": "ls",'}),
            chat("tool_calls", top=USED),
        ),
        [A],
        ("calls", 9, 4),
    ),
    "deprecated-function-call": (
        CHAT,
        lines(
            chat(function_call={"name": BASH, "arguments": ""}),
            chat(function_call={"arguments": '{"command":"ls"}'}),
            chat("function_call", top=USED),
        ),
        [("tool_use", (None, BASH, LS))],
        ("calls", 9, 4),
    ),
    "claude-tool-without-input": (
        MESSAGES,
        claude(*block(0, {"type": "tool_use", "id": "b", "name": BASH, "input": {}}), stop="tool_use"),
        [B],
        ("calls", 9, 4),
    ),
    "claude-input-at-its-start": (
        MESSAGES,
        claude(*block(0, {"type": "tool_use", "id": "a", "name": BASH, "input": LS}), stop="tool_use"),
        [A],
        ("calls", 9, 4),
    ),
    "claude-signed-and-redacted": (
        MESSAGES,
        claude(
            *block(
                0,
                {"type": "thinking", "thinking": ""},
                {"type": "thinking_delta", "thinking": "hm"},
                {"type": "signature_delta", "signature": "Eg"},
            ),
            *text(1, "hé 😀"),
        ),
        [("thinking", "hm"), *SAID],
        ("end", 9, 4),
    ),
    "claude-searches-by-itself": (
        MESSAGES,
        claude(
            *block(
                0,
                {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
                {"type": "input_json_delta", "partial_json": '{"query":"q"}'},
            ),
            *block(1, {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}),
            *block(
                2,
                {"type": "text", "text": ""},
                {"type": "text_delta", "text": "hé 😀"},
                {"type": "citations_delta", "citation": {"url": "u"}},
            ),
        ),
        SAID,
        ("end", 9, 4),
    ),
    "claude-usage-in-the-last-event": (
        MESSAGES,
        claude(
            *text(0, "hé 😀"), usage={"input_tokens": 7, "cache_read_input_tokens": 2, "output_tokens": 4}
        ),
        SAID,
        ("end", 7, 4),
    ),
    "claude-pings-with-a-null-error": (
        MESSAGES,
        claude({"type": "ping", "error": None}, *text(0, "hé 😀"), {"type": "new_event"}),
        SAID,
        ("end", 9, 4),
    ),
    "claude-refuses": (MESSAGES, claude(*text(0, "hé 😀"), stop="refusal"), SAID, ("refusal", 9, 4)),
    "openai-only-at-its-end": (
        RESPONSES,
        openai(output=[{"type": "message", "content": [{"type": "output_text", "text": "hé 😀"}]}]),
        SAID,
        ("end", 9, 4),
    ),
    "openai-items-without-deltas": (
        RESPONSES,
        openai(
            {"type": "response.in_progress", "error": None},
            {
                "type": "response.output_item.done",
                "output_index": 0,
                "item": {
                    "type": "function_call",
                    "call_id": "a",
                    "name": BASH,
                    "arguments": '{"command":"ls"}',
                },
            },
        ),
        [A],
        ("calls", 9, 4),
    ),
    "openai-refuses": (
        RESPONSES,
        openai({"type": "response.refusal.delta", "output_index": 0, "content_index": 0, "delta": "hé 😀"}),
        SAID,
        ("refusal", 9, 4),
    ),
    "openai-is-cut": (
        RESPONSES,
        openai(
            {"type": "response.output_text.delta", "output_index": 0, "delta": "hé 😀"},
            status="incomplete",
            incomplete_details={"reason": "max_output_tokens"},
        ),
        SAID,
        ("length", 9, 4),
    ),
    "openai-searches-by-itself": (
        RESPONSES,
        openai(
            {
                "type": "response.output_item.added",
                "output_index": 0,
                "item": {"type": "web_search_call", "id": "w"},
            },
            {"type": "response.web_search_call.completed", "output_index": 0, "item_id": "w"},
            {"type": "response.output_text.delta", "output_index": 1, "delta": "hé 😀"},
            {"type": "response.output_text.annotation.added", "output_index": 1, "annotation": {}},
        ),
        SAID,
        ("end", 9, 4),
    ),
}

CASES = [
    (name, source)
    for name, (upstream, *_) in ROWS.items()
    for source in (MESSAGES, CHAT, RESPONSES)
    if source != upstream
]


@pytest.mark.parametrize(("name", "source"), CASES)
def test_an_odd_stream_is_told_as_it_was_meant(name: str, source: str) -> None:
    upstream, stream, wanted, (stop, used, made) = ROWS[name]
    whole = through(source, upstream, stream)
    answer = blocks(source, whole)

    assert [
        (kind, _known(what, wish)) for (kind, what), (_, wish) in zip(answer, wanted, strict=True)
    ] == wanted
    assert ending(source, whole) == (ENDS[stop][source], used, made)
    for size in (1, 7):
        assert through(source, upstream, stream, size) == whole


def _known(what: Any, wish: Any) -> Any:
    """The call without its id, where the provider gave none."""
    return (None, *what[1:]) if isinstance(what, tuple) and wish[0] is None else what
