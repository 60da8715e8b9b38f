"""What a person may set of the gateway: config.json, under "pf": {"gateway": {…}}.

    {"port": 4100,                        the port it listens on; without it a free one
     "passThrough": false,                the client's own login may go to its own vendor
     "connectS": 10, "firstByteS": 60, "stallS": 120,      limits of silence, in seconds
     "providers": {"openrouter": {"firstByteS": 20}},
     "rules": [{"status": 400, "text": "no capacity", "then": "bench-and-continue"}]}

An answer that is no stream comes whole, so it may take ANSWER_FACTOR times as long as a first event.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pf_tui.errors import StateFileUnusable
from pf_tui.records import field, record
from pf_tui.rules.failures import ACTIONS, Rule
from pf_tui.state import files

CONNECT_S = 10.0
FIRST_BYTE_S = 60.0
STALL_S = 120.0
ANSWER_FACTOR = 5
"""300 s with the default: what Claude Code and OpenCode themselves wait (measured)."""


@record
class Limits:
    """How long one provider may be silent, in seconds."""

    connect_s: float = CONNECT_S
    first_byte_s: float = FIRST_BYTE_S
    stall_s: float = STALL_S

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
    rules: tuple[Rule, ...] = ()

    def limits_of(self, provider: str) -> Limits:
        """The limits that hold for one provider."""
        return self.providers.get(provider, self.limits)


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
        rules=tuple(_rules(content.get("rules"), path)),
    )


def _limits(content: object, base: Limits, path: Path) -> Limits:
    if not isinstance(content, dict):
        raise files.wrong_type(path, "providers", "an object for each provider", content)
    return Limits(
        connect_s=_seconds(content, "connectS", base.connect_s, path),
        first_byte_s=_seconds(content, "firstByteS", base.first_byte_s, path),
        stall_s=_seconds(content, "stallS", base.stall_s, path),
    )


def _seconds(content: Mapping[str, Any], key: str, default: float, path: Path) -> float:
    value = content.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 86_400:
        raise files.wrong_type(path, key, "a number of seconds above 0", value)
    return float(value)


def _rules(content: object, path: Path) -> list[Rule]:
    if content is None:
        return []
    if not isinstance(content, list):
        raise files.wrong_type(path, "rules", "a list", content)
    return [_rule(item, path) for item in content]


def _rule(item: object, path: Path) -> Rule:
    if not isinstance(item, dict):
        raise files.wrong_type(path, "rules", "an object for each rule", item)
    status, text, pattern, then = (item.get(key) for key in ("status", "text", "pattern", "then"))
    if status is not None and (isinstance(status, bool) or not isinstance(status, int)):
        raise files.wrong_type(path, "status", "an HTTP status", status)
    for key, value in (("text", text), ("pattern", pattern)):
        if value is not None and not isinstance(value, str):
            raise files.wrong_type(path, key, "a text", value)
    if status is None and not text and not pattern:
        raise StateFileUnusable(path, 'a gateway rule needs "status", "text" or "pattern"')
    if then not in ACTIONS:
        raise StateFileUnusable(
            path, f'a gateway rule says "then": {then!r}; it is one of {", ".join(ACTIONS)}'
        )
    if isinstance(pattern, str):
        try:
            re.compile(pattern)
        except re.error as error:
            raise StateFileUnusable(
                path, f"the pattern {pattern!r} of a gateway rule is none: {error}"
            ) from error
    elif isinstance(text, str):
        pattern = re.escape(text)
    return Rule(status=status, pattern=pattern, then=str(then))
