"""What a person may set of the gateway: config.json, under "pf": {"gateway": {…}}.

    {"port": 4100,                        the port it listens on; without it a free one
     "passThrough": false,                the client's own login may go to its own vendor
     "connectS": 10, "firstByteS": 60, "stallS": 300,      limits of silence, in seconds
     "shortWaitS": 3,                     a limit that ends so soon is waited out at a warm prompt cache
     "answerMB": 32,                      the largest answer that is no stream
     "providers": {"openrouter": {"firstByteS": 20}},
     "rules": [{"status": 400, "text": "no capacity", "then": "bench-and-continue"}]}

Without a stallS of the person's, a model that thinks may be silent for as long as its vendor's are.
An answer that is no stream comes whole, so it may take ANSWER_FACTOR times as long as a first event.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pf_tui.records import field, record, replace
from pf_tui.rules.failures import Rule
from pf_tui.state import answer_rules, files

CONNECT_S = 10.0
FIRST_BYTE_S = 60.0
STALL_S = 300.0
"""What Claude Code itself allows between two events (measured)."""

SHORT_WAIT_S = 3.0
LONGEST_WAIT_S = 60.0
ANSWER_MB = 32
MOST_ANSWER_MB = 48
"""All answers under way share 64 MB."""

ANSWER_FACTOR = 5
"""300 s with the default: what Claude Code and OpenCode themselves wait (measured)."""


@record
class Limits:
    """How long one provider may be silent, in seconds."""

    connect_s: float = CONNECT_S
    first_byte_s: float = FIRST_BYTE_S
    stall_s: float = STALL_S
    stall_is_set: bool = False
    """The person set it: then it holds, whatever the model."""
    answer_bytes: int = ANSWER_MB * 2**20
    """The largest whole answer; a stream has no such bound."""

    @property
    def answer_s(self) -> float:
        """Until a whole answer that is no stream begins."""
        return self.first_byte_s * ANSWER_FACTOR


@record
class Settings:
    """The gateway's part of config.json, defaults filled in."""

    port: int | None = None
    pass_through: bool = False
    limits: Limits = Limits()
    providers: Mapping[str, Limits] = field(default_factory=dict)
    short_wait_s: float = SHORT_WAIT_S
    rules: tuple[Rule, ...] = ()

    def limits_of(self, provider: str, silence_s: float = 0.0) -> Limits:
        """The limits that hold for one provider.

        Args:
            silence_s: how long the model may be silent inside a stream and still end well.
        """
        limits = self.providers.get(provider, self.limits)
        if limits.stall_is_set or silence_s <= limits.stall_s:
            return limits
        return replace(limits, stall_s=silence_s)


def parse(content: Mapping[str, Any], path: Path) -> Settings:
    """Read `pf.gateway`. Raises StateFileUnusable with the line of the bad key."""
    port = content.get("port")
    if port is not None and (isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65_535):
        raise files.wrong_type(path, "port", "a port number (0 to 65535)", port)
    allowed = content.get("passThrough", False)
    if not isinstance(allowed, bool):
        raise files.wrong_type(path, "passThrough", "true or false", allowed)
    limits = _limits(content, Limits(), path)
    providers = content.get("providers") or {}
    if not isinstance(providers, dict):
        raise files.wrong_type(path, "providers", "an object", providers)
    return Settings(
        port=port,
        pass_through=allowed,
        limits=limits,
        providers={name: _limits(own, limits, path) for name, own in providers.items()},
        short_wait_s=_short_wait(content, path),
        rules=answer_rules.parse(content.get("rules"), path),
    )


def _limits(content: object, base: Limits, path: Path) -> Limits:
    if not isinstance(content, dict):
        raise files.wrong_type(path, "providers", "an object for each provider", content)
    return Limits(
        connect_s=_seconds(content, "connectS", base.connect_s, path),
        first_byte_s=_seconds(content, "firstByteS", base.first_byte_s, path),
        stall_s=_seconds(content, "stallS", base.stall_s, path),
        stall_is_set=base.stall_is_set or content.get("stallS") is not None,
        answer_bytes=_megabytes(content, "answerMB", base.answer_bytes, path),
    )


def _short_wait(content: Mapping[str, Any], path: Path) -> float:
    value = content.get("shortWaitS", SHORT_WAIT_S)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST_WAIT_S:
        raise files.wrong_type(path, "shortWaitS", f"a number of seconds from 0 to {LONGEST_WAIT_S:g}", value)
    return float(value)


def _seconds(content: Mapping[str, Any], key: str, default: float, path: Path) -> float:
    value = content.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 86_400:
        raise files.wrong_type(path, key, "a number of seconds above 0", value)
    return float(value)


def _megabytes(content: Mapping[str, Any], key: str, default: int, path: Path) -> int:
    value = content.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_ANSWER_MB:
        raise files.wrong_type(path, key, f"a number of megabytes from 1 to {MOST_ANSWER_MB}", value)
    return value * 2**20
