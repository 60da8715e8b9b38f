"""The panes and lines of the cockpit as widgets: a snapshot comes in, a page is drawn. No file, no clock.

A hidden pane makes no page; it makes one when it is shown.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from pf_tui.documents import serving
from pf_tui.records import record, replace
from pf_tui.sessions.records import Session
from pf_tui.snapshot import Snapshot
from pf_tui.tui import layout, provider_order
from pf_tui.tui.actions import ACTIONS
from pf_tui.tui.charts.symbols import BRAILLE, Symbols
from pf_tui.tui.ledger_view import UNREAD, LedgerView
from pf_tui.tui.page import Choice, Page, Space
from pf_tui.tui.pane import Pane
from pf_tui.tui.panes import analytics, events, limits, live, models, providers, sessions, status, welcome
from pf_tui.tui.panes.usage_chart import CHARTS, METRICS
from pf_tui.tui.text import Line, Span, cells, columns_changed, fit, joined, line, spread, whole_parts, wrap
from pf_tui.tui.textual_internals import lay_out_anew
from pf_tui.tui.themes import Inks
from pf_tui.tui.times import Clock


@record
class Look:
    """How everything is drawn in this run."""

    symbols: Symbols = BRAILLE
    zone: tzinfo | None = None


def bindings_of(pane: str | None) -> list[BindingType]:
    """The keys that hold in one pane only, or everywhere (None), from the table."""
    return [
        Binding(",".join(action.keys), f"screen.do('{action.id}')", action.word, show=False, id=action.id)
        for action in ACTIONS
        if (pane in action.where if pane else not action.where)
    ]


TO_THE_TOP = -1_000_000
"""Rows to move by for the first one."""

FILTERED = (("esc", "shows all"), ("n", "next provider"))
"""Keys to know while a filter holds: `n` goes to no next match, it switches as ever."""


class SnapshotPane(Pane):
    """A pane that is drawn from the snapshot."""

    ORDERS: ClassVar[tuple[str, ...]] = ("",)

    class Titled(Message):
        """The pane has another title."""

        def __init__(self, pane: SnapshotPane) -> None:
            super().__init__()
            self.pane = pane

    snapshot: reactive[Snapshot | None] = reactive(None, layout=False, repaint=False)
    choice: reactive[Choice] = reactive(Choice(), layout=False, repaint=False)

    def __init__(self, look: Look, name: str) -> None:
        super().__init__(name=name, classes="pane")
        self.look = look
        self.symbols = look.symbols
        self._stale = True

    def build(self, snapshot: Snapshot, space: Space) -> Page:
        """The page to show."""
        raise NotImplementedError

    def space(self, snapshot: Snapshot) -> Space:
        """The room inside the border, at the snapshot's moment."""
        size = self.content_size
        return Space(
            width=size.width,
            height=size.height,
            clock=Clock(now=snapshot.at, zone=self.look.zone),
            symbols=self.look.symbols,
        )

    def redraw(self) -> None:
        """Make the page anew, unless nobody sees it."""
        self._stale = True
        if self.snapshot is None or not self.is_mounted or not self.content_size.width:
            return
        self._stale = False
        page = self.build(self.snapshot, self.space(self.snapshot))
        if self.choice.words:
            facts = joined([line(Span(f"/{self.choice.words}", "accent")), page.facts])
            others = (key for key in page.keys if key[0] != "n")
            page = replace(page, facts=facts, keys=(*FILTERED, *others))
        self.show(page)
        self.post_message(self.Titled(self))

    def order_by(self, column: str = "") -> None:
        """Order by a column, or by the next one."""
        orders = self.ORDERS
        here = orders.index(self.choice.order) if self.choice.order in orders else 0
        order = column if column and column in orders else orders[(here + 1) % len(orders)]
        self.choice = Choice(words=self.choice.words, order="" if order == self.choice.order else order)

    def narrow_to(self, words: str) -> None:
        """Filter; the cursor stands on the first match."""
        self.choice = Choice(words=words, order=self.choice.order)
        if words:
            self.move(TO_THE_TOP)

    def watch_snapshot(self) -> None:
        self.redraw()

    def watch_choice(self) -> None:
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()


class ProvidersPane(SnapshotPane):
    """Who can serve, in which order."""

    NUMBER = "¹"
    MARKS_SELECTED = True
    ORDERS = providers.ORDERS
    BINDINGS = bindings_of("providers")
    found: reactive[tuple[str, ...]] = reactive((), repaint=False)
    current: reactive[str] = reactive("providers", repaint=False)
    """The pane that has the keys: while it is this one all are listed, else those that can serve."""

    def build(self, snapshot: Snapshot, space: Space) -> Page:
        folded = self.current != "providers"
        page = providers.page_for(snapshot, space, self.choice, folded=folded, key=self.key)
        first = welcome.lines(snapshot, self.found, space.width)
        return replace(page, pinned=(*first, *page.pinned)) if first else page

    def watch_found(self) -> None:
        self.redraw()

    def watch_current(self) -> None:
        self.redraw()


class SessionsPane(SnapshotPane):
    """What the agents do."""

    NUMBER = "⁵"
    ORDERS = sessions.ORDERS
    BINDINGS = bindings_of("sessions")
    sessions: reactive[tuple[Session, ...]] = reactive((), repaint=False)

    def build(self, snapshot: Snapshot, space: Space) -> Page:
        most = self._most_lines()
        inks = provider_order.inks(snapshot)
        return sessions.page_for(self.sessions, inks, replace(space, height=most), self.choice)

    def _most_lines(self) -> int:
        """Lines it can grow to."""
        size, most = self.styles.height, self.styles.max_height
        if size is None or not size.is_auto or most is None or not isinstance(self.parent, Widget):
            return self.content_size.height
        return int(self.parent.content_size.height * most.value / 100) - self.gutter.height

    def watch_sessions(self) -> None:
        self.redraw()


class ModelsPane(SnapshotPane):
    """What can be served."""

    NUMBER = "²"
    ORDERS = models.ORDERS
    BINDINGS = bindings_of("models")
    extras: reactive[bool] = reactive(False, repaint=False)
    """Show the models beside the 116."""
    sessions: reactive[tuple[Session, ...]] = reactive((), repaint=False)
    current: reactive[str] = reactive("models", repaint=False)
    """The pane that has the keys: while it is another one only the models in use are shown."""

    def __init__(self, look: Look, name: str) -> None:
        super().__init__(look, name)
        self._made: tuple[object, Page] | None = None

    def build(self, snapshot: Snapshot, space: Space) -> Page:
        stands = tuple((view.id, view.state) for view in snapshot.providers)
        served = snapshot.active.model if snapshot.active else None
        used = None
        if self.current != "models":
            running = {one.model for one in self.sessions if one.model and one.state != "ended"}
            used = (
                *sorted(running),
                *((snapshot.next.model,) if snapshot.next and snapshot.next.model else ()),
            )
        facts = (id(snapshot.catalog), stands, served, space.width, self.choice, self.extras, used)
        if self._made is None or self._made[0] != facts:
            page = models.page_for(snapshot, space, self.choice, extras=self.extras, used=used)
            self._made = (facts, page)
        return self._made[1]

    def watch_sessions(self) -> None:
        self.redraw()

    def watch_current(self) -> None:
        self.redraw()

    def watch_extras(self) -> None:
        self.redraw()


class LimitsPane(SnapshotPane):
    """The windows of the provider that serves, and of the one that is selected."""

    NUMBER = "³"
    BINDINGS = bindings_of("limits")
    selected: reactive[str | None] = reactive(None, repaint=False)
    report: reactive[LedgerView] = reactive(UNREAD, repaint=False)
    sessions: reactive[tuple[Session, ...]] = reactive((), repaint=False)
    alone: reactive[bool] = reactive(False, repaint=False)
    """The pane has the screen for itself: the other providers' windows are shown too."""
    rates: reactive[tuple[float, ...]] = reactive((), repaint=False)

    def build(self, snapshot: Snapshot, space: Space) -> Page:
        serves = serving.facts(snapshot, self.sessions).provider
        provider = serves or self.selected
        return limits.page_for(
            snapshot,
            space,
            provider,
            self.report,
            key=self.key,
            room=self._most_lines(),
            more=self.alone,
            brief=self.screen.has_class("-stacked"),
            beside=self.selected,
            live=live.lines(snapshot, self.rates, space),
        )

    def _most_lines(self) -> int:
        """Lines it can grow to."""
        size, most = self.styles.height, self.styles.max_height
        if size is None or not size.is_auto or most is None or not isinstance(self.parent, Widget):
            return self.content_size.height
        return int(self.parent.content_size.height * most.value / 100) - self.gutter.height

    def on_pane_moved(self, event: Pane.Moved) -> None:
        self.redraw()

    def watch_selected(self) -> None:
        self.redraw()

    def watch_report(self) -> None:
        self.redraw()

    def watch_alone(self) -> None:
        self.redraw()


class AnalyticsPane(SnapshotPane):
    """What was used, and what it cost."""

    NUMBER = "⁴"
    ORDERS = analytics.ORDERS
    BINDINGS = bindings_of("analytics")
    report: reactive[LedgerView] = reactive(UNREAD, repaint=False)
    metric: reactive[str] = reactive(METRICS[0], repaint=False)
    chart: reactive[str] = reactive(CHARTS[0], repaint=False)

    def build(self, snapshot: Snapshot, space: Space) -> Page:
        return analytics.page_for(
            self.report, snapshot, space, self.choice, metric=self.metric, chart=self.chart
        )

    def watch_report(self) -> None:
        self.redraw()

    def watch_metric(self) -> None:
        self.redraw()

    def watch_chart(self) -> None:
        self.redraw()


class EventsPane(SnapshotPane):
    """What happened."""

    NUMBER = "⁰"
    BINDINGS = bindings_of("events")
    report: reactive[LedgerView] = reactive(UNREAD, repaint=False)
    rates: reactive[tuple[float, ...]] = reactive((), repaint=False)

    def build(self, snapshot: Snapshot, space: Space) -> Page:
        page = events.page_for(self.report.events or snapshot.events, space, self.choice)
        most = max(1, min(live.MOST_REQUESTS, space.height // 4 - 1))  # what happened needs its room
        flowing = live.lines(snapshot, self.rates, space, most)
        return replace(page, pinned=(*flowing, (), *page.pinned)) if flowing else page

    def watch_report(self) -> None:
        self.redraw()


class Lines(Widget):
    """A few lines without a cursor."""

    def __init__(self, look: Look, name: str) -> None:
        super().__init__(id=name)
        self.look = look
        self._shown: list[Line] = []

    def show(self, lines: list[Line]) -> None:
        """Show other lines; nothing is drawn when they are the same."""
        if lines == self._shown:
            return
        before, self._shown = self._shown, lines
        if len(lines) != len(before):
            if self.styles.auto_dimensions:
                lay_out_anew(self)
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before, lines, strict=True)):
            if (span := columns_changed(old, new)) is not None:
                self.refresh(Region(span[0], y, span[1] - span[0], 1))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self._shown))

    def render_line(self, y: int) -> Strip:
        content = self._shown[y] if y < len(self._shown) else ()
        inks: Inks = self.app.inks  # type: ignore[attr-defined]
        ground, width = self.rich_style, self.size.width
        marked = self.look.symbols.marked(fit(content, width))
        return Strip([Segment(span.text, inks.style(span, ground)) for span in marked], width)


class StatusLine(Lines):
    """Who serves, how long it lasts, who is next, what it cost."""

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    held: reactive[str] = reactive("", repaint=False)
    """That the screen is frozen, and since when."""
    rates: reactive[tuple[float, ...]] = reactive((), repaint=False)
    sessions: reactive[tuple[Session, ...]] = reactive((), repaint=False)

    def watch_snapshot(self) -> None:
        self.redraw()

    def watch_sessions(self) -> None:
        self.redraw()

    def watch_held(self) -> None:
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        if self.snapshot is not None and self.size.width:
            clock = Clock(now=self.snapshot.at, zone=self.look.zone)
            space = Space(width=self.size.width, height=2, clock=clock, symbols=self.look.symbols)
            flowing = live.count(self.snapshot, self.rates)
            self.show(status.lines_for(self.snapshot, space, self.sessions, held=self.held, live=flowing))


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
            said = f"{number}{word if here else {'whole': word, 'short': few, 'numbers': ''}[others]}"
            parts.append(line(Span(said, "accent" if here else "muted", bold=here, action=name)))
        return line(" ", joined(parts, "  " if others == "whole" else " "))


class Foot(Lines):
    """What happened last; for a moment, what a key press did; and always what is wrong with a file."""

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    said: reactive[tuple[str, str] | None] = reactive(None, repaint=False)
    """(words, ink) of a message that stands for a moment."""
    working: reactive[Line] = reactive((), repaint=False)
    """How far long work is; () when none runs."""
    own_problems: reactive[tuple[str, ...]] = reactive((), repaint=False)
    """What is wrong with the dashboard's own settings."""
    dismissed: reactive[frozenset[str]] = reactive(frozenset[str](), repaint=False)
    found: reactive[tuple[str, ...]] = reactive((), repaint=False)

    MOST_PROBLEMS = 2
    """Told in full; of more each has a line, and the last one names the others."""

    @property
    def _most_lines(self) -> int:
        return 5 if layout.named(self.app.size.height, layout.HEIGHTS) in ("-high", "-tall") else 3

    def _home(self) -> str:
        """What stands as `~/` in a sentence."""
        home: str = self.app.ctx.env.get("HOME", "")  # type: ignore[attr-defined] # the dashboard
        return f"{home.rstrip('/')}/" if home.strip("/") else "~/"

    def _problems(self, width: int) -> list[Line]:
        """What is wrong with files, in as many lines as there are for each."""
        problems = (*self.snapshot.problems, *self.own_problems) if self.snapshot else ()
        problems = tuple(problem for problem in problems if problem not in self.dismissed)
        most = self._most_lines - 1
        shown = problems if len(problems) <= self.MOST_PROBLEMS else problems[: most - 1]
        each = max(most // max(len(shown), 1), 1)
        lines: list[Line] = []
        if others := problems[len(shown) :]:
            named = ", ".join(dict.fromkeys(problem.split(" ")[0].rstrip(":") for problem in others))
            lines.append(fit(line(" ", Span("! ", "bad", bold=True), Span(f"also {named}", "bad")), width))
        for problem in reversed(shown):
            told = wrap(problem.replace(self._home(), "~/"), width - 4, "bad")
            if len(told) > each:
                told[each - 1 :] = [fit(joined(told[each - 1 :], " "), width - 4)]
            lines.append(line(" ", Span("! ", "bad", bold=True), told[0]))
            lines += [line("   ", one) for one in told[1:]]
        return lines

    def watch_snapshot(self) -> None:
        self.redraw()

    def watch_said(self) -> None:
        self.redraw()

    def watch_working(self) -> None:
        self.redraw()

    def watch_own_problems(self) -> None:
        self.redraw()

    def watch_dismissed(self) -> None:
        self.redraw()

    def watch_found(self) -> None:
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        if self.snapshot is None or not self.size.width:
            return
        width = self.size.width
        if self.said is not None:
            words, ink = self.said
            lines = [line(" ", one) for one in wrap(words, width - 2, ink)]
            self.show(lines[: self._most_lines])
            return
        space = Space(
            width=width,
            height=1,
            clock=Clock(now=self.snapshot.at, zone=self.look.zone),
            symbols=self.look.symbols,
        )
        lines = [events.latest(self.snapshot.events, space, welcome.next_step(self.snapshot, self.found))]
        lines[:0] = self._problems(width)
        if self.snapshot.question is not None:
            lines.insert(0, status.question_line(self.snapshot.question, space))
        if self.working:
            lines[-1] = fit(line(" ", self.working), width)
        self.show(lines)
