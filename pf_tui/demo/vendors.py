"""The vendors of the demo: a fake upstream for each provider, which answers or fails as the story says.

Invariant: they listen on this machine alone, and providers.yaml of the demo names no other address.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from pf_tui.demo import agents
from pf_tui.demo.history import Request
from pf_tui.drill import fake_addresses
from pf_tui.drill.fake_replies import Reply
from pf_tui.drill.fake_upstream import FakeUpstream, ReceivedRequest, Step
from pf_tui.drill.faults import FAULTS, Fault
from pf_tui.records import replace
from pf_tui.state import files
from pf_tui.state.context import Context

FAULT_NAMES: Mapping[str, str] = {
    "window": "quota",
    "rate": "429",
    "overload": "529",
    "server": "500",
    "credit": "402",
}
"""What can go wrong in the story -> how the upstream fails (drill.faults)."""

WORDS_PER_S = 8.0
SHORTEST_S, LONGEST_S = 1.5, 4.0
"""How long an answer streams: long enough to be seen, short enough for a minute's story."""

WEEK = timedelta(days=2, hours=19)
"""Until the week of the plan begins anew."""

_TEXT = (
    "I read the three files and found where the total is rounded twice; the second place is the one that "
    "loses a cent, so I moved the rounding to the end, wrote a test that fails without it, and ran the suite."
)


class Vendors:
    """All fake upstreams, and what is wrong with which."""

    def __init__(self, ctx: Context, names: tuple[str, ...], pace: float) -> None:
        """Args: pace: 1 = as long as an answer takes, 0 = at once."""
        self._ctx, self._pace = ctx, pace
        self._upstreams = {name: FakeUpstream(name, now=ctx.now) for name in names}
        self._requests_by_name: dict[str, Request] = {}
        self.broken: dict[str, tuple[str, datetime]] = {}
        """Provider -> (a key of FAULT_NAMES, until when)."""
        self.windows: dict[str, tuple[float, datetime]] = {}
        """Provider of a plan -> (per cent used of its 5 hours, their end)."""

    async def open(self) -> None:
        """Listen, and make providers.yaml lead to us. Raises PfError."""
        for name, upstream in self._upstreams.items():
            upstream.follow(self._script(name))
            await upstream.start()
        paths = self._ctx.paths
        urls = {name: upstream.url for name, upstream in self._upstreams.items()}
        with files.locked(paths):
            files.write_bytes(paths.providers, fake_addresses.providers_yaml(paths, urls))

    async def close(self) -> None:
        """Hang up."""
        for upstream in self._upstreams.values():
            await upstream.stop()

    def expect(self, request: Request) -> None:
        """The next answer to this session has these tokens and times."""
        self._requests_by_name[request.session] = request

    def answered(self, name: str) -> int:
        """How many requests a provider got, with those it let fail."""
        return len(self._upstreams[name].requests)

    def _script(self, name: str) -> Callable[[ReceivedRequest], Step]:
        def step(received_request: ReceivedRequest) -> Step:
            if name in self.broken:
                return self._fault(*self.broken[name])
            return self._reply(
                name, self._requests_by_name.get(agents.session_in(received_request.headers) or "")
            )

        return step

    def _fault(self, fault: str, until: datetime) -> Fault:
        seconds = max(1, round((until - self._ctx.now()).total_seconds()))
        usual = FAULTS[FAULT_NAMES[fault]]
        header = usual.limit_form or ("" if fault == "credit" else "retry-after")
        return replace(usual, back_s=seconds if header else None, limit_form=header)

    def _reply(self, name: str, request: Request | None) -> Reply:
        headers = self._headers(name)
        if request is None:
            return Reply(headers=headers)
        took_s = min(LONGEST_S, max(SHORTEST_S, request.latency_ms / 1000))
        words = itertools.islice(itertools.cycle(_TEXT.split()), round(took_s * WORDS_PER_S))
        return Reply(
            text=" ".join(words),
            input=request.input,
            output=request.output,
            cache_read=request.cache_read,
            cache_write=request.cache_write,
            wait_s=self._pace * request.ttft_ms / 1000,
            gap_s=self._pace / WORDS_PER_S,
            headers=headers,
        )

    def _headers(self, name: str) -> dict[str, str]:
        """What a plan's answers say of its windows, in Anthropic's words."""
        if name not in self.windows or not name.startswith("anthropic"):
            return {}
        percent, ends = self.windows[name]
        begins = "anthropic-ratelimit-unified"
        week = round((self._ctx.now() + WEEK).timestamp()) // 3600 * 3600
        return {
            f"{begins}-status": "allowed",
            f"{begins}-representative-claim": "five_hour",
            f"{begins}-5h-status": "allowed",
            f"{begins}-5h-utilization": f"{percent / 100:.3f}",
            f"{begins}-5h-reset": str(round(ends.timestamp())),
            f"{begins}-7d-status": "allowed",
            f"{begins}-7d-utilization": "0.41",
            f"{begins}-7d-reset": str(week),
        }
