"""How a provider stands, in the words and numbers that every face uses. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.catalog import Provider
from pf_tui.snapshot import ProviderView, Snapshot

PLAN = "~"
"""Marks a cost that is a list-price equivalent: the plan is paid already."""


def numbers(now: Snapshot) -> Mapping[str, int]:
    """From 1: the providers that have a credential, in order of priority."""
    able = [view.id for view in now.providers if view.rank is not None and not view.is_absent]
    return {name: number for number, name in enumerate(able, start=1)}


def state_word(view: ProviderView) -> str:
    """The state as one or two words: `ready`, `no login`, `expired`."""
    if view.state == "no-credential":
        return _without(view.provider, view.credential.state)
    return "off" if view.state == "disabled" else view.state


def _without(provider: Provider, state: str) -> str:
    if state == "expired":
        return "expired"
    if state == "unknown":
        return "unsure"
    if provider.auth in ("subscription", "oauth"):
        return "no login"
    return "no token" if provider.auth == "token" else "no key"
