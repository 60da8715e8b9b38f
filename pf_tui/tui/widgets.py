"""The panes and lines of the dashboard as widgets: a snapshot comes in, a page is drawn. No file, no clock.

A hidden pane makes no page; it makes one when it is shown.
"""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from pf_tui.catalog import Catalog
from pf_tui.documents import serving
from pf_tui.records import replace
from pf_tui.sessions.records import Session
from pf_tui.snapshot import Snapshot
from pf_tui.text.lines import BLANK, Span, joined, line
from pf_tui.tui import provider_order
from pf_tui.tui.actions import ACTIONS
from pf_tui.tui.ledger_view import UNREAD, LedgerView
from pf_tui.tui.line_widgets import Appearance
from pf_tui.tui.page import Choice, Page, Row, Space
from pf_tui.tui.pane import Pane
from pf_tui.tui.panes import analytics, events, limits, live, models, providers, sessions, welcome
from pf_tui.tui.panes.usage_chart import CHARTS, METRICS
from pf_tui.tui.provider_order import lacks_credentials
from pf_tui.tui.times import Clock


def bindings_of(pane: str | None) -> list[BindingType]:
    """The keys that hold in one pane only, or everywhere (None), from the table."""
    return [
        Binding(",".join(action.keys), f"screen.do('{action.id}')", action.word, show=False, id=action.id)
        for action in ACTIONS
        if (pane in action.where if pane else not action.where)
    ]


TO_THE_TOP = -1_000_000
"""Rows to move by for the first one."""

MOST_PAGES = 4
"""Pages of the models that are kept."""

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

    def __init__(self, look: Appearance, name: str) -> None:
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
    agents: reactive[tuple[str, ...]] = reactive((), repaint=False)
    current: reactive[str] = reactive("providers", repaint=False)
    """The pane that has the keys: while it is this one all are listed, else those that can serve."""

    def __init__(self, look: Appearance, name: str) -> None:
        super().__init__(look, name)
        self._made: tuple[Snapshot | None, providers.MadeRows] = (None, {})

    def build(self, snapshot: Snapshot, space: Space) -> Page:
        folded = self.current != "providers" and not lacks_credentials(snapshot)
        if self._made[0] is not snapshot:
            self._made = (snapshot, {})
        page = providers.page_for(
            snapshot, space, self.choice, folded=folded, key=self.key, row_cache=self._made[1]
        )
        first = welcome.lines(snapshot, self.agents, space.width)
        return replace(page, pinned=(*first, *page.pinned)) if first else page

    def watch_agents(self) -> None:
        self.redraw()

    def watch_current(self, before: str, now: str) -> None:
        if self.id in (before, now):
            self.redraw()


class SessionsPane(SnapshotPane):
    """What the agents do."""

    NUMBER = "⁵"
    ORDERS = sessions.ORDERS
    BINDINGS = bindings_of("sessions")
    sessions: reactive[tuple[Session, ...]] = reactive((), repaint=False)

    def build(self, snapshot: Snapshot, space: Space) -> Page:
        most = self._most_lines()
        colours = provider_order.colours(snapshot)
        return sessions.page_for(self.sessions, colours, replace(space, height=most), self.choice)

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

    def __init__(self, look: Appearance, name: str) -> None:
        super().__init__(look, name)
        self._catalog: Catalog | None = None
        self._pages: dict[object, Page] = {}
        """The last few: those with the keys and without are changed for each other again and again."""

    def build(self, snapshot: Snapshot, space: Space) -> Page:
        stands = tuple((view.id, view.state) for view in snapshot.providers)
        active_model = snapshot.active.model if snapshot.active else None
        used_models = None
        if self.current != "models":
            running = {
                session.model for session in self.sessions if session.model and session.state != "ended"
            }
            used_models = (
                *sorted(running),
                *((snapshot.next.model,) if snapshot.next and snapshot.next.model else ()),
            )
        facts = (
            stands,
            active_model,
            space.width,
            space.height if used_models is not None else 0,
            self.choice,
            self.extras,
            used_models,
        )
        if self._catalog is not snapshot.catalog:
            self._catalog, self._pages = snapshot.catalog, {}
        if facts not in self._pages:
            if len(self._pages) >= MOST_PAGES:
                del self._pages[next(iter(self._pages))]
            self._pages[facts] = models.page_for(
                snapshot, space, self.choice, extras=self.extras, used_models=used_models
            )
        return self._pages[facts]

    def watch_sessions(self) -> None:
        self.redraw()

    def watch_current(self, before: str, now: str) -> None:
        if self.id in (before, now):
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

    def __init__(self, look: Appearance, name: str) -> None:
        super().__init__(look, name)
        self._shape: object = None
        self._highest = 0

    def build(self, snapshot: Snapshot, space: Space) -> Page:
        serves = serving.facts(snapshot, self.sessions).provider
        provider = serves or self.selected
        flowing = live.lines(snapshot, self.rates, space)
        page = limits.page_for(
            snapshot,
            space,
            provider,
            self.report,
            key=self.key,
            room=self._most_lines(),
            more=self.alone,
            brief=self.screen.has_class("-stacked"),
            beside=self.selected,
            live=flowing,
        )
        return self._as_high(page, space, len(flowing))

    def _as_high(self, page: Page, space: Space, in_flight: int) -> Page:
        """The page as high as the highest since the screen last changed its shape.

        The cursor goes over providers with many windows and with none: what is below must not jump with it.
        """
        shape = (space.width, in_flight, self.screen.size, self.alone, self.screen.has_class("-stacked"))
        if shape != self._shape or self.screen.has_class("-stacked"):
            self._shape, self._highest = shape, 0
        self._highest = max(self._highest, len(page.rows))
        return replace(page, rows=(*page.rows, *[Row(BLANK)] * (self._highest - len(page.rows))))

    def _most_lines(self) -> int:
        """Lines it can grow to."""
        size, most = self.styles.height, self.styles.max_height
        if size is None or not size.is_auto or most is None or not isinstance(self.parent, Widget):
            return self.content_size.height
        return int(self.parent.content_size.height * most.value / 100) - self.gutter.height

    def on_pane_moved(self, event: Pane.Moved) -> None:
        self.redraw()

    def watch_sessions(self, before: tuple[Session, ...], now: tuple[Session, ...]) -> None:
        """They may go to another provider."""
        snapshot = self.snapshot
        if snapshot and serving.facts(snapshot, before).provider != serving.facts(snapshot, now).provider:
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
    agents: reactive[tuple[str, ...]] = reactive((), repaint=False)

    def build(self, snapshot: Snapshot, space: Space) -> Page:
        return analytics.page_for(
            self.report,
            snapshot,
            space,
            self.choice,
            metric=self.metric,
            chart=self.chart,
            agents=self.agents,
        )

    def watch_agents(self) -> None:
        if not self.report.parts:
            self.redraw()

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
