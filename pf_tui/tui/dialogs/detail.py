"""One provider, everything: credential, limits, models, failures, benches, where its console is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pf_tui import called
from pf_tui.documents import auth as documents
from pf_tui.documents import words
from pf_tui.ledger.events import FailureCount
from pf_tui.ledger.reader import LimitHit
from pf_tui.rules.benches import Bench
from pf_tui.snapshot import ProviderView, Snapshot
from pf_tui.text.lines import Line, Span, bold, line, muted, wrap, wrapped
from pf_tui.tui import provider_order
from pf_tui.tui.dialogs.dialog import Dialog
from pf_tui.tui.dialogs.why import evidence_text
from pf_tui.tui.ledger_view import LedgerView
from pf_tui.tui.page import Page, Row, Space
from pf_tui.tui.panes import limits
from pf_tui.tui.provider_order import CREDENTIAL_COLOURS

if TYPE_CHECKING:
    from pf_tui.tui.main_screen import MainScreen

LABEL = 12
"""Cells for the words at the left; where room is dear they stand above."""

NARROW = 46
COURSE_LINES = 10
"""Of the chart of a window, with its heading."""
KEYS = (("c", "credential"), ("e", "budget"), ("q", "closes"))


class Detail(Dialog):
    """`right` on a provider."""

    def __init__(self, screen: MainScreen, provider: str) -> None:
        super().__init__(screen)
        self.provider = provider
        self._failures: tuple[FailureCount, ...] | None = None
        self._benches: tuple[Bench, ...] = ()

    def opened(self) -> None:
        self.app.look_up(self._read)

    def _read(self) -> None:
        from pf_tui.tui import ledger_view

        ctx = self.app.ctx
        now = ctx.now()
        self._benches = tuple(
            bench for bench in ctx.health().benches if bench.provider == self.provider and bench.holds(now)
        )
        self._failures = ledger_view.failures(ctx, self.provider)
        self.app.soon(self.redraw)

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        report = self.main_screen.report
        return page_for(snapshot, space, self.provider, report, self._failures, self._benches)

    def action_do(self, words: str) -> None:
        if words in ("credential", "edit"):
            self.leave()
            self.main_screen.call_after_refresh(self.main_screen.action_do, f"{words} {self.provider}")
        else:
            super().action_do(words)


def page_for(
    snapshot: Snapshot,
    space: Space,
    provider: str,
    report: LedgerView,
    failures: Sequence[FailureCount] | None,
    benches: Sequence[Bench] = (),
) -> Page:
    """Sections with a word at the left; what is not known says so."""
    view = snapshot.view(provider)
    narrow = space.width < NARROW
    width = space.width - (1 if narrow else LABEL)
    rows: list[Row] = []

    def section(label: str, lines: Iterable[Line]) -> None:
        if narrow:
            heading = [line(muted(label))] if label else []
            rows.extend(
                Row(text_line) for text_line in (*heading, *(line(" ", text_line) for text_line in lines))
            )
            return
        for index, text_line in enumerate(lines):
            rows.append(Row(line(muted(f"{label if index == 0 else '':<{LABEL}}"), text_line)))

    section("state", _state(view, space, width))
    section("credential", _credential(view, space, width))
    if view.provider.console_url:
        section("console", [line(Span(view.provider.console_url, "accent"))])
    rows.append(Row())
    inner = _narrower(space, width)
    section("limits", [row.content for row in limits.block(view, snapshot, inner)])
    section("", [row.content for row in limits.window_chart_rows(view, report, inner, COURSE_LINES)])
    rows.append(Row())
    section("today", wrapped(_usage(view.today, plan=view.provider.plan), width))
    section("this month", wrapped(_usage(view.month, plan=view.provider.plan), width))
    rows.append(Row())
    section(
        "benches", [row for bench in benches for row in _bench(bench, space, width)] or [line(muted("none"))]
    )
    hits = [hit for hit in report.hits if hit.provider == provider]
    section("last week", _failed(hits, failures, space))
    rows.append(Row())
    section("models", _models(view, snapshot, width))
    section("claude code", wrap(_claude_code(view), width, "text"))
    for note in (view.provider.warning, view.provider.note):
        if note:
            section("note", wrap(note, width, "warn" if note == view.provider.warning else "muted"))
    name = Span(provider, provider_order.colours(snapshot).get(provider, "text"), bold=True)
    return Page(title=view.provider.name, facts=line(name), rows=tuple(rows), keys=KEYS)


def _narrower(space: Space, width: int) -> Space:
    return Space(width=width, height=space.height, clock=space.clock, symbols=space.symbols)


def _state(view: ProviderView, space: Space, width: int) -> list[Line]:
    word = provider_order.state_word(view)
    rank = f"number {view.rank} in the list" if view.rank else "not in the list: it never serves"
    state_text = ", ".join(part for part in (word.text, view.why) if part)
    if view.why and view.why.startswith(word.text):
        state_text = view.why
    until = f" until {space.clock.both(view.until)}" if view.until else ""
    serves = f" · would serve {view.serves}" if view.serves else ""
    first, *more = wrap(f"{state_text}{until} · {rank}{serves}", width, "muted")
    return [line(word, Span(first[0].text.removeprefix(word.text), "muted")), *more]


def _credential(view: ProviderView, space: Space, width: int) -> list[Line]:
    credential = view.credential
    colour = CREDENTIAL_COLOURS[credential.state]
    parts = [
        f"in {credential.source}" if credential.source else "",
        f"only {credential.agent} can use it" if credential.agent else "",
    ]
    if credential.expires_at:
        verb = "expired" if credential.state == "expired" else "until"
        renewal = ", renewed by its agent" if credential.renewable else ""
        parts.append(f"{verb} {space.clock.clock(credential.expires_at)}{renewal}")
    first, *more = wrap(" · ".join([credential.state, *(part for part in parts if part)]), width, "muted")
    word = line(Span(credential.state, colour), Span(first[0].text.removeprefix(credential.state), "muted"))
    lines = [word, *more]
    if not credential.usable:
        lines += wrap(documents.cure(view.provider), width, "accent")
    names = [*view.provider.env, *view.provider.env_all, *view.provider.env_maybe]
    if names and credential.state != "present":
        lines += wrap(f"looked at: {', '.join(names)}", width, "muted")
    return lines


def _usage(use: object, *, plan: bool) -> Line:
    requests, tokens = getattr(use, "requests", 0), getattr(use, "tokens", 0)
    cost, unpriced = getattr(use, "cost_usd", None), getattr(use, "unpriced_tokens", 0)
    if not requests:
        return line(muted("nothing"))
    mark = "~ at list price" if plan else ""
    spans: list[Span | str] = [
        bold(words.money(cost)),
        muted(mark),
        f"  {words.number(requests)} requests",
        muted(f"  {words.short(tokens)} tokens"),
    ]
    if unpriced:
        spans.append(Span(f"  {words.short(unpriced)} of them unpriced", "warn"))
    return line(*spans)


def _bench(bench: Bench, space: Space, width: int) -> list[Line]:
    model = f" for {bench.model}" if bench.model else ""
    until = f"until {space.clock.both(bench.until)}" if bench.until else "until released (b)"
    strikes = f", strike {bench.strikes}" if bench.strikes > 1 else ""
    text = (
        f"{bench.kind.replace('_', ' ')}{model} since {space.clock.clock(bench.since)}, {until}{strikes};"
        f" seen by {bench.source}"
    )
    lines = wrap(text, width, "warn")
    if bench.evidence:
        lines += wrap(f"evidence: {evidence_text(bench.evidence)}", width, "muted")
    return lines


def _failed(hits: Sequence[LimitHit], failures: Sequence[FailureCount] | None, space: Space) -> list[Line]:
    if failures is None:
        return [line(muted("reading …"))]
    lines = [
        line(
            Span(f"{failure.count}×", "bad" if failure.count > 5 else "text"),
            f" {failure.kind.replace('_', ' ')}",
            muted(f", last {space.clock.clock(datetime.fromtimestamp(failure.last_ms / 1000, UTC))}"),
        )
        for failure in failures[:6]
    ]
    for hit in hits[:4]:
        until = f", back {space.clock.clock(hit.until)}" if hit.until else ""
        lines.append(line(muted(f"{space.clock.clock(hit.at)}  "), hit.kind.replace("_", " "), muted(until)))
    return lines or [line(muted("no failure"))]


def _models(view: ProviderView, snapshot: Snapshot, width: int) -> list[Line]:
    model_ids = [
        model.id
        for model in snapshot.catalog.models.values()
        if (served_model := model.providers.get(view.id)) is not None
        and not served_model.retired
        and not model.extra
    ]
    if not model_ids:
        return [line(muted("none of the catalog"))]
    return [line(bold(str(len(model_ids)))), *wrap(", ".join(model_ids), width, "muted")]


def _claude_code(view: ProviderView) -> str:
    mode = view.provider.claude_code
    reach = {
        "native": "its own login or key, from the next turn on",
        "anthropic-compatible": "through its Anthropic-compatible address, from the next turn on",
        "proxy": f"through the gateway: {called.name_here()} run claude",
        "none": "not possible; use OpenCode",
    }.get(mode.mode, mode.mode)
    return f"{reach}{f' · {mode.note}' if mode.note else ''}"
