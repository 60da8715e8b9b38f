"""Towards upstreams: one request, and its answer read within bounds. aiohttp's public interface alone.

Invariants: redirects are not followed, a key would follow them; a request is sent again only when a pooled
connection broke before any byte of an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from urllib.request import getproxies_environment, proxy_bypass

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from pf_tui.errors import PfError
from pf_tui.gateway.budget import Hold
from pf_tui.gateway.headers import request_headers
from pf_tui.gateway.routing import Route
from pf_tui.json_values import bytes_when_read
from pf_tui.rules import addresses

IDLE_S = 30.0
"""An idle connection older than this is closed, not used: routers forget connections after some minutes,
many hosts after 60 s."""

UNACKNOWLEDGED_S = 15.0
"""Sent bytes that the other machine has not acknowledged for this long: the connection is dead."""

SUSPEND_S = 5.0
"""The wall clock ran ahead of the monotonic one by more: the machine slept, its connections are stale."""

LOOK_S = 0.5
"""How often an answer under way is asked whether its connection is still there."""

READ_BYTES = 2**17
"""Of an answer may wait here for a slow client; aiohttp stops reading at twice that."""

RECEIVE_BYTES = 2**16
"""The system's own buffer. Heads that never end (1xx) are read as fast as they come: 8 MB of them became
405 MB of memory, these become 30 (measured)."""

PIECE_BYTES = 2**18
"""Decompressed at a time."""

DIRECT_BYTES = 2**19
"""A larger request body is sent piece by piece, as fast as the host takes it."""

VALUE_BYTES = 32 * 2**20
"""Of memory that the value of one answer or event may take beyond its own length."""

MOST_TARGETS = 500

_NOT_ADDED = ("Accept", "Content-Type")
"""Headers that aiohttp adds where the client sent none."""


class Unreachable(Exception):  # noqa: N818 - reads as a sentence: raise Unreachable(...)
    """No answer: refused, reset, or silent for too long."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        """network | timeout, as in rules.failures"""
        self.text = text


@contextlib.contextmanager
def reading(raw: bytes | bytearray, hold: Hold) -> Iterator[None]:
    """Look at the value of an answer or event; what it takes is counted meanwhile.

    Raises:
        Unreachable: it takes more than any answer does.
        OverBudget: it takes more than the gateway has left.
    """
    size = bytes_when_read(raw)
    if size > VALUE_BYTES + len(raw):
        raise Unreachable("network", "its answer has more in it than can be read")
    hold.grow(size)
    try:
        yield
    finally:
        hold.shrink(size)


class Exchange:
    """One request to an upstream and its answer, decoded where the upstream compressed unasked."""

    __slots__ = ("_content", "_inflate", "_look", "_pool", "_response", "headers", "opaque", "status")

    def __init__(self, response: aiohttp.ClientResponse, pool: _Pool) -> None:
        self._response = response
        self._pool = pool
        self._content = response.content
        self.status = response.status
        self.headers = response.headers
        encodings = _encodings(response.headers)
        self._inflate = _Inflate() if len(encodings) == 1 and encodings[0] in _INFLATED else None
        self.opaque = bool(encodings) and self._inflate is None
        """Compressed in a way we cannot read: it passes unseen."""
        self._look: asyncio.TimerHandle | None = None
        self._look_again()

    def _look_again(self) -> None:
        """End a wait for more of an answer whose connection is gone.

        aiohttp 3.14 closes it at a chunk that cannot be read, and never tells whoever waits for the body.
        """
        content, connection = self._content, self._response.connection
        if connection is None or content.is_eof() or content.exception() is not None:
            return
        transport = connection.transport
        if transport is None or transport.is_closing():
            content.set_exception(aiohttp.ClientPayloadError("a chunk that cannot be read"))
            return
        self._look = asyncio.get_running_loop().call_later(LOOK_S, self._look_again)

    async def chunk(self) -> bytes:
        """The next piece of the body; b"" at its end. Raises Unreachable when the connection breaks."""
        inflate = self._inflate
        try:
            if inflate is None:
                return await self._content.readany()
            while not (plain := inflate.more()):
                if not (data := await self._content.readany()):
                    return b""
                inflate.feed(data)
            return plain
        except (aiohttp.ClientError, ConnectionError, TimeoutError, zlib.error) as error:
            raise Unreachable("network", _words(error)) from error

    def arrived(self) -> bytes:
        """What has come of the body and was not read yet; b"" when nothing has. Raises as `chunk`."""
        try:
            data = self._content.read_nowait(-1)
            if self._inflate is None or not data:
                return data
            self._inflate.feed(data)
            return self._inflate.more()
        except (aiohttp.ClientError, ConnectionError, zlib.error) as error:
            raise Unreachable("network", _words(error)) from error

    async def read(self, most: int, hold: Hold) -> bytes | bytearray:
        """The whole body.

        Raises:
            Unreachable: the connection broke, or there is more than `most`.
            OverBudget: all answers together are more than the gateway holds.
        """
        first = await self.chunk()
        if not first or self.is_whole:
            return first
        whole = bytearray()
        piece = first
        while piece:
            if len(whole) + len(piece) > most:
                raise Unreachable("network", f"its answer is larger than {most >> 20} MB")
            hold.grow(len(piece))
            whole += piece
            piece = await self.chunk()
        return whole

    async def beginning(self, most: int, limit_s: float) -> bytes:
        """The body's first `most` bytes: what has come of them within `limit_s`, or until it broke."""
        whole = bytearray()
        with contextlib.suppress(TimeoutError, Unreachable):
            async with asyncio.timeout(limit_s):
                while len(whole) < most and (piece := await self.chunk()):
                    whole += piece[: most - len(whole)]
        return bytes(whole)

    def close(self) -> None:
        """Give the connection back when the whole answer has come, else cut it: the upstream stops."""
        if self._content.is_eof():
            self._look_no_more()
            self._response.release()
            self._pool.leave()
        else:
            self.cut()

    def cut(self) -> None:
        """End the connection, whatever has come of the answer."""
        self._look_no_more()
        self._response.close()
        self._pool.leave()

    def _look_no_more(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None

    @property
    def has_come(self) -> bool:
        """Everything has arrived, read or not."""
        return self._content.is_eof()

    @property
    def is_whole(self) -> bool:
        """The body has come to its end."""
        return self._content.at_eof() and (self._inflate is None or self._inflate.is_empty)


_INFLATED = frozenset(("gzip", "x-gzip", "deflate"))


def _encodings(headers: CIMultiDictProxy[str]) -> list[str]:
    """What an answer is packed in, the innermost first, over all headers that say so."""
    if "content-encoding" not in headers:
        return []
    words = ",".join(headers.getall("content-encoding")).lower().split(",")
    return [word for word in map(str.strip, words) if word not in ("", "identity")]


class _Inflate:
    """Decompresses a piece at a time: what a small input may become is not held at once."""

    __slots__ = ("_begun", "_engine", "_rest")

    def __init__(self) -> None:
        self._engine = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._rest = b""
        self._begun = False

    @property
    def is_empty(self) -> bool:
        return not self._rest

    def feed(self, data: bytes) -> None:
        if not self._engine.eof:  # what follows its end is no part of it
            self._rest += data

    def more(self) -> bytes:
        """The next piece; b"" when more input is needed. Raises zlib.error."""
        if not self._rest:
            return b""
        try:
            plain = self._engine.decompress(self._rest, PIECE_BYTES)
        except zlib.error:
            if self._begun:
                raise
            self._engine = zlib.decompressobj(-zlib.MAX_WBITS)  # "deflate" without its envelope
            plain = self._engine.decompress(self._rest, PIECE_BYTES)
        self._begun = True
        self._rest = b"" if self._engine.eof else self._engine.unconsumed_tail
        return plain


class Transport:
    """Requests to upstreams over one pool of connections."""

    def __init__(self, env: Mapping[str, str], *, wall_clock: Callable[[], float] = time.time) -> None:
        """Args: wall: seconds since the epoch; it goes on while the machine sleeps."""
        self._env = env
        self._wall_clock = wall_clock
        self._drift_s = wall_clock() - time.monotonic()
        self._targets: dict[str, _Target] = {}
        self._pool = _Pool()
        self._single = _Pool(force_close=True)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()
        await self._single.close()

    async def open(
        self,
        route: Route,
        body: bytes,
        inbound: Iterable[tuple[str, str]],
        limit_s: float,
        connect_s: float,
    ) -> Exchange:
        """Send one request and wait for the head of its answer.

        Args:
            inbound: the client's headers.
            limit_s: longest wait for the head.
            connect_s: longest wait for the connection: a host that is down is given up long before.
        Raises:
            Unreachable: refused, reset or silent.
        """
        headers = request_headers(route, inbound)
        progress = _Progress()
        _PROGRESS.set(progress)
        asyncio.get_running_loop().call_soon(progress.wait)
        try:
            async with asyncio.timeout(limit_s):
                if route.signer is not None:
                    headers.update(await route.signer.headers(route.url, body))
                try:
                    exchange = await self._post(self._current(), route.url, body, headers, connect_s)
                    if progress.waited or progress.opened:
                        return exchange
                    exchange.cut()  # no answer to this request: it lay there before the request left
                    self._renew()
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                    if progress.opened or not _is_silent(error):
                        raise
                return await self._post(self._single, route.url, body, headers, connect_s)
        except aiohttp.ConnectionTimeoutError as error:
            raise Unreachable("network", f"no connection within {connect_s:g} s") from error
        except TimeoutError as error:
            raise Unreachable("timeout", f"no answer within {limit_s:g} s") from error
        except PfError as error:
            raise Unreachable("network", f"{error.message}; {error.hint}") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unreachable("network", _words(error)) from error

    async def _post(
        self, pool: _Pool, address: str, body: bytes, headers: Mapping[str, str], connect_s: float
    ) -> Exchange:
        target = self._targets.get(address)
        if target is None:
            if len(self._targets) >= MOST_TARGETS:  # a client's query is part of the address
                self._targets.clear()
            target = self._targets[address] = _Target(address, self._env)
        pool.enter()
        try:
            response = await pool.session.post(
                target.url,
                data=body if len(body) <= DIRECT_BYTES else io.BytesIO(body),
                headers=headers,
                skip_auto_headers=None if "accept" in headers and "content-type" in headers else _NOT_ADDED,
                allow_redirects=False,
                proxy=target.proxy,
                timeout=_connect_within(connect_s),
            )
        except BaseException:
            pool.leave()
            raise
        return Exchange(response, pool)

    def _current(self) -> _Pool:
        """The pool; a new one when the machine has slept: what lay idle before is dead, whatever its age."""
        drift_s = self._wall_clock() - time.monotonic()
        if abs(drift_s - self._drift_s) > SUSPEND_S:
            self._drift_s = drift_s
            self._renew()
        return self._pool

    def _renew(self) -> None:
        """Use none of the connections that lie idle now."""
        self._pool.retire()
        self._pool = _Pool()


class _Pool:
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
        self._busy += 1

    def leave(self) -> None:
        self._busy -= 1
        if self._retired and not self._busy:
            self.retire()

    def retire(self) -> None:
        """Take no more requests; those under way go on."""
        self._retired = True
        if not self._busy and self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self.session.close())

    async def close(self) -> None:
        await self.session.close()


class _Progress:
    """What the request under way had to do."""

    __slots__ = ("opened", "waited")

    def __init__(self) -> None:
        self.opened = False
        """It opened a connection."""
        self.waited = False
        """The event loop turned since: an answer that was there before is none to this request."""

    def wait(self) -> None:
        self.waited = True


_PROGRESS: ContextVar[_Progress] = ContextVar("progress")


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
    if (progress := _PROGRESS.get(None)) is not None:
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


class _Target:
    """One address, taken apart once."""

    __slots__ = ("proxy", "url")

    def __init__(self, address: str, env: Mapping[str, str]) -> None:
        self.url = URL(address, encoded=True)
        proxy = _proxy_for(self.url, env)
        self.proxy = URL(proxy) if proxy else None


@lru_cache(maxsize=64)
def _connect_within(limit_s: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=limit_s, ceil_threshold=86_400)


def _proxy_for(url: URL, env: Mapping[str, str]) -> str | None:
    """The person's proxy for that address; none for this machine."""
    host = url.host or ""
    if addresses.is_loopback(host):
        return None
    proxies = {
        name.lower().removesuffix("_proxy"): value
        for name, value in env.items()
        if name.lower().endswith("_proxy") and value
    } or getproxies_environment()
    if proxy_bypass(host):
        return None
    return proxies.get(url.scheme) or proxies.get("all")


def _is_silent(error: aiohttp.ClientError) -> bool:
    """The connection broke before any byte of an answer."""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return isinstance(error.message, str)  # else: what had come of a head
    return not isinstance(error, aiohttp.ClientConnectorError)


def _words(error: BaseException) -> str:
    """What broke, without an address that may hold a key."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "its certificate is not valid"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be found"
    if isinstance(error, aiohttp.ClientConnectorError):
        return (error.os_error.strerror or "the connection was refused").lower()
    if isinstance(error, aiohttp.ClientResponseError):
        return "what it sent is no HTTP"
    if isinstance(error, ValueError):
        return "its address, its key or a header holds what cannot be sent"
    if isinstance(error, aiohttp.ClientError | ConnectionError | TimeoutError):
        return "the connection broke"
    return f"the exchange failed ({type(error).__name__})"
