"""A Chat request as one vendor takes it."""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.json_values import list_of, object_in, objects_in
from pf_tui.translate import naming, reasoning
from pf_tui.translate.arguments import mended, object_text
from pf_tui.translate.chat import google_signature
from pf_tui.translate.chat_parts import joined
from pf_tui.translate.conversation import IN_JSON, Notes, words_of
from pf_tui.translate.dialect import GO_ON, Dialect, drop_sampling, put_tools, set_effort
from pf_tui.translate.naming import ToolName
from pf_tui.translate.schemas import cleaned

SIGNATURE_FILLER = "skip_thought_signature_validator"
"""What Gemini takes for a signature nobody has, e.g. of a call another model made.
Source: "Thought signatures", Google AI for Developers (last resort)."""

_AFTER_TOOL = "OK."
"""What Mistral hears between a tool's result and the user: it takes no user message there."""


def fit(
    body: dict[str, object], target: Dialect, notes: Notes, store: reasoning.ReasoningStore | None
) -> dict[str, ToolName]:
    """Edit the request; the names that changed come back."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return {}
    _modern(body)
    messages[:] = [message for message in messages if _says_something(message)]
    _roles(body, messages, target)
    _reasoning(messages, target, store)
    _media(messages, target, notes)
    names = tools(body, target, notes)
    _calls(messages, target, names)
    _settings(body, target, notes)
    messages = objects_in(body, "messages")
    if target.order_rules:
        messages = body["messages"] = _ordered(messages, target)
    last = messages[-1] if messages else {}
    if last.get("role") == "assistant" and not last.get("tool_calls"):
        if target.last_turn == "prefix":
            last["prefix"] = True
        elif target.last_turn == "user":
            body["messages"] = [*messages, {"role": "user", "content": GO_ON}]
    return {name: own_name for name, own_name in names.items() if name != own_name.name}


def _modern(body: dict[str, object]) -> None:
    """Tools in the place of the deprecated functions, which foreign vendors do not know."""
    functions, choice = body.pop("functions", None), body.pop("function_call", None)
    if isinstance(functions, list) and not body.get("tools"):
        body["tools"] = [{"type": "function", "function": function} for function in functions]
        if choice is not None:
            body["tool_choice"] = (
                choice if isinstance(choice, str) else {"type": "function", "function": choice}
            )


def _says_something(message: dict[str, object]) -> bool:
    """False for an assistant's turn that holds nothing; a refusal is what it said."""
    if message.get("role") != "assistant" or message.get("content") or message.get("tool_calls"):
        return True
    message["content"] = message.pop("refusal", None) or None
    return bool(message["content"] or message.get("function_call"))


def _roles(body: dict[str, object], messages: list[dict[str, object]], target: Dialect) -> None:
    """Instructions under a word it knows, and first of all where it wants them so."""
    if not target.system_roles:
        return
    begun = False
    for index, message in enumerate(messages):
        if message.get("role") not in ("system", "developer"):
            begun = True
        elif begun and not target.mid_system:
            text = f"<system-reminder>\n{words_of(message.get('content'))}\n</system-reminder>"
            messages[index] = {"role": "user", "content": text}
        elif message["role"] not in target.system_roles:
            message["role"] = target.system_roles[0]


def _reasoning(
    messages: list[dict[str, object]], target: Dialect, store: reasoning.ReasoningStore | None
) -> None:
    """Earlier reasoning in the target's field, or gone; what it insists on comes from the store."""
    maker = target.reasoning_maker
    for message in messages:
        if message.get("role") != "assistant":
            continue
        text = message.pop("reasoning_content", None) or message.pop("reasoning", None)
        message.pop("reasoning", None)
        details = message.pop("reasoning_details", None)
        calls = objects_in(message, "tool_calls")
        if maker and not text and store is not None:
            thoughts = [store.find(maker, str(call.get("id"))) for call in calls]
            text = next((thought.text for thought in thoughts if thought is not None and thought.text), None)
        if not text and calls and target.reasoning_filler is not None:
            text = target.reasoning_filler
        if target.reasoning_back == "reasoning" and details:
            message["reasoning_details"] = details
        if text and target.reasoning_back in ("reasoning_content", "reasoning"):
            message[target.reasoning_back] = text
        elif text and target.reasoning_back == "chunk":
            chunk = {"type": "thinking", "thinking": [{"type": "text", "text": text}]}
            own = message.get("content")
            rest = (
                [{"type": "text", "text": own}] if isinstance(own, str) and own else list_of(own, "content")
            )
            message["content"] = [chunk, *rest]
        _sign(calls, target, store)


def _sign(calls: list[dict[str, object]], target: Dialect, store: reasoning.ReasoningStore | None) -> None:
    """Gemini's signatures: its own back, a filler for the first call of a step that never had one."""
    for index, call in enumerate(calls):
        if not target.thought_signatures:
            call.pop("extra_content", None)
            continue
        signature = google_signature(call)
        if not signature and store is not None:
            thought = store.find(target.maker or target.provider, str(call.get("id")))
            signature = thought.signature if thought is not None else ""
        if not signature and index == 0:
            signature = SIGNATURE_FILLER
        if signature:
            call["extra_content"] = {"google": {"thought_signature": signature}}


def _media(messages: list[dict[str, object]], target: Dialect, notes: Notes) -> None:
    for message in messages:
        content = message.get("content")
        if isinstance(content, list):
            message["content"] = [_part(part, target, notes) for part in content]
            if message["role"] in ("system", "developer", "tool") and all(
                part.get("type") == "text" for part in content
            ):
                message["content"] = "\n\n".join(part.get("text") or "" for part in content)


def _part(part: dict[str, object], target: Dialect, notes: Notes) -> dict[str, object]:
    kind = part.get("type")
    part.pop("cache_control", None)
    if kind == "image_url":
        if not target.images:
            notes.add("picture", "a picture was left out: this model sees none")
            return {"type": "text", "text": "[A picture that this model cannot see.]"}
        image = part.get("image_url")
        if isinstance(image, dict) and target.documents == "image_url":
            image.pop("detail", None)
    if kind != "file" or target.documents == "file":
        return part
    file = object_in(part, "file")
    data, name = file.get("file_data"), file.get("filename") or "document"
    if target.documents == "image_url" and data:
        return {"type": "image_url", "image_url": {"url": data}}
    if target.documents == "document_url" and data:
        return {"type": "document_url", "document_url": data, "document_name": name}
    notes.add("document", "a document was named in words: this model takes none")
    return {"type": "text", "text": f"[The document {name} could not be shown to this model.]"}


def tools(body: dict[str, object], target: Dialect, notes: Notes) -> dict[str, ToolName]:
    """Tools, their names and schemas, and the choice among them."""
    names: dict[str, ToolName] = {}
    fitted_tools = []
    for tool in objects_in(body, "tools"):
        if tool.get("type") != "function":
            kind = str(tool.get("type"))
            if kind == "custom" and "custom" not in target.tool_types:
                fitted_tools.append(_as_function(tool, names, target))
            elif kind in target.tool_types or kind in target.hosted_tools:
                fitted_tools.append(tool)
            else:
                notes.add("hosted-tool", f"{kind} is not run by this provider and was left out")
            continue
        function = object_in(tool, "function")
        own = str(function.get("name") or "")
        name = function["name"] = short(own, target)
        if name in names:
            continue  # a second one of a name is refused
        names[name] = ToolName(own)
        schema = object_in(function, "parameters")
        function["parameters"] = cleaned(schema, target.schema_drop, target.schema_rules)
        if not target.strict_tools:
            function.pop("strict", None)
        fitted_tools.append(tool)
    if not put_tools(body, fitted_tools, target, notes):
        return names
    _choice(body, target)
    if not target.parallel_calls:
        body.pop("parallel_tool_calls", None)
    return names


def _as_function(tool: dict[str, object], names: dict[str, ToolName], target: Dialect) -> dict[str, object]:
    """A custom tool as a function with one string."""
    custom = object_in(tool, "custom")
    own = str(custom.get("name") or "")
    name = short(own, target)
    names[name] = ToolName(own, custom=True)
    parameters = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
    function = {"name": name, "description": custom.get("description") or "", "parameters": parameters}
    return {"type": "function", "function": function}


def short(name: str, target: Dialect) -> str:
    """The tool's name as the target takes it."""
    kind, _, most = target.tool_names.partition("-")
    if not most:
        return name
    return naming.tool_name(name, int(most), ".:" if kind == "letter" else "", kind == "letter")


def _choice(body: dict[str, object], target: Dialect) -> None:
    choice = body.get("tool_choice")
    if choice is None:
        return
    word = choice if isinstance(choice, str) else "function"
    if isinstance(choice, dict) and isinstance(choice.get("function"), dict):
        choice["function"]["name"] = short(str(choice["function"].get("name") or ""), target)
    if not target.tool_choices or word in target.tool_choices:
        return
    tool_name = choice["function"]["name"] if isinstance(choice, dict) and "function" in choice else None
    if word == "function" and "required" in target.tool_choices:
        body["tool_choice"] = "required"
    else:
        del body["tool_choice"]
    if tool_name:
        alone = [
            tool for tool in objects_in(body, "tools") if object_in(tool, "function").get("name") == tool_name
        ]
        body["tools"] = alone or body["tools"]
    elif word == "none":
        body.pop("tools", None)
        body.pop("parallel_tool_calls", None)


def _tell_apart(messages: list[dict[str, object]]) -> None:
    """Calls of one turn under one id, as OpenCode cuts long ids for Mistral; results come in their order."""
    waiting: dict[str, list[str]] = {}
    for message in messages:
        if calls := objects_in(message, "tool_calls"):
            waiting = {}
            for call in calls:
                ids = waiting.setdefault(str(call.get("id") or ""), [])
                ids.append(f"{call.get('id') or ''}{f'-{len(ids) + 1}' if ids else ''}")
                call["id"] = ids[-1]
        elif message.get("role") == "tool" and (
            ids := waiting.get(str(message.get("tool_call_id") or ""), [])
        ):
            message["tool_call_id"] = ids.pop(0)


def _calls(messages: list[dict[str, object]], target: Dialect, names: Mapping[str, ToolName]) -> None:
    """Ids and names of earlier calls by the same rules as the tools'."""
    calls_by_id: dict[str, str] = {}
    _tell_apart(messages)
    for message in messages:
        for call in objects_in(message, "tool_calls"):
            call_id = call["id"] = naming.call_id(str(call.get("id") or ""), target.call_ids)
            if call.get("type") == "custom" and "custom" not in target.tool_types:
                custom = object_in(call, "custom")
                call.pop("custom", None)
                call["type"] = "function"
                arguments = object_text({"input": custom.get("input") or ""})
                call["function"] = {"name": custom.get("name") or "", "arguments": arguments}
            function = call.get("function")
            if isinstance(function, dict):
                name = function["name"] = short(str(function.get("name") or ""), target)
                text = function.get("arguments")
                function["arguments"] = mended(text if isinstance(text, str) else object_text(text))
                calls_by_id[call_id] = name
        if message.get("role") == "tool":
            call_id = naming.call_id(str(message.get("tool_call_id") or ""), target.call_ids)
            message["tool_call_id"] = call_id
            if "tool-name" in target.order_rules and call_id in calls_by_id:
                message["name"] = calls_by_id[call_id]


def _settings(body: dict[str, object], target: Dialect, notes: Notes) -> None:
    thinking = body.get("thinking")
    disabled = isinstance(thinking, dict) and thinking.get("type") == "disabled"
    if "thinking" in body and target.thinking_off != "thinking":
        del body["thinking"]
        if disabled:
            body["reasoning_effort"] = "none"
    elif disabled:
        body.pop("reasoning_effort", None)
    set_effort(body, target, "reasoning_effort")
    drop_sampling(body, target, notes, effort=body.get("reasoning_effort"))
    stops = body.get("stop")
    if target.stops_most is not None and isinstance(stops, list) and len(stops) > target.stops_most:
        body["stop"] = stops[: target.stops_most]
        notes.add("field", f"{target.stops_most} stop sequences are taken there: the first ones were sent")
    if target.stream_usage != "ask":
        body.pop("stream_options", None)
    elif body.get("stream") and "stream_options" not in body:
        body["stream_options"] = {"include_usage": True}
    if not target.cache_key:
        body.pop("prompt_cache_key", None)
    _form(body, target, notes)


def _form(body: dict[str, object], target: Dialect, notes: Notes) -> None:
    """The form of the answer: JSON mode wants the word JSON in the prompt, and a schema may go in words."""
    form = body.get("response_format")
    if not isinstance(form, dict):
        return
    sentence = IN_JSON
    if form.get("type") == "json_schema" and not target.json_schema:
        notes.add("field", "the answer's schema is not taken there: it was told in words, with JSON mode")
        schema = object_in(object_in(form, "json_schema"), "schema")
        sentence = f"{IN_JSON} It must follow this JSON schema: {object_text(schema)}"
        form = body["response_format"] = {"type": "json_object"}
    elif "json" in str([message.get("content") for message in objects_in(body, "messages")]).lower():
        return
    if form.get("type") == "json_object":
        messages = objects_in(body, "messages")
        if messages and messages[0].get("role") in ("system", "developer"):
            messages[0]["content"] = joined(messages[0].get("content"), sentence)
        else:
            messages.insert(0, {"role": (*target.system_roles, "system")[0], "content": sentence})
        body["messages"] = messages


def _ordered(messages: list[dict[str, object]], target: Dialect) -> list[dict[str, object]]:
    """The order of messages that the target insists on."""
    in_order: list[dict[str, object]] = []
    for message in messages:
        role, content = message.get("role"), message.get("content")
        if role == "assistant" and "empty-content" in target.order_rules and content is None:
            message["content"] = ""
        if "assistant-after-tool" in target.order_rules:
            if role == "assistant" and not content and not message.get("tool_calls"):
                continue
            if role == "user" and in_order and in_order[-1].get("role") == "tool":
                in_order.append({"role": "assistant", "content": _AFTER_TOOL})
        in_order.append(message)
    return in_order
