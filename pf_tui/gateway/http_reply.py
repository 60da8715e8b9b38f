"""The client's side as aiohttp has it: a request's body, read within bounds, and an answer on its way."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import HttpVersion11, web
from multidict import CIMultiDict

from pf_tui.gateway.budget import Reservation
from pf_tui.gateway.held_reply import ClientGone

MAX_BODY_BYTES = 48 * 1024 * 1024
"""Vendors take 32 MB; what is larger than this is no conversation."""

WHOLE_BYTES = 2**18
"""A larger answer leaves piece by piece, as fast as the client takes it."""


async def body_of(request: web.BaseRequest, hold: Reservation) -> bytes | None:
    """The whole body; None when it is larger than we take. Raises OverBudget."""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        return None
    first = await request.content.readany()
    if request.content.at_eof():
        return first
    chunks, size = [first], len(first)
    hold.grow(size)
    while chunk := await request.content.readany():
        chunks.append(chunk)
        size += len(chunk)
        hold.grow(len(chunk))
        if size > MAX_BODY_BYTES:
            return None
    return b"".join(chunks)


class HttpReply:
    """An answer on its way to an aiohttp client."""

    __slots__ = ("_request", "response")

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request
        self.response: web.StreamResponse | None = None

    async def whole(self, status: int, headers: Mapping[str, str], body: bytes | bytearray) -> None:
        """Answer in one go, a large body in parts. Raises ClientGone."""
        if len(body) > WHOLE_BYTES:
            await self.start(status, CIMultiDict(headers, **{"content-length": str(len(body))}))
            view = memoryview(body)
            for start in range(0, len(body), WHOLE_BYTES):
                await self.send(bytes(view[start : start + WHOLE_BYTES]))
            await self.end()
            return
        self.response = web.Response(status=status, headers=headers, body=body)

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Begin a streamed answer. Raises ClientGone."""
        if self._request.version < HttpVersion11 or "content-length" in headers:
            self.response = web.StreamResponse(status=status, headers=headers)
        else:  # its head waits for the first piece, so that both leave in one packet
            self.response = web.Response(status=status, headers=headers)
            self.response.enable_chunked_encoding()
        try:
            await self.response.prepare(self._request)
        except ConnectionError as error:
            raise ClientGone from error

    async def send(self, data: bytes) -> None:
        """Send the next bytes. Raises ClientGone."""
        assert self.response is not None  # noqa: S101 - start comes first
        try:
            await self.response.write(data)
        except ConnectionError as error:
            raise ClientGone from error

    async def end(self, last: bytes = b"") -> None:
        """Send the last bytes and end the answer. Raises ClientGone."""
        response = self.response
        assert response is not None  # noqa: S101 - start comes first
        try:
            if isinstance(response, web.Response):
                response.body = last
                last = b""
            await response.write_eof(last)
        except ConnectionError as error:
            raise ClientGone from error
