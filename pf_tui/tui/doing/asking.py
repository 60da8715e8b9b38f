"""What opens over the panes. A sheet's module is loaded when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pf_tui.tui.doing import does

if TYPE_CHECKING:
    from pf_tui.tui.cockpit import Cockpit


@does("quick-switch")
def _quick_switch(cockpit: Cockpit, word: str) -> None:
    from pf_tui.tui.overlays.choosing import Switcher

    cockpit.app.push_screen(Switcher(cockpit))


@does("palette")
def _palette(cockpit: Cockpit, word: str) -> None:
    from pf_tui.tui.overlays.choosing import Palette

    cockpit.app.push_screen(Palette(cockpit))


@does("theme")
def _theme(cockpit: Cockpit, word: str) -> None:
    from pf_tui.tui.overlays.choosing import Themes, keep_theme

    if word and word in cockpit.app.available_themes:
        keep_theme(cockpit, word)
    elif word:
        cockpit.say(f"no theme is called '{word}' · t shows all", "bad")
    else:
        cockpit.app.push_screen(Themes(cockpit))


@does("help")
def _help(cockpit: Cockpit, word: str) -> None:
    from pf_tui.tui.overlays.help import Help

    cockpit.app.push_screen(Help(cockpit))


@does("why")
def _why(cockpit: Cockpit, word: str) -> None:
    from pf_tui.tui.overlays.why import Why

    cockpit.app.push_screen(Why(cockpit))


@does("drill")
def _drill(cockpit: Cockpit, word: str) -> None:
    from pf_tui.tui.overlays.drill import Drill

    cockpit.app.push_screen(Drill(cockpit))


@does("detail")
def _detail(cockpit: Cockpit, word: str) -> None:
    from pf_tui.tui.overlays.detail import Detail

    if provider := word or cockpit.selected:
        cockpit.app.push_screen(Detail(cockpit, provider))


@does("credential")
def _credential(cockpit: Cockpit, word: str) -> None:
    from pf_tui.tui.overlays.credential import Credential

    if provider := word or _meant(cockpit):
        cockpit.app.push_screen(Credential(cockpit, provider))


@does("edit")
def _edit(cockpit: Cockpit, word: str) -> None:
    from pf_tui.tui.overlays.budgets import Editor

    if provider := word or _meant(cockpit):
        cockpit.app.push_screen(Editor(cockpit, provider))


@does("evidence")
def _evidence(cockpit: Cockpit, word: str) -> None:
    from pf_tui.tui.overlays.evidence import Evidence

    event = cockpit.event(word or cockpit.pane.key)
    if event is not None:
        cockpit.app.push_screen(Evidence(cockpit, event))


@does("command")
def _command(cockpit: Cockpit, word: str) -> None:
    from pf_tui.tui.overlays.command import CommandLine

    cockpit.app.push_screen(CommandLine(cockpit, f"{word} " if word else ""))


@does("ingest")
def _ingest(cockpit: Cockpit, word: str) -> None:
    cockpit.app.logs.read()
    cockpit.say("reading the agents' logs")


def _meant(cockpit: Cockpit) -> str | None:
    """The provider under the cursor: in the limits pane the one whose windows are looked at."""
    if cockpit.current == "limits" and cockpit.pane.key:
        return cockpit.pane.key.split(" ")[0]
    active = cockpit.known().active
    return cockpit.selected or (active.provider if active else None)
