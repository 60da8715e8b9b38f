"""Why this provider: the whole chain of reasons; and the drill: who would follow if it failed now."""

from __future__ import annotations

from collections.abc import Iterator

from pf_tui.documents import words
from pf_tui.records import replace
from pf_tui.rules import failover
from pf_tui.rules.failover import Choice, Passed, Standing, obstacle
from pf_tui.snapshot import ProviderView, Snapshot
from pf_tui.tui import roster
from pf_tui.tui.ink import BLANK, Line, Span, bold, fit, line, muted, wrap
from pf_tui.tui.overlays.sheet import Sheet
from pf_tui.tui.page import Page, Row, Space, unkeyed

CLOSES = (("q", "closes"),)


class Why(Sheet):
    """`w`"""

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        return why_page(snapshot, space)


def why_page(snapshot: Snapshot, space: Space) -> Page:
    """Each provider of the list in turn: passed over and why, serving, or ready to follow."""
    rows = [*unkeyed(_decision(snapshot, space)), Row()]
    less = {passed.provider: passed for passed in snapshot.choice.passed if passed.code == "model"}
    names = max((len(view.id) for view in snapshot.providers if view.rank is not None), default=0)
    names = min(names, max(10, space.width // 3))
    for view in snapshot.providers:
        if view.rank is not None:
            refusal = obstacle(snapshot.standing(view.id), view.serves) or less.get(view.id)
            rows += _step(view, refusal, snapshot, space, names)
    rows += [Row(), *unkeyed(wrap(_follow(snapshot), space.width, "muted"))]
    return Page(title="Why", facts=line(muted("first that can serve, does")), rows=tuple(rows), keys=CLOSES)


def _decision(snapshot: Snapshot, space: Space) -> list[Line]:
    active = snapshot.active
    if active is None:
        lines = [line(bold("nobody serves", "bad"))]
    else:
        model = f" with {active.model}" if active.model else ""
        since = f" since {space.clock.clock(active.since)}" if active.since else ""
        lines = [
            line(
                bold(active.provider, roster.inks(snapshot).get(active.provider, "text")),
                f" serves{model}{since}",
            )
        ]
    facts = [snapshot.choice.reason]
    facts.append(f"asked for: {snapshot.model or 'each provider its own default model'}")
    facts.append(f"auto-switch {'on' if snapshot.auto_switch else 'off'}")
    if snapshot.project is not None:
        facts.append(f"this project's settings: {snapshot.project.path}")
    for agent in snapshot.agents:
        pending = f", {agent.pending} from its next turn" if agent.pending else ""
        facts.append(f"{agent.agent} is set to {agent.applied or 'nothing yet'}{pending}")
    for fact in facts:
        lines += wrap(fact, space.width, "muted")
    return lines


def _step(
    view: ProviderView, refusal: Passed | None, snapshot: Snapshot, space: Space, names: int
) -> Iterator[Row]:
    serves = snapshot.active is not None and snapshot.active.provider == view.id
    if serves:
        sign, ink, text = "▶", "good", "serves"
        if refusal is not None:
            ink, text = "warn", f"serves, although: {refusal.reason}"
    elif refusal is not None:
        until = f", until {space.clock.both(refusal.until)}" if refusal.until else ""
        sign, ink, text = "×", "muted", f"passed over: {refusal.reason}{until}"
    else:
        sign, ink, text = "·", "text", f"ready to follow with {view.serves or 'its own model'}"
    name = fit((Span(view.id, roster.inks(snapshot).get(view.id, "muted"), bold=serves),), names)
    start = line(Span(f"{sign} ", "accent" if serves else ink), muted(f"{view.rank:>2} "), name, "  ")
    room = max(16, space.width - names - 7)
    first, *more = wrap(text, room, ink) or [BLANK]
    yield Row(line(start, first), view.id)
    for rest in more:
        yield Row(line(" " * (names + 7), rest))
    if view.bench is not None and view.bench.evidence:
        for one in wrap(f"seen: {evidence_text(view.bench.evidence)}", room, "muted"):
            yield Row(line(" " * (names + 7), one))


def evidence_text(evidence: object) -> str:
    """`status 529, Overloaded, claude-code`."""
    if not isinstance(evidence, dict):
        return str(evidence)
    return ", ".join(
        f"{name} {value}" if name != "text" else f"“{value}”" for name, value in evidence.items()
    )


def _follow(snapshot: Snapshot) -> str:
    if snapshot.next is None:
        return f"nobody would follow: {snapshot.next_reason}"
    return f"if it failed now, {snapshot.next.provider} would follow; d rehearses it"


class Drill(Sheet):
    """`d`"""

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        return drill_page(snapshot, space)


def drill_page(snapshot: Snapshot, space: Space) -> Page:
    """One step per failure: who fails, who takes over, with which model, at which price."""
    steps = list(chain(snapshot))
    rows: list[Row] = []
    if snapshot.active is None:
        rows += unkeyed(wrap(f"nobody serves now: {snapshot.choice.reason}", space.width, "bad"))
    elif not snapshot.auto_switch:
        text = (
            "auto-switch is off: the first of the list would go on serving, whatever happens · a turns it on"
        )
        rows += [*unkeyed(wrap(text, space.width, "warn")), Row()]
    inks = roster.inks(snapshot)
    for number, (failed, choice) in enumerate(steps, start=1):
        rows.append(
            Row(
                line(
                    muted(f"{number:>2}  "),
                    Span(failed, inks.get(failed, "text"), bold=True),
                    " hits its limit (429)",
                )
            )
        )
        for passed in choice.passed:
            until = f", until {space.clock.clock(passed.until)}" if passed.until else ""
            rows += [
                Row(line("    ", one))
                for one in wrap(f"× {passed.provider}: {passed.reason}{until}", space.width - 4, "muted")
            ]
        rows += [Row(line("    ", one)) for one in _outcome(choice, snapshot, space)]
        rows.append(Row())
    rows += unkeyed(wrap(_turn(snapshot), space.width, "muted"))
    return Page(
        title="Drill", facts=line(muted("nothing is sent, nothing is changed")), rows=tuple(rows), keys=CLOSES
    )


def chain(snapshot: Snapshot, most: int = 8) -> Iterator[tuple[str, Choice]]:
    """(who fails, what failover then chooses), one failure after the other, by the very rules that serve."""
    standings = [one for one in snapshot.standings if one.provider in snapshot.priority]
    failing = snapshot.active.provider if snapshot.active else None
    fell: set[str] = set()
    while failing is not None and len(fell) < most:
        fell.add(failing)
        standings = [_rested(one) if one.provider == failing else one for one in standings]
        left = [one for one in standings if one.provider not in fell]
        choice = failover.choose(left, snapshot.model, snapshot.catalog)
        yield failing, choice
        failing = choice.provider


def _rested(standing: Standing) -> Standing:
    return replace(standing, rests=(*standing.rests, failover.Rest(kind="rate", until=None)))


def _outcome(choice: Choice, snapshot: Snapshot, space: Space) -> list[Line]:
    if choice.provider is None:
        return wrap(f"○ nobody is left: {choice.reason}", space.width - 4, "bad")
    spans: list[Span | str] = [
        Span("→ ", "accent"),
        Span(choice.provider, roster.inks(snapshot).get(choice.provider, "text"), bold=True),
        f" with {choice.model or 'its own model'}",
    ]
    if price := _price(choice.model, snapshot):
        spans.append(muted(f"  {price}"))
    return [fit(line(*spans), space.width - 4)]


def _price(model: str | None, snapshot: Snapshot) -> str:
    known = snapshot.catalog.models.get(model) if model else None
    if known is None or known.price is None:
        return ""
    return f"{words.money(known.price.input)} in, {words.money(known.price.output)} out per M tokens"


def _turn(snapshot: Snapshot) -> str:
    if snapshot.gateway is not None:
        return (
            f"agents behind the gateway at {snapshot.gateway.url} keep the turn in flight;"
            " the others move at their next turn"
        )
    return "without the gateway the turn in flight is lost; `pf-tui run claude` saves it"
