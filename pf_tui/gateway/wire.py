"""aiohttp's connections and its parser, without its session: one POST, and the head of its answer.

`ClientSession.post` does cookies, redirects, traces and bodies of every kind, of which a gateway has none;
that costs 60 µs and one more turn of the loop per request (measured, aiohttp 3.14, Python 3.11). The pool,
TLS, proxies, and all reading of HTTP are aiohttp's own here too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any
from urllib.request import getproxies_environment, proxy_bypass

import aiohttp
from aiohttp.client_proto import ResponseHandler
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

IDLE_S = 1.0
"""A pooled connection that lay idle for less was not closed for that: a reset on it is a failure."""

READ_BYTES = 2**18
"""What of an answer may wait here for a slow client."""

JOIN_BYTES = 2**16
"""A body up to this size is copied behind its head, so that both leave at once."""

MOST_TARGETS = 500


class Answered:
    """An answer whose head has come."""

    __slots__ = ("_connection", "content", "headers", "status")

    def __init__(self, connection: Any, message: Any, content: aiohttp.StreamReader) -> None:
        self._connection = connection
        self.status: int = message.code
        self.headers: CIMultiDictProxy[str] = message.headers
        self.content = content

    def close(self) -> None:
        """Give the connection back when all of the answer has come, else cut it: the upstream stops."""
        transport = self._connection.transport
        if self.content.is_eof() and (transport is None or not transport.get_write_buffer_size()):
            if (protocol := self._connection.protocol) is not None:  # closed before
                protocol.lies_idle()
            self._connection.release()
        else:
            _cut(self._connection)


class Wire:
    """The pool of connections to upstreams."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._connector = _Connector(limit=0, ttl_dns_cache=300, keepalive_timeout=75)
        self._env = env
        self._targets: dict[str, _Target] = {}

    async def close(self) -> None:
        """Close every connection."""
        await self._connector.close()

    async def post(self, address: str, body: bytes, headers: CIMultiDict[str], connect_s: float) -> Answered:
        """Send one request; again at once when a connection that lay in the pool turns out to be closed.

        Raises:
            aiohttp.ClientError, OSError: what aiohttp's own session raises.
        """
        target = self._targets.get(address)
        if target is None:
            if len(self._targets) >= MOST_TARGETS:  # a client's query is part of the address
                self._targets.clear()
            target = self._targets[address] = _Target(address, self._env)
        while True:
            connection = await self._connected(target, connect_s)
            idle_s = connection.protocol.idle_s()
            try:
                return await _asked(connection, target, headers, body)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if idle_s is None or idle_s < IDLE_S:
                    raise

    async def _connected(self, target: _Target, connect_s: float) -> Any:
        """A connection out of the pool, or a new one."""
        try:
            return await self._connector.connect(target.request, [], _connect_within(connect_s))
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError(f"no connection within {connect_s:g} s") from error


async def _asked(connection: Any, target: _Target, headers: CIMultiDict[str], body: bytes) -> Answered:
    """Send a request over a connection, and wait for the head of its answer; a failure cuts it."""
    protocol, transport = connection.protocol, connection.transport
    try:
        if protocol is None or transport is None or transport.is_closing():
            raise aiohttp.ServerDisconnectedError
        protocol.set_response_params(read_until_eof=True, auto_decompress=False, read_bufsize=READ_BYTES)
        head = target.head(headers, len(body))  # the pool has only now worked out a proxy's login
        if len(body) <= JOIN_BYTES:
            transport.write(head + body)
        else:
            transport.writelines((head, body))
        while True:
            message, content = await protocol.read()
            if message.code >= 200 or message.code == 101:
                return Answered(connection, message, content)
    except BaseException:
        _cut(connection)
        raise


def _cut(connection: Any) -> None:
    """End a connection; what of the request has not left yet never does."""
    transport = connection.transport
    if transport is not None and transport.get_write_buffer_size():
        transport.abort()
    connection.close()


class _Target:
    """One address: how its requests begin, and aiohttp's idea of it, for the pool, TLS and the proxy."""

    def __init__(self, address: str, env: Mapping[str, str]) -> None:
        url = URL(address, encoded=True)
        proxy = _proxy_for(url, env)
        self.request = aiohttp.ClientRequest(
            "POST", url, proxy=URL(proxy) if proxy else None, loop=asyncio.get_running_loop()
        )
        plain_proxy = proxy is not None and not self.request.is_ssl()
        path = str(url) if plain_proxy else url.raw_path_qs
        self._line = f"POST {path} HTTP/1.1\r\n"
        self._host = f"Host: {url.host_port_subcomponent}\r\n"
        self._plain_proxy = plain_proxy

    def head(self, headers: CIMultiDict[str], size: int) -> bytes:
        """The head of a request, its bytes as they came. Raises ClientError for a line break in a header."""
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        if "host" not in headers:  # a person may set it for their provider
            lines.insert(0, self._host)
        if self._plain_proxy and (login := self.request.headers.get("Proxy-Authorization")):
            lines.append(f"Proxy-Authorization: {login}\r\n")
        text = f"{self._line}{''.join(lines)}Content-Length: {size}\r\n\r\n"
        if not text.count("\n") == text.count("\r") == len(lines) + 3:
            raise aiohttp.ClientError("a header holds a line break")
        return text.encode("utf-8", "surrogateescape")


class _Protocol(ResponseHandler):
    """aiohttp's, but for one thing: after each piece it reads it resumes what was never paused.

    That is a quarter of what a stream of 50 events costs in aiohttp (measured, 3.14).
    """

    _idle_since_s: float | None = None

    def lies_idle(self) -> None:
        """It goes back into the pool, where its host may close it at any moment."""
        self._idle_since_s = time.monotonic()

    def idle_s(self) -> float | None:
        """How long it lay in the pool; None: it is new."""
        return None if self._idle_since_s is None else time.monotonic() - self._idle_since_s

    def resume_reading(self, *args: Any, **rest: Any) -> None:
        if self._reading_paused:
            super().resume_reading(*args, **rest)


class _Connector(aiohttp.TCPConnector):
    """aiohttp's pool, of our kind of connections."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._factory: Any = partial(_Protocol, loop=self._loop)


@lru_cache(maxsize=64)
def _connect_within(limit_s: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, sock_connect=limit_s)


def _proxy_for(url: URL, env: Mapping[str, str]) -> str | None:
    """The person's proxy for that address; none for this machine."""
    host = url.host or ""
    if host in ("localhost", "127.0.0.1", "::1"):
        return None
    proxies = {
        name.lower().removesuffix("_proxy"): value
        for name, value in env.items()
        if name.lower().endswith("_proxy") and value
    } or getproxies_environment()
    if proxy_bypass(host):
        return None
    return proxies.get(url.scheme) or proxies.get("all")
