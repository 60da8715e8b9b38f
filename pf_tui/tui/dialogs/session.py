"""One session of an agent: what it does by which evidence, what it asked and cost, its limits and moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual import events

from pf_tui import actions
from pf_tui.documents import sessions as documents
from pf_tui.documents import words as phrases
from pf_tui.ledger.totals import Group
from pf_tui.records import replace
from pf_tui.sessions.records import Session
from pf_tui.snapshot import Snapshot
from pf_tui.state.journal import Event
from pf_tui.text.lines import Line, Span, bold, line, muted, wrap
from pf_tui.tui import provider_order
from pf_tui.tui.dialogs.dialog import Dialog
from pf_tui.tui.dialogs.pickers import keyed, switch_page
from pf_tui.tui.event_sentences import sentence
from pf_tui.tui.messages import Announcement
from pf_tui.tui.page import Page, Row, Space

if TYPE_CHECKING:
    from pf_tui.tui.ledger_view import SessionUse
    from pf_tui.tui.main_screen import MainScreen

LABEL = 12
NARROW = 46
MOST_MOVES = 6
KEYS = (("p", "moves"), ("f", "focuses"), ("q", "closes"))

BY_WORDS = {
    "registry": "the agent's own register",
    "hook": "its last hook",
    "log": "its log",
    "gateway": "the gateway",
    "process": "its process",
}


class SessionSheet(Dialog):
    """`enter` on a session."""

    def __init__(self, screen: MainScreen, session: Session) -> None:
        super().__init__(screen)
        self._key = f"{session.agent} {session.id}"
        self._session = session
        self._use: SessionUse | None = None

    def opened(self) -> None:
        self.watch(self.main_screen, "sessions", self.redraw, init=False)
        self.app.look_up(self._read)

    def _read(self) -> None:
        from pf_tui.tui import ledger_view

        self._use = ledger_view.of_session(self.app.ctx, self._session.agent, self._session.id)
        self.app.soon(self.redraw)

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        self._session = self.main_screen.session(self._key) or self._session
        events = self.main_screen.report.events or snapshot.events
        return page_for(self._session, space, self._use, moves_of(self._session, events))

    def on_key(self, event: events.Key) -> None:
        """The keys of the pane hold for the session that is looked at."""
        does = {"p": "session-move", "f": "session-focus"}.get(event.character or "")
        if does:
            event.stop()
            event.prevent_default()
            self.leave()
            self.main_screen.call_after_refresh(self.main_screen.action_do, f"{does} {self._key}")


def moves_of(session: Session, events: Sequence[Event]) -> tuple[Event, ...]:
    """The events that name this session, the newest first."""

    def names(event: Event) -> bool:
        return any(
            facts.get("session") == session.id and facts.get("agent", session.agent) == session.agent
            for facts in (event.before, event.after, event.evidence)
        )

    return tuple(event for event in reversed(events) if names(event))


def page_for(session: Session, space: Space, use: SessionUse | None, moves: Sequence[Event] = ()) -> Page:
    """Sections with a word at the left; what is not known says so."""
    narrow = space.width < NARROW
    width = space.width - (1 if narrow else LABEL)
    rows: list[Row] = []

    def section(label: str, lines: Iterable[Line]) -> None:
        if narrow:
            rows.extend(
                Row(text_line)
                for text_line in (line(muted(label)), *(line(" ", text_line) for text_line in lines))
            )
            return
        for index, text_line in enumerate(lines):
            rows.append(Row(line(muted(f"{label if index == 0 else '':<{LABEL}}"), text_line)))

    clock = space.clock
    state = documents.state(session, clock.now, clock.zone)
    source = f"by {BY_WORDS[session.by]}, {clock.ago(session.observed_at)}"
    section("state", [line(bold(state)), *wrap(source, width, "muted")])
    section("provider", _provider(session, width))
    section("model", [line(session.model or "unknown")])
    section("context", [line(_context(session))])
    section("cost", wrap(_cost(session), width))
    section("where", wrap(_where(session), width))
    if session.started:
        section("started", [line(clock.ago(session.started))])
    if session.children:
        section("subagents", [_child(child) for child in session.children[:MOST_MOVES]])
    rows.append(Row())
    section("used", _used(use, width))
    section("limits hit", _hits(use, space))
    section("moves", _moves(moves[:MOST_MOVES], space, width))
    title = line(Span(documents.folder_label(session), "text", bold=True))
    return Page(title=session.agent, facts=title, rows=tuple(rows), keys=KEYS)


def _provider(session: Session, width: int) -> list[Line]:
    if session.provider is None:
        return wrap("unknown: neither its settings nor its requests tell", width, "muted")
    by = f"by {BY_WORDS[session.provider_by]}" if session.provider_by else ""
    way = "its requests go through the gateway" if session.behind_gateway else "it asks its provider itself"
    return [line(session.provider), *wrap(", ".join(part for part in (by, way) if part), width, "muted")]


def _context(session: Session) -> str:
    if session.context_tokens is None:
        return "unknown"
    share = f", {phrases.percent(session.context_percent)} of its window" if session.context_percent else ""
    return f"{phrases.short(session.context_tokens)} tokens{share}"


def _cost(session: Session) -> str:
    if session.cost_usd is None:
        return "unknown"
    share = session.window_share
    parts = [
        phrases.money(session.cost_usd),
        f"{phrases.money(session.cost_per_hour)} in the last hour" if session.cost_per_hour else "",
        f"{phrases.percent(share.percent)} of the {phrases.window_word(share.window)} window"
        if share
        else "",
    ]
    return ", ".join(part for part in parts if part)


def _where(session: Session) -> str:
    folder = session.cwd or "unknown"
    parts = [folder, f"process {session.pid}" if session.pid else "", f"id {session.id}"]
    return ", ".join(part for part in parts if part)


def _child(child: Session) -> Line:
    cost = f"  {phrases.money(child.cost_usd)}" if child.cost_usd is not None else ""
    model = provider_order.short_model(child.model) if child.model else "model unknown"
    return line(child.agent_type or "subagent", muted(f"  {child.state}  {model}{cost}"))


def _used(use: SessionUse | None, width: int) -> list[Line]:
    if use is None:
        return [line(muted("reading …"))]
    if not use.models:
        return wrap("nothing in the ledger yet: its log is read within a minute", width, "muted")
    return [_model(group) for group in use.models]


def _model(group: Group) -> Line:
    totals = group.totals
    return line(
        f"{provider_order.short_model(group.name):<18} ",
        muted(
            f"{phrases.quantity(totals.requests, 'request')}  {phrases.short(totals.total_tokens)} tokens  "
        ),
        phrases.money(totals.cost_usd),
    )


def _hits(use: SessionUse | None, space: Space) -> list[Line]:
    if use is None or not use.hits:
        return [line(muted("none" if use else "…"))]
    return [line(f"{space.clock.clock(hit.at)}  {hit.provider}  ", muted(hit.kind)) for hit in use.hits]


def _moves(moves: Sequence[Event], space: Space, width: int) -> list[Line]:
    if not moves:
        return [line(muted("none"))]
    return [
        text_line
        for event in moves
        for text_line in wrap(f"{space.clock.clock(event.ts)}  {sentence(event)}", width)
    ]


class Mover(Dialog):
    """`p`: one more key moves this session alone."""

    def __init__(self, screen: MainScreen, session: Session) -> None:
        super().__init__(screen)
        self._session = session

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        page = switch_page(snapshot, space)
        return replace(page, title="Move to", facts=line(bold(documents.folder_label(self._session))))

    def choose(self, key: str) -> None:
        self.leave()
        ctx, session = self.app.ctx, self._session

        def move() -> Announcement:
            outcome = actions.move_session(ctx, session, key)
            session_place = documents.folder_label(session)
            if not outcome.moved:
                return Announcement(f"{session_place} goes to {key} already")
            when = "its next request" if outcome.how == "gateway" else "its next turn"
            return Announcement(f"{session_place} goes to {key} from {when} on — u undoes")

        self.app.perform(move)

    def on_key(self, event: events.Key) -> None:
        entry = keyed(self.main_screen.shown_snapshot()).get(event.character or "")
        if entry is not None:
            event.stop()
            event.prevent_default()
            self.choose(entry.id)
