"""`:` — the command line's own words, with completion and history; what they print opens on a sheet.

A word runs in a process of its own (faces never import each other); those the dashboard has a key for
are done as that key. Completion comes from the command line itself, the first words from its table.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.widgets import Input, Static

from pf_tui.snapshot import Snapshot
from pf_tui.state import cache
from pf_tui.text.lines import Span, cells, fit, line, muted, wrap
from pf_tui.tui import cli_runner
from pf_tui.tui.dialogs.dialog import Box, Dialog, DialogPane
from pf_tui.tui.dialogs.line import TextLine
from pf_tui.tui.page import Page, Row, Space, unkeyed

if TYPE_CHECKING:
    from pf_tui.tui.main_screen import MainScreen

_HISTORY = "commands"
HISTORY_LINES = 200
MOST_OFFERS = 8
HINT = "switch openrouter · tab completes, ↑ goes back"
SHORT_HINT = "switch openrouter · tab completes"
ROOMY = 60


class CommandLine(Dialog):
    """A line at the foot and what could stand there."""

    SEARCH_FIRST: ClassVar[bool] = True

    def __init__(self, screen: MainScreen, text: str = "") -> None:
        super().__init__(screen)
        self._first = text
        self._offers: tuple[cli_runner.Completion, ...] = ()
        self._offers_for: str | None = None
        """What stood in the line when they were asked for; None before the first."""
        self._step_due = 0
        """Tab was pressed before the offers for what stands there had come: the step to take then."""
        self._history = (
            (cache.read(screen.app.ctx.paths, _HISTORY) or b"").decode("utf-8", "replace").splitlines()
        )
        self._at = len(self._history)
        self._draft = ""

    def compose(self) -> ComposeResult:
        with Box(id="sheet", classes="-foot"):
            yield DialogPane()
            with Box(id="search"):
                yield Static(":", classes="mark")
                yield TextLine(self._first, placeholder=HINT if self.app.size.width >= ROOMY else SHORT_HINT)

    def opened(self) -> None:
        self._offer(self._first)

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        return offers_page(self._offers[:MOST_OFFERS], space)

    def choose(self, key: str) -> None:
        self._complete(key)

    # -- typing

    def typed(self, text: str) -> None:
        self._step_due = 0
        self._offer(text)

    def entered(self, text: str) -> None:
        command = text.strip()
        self.leave()
        if command:
            self._remember(command)
            run(self.main_screen, command)

    def stepped(self, key: str) -> None:
        if key in ("tab", "shift+tab"):
            self._next_offer(-1 if key == "shift+tab" else 1)
        else:
            self._go_back(-1 if key == "up" else 1)

    def _go_back(self, step: int) -> None:
        line = self.query_one(TextLine)
        if self._at == len(self._history):
            self._draft = line.value
        self._at = max(0, min(len(self._history), self._at + step))
        line.value = self._history[self._at] if self._at < len(self._history) else self._draft
        line.cursor_position = len(line.value)

    def _next_offer(self, step: int) -> None:
        """Tab: as much as all offers share, then one after the other."""
        text = self.query_one(TextLine).value
        if text != self._offers_for:  # they are on their way
            self._step_due = step
            return
        if not self._offers:
            return
        values = [offer.value for offer in self._offers]
        shared = cli_runner.shared_start(values)
        if len(values) > 1 and len(shared) > len(cli_runner.last_word(text)):
            self._complete(shared, space="")
        elif len(values) == 1:
            self._complete(values[0])
        else:
            self.pane.move(step)
            if self.pane.key is not None:
                self._complete(self.pane.key, space="", offer=False)

    def _complete(self, value: str, *, space: str = " ", offer: bool = True) -> None:
        line = self.query_one(TextLine)
        before = line.value[: len(line.value) - len(cli_runner.last_word(line.value))]
        with line.prevent(Input.Changed):
            line.value = f"{before}{value}{space}"
        line.cursor_position = len(line.value)
        line.focus()
        if offer:
            self._offer(line.value)
        else:
            self._offers_for = line.value

    def _offer(self, text: str) -> None:
        """Show what could stand here: at once for the first word, from the command line for the others."""
        if " " not in text:
            self._show(text, cli_runner.first_words(text))
            return
        ctx = self.app.ctx
        self.app.look_up(lambda: self._show_soon(text, cli_runner.completions(ctx, text)))

    def _show_soon(self, text: str, offers: tuple[cli_runner.Completion, ...]) -> None:
        self.app.soon(partial(self._show, text, offers))

    def _show(self, text: str, offers: tuple[cli_runner.Completion, ...]) -> None:
        line = self.query_one_optional(TextLine)
        if line is not None and line.value == text:
            self._offers, self._offers_for = offers, text
            hidden = not self.pane.display
            self.pane.display = bool(offers)
            if hidden:
                self.call_after_refresh(self._show_offers)
            else:
                self._show_offers()

    def _show_offers(self) -> None:
        self.redraw()
        if step := self._step_due:
            self._step_due = 0
            self._next_offer(step)

    def _remember(self, text: str) -> None:
        """Keep it for the next time, unless a key could stand in it."""
        if text.startswith("auth"):
            return
        lines = [*(line for line in self._history if line != text), text][-HISTORY_LINES:]
        cache.keep(self.app.ctx.paths, _HISTORY, "\n".join(lines).encode())


def offers_page(offers: tuple[cli_runner.Completion, ...], space: Space) -> Page:
    """Words and what they do."""
    width = max((cells(offer.value) for offer in offers), default=0) + 2
    return Page(title="", rows=tuple(row for offer in offers for row in _offer_rows(offer, width, space)))


def _offer_rows(offer: cli_runner.Completion, width: int, space: Space) -> Iterator[Row]:
    """The word and what it does; a long sentence goes on below."""
    first, *more = wrap(offer.does, max(12, space.width - width), "muted")
    word = fit((Span(offer.value, "accent"),), width)
    yield Row(fit(line(word, first), space.width), offer.value)
    for text_line in more:
        yield Row(line(" " * width, text_line))


class Output(Dialog):
    """What a word printed."""

    def __init__(self, screen: MainScreen, text: str, result: cli_runner.CommandResult) -> None:
        super().__init__(screen)
        self._first, self._result = text, result

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        colour = "text" if self._result.code == 0 else "bad"
        lines = [fit((Span(text, colour),), space.width) for text in self._result.lines]
        facts = line(
            muted(f"pf-tui {self._first}"),
            *([] if self._result.code == 0 else [Span(f"  exit {self._result.code}", "bad")]),
        )
        return Page(title="Output", facts=facts, rows=unkeyed(lines), keys=(("q", "closes"),))


def run(screen: MainScreen, text: str) -> None:
    """Do what was typed. What the dashboard itself can do is done here, the rest by the command line."""
    try:
        words = shlex.split(text)
    except ValueError:
        screen.say(f"':{text}': a quotation mark is missing", "bad")
        return
    if words[:1] == ["pf-tui"]:
        words = words[1:]
    if not words:
        return
    if (action := cli_runner.own_action(words, screen.shown_snapshot())) is not None:
        screen.action_do(action)
        return
    if refusal := cli_runner.refusal(words):
        screen.say(refusal, "warn")
        return
    ctx, width = screen.app.ctx, max(40, min(100, round(screen.size.width * 0.84) - 4))
    screen.say(f"pf-tui {text} …", "muted")
    screen.app.look_up(lambda: _finish(screen, text, cli_runner.run(ctx, words, width)))


def _finish(screen: MainScreen, text: str, result: cli_runner.CommandResult) -> None:
    screen.app.feed.look()

    def show() -> None:
        if len(result.lines) <= 2:
            summary = " · ".join(output.strip().removeprefix("pf-tui: ") for output in result.lines)
            screen.say(summary or "done", "bad" if result.code else "accent")
        else:
            screen.notice = None
            screen.app.push_screen(Output(screen, text, result))

    screen.app.soon(show)
