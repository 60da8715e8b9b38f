"""What an error body says, whatever its shape: codes, sentences, the innermost one, times and quotas. Pure.

Shapes: objects nested in `error`, lists of them, JSON inside a message (once or twice encoded), a Python dict
printed into a message (LiteLLM), events of a stream, pages, plain text, and bodies cut in the middle.
Invariant: reading costs time proportional to at most MOST_READ characters (beside looking for a name in at
most MIDDLE), and never raises.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

from pf_tui.catalog.meanings import fold
from pf_tui.records import record
from pf_tui.rules.error_page import is_page, text_of

MOST_READ = 4_000
"""Characters looked at: the beginning, and of a longer body its end."""

END = 1_000
"""Of MOST_READ, how many are the end."""

SENTENCES = 1_500
"""Characters of sentences that are compared with the table."""

CUT = 600
"""Characters of the beginning of such a body that are searched for fields, and half as many of its end."""

MIDDLE = 64_000
"""Characters of a long body in which a sentence is looked for by its field's name."""

EVENTS = 8
"""Events of a stream that are read: the first and the last."""

MOST_BEHIND = 120
"""Characters of a sentence that stand behind JSON inside it."""

MAX_NODES = 250
"""Objects and lists walked through."""

MAX_NAMES = 250
"""Names that are looked at in a part of JSON."""

MAX_FIELDS = 80
"""Fields that are read of a body that is no JSON."""

MAX_DEPTH = 6
"""How often JSON may be inside a message."""

_CODES = frozenset((
    "code", "type", "status", "reason", "error_type", "errortype", "error_code", "errorcode", "__type",
    "name", "kind", "error_status", "provider_code", "native_code", "statuscode", "status_code",
    "api_error_code",
))  # fmt: skip
_SENTENCES = frozenset((
    "message", "msg", "error", "detail", "details", "description", "error_description", "errormessage",
    "error_message", "raw", "body", "title", "reason", "localized_message", "error_msg", "status_msg",
    "text", "response", "cause", "upstream_error", "errors", "status_message", "statusmessage", "faultstring",
    "user_message", "usermessage", "display_message", "displaymessage", "explanation", "errordescription",
))  # fmt: skip
_SPEAKING = ("message", "error_message", "msg", "detail", "error_description", "description", "error")
"""Fields for a sentence, the most telling first."""

_NEVER = frozenset((
    "flagged_input", "input", "failed_generation", "prompt", "messages", "request", "request_body",
    "content", "output", "ctx", "url",
))  # fmt: skip
"""Fields that hold the person's words or the model's: they say nothing about the failure."""

_WAITS = frozenset((
    "retrydelay", "retry_after", "retryafter", "retry_after_seconds", "resets_in_seconds", "resets_in",
    "reset_after", "reset_after_seconds", "quotaresetdelay", "retry_after_s", "wait_seconds",
    "reset_in_seconds", "retryafterseconds", "retry_after_sec", "retry_in", "retryin", "retry_in_seconds",
    "resetafterseconds", "resetinseconds", "reset_in", "resetin", "resetsin", "seconds_until_reset",
    "secondsuntilreset", "time_until_reset", "timeuntilreset", "wait_time", "waittime", "cooldown_seconds",
    "estimated_time", "cooldown", "cooldown_s", "retry_after_secs", "wait_time_seconds", "backoff_seconds",
    "expected_wait_seconds", "retry_seconds",
))  # fmt: skip
_WAITS_MS = frozenset((
    "retry_after_ms", "retryafterms", "retrydelayms", "reset_after_ms", "resetafterms", "resets_in_ms",
))  # fmt: skip
_MOMENTS = frozenset((
    "resets_at", "reset_at", "resetsat", "resetat", "quotaresettimestamp", "reset_time", "resettime",
    "next_reset", "next_reset_time", "nextresettime", "nextflushtime", "quota_reset_at", "quotaresetat",
    "quota_reset_time", "quota_reset_date", "quota_reset_date_utc", "reset_date", "resetdate", "retry_at",
    "retryat", "available_at", "availableat", "x-ratelimit-reset", "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens", "reset", "resets", "reset_timestamp", "resettimestamp", "reset_at_ms",
    "resetatms", "resets_at_ms", "resetsatms", "quota_reset", "renews_at", "renewsat", "available_from",
    "next_available_at", "nextavailableat", "blocked_until", "blockeduntil", "limited_until", "limiteduntil",
))  # fmt: skip
_QUOTAS = frozenset((
    "quotaid", "quota_id", "quotametric", "quota_metric",
))  # fmt: skip

_TELLING = (_CODES | _SENTENCES | _WAITS | _WAITS_MS | _MOMENTS | _QUOTAS | {"param"}) - _NEVER
"""Fields that are looked at."""

_NESTED = frozenset((dict, list))
_NUMBERS = (int, float)
_BLANKS = "\ufeff \t\r\n"
_OF_A_STREAM = ("data:", "event:", "id:", ":")

_fold_code = lru_cache(maxsize=512)(fold)
"""Bodies repeat a few codes."""

_DECODER = json.JSONDecoder()
"""Made once: making one costs more than most bodies take to read (measured)."""

_pattern = lru_cache(maxsize=8)(re.compile)
"""Compiles one when it is first asked, so that a hook pays only for those it asks."""

_PAIR = (
    r"""["'](\w{2,40})["']\s*:\s*"""
    r"""(?:"([^"\\]{0,2000}(?:\\.[^"\\]{0,2000}){0,99})"?|'([^'\\]{0,2000}(?:\\.[^'\\]{0,2000}){0,99})'?"""
    r"""|(-?\d{1,20}(?:\.\d+)?))"""
)
_NAME = r'"(\w{2,40}+)":'
_VALUE = r"""\s*(?:"([^"\\]{0,2000}(?:\\.[^"\\]{0,2000}){0,99})"?|(-?\d{1,20}(?:\.\d+)?))"""
_QUOTED_NAME = r"[`'\"][A-Za-z0-9]+(?:_[A-Za-z0-9]+){3,}[`'\"]|((?:function|tool) )[`'\"][\w.-]+[`'\"]"
"""A person's own name for a tool or a field: it says nothing about the failure."""
_WRAPPED = r"^(?:(?:litellm\.)?[A-Za-z_.]{3,60}(?:Error|Exception)(?::| -)?\s+){1,4}(?=\S)"
"""What LiteLLM puts before an upstream's sentence: "litellm.RateLimitError: AnthropicException - "."""


@record
class ErrorBody:
    """What a body says of the failure."""

    sentence: str = ""
    """The innermost sentence: the vendor's own, not a gateway's wrapping."""
    folded: str = " "
    """All sentences as the table compares them."""
    text: str = ""
    """All sentences as they came."""
    codes: frozenset[str] = frozenset()
    """Folded values of code-like fields."""
    names: tuple[str, ...] = ()
    """The same values as they came, where they are words."""
    waits: tuple[str, ...] = ()
    """Values that say how long: "47s", "5400"."""
    moments: tuple[str, ...] = ()
    """Values that say when: an epoch, an ISO time."""
    quotas: tuple[str, ...] = ()
    """Names of quotas that are used up (Google's quotaId), lower case."""
    param: str | None = None
    """The field the vendor names."""
    is_page: bool = False
    """HTML: no answer of an API."""
    is_structured: bool = False
    """JSON, or an event that holds it."""


def read(body: str) -> ErrorBody:
    """Take a body apart."""
    is_long = len(body) > MOST_READ
    start = (body[: 2 * CUT] if is_long else body).lstrip(_BLANKS) or (body[-END:].strip() if is_long else "")
    if not start:
        return ErrorBody()
    if is_page(start):
        plain = text_of(body[: MOST_READ - END].lstrip(_BLANKS))
        return ErrorBody(sentence=plain, folded=fold(plain), text=plain, is_page=True)
    reader = _Reader()
    if is_long and (brace := _beginning_of_json(start)) >= 0:  # cut in the middle: no JSON
        reader.cut(f"{start[brace : brace + CUT]} {body[-CUT // 2 :]}")
        if not reader.says_something():
            reader.middle(body)
        if brace:
            reader.sentence(start[:brace], 0)
        return reader.result()
    if is_long:
        start = f"{body[: MOST_READ - END].lstrip(_BLANKS)} ... {body[-END:]}"
    if start[0] in '{["':
        reader.encoded(start, 0)
    else:
        events = [line[5:].strip() for line in start.splitlines() if line.startswith("data:")]
        if events:
            for event in events if len(events) <= EVENTS else events[: EVENTS // 2] + events[-EVENTS // 2 :]:
                reader.encoded(event, 0)
        else:
            reader.sentence(start, 0)
    return reader.result()


class _Reader:
    """Collects from one body."""

    __slots__ = (
        "_codes",
        "_moments",
        "_names",
        "_nodes",
        "_param",
        "_quotas",
        "_sentences",
        "_structured",
        "_waits",
    )

    def __init__(self) -> None:
        self._sentences: list[tuple[int, str]] = []
        self._codes: set[str] = set()
        self._names: list[str] = []
        self._waits: list[str] = []
        self._moments: list[str] = []
        self._quotas: list[str] = []
        self._param: str | None = None
        self._nodes = 0
        self._structured = False

    def encoded(self, text: str, depth: int) -> None:
        """Text that should be JSON, or begins with it."""
        try:
            content, end = _DECODER.raw_decode(text)
        except (ValueError, RecursionError):
            self._pairs(text, depth)
            return
        if depth == 0 and len(text) - end > 3 and not isinstance(content, dict):  # "[403]: a sentence"
            self.sentence(text[end:].lstrip(" :"), depth)
        self._structured = True
        self._walk(content, depth)
        if depth and 3 < len(text) - end <= MOST_BEHIND:  # 'Upstream said {…} (reset after 2s)'
            self.sentence(text[end:].strip(" :,;"), depth - 1)

    def cut(self, text: str) -> None:
        """JSON without its middle."""
        self._structured = True
        if '":' in text and "':" not in text:
            self._members(text)
        else:
            self._pairs(text, 0)

    def says_something(self) -> bool:
        """A sentence of more than one word was read."""
        return any(" " in sentence for _, sentence in self._sentences)

    def middle(self, body: str) -> None:
        """What stands around the first field for a sentence, between the beginning and the end."""
        for name in _SPEAKING:
            start = body.find(f'"{name}"', CUT, MIDDLE)
            if start >= 0:
                self._members(body[max(CUT, start - CUT // 4) : start + CUT])
                if self.says_something():
                    return

    def sentence(self, text: str, depth: int) -> None:
        """A sentence, or one with JSON or a printed dict inside."""
        brace = text.find("{")  # the brace of "[{" as well
        if brace < 0:  # of nearly every sentence
            text = text.strip()
            if len(self._sentences) < 60 and text.strip(" :-\n\"'"):
                self._sentences.append((depth, text))
            return
        if brace > 0 and text[brace - 1] == "[":
            brace -= 1
        inner = depth < MAX_DEPTH and ('"' in text[brace:] or "'" in text[brace:])
        before = text[:brace].strip() if inner else text.strip()
        if len(self._sentences) < 60 and before.strip(" :-\n\"'"):
            self._sentences.append((depth, before))
        if inner:
            self.encoded(text[brace:], depth + 1)

    def result(self) -> ErrorBody:
        if len(self._sentences) == 1:  # of most bodies
            text = sentence = self._sentences[0][1]
        else:
            text = "\n".join(dict.fromkeys(sentence for _, sentence in self._sentences))
            deepest = max((depth for depth, _ in self._sentences), default=0)
            sentences = [sentence for depth, sentence in self._sentences if depth == deepest]
            sentence = next(
                (sentence for sentence in sentences if " " in sentence), sentences[0] if sentences else ""
            )
        if len(text) > SENTENCES:
            text = f"{text[: SENTENCES - 400]} {text[-400:]}"
        return ErrorBody(
            sentence=re.sub(_WRAPPED, "", sentence) if _is_wrapped(sentence) else sentence,
            folded=fold(re.sub(_QUOTED_NAME, r"\1 name ", text) if text.count("_") >= 2 else text),
            text=text,
            codes=frozenset(self._codes),
            names=tuple(self._names),
            waits=tuple(self._waits),
            moments=tuple(self._moments),
            quotas=tuple(self._quotas),
            param=self._param,
            is_structured=self._structured,
        )

    def _walk(self, content: object, depth: int) -> None:
        todo: list[tuple[object, int]] = [(content, 0)]
        while todo and self._nodes < MAX_NODES:
            node, level = todo.pop()
            self._nodes += 1
            if isinstance(node, dict):  # JSON's keys are always text
                later: list[tuple[object, int]] = []
                for name, value in node.items() if len(node) <= 60 else list(node.items())[:60]:
                    key = name.lower()
                    if type(value) in _NESTED:
                        if key not in _NEVER and level < 20:
                            later.append((value, level + 1))
                        if key == "loc" and isinstance(value, list):
                            self._param = self._param or ".".join(str(part) for part in value[:6])
                    elif key in _TELLING:
                        self._field(key, value, depth)
                if later:
                    todo.extend(reversed(later))
            elif isinstance(node, list):
                for item in reversed(node[:30]):
                    if isinstance(item, str):
                        self.sentence(item[:SENTENCES], depth)
                    else:
                        todo.append((item, level + 1))
            elif isinstance(node, str):
                self.sentence(node[:MOST_READ], depth)

    def _field(self, key: str, value: object, depth: int) -> None:
        """A field of _TELLING."""
        if not isinstance(value, str):
            self._number(key, value)
            return
        if key == "message":  # of nearly every body
            self.sentence(value[: MOST_READ - END], depth)
            return
        is_code = key in _CODES or key == "error"
        if is_code and len(value) <= 80 and " " not in value.strip() and (key != "error" or len(value) <= 60):
            self._codes.add(_fold_code(value))
            self._names.append(value)
            if key == "error":
                self._sentences.append((depth, value))
            return
        if key in _WAITS:
            self._waits.append(value[:60])
        elif key in _WAITS_MS:
            self._waits.append(f"{value[:20]}ms")
        elif key in _MOMENTS:
            self._moments.append(value[:60])
        elif key in _QUOTAS:
            self._quotas.append(value[:200].lower())
        elif key == "param":
            self._param = self._param or value[:120] or None
        elif value.strip():
            self.sentence(
                value[: MOST_READ - END], depth + (key == "raw")
            )  # raw: what a gateway's upstream said

    def _number(self, key: str, value: object) -> None:
        if not isinstance(value, _NUMBERS) or isinstance(value, bool):
            return
        if key in _CODES:
            self._codes.add(_fold_code(str(value)))
        elif key in _WAITS:
            self._waits.append(str(value))
        elif key in _WAITS_MS:
            self._waits.append(f"{value}ms")
        elif key in _MOMENTS:
            self._moments.append(str(value))

    def _members(self, text: str) -> None:
        """Members of objects in a part of JSON: where a quote and a colon stand, a name ends."""
        text = text.replace('" :', '":')
        lower = text.lower() if text.isascii() else text  # other letters may become longer
        end = 0
        for key in _pattern(_NAME).findall(lower)[:MAX_NAMES]:
            end = lower.find(f'"{key}":', end) + len(key) + 3
            if key in _TELLING and (match := _pattern(_VALUE).match(text, end)):
                self._text_or_number(key, match[1], match[2], 0)

    def _pairs(self, text: str, depth: int) -> None:
        """What is not JSON: cut in the middle, or a dict printed by Python."""
        pairs = re.findall(_PAIR, text)
        count = len(self._sentences)
        for name, double, single, number in pairs[:MAX_FIELDS]:
            self._structured = True
            key = name.lower()
            if number or key in _TELLING:
                self._text_or_number(key, double or single, number, depth)
        if len(self._sentences) == count and not pairs:
            self._sentences.append((depth, text))

    def _text_or_number(self, key: str, value: str | None, number: str | None, depth: int) -> None:
        """A value as it stands in the text."""
        if number:
            self._number(key, float(number) if "." in number else int(number))
        elif value:
            self._field(key, value.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\"), depth)


def _beginning_of_json(text: str) -> int:
    """Where JSON begins, at once or behind a few words ("API Error: 429 {…"); -1 where there is none."""
    if text[0] in "{[":
        return 0
    return -1 if text.startswith(_OF_A_STREAM) else text.find('{"', 0, MOST_BEHIND)


def _is_wrapped(sentence: str) -> bool:
    """Its first word is an error's: asked before the pattern, which takes a hook 0.4 ms to compile."""
    if "Error" not in sentence and "Exception" not in sentence:
        return False
    first = next(iter(sentence.split(maxsplit=1)), "")
    return first.rstrip(":").endswith(("Error", "Exception"))
