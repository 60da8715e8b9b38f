"""A list with a cursor inside a border: shows a Page line by line and repaints only the cells that differ.

Own widget, measured reason: a DataTable costs 40–50 ms to mount and rebuilds on every change; this one
draws what is on screen. It reads nothing and decides nothing: a page comes in, the key under the cursor
goes out as `Moved`.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.style import Style

from pf_tui.text.lines import BLANK, Line, cells, columns_changed, whole_parts
from pf_tui.text.symbols import BRAILLE, Symbols
from pf_tui.tui import actions
from pf_tui.tui.page import Page, Row
from pf_tui.tui.strip_cache import StripCache
from pf_tui.tui.textual_internals import Unscrolled, lay_out_anew
from pf_tui.visible import visible

WHEEL_LINES = 3


class Pane(Unscrolled, can_focus=True):
    """One pane. `show()` gives it a new page; keys move its cursor through `move()`."""

    NUMBER = ""
    """Shown before the title, small: the key that jumps here."""

    MARKS_SELECTED = False
    """The cursor's row stays marked without the focus, because another pane speaks about it."""

    class Moved(Message):
        """The cursor stands on another key."""

        def __init__(self, pane: Pane, key: str | None) -> None:
            super().__init__()
            self.pane, self.key = pane, key

        @property
        def control(self) -> Pane:
            return self.pane

    class Chosen(Message):
        """The row under the cursor was chosen with a double click."""

        def __init__(self, pane: Pane, key: str) -> None:
            super().__init__()
            self.pane, self.key = pane, key

        @property
        def control(self) -> Pane:
            return self.pane

    def __init__(self, page: Page | None = None, *, name: str = "", classes: str = "") -> None:
        super().__init__(id=name or None, classes=classes)
        self.page = page or Page(title="")
        self.symbols: Symbols = BRAILLE
        self.key: str | None = None
        """What the cursor stands on."""
        self.top = 0
        """First row on screen."""
        self._strips = StripCache()

    # -- what comes in

    def show(self, page: Page) -> None:
        """Show another page; the cursor stays on its key, the eye on its line."""
        before, new_lines = self.page, self._lines()
        self.page = page
        if self._keep_cursor(before.rows):
            self.post_message(self.Moved(self, self.key))
        same_height = (len(before.pinned), len(before.rows)) == (len(page.pinned), len(page.rows))
        if not same_height and self.styles.auto_dimensions:
            lay_out_anew(self)
        else:
            self._repaint_changes(new_lines)
        self.show_titles()

    def move(self, rows: int) -> None:
        """Move the cursor by so many rows that can be chosen; without any, scroll."""
        keyed_rows = [number for number, row in enumerate(self.page.rows) if row.key is not None]
        if not keyed_rows:
            self.scroll_rows(rows)
            return
        here = self.row_number
        at = keyed_rows.index(here) if here in keyed_rows else -1 if rows > 0 else 0
        self.go_to(keyed_rows[max(0, min(len(keyed_rows) - 1, at + rows))])

    def go_to(self, number: int) -> None:
        """Put the cursor on a row, and the row on screen."""
        old, self.key = self.row_number, self.page.rows[number].key
        old_top = self.top
        self._reveal(number)
        if self.top != old_top:
            self.refresh()
            self.show_titles()
        else:
            self._repaint_rows([p for p in (old, number) if p is not None])
        if old != number:
            self.post_message(self.Moved(self, self.key))

    def go_to_key(self, key: str) -> bool:
        """Put the cursor on the row of that key; False when there is none."""
        number = next((at for at, row in enumerate(self.page.rows) if row.key == key), None)
        if number is not None:
            self.go_to(number)
        return number is not None

    def scroll_rows(self, rows: int) -> None:
        """Move the rows under the window; the cursor stays on its key."""
        top = max(0, min(self.top + rows, len(self.page.rows) - self.room))
        if top != self.top:
            self.top = top
            self.refresh()
            self.show_titles()

    # -- where things are

    @property
    def row_number(self) -> int | None:
        """The row the cursor stands on."""
        if self.key is None:
            return None
        return next((at for at, row in enumerate(self.page.rows) if row.key == self.key), None)

    @property
    def room(self) -> int:
        """Rows that fit below the pinned lines."""
        return max(1, self.content_size.height - len(self.page.pinned))

    # -- drawing

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.page.pinned) + max(1, len(self.page.rows))

    def render_line(self, y: int) -> Strip:
        pinned = self.page.pinned
        row = None if y < len(pinned) else self.top + y - len(pinned)
        content, behind = BLANK, ""
        if row is None:
            content = pinned[y]
        elif row < len(self.page.rows):
            content = self.page.rows[row].content
            if self.key is not None and self.page.rows[row].key == self.key:
                behind = "cursor" if self.has_focus else "shade" if self.MARKS_SELECTED else ""
        return self._strips.strip(self, self.symbols, content, self.content_size.width, behind)

    def notify_style_update(self) -> None:
        self._strips.restyled()
        super().notify_style_update()

    def show_titles(self) -> None:
        """Name, number and facts in the upper border; place and keys in the lower one."""
        if not self.styles.border_top[0]:
            return
        weight = "bold" if self.has_focus else ""
        gap = "  " if self.page.facts else ""
        name = visible(self.page.title)
        title = Content.assemble(self.symbols.plain(self.NUMBER), (name, weight), gap)
        room = self.content_size.width - 2 - cells(f"{self.NUMBER}{name}{gap}")
        for span in self.symbols.marked(whole_parts(self.page.facts, room)):
            title += Content.styled(span.text, f"not bold $ink-{span.colour}")
        self._set_title("border_title", title)
        keys = list(self.page.keys) if self.has_focus else []
        rows, last = len(self.page.rows), self.top + self.room
        parts = [f"{self.top + 1}–{min(last, rows)} of {rows}"] if rows > self.room else []
        while keys and self._hinted(parts, keys).cell_length > self.content_size.width - 4:
            keys.pop()
        self._set_title("border_subtitle", self._hinted(parts, keys))

    def _hinted(self, parts: Sequence[str], keys: Sequence[tuple[str, str]]) -> Content:
        """Where the list stands, and the keys with their words, which a click does as well."""
        plain_parts = [Content(self.symbols.plain(visible(part))) for part in parts]
        for key, word in keys:
            does = actions.done_by(key.split(" ")[0], self.id or "")
            text = self.symbols.plain(visible(f"{key} {word}"))
            plain_parts.append(
                Content.styled(text, Style.from_meta({"@click": f"screen.do({does!r})"}) if does else "")
            )
        return Content(self.symbols.plain(" · ")).join(plain_parts)

    # -- events of the toolkit

    def watch_has_focus(self, _has_focus: bool) -> None:  # `on_focus` would come before it has the focus
        super().watch_has_focus(_has_focus)
        self._repaint_cursor()

    def on_resize(self) -> None:
        self._reveal(self.row_number)
        self.show_titles()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_rows(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_rows(-WHEEL_LINES)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or event.style.meta.get("@click"):
            return
        number = self.top + offset.y - len(self.page.pinned)
        if offset.y >= len(self.page.pinned) and number < len(self.page.rows):
            key = self.page.rows[number].key
            if key is not None:
                self.go_to(number)
                if event.chain == 2:
                    self.post_message(self.Chosen(self, key))

    # -- small steps

    def _keep_cursor(self, before: Sequence[Row]) -> bool:
        """Find the cursor's key in the new rows, else the row in its place. True when the key changed."""
        old = self.key
        keys = [row.key for row in self.page.rows]
        if old not in keys or old is None:
            was = next((at for at, row in enumerate(before) if row.key == old and old is not None), 0)
            near = sorted((abs(at - was), at) for at, key in enumerate(keys) if key is not None)
            self.key = keys[near[0][1]] if near else None
        self._reveal(self.row_number)
        return self.key != old

    def _reveal(self, number: int | None) -> None:
        """Scroll as little as it takes to show the row."""
        most = max(0, len(self.page.rows) - self.room)
        if number is not None:
            if number < self.top:
                self.top = number
            elif number >= self.top + self.room:
                self.top = number - self.room + 1
            if all(row.key is None for row in self.page.rows[:number]) and number < self.room:
                self.top = 0
        self.top = max(0, min(self.top, most))

    def _lines(self) -> list[tuple[Line, bool]]:
        """What is on screen, line by line, and whether the cursor stands there."""
        rows = self.page.rows[self.top : self.top + self.room]
        lines = [(pinned, False) for pinned in self.page.pinned]
        lines += [(row.content, row.key is not None and row.key == self.key) for row in rows]
        return lines + [(BLANK, False)] * (self.content_size.height - len(lines))

    def _repaint_changes(self, before: Sequence[tuple[Line, bool]]) -> None:
        """Repaint the cells that differ from what was on screen."""
        regions, width = [], self.content_size.width
        for y, ((old, was_here), (new, is_here)) in enumerate(zip(before, self._lines(), strict=False)):
            if was_here != is_here:
                regions.append(Region(0, y, width, 1))
            elif (span := columns_changed(old, new)) is not None:
                regions.append(Region(span[0], y, span[1] - span[0], 1))
        if regions:
            self.refresh(*regions)

    def _repaint_rows(self, numbers: Sequence[int]) -> None:
        width, pinned = self.content_size.width, len(self.page.pinned)
        regions = [Region(0, pinned + number - self.top, width, 1) for number in numbers]
        if regions:
            self.refresh(*regions)

    def _repaint_cursor(self) -> None:
        if self.row_number is not None:
            self._repaint_rows([self.row_number])
        self.show_titles()

    def _set_title(self, which: str, title: Content) -> None:
        """Set a border title only when it says something else: setting it repaints the whole widget."""
        if getattr(self, f"_{which}") != title:
            setattr(self, which, title)
