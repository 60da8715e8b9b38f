"""Counts and times as agents write them, whatever a writer or a crash made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ABSURD = 10**12
"""No request has a trillion tokens; a larger count is damage."""

COUNTS = frozenset(
    ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens",
     "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens", "thinking_tokens", "web_search_requests")
)  # fmt: skip
"""Claude Code's fields of a usage that whoever decodes a row passes through `whole`."""

TEXTS = frozenset(
    ("type", "subtype", "sessionId", "requestRef", "cwd", "uuid", "requestId", "requestedModel", "id", "model", "text",
     "formatted", "service_tier", "speed", "inference_geo", "parentUuid")
)  # fmt: skip
"""Claude Code's fields that are a text or nothing."""

OBJECTS = frozenset(
    ("message", "usage", "cache_creation", "output_tokens_details", "server_tool_use", "modelUsage")
)
"""Its fields that are an object or nothing."""

LISTS = frozenset(("iterations", "content"))
"""Its fields that are lists of objects."""

FLAGS = frozenset(("isSidechain", "isApiErrorMessage"))


def milliseconds(stamp: object) -> int | None:
    """ISO 8601 (Z or offset; none = UTC), or epoch seconds or ms, as UTC ms; None when it is no time."""
    if isinstance(stamp, str):
        try:
            moment = datetime.fromisoformat(stamp.strip())
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            since = moment - _EPOCH
            if since.microseconds % 1000:
                ms = round(moment.timestamp() * 1000)
            else:  # what clients write; three times as fast
                ms = (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
        except (ValueError, OverflowError):
            return None
    elif isinstance(stamp, int | float) and not isinstance(stamp, bool) and 0 < stamp < 1e14:
        ms = round(stamp if stamp > 1e11 else stamp * 1000)
    else:
        return None
    return ms if ms > 0 else None


def whole(value: object) -> int:
    """A count, whatever a log wrote for it; negative and absurd ones are 0."""
    if type(value) is int:  # the common case, by far
        return value if 0 <= value < ABSURD else 0
    if isinstance(value, float) and 0 <= value < ABSURD:
        return int(value)
    return 0


def has_count(counts: Mapping[str, object], kinds: Iterable[str]) -> bool:
    """One of the kinds of tokens stands there as a number."""
    values = [counts.get(kind) for kind in kinds]
    return any(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
