"""Limit windows: what is used, how sure we are, and when it runs dry. Pure: no clock, no file.

Invariants: a forecast is never later than the window's reset; an estimate never benches anyone;
a reading whose window has ended says nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from pf_tui.records import record, replace

TRUST = {"official": 0, "header": 0, "budget": 0, "rollout": 1, "text": 2, "estimate": 3}
"""Order of trust (issue B): status line and response headers, then rollouts, error texts, our estimate."""

LENGTHS: Mapping[str, timedelta] = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "5h": timedelta(hours=5),
    "day": timedelta(days=1),
    "7d": timedelta(days=7),
    "month": timedelta(days=30),
}
"""How long a window is; a month is near enough for a pace."""

NAMES = {
    "minute": "the minute window",
    "hour": "the hour window",
    "5h": "the 5-hour window",
    "7d": "the weekly window",
    "day": "today's budget",
    "month": "this month's budget",
}

SAME_RESET = timedelta(minutes=10)
"""Resets nearer to each other are of one window: agents round them, and every session tells its own."""

STALE = timedelta(minutes=10)
"""Of two readings further apart than this the newer one is believed, whatever its source."""

MIN_ELAPSED = 0.02
"""Share of a window that must have passed before its pace means anything."""

MIN_SPAN = timedelta(seconds=300)
"""Readings closer than this say nothing about pace."""


@record
class Reading:
    """One observation of one window of one provider."""

    provider: str
    window: str
    """minute | hour | 5h | 7d | day | month"""
    unit: str
    """percent | tokens | requests | usd"""
    used: float
    """In `unit`; for percent 0–100 (above 100 when overdrawn)."""
    limit: float | None
    """In `unit`; 100 for percent; None = unknown."""
    resets_at: datetime | None
    source: str
    """official | header | rollout | text | estimate"""
    observed_at: datetime
    model: str | None = None
    """A word of the model ids this window is for ("opus"); None = all."""


@record
class Limit:
    """A window as a face shows it."""

    window: str
    unit: str
    used: float
    limit: float | None
    percent: float | None
    resets_at: datetime | None
    source: str
    """official | header | rollout | text | estimate | budget"""
    observed_at: datetime
    runs_out_at: datetime | None = None
    """When it is used up if use goes on as it did; None = not before its reset, or unknown."""
    model: str | None = None

    @property
    def trusted(self) -> bool:
        """Sure enough to keep a provider from serving."""
        return self.source != "estimate"


def current(readings: Iterable[Reading], now: datetime) -> tuple[Limit, ...]:
    """The windows of one provider as they stand: per window and unit the reading to believe.

    An estimate only of a window that nobody else tells of, in whatever unit.

    Args:
        readings: of one provider, any order, any age.
    """
    best: dict[tuple[str, str, str | None], Reading] = {}
    samples: dict[tuple[str, str, str | None], list[Reading]] = {}
    for reading in readings:
        if reading.resets_at is not None and reading.resets_at <= now:
            continue
        if reading.source == "estimate" and reading.observed_at > now:
            continue  # made of what a clock that was wrong wrote down
        if reading.resets_at is None and now - reading.observed_at > LENGTHS.get(reading.window, STALE):
            continue
        key = (reading.window, reading.unit, reading.model)
        samples.setdefault(key, []).append(reading)
        if key not in best or _beats(reading, best[key]):
            best[key] = reading
    order = list(LENGTHS)
    reported = {reading.window for reading in best.values() if reading.source != "estimate"}
    believed = [one for one in best.values() if one.source != "estimate" or one.window not in reported]
    found = sorted(
        believed, key=lambda r: (order.index(r.window) if r.window in order else 99, r.model or "")
    )
    return tuple(
        _limit(reading, samples[(reading.window, reading.unit, reading.model)], now) for reading in found
    )


def forecast(
    percent: float,
    observed_at: datetime,
    window: str,
    resets_at: datetime | None,
    samples: Sequence[Reading] = (),
) -> datetime | None:
    """When the window is used up if use goes on as it did; None when that is not before its reset.

    Args:
        percent: share used at `observed_at`.
        samples: earlier readings of the same window; two of them MIN_SPAN apart give the recent pace,
            otherwise the pace since the window began counts.
    """
    length = LENGTHS.get(window)
    if resets_at is None or length is None or not 0 < percent < 100:
        return None
    rate = _recent_rate(samples)
    if rate is None:
        elapsed = observed_at - (resets_at - length)
        if elapsed < length * MIN_ELAPSED:
            return None
        rate = percent / elapsed.total_seconds()
    if rate <= 0:
        return None
    empty_at = observed_at + timedelta(seconds=min((100 - percent) / rate, 1e8))
    return empty_at if empty_at < resets_at else None


def level(limits: Iterable[Limit], now: datetime, *, warn_at: float, switch_at: float) -> str:
    """ready | warning | limited, by the tightest trusted window (thresholds as shares of 1)."""
    shares = [
        limit.percent / 100
        for limit in limits
        if limit.percent is not None and limit.trusted and (limit.resets_at is None or limit.resets_at > now)
    ]
    tightest = max(shares, default=0.0)
    if tightest >= switch_at:
        return "limited"
    return "warning" if tightest >= warn_at else "ready"


def window_name(window: str, model: str | None = None) -> str:
    """A window in words for a sentence: "the 5-hour window"."""
    name = NAMES.get(window, f"the {window} window")
    return f"{name} for {model}" if model else name


def estimated_limit(walls: Sequence[float]) -> float | None:
    """The 90th percentile of what past windows held at a wall, in their unit; None without any."""
    if not walls:
        return None
    ordered = sorted(walls)
    return ordered[min(len(ordered) - 1, int(0.9 * len(ordered)))]


def _beats(new: Reading, old: Reading) -> bool:
    """True when `new` is the one to believe."""
    trust_new, trust_old = TRUST.get(new.source, 3), TRUST.get(old.source, 3)
    if (trust_new == 3) != (trust_old == 3):
        return trust_old == 3
    apart = new.observed_at - old.observed_at
    if abs(apart) > STALE or trust_new == trust_old:
        return apart > timedelta(0)
    return trust_new < trust_old


def share(reading: Reading) -> float | None:
    """How much of its window is used, in percent; None = of an unknown amount."""
    if reading.unit == "percent":
        return reading.used
    return 100 * reading.used / reading.limit if reading.limit else None


def _limit(reading: Reading, samples: Sequence[Reading], now: datetime) -> Limit:
    percent = share(reading)
    limit = Limit(
        window=reading.window,
        unit=reading.unit,
        used=reading.used,
        limit=reading.limit,
        percent=percent,
        resets_at=reading.resets_at,
        source=reading.source,
        observed_at=reading.observed_at,
        model=reading.model,
    )
    if percent is None:
        return limit
    same = [s for s in samples if s.resets_at == reading.resets_at and s.source == reading.source]
    empty_at = forecast(percent, reading.observed_at, reading.window, reading.resets_at, same)
    return replace(limit, runs_out_at=max(empty_at, now) if empty_at else None)


def _recent_rate(samples: Sequence[Reading]) -> float | None:
    """Percent per second over the samples; None when they are too close or too few."""
    known = sorted(
        ((s.observed_at, percent) for s in samples if (percent := share(s)) is not None),
        key=lambda pair: pair[0],
    )
    if len(known) < 2:
        return None
    (first_at, first), (last_at, last) = known[0], known[-1]
    if last_at - first_at < MIN_SPAN:
        return None
    return (last - first) / (last_at - first_at).total_seconds()
