"""What opens over the panes. A sheet's module is loaded when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pf_tui.tui.handlers import handles

if TYPE_CHECKING:
    from pf_tui.tui.main_screen import MainScreen


@handles("quick-switch")
def _quick_switch(cockpit: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.pickers import Switcher

    cockpit.app.push_screen(Switcher(cockpit))


@handles("palette")
def _palette(cockpit: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.pickers import Palette

    cockpit.app.push_screen(Palette(cockpit))


@handles("theme")
def _theme(cockpit: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.pickers import Themes, keep_theme

    if word and word in cockpit.app.available_themes:
        keep_theme(cockpit, word)
    elif word:
        cockpit.say(f"no theme is called '{word}' · t shows all", "bad")
    else:
        cockpit.app.push_screen(Themes(cockpit))


@handles("help")
def _help(cockpit: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.help import Help

    cockpit.app.push_screen(Help(cockpit))


@handles("why")
def _why(cockpit: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.why import Why

    cockpit.app.push_screen(Why(cockpit))


@handles("drill")
def _drill(cockpit: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.drill import Drill

    cockpit.app.push_screen(Drill(cockpit))


@handles("detail")
def _detail(cockpit: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.detail import Detail

    if provider := word or cockpit.selected:
        cockpit.app.push_screen(Detail(cockpit, provider))


@handles("credential")
def _credential(cockpit: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.credential import Credential

    if provider := word or _meant(cockpit):
        cockpit.app.push_screen(Credential(cockpit, provider))


@handles("edit")
def _edit(cockpit: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.budgets import Editor

    if provider := word or _meant(cockpit):
        cockpit.app.push_screen(Editor(cockpit, provider))


@handles("evidence")
def _evidence(cockpit: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.evidence import Evidence

    event = cockpit.event(word or cockpit.pane.key)
    if event is not None:
        cockpit.app.push_screen(Evidence(cockpit, event))


@handles("command")
def _command(cockpit: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.command import CommandLine

    cockpit.app.push_screen(CommandLine(cockpit, f"{word} " if word else ""))


@handles("ingest")
def _ingest(cockpit: MainScreen, word: str) -> None:
    cockpit.app.logs.read()
    cockpit.say("reading the agents' logs")


def _meant(cockpit: MainScreen) -> str | None:
    """The provider under the cursor: in the limits pane the one whose windows are looked at."""
    if cockpit.current == "limits" and cockpit.pane.key:
        return cockpit.pane.key.split(" ")[0]
    active = cockpit.known().active
    return cockpit.selected or (active.provider if active else None)
