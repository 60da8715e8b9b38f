"""Who rests after a failure, until when, and which strike it is: the one decision of gateway and hooks.

Pure. Invariant: one outage is one strike, however many sessions run into it; a request that was sent before
its bench began belongs to the same outage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from pf_tui.records import field, record, replace
from pf_tui.rules.limits import in_family

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol, TypeVar

    from pf_tui.rules.failures import Failure

    class Ending(Protocol):
        """What `longest` looks at."""

        @property
        def until(self) -> datetime | None: ...

    R = TypeVar("R", bound=Ending)

FIRST_REST = timedelta(minutes=5)
"""A limit with no known reset, reported after an agent's own minutes of retries."""

STRIKE_MEMORY = timedelta(hours=10)
"""A strike is forgotten when the provider has been quiet for twice the commonest window."""

SAME_OUTAGE = timedelta(seconds=5)
"""An end that is later than the present one by less than this says nothing new."""

PROBE_EVERY = timedelta(hours=1)
"""What rests until it is cleared is asked once in this time: credit may have been bought."""

UNPROBED = ("manual", "auth")
"""Rest until a person, or a new key, says otherwise."""

BenchKey = tuple[str, str | None, str, str | None]


@record
class Bench:
    """One provider, or one model or model family there, that must rest."""

    provider: str
    model: str | None = None
    """Only this model there."""
    family: str | None = None
    """Only models whose id holds this word ("opus"); model and family None = the whole provider."""
    kind: str
    """The failure class (rules.failures), or "manual"."""
    since: datetime
    until: datetime | None = None
    """None = until cleared by hand, by a success or by a new credential."""
    source: str = ""
    """Who saw it: hook, gateway, tui, cli …"""
    evidence: Mapping[str, object] = field(default_factory=dict)
    """status, header, text, agent, session: whatever said so; never a secret."""
    strikes: int = 1
    probed: datetime | None = None
    """When a request was last let through to it although it rests."""

    @property
    def key(self) -> BenchKey:
        """One bench of each key is kept."""
        return (self.provider, self.model, self.kind, self.family)

    @property
    def is_whole(self) -> bool:
        """The whole provider rests."""
        return self.model is None and self.family is None

    @property
    def next_probe(self) -> datetime | None:
        """When a bench without an end lets one request try; None = never, or it has an end."""
        if self.until is not None or self.kind in UNPROBED:
            return None
        return (self.probed or self.since) + PROBE_EVERY

    def holds(self, now: datetime) -> bool:
        """True before its end; one without an end holds also while a probe is due."""
        return self.until is None or now < self.until

    def is_due(self, now: datetime) -> bool:
        """True when one request may try it, whoever claims that first."""
        return self.next_probe is not None and self.next_probe <= now

    def covers(self, provider: str, model: str | None) -> bool:
        """True when it keeps `provider` from serving `model`."""
        return self.provider == provider and concerns(self.model, self.family, model)


def concerns(only: str | None, family: str | None, model: str | None) -> bool:
    """True when a bench of that model or family is about `model`."""
    if family is not None:
        return in_family(family, model)
    return only is None or only == model


def longest(rests: Sequence[R]) -> R:
    """Of benches that hold, the one to name: the last to end, and the first of those without an end."""
    return max(rests, key=lambda rest: (rest.until is None, rest.until))


def without_due(benches: Iterable[Bench], now: datetime) -> tuple[Bench, ...]:
    """The benches that stand in the way of a request that would claim every probe that is due."""
    return tuple(bench for bench in benches if not bench.is_due(now))


def probed(
    benches: Iterable[Bench], provider: str, model: str | None, now: datetime
) -> tuple[Bench, ...] | None:
    """The benches once a request for `model` has claimed the probe of `provider`; None when none is due."""
    bench_list = tuple(benches)
    holding = [bench for bench in bench_list if bench.covers(provider, model) and bench.holds(now)]
    if not holding or not all(bench.is_due(now) for bench in holding):
        return None
    return tuple(replace(bench, probed=now) if bench in holding else bench for bench in bench_list)


def decide(
    failure: Failure,
    provider: str,
    model: str | None,
    benches: Iterable[Bench],
    now: datetime,
    *,
    at: datetime | None = None,
    streak: int = 1,
    source: str = "",
) -> Bench | None:
    """The bench that follows from a failure; None when nothing rests, or nothing more than already does.

    Args:
        model: asked for there, by the catalog's id; None = unknown.
        benches: those of the provider so far, ended ones too: they tell the strikes.
        at: when the failed request was sent; None = it is not known to be older than any bench.
        streak: failures of this provider in a row, this one included.
    """
    if failure.scope is None or streak < failure.after:
        return None
    family = failure.family if failure.scope == "family" else None
    only = model or None if failure.scope == "model" or (failure.scope == "family" and not family) else None
    if failure.kind == "model" and only is None and family is None:
        return None  # a name nobody knows is a slip of the person's, not the provider's fault
    history = list(benches)
    earlier = next((b for b in history if b.key == (provider, only, failure.kind, family)), None)
    same = earlier is not None and (earlier.holds(now) or (at is not None and at <= earlier.since))
    strikes = _strikes(earlier, same, now)
    until = None if failure.forever else _end(failure, strikes, now)
    if earlier is not None and same and not _outlasts(until, earlier.until):
        return None
    resting = (b for b in history if b.provider == provider and b.holds(now) and b.kind != "manual")
    wide = (b for b in resting if (b.model, b.family) in ((None, None), (only, family)))
    if any(b is not earlier and not _outlasts(until, b.until) for b in wide):
        return None
    return Bench(
        provider=provider,
        model=only,
        family=family,
        kind=failure.kind,
        since=now,
        until=until,
        source=source,
        evidence=failure.evidence,
        strikes=strikes,
    )


def _strikes(earlier: Bench | None, same: bool, now: datetime) -> int:
    if earlier is None:
        return 1
    if same:
        return earlier.strikes
    quiet_since = earlier.until or now
    return earlier.strikes + 1 if now - quiet_since < STRIKE_MEMORY else 1


def _end(failure: Failure, strikes: int, now: datetime) -> datetime:
    """The end that was named; a guess, or a wait that did not help, doubles with each strike."""
    guess = failure.guess
    if guess is None:
        return failure.until or now + FIRST_REST
    doubled = now + min(guess.first * (1 << min(strikes - 1, 16)), guess.longest)
    if failure.until is None or strikes > 1:
        return max(failure.until or doubled, doubled)
    return failure.until


def _outlasts(new: datetime | None, old: datetime | None) -> bool:
    """True when the new end says something the old one did not."""
    if old is None:
        return False
    return new is None or new > old + SAME_OUTAGE
