"""Every fault of the table against the gateway itself: what the client heard, who was asked, who rests, why.

One gateway per protocol and kind of answer walks through the faults in turn; a healthy request
follows each, served by the first provider again.
`python -m tests.gateway.test_fault_matrix` prints the table.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui import actions, snapshot
from pf_tui.documents import history
from pf_tui.drill.fake_upstream import FakeUpstream
from pf_tui.drill.faults import FAULTS
from pf_tui.gateway.breaker import JITTER_S
from tests.conftest import NOON
from tests.gateway.upstreams import Heard, House, StillGate

SCENES = {
    "anthropic-messages": (("anthropic-api", "openrouter"), "claude-opus-5-5"),
    "openai-chat": (("openai-api", "openrouter"), "gpt-6.1-sol"),
    "openai-responses": (("openai-api", "openrouter"), "gpt-6.1-sol"),
}
SHORT_S = 0.02
"""The first provider's limit where it will fall silent; elsewhere no machine is slow enough for one."""

SILENT = {"silent": ("firstByteS",), "late": ("firstByteS", "stallS"), "stall": ("stallS",)}
"""Which limits a fault runs into."""


@dataclass(frozen=True)
class Expected:
    """One line of the table."""

    client: str
    """other (the second provider's answer) | first | error (the first's own) | broken (one clean error)"""
    kind: str | None = None
    """Failure class in the ledger; None = nothing failed."""
    scope: str | None = None
    """provider | model; None = nobody rests."""
    rest_s: float | None = None
    """How long, None = until cleared."""
    asks: int = 1
    """How many failures in a row lead to the bench."""


def passes(kind: str, scope: str | None, rest_s: float | None, asks: int = 1) -> Expected:
    return Expected(client="other", kind=kind, scope=scope, rest_s=rest_s, asks=asks)


_REQUEST = Expected(client="error", kind="request")
_SERVER = passes("server", "provider", 30, asks=3)
_NETWORK = passes("network", "provider", 30, asks=3)
_TIMEOUT = passes("timeout", "provider", 30, asks=3)
_FIRST = Expected(client="first")
MONTH_END = -1.0
"""Stands for: until the 1st of the next month, 00:00 UTC."""

TABLE: Mapping[str, Expected] = {
    "429": passes("rate", "model", 30),
    "429-ms": passes("rate", "model", 20.5),
    "429-date": passes("rate", "model", 45),
    "429-hour": passes("rate", "provider", 3600),
    "windowless": passes("windowless", "model", 2),
    "quota": passes("quota", "provider", 7200),
    "insufficient-quota": passes("quota", "provider", 300),
    "spend-cap": passes("quota", "provider", MONTH_END),
    "credit": passes("quota", "provider", None),
    "402": passes("quota", "provider", None),
    "529": passes("overload", "model", 10),
    "503": passes("overload", "model", 10),
    "500": _SERVER,
    "502": _SERVER,
    "504": _SERVER,
    "401": passes("auth", "provider", None),
    "403": passes("auth", "provider", None),
    "404": passes("model", "model", 12 * 3600),
    "400": _REQUEST,
    "413": passes("unsupported", None, None),
    "422": _REQUEST,
    "filter": _REQUEST,
    # the window it names is smaller than the second provider's
    "context": passes("context", None, None),
    "sse-overload": passes("overload", "model", 10),
    "sse-rate": passes("rate", "model", 20),
    "refused": _NETWORK,
    "reset": _NETWORK,
    "silent": _TIMEOUT,
    "late": _TIMEOUT,
    "cut-early": _NETWORK,
    "cut": Expected(client="broken", kind="network"),
    "eof": Expected(client="broken", kind="network"),
    "sse-late": Expected(client="broken", kind="overload", scope="model", rest_s=10),
    "stall": Expected(client="broken", kind="timeout"),
    "garbage": _FIRST,
    "unended": Expected(client="broken", kind="network"),
    "drip": _FIRST,
    "html": passes("server", "provider", 60),
    "bad-json": _SERVER,
    "empty": _SERVER,
}

DIFFERS: Mapping[tuple[str, str, bool], Expected] = {
    # an answer that says why it ended is whole, with or without its last event
    ("unended", "openai-chat", True): _FIRST,
    ("unended", "anthropic-messages", True): _FIRST,
    # where nothing streams, nothing has reached the client yet: another provider gives the whole answer
    **{("cut", protocol, False): _NETWORK for protocol in SCENES},
    **{("eof", protocol, False): _NETWORK for protocol in SCENES},
    **{("stall", protocol, False): _TIMEOUT for protocol in SCENES},
    **{("sse-late", protocol, False): passes("overload", "model", 10) for protocol in SCENES},
    **{("garbage", protocol, False): _FIRST for protocol in SCENES},
    **{("unended", protocol, False): _FIRST for protocol in SCENES},
}
ROWS = [(fault, protocol, stream) for protocol in SCENES for stream in (True, False) for fault in FAULTS]
"""Every fault in all three protocols, streamed and whole."""


def expected(fault: str, protocol: str, stream: bool) -> Expected:
    return DIFFERS.get((fault, protocol, stream), TABLE[fault])


@dataclass
class Outcome:
    """What happened in one row."""

    heard: list[Heard]
    asked: tuple[int, int]
    """Requests at the first and at the second provider."""
    bench: dict[str, Any] | None
    rests_until: datetime | None
    rows: list[dict[str, Any]]
    why: dict[str, Any]
    """The first provider's step of `pf-tui why --json`."""
    healthy: Heard
    healthy_by: str

    @property
    def client(self) -> str:
        """What the client made of the last answer."""
        last = self.heard[-1]
        if last.whole:
            return "first" if "Hello from first" in last.text else "other"
        if last.status == 200:
            return "broken" if len(last.errors) == 1 and last.broken is None else "unclear"
        return "error"


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, str, bool], Outcome]:
    """All rows, each scene in a gateway of its own, all scenes at once."""
    return asyncio.run(walk_all(tmp_path_factory.mktemp("matrix")))


async def walk_all(folder: Path) -> dict[tuple[str, str, bool], Outcome]:
    found: dict[tuple[str, str, bool], Outcome] = {}

    async def scene(protocol: str, stream: bool) -> None:
        names, model = SCENES[protocol]
        place = folder / f"{protocol}-{stream}"
        place.mkdir(parents=True)
        house = House(place, names, model, gate=StillGate(place))
        stand_ins = (FakeUpstream(name, now=lambda: NOON) for name in ("first", "second"))
        house.upstreams = dict(zip(names, stand_ins, strict=True))
        await house.open()
        try:
            for fault in sorted(FAULTS, key=lambda name: name == "quota"):
                found[fault, protocol, stream] = await walk(house, fault, protocol, stream)
        finally:
            await house.close()

    await asyncio.gather(*(scene(protocol, stream) for protocol in SCENES for stream in (True, False)))
    return found


async def walk(house: House, fault: str, protocol: str, stream: bool) -> Outcome:
    """One row: the fault, often enough for its bench, then health again."""
    first, second = (house[name] for name in house.names)
    gate, wanted = house.gate, expected(fault, protocol, stream)
    assert isinstance(gate, StillGate)
    first.forget()
    second.forget()
    first.plan(fault)
    before = {row["id"] for row in gate.ledger()}
    gate.config(list(house.names), providers={house.names[0]: dict.fromkeys(SILENT.get(fault, ()), SHORT_S)})
    await gate.settled()
    if FAULTS[fault].how == "refused":
        await first.stop()
    heard = []
    for _ in range(wanted.asks):
        heard.append(await gate.ask(protocol, house.model, stream=stream))
        await gate.settled()
    asked = (len(first.requests), len(second.requests))
    rows = [row for row in gate.ledger() if row["id"] not in before]
    bench, why = bench_of(house), why_of(house)
    if FAULTS[fault].how == "refused":
        await first.start()
    first.plan("ok")
    gate.config(list(house.names))
    actions.release(gate.context, house.names[0])
    await gate.settled()
    healthy = await gate.ask(protocol, house.model, stream=stream)
    await gate.settled()
    until = bench and bench["until"]
    return Outcome(
        heard=heard,
        asked=asked,
        bench=bench,
        rests_until=datetime.fromisoformat(until) if until else None,
        rows=rows,
        why=why,
        healthy=healthy,
        healthy_by="first" if "Hello from first" in healthy.text else "second",
    )


def bench_of(house: House) -> dict[str, Any] | None:
    """The bench of the first provider in health.json."""
    return next((bench for bench in house.gate.health() if bench["provider"] == house.names[0]), None)


def why_of(house: House) -> dict[str, Any]:
    chain = history.why(snapshot.take(house.gate.context))["chain"]
    found: dict[str, Any] = next(step for step in chain if step["provider"] == house.names[0])
    return found


def test_the_table_has_a_line_for_every_fault() -> None:
    assert set(TABLE) == set(FAULTS)


every_row = pytest.mark.parametrize(
    "row", ROWS, ids=[f"{fault}-{protocol}-{'stream' if s else 'whole'}" for fault, protocol, s in ROWS]
)
Outcomes = Mapping[tuple[str, str, bool], Outcome]


@every_row
def test_the_client_hears_an_answer_or_one_clean_error(
    row: tuple[str, str, bool], outcomes: Outcomes
) -> None:
    got, wanted = outcomes[row], expected(*row)

    assert got.client == wanted.client, got.heard[-1]
    if wanted.client == "error":
        assert got.heard[-1].status == FAULTS[row[0]].status
        assert FAULTS[row[0]].message[:30] in got.heard[-1].body.decode()


@every_row
def test_the_second_provider_is_asked_when_that_can_help(
    row: tuple[str, str, bool], outcomes: Outcomes
) -> None:
    got, wanted = outcomes[row], expected(*row)

    to_first = 0 if FAULTS[row[0]].how == "refused" else wanted.asks
    assert got.asked[1] == (wanted.asks if wanted.client == "other" else 0)
    # the ledger's own test counts the attempts, where arrivals may differ from them:
    if "firstByteS" in SILENT.get(row[0], ()):  # so short a limit may end before the request has arrived
        assert got.asked[0] <= to_first
    elif FAULTS[row[0]].how == "reset":  # on a kept connection it is sent once more over a new one
        assert got.asked[0] in (to_first, to_first + 1)
    else:
        assert got.asked[0] == to_first


@every_row
def test_the_bench_says_who_how_long_and_why(row: tuple[str, str, bool], outcomes: Outcomes) -> None:
    got, wanted = outcomes[row], expected(*row)

    if wanted.scope is None:
        assert got.bench is None
        return
    assert got.bench is not None
    assert (got.bench["scope"], got.bench["kind"], got.bench["source"]) == (
        wanted.scope,
        wanted.kind,
        "gateway",
    )
    if wanted.rest_s is None:
        assert got.rests_until is None
    elif wanted.rest_s == MONTH_END:
        assert got.rests_until is not None
        assert (got.rests_until.day, got.rests_until.hour, got.rests_until.minute) == (1, 0, 0)
    else:
        assert got.rests_until is not None
        rest = (got.rests_until - NOON) / timedelta(seconds=1)
        assert wanted.rest_s <= rest <= wanted.rest_s + JITTER_S
    fault = FAULTS[row[0]]
    if fault.how in ("answer", "raw") and fault.status != 200:
        assert got.bench["evidence"]["status"] == fault.status
    if fault.message:
        assert got.bench["evidence"]["text"]


@every_row
def test_every_attempt_is_one_row_of_the_ledger(row: tuple[str, str, bool], outcomes: Outcomes) -> None:
    got, wanted = outcomes[row], expected(*row)

    first, second = SCENES[row[1]][0]
    failed = [one for one in got.rows if one["status"] == "failed"]
    served = [one for one in got.rows if one["status"] == "ok"]
    if wanted.kind is None:
        assert failed == []
        assert [one["provider"] for one in served] == [first] * wanted.asks
    else:
        assert {one["provider"] for one in failed} == {first}
        assert {one["failure"] for one in failed} == {wanted.kind}
        assert len(failed) == wanted.asks
        assert len(served) == (wanted.asks if wanted.client == "other" else 0)
    for one in served:
        assert (one["input"], one["output"], one["cache_read"]) == (11, 7, 3400)
        assert one["attribution"] == "gateway"
        assert one["provider"] in (first, second)


@every_row
def test_a_healthy_request_afterwards_is_served_by_the_first_again(
    row: tuple[str, str, bool], outcomes: Outcomes
) -> None:
    got = outcomes[row]

    assert got.healthy.whole, got.healthy
    if row[0] != "quota":  # a window the provider itself calls used up stays so, whoever lifts the bench
        assert got.healthy_by == "first"


@every_row
def test_why_tells_the_same_story(row: tuple[str, str, bool], outcomes: Outcomes) -> None:
    got, wanted = outcomes[row], expected(*row)

    if wanted.scope is None:
        assert got.why["verdict"] == "serves"
    elif wanted.scope == "provider":
        assert (got.why["verdict"], got.why["code"]) == ("passed", "benched")
        assert (wanted.kind or "") in got.why["reason"]
        assert (got.why["until"] is None) == (wanted.rest_s is None)
    # a bench of one model speaks of that model alone, and `why` of the default one


def show(outcomes: Outcomes) -> None:
    """The table, for people."""
    line = "{:<20} {:<19} {:<6} {:<7} {:<5} {:<28} {}"
    print(line.format("fault", "protocol", "kind", "client", "asked", "bench", "evidence"))
    for (fault, protocol, stream), got in outcomes.items():
        bench = "-"
        if got.bench is not None:
            rest = got.rests_until and round((got.rests_until - NOON).total_seconds())
            bench = (
                f"{got.bench['scope']} {got.bench['kind']} {'until cleared' if rest is None else f'{rest} s'}"
            )
        evidence = (got.bench or {}).get("evidence", {})
        told = " · ".join(str(value) for value in evidence.values())[:60]
        asked = f"{got.asked[0]}/{got.asked[1]}"
        kind = "stream" if stream else "whole"
        wrong = "" if got.client == expected(fault, protocol, stream).client else "  <- not as expected"
        print(line.format(fault, protocol, kind, got.client, asked, bench, told + wrong))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        show(asyncio.run(walk_all(Path(scratch))))
    sys.exit(0)
