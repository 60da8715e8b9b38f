"""Start, stop, status: one gateway for each state directory.

gateway.json is written by the process that serves and removed by it; a file left by a process that died
is taken over. `.gateway.lock` is held while it serves, so two starts at once leave one gateway.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import http.client
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING

from pf_tui.actions.gateway_start import start
from pf_tui.errors import PfError
from pf_tui.gateway import log
from pf_tui.gateway.keys import environment_keys
from pf_tui.rules.own_headers import TOKEN_HEADER
from pf_tui.state import gateway as state
from pf_tui.state.context import Context
from pf_tui.state.gateway import Gateway
from pf_tui.state.single_instance import AlreadyRunning, single_instance

if TYPE_CHECKING:
    from pf_tui.gateway import server

SAY_AGAIN_S = 10.0
"""The same complaint of a library is one line in this time."""

ASK_S = 5.0
"""How long the gateway may take over a question of our own commands."""

MOST_BYTES = 4 * 1024 * 1024
"""Of an answer; another program may listen at a port that was ours."""

STOP_S = 40.0
DRAIN_S = 30.0
LOOK_S = 1.0
"""How often a gateway looks whether its directory is still there."""

HOMELESS_DRAIN_S = 2.0


def run(ctx: Context, port: int | None, announce: Callable[[Gateway], None]) -> int:
    """Serve in this process until a signal.

    Raises:
        PfError: another gateway runs on this state directory, or the port is taken.
    """
    with single_instance(ctx.paths, state.LOCK_NAME) as lock:
        if lock is None:
            raise _already(ctx)
        sys.setswitchinterval(0.001)  # a writer thread must not keep a request waiting for 5 ms
        gc.set_threshold(20_000, 50, 50)  # a request leaves no cycles; the default costs it 5 %
        return _run_loop(_serve(ctx, lock, port, announce))


def ensure(ctx: Context, port: int | None = None) -> tuple[Gateway, str]:
    """A gateway that runs and has this environment's keys, and its token."""
    running = start(ctx, port)
    secret = token(ctx)
    keys = environment_keys(ctx.catalog(), ctx.env)
    if keys:
        control = state.control_token(ctx.paths)
        status, _ = ask(running, control, "POST", "/pf/credentials", {"env": keys})
        if status != 200:
            raise PfError(
                f"the gateway at {running.url} took no keys (HTTP {status})",
                "`pf-tui gateway stop`, then start it again",
            )
    return running, secret


def stop(ctx: Context) -> bool:
    """Stop the gateway when its requests have ended; False when none runs."""
    running = state.read(ctx.paths)
    if running is None:
        return False
    try:
        os.kill(running.pid, signal.SIGTERM)
    except ProcessLookupError:
        return False
    except PermissionError as error:
        raise PfError(
            f"the gateway (process {running.pid}) belongs to another user", "stop it as that user"
        ) from error
    deadline = time.monotonic() + STOP_S
    while time.monotonic() < deadline:
        now = state.read(ctx.paths)
        if now is None or now.pid != running.pid:
            return True
        time.sleep(0.02)
    raise PfError(
        f"the gateway (process {running.pid}) has not stopped within {STOP_S:g} s",
        f"`kill {running.pid}` ends it at once; requests under way are cut",
    )


def token(ctx: Context) -> str:
    """The running gateway's token. Raises PfError when none runs."""
    token = state.token(ctx.paths)
    if token is None:
        raise PfError("no gateway runs", "`pf-tui gateway start`")
    return token


def ask(
    running: Gateway, secret: str, method: str, path: str, content: Mapping[str, object] | None = None
) -> tuple[int, dict[str, object]]:
    """One question to the running gateway. Raises PfError when it does not answer."""
    connection = http.client.HTTPConnection(running.host, running.port, timeout=ASK_S)
    try:
        body = json.dumps(content).encode() if content is not None else None
        connection.request(
            method, path, body=body, headers={TOKEN_HEADER: secret, "content-type": "application/json"}
        )
        response = connection.getresponse()
        answer = json.loads(response.read(MOST_BYTES) or b"{}")
        return response.status, answer if isinstance(answer, dict) else {}
    except (OSError, ValueError, RecursionError, http.client.HTTPException) as error:
        raise PfError(
            f"the gateway at {running.url} does not answer", "`pf-tui gateway stop`, then start it again"
        ) from error
    finally:
        connection.close()


class _OneLine(logging.Handler):
    """What libraries log, as one line without its traceback: that could hold a body."""

    def __init__(self, ctx: Context) -> None:
        super().__init__(logging.WARNING)
        self._paths = ctx.paths
        self._logged_at: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else record.levelname
        line = f"{record.name}: {record.msg} ({kind})"
        if time.monotonic() - self._logged_at.get(line, -SAY_AGAIN_S) >= SAY_AGAIN_S:
            self._logged_at[line] = time.monotonic()
            log.line(self._paths, f"gateway: {record.name}: {record.getMessage()} ({kind})")


async def _serve(
    ctx: Context, already_running: AlreadyRunning, port: int | None, announce: Callable[[Gateway], None]
) -> int:
    from pf_tui.gateway import server, settings, strangers

    strangers.allow_many_files()
    addresses = state.install(ctx.paths)
    own_port = port if port is not None else settings.parse(ctx.config().gateway, ctx.paths.config).port
    sockets = _listen(own_port, addresses.port)
    secret = addresses.token
    gateway = server.Gateway(ctx, secret, state.control_token(ctx.paths))
    gateway.recorder.may_write = already_running.still
    logging.getLogger().addHandler(_OneLine(ctx))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, gateway.stop_event.set)
    await gateway.start(sockets)
    gc.freeze()
    running = Gateway(
        host="127.0.0.1",
        port=sockets[0].getsockname()[1],
        pid=os.getpid(),
        since=gateway.started or ctx.now(),
    )
    state.write(ctx.paths, running, secret)
    state.remember_port(ctx.paths, running.port)
    announce(running)
    log.line(ctx.paths, f"gateway: serves on {running.url}")
    await _until_asked_or_homeless(gateway, already_running)
    log.line(ctx.paths, f"gateway: stops; {len(gateway.requests_in_flight)} requests under way")
    try:
        await gateway.stop(DRAIN_S if already_running.still() else HOMELESS_DRAIN_S)
    finally:
        if already_running.still():  # a file that stays behind means that it died, which brings it back
            state.remove(ctx.paths)
    return 0


async def _until_asked_or_homeless(gateway: server.Gateway, already_running: AlreadyRunning) -> None:
    """Until somebody asks for the stop, or its directory is gone: nobody could find or stop it then."""
    while already_running.still():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(gateway.stop_event.wait(), LOOK_S)
            return


def _listen(port: int | None, last: int) -> list[socket.socket]:
    """On the port asked for; else where the gateway before this one was, else anywhere."""
    from pf_tui.gateway import server

    if port is not None:
        return server.listen(port)
    if last:
        with contextlib.suppress(PfError):
            return server.listen(last)
    return server.listen(0)


def _run_loop(main: Coroutine[object, object, int]) -> int:
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


def _already(ctx: Context) -> PfError:
    running = state.read(ctx.paths)
    where = f" at {running.url} (process {running.pid})" if running else ""
    return PfError(
        f"a gateway already runs on {ctx.paths.home}{where}; nothing was started", "`pf-tui gateway status`"
    )
