"""The app: composition and wiring. Themes, the one screen, the feed, and the way back to the shell."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App

from pf_tui.catalog import styles_dir
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context
from pf_tui.tui import keymap, themes
from pf_tui.tui.charts import symbols
from pf_tui.tui.cockpit import Cockpit
from pf_tui.tui.report import UNREAD, Report
from pf_tui.tui.themes import Inks
from pf_tui.tui.widgets import Look


class Dashboard(App[None], inherit_bindings=False):
    """pf-tui's dashboard."""

    TITLE = "pf-tui"
    ENABLE_COMMAND_PALETTE = False
    CSS_PATH: ClassVar = [styles_dir() / "cockpit.tcss"]

    def __init__(self, ctx: Context, snapshot: Snapshot, *, theme: str = "", report: Report = UNREAD) -> None:
        self._inks: Inks | None = None
        super().__init__()
        self.ctx = ctx
        self._first = (snapshot, report)
        for one in themes.HOUSE:
            self.register_theme(one)
        self.theme = theme or themes.DARK
        self.animation_level = "none"

    def get_css_variables(self) -> dict[str, str]:
        generated = super().get_css_variables()
        self._inks = None
        self.theme_variables = {**generated, **themes.variables(self.current_theme, generated)}
        return self.theme_variables

    @property
    def inks(self) -> Inks:
        """Spans to styles under the current theme."""
        if self._inks is None:
            self._inks = Inks(self.theme_variables, ansi=self.current_theme.ansi, colour=not self.no_color)
        return self._inks

    def get_default_screen(self) -> Cockpit:
        snapshot, report = self._first
        wished = snapshot.config.dashboard
        chosen = symbols.find(str(wished.get("symbols", "braille")))
        look = Look(
            symbols=symbols.without_colour(chosen) if self.no_color else chosen, zone=self.ctx.timezone()
        )
        cockpit = Cockpit(look)
        keys = keymap.made(wished.get("keys"))
        self.set_keymap({name: ",".join(keys.keys[name]) for name in keys.changed})
        cockpit.own_problems = keys.problems
        cockpit.take(snapshot, report)
        return cockpit

    def ask_history(self, period: str, by: str) -> None:
        """Have another part of the ledger read."""
