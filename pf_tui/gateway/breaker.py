"""Who must rest now: the benches of health.json, and those of this instant that are still on their way to it.

Half-open: when a bench ends, one real request probes; the others go elsewhere until it is back. A success
clears. What fails while an older request is under way is the same incident, not another strike.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from pf_tui.gateway.routing import Route
from pf_tui.records import replace
from pf_tui.rules import benches
from pf_tui.rules.benches import Bench, BenchKey
from pf_tui.rules.eligibility import ExhaustedWindow, Skipped
from pf_tui.rules.failures import Failure
from pf_tui.snapshot import bench_reason

TRANSIENT = ("overload", "server", "network", "timeout")
"""Troubles that pass by themselves within seconds: with nobody else to ask, asking again is worth it."""

JITTER_S = 2.0
"""A known reset is given this much more at most, so that not everybody asks in the same second."""

JITTER_SHARE = 0.1
"""Of the rest itself, at most."""


class AttemptToken:
    """A request at one route: when it was sent, in the order of things, and whether it is a probe."""

    __slots__ = ("at", "good", "order", "probe")

    def __init__(self, order: int, at: datetime, *, probe: bool) -> None:
        self.order, self.at, self.probe = order, at, probe
        self.good = False
        """Its answer has begun."""


class CircuitBreaker:
    """Benches, streaks and probes of this process."""

    def __init__(self, clock: Callable[[], datetime], rng: random.Random | None = None) -> None:
        self._clock = clock
        self._rng = rng or random.Random()  # noqa: S311 - jitter, no secret
        self._stored_benches: dict[BenchKey, Bench] = {}
        self._pending: dict[BenchKey, Bench] = {}
        self._ended: dict[BenchKey, Bench] = {}
        """Over since a request went through, though health.json may still hold them."""
        self._by_provider: dict[str, list[Bench]] = {}
        self._full_windows: Mapping[str, tuple[ExhaustedWindow, ...]] = {}
        self._streaks: dict[tuple[str, str | None], tuple[int, int]] = {}
        """By provider, or one model there: failures in a row, and when the last one that counted came, in the
        order of things."""
        self._order = itertools.count(1)
        self._release_times: Mapping[str, datetime] = {}
        self._made_at: dict[BenchKey, int] = {}
        """When this process made a bench, in the order of things."""
        self._probes: set[str] = set()
        self._open: set[str] = set()
        """Whose bench has ended and whose answer to the probe has begun: nobody need probe them again."""

    def load(
        self, stored_benches: Iterable[Bench], release_times: Mapping[str, datetime] | None = None
    ) -> None:
        """Take over what health.json says; what is still on its way to it stays as it is here.

        Args: release_times: when a person released whom; failures before that count no more.
        """
        before, self._release_times = self._release_times, release_times or {}
        if before != self._release_times:
            new_releases = {
                name for name, moment in self._release_times.items() if before.get(name) != moment
            }
            self._streaks = {
                key: streak for key, streak in self._streaks.items() if key[0] not in new_releases
            }
        self._stored_benches = {bench.key: bench for bench in stored_benches if not self._has_ended(bench)}
        self._index()

    def spend(self, full_windows: Mapping[str, tuple[ExhaustedWindow, ...]]) -> None:
        """Take over which windows and budgets are used up, by provider."""
        self._full_windows = full_windows

    def persisted(self, bench: Bench) -> None:
        """The bench is in health.json now."""
        if self._pending.get(bench.key) == bench:
            del self._pending[bench.key]
            self._index()

    def released(self, ended: Iterable[Bench]) -> None:
        """These benches are out of health.json now: what stands there from here on holds."""
        for bench in ended:
            if self._ended.get(bench.key) is bench:
                del self._ended[bench.key]

    @property
    def nobody(self) -> bool:
        """No bench holds or waits for its probe, and nothing is used up."""
        return not self._by_provider and not self._full_windows

    def blocked(
        self,
        route: Route,
        *,
        alone: bool = False,
        full_windows: Mapping[str, tuple[ExhaustedWindow, ...]] | None = None,
    ) -> Skipped | None:
        """Why the route must not be asked now; None when it may.

        Args:
            alone: nobody else can be asked, so a trouble that passes by itself, or a limit whose end nobody
                named, is no reason: the client's own retries find out.
            full_windows: what is used up for a project, by provider; None = what is for everybody.
        """
        windows = self._full_windows if full_windows is None else full_windows
        used_up = windows.get(route.provider)
        if not used_up and route.provider not in self._by_provider:
            return None
        now = self._clock()
        for bench in self._covering(route):
            if alone and (bench.kind in TRANSIENT or bench.kind == "windowless"):
                continue
            if bench.holds(now) and not bench.is_due(now):
                return Skipped(
                    provider=route.provider,
                    code="benched",
                    reason=f"benched ({bench_reason(bench)})",
                    until=bench.until,
                    kind=bench.kind,
                )
            if route.provider in self._probes and bench.kind != "manual" and not alone:
                return Skipped(
                    provider=route.provider, code="benched", reason="one request is trying it out", until=None
                )
        for window in used_up or ():
            ended = window.resets_at is not None and window.resets_at <= now
            if not ended and window.concerns(route.model):
                return Skipped(
                    provider=route.provider,
                    code="exhausted",
                    reason=f"{window.window} is used up",
                    until=window.resets_at,
                )
        return None

    def is_due(self, route: Route) -> bool:
        """The route rests until it is cleared, and one request may try it: whoever claims that."""
        if route.provider not in self._by_provider:
            return False
        now = self._clock()
        return any(bench.is_due(now) for bench in self._covering(route))

    def begin(self, route: Route) -> AttemptToken:
        """The route is asked now; the first one after a bench has ended is its probe."""
        free = route.provider in self._probes or route.provider in self._open
        probe = not free and bool(self._by_provider and self._covering(route))
        if probe:
            self._probes.add(route.provider)
        return AttemptToken(next(self._order), self._clock(), probe=probe)

    def answers(self, route: Route, attempt_token: AttemptToken) -> None:
        """The answer has begun: after a probe others may ask its provider as well."""
        attempt_token.good = True
        if attempt_token.probe:
            self.end_probe(route)
            self._open.add(route.provider)
            attempt_token.probe = False

    def end_probe(self, route: Route) -> None:
        """The probe has come back, well or not."""
        self._probes.discard(route.provider)

    def failed(
        self, route: Route, failure: Failure, attempt_token: AttemptToken, source: str
    ) -> Bench | None:
        """Note a failure; returns the new bench when it leads to one.

        Args:
            attempt_token: of the request that failed.
            source: who saw it, for the bench.
        """
        release_at = self._release_times.get(route.provider)
        if failure.scope is None or (release_at is not None and attempt_token.at < release_at):
            return None
        now = self._clock()
        bench = benches.decide(
            failure,
            route.provider,
            route.model,
            self._by_provider.get(route.provider, ()),
            now,
            at=attempt_token.at,
            streak=self._streak(route, failure, attempt_token),
            source=source,
        )
        if bench is None:
            return None
        bench = replace(bench, until=self._jittered(bench.until, now))
        self._open.discard(route.provider)
        self._pending[bench.key] = bench
        self._ended.pop(bench.key, None)
        self._made_at[bench.key] = next(self._order)
        self._index()
        return bench

    def _streak(self, route: Route, failure: Failure, attempt_token: AttemptToken) -> int:
        """Failures in a row, this one included, of the kinds that pass by themselves."""
        if failure.kind not in TRANSIENT:
            return failure.after
        key = (route.provider, route.model if failure.scope == "model" else None)
        count, last_order = self._streaks.get(key, (0, 0))
        if attempt_token.order > last_order:  # sent after the last one that counted had failed
            count, last_order = self._streaks[key] = (count + 1, next(self._order))
        return count

    def succeeded(self, route: Route, attempt_token: AttemptToken) -> Sequence[Bench]:
        """A request went through, to its answer's end; returns the benches that this ends.

        Until `released` in memory alone. An answer that has only begun ends nothing: a provider whose answers
        break off in the middle would be asked for ever.
        """
        self._open.discard(route.provider)
        for part in (None, route.model):
            self._streaks.pop((route.provider, part), None)
        covering = self._covering(route) if self._by_provider else ()
        over = [b for b in covering if b.kind != "manual" and not self._is_newer(b, attempt_token)]
        for bench in over:
            self._pending.pop(bench.key, None)
            self._stored_benches.pop(bench.key, None)
            self._made_at.pop(bench.key, None)
            self._ended[bench.key] = bench
        if over:
            self._index()
        return over

    def _has_ended(self, bench: Bench) -> bool:
        ended = self._ended.get(bench.key)
        return ended is not None and bench.since <= ended.since

    def _is_newer(self, bench: Bench, attempt_token: AttemptToken) -> bool:
        """The bench was made after the request had been sent."""
        made_at = self._made_at.get(bench.key)
        return made_at > attempt_token.order if made_at is not None else bench.since > attempt_token.at

    def _covering(self, route: Route) -> list[Bench]:
        return [
            bench
            for bench in self._by_provider.get(route.provider, ())
            if benches.concerns(bench.model, bench.family, route.model)
        ]

    def _jittered(self, until: datetime | None, now: datetime) -> datetime | None:
        """Never before what the provider said, and hardly after."""
        if until is None:
            return None
        most_s = min(JITTER_S, max(0.0, (until - now).total_seconds()) * JITTER_SHARE)
        return until + timedelta(seconds=self._rng.uniform(0, most_s))

    def _index(self) -> None:
        by_provider: dict[str, list[Bench]] = {}
        for bench in {**self._stored_benches, **self._pending}.values():
            by_provider.setdefault(bench.provider, []).append(bench)
        self._by_provider = by_provider
