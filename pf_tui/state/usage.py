"""usage.json: today's and this month's tokens, written for readers of the original's shape.

The ledger is where the numbers come from; nobody here reads the file back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.state import files
from pf_tui.state.paths import Paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

VERSION = 2


def write(paths: Paths, today: date, counters: Mapping[str, tuple[int, int]]) -> str | None:
    """Put (daily, monthly) tokens per provider into the file; `today` is the local day.

    Unknown keys stay. Returns a sentence when a broken file had to be set aside; writes nothing when
    nothing changed.
    """
    with files.locked(paths):
        note = None
        try:
            content = files.read_json(paths.usage)
        except StateFileUnusable as error:
            aside = files.set_aside(paths.usage)
            if aside is None:
                raise
            content = None
            note = f"{error.message}; it was set aside as {aside.name} and begun anew"
        old = content or {}
        version = old.get("version", VERSION)
        if isinstance(version, int | float) and version > VERSION:
            raise PfError(
                f"usage.json has version {version}, this pf-tui knows {VERSION}; it is read-only here"
            )
        new = _merged(old, today, counters)
        if new != content:
            files.write_json(paths.usage, new)
        return note


def _merged(
    old: Mapping[str, object], today: date, counters: Mapping[str, tuple[int, int]]
) -> dict[str, object]:
    known = old.get("providers")
    entries = dict(known) if isinstance(known, dict) else {}
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
    }
