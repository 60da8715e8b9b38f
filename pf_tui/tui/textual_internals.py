"""Everything of Textual that has no public way: one place to look at when its version changes.

Each part names the upstream issue that would make it unnecessary. Written against Textual 8.2.8.
"""

from __future__ import annotations

import codecs
import selectors
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Self  # Any: what a screen returns does not matter here

from rich.console import Console, RenderableType
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual._compositor import ChopsUpdate
from textual._context import visible_screen_stack
from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.color import Color
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.theme import Theme
from textual.widget import Widget

INPUT_WAIT_S = 0.1
"""Between two looks whether the thread that reads is to end."""


class _CroppedUpdate(ChopsUpdate):
    """An update that is cropped on both sides.

    A changed row is written from the widget's left edge (Textualize/textual#5625): one cell at the right of a
    list cost 680 bytes, a switch 14 KB; with this 40 bytes and 3.6 KB (120x40, measured). In tmux, which has
    no synchronised output, every byte of that is flicker.
    """

    def render_segments(self, console: Console) -> str:
        runs: list[str] = []
        for y, first, last in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                left_edge, right = max(x, first), min(end, last)
                if strip is not None and left_edge < right:
                    runs.append(Control.move_to(left_edge, y).segment.text)
                    runs.append(strip.crop(left_edge - x, right - x).render(console))
        return "".join(runs)


class OpenApp(App[None]):
    """An app that writes fewer bytes, and leaves the words about an error nobody caught to its door."""

    failure: BaseException | None = None
    """What ended the app."""
    _theme_now: Theme | None = None

    def __init__(self) -> None:
        super().__init__()
        # two widgets of every screen that nothing here shows; `run_test` has a public way to leave them out
        self._disable_tooltips = self._disable_notifications = True

    @property
    def current_theme(self) -> Theme:
        """The theme; Textual copies its table of themes to find it, for every line it draws."""
        if self._theme_now is None or self._theme_now.name != self.theme:
            self._theme_now = super().current_theme
        return self._theme_now

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if type(renderable) is ChopsUpdate:
            renderable = _CroppedUpdate(renderable.chops, renderable.spans, renderable.chop_ends)
        super()._display(screen, renderable)

    def _fatal_error(self) -> None:
        """There is no hook for it (Textualize/textual#2818, #5325); Textual would print its traceback."""
        self.failure = self._exception
        if self.failure is not None:
            self.on_failure(self.failure)
        self._close_messages_no_wait()

    def on_failure(self, error: BaseException) -> None:
        """The app ends because of an error nobody caught."""

    def follow_size(self) -> None:
        """Take the terminal's size. Textual does by a timer, skipped for good when it begins 8 ms late;
        there is no public way to ask again.
        """
        self._check_resize()

    def filter_lines_with(self, *filters: LineFilter) -> None:
        """Change the colours of what is drawn by these alone; Textual has its own for NO_COLOR, in greys."""
        self._filters = list(filters)


def lay_out_anew(widget: Widget) -> None:
    """Ask for another height. The old one is kept when a layout is asked for already (as in
    Textualize/textual#1402): `refresh(layout=True)` then does not change the key its sizes are cached by.
    """
    widget._layout_updates += 1
    widget.refresh(layout=True)


def strips(screen: Screen[Any]) -> list[Strip]:
    """What a screen shows, line by line, without what lies over it; there is a public SVG only."""
    visible_screen_stack.set(screen.app._background_screens)  # what a sheet lets through
    return screen._compositor.render_strips()


class Unscrolled(Widget):
    """A widget that the toolkit does not scroll. Its size is public, and that of what it holds asks for
    a second layout after each one, for bars that this one never has.
    """

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), repaint=False)


class Backdrop(Unscrolled):
    """A widget that shows what it holds, and is blank elsewhere: `BLANK` is public, but forgets NO_COLOR."""

    def render_lines(self, crop: Region) -> list[Strip]:
        return super().render_lines(Region(crop.x, 0, crop.width, 1)) * crop.height


class CalmScreen(Screen[None], Backdrop):
    """A screen that is laid out and painted no more than it changes: there is no public way to either.

    Textual paints all of it when another widget has the focus, and lays out each screen of the stack
    when one is pushed.
    """

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    still = False
    """It does not change, whatever the toolkit asks for: another screen is being laid over it."""

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        if self.still:
            return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _screen_resized(self, size: Size) -> None:
        if size != self._size:  # of the last layout
            super()._screen_resized(size)

    def _on_timer_update(self) -> None:
        if self._layout_required and self._repaint_required:  # the layout's paint does for both
            self._dirty_widgets.add(self)
            self._repaint_required = False
        super()._on_timer_update()


class CoveringScreen(CalmScreen, ModalScreen[None]):
    """A screen over another one, which shows dimmed around it; it is first painted when it is `whole`.

    There is no public way to either. Textual paints a new screen at every step of its layout, three times
    (Textualize/textual#5516 spared others), and takes what is below it apart cell by cell each time
    (#3055): 30 of the 40 ms of a sheet's opening (120x40, processor time).
    """

    whole = False
    """It has its content; until then what was on screen stays."""
    _beneath: tuple[Strip, ...] = ()

    def show_whole(self) -> None:
        """Paint from now on, beginning with a layout of what it holds now."""
        if not self.whole:
            self.whole = True
            self.refresh(layout=True)

    def _compositor_refresh(self) -> None:
        if self.whole:
            super()._compositor_refresh()

    def _on_screen_resume(self, event: events.ScreenResume) -> None:
        event.refresh_styles = self.whole  # a new screen has just got its styles

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        self._beneath = ()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_lines(self, crop: Region) -> list[Strip]:
        screens, tint = visible_screen_stack.get([]), self.styles.background
        if not self._beneath and screens and tint.a < 1:
            strips = screens.pop()._compositor.render_strips()
            self._beneath = tuple(_dimmed(strip, tint, self.size.width) for strip in strips)
        if len(self._beneath) < crop.bottom:
            return super().render_lines(crop)
        return [strip.crop(crop.x, crop.right) for strip in self._beneath[crop.y : crop.bottom]]


def _dimmed(strip: Strip, tint: Color, width: int) -> Strip:
    """The line under a tint, without its links; Textual's is not public."""
    dimmed = [Segment(text, _dimmed_style(style, tint)) for text, style, _ in strip]
    return Strip(dimmed, strip.cell_length).adjust_cell_length(width)


_FAINT = Style(dim=True, bold=False)


@lru_cache(maxsize=2048)
def _dimmed_style(style: Style | None, tint: Color) -> Style:
    """A style under a tint: there are some dozens on a screen, and no public way to have them mixed."""
    plain = style.clear_meta_and_links() if style is not None else Style()
    if not tint.a:  # a terminal's own colours cannot be mixed, but the terminal can show them faint
        return plain + _FAINT
    colours = (
        (Color.from_rich_color(colour) + tint).rich_color if colour is not None else None
        for colour in (plain.color, plain.bgcolor)
    )
    return plain + Style.from_color(*colours)


def write_control(app: App[None], sequence: str) -> None:
    """Write a control sequence to the terminal; an app can ring its bell, and nothing else."""
    if app._driver is not None:
        app._driver.write(sequence)


class OpenDriver(LinuxDriver):
    """A terminal driver whose reading and size can be changed.

    Bytes that are no UTF-8 end Textual's own reading, and the program (Textualize/textual#6668).
    """

    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        raise NotImplementedError

    def read_input(self) -> bytes:
        """What was typed; nothing when the terminal went away."""
        raise NotImplementedError

    def clean(self, data: bytes) -> tuple[bytes, bytes]:
        """What is text, and a beginning that has not come whole."""
        raise NotImplementedError

    def _get_terminal_size(self) -> tuple[int, int]:
        return self.size()

    def run_input_thread(self) -> None:
        """Read, drop what is no text, hand on events."""
        parser = XTermParser(self._debug)
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        rest = b""
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(INPUT_WAIT_S):
                    data = self.read_input()
                    if not data:
                        self._app.call_later(self._app.exit)
                        self.exit_event.wait()
                        break
                    data, rest = self.clean(rest + data)
                    if text := decode(data):  # for the parser, nothing is the end
                        self._hand_on(parser.feed(text))
                self._hand_on(parser.tick())
        try:
            for _ in parser.feed(""):
                pass
        except (EOFError, ParseError):
            pass

    def _hand_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)
