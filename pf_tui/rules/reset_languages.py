"""When a limit ends, in a sentence that is not English: "in 20 Minuten", "через 10 минут", "30 分钟后". Pure.

Source: answers of gateways and clients that speak their country's language (one-api, new-api, Kimi, Z.AI).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_ABOUT = r"(?:etwa |circa |environ |unos |около )?"
_AND = r"(?:,? (?:und|et|y|e|en|и) |,? |\s?)"
_ARTICLE = r"(?:eine[rm]?|une?|una?|uma?|een)"
_AMOUNTS = ("etwa", "circa", "environ", "около", "ein", "un", "um", "een")
"""How an amount begins that does not begin with a digit."""

_LANGUAGES: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("in", "over", "warte", "warten sie"),
        r"(?:sekunden|seconden|minuten|(?<=einer )minute|stunden?|std\.?|uur|tag(?:en?)?|dagen)",
    ),
    (
        ("dans", "patientez", "attendez"),
        r"(?:s(?:ec(?:ondes?)?)?|min(?:utes?)?|m|h(?:eures?)?|j(?:ours?)?)(?![a-zà-ÿ])",
    ),
    (
        ("en", "em", "dentro de", "espere", "aguarde"),
        r"(?:s(?:eg(?:undos?)?)?|min(?:utos?)?|m|h(?:oras?)?|d(?:[ií]as?)?)(?![a-zà-ÿ])",
    ),
    (("tra", "fra", "attendi"), r"(?:sec(?:ondi)?|min(?:ut[oi])?|or[ae]|giorn[oi])"),
    (("через", "подождите"), r"(?:сек(?:унд[а-я]{0,2})?|мин(?:ут[а-я]{0,2})?|час[а-я]{0,2}|д(?:ень|ня|ней))"),
)
"""The words before a wait, and its units. "In 5 minutes" is no wait: an English sentence names the reset."""

_BEFORE = tuple(word for before, _ in _LANGUAGES for word in before)

_BEHIND = (
    r"((?:\d{1,6}\s?(?:秒[钟鐘]?|초|分[钟鐘間]?|분|个?小[时時]|時間|시간|天|日|일)\s?){1,4})"
    r"(?:后|後|之后|以后|以後|之後|후)"
)
"""Chinese, Japanese and Korean say "after" behind it."""

_REMAINING = (
    r"(?:まで|あと|等待|还需|還需|剩余时间|剩餘時間|남은 시간)[:：]?\s?(?:约)?"
    r"((?:\d{1,6}\s?(?:秒[钟鐘]?|초|分[钟鐘間]?|분|个?小[时時]|時間|시간|天|日|일)\s?){1,4})"
)
"""How long is left, without a word for "after"."""

_PART = rf"(\d{{1,6}}|{_ARTICLE}\b)\s?个?([^\W\d]{{1,3}})"
_SECONDS = {
    **dict.fromkeys(("se", "сек", "秒", "초"), 1.0),
    **dict.fromkeys(("mi", "мин", "分", "분"), 60.0),
    **dict.fromkeys(("st", "uu", "h", "or", "час", "小", "時", "시"), 3_600.0),
    **dict.fromkeys(("ta", "da", "j", "d", "gi", "д", "天", "日", "일"), 86_400.0),
    **dict.fromkeys(("s",), 1.0),
    **dict.fromkeys(("m",), 60.0),
}
"""Units by their first letters."""

JUST_PASSED = timedelta(minutes=30)
"""A client names the old reset for minutes after it: a time of day so recent is now, not tomorrow."""


def reset_elsewhere(lower: str, seen_at: datetime) -> datetime | None:
    """The moment (UTC) that a sentence in lower case names; None when it names none."""
    match = _before(lower) or (
        None if lower.isascii() else re.search(_BEHIND, lower) or re.search(_REMAINING, lower)
    )
    if match is None:
        return None
    parts = re.findall(_PART, match[1])
    seconds = sum((float(number) if number.isdecimal() else 1) * _unit_s(unit) for number, unit in parts)
    return seen_at.astimezone(UTC) + timedelta(seconds=seconds) if seconds else None


def _before(lower: str) -> re.Match[str] | None:
    """The first wait behind its word. To compile all patterns took a hook 6 ms: only one that may fit."""
    words = lower.split(" ")
    leads = [
        " ".join(words[max(0, index - 2) : index])
        for index, word in enumerate(words)
        if index and (word[:1].isdecimal() or word.startswith(_AMOUNTS))
    ]
    if not any(lead.endswith(_BEFORE) for lead in leads):  # of nearly every sentence
        return None
    matches = [
        match
        for before, units in _LANGUAGES
        if any(lead.endswith(before) for lead in leads)
        if (match := re.search(_wait("|".join(before), units), lower))
    ]
    return min(matches, key=lambda match: match.start(), default=None)


def _wait(before: str, units: str) -> str:
    return rf"\b(?:{before}) {_ABOUT}((?:(?:\d{{1,6}}|{_ARTICLE}\b)\s?{units}{_AND}){{1,4}})"


def _unit_s(unit: str) -> float:
    return next((seconds for initial, seconds in _SECONDS.items() if unit.startswith(initial)), 0.0)
