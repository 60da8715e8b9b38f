"""What a person may set of the gateway: config.json, under "pf": {"gateway": {…}} (state.settings_table).

Without a stallS of the person's, a model that thinks may be silent for as long as its vendor's are.
An answer that is no stream comes whole, so it may take ANSWER_FACTOR times as long as a first event.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pf_tui.records import field, record, replace
from pf_tui.rules.failures import Rule
from pf_tui.state import answer_rules, setting_kinds, settings_table

ANSWER_FACTOR = 5
"""300 s with the default: what Claude Code and OpenCode themselves wait (measured)."""


@record
class Limits:
    """How long one provider may be silent, in seconds."""

    connect_s: float = settings_table.default("pf.gateway.connectS")
    first_byte_s: float = settings_table.default("pf.gateway.firstByteS")
    stall_s: float = settings_table.default("pf.gateway.stallS")
    stall_is_set: bool = False
    """The person set it: then it holds, whatever the model."""
    answer_bytes: int = settings_table.default("pf.gateway.answerMB") * 2**20
    """The largest whole answer; a stream has no such bound."""

    @property
    def answer_s(self) -> float:
        """Until a whole answer that is no stream begins."""
        return self.first_byte_s * ANSWER_FACTOR


@record
class Settings:
    """The gateway's part of config.json, defaults filled in."""

    port: int | None = None
    auto: bool = settings_table.default("pf.gateway.auto")
    pass_through: bool = settings_table.default("pf.gateway.passThrough")
    limits: Limits = Limits()
    providers: Mapping[str, Limits] = field(default_factory=dict)
    short_wait_s: float = settings_table.default("pf.gateway.shortWaitS")
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


_GATEWAY = tuple(
    setting for setting in settings_table.SETTINGS if setting.key.startswith(settings_table.GATEWAY)
)
_EACH = tuple(setting for setting in _GATEWAY if setting.each)


def parse(content: Mapping[str, object], path: Path) -> Settings:
    """Read `pf.gateway`. Raises StateFileUnusable with the line of the bad key."""
    values = setting_kinds.parse(content, path, _GATEWAY, settings_table.GATEWAY)
    limits = _limits(content, Limits(), path)
    providers = setting_kinds.mapping(content, "providers", path)
    return Settings(
        port=values["port"],
        auto=values["auto"],
        pass_through=values["pass_through"],
        limits=limits,
        providers={
            name: _limits(setting_kinds.mapping(providers, name, path), limits, path) for name in providers
        },
        short_wait_s=float(values["short_wait_s"]),
        rules=answer_rules.parse(content.get("rules"), path),
    )


def _limits(content: Mapping[str, object], base: Limits, path: Path) -> Limits:
    """The limits in `content`, those of `base` where it says nothing."""
    own = [setting for setting in _EACH if content.get(setting.name) is not None]
    values = setting_kinds.parse(content, path, own, settings_table.GATEWAY)
    megabytes = values.pop("answer_mb", None)
    if megabytes is not None:
        values["answer_bytes"] = megabytes * 2**20
    return replace(base, **values, stall_is_set=base.stall_is_set or "stall_s" in values)
