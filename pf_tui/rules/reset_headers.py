"""When a limit ends and how full windows are, read out of response headers. Pure.

Sources: Anthropic (`anthropic-ratelimit-*`, unified windows measured on Claude Code 2.1.330), OpenAI and
compatible (`x-ratelimit-*`), Codex (`x-codex-*`, measured on 0.169.0), Google error details (RetryInfo).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pf_tui.rules.limits import Reading

CAP = timedelta(days=8)
"""No window is longer than a week; anything later is a mistake of the sender."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_UNIFIED = {"5h": "5h", "7d": "7d", "7d_oi": "7d", "7d_opus": "7d", "7d_sonnet": "7d"}
_CODEX_WORDS = {1: "minute", 60: "hour", 300: "5h", 1440: "day", 10080: "7d", 43200: "month"}


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """`retry-after-ms`, or `retry-after` as seconds or HTTP date; None when there is none."""
    if value := headers.get("retry-after-ms"):
        return _in(value, now, 0.001)
    value = headers.get("retry-after")
    if not value:
        return None
    return _in(value, now, 1.0) or _capped(http_date(value), now)


def reset_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """The latest of retry-after and the reset of every window that is rejected or empty (capped)."""
    moments = [retry_after(headers, now)]
    if headers.get("anthropic-ratelimit-unified-status") == "rejected":
        rejected = [
            name
            for name in _UNIFIED
            if headers.get(f"anthropic-ratelimit-unified-{name}-status") == "rejected"
        ]
        names = [f"anthropic-ratelimit-unified-{name}-reset" for name in rejected]
        moments += [
            moment_from(headers.get(name), now) for name in names or ["anthropic-ratelimit-unified-reset"]
        ]
    for vendor, form in (
        ("anthropic-ratelimit-{}-remaining", "anthropic-ratelimit-{}-reset"),
        ("x-ratelimit-remaining-{}", "x-ratelimit-reset-{}"),
    ):
        for what in ("requests", "tokens", "input-tokens", "output-tokens", "requests-day", "tokens-minute"):
            if headers.get(vendor.format(what), "").strip() in ("0", "0.0"):
                moments.append(moment_from(headers.get(form.format(what)), now))
    if headers.get("x-ratelimit-remaining", "").strip() == "0":
        moments.append(moment_from(headers.get("x-ratelimit-reset"), now))
    for which in ("primary", "secondary"):
        if _number(headers.get(f"x-codex-{which}-used-percent")) >= 100:
            moments.append(moment_from(headers.get(f"x-codex-{which}-reset-at"), now))
    known = [moment for moment in moments if moment is not None and moment > now]
    return max(known) if known else None


def moment_from(value: str | None, now: datetime) -> datetime | None:
    """A moment from an epoch (s or ms), ISO text, seconds from now, or a duration such as 6m0s."""
    if not value:
        return None
    text = value.strip()
    try:
        number = float(text)
    except ValueError:
        parts = _DURATION.findall(text)
        if parts and "".join(n + u for n, u in parts) == text:
            return _capped(now + timedelta(seconds=sum(float(n) * _SECONDS[u] for n, u in parts)), now)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return _capped(http_date(text), now)
        return _capped(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment, now)
    if number > 1e11:
        number /= 1000
    try:
        moment = datetime.fromtimestamp(number, UTC) if number > 1e8 else now + timedelta(seconds=number)
    except (OverflowError, OSError, ValueError):
        return None
    return _capped(moment, now)


def http_date(text: str) -> datetime | None:
    """`Wed, 21 Oct 2026 07:28:00 GMT`; None for anything else (the email module costs a hook 20 ms)."""
    found = re.fullmatch(r"\w{3}, (\d{1,2}) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT", text.strip())
    if found is None or found[2].lower() not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[i]) for i in (1, 3, 4, 5, 6))
    try:
        return datetime(year, _MONTHS.index(found[2].lower()) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def readings_from_headers(provider: str, headers: Mapping[str, str], now: datetime) -> tuple[Reading, ...]:
    """Every window the headers tell of."""
    found: list[Reading | None] = []
    for name, window in _UNIFIED.items():
        stem = f"anthropic-ratelimit-unified-{name}"
        share = headers.get(f"{stem}-utilization")
        if share is not None:
            model = name.partition("_")[2]
            percent = _number(share) * 100
            found.append(
                _percent(provider, window, percent, headers.get(f"{stem}-reset"), now, model or None)
            )
    for which in ("primary", "secondary"):
        used = headers.get(f"x-codex-{which}-used-percent")
        if used is not None:
            minutes = _number(headers.get(f"x-codex-{which}-window-minutes")) or 300
            nearest = min(_CODEX_WORDS, key=lambda known: abs(known - minutes))
            reset = headers.get(f"x-codex-{which}-reset-at")
            found.append(_percent(provider, _CODEX_WORDS[nearest], _number(used), reset, now, None))
    for unit, what in (("requests", "requests"), ("tokens", "tokens")):
        for limit, left, reset in (
            (
                f"anthropic-ratelimit-{what}-limit",
                f"anthropic-ratelimit-{what}-remaining",
                f"anthropic-ratelimit-{what}-reset",
            ),
            (f"x-ratelimit-limit-{what}", f"x-ratelimit-remaining-{what}", f"x-ratelimit-reset-{what}"),
        ):
            allowed, remaining = _number(headers.get(limit)), headers.get(left)
            if allowed and remaining is not None:
                ends = moment_from(headers.get(reset), now)
                window = "day" if ends is not None and ends - now > timedelta(hours=1) else "minute"
                used_now = max(0.0, allowed - _number(remaining))
                found.append(
                    Reading(
                        provider=provider,
                        window=window,
                        unit=unit,
                        used=used_now,
                        limit=allowed,
                        resets_at=ends,
                        source="header",
                        observed_at=now,
                    )
                )
    return tuple(reading for reading in found if reading is not None)


def _percent(
    provider: str, window: str, percent: float, reset: str | None, now: datetime, model: str | None
) -> Reading | None:
    if not 0 <= percent <= 1000:
        return None  # an epoch in the percent's place: seen in the wild
    return Reading(
        provider=provider,
        window=window,
        unit="percent",
        used=percent,
        limit=100.0,
        resets_at=moment_from(reset, now),
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


def _in(value: str, now: datetime, unit_s: float) -> datetime | None:
    try:
        seconds = float(value) * unit_s
    except ValueError:
        return None
    if not 0 <= seconds < 1e9:
        return None
    return min(now + timedelta(seconds=seconds), now + CAP)


def _capped(moment: datetime | None, now: datetime) -> datetime | None:
    return None if moment is None else min(moment.astimezone(UTC), now + CAP)
