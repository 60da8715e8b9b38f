"""A sheet over the panes: a page to read or to choose from, live while the state changes below it.

What stands on it is a pure page, as in a pane; what a choice does is the sheet's `choose`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Input

from pf_tui.errors import PfError
from pf_tui.snapshot import Snapshot
from pf_tui.tui import dashboard_words, layout
from pf_tui.tui.actions import find
from pf_tui.tui.dialogs.line import TextLine
from pf_tui.tui.page import Page, Space
from pf_tui.tui.pane import Pane
from pf_tui.tui.textual_internals import Backdrop, CoveringScreen
from pf_tui.tui.times import Clock

if TYPE_CHECKING:
    from pf_tui.tui.main_screen import MainScreen
    from pf_tui.tui.threaded_app import ThreadedApp

SHARED_ACTIONS = (
    *("down", "up", "page-down", "page-up", "top", "bottom", "filter"),
    *("copy", "copy-row", "screenshot", "redraw", "cancel", "quit", "quit-now", "undo"),
    *("period-longer", "period-shorter"),
)
"""Actions of the table that hold on a sheet as well."""


def bindings() -> list[BindingType]:
    """The keys of a sheet, from the one table."""
    return [
        *(
            Binding(",".join(find(name).keys), f"do('{name}')", find(name).word, show=False, id=name)
            for name in SHARED_ACTIONS
        ),
        Binding("enter", "choose", "choose", show=False, id="sheet.choose"),
    ]


class Box(Backdrop, Container):
    """What holds the parts of a sheet."""


class DialogPane(Pane):
    """The sheet's own list."""

    def __init__(self) -> None:
        super().__init__(name="sheet-pane", classes="pane")


class Dialog(CoveringScreen, inherit_bindings=False):
    """One page over the others."""

    BINDINGS = bindings()
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = layout.WIDTHS
    VERTICAL_BREAKPOINTS = layout.HEIGHTS
    ALLOW_SELECT = False
    SEARCHES: ClassVar[bool] = False
    """It can be searched with `/`."""
    SEARCH_FIRST: ClassVar[bool] = False
    """It opens with the search line."""
    PLACEHOLDER: ClassVar[str] = "search"
    app: ThreadedApp

    def __init__(self, screen: MainScreen) -> None:
        size = screen.size
        super().__init__(
            classes=f"{layout.named(size.width, layout.WIDTHS)} {layout.named(size.height, layout.HEIGHTS)}"
        )
        self.main_screen = screen
        self.words = ""
        """What is searched for."""

    # -- for the sheets made of this one

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        """The page to show; `words` are what is searched for."""
        raise NotImplementedError

    def choose(self, key: str) -> None:
        """What enter does on a row."""

    def moved(self, key: str | None) -> None:
        """The cursor stands on another row."""

    def opened(self) -> None:
        """It is on screen."""

    def closing(self) -> None:
        """The sheet is left without a choice."""

    # -- the sheet itself

    @property
    def pane(self) -> DialogPane:
        return self.query_one(DialogPane)

    def compose(self) -> ComposeResult:
        with Box(id="sheet"):
            if self.SEARCHES:
                with Box(id="search"):
                    yield TextLine(placeholder=self.PLACEHOLDER)
            yield DialogPane()

    def on_mount(self) -> None:
        self.pane.symbols = self.main_screen.appearance.symbols
        self.set_class(self.main_screen.appearance.symbols.name == "ascii", "-ascii")
        self.watch(self.main_screen, "snapshot", self.redraw, init=False)
        self.set_class(self.SEARCH_FIRST, "-searching")
        (self.query_one(TextLine) if self.SEARCH_FIRST else self.pane).focus()
        self.call_after_refresh(self.redraw)
        self.call_after_refresh(self.app.opened)
        self.opened()

    def on_resize(self) -> None:
        self.call_after_refresh(self.redraw)

    def space(self) -> Space:
        """The room on the sheet, at the snapshot's moment."""
        clock = Clock(now=self.main_screen.shown_snapshot().at, zone=self.main_screen.appearance.zone)
        width = self.pane.content_size.width
        return Space(
            width=width, height=self.size.height - 6, clock=clock, symbols=self.main_screen.appearance.symbols
        )

    def redraw(self) -> None:
        """Make the page anew; what a thread brings after the sheet was closed is dropped."""
        pane = self.query_one_optional(DialogPane)
        if pane is not None and pane.content_size.width:
            pane.show(self.build(self.main_screen.shown_snapshot(), self.space(), self.words))
        self.show_whole()

    def leave(self) -> None:
        """Close it."""
        if self.is_current:
            self.dismiss()

    def action_choose(self) -> None:
        """Enter."""
        if self.pane.key is not None:
            try:
                self.choose(self.pane.key)
            except PfError as error:
                self.main_screen.say(dashboard_words.error_words(error), "bad")

    def action_do(self, words: str) -> None:
        """An action of the table, as far as it makes sense here."""
        pane = self.pane
        half = max(1, pane.room // 2)
        steps = {
            "down": 1,
            "up": -1,
            "page-down": half,
            "page-up": -half,
            "top": -1_000_000,
            "bottom": 1_000_000,
        }
        if words in steps:
            pane.move(steps[words])
        elif words in ("quit", "cancel"):
            self.closing()
            self.leave()
        elif words == "quit-now":
            self.app.exit()
        elif words == "filter":
            if self.SEARCHES:
                self.open_line()
        else:
            self.main_screen.action_do(words)

    @on(Pane.Moved)
    def _moved(self, event: Pane.Moved) -> None:
        event.stop()
        self.moved(event.key)

    @on(Pane.Chosen)
    def _chosen(self, event: Pane.Chosen) -> None:
        event.stop()
        self.action_choose()

    # -- the line to type into: one handler each, because the toolkit calls those of every class

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.typed(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.entered(event.value)

    @on(TextLine.Step)
    def _stepped(self, event: TextLine.Step) -> None:
        event.stop()
        self.stepped(event.key)

    @on(TextLine.Leave)
    def _leave_line(self, event: TextLine.Leave) -> None:
        event.stop()
        self.left_line()

    def typed(self, text: str) -> None:
        """A letter was typed: search."""
        self.words = text
        self.redraw()
        self.pane.move(-1_000_000)

    def entered(self, text: str) -> None:
        """Enter in the line."""
        self.action_choose()

    def stepped(self, key: str) -> None:
        """An arrow, page key or tab in the line."""
        steps = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}
        if key in steps:
            self.pane.move(steps[key])

    def left_line(self) -> None:
        """Out of the line; out of the sheet when it is all line, or nothing was searched for."""
        if self.SEARCH_FIRST or not self.words:
            self.closing()
            self.leave()
        else:
            self.query_one(TextLine).value = ""
            self.close_line()

    def open_line(self) -> None:
        """Show the line and give it the keys."""
        self.add_class("-searching")
        self.query_one(TextLine).focus()

    def close_line(self) -> None:
        """Hide the line; the list has the keys again."""
        self.remove_class("-searching")
        self.pane.focus()
