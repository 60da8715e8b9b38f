"""What breaks in answers between providers and agents: each kind of trap with its right value."""
# ruff: noqa: E501 - a vendor's sentence broken in the middle is harder to compare with the vendor's

from __future__ import annotations

import json
from typing import Any

import pytest

from pf_tui import translate
from pf_tui.translate import Exchange, Failure, ReasoningStore, error_body, error_event, keep_alive
from pf_tui.translate.arguments import ArgumentStream, mended
from tests.translate.conftest import CODEX, captured, plain, request, sent, target
from tests.translate.protocols import CHAT, MESSAGES, PROTOCOLS, RESPONSES

SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
TOOLS = {
    MESSAGES: [{"name": "Bash", "input_schema": SCHEMA}],
    RESPONSES: [{"type": "function", "name": "Bash", "parameters": SCHEMA}],
}


def exchange(source: str = MESSAGES, upstream: Any = None, **more: Any) -> Exchange:
    raw = request(source, stream=True, tools=TOOLS.get(source, []), **more)
    return Exchange(raw, source, upstream or plain(CHAT))


def chunk(finish: str | None = None, **delta: Any) -> bytes:
    return (
        b"data: "
        + json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}).encode()
        + b"\n\n"
    )


def call(
    index: int | None = 0, call_id: str | None = None, name: str | None = None, arguments: Any = None
) -> dict[str, Any]:
    """One piece of a tool call."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    piece: dict[str, Any] = {"function": function}
    return (
        piece
        | ({"index": index} if index is not None else {})
        | ({"id": call_id} if call_id is not None else {})
    )


def pieces(*calls: dict[str, Any]) -> bytes:
    return chunk(tool_calls=list(calls))


DONE = b"data: [DONE]\n\n"


def streamed(
    *chunks: bytes, source: str = MESSAGES, upstream: Any = None, **more: Any
) -> list[dict[str, Any]]:
    """The client's events for a provider's chunks."""
    stream = translate.events(exchange(source, upstream, **more), message_id="msg_1")
    return sent(b"".join([*(stream.feed(part) for part in chunks), stream.finish()]))


def tool_uses(events: list[dict[str, Any]]) -> list[tuple[str, str, Any]]:
    """(id, name, input) of each call; blocks must not overlap and are counted by us."""
    found: list[tuple[str, str, Any]] = []
    opened: dict[str, Any] | None = None
    text, index = "", -1
    for event in events:
        if event["type"] == "content_block_start":
            assert opened is None
            index += 1
            assert event["index"] == index
            opened, text = event["content_block"], ""
        elif event["type"] == "content_block_delta":
            assert event["index"] == index
            text += event["delta"].get("partial_json", "")
        elif event["type"] == "content_block_stop":
            assert opened is not None
            if opened["type"] == "tool_use":
                found.append((opened["id"], opened["name"], json.loads(text or "{}")))
            opened = None
    return found


def stop_reason(events: list[dict[str, Any]]) -> str:
    return next(str(event["delta"]["stop_reason"]) for event in events if event["type"] == "message_delta")


A, B = {"command": "a"}, {"command": "b"}
FIRST, SECOND = json.dumps(A), json.dumps(B)


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(
            [pieces(call(0, "c1", "Bash", "")), pieces(call(0, None, None, FIRST)), pieces(call(1, "c2", "Bash", "")),
             pieces(call(1, None, None, SECOND))], id="one after the other"),
        pytest.param(
            [pieces(call(0, "c1", "Bash", ""), call(1, "c2", "Bash", "")), pieces(call(0, None, None, FIRST[:6])),
             pieces(call(1, None, None, SECOND[:4])), pieces(call(0, None, None, FIRST[6:])),
             pieces(call(1, None, None, SECOND[4:]))], id="interleaved"),
        pytest.param([pieces(call(0, "c1", "Bash", FIRST), call(1, "c2", "Bash", SECOND))], id="two whole in one chunk"),
        pytest.param(
            [pieces(call(0, "c1", "Bash", FIRST[:5])), pieces(call(0, "c1", "Bash", FIRST[5:])),
             pieces(call(1, "c2", "Bash", SECOND[:5])), pieces(call(1, "c2", "Bash", SECOND[5:]))],
            id="id and name on every chunk"),
        pytest.param(
            [pieces(call(0, None, "Bash", "")), pieces(call(0, None, None, FIRST[:5])), pieces(call(0, "c1", None, FIRST[5:])),
             pieces(call(1, None, None, SECOND[:5])), pieces(call(1, "c2", "Bash", SECOND[5:]))], id="id late"),
        pytest.param([pieces(call(0, "c1", "Bash", FIRST)), pieces(call(0, "c2", "Bash", SECOND))], id="all under index 0"),
        pytest.param([pieces(call(None, "c1", "Bash", FIRST)), pieces(call(None, "c2", "Bash", SECOND))], id="no index"),
        pytest.param(
            [pieces(call(0, "c1", "Bash", A)), pieces(call(1, "c2", "Bash", B))], id="arguments as an object"),
    ],
)  # fmt: skip
def test_calls_in_pieces_come_out_whole_one_at_a_time(chunks: list[bytes]) -> None:
    events = streamed(*chunks, chunk("tool_calls"), DONE)

    assert tool_uses(events) == [("c1", "Bash", A), ("c2", "Bash", B)]
    assert stop_reason(events) == "tool_use"


def test_a_call_without_id_gets_one_and_one_without_a_name_is_nobody_s() -> None:
    events = streamed(
        pieces(call(0, None, "Bash", FIRST)), pieces(call(1, "c2", None, SECOND)), chunk("tool_calls"), DONE
    )
    found = tool_uses(events)

    assert [(name, arguments) for _, name, arguments in found] == [("Bash", A)]
    assert found[0][0].startswith("call_")


def test_a_call_without_arguments_is_an_empty_object() -> None:
    for arguments in ("", "{}", None):
        events = streamed(pieces(call(0, "c1", "Bash", arguments)), chunk("tool_calls"), DONE)
        assert tool_uses(events) == [("c1", "Bash", {})]


def test_text_behind_a_call_waits_until_the_call_is_whole() -> None:
    events = streamed(
        pieces(call(0, "c1", "Bash", FIRST[:5])), chunk(content="then"), pieces(call(0, None, None, FIRST[5:])), chunk("stop"), DONE
    )  # fmt: skip

    assert tool_uses(events) == [("c1", "Bash", A)]
    assert [event["content_block"]["type"] for event in events if event["type"] == "content_block_start"] == [
        "tool_use",
        "text",
    ]


def test_arguments_are_passed_on_as_they_come() -> None:
    stream = translate.events(exchange(), message_id="msg_1")
    stream.feed(pieces(call(0, "c1", "Bash", "")))

    assert b"partial_json" in stream.feed(pieces(call(0, None, None, '{"command": "l')))
    assert b"partial_json" in stream.feed(pieces(call(0, None, None, "s -l")))


@pytest.mark.parametrize(
    ("finish", "calls", "reason"),
    [
        ("stop", True, "tool_use"),
        ("tool_calls", False, "end_turn"),
        ("length", False, "max_tokens"),
        ("content_filter", False, "refusal"),
        ("eos", False, "end_turn"),
        ("sensitive", False, "refusal"),
        ("model_length", False, "max_tokens"),
        ("whatever", False, "end_turn"),
    ],
)
def test_the_stop_reason_is_by_what_was_sent(finish: str, calls: bool, reason: str) -> None:
    content = pieces(call(0, "c1", "Bash", FIRST)) if calls else chunk(content="hi")
    message = {"tool_calls": [call(None, "c1", "Bash", FIRST)]} if calls else {"content": "hi"}
    answer = json.dumps({"choices": [{"message": message, "finish_reason": finish}]}).encode()

    assert stop_reason(streamed(content, chunk(finish), DONE)) == reason
    assert json.loads(exchange().answer(answer, message_id="msg_1").body)["stop_reason"] == reason


def test_length_is_an_incomplete_response() -> None:
    events = streamed(chunk(content="hi"), chunk("length"), DONE, source=RESPONSES)

    assert events[-1]["type"] == "response.incomplete"
    assert events[-1]["response"]["incomplete_details"] == {"reason": "max_output_tokens"}


def test_together_s_length_far_below_the_limit_is_no_cut() -> None:
    together = target("together", CHAT, "zai-org/GLM-5.3")
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":%d,"total_tokens":%d}}\n\n'

    assert (
        stop_reason(streamed(chunk(content="hi"), chunk("length"), usage % (7, 16), DONE, upstream=together))
        == "end_turn"
    )
    full = streamed(chunk(content="hi"), chunk("length"), usage % (990, 999), DONE, upstream=together)
    assert stop_reason(full) == "max_tokens"


@pytest.mark.parametrize(
    ("usage", "numbers"),
    [
        (
            {"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 60}},
            (40, 60, 0, 5),
        ),
        (
            {
                "prompt_tokens": 100,
                "completion_tokens": 5,
                "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 30},
            },
            (10, 60, 30, 5),
        ),
        ({"prompt_tokens": 100, "completion_tokens": 5, "prompt_cache_hit_tokens": 64}, (36, 64, 0, 5)),
        ({"prompt_tokens": 100, "completion_tokens": 5, "cached_tokens": 10}, (90, 10, 0, 5)),
        ({"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 125}, (100, 0, 0, 25)),
        ({"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": None}, (100, 0, 0, 5)),
    ],
)
def test_input_is_what_was_neither_read_from_nor_written_to_a_cache(
    usage: Any, numbers: tuple[int, ...]
) -> None:
    on_every = (
        b"data: "
        + json.dumps({"choices": [{"index": 0, "delta": {"content": "x"}}], "usage": usage}).encode()
        + b"\n\n"
    )
    events = streamed(on_every, on_every, chunk("stop"), DONE)
    final = next(event["usage"] for event in events if event["type"] == "message_delta")
    answer = json.dumps(
        {"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}], "usage": usage}
    ).encode()
    whole = exchange().answer(answer, message_id="msg_1").usage

    assert (
        final["input_tokens"], final["cache_read_input_tokens"], final["cache_creation_input_tokens"], final["output_tokens"],
    ) == numbers  # fmt: skip
    assert (whole.input, whole.cache_read, whole.cache_write, whole.output) == numbers


def test_a_message_begins_with_an_estimate_and_its_own_id() -> None:
    start = streamed(chunk(content="hi"), chunk("stop"), DONE)[0]["message"]

    assert start["id"] == "msg_1"
    assert start["model"] == "asked"
    assert start["usage"]["input_tokens"] > 0


def test_a_provider_that_counts_nothing_leaves_the_estimate() -> None:
    final = next(
        event["usage"]
        for event in streamed(chunk(content="hello"), chunk("stop"), DONE)
        if event["type"] == "message_delta"
    )

    assert final["input_tokens"] > 0
    assert final["output_tokens"] > 0


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (b'data: {"error":{"message":"Overloaded","code":503}}\n\n', "overloaded"),
        (
            b'data: {"error":{"message":"x","code":502},"choices":[{"delta":{},"finish_reason":"error"}]}\n\n',
            "server",
        ),
        (b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}\n\n', "server"),
        (b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"network_error"}]}\n\n', "server"),
        (b'data: {"x_groq":{"error":"over capacity"},"choices":[]}\n\n', "server"),
        (b'data: {"object":"error","message":"Service tier capacity exceeded","code":"3505"}\n\n', "server"),
        (
            b'data: {"error":{"message":"This model\'s maximum context length is 131072 tokens."}}\n\n',
            "overflow",
        ),
        (b"data: {broken\n\n", "server"),
        (b'data: {"choices":[{"index":0,"delta":"no object"}]}\n\n', "server"),
    ],
)
@pytest.mark.parametrize("source", [MESSAGES, RESPONSES])
def test_a_stream_that_breaks_ends_in_one_error(source: str, last: bytes, kind: str) -> None:
    stream = translate.events(exchange(source), message_id="msg_1")
    out = stream.feed(chunk(content="hel")) + stream.feed(last) + stream.feed(chunk("stop")) + stream.finish()
    events = sent(out)

    assert stream.failure is not None
    assert stream.failure.kind == kind
    assert stream.shown
    ends = [
        event["type"]
        for event in events
        if event["type"] in ("error", "response.failed", "message_stop", "response.completed")
    ]
    assert ends == ["error" if source == MESSAGES else "response.failed"]


def test_a_vendor_s_answer_of_200_that_is_an_error_is_one() -> None:
    for body in (b'{"error":{"message":"Overloaded","type":"overloaded_error"}}', b"<html>", b"[]"):
        whole = exchange().answer(body, message_id="msg_1")
        assert whole.failure is not None
        assert whole.status >= 500
        assert json.loads(whole.body)["type"] == "error"


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (400, {"error": {"code": "context_length_exceeded", "message": "This model's maximum context length is 128000 tokens. However, your messages resulted in 130231 tokens."}}, "prompt is too long: 130231 tokens > 128000 maximum"),
        (400, [{"error": {"message": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."}}], "prompt is too long: 1200000 tokens > 1048576 maximum"),
        (400, {"code": "x", "error": "This model's maximum prompt length is 131072 but the request contains 150000 tokens."}, "prompt is too long: 150000 tokens > 131072 maximum"),
        (400, {"error": {"message": "Please reduce the length of the messages or completion."}}, "prompt is too long: 200001 tokens > 200000 maximum"),
        (413, {"message": "Prompt contains 45000 tokens, too large for model with 32768 maximum context length"}, "prompt is too long: 45000 tokens > 32768 maximum"),
        (400, {"error": {"code": "1261", "message": "Prompt exceeds max length"}}, "prompt is too long: 200001 tokens > 200000 maximum"),
        (400, {"message": "too many tokens: the prompt has 140000 tokens, limit 128000"}, "prompt is too long: 140000 tokens > 128000 maximum"),
    ],
)  # fmt: skip
def test_too_long_is_said_in_the_words_the_client_compacts_on(status: int, body: Any, sentence: str) -> None:
    made = Exchange(request(MESSAGES), MESSAGES, plain(CHAT), window=200_000)
    told, content = made.error(status, json.dumps(body).encode())

    assert told == 400
    assert json.loads(content) == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": sentence},
    }
    codex, content = Exchange(request(RESPONSES), RESPONSES, plain(CHAT)).error(
        status, json.dumps(body).encode()
    )
    assert (codex, json.loads(content)["error"]["code"]) == (400, "context_length_exceeded")


@pytest.mark.parametrize(
    ("status", "body", "anthropic", "openai"),
    [
        (429, {"error": {"message": "Rate limit reached"}}, (429, "rate_limit_error"), (429, "rate_limit_exceeded")),
        (503, {"error": {"message": "x"}}, (503, "api_error"), (503, "server_is_overloaded")),
        (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, (503, "api_error"), (503, "server_is_overloaded")),
        (200, {"error": {"code": "1305", "message": "busy"}}, (503, "api_error"), (503, "server_is_overloaded")),
        (401, {"error": "bad key"}, (401, "authentication_error"), (401, "invalid_api_key")),
        (404, {"error": {"message": "no model"}}, (404, "not_found_error"), (404, "model_not_found")),
        (400, {"error": {"message": "Invalid 'user': string too long. Expected 256"}}, (400, "invalid_request_error"), (400, "invalid_request")),
        (413, {"error": {"message": "Request too large for model on tokens per minute (TPM): Limit 12000"}}, (400, "invalid_request_error"), (400, "invalid_request")),
        (502, "<html>bad gateway</html>", (500, "api_error"), (500, "server_error")),
    ],
)  # fmt: skip
def test_an_error_has_the_client_s_own_shape(status: int, body: Any, anthropic: Any, openai: Any) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    told, content = Exchange(request(MESSAGES), MESSAGES, plain(CHAT)).error(status, raw)
    assert (told, json.loads(content)["error"]["type"]) == anthropic
    for source in (CHAT, RESPONSES):
        other = plain(MESSAGES if source == CHAT else CHAT)
        told, content = Exchange(request(source), source, other).error(status, raw)
        assert (told, json.loads(content)["error"]["code"]) == openai


@pytest.mark.parametrize("protocol", [MESSAGES, CHAT, RESPONSES])
@pytest.mark.parametrize("status", [401, 429, 500, 502, 503, 529])
def test_an_error_in_the_client_s_own_protocol_stays_as_it_is(protocol: str, status: int) -> None:
    """Claude Code asks ten times after a 503 and three times after a 529 (2.1.332)."""
    raw = b'{"error": {"type": "api_error", "message": "Service unavailable"}}'

    assert Exchange(request(protocol), protocol, plain(protocol)).error(status, raw) == (status, raw)


def test_codex_is_told_when_all_is_used_up_and_until_when() -> None:
    status, body = error_body(
        RESPONSES, Failure("quota", "all providers are used up"), resets_at=1_800_000_000
    )

    assert status == 429
    assert json.loads(body)["error"] == {
        "type": "usage_limit_reached", "message": "all providers are used up", "resets_at": 1_800_000_000,
    }  # fmt: skip
    wait = json.loads(error_body(RESPONSES, Failure("rate_limit", "slow down", 1.5))[1])
    assert wait["error"]["message"] == "slow down. Please try again in 1.5s."


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_error_in_a_stream_and_a_keep_alive_have_the_protocol_s_form(protocol: str) -> None:
    event = error_event(protocol, Failure("overloaded", "busy"))

    kinds = {MESSAGES: b"event: error\n", CHAT: b'data: {"error":', RESPONSES: b"event: response.failed\n"}
    assert event.startswith(kinds[protocol])
    assert (b"overloaded_error" in event) == (protocol == MESSAGES)
    assert keep_alive(protocol).startswith(b"event: ping" if protocol == MESSAGES else b":")


# --- Codex's tools on the way back


def codex_stream(calls: list[dict[str, Any]], upstream: Any) -> list[dict[str, Any]]:
    stream = translate.events(Exchange(captured(CODEX[0]), RESPONSES, upstream), message_id="resp_1")
    return sent(stream.feed(pieces(*calls)) + stream.feed(chunk("tool_calls") + DONE) + stream.finish())


def test_codex_gets_its_custom_tool_and_namespace_back_from_chat() -> None:
    calls = [
        call(0, "c1", "functions__exec", '{"input":"text(1)\\n"}'),
        call(1, "c2", "clock__sleep", '{"duration_ms":3}'),
    ]
    items = [
        event["item"]
        for event in codex_stream(calls, plain(CHAT))
        if event["type"] == "response.output_item.done"
    ]

    assert [(item["type"], item["namespace"], item["name"], item["call_id"]) for item in items] == [
        ("custom_tool_call", "functions", "exec", "c1"), ("function_call", "clock", "sleep", "c2"),
    ]  # fmt: skip
    assert items[0]["input"] == "text(1)\n"
    assert json.loads(items[1]["arguments"]) == {"duration_ms": 3}


def responses_event(kind: str, **more: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n".encode()


def test_codex_gets_them_back_from_a_vendor_of_its_own_protocol_too() -> None:
    exchange = Exchange(captured(CODEX[0]), RESPONSES, target("xai-api", RESPONSES, "grok-4.7"))
    item = {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "c1",
        "name": "functions__exec",
        "arguments": "",
    }
    whole = item | {"arguments": '{"input":"text(1)"}'}
    stream = translate.events(exchange, message_id="resp_1")
    out = b"".join(
        stream.feed(part)
        for part in (
            responses_event("response.output_item.added", output_index=0, item=item),
            responses_event(
                "response.function_call_arguments.delta", output_index=0, item_id="fc_1", delta='{"input":'
            ),
            responses_event(
                "response.function_call_arguments.done",
                output_index=0,
                item_id="fc_1",
                arguments=whole["arguments"],
            ),
            responses_event("response.output_item.done", output_index=0, item=whole),
            responses_event("response.completed", response={"output": [whole], "usage": {}}),
        )
    )
    events = sent(out)

    assert [event["type"] for event in events] == [
        "response.output_item.added", "response.custom_tool_call_input.delta", "response.custom_tool_call_input.done",
        "response.output_item.done", "response.completed",
    ]  # fmt: skip
    done = {
        "type": "custom_tool_call",
        "id": "fc_1",
        "call_id": "c1",
        "name": "exec",
        "namespace": "functions",
        "input": "text(1)",
    }
    assert events[3]["item"] == done
    assert events[4]["response"]["output"] == [done]
    body = exchange.answer(json.dumps({"output": [whole]}).encode(), message_id="resp_1").body
    assert json.loads(body)["output"] == [done]


# --- reasoning on the way back


def test_reasoning_is_shown_as_thinking_with_our_mark_and_kept_by_call_id() -> None:
    store = ReasoningStore()
    raw = request(MESSAGES, stream=True, tools=TOOLS[MESSAGES])
    stream = translate.events(
        Exchange(raw, MESSAGES, target("deepseek-api", CHAT, "deepseek-v4-pro"), store=store),
        message_id="msg_1",
    )
    out = stream.feed(chunk(reasoning_content="Let ") + chunk(reasoning_content="me look."))
    out += stream.feed(pieces(call(0, "c1", "Bash", FIRST)) + chunk("tool_calls") + DONE) + stream.finish()
    deltas = [event["delta"] for event in sent(out) if event["type"] == "content_block_delta"]

    assert deltas[:3] == [
        {"type": "thinking_delta", "thinking": "Let "}, {"type": "thinking_delta", "thinking": "me look."},
        {"type": "signature_delta", "signature": "pf-tui:deepseek-api::"},
    ]  # fmt: skip
    kept = store.find("deepseek-api", "c1")
    assert kept is not None
    assert kept.text == "Let me look."


@pytest.mark.parametrize("source", [MESSAGES, CHAT])
def test_gemini_s_signature_is_kept_by_call_id(source: str) -> None:
    store = ReasoningStore()
    tools = {
        MESSAGES: TOOLS[MESSAGES],
        CHAT: [{"type": "function", "function": {"name": "Bash", "parameters": SCHEMA}}],
    }
    raw = request(source, stream=True, tools=tools[source])
    gemini = target("google-api", CHAT, "gemini-3.1-pro")
    signed = call(0, "c1", "Bash", FIRST) | {"extra_content": {"google": {"thought_signature": "SIG"}}}
    stream = translate.events(Exchange(raw, source, gemini, store=store), message_id="msg_1")
    stream.feed(pieces(signed) + chunk("tool_calls") + DONE)
    stream.finish()
    whole = json.dumps({"choices": [{"message": {"tool_calls": [signed | {"id": "c2"}]}}]}).encode()
    Exchange(raw, source, gemini, store=store).answer(whole, message_id="msg_2")

    assert [getattr(store.find("google-api", name), "signature", None) for name in ("c1", "c2")] == [
        "SIG",
        "SIG",
    ]


def test_the_store_is_bounded() -> None:
    store = ReasoningStore(most=3, most_characters=1000)
    for number in range(10):
        store.keep("v", f"c{number}", "x" * 10)
    assert len(store) == 3
    assert store.find("v", "c9") is not None
    store.keep("v", "big", "y" * 995)
    assert len(store) == 1
    assert store.find("other", "big") is None


def test_mistral_s_thinking_chunks_are_thinking() -> None:
    content = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "hi"},
    ]
    events = streamed(chunk(content=content), chunk("stop"), DONE)

    assert [event["content_block"]["type"] for event in events if event["type"] == "content_block_start"] == [
        "thinking",
        "text",
    ]


# --- malformed arguments


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"command": "ls"}', {"command": "ls"}),
        ("", {}),
        ("  ", {}),
        ('{"command": "ls"', {"command": "ls"}),
        ('{"command": "ls",}', {"command": "ls"}),
        ('{"command": "a\nb\tc"}', {"command": "a\nb\tc"}),
        ("{'command': 'ls', 'x': True, 'y': None}", {"command": "ls", "x": True, "y": None}),
        ('```json\n{"command": "ls"}\n```', {"command": "ls"}),
        ('"{\\"command\\": \\"ls\\"}"', {"command": "ls"}),
        ('{}{"command": "ls"}', {"command": "ls"}),
        ('{"command": "ls"}{"command": "ls"}', {"command": "ls"}),
        ('{"command": "ls"}}', {"command": "ls"}),
        ("ls -la", {"command": "ls -la"}),
        ('"ls -la"', {"command": "ls -la"}),
        ("42", {"command": "42"}),
        ('{"command": "half a fi', {}),
        ("null", {"command": "null"}),
    ],
)
def test_arguments_are_mended_by_the_schema_only_when_they_do_not_parse(text: str, wanted: Any) -> None:
    assert json.loads(mended(text, SCHEMA)) == wanted


def test_sound_arguments_are_never_touched() -> None:
    text = '{ "command" :\n "5",  "x": 1e3 }'

    assert mended(text, SCHEMA) == text


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"command": "l\\"s {", "list": [1, {"a": "]"}]}', {"command": 'l"s {', "list": [1, {"a": "]"}]}),
        ('{"command": "ls"', {"command": "ls"}),
        ('{"command": "ls",}', {"command": "ls"}),
        ('{"command": "a\nb"}', {"command": "a\nb"}),
        ("{'command': 'ls'}", {"command": "ls"}),
        ('{}{"command": "ls"}', {"command": "ls"}),
        ('{"command": "ls"}{"command": "ls"}', {"command": "ls"}),
        ('{"command": "ls"}\n', {"command": "ls"}),
        ('"{\\"command\\": \\"ls\\"}"', {"command": "ls"}),
        ("ls", {"command": "ls"}),
        ("{}", {}),
        ("", {}),
    ],
)
def test_arguments_are_mended_in_a_stream_too(text: str, wanted: Any, size: int) -> None:
    stream = ArgumentStream(SCHEMA)
    out = (
        "".join(stream.feed(text[start : start + size]) for start in range(0, len(text), size))
        + stream.finish()
    )

    assert json.loads(out or "{}") == wanted


def test_half_a_file_stays_half_so_that_the_client_sees_it() -> None:
    stream = ArgumentStream(SCHEMA)
    out = stream.feed('{"file_path": "/x", "content": "half a fi') + stream.finish()

    with pytest.raises(json.JSONDecodeError):
        json.loads(out)


def test_memory_is_bounded_by_the_longest_open_call() -> None:
    import tracemalloc

    stream = translate.events(exchange(), message_id="msg_1")
    part = chunk(content="word " * 20)
    for _ in range(50):
        stream.feed(part)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(5000):
        stream.feed(part)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert grown < 20_000
