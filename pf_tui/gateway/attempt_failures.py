"""What a failed attempt means: the upstream's answer in, a class with its evidence out.

Invariant: what an upstream said is handed on word for word, but for credentials in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from multidict import CIMultiDict

from pf_tui.catalog.meanings import Meanings
from pf_tui.gateway.body import Request
from pf_tui.gateway.exchange import Unreachable
from pf_tui.gateway.routing import Route
from pf_tui.gateway.settings import Limits
from pf_tui.gateway.sse import is_page, payload
from pf_tui.gateway.translation import AnyExchange
from pf_tui.gateway.usage_meter import UsageMeter
from pf_tui.records import record, replace
from pf_tui.rules import failures
from pf_tui.rules.failures import Failure, Rule
from pf_tui.rules.masking import MASK, ValueMask, clean
from pf_tui.rules.quoting import CODE_CHARS, sentence_to_keep

ERROR_BYTES = 64 * 1024
"""Of an error body that rules look at."""

KEPT_BYTES = 2**20
"""Of an error body that is handed on."""

ERROR_S = 10.0
"""How long a failed answer's body may take: its status is known."""

_SIZES = re.compile(
    r"(\d{4,})\s*(?:tokens?)?\s*>\s*(\d{4,})|(?:maximum|limit)\D{1,40}?(\d{4,})", re.IGNORECASE
)


@record
class FailedAttempt:
    """An upstream failed before anything of it passed."""

    route: Route
    failure: Failure
    status: int | None = None
    headers: Mapping[str, str] | None = None
    body: bytes = b""
    """Its own words; a credential in them is masked."""
    meter: UsageMeter | None = None
    window: int | None = None
    """After "too long": the window it named."""


async def read_error(exchange: AnyExchange, limits: Limits) -> bytes:
    """A failed answer's body: as much of it as is handed on, and as comes in time."""
    return await exchange.beginning(KEPT_BYTES, min(ERROR_S, limits.stall_s))


class FailureClassifier:
    """Says what a failed answer means. What is kept holds no credential and nothing of the prompt."""

    def __init__(
        self,
        route: Route,
        request: Request,
        meanings: Meanings,
        rules: Sequence[Rule],
        clock: Callable[[], datetime],
        secrets: Callable[[Route], ValueMask],
    ) -> None:
        """Args: secrets: masks every credential in use, and those on this request."""
        self._route = route
        self._request = request
        self._meanings = meanings
        self._rules = rules
        self.clock = clock
        self._secrets = secrets

    def answered(self, exchange: AnyExchange, body: bytes) -> FailedAttempt:
        """A failing status."""
        failed_attempt = self._failed(exchange, exchange.status, b"" if exchange.opaque else body, None)
        if failed_attempt.failure.kind in ("auth", "account") and not self._route.credential:
            # the agent's own login: it renews it by itself when it hears this
            own = replace(failed_attempt.failure, failover=False, scope=None, forever=False)
            return replace(failed_attempt, failure=own)
        return failed_attempt

    def in_band(
        self, exchange: AnyExchange, body: bytes | bytearray, event: bytes | None = None
    ) -> FailedAttempt:
        """A 200 whose content is an error."""
        return self._failed(exchange, None, body, event)

    def masked(self, event: bytes) -> bytes:
        """An error event without the credentials it may repeat; without words where it hides one in them."""
        return _quotable(self._secrets(self._route), event) or b"data: {}\n\n"

    def nonsense(self, exchange: AnyExchange, body: bytes | bytearray) -> FailedAttempt:
        """A status or a content that is no answer: a page of a proxy, broken JSON, nothing at all."""
        kind = clean(exchange.headers.get("content-type", "no content type").partition(";")[0], CODE_CHARS)
        page = kind == "text/html" or is_page(body)
        what = "text/html, the login page of a network or a proxy's" if page else f"{kind} that is no answer"
        text = _shown(self._secrets(self._route), f"answered {exchange.status} with {what}")
        failure = failures.nonsense(exchange.status, text, self.clock(), is_page=page)
        return FailedAttempt(route=self._route, failure=failure, status=exchange.status)

    def odd(self, exchange: AnyExchange, text: bytes | bytearray) -> FailedAttempt:
        """Content of no known shape: an error in somebody's own words, or no answer at all."""
        if not is_page(text):  # a page says anything
            failed_attempt = self.in_band(exchange, text)
            if failed_attempt.failure.kind != "server":
                return failed_attempt
        return self.nonsense(exchange, text)

    def empty(self, exchange: AnyExchange, odd: bytes | bytearray) -> FailedAttempt:
        """A 200 that ends without an answer.

        Args:
            odd: what it held of no known shape: perhaps an error in a vendor's own words.
        """
        event = bytes(odd) if b"data:" in odd else None
        if odd.strip():
            failed_attempt = self.in_band(exchange, odd, event)
            if failed_attempt.failure.meaning is not None:
                return failed_attempt
        failure = failures.nonsense(exchange.status, "its answer was empty", self.clock())
        return FailedAttempt(
            route=self._route, failure=failure, status=exchange.status, headers=exchange.headers
        )

    def unreachable(self, error: Unreachable) -> FailedAttempt:
        """No answer at all."""
        return FailedAttempt(
            route=self._route, failure=failures.transport(error.kind, self.clock(), error.text)
        )

    def _failed(
        self, exchange: AnyExchange, status: int | None, body: bytes | bytearray, event: bytes | None
    ) -> FailedAttempt:
        mask = self._secrets(self._route)
        evidence = _quotable(mask, bytes(body[:KEPT_BYTES]))
        headers = masked_headers(mask, exchange.headers)
        data = evidence if event is None else _quotable(mask, payload(event))
        text = data[:ERROR_BYTES].decode("utf-8", "replace")
        failure = failures.classify(
            status=status,
            headers=headers,
            body=text,
            now=self.clock(),
            meanings=self._meanings,
            rules=self._rules,
            model=self._route.model,
        )
        return FailedAttempt(
            route=self._route,
            failure=self._without_prompt(failure, text),
            status=exchange.status,
            headers=headers,
            body=evidence,
            window=_window_in(text) if failure.kind == "context" else None,
        )

    def _without_prompt(self, failure: Failure, body: str) -> Failure:
        """The failure with a sentence that may be kept for months."""
        sentence = sentence_to_keep(failure.message, self._request.raw, body)
        evidence = {name: value for name, value in failure.evidence.items() if name != "text"}
        if sentence:
            evidence["text"] = sentence
        return replace(failure, message=sentence, evidence=evidence)


def masked_headers(mask: ValueMask, headers: Mapping[str, str]) -> CIMultiDict[str]:
    """The headers without the credentials that their values repeat."""
    values = "\n".join(headers.values())
    if not (mask.hits(values) or mask.hides(values)):
        return headers if isinstance(headers, CIMultiDict) else CIMultiDict(headers)
    return CIMultiDict((name, _shown(mask, value)) for name, value in headers.items())


def _shown(mask: ValueMask, text: str) -> str:
    """Words of an upstream without the credentials in them; none of them where they hide one."""
    text = mask.text(text)
    return MASK if mask.hides(text) else text


def _quotable(mask: ValueMask, data: bytes) -> bytes:
    """The same of a body; b"" where it hides one."""
    data = mask.data(data)
    return b"" if mask.hides(data.decode("utf-8", "replace")) else data


def _window_in(text: str) -> int | None:
    """The window that a "too long" names: "210000 tokens > 200000 maximum"."""
    match = _SIZES.search(text)
    if match is None:
        return None
    return int(match[2] or match[3])


def words_of(failure: Failure, *, quoting: bool = True) -> str:
    """A failure in a few words, the provider's own among them when `quoting`."""
    head = f"{failure.status} {failure.kind}" if failure.status else failure.kind
    return f"{head} ({failure.message})" if failure.message and quoting else head
