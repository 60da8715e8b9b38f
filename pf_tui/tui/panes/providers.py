"""Providers: who can serve, in which order, how near the end, what it cost today."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from pf_tui.documents import words
from pf_tui.snapshot import ProviderView, Snapshot, bench_reason
from pf_tui.text.columns import GAP, Column, body, chosen, head
from pf_tui.text.lines import BLANK, Line, Span, cells, fit, joined, line, muted, shortened
from pf_tui.text.meter import alarm, level_colour, meter, percent_text
from pf_tui.tui import provider_order
from pf_tui.tui.page import Choice, Page, Row, Space, empty
from pf_tui.tui.provider_order import ListedProvider
from pf_tui.tui.times import Clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed import SupportsRichComparison

ROOMY = 70
"""From here on names are written out."""

NARROW = 51
"""Below this a row is number, name, meter, share and time left."""

COLUMNS = (
    Column(key="number", title="#", right=True, at_least=3),
    Column(key="provider", title="provider", least=14),
    Column(key="auth", title="auth", leaves=1),
    Column(key="state", title="state"),
    Column(key="tightest", title="tightest", at_least=14),
    Column(key="back", title="back", right=True, leaves=2, at_least=5),
    Column(key="today", title="today", right=True, leaves=3, at_least=5),
)

ORDERS = ("", "provider", "state", "tightest", "back", "today")
"""What `o` goes through; "" = priority."""

KEYS = (("enter", "switch"), ("n", "next"), ("J K", "order"))

MadeRows = dict[tuple[str, bool], dict[str, Line]]
"""(provider, its name in full) -> the cells of its row, half of the cost of a letter of a filter."""


def page_for(
    snapshot: Snapshot,
    space: Space,
    choice: Choice | None = None,
    *,
    folded: bool = False,
    key: str | None = None,
    row_cache: MadeRows | None = None,
) -> Page:
    """The list as it stands.

    Args:
        folded: those that cannot serve for want of a credential are one row, but for the one at `key`.
        row_cache: the cells of this snapshot that were made before, to which those made now are added.
    """
    choice = choice or Choice()
    everyone = provider_order.listed_providers(snapshot)
    entries = [entry for entry in everyone if _admitted(entry, choice)]
    away = [
        entry for entry in entries if folded and not choice.words and not entry.present and entry.id != key
    ]
    if len(away) > 1 and len(away) < len(entries):
        entries = [entry for entry in entries if entry not in away]
    else:
        away = []
    if choice.order:
        entries.sort(key=_ORDER[choice.order])
    usable = sum(entry.number is not None for entry in everyone)
    colours = provider_order.colours(snapshot)
    if space.width < NARROW:
        pinned, rows = _narrow(snapshot, entries, colours, space)
    else:
        pinned, rows = _wide(
            snapshot, entries, colours, space, choice, {} if row_cache is None else row_cache
        )
    if not entries:
        rows = empty(space.width, f"no provider matches '{choice.words}'", "esc shows all")
    if away:
        rows = (*rows, Row(fit(_more(away), space.width)))
    count_line = line(muted(f"{len(entries) if choice.words else usable} of {len(everyone)}"))
    facts = joined([count_line, _leading(snapshot)])
    return Page(title="Providers", facts=facts, pinned=pinned, rows=rows, keys=KEYS)


def _leading(snapshot: Snapshot) -> Line:
    """`gateway auto`, where agents are led to the gateway; in the warning's colour where it should run."""
    if not snapshot.config.leads_to_gateway:
        return BLANK
    stranded = any(agent.stranded for agent in snapshot.agents)
    return line(Span("gateway auto, down" if stranded else "gateway auto", "warn" if stranded else "muted"))


def _more(away: list[ListedProvider]) -> Line:
    """`· 18 more: no login, no key`."""
    words_for = dict.fromkeys(provider_order.state_word(entry.view).text for entry in away)
    return line(muted(f"  · {len(away)} more: {', '.join(words_for)}"))


def _admitted(entry: ListedProvider, choice: Choice) -> bool:
    provider = entry.view.provider
    return choice.admits(entry.id, provider.name, provider.family, provider_order.state_word(entry.view).text)


_ORDER: Mapping[str, Callable[[ListedProvider], SupportsRichComparison]] = {
    "provider": lambda entry: entry.id,
    "state": lambda entry: (not entry.present, entry.view.until is not None, entry.view.state, entry.id),
    "back": lambda entry: (not entry.present, entry.view.until is None, str(entry.view.until or "")),
    "tightest": lambda entry: -(_share(entry.view) or 0.0) if entry.present else 1.0,
    "today": lambda entry: -(entry.view.today.cost_usd or 0.0) if entry.present else 1.0,
}


def _wide(
    snapshot: Snapshot,
    entries: list[ListedProvider],
    colours: Mapping[str, str],
    space: Space,
    choice: Choice,
    row_cache: MadeRows,
) -> tuple[tuple[Line, ...], tuple[Row, ...]]:
    active = snapshot.active.provider if snapshot.active else None

    gap = GAP

    def drawn(full: bool) -> tuple[list[dict[str, Line]], list[tuple[Column, int]]]:
        table = []
        for entry in entries:
            row = row_cache.get((entry.id, full))
            if row is None:
                row = row_cache[entry.id, full] = _cells(
                    entry, colours, space, active=entry.id == active, full=full
                )
            table.append(row)
        return table, chosen(COLUMNS, table, space.width, gap)

    table, fitting_columns = drawn(full=space.width >= ROOMY)
    room = next(size for column, size in fitting_columns if column.key == "provider")
    if len(fitting_columns) < len(COLUMNS) or any(
        cells(row["provider"]) > room for row in table
    ):  # a short name says more than a cut one
        table, fitting_columns = drawn(full=False)
        if len(fitting_columns) < len(COLUMNS):  # a narrow gap is better than a column less
            gap = 1
            table, fitting_columns = drawn(full=False)
        room = next(size for column, size in fitting_columns if column.key == "provider")
        table = [
            {
                **row,
                "provider": tuple(span._replace(text=shortened(span.text, room)) for span in row["provider"]),
            }
            for row in table
        ]
    rows = tuple(
        Row(fit(body(fitting_columns, row, gap), space.width), entry.id)
        for entry, row in zip(entries, table, strict=True)
    )
    heading = head(
        fitting_columns, choice.order, downward=choice.order in ("tightest", "today"), gap=gap, orders=ORDERS
    )
    return (heading,), rows


def _cells(
    entry: ListedProvider, colours: Mapping[str, str], space: Space, *, active: bool, full: bool
) -> dict[str, Line]:
    view, clock = entry.view, space.clock
    name = entry.id if full else provider_order.short_name(entry.id)
    row = {
        "number": _number(entry, active=active),
        "provider": line(_name(entry, name, colours, active=active)),
        "auth": line(Span(provider_order.auth_word(view.provider), "muted" if entry.present else "faint")),
        "state": line(
            provider_order.state_word(view) if entry.present else muted(provider_order.state_word(view).text)
        ),
    }
    if entry.present:
        row |= {"tightest": _tightest(view), "back": _back(view, clock), "today": today(view)}
    return row


def _narrow(
    snapshot: Snapshot,
    entries: list[ListedProvider],
    colours: Mapping[str, str],
    space: Space,
) -> tuple[tuple[Line, ...], tuple[Row, ...]]:
    """`▶ 1 anthropic-sub ██████ ──── 62 %  1h38`."""
    active = snapshot.active.provider if snapshot.active else None
    visible = [entry for entry in entries if entry.present] or entries
    name_width = min(max((len(provider_order.short_name(entry.id)) for entry in visible), default=8), 18)
    meter_width = space.width - 4 - name_width - 1 - 8 - 1 - 6
    if meter_width < 5:
        name_width, meter_width = name_width + meter_width + 1, 0
    rows = []
    for entry in entries:
        room = name_width if entry.present else max(name_width, 15)
        label = shortened(provider_order.short_name(entry.id), room)
        name = fit(line(_name(entry, label, colours, active=entry.id == active)), room)
        start = line(_number(entry, active=entry.id == active), " ", name)
        rest = space.width - cells(start)
        rows.append(Row(line(start, fit(_rest(entry, meter_width, rest, space), rest)), entry.id))
    return (), tuple(rows)


def _rest(entry: ListedProvider, meter_width: int, width: int, space: Space) -> Line:
    """What stands right of the name in a narrow row."""
    view, share = entry.view, _share(entry.view)
    back = fit(_back(view, space.clock), 6, align="right")
    if view.state == "benched" or not entry.present or view.is_absent:
        word = bench_word(view) if view.state == "benched" else provider_order.state_word(view).text
        colour = "warn" if view.state == "benched" else "muted"
        return line(" ", fit((Span(word, colour),), width - 7), back)
    bar = meter(share, meter_width, space.symbols) if share is not None else fit(BLANK, meter_width)
    return line(" " if meter_width else "", bar, fit(_percent(view), 8), " ", back)


def _name(entry: ListedProvider, text: str, colours: Mapping[str, str], *, active: bool) -> Span:
    if not entry.present:
        return Span(text, "muted")
    return Span(text, colours.get(entry.id, "text"), bold=active)


def _number(entry: ListedProvider, *, active: bool) -> Line:
    return line(Span("▶" if active else " ", "accent"), muted(f"{entry.number or '·':>2}"))


def _tightest(view: ProviderView) -> Line:
    """`5h     62 %`, `week  100 % !`; of a bench the reason."""
    if view.state == "benched":
        return line(Span(bench_word(view), "warn"))
    limit = view.tightest
    if limit is None:
        return line(muted("—"))
    word = words.window_word(limit.window, limit.model)
    window = muted(word if len(word) <= 6 or not limit.model else limit.model)
    return line(fit((window,), 6), _percent(view))


def _percent(view: ProviderView) -> Line:
    limit, share = view.tightest, _share(view)
    sure = limit is not None and limit.trusted
    colour = level_colour(share) if share is None or share >= 75 else "text"
    return line(
        Span(f"{percent_text(share, estimate=not sure and share is not None):>6}", colour),
        Span(f" {alarm(share)}" if alarm(share) else "", "bad", bold=True),
    )


def _share(view: ProviderView) -> float | None:
    limit = view.tightest
    return limit.percent if limit else None


def _back(view: ProviderView, clock: Clock) -> Line:
    """Time until the bench ends or the tightest window begins anew."""
    at: datetime | None = view.until
    if at is None and view.state != "benched" and (limit := view.tightest):
        at = limit.resets_at
    if at is None:
        return BLANK
    return line(Span(clock.time_left(at), "warn" if view.state == "benched" else "muted"))


def bench_word(view: ProviderView) -> str:
    """Why it rests, short: `529 overloaded`, `by hand`."""
    return bench_reason(view.bench).replace("_", " ") if view.bench else view.why or "benched"


def today(view: ProviderView) -> Line:
    """Cost of today; `~` marks the list-price equivalent of a plan."""
    use = view.today
    if use.cost_usd is None:
        return line(muted("—"))
    text = words.money(use.cost_usd).removeprefix("$")
    mark = "~" if view.provider.plan and use.requests else " "
    return line(Span(text, "text" if use.requests else "muted"), muted(mark))
