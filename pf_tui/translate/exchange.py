"""One request on its way to a provider, and its answer on the way back.

Invariant: a client never sees a name, an id or a word of the provider that it did not ask for in its own
protocol; the provider never sees what only the client's vendor knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

import msgspec
from msgspec import Struct

from pf_tui.json_values import object_in, objects_in
from pf_tui.translate import chat, compaction, messages, naming, reasoning, responses, sse
from pf_tui.translate.arguments import mended, plain_input, retyped
from pf_tui.translate.conversation import (
    Answer,
    Call,
    Failure,
    Note,
    Notes,
    Part,
    Text,
    Thinking,
    Tool,
    Usage,
    bad_request,
)
from pf_tui.translate.dialect import Dialect
from pf_tui.translate.failures import classify, error_body, error_event
from pf_tui.translate.fitting import fit
from pf_tui.translate.naming import ToolName
from pf_tui.translate.own_names import enum_schemas, restored, retype_calls
from pf_tui.translate.reasoning import ReasoningStore
from pf_tui.translate.schemas import has_other_enums
from pf_tui.translate.streams import StreamReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol

PROTOCOLS: Mapping[str, ModuleType] = {
    "anthropic-messages": messages,
    "openai-chat": chat,
    "openai-responses": responses,
}
"""Each protocol's module; all have the same six names."""

_LETTERS_PER_TOKEN = 3.5
"""A guess for `message_start`, corrected by the true numbers at the end."""

_DECODER = msgspec.json.Decoder()


class WholeAnswer(Struct):
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
        source: Protocol,
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
        self.sends_usage = True
        """The client takes the tokens at the end of a stream."""
        self.only_hosted = False
        """The request lived of a hosted tool that is not run there (Claude Code's WebSearch)."""
        self.compacts = source == "openai-responses" and not target.owner and compaction.is_asked(content)
        """Codex wants the conversation compacted by a provider that does not do that."""
        if self.compacts:
            content = compaction.as_question(content)
        asked_tools = bool(content.get("tools"))
        passes = source == target.protocol == "openai-chat" and "string-enums" in target.schema_rules
        self.enum_schemas = enum_schemas(content) if passes else {}
        """Tools of the client's own protocol whose enums are asked for as text."""
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
        self.sends_usage = request.stream_usage
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

    def enums_as_text(self, tool: ToolName) -> bool:
        """Numbers in that tool's enums were sent as text, and come back as text."""
        return "string-enums" in self.target.schema_rules and has_other_enums(self.schema(tool))

    def answer(self, raw: bytes | bytearray, *, message_id: str, created: int = 0) -> WholeAnswer:
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
        if self.compacts:
            summary = compaction.whole(answer, self.client_model, message_id, created)
            if isinstance(summary, Failure):
                return self._failed(summary)
            return WholeAnswer(200, sse.dumps(summary), answer.usage, notes.tuple())
        if self.source == self.target.protocol:
            if self.renamed or self.enum_schemas:
                restored(content, self.source, self.renamed)
                for choice in objects_in(content, "choices") if self.enum_schemas else ():
                    retype_calls(object_in(choice, "message"), self.enum_schemas)
                raw = sse.dumps(content)
            return WholeAnswer(200, raw, answer.usage, notes.tuple())
        if answer.usage.total_input == 0 and answer.usage.output == 0:
            answer.usage = Usage(
                input=self.estimate, output=sum(len(_text(part)) for part in answer.parts) // 4
            )
        for part in answer.parts:
            self._bring_back(part, message_id)
        when = () if self.source == "anthropic-messages" else (created,)
        body = PROTOCOLS[self.source].write_answer(answer, self.client_model, message_id, *when)
        return WholeAnswer(200, sse.dumps(body), answer.usage, notes.tuple())

    def _bring_back(self, part: object, message_id: str) -> None:
        if type(part) is Call:
            tool = self.tool(part.name)
            part.name, part.namespace, part.custom = tool.name, tool.namespace, tool.custom
            if tool.custom:
                part.arguments = plain_input(part.arguments)
                return
            part.arguments = mended(part.arguments, self.schema(tool))
            if self.enums_as_text(tool):
                part.arguments = retyped(part.arguments, self.schema(tool) or {})
        elif type(part) is Thinking:
            part.signature = self.mark(part.signature, "redacted" if part.redacted else part.id)

    def mark(self, signature: str, item_id: str) -> str:
        """The signature of the provider's reasoning, as the client keeps it."""
        maker = self.target.reasoning_maker or self.target.provider
        return reasoning.marked(maker, signature, item_id)

    def _failed(self, failure: Failure) -> WholeAnswer:
        status, body = error_body(self.source, failure, tokens=self.estimate, window=self._window)
        return WholeAnswer(status, body, Usage(), failure=failure)

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
