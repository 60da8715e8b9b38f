"""One exchange with an upstream: its answer, read piece by piece and within bounds.

Invariants: what a small compressed answer may become is never held at once; an error names no address,
which may hold a key.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import zlib
from collections.abc import Iterator

import aiohttp
from msgspec import DecodeError, Raw
from msgspec.json import decode as json_decode
from multidict import CIMultiDictProxy

from pf_tui.gateway.budget import Reservation
from pf_tui.gateway.connections import Pool
from pf_tui.json_values import bytes_when_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import FailureKind

LOOK_S = 0.5
"""How often an answer under way is asked whether its connection is still there."""

END_S = 0.5
"""How long the end of a body may take whose object is whole."""

OBJECT_BYTES = 2**16
"""A longer body is not looked at for its object's end."""

CHUNK_BYTES = 2**18
"""Decompressed at a time."""

VALUE_BYTES = 32 * 2**20
"""Of memory that the value of one answer or event may take beyond its own length."""


class Unreachable(Exception):  # noqa: N818 - reads as a sentence: raise Unreachable(...)
    """No answer: refused, reset, or silent for too long."""

    def __init__(self, kind: FailureKind, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        """network or timeout"""
        self.text = text


@contextlib.contextmanager
def reading(raw: bytes | bytearray, hold: Reservation) -> Iterator[None]:
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

    def __init__(self, response: aiohttp.ClientResponse, pool: Pool) -> None:
        self._response = response
        self._pool = pool
        self._content = response.content
        self.status = response.status
        self.headers = response.headers
        encodings = _encodings(response.headers)
        self._inflate = _Inflate() if len(encodings) == 1 and encodings[0] in _INFLATED else None
        self.opaque = bool(encodings) and self._inflate is None
        """Compressed in a way we cannot read: it passes unseen."""
        self._look: asyncio.Handle | None = None
        self._look_again()

    def _look_again(self) -> None:
        """End a wait for more of an answer whose connection is gone.

        aiohttp 3.14 closes it at a chunk that cannot be read, and never tells whoever waits for the body.
        """
        content, connection = self._content, self._response.connection
        if connection is None or content.is_eof() or content.exception() is not None:
            return
        transport = connection.transport
        loop = asyncio.get_running_loop()
        if transport is None or transport.is_closing():
            self._look = loop.call_soon(
                self._end_wait
            )  # what ends with its connection is told of its end first
            return
        self._look = loop.call_later(LOOK_S, self._look_again)

    def _end_wait(self) -> None:
        if not self._content.is_eof() and self._content.exception() is None:
            self._content.set_exception(aiohttp.ClientPayloadError("a chunk that cannot be read"))

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
            raise Unreachable("network", what_broke(error)) from error

    def arrived(self) -> bytes:
        """What has come of the body and was not read yet; b"" when nothing has. Raises as `chunk`."""
        try:
            data = self._content.read_nowait(-1)
            if self._inflate is None or not data:
                return data
            self._inflate.feed(data)
            return self._inflate.more()
        except (aiohttp.ClientError, ConnectionError, zlib.error) as error:
            raise Unreachable("network", what_broke(error)) from error

    async def read(self, most: int, hold: Reservation) -> bytes | bytearray:
        """The whole body.

        Raises:
            Unreachable: the connection broke, or there is more than `most`.
            OverBudget: all answers together are more than the gateway holds.
        """
        first = await self.chunk()
        if not first or self.is_whole:
            return first
        whole = bytearray()
        chunk = first
        while chunk:
            if len(whole) + len(chunk) > most:
                raise Unreachable("network", f"its answer is larger than {most >> 20} MB")
            hold.grow(len(chunk))
            whole += chunk
            chunk = await self.chunk()
        return whole

    async def beginning(self, most: int, limit_s: float) -> bytes:
        """The body's first `most` bytes: what has come of them within `limit_s`, or until it broke.

        An object that is whole is not waited on for long, whatever length its head named.
        """
        whole = bytearray()
        with contextlib.suppress(TimeoutError, Unreachable):
            async with asyncio.timeout(limit_s) as limit:
                while len(whole) < most and (chunk := await self.chunk()):
                    whole += chunk[: most - len(whole)]
                    if _is_object(whole):
                        soon_s = asyncio.get_running_loop().time() + END_S
                        limit.reschedule(min(soon_s, limit.when() or soon_s))
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


def _is_object(body: bytearray) -> bool:
    """The body is one whole JSON object."""
    if len(body) > OBJECT_BYTES or not body.rstrip().endswith(b"}"):
        return False
    try:
        json_decode(body, type=Raw)
    except (DecodeError, RecursionError):
        return False
    return True


def _encodings(headers: CIMultiDictProxy[str]) -> list[str]:
    """What an answer is packed in, the innermost first, over all headers that say so."""
    if "content-encoding" not in headers:
        return []
    words = ",".join(headers.getall("content-encoding")).lower().split(",")
    return [word for word in map(str.strip, words) if word not in ("", "identity")]


_INFLATED = frozenset(("gzip", "x-gzip", "deflate"))


class _Inflate:
    """Decompresses a piece at a time: what a small input may become is not held at once."""

    __slots__ = ("_engine", "_follows", "_is_gzip", "_is_over", "_rest")

    def __init__(self) -> None:
        self._engine: zlib._Decompress | None = None
        self._rest = b""
        self._is_gzip = False
        self._follows = False
        """A whole member was there: gzip may have several."""
        self._is_over = False

    @property
    def is_empty(self) -> bool:
        return not self._rest

    def feed(self, data: bytes) -> None:
        if not self._is_over:  # what follows its end is no part of it
            self._rest += data

    def more(self) -> bytes:
        """The next piece; b"" when more input is needed. Raises zlib.error."""
        while self._rest:
            engine = self._engine or self._member()
            if engine is None:
                return b""
            plain = engine.decompress(self._rest, CHUNK_BYTES)
            self._rest = engine.unconsumed_tail
            if engine.eof:
                self._rest, self._is_over = engine.unused_data if self._is_gzip else b"", not self._is_gzip
                self._engine, self._follows = None, True
            if plain:
                return plain
        return b""

    def _member(self) -> zlib._Decompress | None:
        """What unpacks the rest, by its first two bytes; None while they have not come, or begin nothing."""
        first = self._rest[:2]
        if len(first) < 2:
            return None
        self._is_gzip = first == b"\x1f\x8b"
        if self._follows and not self._is_gzip:
            self._rest, self._is_over = b"", True
            return None
        is_wrapped = self._is_gzip or (first[0] & 15 == 8 and int.from_bytes(first) % 31 == 0)
        # "deflate" may come without its envelope
        self._engine = zlib.decompressobj(zlib.MAX_WBITS | 32 if is_wrapped else -zlib.MAX_WBITS)
        return self._engine


def what_broke(error: BaseException) -> str:
    """What broke, without an address that may hold a key."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "its certificate is not valid"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be found"
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno  # its own words name the address
        return os.strerror(number).lower() if number else "the connection was refused"
    if isinstance(error, aiohttp.ClientResponseError):
        return "what it sent is no HTTP"
    if isinstance(error, ValueError):
        return "its address, its key or a header holds what cannot be sent"
    if isinstance(error, aiohttp.ClientError | ConnectionError | TimeoutError):
        return "the connection broke"
    return f"the exchange failed ({type(error).__name__})"
