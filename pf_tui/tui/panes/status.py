"""The first lines of the screen: who serves, how long it lasts, who is next, what it cost today.

Invariant: the active provider stands before the `→`, in every layout.
"""

from __future__ import annotations

from pf_tui.documents import words
from pf_tui.records import record, replace
from pf_tui.rules.limits import Limit
from pf_tui.snapshot import Snapshot
from pf_tui.tui import provider_order
from pf_tui.tui.charts.meter import alarm, level_ink, percent_text
from pf_tui.tui.page import Space
from pf_tui.tui.text import BLANK, Line, Span, bold, cells, fit, joined, line, muted, shortened, spread

TWO_LINES = 90
"""Below this width the status wraps to two lines."""


@record
class _Wording:
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
    cost: bool = True
    short_name: bool = False
    brief: bool = False
    """Of the end only the time left."""
    most: int = 0
    """Cells of a name; 0 = it is whole."""


_SHORT = _Wording(auto=False, live=False, countdown=False, short_model=True, today=False, short_next=True)
_SHORTER = replace(_SHORT, short_name=True)
_LESS = (
    _Wording(),
    _Wording(auto=False),
    _Wording(auto=False, speed=False),
    _Wording(auto=False, speed=False, countdown=False),
    _Wording(auto=False, speed=False, countdown=False, short_model=True),
    _Wording(auto=False, speed=False, countdown=False, short_model=True, today=False),
    _Wording(auto=False, speed=False, countdown=False, short_model=True, today=False, short_next=True),
    _SHORT,
    replace(_SHORT, cost=False),
    _SHORTER,
    replace(_SHORTER, brief=True),
)
"""Full words first; the provider's full name goes last, and then the word before the time left."""

LONG = 18
"""Cells of a name from which it may be cut."""
_CUT = tuple(replace(_LESS[-1], most=most) for most in (28, LONG, 15, 12))


def lines_for(snapshot: Snapshot, space: Space, *, held: str = "", live: Line = BLANK) -> list[Line]:
    """One line, or two below TWO_LINES.

    Args:
        held: that the screen is frozen, and since when.
        live: the requests in flight.
    """
    width = space.width - 2
    hold = line(Span(held, "warn", bold=True)) if held else BLANK
    two = space.width < TWO_LINES
    for wording in (*_LESS, *_CUT) if _long(snapshot) else _LESS:
        who, rest = _who(snapshot, wording), _lasts(snapshot, space, wording)
        flow = live[: None if wording.speed else 1] if wording.live else BLANK
        right = joined([hold, flow, _auto(snapshot, wording), _cost(snapshot, wording)], "   ")
        if two:
            first = joined([who, hold or _cost(snapshot, wording)], "  ")
            second = joined([*rest, flow, _auto(snapshot, wording)])
            if max(cells(first), cells(second) + 2) <= width:
                break
        elif cells(joined([who, *rest, right], "   ")) <= width:
            break
    if two:
        auto = _auto(snapshot, wording)
        lower = line("  ", _fitting(rest, width - 2))
        upper_right = hold or _cost(snapshot, wording)
        if auto and not snapshot.auto_switch and cells(lower) + cells(auto) + 1 > width:
            off = line(Span("auto off", "warn"))  # always said: in place of the cost where room is dear
            both = joined([hold or off, _cost(snapshot, wording) if not hold else off])
            upper_right = both if cells(who) + cells(both) + 1 <= width else off
            auto = BLANK
        return [
            _padded(spread(who, upper_right, width)),
            _padded(spread(lower, joined([flow, auto], "   "), width)),
        ]
    return [_padded(spread(joined([who, *rest], "   "), right, width))]


def _who(snapshot: Snapshot, wording: _Wording) -> Line:
    active = snapshot.active
    if active is None:
        return line(Span("○ ", "bad"), bold("nobody serves", "bad"))
    name = _cut(
        provider_order.short_name(active.provider) if wording.short_name else active.provider, wording
    )
    view = snapshot.view(active.provider)
    sign = "○ " if view.state in ("exhausted", "benched", "no-credential", "disabled") else "● "
    model = active.model or "its own model"
    return line(
        Span(sign, provider_order.STATE_INKS[view.state]),
        bold(name, provider_order.inks(snapshot).get(active.provider, "text")),
        "  ",
        Span(_cut(provider_order.short_model(model) if wording.short_model else model, wording)),
    )


def _lasts(snapshot: Snapshot, space: Space, wording: _Wording) -> list[Line]:
    """The window that ends first, when it ends, and who follows."""
    if snapshot.active is None:
        return [_nobody(snapshot, space)]
    limit = snapshot.view(snapshot.active.provider).tightest
    follows = snapshot.next.provider if snapshot.next else None
    after = line(Span("→ ", "accent"), _next(snapshot, follows, wording))
    if limit is None:
        return [line(muted("no limit known")), after]
    return [_share(limit), _end(limit, space, wording), after]


def _long(snapshot: Snapshot) -> bool:
    """A name is so long that nothing else would have room."""
    active, follows = snapshot.active, snapshot.next
    names = (active.provider, active.model or "") if active else ()
    told = (*names, follows.provider if follows else "")
    return any(cells(provider_order.short_model(provider_order.short_name(name))) > LONG for name in told)


def _cut(name: str, wording: _Wording) -> str:
    return shortened(name, wording.most) if wording.most else name


def _next(snapshot: Snapshot, provider: str | None, wording: _Wording) -> Span:
    if provider is None:
        return Span("nobody", "warn")
    name = _cut(provider_order.short_name(provider) if wording.short_next else provider, wording)
    return Span(name, provider_order.inks(snapshot).get(provider, "accent"))


def _share(limit: Limit) -> Line:
    ink = level_ink(limit.percent) if (limit.percent or 0) >= 75 else "text"
    text = percent_text(limit.percent, estimate=not limit.trusted)
    sign = f" {alarm(limit.percent)}" if alarm(limit.percent) else ""
    window = words.window_word(limit.window, limit.model)
    return line(muted(f"{window} "), Span(f"{text}{sign}", ink))


def _end(limit: Limit, space: Space, wording: _Wording) -> Line:
    """`empty ~15:12 in 1h10` at this pace, else `resets in 1h38`; in brief `~1h10`, `1h38`."""
    clock = space.clock
    if wording.brief and limit.runs_out_at is not None:
        return line(Span(f"~{clock.left(limit.runs_out_at)}", "warn"))
    if wording.brief and limit.resets_at is not None:
        return line(muted(clock.left(limit.resets_at)))
    if limit.runs_out_at is not None:
        text = f"empty ~{clock.clock(limit.runs_out_at)}"
        if wording.countdown and clock.near(limit.runs_out_at):
            text += f" in {clock.left(limit.runs_out_at)}"
        return line(Span(text, "warn"))
    return line(muted(f"resets {clock.ends(limit.resets_at)}")) if limit.resets_at else ()


def _nobody(snapshot: Snapshot, space: Space) -> Line:
    first = snapshot.choice.first_back
    if first is not None and first.until is not None:
        return line(muted(f"first back {first.provider} {space.clock.ends(first.until)}"))
    return line(muted(snapshot.choice.reason.removeprefix("no provider can serve: ")))  # it is said before


def _auto(snapshot: Snapshot, wording: _Wording) -> Line:
    if not snapshot.auto_switch:
        return line(Span("auto-switch off", "warn"))
    return line(muted("auto-switch on")) if wording.auto else BLANK


def _cost(snapshot: Snapshot, wording: _Wording) -> Line:
    if not wording.cost:
        return BLANK
    return line(bold(words.money(snapshot.today.cost_usd)), muted(" today" if wording.today else ""))


def _fitting(parts: list[Line], width: int) -> Line:
    """The parts with as wide a gap as there is room for."""
    whole = joined(parts, "  ")
    return whole if cells(whole) <= width else fit(joined(parts, " "), width)


def _padded(content: Line) -> Line:
    return line(" ", content, " ")
