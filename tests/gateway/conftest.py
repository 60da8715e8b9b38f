"""Houses for the gateway's tests: stand-ins in a row behind a real gateway process."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pf_tui.drill.fake_upstream import FakeUpstream
from tests.gateway.upstreams import House, StillGate

ANTHROPIC = ("anthropic-api", "openrouter")
OPENAI = ("openai-api", "openrouter")
OPUS, SOL = "claude-opus-5-5", "gpt-6.1-sol"

Open = Callable[..., Awaitable[House]]


@pytest.fixture
async def open_house(tmp_path: Path) -> AsyncIterator[Open]:
    """`await open_house(names, model, **settings)`: everything runs; it is closed after the test."""

    numbers = itertools.count()

    async def make(names: tuple[str, ...] = ANTHROPIC, model: str = OPUS, **settings: Any) -> House:
        folder = tmp_path / f"house{next(numbers)}"
        folder.mkdir()
        house = House(folder, names, model, **settings)
        stack.push_async_callback(house.close)
        await house.open()
        return house

    async with AsyncExitStack() as stack:
        yield make


@pytest.fixture
async def still_house(tmp_path: Path) -> AsyncIterator[House]:
    """As `house`, in this process and with a clock of the test's own."""
    house = House(tmp_path, ANTHROPIC, OPUS, gate=StillGate(tmp_path))

    def now() -> datetime:
        return house.gate.context.now()

    house.upstreams = {name: FakeUpstream(name, now=now) for name in ANTHROPIC}
    await house.open()
    yield house
    await house.close()


@pytest.fixture
async def house(open_house: Open) -> House:
    """Anthropic's API first, OpenRouter second, both well."""
    return await open_house()
