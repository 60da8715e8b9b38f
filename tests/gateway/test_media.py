"""Pictures in a request: seen by their size in pixels, whatever their base64 weighs."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from pf_tui.gateway.body import parse_request
from pf_tui.gateway.media import NO_MEDIA, media_in

HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (1600).to_bytes(4, "big") + (1200).to_bytes(4, "big")
PICTURE = base64.b64encode(HEAD + b"\0" * 3_000_000).decode()
PDF = base64.b64encode(b"%PDF-1.7" + b"\0" * 600_000).decode()
URL = f"data:image/png;base64,{PICTURE}"

SHAPES: dict[str, dict[str, Any]] = {
    "/v1/messages": {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": PICTURE},
    },
    "/v1/messages#data-first": {
        "type": "image",
        "source": {"data": PICTURE, "media_type": "image/png", "type": "base64"},
    },
    "/v1/chat/completions": {"type": "image_url", "image_url": {"url": URL}},
    "/v1/responses": {"type": "input_image", "image_url": URL},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_picture_of_megabytes_is_some_thousand_tokens(shape: str) -> None:
    path = shape.partition("#")[0]
    body = {"model": "m", "messages": [{"role": "user", "content": [SHAPES[shape]] * 2}]}

    request = parse_request(path, "", json.dumps(body).encode(), {})

    assert 2_000 < request.tokens < 15_000
    assert request.media.pictures


def test_a_document_is_counted_by_its_pages_and_is_no_picture() -> None:
    source = {"type": "base64", "media_type": "application/pdf", "data": PDF}
    raw = json.dumps({"content": [{"type": "document", "source": source}]}).encode()

    found = media_in(raw)

    assert 40_000 <= found.tokens <= 60_000
    assert not found.pictures


@pytest.mark.parametrize(
    "text",
    ["about base64 and images", '{"type": "base64", "data": "short"}', ";base64,QUJD", "a" * 100_000],
)
def test_words_about_pictures_are_words(text: str) -> None:
    raw = json.dumps({"content": text}).encode()

    assert media_in(raw) == NO_MEDIA


def test_a_picture_by_its_address_needs_eyes_as_well() -> None:
    raw = json.dumps({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}).encode()

    assert media_in(raw).pictures


@pytest.mark.parametrize(
    ("body", "pictures"),
    [
        ({"tools": [{"parameters": {"properties": {"image_url": {"type": "string"}}}}]}, False),
        (
            {
                "tools": [
                    {"parameters": {"properties": {"image": {"type": "image"}}, "required": ["image_url"]}}
                ]
            },
            False,
        ),
        ({"messages": [{"content": 'the field "image_url": {"url": 1}'}]}, False),
        ({"messages": [{"content": [{"type": "image_url", "image_url": {"url": "https://a/b.png"}}]}]}, True),
        ({"input": [{"content": [{"type": "input_image", "image_url": "https://a/b.png"}]}]}, True),
        ({"input": [{"content": [{"type": "input_image", "file_id": "file-1"}]}]}, True),
        (
            {"messages": [{"content": [{"type": "image", "source": {"type": "url", "url": "https://a"}}]}]},
            True,
        ),
    ],
)
def test_a_picture_by_its_address_is_one_and_a_property_of_that_name_is_none(
    body: Any, pictures: bool
) -> None:
    for raw in (json.dumps(body), json.dumps(body, separators=(",", ":"))):
        assert media_in(raw.encode()).pictures is pictures
