"""A conversation in no vendor's own form: what the three protocols are read into and written from.

Knows nothing of any wire form. Invariant: what a protocol can say and another cannot is either a field
here or a Note beside the result; it is never dropped without one where the answer would be wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, Literal  # Any: a field of a part, of whatever kind a client sent

from msgspec import Struct, field

from pf_tui.errors import WrongUsage
from pf_tui.json_values import list_of

Role = Literal["system", "user", "assistant"]
ChoiceKind = Literal["auto", "none", "any", "tool"]
Stop = Literal["end", "calls", "length", "stop_sequence", "refusal", "pause", "overflow"]
FailureKind = Literal[
    "overflow",
    "rate_limit",
    "quota",
    "overloaded",
    "auth",
    "forbidden",
    "not_found",
    "invalid",
    "server",
    "cut",
]

IN_JSON = "Answer with one JSON object and nothing else."
"""What a model is told where its vendor has no JSON mode, or wants the word in the prompt."""


class Note(Struct, frozen=True):
    """What could not be carried over, to be told once."""

    kind: str
    """One word to count by: "hosted-tool", "reasoning", "field", "picture", "document" …"""
    detail: str
    """Half a sentence for a person: "web_search is run by the vendor and was left out"."""


class Notes:
    """The notes of one request or answer, each once."""

    def __init__(self) -> None:
        self._notes: dict[Note, None] = {}

    def add(self, kind: str, detail: str) -> None:
        """Remember that something was lost."""
        self._notes.setdefault(Note(kind, detail))

    def __iter__(self) -> Iterator[Note]:
        return iter(self._notes)

    def __len__(self) -> int:
        return len(self._notes)

    def tuple(self) -> tuple[Note, ...]:
        """All of them, in the order they were made."""
        return tuple(self._notes)


class Text(Struct):
    """Words."""

    text: str
    cached: bool = False
    """The client set a cache breakpoint behind it."""


class Media(Struct):
    """A picture, a document or sound: by its bytes, by address, or by the vendor's file id."""

    kind: Literal["image", "document", "audio"]
    mime: str = ""
    data: str | None = None
    """base64"""
    url: str | None = None
    file_id: str | None = None
    name: str | None = None
    detail: str | None = None


class Thinking(Struct):
    """Reasoning of an earlier turn, or of this answer."""

    text: str
    signature: str = ""
    """What its maker needs to believe it: a signature, encrypted content; "" = none."""
    maker: str = ""
    """Who made it ("anthropic", a provider's id); "" = unknown."""
    id: str = ""
    redacted: bool = False
    """`signature` is all there is: the words are hidden from the client."""


class Call(Struct):
    """A tool the model wants run."""

    id: str
    name: str
    arguments: str
    """JSON text of an object; for a custom tool the plain input."""
    namespace: str | None = None
    custom: bool = False
    signature: str = ""
    """Gemini's thought signature."""


class Result(Struct):
    """What a tool gave back."""

    call_id: str
    parts: list[Text | Media]
    failed: bool = False
    custom: bool = False


Part = Text | Media | Thinking | Call | Result


class Turn(Struct):
    """One message; `system` only for instructions that come after the conversation began."""

    role: Role
    parts: list[Part]


class Tool(Struct):
    """A tool the client runs."""

    name: str
    description: str = ""
    schema: dict[str, object] = field(default_factory=dict)
    namespace: str | None = None
    custom: bool = False
    """Takes plain text instead of JSON (Codex's `exec`, `apply_patch`)."""
    grammar: str | None = None
    """For a custom tool: the grammar its input follows, in words of its vendor."""
    strict: bool | None = None


class HostedTool(Struct):
    """A tool the vendor runs: web_search, code_interpreter …"""

    kind: str
    """Its protocol's word, without a date: "web_search"."""
    raw: dict[str, object]


class Choice(Struct):
    """Whether, and which, tool must be called."""

    kind: ChoiceKind
    name: str = ""
    namespace: str | None = None


class Request(Struct):
    """One request, whole."""

    model: str
    system: list[Text] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)
    hosted: list[HostedTool] = field(default_factory=list)
    choice: Choice | None = None
    one_call_at_a_time: bool = False
    max_tokens: int | None = None
    effort: str | None = None
    thinking: bool | None = None
    """True, False as the client said; None = it said nothing."""
    budget_tokens: int | None = None
    """Thinking budget, where the client still names one."""
    stop: list[str] = field(default_factory=list)
    temperature: float | None = None
    top_p: float | None = None
    format: dict[str, object] | None = None
    """{name, schema, strict}; schema None = any JSON object."""
    verbosity: str | None = None
    stream: bool = False
    stream_usage: bool = False
    """Chat only: the client asked for a usage chunk."""
    cache_key: str | None = None


class Usage(Struct):
    """Tokens of one answer. `input` excludes what was read from or written to a cache."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0
    """Part of `output`."""
    cost_usd: float | None = None
    """What the vendor itself says it cost."""

    @property
    def total_input(self) -> int:
        """As the OpenAI protocols count: with the cached ones."""
        return self.input + self.cache_read + self.cache_write


def tokens(usage: object, *path: str) -> int:
    """The count at that place of a provider's usage; 0 where there is none: no answer fails for its bill."""
    for key in path:
        usage = usage.get(key) if isinstance(usage, Mapping) else None
    return int(usage) if isinstance(usage, (int, float)) and 0 <= usage < 2**53 else 0


def dollars(usage: Mapping[str, object]) -> float | None:
    """What the provider says that the answer cost, in US dollars."""
    cost = usage.get("cost")
    return float(cost) if isinstance(cost, (int, float)) else None


class Answer(Struct):
    """A whole answer."""

    parts: list[Part]
    stop: Stop
    usage: Usage
    model: str = ""
    stop_sequence: str | None = None


class Begin(Struct):
    """The first event of a stream."""

    model: str = ""


class Open(Struct):
    """A block begins; one is open at a time."""

    kind: Literal["text", "thinking", "call"]
    id: str = ""
    name: str = ""
    namespace: str | None = None
    custom: bool = False


class Delta(Struct):
    """More of the open block: words, or a piece of a call's arguments."""

    text: str


class Close(Struct):
    """The open block is whole."""

    signature: str = ""
    """Of a thinking block, or Gemini's of a call."""
    redacted: bool = False


class End(Struct):
    """The answer is whole."""

    stop: Stop
    usage: Usage
    stop_sequence: str | None = None


class Failure(Struct):
    """The stream ended in an error, or without its end."""

    kind: FailureKind
    message: str
    retry_after_s: float | None = None


Event = Begin | Open | Delta | Close | End | Failure


def stop_of_what_was_sent(stop: Stop, calls: bool) -> Stop:
    """The reason that fits the content: vendors say `stop` behind calls and `tool_calls` without any."""
    if calls and stop == "end":
        return "calls"
    if stop == "calls" and not calls:
        return "end"
    return stop


def bad_request(why: str, hint: str = "") -> WrongUsage:
    """The client's body is no request of its protocol."""
    return WrongUsage(why, hint) if hint else WrongUsage(why)


def content_parts(content: object) -> Iterator[Mapping[str, Any]]:
    """The parts of a message's content in OpenAI's protocols; a string is one part of text, "" none.

    Raises:
        WrongUsage: it is neither, or a part is no object.
    """
    if isinstance(content, str):
        if content:
            yield {"type": "text", "text": content}
        return
    for part in list_of(content, "content"):
        if not isinstance(part, Mapping):
            raise bad_request("a content part is no object")
        yield part


def words_of(content: object) -> str:
    """The text of a content that may be a string or a list of text parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if isinstance(part, dict))
    return ""


def in_order(turns: list[Turn], notes: Notes) -> list[Turn]:
    """Calls and results as every strict server wants them.

    Results stand first and directly after their calls; a call that was never answered (an interrupt) gets a
    result that says so; a result without a call is dropped; turns of one role that meet become one.
    """
    turns_in_order: list[Turn] = []
    answers = {part.call_id: part for turn in turns for part in turn.parts if type(part) is Result}
    call_ids: set[str] = set()
    for turn, after in zip_longest(turns, turns[1:]):
        if turn.role != "assistant":
            rest: list[Part] = [part for part in turn.parts if type(part) is not Result]
            orphans = any(type(part) is Result and part.call_id not in call_ids for part in turn.parts)
            if orphans:
                notes.add(
                    "orphan-result", "the result of a call that is not in the conversation was left out"
                )
            if rest:
                _append(turns_in_order, Turn(turn.role, rest))
            continue
        _append(turns_in_order, turn)
        if after is not None and after.role == "assistant":
            continue  # the same step goes on: its results come behind all of its calls
        if turns_in_order and (
            calls := [p for p in turns_in_order[-1].parts if type(p) is Call and p.id not in call_ids]
        ):
            call_ids.update(call.id for call in calls)
            turns_in_order.append(Turn("user", [_answer(call, answers, notes) for call in calls]))
    return turns_in_order


def _answer(call: Call, answers: dict[str, Result], notes: Notes) -> Part:
    answer = answers.get(call.id)
    if answer is not None:
        answer.custom = call.custom
        return answer
    notes.add("interrupted", "a call that was interrupted got a result that says so")
    words = Text("interrupted before the tool gave a result")
    return Result(call.id, [words], failed=True, custom=call.custom)


def _append(turns_in_order: list[Turn], turn: Turn) -> None:
    if turns_in_order and turns_in_order[-1].role == turn.role:
        turns_in_order[-1].parts.extend(turn.parts)
    elif turn.parts:
        turns_in_order.append(Turn(turn.role, list(turn.parts)))
