"""Cases of whole conversations in a stream, and of streams as bytes."""

from __future__ import annotations

import json
from typing import Any

from tests.oracles.answers import BOTH_CALLS, OSLO, ROME, USAGE, streams
from tests.oracles.cases import (
    Case,
    c,
    call_block,
    called,
    chunk,
    m,
    message_events,
    r,
    response,
    response_events,
    said,
    text_block,
)
from tests.oracles.reading import CHAT, MESSAGES, RESPONSES, Heard
from tests.oracles.settings import CLAUDE
from tests.oracles.shown import CASES
from tests.oracles.turns import case

__all__ = ["CASES", "Case"]

TWO_BLOCKS = message_events(
    (
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "hm"},
        {"type": "signature_delta", "signature": "Sig=="},
    ),
    text_block("Both."),
    call_block("t1", "weather", '{"ci', 'ty":"Rome"}'),
    call_block("t2", "weather", '{"city":"Oslo"}'),
    stop="tool_use",
)


@case(0, CHAT, MESSAGES, c(stream=True), answer=TWO_BLOCKS, **CLAUDE)
@case(0, RESPONSES, MESSAGES, r(stream=True), answer=TWO_BLOCKS, **CLAUDE)
def claude_s_blocks_arrive_whole(sent: Any, heard: Heard) -> None:
    assert (heard.text, heard.calls, heard.call_ids) == ("Both.", BOTH_CALLS, ["t1", "t2"])
    assert heard.thinking == "hm"
    assert heard.stop in ("tool_calls", "completed")


THOUGHTS = {
    "type": "reasoning",
    "id": "rs_1",
    "encrypted_content": "gAAAA",
    "summary": [{"type": "summary_text", "text": "hm"}],
}
ITEMS = (
    THOUGHTS,
    said("Both."),
    called("k1", "weather", json.dumps(ROME)),
    called("k2", "weather", json.dumps(OSLO)),
)


@case(0, CHAT, RESPONSES, c(stream=True), answer=response_events(*ITEMS))
@case(0, MESSAGES, RESPONSES, m(stream=True), answer=response_events(*ITEMS))
@case(0, CHAT, RESPONSES, c(), answer=response(*ITEMS))
@case(0, MESSAGES, RESPONSES, m(), answer=response(*ITEMS))
def the_items_of_a_response_arrive_whole(sent: Any, heard: Heard) -> None:
    assert (heard.text, heard.calls, heard.call_ids) == ("Both.", BOTH_CALLS, ["k1", "k2"])
    assert heard.stop in ("tool_calls", "tool_use")
    assert heard.thinking == "hm"


EXTRA = {"index": 1, "delta": {"content": "OTHER"}, "finish_reason": None}


@streams(
    0,
    {**chunk({"content": "one"}), "choices": [chunk({"content": "one"})["choices"][0], EXTRA]},
    {**chunk(), "choices": [{**EXTRA, "finish_reason": "stop"}]},
    chunk({"content": " two"}),
    chunk({}, "stop"),
    clients=(MESSAGES,),
)
def a_second_choice_is_not_mixed_in(sent: Any, heard: Heard) -> None:
    assert heard.text == "one two"


def sse(*lines: str) -> bytes:
    return "".join(lines).encode()


def data(event: Any, end: str = "\n\n") -> str:
    return f"data: {json.dumps(event, ensure_ascii=False)}{end}"


CURLY = sse(
    ": OPENROUTER PROCESSING\r\n\r\n",
    data(chunk({"content": "Zürich → 東京 🎌"}), "\r\n\r\n"),
    ":\r\n\r\n",
    data(chunk({}, "stop"), "\r\n\r\n"),
    data(chunk(usage=USAGE), "\r\n\r\n"),
    "data: [DONE]\r\n\r\n",
)


@case(0, MESSAGES, CHAT, m(stream=True), raw=CURLY)
@case(0, RESPONSES, CHAT, r(stream=True), raw=CURLY)
def comments_and_carriage_returns_are_no_content(sent: Any, heard: Heard) -> None:
    assert heard.text == "Zürich → 東京 🎌"
    assert heard.ended


ODD_FINISHES = ("eos", "end_turn", "COMPLETE", "STOP")


def _finishes(name: str) -> None:
    @streams(23, chunk({"content": "yes"}), chunk({}, name), clients=(MESSAGES,), model=f"m-{name}")
    def a_vendor_s_own_word_for_the_end_is_the_end(sent: Any, heard: Heard) -> None:
        assert heard.stop == "end_turn"


for _name in ODD_FINISHES:
    _finishes(_name)
