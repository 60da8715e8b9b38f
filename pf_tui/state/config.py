"""config.json: what the person decided. The original plugin's shape; our own keys live under "pf".

Invariant: unknown keys and the order of all keys survive every write.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pf_tui.errors import StateFileUnusable
from pf_tui.records import field, record
from pf_tui.state import files
from pf_tui.state.paths import Paths

VERSION = 2
"""The original's config version; a newer file is read-only for us."""

BUDGET_KEYS = {
    "daily_tokens": "dailyTokens",
    "monthly_tokens": "monthlyTokens",
    "daily_requests": "dailyRequests",
    "monthly_requests": "monthlyRequests",
    "daily_usd": "dailyUsd",
    "monthly_usd": "monthlyUsd",
}
"""Our names -> the file's. Tokens stand where the original has them, the rest under pf.usageLimits."""

ORIGINAL_BUDGETS = ("daily_tokens", "monthly_tokens")


@record
class Budgets:
    """A person's own limits for one provider; None = unlimited (the file's 0 and "unlimited")."""

    daily_tokens: float | None = None
    monthly_tokens: float | None = None
    daily_requests: float | None = None
    monthly_requests: float | None = None
    daily_usd: float | None = None
    monthly_usd: float | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, name) is not None for name in BUDGET_KEYS)


RETURNS = ("cheap", "now", "never")
"""At a moment that costs little, at the next request, or in new sessions only."""


@record
class Config:
    """The person's settings, defaults filled in."""

    default_model: str | None = None
    priority: tuple[str, ...] | None = None
    """None = the catalog's default order."""
    budgets: Mapping[str, Budgets] = field(default_factory=dict)
    auto_switch: bool = True
    notify_on_switch: bool = True
    warn_at: float = 0.75
    switch_at: float = 0.95
    return_when: str = "cheap"
    """A key of RETURNS: when a session goes back to a better provider."""
    keyring: tuple[str, ...] = ()
    """Providers whose key is in the OS keyring."""
    notify: Mapping[str, Any] = field(default_factory=dict)
    gateway: Mapping[str, Any] = field(default_factory=dict)
    dashboard: Mapping[str, Any] = field(default_factory=dict)
    """theme, symbols, keys: the face's own settings."""
    read_only: str | None = None
    """Why nothing may be written (a newer version wrote the file)."""


def read(paths: Paths) -> Config:
    """The settings as they stand; defaults when there is no file. Raises StateFileUnusable."""
    content = files.read_json(paths.config)
    return Config() if content is None else parse(content, paths.config)


def parse(content: Mapping[str, Any], path: Path) -> Config:
    """Check the known keys of a config object. Raises StateFileUnusable with the line of the bad key."""
    check = _Checker(path=path)
    ours = check.mapping(content, "pf")
    thresholds = check.mapping(ours, "thresholds")
    priority = check.names(content, "providerPriority")
    version = check.number(content, "version") or VERSION
    newer = f"config.json has version {version:g}, this pf-tui knows {VERSION}" if version > VERSION else None
    return Config(
        default_model=check.text(content, "defaultModel"),
        priority=priority,
        budgets=_budgets(check, content, ours),
        auto_switch=check.flag(content, "autoSwitch", default=True),
        notify_on_switch=check.flag(content, "notifyOnSwitch", default=True),
        warn_at=check.fraction(thresholds, "warn", 0.75),
        switch_at=check.fraction(thresholds, "switch", 0.95),
        return_when=check.choice(ours, "return", RETURNS, "cheap"),
        keyring=check.names(ours, "keyring") or (),
        notify=check.mapping(ours, "notify"),
        gateway=check.mapping(ours, "gateway"),
        dashboard=check.mapping(ours, "dashboard"),
        read_only=newer,
    )


def change(paths: Paths, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Set dotted keys ("pf.thresholds.warn"; None removes) and return what stood there before.

    The return value fed back into `change` restores the file's old values exactly. A key with dots
    of its own cannot be addressed; provider ids have none.

    Raises:
        StateFileUnusable: the file cannot be read or is of a newer version; it is left as it is.
        PfError: the lock or the disk refused.
    """
    with files.locked(paths):
        stored = files.read_json(paths.config)
        content: dict[str, Any] = {"version": VERSION} if stored is None else stored
        current = parse(content, paths.config)
        if current.read_only:
            raise StateFileUnusable(
                paths.config,
                f"{current.read_only}; it is read-only here",
                "update pf-tui; the file was left as it is",
            )
        before = {key: _set(content, key.split("."), value) for key, value in settings.items()}
        parse(content, paths.config)
        files.write_json(paths.config, content)
        return before


def budget_settings(provider: str, changes: Mapping[str, float | None]) -> dict[str, Any]:
    """Dotted keys for `change` that set budgets of one provider; None = unlimited, stored as 0."""
    settings: dict[str, Any] = {}
    for name, value in changes.items():
        root = "usageLimits" if name in ORIGINAL_BUDGETS else "pf.usageLimits"
        number = 0 if value is None else value
        whole = int(number) if float(number).is_integer() and not name.endswith("usd") else number
        settings[f"{root}.{provider}.{BUDGET_KEYS[name]}"] = whole
    return settings


def _set(content: dict[str, Any], keys: list[str], value: Any) -> Any:
    """Set (or remove, for None) one nested key in place; returns a copy of the old value or None."""
    place = content
    for key in keys[:-1]:
        inner = place.get(key)
        if not isinstance(inner, dict):
            if value is None:
                return None
            inner = place[key] = {}
        place = inner
    old = copy.deepcopy(place.get(keys[-1]))
    if value is None:
        place.pop(keys[-1], None)
        _drop_empty(content, keys[:-1])
    else:
        place[keys[-1]] = value
    return old


def _drop_empty(content: dict[str, Any], keys: list[str]) -> None:
    """Remove the objects that an undo left empty, so that undo of a first change leaves no trace."""
    for depth in range(len(keys), 0, -1):
        parent = content
        for key in keys[: depth - 1]:
            parent = parent[key]
        if parent.get(keys[depth - 1]) == {}:
            del parent[keys[depth - 1]]


def _budgets(check: _Checker, content: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Budgets]:
    original, added = check.mapping(content, "usageLimits"), check.mapping(ours, "usageLimits")
    budgets = {}
    for provider in [*original, *(name for name in added if name not in original)]:
        tokens, rest = check.mapping(original, provider), check.mapping(added, provider)
        values = {
            name: check.budget(tokens if name in ORIGINAL_BUDGETS else rest, key)
            for name, key in BUDGET_KEYS.items()
        }
        budgets[provider] = Budgets(**values)
    return {provider: found for provider, found in budgets.items() if found}


@record
class _Checker:
    """Typed reads from loose JSON; a wrong type is an error that names the file, line and key."""

    path: Path

    def mapping(self, place: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        value = place.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise files.wrong_type(self.path, key, "an object", value)
        return value

    def text(self, place: Mapping[str, Any], key: str) -> str | None:
        value = place.get(key)
        if value is not None and not isinstance(value, str):
            raise files.wrong_type(self.path, key, "a text", value)
        return value

    def flag(self, place: Mapping[str, Any], key: str, *, default: bool) -> bool:
        value = place.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise files.wrong_type(self.path, key, "true or false", value)
        return value

    def choice(self, place: Mapping[str, Any], key: str, words: tuple[str, ...], default: str) -> str:
        value = place.get(key)
        if value is None:
            return default
        if value not in words:
            raise files.wrong_type(self.path, key, "one of " + ", ".join(words), value)
        return str(value)

    def number(self, place: Mapping[str, Any], key: str) -> float | None:
        value = place.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise files.wrong_type(self.path, key, "a number", value)
        return value

    def fraction(self, place: Mapping[str, Any], key: str, default: float) -> float:
        value = self.number(place, key)
        if value is None:
            return default
        if not 0 < value <= 1:
            raise StateFileUnusable(self.path, f'"{key}" is {value:g}; a share between 0 and 1 is needed')
        return value

    def budget(self, place: Mapping[str, Any], key: str) -> float | None:
        if place.get(key) == "unlimited":
            return None
        value = self.number(place, key)
        return value if value is not None and value > 0 else None

    def names(self, place: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
        value = place.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise files.wrong_type(self.path, key, "a list of texts", value)
        return tuple(dict.fromkeys(value))
