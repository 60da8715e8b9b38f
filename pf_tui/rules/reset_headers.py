"""When a limit ends and how full windows are, read out of response headers. Pure.

Sources: Anthropic (`anthropic-ratelimit-*`, unified windows measured on Claude Code 2.1.330), OpenAI and
compatible (`x-ratelimit-*`), Codex (`x-codex-*`, measured on 0.169.0), Google error details (RetryInfo),
LiteLLM (`x-litellm-key-*`, measured on 1.108.7).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pf_tui.records import replace
from pf_tui.rules import litellm
from pf_tui.rules.limits import Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import WindowName, WindowUnit

CAP = timedelta(days=8)
"""No window of headers is longer than a week; anything later is a mistake of the sender."""

JUST_PASSED = timedelta(minutes=10)
"""A reset that is named this long after it came is over now: vendors repeat it, and clocks differ."""

_RETRY_AFTER = (
    ("retry-after-ms", 0.001),
    ("x-ms-retry-after-ms", 0.001),
    ("x-retry-after-ms", 0.001),
    ("retry-after", 1.0),
    ("x-retry-after", 1.0),
    ("x-ratelimit-reset-after", 1.0),
    ("ratelimit-reset", 1.0),
    ("x-ratelimit-timeremaining", 1.0),
)
"""Headers that say when to ask again, and their unit in seconds, the more exact first."""

_DURATION = r"(\d+(?:\.\d+)?)(ms|[smhd])"
_SPELLED = (
    r"(?i)((?:\d{1,9}(?:\.\d{1,9})?\s?"
    r"(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?:,\s?|\s|(?=\d)|$)){1,6})"
)
"""A wait in words, "90 seconds", or what ISO 8601 has behind its letters, "1M30S"."""

_CLOCK_SPAN = r"(\d{1,3}):(\d\d):(\d\d)"
_POLICY = r"(?i)(?:\b(?:r|remaining)=0\b).{0,60}?\b(?:t|reset)=(\d{1,9})"
"""IETF's draft: `ratelimit: "default";r=0;t=90`, and its older `limit=100, remaining=0, reset=90`."""

_HTTP_DATE = r"(?:\w{3,9}, )?(\d{1,2})[ -](\w{3})[ -](\d{4}|\d\d) (\d\d):(\d\d):(\d\d) (GMT|UTC|Z|[+-]\d{4})"
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_UNIFIED_NAME = r"anthropic-ratelimit-unified-([0-9]+[hd](?:_[a-z0-9]+)?)-(?:status|utilization|reset)"


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When to ask again by retry-after and its kin, never before `now`; None when none can be read.

    Seconds, milliseconds, an epoch, a duration ("30s") or a date; a header that makes no sense is passed
    over for the next one.
    """
    for name, unit_s in _RETRY_AFTER:
        if (moment := _wait(headers.get(name), now, unit_s)) is not None:
            return moment
    return None


def _wait(value: str | None, now: datetime, unit_s: float) -> datetime | None:
    text = (value or "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        first = text.partition(",")[0]  # sent twice: "30, 30"
        moment = moment_from(first if first.isdecimal() else text, now)
        return None if moment is None else max(moment, now)
    if not number >= 0:
        return None
    if unit_s == 1.0 and number > 1e9:  # a moment, not a wait
        moment = moment_from(text, now)
        return None if moment is None else max(moment, now)
    return _later(now, number * unit_s)


def reset_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """The latest of retry-after and the reset of every window that is rejected or empty (capped)."""
    if not headers:
        return None
    moments = [retry_after(headers, now)]
    if headers.get("anthropic-ratelimit-unified-status") == "rejected":
        names = [f"anthropic-ratelimit-unified-{name}-reset" for name in rejected_windows(headers)]
        moments += [
            moment_from(headers.get(name), now) for name in names or ["anthropic-ratelimit-unified-reset"]
        ]
    for name, value in headers.items():
        if "remaining" in name and "rate" in name and value.strip() in ("0", "0.0"):
            moments.append(moment_from(headers.get(name.replace("remaining", "reset")), now))
    if "ratelimit" in headers and (policy := re.search(_POLICY, headers["ratelimit"])):
        moments.append(moment_from(policy[1], now))
    for which in ("primary", "secondary"):
        if _number(headers.get(f"x-codex-{which}-used-percent")) >= 100:
            moments.append(_codex_reset(headers, which, now))
    recent = [moment for moment in moments if moment is not None and moment >= now - JUST_PASSED]
    return max(now, *recent) if recent else None


def rejected_windows(headers: Mapping[str, str]) -> tuple[str, ...]:
    """The unified windows that refused the request: "5h", "7d", "7d_opus" …"""
    return tuple(
        name
        for name in _unified_windows(headers)
        if headers.get(f"anthropic-ratelimit-unified-{name}-status") == "rejected"
    )


def _unified_windows(headers: Mapping[str, str]) -> tuple[str, ...]:
    matches = (
        re.fullmatch(_UNIFIED_NAME, name)
        for name in headers
        if name.startswith("anthropic-ratelimit-unified-")
    )
    return tuple(dict.fromkeys(match[1] for match in matches if match))


def _codex_reset(headers: Mapping[str, str], which: str, now: datetime) -> datetime | None:
    """The reset of a Codex window: as a moment, or as seconds from now."""
    stem = f"x-codex-{which}-reset"
    return moment_from(headers.get(f"{stem}-at"), now) or moment_from(
        headers.get(f"{stem}-after-seconds"), now
    )


def moment_from(value: str | None, now: datetime) -> datetime | None:
    """A moment from an epoch (s or ms), ISO text, seconds from now, or a duration such as 6m0s."""
    if not value:
        return None
    text = value.strip()
    try:
        number = float(text)
    except ValueError:
        parts = re.findall(_DURATION, text)
        if parts and "".join(n + u for n, u in parts) == text:
            return _later(now, sum(float(n) * _SECONDS[u] for n, u in parts))
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return _capped(http_date(text) or _spelled(text, now), now)
        return _capped(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment, now)
    if number > 1e11:
        number /= 1000
    try:
        moment = datetime.fromtimestamp(number, UTC) if number > 1e8 else now + timedelta(seconds=number)
    except (OverflowError, OSError, ValueError):
        return None
    return _capped(moment, now)


def _spelled(text: str, now: datetime) -> datetime | None:
    """`90 seconds`, `PT1M30S` or `00:01:30` from now."""
    if clock := re.fullmatch(_CLOCK_SPAN, text):
        hours, minutes, seconds = (int(part) for part in clock.groups())
        return _later(now, 3600 * hours + 60 * minutes + seconds)
    if text[:1] in ("P", "p"):
        text = text[1:].upper().replace("T", "")
    if (span := re.fullmatch(_SPELLED, text)) is None:
        return None
    parts = re.findall(r"([\d.]+)\s?(ms|milli|[smhd])", span[1].lower())
    return _later(now, sum(float(n) * _SECONDS["ms" if u[1:] else u] for n, u in parts))


def http_date(text: str) -> datetime | None:
    """`Wed, 21 Oct 2026 07:28:00 GMT` or `… +0000`; None for anything else.

    By hand: the email module costs a hook 20 ms.
    """
    match = re.fullmatch(_HTTP_DATE, text.strip())
    if match is None or match[2].lower() not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(match[i]) for i in (1, 3, 4, 5, 6))
    year += 2000 if year < 100 else 0  # RFC 850
    zone = match[7]
    try:
        ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:])) if zone[0] in "+-" else timedelta(0)
        moment = datetime(year, _MONTHS.index(match[2].lower()) + 1, day, hour, minute, second, tzinfo=UTC)
        return moment + ahead if zone[0] == "-" else moment - ahead
    except (ValueError, OverflowError):
        return None


def readings_from_headers(provider: str, headers: Mapping[str, str], now: datetime) -> tuple[Reading, ...]:
    """Every window the headers tell of."""
    from pf_tui.rules import windows  # a hook that reads when a limit ends needs no windows

    readings: list[Reading | None] = []
    for name in _unified_windows(headers):
        stem = f"anthropic-ratelimit-unified-{name}"
        share = headers.get(f"{stem}-utilization")
        if share is not None:
            name_of_window, _, family = name.partition("_")
            window = windows.spelled(name_of_window)
            if window is None:
                continue
            percent = _number(share) * 100
            ends = moment_from(headers.get(f"{stem}-reset"), now)
            overdrawn = percent >= 100 and headers.get(f"{stem}-status", "").startswith("allowed")
            reading = _percent(provider, window, percent, ends, now, family or None)
            readings.append(replace(reading, source="overage") if reading and overdrawn else reading)
    for which in ("primary", "secondary"):
        header = headers.get(f"x-codex-{which}-used-percent")
        if header is not None:
            minutes = _number(headers.get(f"x-codex-{which}-window-minutes")) or 300
            ends = _codex_reset(headers, which, now)
            readings.append(_percent(provider, windows.nearest(minutes), _number(header), ends, now, None))
    units: tuple[WindowUnit, ...] = ("requests", "tokens")
    for unit in units:
        for limit, rest, reset in (
            (
                f"anthropic-ratelimit-{unit}-limit",
                f"anthropic-ratelimit-{unit}-remaining",
                f"anthropic-ratelimit-{unit}-reset",
            ),
            (f"x-ratelimit-limit-{unit}", f"x-ratelimit-remaining-{unit}", f"x-ratelimit-reset-{unit}"),
        ):
            allowed, remaining = _number(headers.get(limit)), headers.get(rest)
            if allowed and remaining is not None:
                ends = moment_from(headers.get(reset), now)
                shorter: WindowName = (
                    "day" if ends is not None and ends - now > timedelta(hours=1) else "minute"
                )
                used_now = max(0.0, allowed - _number(remaining))
                readings.append(
                    Reading(
                        provider=provider,
                        window=shorter,
                        unit=unit,
                        used=used_now,
                        limit=allowed,
                        resets_at=ends,
                        source="header",
                        observed_at=now,
                    )
                )
    readings.append(litellm.budget(provider, headers, now))
    return tuple(reading for reading in readings if reading is not None)


def _percent(
    provider: str,
    window: WindowName,
    percent: float,
    reset: datetime | None,
    now: datetime,
    model: str | None,
) -> Reading | None:
    if not 0 <= percent <= 1000:
        return None  # an epoch in the percent's place: seen in the wild
    return Reading(
        provider=provider,
        window=window,
        unit="percent",
        used=percent,
        limit=100.0,
        resets_at=reset,
        source="header",
        observed_at=now,
        model=model,
    )


MOST = 1e15


def _number(value: str | None) -> float:
    """A count; 0 for what is none, infinity among it: no share could be worked out."""
    try:
        number = float(value) if value else 0.0
    except ValueError:
        return 0.0
    return number if abs(number) < MOST else 0.0


def _later(now: datetime, wait_s: float) -> datetime:
    """So many seconds from now, at most CAP: a header may hold more than any calendar."""
    return now + timedelta(seconds=wait_s) if wait_s < CAP.total_seconds() else now + CAP


def _capped(moment: datetime | None, now: datetime) -> datetime | None:
    try:
        return None if moment is None else min(moment.astimezone(UTC), now + CAP)
    except OverflowError:  # the first or the last hours of the calendar, in another zone
        return None
