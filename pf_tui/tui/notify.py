"""A bell or a notification of the terminal when somebody should look: off unless config.json says so.

Never while the dashboard has the focus; a terminal that does not tell about focus counts as focused for a
while after a key.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from pf_tui.actions.notices import osc9
from pf_tui.snapshot import ProviderView, Snapshot
from pf_tui.state.config import Config
from pf_tui.tui.textual_internals import write_control

if TYPE_CHECKING:
    from textual.app import App

TOUCHED_S = 60.0


class Notifier:
    """Compares each snapshot with the one before."""

    def __init__(self, first: Snapshot) -> None:
        self._last = first
        self.focused: bool | None = None
        """None = the terminal has not told."""
        self._touched_at = time.monotonic()

    def touched(self) -> None:
        """A key was pressed: somebody is here."""
        self._touched_at = time.monotonic()

    def take(self, now: Snapshot, app: App[None]) -> None:
        """Tell what is worth a look."""
        before, self._last = self._last, now
        config = now.config
        if not (config.notify_bell or config.notify_osc9) or self._here():
            return
        messages = [words for kind, words in changes(before, now) if kind in config.notify_kinds]
        if messages:
            self._send(messages[-1], config, app)

    def _here(self) -> bool:
        if self.focused is None:
            return time.monotonic() - self._touched_at < TOUCHED_S
        return self.focused

    def _send(self, words: str, config: Config, app: App[None]) -> None:
        if config.notify_bell:
            app.bell()
        if config.notify_osc9:
            write_control(app, osc9(words, tmux="TMUX" in os.environ))


def changes(before: Snapshot, now: Snapshot) -> list[tuple[str, str]]:
    """(kind, sentence) of everything that happened between two snapshots. Pure."""
    notices: list[tuple[str, str]] = []
    old = {view.id: view for view in before.providers}
    for view in now.providers:
        was = old.get(view.id)
        if was is None:
            continue
        if was.is_resting and not view.is_resting and not view.is_absent:
            notices.append(("reset", f"pf-tui: {view.id} can serve again"))
        elif now.active and view.id == now.active.provider and _warned(was, view):
            notices.append(("warn", f"pf-tui: {view.id} {_share(view)}"))
    previous, serves = before.active, now.active
    event_ids = {event.id for event in before.events}
    failovers = [event for event in now.events if event.id not in event_ids and event.action == "failover"]
    if failovers and previous and serves and previous.provider != serves.provider:
        notices.append(("failover", f"pf-tui: {serves.provider} serves now: {failovers[-1].why}"))
    elif previous and serves is None:
        notices.append(("failover", "pf-tui: no provider available"))
    return notices


def _warned(was: ProviderView, view: ProviderView) -> bool:
    return was.state == "ready" and view.state in ("warning", "limited", "exhausted")


def _share(view: ProviderView) -> str:
    limit = view.tightest
    return (
        f"is at {limit.percent:.0f} % of {limit.window}"
        if limit and limit.percent is not None
        else view.state
    )
