"""What of a provider's words may be kept: its code and one sentence, nothing that the request said. Pure.

Invariant: no run of QUOTE_CHARS letters and digits of the request is in what is returned.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pf_tui.rules.masking import clean

QUOTE_CHARS = 32
"""Letters and digits that make a quotation: about 40 characters of text, spaces and signs not counted."""

PROBE_CHARS = 8
"""Every quotation holds one of the sentence's pieces of this length, word breaks apart."""

CODE_CHARS = 64

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_ESCAPES = re.compile(r"\\u([0-9a-fA-F]{4})|\\[nrtbf\"/\\]")
_SIGNS = re.compile(r"[\W_]+")
_CODE = re.compile(rf"[A-Za-z][A-Za-z0-9_.\-]{{1,{CODE_CHARS - 1}}}")


def sentence_to_keep(text: str, request: bytes, body: str) -> str:
    """The first sentence of `text` that quotes nothing of `request`, else the code in `body`, else "".

    Args:
        text: the provider's reason, short.
        request: the client's JSON.
        body: the answer, for the provider's own type or code.
    """
    for sentence in _SENTENCE_END.split(text):
        if sentence and not quotes(sentence, request):
            return sentence
    return code_in(body)


def quotes(sentence: str, request: bytes) -> bool:
    """True when the sentence repeats a part of the request."""
    words = _letters(sentence)
    if len(words) < QUOTE_CHARS:
        return False
    if sentence.isascii() and not any(probe in request for probe in _probes(sentence)):
        return False  # quick, and true of nearly every answer
    text = _letters(_ESCAPES.sub(_unescaped, request.decode("utf-8", "replace")))
    return any(words[start : start + QUOTE_CHARS] in text for start in range(len(words) - QUOTE_CHARS + 1))


def code_in(body: str) -> str:
    """The provider's own type or code of an error: one word, or ""."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    for _ in range(3):
        if isinstance(content, list) and content:
            content = content[0]
        if not isinstance(content, dict):
            break
        inner = content.get("error") or content.get("response")
        if isinstance(inner, dict):
            content = inner
            continue
        for name in ("code", "type", "status"):
            value = content.get(name)
            if isinstance(value, str) and _CODE.fullmatch(value):
                return clean(value)
        break
    return ""


def _probes(sentence: str) -> Iterator[bytes]:
    """Short runs of plain words out of the sentence, as they would stand in the request."""
    for run in re.findall(r"[A-Za-z0-9 ]+", sentence):
        starts = range(0, max(1, len(run) - PROBE_CHARS + 1), PROBE_CHARS // 2)
        yield from (run[start : start + PROBE_CHARS].encode() for start in starts if run.strip())


def _letters(text: str) -> str:
    return _SIGNS.sub("", text).casefold()


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else " "
