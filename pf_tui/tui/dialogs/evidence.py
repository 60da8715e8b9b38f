"""What one event was: who, why, what it changed, and which observation said so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pf_tui.called import spelled
from pf_tui.snapshot import Snapshot
from pf_tui.state.journal import Event
from pf_tui.text.lines import Line, bold, line, muted, wrap
from pf_tui.tui.dialogs.dialog import Dialog
from pf_tui.tui.event_sentences import sentence
from pf_tui.tui.page import Page, Row, Space

if TYPE_CHECKING:
    from pf_tui.tui.main_screen import MainScreen

LABEL = 10


class Evidence(Dialog):
    """`enter` on an event."""

    def __init__(self, screen: MainScreen, event: Event) -> None:
        super().__init__(screen)
        self._event = event

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        return page_for(self._event, space)


def page_for(event: Event, space: Space) -> Page:
    """Label and text, line by line."""
    width = space.width - LABEL
    rows: list[Row] = []

    def section(label: str, lines: list[Line]) -> None:
        for index, text_line in enumerate(lines):
            rows.append(Row(line(muted(f"{label if index == 0 else '':<{LABEL}}"), text_line)))

    rows += [Row(text_line) for text_line in wrap(sentence(event), space.width)]
    rows.append(Row())
    section("when", [line(f"{space.clock.clock(event.ts)}, {space.clock.ago(event.ts)}")])
    section("who", [line(event.who)])
    if event.why:
        section("why", wrap(spelled(event.why), width))
    for label, facts in (("evidence", event.evidence), ("before", event.before), ("after", event.after)):
        if facts:
            section(label, _facts(facts, width))
    undo = (
        "u takes it back, if it is the latest" if event.undo is not None else "cannot be taken back by itself"
    )
    section("undo", [line(muted(undo))])
    return Page(title="Evidence", facts=line(bold(event.action)), rows=tuple(rows), keys=(("q", "closes"),))


def _facts(facts: Mapping[str, object], width: int) -> list[Line]:
    lines: list[Line] = []
    for name, value in facts.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        lines += wrap(f"{name}: {text}", width)
    return lines
