"""What a LiteLLM proxy tells of the key it was asked with: its budget, and what an answer cost. Pure.

The headers come with every answer, the budget's end with `GET /key/info` alone. Sources: LiteLLM 1.108.7,
headers measured; `/key/info` from its source (it needs a database).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from pf_tui.rules.limits import Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import ReadingSource, WindowName

WINDOW: WindowName = "budget"

MOST_USD = 1e9


def budget(provider: str, headers: Mapping[str, str], now: datetime) -> Reading | None:
    """The key's budget as an answer's headers tell it; of a stream, before that request."""
    allowed, spend = _usd(headers.get("x-litellm-key-max-budget")), _usd(headers.get("x-litellm-key-spend"))
    return _reading(provider, spend, allowed, None, "header", now)


def key_budget(provider: str, answer: object, now: datetime) -> Reading | None:
    """The key's budget as `GET /key/info` tells it, with the moment it begins anew; None without a budget."""
    info = answer.get("info") if isinstance(answer, dict) else None
    if not isinstance(info, dict):
        return None
    resets_at = _moment(info.get("budget_reset_at"))
    return _reading(
        provider, _usd(info.get("spend")), _usd(info.get("max_budget")), resets_at, "official", now
    )


def cost_usd(headers: Mapping[str, str]) -> float | None:
    """What the proxy says the answer cost; None where it does not say, or knows no price."""
    cost = headers.get("x-litellm-response-cost")
    return None if cost is None else _usd(cost) or None


def _reading(
    provider: str,
    spend: float | None,
    allowed: float | None,
    resets_at: datetime | None,
    source: ReadingSource,
    now: datetime,
) -> Reading | None:
    if spend is None or not allowed:
        return None
    return Reading(
        provider=provider,
        window=WINDOW,
        unit="usd",
        used=spend,
        limit=allowed,
        resets_at=resets_at if resets_at is None or resets_at > now else None,
        source=source,
        observed_at=now,
    )


def _usd(value: object) -> float | None:
    """An amount; None for what is none: "None", a negative one, infinity."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < MOST_USD else None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None:
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
