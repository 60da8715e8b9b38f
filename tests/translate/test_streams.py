"""Streams: event by event, in all six directions, whatever the cutting."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui import translate
from pf_tui.drill import fake_replies as replies
from pf_tui.translate import Exchange, Stream
from pf_tui.translate.chat_events import EventReader
from pf_tui.translate.conversation import Failure
from pf_tui.translate.sse import Splitter
from tests.examples import examples
from tests.translate.conftest import plain, request, sent
from tests.translate.protocols import CHAT, MESSAGES, PROTOCOLS, RESPONSES

DIRECTIONS = [(source, upstream) for source in PROTOCOLS for upstream in PROTOCOLS if source != upstream]
TOOLS: dict[str, Any] = {
    MESSAGES: [
        {"name": "Bash", "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}}}
    ],
    CHAT: [
        {"type": "function", "function": {"name": "Bash", "parameters": {"type": "object", "properties": {}}}}
    ],
    RESPONSES: [{"type": "function", "name": "Bash", "parameters": {"type": "object", "properties": {}}}],
}

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)
calls = st.lists(
    st.builds(
        lambda name, arguments: replies.Call(name=name, arguments=arguments),
        st.sampled_from(["Bash", "Read"]),
        st.dictionaries(words, words | st.integers() | st.lists(words, max_size=2), max_size=3),
    ),
    max_size=3,
)
answers = st.builds(
    lambda text, thinking, calls: replies.Reply(text=text or "hi", thinking=thinking, calls=tuple(calls)),
    words,
    words,
    calls,
)


def exchange(source: str, upstream: str, **more: Any) -> Exchange:
    return Exchange(request(source, tools=TOOLS[source], stream=True, **more), source, plain(upstream))


def through(source: str, upstream: str, chunks: list[bytes]) -> bytes:
    """The client's stream for a provider's."""
    stream = translate.events(exchange(source, upstream), message_id="msg_1", created=1)
    return b"".join([*(stream.feed(chunk) for chunk in chunks), stream.finish()])


def cut(whole: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(whole), *(place % (len(whole) + 1) for place in places)})
    return [whole[start:end] for start, end in pairwise(edges)]


def blocks(protocol: str, stream: bytes) -> list[tuple[str, Any]]:
    """What a client takes out of its stream: (kind, content) of each block, in order."""
    events = sent(stream)
    if protocol == MESSAGES:
        return _message_blocks(events)
    if protocol == CHAT:
        return _chat_blocks(events)
    items = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    return [_item(item) for item in items]


def _message_blocks(events: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    text, block = "", {}
    for event in events:
        if event["type"] == "content_block_start":
            assert not block, "one block is open at a time"
            block, text = event["content_block"], ""
            assert event["index"] == len(found)
        elif event["type"] == "content_block_delta":
            delta = event["delta"]
            text += delta.get("text") or delta.get("thinking") or delta.get("partial_json") or ""
        elif event["type"] == "content_block_stop":
            call = block["type"] == "tool_use"
            found.append(
                (block["type"], (block["id"], block["name"], json.loads(text or "{}")) if call else text)
            )
            block = {}
    return found


def _chat_blocks(events: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    found: list[list[Any]] = []
    for event in events:
        for choice in event["choices"]:
            delta = choice["delta"]
            for key, kind in (("reasoning_content", "thinking"), ("content", "text")):
                if delta.get(key):
                    if not found or found[-1][0] != kind:
                        found.append([kind, ""])
                    found[-1][1] += delta[key]
            for call in delta.get("tool_calls") or ():
                if "id" in call:
                    found.append(["tool_use", call["id"], call["function"]["name"], ""])
                found[-1][-1] += call["function"]["arguments"]
    return [
        (kind, (rest[0], rest[1], json.loads(rest[2] or "{}")) if kind == "tool_use" else rest[0])
        for kind, *rest in found
    ]


def _item(item: dict[str, Any]) -> tuple[str, Any]:
    if item["type"] == "function_call":
        return "tool_use", (item["call_id"], item["name"], json.loads(item["arguments"] or "{}"))
    if item["type"] == "reasoning":
        return "thinking", "".join(part["text"] for part in item["summary"])
    return "text", "".join(part["text"] for part in item["content"])


@pytest.mark.parametrize(("source", "upstream"), DIRECTIONS)
@given(reply=answers, places=st.lists(st.integers(0, 100_000), max_size=12))
@examples(20)
def test_any_cutting_of_a_stream_gives_the_same_blocks(
    source: str, upstream: str, reply: replies.Reply, places: list[int]
) -> None:
    whole = b"".join(replies.events(upstream, reply, "m", 7))
    expected = [("thinking", reply.thinking)] if reply.thinking else []
    expected.append(("text", reply.text))
    found = blocks(source, through(source, upstream, cut(whole, places)))

    assert through(source, upstream, cut(whole, places)) == through(source, upstream, [whole])
    assert [block for block in found if block[0] != "tool_use"] == expected
    assert [block[1][1:] for block in found if block[0] == "tool_use"] == [
        (call.name, dict(call.arguments)) for call in reply.calls
    ]


@pytest.mark.parametrize(("source", "upstream"), DIRECTIONS)
def test_usage_is_the_same_number_on_both_sides(source: str, upstream: str) -> None:
    reply = replies.Reply(input=11, output=7, cache_read=3400, cache_write=0)
    stream = translate.events(
        exchange(source, upstream, **({"stream_options": {"include_usage": True}} if source == CHAT else {})),
        message_id="msg_1",
    )
    assert isinstance(stream, Stream)
    out = b"".join(stream.feed(event) for event in replies.events(upstream, reply, "m", 1)) + stream.finish()
    usage = next(event for event in reversed(sent(out)) if event.get("usage") or event.get("response"))

    assert (stream.usage.input, stream.usage.output, stream.usage.cache_read) == (11, 7, 3400)
    told = usage.get("usage") or usage["response"]["usage"]
    assert (
        told.get("input_tokens", told.get("prompt_tokens")),
        told.get("output_tokens", told.get("completion_tokens")),
    ) == (
        11 if source == MESSAGES else 3411,
        7,
    )


@pytest.mark.parametrize(("source", "upstream"), DIRECTIONS)
def test_a_stream_that_is_cut_ends_in_an_error_and_never_in_success(source: str, upstream: str) -> None:
    events = replies.events(upstream, replies.Reply(), "m", 1)
    stream = translate.events(exchange(source, upstream), message_id="msg_1")
    out = b"".join(stream.feed(event) for event in events[: len(events) // 2]) + stream.finish()

    assert stream.failure is not None
    assert stream.failure.kind == "cut"
    assert b"message_stop" not in out
    assert b"[DONE]" not in out
    assert b"response.completed" not in out
    assert b"error" in out


@pytest.mark.parametrize(("source", "upstream"), DIRECTIONS)
def test_a_whole_answer_says_what_its_stream_says(source: str, upstream: str) -> None:
    reply = replies.Reply(text="Look", calls=(replies.Call(name="Bash", arguments={"command": "ls"}),))
    whole = exchange(source, upstream).answer(replies.whole(upstream, reply, "m", 3), message_id="msg_1")
    body = json.loads(whole.body)

    assert whole.status == 200
    assert body["model"] == "asked"
    if source == MESSAGES:
        assert [block["type"] for block in body["content"]] == ["text", "tool_use"]
        assert body["stop_reason"] == "tool_use"
    elif source == CHAT:
        call = body["choices"][0]["message"]["tool_calls"][0]
        assert json.loads(call["function"]["arguments"]) == {"command": "ls"}
        assert body["choices"][0]["finish_reason"] == "tool_calls"
    else:
        assert [item["type"] for item in body["output"]] == ["message", "function_call"]
        assert body["status"] == "completed"


@pytest.mark.parametrize(
    ("piece", "kind"),
    [
        (b"You exceeded your current quota, please check your plan and billing details.", "quota"),
        (b'{"error": {"message": "Rate limit reached"}}', "rate_limit"),
        (b'data: {"choices": [{"delta": {}, "error": {"message": "Rate limit reached"}}]}\n\n', "rate_limit"),
    ],
)
def test_an_error_that_is_no_event_is_known_by_its_words(piece: bytes, kind: str) -> None:
    reader = EventReader()

    events = [*reader.feed(piece), *reader.finish()]

    (failure,) = [event for event in events if isinstance(event, Failure)]
    assert failure.kind == kind


def test_a_piece_without_its_fields_name_is_a_hole() -> None:
    reader = EventReader()
    good = b'data: {"choices": [{"delta": {"content": "x"}}]}\n\n'

    events = reader.feed(good + b'meta: {"content": 1}\n' + good.removeprefix(b"data: ") + good)

    assert [type(event).__name__ for event in events] == ["Begin", "Open", "Delta", "Failure"]


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_lines_may_end_with_a_carriage_return_alone(cut: int) -> None:
    stream = b'event: a\rdata: {"x": 1}\rid: 2\r\rdata: y\r\n\r\ndata: z\n\n'
    splitter = Splitter()

    events = [*splitter.feed(stream[:cut]), *splitter.feed(stream[cut:]), *splitter.finish()]

    assert events == [(b"a", b'{"x": 1}'), (b"", b"y"), (b"", b"z")]
