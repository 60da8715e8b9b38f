"""One request on its way to a provider, and its answer on the way back.

Invariant: a client never sees a name, an id or a word of the provider that it did not ask for in its own
protocol; the provider never sees what only the client's vendor knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType

import msgspec
from msgspec import Struct

from pf_tui.translate import chat, messages, naming, reasoning, responses, sse
from pf_tui.translate.arguments import ArgumentStream, mended, plain_input
from pf_tui.translate.conversation import (
    Answer,
    Begin,
    Call,
    Close,
    Delta,
    End,
    Event,
    Failure,
    Note,
    Notes,
    Open,
    Part,
    Text,
    Thinking,
    Tool,
    Usage,
    bad_request,
)
from pf_tui.translate.dialect import Dialect, fit
from pf_tui.translate.failures import classify, error_body, error_event
from pf_tui.translate.growing_text import GrowingText
from pf_tui.translate.naming import ToolName
from pf_tui.translate.reasoning import ReasoningStore
from pf_tui.translate.relay import Relay, restored
from pf_tui.translate.streams import StreamReader, StreamWriter

PROTOCOLS: Mapping[str, ModuleType] = {
    "anthropic-messages": messages,
    "openai-chat": chat,
    "openai-responses": responses,
}
"""Each protocol's module; all have the same six names."""

_LETTERS_PER_TOKEN = 3.5
"""A guess for `message_start`, corrected by the true numbers at the end."""

_DECODER = msgspec.json.Decoder()


class Whole(Struct):
    """A whole answer for the client."""

    status: int
    body: bytes | bytearray
    usage: Usage
    notes: tuple[Note, ...] = ()
    failure: Failure | None = None
    """What went wrong, where the provider answered 200 with an error."""


class Exchange:
    """A request as the provider takes it, and what is needed to bring its answer back."""

    def __init__(
        self,
        raw: bytes,
        source: str,
        target: Dialect,
        *,
        store: ReasoningStore | None = None,
        session: str | None = None,
        window: int | None = None,
    ) -> None:
        """Args:
            source: the client's protocol.
            store: where reasoning is kept by call id; None = nowhere.
            session: becomes the prompt cache key where the request names none.
            window: of the model that serves, in tokens.
        Raises:
            WrongUsage: the body is no request of the client's protocol.
        """
        self.source, self.target, self._store, self._window = source, target, store, window
        self._notes = Notes()
        content = _object(raw)
        self.client_model = str(content.get("model") or "")
        self.stream = content.get("stream") is True
        self.estimate = int(len(raw) / _LETTERS_PER_TOKEN)
        self._tools: dict[str, Tool] = {}
        self._names: dict[str, ToolName] = {}
        self._usage_wanted = True
        self.only_hosted = False
        """The request lived of a hosted tool that is not run there (Claude Code's WebSearch)."""
        asked_tools = bool(content.get("tools"))
        body = content if source == target.protocol else self._other(content, session)
        if target.model:
            body["model"] = target.model
        self.renamed: Mapping[str, ToolName] = fit(body, target, self._notes, store)
        self.max_tokens = body.get(target.limit_field or "max_tokens")
        self.only_hosted = self.only_hosted or (asked_tools and not body.get("tools"))
        self.body = sse.dumps(body)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What could not be carried over."""
        return self._notes.tuple()

    def _other(self, content: dict[str, object], session: str | None) -> dict[str, object]:
        try:
            request = PROTOCOLS[self.source].read_request(content, self._notes)
        except (AttributeError, TypeError, KeyError, IndexError) as error:
            raise bad_request(f"the request is not as {self.source} has it") from error
        request.cache_key = request.cache_key or session
        for tool in request.tools:
            flat = naming.flat(tool.name, tool.namespace)
            self._tools[flat] = tool
            if tool.custom or tool.namespace:
                self._names[flat] = ToolName(tool.name, tool.namespace, tool.custom)
        self._usage_wanted = request.stream_usage
        self.only_hosted = bool(request.hosted) and not request.tools
        body: dict[str, object] = PROTOCOLS[self.target.protocol].write_request(
            request, self.target.reasoning_maker, self._notes
        )
        return body

    def tool(self, name: str) -> ToolName:
        """What the client calls the tool that goes by `name` upstream."""
        flat = self.renamed.get(name)
        tool_name = flat.name if flat is not None else name
        if flat is not None and (flat.namespace or flat.custom):
            return flat
        return self._names.get(tool_name) or ToolName(tool_name)

    def schema(self, tool: ToolName) -> Mapping[str, object] | None:
        """The schema the client gave that tool."""
        own_tool = self._tools.get(naming.flat(tool.name, tool.namespace))
        return None if own_tool is None else own_tool.schema

    def answer(self, raw: bytes | bytearray, *, message_id: str, created: int = 0) -> Whole:
        """A whole 200 answer of the provider, for the client.

        Args:
            message_id: unique.
            created: epoch seconds.
        """
        try:
            content = _object(raw)
        except Exception:
            return self._failed(Failure("server", "the provider's answer is not JSON"))
        if isinstance(content.get("error"), (Mapping, str)) and content["error"]:
            return self._failed(classify(200, content))
        notes = Notes()
        reader = PROTOCOLS[self.target.protocol]
        try:
            answer: Answer = reader.read_answer(content, notes)
        except Exception:
            return self._failed(Failure("server", "the provider's answer is not as its protocol has it"))
        self._keep(answer)
        if self.source == self.target.protocol:
            if self.renamed:
                restored(content, self.source, self.renamed)
                raw = sse.dumps(content)
            return Whole(200, raw, answer.usage, notes.tuple())
        if answer.usage.total_input == 0 and answer.usage.output == 0:
            answer.usage = Usage(
                input=self.estimate, output=sum(len(_text(part)) for part in answer.parts) // 4
            )
        for part in answer.parts:
            self._bring_back(part, message_id)
        when = () if self.source == "anthropic-messages" else (created,)
        body = PROTOCOLS[self.source].write_answer(answer, self.client_model, message_id, *when)
        return Whole(200, sse.dumps(body), answer.usage, notes.tuple())

    def _bring_back(self, part: object, message_id: str) -> None:
        if type(part) is Call:
            tool = self.tool(part.name)
            part.name, part.namespace, part.custom = tool.name, tool.namespace, tool.custom
            part.arguments = (
                plain_input(part.arguments) if tool.custom else mended(part.arguments, self.schema(tool))
            )
        elif type(part) is Thinking:
            part.signature = self.mark(part.signature, "redacted" if part.redacted else part.id)

    def mark(self, signature: str, item_id: str) -> str:
        """The signature of the provider's reasoning, as the client keeps it."""
        maker = self.target.reasoning_maker or self.target.provider
        return reasoning.marked(maker, signature, item_id)

    def _failed(self, failure: Failure) -> Whole:
        status, body = error_body(self.source, failure, tokens=self.estimate, window=self._window)
        return Whole(status, body, Usage(), failure=failure)

    @property
    def keeps_reasoning(self) -> bool:
        """True when the provider wants back what came with its calls."""
        return self._store is not None and (
            self.target.thought_signatures or self.target.reasoning_filler is not None
        )

    def keep(self, call_id: str, text: str, signature: str) -> None:
        """Remember what came with a call."""
        if self._store is not None:
            self._store.keep(self.target.maker or self.target.provider, call_id, text, signature)

    def _keep(self, answer: Answer) -> None:
        if self.keeps_reasoning:
            text = "\n\n".join(part.text for part in answer.parts if type(part) is Thinking)
            for part in answer.parts:
                if type(part) is Call:
                    self.keep(part.id, text, part.signature)

    def error(self, status: int, raw: bytes, *, resets_at: int | None = None) -> tuple[int, bytes]:
        """An error answer of the provider in the client's protocol and wording.

        One in the client's own protocol stays as it is: by its status the client knows whether to ask again.
        Only "too long" is said as the client expects it, because it compacts on the words.
        """
        try:
            content: object = _DECODER.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            content = raw.decode(errors="replace")
        failure = classify(status, content)
        if self.source == self.target.protocol and failure.kind != "overflow" and status >= 400:
            return status, raw
        return error_body(
            self.source,
            failure,
            tokens=self.estimate,
            window=self._window,
            resets_at=resets_at,
        )

    def events(self, *, message_id: str, created: int = 0) -> Stream | Relay:
        """What turns the provider's stream into the client's."""
        if self.source == self.target.protocol:
            return Relay(self)
        return Stream(self, message_id, created, self._usage_wanted)

    def reader(self, message_id: str) -> StreamReader:
        """The reader of the provider's stream."""
        if self.target.protocol == "openai-chat":
            limit = self.max_tokens if isinstance(self.max_tokens, int) else None
            fallback_id = f"call_{naming.digest(message_id, 12)}"
            return chat.EventReader(limit, self.target.length_doubtful, fallback_id)
        return (
            responses.EventReader() if self.target.protocol == "openai-responses" else messages.EventReader()
        )

    def failure_event(self, failure: Failure) -> bytes:
        """That failure as the last event of the client's stream."""
        return error_event(self.source, failure, tokens=self.estimate, window=self._window)


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
        if exchange.source == "anthropic-messages":
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
            self._arguments = None if tool.custom else ArgumentStream(self._exchange.schema(tool))
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


def _text(part: Part) -> str:
    if isinstance(part, Text | Thinking):
        return part.text
    return part.arguments if isinstance(part, Call) else ""


def _object(raw: bytes | bytearray) -> dict[str, object]:
    try:
        content = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad_request("the request body is not JSON") from error
    if not isinstance(content, dict):
        raise bad_request("the request body is no JSON object")
    return content
