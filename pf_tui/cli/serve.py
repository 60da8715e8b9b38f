"""`pf-tui serve`: the dashboard in a browser on this machine, through textual-serve (an optional extra)."""

from __future__ import annotations

import shlex
import socket
import sys

import click

from pf_tui.cli import diagnostics
from pf_tui.cli.grammar import word
from pf_tui.errors import PfError
from pf_tui.state.context import Context

HOST = "127.0.0.1"
"""Never another: whoever reaches the page can switch providers."""

PORT = 8300


@word("serve")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, help=f"{PORT} if not said.")
@click.pass_obj
def serve(ctx: Context, port: int) -> None:
    """Only this machine can open it; ctrl+c ends it."""
    try:
        from textual_serve.server import Server  # type: ignore[import-not-found, unused-ignore] # an extra
    except ImportError as error:
        raise PfError(
            "the browser view needs the package textual-serve, which is not installed",
            "install pf-tui with its extra: `pip install 'pf-tui[serve]'`",
        ) from error
    _check_free(port)
    command = shlex.join([sys.executable, "-m", "pf_tui", "--dir", str(ctx.cwd)])
    diagnostics.note(f"the dashboard is on http://{HOST}:{port}; ctrl+c ends it")
    Server(command, host=HOST, port=port, title="pf-tui").serve()


def _check_free(port: int) -> None:
    """Say it before a server fails on it with many lines."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PfError(
                f"port {port} on {HOST} belongs to another process; nothing was started",
                f"`pf-tui serve --port {port + 1 if port < 65535 else port - 1}`",
            ) from error
