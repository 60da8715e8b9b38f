"""A streamed answer on its way to the client: held until its first piece, then passed on as it comes.

A handshake is no piece of an answer: until one comes, another provider may still serve. A stream that breaks
after that ends with one clean error of its own protocol.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from multidict import CIMultiDict

from pf_tui.gateway.attempt_failures import FailedAttempt, FailureClassifier, read_error
from pf_tui.gateway.budget import FREE_BYTES, OverBudget
from pf_tui.gateway.exchange import Unreachable, reading
from pf_tui.gateway.held_reply import ClientGone, HeldReply
from pf_tui.gateway.inflight import InFlightRequest
from pf_tui.gateway.settings import Limits
from pf_tui.gateway.sse import BOM, EVENT_BEGINS, EventBuffer, is_page, payload, split_events, stray_text
from pf_tui.gateway.stream_errors import clean_error, cut_event, last_event
from pf_tui.gateway.translation import AnyExchange
from pf_tui.gateway.usage_meter import KEEP_ALIVES, Kind, UsageMeter
from pf_tui.rules import failures
from pf_tui.rules.failures import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol

EVENT_BYTES = 16 * 2**20
"""The largest event of a stream; the longest of a real one are images of some MB."""

FILLER_BYTES = 2**20
"""Of pings and comments that are held before the first event."""

HOLD_FACTOR = 4
"""Keep-alive comments before the first event stretch its limit to this many times."""

GRACE_S = 2.0
"""A stream whose finish reason has come may take this long over its usage and its last event."""

LINGER_S = 0.25
"""After a stream's last event: how long its connection may take to come free for the next request."""


class DeliveredAnswer(NamedTuple):
    """An answer has passed to the client, whole or to where it broke."""

    headers: Mapping[str, str] | None = None
    meter: UsageMeter | None = None
    failure: Failure | None = None
    """It broke after its first event, or said itself that it failed_attempt."""


class StreamedAnswer:
    """One stream of one upstream."""

    def __init__(
        self,
        *,
        provider: str,
        protocol: Protocol,
        in_flight: InFlightRequest,
        reply: HeldReply,
        limits: Limits,
        meter: UsageMeter,
        errors: FailureClassifier,
        began_ms: int,
        good: Callable[[], None],
        head: Callable[[AnyExchange], CIMultiDict[str]],
    ) -> None:
        """Args: as in UpstreamAttempt; head: what the client gets as the answer's headers."""
        self._provider = provider
        self._protocol = protocol
        self._in_flight = in_flight
        self._reply = reply
        self._limits = limits
        self._meter = meter
        self._errors = errors
        self._began_ms = began_ms
        self._good = good
        self._head = head
        self._fillers = 0
        """Bytes of pings and comments that came before the first event."""
        self._opened = False
        """The stream's handshake has come: from there silence is counted, not the wait for a first byte."""
        self._complaint: bytes | None = None
        """An error event in the middle of the stream."""

    async def run(self, exchange: AnyExchange) -> DeliveredAnswer | FailedAttempt:
        """Pass the answer on; a FailedAttempt when nothing of it reached the client."""
        kind = exchange.headers.get("content-type", "")
        if exchange.opaque:
            if self._reply.begun:
                error = Unreachable("network", "it answered in an encoding that was not asked for")
                return self._errors.unreachable(error)
            return await self._unseen(exchange)
        begin = b""
        if kind.partition(";")[0].strip() in ("text/html", "application/json"):
            with contextlib.suppress(TimeoutError, Unreachable):
                begin = await self._begin(exchange)
            if not begin.lstrip().startswith(EVENT_BEGINS):
                return await self._no_stream(exchange, begin)
        events = EventBuffer()
        head = await self._first_content(exchange, events, begin)
        if isinstance(head, FailedAttempt):
            return head
        self._good()
        await self._reply.start(exchange.status, self._head(exchange))
        if self._meter.done and not self._has_hole:  # a short answer, all of it at once
            await self._reply.end(head)
            return await self._ended(exchange)
        self._reply.hold()
        await self._reply.send(head)
        return await self._rest(exchange, events)

    async def _begin(self, exchange: AnyExchange) -> bytes:
        """The first bytes of what is called a page or an object: some proxies call a stream so."""
        async with asyncio.timeout(self._limits.first_byte_s):
            begin = exchange.arrived()
            while len(begin) < FILLER_BYTES and not begin.strip() and (chunk := await exchange.chunk()):
                begin += chunk
        return begin

    async def _no_stream(self, exchange: AnyExchange, begin: bytes) -> FailedAttempt:
        body = begin + await read_error(exchange, self._limits)
        if self._meter.take(body) == Kind.ERROR:
            return self._errors.in_band(exchange, body)
        return self._errors.nonsense(exchange, body)

    async def _first_content(
        self, exchange: AnyExchange, events: EventBuffer, begin: bytes
    ) -> bytes | FailedAttempt:
        """Everything up to the first piece of the answer; a FailedAttempt when there is none.

        Args:
            begin: what was read of the stream before.
        """
        head = bytearray()  # not a list: a megabyte of empty events is a quarter of a million objects
        limits, is_open = self._limits, False
        try:
            content = self._good_from(exchange, events.feed(begin + exchange.arrived()), head)
            if content is not None:
                return content  # head and first piece came together: no timer is needed
            self._reply.hold()
            loop = asyncio.get_running_loop()
            spent_s = (self._in_flight.elapsed_ms() - self._began_ms) / 1000
            latest_s = loop.time() + limits.first_byte_s * HOLD_FACTOR
            async with asyncio.timeout(max(0.05, limits.first_byte_s - spent_s)) as limit:
                while True:
                    if self._opened and not is_open:  # once: what follows may not keep a dead stream alive
                        is_open = True
                        limit.reschedule(loop.time() + limits.stall_s)
                    if not (data := await exchange.chunk()):
                        break
                    content = self._good_from(exchange, events.feed(data), head)
                    if content is not None:
                        return content
                    self._bound(events, len(head))
                    if not is_open:
                        limit.reschedule(min(loop.time() + limits.first_byte_s, latest_s))
        except Unreachable as error:
            return self._errors.unreachable(error)
        except TimeoutError:
            text = f"no first event within {limits.first_byte_s:g} s"
            if is_open:
                text = f"nothing of an answer within {limits.stall_s:g} s of its first event"
            return self._errors.unreachable(Unreachable("timeout", text))
        rest = events.flush()
        if is_page(head or rest):
            return self._errors.nonsense(exchange, head or rest)
        if rest:
            content = self._good_from(exchange, rest + b"\n\n", head)
            if content is not None:
                return content
        if self._meter.finished or self._meter.odd is not None:
            return self._errors.empty(exchange, self._meter.odd or b"")
        if words := stray_text(head):
            return self._errors.odd(exchange, words)
        when = "before its answer began" if self._opened else "before its first event"
        return self._errors.unreachable(Unreachable("network", f"the stream ended {when}"))

    def _good_from(
        self, exchange: AnyExchange, whole: bytes, head: bytearray
    ) -> bytes | FailedAttempt | None:
        """What may pass, from the first piece of the answer on; None while there is none, for `head`."""
        if not head and whole.startswith(BOM):
            whole = whole[len(BOM) :]
        if len(whole) <= FREE_BYTES and (at_once := self._meter.open_at_once(whole)) is not None:
            self._in_flight.note_first_byte(self._began_ms)
            head += self._passes(*at_once)
            return bytes(head)
        end = 0
        for event in split_events(whole):
            end += len(event)
            if len(event) <= FREE_BYTES:
                meaning = self._meter.look(event)
            else:
                with reading(event, self._in_flight.hold):
                    meaning = self._meter.look(event)
            if meaning == Kind.ERROR:
                return self._errors.in_band(exchange, b"".join([head, event, whole[end:]]), event)
            if meaning == Kind.GARBAGE:
                if payload(event) not in KEEP_ALIVES:
                    return self._errors.odd(exchange, payload(event) or event)
                meaning = Kind.FILLER
            else:
                head += event
            self._fillers += len(event)
            if (
                self._fillers > (FILLER_BYTES if meaning == Kind.FILLER else EVENT_BYTES)
                and meaning != Kind.GOOD
            ):
                raise Unreachable("network", f"{self._fillers >> 20} MB of its stream held no answer")
            if meaning == Kind.GOOD:
                self._in_flight.note_first_byte(self._began_ms)
                head += self._sifted(whole[end:])
                return bytes(head)
            if meaning == Kind.OPENING:
                self._opened = True
                if self._meter.done:
                    return self._errors.empty(exchange, self._meter.odd or b"")
        return None

    async def _rest(self, exchange: AnyExchange, events: EventBuffer) -> DeliveredAnswer:
        """Let the stream pass to its end."""
        meter, reply, loop = self._meter, self._reply, asyncio.get_running_loop()
        stall_s = self._limits.stall_s
        broke: Failure | None = None
        try:
            async with asyncio.timeout(GRACE_S if meter.finished else stall_s) as limit:
                marked_s = loop.time()
                while not (meter.done or self._has_hole):
                    data = await exchange.chunk()
                    if not data:
                        rest = self._sifted(events.flush()) if events.waiting else b""
                        if rest and meter.finished:
                            await reply.send(rest + b"\n\n")
                        break
                    out = self._sifted(events.feed(data))
                    if len(out) + events.waiting > FREE_BYTES or self._in_flight.hold.waiting:
                        self._bound(events, len(out))
                    if meter.done and not self._has_hole:
                        await reply.end(out)
                        return await self._ended(exchange)
                    if out:
                        await reply.send(out)
                    now_s = loop.time()
                    if meter.finished or (meter.moved and now_s - marked_s > 1.0):
                        marked_s, meter.moved = now_s, False
                        limit.reschedule(now_s + (GRACE_S if meter.finished else stall_s))
        except Unreachable as error:
            broke = failures.transport(error.kind, self._errors.clock(), error.text)
        except TimeoutError:
            broke = failures.transport("timeout", self._errors.clock(), f"silent for {stall_s:g} s")
        except OverBudget:
            broke = failures.transport("network", self._errors.clock(), "the gateway holds too much at once")
        if self._complaint is not None:
            failed_attempt = self._errors.in_band(exchange, self._complaint, self._complaint)
            failure = failed_attempt.failure
            asks_again = failure.failover and failure.scope is not None
            await reply.end(clean_error(self._protocol, self._complaint, asks_again=asks_again))
            return DeliveredAnswer(headers=exchange.headers, meter=meter, failure=failure)
        if meter.broken:
            broke = failures.transport(
                "network", self._errors.clock(), "a piece of its answer was unreadable"
            )
        if meter.broken or not meter.finished:
            broke = broke or failures.transport("network", self._errors.clock(), "the stream was cut")
            sentence = f"pf-tui: the stream from {self._provider} broke ({broke.message}); ask again"
            await reply.send(cut_event(self._protocol, sentence))
            await reply.end()
            return DeliveredAnswer(headers=exchange.headers, meter=meter, failure=broke)
        await reply.end(b"" if meter.done else last_event(self._protocol))
        return await self._ended(exchange)

    async def _ended(self, exchange: AnyExchange) -> DeliveredAnswer:
        """The whole answer has passed."""
        if not exchange.is_whole and self._meter.done:
            await _drain(exchange)
        return DeliveredAnswer(headers=exchange.headers, meter=self._meter)

    async def _unseen(self, exchange: AnyExchange) -> DeliveredAnswer | FailedAttempt:
        """Compressed in a way we cannot read: it passes as it is."""
        try:
            async with asyncio.timeout(self._limits.first_byte_s):
                data = await exchange.chunk()
        except Unreachable as error:
            return self._errors.unreachable(error)
        except TimeoutError:
            return self._errors.unreachable(Unreachable("timeout", "no first byte of its answer"))
        if not data:
            return self._errors.nonsense(exchange, data)
        self._good()
        self._in_flight.note_first_byte(self._began_ms)
        await self._reply.start(exchange.status, self._head(exchange))
        try:
            while data:
                await self._reply.send(data)
                async with asyncio.timeout(self._limits.stall_s):
                    data = await exchange.chunk()
        except Unreachable as error:
            broke = failures.transport(error.kind, self._errors.clock(), error.text)
            raise ClientGone(broke.message) from error
        except TimeoutError as error:
            raise ClientGone(f"silent for {self._limits.stall_s:g} s") from error
        await self._reply.end()
        return DeliveredAnswer(headers=exchange.headers, meter=self._meter)

    def _bound(self, events: EventBuffer, beside: int) -> None:
        """Count what waits for its event's end, and so many bytes `beside` it that wait for the client.

        Raises Unreachable for too long an event, and OverBudget.
        """
        if events.waiting > EVENT_BYTES:
            raise Unreachable("network", f"an event of its stream is larger than {EVENT_BYTES >> 20} MB")
        waiting = events.waiting + beside
        self._in_flight.hold.wait(waiting if waiting > FREE_BYTES else 0)

    @property
    def _has_hole(self) -> bool:
        """What follows must not pass: an error came, or a piece of the answer is missing."""
        return self._complaint is not None or self._meter.broken

    def _sifted(self, whole: bytes) -> bytes:
        """The events without those that no client can read; an error among them is the last."""
        if not whole:
            return b""
        if len(whole) <= FREE_BYTES:
            return self._passes(*self._meter.filter_events(whole))
        with reading(whole, self._in_flight.hold):
            return self._passes(*self._meter.filter_events(whole))

    def _passes(self, good: bytes, complaint: bytes | None) -> bytes:
        """What may pass; the error that follows it is kept."""
        if complaint is not None:
            self._complaint = self._errors.masked(complaint)
        return good


async def _drain(exchange: AnyExchange) -> None:
    """Read what follows the last event, so that the connection can be used again."""
    try:
        async with asyncio.timeout(LINGER_S):
            while await exchange.chunk():
                pass
    except (TimeoutError, Unreachable):
        return
