"""Few round numbers on an axis."""

from __future__ import annotations

from math import floor, log10

LEAST = 1e-300
"""Below it there is nothing to measure, and powers of ten end."""

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def ticks(peak: float, most: int = 3) -> tuple[float, ...]:
    """Round values above 0 up to `peak`, at most `most` of them, evenly apart; () for nothing to measure."""
    if most < 1 or peak / most < LEAST:
        return ()
    size = 10 ** floor(log10(peak / most))
    step = next(size * factor for factor in _STEPS if peak / (size * factor) < most + 1)
    return tuple(step * place for place in range(1, int(peak / step + 1e-9) + 1))[:most]
