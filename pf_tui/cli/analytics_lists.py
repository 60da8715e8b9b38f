"""Analytics in text, the special views: blocks, costs and plans, comparison, failures, limit hits, requests.

Pure: no file, no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.text import Text

from pf_tui.cli.analytics_view import Frame, moment, money, parts, short_path, starred
from pf_tui.cli.look import FAINT, Cell, faint, heading, plain, table, wrapped
from pf_tui.documents import provider_state, words
from pf_tui.ledger.blocks import Block
from pf_tui.ledger.comparison import ComparedProvider, PlanUse, changes, usd_per_million
from pf_tui.ledger.events import FailureCount, HitRow
from pf_tui.ledger.overview import Analytics
from pf_tui.ledger.totals import Totals
from pf_tui.sessions.records import short_id
from pf_tui.text.columns import Column

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.ledger.events import RequestFacts

MOST = 50
"""Rows of single events a text view shows; `--csv` and `--json` have all."""

FAILURE_WORDS = {
    "rate": "rate limit",
    "quota": "quota used up",
    "windowless": "rate limit, no reset named",
    "overload": "overloaded",
    "server": "server error",
    "auth": "credential refused",
    "model": "model not served",
    "account": "account may not use it",
    "address": "wrong address",
    "context": "context too long",
    "unsupported": "request not supported there",
    "request": "request refused",
    "network": "no connection",
    "timeout": "no answer in time",
}
"""The failure classes of `rules.failures` as people call them; a test compares the two."""


def blocks(blocks: Sequence[Block], frame: Frame) -> list[Text]:
    """Five-hour blocks, and of the running one its pace and where that ends."""
    if not blocks:
        return []
    most = max(block.totals.total_tokens for block in blocks)
    rows = [
        [
            Cell(text=_block_time(block, frame), style="bold" if block.active else ""),
            plain(words.number(block.totals.requests)),
            plain(words.short(block.totals.total_tokens)),
            plain(f"{money(block.totals)}{starred(block.totals)}"),
            faint(f"{100 * block.totals.total_tokens / most:.0f} %" if most else ""),
            Cell(text="active" if block.active else "", style="green"),
        ]
        for block in blocks
    ]
    columns = (
        Column(title="block of 5 hours", shrinks=True),
        Column(title="requests", right=True, leaves=1),
        Column(title="tokens", right=True),
        Column(title="cost", right=True),
        Column(title="of most", right=True, leaves=2),
        Column(title="", leaves=3),
    )
    lines = [Text(), *table(columns, rows, frame.width)]
    running = blocks[-1]
    if running.active:
        remaining = words.span(running.end - frame.now)
        burn = (
            f"now: {remaining} left, {words.short(running.tokens_per_minute)} tokens/min, "
            f"{words.money(running.usd_per_hour)}/h, about {words.money(running.projected_usd)} at its end"
        )
        lines += [Text(), *wrapped(burn, frame.width)]
        highest = max(blocks[:-1], key=lambda block: block.totals.total_tokens, default=None)
        if highest is not None and highest.totals.total_tokens:
            share = 100 * running.totals.total_tokens / highest.totals.total_tokens
            lines += wrapped(
                f"{share:.0f} % of your heaviest block ({words.short(highest.totals.total_tokens)} tokens)",
                frame.width,
                style=FAINT,
            )
    return lines


def costs(analytics: Analytics, uses: Sequence[PlanUse], frame: Frame) -> list[Text]:
    """By provider and by model, and what the plans cost."""
    lines = [*parts("providers", analytics, frame), *parts("models", analytics, frame)]
    if not uses:
        return lines
    rows = [
        [
            plain(use.provider),
            plain(use.name),
            plain(words.money(use.usd_per_month)),
            plain(words.money(use.usd_in_span)),
            plain(words.money(use.list_price_usd)),
            plain(f"{use.list_price_usd / use.usd_in_span:.1f}×" if use.usd_in_span else ""),
        ]
        for use in uses
    ]
    columns = (
        Column(title="plan of", leaves=2),
        Column(title="plan", shrinks=True),
        Column(title="a month", right=True, leaves=1),
        Column(title="this period", right=True),
        Column(title="at list price", right=True),
        Column(title="worth", right=True),
    )
    return [*lines, Text(), *table(columns, rows, frame.width)]


def compared(
    rows: Sequence[ComparedProvider], analytics: Analytics, past: Totals | None, frame: Frame
) -> list[Text]:
    """Providers side by side, then the period against the one before."""
    cells = [_compared_row(row) for row in rows]
    columns = (
        Column(title="provider", shrinks=True),
        Column(title="requests", right=True, leaves=3),
        Column(title="tokens", right=True, leaves=6),
        Column(title="cost", right=True),
        Column(title="$/M", right=True, leaves=8),
        Column(title="median", right=True, leaves=7),
        Column(title="failed", right=True, leaves=5),
        Column(title="429", right=True, leaves=4),
        Column(title="saved", right=True, leaves=2),
        Column(title="lost", right=True, leaves=1),
        Column(title="same work", right=True),
    )
    lines = [Text(), *table(columns, cells, frame.width)] if cells else []
    legend = (
        "same work: about what all tokens of the period would cost there (in brackets: the share it serves)"
    )
    if any(row.fallback.minutes_saved for row in rows):
        legend += "; saved: minutes its limits still ran when another took over"
    if any(row.fallback.minutes_lost for row in rows):
        legend += "; lost: minutes waited in retries"
    if cells:
        lines += [Text(), *wrapped(legend, frame.width, style=FAINT)]
    if past is not None:
        lines += _against(analytics.totals, past, frame)
    return lines


def errors(failure_counts: Sequence[FailureCount], frame: Frame) -> list[Text]:
    """Failed requests by provider and class."""
    if not failure_counts:
        return [Text(), *wrapped("no request failed in this period", frame.width)]
    rows = [
        [
            plain(row.provider),
            plain(FAILURE_WORDS.get(row.kind, row.kind)),
            plain(words.number(row.count)),
            faint(_stamp(moment(row.last_ms), frame)),
        ]
        for row in failure_counts
    ]
    columns = (
        Column(title="provider", shrinks=True),
        Column(title="what failed"),
        Column(title="times", right=True),
        Column(title="last", right=True, leaves=1),
    )
    return [Text(), *table(columns, rows, frame.width)]


def hits(hit_rows: Sequence[HitRow], analytics: Analytics, frame: Frame) -> list[Text]:
    """Every limit hit: when, whose, until when, and what waiting cost."""
    if not hit_rows:
        return [Text(), *wrapped("no limit was hit in this period", frame.width)]
    shown_hits = hit_rows[:MOST]
    rows = []
    for hit in shown_hits:
        at = moment(hit.ts_ms)
        until = moment(hit.until_ms) if hit.until_ms else None
        rows.append(
            [
                plain(_stamp(at, frame)),
                plain(hit.provider),
                plain(FAILURE_WORDS.get(hit.kind, hit.kind)),
                plain(f"{words.span(until - at)}, to {_stamp(until, frame)}" if until and until > at else ""),
                plain(words.span(timedelta(milliseconds=hit.waited_ms)) if hit.waited_ms else ""),
                faint(hit.agent or ""),
                faint(short_id(hit.session or "")),
            ]
        )
    columns = (
        Column(title="when"),
        Column(title="provider", shrinks=True),
        Column(title="limit", leaves=4),
        Column(title="for"),
        Column(title="waited", right=True, leaves=3),
        Column(title="agent", leaves=2),
        Column(title="session", leaves=1),
    )
    lines = [Text(), *table(columns, rows, frame.width)]
    waited_ms = analytics.fallback.waited_ms
    sentence = words.quantity(analytics.fallback.limit_hits, "limit hit")
    if waited_ms:
        sentence += f", {words.span(timedelta(milliseconds=waited_ms))} waited in retries"
    lines += [Text(), *wrapped(sentence, frame.width)]
    if len(hit_rows) > MOST:
        lines += wrapped(f"the newest {MOST}; `--csv` has more", frame.width, style=FAINT)
    return lines


def requests(newest: Sequence[RequestFacts], count: int, frame: Frame) -> list[Text]:
    """The newest requests, oldest of them first."""
    if not newest:
        return []
    rows = []
    for row in newest:
        failed = row["status"] == "failed"
        usd = row["cost_usd"]
        plan = provider_state.PLAN if row["cost_basis"] == "subscription-equivalent" and usd else ""
        rows.append(
            [
                faint(_stamp(moment(row["ts"]), frame)),
                plain(row["provider"]),
                plain(row["model"]),
                faint(short_path(row["project"] or "", frame).rpartition("/")[2]),
                plain(words.short(row["input"] + row["cache_write_5m"] + row["cache_write_1h"])),
                plain(words.short(row["cache_read"])),
                plain(words.short(row["output"])),
                plain(f"{words.money(usd)}{plan}"),
                faint(f"{row['latency_ms'] / 1000:.1f} s" if row["latency_ms"] else ""),
                Cell(text=str(row["failure"] or "failed") if failed else "", style="red"),
            ]
        )
    columns = (
        Column(title="when"),
        Column(title="provider", leaves=4),
        Column(title="model", shrinks=True),
        Column(title="project", leaves=1),
        Column(title="in", right=True, leaves=6),
        Column(title="cached", right=True, leaves=5),
        Column(title="out", right=True),
        Column(title="cost", right=True),
        Column(title="took", right=True, leaves=3),
        Column(title="", leaves=2),
    )
    lines = [Text(), *table(columns, rows, frame.width)]
    if count > len(newest):
        notice = f"the newest {len(newest)} of {words.number(count)}; `--json` and `--csv` print all"
        lines += wrapped(notice, frame.width, style=FAINT)
    return lines


def _block_time(block: Block, frame: Frame) -> str:
    begins, ends = block.start.astimezone(frame.zone), block.end.astimezone(frame.zone)
    return f"{begins:%a %Y-%m-%d %H:%M}–{ends:%H:%M}"


def _compared_row(row: ComparedProvider) -> list[Cell]:
    part_totals = row.part.totals
    used = bool(part_totals.requests)
    used_or_limited = used or row.fallback.limit_hits > 0
    each, minutes_saved, minutes_lost = (
        usd_per_million(part_totals),
        row.fallback.minutes_saved,
        row.fallback.minutes_lost,
    )
    latency = row.part.latency_ms_p50
    same = "" if row.same_work_usd is None else f"~{words.money(row.same_work_usd)}"
    if same and row.same_work_share < 0.995:
        same += f" ({100 * row.same_work_share:.0f} %)"
    return [
        Cell(text=row.part.name, style="" if used_or_limited else FAINT),
        plain(words.number(part_totals.requests) if used else ""),
        plain(words.short(part_totals.total_tokens) if used else ""),
        plain(f"{money(part_totals)}{starred(part_totals)}" if used else ""),
        plain(words.money(each) if used and each is not None else ""),
        plain(f"{latency / 1000:.1f} s" if used and latency else ""),
        plain(_rate(part_totals.failed, part_totals.requests) if used else ""),
        plain(_rate(part_totals.rate_limited, part_totals.requests) if used else ""),
        plain(f"{minutes_saved:.0f} min" if minutes_saved else ""),
        plain(f"{minutes_lost:.0f} min" if minutes_lost else ""),
        Cell(text=same, style="" if used else FAINT),
    ]


def _rate(part: int, whole: int) -> str:
    if not part:
        return "0 %"
    return f"{100 * part / whole:.1f} %"


def _against(now: Totals, past: Totals, frame: Frame) -> list[Text]:
    if not past.requests:
        return [Text(), *wrapped("the period before has no requests", frame.width, style=FAINT)]
    growth = changes(now, past)
    clauses = [
        f"cost {_change(growth['cost'])} (from {words.money(past.cost_usd)})",
        f"requests {_change(growth['requests'])} (from {words.number(past.requests)})",
        f"tokens {_change(growth['tokens'])} (from {words.short(past.total_tokens)})",
    ]
    if past.failed or now.failed:
        clauses.append(f"failed {words.number(now.failed)} (from {words.number(past.failed)})")
    return [Text(), heading("against the period before"), *wrapped(", ".join(clauses), frame.width)]


def _change(share: float | None) -> str:
    return "—" if share is None else f"{100 * share:+.0f} %"


def _stamp(at: datetime, frame: Frame) -> str:
    local = at.astimezone(frame.zone)
    if local.date() == frame.now.astimezone(frame.zone).date():
        return f"{local:%H:%M}"
    return f"{local:%m-%d %H:%M}"
