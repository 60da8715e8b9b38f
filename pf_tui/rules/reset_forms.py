"""Days and times of day as other languages and habits write them, rewritten as English ones. Pure.

"à 13h30", "um 13.30 Uhr", "明天 9:00", "25.11.2026" become what the one reader of rules/reset_text.py reads.
"13h30" is a time of day unless a word of a wait ("in", "dans", "after") stands before it.
"""

from __future__ import annotations

import re
from functools import lru_cache

_HERE = "\0"
"""Stands before each day and time until the first of them gets its cue."""

HOURS_MINUTES = r"(?<![\w.])(\d{1,3}) ?[hH] ?(\d\d)(?![\dhms]| ?m)"
"""13h30: ten hours in three languages a time, in English a wait."""

_OF_A_WAIT = r"(?i)(?:\b(?:in|after|within|for|wait|dans|en|em|tra|fra|over|через)|\bund|\band) *$"
_AT = (
    r"(?:\b(?:at|from|until|till|by|kl\.?|om|saat|um|ab|gegen|bis|dès|vers|alle(?: ore)?|dalle|в|às"
    r"|(?:a|desde|hasta)(?: partir de)? l[ao]s?|a partir das?)|@|(?<!\w)à(?: partir de)?)"
)
_UNIT = r"\s?(?:s|secs?|seconds?|mins?|minutes?|hours?|hrs?|days?|requests?|tokens?|usd|eur|rp[ms]|[$€£%])"
_TIMES = (
    rf"(?i){_AT}\s*(\d{{1,2}})(?:\s?[h.:]\s?(\d\d))(?!\d|[.:]\d|{_UNIT})(?:\s?(?:uhr|uur|h)\b)?",
    rf"(?i){_AT}\s*(\d{{1,2}})\s?(?:uhr|uur|h)\b(?! ?\d)",
    r"(?<!\d)(\d{1,2})[点點時시]\s?(?:(\d{1,2})[分분]?)?(?![间間간])",
)
_HALF_DAY = (
    r"(?:(?P<before>上午|凌晨|早上|午前|오전)|下午|晚上|午後|오후)\s?"
    r"(?P<hour>\d{1,2})(?:[:点點時시](?P<minute>\d\d)?分?)?"
)
_WIDE = r"[\u3040-\u9fff\uac00-\ud7a3]"
_WIDE_CLOCK = r"(?<![\d:])(?<!at )(?<!\d )(\d{1,2}:\d\d)(?::\d\d)?(?![\d:])"

_DATES = (
    r"(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日号號일]",
    r"(?<!\d)(\d{1,2})[月월] ?(\d{1,2}) ?[日号號일]",
    r"(?<![\d-])(\d\d)-(\d\d)(?= \d\d:\d\d)",
)
_NUMBERS = r"(?<![\d.])(\d{1,2})([./])(\d{1,2})\2(\d{4})(?!\d)"
_ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = """
jan: januar janvier enero janeiro gennaio januari января
feb: februar février febrero fevereiro febbraio februari февраля
mar: märz mars marzo março maart марта
apr: avril abril aprile апреля
may: mai mayo maio maggio mei мая
jun: juni juin junio junho giugno июня
jul: juli juillet julio julho luglio июля
aug: août agosto augustus августа
sep: septembre septiembre setembro settembre сентября
oct: oktober octobre octubre outubro ottobre октября
nov: novembre noviembre novembro ноября
dec: dezember décembre diciembre dezembro dicembre декабря
"""
_DAYS = """
midnight: mitternacht minuit medianoche mezzanotte meia-noite полночь middernacht 午夜 零点 真夜中 자정
midnight: півночі půlnoci tengah_malam nửa_đêm منتصف_الليل midnatt เที่ยงคืน
tomorrow: morgen demain mañana domani amanhã завтра 明天 明日 次日 내일
tomorrow: zítra jutro besok ngày_mai غدا غدًا yarın imorgon พรุ่งนี้
today: heute aujourd'hui hoy oggi hoje сегодня 今天 今日 本日 오늘
today: vandaag сьогодні dnes dzisiaj hari_ini hôm_nay bugün idag วันนี้
"""
_ZONES = """
CET: MEZ
CEST: MESZ
Europe/Paris: heure_de_Paris
Asia/Shanghai: 北京时间 北京時間
JST: 日本時間
"""


def in_english_forms(text: str) -> str | None:
    """The text with its days and times rewritten; None where it has none that need it."""
    words, months = _words()
    plain = text if text.isascii() else text.replace("（", "(").replace("）", ")")
    rewritten = re.sub(words[0], lambda match: words[1][match[0].lower()], plain)
    rewritten = re.sub(months[0], lambda match: _month(match, months[1]), rewritten)
    rewritten = _dates(rewritten)
    if not text.isascii():
        rewritten = _with_half_days(rewritten)
    for pattern in _TIMES:
        rewritten = re.sub(pattern, _time, rewritten)
    rewritten = re.sub(HOURS_MINUTES, _wait_or_time, rewritten)
    if rewritten == text:
        return None
    return " ".join(rewritten.replace(_HERE, " reset ", 1).replace(_HERE, " ").split())


def _wait_or_time(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 12) : match.start()]
    if re.search(_OF_A_WAIT, before):
        return f"{match[1]}h{match[2]}m"
    return f"{_HERE}at {match[1]}:{match[2]}" if int(match[1]) < 24 else match[0]


def _time(match: re.Match[str]) -> str:
    return f"{_HERE}at {match[1]}:{int(match[2] or 0) if match.re.groups > 1 else 0:02d}"


def _with_half_days(text: str) -> str:
    if re.search(_WIDE, text) is None:
        return text
    text = re.sub(_HALF_DAY, _half_day, text)
    return re.sub(_WIDE_CLOCK, rf"{_HERE}at \1", text)


def _half_day(match: re.Match[str]) -> str:
    half = "am" if match["before"] else "pm"
    return f"{_HERE}at {match['hour']}:{match['minute'] or '00'}{half} "


def _dates(text: str) -> str:
    for pattern in _DATES if not text.isascii() else ():
        text = re.sub(pattern, _date, text)
    is_english = text.isascii()
    return re.sub(_NUMBERS, lambda match: _numbers(match, day_first=not is_english), text)


def _date(match: re.Match[str]) -> str:
    *year, month, day = match.groups()
    return _named(int(month), int(day), *year) or match[0]


def _numbers(match: re.Match[str], *, day_first: bool) -> str:
    """11/25/2026, and 25/11/2026 where that cannot be a month, or other words stand around it."""
    first, second = int(match[1]), int(match[3])
    day_first = match[2] == "." or first > 12 or (day_first and second <= 12)
    day, month = (first, second) if day_first else (second, first)
    return _named(month, day, match[4]) or match[0]


def _named(month: int, day: int, year: str = "") -> str:
    if not 1 <= month <= 12:
        return ""
    return f"{_HERE}{_ENGLISH_MONTHS[month - 1]} {day}{', ' * bool(year)}{year} "


def _month(match: re.Match[str], months: dict[str, str]) -> str:
    """ "25. November", "25 de noviembre de 2026"."""
    month = months.get(match["month"].lower()) or match["month"][:3].lower()
    return f"{_HERE}{month} {match['day']}{', ' * bool(match['year'])}{match['year'] or ''} "


_Words = tuple[str, dict[str, str]]


@lru_cache(maxsize=1)
def _words() -> tuple[_Words, _Words]:
    """A pattern of days and zones, one of months, and what takes their place."""
    words = {word.replace("_", " ").lower(): zone for zone, foreign in table_rows(_ZONES) for word in foreign}
    for english, foreign in table_rows(_DAYS):
        cue = "" if english == "today" else _HERE  # a limit of today ends when the text says so
        words |= dict.fromkeys([word.replace("_", " ") for word in foreign], f"{cue}{english} ")
    names = [rf"\b{word}\b" if word.isalpha() and word < "\u3000" else word for word in words]
    months = {name: english for english, foreign in table_rows(_MONTHS) for name in foreign}
    month = "|".join([*months, "|".join(f"{english}[a-z]{{0,6}}" for english in _ENGLISH_MONTHS)])
    return (f"(?i){'|'.join(names)}", words), (
        rf"(?i)\b(?P<day>\d{{1,2}})\.?º?(?: de)? (?P<month>{month})\b(?: (?:de )?(?P<year>\d{{4}}))?",
        months,
    )


def table_rows(table: str) -> list[tuple[str, list[str]]]:
    """Rows `english: foreign foreign` of a table of words."""
    lines = (line.partition(": ") for line in table.strip().splitlines())
    return [(english, foreign.split()) for english, _, foreign in lines]
