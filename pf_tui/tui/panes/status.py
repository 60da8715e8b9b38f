"""The first lines of the screen: who serves, how long it lasts, who is next, what it cost today.

Where sessions run it tells who really serves them, and beside it the choice where that is another.
Invariant: the active provider stands before the `→`, in every layout, and the cost never leaves.
"""

from __future__ import annotations

from collections.abc import Sequence

from pf_tui.documents import words
from pf_tui.documents.serving import Facts, facts
from pf_tui.records import record, replace
from pf_tui.rules.limits import Limit
from pf_tui.rules.spending import Question
from pf_tui.sessions.records import Session
from pf_tui.snapshot import Snapshot
from pf_tui.text.lines import BLANK, Line, Span, bold, cells, fit, joined, line, muted, shortened, spread
from pf_tui.text.meter import alarm, level_colour, percent_text
from pf_tui.tui import provider_order
from pf_tui.tui.page import Space

TWO_LINES = 112
"""Below this width the status wraps to two lines."""


@record
class _Verbosity:
    """How much is said; less of it as room runs out."""

    auto: bool = True
    """That auto-switch is on (off is always said)."""
    countdown: bool = True
    """Time left beside the time of day."""
    today: bool = True
    short_model: bool = False
    short_next: bool = False
    speed: bool = True
    """Tokens per second beside the number of requests in flight."""
    live: bool = True
    counts: bool = True
    """How many sessions run, and wait."""
    short_name: bool = False
    brief: bool = False
    """Of the end only the time left."""
    most: int = 0
    """Cells of a name; 0 = it is whole."""


_SHORT = _Verbosity(auto=False, live=False, countdown=False, short_model=True, today=False, short_next=True)
_SHORTER = replace(_SHORT, short_name=True, counts=False)
_LESS = (
    _Verbosity(),
    _Verbosity(auto=False),
    _Verbosity(auto=False, speed=False),
    _Verbosity(auto=False, speed=False, countdown=False),
    _Verbosity(auto=False, speed=False, countdown=False, short_model=True),
    _Verbosity(auto=False, speed=False, countdown=False, short_model=True, today=False),
    _Verbosity(auto=False, speed=False, countdown=False, short_model=True, today=False, short_next=True),
    _SHORT,
    replace(_SHORT, short_name=True),
    _SHORTER,
    replace(_SHORTER, brief=True),
)
"""Full words first; the provider's full name goes last, and then the word before the time left. What it cost
today stands in every one of them."""

_FOLLOWS = {"": "next start", "now": "next request", "cheap": "when cheap", "never": "new sessions"}
"""When the sessions follow the choice, by `pf.return` where they go through the gateway."""

LONG = 18
"""Cells of a name from which it may be cut."""
_CUT = tuple(replace(_LESS[-1], most=most) for most in (28, LONG, 15, 12))


def lines_for(
    snapshot: Snapshot,
    space: Space,
    sessions: Sequence[Session] = (),
    *,
    hold_text: str = "",
    live: Line = BLANK,
) -> list[Line]:
    """One line, or two below TWO_LINES.

    Args:
        sessions: what the agents do.
        hold_text: that the screen is frozen, and since when.
        live: the requests in flight.
    """
    now, width = facts(snapshot, sessions), space.width - 2
    hold = _hold_line(snapshot, space, hold_text)
    two = space.width < TWO_LINES
    for wording in (*_LESS, *_CUT) if _long(snapshot, now) else _LESS:
        who, rest = _who(snapshot, now, wording), _lasts(snapshot, now, space, wording)
        flow = live[: None if wording.speed else 1] if wording.live else BLANK
        cost, auto = _cost(snapshot, wording), _auto(snapshot, wording)
        counts = _counts(now, wording)
        if two:
            first = joined([who, cost], "  ")
            second = joined([hold, *rest, flow, auto])
            if max(cells(first), cells(second) + 2) <= width:
                break
        elif cells(joined([who, *rest, hold, flow, counts, auto, cost], "   ")) <= width:
            break
    if two and now.chosen and cells(joined([hold, *rest], " ")) > width - 2:
        rest = [rest[0], rest[-1]]  # the choice and who follows say more than a window
    if two:
        return [
            _padded(_ends(who, cost, width)),
            _padded(line("  ", _lower(hold, rest, flow, auto, width - 2))),
        ]
    left_line, right = joined([who, *rest], "   "), joined([hold, flow, counts, auto, cost], "   ")
    if cells(left_line) + cells(right) + 1 > width:
        right = joined([hold, auto, cost], "   ")
    return [_padded(_ends(left_line, right, width))]


def _hold_line(snapshot: Snapshot, space: Space, hold: str) -> Line:
    """What is never left out: that pf-tui is paused, or the screen is frozen, and since when."""
    pause_text = f"paused {space.clock.clock(snapshot.paused)}" if snapshot.paused else ""
    spans = [Span(word, "warn", bold=True) for word in (pause_text, hold) if word]
    return joined([line(span) for span in spans], " ") if spans else BLANK


def question_line(question: Question, space: Space) -> Line:
    """Whether to spend when the plan cannot serve, with the key that answers."""
    when = "may fail" if question.serves else "cannot serve"
    spends, later = Span("P", "accent", action="allow-paid"), Span("esc", "accent", action="cancel")
    not_now = line(later, muted(" not now"))
    keys = [
        joined([line(spends, muted(hint)), not_now], gap)
        for hint, gap in ((" spends until midnight", "   "), (" spends today", "  "))
    ]
    wordings = (
        words.question(question, space.clock.now, space.clock.zone),
        f"{question.plan} {when}: spend on {question.provider}?",
        f"spend on {provider_order.short_name(question.provider)}?",
    )
    mark = Span(" ? ", "warn", bold=True)
    for wording in wordings:
        for hints in keys:
            whole = line(mark, Span(wording, "warn"), "  ", hints)
            if cells(whole) <= space.width - 1:
                return whole
    return fit(line(mark, Span(wordings[-1], "warn"), " ", spends, " ", later), space.width)


def _ends(left_line: Line, right: Line, width: int) -> Line:
    """Both ends of a line; when they do not fit the left one is cut, because the right one is the cost."""
    room = max(width - cells(right) - 1, 0)
    return spread(fit(left_line, min(room, cells(left_line))), right, width)


def _lower(hold: Line, rest: list[Line], flow: Line, auto: Line, width: int) -> Line:
    """The second line; auto-switch off and a frozen screen are always said."""
    right = joined([flow, auto], "   ")
    if cells(joined([hold, *rest], " ")) + cells(right) + 1 <= width:
        return spread(_fitting([hold, *rest], width - cells(right) - bool(right)), right, width)
    if auto:
        auto = line(Span("auto off", "warn")) if cells(auto) > 14 or width < TWO_LINES // 2 else auto
    lower = joined([hold, auto])
    return joined([lower, fit(joined(rest, " "), max(width - cells(lower) - 2 * bool(lower), 0))])


def _who(snapshot: Snapshot, now: Facts, wording: _Verbosity) -> Line:
    if now.provider is None:
        return line(Span("○ ", "bad"), bold("nobody serves", "bad"))
    name = _cut(provider_order.short_name(now.provider) if wording.short_name else now.provider, wording)
    view = snapshot.view(now.provider)
    sign = "○ " if view.is_resting or view.is_absent else "● "
    model = now.model or "its own model"
    model_name = provider_order.short_model(model) if wording.short_model else model
    return line(
        Span(sign, provider_order.STATE_COLOURS[view.state]),
        bold(name, provider_order.colours(snapshot).get(now.provider, "text")),
        muted(f" serves {now.served}") if now.chosen and wording.counts else "",
        "  ",
        Span(provider_order.cut_model(model_name, wording.most) if wording.most else model_name),
    )


def _counts(now: Facts, wording: _Verbosity) -> Line:
    """`3 sessions · 1 waits`."""
    if not now.running or not wording.counts:
        return BLANK
    sessions = muted(f"{now.running} session{'s' if now.running > 1 else ''}")
    if not now.waiting:
        return line(sessions)
    verb = "waits" if now.waiting == 1 else "wait"
    return line(sessions, muted(" · "), Span(f"{now.waiting} {verb} for you", "warn", action="sessions"))


def _lasts(snapshot: Snapshot, now: Facts, space: Space, wording: _Verbosity) -> list[Line]:
    """The choice where it differs, the window that ends first, when it ends, and who follows."""
    if now.provider is None:
        return [_nobody(snapshot, space, wording)]
    choices = [_choice(snapshot, now, wording)] if now.served and now.chosen != now.provider else []
    choices = [part for part in choices if part]
    limit = snapshot.view(now.provider).tightest
    after = line(Span("→ ", "accent"), _next(snapshot, now.follows, wording))
    if choices and now.follows == now.chosen:  # the choice is who follows: its name stands once
        choices, after = [], line(Span("→ ", "accent"), choices[0])
        if limit is None:
            return [after]
    if snapshot.active is None:
        return [line(Span("nobody follows", "warn")), _nobody(snapshot, space, wording)]
    if limit is None:
        return [*choices, after] if choices else [line(muted("no limit known")), after]
    return [*choices, _share(limit), _end(limit, space, wording), after]


def _choice(snapshot: Snapshot, now: Facts, wording: _Verbosity) -> Line:
    """`chosen openrouter, i joins`: the choice that the sessions do not follow, and the key for it."""
    if now.chosen is None:
        return BLANK
    name = _cut(provider_order.short_name(now.chosen) if wording.short_next else now.chosen, wording)
    colour = provider_order.colours(snapshot).get(now.chosen, "text")
    if now.joins:
        does = " installs" if not wording.brief else ""
        key = line(muted(", "), Span("i", "accent", action="install"), muted(does))
    else:
        key = line(muted(f", {_FOLLOWS[now.returns]}")) if not wording.short_next else BLANK
    return line(muted("chosen "), Span(name, colour), key)


def _long(snapshot: Snapshot, now: Facts) -> bool:
    """A name is so long that nothing else would have room."""
    names = (now.provider or "", now.model or "", now.chosen or "", now.follows or "")
    return any(cells(provider_order.short_model(provider_order.short_name(name))) > LONG for name in names)


def _cut(name: str, wording: _Verbosity) -> str:
    return shortened(name, wording.most) if wording.most else name


def _next(snapshot: Snapshot, provider: str | None, wording: _Verbosity) -> Span:
    if provider is None:
        return Span("nobody", "warn")
    name = _cut(provider_order.short_name(provider) if wording.short_next else provider, wording)
    return Span(name, provider_order.colours(snapshot).get(provider, "accent"))


def _share(limit: Limit) -> Line:
    colour = level_colour(limit.percent) if (limit.percent or 0) >= 75 else "text"
    text = percent_text(limit.percent, estimate=not limit.trusted)
    sign = f" {alarm(limit.percent)}" if alarm(limit.percent) else ""
    window = words.window_word(limit.window, limit.model)
    return line(muted(f"{window} "), Span(f"{text}{sign}", colour))


def _end(limit: Limit, space: Space, wording: _Verbosity) -> Line:
    """`empty ~15:12 in 1h10` at this pace, else `resets in 1h38`; in brief `~1h10`, `1h38`."""
    clock = space.clock
    if wording.brief and limit.runs_out_at is not None:
        return line(Span(f"~{clock.time_left(limit.runs_out_at)}", "warn"))
    if wording.brief and limit.resets_at is not None:
        return line(muted(clock.time_left(limit.resets_at)))
    if limit.runs_out_at is not None:
        text = f"empty ~{clock.clock(limit.runs_out_at)}"
        if wording.countdown and clock.near(limit.runs_out_at):
            text += f" in {clock.time_left(limit.runs_out_at)}"
        return line(Span(text, "warn"))
    return line(muted(f"resets {clock.ends(limit.resets_at)}")) if limit.resets_at else ()


def _nobody(snapshot: Snapshot, space: Space, wording: _Verbosity) -> Line:
    """Who is back first, and when; without an end the reason."""
    back = snapshot.choice.first_back
    if back is None or back.until is None:
        return line(muted(snapshot.choice.reason.removeprefix("no provider can serve: ")))
    name = provider_order.short_name(back.provider) if wording.short_next else back.provider
    return line(muted("first back "), Span(name), muted(f" {space.clock.ends(back.until)}"))


def _auto(snapshot: Snapshot, wording: _Verbosity) -> Line:
    if not snapshot.auto_switch:
        return line(Span("auto-switch off", "warn"))
    return line(muted("auto-switch on")) if wording.auto else BLANK


def _cost(snapshot: Snapshot, wording: _Verbosity) -> Line:
    return line(bold(words.money(snapshot.today.cost_usd)), muted(" today" if wording.today else ""))


def _fitting(parts: list[Line], width: int) -> Line:
    """The parts with as wide a gap as there is room for."""
    whole = joined(parts, "  ")
    return whole if cells(whole) <= width else fit(joined(parts, " "), width)


def _padded(content: Line) -> Line:
    return line(" ", content, " ")
