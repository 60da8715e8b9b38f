"""What the protocols' owners and the clouds that host their models refuse. Pure; each names its source.

Each function takes (protocol, body) and gives the vendor's sentence, or None.
"""

from __future__ import annotations

import re

from pf_tui.drill import claude_refusals
from pf_tui.drill.wire_refusals import CHAT, MESSAGES, Body, objects, schemas

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol


def anthropic(protocol: Protocol, body: Body) -> str | None:
    """Source: API errors quoted in anthropics/claude-code issues; SDK types."""
    if body["max_tokens"] > 128_000:
        return (
            f"max_tokens: {body['max_tokens']} > 128000, which is the maximum allowed number of output tokens"
        )
    for message in body["messages"]:
        for block in message["content"] if isinstance(message["content"], list) else ():
            signature = block.get("signature")
            if block.get("type") == "thinking" and not re.match(r"E[g-v]", str(signature)):
                return "messages.content: Invalid `signature` in `thinking` block"
    if "haiku-4-5" in str(body.get("model")) and any(m["role"] == "system" for m in body["messages"]):
        return 'messages: Unexpected role "system".'
    return claude_refusals.refused(body)


def claude_cloud(protocol: Protocol, body: Body) -> str | None:
    """Source: litellm 1.110.2's Bedrock, Vertex and Foundry transformations."""
    if sentence := anthropic(protocol, body):
        return sentence
    if any("scope" in (holder.get("cache_control") or {}) for holder in objects(body)):
        return "cache_control.ephemeral.scope: Extra inputs are not permitted"
    if any("eager_input_streaming" in tool for tool in body.get("tools") or ()):
        return "tools.0.custom.eager_input_streaming: Extra inputs are not permitted"
    if any(
        str(holder.get("text") or "").startswith("x-anthropic-billing-header") for holder in objects(body)
    ):
        return "system.0.text: x-anthropic-billing-header is a reserved keyword"
    return None


_GPT_5 = re.compile(r"gpt-(5|6)")

_RESPONSES_FIELDS = frozenset(
    [
        "background",
        "context_management",
        "conversation",
        "include",
        "input",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "model",
        "moderation",
        "parallel_tool_calls",
        "previous_response_id",
        "prompt",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning",
        "safety_identifier",
        "service_tier",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
        "client_metadata",
    ]
)
"""Parameters of the SDK's responses.create, and what Codex adds for OpenAI alone."""

_ITEM_IDS = {"message": "msg", "function_call": "fc", "reasoning": "rs", "custom_tool_call": "ctc"}
"""Kind of an input item -> what its id begins with.
Quoted in continuedev/continue#11494, openai/codex#33176, Alishahryar1/free-claude-code#1826."""


def openai(protocol: Protocol, body: Body) -> str | None:
    """Source: openai SDK types; GPT-5 and later's error texts in reports."""
    model = str(body.get("model"))
    if protocol == CHAT:
        if sentence := _openai_chat(model, body):
            return sentence
    elif extra := sorted(set(body) - _RESPONSES_FIELDS):
        return f"Unknown parameter: '{extra[0]}'."
    if sentence := _openai_sampling(protocol, model, body):
        return sentence
    if "thinking" in body or "reasoning_content" in _message_fields(body):
        return "Unknown parameter: 'thinking'."
    if protocol == CHAT and len(body.get("tools") or ()) > 128:
        return "Invalid 'tools': array too long. Expected an array with maximum length 128."
    for value in (body.get("metadata") or {}).values():
        if len(str(value)) > 512:
            return "Invalid 'metadata': string too long. Expected a string with maximum length 512."
    return _openai_schemas(protocol, body) or _openai_items(body)


def _openai_chat(model: str, body: Body) -> str | None:
    """Source: continuedev/continue#2461 (quoted answer); GPT-5.4's own refusal in reports."""
    stops = body.get("stop")
    if isinstance(stops, list) and len(stops) > 4:
        return (
            "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with"
            f" length {len(stops)} instead."
        )
    if _GPT_5.search(model) and "max_tokens" in body:
        return "Unsupported parameter: 'max_tokens' is not supported with this model."
    functions = any(tool.get("type") == "function" for tool in body.get("tools") or ())
    if re.search(r"gpt-(5\.[4-9]|6)", model) and functions and body.get("reasoning_effort") != "none":
        return f"Function tools with reasoning_effort are not supported for {model} in /v1/chat/completions."
    in_json = (body.get("response_format") or {}).get("type") == "json_object"
    if in_json and "json" not in str(body.get("messages")).lower():
        return (
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type"
            " 'json_object'."
        )
    return None


def _openai_sampling(protocol: Protocol, model: str, body: Body) -> str | None:
    """Source: OpenHands/software-agent-sdk#1837, BittnerPierre/AI-Agent-Casebook#133; litellm 1.110.2."""
    if not _GPT_5.search(model):
        return None
    effort = body.get("reasoning_effort") or (body.get("reasoning") or {}).get("effort")
    never = ("stop", "presence_penalty", "frequency_penalty", "logit_bias")
    unless_off = ("temperature", "top_p", "logprobs", "top_logprobs")
    for name in (*never, *(() if effort == "none" else unless_off)):
        if name in body and not (name in ("temperature", "top_p") and body[name] == 1):
            return f"Unsupported parameter: '{name}' is not supported with this model."
    return None


def _openai_schemas(protocol: Protocol, body: Body) -> str | None:
    """Source: "Structured model outputs", "Function calling" (OpenAI); goruck/home-generative-agent#586."""
    form = _form(protocol, body) or {}
    if form.get("strict") is True and (sentence := _strict(form.get("schema") or {})):
        return f"Invalid schema for response_format '{form.get('name')}': {sentence}"
    for tool in body.get("tools") or ():
        if tool.get("type") != "function":
            continue
        function = tool.get("function") or tool
        schema = function.get("parameters") or {}
        sentence = _strict(schema) if function.get("strict") is True else None
        if any(word in schema for word in ("oneOf", "anyOf", "allOf", "enum", "not")):
            sentence = (
                "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top"
                " level."
            )
        if sentence:
            return f"Invalid schema for function '{function.get('name')}': {sentence}"
    return None


def _form(protocol: Protocol, body: Body) -> Body | None:
    """The wanted form of the answer, with its name, schema and strictness."""
    form = body.get("response_format") or (body.get("text") or {}).get("format") or {}
    if form.get("type") != "json_schema":
        return None
    inner: Body = form.get("json_schema") or {} if protocol == CHAT else form
    return inner


def _strict(schema: Body) -> str | None:
    """Source: "Structured model outputs" (OpenAI): every object closed, every property required."""
    for holder in schemas(schema):
        if holder.get("type") == "object" or "properties" in holder:
            if holder.get("additionalProperties") is not False:
                return "In context=(), 'additionalProperties' is required to be supplied and to be false."
            if missing := sorted(set(holder.get("properties") or ()) - set(holder.get("required") or ())):
                return (
                    "In context=(), 'required' is required to be supplied and to be an array including every"
                    f" key in properties. Missing '{missing[0]}'."
                )
    return None


def _openai_items(body: Body) -> str | None:
    items = body.get("input")
    for index, item in enumerate(items if isinstance(items, list) else ()):
        kind = item.get("type") or "message"
        if kind == "reasoning":
            encrypted = item.get("encrypted_content")
            if encrypted is not None and not str(encrypted).startswith("gAAAA"):
                return "The encrypted content could not be verified."
        begins = _ITEM_IDS.get(kind)
        if begins and item.get("id") is not None and not str(item["id"]).startswith(begins):
            return f"Invalid 'input[{index}].id': '{item['id']}'. Expected an ID that begins with '{begins}'."
    return None


def bedrock(protocol: Protocol, body: Body) -> str | None:
    """Source: litellm 1.110.2; BerriAI/litellm#36545, maximhq/bifrost#7039."""
    if protocol == MESSAGES:
        effort = (body.get("output_config") or {}).get("effort")
        model = str(body.get("model"))
        if effort == "max" and any(name in model for name in ("fable-5", "sonnet-5", "haiku-5-5")):
            return "output_config.effort: Input should be 'low', 'medium', 'high' or 'xhigh'"
        return claude_cloud(protocol, body)
    for item in body.get("input") or () if isinstance(body.get("input"), list) else ():
        if item.get("type") in (
            "additional_tools",
            "agent_message",
            "context_compaction",
            "local_shell_call",
        ):
            return "Invalid 'input': value did not match any expected variant"
    for tool in body.get("tools") or ():
        role_names = ("functions", "web", "image_gen", "browser", "python")
        if tool.get("type") == "namespace" and tool.get("name") in role_names:
            return f"The namespace '{tool['name']}' collides with an existing tool namespace"
    return openai(protocol, body)


def _message_fields(body: Body) -> set[str]:
    return {name for message in body.get("messages") or () for name in message}
