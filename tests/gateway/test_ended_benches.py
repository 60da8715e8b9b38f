"""A bench that a request has ended, while health.json still holds it: the next request does not meet it."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest

from pf_tui import actions
from tests.gateway.conftest import ANTHROPIC, OPUS
from tests.gateway.upstreams import House, StillGate
from tests.patience import PATIENCE_S


async def test_a_bench_is_over_when_a_request_went_through_however_slow_the_disk(
    still_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = ANTHROPIC
    gate, disk = still_house.gate, threading.Event()
    assert isinstance(gate, StillGate)
    still_house[first].plan("credit")
    assert (await gate.ask("anthropic-messages", OPUS)).headers["x-pf-provider"] == second
    await gate.settled()
    assert [bench["provider"] for bench in gate.health()] == [first]
    release = actions.succeeded

    def slow_release(*args: Any, **more: Any) -> int:
        assert disk.wait(PATIENCE_S)
        return release(*args, **more)

    monkeypatch.setattr(actions, "succeeded", slow_release)
    gate.now += timedelta(minutes=61)
    still_house[first].plan("ok")
    probe = await gate.ask("anthropic-messages", OPUS)
    await asyncio.to_thread(gate.gateway.routing_state.load)  # as after a change of any file
    next_answer = await gate.ask("anthropic-messages", OPUS)
    disk.set()
    await gate.settled()

    assert [answer.headers["x-pf-provider"] for answer in (probe, next_answer)] == [first, first]
    assert gate.health() == []
