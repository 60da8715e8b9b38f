"""A hook's time limit: a stuck disk or lock must not hold the agent."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
else:
    try:
        import _signal as signal  # what signal is made of, without its enumerations: 0.7 ms of every hook
    except ImportError:
        import signal


LOCK_S = 6.0
"""Longest wait for the state lock after a failure: fifty concurrent hooks need 2 s on two cores."""


class TooLate(BaseException):
    """The time is up. No Exception, so that nobody below takes it for a failure of their own."""


@contextlib.contextmanager
def within(limit_s: float) -> Iterator[None]:
    """Raise TooLate inside the block when it lasts longer; without signals (Windows, a thread) never."""
    try:
        before = signal.signal(signal.SIGALRM, _ring)
    except (AttributeError, ValueError):
        yield
        return
    try:
        signal.setitimer(signal.ITIMER_REAL, limit_s)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _ring(*_: object) -> None:
    raise TooLate
