"""The companion of `pf-tui run`: a gateway that dies is back on its port, one that was stopped stays down."""

from __future__ import annotations

import functools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pf_tui.launch import supervisor
from pf_tui.launch.supervisor import MOST, SPAN_S, WAITS_S, GatewayCrash, Restarts, Supervisor
from pf_tui.state import files, journal
from pf_tui.state.context import Context
from tests.launch.test_plan import Person
from tests.patience import eventually

Make = Callable[..., Context]


def a_dead_process() -> int:
    done = subprocess.Popen(["true"])
    done.wait()
    return done.pid


def leave_behind(ctx: Context, pid: int, port: int = 4100) -> None:
    """gateway.json of a process that did not take it away."""
    files.make_home(ctx.paths)
    content = {"pid": pid, "host": "127.0.0.1", "port": port, "since": "2026-11-24T12:00:00Z", "token": "t"}
    ctx.paths.gateway.write_text(json.dumps(content))


def told(ctx: Context) -> list[str]:
    return [event.why for event in journal.tail(ctx.paths, 20) if event.action == "gateway"]


def test_restarts_are_bounded_within_a_minute_and_wait_longer_each_time() -> None:
    now = [0.0]
    restarts = Restarts(clock=lambda: now[0])

    assert tuple(restarts.wait_s() for _ in range(MOST)) == WAITS_S
    assert restarts.wait_s() is None
    now[0] = SPAN_S + max(WAITS_S) + 1
    assert restarts.wait_s() == 0.0


def test_a_file_left_behind_is_a_death_and_a_missing_one_a_stop(context: Make) -> None:
    ctx = context()
    assert supervisor.died(ctx) is None

    pid = a_dead_process()
    leave_behind(ctx, pid)
    assert supervisor.died(ctx) == GatewayCrash(pid=pid, port=4100)

    leave_behind(ctx, os.getpid())
    assert supervisor.died(ctx) is None


def test_after_too_many_deaths_it_stays_down_and_says_so_once(context: Make) -> None:
    ctx, ports, slept = context(), list[int](), list[float]()
    watch = Supervisor(ctx, ports.append, restarts=Restarts(clock=lambda: 0.0), sleep=slept.append)
    leave_behind(ctx, a_dead_process())

    for _ in range(MOST + 3):
        watch.step(leads=True)

    assert ports == [4100] * MOST
    assert slept == [wait for wait in WAITS_S if wait]
    assert told(ctx) == [
        f"the gateway died {MOST} times within a minute and stays down: `pf-tui gateway start`"
    ]


def test_a_gateway_that_comes_back_late_is_told_once_too(context: Make) -> None:
    """A machine so busy that the start was no longer waited for."""
    ctx = context()
    watch = Supervisor(ctx, lambda _: None)
    leave_behind(ctx, a_dead_process())
    watch.step(leads=True)
    assert told(ctx) == []

    leave_behind(ctx, os.getpid())
    for _ in range(2):
        watch.step(leads=True)

    assert told(ctx) == ["the gateway died and is back on port 4100"]


def test_one_of_several_companions_restarts(context: Make) -> None:
    ctx, ports = context(), list[int]()
    leave_behind(ctx, a_dead_process())

    Supervisor(ctx, ports.append).step(leads=False)

    assert ports == []


def test_a_new_gateway_gets_the_keys_of_each_run_once(context: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = context(env={"OPENROUTER_API_KEY": "or-mine"})
    given: list[object] = []
    monkeypatch.setattr(supervisor.process, "ask", lambda *asked: given.append(asked[4]) or (200, {}))
    watch = Supervisor(ctx, lambda _: None, gateway_pid=1)
    leave_behind(ctx, os.getpid())

    for _ in range(3):
        watch.step(leads=False)

    assert given == [{"env": {"OPENROUTER_API_KEY": "or-mine"}}]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes of this system are not forked")
def test_a_killed_gateway_is_back_on_its_port_and_a_stopped_one_is_not(home: Path) -> None:
    """Two runs of an agent; the gateway is killed twice, then stopped; then the agents end."""
    person = Person(home)
    agents: list[subprocess.Popen[bytes]] = []
    ctx = Context.here("cli", env=person.env, cwd=home)

    def start_agent() -> None:
        agents.append(
            subprocess.Popen(
                [sys.executable, "-m", "pf_tui", "run", "claude", "--", "--wait"],
                env={**person.env, "SAID": f"{person.said}.{len(agents)}"},
                cwd=person.home,
                stderr=subprocess.DEVNULL,
            )
        )

    def running() -> tuple[int, int] | None:
        found = supervisor.state.read(ctx.paths)
        return (found.pid, found.port) if found and listens(found.port) else None

    def companions() -> list[psutil.Process]:
        children = [child for agent in agents for child in psutil.Process(agent.pid).children()]
        alive = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
        return [child for child in alive if "pf_tui.launch.supervisor" in child.cmdline()]

    def another(than: tuple[int, int]) -> tuple[int, int] | None:
        now = running()
        return now if now and now[0] != than[0] else None

    try:
        start_agent()
        first = eventually(running, "the gateway serves")
        start_agent()  # side by side each starts one, and the other's would serve in the killed one's place
        eventually(lambda: len(companions()) == 2, "each run has its companion")
        for number in (1, 2):
            before = eventually(running, "it serves")
            os.kill(before[0], signal.SIGKILL)
            after = eventually(functools.partial(another, before), "it is back")
            assert after[1] == first[1]
            eventually(functools.partial(is_told, ctx, number), "it is told")
        assert person.gateway()["credentials"][0]["provider"] == "openrouter"
        watching = companions()

        assert person.run("gateway", "stop").returncode == 0
        for agent in agents:
            agent.send_signal(signal.SIGTERM)
            agent.wait()
        eventually(lambda: not any(one.is_running() for one in watching), "companions end with their agents")

        assert running() is None
        assert told(ctx) == [f"the gateway died and is back on port {first[1]}"] * 2
    finally:
        for agent in agents:
            agent.kill()
            agent.wait()


def is_told(ctx: Context, times: int) -> bool:
    return len(told(ctx)) == times


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
