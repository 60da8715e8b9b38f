"""When a limit ends, read out of what a provider or client wrote about it. Pure.

Source of the wordings: Claude Code 2.1.332 ("You've hit your session limit · resets 1:38am (UTC)",
"Claude AI usage limit reached|1790000000"), Codex 0.171 ("try again at 2:13 AM"), Gemini and Antigravity
("will reset after 3h20m15s"), Z.AI ("will reset at 2026-11-25 00:35:41", Beijing time), Anthropic ("regain
access on 2026-12-01 at 00:00 UTC"), LiteLLM ("Limit resets at: 2026-11-29 20:50:11 UTC"), Azure ("retry after
86400 seconds"), GitHub Copilot, MiniMax, Moonshot: public reports and measured.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from pf_tui.rules.reset_forms import in_english_forms
from pf_tui.rules.reset_languages import JUST_PASSED, reset_elsewhere
from pf_tui.rules.time_zones import zone_named

_pattern = lru_cache(maxsize=64)(re.compile)
"""Compiles one when it is first asked (most processes ask for none), and finds it faster than `re` does."""

_EPOCH = (
    r"(?i)limit reached\|(\d{9,13})|\"?resets?_?at\"?[=:]\s*(\d{9,13})"
    r"|(?:reset|again|retry|available|until)[a-z_ -]{0,16}[\"':= ]{1,3}(\d{10}|\d{13})\b"
)
_LONG_NUMBER = r"\d{10}"
_EPOCH_DIGITS = ("17", "18", "19", "20")
"""What no epoch from 2023 to 2036 is without."""

_CUES = (
    "reset", "again", "retry", "available", "until", "unlock", "access", "renew", "refresh", "restored",
    "replenish",
    "wait", "expire", "lifted", "back", "cooldown", "allowed at", "next request", "reopen",
)  # fmt: skip
"""Words a time that ends a limit stands behind."""

_WIDE_CUES = ("重置", "恢复", "刷新", "解除", "重试")
"""In Chinese it stands before them."""

MOST_CUES = 12
_CENTURY = "20"
"""What no date of numbers is without."""

NEAR = 110
"""Characters after such a word in which the time must begin."""

_UNITS = (
    r"(?:milliseconds?|millis|ms|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?"
    r"|d|h|m|s|w|秒|分钟|小时|天)"
)
_AFTER = (
    r"[a-z]*+\W{0,3}(?:on )?(?:in|after|within|for|of)?:?\s*"
    r"(?:about |around |approximately |another |less than |under |~ ?|pt(?=\d))?"
    rf"((?:\d{{1,9}}+(?:\.\d{{1,12}})?+\s?(?:more )?{_UNITS}(?![a-z])(?:,? and |, |\s)?){{1,6}})"
)
_SPAN_CLOCK = r"[a-z]*+ (?:in|after|within) (?:(\d{1,3})\.)?(\d{1,2}):(\d\d):(\d\d)(?![\d:])"
"""Azure API Management writes a wait as days.hours:minutes:seconds."""
_ISO_WAIT = r"\bP(?:(\d{1,3})D)?T(?=\d)(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,7})(?:\.\d+)?S)?\b"
_COMPACT = r"\bin (\d{1,3})h(\d\d)m?\b"
"""A wait wherever it stands."""
_LITTLE = (
    r"[a-z]*+ (?:in|after|within)? ?(less than an?|under an?|about an?|a few|half an|an?)"
    r" (second|minute|hour|day|week)s?\b"
)
_BARE = r"[a-z]*+[-_ ]after(?:[-_ ]seconds)?['\"]?\s?[:=]\s?['\"]?(\d{1,9}(?:\.\d{1,9})?)(?![\d:/-]|\s?[a-z])"
"""`retry_after: 120`, as in a header."""
_PART = rf"(\d{{1,9}}(?:\.\d{{1,12}})?)\s?(?:more )?({_UNITS})(?![a-z])"
_ZONE = (
    r"(?:\s*\(?(?P<zone>Z|[A-Z][A-Za-z_]+/[A-Za-z_/]+(?:[+-]\d{1,2})?"
    r"|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d\d)?|(?:Pacific|Eastern|Central|Mountain|Beijing)(?= )|[A-Z]{2,5})\)?)?"
)
_DATE = (
    r"(?P<year>\d{4})[-/](?P<month>\d\d)[-/](?P<day>\d\d)"
    r"(?:(?:T|,? at | |, )(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d{1,9})?)?)?" + _ZONE
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DAY = (
    r"(?:(?P<word>today|tomorrow)"
    r"|(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?,? )?(?:the )?(?:"
    rf"(?P<month>{_MONTH}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<year>\d{{4}}))?"
    rf"|(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month2>{_MONTH})(?:,? (?P<year2>\d{{4}}))?)"
    r"|(?:next |on )?(?P<weekday>mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?)"
)
_TIME = r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?(?::\d\d)?\s?(?P<half>[ap]\.?m\b\.?)?"
_LEAD = (
    r"[a-z]*\W{0,3}(?:is |will be )?(?:(?:every day|each day|daily) )?(?:(?:at|on|after|from|by|in) |: ?)?"
)
_ZONE_WORD = r"(?:\s?(?P<zone>utc|gmt|[cemp][sde]?t))?"
_DAYS_AND_TIMES = (
    rf"(?i){_LEAD}{_DAY}(?:,? at|,| on|)\s*(?:(?P<only>midnight|noon)|{_TIME}|)",
    rf"(?i){_LEAD}(?:(?P<only>midnight|noon)|{_TIME}){_ZONE_WORD}(?:,? on| )?\s*{_DAY}",
)
_TIME_ALONE = rf"(?i){_LEAD}(?:(?P<only>midnight|noon)|{_TIME})"
"""What may stand after a word about the reset: day and time, time and day, a time alone."""

_MARKS = {"·": ";", "’": "'", "‘": "'", "“": '"', "”": '"', "…": ".", "—": "-", "–": "-", "•": ";"}
_OTHER_LETTER = r"[^\W\d_a-zA-Z]"
_OTHER_FORM = r"\d(?:[:./]\d| ?[hH](?![a-z])| ?[uU][hu]r)"
_WAIT = r"\d ?[a-zA-Z]|[ue](?:na?|n|iner?|ma) [a-z]"
"""What a time of day, and a wait, in other words are not without."""

MAX_WAIT_S = 400 * 86_400.0
"""No limit lasts longer; a larger number is no wait."""

FIVE_HOURS = timedelta(hours=5)
_FIVE_HOUR_WORDS = r"(?i)\b(?:5|five)[ -]?h(?:ours?)?\b|session limit|5 ?小时"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_NAMES = (*_WEEKDAYS, *_MONTHS, "today", "tomorrow")
_SECONDS = {
    "w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0,
    "秒": 1.0, "分": 60.0, "小": 3_600.0, "天": 86_400.0,
}  # fmt: skip
_SPAN = {"second": 1.0, "minute": 60.0, "hour": 3_600.0, "day": 86_400.0, "week": 604_800.0}
LONGEST = 800
"""Characters looked at: the beginning, and of a longer text its end."""

END = 300
SENTENCE = 500
"""Characters in which a time in another form is looked for: that costs more."""


def reset_from_text(
    text: str, seen_at: datetime, zone: tzinfo | None = None, *, window: str | None = None
) -> datetime | None:
    """The moment (UTC) the text says the limit ends; None when it says none.

    Args:
        seen_at: aware; a time of day means the first one after it, or one that has just passed.
        zone: of a time without a zone in the text; None = the system's.
        window: the limit's window where it is known; "5h" never ends more than five hours ahead.
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - END]} {text[-END:]}"
    if not text.isascii():
        text = _without_marks(text)
        if not text.isascii():
            text = _pattern(r"[^\D0-9]").sub(lambda digit: str(int(digit[0])), text)
    is_english = text.isascii() or _pattern(_OTHER_LETTER).search(text) is None
    moment = None
    if is_english:
        moment = _in_english(text, seen_at, zone)
    if moment is None and (not is_english or _pattern(_OTHER_FORM).search(text)):
        text = text if len(text) <= SENTENCE else f"{text[: SENTENCE - 150]} {text[-150:]}"
        text = in_english_forms(text) or text
        moment = _in_english(text, seen_at, zone)
    if moment is None and (not is_english or _pattern(_WAIT).search(text)):
        moment = reset_elsewhere(text[-SENTENCE:].lower(), seen_at)
    if moment is None and ("PT" in text or "DT" in text) and (match := _pattern(_ISO_WAIT).search(text)):
        moment = seen_at.astimezone(UTC) + timedelta(seconds=_span_s(match))
    if moment is None and "in " in text and (match := _pattern(_COMPACT).search(text)):
        hours, minutes = (int(part or 0) for part in match.groups())
        moment = seen_at.astimezone(UTC) + timedelta(hours=hours, minutes=minutes)
    if moment is None or moment - seen_at <= FIVE_HOURS:
        return moment
    if window == "5h" or _pattern(_FIVE_HOUR_WORDS).search(text) is not None:
        return seen_at.astimezone(UTC) + FIVE_HOURS
    return moment


def _without_marks(text: str) -> str:
    """The signs of English sentences that ASCII lacks as those it has, so that its text is read at once."""
    for mark, sign in _MARKS.items():
        if mark in text:
            text = text.replace(mark, sign)
    return text


def _in_english(text: str, seen_at: datetime, zone: tzinfo | None) -> datetime | None:
    lower = text.lower()
    cues = _cues(lower)
    if not cues and "|" not in text:
        return None
    if len(cues) == 1 and ("pm" in lower or "am" in lower):  # what Claude Code says
        near = text[cues[0] : cues[0] + NEAR]
        match = None if _CENTURY in text or _names_a_day(lower) else _pattern(_TIME_ALONE).match(near)
        if match and match["half"]:
            return _next_time(match, near, seen_at, zone)
    if _may_hold_an_epoch(text) and (match := _pattern(_EPOCH).search(text)):
        number = int(next(number for number in match.groups() if number))
        moment = datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
        if abs((moment - seen_at).total_seconds()) < MAX_WAIT_S:
            return moment
    words = lower.replace("_", " ") if "_" in lower else lower
    return (
        _duration([words[start : start + NEAR] for start in cues], seen_at)
        or (_dated(text, cues, zone) if _CENTURY in text and ("-" in text or "/" in text) else None)
        or _clock([text[start : start + NEAR] for start in cues], seen_at, zone)
    )


def _cues(lower: str) -> list[int]:
    """Where the words stand, in order."""
    words = _CUES if lower.isascii() else (*_CUES, *_WIDE_CUES)
    starts: list[int] = []
    for word in filter(lower.__contains__, words):  # of most texts one, if any
        start = lower.find(word)
        while start >= 0 and len(starts) < 4 * MOST_CUES:
            starts.append(start)
            start = lower.find(word, start + len(word))
    starts.sort()
    return starts[:MOST_CUES]


def _duration(near: list[str], seen_at: datetime) -> datetime | None:
    """Lower case: "try again in 5d 5h", "retry after 86400 seconds", "resets in less than a minute"."""
    for text in near:
        has_digit = _has_a_digit(text)
        if has_digit and (match := _pattern(_AFTER).match(text)):
            if match[1][-1] == "h" and text[match.end() :][:1].isdigit():
                continue  # "13h30", in several languages a time of day
            parts = _pattern(_PART).findall(match[1])
            seconds = sum(float(number) * _unit_s(unit) for number, unit in parts)
        elif has_digit and ":" in text and (match := _pattern(_SPAN_CLOCK).match(text)):
            seconds = _span_s(match)
        elif has_digit and "after" in text and (match := _pattern(_BARE).match(text)):
            seconds = float(match[1])
        elif " a" in text and (match := _pattern(_LITTLE).match(text)):
            seconds = _SPAN[match[2]] * (3 if "few" in match[1] else 0.5 if "half" in match[1] else 1)
        else:
            continue
        return seen_at.astimezone(UTC) + timedelta(seconds=seconds) if seconds < MAX_WAIT_S else None
    return None


def _span_s(match: re.Match[str]) -> float:
    """Seconds of days, hours, minutes and seconds."""
    days, hours, minutes, rest_s = (int(part or 0) for part in match.groups())
    return days * 86_400.0 + hours * 3_600 + minutes * 60 + rest_s


def _unit_s(unit: str) -> float:
    return 0.001 if unit.startswith(("ms", "milli")) else _SECONDS[unit[0]]


def _dated(text: str, cues: list[int], zone: tzinfo | None) -> datetime | None:
    """The first date that follows a word about the reset within a few words, or stands just before."""
    for start in cues:
        for match in _pattern(_DATE).finditer(text, max(0, start - 30), start + NEAR):
            *parts, name = match.groups()
            year, month, day, hour, minute, second = [int(part) if part else 0 for part in parts]
            named_zone = (zone_named(name) if name else None) or zone
            try:
                moment = datetime(year, month, day, hour, minute, second, tzinfo=named_zone)
                return moment if named_zone is UTC else moment.astimezone(UTC)  # no zone: the system's own
            except (OverflowError, ValueError):
                continue
    return None


def _clock(near: list[str], seen_at: datetime, zone: tzinfo | None) -> datetime | None:
    for text in near:
        for pattern in _DAYS_AND_TIMES if _names_a_day(text.lower()) else ():
            match = _pattern(pattern).match(text)
            if match and (moment := _on_a_day(match, text, seen_at, zone)):
                return moment
        match = _pattern(_TIME_ALONE).match(text)
        if match and (moment := _next_time(match, text, seen_at, zone)):
            return moment
    return None


def _may_hold_an_epoch(text: str) -> bool:
    for digits in _EPOCH_DIGITS:
        if digits in text:
            return _pattern(_LONG_NUMBER).search(text) is not None
    return False


def _names_a_day(lower: str) -> bool:
    return any(map(lower.__contains__, _DAY_NAMES))


def _has_a_digit(text: str) -> bool:
    for digit in "0123456789":  # a pattern costs twice as much
        if digit in text:
            return True
    return not text.isascii() and _pattern(r"\d").search(text) is not None


def _next_time(match: re.Match[str], text: str, seen_at: datetime, zone: tzinfo | None) -> datetime | None:
    clock = _time_of_day(*match.groups())
    if clock is None:
        return None
    local = seen_at.astimezone(_zone_behind(text[match.end() :]) or zone)
    moment = local.replace(hour=clock[0], minute=clock[1], second=0, microsecond=0)
    return (moment + timedelta(days=1) if moment < local - JUST_PASSED else moment).astimezone(UTC)


def _on_a_day(match: re.Match[str], text: str, seen_at: datetime, zone: tzinfo | None) -> datetime | None:
    parts = {name.rstrip("2"): value for name, value in match.groupdict().items() if value is not None}
    clock = _time_of_day(*map(parts.get, ("only", "hour", "minute", "half")))
    if clock is None and "hour" in parts:
        return None
    zone_of_text = zone_named(parts["zone"]) if "zone" in parts else _zone_behind(text[match.end() :])
    local = seen_at.astimezone(zone_of_text or zone)
    hour, minute = clock or (0, 0)
    moment = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    try:
        return _on_day(moment, parts, local).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone_behind(text: str) -> tzinfo | None:
    first = text.lstrip(" (\t\n")[:1]
    if not (first.isupper() or first in ("+", "-")):
        return None
    match = _pattern(_ZONE).match(text)
    return zone_named(match["zone"]) if match and match["zone"] else None


def _time_of_day(
    only: str | None, hours: str | None, minutes: str | None, half: str | None
) -> tuple[int, int] | None:
    if only:
        return (0, 0) if only.lower() == "midnight" else (12, 0)
    if hours is None:
        return None
    hour, minute = int(hours), int(minutes or 0)
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    elif minutes is None or hour > 23:
        return None  # "resets 5" is no time of day
    return (hour, minute) if minute <= 59 else None


def _on_day(moment: datetime, parts: dict[str, str], local: datetime) -> datetime:
    """The day the text means: a named one, else the first time of day to come or just passed."""
    if month := parts.get("month"):
        year = int(parts.get("year", local.year))
        moment = moment.replace(year=year, month=_MONTHS.index(month[:3].lower()) + 1, day=int(parts["day"]))
        if "year" not in parts and moment < local - timedelta(days=1):
            moment = moment.replace(year=year + 1)
        elif "year" not in parts and moment - local > timedelta(days=360):  # read on the first of January
            moment = moment.replace(year=year - 1)
        return moment
    if weekday := parts.get("weekday"):
        ahead = (_WEEKDAYS.index(weekday[:3].lower()) - local.weekday()) % 7
        moment += timedelta(days=ahead)
        return moment + timedelta(days=7) if moment < local - JUST_PASSED else moment
    if parts.get("word", "").lower() == "tomorrow":
        return moment + timedelta(days=1)
    if parts.get("word", "").lower() == "today":
        return moment
    return moment + timedelta(days=1) if moment < local - JUST_PASSED else moment


PERIODS = ("day", "week", "month")
"""What a limit counts by where no moment is named."""


def period_end(period: str, now: datetime, zone: tzinfo | None = None) -> datetime:
    """The coming midnight, Monday or first of the month."""
    today = now.astimezone(zone or UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return (today + timedelta(days=1)).astimezone(UTC)
    if period == "week":
        return (today + timedelta(days=7 - today.weekday())).astimezone(UTC)
    year, month = (today.year + 1, 1) if today.month == 12 else (today.year, today.month + 1)
    return today.replace(year=year, month=month, day=1).astimezone(UTC)
