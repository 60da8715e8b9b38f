"""Connections to upstreams: how long an idle one is used, and how a dead one is noticed.

Invariant: requests under way end on the pool they began on, whatever pool new ones use.
"""

from __future__ import annotations

import asyncio
import socket
from contextvars import ContextVar

import aiohttp

IDLE_S = 30.0
"""An idle connection older than this is closed, not used: routers forget connections after some minutes,
many hosts after 60 s."""

UNACKNOWLEDGED_S = 15.0
"""Sent bytes that the other machine has not acknowledged for this long: the connection is dead."""

READ_BYTES = 2**17
"""Of an answer may wait here for a slow client; aiohttp stops reading at twice that."""

RECEIVE_BYTES = 2**16
"""The system's own buffer. Heads that never end (1xx) are read as fast as they come: 8 MB of them became
405 MB of memory, these become 30 (measured)."""


class Pool:
    """One session and its connections; a retired one closes when its last exchange has ended."""

    __slots__ = ("_busy", "_closing", "_retired", "session")

    def __init__(self, *, force_close: bool = False) -> None:
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,
                ttl_dns_cache=300,
                socket_factory=_socket,
                **({"force_close": True} if force_close else {"keepalive_timeout": IDLE_S}),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            read_bufsize=READ_BYTES,
        )
        self._busy = 0
        self._retired = False
        self._closing: asyncio.Task[None] | None = None

    def enter(self) -> None:
        """A request uses it from now on."""
        self._busy += 1

    def leave(self) -> None:
        """A request is done; a retired pool closes with its last."""
        self._busy -= 1
        if self._retired and not self._busy:
            self.retire()

    def retire(self) -> None:
        """Take no more requests; those under way go on."""
        self._retired = True
        if not self._busy and self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self.session.close())

    async def close(self) -> None:
        """Close every connection at once."""
        await self.session.close()


class Progress:
    """What the request under way had to do."""

    __slots__ = ("opened", "waited")

    def __init__(self) -> None:
        self.opened = False
        """It opened a connection."""
        self.waited = False
        """The event loop turned since: an answer that was there before is none to this request."""

    def wait(self) -> None:
        """The event loop turns: called by it."""
        self.waited = True


PROGRESS: ContextVar[Progress] = ContextVar("progress")


def _socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """A socket for a new connection, that finds out by itself that the other end is gone."""
    family, kind, protocol = address[:3]
    connection = socket.socket(family, kind, protocol)
    connection.setblocking(False)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    for name, value in _KEEPALIVE:
        if (option := getattr(socket, name, None)) is not None:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
    if (progress := PROGRESS.get(None)) is not None:
        progress.opened = True
    return connection


_KEEPALIVE = (
    ("TCP_KEEPIDLE", 15),
    ("TCP_KEEPALIVE", 15),  # macOS's name for it
    ("TCP_KEEPINTVL", 5),
    ("TCP_KEEPCNT", 2),
    ("TCP_USER_TIMEOUT", int(UNACKNOWLEDGED_S * 1000)),
)
"""Seconds, but for the last: milliseconds."""
