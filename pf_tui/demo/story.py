"""What happens in the demo and when: rounds of about a minute, made from a seed. Pure.

A round is about the provider that serves when it begins. Its window fills, it fails, another one takes
over, it comes back. Invariant: the first failure of the demo is within FIRST_FAILURE_S.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from pf_tui.records import record

FIRST_FAILURE_S = 14.0
"""Long enough to look around, short enough that nobody leaves before."""

FIRST_BACK_S = 44.0


@record
class StoryEvent:
    """One thing that happens in a round."""

    at_s: float
    """Since the round began."""
    what: str
    """climb | fail | fail-next | back"""
    percent: float = 0.0
    """For climb: how full the window is now."""


@record
class Round:
    """About a minute of the demo."""

    number: int
    fault: str
    """A word of upstream.FAULTS."""
    beats: tuple[StoryEvent, ...]
    length_s: float

    @property
    def back_s(self) -> float:
        """When the provider that failed is back, since the round began."""
        return next(beat.at_s for beat in self.beats if beat.what == "back")


def rounds(seed: int) -> Iterator[Round]:
    """The story, without an end: the 5-hour limit first, then other troubles in shuffled order."""
    rng = Random(seed)  # noqa: S311 - a story, no secret
    yield _round(0, "window", FIRST_FAILURE_S, FIRST_BACK_S, 58.0)
    number, last = 1, ""
    while True:
        faults = ["rate", "overload", "server", "credit"]
        rng.shuffle(faults)
        if faults[0] == last:
            faults.reverse()
        last = faults[-1]
        for fault in faults:
            fail_s = rng.uniform(12, 20)
            back_s = fail_s + {"overload": 12, "rate": 22, "server": 20, "credit": 26}[fault]
            twice = rng.random() < 0.4
            yield _round(number, fault, fail_s, back_s, back_s + rng.uniform(14, 22), twice=twice)
            number += 1


def _round(
    number: int, fault: str, fail_s: float, back_s: float, length_s: float, *, twice: bool = False
) -> Round:
    beats = [StoryEvent(at_s=fail_s, what="fail"), StoryEvent(at_s=back_s, what="back")]
    if twice:
        beats.append(StoryEvent(at_s=fail_s + 5, what="fail-next"))
    if fault == "window":
        beats += [
            StoryEvent(at_s=fail_s * share, what="climb", percent=percent)
            for share, percent in ((0.1, 74), (0.25, 79), (0.4, 85), (0.55, 90), (0.7, 94), (0.85, 98))
        ]
    beats.sort(key=lambda beat: beat.at_s)
    return Round(number=number, fault=fault, beats=tuple(beats), length_s=length_s)
