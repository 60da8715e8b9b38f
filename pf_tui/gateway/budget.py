"""How many bytes of requests and answers the gateway holds at once; one sum for all of them.

Invariant: what is held is counted before more is read, and given back when its request has ended.
"""

from __future__ import annotations

TOTAL_BYTES = 64 * 2**20
"""With 8 hostile answers at once the process stays below 150 MB (measured: tests/hostile)."""

FREE_BYTES = 2**16
"""A body or event up to this size is not counted: counting would cost more than it holds."""


class OverBudget(Exception):  # noqa: N818 - reads as a sentence: raise OverBudget
    """The gateway holds as much as it may."""


class Budget:
    """The bytes that remain."""

    __slots__ = ("remaining", "total")

    def __init__(self, total: int = TOTAL_BYTES) -> None:
        self.total = total
        self.remaining = total

    def hold(self) -> Reservation:
        """What one request holds: nothing yet."""
        return Reservation(self)


class Reservation:
    """The bytes of one request and its answer."""

    __slots__ = ("_budget", "_bytes", "waiting")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._bytes = 0
        self.waiting = 0
        """Of a stream's event that is not whole yet."""

    def grow(self, size: int) -> None:
        """Keep so many more bytes until the request ends. Raises OverBudget."""
        if size > self._budget.remaining:
            raise OverBudget
        self._budget.remaining -= size
        self._bytes += size

    def wait(self, size: int) -> None:
        """So many bytes wait for the end of their event. Raises OverBudget."""
        more = size - self.waiting
        if more > self._budget.remaining:
            raise OverBudget
        self._budget.remaining -= more
        self.waiting = size

    def shrink(self, size: int) -> None:
        """So many of the kept bytes are gone."""
        self._budget.remaining += size
        self._bytes -= size

    def free(self) -> None:
        """The request has ended."""
        self._budget.remaining += self._bytes + self.waiting
        self._bytes = self.waiting = 0
