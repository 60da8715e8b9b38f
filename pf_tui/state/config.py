"""config.json: what the person decided. The original plugin's shape; our own keys live under "pf".

Invariant: unknown keys and the order of all keys survive every write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from pf_tui.errors import StateFileUnusable
from pf_tui.json_values import optional_text
from pf_tui.records import field, record
from pf_tui.rules.request_classes import CLASSES, ClassRule
from pf_tui.state import files, setting_kinds, settings_table
from pf_tui.state.paths import Paths

VERSION: int = settings_table.default("version")
"""The original's config version; a newer file is read-only for us."""

BUDGET_FIELDS = tuple(setting.field for setting in settings_table.BUDGETS)
"""Fields of Budgets, in the order in which they are shown."""


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
        return any(getattr(self, name) is not None for name in BUDGET_FIELDS)


@record
class Config:
    """The person's settings, defaults filled in."""

    default_model: str | None = None
    priority: tuple[str, ...] | None = None
    """None = the catalog's default order."""
    budgets: Mapping[str, Budgets] = field(default_factory=dict)
    auto_switch: bool = settings_table.default("autoSwitch")
    notify_on_switch: bool = settings_table.default("notifyOnSwitch")
    warn_at: float = settings_table.default("pf.thresholds.warn")
    switch_at: float = settings_table.default("pf.thresholds.switch")
    return_when: str = settings_table.default("pf.return")
    """When a session goes back to a better provider."""
    paid: str = settings_table.default("pf.paid")
    """When a paid provider follows a plan: a key of rules.spending.PAID."""
    paid_until: datetime | None = None
    """Until then paid providers follow a plan without asking."""
    paid_ask_at: datetime | None = None
    """Until then the dashboard does not ask whether to spend."""
    paid_ask_ahead_at: datetime | None = None
    """The same for the question that comes while the plan still serves."""
    resumes_sessions: bool = settings_table.default("pf.resume")
    """A session goes on by itself after a turn that a limit ended."""
    classes: Mapping[str, ClassRule] = field(default_factory=dict)
    """Request class -> where its requests go, through the gateway."""
    keyring: tuple[str, ...] = ()
    """Providers whose key is in the OS keyring."""
    notify_desktop: bool = settings_table.default("pf.notify.desktop")
    notify_bell: bool = settings_table.default("pf.notify.bell")
    notify_osc9: bool = settings_table.default("pf.notify.osc9")
    notify_kinds: tuple[str, ...] = settings_table.default("pf.notify.on")
    gateway: Mapping[str, object] = field(default_factory=dict)
    """As it stands in the file: gateway.settings checks it."""
    dashboard: Mapping[str, object] = field(default_factory=dict)
    """theme, symbols, keys: the face's own settings."""
    read_only: str | None = None
    """Why nothing may be written (a newer version wrote the file)."""

    @property
    def leads_to_gateway(self) -> bool:
        """`pf.gateway.auto`: agents are led to the gateway by their settings where they need it."""
        return self.gateway.get("auto") is True

    @property
    def is_notifying(self) -> bool:
        """Somebody wants to hear of limits and moves without the dashboard."""
        return self.notify_desktop or self.notify_osc9


_FIELDS = frozenset(Config.__annotations__)


def read(paths: Paths) -> Config:
    """The settings as they stand; defaults when there is no file. Raises StateFileUnusable."""
    content = files.read_json(paths.config)
    return Config() if content is None else parse(content, paths.config)


def parse(content: Mapping[str, object], path: Path) -> Config:
    """Check the known keys of a config object. Raises StateFileUnusable with the line of the bad key."""
    values = setting_kinds.parse(content, path, settings_table.CONFIG)
    version = values["version"]
    if version > VERSION:
        values["read_only"] = f"config.json has version {version:g}, this pf-tui knows {VERSION}"
    known_fields = {name: value for name, value in values.items() if name in _FIELDS and value is not None}
    return Config(budgets=_budgets(content, path), classes=_classes(values), **known_fields)


def change(
    paths: Paths,
    settings: Mapping[str, object],
    remember: Callable[[files.FileIdentity | None, Config], None] | None = None,
) -> dict[str, object]:
    """Set dotted keys ("pf.thresholds.warn"; None removes) and return what stood there before.

    The return value fed back into `change` restores the file's old values exactly. A key with dots
    of its own cannot be addressed; provider ids have none.

    Args:
        remember: gets `files.identity` of the file as it was written, and what it says.
    Raises:
        StateFileUnusable: the file cannot be read or is of a newer version; it is left as it is.
        PfError: the lock or the disk refused.
    """
    before: dict[str, object] = {}
    after: list[Config] = []

    def changed(document: dict[str, object] | None) -> dict[str, object]:
        content: dict[str, object] = {"version": VERSION} if document is None else document
        current = parse(content, paths.config)
        if current.read_only:
            raise StateFileUnusable(
                paths.config,
                f"{current.read_only}; it is read-only here",
                "update pf-tui; the file was left as it is",
            )
        before.update({key: _set(content, key.split("."), value) for key, value in settings.items()})
        after.append(parse(content, paths.config))
        return content

    with files.locked(paths):
        identity = files.rewrite_json(paths.config, changed)
    if remember is not None:
        remember(identity, after[-1])
    return before


def budget_settings(provider: str, changes: Mapping[str, float | None]) -> dict[str, object]:
    """Dotted keys for `change` that set budgets of one provider; None = unlimited, stored as 0."""
    keys = {setting.field: setting.key for setting in settings_table.BUDGETS}
    settings: dict[str, object] = {}
    for name, value in changes.items():
        number = 0 if value is None else value
        whole = int(number) if float(number).is_integer() and not name.endswith("usd") else number
        settings[keys[name].replace(setting_kinds.EACH, provider)] = whole
    return settings


def _set(content: dict[str, object], keys: list[str], value: object) -> object:
    """Set (or remove, for None) one nested key in place; returns a copy of the old value or None."""
    from copy import deepcopy

    holder = content
    for key in keys[:-1]:
        inner = holder.get(key)
        if not isinstance(inner, dict):
            if value is None:
                return None
            inner = holder[key] = {}
        holder = inner
    old = deepcopy(holder.get(keys[-1]))
    if value is None:
        holder.pop(keys[-1], None)
        _drop_empty(content, keys[:-1])
    else:
        holder[keys[-1]] = value
    return old


def _drop_empty(content: dict[str, object], keys: list[str]) -> None:
    """Remove the objects that an undo left empty, so that undo of a first change leaves no trace."""
    for depth in range(len(keys), 0, -1):
        parent: object = content
        for key in keys[: depth - 1]:
            parent = parent.get(key) if isinstance(parent, dict) else None
        if isinstance(parent, dict) and parent.get(keys[depth - 1]) == {}:
            del parent[keys[depth - 1]]


def _classes(values: Mapping[str, object]) -> dict[str, ClassRule]:
    rules: dict[str, ClassRule] = {}
    for name in CLASSES:
        provider, model = (
            optional_text(values, f"pf.classes.{name}.{what}") for what in ("provider", "model")
        )
        if provider or model:
            rules[name] = ClassRule(provider=provider, model=model)
    return rules


def _budgets(content: Mapping[str, object], path: Path) -> dict[str, Budgets]:
    values: dict[str, dict[str, float | None]] = {}
    for setting in settings_table.BUDGETS:
        *parents, _, name = setting.key.split(".")
        holder = content
        for parent in parents:
            holder = setting_kinds.mapping(holder, parent, path)
        for provider in holder:
            entry = setting_kinds.mapping(holder, provider, path).get(name)
            value = setting_kinds.checked(entry, setting.kind, name, path)
            budget = None if value is None else setting.kind.parse(value)
            values.setdefault(provider, {})[setting.field] = budget
    budgets = {provider: Budgets(**own) for provider, own in values.items()}
    return {provider: own for provider, own in budgets.items() if own}
