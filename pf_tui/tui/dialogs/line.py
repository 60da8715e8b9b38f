"""One line to type into: Textual's Input in one row, with a way out; arrows are left to whoever owns it."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets import Input

_LEAVING = ("escape", "ctrl+c")


class TextLine(Input):
    """Posts `Leave` for esc, ctrl+c and backspace on an empty line, `Step` for arrows and tab."""

    class Leave(Message):
        """The person wants out."""

    class Step(Message):
        """An arrow, tab or page key."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, value: str = "", *, placeholder: str = "", password: bool = False) -> None:
        super().__init__(
            value, placeholder=placeholder, password=password, select_on_focus=False, compact=True
        )
        self.cursor_blink = False

    async def on_key(self, event: events.Key) -> None:
        if event.key in _LEAVING or (event.key == "backspace" and not self.value):
            event.stop()
            event.prevent_default()
            self.post_message(self.Leave())
        elif event.key in ("up", "down", "pageup", "pagedown", "tab", "shift+tab"):
            event.stop()
            event.prevent_default()
            self.post_message(self.Step(event.key))

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return True
