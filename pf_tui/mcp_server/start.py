"""Starts the server: on stdin and stdout, or over HTTP on this machine with a token."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Mapping

from pf_tui.errors import PfError, StateFileUnusable, WrongUsage
from pf_tui.rules.addresses import LOOPBACK, is_loopback
from pf_tui.state import files
from pf_tui.state.clock import to_text
from pf_tui.state.context import Context
from pf_tui.state.single_instance import single_instance
from pf_tui.visible import visible

LOCK_NAME = ".mcp.lock"
"""Held by the process that serves HTTP."""

MOST_LOGGED = 300
"""Characters of a line that a package logs."""

PORT = 3847
"""The original plugin's port."""


def address(host: str | None, port: int | None, env: Mapping[str, str]) -> tuple[str, int]:
    """Host and port: the options, else MCP_HOST and MCP_PORT, else 127.0.0.1:3847.

    Raises:
        WrongUsage: not this machine, or no port number.
    """
    host_name = host or env.get("MCP_HOST") or LOOPBACK[0]
    if not is_loopback(host_name):  # it can switch providers, so nobody else may reach it
        raise WrongUsage(
            f"the MCP server listens on this machine only, not on '{host_name}'",
            f"use one of {', '.join(LOOPBACK)}",
        )
    text = str(port) if port is not None else env.get("MCP_PORT") or str(PORT)
    if not text.isdecimal() or int(text) > 65_535:
        raise WrongUsage(f"'{text}' is no port number", "MCP_PORT and --port take 0 to 65535")
    return host_name, int(text)


class OneLine(logging.Handler):
    """What packages log, as text in one line: it quotes headers and messages that are not ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one message to stderr."""
        sentence = visible(record.getMessage()[:MOST_LOGGED])
        print(f"pf-tui mcp: {sentence}", file=sys.stderr)


def _log_in_lines() -> None:
    logging.basicConfig(level=logging.WARNING, handlers=[OneLine()], force=True)


def run_stdio(ctx: Context) -> int:
    """Serve one agent until it closes stdin."""
    import anyio

    _log_in_lines()

    async def serve() -> None:
        from mcp.server.stdio import stdio_server

        from pf_tui.mcp_server.server import ServerState

        server_state = ServerState(ctx)
        async with anyio.create_task_group() as tasks, stdio_server() as (incoming, outgoing):
            tasks.start_soon(server_state.watch)
            await server_state.server.run(
                incoming, outgoing, server_state.server.create_initialization_options()
            )
            tasks.cancel_scope.cancel()

    anyio.run(serve)
    return 0


def run_http(ctx: Context, host: str, port: int, announce: Callable[[str], None]) -> int:
    """Serve HTTP until a signal; mcp.json says where and with which token while it runs.

    Args:
        announce: is told the address once it listens.
    Raises:
        PfError: another one serves this state directory, or the port belongs to another process.
    """
    with single_instance(ctx.paths, LOCK_NAME) as lock:
        if lock is None:
            raise _already(ctx)
        return _run_http(ctx, host, port, announce)


def _already(ctx: Context) -> PfError:
    """One serves any number of agents; a second would take mcp.json, and with it the first one's clients."""
    try:
        content = files.read_json(ctx.paths.mcp) or {}
    except StateFileUnusable:
        content = {}
    pid, where = content.get("pid"), content.get("url")
    if not isinstance(pid, int) or not isinstance(where, str):
        return PfError("an MCP server is starting on this state directory; nothing was started", "try again")
    return PfError(
        f"an MCP server already runs at {where} (process {pid}); nothing was started",
        f"any number of agents may use it; `kill {pid}` ends it",
    )


def _run_http(ctx: Context, host: str, port: int, announce: Callable[[str], None]) -> int:
    import uvicorn

    from pf_tui.mcp_server import http
    from pf_tui.mcp_server.server import ServerState

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            """Announce when signals are handled: one that comes earlier would find half a server."""
            await super().startup(sockets)
            announce(url(host, bound))

    _log_in_lines()
    listener = _listen(host, port)
    bound = listener.getsockname()[1]
    token = secrets.token_urlsafe(32)
    _write(ctx, host, bound, token)
    # uvicorn hands a signal on when it has shut down; the default for TERM would skip the clean-up
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app = http.app(ServerState(ctx), token, bound)
        config = uvicorn.Config(
            app,
            http="h11",  # it says what target a request has; httptools keeps the path alone
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
        )
        Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        return 0
    finally:
        listener.close()
        _remove(ctx)
    return 0


def url(host: str, port: int) -> str:
    """Where a client connects."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/mcp"


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1" if host == "localhost" else host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PfError(
            f"port {port} on {host} belongs to another process; nothing was started",
            f"`pf-tui mcp --http --port {port + 1}`",
        ) from error
    return listener


def _write(ctx: Context, host: str, port: int, token: str) -> None:
    content = {
        "pid": os.getpid(),
        "port": port,
        "since": to_text(ctx.now()),
        "token": token,
        "url": url(host, port),
    }
    with files.locked(ctx.paths):
        files.write_json(ctx.paths.mcp, content)


def _remove(ctx: Context) -> None:
    """Remove mcp.json if it is still about this process."""
    with files.locked(ctx.paths):
        try:
            content = files.read_json(ctx.paths.mcp) or {}
        except StateFileUnusable:
            return
        if content.get("pid") == os.getpid():
            ctx.paths.mcp.unlink(missing_ok=True)
