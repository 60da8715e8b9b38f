"""Sessions: what every running agent does now, whom it really uses, how full it is and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pf_tui.clients import CLIENTS
from pf_tui.documents import sessions as documents
from pf_tui.documents import words
from pf_tui.records import replace
from pf_tui.sessions.records import Session
from pf_tui.text.columns import Column, body, chosen, head
from pf_tui.text.lines import Line, Span, cells, fit, joined, line, muted, shortened, spread
from pf_tui.tui import provider_order
from pf_tui.tui.page import Choice, Page, Row, Space, empty
from pf_tui.tui.times import Clock
from pf_tui.visible import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed import SupportsRichComparison

WIDE = 96
"""From here on a session is one row of a table."""

MIDDLE = 60
"""From here on its second line has columns."""

ROOMY = 40
"""From here on a session of one line has a blank at either edge."""

MOST_CHILDREN = 4
"""Subagents shown one by one; the others are counted."""

SIGNS = {"working": "●", "waiting": "◆", "limited": "◌", "idle": "○", "ended": "·"}
COLOURS = {"working": "good", "waiting": "warn", "limited": "bad", "idle": "muted", "ended": "faint"}

ORDERS = ("", "place", "cost", "context")
"""What `o` goes through; "" = running ones first, then the newest."""

KEYS = (("enter", "shows"), ("p", "moves"), ("r", "resumes"), ("f", "focuses"))

COLUMNS = (
    Column(key="state", title="  state", at_least=11),
    Column(key="place", title="project", least=12, grows=True),
    Column(key="agent", title="agent", leaves=5),
    Column(key="model", title="model", leaves=6),
    Column(key="provider", title="provider", least=13),
    Column(key="context", title="context", right=True, leaves=4),
    Column(key="cost", title="cost", right=True, leaves=7),
    Column(key="rate", title="$/h", right=True, leaves=2),
    Column(key="share", title="window", right=True, leaves=3),
    Column(key="active", title="for", right=True, leaves=1),
)

Colours = Mapping[str, str]


def page_for(
    sessions: Sequence[Session], colours: Colours, space: Space, choice: Choice | None = None
) -> Page:
    """The sessions as they stand.

    Args:
        colours: the colour of each provider.
    """
    choice = choice or Choice()
    visible_sessions = [session for session in sessions if _admitted(session, choice)]
    if choice.order:
        visible_sessions.sort(key=_ORDER[choice.order])
    running = [session for session in visible_sessions if session.state != "ended"]
    ended_sessions = [session for session in visible_sessions if session.state == "ended"]
    drawing = _Drawing(running, ended_sessions, colours, space, choice)
    rows = list(drawing.rows(running))
    if ended_sessions:
        title = "ended within the last hour "
        rows.append(Row(line(muted(f"{title}{'─' * max(space.width - len(title), 0)}"))))
        rows += drawing.rows(ended_sessions)
    if not sessions:
        rows = list(
            empty(space.width, "no agent session runs on this machine", "one that starts shows here at once")
        )
    elif not visible_sessions:
        rows = list(empty(space.width, f"no session matches '{choice.words}'", "esc shows all"))
    return Page(
        title="Sessions",
        facts=_facts(running),
        pinned=drawing.pinned,
        rows=tuple(rows),
        keys=KEYS if visible_sessions else (),
    )


def _facts(running: Sequence[Session]) -> Line:
    """`3`, `1 waits`."""
    waiting = sum(session.state == "waiting" for session in running)
    limited_count = sum(session.state == "limited" for session in running)
    return joined(
        [
            line(muted(str(len(running)))),
            line(Span(f"{waiting} {'waits' if waiting == 1 else 'wait'}", "warn")) if waiting else (),
            line(Span(f"{limited_count} limited", "bad")) if limited_count else (),
        ]
    )


def _admitted(session: Session, choice: Choice) -> bool:
    return choice.admits(
        documents.folder_label(session),
        session.agent,
        session.provider or "",
        session.model or "",
        session.state,
        session.id,
    )


_ORDER: Mapping[str, Callable[[Session], SupportsRichComparison]] = {
    "place": lambda session: (session.state == "ended", documents.folder_label(session).casefold()),
    "cost": lambda session: -(session.cost_usd or 0.0),
    "context": lambda session: -(session.context_percent or 0.0),
}


class _Drawing:
    """Rows of one look; every session takes as many lines as there is room for."""

    def __init__(
        self,
        running: Sequence[Session],
        ended_sessions: Sequence[Session],
        colours: Colours,
        space: Space,
        choice: Choice,
    ) -> None:
        self._colours, self._space = colours, space
        self.pinned: tuple[Line, ...] = ()
        self._columns: list[tuple[Column, int]] = []
        children = sum(min(len(session.children), MOST_CHILDREN + 1) for session in running)
        lines_needed = 2 * (len(running) + len(ended_sessions)) + children + bool(ended_sessions)
        self._lines = 1 if space.width >= WIDE or lines_needed > space.height else 2
        if self._lines == 1 and space.width >= MIDDLE:
            table = [self._cells(session) for session in (*running, *ended_sessions)]
            self._columns = chosen(COLUMNS, table, space.width)
            self.pinned = (
                head(self._columns, choice.order, downward=choice.order != "place", orders=ORDERS),
            )

    def rows(self, sessions: Sequence[Session]) -> list[Row]:
        """Each session, and the subagents that work for it."""
        rows: list[Row] = []
        for session in sessions:
            rows += self._of(session)
            children = (
                session.children
                if len(session.children) <= MOST_CHILDREN + 1
                else session.children[:MOST_CHILDREN]
            )
            rows += [Row(self._child(child)) for child in children]
            if more := len(session.children) - len(children):
                rows.append(Row(line(muted(f"  └ {words.number(more)} more subagents"))))
        return rows

    def _of(self, session: Session) -> list[Row]:
        width, key = self._space.width, f"{session.agent} {session.id}"
        if self._columns:
            return [Row(fit(body(self._columns, self._cells(session)), width), key)]
        if self._lines == 1:
            return [Row(self._single(session), key)]
        if width >= MIDDLE:
            return [Row(self._upper(session), key), Row(self._lower(session))]
        return [Row(self._first(session), key), Row(self._second(session))]

    # -- one line

    def _cells(self, session: Session) -> dict[str, Line]:
        share = session.window_share
        return {
            "state": line(_sign(session), Span(self._brief_state(session), COLOURS[session.state])),
            "place": line(_folder_label(session, 40)),
            "agent": line(muted(_agent(session))),
            "model": line(_model(session)),
            "provider": line(self._provider(session)),
            "context": line(_percent(session)),
            "cost": line(_cost(session)),
            "rate": line(muted(words.money(session.cost_per_hour) if session.cost_per_hour else "")),
            "share": line(
                muted(f"{words.percent(share.percent)} of {words.window_word(share.window)}" if share else "")
            ),
            "active": line(muted(self._for(session))),
        }

    def _single(self, session: Session) -> Line:
        """Where room is dear in both directions: sign, place, state."""
        state = fit(line(Span(self._detail(session), COLOURS[session.state])), 19, align="right")
        edge = " " if self._space.width >= ROOMY else ""
        room = self._space.width - cells(state) - 3 - 2 * len(edge)
        name = _shortened_name(_folder_label(session, room), room)
        return fit(line(edge, _sign(session), name, " ", state), self._space.width)

    # -- two lines

    def _first(self, session: Session) -> Line:
        width = self._space.width
        state = line(Span(self._state_text(session), COLOURS[session.state]))
        room = width - cells(state) - 5
        return spread(line(" ", _sign(session), _folder_label(session, room)), line(state, " "), width)

    def _second(self, session: Session) -> Line:
        width = self._space.width
        figures = joined([line(_percent(session)), line(_cost(session))])
        room = width - cells(figures) - 5
        model, agent = _model(session), _agent(session)
        who = line(muted(f"{agent} · "), model._replace(text=shortened(model.text, room - len(agent) - 3)))
        return spread(line("   ", fit(who, min(room, cells(who)))), line(figures, " "), width)

    def _upper(self, session: Session) -> Line:
        width = self._space.width
        figures = line(
            muted(f"{_agent(session):<9} "),
            fit((_model(session),), 16),
            fit((_percent(session),), 6, align="right"),
        )
        room = width - 12 - cells(figures) - 2
        state = fit(line(_sign(session), Span(_word(session), COLOURS[session.state])), 12)
        return fit(line(state, _shortened_name(_folder_label(session, room), room), "  ", figures), width)

    def _lower(self, session: Session) -> Line:
        width, share = self._space.width, session.window_share
        part = f"{words.percent(share.percent)} of {words.window_word(share.window)}" if share else ""
        rate = f"{words.money(session.cost_per_hour)}/h" if session.cost_per_hour else ""
        parts = [line(self._provider(session)), line(_cost(session)), line(muted(rate)), line(muted(part))]
        for less in (2, 3):  # why it waits says more
            if cells(joined(parts)) + 14 + cells(self._detail(session)) > width:
                parts[less] = ()
        figures = joined(parts)
        room = width - 12 - cells(figures) - 2
        detail = fit(
            line(
                Span(self._detail(session), COLOURS[session.state] if session.state != "working" else "muted")
            ),
            room,
        )
        return fit(line(" " * 12, detail, "  ", figures), width)

    def _child(self, session: Session) -> Line:
        indent = 12 if self._space.width >= MIDDLE else 3
        kind = session.agent_type or "subagent"
        text = joined([line(Span(kind)), line(_model(session)), line(_cost(session))])
        return fit(line(muted(" " * indent + "└ "), _sign(session), text), self._space.width)

    # -- words

    def _provider(self, session: Session) -> Span:
        name = session.provider or "provider unknown"
        return Span(provider_order.short_name(name), self._colours.get(name, "muted"))

    def _brief_state(self, session: Session) -> str:
        """The state in one word; of a limit its end, which no other column of a narrow list tells."""
        until = session.limited_until
        if session.state != "limited" or until is None:
            return _word(session)
        clock = self._space.clock.clock(until)
        return f"limited → {clock}" if self._space.width >= WIDE else f"until {clock}"

    def _state_text(self, session: Session) -> str:
        """`waiting 2 min`, `limited → 16:20`."""
        if session.resumes_at is not None:
            return f"goes on in {self._space.clock.time_left(session.resumes_at)}"
        if session.state == "limited":
            until = session.limited_until
            return f"limited → {self._space.clock.clock(until)}" if until else _word(session)
        return f"{_word(session)} {_since(session, self._space.clock)}".rstrip()

    def _for(self, session: Session) -> str:
        """How long it has been in its state, or until when it rests."""
        clock = self._space.clock
        if session.resumes_at is not None:
            return f"on in {clock.time_left(session.resumes_at)}"
        return _since(session, clock)

    def _detail(self, session: Session) -> str:
        """What the state is about, and since when."""
        clock = self._space.clock
        if session.resumes_at is not None:
            return f"goes on in {clock.time_left(session.resumes_at)}"
        if session.state == "limited" and session.limited_until:
            return f"until {clock.clock(session.limited_until)}"
        reason = (
            documents.WAITING_WORDS.get(session.waiting_for or "", "") if session.state == "waiting" else ""
        )
        reason = reason.removeprefix("for ").removeprefix("in ")
        reason = "killed" if session.killed else "elsewhere" if session.elsewhere else reason
        if session.state == "idle" and session.background:
            reason = f"{session.background} in background"
        if self._lines == 1 and not reason:
            reason = _word(session)
        return " · ".join(part for part in (reason, _since(session, clock)) if part)


def _sign(session: Session) -> Span:
    return Span(f"{SIGNS[session.state]} ", COLOURS[session.state])


def _word(session: Session) -> str:
    return f"{session.state}{'?' if session.guess else ''}"


def _agent(session: Session) -> str:
    return CLIENTS[session.agent].word


def _model(session: Session) -> Span:
    return (
        Span(provider_order.short_model(visible(session.model))) if session.model else muted("model unknown")
    )


def _folder_label(session: Session, room: int) -> Span:
    room = max(room, 3)
    name = visible(documents.folder_label(session))
    if cells(name) > room and session.branch:  # the branch leaves before the project is cut
        name = visible(documents.folder_label(replace(session, branch=None)))
    return Span(shortened(name, room), bold=session.state == "waiting")


def _shortened_name(span: Span, room: int) -> Line:
    return fit((span,), max(room, 1))


def _percent(session: Session) -> Span:
    colour = "warn" if (session.context_percent or 0) >= 80 else "text"
    return Span(words.percent(session.context_percent) if session.context_percent is not None else "", colour)


def _cost(session: Session) -> Span:
    return Span(words.money(session.cost_usd) if session.cost_usd is not None else "")


def _since(session: Session, clock: Clock) -> str:
    """How long it has been in its state; under a minute nothing, because the screen ticks by minutes."""
    past = clock.now - session.observed_at
    return words.span(past) if past.total_seconds() >= 60 else ""
