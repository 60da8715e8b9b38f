"""The demo's frame: a home made, the player started, everything ended and deleted, whatever happens.

The player watches a pipe from here: when this process is gone, even by kill -9, it deletes the home.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from pf_tui.demo import home
from pf_tui.errors import PfError
from pf_tui.records import replace
from pf_tui.state import gateway, pids
from pf_tui.state.context import Context

SEED = 23
"""The story people see first; another number tells another one."""

END_S = 3.0
"""How long the player may take to end by itself."""

GATEWAY_END_S = 1.0
"""How long a gateway may take: whoever asked it is gone, so nothing is under way."""


@contextlib.contextmanager
def temporary_home(
    env: Mapping[str, str] | None = None,
    *,
    seed: int = SEED,
    play: bool = True,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Context]:
    """A home of its own for one dashboard; this process sees nothing else until it is over.

    Args:
        env: what terminal and language are taken from; the process's own unless given.
        play: start the player; without it the home stands still.
        clock: now in that home, for pictures and tests; the player always has the real one.
    Raises:
        PfError: there is no place for a temporary folder.
    """
    outside = os.environ if env is None else env
    try:
        folder = Path(tempfile.mkdtemp(prefix="pf-tui-demo-"))
    except OSError as error:
        raise PfError(
            f"the demo needs a temporary folder ({error.strerror or error})",
            "set TMPDIR to a folder of yours",
        ) from error
    settings = home.environment(folder, outside)
    player: subprocess.Popen[bytes] | None = None
    with _ending_on_signals(), _living_in(settings):
        try:
            ctx = replace(home.context(folder, settings), clock=clock)
            home.prepare(ctx, folder, seed)
            if play:
                player = _start(folder, seed, settings)
            yield ctx
        finally:
            if player is not None:
                _end(player)
            remove(folder)


def remove(folder: Path) -> None:
    """Delete a demo's home and end a gateway that was started in it; what is no demo is left alone."""
    if (folder / home.MARK).is_file() or not any(folder.iterdir() if folder.is_dir() else ()):
        running = gateway.read(home.context(folder, home.environment(folder, {})).paths)
        if running is not None and running.pid != os.getpid():
            _end_gateway(running.pid)
        shutil.rmtree(folder, ignore_errors=True)


def _end_gateway(pid: int) -> None:
    """Ask it, wait until it is gone, then do not ask: it must write nothing while its folder is deleted."""
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + GATEWAY_END_S
        while time.monotonic() < deadline and pids.is_running(pid):
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)


def _start(folder: Path, seed: int, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "pf_tui.demo", str(folder), str(seed)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(settings),
        cwd=folder,
        start_new_session=True,
    )


def _end(player: subprocess.Popen[bytes]) -> None:
    """Close the pipe, which ends the player; one that does not listen is killed, its gateway with it."""
    with contextlib.suppress(OSError):
        if player.stdin is not None:
            player.stdin.close()
    try:
        player.wait(END_S)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(OSError):
            os.killpg(player.pid, signal.SIGKILL)
        player.wait()


@contextlib.contextmanager
def _living_in(settings: Mapping[str, str]) -> Iterator[None]:
    """Make `settings` the process's environment: code that bypasses the Context finds the demo too."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _ending_on_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP unwind the stack, so that the home is deleted; a handler that is there stays."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    replaced_handlers = [
        number
        for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM))
        if signal.getsignal(number) is signal.SIG_DFL
    ]
    for number in replaced_handlers:
        signal.signal(number, _leave)
    try:
        yield
    finally:
        for number in replaced_handlers:
            signal.signal(number, signal.SIG_DFL)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
