"""What rows add up to, and the lines of a list made of it.

Named tuples, not records: three years by session are 100,000 of them, and a record takes ten times as long
to make.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Totals(NamedTuple):
    """What some rows add up to. `input` has no cached tokens; `output` holds reasoning."""

    requests: int = 0
    failed: int = 0
    rate_limited: int = 0
    input: int = 0
    output: int = 0
    reasoning: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost_usd: float = 0.0
    unpriced_tokens: int = 0
    plan_usd: float = 0.0
    """The part of cost_usd that is a list-price equivalent of a flat plan."""

    @property
    def total_tokens(self) -> int:
        """Input, output and cache tokens together."""
        return self.input + self.output + self.cache_read + self.cache_write

    @property
    def failure_rate(self) -> float:
        """Share of requests that failed, 0 to 1."""
        return self.failed / self.requests if self.requests else 0.0

    @property
    def rate_limited_rate(self) -> float:
        """The share of requests that were told to wait."""
        return self.rate_limited / self.requests if self.requests else 0.0


class Group(NamedTuple):
    """One line of a list: a provider, a model, a day …"""

    name: str
    totals: Totals
    latency_ms_p50: float | None = None
    agent: str = ""
    """Of a session, whose id another agent may have given too; empty where no row names one."""


NOTHING = Totals()
UNKNOWN = "unknown"
"""What a part is called that no row names."""

HERE = "here"
"""What this machine is called beside those whose ledgers were imported."""


def total(parts: Iterable[Totals]) -> Totals:
    """All of them together."""
    return Totals._make(map(sum, zip(NOTHING, *parts, strict=True)))


def dearest_first(part: Group) -> tuple[float, int, str]:
    """The order of every list but the days."""
    return (-part.totals.cost_usd, -part.totals.total_tokens, part.name)
