"""The app: composition and wiring. Themes, the one screen, what comes in, and the way back to the shell."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from importlib import import_module
from typing import ClassVar

from rich.console import Console
from textual import events, on
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.filter import NoColor

from pf_tui.actions import install
from pf_tui.catalog import styles_dir
from pf_tui.errors import PfError
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context
from pf_tui.text import symbols
from pf_tui.tui import first_paint, handlers, keymap, themes
from pf_tui.tui.ledger_view import UNREAD, LedgerView
from pf_tui.tui.line_widgets import Appearance
from pf_tui.tui.main_screen import MainScreen
from pf_tui.tui.messages import (
    Announcement,
    IngestEnded,
    IngestProgress,
    SessionsChanged,
    SnapshotChanged,
)
from pf_tui.tui.notify import Notifier
from pf_tui.tui.themes import SpanStyles
from pf_tui.tui.threaded_app import ThreadedApp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

RESIZED_S = 0.02
"""After it the toolkit has followed a new size, unless it forgot."""


class Dashboard(ThreadedApp, inherit_bindings=False):
    """pf-tui's dashboard."""

    TITLE = "pf-tui"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+z", "suspend_process", "suspend", show=False)]
    CSS_PATH: ClassVar = [styles_dir() / "dashboard.tcss", styles_dir() / "overlays.tcss"]

    def __init__(
        self,
        ctx: Context,
        snapshot: Snapshot,
        *,
        theme: str = "",
        report: LedgerView = UNREAD,
        painted: bool = False,
        live: bool = True,
    ) -> None:
        """
        Args:
            theme: name asked for on the command line; "" = the person's setting.
            painted: the alternate screen is open and shows the last frame.
            live: follow the files; False for a screen that stands still (pictures, page tests).
        """
        self._span_styles: SpanStyles | None = None
        super().__init__(ctx, snapshot)
        if self.no_color:
            self.filter_lines_with(NoColor())
        self._first = (snapshot, report)
        self._painted, self._live = painted, live
        if painted:
            from pf_tui.tui.terminal import Terminal

            Terminal.opened = True
        self.notifier = Notifier(snapshot)
        for own_theme in themes.OWN_THEMES:
            self.register_theme(own_theme)
        self.theme, self.theme_problem = self._first_theme(theme, snapshot)
        self._theme_setting = str(snapshot.config.dashboard.get("theme", ""))
        self.animation_level = "none"

    def _first_theme(self, theme_name: str, snapshot: Snapshot) -> tuple[str, str]:
        """The theme to begin with, and what was wrong with the setting."""
        theme_setting = theme_name or str(snapshot.config.dashboard.get("theme", ""))
        usual = themes.usual(self.console.color_system or "", self.ctx.env.get("COLORFGBG", ""))
        if not theme_setting or theme_setting in self.available_themes:
            return theme_setting or usual, ""
        return usual, f"no theme is called '{theme_setting}' · t shows all"

    # -- looks

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        self._span_styles = None
        self.theme_variables = {**variables, **themes.variables(self.current_theme, variables)}
        return self.theme_variables

    @property
    def span_styles(self) -> SpanStyles:
        """Spans to styles under the current theme."""
        if self._span_styles is None:
            self._span_styles = SpanStyles(
                self.theme_variables, ansi=self.current_theme.ansi, colour=not self.no_color
            )
        return self._span_styles

    def get_default_screen(self) -> MainScreen:
        snapshot, report = self._first
        dashboard = snapshot.config.dashboard
        problems = [self.theme_problem] if self.theme_problem else []
        try:
            symbol_set = symbols.find(str(dashboard.get("symbols", "braille")))
        except PfError as error:
            symbol_set = symbols.BRAILLE
            problems.append(str(error))
        look = Appearance(
            symbols=symbols.without_colour(symbol_set) if self.no_color else symbol_set,
            zone=self.ctx.timezone(),
        )
        main_screen = MainScreen(look, handlers.handler_of)
        keys = keymap.made(dashboard.get("keys"))
        main_screen.keymap = keys
        self.set_keymap({name: ",".join(keys.keys[name]) for name in keys.changed})
        main_screen.own_problems = (*problems, *keys.problems)
        main_screen.take(snapshot, report)
        return main_screen

    @property
    def main_screen(self) -> MainScreen:
        """The one screen, whatever lies over it."""
        screen = self.screen_stack[0]
        if not isinstance(screen, MainScreen):
            raise AssertionError(screen)
        return screen

    def get_driver_class(self) -> type[Driver]:
        driver = super().get_driver_class()
        if driver.__name__ != "LinuxDriver":
            return driver
        from pf_tui.tui.terminal import Terminal

        return Terminal

    # -- life

    def on_mount(self) -> None:
        for name in ("SIGTERM", "SIGHUP"):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                number = getattr(signal, name)
                asyncio.get_running_loop().add_signal_handler(number, self.exit, None, 128 + number)
        if self._live:
            self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """After the first frame: follow the files, read the logs, let the collector run again."""
        gc.enable()
        gc.freeze()
        self.feed.start()
        self.logs.start()
        self.look_up(self._find_agents)

    def _find_agents(self) -> None:
        """Which agents this machine has, and the sheets that a key may open next."""
        agents = (*install.agents_present(self.ctx), *install.only_read(self.ctx))
        self.soon(lambda: self._meet(agents))
        import_module("pf_tui.tui.dialogs.pickers")

    def _meet(self, agents: tuple[AgentId, ...]) -> None:
        """Say which agents there are; where nothing was decided yet, ask the one question."""
        self.main_screen.agents = agents
        if len(self.screen_stack) == 1:
            from pf_tui.tui.dialogs import first_run

            agent = first_run.agent_to_ask(self.ctx, self.main_screen.shown_snapshot(), agents)
            if agent is not None:
                self.push_screen(first_run.FirstRun(self.main_screen, agent))

    def exit(self, result: None = None, return_code: int = 0, message: object = None) -> None:
        if self._painted:
            with contextlib.suppress(Exception):
                self._keep_frame()
        super().exit(result, return_code)

    def _keep_frame(self) -> None:
        """Keep the screen for the first paint of the next start."""
        lines = self.main_screen.strips()
        console = Console(
            force_terminal=True,
            color_system=self.console.color_system or "truecolor",  # type: ignore[arg-type] # Rich's own word
            width=self.size.width,
            legacy_windows=False,
        )
        first_paint.keep(
            self.ctx.paths,
            (self.size.width, self.size.height),
            self.theme,
            [line.render(console) for line in lines],
            lines[0].text,
        )

    # -- what comes in

    @on(SnapshotChanged)
    def _snapshot_changed(self, message: SnapshotChanged) -> None:
        if self.ends:
            return
        self._follow_theme(message.snapshot)
        self.main_screen.take(message.snapshot, message.report)
        self.notifier.take(message.snapshot, self)

    @on(SessionsChanged)
    def _agents(self, message: SessionsChanged) -> None:
        if self.ends:
            return
        if any(session.resumes_at is not None for session in message.sessions):
            from pf_tui.tui.handlers.sessions import resume_due

            resume_due(self, message.sessions)
        self.main_screen.take_sessions(message.sessions)

    def _follow_theme(self, snapshot: Snapshot) -> None:
        """A theme that was written into config.json elsewhere shows here as well."""
        theme_setting = str(snapshot.config.dashboard.get("theme", ""))
        if theme_setting != self._theme_setting:
            self._theme_setting = theme_setting
            if theme_setting in self.available_themes:
                self.theme = theme_setting

    @on(Announcement)
    def _announce(self, message: Announcement) -> None:
        if not self.ends:
            self.main_screen.say(message.words, message.colour)

    @on(IngestProgress)
    def _reading(self, message: IngestProgress) -> None:
        if not self.ends:
            self.main_screen.show_reading(message)

    @on(IngestEnded)
    def _reading_ended(self, message: IngestEnded) -> None:
        if not self.ends:
            self.main_screen.end_reading(message)

    def on_resize(self, event: events.Resize) -> None:
        asyncio.get_running_loop().call_later(RESIZED_S, self.follow_size)

    def on_app_focus(self, event: events.AppFocus) -> None:
        self.notifier.focused = True

    def on_app_blur(self, event: events.AppBlur) -> None:
        self.notifier.focused = False

    def on_key(self, event: events.Key) -> None:
        self.notifier.touched()
