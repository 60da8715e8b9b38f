"""A stream whose protocol stays: bytes pass, and tool names that were changed get their own name back."""

from __future__ import annotations

from pf_tui.json_values import list_in, object_in, objects_in, text_in
from pf_tui.translate import sse
from pf_tui.translate.arguments import plain_input
from pf_tui.translate.conversation import Call, Close, Delta, End, Failure, Open, Usage
from pf_tui.translate.exchange import Exchange
from pf_tui.translate.failures import keep_alive
from pf_tui.translate.growing_text import GrowingText
from pf_tui.translate.own_names import StreamedEnums, rename_calls, restore_item

CALL_BYTES = 128
"""What remembering one call takes."""


class Relay:
    """Passes a stream on. Has the same methods as `answer_stream.Stream`."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._names = exchange.renamed
        self._enums = StreamedEnums(exchange.enum_schemas) if exchange.enum_schemas else None
        self._splitter = sse.Splitter() if self._names or self._enums else None
        self._listener = _Listener(exchange) if exchange.keeps_reasoning else None
        self._custom: set[object] = set()
        self._number = -1
        self.failure: Failure | None = None
        self.shown = False
        self.ended = False

    @property
    def usage(self) -> Usage:
        """Known only where the stream is listened to; the gateway reads usage itself on such a route."""
        return self._listener.reader.usage if self._listener is not None else Usage()

    @property
    def memory_bytes(self) -> int:
        """How many bytes of memory the answer so far may take: where the stream passes, none."""
        calls = 0 if self._splitter is None else CALL_BYTES * len(self._custom)
        calls += 0 if self._enums is None else self._enums.memory_bytes
        return calls + (0 if self._listener is None else self._listener.reader.memory_bytes)

    def feed(self, chunk: bytes) -> bytes:
        """The client's bytes for a chunk of the provider's."""
        self.shown = True
        if self._listener is not None:
            self._listener.hear(chunk)
        if self._splitter is None:
            return chunk
        return b"".join(self._edited(name, data) for name, data in self._splitter.feed(chunk)) + self._stray()

    def finish(self) -> bytes:
        """The provider closed the connection."""
        self.ended = True
        if self._splitter is None:
            return b""
        return b"".join(self._edited(name, data) for name, data in self._splitter.finish()) + self._stray()

    def _stray(self) -> bytes:
        """What came that is no event: whoever reads the stream judges it."""
        stray = self._splitter.stray if self._splitter is not None else b""
        if not stray:
            return b""
        out = bytes(stray) + b"\n"
        del stray[:]  # type: ignore[union-attr]
        return out

    def fail(self, failure: Failure) -> bytes:
        """The connection broke: one error for the client."""
        self.failure, self.ended = failure, True
        return self._exchange.failure_event(failure)

    def ping(self) -> bytes:
        """Shows the client that the stream lives."""
        return keep_alive(self._exchange.source)

    def _edited(self, name: bytes, data: bytes) -> bytes:
        event = sse.content(data)
        if event is None:
            return _as_it_was(name, data)
        if self._exchange.source == "openai-chat":
            for choice in objects_in(event, "choices"):
                rename_calls(object_in(choice, "delta"), self._names)
                if self._enums is not None:
                    self._enums.retype(choice)
            return sse.plain(event)
        kind = str(event.get("type") or name.decode(errors="replace"))
        if self._exchange.source == "anthropic-messages":
            block = event.get("content_block")
            if isinstance(block, dict) and block.get("name") in self._names:
                block["name"] = self._names[block["name"]].name
            return sse.named(kind, event)
        return self._responses(kind, event)

    def _responses(self, kind: str, event: dict[str, object]) -> bytes:
        key = event.get("output_index", event.get("item_id"))
        item = event.get("item")
        if isinstance(item, dict) and kind.startswith("response.output_item."):
            tool = self._names.get(str(item.get("name")))
            if tool is not None and tool.custom:
                self._custom.add(key)
            restore_item(item, self._names)
        elif kind == "response.function_call_arguments.delta" and key in self._custom:
            return b""
        elif kind == "response.function_call_arguments.done":
            if key in self._custom:
                text = plain_input(text_in(event, "arguments"))
                event.pop("arguments", None)
                event.pop("name", None)
                first = self._numbered("response.custom_tool_call_input.delta", event | {"delta": text})
                return first + self._numbered("response.custom_tool_call_input.done", event | {"input": text})
            if (tool := self._names.get(str(event.get("name")))) is not None:
                event["name"] = tool.name
        elif isinstance(response := event.get("response"), dict):
            for entry in list_in(response, "output"):
                if isinstance(entry, dict):
                    restore_item(entry, self._names)
        return self._numbered(kind, event)

    def _numbered(self, kind: str, event: dict[str, object]) -> bytes:
        self._number += 1
        return sse.named(kind, event | {"type": kind, "sequence_number": self._number})


class _Listener:
    """Hears a stream that passes, for what must go back with its calls."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.reader = exchange.reader("")
        self._thoughts = GrowingText()
        self._call: Call | Open | None = None
        self._thinking = False

    def hear(self, chunk: bytes) -> None:
        """Take what that chunk says of reasoning and calls."""
        try:
            events = self.reader.feed(chunk)
        except (AttributeError, TypeError, KeyError, ValueError):
            return
        for event in events:
            if type(event) is Open:
                self._thinking = event.kind == "thinking"
                self._call = event if event.kind == "call" else None
            elif type(event) is Delta and self._thinking:
                self._thoughts.add(event.text)
            elif type(event) is Close and self._call is not None:
                self._exchange.keep(self._call.id, str(self._thoughts), event.signature)
            elif type(event) is End:
                self._thoughts = GrowingText()


def _as_it_was(name: bytes, data: bytes) -> bytes:
    head = b"event: " + name + b"\n" if name else b""
    return head + b"data: " + data.replace(b"\n", b"\ndata: ") + b"\n\n"
