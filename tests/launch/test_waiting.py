"""`pf-tui run --resume-at-reset` while no provider can serve: it waits, says for whom, and then starts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pf_tui import actions
from pf_tui.actions import pausing
from pf_tui.clients import STARTED
from pf_tui.errors import NothingCanServe
from pf_tui.launch import waiting
from pf_tui.rules.eligibility import Skipped
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context
from tests.conftest import NOON

CLAUDE = STARTED["claude"]
KEYS = {"OPENROUTER_API_KEY": "or-mine", "DEEPSEEK_API_KEY": "ds-mine"}


class Wait:
    """A wait whose clock moves by its own sleeps."""

    def __init__(self, context: Callable[..., Context]) -> None:
        self.now = NOON
        self.ctx = context(now=lambda: self.now, env=KEYS)
        self.shown: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def show(self, now: Snapshot, back: Skipped) -> None:
        self.shown.append(back.provider)

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.meanwhile()

    def run(self) -> tuple[str, datetime]:
        _, route = waiting.until_served(self.ctx, CLAUDE, show=self.show, sleep=self.sleep)
        return (route.provider if route is not None else "nobody: paused"), self.now


@pytest.fixture
def wait(context: Callable[..., Context], home: Path) -> Wait:
    made = Wait(context)
    actions.set_priority(made.ctx, ["openrouter", "deepseek-api"])
    actions.bench(made.ctx, "openrouter", until=NOON + timedelta(minutes=10))
    actions.bench(made.ctx, "deepseek-api", until=NOON + timedelta(minutes=2))
    return made


def test_it_starts_with_the_provider_that_is_back_first(wait: Wait) -> None:
    provider, at = wait.run()

    assert provider == "deepseek-api"
    assert timedelta(minutes=2) <= at - NOON <= timedelta(minutes=2, seconds=waiting.LOOK_S)
    assert set(wait.shown) == {"deepseek-api"}


def test_a_release_meanwhile_ends_the_wait(wait: Wait) -> None:
    wait.meanwhile = lambda: actions.release(wait.ctx, "openrouter")

    provider, at = wait.run()

    assert (provider, at - NOON) == ("openrouter", timedelta(seconds=waiting.LOOK_S))


def test_a_bench_that_grows_meanwhile_lets_the_other_be_waited_for(wait: Wait) -> None:
    wait.meanwhile = lambda: actions.bench(wait.ctx, "deepseek-api", until=NOON + timedelta(hours=1))

    provider, _ = wait.run()

    assert provider == "openrouter"
    assert list(dict.fromkeys(wait.shown)) == ["deepseek-api", "openrouter"]


def test_a_pause_meanwhile_is_noticed_within_a_second(wait: Wait) -> None:
    wait.meanwhile = lambda: pausing.pause(wait.ctx)

    served, at = wait.run()

    assert served == "nobody: paused"
    assert at - NOON <= timedelta(seconds=1)


def test_without_an_end_nothing_is_waited_for(context: Callable[..., Context]) -> None:
    made = Wait(context)
    actions.set_priority(made.ctx, ["groq"])  # no credential

    with pytest.raises(NothingCanServe):
        made.run()

    assert made.shown == []
