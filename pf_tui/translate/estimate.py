"""How many tokens a request holds, for clients whose provider counts none.

By design never below the truth: every class of characters is counted at the worst rate that current
tokenizers have for ordinary text of it, and a picture as the picture it is, not as its base64 text.
"""

from __future__ import annotations

import math
import re
from base64 import b64decode
from collections.abc import Mapping

from pf_tui.translate import sse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol

_LETTERS = bytes(range(65, 91)) + bytes(range(97, 123))
_DIGITS = b"0123456789"
_SPACES = b" "
_HIGH = bytes(range(128, 256))

LETTERS_PER_TOKEN = 2.5
"""English prose has about 4, code about 3; the worst measured file of ours had 2.7."""

_HIGH_BYTES_PER_TOKEN = 1.5
"""Chinese has 3 bytes a character and about 1.2 tokens, an emoji 4 and up to 3."""

_SPACES_PER_TOKEN = 2
"""A space before a word costs nothing, indentation is counted in runs."""

_RANDOM = re.compile(rb"[A-Za-z0-9+/=_-]{48,}")
"""Base64, hashes and the like: no words, so about 1.3 letters a token."""

_RANDOM_LETTERS_PER_TOKEN = 1.25

_MESSAGE_TOKENS = 8
"""For the frame of each message and block."""

_TOOL_FRAME_TOKENS = 400
"""For the instructions Claude gets with tools. Source: "Tool use", Claude docs (up to 346)."""

_PIXELS_PER_TOKEN = 750
"""Source: "Vision", Claude docs: width × height / 750."""

MOST_PICTURE_TOKENS = 4784
"""A picture of the largest size that is not scaled down (2576 pixels wide)."""

_PAGE_TOKENS = 4000
"""A page of a PDF, its text and its picture. Source: "PDF support", Claude docs (1500–3000 for the text)."""

_BYTES_PER_PAGE = 60_000


def text_tokens(text: bytes) -> int:
    """An upper guess of the tokens in a text."""
    random = 0
    if len(text) >= 48:
        runs = _RANDOM.findall(text)
        if runs:
            random = sum(map(len, runs))
            text = _RANDOM.sub(b"", text)
    total = len(text)
    letters = total - len(text.translate(None, _LETTERS))
    digits = total - len(text.translate(None, _DIGITS))
    high = total - len(text.translate(None, _HIGH))
    spaces = text.count(_SPACES)
    others = total - letters - digits - high - spaces
    return math.ceil(
        letters / LETTERS_PER_TOKEN
        + digits
        + high / _HIGH_BYTES_PER_TOKEN
        + spaces / _SPACES_PER_TOKEN
        + others
        + random / _RANDOM_LETTERS_PER_TOKEN
    )


def request_tokens(body: Mapping[str, object]) -> int:
    """An upper guess of the input tokens of a request of any of the three protocols."""
    tokens = _TOOL_FRAME_TOKENS if body.get("tools") else 0
    for key in ("system", "instructions", "messages", "input", "tools"):
        if key in body:
            tokens += _tokens(body[key])
    return tokens + _MESSAGE_TOKENS


def count_tokens_body(body: Mapping[str, object], protocol: Protocol = "anthropic-messages") -> bytes:
    """The answer to POST /v1/messages/count_tokens or /v1/responses/input_tokens.

    Source: the anthropic and openai SDKs (messages.count_tokens, responses.input_tokens.count).
    """
    kind = {"object": "response.input_tokens"} if protocol == "openai-responses" else {}
    return sse.dumps({**kind, "input_tokens": request_tokens(body)})


def _tokens(value: object) -> int:
    if isinstance(value, str):
        return text_tokens(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, list):
        return sum(_tokens(entry) + _MESSAGE_TOKENS for entry in value)
    if not isinstance(value, Mapping):
        return 2
    if (media := _media_tokens(value)) is not None:
        return media
    kind = value.get("type")
    if kind in ("thinking", "reasoning", "redacted_thinking"):
        return _tokens(value.get("thinking") or value.get("summary") or "") + _MESSAGE_TOKENS
    return sum(
        text_tokens(str(key).encode("utf-8", "surrogatepass")) + 2 + _tokens(entry)
        for key, entry in value.items()
    )


def _media_tokens(block: Mapping[str, object]) -> int | None:
    """Tokens of a picture or a document; None when the block is neither."""
    kind = block.get("type")
    if kind in ("image", "document"):
        source = block.get("source")
        data = source.get("data") if isinstance(source, Mapping) and source.get("type") == "base64" else None
        if kind == "document":
            return _document_tokens(data) if data or not _has_words(source) else None
        return picture_tokens(data)
    if kind in ("image_url", "input_image"):
        url = block.get("image_url")
        url = url.get("url") if isinstance(url, Mapping) else url
        return picture_tokens(
            url.partition(",")[2] if isinstance(url, str) and url.startswith("data:") else None
        )
    if kind in ("file", "input_file"):
        file = block.get("file")
        data = (file if isinstance(file, Mapping) else block).get("file_data")
        return _document_tokens(data.partition(",")[2] if isinstance(data, str) else None)
    return None


def _has_words(source: object) -> bool:
    return isinstance(source, Mapping) and source.get("type") in ("text", "content")


def picture_tokens(data: str | None) -> int:
    """Tokens of a picture, by its size where its head tells it."""
    size = _size(data) if data else None
    if size is None:
        return MOST_PICTURE_TOKENS
    return min(
        MOST_PICTURE_TOKENS, max(85, math.ceil(size[0] * size[1] / _PIXELS_PER_TOKEN) + _MESSAGE_TOKENS)
    )


def _size(data: str) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF, WebP or JPEG; None when the head does not tell."""
    try:
        head = b64decode(data[:65536] + "=" * (-len(data[:65536]) % 4))
    except ValueError:
        return None
    if head.startswith(b"\x89PNG") and len(head) >= 24:
        return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    if head.startswith(b"GIF8") and len(head) >= 10:
        return int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    if head.startswith(b"RIFF") and head[12:16] == b"VP8X" and len(head) >= 30:
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if head.startswith(b"\xff\xd8"):
        return _jpeg_size(head)
    return None


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    offset = 2
    while offset + 9 < len(head) and head[offset] == 0xFF:
        marker = head[offset + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return (
                int.from_bytes(head[offset + 7 : offset + 9], "big"),
                int.from_bytes(head[offset + 5 : offset + 7], "big"),
            )
        offset += 2 + int.from_bytes(head[offset + 2 : offset + 4], "big")
    return None


def _document_tokens(data: str | None) -> int:
    if not data:
        return _PAGE_TOKENS
    return math.ceil(len(data) * 3 / 4 / _BYTES_PER_PAGE + 1) * _PAGE_TOKENS
