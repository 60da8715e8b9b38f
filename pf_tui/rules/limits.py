"""Limit windows: what is used, how sure we are, and when it runs dry. Pure: no clock, no file.

Invariants: a forecast is never later than the window's reset; an estimate never benches anyone;
a reading whose window has ended says nothing any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from pf_tui.records import record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import ProviderState, ReadingSource, WindowName, WindowUnit

TRUST: Mapping[ReadingSource, int] = {
    "official": 0,
    "header": 0,
    "overage": 0,
    "budget": 0,
    "rollout": 1,
    "text": 2,
    "estimate": 3,
}
"""Order of trust: status line and response headers, then rollouts, error texts, our estimate."""

OF_PROVIDER = ("official", "header")
"""Readings a provider makes itself; estimates and budgets move no session before its time."""

LENGTHS: Mapping[WindowName, timedelta] = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "5h": timedelta(hours=5),
    "day": timedelta(days=1),
    "7d": timedelta(days=7),
    "month": timedelta(days=30),
}
"""How long a window is; a month is near enough for a pace."""

SAME_RESET = timedelta(minutes=10)
"""Resets nearer to each other are of one window: agents round them, and every session tells its own."""

STALE = timedelta(minutes=10)
"""Of two readings further apart than this the newer one is believed, whatever its source."""

BUDGET_LASTS = timedelta(hours=6)
"""How long a key's budget is believed that names no end."""

SPENT_LASTS = timedelta(hours=1)
"""The same of one that is used up: nobody asks there, so nothing newer would ever be read."""

MIN_ELAPSED = 0.02
"""Share of a window that must have passed before its pace means anything."""

CLOCK_SKEW = timedelta(minutes=1)
"""A reading from further in the future says nothing."""

RECENT = 0.2
"""Share of a window whose use, idle time included, is the recent pace."""

BURST = 0.03
"""Share of a window whose use is the pace of right now, if that is faster: work after an idle stretch."""

HYSTERESIS = 5.0
"""Percent below the switch threshold at which new sessions begin at a provider again."""

ALARMING_GUESS = 50.0
"""An estimate below this percentage forecasts nothing."""

MIN_SPAN = timedelta(seconds=300)
"""Readings closer than this say nothing about pace."""


@record
class Reading:
    """One observation of one window of one provider."""

    provider: str
    window: WindowName
    unit: WindowUnit
    used: float
    """In `unit`; for percent 0–100 (above 100 when overdrawn)."""
    limit: float | None
    """In `unit`; 100 for percent; None = unknown."""
    resets_at: datetime | None
    source: ReadingSource
    observed_at: datetime
    model: str | None = None
    """A word of the model ids this window is for ("opus"); None = all."""


@record
class Limit:
    """A window as a face shows it."""

    window: WindowName
    unit: WindowUnit
    used: float
    limit: float | None
    percent: float | None
    resets_at: datetime | None
    source: ReadingSource
    observed_at: datetime
    runs_out_at: datetime | None = None
    """When it is used up if use goes on as it did; None = not before its reset, or unknown."""
    model: str | None = None

    @property
    def trusted(self) -> bool:
        """Sure enough to keep a provider from serving."""
        return self.source != "estimate"

    def concerns(self, model: str | None) -> bool:
        """True when use of `model` counts here; a family's window is no other family's business."""
        return self.model is None or in_family(self.model, model)

    def exhausted(self, now: datetime) -> bool:
        """True when it keeps its provider from serving: full, sure, not yet reset, no overage in use."""
        full = self.percent is not None and self.percent >= 100
        ended = self.resets_at is not None and self.resets_at <= now
        return full and not ended and self.trusted and self.source != "overage"


def in_family(family: str, model: str | None) -> bool:
    """A model's id holds a family's word, however either is spelled: `codex_spark`, `GPT-5.3-Codex-Spark`.

    Args:
        model: None = unknown, so of no family.
    """
    return model is not None and _plain(family) in _plain(model)


def _plain(name: str) -> str:
    return name.casefold().replace("_", "-")


def current(readings: Iterable[Reading], now: datetime) -> tuple[Limit, ...]:
    """The windows of one provider as they stand: per window and unit the reading to believe.

    An estimate only of a window that nobody else tells of, in whatever unit, and that did not begin before
    the end that somebody told of: what was used until then is over.

    Args:
        readings: of one provider, any order, any age.
    """
    best: dict[tuple[WindowName, WindowUnit, str | None], Reading] = {}
    samples: dict[tuple[WindowName, WindowUnit, str | None], list[Reading]] = {}
    ends: dict[WindowName, datetime] = {}
    for reading in readings:
        if reading.resets_at is not None and reading.resets_at <= now:
            if reading.source != "estimate" and reading.model is None:
                ends[reading.window] = max(reading.resets_at, ends.get(reading.window, reading.resets_at))
            continue
        if reading.observed_at > now + CLOCK_SKEW:
            continue  # a clock that was wrong wrote it down
        if reading.resets_at is None and now - reading.observed_at > _lasts(reading):
            continue
        key = (reading.window, reading.unit, reading.model)
        samples.setdefault(key, []).append(reading)
        if key not in best or _beats(reading, best[key]):
            best[key] = reading
    for key, reading in best.items():
        if reading.window == "budget" and reading.resets_at is None:
            best[key] = _with_end(reading, samples[key])
    order = list(LENGTHS)
    windows = {reading.window for reading in best.values() if reading.source != "estimate"}
    believed = [
        reading
        for reading in best.values()
        if reading.source != "estimate"
        or (reading.window not in windows and not _is_over(reading, ends.get(reading.window)))
    ]
    by_window = sorted(
        believed, key=lambda r: (order.index(r.window) if r.window in order else 99, r.model or "")
    )
    return tuple(
        _limit(reading, samples[(reading.window, reading.unit, reading.model)], now) for reading in by_window
    )


def _is_over(estimate: Reading, ended_at: datetime | None) -> bool:
    """True when the guessed window began before the real one ended."""
    if ended_at is None or estimate.resets_at is None or estimate.window not in LENGTHS:
        return False
    return estimate.resets_at - LENGTHS[estimate.window] < ended_at - SAME_RESET


def _lasts(reading: Reading) -> timedelta:
    """How long a reading without an end is believed."""
    if reading.window != "budget":
        return LENGTHS.get(reading.window, STALE)
    return SPENT_LASTS if (share(reading) or 0) >= 100 else BUDGET_LASTS


def _with_end(reading: Reading, samples: Sequence[Reading]) -> Reading:
    """A budget that headers tell of, with the end that was asked for before."""
    timed = [sample for sample in samples if sample.resets_at is not None and sample.limit == reading.limit]
    latest = max(timed, key=lambda sample: sample.observed_at, default=None)
    return reading if latest is None else replace(reading, resets_at=latest.resets_at)


def since_release(
    readings: Sequence[Reading], release_of: Callable[[str | None], datetime | None]
) -> Sequence[Reading]:
    """What counts after a person released the provider: a window that was full then is unknown now.

    Args: release_of: when the windows of a model family, or with None those of every model, were released.
    """

    def is_older(reading: Reading) -> bool:
        moment = release_of(reading.model)
        return moment is not None and reading.observed_at <= moment

    full = {(r.window, r.model) for r in readings if (share(r) or 0) >= 100 and is_older(r)}
    return [r for r in readings if (r.window, r.model) not in full or not is_older(r)] if full else readings


def tightest(limits: Iterable[Limit], model: str | None) -> Limit | None:
    """The window that says how long a provider lasts: an exhausted one, else the one that is empty first.

    Every face shows this one. Where none runs dry before its reset the fullest counts.

    Args:
        model: served there; windows of another family do not count.
    """
    counting = [limit for limit in limits if limit.percent is not None and limit.concerns(model)]
    running_dry = [limit for limit in counting if limit.runs_out_at is not None]
    if any((limit.percent or 0) >= 100 for limit in counting) or not running_dry:
        return max(counting, key=lambda limit: limit.percent or 0, default=None)
    return min(running_dry, key=lambda limit: limit.runs_out_at or limit.observed_at)


def forecast(
    percent: float,
    observed_at: datetime,
    window: WindowName,
    resets_at: datetime | None,
    samples: Sequence[Reading] = (),
    now: datetime | None = None,
) -> datetime | None:
    """When the window is used up if use goes on as it did; None when that is not before its reset.

    Args:
        percent: share used at `observed_at`.
        samples: earlier readings of the same window; the recent ones give the pace, otherwise the time since
            the window began does.
        now: idle time since `observed_at` counts; None = no time has passed.
    """
    at = max(observed_at, now or observed_at)
    length = LENGTHS.get(window)
    if resets_at is None or length is None or not 0 < percent < 100:
        return None
    rates = (_rate(samples, percent, at, length * part) for part in (RECENT, BURST))
    rate = max((rate for rate in rates if rate is not None), default=None)
    if rate is None:
        elapsed = at - (resets_at - length)
        if elapsed < length * MIN_ELAPSED:
            return None
        rate = percent / elapsed.total_seconds()
    if rate <= 0:
        return None
    empty_at = at + timedelta(seconds=min((100 - percent) / rate, 1e8))
    return empty_at if empty_at < resets_at else None


def level(
    limits: Iterable[Limit], now: datetime, *, warn_at: float, switch_at: float, model: str | None = None
) -> ProviderState:
    """ready | warning | limited, by the fullest trusted window (thresholds as shares of 1).

    Args:
        model: served there; None = windows of every family count.
    """
    counting = [
        limit
        for limit in limits
        if limit.percent is not None
        and limit.trusted
        and (model is None or limit.concerns(model))
        and (limit.resets_at is None or limit.resets_at > now)
    ]
    fullest = max((limit.percent or 0 for limit in counting if limit.source != "overage"), default=0.0) / 100
    if fullest >= switch_at:
        return "limited"
    on_overage = any(limit.source == "overage" for limit in counting)
    return "warning" if on_overage or fullest >= warn_at else "ready"


def is_nearly_used_up(limits: Iterable[Limit], switch_at: float, *, before: bool = False) -> bool:
    """Past the switch threshold by the provider's own word: new sessions of the gateway begin elsewhere.

    Args:
        switch_at: a share of 1.
        before: it was; then only HYSTERESIS points below the threshold end it.
    """
    shares = (
        limit.percent
        for limit in limits
        if limit.percent is not None
        and limit.source in OF_PROVIDER
        and limit.window != "minute"
        and limit.model is None
    )
    highest, threshold = max(shares, default=0.0), switch_at * 100
    return highest >= threshold or (before and highest > threshold - HYSTERESIS)


def estimated_limit(used_at_limit: Sequence[float]) -> float | None:
    """The 90th percentile of what past windows held at a limit hit, in their unit; None without any."""
    if not used_at_limit:
        return None
    sorted_uses = sorted(used_at_limit)
    return sorted_uses[min(len(sorted_uses) - 1, int(0.9 * len(sorted_uses)))]


def _beats(new: Reading, old: Reading) -> bool:
    """True when `new` is the one to believe."""
    trust_new, trust_old = TRUST.get(new.source, 3), TRUST.get(old.source, 3)
    if (trust_new == 3) != (trust_old == 3):
        return trust_old == 3
    if (use := _same_window(new, old)) is not None:
        return use
    apart = new.observed_at - old.observed_at
    if abs(apart) > STALE or trust_new == trust_old:
        return apart > timedelta(0)
    return trust_new < trust_old


def _same_window(new: Reading, old: Reading) -> bool | None:
    """Of two readings with the same reset, whether `new` is to be believed: use in a window never falls.

    None where that decides nothing: other resets, unknown use, or near readings of unequal trust.
    """
    if new.resets_at is None or old.resets_at is None or abs(new.resets_at - old.resets_at) > SAME_RESET:
        return None
    use, before = share(new), share(old)
    if use is None or before is None or use == before:
        return None
    near = abs(new.observed_at - old.observed_at) <= STALE
    full = use >= 100 or before >= 100
    if near and not full and TRUST.get(new.source, 3) != TRUST.get(old.source, 3):
        return None
    return use > before


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
    if reading.source == "estimate" and percent < ALARMING_GUESS:
        return limit
    same = [s for s in samples if s.resets_at == reading.resets_at and s.source == reading.source]
    empty_at = forecast(percent, reading.observed_at, reading.window, reading.resets_at, same, now)
    return replace(limit, runs_out_at=max(empty_at, now) if empty_at else None)


def _rate(samples: Sequence[Reading], percent: float, at: datetime, span: timedelta) -> float | None:
    """Percent per second within the last `span`, idle time included; None when nothing was read long ago."""
    recent = [
        (sample.observed_at, use)
        for sample in samples
        if (use := share(sample)) is not None and at - sample.observed_at <= max(span, 2 * MIN_SPAN)
    ]
    first_at, first = min(recent, default=(at, percent))
    if at - first_at < MIN_SPAN:
        return None
    return (percent - first) / (at - first_at).total_seconds()
