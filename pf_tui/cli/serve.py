"""`pf-tui serve`: the dashboard in a browser on this machine, through textual-serve (an optional extra).

Whoever reaches the page can switch providers. So it listens on the loopback address alone, answers no page
of another site (a browser lets any site talk to 127.0.0.1, and only Host and Origin tell), and asks for a
token: every user of this machine reaches its loopback. The token is in the address that is printed; a cookie
takes its place, so that it stays in no history. A browser sends that to every port of 127.0.0.1, another
user's among them: it counts for the user alone who opened the address.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import shlex
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

import click

from pf_tui import called
from pf_tui.cli import diagnostics
from pf_tui.cli.grammar import word
from pf_tui.errors import PfError
from pf_tui.rules.addresses import is_own_request
from pf_tui.state import peers
from pf_tui.state.context import Context

if TYPE_CHECKING:
    from aiohttp import web

HOST = "127.0.0.1"
PORT = 8300
HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Of every page. To a browser another port of 127.0.0.1 is the same site, whose pages could frame this
one and lay their own buttons over it."""

COOKIE = "pf-tui-serve"


@word("serve")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, help=f"{PORT} by default.")
@click.pass_obj
def serve(ctx: Context, port: int) -> None:
    """Listens on this machine only. Press Ctrl+C to stop."""
    try:
        from textual_serve.server import Server  # type: ignore[import-not-found, unused-ignore] # an extra
    except ImportError as error:
        raise PfError(
            "the browser view needs the package textual-serve, which is not installed",
            f"`{called.install_extra('serve')}` brings it",
        ) from error

    class GuardedServer(Server):  # type: ignore[misc, unused-ignore]
        """textual-serve's server, for this machine's own pages only."""

        async def _make_app(self) -> object:
            app = await super()._make_app()
            app.middlewares.append(own_pages_only)
            app.middlewares.append(token_required(token))
            return app

    logging.getLogger("aiohttp.server").disabled = True  # a traceback for whatever is no HTTP
    _check_free(port)
    token = secrets.token_urlsafe(32)
    command = shlex.join([sys.executable, "-P", "-m", "pf_tui", "--dir", str(ctx.cwd)])
    diagnostics.note(f"the dashboard is on http://{HOST}:{port}/?token={token}; ctrl+c ends it")
    GuardedServer(command, host=HOST, port=port, title="pf-tui").serve()


async def own_pages_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what a page of another site, or a name that was made to point here, asks for."""
    from aiohttp import web

    headers = request.headers
    hosts, origins = headers.getall("Host", ()), headers.getall("Origin", ())
    own = is_own_request(hosts, origins, request.raw_path, _port(request))
    if not own or _is_part_of_another_page(headers):
        raise web.HTTPForbidden(text="pf-tui serves its own page on this machine only\n")
    answer = await handler(request)
    if not answer.prepared:
        answer.headers.update(HEADERS)
    return answer


def _is_part_of_another_page(headers: Mapping[str, str]) -> bool:
    """A frame, a picture or a script of a page that is not ours; a link that is followed is none."""
    site, purpose = headers.get("Sec-Fetch-Site", "none"), headers.get("Sec-Fetch-Dest", "document")
    return site not in ("none", "same-origin") and purpose != "document"


def token_required(token: str) -> Callable[..., Awaitable[web.StreamResponse]]:
    """A middleware that answers those who opened the printed address, and nobody else."""
    own_secret = secrets.token_bytes(32)

    def pass_of(request: web.Request) -> str:
        return hmac.new(own_secret, repr(_user(request)).encode(), "sha256").hexdigest()

    async def guard(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        from aiohttp import web

        name = f"{COOKIE}-{_port(request)}"
        if _same(request.query.get("token", ""), token):
            answer = web.HTTPSeeOther(request.path)
            answer.set_cookie(name, pass_of(request), httponly=True, samesite="Strict")
            answer.headers["Referrer-Policy"] = "no-referrer"
            raise answer
        if _same(request.cookies.get(name, ""), pass_of(request)):
            return await handler(request)
        raise web.HTTPForbidden(text="open the whole address that `pf-tui serve` printed\n")

    guard.__middleware_version__ = 1  # type: ignore[attr-defined] # what aiohttp's decorator sets
    return guard


def _same(header: str, origin: str) -> bool:
    return hmac.compare_digest(header.encode("utf-8", "replace"), origin.encode())


own_pages_only.__middleware_version__ = 1  # type: ignore[attr-defined] # what aiohttp's decorator sets


def _port(request: web.Request) -> int:
    """The one this request came in on."""
    address = request.get_extra_info("sockname")
    return int(address[1]) if address else 0


def _user(request: web.Request) -> int | None:
    """Whose browser asks; None where the system does not say."""
    peer, own = request.get_extra_info("peername"), request.get_extra_info("sockname")
    return peers.user_of(peer, own) if peer and own and len(peer) == 2 else None


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
