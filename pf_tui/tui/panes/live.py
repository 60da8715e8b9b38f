"""What the gateway serves at this moment: requests in flight and how fast text comes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pf_tui.documents import words
from pf_tui.snapshot import Snapshot
from pf_tui.state.gateway import LiveRequest
from pf_tui.text.lines import BLANK, Line, Span, bold, cells, fit, joined, line, muted
from pf_tui.tui import provider_order
from pf_tui.tui.charts.spark import spark
from pf_tui.tui.page import Space

SPARK_WIDTH = 20
LEAST_SPARK = 4
"""Cells below which a line of bars says nothing."""

MOST_RATES = 120
"""Looks remembered: two minutes at one a second."""

LEAST_STEP = timedelta(milliseconds=200)
"""Looks nearer to each other say nothing about a rate."""

MOST_REQUESTS = 6
ADDRESS_FROM = 60
"""Below this width the speed is worth more than the address (w shows it)."""


class Flow:
    """Tokens per second, look by look. The one thing a single snapshot cannot tell."""

    def __init__(self) -> None:
        self._tokens_before: dict[str, int] = {}
        self._at: datetime | None = None
        self._rates: list[float] = []

    def add(self, snapshot: Snapshot) -> tuple[float, ...]:
        """The rates so far, tokens per second, oldest first; () while no gateway runs."""
        running = snapshot.gateway
        if running is None:
            self._tokens_before, self._at, self._rates = {}, None, []
            return ()
        if self._at is not None and snapshot.at - self._at < LEAST_STEP:
            return tuple(self._rates)
        now = {request.id: request.tokens for request in running.live}
        if self._at is not None and (now or self._tokens_before):
            new_tokens = sum(
                max(0, tokens - self._tokens_before.get(name, 0)) for name, tokens in now.items()
            )
            seconds = (snapshot.at - self._at).total_seconds()
            self._rates = [*self._rates, new_tokens / seconds][-MOST_RATES:]
        self._tokens_before, self._at = now, snapshot.at
        return tuple(self._rates)


def count(snapshot: Snapshot, rates: Sequence[float]) -> Line:
    """`2 live 148 tok/s` for the status line; () when nothing is in flight."""
    running = snapshot.gateway
    if running is None or not running.live:
        return BLANK
    speed = muted(f" {rates[-1]:.0f} tok/s") if rates and rates[-1] >= 1 else muted("")
    return line(Span(f"{len(running.live)} live", "accent", action="events"), speed)


def lines(snapshot: Snapshot, rates: Sequence[float], space: Space, most: int = MOST_REQUESTS) -> list[Line]:
    """The gateway, its speed, and a line for each of the oldest requests; [] while none runs."""
    running = snapshot.gateway
    if running is None:
        return []
    speed = f"{rates[-1]:.0f} tok/s" if rates and running.live else ""
    head = joined(
        [
            line(bold("gateway", "accent")),
            line(muted(running.url.removeprefix("http://"))) if space.width >= ADDRESS_FROM else BLANK,
            line(Span(f"{len(running.live)} live")) if running.live else line(muted("quiet")),
            line(muted(speed)) if speed else BLANK,
        ]
    )
    room = min(SPARK_WIDTH, space.width - cells(head) - 2)
    if any(rates) and room >= LEAST_SPARK:
        head = line(head, "  ", spark(rates, room, space.symbols))
    requests = sorted(running.live, key=lambda request: request.since)[:most]
    rest = len(running.live) - len(requests)
    content = [fit(head, space.width), *(_request(request, snapshot, space) for request in requests)]
    if rest:
        content.append(line(muted(f"  and {rest} more")))
    return content


def _request(live_request: LiveRequest, snapshot: Snapshot, space: Space) -> Line:
    """`▸ openrouter  opus-5-5  1.2K tok  12 s  2nd try`."""
    colour = provider_order.colours(snapshot, [live_request.provider]).get(live_request.provider, "text")
    again = line(Span(f"try {live_request.attempt}", "warn")) if live_request.attempt > 1 else BLANK
    waiting = live_request.first_byte_ms is None
    so_far = line(muted("waiting")) if waiting else line(f"{words.short(live_request.tokens)} tok")
    name = provider_order.short_name(live_request.provider) if space.width < 70 else live_request.provider
    agent = line(muted(live_request.agent)) if live_request.agent and space.width >= 50 else BLANK
    parts = [
        line(Span("· ", "accent"), Span(name, colour)),
        line(provider_order.short_model(live_request.model)),
        so_far,
        line(muted(words.span(snapshot.at - live_request.since))),
        again,
    ]
    whole = joined([*parts, agent])
    return fit(whole if cells(whole) <= space.width else joined(parts), space.width)
