"""What opens over the panes. A dialog's module is loaded when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pf_tui.tui.handlers import handles

if TYPE_CHECKING:
    from pf_tui.tui.main_screen import MainScreen


@handles("quick-switch")
def _quick_switch(screen: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.pickers import Switcher

    screen.app.push_screen(Switcher(screen))


@handles("palette")
def _palette(screen: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.pickers import Palette

    screen.app.push_screen(Palette(screen))


@handles("theme")
def _theme(screen: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.pickers import Themes, keep_theme

    if word and word in screen.app.available_themes:
        keep_theme(screen, word)
    elif word:
        screen.say(f"no theme is called '{word}' · t shows all", "bad")
    else:
        screen.app.push_screen(Themes(screen))


@handles("help")
def _help(screen: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.help import Help

    screen.app.push_screen(Help(screen))


@handles("why")
def _why(screen: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.why import Why

    screen.app.push_screen(Why(screen))


@handles("drill")
def _drill(screen: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.drill import Drill

    screen.app.push_screen(Drill(screen))


@handles("detail")
def _detail(screen: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.detail import Detail

    if provider := word or screen.selected:
        screen.app.push_screen(Detail(screen, provider))


@handles("credential")
def _credential(screen: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.credential import Credential

    if provider := word or _meant(screen):
        screen.app.push_screen(Credential(screen, provider))


@handles("edit")
def _edit(screen: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.budgets import Editor

    if provider := word or _meant(screen):
        screen.app.push_screen(Editor(screen, provider))


@handles("evidence")
def _evidence(screen: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.evidence import Evidence

    event = screen.event(word or screen.pane.key)
    if event is not None:
        screen.app.push_screen(Evidence(screen, event))


@handles("command")
def _command(screen: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.command import CommandLine

    screen.app.push_screen(CommandLine(screen, f"{word} " if word else ""))


@handles("ingest")
def _ingest(screen: MainScreen, word: str) -> None:
    screen.app.logs.read()
    screen.say("reading the agents' logs")


def _meant(screen: MainScreen) -> str | None:
    """The provider under the cursor: in the limits pane the one whose windows are looked at."""
    if screen.current == "limits" and screen.pane.key:
        return screen.pane.key.split(" ")[0]
    active = screen.shown_snapshot().active
    return screen.selected or (active.provider if active else None)
