"""What genai-prices cannot say of a price over time: a day and an hour at once, weekends, a vendor's change.

Its `constraint` is a date or a time of day, never both, as its own comments on DeepSeek's models say.
Source: DeepSeek's price page and change notes (read 2026-11). Chinese public holidays, off-peak too, are not known.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

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


def at(model: ModelInfo, moment: datetime) -> ModelPrice:
    """genai-prices' ModelPrice of its model at a moment (aware UTC), whatever mode."""
    entries = model.prices if isinstance(model.prices, list) else []
    hours = [time for entry in entries if (time := getattr(entry.constraint, "start_time", None))]
    if not hours:
        return model.get_prices(moment)
    days = [entry for entry in entries if not hasattr(entry.constraint, "start_time")]
    if any(time.replace(tzinfo=None) == _OLD_DISCOUNT for time in hours):
        return _chat(model, moment, entries[0].prices)
    first = [day for entry in days if (day := getattr(entry.constraint, "start_date", None))]
    if (first and moment.date() < min(first)) or _is_weekend(moment):
        active = [entry for entry in days if entry.constraint is None or entry.constraint.active(moment)]
        return active[-1].prices
    return model.get_prices(moment)


def _chat(model: ModelInfo, moment: datetime, price: ModelPrice) -> ModelPrice:
    changes = [price for since, price in _CHAT if moment >= since]
    if not changes:
        return model.get_prices(moment)
    input_price, cached, output_price = map(Decimal, changes[-1])
    from copy import copy

    prices = copy(price)
    vars(prices).update(input_mtok=input_price, cache_read_mtok=cached, output_mtok=output_price)
    return prices


def _is_weekend(moment: datetime) -> bool:
    in_beijing = moment.astimezone(_BEIJING)
    return in_beijing.date() >= _WEEKENDS_SINCE and in_beijing.weekday() >= 5
