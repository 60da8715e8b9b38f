"""One session: shown, moved alone, brought to the front; and what joins those that go their own way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pf_tui.documents import serving
from pf_tui.tui.handlers import handles
from pf_tui.tui.messages import Announcement

if TYPE_CHECKING:
    from pf_tui.tui.main_screen import MainScreen


@handles("session")
def _session(cockpit: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.session import SessionSheet

    if one := cockpit.session(word or cockpit.pane.key):
        cockpit.app.push_screen(SessionSheet(cockpit, one))


@handles("session-move")
def _move(cockpit: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.session import Mover

    if one := cockpit.session(word or cockpit.pane.key):
        cockpit.app.push_screen(Mover(cockpit, one))


@handles("session-focus")
def _focus(cockpit: MainScreen, word: str) -> None:
    from pf_tui.actions import focusing

    if one := cockpit.session(word or cockpit.pane.key):
        cockpit.app.perform(lambda: Announcement(focusing.focus(cockpit.app.ctx, one)))


@handles("install")
def _install(cockpit: MainScreen, word: str) -> None:
    """The command that joins them, ready to be sent: what it changes is shown before it is done."""
    agent = word or serving.facts(cockpit.known(), cockpit.sessions).joins
    if not agent:
        there = {view.agent for view in cockpit.known().agents}
        agent = next((name for name in cockpit.found if name not in there), "")
    if agent:
        cockpit.action_do(f"command install {agent}")
    else:
        cockpit.say("pf-tui is in every agent of this machine already")
