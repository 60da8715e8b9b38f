"""aiohttp towards upstreams: one exchange, its bytes, and what may not travel along.

Invariant: credential headers of the client never leave; a provider's key leaves on its own route alone.
Redirects are not followed: a key would follow them.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import Any
from urllib.request import getproxies_environment, proxy_bypass

import aiohttp
from aiohttp.client_proto import ResponseHandler
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from pf_tui.gateway.chain import Route

CREDENTIALS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "x-api-key",
        "api-key",
        "x-goog-api-key",
        "cookie",
        "chatgpt-account-id",
        "openai-organization",
        "openai-project",
    }
)
"""What a client proves itself with: never sent on, unless its own login is passed through."""

_LOGIN = frozenset({"authorization", "chatgpt-account-id"})
"""What an agent's own login consists of; x-api-key may hold our token."""

_OF_THE_HOP = frozenset(
    {
        "host",
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "content-encoding",
        "expect",
        "accept-encoding",
    }
)
_NOT_BACK = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "set-cookie",
        "alt-svc",
        "proxy-authenticate",
    }
)
_DEFAULT_AGENT = "pf-tui"


class Unreachable(Exception):  # noqa: N818 - reads as a sentence: raise Unreachable(...)
    """No answer: refused, reset, or silent for too long."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        """network | timeout, as in rules.failures"""
        self.text = text


class Exchange:
    """One request to an upstream and its answer, decoded where the upstream compressed unasked."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers = response.headers
        encoding = response.headers.get("content-encoding", "").lower()
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding in ("gzip", "deflate") else None
        self.opaque = encoding not in ("", "identity", "gzip", "deflate")
        """Compressed in a way we cannot read: it passes unseen."""

    async def chunk(self) -> bytes:
        """The next piece of the body; b"" at its end. Raises Unreachable when the connection breaks."""
        content = self._response.content
        try:
            while chunk := await content.readany():
                if self._inflate is None:
                    return chunk
                if plain := self._inflate.decompress(chunk):
                    return plain
        except (aiohttp.ClientError, ConnectionError, zlib.error) as error:
            raise Unreachable("network", _words(error)) from error
        return b""

    def arrived(self) -> bytes:
        """What has come of the body and was not read yet; b"" when nothing has. Raises as `chunk`."""
        try:
            data = self._response.content.read_nowait(-1)
            return data if self._inflate is None or not data else self._inflate.decompress(data)
        except (aiohttp.ClientError, ConnectionError, zlib.error) as error:
            raise Unreachable("network", _words(error)) from error

    async def read(self) -> bytes:
        """The whole body. Raises Unreachable when the connection breaks."""
        try:
            body = await self._response.read()
            return self._inflate.decompress(body) if self._inflate is not None else body
        except (aiohttp.ClientError, ConnectionError, zlib.error) as error:
            raise Unreachable("network", _words(error)) from error

    def close(self, *, keep: bool = False) -> None:
        """Give the connection back when its answer was read to the end, else cut it: the upstream stops."""
        if keep:
            self._response.release()
        else:
            self._response.close()

    @property
    def has_come(self) -> bool:
        """Everything has arrived, read or not."""
        return self._response.content.is_eof()

    @property
    def is_whole(self) -> bool:
        """The body has come to its end."""
        return self._response.content.at_eof()


IDLE_S = 1.0
"""A pooled connection that lay idle for less was not closed for that: a reset on it is a failure."""

_fresh: ContextVar[bool] = ContextVar("fresh")
"""The request under way got a new connection."""


class _Protocol(ResponseHandler):
    """aiohttp's, but for one thing: after each piece it reads it resumes what was never paused.

    That is half of the time a stream of 50 events takes in aiohttp (measured, 3.14).
    """

    def resume_reading(self, *args: Any, **rest: Any) -> None:
        if self._reading_paused:
            super().resume_reading(*args, **rest)


class _Connector(aiohttp.TCPConnector):
    """Tells a new connection from one out of the pool, which its host may have closed in this very moment."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._factory: Any = partial(_Protocol, loop=self._loop)

    async def _create_connection(self, *args: Any, **rest: Any) -> Any:
        _fresh.set(True)
        return await super()._create_connection(*args, **rest)


class Transport:
    """The pool of connections to upstreams."""

    def __init__(self, env: Mapping[str, str]) -> None:
        connector = _Connector(limit=0, ttl_dns_cache=300, keepalive_timeout=75)
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            read_bufsize=2**18,
        )
        self._env = env
        self._urls: dict[str, tuple[URL, str | None]] = {}
        self._used_s: dict[str, float] = {}

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

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
        headers = outbound(route, inbound)
        try:
            async with asyncio.timeout(limit_s):
                response = await self._post(route.url, body, headers, connect_s)
        except aiohttp.ConnectionTimeoutError as error:
            raise Unreachable("network", f"no connection within {connect_s:g} s") from error
        except TimeoutError as error:
            raise Unreachable("timeout", f"no answer within {limit_s:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable("network", _words(error)) from error
        return Exchange(response)

    async def _post(
        self, address: str, body: bytes, headers: CIMultiDict[str], connect_s: float
    ) -> aiohttp.ClientResponse:
        """Post; again at once when a connection that lay in the pool turned out to be closed."""
        url, proxy = self._address(address)
        while True:
            _fresh.set(False)
            idle_s = time.monotonic() - self._used_s.get(address, 0.0)
            try:
                self._used_s[address] = time.monotonic()
                return await self._session.post(
                    url,
                    data=body,
                    headers=headers,
                    skip_auto_headers=None if "content-type" in headers else ("Content-Type",),
                    allow_redirects=False,
                    proxy=proxy,
                    timeout=_connect_within(connect_s),
                )
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if _fresh.get() or idle_s < IDLE_S:
                    raise

    def _address(self, url: str) -> tuple[URL, str | None]:
        known = self._urls.get(url)
        if known is None:
            made = URL(url, encoded=True)
            known = self._urls[url] = (made, _proxy_for(made, self._env))
        return known


def outbound(route: Route, inbound: Iterable[tuple[str, str]]) -> CIMultiDict[str]:
    """The headers one upstream gets: the client's, without its credentials, with that provider's own."""
    stays = _stays_with_us if route.credential else _stays_unless_login
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in inbound:
        if not stays(name):
            headers.add(name, value)
    for name, value in route.credential.items():
        if value:
            headers[name] = value
    for name, value in route.headers.items():
        headers[name] = value
    if "user-agent" not in headers:
        headers["user-agent"] = _DEFAULT_AGENT
    headers["accept-encoding"] = "identity"
    return headers


@lru_cache(maxsize=256)
def _stays_with_us(name: str) -> bool:
    lower = name.lower()
    return lower in _OF_THE_HOP or lower in CREDENTIALS or lower.startswith("x-pf-")


@lru_cache(maxsize=256)
def _stays_unless_login(name: str) -> bool:
    return _stays_with_us(name) and name.lower() not in _LOGIN


def passed_back(headers: CIMultiDictProxy[str], *, decoded: bool) -> CIMultiDict[str]:
    """The upstream's headers that the client gets."""
    kept: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        if not _ends_here(name, decoded):
            kept.add(name, value)
    return kept


@lru_cache(maxsize=256)
def _ends_here(name: str, decoded: bool) -> bool:
    lower = name.lower()
    return lower in _NOT_BACK or (decoded and lower == "content-encoding")


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


def _words(error: BaseException) -> str:
    """What broke, without an address that may hold a key."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "its certificate is not valid"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be found"
    if isinstance(error, aiohttp.ClientConnectorError):
        return (error.os_error.strerror or "the connection was refused").lower()
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError | ConnectionError):
        return "the connection broke"
    return f"the exchange failed ({type(error).__name__})"
