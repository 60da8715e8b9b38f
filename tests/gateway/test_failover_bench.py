"""The sixteen faults of the public Failover Bench, in three protocols, against the gateway.

pass = the client has the whole answer, or, where the request is at fault, its provider's own reason after one
attempt; safe = one clean error in bounded time. After each the first provider serves a healthy request.
`python -m tests.gateway.test_failover_bench` prints the table. Source: Failover Bench, methodology 0.1.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui import actions
from pf_tui.drill.fake_upstream import FakeUpstream
from pf_tui.drill.faults import Fault
from tests.gateway.test_fault_matrix import SCENES, SHORT_S
from tests.gateway.upstreams import Heard, House, StillGate

EXCEPTIONS: Mapping[str, str] = {
    "S08": "what has reached the client cannot be taken back: one clean error, and the agent asks again",
    "S09": "as S08: the silence comes after the first pieces have passed",
    "S14": "as S08: nobody is asked to continue a half answer, so nobody can refuse to",
}
"""Scenarios that are safe and no pass, in every protocol, and why."""


class Bench:
    """One scenario in one protocol: two providers, the first of which is at fault."""

    def __init__(self, folder: Path, protocol: str) -> None:
        names, model = SCENES[protocol]
        self.protocol = protocol
        self.gate = StillGate(folder)
        self.house = House(folder, names, model, gate=self.gate)
        self.first, self.second = (FakeUpstream(name, now=lambda: self.gate.now) for name in names)
        self.house.upstreams = dict(zip(names, (self.first, self.second), strict=True))

    async def ask(self) -> Heard:
        return await self.gate.ask(self.protocol, self.house.model)

    async def set(self, **limits: float) -> None:
        """Give the first provider limits of its own."""
        self.gate.config(list(self.house.names), providers={self.house.names[0]: limits})
        await self.gate.settled()

    async def heals(self) -> None:
        """The first provider is well again, and a healthy request says so."""
        await self.gate.settled()
        self.first.plan("ok")
        self.second.plan("ok")
        self.gate.config(list(self.house.names))
        actions.release(self.gate.context, self.house.names[0])
        await self.gate.settled()
        heard = await self.ask()
        assert heard.whole, heard
        assert heard.headers["x-pf-provider"] == self.house.names[0]

    def verdict(self, heard: Heard, *, asked: int) -> str:
        """Judge one answer. `asked`: the most requests that the first provider may have got."""
        assert len(self.first.requests) <= asked
        assert heard.broken is None
        if heard.whole:
            return "pass"
        assert heard.status != 200 or len(heard.errors) == 1, heard
        return "safe"


def fault(name: str, **more: Any) -> Fault:
    return Fault(name=name, says=name, **more)


async def s01(bench: Bench) -> str:
    """429 with retry-after 2, then fine."""
    limit = fault("s01", status=429, error="rate", message="slow down", back_s=2, limit_form="retry-after")
    bench.first.plan(limit, "ok")  # type: ignore[arg-type]
    return bench.verdict(await bench.ask(), asked=2)


async def s02(bench: Bench) -> str:
    """429 for ever, without retry-after."""
    bench.first.plan("windowless")
    verdicts = {bench.verdict(await bench.ask(), asked=4) for _ in range(3)}
    return verdicts.pop() if len(verdicts) == 1 else "safe"


async def s03(bench: Bench) -> str:
    """500 once."""
    bench.first.plan("500", "ok")
    return bench.verdict(await bench.ask(), asked=2)


async def s04(bench: Bench) -> str:
    """503 for ever."""
    bench.first.plan("503")
    return bench.verdict(await bench.ask(), asked=3)


async def s05(bench: Bench) -> str:
    """The connection is reset before any byte."""
    bench.first.plan("reset", "ok")
    return bench.verdict(await bench.ask(), asked=2)


async def s06(bench: Bench) -> str:
    """It accepts and never answers."""
    await bench.set(firstByteS=SHORT_S)
    bench.first.plan("silent")
    return bench.verdict(await bench.ask(), asked=1)


async def s07(bench: Bench) -> str:
    """Its head comes at once, its first token never in time."""
    await bench.set(firstByteS=SHORT_S, stallS=SHORT_S)
    bench.first.plan("late")
    return bench.verdict(await bench.ask(), asked=1)


async def s08(bench: Bench) -> str:
    """The stream dies in the middle."""
    bench.first.plan("cut")
    return bench.verdict(await bench.ask(), asked=1)


async def s09(bench: Bench) -> str:
    """Some tokens, then silence."""
    await bench.set(stallS=SHORT_S)
    bench.first.plan("stall")
    return bench.verdict(await bench.ask(), asked=1)


async def s10(bench: Bench) -> str:
    """One event is no JSON."""
    bench.first.plan("garbage")
    heard = await bench.ask()
    assert b"this is no JSON" not in heard.body
    return bench.verdict(heard, asked=1)


async def s11(bench: Bench) -> str:
    """The whole stream without its end mark; Responses have none, their last event is the answer itself."""
    bench.first.plan("unended" if bench.protocol != "openai-responses" else "ok")
    heard = await bench.ask()
    await bench.gate.settled()
    (row,) = bench.gate.ledger()
    assert (row["provider"], row["output"]) == (bench.house.names[0], 7)
    return bench.verdict(heard, asked=1)


async def s12(bench: Bench) -> str:
    """The context is too long: never the same size to the same model again."""
    bench.first.plan("context")
    heard = await bench.ask()
    return bench.verdict(heard, asked=1)


async def s13(bench: Bench) -> str:
    """A content filter: one attempt, the provider's own reason."""
    bench.first.plan("filter")
    heard = await bench.ask()
    bench.verdict(heard, asked=1)
    assert bench.second.requests == []
    assert heard.status == 400
    assert b"filter" in heard.body or b"polic" in heard.body
    return "pass"


async def s14(bench: Bench) -> str:
    """The stream dies, and the other provider takes no half answer to go on from."""
    bench.first.plan("cut")
    bench.second.plan("400")
    heard = await bench.ask()
    assert bench.second.requests == []
    assert b"broke" in heard.body
    return bench.verdict(heard, asked=1)


async def s15(bench: Bench) -> str:
    """503 for 60 s, then healthy; 20 calls, one every 4 s."""
    bench.first.plan("503")
    began, back = bench.gate.now, None
    for number in range(24):
        bench.gate.now = began + timedelta(seconds=4 * number)
        if number == 15:
            bench.first.plan("ok")
        heard = await bench.ask()
        await bench.gate.settled()
        assert heard.whole, number
        if number >= 15 and back is None and heard.headers["x-pf-provider"] == bench.house.names[0]:
            back = number
    assert back is not None
    assert (back - 15) * 4 <= 30
    assert len(bench.first.requests) <= 24
    return "pass"


async def s16(bench: Bench) -> str:
    """503; the other provider answers: its model, its usage, and nothing booked to the first."""
    bench.first.plan("503")
    heard = await bench.ask()
    await bench.gate.settled()
    failed, served = bench.gate.ledger()
    assert (failed["provider"], failed["input"] or 0, failed["output"] or 0) == (bench.house.names[0], 0, 0)
    assert (served["provider"], served["output"]) == (bench.house.names[1], 7)
    assert heard.headers["x-pf-provider"] == bench.house.names[1]
    return bench.verdict(heard, asked=1)


Scenario = Callable[[Bench], Awaitable[str]]
SCENARIOS: Mapping[str, Scenario] = {
    one.__name__.upper(): one
    for one in (s01, s02, s03, s04, s05, s06, s07, s08, s09, s10, s11, s12, s13, s14, s15, s16)
}


async def played(folder: Path, name: str, protocol: str) -> str:
    bench = Bench(folder, protocol)
    await bench.house.open()
    try:
        verdict = await SCENARIOS[name](bench)
        await bench.heals()
    finally:
        await bench.house.close()
    return verdict


@pytest.mark.parametrize("protocol", SCENES)
@pytest.mark.parametrize("name", SCENARIOS)
async def test_the_fault_ends_as_it_should(tmp_path: Path, name: str, protocol: str) -> None:
    verdict = await played(tmp_path, name, protocol)

    print(f"{name} {protocol}: {verdict}")
    assert verdict == ("safe" if name in EXCEPTIONS else "pass")


def test_the_count_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    whole, safe = count()
    with capsys.disabled():
        print(f"\nfailover bench: {whole} of {whole + safe} pass, {safe} safe, 0 fail")

    assert (whole, safe) == (39, 9)


def count() -> tuple[int, int]:
    """Passes, and clean errors."""
    safe = len(EXCEPTIONS) * len(SCENES)
    return len(SCENARIOS) * len(SCENES) - safe, safe


async def show(folder: Path) -> None:
    """The table, for people."""
    found: dict[str, list[str]] = {}
    for name, scenario in SCENARIOS.items():
        for protocol in SCENES:
            place = folder / f"{name}-{protocol}"
            place.mkdir()
            try:
                found.setdefault(name, []).append(await played(place, name, protocol))
            except AssertionError:
                found.setdefault(name, []).append("FAIL")
        why = EXCEPTIONS.get(name, "")
        print(f"{name} {' '.join(found[name]):<18} {scenario.__doc__} {why}", flush=True)
    verdicts = [verdict for row in found.values() for verdict in row]
    told = ", ".join(f"{verdicts.count(word)} {word}" for word in ("pass", "safe", "FAIL"))
    print(f"{len(verdicts)} in {', '.join(SCENES)}: {told}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        asyncio.run(show(Path(scratch)))
    sys.exit(0)
