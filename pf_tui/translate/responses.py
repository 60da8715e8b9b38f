"""OpenAI Responses: requests and whole answers, read and written. Streams: `responses_events`.

Reads Codex's forms too: `additional_tools` items, namespaces, custom tools. Written requests are stateless
(`store: false`), as every vendor of this protocol takes them; `dialect` fits them.
Source: openai SDK 3.x types; Codex 0.169 and 0.171 (measured).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pf_tui.json_values import list_in, object_in, optional_number, optional_text, optional_whole, text_in
from pf_tui.translate import compaction, naming, reasoning
from pf_tui.translate.arguments import mended, object_text
from pf_tui.translate.chat import read_choice
from pf_tui.translate.conversation import (
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
    Tool,
    Turn,
    bad_request,
    in_order,
    stop_of_what_was_sent,
    words_of,
)
from pf_tui.translate.responses_events import (
    EventReader,
    EventWriter,
    read_usage,
    reasoning_words,
    stop_of,
)
from pf_tui.translate.responses_items import (
    KEPT_ELSEWHERE,
    call_item,
    message_item,
    reasoning_item,
    refuse_kept_elsewhere,
    response_object,
    status_of,
)
from pf_tui.translate.responses_parts import read_parts, write_media
from pf_tui.translate.schemas import is_closed, plain_schema, written_form
from pf_tui.translate.tools import custom_schema, custom_tool, described, hosted_tool, object_schema

__all__ = [
    "EventReader", "EventWriter", "read_answer", "read_request", "write_answer", "write_request",
]  # fmt: skip

_CALLS = ("function_call", "custom_tool_call", "local_shell_call")
_OUTPUTS = ("function_call_output", "custom_tool_call_output", "local_shell_call_output")
_SILENT = ("web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call")
"""Items of hosted tools: what they gave stands in the answer's words."""


def read_request(body: Mapping[str, object], notes: Notes) -> Request:
    """A Responses request in the neutral form. Raises WrongUsage when it is none."""
    items = body.get("input")
    if isinstance(items, str):
        items = [{"role": "user", "content": items}]
    if not isinstance(items, list):
        raise bad_request("the request has no input")
    refuse_kept_elsewhere(body, KEPT_ELSEWHERE)
    request = Request(model=str(body.get("model") or ""), stream=body.get("stream") is True)
    instructions = body.get("instructions")
    if isinstance(instructions, str) and instructions:
        request.system.append(Text(instructions))
    _read_tools(list_in(body, "tools"), request)
    turns: list[Turn] = []
    for item in items:
        if not isinstance(item, Mapping):
            raise bad_request("an input item is no object")
        _item(item, request, turns, notes)
    request.turns = in_order(turns, notes)
    _read_settings(body, request, notes)
    return request


def _item(item: Mapping[str, object], request: Request, turns: list[Turn], notes: Notes) -> None:
    kind = item.get("type") or ("message" if "role" in item else None)
    if kind == "message":
        role = item.get("role")
        parts = list(read_parts(item.get("content"), notes))
        if role in ("system", "developer"):
            words = [part for part in parts if type(part) is Text]
            if turns:
                turns.append(Turn("system", list(words)))
            else:
                request.system += words
        else:
            turns.append(Turn("assistant" if role == "assistant" else "user", parts))
    elif kind == "additional_tools":
        _read_tools(list_in(item, "tools"), request)
    elif kind in _CALLS:
        turns.append(Turn("assistant", [_call(item)]))
    elif kind in _OUTPUTS:
        result = Result(
            str(item.get("call_id") or item.get("id") or ""),
            [part for part in read_parts(item.get("output"), notes) if isinstance(part, (Text, Media))],
            custom=kind == "custom_tool_call_output",
        )
        turns.append(Turn("user", [result]))
    elif kind == "reasoning":
        maker, signature, item_id = reasoning.read_mark(text_in(item, "encrypted_content"))
        redacted, own_id = item_id == "redacted", item_id or str(item.get("id") or "")
        thinking = Thinking(reasoning_words(item), signature, maker, own_id, redacted)
        turns.append(Turn("assistant", [thinking]))
    elif kind == "agent_message":
        author = item.get("author") or "another agent"
        turns.append(Turn("user", [Text(f"[Message from {author}]\n{words_of(item.get('content'))}")]))
    elif kind in compaction.KINDS:
        if not compaction.is_ours(item):
            notes.add("item", compaction.FOREIGN)
        turns.append(Turn("user", [Text(compaction.words(item))]))
    elif kind not in _SILENT:
        notes.add("item", f"an input item of type {kind} was left out")


def _call(item: Mapping[str, object]) -> Call:
    call_id = str(item.get("call_id") or item.get("id") or "")
    space = item.get("namespace")
    namespace = space if isinstance(space, str) else None
    if item["type"] == "custom_tool_call":
        return Call(
            call_id, str(item.get("name") or ""), str(item.get("input") or ""), namespace, custom=True
        )
    if item["type"] == "local_shell_call":
        return Call(call_id, "local_shell", object_text(item.get("action")))
    arguments = item.get("arguments")
    text = arguments if isinstance(arguments, str) else object_text(arguments)
    return Call(call_id, str(item.get("name") or ""), mended(text), namespace)


def _read_tools(tools: Iterable[object], request: Request, namespace: str | None = None) -> None:
    for tool in tools:
        if not isinstance(tool, Mapping):
            raise bad_request("a tool has no type")
        kind = tool.get("type")
        if kind == "namespace":
            _read_tools(list_in(tool, "tools"), request, str(tool.get("name") or "") or None)
        elif kind == "function":
            schema = plain_schema(tool.get("parameters"))
            request.tools.append(
                Tool(
                    str(tool.get("name") or ""),
                    tool.get("description") or "",
                    schema,
                    namespace,
                    strict=tool.get("strict"),
                )
            )
        elif kind == "custom":
            grammar = optional_text(object_in(tool, "format"), "definition")
            request.tools.append(custom_tool(tool, grammar, namespace))
        else:
            request.hosted.append(hosted_tool(tool))


def _read_settings(body: Mapping[str, object], request: Request, notes: Notes) -> None:
    request.choice = read_choice(body.get("tool_choice"))
    request.one_call_at_a_time = body.get("parallel_tool_calls") is False
    request.max_tokens = optional_whole(body, "max_output_tokens")
    request.temperature = optional_number(body, "temperature")
    request.top_p = optional_number(body, "top_p")
    thought = body.get("reasoning")
    if isinstance(thought, Mapping):
        request.effort = thought.get("effort")
        request.thinking = None if request.effort != "none" else False
        if request.effort is None:
            request.thinking = True
    text = body.get("text")
    if isinstance(text, Mapping):
        request.verbosity = text.get("verbosity")
        form = text.get("format")
        if isinstance(form, Mapping) and form.get("type") == "json_schema":
            request.format = {key: form[key] for key in ("name", "schema", "strict") if key in form}
        elif isinstance(form, Mapping) and form.get("type") == "json_object":
            request.format = {"name": "answer", "schema": None}
    request.cache_key = optional_text(body, "prompt_cache_key")
    if body.get("background") is True:
        notes.add("field", "background is known to its own vendor alone: the answer comes in this request")


def write_request(request: Request, maker: str, notes: Notes) -> dict[str, object]:
    """The body of a Responses request.

    Args:
        maker: whose reasoning items the target takes back.
    """
    items: list[dict[str, object]] = []
    for turn in request.turns:
        if turn.role == "assistant":
            items += _write_assistant(turn.parts, maker, notes, len(items))
        else:
            items += _write_user(turn, notes)
    body: dict[str, object] = {"model": request.model}
    if request.system:
        body["instructions"] = "\n\n".join(part.text for part in request.system)
    body["input"] = items
    body |= _write_tools(request, notes)
    body |= _write_settings(request, notes)
    return body


def _write_assistant(
    parts: Sequence[Part], maker: str, notes: Notes, index: int
) -> Iterator[dict[str, object]]:
    """Args: index: of the first item; makes the ids that OpenRouter wants, the same in every request."""
    for number, part in enumerate(parts, start=index):
        if type(part) is Text:
            if part.text.strip():
                content = [{"type": "output_text", "text": part.text, "annotations": []}]
                head = {"type": "message", "id": f"msg_{number}", "status": "completed"}
                yield head | {"role": "assistant", "content": content}
        elif type(part) is Thinking:
            if not maker or part.maker != maker or not (part.signature or part.text):
                notes.add("reasoning", "reasoning of another model was left out")
                continue
            item: dict[str, object] = {"type": "reasoning", "summary": []}
            if part.id:
                item["id"] = part.id
            if part.text:
                item["summary"] = [{"type": "summary_text", "text": part.text}]
            if part.signature:
                item["encrypted_content"] = part.signature
            yield item
        elif type(part) is Call:
            arguments = object_text({"input": part.arguments}) if part.custom else mended(part.arguments)
            name = naming.flat(part.name, part.namespace)
            yield {"type": "function_call", "call_id": part.id, "name": name, "arguments": arguments}


def _write_user(turn: Turn, notes: Notes) -> Iterator[dict[str, object]]:
    """Results first, each with its pictures inside, then one message."""
    for part in turn.parts:
        if type(part) is Result:
            yield {"type": "function_call_output", "call_id": part.call_id, "output": _output(part, notes)}
    content: list[dict[str, object]] = []
    for part in turn.parts:
        if type(part) is Text:
            text = (
                f"<system-reminder>\n{part.text}\n</system-reminder>" if turn.role == "system" else part.text
            )
            content.append({"type": "input_text", "text": text})
        elif type(part) is Media:
            content.append(write_media(part, notes))
    if content:
        yield {"type": "message", "role": "user", "content": content}


def _output(result: Result, notes: Notes) -> object:
    words = "\n".join(part.text for part in result.parts if type(part) is Text)
    if result.failed and not words.startswith("Error"):
        words = f"Error: {words}"
    media = [write_media(part, notes) for part in result.parts if type(part) is Media]
    if not media:
        return words or "(no output)"
    return [*([{"type": "input_text", "text": words}] if words else []), *media]


def _write_tools(request: Request, notes: Notes) -> dict[str, object]:
    tools: list[dict[str, object]] = []
    for tool in request.tools:
        tool_object: dict[str, object] = {"type": "function", "name": naming.flat(tool.name, tool.namespace)}
        if description := described(tool):
            tool_object["description"] = description
        tool_object["parameters"] = custom_schema(tool) if tool.custom else object_schema(tool.schema)
        closed = is_closed(object_in(tool_object, "parameters"))
        tool_object["strict"] = tool.strict is True and closed  # left out means true in this protocol
        tools.append(tool_object)
    for hosted in request.hosted:
        notes.add("hosted-tool", f"{hosted.kind} is run by its own vendor and was left out")
    if not tools:
        return {}
    body: dict[str, object] = {"tools": tools}
    choice = request.choice
    if choice is not None:
        words: Mapping[str, object] = {"auto": "auto", "none": "none", "any": "required"}
        body["tool_choice"] = (
            {"type": "function", "name": naming.flat(choice.name, choice.namespace)}
            if choice.kind == "tool"
            else words[choice.kind]
        )
    if request.one_call_at_a_time:
        body["parallel_tool_calls"] = False
    return body


def _write_settings(request: Request, notes: Notes) -> dict[str, object]:
    body: dict[str, object] = {"store": False, "include": ["reasoning.encrypted_content"]}
    if request.max_tokens is not None:
        body["max_output_tokens"] = request.max_tokens
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.stop:
        notes.add("field", "stop sequences are not known to the Responses protocol and were left out")
    if request.thinking is False:
        body["reasoning"] = {"effort": "none"}
    elif request.effort is not None:
        body["reasoning"] = {"effort": request.effort, "summary": "auto"}
    elif request.thinking:
        body["reasoning"] = {"summary": "auto"}
    text: dict[str, object] = {}
    if request.format is not None:
        text["format"] = (
            {"type": "json_object"}
            if request.format.get("schema") is None
            else {"type": "json_schema"} | written_form(request.format)
        )
    if request.verbosity is not None:
        text["verbosity"] = request.verbosity
    if text:
        body["text"] = text
    if request.stream:
        body["stream"] = True
    if request.cache_key is not None:
        body["prompt_cache_key"] = request.cache_key
    return body


def read_answer(body: Mapping[str, object], notes: Notes) -> Answer:
    """A whole Responses answer in the neutral form."""
    parts: list[Part] = []
    is_refusal = False
    for item in list_in(body, "output"):
        if not isinstance(item, Mapping):
            continue
        kind = item.get("type")
        if kind == "message":
            content = item.get("content") or ()
            is_refusal = is_refusal or any(
                part.get("type") == "refusal" for part in content if isinstance(part, Mapping)
            )
            parts += read_parts(content, notes)
        elif kind in ("function_call", "custom_tool_call"):
            parts.append(_call(item))
        elif kind == "reasoning":
            signature = item.get("encrypted_content") or ""
            if (words := reasoning_words(item)) or signature:
                parts.append(Thinking(words, signature, id=str(item.get("id") or "")))
    stop: Stop = "refusal" if is_refusal else stop_of(body)
    calls = any(type(part) is Call for part in parts)
    usage = read_usage(body.get("usage"))
    return Answer(parts, stop_of_what_was_sent(stop, calls), usage, str(body.get("model") or ""))


def write_answer(answer: Answer, model: str, message_id: str, created: int = 0) -> dict[str, object]:
    """A whole Responses answer."""
    items = []
    for index, part in enumerate(answer.parts):
        item_id = f"{message_id.removeprefix('resp_')}_{index}"
        if type(part) is Text and part.text:
            items.append(message_item(f"msg_{item_id}", part.text))
        elif type(part) is Thinking:
            items.append(reasoning_item(f"rs_{item_id}", part.text, part.signature))
        elif type(part) is Call:
            kind = "ctc" if part.custom else "fc"
            items.append(call_item(f"{kind}_{item_id}", part, part.arguments))
    response = response_object(message_id, model, created)
    return response | status_of(answer.stop, answer.usage) | {"output": items}
