"""The lines around the panes: who serves, the tabs, the last line. No file, no clock."""

from __future__ import annotations

from datetime import tzinfo

from textual import getters
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from pf_tui.called import spelled
from pf_tui.records import record
from pf_tui.sessions.records import Session
from pf_tui.snapshot import Snapshot
from pf_tui.text.lines import Line, Span, cells, columns_changed, fit, joined, line, spread, whole_parts, wrap
from pf_tui.text.symbols import BRAILLE, Symbols
from pf_tui.tui import layout
from pf_tui.tui.ledger_view import UNREAD, LedgerView
from pf_tui.tui.page import Space
from pf_tui.tui.panes import events, live, status, welcome
from pf_tui.tui.strip_cache import StripCache
from pf_tui.tui.textual_internals import lay_out_anew
from pf_tui.tui.threaded_app import ThreadedApp
from pf_tui.tui.times import Clock


@record
class Appearance:
    """How everything is drawn in this run."""

    symbols: Symbols = BRAILLE
    zone: tzinfo | None = None


class Lines(Widget):
    """A few lines without a cursor."""

    def __init__(self, appearance: Appearance, name: str) -> None:
        super().__init__(id=name)
        self.appearance = appearance
        self._lines_on_screen: list[Line] = []
        self._strips = StripCache()

    def show(self, lines: list[Line]) -> None:
        """Show other lines; nothing is drawn when they are the same."""
        if lines == self._lines_on_screen:
            return
        before, self._lines_on_screen = self._lines_on_screen, lines
        if len(lines) != len(before):
            if self.styles.auto_dimensions:
                lay_out_anew(self)
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before, lines, strict=True)):
            if (span := columns_changed(old, new)) is not None:
                self.refresh(Region(span[0], y, span[1] - span[0], 1))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self._lines_on_screen))

    def render_line(self, y: int) -> Strip:
        content = self._lines_on_screen[y] if y < len(self._lines_on_screen) else ()
        return self._strips.strip(self, self.appearance.symbols, content, self.size.width)

    def notify_style_update(self) -> None:
        self._strips.restyled()
        super().notify_style_update()


class StatusLine(Lines):
    """Who serves, how long it lasts, who is next, what it cost."""

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    frozen: reactive[str] = reactive("", repaint=False)
    """That the screen is frozen, and since when."""
    rates: reactive[tuple[float, ...]] = reactive((), repaint=False)
    sessions: reactive[tuple[Session, ...]] = reactive((), repaint=False)

    def watch_snapshot(self) -> None:
        self.redraw()

    def watch_sessions(self) -> None:
        self.redraw()

    def watch_frozen(self) -> None:
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        if self.snapshot is not None and self.size.width:
            clock = Clock(now=self.snapshot.at, zone=self.appearance.zone)
            space = Space(width=self.size.width, height=2, clock=clock, symbols=self.appearance.symbols)
            flowing = live.count(self.snapshot, self.rates)
            self.show(
                status.lines_for(self.snapshot, space, self.sessions, hold_text=self.frozen, live=flowing)
            )


class TabLine(Lines):
    """The names of the panes where they have no borders."""

    NAMES = (
        ("sessions", "⁵", "Sessions", "Ses"),
        ("providers", "¹", "Providers", "Prov"),
        ("models", "²", "Models", "Mod"),
        ("limits", "³", "Limits", "Lim"),
        ("analytics", "⁴", "Analytics", "Ana"),
    )
    """Id, number, name, and the name where room is dear."""
    current: reactive[str] = reactive("providers", repaint=False)
    facts: reactive[Line] = reactive((), repaint=False)
    """What stands beside the pane's title where it has a border."""

    def watch_current(self) -> None:
        self.redraw()

    def watch_facts(self) -> None:
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        width = self.size.width
        if not width:
            return
        for others in ("whole", "short", "numbers"):
            tabs = self._tabs(others)
            if cells(tabs) + cells(self.facts) + 3 <= width:
                break
        facts = whole_parts(self.facts, width - cells(tabs) - 3)
        self.show([spread(tabs, line(facts, " ") if facts else (), width)])

    def _tabs(self, others: str) -> Line:
        """The names; of the panes that are not shown as much as there is room for."""
        parts: list[Line] = []
        if self.current == "events":
            parts.append(line(Span("⁰Events", "accent", bold=True)))
        for name, number, word, few in self.NAMES:
            here = name == self.current
            label = f"{number}{word if here else {'whole': word, 'short': few, 'numbers': ''}[others]}"
            parts.append(line(Span(label, "accent" if here else "muted", bold=here, action=name)))
        return line(" ", joined(parts, "  " if others == "whole" else " "))


class Foot(Lines):
    """What happened last; for a moment, what a key press did; and always what is wrong with a file."""

    app: getters.app[ThreadedApp]

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    notice: reactive[tuple[str, str] | None] = reactive(None, repaint=False)
    """(words, colour) of a message that stands for a moment."""
    working: reactive[Line] = reactive((), repaint=False)
    """How far long work is; () when none runs."""
    own_problems: reactive[tuple[str, ...]] = reactive((), repaint=False)
    """What is wrong with the dashboard's own settings."""
    report: reactive[LedgerView] = reactive(UNREAD, repaint=False)
    dismissed: reactive[frozenset[str]] = reactive(frozenset[str](), repaint=False)
    agents: reactive[tuple[str, ...]] = reactive((), repaint=False)

    MOST_PROBLEMS = 2
    """Told in full; of more each has a line, and the last one names the others."""

    @property
    def _most_lines(self) -> int:
        return 5 if layout.named(self.app.size.height, layout.HEIGHTS) in ("-high", "-tall") else 3

    def _home(self) -> str:
        """What stands as `~/` in a sentence."""
        home = self.app.ctx.env.get("HOME", "")
        return f"{home.rstrip('/')}/" if home.strip("/") else "~/"

    def _problems(self, width: int) -> list[Line]:
        """What is wrong with files, in as many lines as there are for each."""
        unread = map(str, self.report.unread)
        problems = (*self.snapshot.problems, *self.own_problems, *unread) if self.snapshot else ()
        problems = tuple(problem for problem in problems if problem not in self.dismissed)
        most = self._most_lines - 1
        listed_problems = problems if len(problems) <= self.MOST_PROBLEMS else problems[: most - 1]
        each = max(most // max(len(listed_problems), 1), 1)
        lines: list[Line] = []
        if others := problems[len(listed_problems) :]:
            files = ", ".join(dict.fromkeys(problem.split(" ")[0].rstrip(":") for problem in others))
            lines.append(fit(line(" ", Span("! ", "bad", bold=True), Span(f"also {files}", "bad")), width))
        for problem in reversed(listed_problems):
            text_lines = wrap(spelled(problem.replace(self._home(), "~/")), width - 4, "bad")
            if len(text_lines) > each:
                text_lines[each - 1 :] = [fit(joined(text_lines[each - 1 :], " "), width - 4)]
            lines.append(line(" ", Span("! ", "bad", bold=True), text_lines[0]))
            lines += [line("   ", text_line) for text_line in text_lines[1:]]
        return lines

    def watch_snapshot(self) -> None:
        self.redraw()

    def watch_notice(self) -> None:
        self.redraw()

    def watch_working(self) -> None:
        self.redraw()

    def watch_own_problems(self) -> None:
        self.redraw()

    def watch_report(self, before: LedgerView, now: LedgerView) -> None:
        if before.unread != now.unread:
            self.redraw()

    def watch_dismissed(self) -> None:
        self.redraw()

    def watch_agents(self) -> None:
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        if self.snapshot is None or not self.size.width:
            return
        width = self.size.width
        space = Space(
            width=width,
            height=1,
            clock=Clock(now=self.snapshot.at, zone=self.appearance.zone),
            symbols=self.appearance.symbols,
        )
        question = self.snapshot.open_question
        question_lines = [] if question is None else [status.question_line(question, space)]
        if self.notice is not None:
            words, colour = self.notice
            lines = [line(" ", text_line) for text_line in wrap(words, width - 2, colour)]
            self.show([*question_lines, *lines[: self._most_lines]])
            return
        lines = [events.latest(self.snapshot.events, space, welcome.next_step(self.snapshot, self.agents))]
        lines[:0] = [*question_lines, *self._problems(width)]
        if self.working:
            lines[-1] = fit(line(" ", self.working), width)
        self.show(lines)
