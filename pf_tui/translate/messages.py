"""Anthropic Messages: requests and whole answers, read and written. Streams: `messages_events`.

Written requests are as Anthropic itself takes them; `dialect` fits them to other hosts.
Source: anthropic SDK 2.x types; Claude Code 2.1.330 and 2.1.332 (measured).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

from pf_tui.json_values import (
    list_in,
    list_of,
    object_in,
    optional_number,
    optional_text,
    optional_whole,
    text_in,
    texts_in,
)
from pf_tui.translate import naming, reasoning
from pf_tui.translate.arguments import mended, object_text, parsed
from pf_tui.translate.conversation import (
    IN_JSON,
    Answer,
    Call,
    Media,
    Notes,
    Part,
    Request,
    Result,
    Stop,
    Text,
    Thinking,
    Turn,
    bad_request,
    in_order,
    stop_of_what_was_sent,
)
from pf_tui.translate.messages_events import STOPS, EventReader, EventWriter, read_usage, write_usage
from pf_tui.translate.messages_media import read_media, read_other, write_media
from pf_tui.translate.messages_tools import read_tools, write_tools
from pf_tui.translate.schemas import answer_schema

__all__ = [
    "EventReader", "EventWriter", "read_answer", "read_request", "write_answer", "write_request",
]  # fmt: skip

BILLING_LINE = "x-anthropic-billing-header:"
"""Claude Code's first system line: it changes with every build and session, and breaks prefix caches."""

_DEFAULT_MAX_TOKENS = 32_000


class _Message(TypedDict):
    role: str
    content: list[dict[str, object]]


def read_request(body: Mapping[str, object], notes: Notes) -> Request:
    """A Messages request in the neutral form. Raises WrongUsage when it is none."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        raise bad_request("the request has no list of messages")
    request = Request(model=str(body.get("model") or ""), stream=body.get("stream") is True)
    request.system = list(_system(body.get("system")))
    turns: list[Turn] = []
    for message in messages:
        if not isinstance(message, Mapping) or message.get("role") not in ("user", "assistant", "system"):
            raise bad_request('every message needs a role: "user", "assistant" or "system"')
        parts = list(_parts(message.get("content"), notes))
        if message["role"] == "system" and not turns:
            request.system += [part for part in parts if type(part) is Text]
        else:
            turns.append(Turn(message["role"], parts))
    request.turns = in_order(turns, notes)
    read_tools(body, request, notes)
    _read_settings(body, request, notes)
    return request


def _system(system: object) -> Iterator[Text]:
    for block in [{"text": system}] if isinstance(system, str) else list_of(system, "system"):
        if not isinstance(block, Mapping):
            continue
        text = text_in(block, "text")
        if text and not text.startswith(BILLING_LINE):
            yield Text(text, cached="cache_control" in block)


def _parts(content: object, notes: Notes) -> Iterator[Part]:
    if isinstance(content, str):
        if content:
            yield Text(content)
        return
    for block in list_of(content, "content"):
        if not isinstance(block, Mapping):
            raise bad_request("a content block is no object")
        kind = block.get("type")
        if kind == "text":
            if block.get("text"):
                yield Text(block["text"], cached="cache_control" in block)
        elif kind in ("image", "document"):
            yield read_media(block)
        elif kind == "thinking":
            maker, signature, item_id = reasoning.read_mark(block.get("signature") or "")
            yield Thinking(block.get("thinking") or "", signature, maker, item_id)
        elif kind == "redacted_thinking":
            maker, signature, item_id = reasoning.read_mark(block.get("data") or "")
            yield Thinking("", signature, maker or reasoning.ANTHROPIC, item_id, redacted=True)
        elif kind == "tool_use":
            arguments = object_text(block.get("input"))
            yield Call(str(block.get("id") or ""), str(block.get("name") or ""), arguments)
        elif kind == "tool_result":
            yield Result(
                str(block.get("tool_use_id") or ""),
                [part for part in _parts(block.get("content"), notes) if isinstance(part, (Text, Media))],
                failed=block.get("is_error") is True,
            )
        else:
            yield from read_other(kind, block, notes)


def _read_settings(body: Mapping[str, object], request: Request, notes: Notes) -> None:
    request.max_tokens = optional_whole(body, "max_tokens")
    request.temperature = optional_number(body, "temperature")
    request.top_p = optional_number(body, "top_p")
    request.stop = texts_in(body, "stop_sequences")
    if body.get("top_k") is not None:
        notes.add("field", "top_k is known to Anthropic's protocol alone and was left out")
    output = object_in(body, "output_config")
    request.effort = optional_text(output, "effort")
    thinking = object_in(body, "thinking")
    if kind := thinking.get("type"):
        request.thinking = kind != "disabled"
        request.budget_tokens = optional_whole(thinking, "budget_tokens")
    form = object_in(output, "format") or object_in(body, "output_format")
    if form.get("type") == "json_schema":
        request.format = {"name": form.get("name") or "answer", "schema": form.get("schema"), "strict": True}
    user = object_in(body, "metadata").get("user_id")
    if isinstance(user, str):
        who = parsed(user)
        session = who.get("session_id") if who else None
        request.cache_key = session if isinstance(session, str) else None
        if request.cache_key is None and "_session_" in user:
            request.cache_key = user.rpartition("_session_")[2]


def write_request(request: Request, maker: str, notes: Notes) -> dict[str, object]:
    """The body of a Messages request.

    Args:
        maker: whose reasoning the target takes back.
    """
    messages: list[_Message] = []
    for turn in request.turns:
        if turn.role == "assistant":
            role, blocks = "assistant", list(_write_assistant(turn.parts, maker, notes))
        else:
            role, blocks = "user", list(_write_user(turn, notes))
        if not blocks:
            continue
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"].extend(blocks)
        else:
            messages.append({"role": role, "content": blocks})
    if not messages or messages[0]["role"] == "assistant":
        messages.insert(0, {"role": "user", "content": [{"type": "text", "text": "Go on."}]})
    _set_breakpoints(messages)
    body: dict[str, object] = {
        "model": request.model,
        "max_tokens": request.max_tokens or _DEFAULT_MAX_TOKENS,
    }
    if request.format is not None and request.format.get("schema") is None:
        notes.add("field", "JSON mode without a schema is not known here; the model was asked in words")
        request.system.append(Text(IN_JSON))
    if request.system:
        system: list[dict[str, object]] = [{"type": "text", "text": part.text} for part in request.system]
        system[-1]["cache_control"] = {"type": "ephemeral"}
        body["system"] = system
    body["messages"] = messages
    body |= write_tools(request, notes)
    body |= _write_settings(request)
    return body


def _write_assistant(parts: Sequence[Part], maker: str, notes: Notes) -> Iterator[dict[str, object]]:
    for part in parts:
        if type(part) is Text:
            if part.text.strip():
                yield {"type": "text", "text": part.text}
        elif type(part) is Thinking:
            if part.maker != maker or not part.signature:
                notes.add("reasoning", "reasoning of another model was left out")
            elif part.redacted:
                yield {"type": "redacted_thinking", "data": part.signature}
            else:
                yield {"type": "thinking", "thinking": part.text, "signature": part.signature}
        elif type(part) is Call:
            arguments = {"input": part.arguments} if part.custom else parsed(mended(part.arguments)) or {}
            name = naming.flat(part.name, part.namespace)
            yield {"type": "tool_use", "id": part.id, "name": name, "input": arguments}


def _write_user(turn: Turn, notes: Notes) -> Iterator[dict[str, object]]:
    for part in turn.parts:
        if type(part) is Text:
            text = (
                f"<system-reminder>\n{part.text}\n</system-reminder>" if turn.role == "system" else part.text
            )
            if text.strip():
                yield {"type": "text", "text": text}
        elif type(part) is Media:
            yield write_media(part, notes)
        elif type(part) is Result:
            content = [
                {"type": "text", "text": inner.text} if type(inner) is Text else write_media(inner, notes)  # type: ignore[arg-type]
                for inner in part.parts
                if type(inner) is not Text or inner.text.strip()
            ]
            block: dict[str, object] = {
                "type": "tool_result",
                "tool_use_id": part.call_id,
                "content": content,
            }
            if part.failed:
                block["is_error"] = True
            yield block


def _set_breakpoints(messages: list[_Message]) -> None:
    """Cache breakpoints behind the last two user messages: the prefix of this turn and of the next."""
    remaining = 2
    for message in reversed(messages):
        if message["role"] == "user" and remaining:
            message["content"][-1]["cache_control"] = {"type": "ephemeral"}
            remaining -= 1


def _write_settings(request: Request) -> dict[str, object]:
    body: dict[str, object] = {}
    output: dict[str, object] = {}
    thinks = False
    if request.effort == "none" or request.thinking is False:
        body["thinking"] = {"type": "disabled"}
    elif request.effort is not None or request.thinking:
        thinks = True
        body["thinking"] = {"type": "adaptive", "display": "summarized"}
        if request.effort is not None:
            output["effort"] = "low" if request.effort == "minimal" else request.effort
    if request.format is not None and request.format.get("schema") is not None:
        output["format"] = {"type": "json_schema", "schema": answer_schema(request.format["schema"])}
    if output:
        body["output_config"] = output
    if not thinks:
        if request.temperature is not None:
            body["temperature"] = min(1.0, request.temperature)
        elif request.top_p is not None:
            body["top_p"] = request.top_p
    if request.stop:
        body["stop_sequences"] = [word for word in request.stop if word.strip()]
    if request.stream:
        body["stream"] = True
    return body


def read_answer(body: Mapping[str, object], notes: Notes) -> Answer:
    """A whole Messages answer in the neutral form."""
    blocks = [block for block in list_in(body, "content") if _is_answer(block)]
    parts = list(_parts(blocks, notes))
    stop: Stop = STOPS.get(str(body.get("stop_reason")), "end")
    calls = any(type(part) is Call for part in parts)
    return Answer(
        parts,
        stop_of_what_was_sent(stop, calls),
        read_usage(body.get("usage")),
        str(body.get("model") or ""),
        optional_text(body, "stop_sequence"),
    )


def _is_answer(block: object) -> bool:
    """False for what a tool of the vendor's own did on the way: the words behind it say what came of it."""
    kinds = ("text", "thinking", "redacted_thinking", "tool_use")
    return not isinstance(block, Mapping) or block.get("type") in kinds


def write_answer(answer: Answer, model: str, message_id: str) -> dict[str, object]:
    """A whole Messages answer; thinking carries its signature as it stands in `answer`."""
    from pf_tui.translate.messages_events import STOP_REASONS

    content: list[dict[str, object]] = []
    for part in answer.parts:
        if type(part) is Text and part.text:
            content.append({"type": "text", "text": part.text})
        elif type(part) is Thinking:
            content.append(
                {"type": "redacted_thinking", "data": part.signature}
                if part.redacted
                else {"type": "thinking", "thinking": part.text, "signature": part.signature}
            )
        elif type(part) is Call:
            content.append(
                {"type": "tool_use", "id": part.id, "name": part.name, "input": parsed(part.arguments) or {}}
            )
    return {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": STOP_REASONS[answer.stop],
        "stop_sequence": answer.stop_sequence if answer.stop == "stop_sequence" else None,
        "usage": write_usage(answer.usage),
    }
