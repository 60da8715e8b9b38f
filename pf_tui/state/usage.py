"""usage.json: today's and this month's tokens, shared with the original plugin.

What we count is the ledger's, what the original counted beside it is a floor: used = the larger of both.
A value that we wrote ourselves is no floor: `pf.wrote` holds those, `pf.floor` what the original said before,
and on which day: the original's days are UTC's, ours the person's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from datetime import date

from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.records import record
from pf_tui.state import files
from pf_tui.state.paths import Paths

VERSION = 2
_OWN_KEY = "pf"
Pair = tuple[float, float]
"""(tokens of the day, tokens of the month)"""


def floors(paths: Paths, today: date, *, also: date | None = None) -> dict[str, Pair]:
    """What the original plugin counted for each provider; (0, 0) and a broken file say nothing.

    Args:
        today: the local day.
        also: the day in UTC, by which the original turns its counters.
    """
    try:
        content = files.read_json(paths.usage)
    except StateFileUnusable:
        return {}
    floors_by_name = _floors(content or {}, {today, also or today})
    return {name: floor.pair for name, floor in floors_by_name.items()}


def clear(paths: Paths, providers: Iterable[str]) -> None:
    """Begin these providers' counters anew, the original's too. Raises PfError when the disk refuses."""

    def cleared(content: dict[str, object] | None) -> dict[str, object] | None:
        entries = dict(_object(content or {}, "providers"))
        entries_to_clear = [name for name in providers if name in entries]
        if content is None or not entries_to_clear:
            return None
        zero = {"dailyTokens": 0, "monthlyTokens": 0}
        own_counts = _object(content, _OWN_KEY)
        parts = {
            part: {**_object(own_counts, part), **dict.fromkeys(entries_to_clear, zero)}
            for part in ("wrote", "floor")
        }
        zeroed = {name: {**_object(entries, name), **zero} for name in entries_to_clear}
        return {**content, "providers": {**entries, **zeroed}, _OWN_KEY: {**own_counts, **parts}}

    with files.locked(paths), contextlib.suppress(StateFileUnusable):
        files.rewrite_json(paths.usage, cleared)


@record
class _Floor:
    """What the original counted for a provider, and when."""

    pair: Pair
    days: tuple[str, str]
    """(day, month) in which it holds, as ISO dates."""


def _floors(content: Mapping[str, object], days: set[date]) -> dict[str, _Floor]:
    resets, own_counts = _object(content, "lastReset"), _object(content, _OWN_KEY)
    now = {day.isoformat() for day in days}, {f"{day:%Y-%m}" for day in days}
    reset_days = _days(resets, ("daily", "monthly"), ("", ""))
    floors = {}
    for name, entry in _object(content, "providers").items():
        count, before = _pair(entry), _object(_object(own_counts, "floor"), name)
        last_pair = (
            _pair(_object(own_counts, "wrote").get(name)) if name in _object(own_counts, "wrote") else None
        )
        since = _days(before, ("day", "month"), reset_days)
        counts, when = [0.0, 0.0], list(reset_days)
        for at in (0, 1):
            ours_last = last_pair is not None and count[at] == last_pair[at]
            when[at] = since[at] if ours_last else reset_days[at]
            if when[at] in now[at]:
                counts[at] = _pair(before)[at] if ours_last else count[at]
        if any(counts):
            floors[name] = _Floor(pair=(counts[0], counts[1]), days=(when[0], when[1]))
    return floors


def _days(
    content: Mapping[str, object], keys: tuple[str, str], otherwise: tuple[str, str]
) -> tuple[str, str]:
    day, month = (content.get(key, other) for key, other in zip(keys, otherwise, strict=True))
    return str(day), str(month)


def _object(content: Mapping[str, object], name: str) -> dict[str, object]:
    """The object of that name; {} where it is none."""
    value = content.get(name)
    return value if isinstance(value, dict) else {}


def _pair(entry: object) -> Pair:
    content = entry if isinstance(entry, Mapping) else {}
    return _number(content.get("dailyTokens")), _number(content.get("monthlyTokens"))


def _number(value: object) -> float:
    """A count; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if 0 < value < 1e15 else 0.0


def write(
    paths: Paths, today: date, counters: Mapping[str, tuple[int, int]], *, also: date | None = None
) -> str | None:
    """Put (daily, monthly) tokens per provider into the file, or what the original counted if that is more.

    `today` is the local day, `also` the day in UTC. Unknown keys stay. Returns a sentence when a broken file
    had to be set aside; writes nothing when nothing changed.
    """

    def changed(content: dict[str, object] | None) -> dict[str, object] | None:
        old = content or {}
        version = old.get("version", VERSION)
        if isinstance(version, int | float) and version > VERSION:
            raise PfError(
                f"usage.json has version {version}, this pf-tui knows {VERSION}; it is read-only here"
            )
        new = _merged(old, today, counters, {today, also or today})
        return new if new != content else None

    with files.locked(paths):
        try:
            files.rewrite_json(paths.usage, changed)
            return None
        except StateFileUnusable as error:
            from pf_tui.state import unusable_files

            aside = unusable_files.set_aside(paths.usage)
            if aside is None:
                raise
            files.rewrite_json(paths.usage, changed)
            return f"{error.message}; it was set aside as {aside.name} and begun anew"


def _merged(
    old: Mapping[str, object], today: date, counters: Mapping[str, tuple[int, int]], days: set[date]
) -> dict[str, object]:
    providers = old.get("providers")
    entries = dict(providers) if isinstance(providers, dict) else {}
    floor = _floors(old, days)
    counters = {
        name: _larger(counters.get(name, (0, 0)), floor[name].pair if name in floor else (0.0, 0.0))
        for name in {**counters, **floor}
    }
    for provider, (daily, monthly) in counters.items():
        entry = entries.get(provider)
        entries[provider] = {
            **(entry if isinstance(entry, dict) else {}),
            "dailyTokens": daily,
            "monthlyTokens": monthly,
        }
    for provider, entry in entries.items():
        if provider not in counters and isinstance(entry, dict):
            entries[provider] = {**entry, "dailyTokens": 0, "monthlyTokens": 0}
    resets = old.get("lastReset")
    return {
        **old,
        "version": VERSION,
        "lastReset": {
            **(resets if isinstance(resets, dict) else {}),
            "daily": today.isoformat(),
            "monthly": f"{today:%Y-%m}",
        },
        "providers": entries,
        _OWN_KEY: {
            **_object(old, _OWN_KEY),
            "wrote": {name: _counted(pair) for name, pair in counters.items()},
            "floor": {
                name: {**_counted(entry.pair), "day": entry.days[0], "month": entry.days[1]}
                for name, entry in floor.items()
            },
        },
    }


def _larger(pair: tuple[float, float], other: tuple[float, float]) -> tuple[int, int]:
    return round(max(pair[0], other[0])), round(max(pair[1], other[1]))


def _counted(pair: tuple[float, float]) -> dict[str, int]:
    return {"dailyTokens": round(pair[0]), "monthlyTokens": round(pair[1])}
