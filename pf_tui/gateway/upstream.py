"""Towards upstreams: one exchange, its bytes, and what may not travel along.

Invariant: credential headers of the client never leave; a provider's key leaves on its own route alone.
Redirects are not followed: a key would follow them.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable, Mapping
from functools import lru_cache

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict, CIMultiDictProxy

from pf_tui.gateway.routing import Route
from pf_tui.gateway.wire import Answered, Wire

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
        "http2-settings",
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

    def __init__(self, answered: Answered) -> None:
        self._answered = answered
        self._content = answered.content
        self.status = answered.status
        self.headers = answered.headers
        encoding = answered.headers.get("content-encoding", "").lower()
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding in ("gzip", "deflate") else None
        self.opaque = encoding not in ("", "identity", "gzip", "deflate")
        """Compressed in a way we cannot read: it passes unseen."""

    async def chunk(self) -> bytes:
        """The next piece of the body; b"" at its end. Raises Unreachable when the connection breaks."""
        try:
            while chunk := await self._content.readany():
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
            data = self._content.read_nowait(-1)
            return data if self._inflate is None or not data else self._inflate.decompress(data)
        except (aiohttp.ClientError, ConnectionError, zlib.error) as error:
            raise Unreachable("network", _words(error)) from error

    async def read(self) -> bytes:
        """The whole body. Raises Unreachable when the connection breaks."""
        try:
            body = await self._content.read()
            return self._inflate.decompress(body) if self._inflate is not None else body
        except (aiohttp.ClientError, ConnectionError, zlib.error) as error:
            raise Unreachable("network", _words(error)) from error

    def close(self) -> None:
        """Give the connection back when the whole answer has come, else cut it: the upstream stops."""
        self._answered.close()

    @property
    def has_come(self) -> bool:
        """Everything has arrived, read or not."""
        return self._content.is_eof()

    @property
    def is_whole(self) -> bool:
        """The body has come to its end."""
        return self._content.at_eof()


class Transport:
    """Requests to upstreams over one pool of connections."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._wire = Wire(env)

    async def close(self) -> None:
        """Close every connection."""
        await self._wire.close()

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
        try:
            async with asyncio.timeout(limit_s):
                answered = await self._wire.post(route.url, body, headers, connect_s)
        except aiohttp.ConnectionTimeoutError as error:
            raise Unreachable("network", f"no connection within {connect_s:g} s") from error
        except TimeoutError as error:
            raise Unreachable("timeout", f"no answer within {limit_s:g} s") from error
        except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
            raise Unreachable("network", _words(error)) from error
        return Exchange(answered)


def request_headers(route: Route, inbound: Iterable[tuple[str, str]]) -> CIMultiDict[str]:
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


def response_headers(headers: CIMultiDictProxy[str], *, decoded: bool) -> CIMultiDict[str]:
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


def _words(error: BaseException) -> str:
    """What broke, without an address that may hold a key."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "its certificate is not valid"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be found"
    if isinstance(error, aiohttp.ClientConnectorError):
        return (error.os_error.strerror or "the connection was refused").lower()
    if isinstance(error, HttpProcessingError):
        return "what it sent is no HTTP"
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError | ConnectionError):
        return "the connection broke"
    return f"the exchange failed ({type(error).__name__})"
