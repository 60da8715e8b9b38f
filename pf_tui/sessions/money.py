"""What the ledger says of the sessions: cost, cost of the last hour, share of a limit window.

The ledger is asked when it changed, at most every few seconds; between two looks nothing of it is read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from pf_tui.errors import PfError
from pf_tui.ledger import schema
from pf_tui.ledger.headroom import official_limits
from pf_tui.ledger.reader import LedgerReader
from pf_tui.ledger.session_costs import SessionCost, session_costs, window_costs
from pf_tui.rules.limits import LENGTHS, Limit
from pf_tui.sessions.records import WindowShare
from pf_tui.state import files
from pf_tui.state.paths import Paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import SessionKey

EVERY = timedelta(seconds=10)
"""Costs move with each request; looking more often would cost more than it shows."""


class Money:
    """Costs by session, remembered between looks."""

    def __init__(self, paths: Paths) -> None:
        self.version = 0
        """Changes whenever the ledger was asked."""
        self._path = paths.ledger
        self._at: datetime | None = None
        self._stamp: object = None
        self._session_keys: frozenset[SessionKey] = frozenset()
        self._costs: Mapping[SessionKey, SessionCost] = {}
        self._limits: Mapping[str, Limit] = {}
        self._windows: dict[str, tuple[float, Mapping[SessionKey, float]]] = {}

    def look(self, sessions: Collection[SessionKey], now: datetime) -> None:
        """Ask the ledger anew if it may say something else by now; one that cannot be read says nothing."""
        keys = frozenset(sessions)
        recent = self._at is not None and abs(now - self._at) < EVERY
        if recent and keys <= self._session_keys:
            return
        stamp = (files.identity(self._path), files.identity(self._path.with_name(f"{self._path.name}-wal")))
        minute = self._at is not None and abs(now - self._at) < timedelta(minutes=1)
        if minute and stamp == self._stamp and keys <= self._session_keys:
            return
        self._at, self._stamp, self._session_keys = now, stamp, keys
        self.version += 1
        self._windows.clear()
        self._costs, self._limits = {}, {}
        if stamp[0] is None or not keys:
            return
        try:
            with schema.opened(self._path) as connection:
                self._costs = session_costs(connection, keys, now)
                self._limits = official_limits(LedgerReader(connection).latest_readings(now), now)
                for provider in {cost.provider for cost in self._costs.values() if cost.provider}:
                    if (limit := self._limits.get(provider)) and limit.resets_at:
                        since = limit.resets_at - LENGTHS[limit.window]
                        self._windows[provider] = window_costs(connection, provider, since, now)
        except PfError:
            return

    def of(self, session: SessionKey) -> SessionCost | None:
        """A session's costs; None = the ledger does not know it."""
        return self._costs.get(session)

    def share(self, session: SessionKey, provider: str | None) -> WindowShare | None:
        """What the session has used of the provider's tightest window; None without an official reading."""
        limit = self._limits.get(provider or "")
        if limit is None or limit.percent is None or provider is None:
            return None
        total, parts = self._windows.get(provider, (0.0, {}))
        if total <= 0 or session not in parts:
            return None
        return WindowShare(window=limit.window, percent=round(limit.percent * parts[session] / total, 2))
