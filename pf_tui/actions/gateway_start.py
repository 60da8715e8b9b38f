"""A gateway started in the background, by whoever needs one: hooks and verbs know no room above them.

Subprocesses and sockets are imported when they are needed: most hooks start nothing.
"""

from __future__ import annotations

import sys

from pf_tui import snapshot
from pf_tui.clients import CLIENTS
from pf_tui.errors import PfError
from pf_tui.integrations import apply
from pf_tui.state import files
from pf_tui.state import gateway as state
from pf_tui.state.context import Context
from pf_tui.state.gateway import Gateway

START_S = 10.0
"""How long a start in the background may take before it counts as failed."""

ANSWER_S = 1.0
"""How long a gateway on this machine may take to answer a request for nothing."""


def bring_up(ctx: Context, provider: str | None = None, *, limit_s: float | None = None) -> str | None:
    """Start the gateway where an agent needs it to reach who serves; why that failed, in a sentence.

    Nothing is started under the state lock: the gateway takes it while it starts.

    Args:
        provider: who is about to serve; None = the active one.
    """
    if not ctx.config().leads_to_gateway or state.read(ctx.paths) is not None:
        return None
    if files.is_locked_here(ctx.paths):
        return None
    now = snapshot.take(ctx, keep_going=True)
    if now.paused or not any(_needs_it(ctx, view, provider, now) for view in now.agents):
        return None
    try:
        start(ctx, limit_s=limit_s)
    except PfError as error:
        return error.message
    return None


def start(ctx: Context, port: int | None = None, limit_s: float | None = None) -> Gateway:
    """Start one in the background, or return the one that runs.

    Raises:
        PfError: it did not come up; the reason is its own.
    """
    if (running := state.read(ctx.paths)) is not None:
        return running
    import subprocess
    import time

    from pf_tui.state import detached

    limit_s = START_S if limit_s is None else limit_s
    files.make_home(ctx.paths)
    words = [sys.executable, "-P", "-m", "pf_tui.gateway"]
    if port is not None:
        words += ["--port", str(port)]
    process = detached.start(words, cwd="/", env=ctx.env, errors=subprocess.PIPE)
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if (running := state.read(ctx.paths)) is not None and answers(running):
            return running
        if process.poll() is not None and not state.is_served(ctx.paths):
            break  # where another start was faster, its gateway is the one
        time.sleep(0.01)
    output = b""
    if process.poll() is not None and process.stderr is not None:
        output = process.stderr.read()
    else:
        process.terminate()
    reason = output.decode("utf-8", "replace").strip().splitlines()
    raise PfError(
        f"the gateway did not start: {reason[-1] if reason else f'no answer within {limit_s:g} s'}",
        f"`pf-tui gateway run` shows what it says; {ctx.paths.log} what it noted",
    )


def answers(running: Gateway) -> bool:
    """It serves: a request for nothing is answered."""
    import http.client

    connection = http.client.HTTPConnection(running.host, running.port, timeout=ANSWER_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _needs_it(ctx: Context, view: snapshot.AgentView, provider: str | None, now: snapshot.Snapshot) -> bool:
    """The agent reaches who serves, or is about to, through the gateway alone."""
    due = provider or (view.due.provider if view.due else now.active.provider if now.active else None)
    if due is None or not CLIENTS[view.agent].led_by_settings:
        return False
    return apply.needs_gateway(ctx, view.agent, now.catalog.provider(due))
