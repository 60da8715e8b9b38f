"""Amounts as people write them: 1500000, 1500K, 1.5M, $5, unlimited. Pure."""

from __future__ import annotations

import re

_UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "b": 1_000_000_000}


def parse(text: str) -> float | None:
    """The number; None for no limit (0, unlimited, none). Raises ValueError for what is no amount."""
    plain = text.strip().casefold().replace("_", "").removeprefix("$")
    if plain in ("unlimited", "none"):
        return None
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)([kmgb]?)", plain)
    if match is None:
        raise ValueError(text)
    return float(match[1]) * _UNITS[match[2]] or None


def written(value: float | None, *, usd: bool = False) -> str:
    """An amount the way `parse` reads it back: `1.5M`, `12.5`, `unlimited`."""
    if not value:
        return "unlimited"
    if usd:
        return f"{value:g}"
    for unit, size in (("G", 1_000_000_000), ("M", 1_000_000), ("K", 1_000)):
        if value >= size and value % (size / 1000) == 0:
            return f"{value / size:g}{unit}"
    return f"{value:g}" if value < 1_000_000 else f"{value:.0f}"
