"""One attempt: send the request to one upstream, judge its answer, and let a good one pass.

Invariant: nothing of an answer passes before it is known to be one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from multidict import CIMultiDict

from pf_tui.catalog.meanings import Meanings
from pf_tui.gateway import own_responses
from pf_tui.gateway.attempt_failures import (
    FailedAttempt,
    FailureClassifier,
    masked_headers,
    read_error,
)
from pf_tui.gateway.body import Request
from pf_tui.gateway.budget import FREE_BYTES
from pf_tui.gateway.exchange import Unreachable, reading
from pf_tui.gateway.headers import response_headers, route_mask
from pf_tui.gateway.held_reply import HeldReply, Reply
from pf_tui.gateway.inflight import InFlightRequest
from pf_tui.gateway.routing import Route
from pf_tui.gateway.settings import Limits
from pf_tui.gateway.streamed_answer import DeliveredAnswer, StreamedAnswer
from pf_tui.gateway.translation import AnyExchange, Translation
from pf_tui.gateway.upstream import Transport
from pf_tui.gateway.usage_meter import Kind, UsageMeter
from pf_tui.rules.failures import Rule
from pf_tui.rules.masking import ValueMask
from pf_tui.translate.failures import classify, error_body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol

_EMPTY = (204, 205)
"""Good statuses without a body: no answer to a prompt."""


class UpstreamAttempt:
    """One attempt at one route."""

    def __init__(
        self,
        request: Request,
        route: Route,
        in_flight: InFlightRequest,
        reply: HeldReply,
        limits: Limits,
        *,
        head: Callable[[Mapping[str, str]], Mapping[str, str]],
        good: Callable[[], None],
        secrets: Callable[[Route], ValueMask],
    ) -> None:
        """Args: head: what to add to an answer's head; good: told once the answer is known to be good."""
        self._request = request
        self._route = route
        self._in_flight = in_flight
        self._reply = reply
        self._limits = limits
        self._head = head
        self._good = good
        self._secrets = secrets
        self._meter = UsageMeter()
        self._headers: Mapping[str, str] | None = None
        self.began_ms = in_flight.elapsed_ms()
        """When it was sent, since the client asked."""

    async def run(
        self,
        transport: Transport,
        body: bytes,
        inbound: Iterable[tuple[str, str]],
        *,
        meanings: Meanings,
        rules: Sequence[Rule],
        clock: Callable[[], datetime],
        translation: Translation | None = None,
    ) -> DeliveredAnswer | FailedAttempt:
        """Send the request and see it through.

        Args:
            meanings: what providers' answers mean.
            rules: the person's own reading of answers.
            clock: aware UTC.
            translation: set where the upstream takes another form of the request.
        Raises:
            ClientGone: the client has left; the upstream's request is cancelled.
        """
        self._errors = FailureClassifier(self._route, self._request, meanings, rules, clock, self._secrets)
        self._in_flight.meter = self._meter
        limits, stream = self._limits, self._request.stream
        try:
            exchange: AnyExchange = await transport.open(
                self._route,
                body,
                inbound if translation is None else translation.headers(inbound),
                limits.first_byte_s if stream else limits.answer_s,
                limits.connect_s,
            )
        except Unreachable as error:
            return self._errors.unreachable(error)
        if translation is not None:
            exchange = translation.wrap(exchange, self._in_flight.hold)  # type: ignore[arg-type]
        try:
            self._headers = exchange.headers
            if not 200 <= exchange.status < 300 or exchange.status in _EMPTY:
                return await self._bad(exchange)
            return await (self._streamed(exchange) if stream else self._whole(exchange))
        finally:
            exchange.close()

    def delivered_before_leaving(self) -> DeliveredAnswer:
        """What is known when the client left."""
        return DeliveredAnswer(headers=self._headers, meter=self._meter)

    async def _bad(self, exchange: AnyExchange) -> FailedAttempt:
        if exchange.status < 400:  # 101, 204, a redirect: no answer, whatever it carries
            return self._errors.nonsense(exchange, b"")
        body = await read_error(exchange, self._limits)
        return self._errors.answered(exchange, body)

    async def _whole(self, exchange: AnyExchange) -> DeliveredAnswer | FailedAttempt:
        """An answer that is no stream: all of it, checked to be one."""
        try:
            if exchange.has_come:
                body = await self._read(exchange)
            else:
                async with asyncio.timeout(self._limits.stall_s):
                    body = await self._read(exchange)
        except Unreachable as error:
            return self._errors.unreachable(error)
        except TimeoutError:
            return self._errors.unreachable(Unreachable("timeout", "it stopped in the middle of its answer"))
        self._in_flight.note_first_byte(self.began_ms)
        if not body or not exchange.opaque:
            try:
                kind = self._kind_of(body)
            except Unreachable as error:
                return self._errors.unreachable(error)
            if kind == Kind.GARBAGE:
                return self._errors.nonsense(exchange, body)
            if kind == Kind.ERROR:
                return self._errors.in_band(exchange, body)
            if kind == Kind.OPENING and not self._request.counting:
                return self._errors.empty(exchange, body)
        self._good()
        headers = self._passed_back(exchange)
        await self._reply.whole(exchange.status, headers, body)
        return DeliveredAnswer(headers=exchange.headers, meter=self._meter)

    def _kind_of(self, body: bytes | bytearray) -> int:
        """What a whole answer is. Raises Unreachable and OverBudget."""
        if len(body) <= FREE_BYTES:
            return self._meter.take(body)
        with reading(body, self._in_flight.hold):
            return self._meter.take(body)

    async def _read(self, exchange: AnyExchange) -> bytes | bytearray:
        return await exchange.read(self._limits.answer_bytes, self._in_flight.hold)

    async def _streamed(self, exchange: AnyExchange) -> DeliveredAnswer | FailedAttempt:
        answer = StreamedAnswer(
            provider=self._route.provider,
            protocol=self._request.protocol,
            in_flight=self._in_flight,
            reply=self._reply,
            limits=self._limits,
            meter=self._meter,
            errors=self._errors,
            began_ms=self.began_ms,
            good=self._good,
            head=self._passed_back,
        )
        return await answer.run(exchange)

    def _passed_back(self, exchange: AnyExchange) -> CIMultiDict[str]:
        headers = response_headers(exchange.headers, decoded=not exchange.opaque)
        headers = masked_headers(route_mask(self._route), headers)
        headers.update(self._head(exchange.headers))
        return headers


async def forward(
    reply: Reply, failed_attempt: FailedAttempt, extra_headers: Mapping[str, str], protocol: Protocol
) -> None:
    """Hand an upstream's own error on; one of ours where it said nothing that an agent can read."""
    failure, provider = failed_attempt.failure, failed_attempt.route.provider
    if failure.kind == "server" and failed_attempt.status is not None and failed_attempt.status < 400:
        answer = own_responses.no_answer(protocol, provider, failure.message)
        await reply.whole(answer.status, {**answer.headers, **extra_headers}, answer.body)
        return
    if failed_attempt.status is None or failed_attempt.headers is None:
        silent = failure.kind == "timeout"
        answer = own_responses.unreachable(protocol, provider, failure.message, silent=silent)
        await reply.whole(answer.status, {**answer.headers, **extra_headers}, answer.body)
        return
    if failed_attempt.status < 400:
        answer = own_responses.in_words(protocol, failure.kind, failure.message)
        await reply.whole(answer.status, {**answer.headers, **extra_headers}, answer.body)
        return
    headers = response_headers(CIMultiDict(failed_attempt.headers), decoded=True)
    for name, value in extra_headers.items():
        headers[name] = value
    body = own_shape(protocol, failed_attempt)
    if body is not failed_attempt.body:
        headers["content-type"] = "application/json"
    await reply.whole(failed_attempt.status, headers, body)


def own_shape(protocol: Protocol, failed_attempt: FailedAttempt) -> bytes:
    """An upstream's error as the client's own vendor would send it: the same words, where it had another."""
    body, status = failed_attempt.body, failed_attempt.status
    answered = f"pf-tui: {failed_attempt.route.provider} answered {status}"
    if not body:
        return own_responses.error_body(protocol, "api_error", f"{answered} with no readable body")
    try:
        content: object = json.loads(body)
    except (ValueError, RecursionError):
        content = body.decode("utf-8", "replace").strip()
    if own_responses.is_error_of(protocol, content):
        return body
    if isinstance(content, str) and content.startswith("<"):
        content = f"{answered} with a web page"
    return error_body(protocol, classify(status, content))[1]
