"""OpenAI Chat Completions: requests and whole answers, read and written. Streams: `chat_events`.

Written requests keep to what every compatible server knows; `dialect` adds and takes away per vendor.
Source: openai SDK 3.x types; vendors' additions where a comment names them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pf_tui.json_values import (
    list_in,
    object_in,
    optional_number,
    optional_text,
    optional_whole,
    texts_in,
)
from pf_tui.translate import naming
from pf_tui.translate.arguments import mended, object_text
from pf_tui.translate.chat_events import (
    FINISH_REASONS,
    FINISHES,
    EventReader,
    EventWriter,
    read_usage,
    thinking_of,
    write_usage,
)
from pf_tui.translate.chat_parts import OWN_SETTINGS, count, joined, read_parts, write_content
from pf_tui.translate.conversation import (
    Answer,
    Call,
    Choice,
    ChoiceKind,
    Media,
    Notes,
    Part,
    Request,
    Result,
    Text,
    Thinking,
    Tool,
    Turn,
    bad_request,
    in_order,
    stop_of_what_was_sent,
    words_of,
)
from pf_tui.translate.schemas import is_closed, written_form
from pf_tui.translate.tools import custom_schema, custom_tool, described, hosted_tool, object_schema

__all__ = [
    "EventReader", "EventWriter", "read_answer", "read_request", "write_answer", "write_request",
]  # fmt: skip

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")


def read_request(body: Mapping[str, object], notes: Notes) -> Request:
    """A Chat request in the neutral form. Raises WrongUsage when it is none."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        raise bad_request("the request has no list of messages")
    request = Request(model=str(body.get("model") or ""), stream=body.get("stream") is True)
    turns: list[Turn] = []
    for message in messages:
        role = message.get("role") if isinstance(message, Mapping) else None
        if role not in _ROLES:
            raise bad_request(f"every message needs a role, one of {', '.join(_ROLES)}")
        if role in ("system", "developer"):
            if turns:
                turns.append(Turn("system", [Text(words_of(message.get("content")))]))
            else:
                request.system += _system(message.get("content"))
        elif role == "assistant":
            turns.append(Turn("assistant", list(_assistant(message, notes))))
        elif role in ("tool", "function"):
            parts = [part for part in read_parts(message.get("content")) if isinstance(part, (Text, Media))]
            call_id = str(message.get("tool_call_id") or message.get("name") or "")
            turns.append(Turn("user", [Result(call_id, parts)]))
        else:
            turns.append(Turn("user", list(read_parts(message.get("content")))))
    request.turns = in_order(turns, notes)
    _read_tools(body, request)
    _read_settings(body, request)
    for name in OWN_SETTINGS:
        if body.get(name) not in (None, False, 0, 1, {}, []):
            notes.add("field", f"{name} is known to the Chat protocol alone and was left out")
    return request


def _system(content: object) -> list[Text]:
    if isinstance(content, list):
        return [Text(part["text"], "cache_control" in part) for part in content if part.get("text")]
    return [Text(str(content))] if content else []


def _assistant(message: Mapping[str, object], notes: Notes) -> Iterator[Part]:
    if thinking := thinking_of(message):
        yield Thinking(thinking, maker=str(message.get("reasoning_maker") or ""))
    yield from read_parts(message.get("content"))
    refusal = message.get("refusal")
    if isinstance(refusal, str):
        yield Text(refusal)
    calls = list_in(message, "tool_calls")
    function = message.get("function_call")
    if not calls and isinstance(function, Mapping):
        calls = [{"id": function.get("name"), "function": function}]
    for call in calls:
        if not isinstance(call, Mapping):
            raise bad_request("a tool call is no object")
        if call.get("type") == "custom":
            custom = call.get("custom") or {}
            yield Call(
                str(call.get("id") or ""),
                str(custom.get("name") or ""),
                str(custom.get("input") or ""),
                custom=True,
            )
            continue
        function = call.get("function") or {}
        arguments = function.get("arguments")
        text = arguments if isinstance(arguments, str) else object_text(arguments)
        yield Call(
            str(call.get("id") or ""),
            str(function.get("name") or ""),
            mended(text),
            signature=google_signature(call),
        )


def google_signature(call: Mapping[str, object]) -> str:
    """Gemini's thought signature of a call. Source: "Thought signatures", Google AI for Developers."""
    extra = call.get("extra_content")
    google = extra.get("google") if isinstance(extra, Mapping) else None
    return str(google.get("thought_signature") or "") if isinstance(google, Mapping) else ""


def _read_tools(body: Mapping[str, object], request: Request) -> None:
    legacy = [{"type": "function", "function": function} for function in list_in(body, "functions")]
    for tool in [*list_in(body, "tools"), *legacy]:
        if not isinstance(tool, Mapping):
            raise bad_request("a tool has no type")
        kind = tool.get("type")
        if kind == "function" and isinstance(tool.get("function"), Mapping):
            function = tool["function"]
            request.tools.append(
                Tool(
                    str(function.get("name") or ""),
                    function.get("description") or "",
                    dict(function.get("parameters") or {}),
                    strict=function.get("strict"),
                )
            )
        elif kind == "custom" and isinstance(tool.get("custom"), Mapping):
            custom = tool["custom"]
            grammar = ((custom.get("format") or {}).get("grammar") or {}).get("definition")
            request.tools.append(custom_tool(custom, grammar))
        else:
            request.hosted.append(hosted_tool(tool))
    request.choice = read_choice(body.get("tool_choice") or body.get("function_call"))
    request.one_call_at_a_time = body.get("parallel_tool_calls") is False


_CHOICES: Mapping[str, ChoiceKind] = {"auto": "auto", "none": "none", "required": "any", "any": "any"}


def read_choice(choice: object) -> Choice | None:
    """tool_choice of either OpenAI protocol."""
    if isinstance(choice, str):
        kind = _CHOICES.get(choice)
        return Choice(kind) if kind is not None else None
    if isinstance(choice, Mapping):
        inner = choice.get("function") or choice.get("custom") or choice
        if inner.get("name"):
            return Choice("tool", inner["name"], inner.get("namespace"))
        if choice.get("type") == "allowed_tools":
            mode = (choice.get("allowed_tools") or choice).get("mode")
            return Choice("any" if mode == "required" else "auto")
    return None


def _read_settings(body: Mapping[str, object], request: Request) -> None:
    request.max_tokens = optional_whole(body, "max_completion_tokens") or optional_whole(body, "max_tokens")
    request.temperature = optional_number(body, "temperature")
    request.top_p = optional_number(body, "top_p")
    stop = body.get("stop")
    request.stop = [stop] if isinstance(stop, str) else texts_in(body, "stop")
    reasoning = body.get("reasoning")
    request.effort = optional_text(body, "reasoning_effort") or (
        reasoning.get("effort") if isinstance(reasoning, Mapping) else None
    )
    thinking = body.get("thinking")
    if isinstance(thinking, Mapping) and thinking.get("type"):
        request.thinking = thinking["type"] != "disabled"
    form = body.get("response_format")
    if isinstance(form, Mapping) and form.get("type") == "json_schema":
        request.format = dict(form.get("json_schema") or {})
    elif isinstance(form, Mapping) and form.get("type") == "json_object":
        request.format = {"name": "answer", "schema": None}
    request.verbosity = optional_text(body, "verbosity")
    options = body.get("stream_options")
    request.stream_usage = isinstance(options, Mapping) and options.get("include_usage") is True
    request.cache_key = optional_text(body, "prompt_cache_key")


def write_request(request: Request, maker: str, notes: Notes) -> dict[str, object]:
    """The body of a Chat request.

    Args:
        maker: whose reasoning the target takes back, as `reasoning_content`.
    """
    messages: list[dict[str, object]] = []
    if request.system:
        text = "\n\n".join(part.text for part in request.system)
        messages.append({"role": "system", "content": text})
    for turn in request.turns:
        if turn.role == "assistant":
            if message := _write_assistant(turn.parts, maker, notes):
                messages.append(message)
        else:
            _write_user(messages, turn, notes)
    body: dict[str, object] = {"model": request.model, "messages": messages}
    body |= _write_tools(request, notes)
    body |= _write_settings(request)
    return body


def _write_assistant(parts: Sequence[Part], maker: str, notes: Notes) -> dict[str, object] | None:
    words = "".join(part.text for part in parts if type(part) is Text)
    thoughts = [part for part in parts if type(part) is Thinking]
    own = [part.text for part in thoughts if maker and part.maker == maker and part.text]
    if len(own) < len(thoughts):
        notes.add("reasoning", "reasoning of another model was left out")
    calls = [_write_call(part) for part in parts if type(part) is Call]
    if not words and not calls:
        return None
    message: dict[str, object] = {"role": "assistant", "content": words or None}
    if own:
        message["reasoning_content"] = "\n\n".join(own)
    if calls:
        message["tool_calls"] = calls
    return message


def _write_call(call: Call) -> dict[str, object]:
    arguments = object_text({"input": call.arguments}) if call.custom else mended(call.arguments)
    function = {"name": naming.flat(call.name, call.namespace), "arguments": arguments}
    call_object: dict[str, object] = {"id": call.id, "type": "function", "function": function}
    if call.signature:
        call_object["extra_content"] = {"google": {"thought_signature": call.signature}}
    return call_object


def _write_user(messages: list[dict[str, object]], turn: Turn, notes: Notes) -> None:
    """Results as tool messages, then what they show that a tool message cannot hold, then the user's own."""
    shown_parts: list[Part] = []
    for part in turn.parts:
        if type(part) is Result:
            words = "\n".join(inner.text for inner in part.parts if type(inner) is Text)
            media = [inner for inner in part.parts if type(inner) is Media]
            if media:
                words = f"{words}\n[{count(media)} shown in the next user message]".lstrip()
                shown_parts += [Text("[Shown by the tool:]"), *media]
            if part.failed:
                words = f"Error: {words}" if not words.startswith("Error") else words
            messages.append({"role": "tool", "tool_call_id": part.call_id, "content": words or "(no output)"})
    own = [part for part in turn.parts if type(part) is not Result]
    if turn.role == "system":
        own = [
            Text(f"<system-reminder>\n{part.text}\n</system-reminder>") for part in own if type(part) is Text
        ]
    if not (parts := [*shown_parts, *own]):
        return
    content = write_content(parts, notes)
    last = messages[-1] if messages else None
    if last is not None and last["role"] == "user":
        last["content"] = joined(last["content"], content)
    else:
        messages.append({"role": "user", "content": content})


def _write_tools(request: Request, notes: Notes) -> dict[str, object]:
    tools = []
    for tool in request.tools:
        function: dict[str, object] = {"name": naming.flat(tool.name, tool.namespace)}
        if description := described(tool):
            function["description"] = description
        function["parameters"] = custom_schema(tool) if tool.custom else object_schema(tool.schema)
        if tool.strict and is_closed(object_in(function, "parameters")):
            function["strict"] = True
        tools.append({"type": "function", "function": function})
    for hosted in request.hosted:
        notes.add("hosted-tool", f"{hosted.kind} is run by its own vendor and was left out")
    if not tools:
        return {}
    body: dict[str, object] = {"tools": tools}
    choice = request.choice
    if choice is not None:
        words = {"auto": "auto", "none": "none", "any": "required"}
        body["tool_choice"] = (
            {"type": "function", "function": {"name": naming.flat(choice.name, choice.namespace)}}
            if choice.kind == "tool"
            else words[choice.kind]
        )
    if request.one_call_at_a_time:
        body["parallel_tool_calls"] = False
    return body


def _write_settings(request: Request) -> dict[str, object]:
    body: dict[str, object] = {}
    if request.max_tokens is not None:
        body["max_tokens"] = request.max_tokens
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.stop:
        body["stop"] = request.stop
    if request.thinking is False:
        body["reasoning_effort"] = "none"
    elif request.effort is not None:
        body["reasoning_effort"] = request.effort
    if request.format is not None:
        body["response_format"] = (
            {"type": "json_object"}
            if request.format.get("schema") is None
            else {"type": "json_schema", "json_schema": written_form(request.format)}
        )
    if request.verbosity is not None:
        body["verbosity"] = request.verbosity
    if request.stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    if request.cache_key is not None:
        body["prompt_cache_key"] = request.cache_key
    return body


def read_answer(body: Mapping[str, object], notes: Notes) -> Answer:
    """A whole Chat answer in the neutral form."""
    choices = list_in(body, "choices")
    choice = choices[0] if choices and isinstance(choices[0], dict) else {}
    message = object_in(choice, "message")
    parts = [part for part in _assistant(message, notes) if type(part) is not Text or part.text]
    for index, part in enumerate(parts):
        if type(part) is Call and not part.id:
            part.id = f"call_{naming.digest(str(body.get('id')), 12)}_{index}"
    finish = FINISHES.get(str(choice.get("finish_reason")), "end")
    if isinstance(message.get("refusal"), str) and message["refusal"]:
        finish = "refusal"
    calls = any(type(part) is Call for part in parts)
    usage = read_usage(body.get("usage"))
    return Answer(parts, stop_of_what_was_sent(finish, calls), usage, str(body.get("model") or ""))


def write_answer(answer: Answer, model: str, message_id: str, created: int = 0) -> dict[str, object]:
    """A whole Chat answer."""
    words = "".join(part.text for part in answer.parts if type(part) is Text)
    thoughts = "\n\n".join(part.text for part in answer.parts if type(part) is Thinking and part.text)
    calls = [_write_call(part) for part in answer.parts if type(part) is Call]
    message: dict[str, object] = {"role": "assistant", "content": words or None, "refusal": None}
    if answer.stop == "refusal":
        message |= {"refusal": words or "The model refused.", "content": None}
    if thoughts:
        message["reasoning_content"] = thoughts
    if calls:
        message["tool_calls"] = calls
    return {
        "id": message_id,
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": [
            {"index": 0, "message": message, "logprobs": None, "finish_reason": FINISH_REASONS[answer.stop]}
        ],
        "usage": write_usage(answer.usage),
    }
