"""Your own budgets for a provider: six lines, one line to type into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult

from pf_tui import actions
from pf_tui.documents import amounts, words
from pf_tui.snapshot import ProviderView, Snapshot
from pf_tui.state.config import Budgets
from pf_tui.text.lines import Span, line, muted, wrap
from pf_tui.text.meter import meter
from pf_tui.tui.dialogs.dialog import Box, Dialog, DialogPane
from pf_tui.tui.dialogs.line import TextLine
from pf_tui.tui.messages import Announcement
from pf_tui.tui.page import Page, Row, Space

if TYPE_CHECKING:
    from pf_tui.tui.main_screen import MainScreen

NAMES = {
    "daily_tokens": "tokens a day",
    "monthly_tokens": "tokens a month",
    "daily_requests": "requests a day",
    "monthly_requests": "requests a month",
    "daily_usd": "USD a day",
    "monthly_usd": "USD a month",
}


class Editor(Dialog):
    """`e`"""

    def __init__(self, screen: MainScreen, provider: str) -> None:
        super().__init__(screen)
        self.provider = provider
        self._editing: str | None = None
        self._problem = ""

    def compose(self) -> ComposeResult:
        with Box(id="sheet"):
            yield DialogPane()
            with Box(id="search"):
                yield TextLine(placeholder="500K, 1.5M, 12.50, or unlimited")

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        budgets = snapshot.config.budgets.get(self.provider, Budgets())
        return page_for(snapshot.view(self.provider), budgets, space, self._problem)

    def choose(self, key: str) -> None:
        self._editing = key
        budgets = self.main_screen.shown_snapshot().config.budgets.get(self.provider, Budgets())
        line = self.query_one(TextLine)
        value = getattr(budgets, key)
        line.value = "" if value is None else amounts.written(value, usd=key.endswith("usd"))
        self.open_line()

    def typed(self, text: str) -> None:
        """Nothing happens before enter."""

    def entered(self, text: str) -> None:
        name, ctx, provider = self._editing, self.app.ctx, self.provider
        if name is None:
            return
        try:
            value = amounts.parse(text or "unlimited")
        except ValueError:
            self._problem = f"'{text}' is not a number; write 500K, 1.5M, 12.50 or unlimited"
            self.redraw()
            return
        self.left_line()

        def keep() -> Announcement:
            actions.set_budgets(ctx, provider, {name: value})
            amount = amounts.written(value, usd=name.endswith("usd"))
            return Announcement(f"{provider}: {amount} {NAMES[name]} — u undoes")

        self.app.perform(keep)

    def left_line(self) -> None:
        self._editing, self._problem = None, ""
        self.close_line()
        self.redraw()


def page_for(view: ProviderView, budgets: Budgets, space: Space, problem: str) -> Page:
    """Each budget, how much of it is used, and what a used-up one does."""
    rows = []
    limited = any(getattr(budgets, name) for name in NAMES)
    for name, label in NAMES.items():
        allowed, use = getattr(budgets, name), _used(view, name)
        usd = name.endswith("usd")
        share = 100 * use / allowed if allowed else None
        value = amounts.written(allowed, usd=usd) if allowed else "unlimited"
        size = max(0, min(20, space.width - 42))
        bar = meter(share, size, space.symbols) if allowed else line(" " * size if limited else "")
        amount = (
            words.money(use) if usd else words.short(use) if "tokens" in name else words.number(round(use))
        )
        rows.append(
            Row(
                line(
                    muted(f"{label:<16}"),
                    Span(f"{value:>10}", "text" if allowed else "muted", bold=bool(allowed)),
                    "  ",
                    bar,
                    muted(f"{amount:>7} used"),
                ),
                name,
            )
        )
    text = "a used-up budget counts like the provider's own limit: the next provider serves"
    rows += [
        Row(),
        *(Row(text_line) for text_line in wrap(problem or text, space.width, "bad" if problem else "muted")),
    ]
    return Page(
        title="Budgets",
        facts=line(Span(view.id, bold=True)),
        rows=tuple(rows),
        keys=(("enter", "edits"), ("u", "undoes"), ("q", "closes")),
    )


def _used(view: ProviderView, name: str) -> float:
    """What counts against that budget so far: the limit's own figure, else the usage."""
    window = "day" if name.startswith("daily") else "month"
    unit = name.partition("_")[2]
    for limit in view.limits:
        if limit.source == "budget" and (limit.window, limit.unit) == (window, unit):
            return limit.used
    usage = view.today if window == "day" else view.month
    return float({"tokens": usage.tokens, "requests": usage.requests}.get(unit, usage.cost_usd or 0.0))
