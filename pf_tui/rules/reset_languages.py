"""When a limit ends, in a sentence that is not English: "in 20 Minuten", "через 10 минут", "30 分钟后". Pure.

Source: answers of gateways and clients that speak their country's language (one-api, new-api, Kimi, Z.AI).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

_ABOUT = r"(?:etwa |circa |environ |unos |около )?"
_AND = r"(?:,? (?:und|et|y|e|en|и) |,? |\s?)"
_LANGUAGES = (
    (r"(?:in|over)", r"(?:sekunden?|seconden|minuten|stunden?|uur|tagen?|dagen)"),
    (r"dans", r"(?:secondes?|minutes?|heures?|jours?)"),
    (r"(?:en|em|dentro de)", r"(?:segundos?|minutos?|horas?|d[ií]as?)"),
    (r"(?:tra|fra)", r"(?:secondi|minut[oi]|or[ae]|giorn[oi])"),
    (r"через", r"(?:секунд[а-я]{0,2}|минут[а-я]{0,2}|час[а-я]{0,2}|д(?:ень|ня|ней))"),
)
"""The word before a wait, and its units. "In 5 minutes" is no wait: an English sentence names the reset."""

_BEFORE = "|".join(
    rf"\b{before} {_ABOUT}(?P<wait{language}>(?:\d{{1,6}}\s?{units}{_AND}){{1,4}})"
    for language, (before, units) in enumerate(_LANGUAGES)
)
_BEHIND = (
    r"((?:\d{1,6}\s?(?:秒[钟鐘]?|초|分[钟鐘間]?|분|个?小[时時]|時間|시간|天|日|일)\s?){1,4})"
    r"(?:后|後|之后|以后|以後|之後|후)"
)
"""Chinese, Japanese and Korean say "after" behind it."""

_CLOCK = r"\b(?:um|à|a las|às|alle|в) (\d{1,2})[:h](\d\d)\b"
_PART = r"(\d{1,6})\s?个?([^\W\d]{1,3})"
_SECONDS = {
    **dict.fromkeys(("se", "сек", "秒", "초"), 1.0),
    **dict.fromkeys(("mi", "мин", "分", "분"), 60.0),
    **dict.fromkeys(("st", "uu", "he", "ho", "or", "час", "小", "時", "시"), 3_600.0),
    **dict.fromkeys(("ta", "da", "jo", "di", "dí", "gi", "д", "天", "日", "일"), 86_400.0),
}
"""Units by their first letters."""

JUST_PASSED = timedelta(minutes=30)
"""A client names the old reset for minutes after it: a time of day so recent is now, not tomorrow."""


def reset_elsewhere(lower: str, seen_at: datetime, zone: tzinfo | None) -> datetime | None:
    """The moment (UTC) that a sentence in lower case names; None when it names none."""
    if match := re.search(_BEFORE, lower) or re.search(_BEHIND, lower):
        wait = next(text for text in match.groups() if text)
        seconds = sum(float(number) * _unit_s(unit) for number, unit in re.findall(_PART, wait))
        return seen_at.astimezone(UTC) + timedelta(seconds=seconds)
    if (clock := re.search(_CLOCK, lower)) is None:
        return None
    hour, minute = int(clock[1]), int(clock[2])
    if hour > 23 or minute > 59:
        return None
    local = seen_at.astimezone(zone)
    moment = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (moment + timedelta(days=moment < local - JUST_PASSED)).astimezone(UTC)


def _unit_s(unit: str) -> float:
    return next((seconds for initial, seconds in _SECONDS.items() if unit.startswith(initial)), 0.0)
