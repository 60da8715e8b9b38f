"""Short lists to choose from: the quick switch, the palette, the themes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import events

from pf_tui.actions import settings
from pf_tui.documents import commands
from pf_tui.snapshot import Snapshot
from pf_tui.text.columns import Column, body, chosen
from pf_tui.text.lines import BLANK, SERIES, Line, Span, bold, cells, fit, line, muted, series_colour, wrap
from pf_tui.text.meter import level_colour, percent_text
from pf_tui.tui import provider_order
from pf_tui.tui.actions import ACTIONS, shown
from pf_tui.tui.dialogs.dialog import Dialog
from pf_tui.tui.keymap import Keymap
from pf_tui.tui.messages import Announcement
from pf_tui.tui.page import Choice, Page, Row, Space, empty
from pf_tui.tui.provider_order import ListedProvider
from pf_tui.tui.themes import DARK, LIGHT

if TYPE_CHECKING:
    from pf_tui.tui.main_screen import MainScreen

OWN_NAMES = (DARK, LIGHT)

LETTERS = "123456789abcdefimnoprstvwyz"
"""Keys of the quick switch; letters that move or close (g h j k l q u x) are left out."""


class Switcher(Dialog):
    """`s`: one more key switches."""

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        return switch_page(snapshot, space)

    def choose(self, key: str) -> None:
        self.leave()
        self.main_screen.action_do(f"switch {key}")

    def on_key(self, event: events.Key) -> None:
        listed_provider = keyed(self.main_screen.shown_snapshot()).get(event.character or "")
        if listed_provider is not None:
            event.stop()
            event.prevent_default()
            self.choose(listed_provider.id)


def keyed(snapshot: Snapshot) -> Mapping[str, ListedProvider]:
    """key -> provider that has a credential, in order of priority; the numbers are the list's own."""
    able = [
        listed_provider
        for listed_provider in provider_order.listed_providers(snapshot)
        if listed_provider.number is not None
    ]
    return dict(zip(LETTERS, able, strict=False))


def switch_page(snapshot: Snapshot, space: Space) -> Page:
    """Key, name, state, tightest window, model."""
    colours, active = (
        provider_order.colours(snapshot),
        snapshot.active.provider if snapshot.active else None,
    )
    listed_providers = keyed(snapshot)
    name = provider_order.short_name if space.width < NARROW else str
    table = []
    for key, listed_provider in listed_providers.items():
        limit = listed_provider.view.tightest
        percent = limit.percent if limit else None
        table.append(
            {
                "key": line(bold(key, "accent")),
                "name": line(
                    Span("▶ " if listed_provider.id == active else "  ", "accent"),
                    Span(
                        name(listed_provider.id),
                        colours.get(listed_provider.id, "text"),
                        bold=listed_provider.id == active,
                    ),
                ),
                "state": line(provider_order.state_word(listed_provider.view)),
                "share": line(Span(percent_text(percent), level_colour(percent) if percent else "muted")),
                "model": line(muted(listed_provider.view.serves or "")),
            }
        )
    columns = (
        Column(key="key", title=""),
        Column(key="name", title="", least=18, grows=True),
        Column(key="state", title=""),
        Column(key="share", title="", right=True, at_least=5),
        Column(key="model", title="", leaves=1),
    )
    fitting_columns = chosen(columns, table, space.width)
    rows = tuple(
        Row(fit(body(fitting_columns, row), space.width), listed_provider.id)
        for row, listed_provider in zip(table, listed_providers.values(), strict=True)
    )
    if not rows:
        rows = empty(space.width, "no provider has a credential yet", "c on a provider sets one")
    keys = (("1–9 a–z", "switches"),) if listed_providers else ()
    return Page(title="Switch to", rows=rows, keys=(*keys, ("q", "closes")))


class Palette(Dialog):
    """`ctrl+p`: anything by name."""

    SEARCHES: ClassVar[bool] = True
    SEARCH_FIRST: ClassVar[bool] = True
    PLACEHOLDER: ClassVar[str] = "what do you want?"

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        matches = entries(snapshot, self.main_screen.keymap, tuple(self.app.available_themes))
        return palette_page(matches, space, words)

    def choose(self, key: str) -> None:
        self.leave()
        kind, _, rest = key.partition(" ")
        if kind == "do":
            self.main_screen.call_after_refresh(self.main_screen.action_do, rest)
        elif kind == "theme":
            keep_theme(self.main_screen, rest)
        else:
            self.main_screen.call_after_refresh(self.main_screen.action_do, f"command {rest}")


NARROW = 50
"""Below this providers have their short names."""

ROOMY = 60
"""From here on the palette names the group beside each entry."""

Entry = tuple[str, str, str, str]
"""(key of the row, group, words, what stands at the right)."""


def entries(snapshot: Snapshot, keys: Keymap, theme_names: tuple[str, ...]) -> Iterator[Entry]:
    """Everything that can be asked for by name."""
    for listed_provider in provider_order.listed_providers(snapshot):
        if listed_provider.number is not None:
            yield (
                f"do switch {listed_provider.id}",
                "switch to",
                listed_provider.id,
                provider_order.state_word(listed_provider.view).text,
            )
    for action in ACTIONS:
        yield (
            f"do {action.id}",
            action.group.casefold(),
            action.description,
            shown((*keys.keys[action.id], "")[0]),
        )
    for name in theme_names:
        yield f"theme {name}", "theme", name, ""
    for command in commands.COMMANDS:
        yield f"command {command.name}", "command", f"{command.name}  {command.summary}", f":{command.name}"


def palette_page(entries: Iterator[Entry], space: Space, words: str) -> Page:
    """What matches, what begins with the words first."""
    choice = Choice(words=words)
    matching = [entry for entry in entries if choice.admits(entry[1], entry[2])]
    needle = words.casefold()
    if needle:
        matching.sort(
            key=lambda entry: (not entry[2].casefold().startswith(needle), needle not in entry[2].casefold())
        )
    rows = [row for entry in matching for row in _entry_rows(entry, space.width)]
    if not rows:
        rows = list(empty(space.width, f"nothing is called '{words}'"))
    return Page(title="Find", rows=tuple(rows), keys=(("enter", "does it"), ("esc", "closes")))


def _entry_rows(entry: Entry, width: int) -> list[Row]:
    """What it is, and its key at the right; a long sentence goes on below."""
    key, group, text, right = entry
    label = 18 if width >= ROOMY else 0
    head = line(muted(f"{group[:label]:<{label}}  ")) if label else BLANK
    if not label and group in ("switch to", "theme"):  # a bare name says too little without its group
        text = f"{group} {text}"
    room = width - cells(head) - cells(right) - 1
    first, *more = wrap(text, room)
    tail = fit((Span(right, "accent"),), cells(right))
    return [
        Row(line(head, fit(first, room), " ", tail), key),
        *(Row(line(" " * cells(head), text_line)) for text_line in more),
    ]


class Themes(Dialog):
    """`t`: each theme shows while the cursor is on it; enter keeps it."""

    SEARCHES: ClassVar[bool] = True

    def __init__(self, screen: MainScreen) -> None:
        super().__init__(screen)
        self._before = screen.app.theme
        self._placed = False

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        return theme_page(self.app.available_themes, self._before, self.app.theme, space, words)

    def redraw(self) -> None:
        super().redraw()
        if not self._placed and self.pane.page.rows:
            self._placed = True
            self.pane.go_to_key(self._before)

    def moved(self, key: str | None) -> None:
        if self._placed and key and key in self.app.available_themes and key != self.app.theme:
            self.app.theme = key

    def choose(self, key: str) -> None:
        self.leave()
        keep_theme(self.main_screen, key)

    def closing(self) -> None:
        self.app.theme = self._before


def theme_page(themes: Mapping[str, object], saved_theme: str, here: str, space: Space, words: str) -> Page:
    """Names, dark and light, and the colours of charts."""
    choice = Choice(words=words)
    swatches = tuple(Span("■", series_colour(index)) for index in range(SERIES))
    levels = (Span(" 62 %", "good"), Span(" 83 %", "warn"), Span(" 97 % !", "bad"))
    rows = []
    own = [name for name in OWN_NAMES if name in themes]
    for name in (*own, *(other for other in themes if other not in own)):
        theme = themes[name]
        kind = (
            "ansi" if getattr(theme, "ansi", False) else "dark" if getattr(theme, "dark", True) else "light"
        )
        if choice.admits(name, kind):
            room = space.width - 30
            sample: Line = BLANK
            if name == here:
                sample = next(
                    (swatch for swatch in ((*swatches, *levels), swatches) if cells(swatch) <= room), BLANK
                )
            text = line(
                Span("● " if name == saved_theme else "  ", "accent"),
                fit((Span(name),), 22),
                muted(f"{kind:<6}"),
                sample,
            )
            rows.append(Row(fit(text, space.width), name))
    if not rows:
        rows = list(empty(space.width, f"no theme is called '{words}'"))
    return Page(title="Theme", rows=tuple(rows), keys=(("enter", "keeps it"), ("q", "as before")))


def keep_theme(screen: MainScreen, name: str) -> None:
    """Use a theme, and remember it."""
    app = screen.app
    app.theme = name

    def keep() -> Announcement:
        settings.set_dashboard(app.ctx, "theme", name)
        return Announcement(f"theme {name}")

    app.perform(keep)
