"""How many examples a property is tried with: some in every run, many when asked for.

make test                                        a quarter of what each property may have
make test ARGS=--hypothesis-profile=thorough     all of it
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

USUAL = 100
"""Examples of a property that does not say how many, in a thorough run."""

FEWEST = 5
"""Examples that are worth their start."""


def register() -> None:
    """Make both profiles known; the quick one holds."""
    # Machines that run tests are shared and slow; how long an example takes says nothing about us.
    shared = settings(
        deadline=None,
        derandomize="CI" in os.environ,  # a landing is judged by its own change; `make test` goes on looking
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.register_profile("thorough", shared, max_examples=USUAL)
    settings.register_profile("quick", shared, max_examples=USUAL // 4)
    settings.load_profile("quick")


def examples(most: int, *, one_fixture: bool = False) -> settings:
    """`@examples(300)`: so many in a thorough run, their share in a quick one.

    Args:
        one_fixture: all examples may meet the same fixtures.
    """
    share = most * settings.default.max_examples // USUAL
    if not one_fixture:
        return settings(max_examples=max(min(most, FEWEST), share))
    suppressed = [*settings.default.suppress_health_check, HealthCheck.function_scoped_fixture]
    return settings(max_examples=max(min(most, FEWEST), share), suppress_health_check=suppressed)
