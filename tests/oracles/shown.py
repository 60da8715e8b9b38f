"""Cases of pictures, documents and what tools answer."""

from __future__ import annotations

from typing import Any

from tests.oracles.cases import PIXEL, PNG, Case, a, c, everything, got, m, r, roles, u, use
from tests.oracles.reading import CHAT, MESSAGES, RESPONSES, Heard
from tests.oracles.turns import CASES, TWO, both, case, listed

__all__ = ["CASES", "Case"]

SHOWN = m(*TWO, u(got("t1", [{"type": "text", "text": "see"}, PNG]), got("t2", "plain"), "what is it?"))


@case(14, MESSAGES, CHAT, SHOWN)
def a_picture_of_a_tool_comes_after_all_results(sent: Any, heard: Heard) -> None:
    assert roles(sent)[-3:] == ["tool", "tool", "user"]
    assert PIXEL not in everything(sent["messages"][-3:-1])
    urls = [
        part["image_url"]["url"] for part in sent["messages"][-1]["content"] if part["type"] == "image_url"
    ]
    assert urls == [f"data:image/png;base64,{PIXEL}"]


@case(14, MESSAGES, RESPONSES, SHOWN)
def a_picture_of_a_tool_is_inside_its_output(sent: Any, heard: Heard) -> None:
    item = next(item for item in sent["input"] if item.get("call_id") == "t1" and "output" in item)
    assert [part["type"] for part in item["output"]] == ["input_text", "input_image"]
    assert item["output"][1]["image_url"] == f"data:image/png;base64,{PIXEL}"


URL = "https://example.org/cat.jpg"


@both(14, m(u("look", {"type": "image", "source": {"type": "url", "url": URL}}), tools=()))
def a_picture_by_address_stays_one(sent: Any, heard: Heard) -> None:
    assert URL in everything(listed(sent)[-1]["content"])


@case(
    14,
    CHAT,
    MESSAGES,
    c(u("look", {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}), tools=()),
    vendor="anthropic",
    model="claude-sonnet-5-5",
)
@case(
    14,
    RESPONSES,
    MESSAGES,
    r(
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "look"},
                {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}"},
            ],
        },
        tools=(),
    ),
    vendor="anthropic",
    model="claude-sonnet-5-5",
)
def a_picture_as_data_is_claude_s_base64(sent: Any, heard: Heard) -> None:
    block = next(block for block in sent["messages"][0]["content"] if block["type"] == "image")
    assert block["source"] == {"type": "base64", "media_type": "image/png", "data": PIXEL}


PDF = {
    "type": "document",
    "title": "plan.pdf",
    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQ="},
}


@both(32, m(u("read", PDF), tools=()))
def a_pdf_is_a_file(sent: Any, heard: Heard) -> None:
    part = next(part for part in listed(sent)[-1]["content"] if part["type"] in ("file", "input_file"))
    assert "JVBERi0xLjQ=" in everything(part)


TEXT_DOCUMENT = {
    "type": "document",
    "source": {"type": "text", "media_type": "text/plain", "data": "Line one."},
}


@both(32, m(u("read", TEXT_DOCUMENT), tools=()))
def a_document_of_text_is_read_as_text(sent: Any, heard: Heard) -> None:
    assert "Line one." in everything(listed(sent)[-1]["content"])


@both(33, m(*TWO[:1], a(use("t1")), u(got("t1", "no such city", is_error=True))))
def a_failed_tool_says_so(sent: Any, heard: Heard) -> None:
    result = listed(sent)[-1]
    told = everything(result.get("output") or result.get("content"))
    assert "no such city" in told
    assert "rror" in told


REFERENCE = [{"type": "tool_reference", "tool_name": "weather"}]


@both(28, m(u("a"), a(use("t1")), u(got("t1", REFERENCE))))
def a_reference_to_a_tool_is_words(sent: Any, heard: Heard) -> None:
    result = listed(sent)[-1]
    assert "weather" in everything(result.get("output") or result.get("content"))
    assert "tool_reference" not in everything(sent)


@both(0, m(u("a"), a(use("t1")), u({"type": "tool_result", "tool_use_id": "t1"})))
def a_result_that_says_nothing_is_still_one(sent: Any, heard: Heard) -> None:
    result = listed(sent)[-1]
    assert isinstance(result.get("output") or result.get("content") or "", str)
    assert (result.get("tool_call_id") or result.get("call_id")) == "t1"
