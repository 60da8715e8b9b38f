"""What the readers and the writers of the three protocols' streams have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod

from pf_tui.translate import sse
from pf_tui.translate.conversation import (
    Begin,
    Close,
    Delta,
    End,
    Event,
    Failure,
    FailureKind,
    Open,
    Usage,
)
from pf_tui.translate.failures import classify
from pf_tui.translate.ordering import Blocks

LONG_BYTES = 2**12
EVENT_BYTES = 64
"""An event that says nothing yet, or is longer, counts with all its bytes; each costs so many beside."""


class StreamReader(ABC):
    """A provider's stream -> neutral events.

    usage: tokens so far; final once `ended`.
    ended: the answer is whole, or has failed.
    """

    def __init__(self, id_stem: str = "call") -> None:
        """Args: id_stem: begins the id of a call that came without one."""
        self.usage = Usage()
        self.ended = False
        self._splitter = sse.Splitter()
        self._blocks = Blocks(id_stem)

    def feed(self, chunk: bytes) -> list[Event]:
        """What that chunk of the stream says."""
        events: list[Event] = []
        for name, data in self._splitter.feed(chunk):
            if self._splitter.stray:
                events += self._lost()
            news = self._event(name, data)
            if not news or len(data) > LONG_BYTES:
                self._unsaid += len(data) + EVENT_BYTES
            events += news
        if self._splitter.stray:
            events += self._lost()
        return events

    def _lost(self) -> list[Event]:
        """A piece of an answer that has begun came without its field's name: what follows has a hole."""
        stray = self._splitter.stray
        if self.ended or not self._blocks.blocks or not (stray[:1] == b"{" or b"\n{" in stray):
            return []
        return self._failed("server", "the provider sent a piece of its answer that cannot be read")

    @property
    def memory_bytes(self) -> int:
        """How many bytes of memory the answer so far may take in reader and writer, at the most."""
        return self._unsaid + self._blocks.memory_bytes

    _unsaid = 0

    def finish(self) -> list[Event]:
        """The upstream closed the connection."""
        events: list[Event] = []
        for name, data in self._splitter.finish():
            events += self._event(name, data)
        if self.ended:
            return events
        if self._splitter.stray and not self._blocks.blocks:
            self.ended = True
            return [*events, classify(None, sse.value_or_text(self._splitter.stray))]
        return events + self._closed()

    @abstractmethod
    def _event(self, name: bytes, data: bytes) -> list[Event]:
        """What one event of the protocol says."""

    def _closed(self) -> list[Event]:
        """The connection ended before the stream did."""
        return self._failed("cut", "the provider ended the stream before the answer was whole")

    def _content(self, data: bytes) -> dict[str, object] | list[Event]:
        """The event's object; what else it means where it is none."""
        content = sse.content(data)
        if self.ended or (content is None and data.strip() in (b"", b"[DONE]")):
            return []
        if content is None:
            return self._failed("server", "the provider sent an event that is not JSON")
        return content

    def _failed(self, kind: FailureKind, message: str) -> list[Event]:
        self.ended = True
        return [Failure(kind, message)]


class StreamWriter(ABC):
    """Neutral events -> the client's stream."""

    def write(self, event: Event) -> bytes:
        """That event as bytes of the stream."""
        kind = type(event)
        if kind is Delta:
            return self._delta(event.text)  # type: ignore[union-attr]
        if kind is Open:
            return self._begin() + self._start(event)  # type: ignore[arg-type]
        if kind is Close:
            return self._close(event)  # type: ignore[arg-type]
        if kind is Begin:
            return self._begin()
        if kind is End:
            return self._begin() + self._end(event)  # type: ignore[arg-type]
        return self._fail(event)  # type: ignore[arg-type]

    def ping(self) -> bytes:
        """Shows the client that the stream lives."""
        return b": keep-alive\n\n"

    @abstractmethod
    def _begin(self) -> bytes:
        """The head of the answer, once."""

    @abstractmethod
    def _start(self, start: Open) -> bytes: ...

    @abstractmethod
    def _delta(self, text: str) -> bytes: ...

    @abstractmethod
    def _close(self, close: Close) -> bytes: ...

    @abstractmethod
    def _end(self, end: End) -> bytes: ...

    @abstractmethod
    def _fail(self, failure: Failure) -> bytes: ...
