"""What is written is what the vendors' own SDKs have as types: requests, answers and every event."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from pf_tui import translate
from pf_tui.drill import fake_replies as replies
from pf_tui.translate import Exchange
from tests.translate.conftest import CLAUDE, CODEX, captured, plain, request, sent, target
from tests.translate.protocols import CHAT, MESSAGES, PROTOCOLS, RESPONSES


@pytest.fixture(autouse=True, scope="module")
def _oracles() -> None:
    """The SDKs' types take seconds to build: at the first test, not while tests are collected."""
    for name in ("anthropic", "openai"):
        pytest.importorskip(name, reason="an oracle of the dev group")


REPLY = replies.Reply(
    text="Look here",
    thinking="Let me see.",
    calls=(replies.Call(name="Bash", arguments={"command": "ls"}), replies.Call(name="Read", arguments={})),
)
DIRECTIONS = [(source, upstream) for source in PROTOCOLS for upstream in PROTOCOLS if source != upstream]


@cache
def adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def checked(kind: Any, value: Any) -> None:
    """The value as the SDK's type has it, down to every union."""
    adapter(kind).validate_python(value)


def events_type(protocol: str) -> Any:
    if protocol == MESSAGES:
        from anthropic.types import RawMessageStreamEvent

        return RawMessageStreamEvent
    if protocol == CHAT:
        from openai.types.chat import ChatCompletionChunk

        return ChatCompletionChunk
    from openai.types.responses import ResponseStreamEvent

    return ResponseStreamEvent


def answer_type(protocol: str) -> Any:
    if protocol == MESSAGES:
        from anthropic.types import Message

        return Message
    if protocol == CHAT:
        from openai.types.chat import ChatCompletion

        return ChatCompletion
    from openai.types.responses import Response

    return Response


def request_type(protocol: str) -> Any:
    if protocol == MESSAGES:
        from anthropic.types.message_create_params import MessageCreateParamsStreaming

        return MessageCreateParamsStreaming
    if protocol == CHAT:
        from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming

        return CompletionCreateParamsStreaming
    from openai.types.responses.response_create_params import ResponseCreateParamsStreaming

    return ResponseCreateParamsStreaming


@pytest.mark.parametrize(("source", "upstream"), DIRECTIONS)
def test_every_event_is_one_of_the_sdk_s(source: str, upstream: str) -> None:
    options = {"stream_options": {"include_usage": True}} if source == CHAT else {}
    stream = translate.events(
        Exchange(request(source, stream=True, **options), source, plain(upstream)), message_id="msg_1"
    )
    out = b"".join(stream.feed(event) for event in replies.events(upstream, REPLY, "m", 1)) + stream.finish()
    told = sent(out)

    assert len(told) > 5
    for event in told:
        if event.get("type") != "ping":
            checked(events_type(source), event)


@pytest.mark.parametrize(("source", "upstream"), DIRECTIONS)
def test_a_whole_answer_is_the_sdk_s(source: str, upstream: str) -> None:
    whole = Exchange(request(source), source, plain(upstream)).answer(
        replies.whole(upstream, REPLY, "m", 1), message_id="msg_1"
    )

    checked(answer_type(source), json.loads(whole.body))


@pytest.mark.parametrize(
    ("name", "source", "protocol"),
    [
        (name, source, protocol)
        for name, source in ((CLAUDE, MESSAGES), (CODEX[0], RESPONSES), (CODEX[1], RESPONSES))
        for protocol in PROTOCOLS
        if protocol != source
    ],
)
def test_a_written_request_is_the_sdk_s(name: str, source: str, protocol: str) -> None:
    owner = {MESSAGES: "anthropic-api", CHAT: "openai-api", RESPONSES: "openai-api"}[protocol]
    model = "claude-sonnet-5-5" if protocol == MESSAGES else "gpt-5.5"
    body = json.loads(Exchange(captured(name), source, target(owner, protocol, model)).body)

    checked(request_type(protocol), body)


@pytest.mark.parametrize(("source", "upstream"), [pair for pair in DIRECTIONS if pair[0] == RESPONSES])
def test_a_failed_response_is_the_sdk_s(source: str, upstream: str) -> None:
    stream = translate.events(
        Exchange(request(source, stream=True), source, plain(upstream)), message_id="resp_1"
    )
    out = stream.feed(replies.events(upstream, REPLY, "m", 1)[0]) + stream.finish()

    checked(events_type(source), sent(out)[-1])
