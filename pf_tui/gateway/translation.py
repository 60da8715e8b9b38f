"""A request whose provider speaks another protocol, or another dialect of it, and its answer on the way back.

The rest of the gateway sees the client's protocol alone: `TranslatedExchange` has the surface of
`upstream.Exchange`, and its bytes are what the client would have got from its own vendor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from secrets import token_hex

from multidict import CIMultiDict

from pf_tui import translate
from pf_tui.gateway.body import Request
from pf_tui.gateway.budget import FREE_BYTES, Reservation
from pf_tui.gateway.exchange import Exchange, Unreachable, reading
from pf_tui.gateway.routing import Route
from pf_tui.gateway.sse import is_page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.translate.answer_stream import Stream
    from pf_tui.translate.relay import Relay

_ID_PREFIX = {"anthropic-messages": "msg_", "openai-chat": "chatcmpl-", "openai-responses": "resp_"}

_VENDOR_HEADERS = ("anthropic-", "openai-", "x-openai-", "x-stainless-", "x-codex-", "x-claude-", "x-app")
_VENDOR_NAMES = frozenset({"originator", "session_id", "session-id", "thread-id", "conversation_id"})
_LITE = "x-openai-internal-codex-responses-lite"
"""With it OpenAI takes fewer kinds of tools than a rewritten request may hold."""

WAITING_BYTES = 4 * 2**20
"""What of a stream may wait for the end of its event while it is translated."""

KEPT_BYTES = 16 * 2**20
"""What of a stream may be kept for its end, as `translate` counts it: at most four million letters."""

ANTHROPIC_VERSION = "2023-06-01"


class Translation:
    """One request as one route takes it.

    body: what is sent.
    only_hosted: the request lives of a tool that this provider does not run itself.
    notes: what could not be carried over.
    """

    def __init__(
        self, request: Request, route: Route, raw: bytes, store: translate.ReasoningStore, now_s: int
    ) -> None:
        """Args:
            raw: the client's body.
            now_s: epoch seconds.
        Raises:
            WrongUsage: the body is no request of the client's protocol.
        """
        assert route.dialect is not None  # noqa: S101 - a route without a dialect passes byte by byte
        self._request, self._dialect, self._now_s = request, route.dialect, now_s
        self._message_id = _ID_PREFIX[request.protocol] + token_hex(12)
        self.exchange = translate.Exchange(
            raw,
            request.protocol,
            route.dialect,
            store=store,
            session=request.session,
            window=route.context or None,
        )
        self.body: bytes = self.exchange.body
        self.only_hosted: bool = self.exchange.only_hosted

    @property
    def notes(self) -> tuple[translate.Note, ...]:
        """What could not be carried over."""
        return self.exchange.notes

    def headers(self, inbound: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """The client's headers as the provider may see them."""
        same = self._request.protocol == self._dialect.protocol
        for name, value in inbound:
            lower = name.lower()
            if lower == "anthropic-beta" and same:
                if betas := translate.betas(value, self._dialect):
                    yield name, betas
            elif lower == _LITE or (not same and _is_vendors(lower)):
                continue
            else:
                yield name, value
        if not same and self._dialect.protocol == "anthropic-messages":
            yield "anthropic-version", ANTHROPIC_VERSION

    def wrap(self, exchange: Exchange, hold: Reservation) -> TranslatedExchange:
        """The provider's answer, for the client. Args: hold: counts what is kept of it."""
        return TranslatedExchange(exchange, self, hold, stream=self._request.stream)

    def events(self) -> Stream | Relay:
        """What turns the provider's stream into the client's."""
        return translate.events(self.exchange, message_id=self._message_id, created=self._now_s)

    def answer(self, raw: bytes | bytearray) -> translate.WholeAnswer:
        """A whole good answer of the provider, for the client."""
        return self.exchange.answer(raw, message_id=self._message_id, created=self._now_s)

    def error(self, status: int, raw: bytes, resets_at: int | None) -> tuple[int, bytes]:
        """An error answer of the provider, in the client's protocol and wording."""
        return self.exchange.error(status, raw, resets_at=resets_at)


class TranslatedExchange:
    """An upstream's answer in the client's protocol; errors by status keep the provider's own words."""

    def __init__(self, inner: Exchange, translation: Translation, hold: Reservation, *, stream: bool) -> None:
        self._inner = inner
        self._hold = hold
        self._translation = translation
        self.status = inner.status
        self.opaque = False
        self.is_good = 200 <= inner.status < 300
        kind = inner.headers.get("content-type", "")
        streams = self.is_good and stream and not kind.startswith("application/json")
        self._events = translation.events() if streams else None
        headers: CIMultiDict[str] = CIMultiDict(inner.headers)
        if self.is_good:
            headers["content-type"] = "text/event-stream" if self._events is not None else "application/json"
        self.headers = headers
        self._finished = False

    async def chunk(self) -> bytes:
        """The next bytes for the client; b"" at the end. Raises Unreachable and OverBudget."""
        if self._events is None:
            return await self._inner.chunk()
        while not self._finished:
            data = await self._inner.chunk()
            if out := self._fed(data):
                return out
        return b""

    def arrived(self) -> bytes:
        """What has come already. Raises Unreachable and OverBudget."""
        data = self._inner.arrived()
        return data if self._events is None or not data else self._fed(data)

    async def read(self, most: int, hold: Reservation) -> bytes | bytearray:
        """All of it: a good answer as the client has it, an error as the provider wrote it.

        Raises Unreachable and OverBudget, as `Exchange.read`.
        """
        if self._inner.opaque:
            raise Unreachable("network", "it answered in an encoding that was not asked for")
        body = await self._inner.read(most, hold)
        if not self.is_good or is_page(body):
            return body
        if len(body) <= FREE_BYTES:
            whole = self._translation.answer(bytes(body))
        else:
            with reading(body, hold):
                whole = self._translation.answer(body)
        self.status = whole.status
        return whole.body

    async def beginning(self, most: int, limit_s: float) -> bytes:
        """As `Exchange.beginning`; nothing of what cannot be read."""
        return b"" if self._inner.opaque else await self._inner.beginning(most, limit_s)

    def _fed(self, data: bytes) -> bytes:
        if self._inner.opaque:
            raise Unreachable("network", "it answered in an encoding that was not asked for")
        if not data:
            self._finished = True
            return self._events.finish() if self._events is not None else b""
        if self._events is None:
            return data
        if not self._begun and data.strip():
            self._begun = True
            if is_page(data):  # it passes as it is, for what it is
                self._events = None
                return data
        out = self._events.feed(data)
        self._waiting = 0 if out else self._waiting + len(data)
        if self._waiting > WAITING_BYTES:
            raise Unreachable("network", f"{WAITING_BYTES >> 20} MB of its stream held no event")
        memory_bytes = self._events.memory_bytes + self._waiting
        if memory_bytes > self._counted + FREE_BYTES or memory_bytes < self._counted:
            if memory_bytes > KEPT_BYTES:
                raise Unreachable("network", "its stream is longer than any answer")
            self._hold.grow(memory_bytes - self._counted)
            self._counted = memory_bytes
        return out

    _begun = False
    """Something of the answer has come."""
    _waiting = 0
    """Bytes that came since the last event."""
    _counted = 0
    """Bytes that the budget knows of."""

    def close(self) -> None:
        """As `Exchange.close`."""
        self._inner.close()

    def cut(self) -> None:
        """As `Exchange.cut`."""
        self._inner.cut()

    @property
    def has_come(self) -> bool:
        """Everything has arrived, read or not."""
        return self._inner.has_come

    @property
    def is_whole(self) -> bool:
        """The body has come to its end."""
        return self._inner.is_whole


AnyExchange = Exchange | TranslatedExchange
"""An upstream's answer, translated or not."""


def _is_vendors(name: str) -> bool:
    return name in _VENDOR_NAMES or name.startswith(_VENDOR_HEADERS)
