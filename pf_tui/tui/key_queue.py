"""Keys one after the other: each is done, and what it opened has the focus, before the next is looked at.

The toolkit hands a key to the widget that has the focus when the key arrives. Typed fast (`s2`, `:q⏎`, or any
line over a slow connection) the second key would go to what the first one has just covered.
"""

from __future__ import annotations

from collections import deque
from typing import Any  # Any: Textual's push_screen has four signatures

from textual import events, on
from textual.message import Message
from textual.screen import ModalScreen

from pf_tui.tui.textual_internals import CalmScreen, OpenApp

OPENING_S = 1.0
"""What was opened and has said nothing by then does not hold the keys any longer."""


class KeyHandled(Message, bubble=True):
    """Climbs behind a key along the same widgets: when it arrives, so has the key."""


class QueuedKeysApp(OpenApp, inherit_bindings=False):
    """An app that takes keys and pastes in turn."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[events.Event] = deque()
        self._under_way = False
        self._opening = False

    def opens(self) -> None:
        """Something is being opened that will have the focus; `opened` says when it has."""
        self._opening = True
        self.set_timer(OPENING_S, self.opened)

    def opened(self) -> None:
        """It has the focus; keys go on."""
        if self._opening:
            self._opening = False
            self.call_later(self._next)

    def push_screen(
        self, screen: Any, *args: Any, **options: Any
    ) -> Any:  # Textual has four signatures of it
        if isinstance(screen, ModalScreen):
            self.opens()
        below = self.screen if self.screen_stack else None
        if not isinstance(below, CalmScreen):
            return super().push_screen(screen, *args, **options)
        below.still = True
        try:
            return super().push_screen(screen, *args, **options)
        finally:
            below.still = False

    async def on_event(self, event: events.Event) -> None:
        fresh = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        if not fresh:
            await super().on_event(event)
        elif self._under_way or self._opening:
            self._waiting.append(event)
        else:
            await self._take(event)

    async def _take(self, event: events.Event) -> None:
        self._under_way = True
        target = self.focused or self.screen
        await super().on_event(event)
        if not target.post_message(KeyHandled()):
            self.call_later(self._done)

    @on(KeyHandled)
    def _handled(self) -> None:
        self.call_later(self._done)  # after the change of focus that the key has asked for

    async def _done(self) -> None:
        self._under_way = False
        await self._next()

    async def _next(self) -> None:
        if self._waiting and not self._under_way and not self._opening:
            await self._take(self._waiting.popleft())
