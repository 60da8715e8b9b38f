"""A provider that refuses a field, a beta or foreign reasoning is asked once more without it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from pf_tui.drill.fake_replies import Reply
from pf_tui.drill.fake_upstream import FakeUpstream, ReceivedRequest, Step
from pf_tui.drill.faults import Fault
from tests.gateway.conftest import OPUS
from tests.gateway.upstreams import Heard, StillGate, serving, thinking_history

MESSAGES = "anthropic-messages"
WORDS = "widget: Extra inputs are not permitted"


def lab(upstream: FakeUpstream) -> dict[str, Any]:
    """A server of the person's own that speaks Messages."""
    return {
        "id": "lab",
        "base_url": upstream.url,
        "protocols": ["anthropic"],
        "auth": "none",
        "models": [OPUS],
    }


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with serving("lab") as upstream:
        yield upstream


@pytest.fixture
async def gate(tmp_path: Path, upstream: FakeUpstream) -> AsyncIterator[StillGate]:
    made = StillGate(tmp_path)
    made.providers([lab(upstream)])
    made.config(["lab"])
    await made.start()
    yield made
    await made.stop()


def refusing(words: str, while_it: Callable[[ReceivedRequest], Any]) -> Callable[[ReceivedRequest], Step]:
    """A 400 with those words as long as something is in the request."""

    def step(asked: ReceivedRequest) -> Step:
        if while_it(asked):
            return Fault(name="refused", says="a 400", status=400, error="request", message=words)
        return Reply(text="Hello.")

    return step


async def ask(gate: StillGate, headers: dict[str, str] | None = None, **fields: Any) -> Heard:
    body = {
        "model": OPUS,
        "max_tokens": 64,
        "stream": True,
        "messages": [{"role": "user", "content": "hello"}],
        **fields,
    }
    return await gate.ask(
        MESSAGES, OPUS, agent="claude-code", headers=headers, body=json.dumps(body).encode(), session="one"
    )


def repairs(gate: StillGate) -> list[dict[str, Any]]:
    content = json.loads(gate.paths.health.read_text()) if gate.paths.health.exists() else {}
    return list(content.get("repairs", ()))


async def test_a_refused_field_is_left_out_and_remembered(gate: StillGate, upstream: FakeUpstream) -> None:
    upstream.follow(
        refusing("widget: Extra inputs are not permitted", lambda asked: "widget" in asked.content)
    )

    first = await ask(gate, widget={"kind": 1})
    await gate.settled()
    second = await ask(gate, widget={"kind": 1})

    assert first.whole
    assert second.whole
    assert ["widget" in asked.content for asked in upstream.requests] == [True, False, False]
    (repair,) = repairs(gate)
    assert (repair["provider"], repair["model"], repair["strip"]) == ("lab", OPUS, ["widget"])
    assert repair["evidence"]["status"] == 400


async def test_release_forgets_what_was_left_out(gate: StillGate, upstream: FakeUpstream) -> None:
    upstream.follow(
        refusing("widget: Extra inputs are not permitted", lambda asked: "widget" in asked.content)
    )
    await ask(gate, widget=1)
    await gate.settled()

    code, _, err = await gate.run("release", "lab")
    await gate.settled()
    upstream.plan(Reply(text="Hello."))
    await ask(gate, widget=1)

    assert code == 0, err
    assert repairs(gate) == []
    assert "widget" in upstream.requests[-1].content


async def test_a_refused_beta_goes_with_the_fields_it_gates(gate: StillGate, upstream: FakeUpstream) -> None:
    gate.providers(
        [
            {
                "id": "lab",
                "base_url": upstream.url,
                "protocols": ["anthropic"],
                "auth": "none",
                "models": [OPUS],
                "dialect": {
                    "betas": ["context-management-2025-06-27", "effort-2025-11-24"],
                    "refused_fields": [],
                },
            }
        ]
    )
    words = "Unexpected value(s) `context-management-2025-06-27` for the `anthropic-beta` header."
    upstream.follow(
        refusing(words, lambda asked: "context-management" in asked.headers.get("anthropic-beta", ""))
    )
    sent = {"anthropic-beta": "context-management-2025-06-27,effort-2025-11-24"}

    heard = await ask(gate, sent, context_management={"edits": []})

    assert heard.whole
    first, second = upstream.requests
    assert "context_management" in first.content
    assert "context_management" not in second.content
    assert second.headers["anthropic-beta"] == "effort-2025-11-24"


async def test_reasoning_with_a_foreign_signature_goes_once_and_is_not_remembered(
    gate: StillGate, upstream: FakeUpstream
) -> None:
    gate.providers([{"id": "anthropic-api", "base_url": upstream.url}])
    gate.token_of("anthropic-api")
    gate.config(["anthropic-api"])
    words = "messages.1.content.0: Invalid `signature` in `thinking` block"
    upstream.follow(refusing(words, lambda asked: b'"thinking"' in asked.body))
    history = thinking_history("c2lnbmF0dXJl")

    heard = await ask(gate, messages=history)
    await gate.settled()

    assert heard.whole
    assert len(upstream.requests) == 2
    assert upstream.requests[1].content["messages"][1]["content"] == [{"type": "text", "text": "hello"}]
    assert repairs(gate) == []


async def test_what_does_not_help_is_asked_once_and_not_remembered(
    gate: StillGate, upstream: FakeUpstream
) -> None:
    upstream.follow(refusing(WORDS, lambda _: True))

    heard = await ask(gate, widget=1)
    await gate.settled()

    assert heard.status == 400
    assert "Extra inputs" in heard.json["error"]["message"]
    assert len(upstream.requests) == 2
    assert repairs(gate) == []


async def test_what_the_request_does_not_hold_is_not_asked_again(
    gate: StillGate, upstream: FakeUpstream
) -> None:
    upstream.follow(refusing(WORDS, lambda _: True))

    heard = await ask(gate)

    assert heard.status == 400
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("words", "sent", "left"),
    [
        ("This model does not support the effort parameter.", {"output_config": {"effort": "high"}}, {}),
        ("`temperature` is deprecated for this model.", {"temperature": 0.2}, {}),
        ("Unsupported value: 'top_p' does not support 0.2 with this model.", {"top_p": 0.2}, {}),
        (
            "Malformed input request: #: extraneous key [service_tier] is not permitted",
            {"service_tier": "auto"},
            {},
        ),
        (
            "max_tokens: 64000 > 8192, which is the maximum allowed number of output tokens for x",
            {"max_tokens": 64_000},
            {"max_tokens": 8192},
        ),
        (
            "max_tokens is too large: 64000. This model supports at most 16384 completion tokens",
            {"max_tokens": 64_000},
            {"max_tokens": 16_384},
        ),
        (
            "Invalid max_tokens value, the valid range of max_tokens is [1, 32768]",
            {"max_tokens": 64_000},
            {"max_tokens": 32_768},
        ),
    ],
)
async def test_a_setting_that_is_refused_by_its_words_is_left_out_or_lowered_and_remembered(
    gate: StillGate, upstream: FakeUpstream, words: str, sent: dict[str, Any], left: dict[str, Any]
) -> None:
    gate.providers([{**lab(upstream), "dialect": OPEN}])

    def holds(asked: ReceivedRequest) -> bool:
        return any(asked.content.get(name) == value for name, value in sent.items())

    upstream.follow(refusing(words, holds))
    first = await ask(gate, **sent)
    await gate.settled()
    second = await ask(gate, **sent)

    assert (first.whole, second.whole) == (True, True)
    assert len(upstream.requests) == 3
    assert all({name: asked.content.get(name) for name in left} == left for asked in upstream.requests[1:])
    assert not any(name in upstream.requests[2].content for name in sent if name not in left)
    assert len(repairs(gate)) == 1


OPEN = {"refused_fields": [], "efforts": None, "limit_most": 0, "thinking_kind": "enabled"}


async def test_an_answer_begun_in_the_models_name_goes_on_as_a_request(
    gate: StillGate, upstream: FakeUpstream
) -> None:
    gate.providers([{**lab(upstream), "dialect": OPEN}])
    words = "This model does not support assistant message prefill."
    upstream.follow(refusing(words, lambda asked: asked.content["messages"][-1]["role"] == "assistant"))
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "It is"}]

    heard = await ask(gate, messages=turns)

    assert heard.whole
    assert [turn["role"] for turn in upstream.requests[1].content["messages"]] == [
        "user",
        "assistant",
        "user",
    ]


async def test_betas_refused_without_a_name_go_all_at_once(gate: StillGate, upstream: FakeUpstream) -> None:
    gate.providers([{**lab(upstream), "dialect": {"betas": ["one-2027-01-01", "two-2027-01-01"]}}])
    upstream.follow(refusing("invalid beta flag", lambda asked: "anthropic-beta" in asked.headers))

    heard = await ask(gate, {"anthropic-beta": "one-2027-01-01,two-2027-01-01"})

    assert heard.whole
    assert len(upstream.requests) == 2


async def test_blank_texts_that_a_vendor_refuses_go_once_and_are_not_remembered(
    gate: StillGate, upstream: FakeUpstream
) -> None:
    gate.providers([lab(upstream)])
    words = "messages: text content blocks must be non-empty"
    upstream.follow(refusing(words, lambda asked: b'""' in asked.body))
    blank = {"type": "text", "text": ""}

    heard = await ask(gate, messages=[{"role": "user", "content": [{"type": "text", "text": "hi"}, blank]}])
    await gate.settled()

    assert heard.whole
    assert upstream.requests[1].content["messages"][0]["content"] == [{"type": "text", "text": "hi"}]
    assert repairs(gate) == []


@pytest.mark.parametrize("stream", [True, False])
async def test_a_web_search_nobody_can_run_is_a_tools_error(
    gate: StillGate, upstream: FakeUpstream, stream: bool
) -> None:
    tool = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}

    heard = await ask(gate, tools=[tool], stream=stream)

    assert heard.status == 200
    assert not upstream.requests
    if stream:
        blocks = [event["content_block"] for event in heard.events if event["type"] == "content_block_start"]
        assert heard.events[-1]["type"] == "message_stop"
    else:
        blocks = heard.json["content"]
    call, result, said = blocks
    assert (call["type"], call["name"]) == ("server_tool_use", "web_search")
    assert result["tool_use_id"] == call["id"]
    assert result["content"] == {"type": "web_search_tool_result_error", "error_code": "unavailable"}
    assert said["type"] == "text"
