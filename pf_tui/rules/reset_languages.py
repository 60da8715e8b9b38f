"""When a limit ends, in a sentence that is not English: "in 20 Minuten", "через 10 минут", "30 分钟后". Pure.

Source: answers of gateways and clients that speak their country's language (one-api, new-api, Kimi, Z.AI).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_ABOUT = r"(?:etwa |circa |environ |unos |около |khoảng |asi |примерно |приблизно )?"
_AND = r"(?:,? (?:und|et|y|e|en|и|dan|a|i|и|та|و ?|और) |,? |\s?)"
_ARTICLE = r"(?:eine[rm]?|une?|una?|uma?|een)"
_AMOUNTS = ("etwa", "circa", "environ", "около", "ein", "un", "um", "een", "khoảng", "asi", "приблизно")
"""How an amount begins that does not begin with a digit."""

_LANGUAGES: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("in", "over", "na", "warte", "warten sie", "wacht"),
        r"(?:sekunden|seconden|minuten|(?<=einer )minute|stunden?|std\.?|uur|tag(?:en?)?|dagen)",
    ),
    (
        ("noch", "nog", "warte", "warten sie", "binnen"),
        r"(?:sek?(?:unden?)?|sec(?:onden)?|min(?:ute?n?)?|std|stunden?|h|m|uur|tage?n?|dagen?)(?![a-zà-ÿ])\.?",
    ),
    (
        ("dans", "patientez", "attendez", "encore", "reste"),
        r"(?:s(?:ec(?:ondes?)?)?|min(?:utes?)?|m|h(?:eures?)?|j(?:ours?)?)(?![a-zà-ÿ])",
    ),
    (
        ("en", "em", "dentro de", "espere", "aguarde", "quedan", "faltan", "faltam", "restam"),
        r"(?:s(?:eg(?:undos?)?)?|min(?:utos?)?|m|h(?:oras?)?|d(?:[ií]as?)?)(?![a-zà-ÿ])",
    ),
    (("tra", "fra", "attendi"), r"(?:sec(?:ondi)?|min(?:ut[oi])?|or[ae]|giorn[oi])"),
    (
        ("через", "подождите", "осталось", "ещё"),
        r"(?:сек(?:унд[а-я]{0,2})?|мин(?:ут[а-я]{0,2})?|ч(?:ас[а-я]{0,2})?|д(?:ень|ня|ней))(?![а-я])\.?",
    ),
    (
        ("через", "зачекайте", "залишилось", "за"),
        r"(?:сек(?:унд[а-яі]{0,2})?|хв(?:илин[а-яі]{0,2})?|год(?:ин[а-яі]{0,2})?|д(?:ень|ні|нів))(?![а-яі])\.?",
    ),
    (
        ("za", "po", "počkejte", "poczekaj", "odczekaj", "ještě", "jeszcze"),
        r"(?:s(?:ek(?:und[ay]?)?)?|min(?:ut[ay]?)?|(?:hod|godz)(?:in[ay]?)?|d(?:en|ny|ní|ni|zień))(?![a-zà-ž])\.?",
    ),
    (("dalam", "setelah", "tunggu"), r"(?:detik|menit|jam|hari)(?![a-z])"),
    (("sau", "trong", "chờ", "đợi", "còn"), r"(?:giây|phút|giờ|tiếng|ngày)"),
    (
        ("om", "efter", "vänta", "vent"),
        r"(?:sek(?:und(?:er)?)?|min(?:ut(?:er|ter)?)?|tim(?:m?ar|mer?|er)?|dag(?:ar|er?)?)(?![a-zà-ÿ])\.?",
    ),
    (("ในอีก", "อีก", "รอ", "ภายใน", "หลังจาก"), r"(?:วินาที|นาที|ชั่วโมง|วัน)"),
    (("بعد", "خلال", "غضون", "انتظر"), r"(?:ثاني[ةه]|ثوان[يٍ]?|دقيق[ةه]|دقائق|ساع[ةه]|ساعات|يوم\w?|أيام)"),
)
"""The words before a wait, and its units. "In 5 minutes" is no wait: an English sentence names the reset."""

_BEFORE = tuple(word for before, _ in _LANGUAGES for word in before)

_SHORT_UNITS = r"(?:sek\.?|min\.?|std\.?|h|m)(?![a-zà-ÿ])"
_AGAIN_IN = (
    rf"\bin {_ABOUT}((?:\d{{1,6}}\s?{_SHORT_UNITS}{_AND}){{1,4}})(?=(?:wieder|erneut|m[öo]glich|verf))"
    rf"|(?:wieder|erneut|m[öo]glich|verfügbar|versuch(?:en)?) (?:sie es )?in "
    rf"{_ABOUT}((?:\d{{1,6}}\s?{_SHORT_UNITS}{_AND}){{1,4}})"
)
"""German says "in 90 min" where English says how often: only beside a word for "again"."""

_WIDE_UNITS = r"(?:秒[钟鐘]?|초|分[钟鐘間]?|분|个?小[时時]|時間|시간|天|日|일)"
_BEHIND = (
    rf"((?:\d{{1,6}}\s?{_WIDE_UNITS}\s?){{1,4}})(?:后|後|之后|以后|以後|之後|후)"
    r"|((?:\d{1,6}\s?(?:saniye|dakika|saat|gün|सेकंड|सेकेंड|मिनट|घंट(?:े|ा|ों)|दिन)\s?){1,4})"
    r"(?:sonra|içinde|(?:के )?बाद|में|तक)"
)
"""Chinese, Japanese, Korean, Turkish and Hindi say "after" behind it."""

_REMAINING = (
    r"(?:まで|あと|等待|还需|還需|剩余时间|剩餘時間|남은 시간)[:：]?\s?(?:约)?"
    rf"((?:\d{{1,6}}\s?{_WIDE_UNITS}\s?){{1,4}})"
)
"""How long is left, without a word for "after"."""

_TWO = (("ثانيتين", "2 ثانية"), ("دقيقتين", "2 دقيقة"), ("ساعتين", "2 ساعة"), ("يومين", "2 يوم"))
"""Arabic has a word for two of them."""

_PART = rf"(\d{{1,6}}|{_ARTICLE}\b)\s?个?([^\s\d.,]{{1,8}})"
_SECONDS = {
    **dict.fromkeys(
        ["s", "se", "с", "сек", "秒", "초", "detik", "giây", "วินาที", "ثاني", "ثوان", "से", "saniye"], 1.0
    ),
    **dict.fromkeys(
        ["m", "mi", "мин", "хв", "分", "분", "menit", "phút", "นาที", "دقيق", "دقائق", "मि", "dakika"], 60.0
    ),
    **dict.fromkeys(
        [
            "st",
            "uu",
            "h",
            "or",
            "час",
            "ч",
            "год",
            "小",
            "時",
            "시",
            "jam",
            "giờ",
            "tiếng",
            "ชั่วโมง",
            "ساع",
            "घं",
            "saat",
            "hod",
            "god",
            "tim",
        ],
        3_600.0,
    ),
    **dict.fromkeys(
        ["ta", "da", "j", "d", "gi", "д", "天", "日", "일", "hari", "ngày", "วัน", "يوم", "أيام", "दि", "gün"],
        86_400.0,
    ),
}
"""Units by their first letters; the longest that fits."""

JUST_PASSED = timedelta(minutes=30)
"""A client names the old reset for minutes after it: a time of day so recent is now, not tomorrow."""


def reset_elsewhere(lower: str, seen_at: datetime) -> datetime | None:
    """The moment (UTC) that a sentence in lower case names; None when it names none."""
    if not lower.isascii():
        for two, amount in _TWO:
            lower = lower.replace(two, amount)
    wait = _before(lower)
    if wait is None and not lower.isascii():
        match = re.search(_BEHIND, lower) or re.search(_REMAINING, lower)
        wait = match and next(filter(None, match.groups()), None)
    if not wait:
        return None
    parts = re.findall(_PART, wait)
    seconds = sum((float(number) if number.isdecimal() else 1) * _unit_s(unit) for number, unit in parts)
    return seen_at.astimezone(UTC) + timedelta(seconds=seconds) if seconds else None


def _before(lower: str) -> str | None:
    """The first wait behind its word. To compile all patterns took a hook 6 ms: only one that may fit."""
    words = lower.split(" ")
    leads = [
        " ".join(words[max(0, index - 2) : index])
        for index, word in enumerate(words)
        if index and (word[:1].isdecimal() or word.startswith(_AMOUNTS))
    ]
    if not any(lead.endswith(_BEFORE) for lead in leads):  # of nearly every sentence
        return None
    patterns = [
        _wait("|".join(before), units)
        for before, units in _LANGUAGES
        if any(lead.endswith(before) for lead in leads)
    ]
    if any(lead.endswith("in") for lead in leads):
        patterns.append(_AGAIN_IN)
    matches = [match for pattern in patterns if (match := re.search(pattern, lower))]
    first = min(matches, key=lambda match: match.start(), default=None)
    return first and next(filter(None, first.groups()), None)


def _wait(before: str, units: str) -> str:
    edge = "" if before > "\u0600" else r"\b"  # Thai has no spaces before it
    return rf"{edge}(?:{before}) {_ABOUT}((?:(?:\d{{1,6}}|{_ARTICLE}\b)\s?{units}{_AND}){{1,4}})"


def _unit_s(unit: str) -> float:
    return next((_SECONDS[unit[:size]] for size in range(len(unit), 0, -1) if unit[:size] in _SECONDS), 0.0)
