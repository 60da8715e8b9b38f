"""Which providers and models there are, as frozen records made from catalog/*.yaml.

Owns the facts. Knows nothing of a person's files except the overlay handed in.
Invariant: loading needs the standard library alone (a compiled form is read; YAML is parsed only
when it changed), because hooks load this.
"""

from __future__ import annotations

from pf_tui.catalog.lookup import Catalog
from pf_tui.catalog.records import (
    SERVED_PROTOCOLS,
    ClaudeCodeMode,
    LoginFile,
    Model,
    Plan,
    Price,
    PriceTier,
    Provider,
    Resolved,
    ServedModel,
)
from pf_tui.catalog.store import data_root, load, styles_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pf_tui.catalog.entries import OwnProvider
    from pf_tui.catalog.overlay import Overlay

__all__ = [
    "SERVED_PROTOCOLS",
    "Catalog",
    "ClaudeCodeMode",
    "LoginFile",
    "Model",
    "Plan",
    "Price",
    "PriceTier",
    "Provider",
    "Resolved",
    "ServedModel",
    "data_root",
    "load",
    "overlay_from_json",
    "overlay_to_json",
    "parse_overlay",
    "styles_dir",
]


def parse_overlay(text: str, path: Path) -> Overlay:
    """A person's providers.yaml, understood. Raises StateFileUnusable with line and column."""
    from pf_tui.catalog.overlay_text import parse

    return parse(text, path, load().providers)


def overlay_to_json(overlay: Overlay) -> Mapping[str, OwnProvider]:
    """An overlay as plain data, to be cached."""
    return overlay.providers


def overlay_from_json(plain: Mapping[str, OwnProvider]) -> Overlay:
    """What `overlay_to_json` gave, as an overlay again."""
    from pf_tui.catalog.overlay import Overlay

    return Overlay(providers=plain)
