"""What a failed attempt means: the upstream's answer in, a class with its evidence out.

Invariant: what an upstream said is kept as it came, so that it can be handed on word for word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from pf_tui.catalog.meanings import Meanings
from pf_tui.gateway.routing import Route
from pf_tui.gateway.sse import UsageMeter, payload
from pf_tui.gateway.translation import AnyExchange
from pf_tui.gateway.upstream import Unreachable
from pf_tui.records import record, replace
from pf_tui.rules import failures
from pf_tui.rules.failures import Failure, Rule

ERROR_BYTES = 64 * 1024
"""Of an error body that rules look at."""

_SIZES = re.compile(
    r"(\d{4,})\s*(?:tokens?)?\s*>\s*(\d{4,})|(?:maximum|limit)\D{1,40}?(\d{4,})", re.IGNORECASE
)


@record
class Failed:
    """An upstream failed before anything of it passed."""

    route: Route
    failure: Failure
    status: int | None = None
    headers: Mapping[str, str] | None = None
    body: bytes = b""
    """Its own words, as they came."""
    meter: UsageMeter | None = None
    window: int | None = None
    """After "too long": the window it named."""


class Judge:
    """Says what a failed answer means."""

    def __init__(
        self,
        route: Route,
        strikes: int,
        meanings: Meanings,
        rules: Sequence[Rule],
        clock: Callable[[], datetime],
    ) -> None:
        self._route = route
        self._strikes = strikes
        self._meanings = meanings
        self._rules = rules
        self.clock = clock

    def answered(self, status: int, headers: Mapping[str, str], body: bytes) -> Failed:
        """A failing status."""
        text = body[:ERROR_BYTES].decode("utf-8", "replace")
        failure = failures.classify(
            status=status,
            headers=headers,
            body=text,
            now=self.clock(),
            strikes=self._strikes,
            meanings=self._meanings,
            rules=self._rules,
            model=self._route.model,
        )
        if failure.kind in ("auth", "account") and not self._route.credential:
            # the agent's own login: it renews it by itself when it hears this
            failure = replace(failure, failover=False, scope=None, forever=False)
        return Failed(
            route=self._route,
            failure=failure,
            status=status,
            headers=headers,
            body=body,
            window=_window_in(text) if failure.kind == "context" else None,
        )

    def in_band(self, exchange: AnyExchange, body: bytes, event: bytes | None = None) -> Failed:
        """A 200 whose content is an error."""
        data = payload(event) if event is not None else body
        text = data[:ERROR_BYTES].decode("utf-8", "replace")
        failure = failures.classify(
            status=None,
            headers=exchange.headers,
            body=text,
            now=self.clock(),
            strikes=self._strikes,
            meanings=self._meanings,
            rules=self._rules,
            model=self._route.model,
        )
        return Failed(
            route=self._route,
            failure=failure,
            status=exchange.status,
            headers=exchange.headers,
            body=body,
            window=_window_in(text) if failure.kind == "context" else None,
        )

    def nonsense(self, exchange: AnyExchange, body: bytes) -> Failed:
        """A 200 that is no answer: a page of a proxy, broken JSON."""
        kind = exchange.headers.get("content-type", "no content type").partition(";")[0]
        failure = failures.nonsense(
            exchange.status, f"answered {exchange.status} with {kind} that is no answer", self.clock()
        )
        return Failed(
            route=self._route, failure=failure, status=exchange.status, headers=exchange.headers, body=body
        )

    def unreachable(self, error: Unreachable) -> Failed:
        """No answer at all."""
        return Failed(route=self._route, failure=failures.transport(error.kind, self.clock(), error.text))


def _window_in(text: str) -> int | None:
    """The window that a "too long" names: "210000 tokens > 200000 maximum"."""
    found = _SIZES.search(text)
    if found is None:
        return None
    return int(found[2] or found[3])
