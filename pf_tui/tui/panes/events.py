"""Events: what happened, in sentences; the evidence is one key away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pf_tui.state.journal import Event
from pf_tui.text.columns import Column, body, chosen, head
from pf_tui.text.lines import BLANK, Line, Span, cells, fit, joined, line, muted, spread, wrapped
from pf_tui.tui import provider_order
from pf_tui.tui.event_sentences import sentence
from pf_tui.tui.page import Choice, Page, Row, Space, empty

COLUMNS = (
    Column(key="time", title="time"),
    Column(key="who", title="who", leaves=1),
    Column(key="what", title="what happened", least=30, grows=True),
)
KEYS = (("enter", "evidence"), ("u", "undo"))
MOST_LINES = 3
"""Of one event; all of it stands in its evidence."""
_STATUS = re.compile(r"\((\d{3})\b")
LOUD = ("failover", "return", "bench", "switch", "undo", "redo", "release", "pause", "resume")
"""Actions that change who serves: they stand in the plain text colour."""


def page_for(events: Sequence[Event], space: Space, choice: Choice | None = None) -> Page:
    """The journal's tail, the newest first."""
    choice = choice or Choice()
    visible_events = [
        event for event in reversed(events) if choice.admits(sentence(event), event.who, event.action)
    ]
    table = [_cells(event, space) for event in visible_events]
    fitting_columns = chosen(COLUMNS, table, space.width)
    rows = tuple(
        row
        for index, event in enumerate(visible_events)
        for row in _rows(event, index, fitting_columns, space)
    )
    if not events:
        rows = empty(space.width, "nothing has happened yet", "enter on a provider switches to it")
    elif not visible_events:
        rows = empty(space.width, f"no event matches '{choice.words}'", "esc shows all")
    return Page(
        title="Events",
        facts=line(muted(str(len(visible_events)))),
        pinned=(head(fitting_columns),),
        rows=rows,
        keys=KEYS,
    )


def _rows(
    event: Event, index: int, fitting_columns: Sequence[tuple[Column, int]], space: Space
) -> Iterator[Row]:
    """A sentence that is longer than its column goes on below."""
    width = fitting_columns[-1][1]
    indent = space.width - width
    cut = _cells(event, space)
    first, *more = wrapped(cut["what"], width)
    if len(more) >= MOST_LINES:
        more[MOST_LINES - 2 :] = [fit(line(more[MOST_LINES - 2], " " * width), width)]
    yield Row(fit(body(fitting_columns, {**cut, "what": first}), space.width), event.id or str(index))
    for text_line in more:
        yield Row(line(" " * indent, text_line))


def latest(events: Sequence[Event], space: Space, instead: Sequence[Line] = ()) -> Line:
    """The line at the foot: the last thing that happened, and what a key does about it.

    Args:
        instead: what to say while nothing has happened, the longest wording first.
    """
    width, tight = space.width - 2, space.width < TIGHT
    loud = [event for event in events if event.action not in QUIET_ACTIONS]
    if not loud:
        right = _hints((_FEW if tight else _HINTS)[1:], tight=tight)  # there is nothing to undo
        room = width - cells(right) - 2
        fitting = next(
            (candidate for candidate in instead if cells(candidate) <= room),
            instead[-1] if instead else BLANK,
        )
        return line(" ", spread(fit(fitting, room), right, width), " ")
    sentence_text = sentence(loud[-1])
    wordings = (
        sentence_text,
        provider_order.short_name(sentence_text),
        _shortened(sentence_text),
        _gist(_shortened(sentence_text)),
        _shortened(sentence_text.split(", ")[0]),
        _shortened(sentence_text).partition(": ")[0],
    )
    for wording in wordings:
        what, why = _split(wording)
        start_line = line(muted(f"{space.clock.clock(loud[-1].ts)}  "), Span(what), muted(why))
        for hints in (_FEW, _FEWEST) if tight else (_HINTS, _FEWER):
            right = _hints(hints, tight=tight)
            room = width - cells(right) - 2
            if cells(start_line) <= room:
                return line(" ", spread(start_line, right, width), " ")
    bare = start_line[1:]  # what happened says more than when
    return line(" ", spread(fit(bare, room), right, width), " ")


def _hints(hints: Sequence[tuple[str, str, str]], *, tight: bool) -> Line:
    """The keys that answer the last event."""
    return joined(
        [
            line(Span(key, "accent", action=does), muted(f" {word}" if word else ""))
            for key, word, does in hints
        ],
        "  " if tight else "   ",
    )


TIGHT = 70
"""Below this the foot says less."""
QUIET_ACTIONS = ("apply",)
_HINTS = (("u", "undo", "undo"), ("w", "why", "why"), ("?", "keys", "help"))
_FEWER = (("u", "undo", "undo"), ("w", "", "why"), ("?", "", "help"))
_FEW = (("u", "undo", "undo"), ("?", "", "help"))
_FEWEST = (("u", "", "undo"), ("?", "", "help"))


def _shortened(text: str) -> str:
    return provider_order.short_name(text.replace("switched to ", "→ "))


def _gist(text: str) -> str:
    """`→ openrouter: anthropic 429` for `→ openrouter: anthropic-sub hit its 5-hour limit (429, …)`."""
    what, _, why = text.partition(": ")
    status = _STATUS.search(why)
    who = why.split(" ", 1)[0].removesuffix("-sub").removesuffix("-plan")
    return f"{what}: {who} {status[1]}" if status else text


def _cells(event: Event, space: Space) -> dict[str, Line]:
    what, why = _split(_shortened(sentence(event)) if space.width < TIGHT else sentence(event))
    colour = "bad" if event.action == "failover" else "text" if event.action in LOUD else "muted"
    return {
        "time": line(muted(space.clock.clock(event.ts))),
        "who": line(muted(event.who)),
        "what": line(Span(what, colour), muted(why)),
    }


def _split(text: str) -> tuple[str, str]:
    what, colon, why = text.partition(": ")
    return what, f"{colon}{why}"
