"""One look at a request body, and the two edits a route may need."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.errors import WrongUsage
from pf_tui.gateway.body import parse_request, with_model, without_thinking


def body(**more: Any) -> bytes:
    return json.dumps({"model": "claude-opus-5-5", "messages": [], **more}).encode()


def test_model_stream_and_protocol_are_read() -> None:
    asked = parse_request("/v1/messages", "beta=true", body(stream=True), {})

    assert (asked.model, asked.stream, asked.protocol) == ("claude-opus-5-5", True, "anthropic-messages")
    assert asked.query == "beta=true"


@pytest.mark.parametrize(
    ("headers", "agent", "session", "is_subagent"),
    [
        ({"x-claude-code-session-id": "s1"}, "claude-code", "s1", False),
        ({"x-claude-code-session-id": "s1", "x-claude-code-agent-id": "a"}, "claude-code", "s1", True),
        ({"x-session-id": "ses_1"}, "opencode", "ses_1", False),
        ({"x-session-id": "ses_2", "x-parent-session-id": "ses_1"}, "opencode", "ses_2", True),
        ({"user-agent": "codex_exec/0.169.0", "session_id": "c1"}, "codex", "c1", False),
        ({"originator": "codex_cli_rs", "session-id": "c2"}, "codex", "c2", False),
        ({"user-agent": "claude-cli/2.1.330 (external, cli)"}, "claude-code", None, False),
        ({"user-agent": "opencode/1.18.33 ai-sdk/x"}, "opencode", None, False),
        ({"user-agent": "curl/8"}, None, None, False),
    ],
)
def test_the_agent_is_known_by_the_headers_it_sends(
    headers: dict[str, str], agent: str | None, session: str | None, is_subagent: bool
) -> None:
    asked = parse_request("/v1/messages", "", body(), headers)

    assert (asked.agent, asked.session, asked.is_subagent) == (agent, session, is_subagent)


@pytest.mark.parametrize("header", ["x-claude-code-compaction", "x-claude-code-context-compacted"])
def test_a_compaction_makes_the_cache_void(header: str) -> None:
    assert parse_request("/v1/messages", "", body(), {header: "1"}).cache_void


@pytest.mark.parametrize(
    ("ttl", "life_s"), [({"type": "ephemeral"}, 300), ({"type": "ephemeral", "ttl": "1h"}, 3600)]
)
def test_a_cache_lives_as_long_as_the_request_asks_for(ttl: dict[str, str], life_s: int) -> None:
    raw = body(system=[{"type": "text", "text": "x", "cache_control": ttl}])

    assert parse_request("/v1/messages", "", raw, {}).cache_life_s == life_s


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "the request body is not JSON"),
        (b"{", "the request body is not JSON"),
        (b"[1]", "the request names no model"),
        (b'{"model": 5}', "the request names no model"),
        (b'{"messages": []}', "the request names no model"),
        (b'{"model": "m", "x": ' + b"[" * 100_000, "the request body is not JSON"),
        (b'{"model": "m", "x": \xff}', "the request body is not JSON"),
    ],
)
def test_a_body_that_makes_no_sense_is_one_sentence(raw: bytes, sentence: str) -> None:
    with pytest.raises(WrongUsage) as raised:
        parse_request("/v1/messages", "", raw, {})

    assert raised.value.message == sentence


def test_only_the_models_name_changes_and_every_other_byte_stays() -> None:
    raw = b'{ "model" : "claude-opus-5-5",\n "messages":[{"role":"user","content":"caf\\u00e9 \xc3\xa9"}] }'

    edited = with_model(raw, "claude-opus-5-5", "anthropic/claude-opus-5.5")

    assert edited == raw.replace(b"claude-opus-5-5", b"anthropic/claude-opus-5.5", 1)


def test_a_models_name_inside_a_message_is_left_alone() -> None:
    raw = b'{"messages":[{"content":{"model":"m"}}],"metadata":{"model":"m"},"model":"m"}'

    assert with_model(raw, "m", "n") == (
        b'{"messages":[{"content":{"model":"m"}}],"metadata":{"model":"m"},"model":"n"}'
    )


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=12)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["model", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(values, st.text(min_size=1, max_size=12), st.booleans(), st.sampled_from([None, 2]))
def test_whatever_stands_around_it_only_the_top_models_name_changes(
    value: Any, model: str, last: bool, indent: int | None
) -> None:
    content = {"a": value, "model": model} if last else {"model": model, "a": value}
    raw = json.dumps(content, indent=indent, ensure_ascii=last).encode("utf-8", "surrogatepass")

    edited = with_model(raw, model, "other/name")

    assert json.loads(edited) == {**content, "model": "other/name"}


def thinking(signature: str) -> dict[str, str]:
    return {"type": "thinking", "thinking": "…", "signature": signature}


def test_foreign_thinking_goes_and_everything_else_stays() -> None:
    text = {"type": "text", "text": "hello"}
    raw = body(messages=[{"role": "assistant", "content": [thinking("glm"), thinking("claude"), text]}])

    edited = without_thinking(raw, "anthropic-messages", lambda block: block.get("signature") == "glm")

    assert json.loads(edited)["messages"][0]["content"] == [thinking("claude"), text]


def test_a_message_of_nothing_but_foreign_thinking_keeps_a_block() -> None:
    raw = body(messages=[{"role": "assistant", "content": [thinking("glm")]}])

    edited = without_thinking(raw, "anthropic-messages", lambda block: True)

    assert json.loads(edited)["messages"][0]["content"] == [{"type": "text", "text": "…"}]


def test_nothing_foreign_leaves_the_very_bytes() -> None:
    raw = b'{"model":"m",  "messages":[{"role":"assistant","content":[{"type":"thinking","signature":"x"}]}]}'

    assert without_thinking(raw, "anthropic-messages", lambda block: False) is raw


def test_foreign_reasoning_items_of_responses_go_as_well() -> None:
    item = {"type": "reasoning", "encrypted_content": "abc"}
    raw = body(input=[item, {"type": "message", "role": "user"}])

    edited = without_thinking(raw, "openai-responses", lambda block: True)

    assert [one["type"] for one in json.loads(edited)["input"]] == ["message"]
