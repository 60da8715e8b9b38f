"""Why this provider: the whole chain of reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pf_tui.called import spelled
from pf_tui.clients import CLIENTS
from pf_tui.documents import matrix, resting, words
from pf_tui.rules.eligibility import Skipped
from pf_tui.snapshot import ProviderView, Snapshot
from pf_tui.text.lines import Line, Span, bold, cells, fit, line, muted, wrap, wrapped
from pf_tui.tui import dashboard_words, provider_order
from pf_tui.tui.dialogs.dialog import Dialog
from pf_tui.tui.page import Page, Row, Space, unkeyed

CLOSES = (("q", "closes"),)
BESIDE = 64
"""From here on long reasons stand beside the names as well."""


class Why(Dialog):
    """`w`"""

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        return why_page(snapshot, space)


def why_page(snapshot: Snapshot, space: Space) -> Page:
    """Each provider of the list in turn: passed over and why, serving, or ready to follow."""
    rows = [*unkeyed(_decision(snapshot, space)), Row()]
    names = max((len(view.id) for view in snapshot.providers if view.rank is not None), default=0)
    for view in snapshot.providers:
        if view.rank is not None:
            rows += _step(view, snapshot.refusal(view.id), snapshot, space, names)
    rows += [Row(), *unkeyed(wrap(_follow(snapshot), space.width, "muted"))]
    rows += unkeyed(list(_agents(snapshot, space)))
    return Page(title="Why", facts=line(muted(_rule(snapshot))), rows=tuple(rows), keys=CLOSES)


def _rule(snapshot: Snapshot) -> str:
    """Who serves, in a line."""
    if snapshot.auto_switch:
        return "the first that can serve does"
    return "auto-switch is off: the first of the list serves"


def _decision(snapshot: Snapshot, space: Space) -> list[Line]:
    active = snapshot.active
    if active is None:
        lines = [line(bold("nobody serves", "bad"))]
    else:
        model = f" with {active.model}" if active.model else ""
        since = f" since {space.clock.clock(active.since)}" if active.since else ""
        name = bold(active.provider, provider_order.colours(snapshot).get(active.provider, "text"))
        lines = wrapped(line(name, f" serves{model}{since}"), space.width)
    facts = [snapshot.choice.reason]
    facts.append(f"asked for: {snapshot.model or 'each provider its own default model'}")
    facts.append(f"auto-switch {'on' if snapshot.auto_switch else 'off'}")
    if snapshot.project is not None:
        facts.append(f"this project's settings: {snapshot.project.path}")
    if snapshot.gateway is not None:
        facts.append(f"the gateway runs at {snapshot.gateway.url}")
    if snapshot.config.leads_to_gateway:
        facts.append(words.GATEWAY_AUTO)
    if snapshot.config.resumes_sessions:
        facts.append(words.RESUME_AUTO)
    if snapshot.question is not None:
        question = words.question(snapshot.question, space.clock.now, space.clock.zone)
        facts.append(f"{question}: P allows it until midnight, else nothing is spent")
    facts += [f"through the gateway: {words.class_rule(*pair)}" for pair in snapshot.config.classes.items()]
    facts += map(resting.repair_sentence, snapshot.files.health.repairs)
    for agent in snapshot.agents:
        pending = f", {agent.pending} from its next turn" if agent.pending else ""
        through = ", through the gateway" if agent.direct and not agent.stranded else ""
        facts.append(f"{agent.agent} is set to {agent.applied or 'nothing yet'}{through}{pending}")
    for fact in facts:
        lines += wrap(fact, space.width, "muted")
    return lines


def _step(
    view: ProviderView, refusal: Skipped | None, snapshot: Snapshot, space: Space, names: int
) -> Iterator[Row]:
    serves = snapshot.active is not None and snapshot.active.provider == view.id
    if serves:
        sign, colour, text = "▶", "good", "serves"
        if refusal is not None:
            colour, text = "warn", f"serves, although: {refusal.reason}"
    elif refusal is not None:
        until = f", until {space.clock.both(refusal.until)}" if refusal.until else ""
        sign, colour, text = "×", "muted", f"skipped: {refusal.reason}{until}"
    else:
        able = "ready to follow" if snapshot.auto_switch else "could serve"
        sign, colour, text = "·", "text", f"{able} with {view.serves or 'its own model'}"
    name: Line = (Span(view.id, provider_order.colours(snapshot).get(view.id, "muted"), bold=serves),)
    start = line(Span(f"{sign} ", "accent" if serves else colour), muted(f"{view.rank:>2} "))
    rests = resting.sentences(view, space.clock.now, space.clock.zone)
    room = space.width - cells(start) - names - 2
    beside = space.width >= BESIDE or (not rests and len(text) <= room)
    indent = cells(start) + (names + 2 if beside else 0)
    text_lines = wrap(spelled(text), space.width - indent, colour)
    for bench, sentence in rests:
        unnamed = sentence.removeprefix(view.id).lstrip(":, ")  # the name stands at the left
        cure = dashboard_words.cure(unnamed, keys=bench.is_whole)
        text_lines += wrap(cure, space.width - indent, "warn", whole_words=True)
    if view.bench is not None and (evidence := evidence_text(_unquoted(view.bench.evidence))):
        text_lines += wrap(f"seen: {evidence}", space.width - indent, "muted")
    if beside:
        yield Row(line(start, fit(name, names), "  ", text_lines.pop(0)), view.id)
    else:
        yield Row(line(start, name), view.id)
    for text_line in text_lines:
        yield Row(line(" " * indent, text_line))


def _unquoted(evidence: Mapping[str, object]) -> dict[str, object]:
    """What the sentence about a bench does not say."""
    return {name: value for name, value in evidence.items() if name != "text"}


def evidence_text(evidence: object) -> str:
    """`status 529, Overloaded, claude-code`."""
    if not isinstance(evidence, dict):
        return str(evidence)
    return ", ".join(
        f"{name} {value}" if name != "text" else f"“{value}”"
        for name, value in evidence.items()
        if value not in (None, "")
    )


def _follow(snapshot: Snapshot) -> str:
    if not snapshot.auto_switch:
        return "if it failed now, nobody would follow by itself: n goes to the next, a turns auto-switch on"
    if snapshot.next is None:
        return f"nobody would follow: {snapshot.next_reason}"
    return f"if it failed now, {snapshot.next.provider} would follow; d rehearses it"


def _agents(snapshot: Snapshot, space: Space) -> Iterator[Line]:
    """The matrix's rows of the person's own providers: how each agent reaches them through the gateway."""
    own = [view.provider for view in snapshot.providers if view.rank is not None and view.credential.usable]
    rows: dict[str, list[matrix.Cell]] = {}
    for cell in matrix.cells(snapshot.catalog, own):
        rows.setdefault(cell.provider, []).append(cell)
    if not rows:
        return
    yield line()
    yield line(bold("through the gateway", "text"))
    for provider, settings in rows.items():
        agents = [f"{CLIENTS[cell.agent].name} {cell.words}" for cell in settings if cell.served != "no"]
        yield from wrap(f"{provider}: {', '.join(agents) or settings[0].why}", space.width, "text")
        if losses := dict.fromkeys(word for cell in settings for word in cell.lost):
            yield from wrap(f"  may lack {', '.join(losses)}", space.width, "muted")
