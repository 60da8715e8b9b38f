"""The companion of one `pf-tui run`: brings a gateway that died back on its port, until the agent ends.

`python -m pf_tui.launch.supervisor AGENT GATEWAY` (process ids) is a child of the agent, in a session of
its own. The gateway removes its file when somebody stops it, so a file whose process is gone is a death, and
a stop is never undone. Of several companions one restarts (it holds the lock); each hands over the keys of
its own environment.
"""

from __future__ import annotations

import contextlib
import gc
import os
import random
import select
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from pf_tui.actions.gateway_start import answers
from pf_tui.actions.journalling import write_down
from pf_tui.errors import PfError
from pf_tui.gateway import log, process
from pf_tui.gateway.keys import environment_keys
from pf_tui.records import record
from pf_tui.state import gateway as state
from pf_tui.state.context import Context
from pf_tui.state.single_instance import single_instance

LOCK_NAME = ".supervisor.lock"
LOOK_S = 0.5
"""How often it looks for a gateway that was stopped or started; a death wakes it at once, on Linux."""

POLL_S = 0.1
"""The same where the system cannot wake it."""

WARM_S = 2.0
"""The agent's own start comes first; then the gateway's modules are loaded, so that a restart takes
0.1 s instead of 0.5 s (measured)."""

MOST = 5
"""Restarts within SPAN_S; a gateway that dies more often than that has a fault that no restart mends."""

SPAN_S = 60.0
WAITS_S = (0.0, 0.0, 0.5, 1.0, 2.0)
"""Before the first, second … restart within SPAN_S."""

AGAIN_S = 10.0
"""How long a restart may take before it counts as failed."""


class Restarts:
    """How often, and when, a gateway may be restarted."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._restart_times: deque[float] = deque()

    def wait_s(self) -> float | None:
        """Seconds before the next restart, which is counted; None = no more."""
        now = self._clock()
        while self._restart_times and now - self._restart_times[0] > SPAN_S:
            self._restart_times.popleft()
        if len(self._restart_times) >= MOST:
            return None
        wait = WAITS_S[len(self._restart_times)]
        self._restart_times.append(now + wait)
        return wait

    def begin_anew(self) -> None:
        """What died before counts no more."""
        self._restart_times.clear()


@record
class GatewayCrash:
    """A gateway that is gone without having been stopped."""

    pid: int
    port: int


class Supervisor:
    """Looks at the gateway of one state directory, once for each `step`."""

    def __init__(
        self,
        ctx: Context,
        restart: Callable[[int], int | None],
        *,
        gateway_pid: int | None = None,
        restarts: Restarts | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Watch the gateway of `ctx`.

        Args:
            restart: starts a gateway on a port; its process id, None when it did not come up.
            gateway_pid: the one that `run` has given this environment's keys.
        """
        self._ctx = ctx
        self._restart = restart
        self._restarts = restarts or Restarts()
        self._sleep = sleep
        self._handed_to = gateway_pid
        self._given_up_on: int | None = None
        self._awaited: GatewayCrash | None = None
        """The death after which a gateway was started that was not seen to serve yet."""

    def step(self, *, leads: bool) -> None:
        """Bring the gateway back if it died, and give a new one this run's keys.

        Args:
            leads: this companion holds the lock; the others wait for what it does.
        """
        running = state.read(self._ctx.paths)
        if running is not None:
            self._is_back(running)
            self._hand_over(running)
        elif leads and (crash := died(self._ctx)) is not None and crash.pid != self._given_up_on:
            self._bring_back(crash)

    def _hand_over(self, running: state.Gateway) -> None:
        if self._handed_to == running.pid:
            return
        self._handed_to, self._given_up_on = running.pid, None
        keys = environment_keys(self._ctx.catalog(), self._ctx.env)
        if not keys:
            return
        with contextlib.suppress(PfError):  # it says of itself whose keys it holds; the next one is told anew
            control = state.control_token(self._ctx.paths)
            process.ask(running, control, "POST", "/pf/credentials", {"env": keys})

    def _bring_back(self, crash: GatewayCrash) -> None:
        wait_s = self._restarts.wait_s()
        if wait_s is None:
            self._given_up_on, self._awaited = crash.pid, None
            self._restarts.begin_anew()
            self._tell(
                f"the gateway died {MOST} times within a minute and stays down: `pf-tui gateway start`", crash
            )
            return
        if wait_s:
            self._sleep(wait_s)
        self._awaited = crash
        pid = self._restart(crash.port)
        if pid is not None and (running := state.read(self._ctx.paths)) is not None:
            if running.pid == pid:
                self._handed_to = pid
            self._is_back(running)

    def _is_back(self, running: state.Gateway) -> None:
        """Tell it, also where a slow machine took longer than the restart was waited for."""
        crash, self._awaited = self._awaited, None
        if crash is None:
            return
        if running.port == crash.port:
            self._tell(f"the gateway died and is back on port {crash.port}", crash, running)
        else:
            self._tell(
                f"the gateway died; port {crash.port} is taken, it is on port {running.port} now:"
                " start the agents behind it anew",
                crash,
                running,
            )

    def _tell(self, sentence: str, crash: GatewayCrash, running: state.Gateway | None = None) -> None:
        log.line(self._ctx.paths, f"supervisor: {sentence}")
        with contextlib.suppress(PfError):
            write_down(
                self._ctx,
                "gateway",
                why=sentence,
                before={"pid": crash.pid, "port": crash.port},
                after={"pid": running.pid, "port": running.port} if running else {},
            )


def died(ctx: Context) -> GatewayCrash | None:
    """The gateway that left its file behind; None when one runs, or was stopped."""
    address = state.left_behind(ctx.paths)
    return GatewayCrash(pid=address[0], port=address[1]) if address else None


def start(ctx: Context, running: state.Gateway) -> None:
    """Start the companion of this process, which is about to become the agent; it can do without."""
    with contextlib.suppress(OSError):
        subprocess.Popen(
            [sys.executable, "-P", "-m", "pf_tui.launch.supervisor", str(os.getpid()), str(running.pid)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env=dict(ctx.env),
        )


def main(agent_pid: int, gateway_pid: int) -> None:
    """Watch until the agent has ended."""
    ctx = Context.here("gateway", cwd=Path("/"))
    start_s = time.monotonic()
    supervisor = Supervisor(ctx, lambda port: _restart(ctx, port), gateway_pid=gateway_pid)
    while os.getppid() == agent_pid and ctx.paths.home.is_dir():
        with single_instance(ctx.paths, LOCK_NAME) as lock:
            supervisor.step(leads=lock is not None)
            while lock is not None and lock.still() and os.getppid() == agent_pid:
                _reap()
                supervisor.step(leads=True)
                if time.monotonic() - start_s > WARM_S:
                    _warm()
                _rest(agent_pid, state.read(ctx.paths))
        if lock is None:
            _rest(agent_pid, state.read(ctx.paths))


def _rest(agent_pid: int, running: state.Gateway | None) -> None:
    """Until a moment has passed, or the agent or the gateway has ended."""
    pids = [agent_pid, *([running.pid] if running else [])]
    handles: list[int] = []
    try:
        handles.extend(os.pidfd_open(pid) for pid in pids)
    except (AttributeError, OSError):
        time.sleep(POLL_S)
    else:
        looking = select.poll()
        for handle in handles:
            looking.register(handle, select.POLLIN)
        looking.poll(LOOK_S * 1000)
    finally:
        for handle in handles:
            os.close(handle)


def _warm() -> None:
    """Load what a gateway needs, so that a fork serves at once."""
    from pf_tui.gateway import server  # noqa: F401 - for its modules

    with contextlib.suppress(ImportError):
        import uvloop  # noqa: F401 - as above


def _restart(ctx: Context, port: int) -> int | None:
    """A gateway on that port, in a process of its own; its id once it answers."""
    _warm()
    gc.collect()
    pid = os.fork()
    if pid == 0:
        _become_gateway(ctx, port)
    deadline = time.monotonic() + AGAIN_S
    while time.monotonic() < deadline:
        if (running := state.read(ctx.paths)) is not None and answers(running):
            return running.pid
        if os.waitpid(pid, os.WNOHANG)[0]:
            break
        time.sleep(0.005)
    return None


def _become_gateway(ctx: Context, port: int) -> NoReturn:
    code = 1
    try:
        os.setsid()
        os.closerange(3, 256)  # the supervisor's lock is not the gateway's
        random.seed()
        code = process.run(ctx, port, lambda _: None)
    except PfError as error:
        log.line(ctx.paths, f"supervisor: {error.message}")
    finally:
        os._exit(code)


def _reap() -> None:
    """Gateways of ours that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
