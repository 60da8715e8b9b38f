"""The sandbox of a rehearsal: a copy of the person's state with fake upstreams in the place of the real ones.

Nothing of the person's is written and no key of theirs is on it: each provider that has a key gets a
fake one. The clock can be moved. Invariant: every address in the sandbox is 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pf_tui.drill import fake_addresses, ledger_copy
from pf_tui.drill.fake_upstream import FakeUpstream
from pf_tui.errors import PfError
from pf_tui.gateway.engine import Engine
from pf_tui.gateway.inflight import InFlightRequests
from pf_tui.gateway.recorder import Recorder
from pf_tui.gateway.routing_state import RoutingState
from pf_tui.gateway.sessions import Sessions
from pf_tui.gateway.upstream import Transport
from pf_tui.json_values import object_in
from pf_tui.ledger.gateway_rows import Attempt
from pf_tui.records import replace
from pf_tui.rules.benches import Bench
from pf_tui.rules.pricing import Tokens
from pf_tui.snapshot import Snapshot
from pf_tui.state import files
from pf_tui.state.context import Context
from pf_tui.state.paths import Paths

KEY = "stand-in"
FIRST_BYTE_S, STALL_S = 0.4, 1.5
"""Nobody waits a minute for a rehearsal; what is said of time is what the person has set."""


class Clock:
    """The time in the sandbox."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def move_to(self, moment: datetime) -> None:
        """Let it be `moment`; never back."""
        self._ahead += max(timedelta(), moment - self())


class CapturingRecorder(Recorder):
    """The recorder, which also remembers what it was told."""

    def __init__(self, routing_state: RoutingState) -> None:
        super().__init__(routing_state)
        self.attempts: list[Attempt] = []
        self.benches: list[Bench] = []

    def attempt(self, attempt: Attempt) -> None:
        """Remember the attempt, then write it down."""
        self.attempts.append(attempt)
        super().attempt(attempt)

    def bench(
        self, bench: Bench, *, agent: str | None, session: str | None, why: str, on_done: Callable[[], object]
    ) -> None:
        """Remember the bench, then write it down."""
        self.benches.append(bench)
        super().bench(bench, agent=agent, session=session, why=why, on_done=on_done)

    def forget(self) -> None:
        """Begin anew."""
        self.attempts.clear()
        self.benches.clear()


class Sandbox:
    """A gateway's engine on the copy, and the fake upstreams by provider."""

    def __init__(
        self, ctx: Context, clock: Clock, upstreams: Mapping[str, FakeUpstream], usual: Tokens | None
    ) -> None:
        self.ctx = ctx
        self.clock = clock
        self.upstreams = upstreams
        self.usual = usual
        """Tokens of the person's usual request; None when too few are known."""
        self.routing_state = RoutingState(ctx)
        self.recorder = CapturingRecorder(self.routing_state)
        self.engine: Engine
        self._transport: Transport

    async def open(self) -> None:
        """Begin, as the gateway itself begins. Raises PfError."""
        await asyncio.to_thread(self.routing_state.load)
        self.recorder.start()
        self._transport = Transport(self.ctx.env)
        requests_in_flight = InFlightRequests(lambda _requests, _sessions: None)
        self.engine = Engine(
            self.routing_state, self._transport, self.recorder, Sessions(), requests_in_flight
        )

    async def written(self) -> None:
        """Wait until everything so far is in the files and taken back in."""
        loop, event = asyncio.get_running_loop(), asyncio.Event()
        self.recorder.job(lambda: loop.call_soon_threadsafe(event.set) and None)
        await event.wait()
        await asyncio.sleep(0)
        await asyncio.to_thread(self.routing_state.load)

    async def close(self) -> None:
        """Close connections and files."""
        await self._transport.close()
        await asyncio.to_thread(self.recorder.stop)


@asynccontextmanager
async def open_sandbox(ctx: Context, now: Snapshot, folder: Path) -> AsyncIterator[Sandbox]:
    """A sandbox in `folder`, taken down afterwards.

    Raises:
        PfError: a state file cannot be used.
    """
    clock = Clock()
    names = [name for name in now.priority if fake_addresses.has_route(now.catalog.providers.get(name))]
    upstreams = {name: FakeUpstream(name, now=clock) for name in names}
    sandbox: Sandbox | None = None
    try:
        for upstream in upstreams.values():
            await upstream.start()
        paths = Paths(folder)
        usual = _copy(ctx, now, paths, {name: upstream.url for name, upstream in upstreams.items()})
        sandbox_ctx = replace(
            ctx, paths=paths, env=_without_keys(ctx, now, paths), who="gateway", clock=clock, _catalogs={}
        )
        sandbox = Sandbox(sandbox_ctx, clock, upstreams, usual)
        await sandbox.open()
        yield sandbox
    finally:
        if sandbox is not None:
            await sandbox.close()
        for upstream in upstreams.values():
            await upstream.stop()


def _copy(ctx: Context, now: Snapshot, paths: Paths, urls: Mapping[str, str]) -> Tokens | None:
    """The person's files with the fakes' addresses and keys in them; returns a usual turn's tokens."""
    files.make_home(paths)
    if ctx.paths.health.exists():
        shutil.copyfile(ctx.paths.health, paths.health)
    with files.locked(paths):
        files.write_json(paths.config, _config(ctx))
        files.write_json(paths.auth, {"providers": _keys(now)})
        files.write_bytes(paths.providers, fake_addresses.providers_yaml(ctx.paths, urls))
    if ctx.paths.ledger.exists():
        with suppress(PfError):  # the chain is then as it is without readings and budgets
            return ledger_copy.copy(ctx.paths.ledger, paths.ledger, ctx.now())
    return None


def _config(ctx: Context) -> dict[str, object]:
    content = files.read_json(ctx.paths.config) or {"version": 2}
    settings = dict(object_in(content, "pf"))
    settings["keyring"] = []
    settings.pop("notify", None)  # a rehearsal tells nobody
    gateway = dict(object_in(settings, "gateway"))
    gateway.pop("providers", None)
    settings["gateway"] = {**gateway, "firstByteS": FIRST_BYTE_S, "stallS": STALL_S}
    return {**content, "pf": settings}


def _keys(now: Snapshot) -> dict[str, object]:
    """A fake key for each provider that has one; agents' own login files are found where they are."""
    return {
        view.id: {"apiKey": KEY}
        for view in now.providers
        if view.credential.usable and not (view.credential.source or "").startswith("login:")
    }


def _without_keys(ctx: Context, now: Snapshot, paths: Paths) -> dict[str, str]:
    """The environment without any credential in it."""
    names = {
        name
        for provider in now.catalog.providers.values()
        for name in (*provider.env, *provider.env_all, *provider.env_maybe)
    }
    env = {name: value for name, value in ctx.env.items() if name not in names}
    proxies = [name for name in env if name.lower().endswith("_proxy")]
    return {
        **{name: value for name, value in env.items() if name not in proxies},
        "PROVIDER_FALLBACK_HOME": str(paths.home),
    }
