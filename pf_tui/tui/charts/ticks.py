"""The scale of an axis: round values, evenly apart in value and in rows, with room above the peak."""

from __future__ import annotations

from math import floor, log10

from pf_tui.records import record

LEAST = 1e-300
"""Below it there is nothing to measure, and powers of ten end."""

_ROUND = (1.0, 2.0, 5.0, 10.0, 20.0)
"""The last one for a power of ten that came out a little too small."""


@record
class Scale:
    """What the rows of a chart stand for."""

    top: float
    """The value of the upper edge; 0 = there is nothing to measure."""
    ticks: tuple[tuple[int, float], ...] = ()
    """Rows above zero, and the value there."""


def scale(peak: float, rows: int, few: int, many: int) -> Scale:
    """The lowest scale above `peak` whose ticks stand so many rows apart, with `few` to `many` of them.

    Args:
        rows: from zero to the upper edge.
    """
    if rows < 1 or peak / rows < LEAST:
        return Scale(top=peak)
    most = max(1, min(many, rows))
    least = min(few, most)
    apart = [size for size in range(1, rows + 1) if least <= rows // size <= most] or [rows]
    steps = {size: _above(peak * size / rows) for size in apart}
    top, size = min((step * rows / size, size) for size, step in steps.items())
    ticks = ((number * size, number * steps[size]) for number in range(1, rows // size + 1))
    return Scale(top=top, ticks=tuple(ticks))


def _above(least: float) -> float:
    """The next round value."""
    power = 10.0 ** floor(log10(least))
    return next(value for digit in _ROUND if (value := digit * power) > least)
