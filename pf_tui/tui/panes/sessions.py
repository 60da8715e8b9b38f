"""Sessions: what every running agent does now, whom it really uses, how full it is and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pf_tui.clients import CLIENTS
from pf_tui.documents import sessions as documents
from pf_tui.documents import words
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

MOST_CHILDREN = 4
"""Subagents shown one by one; the others are counted."""

SIGNS = {"working": "●", "waiting": "◆", "limited": "◌", "idle": "○", "ended": "·"}
INKS = {"working": "good", "waiting": "warn", "limited": "bad", "idle": "muted", "ended": "faint"}

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

Inks = Mapping[str, str]


def page_for(sessions: Sequence[Session], inks: Inks, space: Space, choice: Choice | None = None) -> Page:
    """The sessions as they stand.

    Args:
        inks: the colour of each provider.
    """
    choice = choice or Choice()
    shown = [one for one in sessions if _admitted(one, choice)]
    if choice.order:
        shown.sort(key=_ORDER[choice.order])
    running = [one for one in shown if one.state != "ended"]
    ended = [one for one in shown if one.state == "ended"]
    drawn = _Drawing(running, ended, inks, space, choice)
    rows = list(drawn.rows(running))
    if ended:
        title = "ended within the last hour "
        rows.append(Row(line(muted(f"{title}{'─' * max(space.width - len(title), 0)}"))))
        rows += drawn.rows(ended)
    if not sessions:
        rows = list(
            empty(space.width, "no agent session runs on this machine", "one that starts shows here at once")
        )
    elif not shown:
        rows = list(empty(space.width, f"no session matches '{choice.words}'", "esc shows all"))
    return Page(
        title="Sessions",
        facts=_facts(running),
        pinned=drawn.pinned,
        rows=tuple(rows),
        keys=KEYS if shown else (),
    )


def _facts(running: Sequence[Session]) -> Line:
    """`3`, `1 waits`."""
    waiting = sum(one.state == "waiting" for one in running)
    limited = sum(one.state == "limited" for one in running)
    return joined(
        [
            line(muted(str(len(running)))),
            line(Span(f"{waiting} {'waits' if waiting == 1 else 'wait'}", "warn")) if waiting else (),
            line(Span(f"{limited} limited", "bad")) if limited else (),
        ]
    )


def _admitted(one: Session, choice: Choice) -> bool:
    return choice.admits(
        documents.place(one), one.agent, one.provider or "", one.model or "", one.state, one.id
    )


_ORDER: Mapping[str, Callable[[Session], SupportsRichComparison]] = {
    "place": lambda one: (one.state == "ended", documents.place(one).casefold()),
    "cost": lambda one: -(one.cost_usd or 0.0),
    "context": lambda one: -(one.context_percent or 0.0),
}


class _Drawing:
    """Rows of one look; every session takes as many lines as there is room for."""

    def __init__(
        self,
        running: Sequence[Session],
        ended: Sequence[Session],
        inks: Inks,
        space: Space,
        choice: Choice,
    ) -> None:
        self._inks, self._space = inks, space
        self.pinned: tuple[Line, ...] = ()
        self._kept: list[tuple[Column, int]] = []
        children = sum(min(len(one.children), MOST_CHILDREN + 1) for one in running)
        needed = 2 * (len(running) + len(ended)) + children + bool(ended)
        self._lines = 1 if space.width >= WIDE or needed > space.height else 2
        if self._lines == 1 and space.width >= MIDDLE:
            table = [self._cells(one) for one in (*running, *ended)]
            self._kept = chosen(COLUMNS, table, space.width)
            self.pinned = (head(self._kept, choice.order, downward=choice.order != "place", orders=ORDERS),)

    def rows(self, sessions: Sequence[Session]) -> list[Row]:
        """Each session, and the subagents that work for it."""
        rows: list[Row] = []
        for one in sessions:
            rows += self._of(one)
            shown = one.children if len(one.children) <= MOST_CHILDREN + 1 else one.children[:MOST_CHILDREN]
            rows += [Row(self._child(child)) for child in shown]
            if more := len(one.children) - len(shown):
                rows.append(Row(line(muted(f"  └ {words.number(more)} more subagents"))))
        return rows

    def _of(self, one: Session) -> list[Row]:
        width, key = self._space.width, f"{one.agent} {one.id}"
        if self._kept:
            return [Row(fit(body(self._kept, self._cells(one)), width), key)]
        if self._lines == 1:
            return [Row(self._single(one), key)]
        if width >= MIDDLE:
            return [Row(self._upper(one), key), Row(self._lower(one))]
        return [Row(self._first(one), key), Row(self._second(one))]

    # -- one line

    def _cells(self, one: Session) -> dict[str, Line]:
        share = one.window_share
        return {
            "state": line(_sign(one), Span(_word(one), INKS[one.state])),
            "place": line(_place(one, 40)),
            "agent": line(muted(_agent(one))),
            "model": line(_model(one)),
            "provider": line(self._provider(one)),
            "context": line(_percent(one)),
            "cost": line(_cost(one)),
            "rate": line(muted(words.money(one.cost_per_hour) if one.cost_per_hour else "")),
            "share": line(
                muted(f"{words.percent(share.percent)} of {words.window_word(share.window)}" if share else "")
            ),
            "active": line(muted(self._for(one))),
        }

    def _single(self, one: Session) -> Line:
        """Where room is dear in both directions: sign, place, state."""
        state = fit(line(Span(self._detail(one), INKS[one.state])), 19, align="right")
        room = self._space.width - cells(state) - 3
        return fit(line(_sign(one), _fitted(_place(one, room), room), " ", state), self._space.width)

    # -- two lines

    def _first(self, one: Session) -> Line:
        width = self._space.width
        state = line(Span(self._told(one), INKS[one.state]))
        room = width - cells(state) - 5
        return spread(line(" ", _sign(one), _place(one, room)), line(state, " "), width)

    def _second(self, one: Session) -> Line:
        width = self._space.width
        figures = joined([line(_percent(one)), line(_cost(one))])
        room = width - cells(figures) - 5
        model, agent = _model(one), _agent(one)
        who = line(muted(f"{agent} · "), model._replace(text=shortened(model.text, room - len(agent) - 3)))
        return spread(line("   ", fit(who, min(room, cells(who)))), line(figures, " "), width)

    def _upper(self, one: Session) -> Line:
        width = self._space.width
        figures = line(
            muted(f"{_agent(one):<9} "), fit((_model(one),), 16), fit((_percent(one),), 6, align="right")
        )
        room = width - 12 - cells(figures) - 2
        state = fit(line(_sign(one), Span(_word(one), INKS[one.state])), 12)
        return fit(line(state, _fitted(_place(one, room), room), "  ", figures), width)

    def _lower(self, one: Session) -> Line:
        width, share = self._space.width, one.window_share
        part = f"{words.percent(share.percent)} of {words.window_word(share.window)}" if share else ""
        rate = f"{words.money(one.cost_per_hour)}/h" if one.cost_per_hour else ""
        said = [line(self._provider(one)), line(_cost(one)), line(muted(rate)), line(muted(part))]
        for less in (2, 3):  # why it waits says more
            if cells(joined(said)) + 14 + cells(self._detail(one)) > width:
                said[less] = ()
        figures = joined(said)
        room = width - 12 - cells(figures) - 2
        detail = fit(
            line(Span(self._detail(one), INKS[one.state] if one.state != "working" else "muted")), room
        )
        return fit(line(" " * 12, detail, "  ", figures), width)

    def _child(self, one: Session) -> Line:
        indent = 12 if self._space.width >= MIDDLE else 3
        kind = one.agent_type or "subagent"
        told = joined([line(Span(kind)), line(_model(one)), line(_cost(one))])
        return fit(line(muted(" " * indent + "└ "), _sign(one), told), self._space.width)

    # -- words

    def _provider(self, one: Session) -> Span:
        name = one.provider or "provider unknown"
        return Span(provider_order.short_name(name), self._inks.get(name, "muted"))

    def _told(self, one: Session) -> str:
        """`waiting 2 min`, `limited → 16:20`."""
        if one.resumes_at is not None:
            return f"goes on in {self._space.clock.left(one.resumes_at)}"
        if one.state == "limited":
            until = one.limited_until
            return f"limited → {self._space.clock.clock(until)}" if until else _word(one)
        return f"{_word(one)} {_since(one, self._space.clock)}".rstrip()

    def _for(self, one: Session) -> str:
        """How long it has been in its state, or until when it rests."""
        clock = self._space.clock
        if one.resumes_at is not None:
            return f"on in {clock.left(one.resumes_at)}"
        return _since(one, clock)

    def _detail(self, one: Session) -> str:
        """What the state is about, and since when."""
        clock = self._space.clock
        if one.resumes_at is not None:
            return f"goes on in {clock.left(one.resumes_at)}"
        if one.state == "limited" and one.limited_until:
            return f"until {clock.clock(one.limited_until)}"
        reason = documents.WAITING_WORDS.get(one.waiting_for or "", "") if one.state == "waiting" else ""
        reason = reason.removeprefix("for ").removeprefix("in ")
        reason = "killed" if one.killed else "elsewhere" if one.elsewhere else reason
        if one.state == "idle" and one.background:
            reason = f"{one.background} in background"
        if self._lines == 1 and not reason:
            reason = _word(one)
        return " · ".join(part for part in (reason, _since(one, clock)) if part)


def _sign(one: Session) -> Span:
    return Span(f"{SIGNS[one.state]} ", INKS[one.state])


def _word(one: Session) -> str:
    return f"{one.state}{'?' if one.guess else ''}"


def _agent(one: Session) -> str:
    return CLIENTS[one.agent].word


def _model(one: Session) -> Span:
    return Span(provider_order.short_model(visible(one.model))) if one.model else muted("model unknown")


def _place(one: Session, room: int) -> Span:
    return Span(shortened(visible(documents.place(one)), max(room, 3)), bold=one.state == "waiting")


def _fitted(span: Span, room: int) -> Line:
    return fit((span,), max(room, 1))


def _percent(one: Session) -> Span:
    ink = "warn" if (one.context_percent or 0) >= 80 else "text"
    return Span(words.percent(one.context_percent) if one.context_percent is not None else "", ink)


def _cost(one: Session) -> Span:
    return Span(words.money(one.cost_usd) if one.cost_usd is not None else "")


def _since(one: Session, clock: Clock) -> str:
    """How long it has been in its state; under a minute nothing, because the screen ticks by minutes."""
    past = clock.now - one.observed_at
    return words.span(past) if past.total_seconds() >= 60 else ""
