"""Analytics in text: the period and its totals, then parts with their share. Pure: no file, no clock."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import PurePath

from rich.text import Text

from pf_tui.catalog import Catalog
from pf_tui.cli.look import FAINT, Cell, bar, faint, heading, plain, table, wrapped
from pf_tui.documents import provider_state, words
from pf_tui.ledger.document import cost, zone_name
from pf_tui.ledger.events import SessionPlace
from pf_tui.ledger.overview import Analytics
from pf_tui.ledger.period import Filters
from pf_tui.ledger.query import TopGroups
from pf_tui.ledger.totals import Group, Totals, total
from pf_tui.records import record
from pf_tui.sessions.records import short_id
from pf_tui.text.columns import Column

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import SessionKey

MOST_SESSIONS = 40
"""Sessions a text view shows; `--csv` has all."""

_TOP = 6
"""Models the summary names."""

_DAYS = 60
_BAR = 16
_EIGHTHS = "·▁▂▃▄▅▆▇█"
_ROOMY = 72

PERIOD_WORDS = {
    "1h": "the last hour",
    "5h": "the running 5-hour window",
    "24h": "the last 24 hours",
    "week": "the running week",
    "7d": "the last 7 days",
    "30d": "the last 30 days",
    "90d": "the last 90 days",
    "all": "all time",
}

_COLUMNS = (
    Column(title="requests", right=True, leaves=5),
    Column(title="failed", right=True, leaves=2),
    Column(title="input", right=True, leaves=3),
    Column(title="output", right=True, leaves=3),
    Column(title="cache", right=True, leaves=3),
    Column(title="tokens", right=True),
    Column(title="cost", right=True),
    Column(title="share", right=True, leaves=4),
    Column(title="", leaves=1),
)


@record
class Frame:
    """What a view is drawn in."""

    now: datetime
    zone: tzinfo | None
    width: int
    catalog: Catalog
    home: str = ""

    def clock(self, moment: datetime) -> str:
        """A moment as the reader's clock shows it."""
        return words.clock(moment, self.now, self.zone)


def head(analytics: Analytics, filters: Filters, frame: Frame) -> list[Text]:
    """Which period, and what it adds up to."""
    totals, width = analytics.totals, frame.width
    lines = wrapped(_period(analytics, frame), width, style="bold")
    only = [
        f"{name} {value}"
        for name, value in (
            ("project", filters.project),
            ("agent", filters.agent),
            ("session", filters.session),
            ("machine", filters.machine),
        )
        if value
    ]
    if only:
        lines += wrapped(f"only {', '.join(only)}", width, style=FAINT)
    if not totals.requests:
        return [*lines, Text(), *_nothing(analytics, filters, width)]
    facts = [
        f"{money(totals)}{starred(totals)}",
        words.quantity(totals.requests, "request"),
        f"{words.short(totals.total_tokens)} tokens",
    ]
    if totals.failed:
        facts.append(f"{words.number(totals.failed)} failed")
    if analytics.fallback.limit_hits:
        facts.append(words.quantity(analytics.fallback.limit_hits, "limit hit"))
    if analytics.fallback.fallbacks:
        facts.append(words.quantity(analytics.fallback.fallbacks, "fallback"))
    kinds = (
        f"{words.short(totals.input)} in · {words.short(totals.output)} out"
        f" · {words.short(totals.cache_read)} cache read · {words.short(totals.cache_write)} cache write"
    )
    return [*lines, Text(), *_flowing(facts, width), *wrapped(kinds, width, style=FAINT)]


def summary(analytics: Analytics, frame: Frame) -> list[Text]:
    """By provider, by model, and the days as one line."""
    if not analytics.totals.requests:
        return []
    lines = parts("providers", analytics, frame)
    models = analytics.models[:_TOP]
    lines += [Text(), *_table("model", models, analytics.totals, frame)]
    if len(analytics.models) > len(models):
        more = len(analytics.models) - len(models)
        lines += wrapped(f"{more} more: `pf-tui analytics --view models`", frame.width, style=FAINT)
    return lines + _curve(analytics.days, frame)


def parts(view: str, analytics: Analytics, frame: Frame) -> list[Text]:
    """One of the lists: providers, models, projects, agents, machines, days."""
    groups: Sequence[Group] = getattr(analytics, view)
    if not groups:
        return []
    return [Text(), *_table(view.removesuffix("s"), groups, analytics.totals, frame)]


def sessions(
    dearest: TopGroups, session_places: Mapping[SessionKey, SessionPlace], frame: Frame
) -> list[Text]:
    """The dearest sessions: where, when last, what they took."""
    top_sessions = dearest.parts
    origins = [session_places.get((part.agent, part.name)) for part in top_sessions]
    rows = [
        [
            plain(short_id(part.name)),
            plain(part.agent),
            plain(short_path(origin.project, frame) if origin else ""),
            faint(frame.clock(moment(origin.last_ms)) if origin else ""),
            plain(words.number(part.totals.requests)),
            plain(words.short(part.totals.total_tokens)),
            plain(f"{money(part.totals)}{starred(part.totals)}"),
        ]
        for part, origin in zip(top_sessions, origins, strict=True)
    ]
    columns = (
        Column(title="session"),
        Column(title="agent", leaves=3),
        Column(title="project", shrinks=True),
        Column(title="last", right=True, leaves=2),
        Column(title="requests", right=True, leaves=1),
        Column(title="tokens", right=True),
        Column(title="cost", right=True),
    )
    lines = [Text(), *table(columns, rows, frame.width)] if rows else []
    if dearest.total > len(top_sessions):
        more = f"{dearest.total - len(top_sessions)} more: `pf-tui analytics --view sessions --csv`"
        lines += wrapped(more, frame.width, style=FAINT)
    return lines


def foot(analytics: Analytics, frame: Frame) -> list[Text]:
    """What a reader must know to believe the numbers, each with its cure."""
    notes = (
        (_plan_note(analytics), FAINT),
        (_unpriced_note(analytics), "yellow"),
        (_unknown_note(analytics), FAINT),
        (_skipped_note(analytics, frame), FAINT),
    )
    lines = [line for note, style in notes if note for line in wrapped(note, frame.width, style=style)]
    return [Text(), *lines] if lines else []


def money(part_totals: Totals) -> str:
    """The cost; a dash when nobody knows any of it, a + when somebody does not know all."""
    money_text = cost(part_totals)
    return f"{words.money(money_text)}{'+' if money_text is not None and part_totals.unpriced_tokens else ''}"


def starred(part_totals: Totals) -> str:
    """Marks a sum that holds list-price equivalents of a plan."""
    return provider_state.PLAN if part_totals.plan_usd else ""


def short_path(path: str, frame: Frame) -> str:
    """A path the short way: ~ for home."""
    if frame.home and path.startswith(f"{frame.home}/"):
        return f"~{path.removeprefix(frame.home)}"
    return path


def _nothing(analytics: Analytics, filters: Filters, width: int) -> list[Text]:
    """No request: where there may be some."""
    if analytics.span.name != "all" or filters != Filters():
        hint = "`pf-tui analytics all` shows everything there is"
    else:
        hint = (
            "the logs of Claude Code, OpenCode, Codex and Gemini CLI are read automatically; "
            "`pf-tui doctor` says what was found"
        )
    return [*wrapped("no request in this period", width), *wrapped(hint, width, style=FAINT)]


def _plan_note(analytics: Analytics) -> str:
    usd = analytics.totals.plan_usd
    return (
        f"{provider_state.PLAN} {words.money(usd)} of it is list price; a plan has paid for it already"
        if usd
        else ""
    )


def _unpriced_note(analytics: Analytics) -> str:
    unpriced = [part for part in analytics.models if part.totals.unpriced_tokens]
    if not unpriced:
        return ""
    models_text = ", ".join(
        f"{words.short(p.totals.unpriced_tokens)} tokens of {p.name}" for p in unpriced[:5]
    )
    more = f" and {len(unpriced) - 5} more models" if len(unpriced) > 5 else ""
    return (
        f"unpriced: {models_text}{more}; `pf-tui prices update` looks for newer prices, or write your own "
        "into providers.yaml and run `pf-tui ingest --reprice`"
    )


def _unknown_note(analytics: Analytics) -> str:
    if all(part.name != "unknown" for part in analytics.providers):
        return ""
    return (
        "unknown: logs that do not say which provider served; "
        "`pf-tui install claude-code` remembers it from then on"
    )


def _skipped_note(analytics: Analytics, frame: Frame) -> str:
    if not analytics.skipped:
        return ""
    first = analytics.skipped[0]
    where = short_path(first.path, frame)
    if len(where) > frame.width:
        where = f"…/{PurePath(where).name}"
    line = f" line {first.line} " if first.line else ": "  # 0 = the file as a whole
    return (
        f"{words.quantity(analytics.skipped_rows, 'row')} of the logs could not be read, the first: "
        f"{where}{line}{first.why}; `--json` names all"
    )


def moment(ms: int) -> datetime:
    """Aware UTC from UTC ms."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def _period(analytics: Analytics, frame: Frame) -> str:
    span = analytics.span
    zone = zone_name(span.zone, span.end)
    if span.start is None:
        first = f"since {analytics.days[0].name}, " if analytics.days else ""
        return f"{PERIOD_WORDS.get(span.name, span.name)} ({first}{zone})"
    begins, ends = span.start.astimezone(span.zone), span.end.astimezone(span.zone)
    if span.name in PERIOD_WORDS:
        return f"{PERIOD_WORDS[span.name]} (from {_stamp(begins)}, {zone})"
    midnight = ends - timedelta(microseconds=1)
    if (begins.hour, begins.minute, ends.hour, ends.minute) == (0, 0, 0, 0):
        return f"{begins:%Y-%m-%d} to {midnight:%Y-%m-%d} ({zone})"
    return f"{_stamp(begins)} to {_stamp(ends)} ({zone})"


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _flowing(facts: Sequence[str], width: int) -> list[Text]:
    """Facts side by side, the first one bold; as many lines as they need."""
    lines = [Text(facts[0], style="bold")]
    for fact in facts[1:]:
        if lines[-1].cell_len + 3 + len(fact) > width:
            lines.append(Text(fact))
        else:
            lines[-1] = Text.assemble(lines[-1], "   ", fact)
    return lines


def _table(title: str, groups: Sequence[Group], totals: Totals, frame: Frame) -> list[Text]:
    whole = totals.cost_usd or float(totals.total_tokens) or 1.0
    by_cost = bool(totals.cost_usd)
    most = max((_weight(part, by_cost=by_cost) for part in groups), default=0.0) or 1.0
    rows = []
    for part in groups:
        part_totals, weight = part.totals, _weight(part, by_cost=by_cost)
        length = bar(weight / most, _BAR)
        rows.append(
            [
                _name(title, part.name, frame),
                plain(words.number(part_totals.requests)),
                Cell(text=words.number(part_totals.failed) if part_totals.failed else "", style="red"),
                faint(words.short(part_totals.input)),
                faint(words.short(part_totals.output)),
                faint(words.short(part_totals.cache_read + part_totals.cache_write)),
                plain(words.short(part_totals.total_tokens)),
                plain(f"{money(part_totals)}{starred(part_totals)}"),
                faint(f"{100 * weight / whole:.0f} %" if part_totals.total_tokens else ""),
                Cell(text=length if weight else "", style="cyan"),
            ]
        )
    return table((Column(title=title, shrinks=True), *_COLUMNS), rows, frame.width)


def _weight(part: Group, *, by_cost: bool) -> float:
    return part.totals.cost_usd if by_cost else float(part.totals.total_tokens)


def _name(title: str, name: str, frame: Frame) -> Cell:
    if title == "project":
        short = short_path(name, frame)
        room = max(frame.width // 3, 18)
        return plain(short if len(short) <= room else f"…/{PurePath(short).name}")
    if title == "day":
        day = datetime.strptime(name, "%Y-%m-%d")  # noqa: DTZ007 - a local day has no zone
        return plain(f"{day:%a} {name}")
    return Cell(text=name, style=FAINT if name == "unknown" else "")


def _curve(days: Sequence[Group], frame: Frame) -> list[Text]:
    """One column per day of cost, lowest to highest; the dearest day named."""
    if len(days) < 3:
        return []
    last_days = days[-min(_DAYS, frame.width - 2) :]
    most = max(last_days, key=lambda part: part.totals.cost_usd)
    if not most.totals.cost_usd:
        return []
    costs = {part.name: part.totals.cost_usd for part in last_days}
    first = datetime.strptime(last_days[0].name, "%Y-%m-%d")  # noqa: DTZ007 - local days
    last = datetime.strptime(last_days[-1].name, "%Y-%m-%d")  # noqa: DTZ007 - local days
    columns = []
    for step in range((last - first).days + 1):
        value = costs.get(f"{first + timedelta(days=step):%Y-%m-%d}", 0.0)
        columns.append(_EIGHTHS[math.ceil(8 * value / most.totals.cost_usd)])
    columns = columns[-(frame.width - 2) :]
    mean = total(part.totals for part in last_days).cost_usd / len(columns)
    aside = f"{words.money(mean)} a day, most on {most.name}: {words.money(most.totals.cost_usd)}"
    return [
        Text(),
        heading("cost by day") if frame.width < _ROOMY else heading("cost by day", aside),
        Text("".join(columns), style="cyan"),
        *(wrapped(aside, frame.width, style=FAINT) if frame.width < _ROOMY else []),
    ]
