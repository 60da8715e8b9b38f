"""Plays the story through the real gateway: sessions that ask, vendors that answer or fail.

Nothing that is shown is invented here: benches, moves, readings, costs and requests under way are what the
gateway makes of the vendors' answers. The person at the keys goes first: a round is about whoever serves
when it begins, and is dropped when the person goes elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import aiohttp

from pf_tui import actions, snapshot
from pf_tui.demo import agents, history, scenario, story
from pf_tui.demo.agents import Publisher, Session
from pf_tui.demo.history import Request
from pf_tui.demo.ledger_rows import LedgerRows
from pf_tui.demo.vendors import Vendors
from pf_tui.drill import fake_addresses
from pf_tui.errors import PfError
from pf_tui.ledger import schema
from pf_tui.rules.own_headers import PROVIDER_HEADER
from pf_tui.state import gateway
from pf_tui.state.context import Context

PAUSE_S = (0.5, 2.5)
"""Between two requests of a session."""

REFUSED_S = 3.0
"""A session that was refused asks again after this."""

DRIFT_PERCENT = 0.1
"""How much of its 5-hour window a request of a plan uses outside of a climb."""

WINDOW = timedelta(hours=5)

GATEWAY_END_S = 1.0
"""How long the gateway may take: whoever asked it is gone, so nothing is under way."""


class Player:
    """One demo being played; `tick` brings the story to the context's now."""

    def __init__(self, ctx: Context, folder: Path, seed: int, *, pace: float = 1.0) -> None:
        """Args: pace: 1 = answers take as long as real ones, 0 = they come at once."""
        self._ctx, self._folder, self._pace = ctx, folder, pace
        self._rng = Random(seed + 1)  # noqa: S311 - a story, no secret
        self._rounds = story.rounds(seed)
        self._round = next(self._rounds)
        self._began = ctx.now()
        self._subject: str | None = None
        self._beat = 0
        self.sessions = _sessions(self._rng, self._began)
        self.busy: set[str] = set()
        """Sessions with a request under way."""
        providers = ctx.catalog().providers
        names = [name for name in scenario.PRIORITY if fake_addresses.has_route(providers.get(name))]
        self.vendors = Vendors(ctx, tuple(names), pace)
        self._publisher = Publisher(ctx.paths, folder, self.sessions, self._began)
        self._client: aiohttp.ClientSession
        self._gateway: subprocess.Popen[bytes] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._turns = 0

    async def open(self) -> None:
        """Let the vendors listen and the sessions begin. Raises PfError."""
        await self.vendors.open()
        with contextlib.closing(schema.connect(self._ctx.paths.ledger)) as connection:
            LedgerRows(connection, self._ctx.catalog(), str(self._folder)).keep_prices()
        self._publisher.open()
        self._client = aiohttp.ClientSession(trust_env=False)

    async def start_gateway(self) -> None:
        """The real gateway, as a process of the player's own group, which ends with it. Raises PfError."""
        self._gateway = process = self._spawn_gateway()
        while gateway.read(self._ctx.paths) is None and process.poll() is None:  # noqa: ASYNC110 - its file tells
            await asyncio.sleep(0.02)

    def _spawn_gateway(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "pf_tui.gateway"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(self._ctx.env),
            cwd="/",
        )

    def begin(self) -> None:
        """The first round begins, and every session works by itself from now on."""
        self._begin_round(self._ctx.now())
        self._tasks = [asyncio.create_task(self._work(session)) for session in self.sessions]

    async def close(self) -> None:
        """End everything: a gateway that lived on would make the folder anew that is deleted now."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.close()
        await self.vendors.close()
        self._publisher.close()
        if self._gateway is not None and self._gateway.poll() is None:
            self._gateway.terminate()
            try:
                await asyncio.to_thread(self._gateway.wait, GATEWAY_END_S)
            except subprocess.TimeoutExpired:
                self._gateway.kill()
                self._gateway.wait()

    def tick(self) -> None:
        """Do what is due. Raises PfError when a file refuses; the next tick goes on from there."""
        now = self._ctx.now()
        self._tell(now)
        self._publisher.tell(now, frozenset(self.busy))

    # -- the story

    def _begin_round(self, now: datetime) -> None:
        self._began, self._beat = now, 0
        self._subject = self._serving()
        limit = self._window(self._subject) if self._subject else None
        if self._subject and limit is not None:
            ends = now + timedelta(seconds=self._round.back_s) if self._round.fault == "window" else limit[1]
            self.vendors.windows[self._subject] = (limit[0], ends)

    def _tell(self, now: datetime) -> None:
        if self._beat == 0 and self._subject is None:
            self._begin_round(now)
        elapsed = (now - self._began).total_seconds()
        while self._beat < len(self._round.beats) and self._round.beats[self._beat].at_s <= elapsed:
            beat = self._round.beats[self._beat]
            self._beat += 1
            if beat.what == "back":
                self._bring_back(now)
            elif beat.what == "fail-next":
                self._fail_next(now)
            elif self._subject is None or self._serving() != self._subject:
                self._drop_round(now)
                return
            elif beat.what == "climb":
                self._climb(self._subject, beat.percent)
            else:
                self._fail(self._subject, self._round.fault, now)
        if elapsed >= self._round.length_s:
            self._round = next(self._rounds)
            self._begin_round(now)

    def _drop_round(self, now: datetime) -> None:
        """The person went elsewhere: the next round is about whoever serves now."""
        self._bring_back(now)
        self._round = next(self._rounds)
        self._begin_round(now)

    def _climb(self, provider: str, percent: float) -> None:
        if provider in self.vendors.windows:
            before, ends = self.vendors.windows[provider]
            self.vendors.windows[provider] = (max(before, percent), ends)

    def _fail(self, provider: str, fault: str, now: datetime) -> None:
        plan = self._ctx.catalog().providers[provider].plan
        if (fault == "window" and provider not in self.vendors.windows) or (fault == "credit" and plan):
            fault = "rate"  # no such window; a plan has no credit
        self.vendors.broken[provider] = (fault, self._back(now))

    def _back(self, now: datetime) -> datetime:
        """When the provider that failed is well again."""
        return max(now, self._began + timedelta(seconds=self._round.back_s))

    def _fail_next(self, now: datetime) -> None:
        """The one that took over fails as well, for a moment."""
        serving = self._serving()
        broken = self.vendors.broken
        if serving is not None and serving not in broken and self._subject in broken:
            broken[serving] = ("overload", self._back(now))

    def _bring_back(self, now: datetime) -> None:
        broken, self.vendors.broken = self.vendors.broken, {}
        for provider, (fault, _) in broken.items():
            if fault == "window":
                self.vendors.windows[provider] = (2.0, now + WINDOW)
            elif fault == "credit":  # ends by no time: the person tops it up and says so
                actions.release(self._ctx.as_("cli"), provider)

    def _serving(self) -> str | None:
        active = snapshot.take(self._ctx, keep_going=True).active
        return active.provider if active else None

    def _window(self, provider: str) -> tuple[float, datetime] | None:
        """(percent, reset) of the provider's own 5-hour window; None when it has none."""
        for limit in snapshot.take(self._ctx, keep_going=True).view(provider).limits:
            if limit.window == "5h" and limit.model is None and limit.resets_at is not None:
                return limit.percent or 0.0, limit.resets_at
        return None

    # -- the work

    async def _work(self, session: Session) -> None:
        while True:
            well = await self.ask(session)
            await asyncio.sleep(self._rng.uniform(*PAUSE_S) if well else REFUSED_S)

    async def ask(self, session: Session) -> bool:
        """One request through the gateway, to the end of its answer; True when it was served."""
        address = gateway.agents_token(self._ctx.paths)
        if address is None:
            return False
        port, token = address
        self.vendors.expect(self._plan(session))
        self.busy.add(session.id)
        waits = False
        try:
            async with self._client.post(
                f"http://127.0.0.1:{port}{agents.PATHS[session.agent]}",
                data=json.dumps(agents.body(session)),
                headers=agents.headers(session, token, self._folder),
            ) as response:
                await response.read()
                if response.status == 200:
                    self._use(response.headers.get(PROVIDER_HEADER, ""))
                waits = session.resumes and response.status != 200  # its turn is open until it is served
                return response.status == 200
        except aiohttp.ClientError:
            return False
        finally:
            if not waits:
                self.busy.discard(session.id)

    def _plan(self, session: Session) -> Request:
        """Tokens and times of the next answer."""
        self._turns += 1
        work = next(work for work in scenario.WORK if work.agent == session.agent)
        depth = min(1.0, self._turns / 80)
        return history.request(self._rng, self._ctx.now(), work, session.id, session.project, depth)

    def _use(self, provider: str) -> None:
        """A plan that works uses its window up, slowly."""
        if provider in self.vendors.windows:
            percent, ends = self.vendors.windows[provider]
            self.vendors.windows[provider] = (min(98.0, percent + DRIFT_PERCENT), ends)


def _sessions(rng: Random, start: datetime) -> tuple[Session, ...]:
    """Two of Claude Code, one of OpenCode, one of Codex."""
    player, dashboard = agents.processes()
    sessions_out: list[Session] = []
    claude, _, opencode, codex = scenario.WORK
    for work, pid in ((claude, player), (claude, dashboard), (opencode, player), (codex, player)):
        name = history.session_name(rng)
        if work is codex:
            name = agents.thread_id(start, name.replace("-", ""))
        project = scenario.PROJECTS[len(sessions_out)]
        resumes = project == scenario.ON_PLAN_ALONE
        sessions_out.append(
            Session(
                agent=work.agent,
                id=name,
                project=project,
                model=work.model,
                pid=pid,
                asks=work is claude and not resumes,
                resumes=resumes,
            )
        )
    return tuple(sessions_out)


async def play(
    ctx: Context, folder: Path, seed: int, until: Coroutine[object, object, None], tick_s: float
) -> None:
    """Play until `until` is. Raises PfError when nothing could be begun."""
    player = Player(ctx, folder, seed)
    over = asyncio.ensure_future(until)
    await player.open()
    try:
        starting = asyncio.ensure_future(player.start_gateway())
        await asyncio.wait({starting, over}, return_when=asyncio.FIRST_COMPLETED)
        if over.done():
            starting.cancel()
            return
        player.begin()
        while not over.done():
            with contextlib.suppress(PfError, OSError):
                player.tick()
            await asyncio.wait({over}, timeout=tick_s)
    finally:
        await player.close()
