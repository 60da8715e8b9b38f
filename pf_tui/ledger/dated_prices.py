"""What genai-prices cannot say of a price over time: a day and an hour at once, weekends, a vendor's change.

Its `constraint` is a date or a time of day, never both, as its own comments on DeepSeek's models say.
Source: DeepSeek's price page and change notes (read 2026-11). Chinese public holidays, off-peak too, are not known.
"""

from __future__ import annotations

from copy import copy
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

_BEIJING = timezone(timedelta(hours=8))
_WEEKENDS_SINCE = date(2026, 8, 23)
"""Saturdays and Sundays in Beijing are off-peak all day from here on."""

_OLD_DISCOUNT = time(0, 30)
"""When the hours of V3's and R1's full price began; the discount of the other hours ended with the first change."""

_CHAT = (
    (datetime(2025, 9, 5, 16, tzinfo=UTC), ("0.56", "0.07", "1.68")),
    (datetime(2025, 9, 29, tzinfo=UTC), ("0.28", "0.028", "0.42")),
)
"""deepseek-chat and deepseek-reasoner: since when, USD per million of input, cached input, output."""


def at(model: Any, moment: datetime) -> Any:
    """genai-prices' ModelPrice of its model at a moment (aware UTC), whatever mode."""
    entries = model.prices if isinstance(model.prices, list) else []
    windows = [entry for entry in entries if hasattr(entry.constraint, "start_time")]
    if not windows:
        return model.get_prices(moment)
    days = [entry for entry in entries if entry not in windows]
    if any(entry.constraint.start_time.replace(tzinfo=None) == _OLD_DISCOUNT for entry in windows):
        return _chat(model, moment)
    first = [entry.constraint.start_date for entry in days if hasattr(entry.constraint, "start_date")]
    if (first and moment.date() < min(first)) or _is_weekend(moment):
        active = [entry for entry in days if entry.constraint is None or entry.constraint.active(moment)]
        return active[-1].prices
    return model.get_prices(moment)


def _chat(model: Any, moment: datetime) -> Any:
    changes = [price for since, price in _CHAT if moment >= since]
    if not changes:
        return model.get_prices(moment)
    sent, cached, made = map(Decimal, changes[-1])
    prices = copy(model.prices[0].prices)
    prices.input_mtok, prices.cache_read_mtok, prices.output_mtok = sent, cached, made
    return prices


def _is_weekend(moment: datetime) -> bool:
    there = moment.astimezone(_BEIJING)
    return there.date() >= _WEEKENDS_SINCE and there.weekday() >= 5
