"""The one screen: composes the panes, keeps what is looked at, and hands every key to its handler."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, getters, on
from textual.app import ComposeResult
from textual.reactive import reactive
from textual.strip import Strip

from pf_tui.called import spelled
from pf_tui.errors import PfError
from pf_tui.sessions.records import Session
from pf_tui.snapshot import Snapshot
from pf_tui.state.journal import Event
from pf_tui.text.lines import Line
from pf_tui.tui import dashboard_words, event_sentences, keymap, layout, progress
from pf_tui.tui.ledger_view import UNREAD, LedgerView
from pf_tui.tui.line_widgets import Appearance, Foot, StatusLine, TabLine
from pf_tui.tui.messages import IngestEnded, IngestProgress
from pf_tui.tui.pane import Pane
from pf_tui.tui.pane_columns import PaneColumns
from pf_tui.tui.panes.live import Flow
from pf_tui.tui.panes.usage_chart import CHARTS, METRICS
from pf_tui.tui.provider_order import lacks_credentials
from pf_tui.tui.textual_internals import CalmScreen, strips
from pf_tui.tui.threaded_app import ThreadedApp
from pf_tui.tui.times import Clock
from pf_tui.tui.widgets import (
    AnalyticsPane,
    EventsPane,
    LimitsPane,
    ModelsPane,
    ProvidersPane,
    SessionsPane,
    SnapshotPane,
    bindings_of,
)

LONG_READING_BYTES = 16 * 1024 * 1024
"""Less is read before anybody could look at a progress bar."""

SAID_S = 6.0
"""How long a message stands; errors stand twice as long."""

STORY_S = 12.0
"""A move is told for longer: it is read by somebody who looks up."""

Handler = Callable[["MainScreen", str], None]
"""What an action of the table does: the screen, and a word that may follow its id ("order cost")."""


class MainScreen(CalmScreen, inherit_bindings=False):
    """Snapshot and report come in; what a key does is in the handlers that the app hands it."""

    BINDINGS = bindings_of(None)
    HORIZONTAL_BREAKPOINTS = layout.WIDTHS
    VERTICAL_BREAKPOINTS = layout.HEIGHTS
    AUTO_FOCUS = ""
    ALLOW_SELECT = False
    app: getters.app[ThreadedApp]

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    report: reactive[LedgerView] = reactive(UNREAD, repaint=False)
    selected: reactive[str | None] = reactive(None, repaint=False)
    """The provider under the cursor: the limits pane shows its windows."""
    current: reactive[str] = reactive("providers", repaint=False)
    """The pane that has the keys."""
    facts: reactive[Line] = reactive((), repaint=False)
    """What its title says beside its name: the tabs say it where it has no border."""
    below: reactive[str] = reactive("sessions", repaint=False)
    """What a medium screen shows below the providers."""
    zoomed: reactive[bool] = reactive(False, repaint=False)
    metric: reactive[str] = reactive(METRICS[0], repaint=False)
    chart: reactive[str] = reactive(CHARTS[0], repaint=False)
    extras: reactive[bool] = reactive(False, repaint=False)
    alone: reactive[bool] = reactive(False, repaint=False)
    frozen: reactive[str] = reactive("", repaint=False)
    notice: reactive[tuple[str, str] | None] = reactive(None, repaint=False)
    working: reactive[Line] = reactive((), repaint=False)
    own_problems: reactive[tuple[str, ...]] = reactive((), repaint=False)
    dismissed: reactive[frozenset[str]] = reactive(frozenset[str](), repaint=False)
    """Problems that were read and are not shown again while they stay as they are."""
    rates: reactive[tuple[float, ...]] = reactive((), repaint=False)
    """Tokens per second through the gateway, look by look."""
    agents: reactive[tuple[str, ...]] = reactive((), repaint=False)
    """Agents on this machine."""
    sessions: reactive[tuple[Session, ...]] = reactive((), repaint=False)
    """Agent sessions that run, or ended within the last hour."""

    def __init__(self, appearance: Appearance, handler_of: Callable[[str], Handler]) -> None:
        """
        Args:
            handler_of: what an action of the table does, by the action's id.
        """
        super().__init__()
        self.appearance = appearance
        self._handler_of = handler_of
        self.period, self.by = "7d", "provider"
        self.keymap = keymap.made(None)
        self._flow = Flow()
        self._waiting: tuple[Snapshot, LedgerView] | None = None
        self._waiting_sessions: tuple[Session, ...] | None = None
        self._chosen = False
        """The person has gone to a pane; until then a split shows the sessions first."""
        self._unsaid: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        appearance = self.appearance
        yield StatusLine(appearance, "status").data_bind(
            MainScreen.snapshot, MainScreen.frozen, MainScreen.rates, MainScreen.sessions
        )
        yield TabLine(appearance, "tabs").data_bind(MainScreen.current, MainScreen.facts)
        with PaneColumns("panes"):
            yield ProvidersPane(appearance, "providers").data_bind(
                MainScreen.snapshot, MainScreen.agents, MainScreen.current
            )
            yield SessionsPane(appearance, "sessions").data_bind(MainScreen.snapshot, MainScreen.sessions)
            yield ModelsPane(appearance, "models").data_bind(
                MainScreen.snapshot, MainScreen.extras, MainScreen.sessions, MainScreen.current
            )
            yield LimitsPane(appearance, "limits").data_bind(
                MainScreen.snapshot,
                MainScreen.report,
                MainScreen.selected,
                MainScreen.sessions,
                MainScreen.alone,
                MainScreen.rates,
            )
            yield AnalyticsPane(appearance, "analytics").data_bind(
                MainScreen.snapshot,
                MainScreen.report,
                MainScreen.metric,
                MainScreen.chart,
                MainScreen.agents,
            )
            yield EventsPane(appearance, "events").data_bind(
                MainScreen.snapshot, MainScreen.report, MainScreen.rates
            )
        yield Foot(appearance, "foot").data_bind(
            MainScreen.snapshot,
            MainScreen.notice,
            MainScreen.working,
            MainScreen.own_problems,
            MainScreen.report,
            MainScreen.dismissed,
            MainScreen.agents,
        )

    def on_mount(self) -> None:
        self.set_class(self.appearance.symbols.name == "ascii", "-ascii")
        for size, names in ((self.app.size.width, layout.WIDTHS), (self.app.size.height, layout.HEIGHTS)):
            self.add_class(layout.named(size, names))  # the toolkit tells after the first frame
        if self.has_class("-narrow") and self.has_class("-tall"):
            self.current = "sessions"
        self.lay_out()
        self.pane.focus()

    # -- what comes in

    def take(self, snapshot: Snapshot, report: LedgerView) -> None:
        """A new snapshot; a frozen screen keeps it for later."""
        if self.frozen:
            self._waiting = (snapshot, report)
            return
        before = self.snapshot
        self.rates = self._flow.add(snapshot)
        self.snapshot = snapshot
        self.report = report
        self.set_class(lacks_credentials(snapshot), "-unset")
        if before is not None:
            self._tell_failover(before, snapshot)

    def take_sessions(self, sessions: tuple[Session, ...]) -> None:
        """What the agents do now; a frozen screen stays as it is, the next look tells again."""
        if self.frozen:
            self._waiting_sessions = sessions
            return
        first = not self.sessions and bool(sessions) and not self._chosen
        self.sessions = sessions
        self.set_class(not sessions and "sessions" in self.visible_panes, "-quiet")
        if first and self.has_class("-narrow") and self.is_current and self.focused is self.pane:
            self.jump("sessions")

    def session(self, key: str | None) -> Session | None:
        """The session of that row."""
        return next((session for session in self.sessions if f"{session.agent} {session.id}" == key), None)

    def _tell_failover(self, before: Snapshot, now: Snapshot) -> None:
        """A failover is said when it happens, whatever pane is looked at."""
        event_ids = {event.id for event in before.events}
        kinds = ("failover", "return")
        failovers = [event for event in now.events if event.action in kinds and event.id not in event_ids]
        if failovers:
            sentence = event_sentences.story(failovers[-1], Clock(now=now.at, zone=self.appearance.zone))
            self.say(sentence, "warn" if failovers[-1].action == "failover" else "good", STORY_S)

    def say(self, words: str, colour: str = "accent", seconds: float | None = None) -> None:
        """Say something in the last line for a moment."""
        self.notice = (spelled(words), colour)
        if self._unsaid is not None:
            self._unsaid()
        timer = self.set_timer((seconds or SAID_S) * (2 if colour == "bad" else 1), self._fall_silent)
        self._unsaid = timer.stop

    def _fall_silent(self) -> None:
        self._unsaid = None
        self.notice = None

    def show_reading(self, message: IngestProgress) -> None:
        """How far the agents' logs have been read, unless that takes no time."""
        if self.working or (message.total >= LONG_READING_BYTES and message.done < message.total):
            self.working = progress.line_for(
                message.done, message.total, message.seconds, self.appearance.symbols
            )

    def end_reading(self, message: IngestEnded) -> None:
        """The logs have been read; only what a person should know is said."""
        was_long, self.working = bool(self.working), ()
        if message.problem:
            self.say(message.problem, "bad")
        elif message.cancelled:
            self.say(
                "reading the agents' logs was stopped; what was read is kept · `:ingest` goes on", "warn"
            )
        elif was_long:
            self.say(f"the agents' logs are read: {message.rows_new} new rows")

    def dismiss_problems(self) -> bool:
        """Take the red lines away until something else is wrong; False when there are none."""
        unread = map(str, self.report.unread)
        problems = {*(self.snapshot.problems if self.snapshot else ()), *self.own_problems, *unread}
        if not problems - self.dismissed:
            return False
        self.dismissed = frozenset(problems)
        return True

    def cancel_work(self) -> bool:
        """Stop long work; False when none runs."""
        return self.app.logs.cancel()

    # -- what is looked at

    def shown_snapshot(self) -> Snapshot:
        """The snapshot on screen."""
        if self.snapshot is None:
            raise AssertionError("the screen is mounted with a snapshot")
        return self.snapshot

    @property
    def pane(self) -> SnapshotPane:
        """The pane that has the keys."""
        return self.query_one(f"#{self.current}", SnapshotPane)

    @property
    def visible_panes(self) -> frozenset[str]:
        """The panes on screen."""
        width = next((name for _, name in layout.WIDTHS if self.has_class(name)), "-wide")
        height = next((name for _, name in layout.HEIGHTS if self.has_class(name)), "-high")
        return layout.visible(width, height, self.current, self.below, zoomed=self.zoomed)

    def event(self, key: str | None) -> Event | None:
        """The event of that id, as far back as the pane reads."""
        events = self.report.events or self.shown_snapshot().events
        return next((event for event in events if event.id == key), None)

    def jump(self, pane: str) -> None:
        """Give a pane the keys, and show it."""
        self._chosen = True
        if pane != "providers":
            self.below = pane
        self.current = pane
        self.lay_out()
        self.pane.focus()

    def lay_out(self) -> None:
        """Show the panes this size and choice call for."""
        panes = self.visible_panes
        for name in layout.PANES:
            self.query_one(f"#{name}").set_class(name not in panes, "-hidden")
        self.alone = len(panes) == 1
        self.set_class(self.alone, "-alone")
        self.set_class(layout.stacked(panes), "-stacked")
        self.set_class(lacks_credentials(self.shown_snapshot()), "-unset")
        self.set_class(bool(panes & {*layout.RIGHT_PANES}), "-below")
        self.set_class(not self.sessions and "sessions" in panes, "-quiet")
        order = layout.STACK if layout.stacked(panes) else layout.PANES
        self.query_one("#panes", PaneColumns).stand(order, beside=self.has_class("-wide"))
        self.app.feed.show_sessions("sessions" in panes)

    def watch_zoomed(self) -> None:
        if self.is_mounted:
            self.lay_out()

    def hold(self) -> None:
        """Freeze, or go on with what has come meanwhile."""
        if self.frozen:
            self.frozen = ""
            if self._waiting is not None:
                waiting, self._waiting = self._waiting, None
                self.take(*waiting)
            if self._waiting_sessions is not None:
                sessions, self._waiting_sessions = self._waiting_sessions, None
                self.take_sessions(sessions)
        elif self.snapshot is not None:
            self.frozen = f"FROZEN since {self.snapshot.at.astimezone(self.appearance.zone):%H:%M}"

    def ask_history(self, *, period: str = "", by: str = "") -> None:
        """Show another period or grouping of the ledger."""
        self.period, self.by = period or self.period, by or self.by
        self.app.ask_history(self.period, self.by)

    # -- the filter line

    def open_filter(self) -> None:
        """Type what this pane should show; it follows every letter."""
        from pf_tui.tui.dialogs.prompt import Prompt

        if not self.query(Prompt):
            self.app.opens()
            self.mount(Prompt(self.pane), before="#foot")

    @on(events.DescendantFocus)
    def _follow_focus(self, event: events.DescendantFocus) -> None:
        if isinstance(self.focused, SnapshotPane) and self.focused.id:
            self.current = self.focused.id
            if self.current != "providers":
                self.below = self.current

    # -- events

    def strips(self) -> list[Strip]:
        """What this screen shows, line by line, without what lies over it."""
        return strips(self)

    def on_resize(self) -> None:
        self.call_after_refresh(self.lay_out)
        self.call_after_refresh(self.query_one(LimitsPane).redraw)  # its room is a share of its neighbours'
        self.call_after_refresh(self.query_one(Foot).redraw)

    @on(SnapshotPane.Titled)
    def _titled(self, event: SnapshotPane.Titled) -> None:
        if event.pane.id == self.current:
            self.facts = event.pane.page.facts

    def watch_current(self) -> None:
        if self.is_mounted:
            self.facts = self.pane.page.facts

    @on(Pane.Moved, "#providers")
    def _select(self, event: Pane.Moved) -> None:
        self.selected = event.key

    @on(Pane.Chosen)
    def _choose(self, event: Pane.Chosen) -> None:
        actions = {"providers": "switch", "models": "switch", "events": "evidence", "analytics": "group-next"}
        actions["sessions"] = "session"
        if event.pane.id in actions:
            self.action_do(actions[event.pane.id])

    def action_do(self, words: str) -> None:
        """Do an action of the table; a word may follow its id."""
        action_id, _, word = words.partition(" ")
        try:
            self._handler_of(action_id)(self, word)
        except PfError as error:
            self.say(dashboard_words.error_words(error), "bad")
