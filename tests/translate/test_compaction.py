"""Codex's `compaction_trigger`: passed to OpenAI, answered with a summary of the model's everywhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pf_tui import translate
from pf_tui.drill import fake_replies
from pf_tui.drill.fake_replies import Reply
from pf_tui.translate import Exchange
from pf_tui.translate.dialect import changes_nothing
from tests.translate.conftest import plain, request, sent, target
from tests.translate.protocols import CHAT, MESSAGES, RESPONSES

TOOL = {"type": "function", "name": "look", "parameters": {"type": "object", "properties": {}}}
HI = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
TRIGGER = {"type": "compaction_trigger"}
VENDORS_OWN = {"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAAAAbc"}

PLACES = [
    ("deepseek-api", CHAT, "deepseek-v4-pro"),
    ("bedrock", MESSAGES, "anthropic.claude-sonnet-5-5"),
    ("xai-api", RESPONSES, "grok-4.7"),
    ("azure", RESPONSES, "gpt-6.1-terra"),
]


def exchange(provider: str, protocol: str, model: str, *items: Any, **more: Any) -> Exchange:
    raw = request(RESPONSES, *items, store=False, **more)
    return Exchange(raw, RESPONSES, target(provider, protocol, model))


def compacted(provider: str, protocol: str, model: str, reply: Reply, *, stream: bool) -> dict[str, Any]:
    """The response that Codex gets for a trigger."""
    asked = exchange(provider, protocol, model, HI, TRIGGER, tools=[TOOL], tool_choice="auto", stream=stream)
    if not stream:
        answer = asked.answer(fake_replies.whole(protocol, reply, model, 1), message_id="resp_7", created=1)
        return dict(json.loads(answer.body))
    events = translate.events(asked, message_id="resp_7", created=1)
    stream_bytes = b"".join(map(events.feed, fake_replies.events(protocol, reply, model, 1)))
    last: dict[str, Any] = sent(stream_bytes + events.finish())[-1]["response"]
    return last


@pytest.mark.parametrize(("provider", "protocol", "model"), PLACES)
def test_the_summary_is_asked_for_in_words_and_no_tool_may_be_called(
    provider: str, protocol: str, model: str
) -> None:
    body = json.loads(exchange(provider, protocol, model, HI, TRIGGER, tools=[TOOL]).body)

    turns = body.get("messages") or body["input"]
    assert "Answer with the summary alone" in json.dumps(turns[-1])
    assert "compaction_trigger" not in json.dumps(body)
    assert body["tool_choice"] in ("none", {"type": "none"})


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("provider", "protocol", "model"), PLACES)
def test_the_answer_is_one_item_that_is_understood_in_the_next_turn(
    provider: str, protocol: str, model: str, stream: bool
) -> None:
    response = compacted(
        provider, protocol, model, Reply(thinking="hm", text="It is half done."), stream=stream
    )
    (item,) = response["output"]
    then = json.loads(exchange(provider, protocol, model, HI, item, HI).body)
    elsewhere = json.loads(exchange("groq", CHAT, "openai/gpt-oss-120b", item, HI).body)

    assert (response["status"], item["type"]) == ("completed", "compaction")
    assert response["usage"]["output_tokens"] > 0
    for body in (then, elsewhere):
        assert "It is half done." in json.dumps(body)
        assert "pf-tui:" not in json.dumps(body)


def test_a_model_that_says_nothing_has_failed() -> None:
    answer = exchange("groq", CHAT, "openai/gpt-oss-120b", HI, TRIGGER).answer(
        fake_replies.whole(CHAT, Reply(text=""), "m", 1), message_id="resp_1"
    )

    assert answer.failure is not None
    assert "no summary" in json.loads(answer.body)["error"]["message"]


def test_openai_is_asked_as_codex_asks_and_our_summaries_reach_it_in_words() -> None:
    ours = compacted(*PLACES[0], Reply(text="Half done."), stream=False)["output"][0]
    raw = request(RESPONSES, VENDORS_OWN, ours, HI, TRIGGER, store=False)
    openai = target("openai-api", RESPONSES, "gpt-6.1-terra")

    items = json.loads(Exchange(raw, RESPONSES, openai).body)["input"]

    assert changes_nothing(request(RESPONSES, VENDORS_OWN, HI, TRIGGER), openai)
    assert (items[0], items[-1]) == (VENDORS_OWN, TRIGGER)
    assert items[1]["content"][0]["text"].endswith("\nHalf done.")


@pytest.mark.parametrize("protocol", [CHAT, MESSAGES, RESPONSES])
def test_what_its_vendor_compacted_is_missed_in_words_elsewhere(protocol: str) -> None:
    dialect = plain(protocol, tools_flat=True)
    asked = Exchange(request(RESPONSES, VENDORS_OWN, HI, store=False), RESPONSES, dialect)

    assert "compacted by its vendor and cannot be read here" in asked.body.decode()
    assert [note.kind for note in asked.notes] == ["item"]
