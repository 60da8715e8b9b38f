"""Readings of windows in percent: what a test does not name is a five-hour window that ends in two hours."""

from __future__ import annotations

from datetime import datetime, timedelta

from pf_tui.rules.limits import Reading
from tests.conftest import NOON


def reading(
    percent: float,
    window: str = "5h",
    *,
    provider: str = "anthropic-subscription",
    at: datetime = NOON,
    resets_at: datetime | None = NOON + timedelta(hours=2),
    source: str = "official",
    model: str | None = None,
) -> Reading:
    """
    Args:
        at: when it was observed.
        model: a family's word, of a window that is for it alone.
    """
    return Reading(
        provider=provider,
        window=window,
        unit="percent",
        used=percent,
        limit=100.0,
        resets_at=resets_at,
        source=source,
        observed_at=at,
        model=model,
    )
