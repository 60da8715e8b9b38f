"""Connections that have not shown the gateway's token yet: so many are kept, then the oldest is cut.

Every user and page of this machine can open them, send half a head or nothing, and hold them: without a bound
they take every descriptor, and no agent is answered any more.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

MOST = 1000
"""More than agents open at once; with a head of 64 KB under way on each it is 64 MB."""

SHARE = 4
"""Of the descriptors this process may have, one in so many."""

ENOUGH_FILES = 65_536


class DoorServer(web.Server):
    """aiohttp's server; whoever has not shown the token gives way to the next one who has not."""

    def __init__(self, handler: Handler, **settings: object) -> None:
        super().__init__(handler, **settings)  # type: ignore[arg-type] # its own keyword arguments
        self._strangers: dict[RequestHandler, asyncio.Transport] = {}
        self._most = min(MOST, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // SHARE)

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Somebody is at the door."""
        super().connection_made(handler, transport)
        self._strangers[handler] = transport
        if len(self._strangers) > self._most:
            self._strangers.pop(next(iter(self._strangers))).abort()

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """Somebody has left."""
        self._strangers.pop(handler, None)
        super().connection_lost(handler, exc)

    def let_in(self, handler: RequestHandler) -> None:
        """This connection has shown the token: it stays as long as it likes."""
        self._strangers.pop(handler, None)


def allow_many_files() -> None:
    """Let this process have as many descriptors as it may: most systems give 1024 to begin with."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowance = ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(ENOUGH_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < allowance:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowance, hard))
