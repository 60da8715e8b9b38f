"""Keeps credentials out of words that are kept or shown. Pure: the values come from the caller.

Two nets: `by_shape` knows what keys look like, `ValueMask` knows the very values in use. Words that hide one
of these in other letters (`ValueMask.hides`) are not quoted at all.
Invariant: masking never fails and never lengthens what it leaves alone.
"""

from __future__ import annotations

import json
import re
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from functools import lru_cache

MASK = "•••"

SHORTEST = 8
"""Characters: a shorter value is no key, and would blank out ordinary words."""

SENTENCE_CHARS = 200

_TAIL = r"[A-Za-z0-9_\-]"
_LABEL = (
    r"(?i:\b(?:api[-_ ]?key|access[-_ ]?key|token|secret|password|authorization)\b[\"']?\s*[:=]\s*[\"']?)"
)
_KEY_LONG = ""
"""Instead of a sign: what has no prefix is at least 32 letters and digits long."""

_SHAPES: tuple[tuple[str, str], ...] = (
    ("sk-|sk_", rf"\bsk[-_]{_TAIL}{{8,}}"),  # Anthropic, OpenAI, OpenRouter, DeepSeek, Moonshot, Alibaba
    (
        "gsk_|hf_|fw_|r8_|vck_|tgp_|pa_|voyage_|gh",
        rf"\b(?:gsk|hf|fw|r8|vck|tgp|rpa|pa|voyage|gh[a-z]|github_pat)_{_TAIL}{{8,}}",  # Groq, GitHub …
    ),
    (
        "xai-|csk-|pplx-|nvapi-|glpat-|sess-|xox|bedrock-api-key-|GOCSPX-|key-",
        rf"\b(?:xai|csk|pplx|nvapi|glpat|sess|xox[a-z]|bedrock-api-key|GOCSPX|key)-{_TAIL}{{8,}}",
    ),
    ("AIza", rf"\bAIza{_TAIL}{{8,}}"),  # Google
    ("ya29.|AQ.", rf"\b(?:ya29|AQ)\.{_TAIL}{{8,}}"),  # Google access tokens and authorization keys
    ("1//0", rf"\b1//0{_TAIL}{{16,}}"),  # Google refresh tokens
    ("AKIA|ASIA|ABIA|ACCA", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}"),  # AWS key ids
    ("ABSK", r"\bABSK[A-Za-z0-9+/=]{16,}"),  # Bedrock API keys
    ("eyJ", rf"\beyJ{_TAIL}{{8,}}(?:\.{_TAIL}+)*"),  # JSON web tokens: Codex, Azure, MiniMax
    ("tid=", r"\btid=[^\s\"'<>]{8,}"),  # Copilot session tokens
    ("bearer|bas", r"(?i:\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=\-]{8,}"),
    ("key|token|secret|password|author", rf"{_LABEL}[A-Za-z0-9._~+/=\-]{{8,}}"),
    # No prefix: Mistral, Cohere, Azure, Together, Z.ai, AWS secrets. Ids of requests are spared.
    (
        _KEY_LONG,
        r"(?<![A-Za-z0-9_/+\-])(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{32,}(?:\.[A-Za-z0-9]{8,})?",
    ),
    (
        _KEY_LONG,
        r"(?<![A-Za-z0-9_/+\-])(?=[A-Za-z/+]*\d)(?=[a-z0-9/+]*[A-Z])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])",
    ),
    (
        _KEY_LONG,
        (
            r"\b(?!(?:req|msg|resp|rs|org|run|call|toolu|proj|chatcmpl|cmpl|gen|msgbatch|file)[-_])"
            r"[A-Za-z]{2,12}[-_](?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{32,}"
        ),
    ),
)
"""(what one of must be in a text, in any case; what keys look like), in order of precedence.

Compiling all takes as long as everything else a hook does, and hardly an error holds one of the signs.
Source: the providers' own pages on keys and their published secret-scanning forms.
"""

_SIGNS = tuple(
    (sign.casefold(), index) for index, (signs, _) in enumerate(_SHAPES) if signs for sign in signs.split("|")
)
"""Every sign beside the place of its shape."""

LONG_KEY = 32
"""Characters of the shortest key without a sign."""

_LONG_RUN = f"[A-Za-z0-9/+]{{{LONG_KEY}}}"

_KINDS = ("bearer", "basic")
_NAMES = ("key", "token", "secret", "password", "authorization")
"""Words behind which a value is a key, whatever it looks like."""

_LETTERS_ALONE = ("AIza", "eyJ", "AKIA", "ASIA", "ABIA", "ACCA", "ABSK")
"""How a key begins that may have neither digit nor sign."""

_KEY_CHARS = frozenset("0123456789-_=")
"""One of them is in every other key, but for Google's "AQ."."""

_OTHER_CASES = "ıſİ\u212a"
"""Letters of other alphabets that count as ours in another case."""

_FIRST_LETTERS = ("aq.", *(letters.lower() for letters in _LETTERS_ALONE))

SHORTEST_SHAPE = 11
"""Characters of the shortest key that is known by its shape alone."""

SHORTEST_HIDDEN = 16
"""Letters and digits: a shorter value stands by chance in words whose signs and cases are not looked at."""

ESCAPED_TIMES = 4
"""How often a text may be escaped anew and still be looked through."""

MOST_ESCAPES = 20_000
"""No error is longer, in any language; decoding more would keep other requests waiting."""

_ESCAPE_SIGNS = r"[\\%&]|=[0-9A-Fa-f]{2}"
"""What one of a text with escapes in it has: asked first, of every answer's headers."""

_ESCAPE = (
    r"(?i)\\{1,8}+(?:u([0-9a-f]{4})|u\{([0-9a-f]{1,6})\}|x([0-9a-f]{2}))|%(?:u00)?([0-9a-f]{2})"
    r"|&#x0{0,6}([0-9a-f]{1,6});?|=([0-9a-f]{2})|&#0{0,6}([0-9]{1,7});?|\\{1,8}+[bfnrt]"
)
"""JSON and JavaScript, URL, HTML, quoted-printable; the last number counts in tens."""

_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalnum())


def by_shape(text: str) -> str:
    """The text with everything that looks like a key masked."""
    if _is_plain(text):
        return text
    lower = text.casefold()
    shapes = {index: _SHAPES[index][1] for sign, index in _SIGNS if sign in lower}
    if len(text) >= LONG_KEY and re.search(_LONG_RUN, text):
        shapes |= {index: shape for index, (signs, shape) in enumerate(_SHAPES) if signs == _KEY_LONG}
    return re.sub("|".join(shapes[index] for index in sorted(shapes)), MASK, text) if shapes else text


def _is_plain(text: str) -> bool:
    """True of nearly every sentence, at once: no word of it can be a key, none says that a key follows."""
    if not text.isascii() and any(map(text.__contains__, _OTHER_CASES)):
        return False
    lower = text.lower()
    for kind in _KINDS:  # loops: a generator costs more than what it looks at
        if kind in lower:
            return False
    if (":" in text or "=" in text) and any(map(lower.__contains__, _NAMES)):
        return False
    for word in text.split():
        if len(word) < SHORTEST_SHAPE or (word.isalpha() and not word.startswith(_LETTERS_ALONE)):
            continue
        if not _KEY_CHARS.isdisjoint(word) or len(word) >= LONG_KEY or _may_begin_a_key(word):
            return False
    return True


def _may_begin_a_key(word: str) -> bool:
    """A word of letters and signs: "organization's", "(Europe/Berlin)"."""
    return any(map(word.lower().__contains__, _FIRST_LETTERS))


def clean(text: str, limit: int = SENTENCE_CHARS) -> str:
    """A provider's words, short and without anything that looks like a key."""
    if not text.isascii():  # half of a pair is no letter, and no file takes it
        text = text.encode("utf-8", "replace").decode()
    return by_shape(" ".join(text.split())[: 8 * limit])[:limit]


def beginning(sentence: str) -> str:
    """Enough of a long sentence for `clean`; no word is cut, which might be a key."""
    if len(sentence) <= 2 * SENTENCE_CHARS:
        return sentence
    words, _, _ = sentence[: 2 * SENTENCE_CHARS].rpartition(" ")
    return words or sentence[:1_000]


class ValueMask:
    """Masks given values, in each form in which an answer may repeat them."""

    __slots__ = ("_bytes", "_forms", "_hidden")

    def __init__(self, values: Iterable[str]) -> None:
        values = tuple(values)
        self._forms = sorted({form for value in values for form in forms_of(value)}, key=len, reverse=True)
        self._bytes = [form.encode("utf-8", "surrogateescape") for form in self._forms]
        self._hidden = {form for value in values for form in hidden_forms_of(value)}

    def hits(self, text: str) -> bool:
        """True when there is something to mask."""
        for form in self._forms:  # noqa: SIM110 - a generator costs more than what it looks at
            if form in text:
                return True
        return False

    def text(self, text: str) -> str:
        """The text without the values."""
        for form in self._forms:  # many times as fast as one pattern of alternatives (measured)
            if form in text:
                text = text.replace(form, MASK)
        return text

    def hides(self, text: str) -> bool:
        """True when a value stands in the text as no mask finds it.

        In letters of another case or width, as escapes, with signs or line ends between them, backwards.
        """
        for _ in range(ESCAPED_TIMES):
            letters = _letters(text)
            for form in self._hidden:
                if form in letters:
                    return True
            if re.search(_ESCAPE_SIGNS, text) is None:
                return False
            plain, count = re.subn(_ESCAPE, _unescaped, text, count=MOST_ESCAPES + 1)
            if count > MOST_ESCAPES:
                return True
            if plain == text:
                return False
            text = plain
        return False

    def data(self, data: bytes) -> bytes:
        """The bytes without the values, which may stand anywhere in them."""
        for form in self._bytes:
            if form in data:
                data = data.replace(form, MASK.encode())
        return data


@lru_cache(maxsize=256)
def forms_of(value: str) -> tuple[str, ...]:
    """The value as it is, JSON-escaped, URL-encoded and in base64 at any offset; () when it is too short."""
    from urllib.parse import quote, quote_plus

    value = value.strip()
    if len(value) < SHORTEST:
        return ()
    forms = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    forms |= {form.replace("/", r"\/") for form in tuple(forms)}
    raw = value.encode("utf-8", "surrogateescape")
    for form in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        forms |= {form, re.sub("%..", lambda match: match[0].lower(), form)}
    for letters in _in_base64(raw):
        if len(letters) >= SHORTEST:
            forms |= {letters, letters.replace("+", "-").replace("/", "_"), letters.replace("/", r"\/")}
    forms.add(raw.hex())
    return tuple(forms)


def _in_base64(raw: bytes) -> Iterator[str]:
    """What is always there of it, whatever stands before and behind it."""
    for offset, first in enumerate((0, 2, 3)):
        padded = bytes(offset) + raw
        whole = padded[: len(padded) // 3 * 3]  # the last letters depend on what follows
        yield b2a_base64(whole, newline=False).decode()[first:]


@lru_cache(maxsize=256)
def hidden_forms_of(value: str) -> tuple[str, ...]:
    """Letters and digits of a value in small letters: as they are, backwards, in base64, base32 and hex."""
    from base64 import b32encode

    raw = value.strip().encode("utf-8", "surrogateescape")
    itself = _letters(value)
    encoded = list(_in_base64(raw))
    encoded += [again for once in encoded for again in _in_base64(once.encode())]
    encoded += [b32encode(raw[: len(raw) // 5 * 5]).decode(), raw.hex()]
    forms = {itself, itself[::-1], *map(_letters, encoded)}
    return tuple(form for form in forms if min(len(form), len(itself)) >= SHORTEST_HIDDEN)


def _letters(text: str) -> str:
    """Letters and digits in small letters, wide ones as narrow ones.

    Text, not bytes: to ask whether bytes stand in bytes takes six times as long (measured).
    """
    if not text.isascii():
        from unicodedata import normalize  # hardly an error of a provider needs it

        text = normalize("NFKC", text)
    return text.lower().encode("ascii", "ignore").translate(None, _NO_LETTERS).decode()


def _unescaped(match: re.Match[str]) -> str:
    if not match.lastindex:
        return " "
    code = int(match[7]) if match[7] else int(match[match.lastindex], 16)
    return chr(code) if code <= 0x10FFFF else ""
