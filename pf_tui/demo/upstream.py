"""What a provider of the demo answers when it fails, in its own words. Pure.

The answers go through rules.failures like a real upstream's: what is benched, and for how long, is not
decided here. Wordings as in the providers' own errors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from pf_tui.records import field, record


@record
class Answer:
    """A failed HTTP answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


FAULTS = ("window", "rate", "overload", "server", "credit")
"""What can go wrong in the story."""


def answer(provider: str, fault: str, back_at: datetime, now: datetime) -> Answer:
    """What `provider` says for `fault`; it is back at `back_at` where it says so at all."""
    seconds = max(1, round((back_at - now).total_seconds()))
    if fault == "window":
        return _window(provider, back_at)
    if fault == "rate":
        text = "Number of requests has exceeded your rate limit"
        return Answer(
            status=429, headers={"retry-after": str(seconds)}, body=_error("rate_limit_error", text)
        )
    if fault == "overload":
        return Answer(
            status=529, headers={"retry-after": str(seconds)}, body=_error("overloaded_error", "Overloaded")
        )
    if fault == "credit":
        return Answer(
            status=402, body=_error("billing_error", "Your credit balance is too low to access this model")
        )
    return Answer(
        status=500,
        headers={"retry-after": str(seconds)},
        body=_error("api_error", "Internal server error, three times in a row"),
    )


def _window(provider: str, back_at: datetime) -> Answer:
    epoch = str(round(back_at.timestamp()))
    if provider.startswith("anthropic"):
        return Answer(
            status=429,
            headers={
                "anthropic-ratelimit-unified-status": "rejected",
                "anthropic-ratelimit-unified-5h-status": "rejected",
                "anthropic-ratelimit-unified-5h-reset": epoch,
            },
            body=_error("rate_limit_error", "You've hit your session limit"),
        )
    if provider.startswith("openai"):
        return Answer(
            status=429,
            headers={"x-codex-primary-used-percent": "100", "x-codex-primary-reset-at": epoch},
            body=_error("usage_limit_reached", "The usage limit has been reached"),
        )
    return Answer(
        status=429,
        headers={"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": epoch},
        body=_error("rate_limit_error", "Usage limit reached for 5 hours"),
    )


def _error(kind: str, message: str) -> str:
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}})
