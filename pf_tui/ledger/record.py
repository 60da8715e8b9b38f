"""What hooks, the gateway, `status` and the verbs need of the ledger: sqlite3 alone, milliseconds.

The lead's contract: snapshot.py and actions/ call exactly these names. Nothing here raises for a
ledger that is missing, locked or broken when it writes: an agent must never stall for bookkeeping.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pf_tui.records import record
from pf_tui.rules.limits import Reading


@record
class ProviderUsage:
    """One provider's use since a moment."""

    requests: int = 0
    tokens: int = 0
    """Input, output and cache tokens together."""
    budget_tokens: int = 0
    """What token budgets count: input, output and cache writes, not cache reads (design/state)."""
    cost_usd: float | None = 0.0
    unpriced_tokens: int = 0


class Book:
    """An open ledger, read-only."""

    def usage_since(self, since: datetime, provider: str | None = None) -> Mapping[str, ProviderUsage]:
        """Use per provider since a moment (aware UTC), of one provider or of all."""
        return {}

    def latest_readings(self, now: datetime) -> Sequence[Reading]:
        """The last reading of each provider, window and source that can still matter."""
        return ()


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Book]:
    """Open the ledger read-only. Raises PfError when it cannot be used."""
    yield Book()


def switch(
    path: Path, from_provider: str | None, to_provider: str, *, why: str, who: str, at: datetime
) -> None:
    """Note that another provider serves from now on: the timeline that transcript rows are attributed by."""


def limit_hit(
    path: Path,
    provider: str,
    *,
    kind: str,
    at: datetime,
    until: datetime | None,
    agent: str | None,
    session: str | None,
) -> None:
    """Note that a provider hit a limit or failed in class `kind`."""


def limit_reading(path: Path, readings: Sequence[Reading]) -> None:
    """Keep readings of limit windows (status line, headers, error texts)."""
