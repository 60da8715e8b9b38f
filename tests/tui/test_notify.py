"""Bell and notification: only when asked for, never while somebody looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pf_tui.records import replace
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context
from pf_tui.tui.notify import Notifier
from tests.tui.test_layouts import scene


class Driver:
    def __init__(self) -> None:
        self.written = ""

    def write(self, data: str) -> None:
        self.written += data


class Screen:
    """As much of an app as a notifier touches."""

    def __init__(self) -> None:
        self.bells, self._driver = 0, Driver()

    def bell(self) -> None:
        self.bells += 1


@pytest.fixture
def worlds(context: Callable[..., Context]) -> Callable[[dict[str, Any]], tuple[Snapshot, Snapshot]]:
    """(before, after) a warning, with these settings."""

    def made(settings: dict[str, Any]) -> tuple[Snapshot, Snapshot]:
        before = scene.afternoon(context)
        before = replace(before, config=replace(before.config, **settings))
        views = tuple(
            replace(view, state="warning") if view.id == "anthropic-subscription" else view
            for view in before.providers
        )
        return before, replace(before, providers=views)

    return made


def heard(worlds: Any, settings: dict[str, Any], *, focused: bool | None) -> Screen:
    before, after = worlds(settings)
    screen, notifier = Screen(), Notifier(before)
    notifier.focused = focused
    notifier.take(after, screen)  # type: ignore[arg-type]
    return screen


def test_it_is_off_by_default(worlds: Any) -> None:
    assert heard(worlds, {}, focused=False).bells == 0


def test_a_bell_and_a_notification_away_from_the_dashboard(
    worlds: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    screen = heard(worlds, {"notify_bell": True, "notify_osc9": True}, focused=False)

    assert screen.bells == 1
    assert screen._driver.written == "\x1b]9;pf-tui: anthropic-subscription is at 62 % of 5h\x07"


@pytest.mark.parametrize("focused", [True, None], ids=["focused", "just-touched"])
def test_never_while_somebody_is_here(worlds: Any, focused: bool | None) -> None:
    assert heard(worlds, {"notify_bell": True}, focused=focused).bells == 0


def test_only_the_kinds_that_were_asked_for(worlds: Any) -> None:
    assert heard(worlds, {"notify_bell": True, "notify_kinds": ["failover"]}, focused=False).bells == 0
