"""The drill: who would follow if the active provider failed now, and a rehearsal by the gateway's own code.

The chain is drawn at once by the rules that serve; the rehearsal runs as `pf-tui drill` in a process of its
own (faces never import each other), on a copy of the settings, against stand-ins on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from pf_tui import called
from pf_tui.documents import words
from pf_tui.records import replace
from pf_tui.rules import failover
from pf_tui.rules.eligibility import ActiveBench, Eligibility
from pf_tui.rules.failover import Choice
from pf_tui.snapshot import Snapshot
from pf_tui.text.lines import Line, Span, joined, line, muted, wrap, wrapped
from pf_tui.tui import cli_runner, provider_order
from pf_tui.tui.dialogs.dialog import Dialog
from pf_tui.tui.page import Page, Row, Space, unkeyed

if TYPE_CHECKING:
    from pf_tui.tui.main_screen import MainScreen

ROOMY = 60
"""From here on the title is written out."""

KEYS = (("[ ]", "another fault"), ("q", "closes"))
FIRST = "429-hour"
"""What `pf-tui drill` rehearses when no fault is named: a limit."""


class Drill(Dialog):
    """`d`"""

    def __init__(self, screen: MainScreen) -> None:
        super().__init__(screen)
        self._faults: tuple[str, ...] = (FIRST,)
        self._fault = FIRST
        self._rehearsal: tuple[str, ...] = ("rehearsing …",)

    def opened(self) -> None:
        self.app.look_up(self._list)
        self._rehearse()

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        return page_for(snapshot, space, self._rehearsal, self._fault)

    def action_do(self, words: str) -> None:
        steps = {"period-longer": 1, "period-shorter": -1}
        if words in steps:
            index = self._faults.index(self._fault) if self._fault in self._faults else 0
            self._fault = self._faults[(index + steps[words]) % len(self._faults)]
            self._rehearsal = ("rehearsing …",)
            self.redraw()
            self._rehearse()
        else:
            super().action_do(words)

    def _list(self) -> None:
        result = cli_runner.run(self.app.ctx, ["drill", "--fault", "list", "--json"], 80)
        if result.code == 0:
            self._faults = tuple(load["name"] for load in json.loads("\n".join(result.lines)))

    def _rehearse(self) -> None:
        ctx, fault, width = self.app.ctx, self._fault, max(40, self.pane.content_size.width or 80)

        def rehearse() -> None:
            result = cli_runner.run(ctx, ["drill", "--fault", fault], width)
            self.app.soon(partial(self._show, fault, result.lines))

        self.app.look_up(rehearse)

    def _show(self, fault: str, lines: tuple[str, ...]) -> None:
        if fault == self._fault:
            self._rehearsal = lines
            self.redraw()


def page_for(snapshot: Snapshot, space: Space, rehearsal: Sequence[str], fault: str) -> Page:
    """One step per failure by the rules that serve, then what the gateway's rehearsal said."""
    steps = list(chain(snapshot))
    rows: list[Row] = []
    if snapshot.active is None:
        rows += unkeyed(wrap(snapshot.choice.reason, space.width, "bad"))
    elif not snapshot.auto_switch:
        text = (
            "auto-switch is off: the first of the list would go on serving, whatever happens; a turns it on,"
            " and then:"
        )
        rows += [*unkeyed(wrap(text, space.width, "warn")), Row()]
    colours = provider_order.colours(snapshot)
    for number, (failing, choice) in enumerate(steps, start=1):
        fails = line(Span(failing, colours.get(failing, "text"), bold=True), " hits its limit (429)")
        for index, text_line in enumerate(wrapped(fails, space.width - 4)):
            rows.append(Row(line(muted(f"{'' if index else number:>2}  "), text_line)))
        for skip in choice.skipped:
            until = f", until {space.clock.clock(skip.until)}" if skip.until else ""
            rows += [
                Row(line("    ", text_line))
                for text_line in wrap(f"× {skip.provider}: {skip.reason}{until}", space.width - 4, "muted")
            ]
        rows += [Row(line("    ", text_line)) for text_line in _outcome(choice, snapshot, space)]
        rows.append(Row())
    rows += [*unkeyed(wrap(_turn(snapshot), space.width, "muted")), Row()]
    for text in rehearsal:
        rows += unkeyed(wrap(text, space.width))
    calm = "nothing is sent, nothing is changed" if space.width >= ROOMY else "nothing is sent"
    facts = joined([line(Span(fault, "accent")), line(muted(calm))])
    return Page(title="Drill", facts=facts, rows=tuple(rows), keys=KEYS)


def chain(snapshot: Snapshot, most: int = 8) -> Iterator[tuple[str, Choice]]:
    """(who fails, what failover then chooses), one failure after the other, by the very rules that serve."""
    eligibilities = [
        eligibility for eligibility in snapshot.eligibilities if eligibility.provider in snapshot.priority
    ]
    failing = snapshot.active.provider if snapshot.active else None
    fell: set[str] = set()
    while failing is not None and len(fell) < most:
        fell.add(failing)
        eligibilities = [
            _rested(eligibility) if eligibility.provider == failing else eligibility
            for eligibility in eligibilities
        ]
        remaining = [eligibility for eligibility in eligibilities if eligibility.provider not in fell]
        choice = failover.choose(
            remaining, snapshot.model, snapshot.catalog, own_order=snapshot.has_own_order
        )
        yield failing, choice
        failing = choice.provider


def _rested(eligibility: Eligibility) -> Eligibility:
    return replace(eligibility, rests=(*eligibility.rests, ActiveBench(kind="rate", until=None)))


def _outcome(choice: Choice, snapshot: Snapshot, space: Space) -> list[Line]:
    if choice.provider is None:
        return wrap(f"○ nobody is left: {choice.reason}", space.width - 4, "bad")
    spans: list[Span | str] = [
        Span("→ ", "accent"),
        Span(choice.provider, provider_order.colours(snapshot).get(choice.provider, "text"), bold=True),
        f" with {choice.model or 'its own model'}",
    ]
    if price := _price(choice.model, snapshot):
        spans.append(muted(f"  {price}"))
    return wrapped(line(*spans), space.width - 4)


def _price(model: str | None, snapshot: Snapshot) -> str:
    entry = snapshot.catalog.models.get(model) if model else None
    if entry is None or entry.price is None:
        return ""
    return f"{words.money(entry.price.input)}/{words.money(entry.price.output)} per M"


def _turn(snapshot: Snapshot) -> str:
    if snapshot.gateway is not None:
        return (
            f"agents behind the gateway at {snapshot.gateway.url} keep the turn in flight;"
            " the others move at their next turn"
        )
    return f"without the gateway the turn in flight is lost; `{called.name_here()} run claude` saves it"
