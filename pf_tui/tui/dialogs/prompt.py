"""The filter line: what is typed narrows the pane at once."""

from __future__ import annotations

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Input, Static

from pf_tui.tui.dialogs.line import TextLine
from pf_tui.tui.threaded_app import ThreadedApp
from pf_tui.tui.widgets import SnapshotPane

HINT = "filter · enter keeps it (n then still switches provider), esc clears it"
SHORT_HINT = "filter · enter keeps it, esc clears it"
ROOMY = 80

_STEPS = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}


class Prompt(Container):
    """`/` and a line. enter keeps the filter; esc clears it; arrows move the pane's cursor."""

    app: getters.app[ThreadedApp]

    def __init__(self, pane: SnapshotPane) -> None:
        super().__init__()
        self._pane = pane

    def compose(self) -> ComposeResult:
        yield Static("/", classes="mark")
        roomy = self.app.size.width >= ROOMY
        yield TextLine(self._pane.choice.words, placeholder=HINT if roomy else SHORT_HINT)

    def on_mount(self) -> None:
        self.query_one(TextLine).focus()
        self.call_after_refresh(self.app.opened)

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        event.stop()
        self._pane.narrow_to(event.value)

    @on(Input.Submitted)
    def _keep(self, event: Input.Submitted) -> None:
        event.stop()
        self._close()

    @on(TextLine.Leave)
    def _clear(self, event: TextLine.Leave) -> None:
        event.stop()
        self._pane.narrow_to("")
        self._close()

    @on(TextLine.Step)
    def _step(self, event: TextLine.Step) -> None:
        event.stop()
        if event.key in _STEPS:
            self._pane.move(_STEPS[event.key])

    def _close(self) -> None:
        self._pane.focus()
        self.remove()
