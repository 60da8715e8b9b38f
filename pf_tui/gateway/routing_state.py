"""The state files, followed live: who may serve, with which key, and what the person set.

Every request looks whether a file has changed (four stats, some 10 µs); a change is read in a thread.
A file that cannot be read leaves the last good view in use, with a sentence in `problem`.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

from pf_tui import snapshot
from pf_tui.errors import PfError
from pf_tui.gateway import settings
from pf_tui.gateway.breaker import CircuitBreaker
from pf_tui.gateway.keys import GatewayKeys
from pf_tui.gateway.routing import Route
from pf_tui.gateway.routing_plan import RoutingPlan, Stamps
from pf_tui.records import replace
from pf_tui.rules import clouds as rules_clouds
from pf_tui.rules import limits
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context
from pf_tui.state.paths import PROJECT_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import SessionKey

REFRESH_S = 20.0
"""Limit readings and budgets of the ledger are read again this often, and 1 s after our own rows."""

LOOK_S = 0.01
"""Requests that come closer together than this share one look at the files."""

MOST_PLANS = 50

PROJECT_S = 1.0
"""What a request waits for its project's file; then the person's own settings hold."""

MOST_READINGS = 8
"""Projects that are read at once; more than that do not answer."""

SESSION_AGE = timedelta(hours=5)
"""Sessions that began to be served longer ago are not taken over by a restart."""


class RoutingState:
    """The plans of this moment, by project, and the benches they share."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = replace(ctx, cwd=ctx.paths.home)  # no project: requests name theirs
        self.breaker = CircuitBreaker(ctx.now)
        paths = ctx.paths
        looked_at = (paths.config, paths.health, paths.providers, paths.auth, paths.trust)
        self._looked_at = tuple(map(str, looked_at))
        self._looked_s = 0.0
        self.problem: str | None = None
        self.pins: dict[SessionKey, str] = {}
        """Session -> the provider that the person moved it to."""
        self._addresses: dict[tuple[str, str, str], str] = {}
        self.repairs: dict[tuple[str, str | None], tuple[str, ...]] = {}
        """(provider, model) -> parts of a request that are left out there."""
        self._plans: dict[str | None, RoutingPlan] = {}
        self._keys = GatewayKeys(ctx.paths, ctx.env)
        self._order: tuple[object, ...] = ()
        self._epoch = 0
        self._loading: asyncio.Lock | None = None
        self._stale = False
        self._released: Mapping[str, datetime] = {}
        self.written = False
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="pf-project")
        self._reading: dict[str, asyncio.Future[RoutingPlan]] = {}

    async def plan(self, project: str | None = None) -> RoutingPlan:
        """The plan that holds now; a changed file is read first."""
        if project is not None:
            return await self._project_plan(project)
        plan = self._plans.get(project)
        if plan is not None and not self._stale:
            moment_s = time.monotonic()
            if moment_s - self._looked_s < LOOK_S and project is None:
                return plan
            if self._is_current(plan, project):
                self._looked_s = moment_s
                return plan
        if self._loading is None:
            self._loading = asyncio.Lock()
        async with self._loading:
            plan = self._plans.get(project)
            if plan is None or self._stale or not self._is_current(plan, project):
                self._stale = False
                await asyncio.to_thread(self.load, project)
            return self._plans[project]

    async def _project_plan(self, project: str) -> RoutingPlan:
        """One project's plan, read beside the others and waited for briefly: its file stops nobody else."""
        shared = await self.plan()
        plan = self._plans.get(project)
        if plan is not None and plan.follows is shared and self._is_current(plan, project):
            return plan
        reading = self._reading.get(project)
        if reading is None:
            if len(self._reading) >= MOST_READINGS:
                return shared
            loop = asyncio.get_running_loop()
            reading = loop.run_in_executor(self._readers, self.load, project)
            self._reading[project] = reading
            reading.add_done_callback(lambda _: self._reading.pop(project, None))
        try:
            plan = await asyncio.wait_for(asyncio.shield(reading), PROJECT_S)
        except TimeoutError:
            self.problem = f"{project} does not answer; your own settings hold there"
            return shared
        plan.follows = shared
        return plan

    def _is_current(self, plan: RoutingPlan, project: str | None) -> bool:
        """Nothing but health.json has changed; that one is read here and now: it is small, and urgent."""
        stamps = self._stamps(project)
        if stamps == plan.stamps:
            return True
        if (stamps[0], stamps[2:]) != (plan.stamps[0], plan.stamps[2:]):
            return False
        self.read_benches()
        if self._released != plan.release_times:
            return False  # a person let full windows count no longer
        plan.stamps = stamps
        self.written = True  # "begin anew" may have moved budgets
        return True

    def read_benches(self) -> None:
        """Take over the benches of health.json."""
        try:
            health = self.ctx.health()
            self._released = health.released
            self.breaker.load(health.benches, health.released)
            self.repairs = {(repair.provider, repair.model): repair.strip for repair in health.repairs}
            self.pins = {key: session.pin for key, session in health.sessions.items() if session.pin}
        except PfError as error:
            self.problem = str(error)

    def follow_health(self) -> None:
        """Take over what somebody has written into health.json since a request looked."""
        plan = self._plans.get(None)
        if plan is None or plan.stamps[1] != _stat(self._looked_at[1]):
            self.read_benches()

    def where(self, route: Route) -> Route:
        """The route, at the address where its host was found to serve that model."""
        if not self._addresses:
            return route
        address = self._addresses.get((route.provider, route.native, route.protocol))
        return replace(route, url=address) if address is not None and address != route.url else route

    def moved(self, route: Route, status: int | None, body: bytes) -> bool:
        """The host serves that model at its other address: asked there once more, and remembered."""
        key = (route.provider, route.native, route.protocol)
        other = rules_clouds.other_route(route.provider, route.url, status, body)
        if other is None:
            return False
        # a request beside this one may have found it meanwhile
        return self._addresses.setdefault(key, other) != route.url

    def load(self, project: str | None = None) -> RoutingPlan:
        """Read the files now; keeps the last good plan where one of them is broken.

        Raises:
            PfError: a file cannot be used and there is no earlier plan.
        """
        stamps = self._stamps(project)
        old = self._plans.get(project)
        self.problem = None
        try:
            plan = self._read(project, stamps, old)
        except PfError as error:
            self.problem = str(error)
            if old is not None:
                old.stamps = stamps
                return old
            if project is None:
                raise
            plan = self._read(None, stamps, None)  # a project's file is no reason to end a turn
        if len(self._plans) >= MOST_PLANS:
            self._plans = {None: self._plans[None]} if None in self._plans else {}
        self._plans[project] = plan
        return plan

    def refresh(self) -> None:
        """Read the ledger's readings and budgets again, at the next request."""
        self._stale = True

    def refresh_soon(self) -> None:
        """Rows or readings were written: look at windows and budgets again, in the background."""
        self.written = True

    @property
    def current(self) -> RoutingPlan | None:
        """The plan everybody shares, as it was last read."""
        return self._plans.get(None)

    def is_dirty(self) -> bool:
        """The plan everybody shares is out of date."""
        plan = self._plans.get(None)
        return plan is None or self._stale or plan.stamps != self._stamps(None)

    def take_credentials(self, values: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Keep an environment's credentials in memory; see `GatewayKeys.take`."""
        providers, changed_providers = self._keys.take(values, self.ctx.catalog())
        self.ctx = replace(self.ctx, env=self._keys.env)
        self._stale = True
        return providers, changed_providers

    def sources(self) -> dict[str, str]:
        """Provider -> where its key comes from, of those that have one we may use."""
        plan = self._plans.get(None)
        return self._keys.sources(plan.keys, self.ctx.credentials()) if plan is not None else {}

    async def key_changed(self, provider: str) -> bool:
        """The provider refused its key: look whether there is a new one; True when there is."""
        plan = self._plans.get(None)
        old = plan.keys.get(provider) if plan is not None else None
        self._keys.forget()
        await asyncio.to_thread(self.load, None)
        new = self._plans[None].keys.get(provider)
        if new is not None and new != old:
            return True
        if old is not None:
            self._keys.refused(provider, old)
        return False

    def renewed(self) -> Iterator[str]:
        """Providers whose refused key has been replaced since: their bench is over."""
        plan = self._plans.get(None)
        return self._keys.renewed(plan.keys if plan is not None else {})

    def _read(self, project: str | None, stamps: Stamps, old: RoutingPlan | None) -> RoutingPlan:
        ctx = self.ctx if project is None else replace(self.ctx, cwd=Path(project))
        now = snapshot.take(ctx)
        order = (now.own_priority, now.auto_switch)
        if project is None and order != self._order:
            self._order = order
            self._epoch += 1
        if project is None:
            self.breaker.spend({s.provider: s.full_windows for s in now.eligibilities if s.full_windows})
            self.read_benches()
        keys = self._keys.read(now)
        self.problem = self._keys.problem or self.problem
        plan = RoutingPlan(
            now,
            keys,
            settings.parse(now.config.gateway, ctx.paths.config),
            self._spilling(now, old),
            stamps,
            self._epoch,
            None
            if project is None
            else {s.provider: s.full_windows for s in now.eligibilities if s.full_windows},
            self._keys.signers(now, keys),
        )
        plan.release_times = now.files.health.released
        return plan

    def _spilling(self, now: Snapshot, old: RoutingPlan | None) -> frozenset[str]:
        """Who is past the switch threshold by their own word; as the plan before had it."""
        before = old.last_resort if old is not None else frozenset()
        return frozenset(
            view.id
            for view in now.providers
            if limits.is_nearly_used_up(view.limits, now.config.switch_at, before=view.id in before)
        )

    def _stamps(self, project: str | None) -> Stamps:
        own = None if project is None else _stat(f"{project}/{PROJECT_FILE}")
        return (*map(_stat, self._looked_at), own)


def known_sessions(ctx: Context) -> dict[SessionKey, str]:
    """Who served which session before a restart: its provider, of those of the last hours."""
    oldest = ctx.now() - SESSION_AGE
    try:
        sessions = ctx.health().sessions
    except PfError:
        return {}
    return {key: session.provider for key, session in sessions.items() if session.since > oldest}


def _stat(path: str) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - four of these on a request; Path.stat costs twice as much
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino)
