"""A provider's stream of one protocol as the client's of another, event by event."""

from __future__ import annotations

from collections.abc import Callable

from pf_tui.translate import chat, compaction, messages, responses
from pf_tui.translate.arguments import ArgumentStream, plain_input
from pf_tui.translate.conversation import Begin, Close, Delta, End, Event, Failure, Open, Usage
from pf_tui.translate.exchange import Exchange
from pf_tui.translate.growing_text import GrowingText
from pf_tui.translate.relay import Relay
from pf_tui.translate.streams import StreamWriter


def events(exchange: Exchange, *, message_id: str, created: int = 0) -> Stream | Relay:
    """What turns the provider's stream into the client's.

    Args:
        message_id: unique, begins as the client's protocol has it.
        created: epoch seconds.
    """
    if exchange.source == exchange.target.protocol and not exchange.compacts:
        return Relay(exchange)
    return Stream(exchange, message_id, created, exchange.sends_usage)


class Stream:
    """The provider's stream of one protocol as the client's of another, event by event.

    usage: tokens so far; final once `ended`.
    failure: set when the stream ended in an error, which the client has been told.
    shown: True once something of the answer went to the client; until then another provider may still answer.
    """

    def __init__(self, exchange: Exchange, message_id: str, created: int, usage: bool) -> None:
        self._exchange = exchange
        self._reader = exchange.reader(message_id)
        self._writer: StreamWriter
        model = exchange.client_model
        if exchange.compacts:
            self._writer = compaction.EventWriter(model, message_id, created)
        elif exchange.source == "anthropic-messages":
            self._writer = messages.EventWriter(model, message_id, exchange.estimate)
        elif exchange.source == "openai-chat":
            self._writer = chat.EventWriter(model, message_id, created, usage)
        else:
            self._writer = responses.EventWriter(model, message_id, created)
        self._call: Open | None = None
        self._arguments: ArgumentStream | None = None
        self._input = GrowingText()
        self._thoughts = GrowingText()
        self._kind = ""
        self._thinking_id = ""
        self._letters = 0
        self.failure: Failure | None = None
        self.shown = False

    @property
    def usage(self) -> Usage:
        """Tokens as the provider has told them."""
        return self._reader.usage

    @property
    def memory_bytes(self) -> int:
        """How many bytes of memory the answer so far may take."""
        return self._reader.memory_bytes

    @property
    def ended(self) -> bool:
        """The answer is whole, or has failed."""
        return self._reader.ended

    def feed(self, chunk: bytes) -> bytes:
        """The client's bytes for a chunk of the provider's."""
        return self._written(self._reader.feed, chunk)

    def finish(self) -> bytes:
        """The provider closed the connection; a cut answer ends in an error."""
        return self._written(self._reader.finish)

    def fail(self, failure: Failure) -> bytes:
        """The connection broke: one error for the client."""
        if self.ended:
            return b""
        self._reader.ended = True
        return self._write(failure)

    def ping(self) -> bytes:
        """Shows the client that the stream lives."""
        return self._writer.ping()

    def _written(self, read_events: Callable[..., list[Event]], *chunk: bytes) -> bytes:
        try:
            events = read_events(*chunk)
        except (AttributeError, TypeError, KeyError, ValueError):
            self._reader.ended = True
            events = [Failure("server", "the provider sent an event that is not as its protocol has it")]
        if len(events) == 1:
            return self._write(events[0])
        return b"".join([self._write(event) for event in events])

    def _write(self, event: Event) -> bytes:
        kind = type(event)
        if kind is Delta:
            return self._delta(event)  # type: ignore[arg-type]
        if kind is Open:
            return self._open(event)  # type: ignore[arg-type]
        if kind is Close:
            return self._close(event)  # type: ignore[arg-type]
        if kind is End:
            event = self._end(event)  # type: ignore[arg-type]
        elif kind is Failure:
            self.failure = event  # type: ignore[assignment]
            if self._exchange.source != "openai-responses":
                return self._exchange.failure_event(event)  # type: ignore[arg-type]
        data: bytes = self._writer.write(event)
        self.shown = self.shown or kind is not Begin
        return data

    def _open(self, start: Open) -> bytes:
        self.shown = True
        self._kind = start.kind
        if start.kind == "call":
            tool = self._exchange.tool(start.name)
            start = Open("call", start.id, tool.name, tool.namespace, tool.custom)
            self._call = start
            self._input = GrowingText()
            enums = self._exchange.enums_as_text(tool)
            schema = self._exchange.schema(tool)
            self._arguments = None if tool.custom else ArgumentStream(schema, enums=enums)
        elif start.kind == "thinking":
            self._thinking_id = start.id
        data: bytes = self._writer.write(start)
        return data

    def _delta(self, event: Delta) -> bytes:
        text = event.text
        self._letters += len(text)
        if self._kind == "call":
            if self._arguments is None:
                self._input.add(text)
                return b""
            text = self._arguments.feed(text)
        elif self._kind == "thinking" and self._exchange.keeps_reasoning:
            self._thoughts.add(text)
        return self._writer.write(Delta(text)) if text else b""

    def _close(self, close: Close) -> bytes:
        out = b""
        if self._kind == "call" and self._call is not None:
            arguments = self._arguments
            rest = plain_input(str(self._input)) if arguments is None else arguments.finish()
            out = self._writer.write(Delta(rest)) if rest else b""
            if self._exchange.keeps_reasoning:
                self._exchange.keep(self._call.id, str(self._thoughts), close.signature)
            self._call = self._arguments = None
        elif self._kind == "thinking":
            item_id = "redacted" if close.redacted else self._thinking_id
            close = Close(self._exchange.mark(close.signature, item_id), close.redacted)
        self._kind = ""
        return out + bytes(self._writer.write(close))

    def _end(self, end: End) -> End:
        usage = end.usage
        if usage.total_input == 0 and usage.output == 0:
            usage = Usage(input=self._exchange.estimate, output=self._letters // 4)
        return End(end.stop, usage, end.stop_sequence)
